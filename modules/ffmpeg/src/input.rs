//! The resource as FFmpeg reads it: only what was given, by callbacks of ours.

use crate::av::there;
use ffmpeg_sys_next as ff;
use kit::{Error, Input, Result};
use std::ffi::{c_int, c_void};
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

/// Bytes that FFmpeg fetches at once.
const CHUNK: usize = 64 << 10;

/// The resource, which several demuxers read at places of their own.
#[derive(Clone)]
pub struct Resource(Arc<Mutex<Inner>>);

struct Inner {
    input: Input,
    at: u64,
    size: Option<u64>,
    /// Whether the resource failed, and not only FFmpeg at what it read.
    failed: bool,
}

impl Resource {
    pub fn new(input: Input) -> Resource {
        let size = input.size();
        Resource(Arc::new(Mutex::new(Inner { input, at: u64::MAX, size, failed: false })))
    }

    /// Bytes of the whole, if known.
    pub fn size(&self) -> Option<u64> {
        self.inner().size
    }

    /// FFmpeg's failure as what it is: it says "input/output error" of data that end too early, too.
    pub fn explain(&self, error: Error) -> Error {
        match error.kind() {
            kit::Kind::Io if !self.inner().failed => Error::corrupt(error.message()),
            _ => error,
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Reads at a place; 0 is the end.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut inner = self.inner();
        if inner.at != at {
            inner.input.seek(SeekFrom::Start(at))?;
            inner.at = at;
        }
        match inner.input.read(buffer) {
            Ok(n) => {
                inner.at += n as u64;
                Ok(n)
            }
            Err(e) => {
                inner.at = u64::MAX;
                inner.failed = true;
                Err(e)
            }
        }
    }

    fn len(&self) -> std::io::Result<u64> {
        let mut inner = self.inner();
        if let Some(size) = inner.size {
            return Ok(size);
        }
        inner.at = u64::MAX;
        let size = inner.input.seek(SeekFrom::End(0))?;
        inner.size = Some(size);
        Ok(size)
    }
}

/// A place in the resource, as FFmpeg has it.
pub struct Reading {
    raw: *mut ff::AVIOContext,
    /// Boxed, since FFmpeg keeps its address.
    place: *mut Place,
}

struct Place {
    resource: Resource,
    at: u64,
}

// SAFETY: it is used by one thread at a time; what it reads is behind a mutex.
unsafe impl Send for Reading {}

impl Reading {
    pub fn new(resource: &Resource) -> Result<Reading> {
        let place = Box::into_raw(Box::new(Place { resource: resource.clone(), at: 0 }));
        // SAFETY: memory of FFmpeg's, which it may replace.
        let buffer = unsafe { ff::av_malloc(CHUNK) };
        // SAFETY: the callbacks take `place`, which lives until Drop.
        let raw = unsafe {
            ff::avio_alloc_context(buffer.cast(), CHUNK as c_int, 0, place.cast(), Some(read), None, Some(seek))
        };
        match there(raw, "reading") {
            Ok(_) => Ok(Reading { raw, place }),
            Err(e) => {
                // SAFETY: nothing took them over.
                unsafe {
                    ff::av_free(buffer);
                    drop(Box::from_raw(place));
                }
                Err(e)
            }
        }
    }

    pub fn raw(&self) -> *mut ff::AVIOContext {
        self.raw
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // SAFETY: made by `new`; the demuxer over it has ended.
        unsafe {
            ff::av_freep((&raw mut (*self.raw).buffer).cast());
            ff::avio_context_free(&mut self.raw);
            drop(Box::from_raw(self.place));
        }
    }
}

/// Runs a callback of FFmpeg's on its place.
unsafe fn on_place(place: *mut c_void, work: impl FnOnce(&mut Place) -> std::io::Result<i64>) -> i64 {
    // SAFETY: FFmpeg hands back what `new` gave it.
    let place = unsafe { &mut *place.cast::<Place>() };
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(place))) {
        Ok(Ok(n)) => n,
        _ => i64::from(ff::AVERROR(libc::EIO)),
    }
}

unsafe extern "C" fn read(place: *mut c_void, buffer: *mut u8, size: c_int) -> c_int {
    let Ok(size @ 1..) = usize::try_from(size) else { return ff::AVERROR(libc::EINVAL) };
    // SAFETY: FFmpeg gives `size` writable bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, size) };
    // SAFETY: `place` is ours.
    let done = unsafe {
        on_place(place, |place| {
            let n = place.resource.read_at(place.at, buffer)?;
            place.at += n as u64;
            Ok(if n == 0 { i64::from(ff::AVERROR_EOF) } else { n as i64 })
        })
    };
    done as c_int
}

unsafe extern "C" fn seek(place: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: `place` is ours.
    unsafe {
        on_place(place, |place| {
            let whence = whence & !(ff::AVSEEK_FORCE as c_int);
            if whence == ff::AVSEEK_SIZE as c_int {
                return place.resource.len().map(|n| i64::try_from(n).unwrap_or(i64::MAX));
            }
            let base = match whence {
                libc::SEEK_SET => 0,
                libc::SEEK_CUR => place.at,
                libc::SEEK_END => place.resource.len()?,
                _ => return Err(std::io::ErrorKind::InvalidInput.into()),
            };
            let at = base.checked_add_signed(offset).ok_or(std::io::ErrorKind::InvalidInput)?;
            place.at = at;
            Ok(i64::try_from(at).unwrap_or(i64::MAX))
        })
    }
}

/// What a demuxer that wants to open something else is told.
pub unsafe extern "C" fn open_nothing(
    _context: *mut ff::AVFormatContext,
    _io: *mut *mut ff::AVIOContext,
    _url: *const std::ffi::c_char,
    _flags: c_int,
    _options: *mut *mut ff::AVDictionary,
) -> c_int {
    let _ = std::panic::catch_unwind(|| {
        kit::log(kit::Level::Warning, "another file or address was to be opened, and is not");
    });
    ff::AVERROR(libc::EPERM)
}

/// The first bytes, padded as FFmpeg's probes want them.
pub fn head(resource: &Resource, size: usize) -> Result<(Vec<u8>, usize)> {
    let mut head = kit::zeroed(size + ff::AVPROBE_PADDING_SIZE as usize)?;
    let mut have = 0;
    while have < size {
        match resource.read_at(have as u64, &mut head[have..size]).map_err(Error::from)? {
            0 => break,
            n => have += n,
        }
    }
    Ok((head, have))
}
