//! From the rows that a BMP file stores to the rows that a read gives.

use super::header::{Header, Storage};
use crate::model::{Color, DType, Props};
use crate::plugins::image::bits::numbers;
use crate::plugins::image::info;
use strided::swap_ends;

/// What a read of the file gives, and how its rows come about.
pub struct Rows {
    /// The properties of the image.
    pub props: Props,
    /// Pillow's name for the pixels.
    pub mode: &'static str,
    how: How,
}

enum How {
    /// Numbers of so many bits, of which 1 is true.
    Bool(u8),
    /// Numbers of so many bits, given as they are.
    Numbers(u8),
    /// Numbers of so many bits, looked up.
    Palette(u8, Box<[[u8; 3]; 256]>),
    Bgr,
    /// Blue, green, red, nothing.
    Bgrx,
    /// Blue, green, red, alpha.
    Bgra,
    Fields {
        fields: Vec<Field>,
        bytes: usize,
    },
}

/// A field of a pixel's number.
struct Field {
    shift: u32,
    most: u32,
}

impl Field {
    fn new(mask: u32) -> Field {
        let shift = if mask == 0 { 0 } else { mask.trailing_zeros() };
        Field { shift, most: mask >> shift }
    }

    /// The field in the full range of 8 bits, rounded down as in Pillow; of none at all 0.
    fn of(&self, pixel: u32) -> u8 {
        let value = u64::from((pixel >> self.shift) & self.most);
        (value * 255).checked_div(self.most.into()).unwrap_or(0) as u8
    }
}

impl Rows {
    /// The rows of this file.
    pub fn new(header: &Header) -> Rows {
        // Runs are undone before, to a byte a pixel.
        let bits = if header.storage == Storage::Runs { 8 } else { header.bits as u8 };
        let (dtype, color, mode, how) = match header.storage {
            Storage::Palette | Storage::Runs if header.is_gray() && header.colors <= 2 => {
                (DType::Bool, Color::Gray, "1", How::Bool(bits))
            }
            Storage::Palette | Storage::Runs if header.is_gray() => (DType::U8, Color::Gray, "L", How::Numbers(bits)),
            Storage::Palette | Storage::Runs => {
                // Numbers beyond the palette are black, as in Pillow.
                let mut colors = [[0; 3]; 256];
                colors.iter_mut().zip(&header.palette).for_each(|(to, from)| *to = *from);
                (DType::U8, Color::Rgb, "P", How::Palette(bits, Box::new(colors)))
            }
            Storage::Bgr => (DType::U8, Color::Rgb, "RGB", How::Bgr),
            Storage::Fields(masks @ [_, _, _, alpha]) => {
                let (color, mode) = if alpha == 0 { (Color::Rgb, "RGB") } else { (Color::Rgba, "RGBA") };
                (DType::U8, color, mode, fields(masks, header.bits))
            }
        };
        let props = Props::pixels(header.width as usize, header.height as usize, dtype, color);
        Rows { props, mode, how }
    }

    /// The rows of this file with the numbers of the palette, if it has one.
    pub fn indexed(header: &Header) -> Option<Rows> {
        let rows = Rows::new(header);
        let How::Palette(bits, _) = rows.how else { return None };
        Some(Rows { props: info::indexed(&rows.props), mode: rows.mode, how: How::Numbers(bits) })
    }

    /// Makes the row that is given from the stored one, which may have bytes to spare.
    pub fn expand(&self, stored: &[u8], row: &mut [u8]) {
        match &self.how {
            How::Bool(bits) => {
                row.iter_mut().zip(numbers(stored, *bits)).for_each(|(to, n)| *to = u8::from(n == 1));
            }
            How::Numbers(8) => row.iter_mut().zip(stored).for_each(|(to, from)| *to = *from),
            How::Numbers(bits) => row.iter_mut().zip(numbers(stored, *bits)).for_each(|(to, n)| *to = n),
            How::Palette(8, colors) => {
                let pixels = row.as_chunks_mut::<3>().0.iter_mut();
                pixels.zip(stored).for_each(|(to, &n)| *to = colors[usize::from(n)]);
            }
            How::Palette(bits, colors) => {
                let pixels = row.as_chunks_mut::<3>().0.iter_mut();
                pixels.zip(numbers(stored, *bits)).for_each(|(to, n)| *to = colors[usize::from(n)]);
            }
            How::Bgr => swap_ends(stored, row),
            How::Bgrx => {
                let pixels = row.as_chunks_mut::<3>().0.iter_mut();
                pixels.zip(stored.as_chunks::<4>().0).for_each(|(to, &[b, g, r, _])| *to = [r, g, b]);
            }
            How::Bgra => {
                let pixels = row.as_chunks_mut::<4>().0.iter_mut();
                pixels.zip(stored.as_chunks::<4>().0).for_each(|(to, &[b, g, r, a])| *to = [r, g, b, a]);
            }
            How::Fields { fields, bytes } => {
                for (to, from) in row.chunks_exact_mut(fields.len()).zip(stored.chunks_exact(*bytes)) {
                    let pixel = from.iter().rev().fold(0u32, |n, &b| n << 8 | u32::from(b));
                    to.iter_mut().zip(fields).for_each(|(to, field)| *to = field.of(pixel));
                }
            }
        }
    }
}

fn fields(masks: [u32; 4], bits: u16) -> How {
    match masks {
        [0xff_0000, 0xff00, 0xff, 0] if bits == 32 => How::Bgrx,
        [0xff_0000, 0xff00, 0xff, 0xff00_0000] if bits == 32 => How::Bgra,
        _ => {
            let count = if masks[3] == 0 { 3 } else { 4 };
            How::Fields {
                fields: masks[..count].iter().map(|&m| Field::new(m)).collect(),
                bytes: usize::from(bits / 8),
            }
        }
    }
}
