//! The library itself: its version, names, log and memory.

use super::boundary::silent;
use crate::error::ErrorKind;
use crate::log::{self, Level};
use crate::model::DType;
use crate::plugin::foreign::{iio_dtype, iio_status};
use std::ffi::{CString, c_char, c_void};

/// The version of the library, "0.1.0". Lives for ever.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The number of the ABI: rises only when something breaks; compare with `IIO_ABI_VERSION`.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_abi_version() -> u32 {
    super::IIO_ABI_VERSION
}

/// The name of a status, "IIO_ERROR_CORRUPT"; "unknown" for a number that the library does not know. Lives for ever.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_status_name(status: iio_status) -> *const c_char {
    macro_rules! names {
        ($($name:ident)*) => {
            match status {
                0 => c"IIO_OK",
                1 => c"IIO_END",
                2 => c"IIO_PARTIAL",
                $(super::$name => {
                    const NAME: &str = concat!(stringify!($name), "\0");
                    return NAME.as_ptr().cast();
                })*
                _ => c"unknown",
            }
        };
    }
    let name = names! {
        IIO_ERROR_INVALID_ARGUMENT IIO_ERROR_NOT_FOUND IIO_ERROR_PERMISSION IIO_ERROR_IO IIO_ERROR_UNKNOWN_PLUGIN
        IIO_ERROR_NO_BACKEND IIO_ERROR_PLUGIN_UNAVAILABLE IIO_ERROR_UNSUPPORTED IIO_ERROR_CORRUPT IIO_ERROR_INDEX
        IIO_ERROR_BUFFER_TOO_SMALL IIO_ERROR_UNKNOWN_OPTION IIO_ERROR_INVALID_OPTION IIO_ERROR_SHAPE IIO_ERROR_LIMIT
        IIO_ERROR_CANCELLED IIO_ERROR_MODE IIO_ERROR_NETWORK IIO_ERROR_OUT_OF_MEMORY IIO_ERROR_BUSY IIO_ERROR_INTERNAL
    };
    name.as_ptr()
}

/// Bytes of an item; 0 for a number that is no dtype.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_dtype_size(dtype: iio_dtype) -> usize {
    DType::from_code(dtype).map_or(0, DType::size)
}

/// numpy's name of a dtype: "uint8", "float32" …; "unknown" for a number that is none. Lives for ever.
///
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn iio_dtype_name(dtype: iio_dtype) -> *const c_char {
    const NAMES: [&std::ffi::CStr; 15] = [
        c"unknown",
        c"bool",
        c"uint8",
        c"uint16",
        c"uint32",
        c"uint64",
        c"int8",
        c"int16",
        c"int32",
        c"int64",
        c"float16",
        c"float32",
        c"float64",
        c"complex64",
        c"complex128",
    ];
    usize::try_from(dtype).ok().and_then(|code| NAMES.get(code)).unwrap_or(&NAMES[0]).as_ptr()
}

/// What is told of a log line: `level` is `IIO_LOG_ERROR` … `IIO_LOG_DEBUG`, `message` lives through the call.
/// It runs on the thread that is inside the library's call and must return.
pub type iio_log_fn = Option<unsafe extern "C" fn(user: *mut c_void, level: i32, message: *const c_char)>;

/// A caller's pointer that goes to its callback with every line.
struct User(*mut c_void);
// SAFETY: the contract has log lines delivered on whatever thread is inside a call, with the caller's pointer.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

/// Sets what is done with log lines; NULL: nothing. When this returns, the former callback is not running and never
/// will again, except on this very thread if it is the callback that calls.
///
/// @param log  The callback, or NULL.
/// @param user Handed to it.
///
/// Any thread.
///
/// # Safety
/// `log` may be called from any thread that is inside a call of the library, until it is replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_set_log_callback(log: iio_log_fn, user: *mut c_void) {
    let user = User(user);
    silent(drop, || {
        let callback = log.map(|log| -> Box<log::Callback> {
            Box::new(move |level: Level, message: &str| {
                let user = &user;
                let text = CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
                // SAFETY: the caller promises that the callback may be called; the text lives through the call.
                unsafe { log(user.0, level as i32, text.as_ptr()) };
            })
        });
        log::set(callback);
        Ok(())
    });
}

/// Frees what a call with a NULL allocator made. NULL is fine.
///
/// Any thread.
///
/// # Safety
/// `data` came from such a call and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_free_data(data: *mut c_void) {
    // SAFETY: such memory comes from malloc, see `place`.
    unsafe { libc::free(data) };
}

const _: () = assert!(ErrorKind::ALL.len() == 21, "iio_status_name lists every kind");
