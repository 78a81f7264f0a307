//! Parts of an image that decode by themselves: from one restart marker to another.
//!
//! A part is made an image of its own by a header that tells its height. It begins with a row of blocks whose data
//! follow a restart marker. Where colours of less resolution are made smooth, rows count for those beside them: a part
//! decodes, and drops, some rows before its own and behind.

use std::ops::Range;

use crate::PixelFormat;
use crate::decode::{Decoder, Header, Scale, Tolerance};
use crate::error::{Error, ErrorKind, Result};
use crate::raw::{Job, Raw, memory_bound};
use crate::rows::{Plan, Rows};
use crate::segments::{HEIGHT, is_sequential_frame, walk};

/// Parts of an image, of which each has the same samples as in the whole.
///
/// Any sign of damage makes the reading of a part fail. Which damage an image really has, and what can be had of it, tells
/// only the [`Decoder`] of the whole.
pub struct Parts<'a> {
    data: &'a [u8],
    header: Header,
    /// The segments that decoding takes, to the first scan's data; and where among them the height stands.
    opening: Vec<u8>,
    height_at: usize,
    /// Where the data of each part begin.
    starts: Vec<usize>,
    /// Restart markers a part, its last one too.
    markers: u32,
    /// Rows of a block (MCU), and of the least part.
    block_rows: u32,
    rows: u32,
    blocks_per_row: u32,
}

/// Decodes one part after another.
pub struct PartDecoder {
    raw: Raw,
    opening: Vec<u8>,
    max_memory: usize,
}

impl PartDecoder {
    /// A decoder that keeps at most so many bytes beside the output, as [`Decoder::set_memory_limit`] has it.
    pub fn new(memory_limit: Option<u64>) -> Result<PartDecoder> {
        Ok(PartDecoder { raw: Raw::new()?, opening: Vec::new(), max_memory: memory_limit.map_or(0, memory_bound) })
    }
}

impl<'a> Decoder<'a> {
    /// The parts of an image of one scan that has restart markers, all in their order, at least at some ends of rows of
    /// blocks; `None` of any other.
    pub fn parts(&self) -> Option<Parts<'a>> {
        let (data, header, raw) = (self.alone()?, *self.header(), &self.opening);
        let is_one_scan = raw.components_in_scan == raw.components && !header.progressive && !header.lossless;
        let interval = u32::try_from(raw.restart_interval).ok().filter(|&n| n > 0 && is_one_scan)?;
        // The rows of a single component are as high as its factor says all the same.
        if raw.components == 1 && (raw.h[0], raw.v[0]) != (1, 1) {
            return None;
        }
        let block = raw.block_size();
        let blocks_per_row = header.width.div_ceil(block.0);
        let blocks = blocks_per_row.checked_mul(header.height.div_ceil(block.1))?;
        let common = blocks_per_row.checked_mul(interval / gcd(blocks_per_row, interval))?;
        let markers = common / interval;
        let (opening, height_at) = opening(data, raw.scan)?;
        let intervals = blocks.div_ceil(interval);
        let starts = starts(data, raw.scan, intervals, markers)?;
        let rows = common / blocks_per_row * block.1;
        Some(Parts { data, header, opening, height_at, starts, markers, block_rows: block.1, rows, blocks_per_row })
    }
}

impl<'a> Parts<'a> {
    /// How many there are.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Rows of a part at this scale; the last one may have fewer.
    pub fn rows(&self, scale: Scale) -> u32 {
        self.rows / scale.divisor()
    }

    /// Begins to decode the rows of these parts, none of which is damaged.
    pub fn read<'d>(
        &'d self,
        decoder: &'d mut PartDecoder,
        parts: Range<u32>,
        format: PixelFormat,
        scale: Scale,
    ) -> Result<Rows<'d>> {
        let outside = || Error::argument(format!("parts {parts:?} of {}", self.count()));
        if parts.is_empty() || parts.end > self.count() {
            return Err(outside());
        }
        // Rows that count for their neighbours are there only where a block has several rows of samples for one.
        let lead = u32::from(parts.start > 0 && self.block_rows > 8);
        let first = parts.start - lead;
        let top = first * self.rows;
        let is_end = parts.end == self.count();
        let own_end = if is_end { self.header.height } else { parts.end * self.rows };
        let bottom = own_end.saturating_add(self.block_rows).min(self.header.height);
        let height = u16::try_from(bottom - top).map_err(|_| outside())?;
        let PartDecoder { raw, opening, max_memory } = decoder;
        opening.clone_from(&self.opening);
        let place = opening.get_mut(self.height_at..).and_then(|bytes| bytes.first_chunk_mut::<2>());
        *place.ok_or_else(outside)? = height.to_be_bytes();
        let scan = self.starts.get(first as usize).and_then(|&at| self.data.get(at..)).ok_or_else(outside)?;
        let divisor = scale.divisor();
        let rows_of = |rows: u32| rows.div_ceil(divisor);
        let before = lead * self.rows / divisor;
        let own = rows_of(own_end - top) - before;
        let plan = Plan {
            header: self.header,
            size: (self.header.width.div_ceil(divisor), own),
            format,
            tolerance: Tolerance::Strict,
            before,
            behind: rows_of(u32::from(height)) - before - own,
            is_end,
        };
        let job = Job {
            restart: first.wrapping_mul(self.markers) & 7,
            max_memory: *max_memory,
            scan: Some(scan),
            ..Job::new(format, scale, true)
        };
        let rows = Rows::start(raw, opening, &job, plan, |started| {
            started.mcus_per_row == self.blocks_per_row && started.rows_per_mcu_row == self.block_rows / divisor
        });
        rows.map_err(|e| Error::new(ErrorKind::Corrupt, e.message))
    }
}

pub(crate) fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The segments before the data of the scan that decoding takes, and where in them the height stands. `None` where
/// anything stands between segments.
fn opening(data: &[u8], scan: usize) -> Option<(Vec<u8>, usize)> {
    let mut opening = data.get(..2)?.to_vec();
    let mut height_at = None;
    let end = walk(data, |marker, at| {
        match marker {
            frame if is_sequential_frame(frame) && height_at.is_none() => height_at = Some(opening.len() + HEIGHT),
            // Tables, the scan; JFIF and Adobe tell what the components mean.
            0xC4 | 0xCC | 0xDA | 0xDB | 0xDD | 0xE0 | 0xEE => {}
            0xE1..=0xEF | 0xFE => return Some(()),
            _ => return None,
        }
        opening.extend_from_slice(&data[at]);
        Some(())
    })?;
    Some((opening, height_at.filter(|_| end == scan)?))
}

/// Where the data behind every `step`th restart marker begin, and the first data. `None` unless there are as many markers
/// as `intervals` take, in their order, and another marker behind them.
fn starts(data: &[u8], scan: usize, intervals: u32, step: u32) -> Option<Vec<usize>> {
    let mut starts = vec![scan];
    let (mut at, mut found) = (scan, 0u32);
    loop {
        at += memchr::memchr(0xFF, data.get(at..)?)? + 1;
        match *data.get(at)? {
            0 => {}
            marker @ 0xD0..=0xD7 if u32::from(marker & 7) == found & 7 && found + 1 < intervals => {
                found += 1;
                if found.is_multiple_of(step) {
                    starts.push(at + 1);
                }
            }
            // A restart marker that is not expected, or a byte that fills.
            0xD0..=0xD7 | 0xFF => return None,
            _ => return (found + 1 == intervals).then_some(starts),
        }
    }
}
