//! Telling how far a call is, not too often.

use kit::Result;
use std::time::{Duration, Instant};

/// The last time that it was told.
pub struct Beat(Instant);

impl Beat {
    pub fn new() -> Beat {
        Beat(Instant::now())
    }

    /// Tells, if it is time to; fails when the caller wants the call to end.
    pub fn tick(&mut self, done: u64, total: u64) -> Result<()> {
        if self.0.elapsed() < Duration::from_millis(40) {
            return Ok(());
        }
        self.0 = Instant::now();
        kit::progress(done, total)
    }
}
