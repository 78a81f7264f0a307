//! Bytes in, compressed data out.

use super::{Error, Wrapper};
use libdeflate_sys as sys;
use std::ptr::NonNull;

/// A compressor of one level. Making one costs up to some megabytes: keep it for the chunks of a file.
pub struct Compressor(NonNull<sys::libdeflate_compressor>);

// SAFETY: a compressor is plain memory that no thread is bound to; `&mut` keeps it to one at a time.
unsafe impl Send for Compressor {}

impl Compressor {
    /// A compressor of a level from 0 (stored) to 12 (smallest); 6 is the usual one. Levels beyond are taken for 12.
    pub fn new(level: u32) -> Result<Compressor, Error> {
        // SAFETY: it takes a number from 0 to 12; NULL says that there is no memory.
        let raw = unsafe { sys::libdeflate_alloc_compressor(level.min(12) as i32) };
        NonNull::new(raw).map(Compressor).ok_or(Error::OutOfMemory)
    }

    /// The most bytes that `len` bytes can become.
    pub fn bound(&mut self, wrapper: Wrapper, len: usize) -> usize {
        let call = match wrapper {
            Wrapper::Raw => sys::libdeflate_deflate_compress_bound,
            Wrapper::Zlib => sys::libdeflate_zlib_compress_bound,
            Wrapper::Gzip => sys::libdeflate_gzip_compress_bound,
        };
        // SAFETY: the compressor is ours.
        unsafe { call(self.0.as_ptr(), len) }
    }

    /// Compresses `from` into the start of `to`: the bytes written, or `None` where `to` is too short (never with
    /// [`bound`](Self::bound) bytes). The result depends on `from` and the level only.
    pub fn compress(&mut self, wrapper: Wrapper, from: &[u8], to: &mut [u8]) -> Option<usize> {
        let call = match wrapper {
            Wrapper::Raw => sys::libdeflate_deflate_compress,
            Wrapper::Zlib => sys::libdeflate_zlib_compress,
            Wrapper::Gzip => sys::libdeflate_gzip_compress,
        };
        // SAFETY: the compressor is ours; libdeflate reads within `from` and writes within `to`.
        let written =
            unsafe { call(self.0.as_ptr(), from.as_ptr().cast(), from.len(), to.as_mut_ptr().cast(), to.len()) };
        (written > 0).then_some(written)
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: it was allocated by libdeflate and is freed once.
        unsafe { sys::libdeflate_free_compressor(self.0.as_ptr()) }
    }
}
