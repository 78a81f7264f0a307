//! A decoder at some image: what comes next is cheap to reach, the others by their key frames.

use super::{Movie, begin, decoder, failed, truncated};
use crate::error::{ErrorKind, Result};
use crate::model::Destination;
use crate::plugin::{Call, Outcome};
use jpegxl::api::{Event, JxlDecoder, JxlOutputBuffer, JxlParallelRunner, JxlParallelRunnerFun};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Player {
    movie: Arc<Movie>,
    /// The decoder, where its next input is, and which image it comes to.
    at: Option<(JxlDecoder, usize, usize)>,
}

/// Rows of samples that the decoder's alignment fits.
fn is_aligned(bytes: &[u8], size: usize) -> bool {
    (bytes.as_ptr() as usize).is_multiple_of(size)
}

impl Player {
    pub fn new(movie: Arc<Movie>) -> Player {
        Player { movie, at: None }
    }

    pub fn read(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let size = self.movie.picture.dtype.size();
        let mut outcome = Outcome::Complete;
        to.fill(&[], |out| {
            if is_aligned(out, size) {
                outcome = self.decode(index, call, out)?;
                return Ok(());
            }
            call.limits().check_bytes(out.len())?;
            let mut room = vec![0u32; out.len().div_ceil(4)];
            let room = bytemuck::cast_slice_mut::<u32, u8>(&mut room);
            let room = room.get_mut(..out.len()).unwrap_or_default();
            outcome = self.decode(index, call, room)?;
            out.copy_from_slice(room);
            Ok(())
        })?;
        Ok(outcome)
    }

    fn decode(&mut self, index: usize, call: &Call, out: &mut [u8]) -> Result<Outcome> {
        let partial = call.bool("allow_partial");
        if partial {
            out.fill(0);
        }
        match self.try_decode(index, call, out) {
            Ok(()) => Ok(Outcome::Complete),
            Err(e) => {
                let flushed = self.at.take();
                if e.kind() != ErrorKind::Corrupt || !partial {
                    return Err(e);
                }
                if let Some((mut decoder, ..)) = flushed {
                    let pitch = self.movie.picture.pitch();
                    let mut buffers = [JxlOutputBuffer::new(out, self.movie.picture.height, pitch)];
                    // What cannot be drawn stays as it is.
                    let _ = decoder.flush_pixels(&mut buffers, Some(&mut Threads(call.threads())));
                }
                Ok(Outcome::Partial)
            }
        }
    }

    fn try_decode(&mut self, index: usize, call: &Call, out: &mut [u8]) -> Result<()> {
        call.tick(0, 0)?;
        self.go_to(index, call)?;
        let movie = &self.movie;
        let Some((decoder, at, next)) = &mut self.at else { return Err(truncated()) };
        let all = movie.bytes.get();
        let mut input = all.get(*at..).unwrap_or_default();
        let (height, pitch) = (movie.picture.height, movie.picture.pitch());
        let mut threads = Threads(call.threads());
        loop {
            let mut buffers = [JxlOutputBuffer::new(&mut *out, height, pitch)];
            let event = decoder.process(&mut input, Some(&mut buffers), Some(&mut threads));
            *at = all.len() - input.len();
            match event.map_err(failed)? {
                Event::FrameComplete { .. } => break,
                Event::NeedMoreInput { .. } | Event::Complete => return Err(truncated()),
                Event::BasicInfo | Event::FrameHeader => {}
            }
        }
        *next += 1;
        Ok(())
    }

    /// Has the decoder come before an image.
    fn go_to(&mut self, index: usize, call: &Call) -> Result<()> {
        if self.at.as_ref().is_some_and(|(_, _, next)| *next == index && index > 0) {
            return Ok(());
        }
        let movie = &self.movie;
        let all = movie.bytes.get();
        let mut decoder = decoder(call, false);
        let mut input = all;
        begin(&mut decoder, &mut input)?;
        decoder.set_pixel_format(movie.picture.format.clone()).map_err(failed)?;
        let mut at = all.len() - input.len();
        if index > 0 {
            let frame = movie.frames.get(index).ok_or_else(truncated)?;
            at = decoder.start_new_frame(frame.seek_target).map_err(failed)? as usize;
        }
        self.at = Some((decoder, at, index));
        Ok(())
    }
}

/// The threads of one call, which end with each run.
struct Threads(usize);

impl JxlParallelRunner for Threads {
    fn run(&mut self, num: usize, work: &JxlParallelRunnerFun<'_>) -> std::result::Result<(), jpegxl::Error> {
        let next = AtomicUsize::new(0);
        let failed = std::sync::Mutex::new(None);
        let worker = || {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= num {
                    return;
                }
                if let Err(e) = work(i) {
                    let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    failed.get_or_insert(e);
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.0.min(num) {
                // Where the system has no thread to give, fewer do the work.
                if std::thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                    break;
                }
            }
            worker();
        });
        let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.map_or(Ok(()), Err)
    }

    fn num_threads(&self) -> usize {
        self.0
    }
}
