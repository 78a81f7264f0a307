//! Opening files.

use super::boundary::{Out, boundary, bytes, given, options, text, uri};
use super::handle::{give, iio_file};
use crate::error::Result;
use crate::plugin::foreign::{CallerStream, iio_callbacks, iio_dict, iio_status};
use crate::v3::{self, File, Mode};
use std::ffi::{c_char, c_void};

fn opened(out: &Out<*mut iio_file>, file: Result<File>) -> Result<iio_status> {
    out.set(give(iio_file::new(file?)));
    Ok(super::IIO_OK)
}

/// Opens a resource.
///
/// @param uri     Path, `file://…`, `-` (standard input or output), or `<bytes>` to encode into memory. Not NULL.
/// @param mode    "r" or "w"; a second letter of imageio's (i I v V ?) is taken and says nothing. Not NULL.
/// @param options `plugin`, `extension`, `max_pixels`, `max_bytes`, `threads`, `local`, a progress callback, and the
///                plugin's own; NULL: none.
/// @param out     Receives the file, which `iio_file_close` or `iio_file_discard` ends; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`, `IIO_ERROR_PERMISSION`, `IIO_ERROR_IO`; `IIO_ERROR_UNKNOWN_PLUGIN`;
///         `IIO_ERROR_NO_BACKEND` and `IIO_ERROR_PLUGIN_UNAVAILABLE` (`iio_error_details` lists who was asked);
///         `IIO_ERROR_CORRUPT`; `IIO_ERROR_UNKNOWN_OPTION`, `IIO_ERROR_INVALID_OPTION`.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imopen(
    uri: *const c_char,
    mode: *const c_char,
    options: *const iio_dict,
    out: *mut *mut iio_file,
) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let (name, mode, options) = unsafe { (self::uri(uri)?, text(mode, "mode")?, self::options(options)) };
        opened(&out, v3::imopen(name, Mode::parse(mode)?, options))
    })
}

/// Memory of the caller's, readable until the last reader ends.
struct Lent {
    data: *const u8,
    size: usize,
    release: Option<unsafe extern "C" fn(user: *mut c_void)>,
    user: *mut c_void,
}

// SAFETY: the caller promises that the bytes do not change, and takes `release` on the thread of the last ending.
unsafe impl Send for Lent {}
// SAFETY: as above; the bytes are only read.
unsafe impl Sync for Lent {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        // SAFETY: the caller promised `size` readable, unchanging bytes until the file and its iterators end.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the caller keeps to the contract; this is the one call.
            unsafe { release(self.user) };
        }
    }
}

/// Opens bytes in memory for reading. They are borrowed until the file and every iterator over it have ended.
///
/// @param data    `size` bytes; may be NULL if `size` is 0.
/// @param size    Their number.
/// @param options As for `iio_imopen`; NULL: none.
/// @param out     Receives the file; NULL after a failure. Not NULL.
/// @return As `iio_imopen`.
///
/// Any thread.
///
/// # Safety
/// The bytes do not change while they are borrowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imopen_bytes(
    data: *const c_void,
    size: usize,
    options: *const iio_dict,
    out: *mut *mut iio_file,
) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { iio_imopen_bytes_lent(data, size, options, None, std::ptr::null_mut(), out) }
}

/// As `iio_imopen_bytes`, with a function that is told when the bytes are no longer needed.
///
/// @param data    `size` bytes; may be NULL if `size` is 0.
/// @param size    Their number.
/// @param options As for `iio_imopen`; NULL: none.
/// @param release Called once, on the thread of the last ending, also when the open fails; NULL: none. Must return.
/// @param user    Handed to `release`.
/// @param out     Receives the file; NULL after a failure. Not NULL.
/// @return As `iio_imopen`.
///
/// Any thread.
///
/// # Safety
/// The bytes do not change while they are lent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imopen_bytes_lent(
    data: *const c_void,
    size: usize,
    options: *const iio_dict,
    release: Option<unsafe extern "C" fn(user: *mut c_void)>,
    user: *mut c_void,
    out: *mut *mut iio_file,
) -> iio_status {
    boundary(|| {
        // First of all, so that `release` is called whatever fails.
        let lent = Lent { data: data.cast(), size, release, user };
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        unsafe { bytes(data, size, "data") }?;
        // SAFETY: the caller's promises, passed on.
        opened(&out, v3::imopen_bytes(lent, unsafe { self::options(options) }))
    })
}

/// Opens a byte stream of the caller's, which is used until the file and every iterator over it have ended. A stream
/// that cannot seek is kept in memory as far as it was read.
///
/// @param io      The callbacks; copied. "r" needs `read`, "w" needs `write`. Not NULL.
/// @param mode    "r" or "w". Not NULL.
/// @param options As for `iio_imopen`; "w" needs `extension` (or the plugin's `format`). NULL: none.
/// @param out     Receives the file; NULL after a failure. Not NULL.
/// @return As `iio_imopen`; `IIO_ERROR_IO` with `callback_result` in the details when a callback fails.
///
/// Any thread; callbacks run on the thread that is inside a call of the file, unless their flags allow more.
///
/// # Safety
/// The callbacks keep to the contract.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imopen_callbacks(
    io: *const iio_callbacks,
    mode: *const c_char,
    options: *const iio_dict,
    out: *mut *mut iio_file,
) -> iio_status {
    boundary(|| {
        // Before anything can fail: afterwards `*out` is NULL, and `close` is called.
        let out = Out::empty(out, "out");
        given(io, "io")?;
        // SAFETY: the caller's promises, passed on.
        let stream = unsafe { CallerStream::new(io) }?;
        let out = out?;
        // SAFETY: the caller's promises, passed on.
        let (mode, options) = unsafe { (Mode::parse(text(mode, "mode")?)?, self::options(options)) };
        stream.check(mode == Mode::Read)?;
        opened(&out, v3::imopen_stream(Box::new(stream), mode, options))
    })
}
