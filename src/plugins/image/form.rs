//! From the rows that the small formats store to the rows that a read gives.

use super::bits::numbers;
use crate::model::{Color, DType, Props};

/// What a stored row means.
pub struct Form {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The properties of the image.
    pub props: Props,
    /// Pillow's name for the pixels.
    pub mode: &'static str,
    /// The colours that the file has.
    pub palette: Vec<[u8; 3]>,
    how: How,
}

/// How the samples of a row are stored.
pub enum How {
    /// As they are given.
    Bytes,
    /// Numbers of so many bytes, the high one first or last.
    Words { size: usize, big: bool },
    /// Bits, the first in the high one, of which this is white.
    Bool { white: u8 },
    /// Numbers of so many bits, multiplied to the full range.
    Numbers { bits: u8, factor: u8 },
    /// Numbers of so many bits, looked up.
    Palette { bits: u8 },
    /// Numbers looked up, whose bits come in planes: the lowest `bits` of each number first.
    BitPlanes { bits: u8, stride: usize, count: usize },
    /// Planes of bytes.
    Planes { stride: usize },
    /// Pixels of so many bytes, of which these are given.
    Order { size: usize, order: &'static [usize] },
}

impl Form {
    /// Rows of this many pixels.
    pub fn new((width, height): (usize, usize), dtype: DType, color: Color, mode: &'static str, how: How) -> Form {
        Form { width, height, props: Props::pixels(width, height, dtype, color), mode, palette: Vec::new(), how }
    }

    /// Rows of black and white; `white` is the bit for white.
    pub fn bool(size: (usize, usize), white: u8) -> Form {
        Form::new(size, DType::Bool, Color::Gray, "1", How::Bool { white })
    }

    /// Rows of numbers of these colours.
    pub fn palette(size: (usize, usize), palette: Vec<[u8; 3]>, how: How) -> Form {
        Form { palette, ..Form::new(size, DType::U8, Color::Rgb, "P", how) }
    }

    /// A colour; those beyond the palette are black, as in Pillow.
    fn color(&self, n: u8) -> [u8; 3] {
        self.palette.get(usize::from(n)).copied().unwrap_or_default()
    }

    /// Colours of numbers; the numbers themselves where a row has a byte for each.
    fn look_up(&self, stored: impl Iterator<Item = u8>, row: &mut [u8]) {
        if row.len() == self.width {
            row.iter_mut().zip(stored).for_each(|(to, n)| *to = n);
            return;
        }
        row.as_chunks_mut::<3>().0.iter_mut().zip(stored).for_each(|(to, n)| *to = self.color(n));
    }

    /// Makes the row that is given from the stored one, which may have bytes to spare.
    pub fn expand(&self, stored: &[u8], row: &mut [u8]) {
        match self.how {
            How::Bytes => row.iter_mut().zip(stored).for_each(|(to, from)| *to = *from),
            How::Words { size, big } => {
                let swap = big != cfg!(target_endian = "big");
                for (to, from) in row.chunks_exact_mut(size).zip(stored.chunks_exact(size)) {
                    to.copy_from_slice(from);
                    if swap {
                        to.reverse();
                    }
                }
            }
            How::Bool { white } => {
                row.iter_mut().zip(numbers(stored, 1)).for_each(|(to, n)| *to = u8::from(n == white));
            }
            How::Numbers { bits, factor } => {
                row.iter_mut().zip(numbers(stored, bits)).for_each(|(to, n)| *to = n.wrapping_mul(factor));
            }
            How::Palette { bits: 8 } => self.look_up(stored.iter().copied(), row),
            How::Palette { bits } => self.look_up(numbers(stored, bits), row),
            How::BitPlanes { bits, stride, count } => {
                let mut whole = vec![0u8; self.width];
                for (plane, stored) in stored.chunks_exact(stride.max(1)).take(count).enumerate() {
                    let shift = plane as u32 * u32::from(bits);
                    let numbers = numbers(stored, bits);
                    whole.iter_mut().zip(numbers).for_each(|(to, n)| *to |= n.checked_shl(shift).unwrap_or(0));
                }
                self.look_up(whole.into_iter(), row);
            }
            How::Planes { stride } => {
                let samples = self.props.color.samples().unwrap_or(1);
                for (i, plane) in stored.chunks_exact(stride.max(1)).take(samples).enumerate() {
                    row.chunks_exact_mut(samples).zip(plane).for_each(|(pixel, &from)| pixel[i] = from);
                }
            }
            How::Order { size, order } => {
                for (to, from) in row.chunks_exact_mut(order.len()).zip(stored.chunks_exact(size)) {
                    to.iter_mut().zip(order).for_each(|(to, &i)| *to = from.get(i).copied().unwrap_or(0));
                }
            }
        }
    }
}

/// Colours that lie one after another.
pub fn colors(bytes: &[u8]) -> Vec<[u8; 3]> {
    bytes.as_chunks::<3>().0.to_vec()
}

/// Colours whose reds come first, then the greens, then the blues.
pub fn planar_colors(bytes: &[u8]) -> Vec<[u8; 3]> {
    let n = bytes.len() / 3;
    let (reds, rest) = bytes.split_at(n);
    let (greens, blues) = rest.split_at(n);
    reds.iter().zip(greens).zip(blues).map(|((&r, &g), &b)| [r, g, b]).collect()
}

/// Whether the colours are the grays that their numbers say.
pub fn is_gray(colors: &[[u8; 3]]) -> bool {
    colors.iter().enumerate().all(|(i, color)| *color == [i as u8; 3])
}
