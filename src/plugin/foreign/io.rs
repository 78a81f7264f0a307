//! Byte streams across the boundary, both ways: a caller's callbacks as a stream of ours, and a source or output of
//! ours as callbacks for a plugin in C.

use super::abi::{IIO_CALLBACKS_ANY_THREAD, iio_callbacks, read_struct};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::{Output, Source, SourceReader, Stream};
use std::ffi::c_void;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem::offset_of;
use std::sync::{Mutex, MutexGuard};

impl iio_callbacks {
    pub(crate) fn empty() -> iio_callbacks {
        iio_callbacks {
            struct_size: size_of::<iio_callbacks>() as u32,
            flags: 0,
            user: std::ptr::null_mut(),
            read: None,
            write: None,
            seek: None,
            size: None,
            close: None,
            finish: None,
        }
    }
}

/// A caller's callbacks. Dropping it calls `close`.
pub(crate) struct CallerStream(iio_callbacks);

// SAFETY: the contract lets a handle, and the callbacks with it, move between threads; one call at a time.
unsafe impl Send for CallerStream {}

impl CallerStream {
    /// Takes the callbacks over: from here on `close` is called exactly once.
    ///
    /// # Safety
    /// `callbacks` points at an `iio_callbacks` of the size that it says, whose functions keep to the contract.
    pub(crate) unsafe fn new(callbacks: *const iio_callbacks) -> Result<CallerStream> {
        // Up to `close` since programs exist that know no `finish`.
        let first = offset_of!(iio_callbacks, finish);
        // SAFETY: passed on from the caller.
        let (copy, surplus) = unsafe { read_struct(callbacks, first, iio_callbacks::empty()) }?;
        let stream = CallerStream(copy);
        surplus?;
        if copy.flags & !IIO_CALLBACKS_ANY_THREAD != 0 {
            return Err(Error::unsupported("iio_callbacks.flags has bits that this version does not know"));
        }
        Ok(stream)
    }

    /// Whether it can serve a mode at all.
    pub(crate) fn check(&self, reading: bool) -> Result<()> {
        match (reading, self.0.read, self.0.write) {
            (true, None, _) => Err(Error::invalid("iio_callbacks.read is NULL")),
            (false, _, None) => Err(Error::invalid("iio_callbacks.write is NULL")),
            _ => Ok(()),
        }
    }
}

/// The result of a callback that should have moved at most `most` bytes.
fn moved(result: i64, most: usize, what: &str) -> io::Result<usize> {
    match usize::try_from(result) {
        Ok(n) if n <= most => Ok(n),
        Ok(n) => Err(failed(result, format!("the {what} callback says {n} bytes of {most}"))),
        Err(_) => Err(failed(result, format!("the {what} callback failed with {result}"))),
    }
}

fn failed(result: i64, message: String) -> io::Error {
    Error::new(ErrorKind::Io, message).callback(result).into()
}

impl Stream for CallerStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(read) = self.0.read else { return Err(io::ErrorKind::Unsupported.into()) };
        // SAFETY: the callback may fill `size` bytes of the buffer; the caller keeps to the contract.
        let result = unsafe { read(self.0.user, buffer.as_mut_ptr().cast(), buffer.len()) };
        moved(result, buffer.len(), "read")
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(write) = self.0.write else { return Err(io::ErrorKind::Unsupported.into()) };
        // SAFETY: the callback may read `size` bytes; the caller keeps to the contract.
        let result = unsafe { write(self.0.user, bytes.as_ptr().cast(), bytes.len()) };
        moved(result, bytes.len(), "write")
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let Some(seek) = self.0.seek else { return Err(io::ErrorKind::Unsupported.into()) };
        let (offset, whence) = match to {
            SeekFrom::Start(n) => (i64::try_from(n).map_err(|_| io::ErrorKind::InvalidInput)?, 0),
            SeekFrom::Current(n) => (n, 1),
            SeekFrom::End(n) => (n, 2),
        };
        // SAFETY: the caller keeps to the contract.
        let result = unsafe { seek(self.0.user, offset, whence) };
        u64::try_from(result).map_err(|_| failed(result, format!("the seek callback failed with {result}")))
    }

    fn can_seek(&self) -> bool {
        self.0.seek.is_some()
    }

    fn size(&mut self) -> Option<u64> {
        // SAFETY: the caller keeps to the contract.
        u64::try_from(unsafe { self.0.size?(self.0.user) }).ok()
    }

    fn any_thread(&self) -> bool {
        self.0.flags & IIO_CALLBACKS_ANY_THREAD != 0
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(finish) = self.0.finish else { return Ok(()) };
        // SAFETY: the caller keeps to the contract.
        match unsafe { finish(self.0.user) } {
            0 => Ok(()),
            result => Err(failed(result.into(), format!("the finish callback failed with {result}"))),
        }
    }
}

impl Drop for CallerStream {
    fn drop(&mut self) {
        if let Some(close) = self.0.close {
            // SAFETY: the caller keeps to the contract; this is the one call.
            unsafe { close(self.0.user) };
        }
    }
}

/// A source or output of ours as callbacks for a plugin in C.
pub(super) struct Lent {
    /// Boxed, since the plugin keeps the address of the callbacks.
    context: *mut Context,
}

struct Context {
    callbacks: iio_callbacks,
    end: Mutex<End>,
    failure: Mutex<Option<Error>>,
}

enum End {
    Source(SourceReader),
    Output(Output),
}

// SAFETY: the context is behind mutexes, and the callbacks only reach it.
unsafe impl Send for Lent {}

impl Lent {
    pub(super) fn source(source: &Source) -> Lent {
        Lent::new(End::Source(source.reader()), source.any_thread(), true)
    }

    pub(super) fn output(output: Output) -> Lent {
        let seeks = output.can_seek();
        Lent::new(End::Output(output), false, seeks)
    }

    fn new(end: End, any_thread: bool, seeks: bool) -> Lent {
        let reads = matches!(end, End::Source(_));
        let callbacks = iio_callbacks {
            flags: if any_thread { IIO_CALLBACKS_ANY_THREAD } else { 0 },
            read: reads.then_some(lent_read),
            write: (!reads).then_some(lent_write),
            seek: seeks.then_some(lent_seek),
            size: reads.then_some(lent_size),
            ..iio_callbacks::empty()
        };
        let context = Context { callbacks, end: Mutex::new(end), failure: Mutex::new(None) };
        let context = Box::into_raw(Box::new(context));
        // SAFETY: the box was made on the line above and is shared with nobody yet.
        unsafe { (*context).callbacks.user = context.cast() };
        Lent { context }
    }

    /// What the plugin is given; it lives as long as this.
    pub(super) fn callbacks(&self) -> *const iio_callbacks {
        // SAFETY: the box lives until Drop.
        unsafe { &raw const (*self.context).callbacks }
    }

    /// Our own failure behind a callback that failed, if one did.
    pub(super) fn take_failure(&self) -> Option<Error> {
        // SAFETY: the box lives until Drop.
        locked(unsafe { &(*self.context).failure }).take()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: made by Box::into_raw in `new`, and given back once.
        drop(unsafe { Box::from_raw(self.context) });
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs `work` on the end behind `user`; a failure or panic is kept and told as -1.
unsafe fn on_end(user: *mut c_void, work: impl FnOnce(&mut End) -> io::Result<u64>) -> i64 {
    // SAFETY: `user` is the context that `Lent::new` made, which outlives the plugin's file.
    let context = unsafe { &*user.cast::<Context>() };
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut locked(&context.end))));
    match done {
        Ok(Ok(n)) => i64::try_from(n).unwrap_or(i64::MAX),
        Ok(Err(e)) => {
            *locked(&context.failure) = Some(e.into());
            -1
        }
        Err(_) => -1,
    }
}

unsafe extern "C" fn lent_read(user: *mut c_void, buffer: *mut c_void, size: usize) -> i64 {
    if size == 0 || buffer.is_null() {
        return 0;
    }
    let size = size.min(isize::MAX as usize);
    // SAFETY: the plugin promises `size` writable bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), size) };
    let read = |end: &mut End| match end {
        End::Source(reader) => reader.read(buffer).map(|n| n as u64),
        End::Output(_) => Err(io::ErrorKind::Unsupported.into()),
    };
    // SAFETY: `user` is ours.
    unsafe { on_end(user, read) }
}

unsafe extern "C" fn lent_write(user: *mut c_void, bytes: *const c_void, size: usize) -> i64 {
    if size == 0 || bytes.is_null() {
        return 0;
    }
    let size = size.min(isize::MAX as usize);
    // SAFETY: the plugin promises `size` readable bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), size) };
    let write = |end: &mut End| match end {
        End::Output(output) => output.write_all(bytes).map(|()| size as u64),
        End::Source(_) => Err(io::ErrorKind::Unsupported.into()),
    };
    // SAFETY: `user` is ours.
    unsafe { on_end(user, write) }
}

unsafe extern "C" fn lent_seek(user: *mut c_void, offset: i64, whence: i32) -> i64 {
    let seek = |end: &mut End| {
        let to = match (whence, u64::try_from(offset)) {
            (0, Ok(n)) => SeekFrom::Start(n),
            (1, _) => SeekFrom::Current(offset),
            (2, _) => SeekFrom::End(offset),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        };
        match end {
            End::Source(reader) => reader.seek(to),
            End::Output(output) => output.seek(to),
        }
    };
    // SAFETY: `user` is ours.
    unsafe { on_end(user, seek) }
}

unsafe extern "C" fn lent_size(user: *mut c_void) -> i64 {
    let size = |end: &mut End| match end {
        End::Source(reader) => reader.source().len().ok_or_else(|| io::ErrorKind::Unsupported.into()),
        End::Output(_) => Err(io::ErrorKind::Unsupported.into()),
    };
    // SAFETY: `user` is ours.
    unsafe { on_end(user, size) }
}
