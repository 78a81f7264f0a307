//! Block compression of textures: squares of 4 by 4 pixels in 8 or 16 bytes, BC1 to BC7.
//!
//! BC1 to BC5 round as Pillow does; BC6H and BC7 leave a decoder no choice, and are the crate `bcdec_rs`.

mod encode;

pub use encode::encode;

use super::single::Rows;
use crate::error::Result;
use crate::model::{Color, DType, Limits, Props};
use std::io::BufRead;

/// The kinds of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Two colours and what lies between, or black that shows through.
    Bc1,
    /// Colours, and alphas of 4 bits.
    Bc2,
    /// Colours, and alphas between two.
    Bc3,
    /// One sample.
    Bc4,
    /// Two samples, given as red and green; of signed ones 0 is 128.
    Bc5 { signed: bool },
    /// Half floats.
    Bc6h { signed: bool },
    /// Colours with alpha in eight modes.
    Bc7,
}

/// A block of colours before it is put where it belongs.
type Pixels = [[u8; 4]; 16];

impl Kind {
    /// Bytes of a block.
    pub fn block(self) -> usize {
        if matches!(self, Kind::Bc1 | Kind::Bc4) { 8 } else { 16 }
    }

    /// What a read gives, and Pillow's name for the pixels.
    pub fn gives(self) -> (DType, Color, &'static str) {
        match self {
            Kind::Bc1 | Kind::Bc2 | Kind::Bc3 | Kind::Bc7 => (DType::U8, Color::Rgba, "RGBA"),
            Kind::Bc4 => (DType::U8, Color::Gray, "L"),
            Kind::Bc5 { .. } => (DType::U8, Color::Rgb, "RGB"),
            Kind::Bc6h { .. } => (DType::F32, Color::Rgb, "RGB"),
        }
    }

    /// The properties of an image of such blocks.
    pub fn props(self, width: usize, height: usize) -> Props {
        let (dtype, color, _) = self.gives();
        Props::pixels(width, height, dtype, color)
    }

    /// Decodes a block of so many bytes into the first rows of `out`, of `pitch` bytes each, from pixel `x` on. What
    /// lies beyond the end of a row is dropped.
    fn decode(self, block: &[u8], out: &mut [u8], pitch: usize, x: usize) {
        if let Kind::Bc6h { signed } = self {
            let mut floats = [0f32; 48];
            bcdec_rs::bc6h_float(block, &mut floats, 12, signed);
            return place(bytemuck::cast_slice(&floats), 12, out, pitch, x);
        }
        let mut pixels: Pixels = [[0, 0, 0, 255]; 16];
        match self {
            Kind::Bc1 => colors(block, &mut pixels, false),
            Kind::Bc2 => {
                colors(block.get(8..).unwrap_or_default(), &mut pixels, true);
                for (i, pixel) in pixels.iter_mut().enumerate() {
                    let byte = block.get(i / 2).copied().unwrap_or(0);
                    pixel[3] = 17 * if i % 2 == 0 { byte & 15 } else { byte >> 4 };
                }
            }
            Kind::Bc3 => {
                colors(block.get(8..).unwrap_or_default(), &mut pixels, true);
                samples(block, &mut pixels, 3, false);
            }
            Kind::Bc4 => samples(block, &mut pixels, 0, false),
            Kind::Bc5 { signed } => {
                pixels = [[if signed { 128 } else { 0 }; 4]; 16];
                samples(block, &mut pixels, 0, signed);
                samples(block.get(8..).unwrap_or_default(), &mut pixels, 1, signed);
            }
            Kind::Bc7 => bcdec_rs::bc7(block, pixels.as_flattened_mut(), 16),
            Kind::Bc6h { .. } => {}
        }
        match self.gives().1 {
            Color::Gray => place(&pixels.map(|p| p[0]), 1, out, pitch, x),
            Color::Rgb => place(pixels.map(|[r, g, b, _]| [r, g, b]).as_flattened(), 3, out, pitch, x),
            _ => place(pixels.as_flattened(), 4, out, pitch, x),
        }
    }
}

/// Puts 4 rows of 4 pixels of `size` bytes beside those that are there.
fn place(pixels: &[u8], size: usize, out: &mut [u8], pitch: usize, x: usize) {
    for (row, four) in out.chunks_exact_mut(pitch.max(1)).zip(pixels.chunks_exact(4 * size)) {
        let to = row.get_mut(x * size..).unwrap_or_default();
        let n = to.len().min(four.len());
        to[..n].copy_from_slice(&four[..n]);
    }
}

/// A colour of 5, 6 and 5 bits.
fn unpack(n: u16) -> [u8; 3] {
    let (r, g, b) = ((n >> 11) as u8, (n >> 5 & 63) as u8, (n & 31) as u8);
    [r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2]
}

/// Two colours, and two bits a pixel that say which it is or what between. `opaque`: no block has see-through pixels.
fn colors(block: &[u8], pixels: &mut Pixels, opaque: bool) {
    let Some(&[a, b, c, d, lut @ ..]) = block.first_chunk::<8>() else { return };
    let (first, second) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    let (p, q) = (unpack(first), unpack(second));
    let between = |of: u16, to: u16| {
        let mix = |i: usize| ((of * u16::from(p[i]) + to * u16::from(q[i])) / (of + to)) as u8;
        [mix(0), mix(1), mix(2), 255]
    };
    let solid = |c: [u8; 3]| [c[0], c[1], c[2], 255];
    let table = match opaque || first > second {
        true => [solid(p), solid(q), between(2, 1), between(1, 2)],
        false => [solid(p), solid(q), between(1, 1), [0; 4]],
    };
    let lut = u32::from_le_bytes(lut);
    for (i, pixel) in pixels.iter_mut().enumerate() {
        *pixel = table[(lut >> (2 * i) & 3) as usize];
    }
}

/// Two numbers, and three bits a pixel that say which it is or what between.
fn samples(block: &[u8], pixels: &mut Pixels, sample: usize, signed: bool) {
    let Some(&[first, second, lut @ ..]) = block.first_chunk::<8>() else { return };
    let [first, second] = [first, second].map(|n| if signed { n ^ 0x80 } else { n });
    let table = table(first, second);
    let lut = lut.iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    for (i, pixel) in pixels.iter_mut().enumerate() {
        pixel[sample] = table[(lut >> (3 * i) & 7) as usize];
    }
}

/// The numbers that a block of samples chooses from.
fn table(first: u8, second: u8) -> [u8; 8] {
    let mut table = [first, second, 0, 0, 0, 0, 0, 255];
    let steps: u16 = if first > second { 7 } else { 5 };
    for (i, to) in (1..steps).zip(&mut table[2..]) {
        *to = (((steps - i) * u16::from(first) + i * u16::from(second)) / steps) as u8;
    }
    table
}

/// The rows of an image in blocks.
#[derive(Clone)]
pub struct Blocks {
    kind: Kind,
    width: usize,
    /// The bytes of a row of blocks, and the four rows of pixels that they are.
    stored: Vec<u8>,
    rows: Vec<u8>,
    next: usize,
}

impl Blocks {
    /// Before the first row.
    pub fn new(kind: Kind, width: usize) -> Blocks {
        Blocks { kind, width, stored: Vec::new(), rows: Vec::new(), next: 0 }
    }
}

impl Rows for Blocks {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        if self.next == 0 {
            let limits = Limits { max_pixels: None, max_bytes: None };
            if self.rows.is_empty() {
                let bytes = self.width.div_ceil(4).saturating_mul(self.kind.block());
                self.stored = limits.allocate(bytes)?;
                self.rows = limits.allocate(row.len().saturating_mul(4))?;
            }
            from.read_exact(&mut self.stored)?;
            for (i, block) in self.stored.chunks_exact(self.kind.block()).enumerate() {
                self.kind.decode(block, &mut self.rows, row.len(), 4 * i);
            }
        }
        let stored = self.rows.chunks_exact(row.len().max(1)).nth(self.next).unwrap_or_default();
        row.iter_mut().zip(stored).for_each(|(to, from)| *to = *from);
        self.next = (self.next + 1) % 4;
        Ok(())
    }
}
