//! When the images of an animation are shown.

use crate::error::{Error, Result};
use crate::model::Dict;
use crate::plugin::Call;
use crate::plugins::image::info;

/// The most that one frame can last, in milliseconds: 24 bits (RFC 9649, 2.7.1.3).
const MAX_FRAME: f64 = ((1 << 24) - 1) as f64;
/// The most that libwebp counts to.
const MAX_TOTAL: f64 = i32::MAX as f64;

/// What is said about the time of one image, in milliseconds.
#[derive(Clone, Copy, Default)]
pub struct Timing {
    start: Option<f64>,
    length: Option<f64>,
}

impl Timing {
    /// From the options of image number `frame` of the file, else from its metadata.
    pub fn of(call: &Call, metadata: Option<&Dict>, frame: usize) -> Result<Timing> {
        let start = call.number_of("time_s", frame)?.map(|s| s * 1000.0);
        let known = |key: &str, unit: f64| {
            let x = metadata?.get(key)?.as_float()? * unit;
            (0.0..=MAX_FRAME).contains(&x).then_some(x)
        };
        // A video's "duration" is seconds, so that the key with the unit in its name goes first.
        let known = || known("duration_s", 1000.0).or_else(|| known("duration", 1.0));
        let length = info::asked_ms(call, frame)?.map(|(ms, _)| ms).or_else(known);
        if length.is_some_and(|x| !(0.0..=MAX_FRAME).contains(&x)) {
            return Err(Error::option(format!("an image of WebP is shown for 0 to {MAX_FRAME} ms")));
        }
        if start.is_some_and(|x| !(0.0..=MAX_TOTAL).contains(&x)) {
            return Err(Error::option(format!("the time of an image of WebP is 0 to {} s", MAX_TOTAL / 1000.0)));
        }
        Ok(Timing { start, length })
    }

    /// How long this image lasts if `next` follows: until that begins, where both say when they begin.
    fn until(self, next: Timing) -> Result<f64> {
        let (Some(start), Some(end)) = (self.start, next.start) else { return Ok(self.length.unwrap_or(0.0)) };
        match end - start {
            length if (0.0..=MAX_FRAME).contains(&length) => Ok(length),
            length => Err(Error::option(format!(
                "an image of WebP is shown for 0 to {MAX_FRAME} ms, and by their option \"time_s\" one for {length}"
            ))),
        }
    }
}

/// The sum of what was shown: rounded as a whole, so that 30 images a second last a second.
#[derive(Clone, Copy, Default)]
pub struct Clock {
    now: f64,
    last: f64,
}

impl Clock {
    /// The duration of an image, in whole milliseconds, and the clock after it. `next`: what follows it.
    pub fn advance(self, timing: Timing, next: Option<Timing>) -> Result<(u32, Clock)> {
        let length = match next {
            Some(next) => timing.until(next)?,
            // The last of images that tell only when they begin lasts as long as the one before.
            None => timing.length.or(timing.start.map(|_| self.last)).unwrap_or(0.0),
        };
        let now = self.now + length;
        if now > MAX_TOTAL {
            return Err(Error::option(format!("an animation of WebP lasts up to {} s", MAX_TOTAL / 1000.0)));
        }
        let milliseconds = now.round_ties_even() - self.now.round_ties_even();
        Ok((milliseconds.min(MAX_FRAME) as u32, Clock { now, last: length }))
    }
}
