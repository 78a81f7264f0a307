//! Compressed data in, bytes out.

use super::{Error, Wrapper};
use libdeflate_sys as sys;
use std::ptr::NonNull;

/// What an inflating came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated {
    /// Bytes of the input that were read, trailer included.
    pub read: usize,
    /// Bytes of the output that were written.
    pub written: usize,
}

/// A decompressor. Making one costs an allocation of some 12 KB: keep it for the chunks of a file.
pub struct Inflater(NonNull<sys::libdeflate_decompressor>);

// SAFETY: a decompressor is plain memory that no thread is bound to; `&mut` keeps it to one at a time.
unsafe impl Send for Inflater {}

impl Inflater {
    /// A decompressor.
    pub fn new() -> Result<Inflater, Error> {
        // SAFETY: it takes nothing; NULL says that there is no memory.
        let raw = unsafe { sys::libdeflate_alloc_decompressor() };
        NonNull::new(raw).map(Inflater).ok_or(Error::OutOfMemory)
    }

    /// Inflates one stream at the start of `from` into the start of `to`. What `to` holds behind it is left alone; after
    /// an error `to` holds garbage. Data that hold less than `to` has room for are no error here: the caller compares
    /// `written`.
    pub fn inflate(&mut self, wrapper: Wrapper, from: &[u8], to: &mut [u8]) -> Result<Inflated, Error> {
        let (mut read, mut written) = (0, 0);
        let call = match wrapper {
            Wrapper::Raw => sys::libdeflate_deflate_decompress_ex,
            Wrapper::Zlib => sys::libdeflate_zlib_decompress_ex,
            Wrapper::Gzip => sys::libdeflate_gzip_decompress_ex,
        };
        // SAFETY: the decompressor is ours; libdeflate reads within `from`, writes within `to`, and stores both counts.
        let result = unsafe {
            call(
                self.0.as_ptr(),
                from.as_ptr().cast(),
                from.len(),
                to.as_mut_ptr().cast(),
                to.len(),
                &mut read,
                &mut written,
            )
        };
        match result {
            sys::libdeflate_result_LIBDEFLATE_SUCCESS => Ok(Inflated { read, written }),
            sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => Err(Error::TooLong),
            _ => Err(Error::Corrupt),
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: it was allocated by libdeflate and is freed once.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) }
    }
}
