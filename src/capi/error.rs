//! This thread's last failure.

use super::boundary::{Out, last, own, silent};
use crate::error::Error;
use crate::model::{Dict, List, Value};
use crate::plugin::foreign::{iio_dict, iio_status};
use std::ffi::c_char;

/// This thread's last failure in words; "" if none. UTF-8, without passwords and query strings. Lives until the next
/// failing call of this thread; calls that succeed leave it alone.
#[unsafe(no_mangle)]
pub extern "C" fn iio_error_message() -> *const c_char {
    last(|last| last.map_or(c"".as_ptr(), |last| last.message.as_ptr()))
}

/// This thread's last failure in parts: `status` (int), `message`, and where they are known `plugin`, `resource`,
/// `offset` (bytes into the file), `os_error` (errno), `callback_result` (what a callback of the caller's returned),
/// `candidates` (a list of the plugins that were asked, each a dictionary with `plugin`, `status`, `message`).
/// Empty if there was none. Leaves the message alone, even when it fails.
///
/// @param out Receives a dictionary that the caller frees. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// # Safety
/// `out` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_error_details(out: *mut *mut iio_dict) -> iio_status {
    silent(
        |e| e.kind().status(),
        || {
            let out = Out::empty(out, "out")?;
            out.set(own(last(|last| last.map_or_else(Dict::new, |last| parts(&last.error)))));
            Ok(super::IIO_OK)
        },
    )
}

fn parts(error: &Error) -> Dict {
    let mut dict = Dict::new().with("status", error.kind().status()).with("message", error.to_string());
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            dict.set(key, value);
        }
    };
    put("plugin", error.plugin_name().map(Value::from));
    put("resource", error.resource_name().map(Value::from));
    put("offset", error.offset().map(Value::from));
    put("os_error", error.os_error().map(Value::from));
    put("callback_result", error.callback_result().map(Value::from));
    if !error.refused().is_empty() {
        let candidates = error.refused().iter().map(|refusal| {
            Dict::new()
                .with("plugin", refusal.plugin.as_str())
                .with("status", refusal.kind.status())
                .with("message", refusal.message.as_str())
        });
        put("candidates", Some(candidates.collect::<List>().into()));
    }
    dict
}
