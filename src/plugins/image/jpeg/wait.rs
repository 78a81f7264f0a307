//! Progress beside work that tells none.

use crate::error::{Error, Result};
use crate::plugin::Call;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Well below the 100 ms within which a callback hears of the work.
const BEAT: Duration = Duration::from_millis(50);

/// Does work of `total` steps, of which nothing is known while it runs. If somebody wants to be told and it may take
/// `long`, it runs on a thread of its own, so that the callback is called on the caller's. A cancelled call waits
/// for the work to end, which nothing can cut short.
pub fn work<T: Send>(call: &Call, total: u64, long: bool, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    call.tell(0, total)?;
    let done = if long && call.progress().is_some() { beside(call, total, work)? } else { work()? };
    call.tell(total, total)?;
    Ok(done)
}

fn beside<T: Send>(call: &Call, total: u64, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let (done, result) = channel();
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("iio jpeg".into()).spawn_scoped(scope, move || {
            // Nobody listens any more after a cancellation.
            let _ = done.send(work());
        });
        let worker = worker.map_err(|e| Error::from(e).context("no thread for the JPEG codec"))?;
        loop {
            match result.recv_timeout(BEAT) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => call.tell(0, total)?,
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => resume_unwind(panic),
                    Ok(()) => return Err(Error::internal("the JPEG codec ended without a result")),
                },
            }
        }
    })
}
