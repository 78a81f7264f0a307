//! Work that falls into pieces, on the threads of one call. They end with the call: a child after a `fork` misses none.

use super::Call;
use crate::error::{Error, Result};
use crate::model::Destination;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// While others still work, the caller's thread wakes so often to tell the progress.
const BEAT: Duration = Duration::from_millis(25);

/// Does the pieces of `jobs`, which come in order, on up to `threads` threads, the calling one among them. Each thread
/// has a state of its own. `total` is how many there are, for the progress, which the calling thread tells.
///
/// The result does not depend on the threads: after a failure no further piece is begun, and of several failures that
/// of the first piece counts. `jobs` is asked by any of the threads, one at a time.
pub fn parallel<J, S>(
    call: &Call,
    threads: usize,
    total: usize,
    jobs: impl Iterator<Item = J> + Send,
    state: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, J) -> Result<()> + Sync,
) -> Result<()>
where
    J: Send,
{
    let threads = threads.min(total).max(1);
    if threads == 1 {
        let mut state = state()?;
        for (done, job) in jobs.enumerate() {
            call.tick(done as u64, total as u64)?;
            work(&mut state, job)?;
        }
        return Ok(());
    }
    let queue =
        Queue { inner: Mutex::new(Inner { jobs: Some(jobs), begun: 0, done: 0, failed: None }), ended: Condvar::new() };
    let worker = || match state() {
        Ok(mut state) => while queue.step(&mut state, &work) {},
        // Whatever piece it would have been, the state alone is to blame.
        Err(e) => queue.fail(0, e),
    };
    thread::scope(|scope| {
        let mut helpers = 0;
        for _ in 1..threads {
            // Where the system has no thread to give, fewer do the work.
            helpers += usize::from(thread::Builder::new().spawn_scoped(scope, worker).is_ok());
        }
        let _stop = Stop(&queue);
        let mut own = state()?;
        loop {
            let done = queue.lock().done;
            call.tick(done as u64, total as u64)?;
            if !queue.step(&mut own, &work) {
                break;
            }
        }
        loop {
            let inner = queue.lock();
            if helpers == 0 || inner.done == inner.begun {
                return Ok::<(), Error>(());
            }
            let (inner, _) = queue.ended.wait_timeout(inner, BEAT).unwrap_or_else(PoisonError::into_inner);
            let done = inner.done;
            drop(inner);
            call.tick(done as u64, total as u64)?;
        }
    })?;
    let failed = queue.lock().failed.take();
    failed.map_or(Ok(()), |(_, e)| Err(e))
}

/// Packed bytes from which on a second thread is worth its start.
const LONG: usize = 1 << 20;

/// Puts packed rows into places of the first axis, from `first` on: parts of them side by side where there is much to move.
pub fn put_rows(threads: usize, to: &mut Destination, first: usize, count: usize, packed: &[u8]) -> Result<()> {
    let row = packed.len() / count.max(1);
    let threads = threads.min(packed.len() / LONG + 1).min(count);
    if threads < 2 || row * count != packed.len() || !to.can_split() {
        return to.put_rows(first, count, packed);
    }
    let mut parts = Vec::new();
    let (mut rest, mut packed, mut count) = (to.reborrow().split(0, first)?.1, packed, count);
    for left in (1..=threads).rev() {
        let some = count / left;
        let (head, tail) = rest.split(0, some)?;
        let (bytes, behind) = packed.split_at(some * row);
        parts.push((head, some, bytes));
        (rest, packed, count) = (tail, behind, count - some);
    }
    let queue = Mutex::new(parts);
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((mut part, count, bytes)) = next else { return Ok(()) };
            part.put_rows(0, count, bytes)?;
        }
    };
    thread::scope(|scope| {
        // Where the system has no thread to give, fewer do the work.
        let start = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let own = work();
        others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))).fold(own, Result::and)
    })
}

struct Queue<I> {
    inner: Mutex<Inner<I>>,
    ended: Condvar,
}

struct Inner<I> {
    /// Gone when nothing more is to be begun.
    jobs: Option<I>,
    begun: usize,
    /// Pieces that ended, well or not.
    done: usize,
    failed: Option<(usize, Error)>,
}

impl<I: Iterator> Queue<I> {
    fn lock(&self) -> MutexGuard<'_, Inner<I>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the next piece. `false`: there is none.
    fn step<S>(&self, state: &mut S, work: &impl Fn(&mut S, I::Item) -> Result<()>) -> bool {
        let mut inner = self.lock();
        let Some(job) = inner.jobs.as_mut().and_then(Iterator::next) else {
            inner.jobs = None;
            return false;
        };
        let index = inner.begun;
        inner.begun += 1;
        drop(inner);
        // Counted also when the work panics, or the caller's thread would wait for ever.
        let _ended = Ended(self);
        if let Err(e) = work(state, job) {
            self.fail(index, e);
        }
        true
    }

    fn fail(&self, index: usize, error: Error) {
        let mut inner = self.lock();
        inner.jobs = None;
        if inner.failed.as_ref().is_none_or(|(first, _)| index < *first) {
            inner.failed = Some((index, error));
        }
    }
}

/// A piece that ends.
struct Ended<'a, I: Iterator>(&'a Queue<I>);

impl<I: Iterator> Drop for Ended<'_, I> {
    fn drop(&mut self) {
        self.0.lock().done += 1;
        self.0.ended.notify_all();
    }
}

/// Has nothing more begun when the caller's thread leaves, cancelled or not.
struct Stop<'a, I: Iterator>(&'a Queue<I>);

impl<I: Iterator> Drop for Stop<'_, I> {
    fn drop(&mut self) {
        self.0.lock().jobs = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::{Cast, DType, Dict, Limits, Progress, ViewMut};
    use crate::plugin::Declaration;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn call() -> Call {
        Call::new(Dict::new(), Arc::new(Declaration::default()), Limits::default(), 4)
    }

    #[test]
    fn every_piece_is_done_once() {
        for threads in [1, 2, 7, 100] {
            let mut places = [0u8; 50];
            let jobs = places.iter_mut().enumerate();
            let add = |count: &mut u8, (i, place): (usize, &mut u8)| {
                *count = count.wrapping_add(1);
                *place += i as u8 + 1;
                Ok(())
            };
            parallel(&call(), threads, 50, jobs, || Ok(0u8), add).unwrap();
            assert!(places.iter().enumerate().all(|(i, &p)| p == i as u8 + 1));
        }
    }

    #[test]
    fn an_image_is_put_in_parts() {
        // Over two megabytes, in columns.
        let (rows, columns) = (1501usize, 500);
        let image: Vec<u8> = (0..rows * columns * 3).map(|i| (i * 31 % 251) as u8).collect();
        let put = |threads: usize, packed: &[u8]| {
            let mut memory = vec![0; image.len() * 2];
            let view = ViewMut::packed(&mut memory, 2, &[columns, rows, 3]).and_then(|view| view.swap(0, 1)).unwrap();
            let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U16), Limits::default());
            put_rows(threads, &mut to, 0, rows, packed).map(|()| memory)
        };
        let one = put(1, &image).unwrap();
        for threads in [2, 3, 64] {
            assert!(put(threads, &image).unwrap() == one, "{threads} threads");
        }
        assert!(put(2, &image[1..]).is_err());
        assert_eq!(one.chunks(2 * rows * 3).nth(7).unwrap()[..2], u16::from(image[21]).to_ne_bytes());
    }

    #[test]
    fn the_first_failure_counts_and_ends_the_work() {
        for threads in [1, 2, 5] {
            let begun = AtomicUsize::new(0);
            let work = |_: &mut (), i: usize| {
                begun.fetch_add(1, Ordering::Relaxed);
                if i == 10 {
                    // Later pieces fail meanwhile.
                    thread::sleep(Duration::from_millis(5));
                }
                if i >= 10 { Err(Error::corrupt(format!("piece {i}"))) } else { Ok(()) }
            };
            let error = parallel(&call(), threads, 1000, 0..1000usize, || Ok(()), work).unwrap_err();
            assert_eq!(error.message(), "piece 10");
            assert!(begun.into_inner() < 11 + threads);
        }
    }

    #[test]
    fn a_state_that_cannot_be_is_an_error() {
        let error = parallel(&call(), 3, 5, 0..5, || Err::<(), _>(Error::limit("no room")), |_, _| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    #[test]
    fn progress_is_told_while_others_work_and_can_stop_them() {
        for threads in [1, 3] {
            let told = Arc::new(AtomicUsize::new(0));
            let counter = told.clone();
            let progress = Progress(Arc::new(move |_, _| i32::from(counter.fetch_add(1, Ordering::Relaxed) == 2)));
            let call = call().with_progress(Some(progress));
            let slow = |_: &mut (), _| {
                thread::sleep(Duration::from_millis(30));
                Ok(())
            };
            let error = parallel(&call, threads, 1000, 0..1000, || Ok(()), slow).unwrap_err();
            assert_eq!((error.kind(), told.load(Ordering::Relaxed)), (ErrorKind::Cancelled, 3));
        }
    }
}
