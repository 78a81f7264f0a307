//! Handles: who holds a file, who may use it now, and when it ends.
//!
//! A file and its iterators count as one handle, behind one lock that is only ever tried. Every holder (the caller,
//! an iterator, a call that is running) has a reference; the last one to go ends the file, on its thread, so that an
//! ending inside a callback is put off until the call returns.

use super::boundary::given;
use crate::error::{Error, ErrorKind, Result};
use crate::v3::{Cursor, File};
use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

/// An open ImageResource with the plugin that serves it.
pub struct iio_file {
    inner: Mutex<Inner>,
    /// Cursors whose iterators ended while the file was in use.
    ended: Mutex<Vec<Cursor>>,
    pub(super) plugin: CString,
}

/// What a call works on.
pub(super) struct Inner {
    /// Empty once the file was closed.
    pub file: Option<File>,
    /// Whether a call failed by a defect that was no panic, which poisons the lock by itself.
    defect: bool,
}

/// A cursor over the images of a file.
pub struct iio_iter {
    /// Only taken while the file's lock is held.
    cursor: Mutex<Option<Cursor>>,
    pub(super) file: Arc<iio_file>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn defect() -> Error {
    Error::internal("the handle was in a call that failed by a defect of the library; it can only be ended")
}

impl iio_file {
    pub(super) fn new(file: File) -> Arc<iio_file> {
        let plugin = CString::new(file.plugin()).unwrap_or_default();
        Arc::new(iio_file {
            inner: Mutex::new(Inner { file: Some(file), defect: false }),
            ended: Mutex::new(Vec::new()),
            plugin,
        })
    }

    /// Works on the file, if nobody else does.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Inner) -> Result<T>) -> Result<T> {
        let done = {
            let mut inner = match self.inner.try_lock() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(_)) => return Err(defect()),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(ErrorKind::Busy, "the handle is inside another call"));
                }
            };
            self.bury();
            if inner.defect {
                return Err(defect());
            }
            let done = work(&mut inner);
            inner.defect = done.as_ref().is_err_and(|e| e.kind() == ErrorKind::Internal);
            done
        };
        // An iterator may have ended while we were at work.
        self.settle();
        done
    }

    /// As [`iio_file::with`], on the open file.
    pub(super) fn with_file<T>(&self, work: impl FnOnce(&mut File) -> Result<T>) -> Result<T> {
        self.with(|inner| match &mut inner.file {
            Some(file) => work(file),
            None => Err(Error::new(ErrorKind::Mode, "the file is closed")),
        })
    }

    /// Ends the cursors that were put off. Called with the file's lock held.
    fn bury(&self) {
        let ended = std::mem::take(&mut *locked(&self.ended));
        drop(ended);
    }

    fn settle(&self) {
        // Others may end while these do.
        while !locked(&self.ended).is_empty() {
            let Ok(_inner) = self.inner.try_lock() else { return };
            self.bury();
        }
    }
}

impl iio_iter {
    pub(super) fn new(cursor: Cursor, file: Arc<iio_file>) -> Arc<iio_iter> {
        Arc::new(iio_iter { cursor: Mutex::new(Some(cursor)), file })
    }

    /// Works on the file and the cursor, if nobody else does.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut File, &mut Cursor) -> Result<T>) -> Result<T> {
        self.file.with_file(|file| {
            let mut cursor = self.cursor.try_lock().map_err(|_| defect())?;
            let cursor = cursor.as_mut().ok_or_else(|| Error::internal("the iterator has ended"))?;
            work(file, cursor)
        })
    }
}

impl Drop for iio_iter {
    fn drop(&mut self) {
        let cursor = self.cursor.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let Some(cursor) = cursor else { return };
        // Whoever is at work now ends it afterwards; if nobody is, this thread does.
        locked(&self.file.ended).push(cursor);
        self.file.settle();
    }
}

/// Handles move between threads, which raw pointers do not check.
const _: () = {
    const fn moves<T: Send + Sync>() {}
    moves::<iio_file>();
    moves::<iio_iter>();
};

/// Hands a reference to the caller.
pub(super) fn give<T>(handle: Arc<T>) -> *mut T {
    Arc::into_raw(handle).cast_mut()
}

/// Another reference to a caller's handle, held while a call runs.
///
/// # Safety
/// `handle` is NULL or came from [`give`] and was not taken back.
pub(super) unsafe fn hold<T>(handle: *const T, what: &str) -> Result<Arc<T>> {
    given(handle, what)?;
    // SAFETY: the caller promises a live handle, which holds a reference.
    unsafe { Arc::increment_strong_count(handle) };
    // SAFETY: the reference that was just added is this one.
    Ok(unsafe { Arc::from_raw(handle) })
}

/// Takes the caller's reference back. The handle ends here, or when the last call that runs on it does.
///
/// # Safety
/// `handle` is NULL or came from [`give`], and the caller does not use it again.
pub(super) unsafe fn take_back<T>(handle: *mut T) -> Option<Arc<T>> {
    // SAFETY: the caller's reference is given up here.
    (!handle.is_null()).then(|| unsafe { Arc::from_raw(handle.cast_const()) })
}
