//! A TurboJPEG instance that compresses: made, set up, destroyed. The calls that touch pixels are in `encode`.

use std::ffi::{CStr, c_int};
use std::ptr::NonNull;

use crate::error::{Error, ErrorKind, Result};
use crate::sys;

/// An instance that this value alone knows.
pub(crate) struct Handle(NonNull<std::ffi::c_void>);

// SAFETY: TurboJPEG keeps all state of an instance in the instance; only the text of the last error is the thread's,
// and `last_text` reads it within the call that failed.
unsafe impl Send for Handle {}

impl Handle {
    pub fn compressor() -> Result<Handle> {
        // SAFETY: tj3Init promises an instance or NULL for any argument.
        let raw = unsafe { sys::tj3Init(sys::TJINIT_TJINIT_COMPRESS as c_int) };
        let raw =
            NonNull::new(raw).ok_or_else(|| Error::new(ErrorKind::OutOfMemory, "no memory for the JPEG codec"))?;
        Ok(Handle(raw))
    }

    pub fn raw(&mut self) -> sys::tjhandle {
        self.0.as_ptr()
    }

    pub fn set(&mut self, parameter: sys::TJPARAM, value: c_int) -> Result<()> {
        // SAFETY: `compressor` got the instance from tj3Init and only `drop` ends it; tj3Set checks parameter and value.
        let status = unsafe { sys::tj3Set(self.raw(), parameter as c_int, value) };
        self.check(status)
    }

    /// The status of a call.
    pub fn check(&mut self, status: c_int) -> Result<()> {
        if status == 0 { Ok(()) } else { Err(Error::from_libjpeg(&self.last_text())) }
    }

    /// What libjpeg says about the call just made on this thread, which failed.
    pub fn last_text(&mut self) -> String {
        // SAFETY: `compressor` got the instance from tj3Init and only `drop` ends it.
        let text = unsafe { sys::tj3GetErrorStr(self.raw()) };
        // SAFETY: tj3GetErrorStr promises a NUL-terminated text, in the instance or in this thread's storage, which
        // stays until the next call on this thread; we copy it before.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: `compressor` got the instance from tj3Init; nothing uses it after drop.
        unsafe { sys::tj3Destroy(self.raw()) };
    }
}

/// The binding spells C's `size_t` as `c_ulong`, which is narrower than `usize` on some systems.
pub(crate) fn c_size(length: usize) -> Result<sys::size_t> {
    sys::size_t::try_from(length)
        .map_err(|_| Error::argument(format!("{length} bytes are too many for the JPEG codec")))
}
