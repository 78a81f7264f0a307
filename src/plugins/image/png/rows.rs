//! From the rows that a PNG file stores to the rows that a read gives.

use super::chunks::Header;
use crate::model::{Color, DType, Props};
use crate::plugins::image::info;

/// What a read of the file gives, and how its rows come about.
pub struct Rows {
    /// The properties of each image of the file.
    pub props: Props,
    /// Pillow's name for the pixels.
    pub mode: &'static str,
    how: How,
    /// The colour that is transparent when frames are laid over others, in the form that is given.
    key: Option<Vec<u8>>,
}

enum How {
    /// Bytes as they are stored.
    Same,
    /// Numbers of two bytes, the high one first in the file.
    Pairs,
    /// Samples of `depth` bits, multiplied to the full range of 8 bits (1 bit: to 0 and 1).
    Bits { depth: u8, factor: u8 },
    /// Numbers of `depth` bits of colours.
    Palette { depth: u8, colors: Box<[[u8; 4]; 256]>, alpha: bool },
}

impl Rows {
    /// The rows of this file.
    pub fn new(header: &Header) -> Rows {
        let (dtype, how) = match (header.color, header.depth) {
            (3, depth) => {
                let alpha = header.transparency.is_some();
                (DType::U8, How::Palette { depth, colors: colors(header), alpha })
            }
            (_, 1) => (DType::Bool, How::Bits { depth: 1, factor: 1 }),
            (_, 2) => (DType::U8, How::Bits { depth: 2, factor: 85 }),
            (_, 4) => (DType::U8, How::Bits { depth: 4, factor: 17 }),
            (_, 16) => (DType::U16, How::Pairs),
            _ => (DType::U8, How::Same),
        };
        let (color, mode) = match (header.color, header.depth) {
            (0, 1) => (Color::Gray, "1"),
            (0, 16) => (Color::Gray, "I;16"),
            (0, _) => (Color::Gray, "L"),
            (2, _) => (Color::Rgb, "RGB"),
            (3, _) if header.transparency.is_some() => (Color::Rgba, "P"),
            (3, _) => (Color::Rgb, "P"),
            // Pillow has no gray with alpha of 16 bits.
            (4, 16) => (Color::GrayAlpha, "RGBA"),
            (4, _) => (Color::GrayAlpha, "LA"),
            _ => (Color::Rgba, "RGBA"),
        };
        let props = Props::pixels(header.width as usize, header.height as usize, dtype, color);
        Rows { props, mode, how, key: key(header) }
    }

    /// The rows of this file with the numbers of the palette, if it has one and holds a still.
    pub fn indexed(header: &Header) -> Option<Rows> {
        if header.color != 3 || header.animation.is_some() {
            return None;
        }
        let rows = Rows::new(header);
        let how = if header.depth == 8 { How::Same } else { How::Bits { depth: header.depth, factor: 1 } };
        Some(Rows { props: info::indexed(&rows.props), mode: rows.mode, how, key: None })
    }

    /// Bytes of a pixel that is given.
    pub fn pixel(&self) -> usize {
        self.props.color.samples().unwrap_or(1) * self.props.dtype.size()
    }

    /// The pixel that Pillow leaves where a frame is disposed of: zeroes, or the first colour.
    pub fn blank(&self) -> Vec<u8> {
        match &self.how {
            How::Palette { colors, alpha, .. } => colors[0][..if *alpha { 4 } else { 3 }].to_vec(),
            _ => vec![0; self.pixel()],
        }
    }

    /// Lays a row over another by its alpha. As in Pillow the alpha itself is blended like the colours.
    pub fn lay_over(&self, row: &[u8], to: &mut [u8]) {
        let size = self.pixel();
        let pixels = row.chunks_exact(size).zip(to.chunks_exact_mut(size));
        match (self.props.color, self.props.dtype, &self.key) {
            (Color::GrayAlpha | Color::Rgba, DType::U16, _) => pixels.for_each(|(from, to)| blend_pairs(from, to)),
            (Color::GrayAlpha | Color::Rgba, ..) => pixels.for_each(|(from, to)| blend(from, to)),
            (_, _, Some(key)) => pixels.filter(|(from, _)| from != key).for_each(|(from, to)| to.copy_from_slice(from)),
            _ => pixels.for_each(|(from, to)| to.copy_from_slice(from)),
        }
    }

    /// Whether a stored row is given as it is.
    pub fn is_same(&self) -> bool {
        matches!(self.how, How::Same)
    }

    /// Bytes of a row that is given.
    pub fn row_bytes(&self) -> usize {
        self.props.shape.get(1).copied().unwrap_or(0).saturating_mul(self.pixel())
    }

    /// Whether a stored row has the length of a given one, so that it can be decoded where it goes.
    pub fn in_place(&self) -> bool {
        matches!(self.how, How::Same | How::Pairs)
    }

    /// Finishes a row that was decoded where it goes.
    pub fn finish(&self, row: &mut [u8]) {
        if matches!(self.how, How::Pairs) && cfg!(target_endian = "little") {
            for pair in row.as_chunks_mut::<2>().0 {
                *pair = u16::from_be_bytes(*pair).to_ne_bytes();
            }
        }
    }

    /// Makes the row that is given from the stored one.
    pub fn expand(&self, stored: &[u8], row: &mut [u8]) {
        match &self.how {
            How::Same | How::Pairs => {
                let n = stored.len().min(row.len());
                row[..n].copy_from_slice(&stored[..n]);
                self.finish(&mut row[..n]);
            }
            How::Bits { depth, factor } => samples(stored, *depth, |i, n| {
                if let Some(item) = row.get_mut(i) {
                    *item = n * factor;
                }
            }),
            How::Palette { depth: 8, colors, alpha: false } => {
                // Four at once, each a write of four bytes, of which the next one covers the last.
                let (fours, last) = stored.as_chunks::<4>();
                let (to_fours, to_last) = row.split_at_mut(row.len().min(fours.len() * 12));
                for (to, four) in to_fours.as_chunks_mut::<12>().0.iter_mut().zip(fours) {
                    let [a, b, c, d] = four.map(|i| colors[usize::from(i)]);
                    to[..4].copy_from_slice(&a);
                    to[3..7].copy_from_slice(&b);
                    to[6..10].copy_from_slice(&c);
                    to[9..].copy_from_slice(&d[..3]);
                }
                for (to, &i) in to_last.as_chunks_mut::<3>().0.iter_mut().zip(last) {
                    to.copy_from_slice(&colors[usize::from(i)][..3]);
                }
            }
            How::Palette { depth: 8, colors, alpha: true } => {
                row.as_chunks_mut::<4>().0.iter_mut().zip(stored).for_each(|(to, &i)| *to = colors[usize::from(i)]);
            }
            How::Palette { depth, colors, alpha } => {
                let size = if *alpha { 4 } else { 3 };
                let mut pixels = row.chunks_exact_mut(size);
                samples(stored, *depth, |_, n| {
                    if let Some(to) = pixels.next() {
                        to.copy_from_slice(&colors[usize::from(n)][..size]);
                    }
                });
            }
        }
    }
}

fn blend(from: &[u8], to: &mut [u8]) {
    let alpha = u32::from(from.last().copied().unwrap_or(255));
    for (to, &from) in to.iter_mut().zip(from) {
        let sum = u32::from(from) * alpha + u32::from(*to) * (255 - alpha) + 128;
        *to = ((sum + (sum >> 8)) >> 8) as u8;
    }
}

fn blend_pairs(from: &[u8], to: &mut [u8]) {
    let from = from.as_chunks::<2>().0;
    let alpha = u64::from(from.last().map_or(u16::MAX, |&b| u16::from_ne_bytes(b)));
    for (to, from) in to.as_chunks_mut::<2>().0.iter_mut().zip(from) {
        let [above, below] = [*from, *to].map(|b| u64::from(u16::from_ne_bytes(b)));
        *to = (((above * alpha + below * (65535 - alpha) + 32767) / 65535) as u16).to_ne_bytes();
    }
}

/// The transparent colour of an RGB image; Pillow knows none of gray ones here.
fn key(header: &Header) -> Option<Vec<u8>> {
    let stored = header.transparency.as_ref().filter(|_| header.color == 2)?.as_chunks::<2>().0;
    let numbers = stored.get(..3)?.iter().map(|&b| u16::from_be_bytes(b));
    match header.depth {
        16 => Some(numbers.flat_map(u16::to_ne_bytes).collect()),
        _ => numbers.map(|n| u8::try_from(n).ok()).collect(),
    }
}

/// Hands out the samples of a row of `depth` bits each, those that only fill the last byte too.
fn samples(stored: &[u8], depth: u8, mut each: impl FnMut(usize, u8)) {
    let per_byte = usize::from(8 / depth.clamp(1, 8));
    let mask = u8::MAX >> (8 - depth.clamp(1, 8));
    for (i, &byte) in stored.iter().enumerate() {
        for k in 0..per_byte {
            each(i * per_byte + k, (byte >> (8 - usize::from(depth) * (k + 1))) & mask);
        }
    }
}

/// The colours as they are given; numbers beyond the palette are black, as in Pillow.
fn colors(header: &Header) -> Box<[[u8; 4]; 256]> {
    let mut colors = Box::new([[0; 4]; 256]);
    let mut given = header.palette.as_chunks::<3>().0.iter();
    let mut alphas = header.transparency.iter().flatten();
    for color in colors.iter_mut() {
        let &[r, g, b] = given.next().unwrap_or(&[0; 3]);
        *color = [r, g, b, alphas.next().copied().unwrap_or(255)];
    }
    colors
}
