//! DDS, the textures of DirectX: pixels as masks say, or blocks. Of several images and levels the first is read, as
//! Pillow does.

mod layout;
mod write;

pub use write::{create, options};

use super::bcn::Blocks;
use super::bits::{le16, le32};
use super::single::{Picture, Plain, Rows, Single};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Props};
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use layout::{Layout, Masks};
use std::io::BufRead;

/// Bytes of the mark and the header, and of the header that newer files have behind it.
const HEAD: usize = 128;
const HEAD_10: usize = 20;

/// Whether a file begins as DDS files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"DDS ")
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    if head.len() < HEAD {
        return Err(Error::corrupt("the data end within the header"));
    }
    if le32(head, 4) != 124 {
        return Err(Error::unsupported(format!("a header of {} bytes", le32(head, 4))));
    }
    let (height, width) = (le32(head, 12) as usize, le32(head, 16) as usize);
    let (layout, data_at, gamma) = layout::read(head)?;
    let (props, mode) = layout.gives(width, height);
    let mut picture = Picture::new(props, mode, data_at, layout.least());
    if let Some(gamma) = gamma {
        picture.meta.set("gamma", gamma);
    }
    let rows = match layout {
        Layout::Blocks(kind) => Stored::Blocks(Blocks::new(kind, width)),
        Layout::Masks(masks) => Stored::Masked(masks, Vec::new()),
        Layout::Items { dtype, .. } => Stored::Items(Plain { size: dtype.size(), big: false }),
        Layout::Palette(palette) => Stored::Palette(palette, Vec::new()),
    };
    Single::open(source, picture, rows)
}

/// How the next row is made.
#[derive(Clone)]
enum Stored {
    Blocks(Blocks),
    /// Pixels whose parts masks tell, and room for a row of them.
    Masked(Masks, Vec<u8>),
    Items(Plain),
    /// Numbers of colours.
    Palette(Vec<[u8; 4]>, Vec<u8>),
}

impl Rows for Stored {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        match self {
            Stored::Blocks(blocks) => blocks.next(from, row)?,
            Stored::Masked(masks, stored) => {
                stored.resize(row.len() / masks.pixel() * masks.bytes, 0);
                from.read_exact(stored)?;
                masks.expand(stored, row);
            }
            Stored::Items(plain) => plain.next(from, row)?,
            Stored::Palette(palette, stored) => {
                stored.resize(row.len() / 4, 0);
                from.read_exact(stored)?;
                for (to, &n) in row.as_chunks_mut::<4>().0.iter_mut().zip(&*stored) {
                    *to = palette.get(usize::from(n)).copied().unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

/// A number of so many bytes, the high one last.
fn number(bytes: &[u8]) -> u32 {
    match bytes.len() {
        2 => le16(bytes, 0).into(),
        4 => le32(bytes, 0),
        _ => bytes.iter().rev().fold(0, |n, &byte| n << 8 | u32::from(byte)),
    }
}

impl Layout {
    /// What a read gives, and Pillow's name for the pixels.
    fn gives(&self, width: usize, height: usize) -> (Props, &'static str) {
        match self {
            Layout::Blocks(kind) => (kind.props(width, height), kind.gives().2),
            Layout::Masks(masks) => (Props::pixels(width, height, masks.dtype(), masks.color), masks.mode()),
            Layout::Items { dtype, color, samples, mode } => match color.samples() {
                Some(_) => (Props::pixels(width, height, *dtype, *color), mode),
                None => (Props::image(&[height, width, *samples], *dtype, *color), mode),
            },
            Layout::Palette(_) => (Props::pixels(width, height, DType::U8, Color::Rgba), "P"),
        }
    }

    /// The fewest bytes for so many pixels.
    fn least(&self) -> (u64, u64) {
        match self {
            Layout::Blocks(kind) => (kind.block() as u64, 16),
            Layout::Masks(masks) => (masks.bytes as u64, 1),
            Layout::Items { dtype, samples, .. } => ((dtype.size() * samples) as u64, 1),
            Layout::Palette(_) => (1, 1),
        }
    }
}
