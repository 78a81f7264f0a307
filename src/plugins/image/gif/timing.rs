//! How long each image is shown: what was asked for, and what the format can say, which is hundredths of a second.

use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::model::{Dict, Value};
use crate::plugin::Call;
use crate::plugins::image::info;

/// A duration that the file does not hold as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded {
    /// The first image for which it was.
    pub image: usize,
    pub asked_ms: f64,
    pub written_ms: u32,
}

/// What one image asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// In milliseconds.
    pub duration: Option<f64>,
    /// Whether `fps` says so: then what rounding leaves goes to the next image, so that the rate holds.
    pub is_rate: bool,
    /// When it begins, in seconds.
    pub time: Option<f64>,
}

impl Wanted {
    /// From the options, and what the metadata say if those do not.
    pub fn new(call: &Call, metadata: Option<&Dict>, image: usize) -> Result<Wanted> {
        let said = info::asked_ms(call, image)?;
        let time = call.number_of("time_s", image)?;
        let duration = match said {
            None if time.is_none() => metadata.and_then(|m| m.get("duration")).and_then(Value::as_float),
            said => said.map(|(ms, _)| ms),
        };
        if let Some(bad) = duration.filter(|&ms| !(0.0..=655_350.0).contains(&ms)) {
            return Err(Error::option(format!("a GIF shows an image for 0 to 655350 ms, not {bad}")));
        }
        Ok(Wanted { duration, is_rate: said.is_some_and(|(_, is_rate)| is_rate), time })
    }
}

/// Makes delays of durations, and keeps what was rounded.
#[derive(Default)]
pub struct Clock {
    /// Milliseconds by which images at a rate were shown too short so far.
    behind: f64,
    rounded: Vec<Rounded>,
}

impl Clock {
    /// Hundredths of a second. What is not 0 does not become 0, which viewers take for "as fast as you like".
    pub fn delay(&mut self, ms: f64, is_rate: bool, image: usize) -> u16 {
        let carried = if is_rate { self.behind } else { 0.0 };
        let least = if ms > 0.0 { 1.0 } else { 0.0 };
        let delay = ((ms + carried) / 10.0).round().clamp(least, 65535.0) as u16;
        let written = f64::from(delay) * 10.0;
        self.behind = if is_rate { ms + carried - written } else { 0.0 };
        if (written - ms).abs() > 1e-6 {
            self.rounded(Rounded { image, asked_ms: ms, written_ms: u32::from(delay) * 10 });
        }
        delay
    }

    /// Says in the log what was rounded.
    fn rounded(&mut self, rounded: Rounded) {
        let same = |known: &Rounded| known.asked_ms == rounded.asked_ms && known.written_ms == rounded.written_ms;
        // A thousand equal images are rounded alike, and a log need not say it a thousand times.
        if self.rounded.len() < 100 && !self.rounded.iter().any(same) {
            let Rounded { image, asked_ms, written_ms } = &rounded;
            let said =
                format!("gif: image {image} is shown for {written_ms} ms, not {asked_ms} ms: GIF counts in 10 ms");
            log::write(Level::Info, &said);
            self.rounded.push(rounded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_holds_though_each_delay_is_rounded() {
        let mut clock = Clock::default();
        let delays: Vec<u16> = (0..6).map(|i| clock.delay(1000.0 / 30.0, true, i)).collect();
        assert_eq!(delays, [3, 4, 3, 3, 4, 3]);
        assert_eq!(clock.rounded.len(), 2);
    }

    #[test]
    fn durations_are_rounded_and_never_to_nothing() {
        let mut clock = Clock::default();
        assert_eq!([25.0, 24.0, 1.0, 0.0, 40.0].map(|ms| clock.delay(ms, false, 0)), [3, 2, 1, 0, 4]);
        let asked: Vec<f64> = clock.rounded.iter().map(|r| r.asked_ms).collect();
        assert_eq!(asked, [25.0, 24.0, 1.0]);
    }
}
