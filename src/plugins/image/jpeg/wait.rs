//! Progress beside work that does not look up.

use crate::error::{Error, Result};
use crate::plugin::Call;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Well below the 100 ms within which a callback hears of the work.
const BEAT: Duration = Duration::from_millis(50);

/// How far the work is, and whether it is still wanted.
#[derive(Default)]
pub struct Steps {
    done: AtomicUsize,
    unwanted: AtomicBool,
}

impl Steps {
    /// Says how many steps are done; fails when nobody wants the others.
    pub fn done(&self, steps: usize) -> Result<()> {
        self.done.store(steps, Relaxed);
        if self.unwanted.load(Relaxed) { Err(Error::cancelled()) } else { Ok(()) }
    }
}

/// Does work of `total` steps, of which some may take long. If somebody wants to be told and the work may take `long`,
/// it runs on a thread of its own, so that the callback is called on the caller's. A cancelled call waits for the step
/// at hand to end, which nothing can cut short.
pub fn work<T: Send>(call: &Call, total: u64, long: bool, work: impl FnOnce(&Steps) -> Result<T> + Send) -> Result<T> {
    call.tell(0, total)?;
    let steps = Steps::default();
    let done = if long && call.progress().is_some() { beside(call, total, &steps, work)? } else { work(&steps)? };
    call.tell(total, total)?;
    Ok(done)
}

fn beside<T: Send>(call: &Call, total: u64, steps: &Steps, work: impl FnOnce(&Steps) -> Result<T> + Send) -> Result<T> {
    let (done, result) = channel();
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("iio jpeg".into()).spawn_scoped(scope, move || {
            // Nobody listens any more after a cancellation.
            let _ = done.send(work(steps));
        });
        let worker = worker.map_err(|e| Error::from(e).context("no thread for the JPEG codec"))?;
        loop {
            match result.recv_timeout(BEAT) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => {
                    let told = call.tell((steps.done.load(Relaxed) as u64).min(total), total);
                    told.inspect_err(|_| steps.unwanted.store(true, Relaxed))?;
                }
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => resume_unwind(panic),
                    Ok(()) => return Err(Error::internal("the JPEG codec ended without a result")),
                },
            }
        }
    })
}
