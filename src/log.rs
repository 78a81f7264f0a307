//! Log lines: delivered to the program's callback on the thread that is inside the call, or to nobody.

use arc_swap::ArcSwapOption;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)] // the names are the documentation
pub enum Level {
    Error = 1,
    Warning,
    Info,
    Debug,
}

/// What a program does with a line.
pub type Callback = dyn Fn(Level, &str) + Send + Sync;

struct Slot {
    callback: Box<Callback>,
    /// Threads inside the callback.
    running: AtomicUsize,
    /// A child after a fork has none of its parent's threads to wait for.
    owner: u32,
}

static SLOT: ArcSwapOption<Slot> = ArcSwapOption::const_empty();

thread_local! {
    /// How deep this thread is inside the callback.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Sets what is done with lines. When this returns, the former callback is not running (but on this very thread,
/// if it called us) and never will again.
pub fn set(callback: Option<Box<Callback>>) {
    let next =
        callback.map(|callback| Arc::new(Slot { callback, running: AtomicUsize::new(0), owner: std::process::id() }));
    let Some(former) = SLOT.swap(next) else { return };
    while former.owner == std::process::id() && former.running.load(Ordering::SeqCst) > DEPTH.get() {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Delivers a line.
pub fn write(level: Level, message: &str) {
    loop {
        let Some(slot) = SLOT.load_full() else { return };
        slot.running.fetch_add(1, Ordering::SeqCst);
        struct Leave<'a>(&'a Slot);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.running.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let _leave = Leave(&slot);
        // Whoever took the slot away before we were counted does not wait for us.
        if SLOT.load_full().is_some_and(|now| Arc::ptr_eq(&now, &slot)) {
            DEPTH.set(DEPTH.get() + 1);
            (slot.callback)(level, message);
            DEPTH.set(DEPTH.get() - 1);
            return;
        }
    }
}
