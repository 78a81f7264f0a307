//! The rows: runs undone, samples in their order.

use super::super::single::Rows;
use super::header::{Header, Storage, five};
use crate::error::Result;
use crate::model::zeroed;
use std::io::BufRead;
use strided::swap_ends;

/// Makes the rows of a file.
#[derive(Clone)]
pub struct TgaRows {
    header: Header,
    /// Bytes of a stored pixel.
    size: usize,
    stored: Vec<u8>,
    /// How many pixels of a packet are still to come, which may go on in the next row; and the pixel, if it is a run.
    packet: (usize, Option<[u8; 4]>),
}

impl TgaRows {
    /// The rows of this file.
    pub fn new(header: Header) -> TgaRows {
        let size = match header.storage {
            Storage::Bit | Storage::Gray => 1,
            Storage::GrayAlpha | Storage::Five { .. } => 2,
            Storage::Bgr => 3,
            Storage::Bgra => 4,
            Storage::Number(bytes) => bytes,
        };
        TgaRows { header, size, stored: Vec::new(), packet: (0, None) }
    }

    /// Undoes the runs of one row.
    fn unpack<R: BufRead>(&mut self, from: &mut R) -> Result<()> {
        let size = self.size;
        let mut rest = &mut self.stored[..];
        while !rest.is_empty() {
            if self.packet.0 == 0 {
                let mut byte = [0];
                from.read_exact(&mut byte)?;
                let run = if byte[0] & 0x80 == 0 {
                    None
                } else {
                    let mut pixel = [0; 4];
                    from.read_exact(&mut pixel[..size])?;
                    Some(pixel)
                };
                self.packet = (usize::from(byte[0] & 0x7f) + 1, run);
            }
            let now = (self.packet.0 * size).min(rest.len());
            let (here, later) = rest.split_at_mut(now);
            match self.packet.1 {
                None => from.read_exact(here)?,
                Some(pixel) => here.chunks_exact_mut(size).for_each(|to| to.copy_from_slice(&pixel[..size])),
            }
            self.packet.0 -= now / size;
            rest = later;
        }
        Ok(())
    }

    /// Makes a row of what is stored.
    fn expand(&self, row: &mut [u8]) {
        let stored = &self.stored[..];
        let pairs = stored.as_chunks::<2>().0;
        match self.header.storage {
            Storage::Bit => {
                for (eight, &byte) in row.chunks_mut(8).zip(stored) {
                    eight.iter_mut().enumerate().for_each(|(i, to)| *to = byte >> (7 - i) & 1);
                }
            }
            Storage::Gray | Storage::GrayAlpha => row.copy_from_slice(stored),
            Storage::Five { has_alpha: true } => {
                row.as_chunks_mut::<4>().0.iter_mut().zip(pairs).for_each(|(to, &n)| *to = five(n, true));
            }
            Storage::Five { has_alpha: false } => {
                let pixels = row.as_chunks_mut::<3>().0.iter_mut();
                pixels.zip(pairs).for_each(|(to, &n)| to.copy_from_slice(&five(n, false)[..3]));
            }
            Storage::Bgr => swap_ends(stored, row),
            Storage::Bgra => {
                let none = if self.header.opaque { 255 } else { 0 };
                let pixels = row.as_chunks_mut::<4>().0.iter_mut();
                pixels.zip(stored.as_chunks::<4>().0).for_each(|(to, &[b, g, r, a])| *to = [r, g, b, a | none]);
            }
            Storage::Number(1) => self.look_up(stored.iter().map(|&n| n.into()), row),
            Storage::Number(_) => self.look_up(pairs.iter().map(|&n| u16::from_le_bytes(n).into()), row),
        }
    }

    /// Numbers beyond the colours are black. Where a row has a byte for each number, those are given.
    fn look_up(&self, numbers: impl Iterator<Item = usize>, row: &mut [u8]) {
        let samples = row.len() / self.header.width.max(1);
        for (to, number) in row.chunks_exact_mut(samples.max(1)).zip(numbers) {
            if let [place] = to {
                *place = u8::try_from(number).unwrap_or(0);
                continue;
            }
            let color = self.header.palette.get(number).unwrap_or(&[0, 0, 0, 255]);
            to.copy_from_slice(&color[..samples.min(4)]);
        }
    }
}

impl Rows for TgaRows {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        let width = self.header.width;
        if self.stored.is_empty() {
            let bits = self.header.storage == Storage::Bit;
            self.stored = zeroed(if bits { width.div_ceil(8) } else { width * self.size })?;
        }
        if self.header.runs {
            self.unpack(from)?;
        } else {
            from.read_exact(&mut self.stored)?;
        }
        self.expand(row);
        if self.header.right_to_left {
            turn(row, row.len() / width.max(1));
        }
        Ok(())
    }
}

/// Puts the last pixel of a row first.
fn turn(row: &mut [u8], samples: usize) {
    row.reverse();
    row.chunks_exact_mut(samples.max(1)).for_each(<[u8]>::reverse);
}
