//! Chunks: the lines of a few rows or of a tile, and how they are compressed.

use super::header::{Channel, Part, Sample};
use super::lossy;
use super::piz::{Piz, Plane};
use crate::error::{Error, Result};
use ::exr::compression::Compression;
use ::exr::math::RoundingMode;
use ::exr::math::Vec2;
use ::exr::meta::attribute::{ChannelDescription, IntegerBounds, LevelMode, SampleType, Text, TileDescription};
use ::exr::meta::header::Header as CrateHeader;
use ::exr::meta::{BlockDescription, attribute::LineOrder};
use inflate::{Inflater, Wrapper};

/// The pixels of a chunk, counted from the origin of the file's coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub left: i64,
    pub top: i64,
    pub width: usize,
    pub height: usize,
}

/// How many multiples of `every` lie in `from .. from + n`.
pub fn samples(every: i32, from: i64, n: usize) -> usize {
    let every = i64::from(every);
    let end = from + n as i64;
    ((end - 1).div_euclid(every) - (from - 1).div_euclid(every)).max(0) as usize
}

impl Block {
    /// Bytes that a line of a channel takes, 0 where the channel has no sample in that row.
    pub fn line(&self, channel: &Channel, y: i64) -> usize {
        if y.rem_euclid(i64::from(channel.every.1)) != 0 {
            return 0;
        }
        samples(channel.every.0, self.left, self.width) * channel.sample.size()
    }

    /// Bytes of all lines.
    pub fn size(&self, channels: &[Channel]) -> Result<usize> {
        let mut total = 0usize;
        for channel in channels {
            let line = samples(channel.every.0, self.left, self.width).checked_mul(channel.sample.size());
            let rows = samples(channel.every.1, self.top, self.height);
            let size = line.and_then(|line| line.checked_mul(rows)).and_then(|size| total.checked_add(size));
            total = size.ok_or_else(|| Error::corrupt("a chunk too large to address"))?;
        }
        Ok(total)
    }
}

/// The rows of a chunk that is no tile.
pub fn rows(compression: u8) -> Option<usize> {
    Some(match compression {
        0..=2 => 1,
        3 | 5 => 16,
        4 | 6..=8 => 32,
        9 => 256,
        _ => return None,
    })
}

/// Undoes the compression of a chunk into `raw`, which has the size of its lines.
pub fn decompress(part: &Part, block: Block, stored: &[u8], raw: &mut [u8], work: &mut Scratch) -> Result<()> {
    if stored.len() == raw.len() {
        // What compression would have made larger is stored as it is.
        raw.copy_from_slice(stored);
        return Ok(());
    }
    match part.compression {
        0 => Err(Error::corrupt(format!("a chunk of {} bytes instead of {}", stored.len(), raw.len()))),
        1..=3 => {
            let mut halves = std::mem::take(&mut work.bytes);
            halves.resize(raw.len(), 0);
            match part.compression {
                1 => runs(stored, &mut halves)?,
                _ => undo_zip(stored, &mut halves, work)?,
            }
            undo_differences(&mut halves);
            interleave(&halves, raw);
            work.bytes = halves;
            Ok(())
        }
        4 => {
            let planes = planes(part, block);
            lines_of(work.piz.undo(stored, &planes)?, &planes, part, block, raw);
            Ok(())
        }
        5 => {
            let mut packed = std::mem::take(&mut work.bytes);
            packed.resize(lossy::packed_len(part, block), 0);
            undo_zip(stored, &mut packed, work)?;
            lossy::undo_pxr24(&packed, part, block, raw);
            work.bytes = packed;
            Ok(())
        }
        6 | 7 => {
            let planes = planes(part, block);
            let mut values = Vec::new();
            lossy::undo_b44(stored, &planes, &part.channels, &mut values)?;
            lines_of(&values, &planes, part, block, raw);
            Ok(())
        }
        _ => by_crate(part, block, stored, raw),
    }
}

/// The values of each channel of a chunk.
fn planes(part: &Part, block: Block) -> Vec<Plane> {
    let plane = |channel: &Channel| Plane {
        width: samples(channel.every.0, block.left, block.width),
        height: samples(channel.every.1, block.top, block.height),
        size: channel.sample.size() / 2,
    };
    part.channels.iter().map(plane).collect()
}

/// From all lines of a channel after those of another to the channels' lines of each row.
fn lines_of(values: &[u16], planes: &[Plane], part: &Part, block: Block, raw: &mut [u8]) {
    let mut starts = vec![0];
    for plane in planes {
        starts.push(starts.last().copied().unwrap_or(0) + plane.width * plane.height * plane.size);
    }
    let mut rest = raw;
    for y in 0..block.height {
        for (channel, start) in part.channels.iter().zip(&mut starts) {
            let (line, later) = std::mem::take(&mut rest).split_at_mut(block.line(channel, block.top + y as i64));
            let from = values.get(*start..).unwrap_or_default();
            *start += line.len() / 2;
            line.as_chunks_mut::<2>().0.iter_mut().zip(from).for_each(|(to, value)| *to = value.to_le_bytes());
            rest = later;
        }
    }
}

/// Undoes runs: a count from 0 says that a byte comes once more often, one below 0 that so many bytes follow.
fn runs(mut stored: &[u8], out: &mut [u8]) -> Result<()> {
    let bad = || Error::corrupt("runs that do not fill the chunk");
    let mut left = out;
    while let Some((&count, rest)) = stored.split_first() {
        let count = count.cast_signed();
        let n = if count < 0 { usize::from(count.unsigned_abs()) } else { count as usize + 1 };
        let (here, later) = left.split_at_mut_checked(n).ok_or_else(bad)?;
        if count < 0 {
            let (bytes, rest) = rest.split_at_checked(n).ok_or_else(bad)?;
            here.copy_from_slice(bytes);
            stored = rest;
        } else {
            let (&byte, rest) = rest.split_first().ok_or_else(bad)?;
            here.fill(byte);
            stored = rest;
        }
        left = later;
    }
    if left.is_empty() { Ok(()) } else { Err(bad()) }
}

fn undo_zip(stored: &[u8], out: &mut [u8], work: &mut Scratch) -> Result<()> {
    let inflater = match &mut work.inflater {
        Some(inflater) => inflater,
        None => work.inflater.insert(Inflater::new().map_err(|_| Error::out_of_memory(1 << 14))?),
    };
    match inflater.inflate(Wrapper::Zlib, stored, out) {
        Ok(done) if done.written == out.len() => Ok(()),
        Ok(done) => Err(Error::corrupt(format!("a chunk of {} bytes instead of {}", done.written, out.len()))),
        Err(e) => Err(Error::corrupt(format!("a chunk: {e}"))),
    }
}

/// What undoing takes in turn.
#[derive(Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    inflater: Option<Inflater>,
    piz: Piz,
}

/// Each byte was stored as its difference from the one before, plus 128.
fn undo_differences(bytes: &mut [u8]) {
    const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
    const EACH: u64 = 0x0001_0001_0001_0001;
    let Some(first) = bytes.first_mut() else { return };
    // The first is stored as it is: as the others, it loses 128.
    *first ^= 0x80;
    let (words, rest) = bytes.as_chunks_mut::<8>();
    let mut before = 0u64;
    for word in words {
        let differences = u64::from_le_bytes(*word) ^ 0x8080_8080_8080_8080;
        // Sums of pairs of bytes have room in 16 bits, and so have the sums of the four pairs.
        let odd = (differences >> 8) & EVEN;
        let pairs = ((differences & EVEN) + odd).wrapping_mul(EACH);
        let sums = pairs.wrapping_add(before.wrapping_mul(EACH));
        let evens = sums.wrapping_sub(odd) & EVEN;
        let odds = sums & EVEN;
        before = odds >> 48;
        *word = (evens | (odds << 8)).to_le_bytes();
    }
    let mut before = before as u8;
    for byte in rest {
        before = before.wrapping_add(*byte ^ 0x80);
        *byte = before;
    }
}

/// The first half of the bytes are those of even places, the second those of odd ones.
fn interleave(halves: &[u8], out: &mut [u8]) {
    let (even, odd) = halves.split_at(halves.len().div_ceil(2));
    let (pairs, last) = out.as_chunks_mut::<2>();
    for ((pair, &even), &odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [even, odd];
    }
    if let (Some(last), Some(&even)) = (last.first_mut(), even.last()) {
        *last = even;
    }
}

/// Compresses the lines of a chunk, of little-endian samples; what that would make larger stays as it is.
pub fn compress(part: &Part, block: Block, raw: &[u8]) -> Result<Vec<u8>> {
    let stored = match part.compression {
        0 => return Ok(raw.to_vec()),
        1..=3 => {
            let mut halves = vec![0; raw.len()];
            separate(raw, &mut halves);
            make_differences(&mut halves);
            match part.compression {
                1 => make_runs(&halves),
                _ => deflate(&halves)?,
            }
        }
        _ => {
            let header = crate_header(part, (block.width, block.height))?;
            let window = IntegerBounds::new(Vec2(0, 0), Vec2(block.width, block.height));
            let mut lines = raw.to_vec();
            if cfg!(target_endian = "big") {
                swap(&part.channels, block, &mut lines);
            }
            header.compression.compress_image_section_to_le(&header, lines, window).map_err(failed)?
        }
    };
    Ok(if stored.len() < raw.len() { stored } else { raw.to_vec() })
}

/// Bytes of even places first, then those of odd ones.
fn separate(raw: &[u8], halves: &mut [u8]) {
    let (even, odd) = halves.split_at_mut(raw.len().div_ceil(2));
    even.iter_mut().zip(raw.iter().step_by(2)).for_each(|(to, &b)| *to = b);
    odd.iter_mut().zip(raw.iter().skip(1).step_by(2)).for_each(|(to, &b)| *to = b);
}

fn make_differences(bytes: &mut [u8]) {
    let mut before = None::<u8>;
    for byte in bytes {
        let now = *byte;
        if let Some(before) = before {
            *byte = now.wrapping_sub(before).wrapping_add(128);
        }
        before = Some(now);
    }
}

/// Runs of 3 to 128 equal bytes, and between them up to 127 bytes as they are.
fn make_runs(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    let run = |from: &[u8]| from.iter().take(128).take_while(|&b| Some(b) == from.first()).count();
    while !rest.is_empty() {
        let same = run(rest);
        if same >= 3 {
            out.extend([(same - 1) as u8, rest.first().copied().unwrap_or(0)]);
            rest = rest.get(same..).unwrap_or_default();
            continue;
        }
        let most = rest.len().min(127);
        let length = (1..most).find(|&i| run(rest.get(i..).unwrap_or_default()) >= 3).unwrap_or(most);
        let (here, later) = rest.split_at(length);
        out.push((length as u8).wrapping_neg());
        out.extend(here);
        rest = later;
    }
    out
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressor = inflate::Compressor::new(4).map_err(|_| Error::out_of_memory(bytes.len()))?;
    let mut out = vec![0; compressor.bound(Wrapper::Zlib, bytes.len())];
    let size = compressor.compress(Wrapper::Zlib, bytes, &mut out).unwrap_or(0);
    out.truncate(size);
    if size == 0 { Ok(bytes.to_vec()) } else { Ok(out) }
}

/// The kinds of compression that the crate `exr` undoes: DWAA and DWAB.
fn by_crate(part: &Part, block: Block, stored: &[u8], raw: &mut [u8]) -> Result<()> {
    if part.channels.iter().any(|c| c.every != (1, 1)) {
        return Err(Error::unsupported("channels with fewer samples than pixels in this compression"));
    }
    let header = crate_header(part, (block.width, block.height))?;
    let window = IntegerBounds::new(Vec2(0, 0), Vec2(block.width, block.height));
    // Damaged data make it panic in places: it holds nothing that could be left half done.
    let undo = || header.compression.decompress_image_section_from_le(&header, stored.to_vec(), window, false);
    let undone = std::panic::catch_unwind(std::panic::AssertUnwindSafe(undo));
    let undone = undone.map_err(|_| Error::corrupt("the compressed data of a chunk are damaged"))?.map_err(failed)?;
    if undone.len() != raw.len() {
        return Err(Error::corrupt(format!("a chunk of {} bytes instead of {}", undone.len(), raw.len())));
    }
    raw.copy_from_slice(&undone);
    if cfg!(target_endian = "big") {
        swap(&part.channels, block, raw);
    }
    Ok(())
}

/// The crate gives numbers as this machine has them; here lines are as files have them.
fn swap(channels: &[Channel], block: Block, raw: &mut [u8]) {
    let mut rest = raw;
    for y in 0..block.height {
        for channel in channels {
            let (line, later) = rest.split_at_mut(block.line(channel, block.top + y as i64));
            line.chunks_exact_mut(channel.sample.size()).for_each(<[u8]>::reverse);
            rest = later;
        }
    }
}

/// What the crate has to know of a chunk of this size.
pub fn crate_header(part: &Part, (width, height): (usize, usize)) -> Result<CrateHeader> {
    let compression = match part.compression {
        0 => Compression::Uncompressed,
        1 => Compression::RLE,
        2 => Compression::ZIP1,
        3 => Compression::ZIP16,
        4 => Compression::PIZ,
        5 => Compression::PXR24,
        6 => Compression::B44,
        7 => Compression::B44A,
        8 => Compression::DWAA(None),
        9 => Compression::DWAB(None),
        n => return Err(Error::unsupported(format!("the compression {n}"))),
    };
    let channels = part.channels.iter().map(|channel| {
        let name =
            Text::new_or_none(&channel.name).ok_or_else(|| Error::unsupported("a channel's name is no Latin-1"))?;
        let sample = match channel.sample {
            Sample::Uint => SampleType::U32,
            Sample::Half => SampleType::F16,
            Sample::Float => SampleType::F32,
        };
        Ok(ChannelDescription::new(name, sample, channel.linear))
    });
    let channels = channels.collect::<Result<_>>()?;
    let tile = TileDescription {
        tile_size: Vec2(width, height),
        level_mode: LevelMode::Singular,
        rounding_mode: RoundingMode::Down,
    };
    let header = CrateHeader::new(Text::new_or_panic(""), (width, height), channels);
    Ok(header.with_encoding(compression, BlockDescription::Tiles(tile), LineOrder::Increasing))
}

/// A failure of the crate as ours.
pub fn failed(error: ::exr::error::Error) -> Error {
    match error {
        ::exr::error::Error::NotSupported(what) => Error::unsupported(what.into_owned()),
        ::exr::error::Error::Io(e) => Error::from(e),
        other => Error::corrupt(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_undone_at_every_length() {
        for n in [0usize, 1, 7, 8, 9, 31, 100, 1000] {
            let plain: Vec<u8> = (0..n).map(|i| (i * i * 31 + i / 3) as u8).collect();
            let mut bytes = plain.clone();
            for i in (1..n).rev() {
                bytes[i] = bytes[i].wrapping_sub(bytes[i - 1]).wrapping_add(128);
            }
            undo_differences(&mut bytes);
            assert_eq!(bytes, plain, "{n}");
        }
    }

    #[test]
    fn samples_are_counted_from_the_origin() {
        assert_eq!([samples(2, -3, 4), samples(2, -2, 3), samples(1, 5, 7), samples(2, 1, 1)], [2, 2, 7, 0]);
    }
}
