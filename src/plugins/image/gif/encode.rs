//! The blocks of a file that is written.

use super::picture::{Palette, Picture};
use crate::resource::Output;
use std::io::{self, Write};

/// What stands before the first frame.
pub struct Head<'a> {
    pub width: u16,
    pub height: u16,
    pub palette: Palette<'a>,
    pub background: u8,
    /// How often the animation repeats, 0 being for ever; `None`: it plays once.
    pub repeats: Option<u16>,
    pub comment: Option<&'a [u8]>,
}

impl Head<'_> {
    /// Writes it.
    pub fn write(&self, output: &mut Output) -> io::Result<()> {
        let bits = palette_bits(self.palette);
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend_from_slice(&self.width.to_le_bytes());
        bytes.extend_from_slice(&self.height.to_le_bytes());
        bytes.extend_from_slice(&[0xf0 | bits, self.background, 0]);
        put_palette(&mut bytes, self.palette, bits);
        if let Some(repeats) = self.repeats {
            bytes.extend_from_slice(b"\x21\xff\x0bNETSCAPE2.0\x03\x01");
            bytes.extend_from_slice(&repeats.to_le_bytes());
            bytes.push(0);
        }
        if let Some(comment) = self.comment {
            bytes.extend_from_slice(b"\x21\xfe");
            put_blocks(&mut bytes, comment);
        }
        output.write_all(&bytes)
    }
}

/// A frame, compressed, with what may still be decided about it.
pub struct Block {
    bytes: Vec<u8>,
    transparent: Option<u8>,
    pub disposal: u8,
    pub delay: Option<u16>,
}

impl Block {
    /// Compresses a picture; `is_local`: with a palette of its own.
    pub fn new(picture: Picture, is_local: bool, disposal: u8) -> Block {
        let mut bytes = vec![b','];
        for n in [picture.area.x, picture.area.y, picture.area.width, picture.area.height] {
            // The writer lets no image through whose sides do not fit.
            bytes.extend_from_slice(&u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes());
        }
        if is_local {
            let bits = palette_bits(picture.palette());
            bytes.push(0x80 | bits);
            put_palette(&mut bytes, picture.palette(), bits);
        } else {
            bytes.push(0);
        }
        let transparent = picture.transparent;
        let mut frame = gif::Frame { buffer: picture.indices.into(), ..gif::Frame::default() };
        frame.make_lzw_pre_encoded();
        if let Some((&bits, data)) = frame.buffer.split_first() {
            bytes.push(bits);
            put_blocks(&mut bytes, data);
        }
        Block { bytes, transparent, disposal, delay: None }
    }

    /// Writes it.
    pub fn write(&self, output: &mut Output) -> io::Result<()> {
        if self.transparent.is_some() || self.disposal != 0 || self.delay.is_some() {
            let [d0, d1] = self.delay.unwrap_or(0).to_le_bytes();
            let flags = (self.disposal << 2) | u8::from(self.transparent.is_some());
            output.write_all(&[b'!', 0xf9, 4, flags, d0, d1, self.transparent.unwrap_or(0), 0])?;
        }
        output.write_all(&self.bytes)
    }
}

/// The size of a palette as the format says it.
fn palette_bits(palette: Palette) -> u8 {
    let entries = (palette.colours.len() + usize::from(palette.behind.is_some())).clamp(2, 256).next_power_of_two();
    (entries.trailing_zeros() - 1) as u8
}

fn put_palette(bytes: &mut Vec<u8>, palette: Palette, bits: u8) {
    let end = bytes.len() + (6 << bits);
    palette.colours.iter().chain(&palette.behind).for_each(|colour| bytes.extend_from_slice(colour));
    bytes.resize(end, 0);
}

fn put_blocks(bytes: &mut Vec<u8>, data: &[u8]) {
    for block in data.chunks(255) {
        bytes.push(block.len() as u8);
        bytes.extend_from_slice(block);
    }
    bytes.push(0);
}
