//! Dictionaries: making, freeing, looking, and JSON. Booleans travel as int32; borrowed results live until the
//! dictionary is freed or changed.

use super::boundary::{Out, boundary, dict, dict_mut, given, own, silent, text};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dict, Kind};
use crate::plugin::foreign::{iio_dict, iio_status};
use std::ffi::c_char;

/// An empty dictionary, which the caller frees. NULL only if there is no memory.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_dict_new() -> *mut iio_dict {
    silent(|_| std::ptr::null_mut(), || Ok(own(Dict::new())))
}

/// Frees a dictionary. NULL is fine. Never a borrowed one.
///
/// # Safety
/// `dict` was given to the caller to free, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_free(dict: *mut iio_dict) {
    if !dict.is_null() {
        silent(drop, || {
            // SAFETY: it came from `own`, and the caller gives it up.
            drop(unsafe { Box::from_raw(dict) });
            Ok(())
        });
    }
}

/// Copies a dictionary, borrowed ones too.
///
/// @param from Not NULL.
/// @param out  Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_copy(from: *const iio_dict, out: *mut *mut iio_dict) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        out.set(own(unsafe { dict(from, "dict") }?.clone()));
        Ok(super::IIO_OK)
    })
}

/// The number of keys; 0 for NULL.
///
/// # Safety
/// `dict` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_len(dict: *const iio_dict) -> usize {
    // SAFETY: the caller's promises, passed on.
    silent(|_| 0, || Ok(unsafe { self::dict(dict, "dict") }?.len()))
}

/// The key at a place, borrowed; NULL past the end.
///
/// # Safety
/// `dict` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_key(dict: *const iio_dict, i: usize) -> *const c_char {
    silent(
        |_| std::ptr::null(),
        || {
            // SAFETY: the caller's promises, passed on.
            let key = unsafe { self::dict(dict, "dict") }?.key(i);
            Ok(key.map_or(std::ptr::null(), |key| key.as_bytes_with_nul().as_ptr().cast()))
        },
    )
}

/// The kind of a value, `IIO_KIND_INT` …; `IIO_KIND_ABSENT` if there is no such key.
///
/// # Safety
/// `dict` is NULL or live, `key` NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_kind(dict: *const iio_dict, key: *const c_char) -> i32 {
    silent(
        |_| Kind::Absent as i32,
        || {
            // SAFETY: the caller's promises, passed on.
            let (dict, key) = unsafe { (self::dict(dict, "dict")?, text(key, "key")?) };
            Ok(dict.get(key).map_or(Kind::Absent, |value| value.kind()) as i32)
        },
    )
}

/// Takes a key out; the others keep their order.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_remove(dict: *mut iio_dict, key: *const c_char) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (dict, key) = unsafe { (dict_mut(dict, "dict")?, text(key, "key")?) };
        // The key may be the dictionary's own, which goes with the value.
        let key = key.to_owned();
        dict.want(&key)?;
        dict.remove(&key);
        Ok(super::IIO_OK)
    })
}

/// Makes a dictionary of a JSON object. Objects whose only key is `base64`, or whose only keys are `dtype`, `shape`
/// and `data`, are bytes and arrays.
///
/// @param json NUL-terminated UTF-8. Not NULL.
/// @param out  Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_from_json(json: *const c_char, out: *mut *mut iio_dict) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        out.set(own(Dict::from_json(unsafe { text(json, "json") }?)?));
        Ok(super::IIO_OK)
    })
}

/// Writes a dictionary as a JSON object. Bytes are `{"base64": "…"}`, arrays `{"dtype": "…", "shape": […],
/// "data": […]}`, NaN and infinities strings; callbacks are left out.
///
/// @param dict     Not NULL.
/// @param buffer   Receives NUL-terminated UTF-8; NULL only asks.
/// @param capacity Bytes of the buffer.
/// @param needed   Receives the bytes that it takes, the NUL counted. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_BUFFER_TOO_SMALL` (nothing was written); `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_to_json(
    dict: *const iio_dict,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let json = unsafe { self::dict(dict, "dict") }?.to_json()?;
        // SAFETY: the caller's promises, passed on.
        unsafe { give_text(&json, buffer, capacity, needed) }
    })
}

/// Copies text and its NUL into a caller's buffer.
///
/// # Safety
/// `buffer` is NULL or has `capacity` writable bytes; `needed` is NULL or writable.
pub(super) unsafe fn give_text(
    text: &str,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Result<iio_status> {
    let needed = Out::new(needed, "needed")?;
    let size = text.len() + 1;
    needed.set(size);
    if buffer.is_null() || capacity < size {
        let what = format!("the text takes {size} bytes, the buffer has {capacity}");
        return Err(Error::new(ErrorKind::BufferTooSmall, what));
    }
    given(buffer, "buffer")?;
    // SAFETY: the caller promises `capacity` writable bytes, which is enough.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len()) };
    // SAFETY: as above.
    unsafe { buffer.add(text.len()).write(0) };
    Ok(super::IIO_OK)
}
