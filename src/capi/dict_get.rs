//! Dictionaries: getting values. Borrowed results live until the dictionary is freed or changed. A failing getter
//! leaves this thread's message alone.

use super::boundary::{Out, dict, given, silent, text};
use super::dict::give_text;
use crate::error::{Error, Result};
use crate::model::{Dict, Layout, Value};
use crate::plugin::foreign::abi::LARGEST;
use crate::plugin::foreign::{iio_array, iio_dict, iio_status};
use std::ffi::{c_char, c_void};

/// Gives the value of a key to `take`, which refuses other kinds with `None`. `clear` sees to the outputs first, so
/// that those that are borrowed are NULL after any failure.
///
/// # Safety
/// `dict` is NULL or live, `key` NULL or a string.
unsafe fn get_cleared(
    dict: *const iio_dict,
    key: *const c_char,
    clear: impl FnOnce() -> Result<()>,
    take: impl FnOnce(&Value) -> Result<Option<()>>,
) -> iio_status {
    let body = || {
        clear()?;
        // SAFETY: passed on from the caller.
        let (dict, key) = unsafe { (self::dict(dict, "dict")?, text(key, "key")?) };
        let value = dict.want(key)?;
        match take(value)? {
            Some(()) => Ok(super::IIO_OK),
            None => Err(Error::invalid(format!("the value of {key:?} is a {}", value.kind().name()))),
        }
    };
    silent(|e| e.kind().status(), body)
}

/// As [`get_cleared`], for outputs that a failure leaves as they are.
///
/// # Safety
/// As there.
unsafe fn get<T>(
    dict: *const iio_dict,
    key: *const c_char,
    value: *mut T,
    take: impl FnOnce(&Value) -> Result<Option<()>>,
) -> iio_status {
    // SAFETY: passed on from the caller.
    unsafe { get_cleared(dict, key, || given(value, "value").map(drop), take) }
}

fn put<T>(out: *mut T, found: Option<T>) -> Result<Option<()>> {
    let out = Out::new(out, "value")?;
    Ok(found.map(|value| out.set(value)))
}

/// Gets true (1) or false (0).
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_bool(dict: *const iio_dict, key: *const c_char, value: *mut i32) -> iio_status {
    let take = |found: &Value| match found {
        Value::Bool(b) => put(value, Some(i32::from(*b))),
        _ => put(value, None),
    };
    // SAFETY: the caller's promises, passed on.
    unsafe { get(dict, key, value, take) }
}

/// Gets a whole number.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_int(dict: *const iio_dict, key: *const c_char, value: *mut i64) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { get(dict, key, value, |found| put(value, found.as_int())) }
}

/// Gets a number; a whole one converts.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_float(dict: *const iio_dict, key: *const c_char, value: *mut f64) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { get(dict, key, value, |found| put(value, found.as_float())) }
}

/// Gets text, borrowed, NUL-terminated UTF-8.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_string(
    dict: *const iio_dict,
    key: *const c_char,
    value: *mut *const c_char,
) -> iio_status {
    let take = |found: &Value| match found {
        Value::Str(text) => put(value, Some(text.as_bytes_with_nul().as_ptr().cast())),
        _ => put(value, None),
    };
    // SAFETY: the caller's promises, passed on.
    unsafe { get_cleared(dict, key, || Out::none(value, "value").map(drop), take) }
}

/// Gets bytes, borrowed; of text too, without its NUL.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `data` and `size` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_bytes(
    dict: *const iio_dict,
    key: *const c_char,
    data: *mut *const c_void,
    size: *mut usize,
) -> iio_status {
    let take = |found: &Value| {
        let bytes = found.as_bytes();
        let size = Out::new(size, "size")?;
        let done = put(data, bytes.map(|b| b.as_ptr().cast()))?;
        size.set(bytes.map_or(0, <[u8]>::len));
        Ok(done)
    };
    let clear = || {
        let size = Out::zero(size, "size");
        Out::none(data, "data")?;
        size.map(drop)
    };
    // SAFETY: the caller's promises, passed on.
    unsafe { get_cleared(dict, key, clear, take) }
}

/// Gets an array, borrowed, C-contiguous: `value->struct_size` is set by the caller, the rest is filled.
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` an array of the size that it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_array(
    dict: *const iio_dict,
    key: *const c_char,
    value: *mut iio_array,
) -> iio_status {
    let take = |found: &Value| {
        // SAFETY: the caller's promises, passed on: it starts with its size.
        let size = unsafe { value.cast::<u32>().read_unaligned() } as usize;
        if !(size_of::<iio_array>()..=LARGEST).contains(&size) {
            return Err(Error::invalid(format!("iio_array.struct_size is {size}, not {}", size_of::<iio_array>())));
        }
        let Value::Array(array) = found else { return Ok(None) };
        let layout = Layout::contiguous(array.dtype().size(), array.shape());
        let layout = layout.ok_or_else(|| Error::internal("an array without a layout"))?;
        let ours = iio_array::of(array.data().as_ptr().cast_mut(), &layout, array.dtype());
        let ours = iio_array { struct_size: size as u32, ..ours };
        // SAFETY: the caller promises `size` writable bytes, which are at least these.
        unsafe { value.write_unaligned(ours) };
        let known = size_of::<iio_array>();
        // SAFETY: as above; the tail is what this version does not know.
        unsafe { value.cast::<u8>().add(known).write_bytes(0, size - known) };
        Ok(Some(()))
    };
    // SAFETY: the caller's promises, passed on.
    unsafe { get(dict, key, value, take) }
}

/// Gets a dictionary, borrowed; of a list too, with the keys "0", "1", ….
///
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_INVALID_ARGUMENT` for another kind.
///
/// # Safety
/// `dict` is live, `key` a string, `value` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_dict(
    dict: *const iio_dict,
    key: *const c_char,
    value: *mut *const iio_dict,
) -> iio_status {
    let as_c = |dict: &Dict| std::ptr::from_ref(iio_dict::of(dict));
    // SAFETY: the caller's promises, passed on.
    unsafe {
        get_cleared(dict, key, || Out::none(value, "value").map(drop), |found| put(value, found.as_dict().map(as_c)))
    }
}

/// Gets a value of any kind but a callback as JSON text.
///
/// @param buffer   Receives NUL-terminated UTF-8; NULL only asks.
/// @param capacity Bytes of the buffer.
/// @param needed   Receives the bytes that it takes, the NUL counted. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_BUFFER_TOO_SMALL` (nothing was written); `IIO_ERROR_NOT_FOUND`;
///         `IIO_ERROR_INVALID_ARGUMENT` for a callback.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_get_json(
    dict: *const iio_dict,
    key: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    let take = |found: &Value| unsafe { give_text(&found.to_json()?, buffer, capacity, needed) }.map(|_| Some(()));
    // SAFETY: the caller's promises, passed on.
    unsafe { get(dict, key, needed, take) }
}
