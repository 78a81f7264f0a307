//! Images with restart markers, decoded in parts side by side.

use super::codec_error;
use super::pixels::Job;
use crate::error::{ErrorKind, Result};
use crate::model::Destination;
use crate::plugin::{Call, parallel};
use jpeg::PartDecoder;

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
        let threads = call.threads() as u64;
        let most = u64::from(parts.count() / TOGETHER);
        let count = (2 * threads).max(pixels / MOST).min(most);
        if count < 2 {
            return Ok(false);
        }
        let mut jobs = Vec::new();
        let mut rest = Some(to.reborrow());
        let border = |i: u64| (i * u64::from(parts.count()) / count) as u32;
        for i in 0..count {
            let range = border(i)..border(i + 1);
            let Some(whole) = rest.take() else { break };
            if i + 1 == count {
                jobs.push((whole, range));
                break;
            }
            let (head, tail) = whole.split(0, range.len() * parts.rows(self.scale) as usize)?;
            jobs.push((head, range));
            rest = Some(tail);
        }
        let state = || PartDecoder::new(self.limits.max_bytes).map_err(codec_error);
        let done = parallel(call, call.threads(), jobs.len(), jobs.into_iter(), state, |decoder, (mut to, range)| {
            let mut rows = parts.read(decoder, range, self.format(), self.scale).map_err(codec_error)?;
            self.transfer(&mut rows, &mut to, None, &mut |_, _| Ok(()))?;
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
