//! Deflating an image in bands of rows, side by side. A band refers back to the one before it as one stream would, and
//! ends on a whole byte, so that bands stand one behind another. They depend on the image only, not on the threads.

use super::encode::{Form, stored_row};
use crate::error::{Error, Result};
use crate::model::View;
use crate::plugin::{Call, parallel};
use rowfilter::Filter;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status, Strategy};

/// Bytes of a band, about.
const BAND: usize = 256 << 10;

/// How far back deflate refers.
const WINDOW: usize = 32 << 10;

/// zlib's level where nothing else is asked for.
const DEFAULT_LEVEL: u32 = 6;

/// Bytes of a band on which the ways of compressing it are tried.
const SAMPLE: usize = 32 << 10;

/// Bytes below which the sample is flat.
const FLAT: usize = SAMPLE / 16;

/// Images of fewer bytes are not worth a second thread.
const LONG: usize = 1 << 20;

/// How rows become a stream.
#[derive(Clone, Copy)]
pub struct Plan {
    pub form: Form,
    /// zlib's: 0, or 2 to 9.
    pub level: u32,
    /// Bytes of a pixel, or 0 where rows are not filtered.
    pub step: usize,
}

/// A zlib stream of the image, in pieces.
pub fn deflate(view: &View, plan: Plan, call: &Call) -> Result<Vec<Vec<u8>>> {
    let (row, height) = (1 + plan.form.row(), plan.form.height as usize);
    let rows = (BAND / row).max(1);
    let count = height.div_ceil(rows);
    let slots = Mutex::new((0..count).map(|_| None).collect::<Vec<Option<Band>>>());
    let threads = if row.saturating_mul(height) < LONG { 1 } else { call.threads() };
    let bands = (0..count).map(|i| (i, i * rows..height.min((i + 1) * rows)));
    parallel(
        call,
        threads,
        count,
        bands,
        || Ok(Worker::new(view, plan)),
        |worker, (i, range)| {
            let band = worker.band(range)?;
            if let Some(slot) = slots.lock().unwrap_or_else(PoisonError::into_inner).get_mut(i) {
                *slot = Some(band);
            }
            Ok(())
        },
    )?;
    let effort = match plan.level {
        0 | 1 => 0x01,
        2..=5 => 0x5E,
        6 => 0x9C,
        _ => 0xDA,
    };
    let mut pieces = vec![vec![0x78, effort]];
    let mut sum = 1;
    for band in slots.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let band = band.ok_or_else(|| Error::internal("a band is missing"))?;
        sum = combined(sum, band.sum, band.len);
        pieces.push(band.bytes);
    }
    pieces.push(sum.to_be_bytes().to_vec());
    Ok(pieces)
}

struct Band {
    bytes: Vec<u8>,
    /// The Adler-32 and the length of what was deflated.
    sum: u32,
    len: usize,
}

/// What a thread keeps from band to band.
struct Worker<'a> {
    view: &'a View<'a>,
    plan: Plan,
    filtered: Vec<u8>,
    packed: Vec<u8>,
    turned: Vec<u8>,
}

impl<'a> Worker<'a> {
    fn new(view: &'a View<'a>, plan: Plan) -> Worker<'a> {
        Worker { view, plan, filtered: Vec::new(), packed: Vec::new(), turned: Vec::new() }
    }

    fn band(&mut self, rows: Range<usize>) -> Result<Band> {
        let row = self.plan.form.row();
        // The rows before are filtered once more: the window of this band.
        let from = rows.start.saturating_sub(WINDOW.div_ceil(1 + row));
        let mut filter = Filter::new(row, self.plan.step);
        if let Some(before) = from.checked_sub(1) {
            filter.follow(stored_row(self.view, self.plan.form, before, &mut self.packed, &mut self.turned)?);
        }
        let mut window = 0;
        self.filtered.clear();
        for y in from..rows.end {
            if y == rows.start {
                window = self.filtered.len();
            }
            let bytes = stored_row(self.view, self.plan.form, y, &mut self.packed, &mut self.turned)?;
            self.filtered.extend_from_slice(filter.apply(bytes));
        }
        let (before, data) = self.filtered.split_at(window);
        let before = &before[before.len().saturating_sub(WINDOW)..];
        let last = rows.end == self.plan.form.height as usize;
        let bytes = self.deflate(before, data, last)?;
        Ok(Band { bytes, sum: inflate::adler32(1, data), len: data.len() })
    }

    /// In the way that makes the least of it, as far as a sample tells.
    fn deflate(&self, before: &[u8], data: &[u8], last: bool) -> Result<Vec<u8>> {
        let level = self.plan.level;
        if self.plan.step == 0 || level == 0 {
            return deflate_by(
                (level, if self.plan.step > 0 { Strategy::Filtered } else { Strategy::Default }),
                before,
                data,
                last,
            );
        }
        if data.len() <= SAMPLE {
            let mut tried = Vec::new();
            let chosen = choose(level, false, |way| {
                let bytes = deflate_by(way, before, data, last)?;
                let len = bytes.len();
                tried.push((way, bytes));
                Ok(len)
            })?;
            let found = tried.into_iter().find(|(way, _)| *way == chosen);
            return found.map(|(_, bytes)| bytes).ok_or_else(|| Error::internal("a way that was not tried"));
        }
        // Tried on a part from the middle, behind what the search may refer to there.
        let from = (data.len() - SAMPLE) / 2;
        let window = &data[from.saturating_sub(WINDOW)..from];
        let size = |way| Ok(deflate_by(way, window, &data[from..from + SAMPLE], true)?.len());
        deflate_by(choose(level, true, size)?, before, data, last)
    }
}

/// A level and a strategy.
type Way = (u32, Strategy);

/// Of the ways to deflate filtered rows the one that makes the least, by what `size` says of each: a search, without
/// short matches where the level allows that, since they cost more than they save; or runs and frequencies alone, because
/// grain has no repetitions worth a search. `careful`: whether time may be taken for a third way.
fn choose(level: u32, careful: bool, mut size: impl FnMut(Way) -> Result<usize>) -> Result<Way> {
    let (searching, runs) = ((level, Strategy::Filtered), (level, Strategy::Rle));
    let searched = size(searching)?;
    // A flat part of a picture says nothing of what else is in the band, which a search is sure to find.
    if careful && searched < FLAT {
        return Ok(searching);
    }
    let run = size(runs)?;
    let (best, least) = if run <= searched { (runs, run) } else { (searching, searched) };
    // The default level keeps short matches, as zlib-ng's does and zlib's does not; the next one drops them, but takes
    // twice the time: it has to be worth that.
    if !careful || level != DEFAULT_LEVEL || run + run / 64 < searched {
        return Ok(best);
    }
    let third = (level + 1, Strategy::Filtered);
    let saved = size(third)?;
    Ok(if saved + saved / 256 < least { third } else { best })
}

/// By a new deflater each time: what one has done before shows in what it does next.
fn deflate_by((level, strategy): Way, before: &[u8], data: &[u8], last: bool) -> Result<Vec<u8>> {
    deflated(&mut deflater(level, strategy), before, data, last)
}

fn deflater(level: u32, strategy: Strategy) -> Deflate {
    Deflate::new_with_config(DeflateConfig {
        level: level as i32,
        window_bits: -15,
        mem_level: 9,
        strategy,
        ..DeflateConfig::default()
    })
}

/// The bytes deflated behind those `before`: as the end of the stream, or up to a whole byte.
fn deflated(deflater: &mut Deflate, before: &[u8], bytes: &[u8], last: bool) -> Result<Vec<u8>> {
    let failed = |e| Error::internal(format!("the deflater failed: {e:?}"));
    if !before.is_empty() {
        deflater.set_dictionary(before).map_err(failed)?;
    }
    let flush = if last { DeflateFlush::Finish } else { DeflateFlush::SyncFlush };
    let mut out = vec![0; bytes.len() / 2 + 1024];
    loop {
        let (read, written) = (deflater.total_in() as usize, deflater.total_out() as usize);
        let status = deflater.compress(&bytes[read..], &mut out[written..], flush).map_err(failed)?;
        let (read, written) = (deflater.total_in() as usize, deflater.total_out() as usize);
        // Room that is left says that nothing is held back.
        let ended = if last { status == Status::StreamEnd } else { read == bytes.len() && written < out.len() };
        if ended {
            out.truncate(written);
            return Ok(out);
        }
        let more = out.len() / 2 + 1024;
        out.resize(out.len() + more, 0);
    }
}

/// The Adler-32 of bytes behind others, from those of both.
fn combined(first: u32, second: u32, second_len: usize) -> u32 {
    const BASE: u64 = 65521;
    let (a, b) = (u64::from(first), u64::from(second));
    let len = second_len as u64 % BASE;
    let low = ((a & 0xFFFF) + (b & 0xFFFF) + BASE - 1) % BASE;
    let high = (len * (a & 0xFFFF) + (a >> 16) + (b >> 16) + BASE - len) % BASE;
    (high << 16 | low) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_combined() {
        let data: Vec<u8> = (0..200_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        for at in [0, 1, 70_000, 199_999, 200_000] {
            let (a, b) = data.split_at(at);
            assert_eq!(combined(inflate::adler32(1, a), inflate::adler32(1, b), b.len()), inflate::adler32(1, &data));
        }
    }

    #[test]
    fn a_flat_part_leads_to_a_search() {
        let mut tried = Vec::new();
        let sizes = |way: Way| match way {
            (6, Strategy::Filtered) => 40,
            _ => 30,
        };
        let chosen = choose(6, true, |way| {
            tried.push(way);
            Ok(sizes(way))
        });
        assert_eq!((chosen.unwrap(), tried.len()), ((6, Strategy::Filtered), 1));
        // Of a whole band the least is known.
        assert_eq!(choose(6, false, |way| Ok(sizes(way))).unwrap(), (6, Strategy::Rle));
    }

    #[test]
    fn a_piece_is_whole_however_it_compresses() {
        let mut seed = 7u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let (before, data): (Vec<u8>, Vec<u8>) =
            ((0..WINDOW).map(|_| noise()).collect(), (0..90_000).map(|_| noise()).collect());
        for level in [0, 2, 6, 9] {
            for strategy in [Strategy::Default, Strategy::Filtered, Strategy::Rle] {
                let made = || deflater(level, strategy);
                let mut stream = vec![0x78, 0x9C];
                stream.extend(deflated(&mut made(), &[], &before, false).unwrap());
                stream.extend(deflated(&mut made(), &before, &data, true).unwrap());
                stream.extend(inflate::adler32(inflate::adler32(1, &before), &data).to_be_bytes());
                let back = miniz_oxide::inflate::decompress_to_vec_zlib(&stream).unwrap();
                assert!(back == [&before[..], &data].concat());
            }
        }
    }
}
