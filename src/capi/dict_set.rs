//! Dictionaries: setting values. A new key goes to the end; what is given is copied.

use super::boundary::{boundary, bytes, dict, dict_mut, text};
use super::place::array;
use crate::error::{Error, Result};
use crate::model::{Array, Dict, List, Progress, Value};
use crate::plugin::foreign::{iio_array, iio_dict, iio_status};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Sets a key to what `make` gives.
///
/// # Safety
/// `dict` is NULL or live and used by nobody else, `key` NULL or a string.
unsafe fn set(dict: *mut iio_dict, key: *const c_char, make: impl FnOnce() -> Result<Value>) -> iio_status {
    boundary(|| {
        // SAFETY: passed on from the caller.
        let (dict, key) = unsafe { (dict_mut(dict, "dict")?, text(key, "key")?) };
        // Made before the dictionary is touched: it may be made of the dictionary itself.
        let value = make()?;
        dict.set(key, value);
        Ok(super::IIO_OK)
    })
}

/// Sets a key to null. In options: as if it were not given.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_null(dict: *mut iio_dict, key: *const c_char) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::Null)) }
}

/// Sets a key to true (any number but 0) or false.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_bool(dict: *mut iio_dict, key: *const c_char, value: i32) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::Bool(value != 0))) }
}

/// Sets a key to a whole number.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_int(dict: *mut iio_dict, key: *const c_char, value: i64) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::Int(value))) }
}

/// Sets a key to a number.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_float(dict: *mut iio_dict, key: *const c_char, value: f64) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::Float(value))) }
}

/// Sets a key to text.
///
/// @param value NUL-terminated UTF-8. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` and `value` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_string(
    dict: *mut iio_dict,
    key: *const c_char,
    value: *const c_char,
) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::from(text(value, "value")?))) }
}

/// Sets a key to bytes.
///
/// @param data `size` bytes; may be NULL if `size` is 0.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string, `data` readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_bytes(
    dict: *mut iio_dict,
    key: *const c_char,
    data: *const c_void,
    size: usize,
) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Ok(Value::from(bytes(data, size, "data")?))) }
}

/// Sets a key to a copy of an array of any strides.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`; `IIO_ERROR_OUT_OF_MEMORY`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string, `value` an array.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_array(
    dict: *mut iio_dict,
    key: *const c_char,
    value: *const iio_array,
) -> iio_status {
    let make = || {
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array(value, "value") }?;
        let mut data = crate::model::zeroed(view.layout().packed_len())?;
        view.pack(&mut data);
        Ok(Value::Array(Array::new(dtype, view.shape(), data)?))
    };
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, make) }
}

/// Refuses what is nested deeper than JSON may be: copying and freeing go down it.
fn nested(dict: &Dict) -> Result<&Dict> {
    const DEEPEST: usize = 126;
    match dict.depth() {
        0..=DEEPEST => Ok(dict),
        depth => Err(Error::invalid(format!("dictionaries are nested {depth} deep, over {DEEPEST}"))),
    }
}

/// Sets a key to a copy of a dictionary.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string, `value` a dictionary, which may be `dict` itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_dict(
    dict: *mut iio_dict,
    key: *const c_char,
    value: *const iio_dict,
) -> iio_status {
    boundary(|| {
        // Copied before `dict` is borrowed: it may be the same.
        // SAFETY: the caller's promises, passed on.
        let copy = nested(unsafe { self::dict(value, "value") }?)?.clone();
        // SAFETY: the caller's promises, passed on.
        let (dict, key) = unsafe { (dict_mut(dict, "dict")?, text(key, "key")?) };
        dict.set(key, copy);
        Ok(super::IIO_OK)
    })
}

/// Sets a key to a list: a copy of the values of a dictionary in their order; its keys do not matter.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` a string, `items` a dictionary, which may be `dict` itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_list(
    dict: *mut iio_dict,
    key: *const c_char,
    items: *const iio_dict,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let items = nested(unsafe { self::dict(items, "items") }?)?;
        let list: List = items.iter().map(|(_, value)| value.clone()).collect();
        // SAFETY: the caller's promises, passed on.
        let (dict, key) = unsafe { (dict_mut(dict, "dict")?, text(key, "key")?) };
        dict.set(key, list);
        Ok(super::IIO_OK)
    })
}

/// Sets a key to the value of JSON text.
///
/// @param json NUL-terminated UTF-8. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `dict` is live and used by nobody else, `key` and `json` strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_json(dict: *mut iio_dict, key: *const c_char, json: *const c_char) -> iio_status {
    // SAFETY: the caller's promises, passed on.
    unsafe { set(dict, key, || Value::from_json(text(json, "json")?)) }
}

/// Is told how far a call is; `total` 0: unknown. Non-zero cancels, and the call answers `IIO_ERROR_CANCELLED`. It
/// runs on the thread that is inside the call, at least every 100 ms while work goes on, and must return.
pub type iio_progress_fn = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// The caller's callback and what goes to it.
struct Told {
    progress: unsafe extern "C" fn(*mut c_void, u64, u64) -> i32,
    user: *mut c_void,
}

// SAFETY: the contract has the callback called on whatever thread is inside a call of the handle.
unsafe impl Send for Told {}
// SAFETY: as above.
unsafe impl Sync for Told {}

/// Sets the key "progress" of options to a callback; NULL takes it out. In the options of an opening or of
/// `iio_imiter` it is for the file and its iterators, elsewhere for that call. It is never part of JSON.
///
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `options` is live and used by nobody else; the callback may be called as long as a file was opened with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_dict_set_progress(
    options: *mut iio_dict,
    progress: iio_progress_fn,
    user: *mut c_void,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let options = unsafe { dict_mut(options, "options") }?;
        match progress {
            None => drop(options.remove("progress")),
            Some(progress) => {
                let told = Told { progress, user };
                let call = move |done, total| {
                    let told = &told;
                    // SAFETY: the caller keeps to the contract.
                    unsafe { (told.progress)(told.user, done, total) }
                };
                options.set("progress", Progress(Arc::new(call)));
            }
        }
        Ok(super::IIO_OK)
    })
}
