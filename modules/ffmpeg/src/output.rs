//! The resource as FFmpeg writes it.

use crate::av::there;
use crate::versions::Written;
use ffmpeg_sys_next as ff;
use kit::{Output, Result};
use std::ffi::{c_int, c_void};
use std::io::{Seek, SeekFrom, Write};

const CHUNK: usize = 64 << 10;

/// A place in the output, as FFmpeg has it.
pub struct Writing {
    raw: *mut ff::AVIOContext,
    /// Boxed, since FFmpeg keeps its address.
    place: *mut Place,
}

struct Place {
    output: Output,
    /// The first failure: muxers pass over those of going back.
    failed: Option<String>,
}

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Writing {}

impl Writing {
    pub fn new(output: Output) -> Result<Writing> {
        let seeks = output.can_seek();
        let place = Box::into_raw(Box::new(Place { output, failed: None }));
        // SAFETY: memory of FFmpeg's, which it may replace.
        let buffer = unsafe { ff::av_malloc(CHUNK) };
        let seek = if seeks { Some(seek as unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64) } else { None };
        // SAFETY: the callbacks take `place`, which lives until Drop.
        let raw =
            unsafe { ff::avio_alloc_context(buffer.cast(), CHUNK as c_int, 1, place.cast(), None, Some(write), seek) };
        match there(raw, "writing") {
            Ok(_) => Ok(Writing { raw, place }),
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

    /// The output back, where nothing was written.
    pub fn give_back(mut self) -> Output {
        let place = std::mem::replace(&mut self.place, std::ptr::null_mut());
        // SAFETY: made by `new`; Drop finds NULL.
        unsafe { Box::from_raw(place) }.output
    }

    /// The first failure of writing.
    pub fn check(&self) -> Result<()> {
        // SAFETY: both are ours.
        match unsafe { ((*self.raw).error, &(*self.place).failed) } {
            (_, Some(why)) => Err(kit::Error::io(why.clone())),
            (0.., None) => Ok(()),
            (code, None) => Err(kit::Error::io(crate::av::words(code))),
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // SAFETY: made by `new`; the muxer over it has ended.
        unsafe {
            ff::av_freep((&raw mut (*self.raw).buffer).cast());
            ff::avio_context_free(&mut self.raw);
            if !self.place.is_null() {
                drop(Box::from_raw(self.place));
            }
        }
    }
}

/// Runs a callback of FFmpeg's on its output.
unsafe fn on_output(place: *mut c_void, work: impl FnOnce(&mut Output) -> std::io::Result<u64>) -> i64 {
    // SAFETY: FFmpeg hands back what `new` gave it.
    let place = unsafe { &mut *place.cast::<Place>() };
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut place.output))) {
        Ok(Ok(n)) => i64::try_from(n).unwrap_or(i64::MAX),
        Ok(Err(why)) => {
            place.failed.get_or_insert(why.to_string());
            i64::from(ff::AVERROR(libc::EIO))
        }
        Err(_) => {
            place.failed.get_or_insert("writing failed inside".to_owned());
            i64::from(ff::AVERROR(libc::EIO))
        }
    }
}

unsafe extern "C" fn write(place: *mut c_void, bytes: Written, size: c_int) -> c_int {
    let Ok(size @ 1..) = usize::try_from(size) else { return 0 };
    // SAFETY: FFmpeg gives `size` readable bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, size) };
    // SAFETY: `place` is ours.
    let done = unsafe { on_output(place, |output| output.write_all(bytes).map(|()| size as u64)) };
    done as c_int
}

unsafe extern "C" fn seek(place: *mut c_void, offset: i64, whence: c_int) -> i64 {
    let to = match (whence & !(ff::AVSEEK_FORCE as c_int), u64::try_from(offset)) {
        (libc::SEEK_SET, Ok(at)) => SeekFrom::Start(at),
        (libc::SEEK_CUR, _) => SeekFrom::Current(offset),
        (libc::SEEK_END, _) => SeekFrom::End(offset),
        // The size, which is asked for and not needed.
        _ => return i64::from(ff::AVERROR(libc::ENOSYS)),
    };
    // SAFETY: `place` is ours.
    unsafe { on_output(place, |output| output.seek(to)) }
}
