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

/// Bytes of a band on which the two ways of compressing it are tried.
const SAMPLE: usize = 32 << 10;

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

    /// The usual way, or where that is no larger by runs and frequencies alone: grain has no repetitions worth a search.
    fn deflate(&self, before: &[u8], data: &[u8], last: bool) -> Result<Vec<u8>> {
        // Filtered rows hardly repeat; short matches among them cost more than they save.
        let usual = if self.plan.step > 0 { Strategy::Filtered } else { Strategy::Default };
        if self.plan.step == 0 || self.plan.level == 0 {
            return self.deflate_by(usual, before, data, last);
        }
        if data.len() <= SAMPLE {
            let ways = [usual, Strategy::Rle].map(|way| self.deflate_by(way, before, data, last));
            let [searched, runs] = ways;
            let (searched, runs) = (searched?, runs?);
            return Ok(if runs.len() <= searched.len() { runs } else { searched });
        }
        // Tried on a part from the middle, behind what the search may refer to there.
        let from = (data.len() - SAMPLE) / 2;
        let window = &data[from.saturating_sub(WINDOW)..from];
        let of_sample = |way| Ok::<_, Error>(self.deflate_by(way, window, &data[from..from + SAMPLE], true)?.len());
        let chosen = if of_sample(Strategy::Rle)? <= of_sample(usual)? { Strategy::Rle } else { usual };
        self.deflate_by(chosen, before, data, last)
    }

    /// By a new deflater each time: what one has done before shows in what it does next.
    fn deflate_by(&self, way: Strategy, before: &[u8], data: &[u8], last: bool) -> Result<Vec<u8>> {
        deflated(&mut deflater(self.plan.level, way), before, data, last)
    }
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
