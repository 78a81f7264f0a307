//! Images with restart markers, decoded and encoded in parts side by side.

use super::codec_error;
use super::pixels::Job;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Destination;
use crate::plugin::{Call, parallel};
use jpeg::{Bands, EncodeOptions, PartDecoder, Source};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Images of fewer pixels are not worth a second thread.
const LONG: u64 = 1 << 19;
/// Pixels between two looks at the progress, about.
const MOST: u64 = 1 << 22;
/// Parts that one thread decodes together, at least: one more is decoded for the sake of its neighbours.
const TOGETHER: u32 = 4;

impl Job<'_> {
    /// Fills the destination by several threads, if the image has restart markers and nothing is wrong with it. `false`:
    /// it has none, or something is, or may be, and nothing was promised of `to`. So pixels, errors and partial images are
    /// the same with any number of threads.
    pub fn run_beside(&self, call: &Call, to: &mut Destination) -> Result<bool> {
        let pixels = self.frame.pixels();
        if call.threads() < 2 || self.too_short || pixels < LONG || !self.frame.is_in_order() || !to.can_split() {
            return Ok(false);
        }
        let decoder = self.decoder()?;
        let Some(parts) = decoder.parts() else { return Ok(false) };
        let ranges = pieces(parts.count(), TOGETHER, pixels, call);
        let Some((last, ranges)) = ranges.split_last().filter(|(_, others)| !others.is_empty()) else {
            return Ok(false);
        };
        let mut jobs = Vec::new();
        let mut rest = to.reborrow();
        for range in ranges {
            let (head, tail) = rest.split(0, range.len() * parts.rows(self.scale) as usize)?;
            jobs.push((head, range.clone()));
            rest = tail;
        }
        jobs.push((rest, last.clone()));
        let one = Job { threads: 1, ..*self };
        let state = || PartDecoder::new(self.limits.max_bytes).map_err(codec_error);
        let done = parallel(call, call.threads(), jobs.len(), jobs.into_iter(), state, |decoder, (mut to, range)| {
            let mut rows = parts.read(decoder, range, one.format(), one.scale).map_err(codec_error)?;
            one.transfer(&mut rows, &mut to, None, &mut |_, _| Ok(()))?;
            rows.finish().map(drop).map_err(codec_error)
        });
        match done {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::Cancelled => Err(e),
            // What it is tells the decoding of the whole, in its order.
            Err(_) => Ok(false),
        }
    }
}

/// Parts that are done together, each of at least so many.
fn pieces(parts: u32, least: u32, pixels: u64, call: &Call) -> Vec<Range<u32>> {
    let wanted = (2 * call.threads() as u64).max(pixels / MOST);
    let count = wanted.min((parts / least).into()).max(1);
    let border = |i: u64| (i * u64::from(parts) / count) as u32;
    (0..count).map(|i| border(i)..border(i + 1)).collect()
}

/// Encodes an image by several threads, if restart markers were asked for that make that possible. The bytes are those that
/// one thread makes.
pub fn encode_beside(source: &Source<u8>, options: &EncodeOptions, call: &Call) -> Result<Option<Vec<u8>>> {
    let pixels = u64::from(source.width) * u64::from(source.height);
    if call.threads() < 2 || pixels < LONG {
        return Ok(None);
    }
    let Some(bands) = Bands::new(source, options) else { return Ok(None) };
    let ranges = pieces(bands.count(), 1, pixels, call);
    let count = ranges.len();
    if count < 2 {
        return Ok(None);
    }
    let slots = Mutex::new((0..count).map(|_| None).collect::<Vec<_>>());
    let jobs = ranges.into_iter().enumerate();
    parallel(
        call,
        call.threads(),
        count,
        jobs,
        || Ok(()),
        |(), (i, range)| {
            let band = bands.encode(range).map_err(codec_error)?;
            if let Some(slot) = slots.lock().unwrap_or_else(PoisonError::into_inner).get_mut(i) {
                *slot = Some(band);
            }
            Ok(())
        },
    )?;
    let encoded: Option<Vec<_>> = slots.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect();
    let encoded = encoded.ok_or_else(|| Error::internal("a band is missing"))?;
    bands.join(encoded).map(Some).map_err(codec_error)
}
