//! The rows, from each of the ways in which samples are stored.

use super::super::single::Rows;
use super::header::{Header, Storage};
use crate::error::{Error, Result};
use crate::model::zeroed;
use std::io::BufRead;
use std::sync::Arc;

/// How rows come about.
#[derive(Clone)]
pub enum PnmRows {
    /// Eight pixels a byte, 1 for black.
    Bits { stored: Vec<u8> },
    /// A digit each, 1 for black.
    PlainBits,
    /// A byte each, 0 or 1.
    Bools,
    /// A byte each, mapped to the full range if that is not theirs.
    Bytes { table: Option<Arc<[u8]>> },
    /// Two bytes each, the high one first, mapped likewise.
    Words { table: Option<Arc<[u16]>> },
    /// Numbers as text, up to a greatest, given in one byte or two.
    Plain { maxval: u32, table: Arc<[u16]>, is_wide: bool },
    /// Floats.
    Floats { is_big: bool },
}

/// What each number up to the greatest becomes in the full range, rounded as in Pillow.
fn table(maxval: u32, full: f64) -> Arc<[u16]> {
    let maxval = maxval.min(65535);
    (0..=maxval).map(|n| (f64::from(n) / f64::from(maxval) * full).round_ties_even() as u16).collect()
}

impl PnmRows {
    /// The rows of this file.
    pub fn new(header: &Header) -> PnmRows {
        let maxval = header.maxval;
        let is_wide = maxval > 255;
        match header.storage {
            Storage::Bits if header.plain => PnmRows::PlainBits,
            Storage::Bits => PnmRows::Bits { stored: Vec::new() },
            Storage::Bools => PnmRows::Bools,
            Storage::Floats => PnmRows::Floats { is_big: header.scale > 0.0 },
            Storage::Numbers if header.plain => {
                let full = if is_wide { 65535.0 } else { 255.0 };
                PnmRows::Plain { maxval, table: table(maxval, full), is_wide }
            }
            Storage::Numbers if is_wide => PnmRows::Words { table: (maxval < 65535).then(|| table(maxval, 65535.0)) },
            Storage::Numbers => PnmRows::Bytes {
                // Numbers above the greatest are the greatest.
                table: (maxval < 255).then(|| {
                    let known = table(maxval, 255.0);
                    (0..256).map(|n| known.get(n).map_or(255, |&n| n as u8)).collect()
                }),
            },
        }
    }
}

impl Rows for PnmRows {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        match self {
            PnmRows::Bits { stored } => {
                if stored.is_empty() {
                    *stored = zeroed(row.len().div_ceil(8))?;
                }
                from.read_exact(stored)?;
                for (eight, &byte) in row.chunks_mut(8).zip(stored.iter()) {
                    eight.iter_mut().enumerate().for_each(|(i, to)| *to = !byte >> (7 - i) & 1);
                }
            }
            PnmRows::PlainBits => {
                for to in row {
                    *to = 1 - number(from, 1, true)? as u8;
                }
            }
            PnmRows::Bools => {
                from.read_exact(row)?;
                row.iter_mut().for_each(|b| *b = u8::from(*b != 0));
            }
            PnmRows::Bytes { table } => {
                from.read_exact(row)?;
                if let Some(table) = table {
                    row.iter_mut().for_each(|b| *b = table.get(usize::from(*b)).copied().unwrap_or(255));
                }
            }
            PnmRows::Words { table } => {
                from.read_exact(row)?;
                let items = row.as_chunks_mut::<2>().0.iter_mut();
                match table {
                    None => items.for_each(|n| *n = u16::from_be_bytes(*n).to_ne_bytes()),
                    Some(table) => items.for_each(|n| {
                        let at = usize::from(u16::from_be_bytes(*n));
                        *n = table.get(at).copied().unwrap_or(65535).to_ne_bytes();
                    }),
                }
            }
            PnmRows::Plain { maxval, table, is_wide } => {
                let mut next =
                    || Ok::<u16, Error>(table.get(number(from, *maxval, false)? as usize).copied().unwrap_or(0));
                if *is_wide {
                    for to in row.as_chunks_mut::<2>().0 {
                        *to = next()?.to_ne_bytes();
                    }
                } else {
                    for to in row {
                        *to = next()? as u8;
                    }
                }
            }
            PnmRows::Floats { is_big } => {
                from.read_exact(row)?;
                let items = row.as_chunks_mut::<4>().0.iter_mut();
                match is_big {
                    true => items.for_each(|n| *n = u32::from_be_bytes(*n).to_ne_bytes()),
                    false => items.for_each(|n| *n = u32::from_le_bytes(*n).to_ne_bytes()),
                }
            }
        }
        Ok(())
    }
}

/// The next number of a text with comments; of one digit only, where digits need no space between them.
fn number<R: BufRead>(from: &mut R, most: u32, one_digit: bool) -> Result<u32> {
    let (mut number, mut in_comment) = (None::<u32>, false);
    loop {
        let bytes = from.fill_buf()?;
        if bytes.is_empty() {
            // A last number may end with the file.
            return number.ok_or_else(|| Error::corrupt("the data ends too early"));
        }
        let (mut used, mut ended) = (0, false);
        for &byte in bytes {
            used += 1;
            match byte {
                b'\n' | b'\r' => (in_comment, ended) = (false, number.is_some()),
                _ if in_comment => {}
                b'#' => in_comment = true,
                b' ' | b'\t'..=b'\x0c' => ended = number.is_some(),
                b'0'..=b'9' => {
                    let value = number.unwrap_or(0) * 10 + u32::from(byte - b'0');
                    if value > most {
                        return Err(Error::corrupt(format!("a number above the greatest, {most}")));
                    }
                    (number, ended) = (Some(value), one_digit);
                }
                _ => return Err(Error::corrupt(format!("byte {byte:#04x} among the numbers"))),
            }
            if ended {
                break;
            }
        }
        from.consume(used);
        if ended {
            return Ok(number.unwrap_or(0));
        }
    }
}
