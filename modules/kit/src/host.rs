//! The library as it is lent to a module: its functions by name, progress, and the log.

use crate::abi::{iio_array, iio_dict, iio_host, iio_status};
use crate::dict::Dict;
use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::transmute;
use std::sync::{Mutex, OnceLock};

type Exif = unsafe extern "C" fn(*const c_void, usize, *mut iio_dict) -> iio_status;

macro_rules! api {
    ($($name:ident: fn($($arg:ty),*) $(-> $ret:ty)?;)*) => {
        /// The functions of the library that a module uses.
        pub(crate) struct Api {
            $(pub $name: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*
            fail: unsafe extern "C" fn(iio_status, *const c_char) -> iio_status,
            progress: unsafe extern "C" fn(u64, u64) -> i32,
            log: Option<unsafe extern "C" fn(i32, *const c_char)>,
            exif: Option<Exif>,
        }

        impl Api {
            /// # Safety
            /// `host` is a library's `iio_host`.
            unsafe fn new(host: &iio_host) -> std::result::Result<Api, String> {
                let symbol = host.symbol.ok_or("the library lends no symbols")?;
                $(
                    let name = concat!("iio_", stringify!($name), "\0");
                    // SAFETY: the name is NUL-terminated.
                    let $name = unsafe { symbol(name.as_ptr().cast()) };
                    if $name.is_null() {
                        return Err(format!("the library has no iio_{}", stringify!($name)));
                    }
                )*
                // SAFETY: the names are NUL-terminated; a library from before these functions does not know them.
                let (log, exif) = unsafe { (symbol(c"iio_log".as_ptr()), symbol(c"iio_exif".as_ptr())) };
                Ok(Api {
                    $(
                        // SAFETY: the library exports the function with the type that its header gives.
                        $name: unsafe { transmute::<*mut c_void, unsafe extern "C" fn($($arg),*) $(-> $ret)?>($name) },
                    )*
                    fail: host.fail.ok_or("the library takes no failures")?,
                    progress: host.progress.ok_or("the library takes no progress")?,
                    // SAFETY: `plugin.h` gives the function this type, and NULL is the type's `None`.
                    log: unsafe { transmute::<*mut c_void, Option<unsafe extern "C" fn(i32, *const c_char)>>(log) },
                    // SAFETY: as above.
                    exif: unsafe { transmute::<*mut c_void, Option<Exif>>(exif) },
                })
            }
        }
    };
}

api! {
    dict_new: fn() -> *mut iio_dict;
    dict_free: fn(*mut iio_dict);
    dict_len: fn(*const iio_dict) -> usize;
    dict_key: fn(*const iio_dict, usize) -> *const c_char;
    dict_kind: fn(*const iio_dict, *const c_char) -> i32;
    dict_remove: fn(*mut iio_dict, *const c_char) -> iio_status;
    dict_set_null: fn(*mut iio_dict, *const c_char) -> iio_status;
    dict_set_bool: fn(*mut iio_dict, *const c_char, i32) -> iio_status;
    dict_set_int: fn(*mut iio_dict, *const c_char, i64) -> iio_status;
    dict_set_float: fn(*mut iio_dict, *const c_char, f64) -> iio_status;
    dict_set_string: fn(*mut iio_dict, *const c_char, *const c_char) -> iio_status;
    dict_set_bytes: fn(*mut iio_dict, *const c_char, *const c_void, usize) -> iio_status;
    dict_set_array: fn(*mut iio_dict, *const c_char, *const iio_array) -> iio_status;
    dict_set_dict: fn(*mut iio_dict, *const c_char, *const iio_dict) -> iio_status;
    dict_set_list: fn(*mut iio_dict, *const c_char, *const iio_dict) -> iio_status;
    dict_set_json: fn(*mut iio_dict, *const c_char, *const c_char) -> iio_status;
    dict_get_bool: fn(*const iio_dict, *const c_char, *mut i32) -> iio_status;
    dict_get_int: fn(*const iio_dict, *const c_char, *mut i64) -> iio_status;
    dict_get_float: fn(*const iio_dict, *const c_char, *mut f64) -> iio_status;
    dict_get_string: fn(*const iio_dict, *const c_char, *mut *const c_char) -> iio_status;
    dict_get_bytes: fn(*const iio_dict, *const c_char, *mut *const c_void, *mut usize) -> iio_status;
    dict_get_array: fn(*const iio_dict, *const c_char, *mut iio_array) -> iio_status;
    dict_get_dict: fn(*const iio_dict, *const c_char, *mut *const iio_dict) -> iio_status;
}

static API: OnceLock<Api> = OnceLock::new();

/// The library. Modules are entered by it before anything else happens.
pub(crate) fn api() -> &'static Api {
    API.get().expect("the module was not entered by the library")
}

/// Meets the library; `false`: it is none that this module can work with, and was told why.
///
/// # Safety
/// `host` is NULL or what the library gives to `iio_plugin_entry`.
pub(crate) unsafe fn meet(host: *const iio_host) -> bool {
    // SAFETY: passed on from the caller; the first fields are those of the first version.
    let Some(lent) = (unsafe { host.as_ref() }) else { return false };
    // SAFETY: as above.
    let why = match unsafe { Api::new(lent) } {
        Ok(api) => {
            API.get_or_init(|| api);
            return true;
        }
        Err(why) => why,
    };
    if let Some(fail) = lent.fail {
        let why = text(&why);
        // SAFETY: the message is NUL-terminated.
        unsafe { fail(-7, why.as_ptr()) };
    }
    false
}

/// A text as C takes it: it ends at its first NUL.
pub(crate) fn text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// # Safety
/// `text` is NULL or NUL-terminated and lives for `'a`.
pub(crate) unsafe fn str_of<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: passed on from the caller.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

/// Tells the library of a failure.
pub(crate) fn fail(error: &Error) -> iio_status {
    let message = text(error.message());
    // SAFETY: the message is NUL-terminated.
    unsafe { (api().fail)(error.kind() as i32, message.as_ptr()) }
}

/// Tells how far this thread's call is (`total` 0: unknown); fails when the caller wants it to end. Cheap.
pub fn progress(done: u64, total: u64) -> Result<()> {
    // SAFETY: any thread may call it; outside a call it does nothing.
    match unsafe { (api().progress)(done, total) } {
        0 => Ok(()),
        _ => Err(Error::cancelled()),
    }
}

/// What a block of EXIF says, as the library decodes it for its own formats; nothing where the block is none.
pub fn exif(block: &[u8]) -> Result<Dict> {
    let into = Dict::new()?;
    if let Some(decode) = api().exif {
        // SAFETY: as many bytes are readable, and the dictionary is ours.
        match unsafe { decode(block.as_ptr().cast(), block.len(), into.raw()) } {
            0 => {}
            other => return Err(Error::internal(format!("decoding EXIF answers {other}"))),
        }
    }
    Ok(into)
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
#[allow(missing_docs)] // the names are the documentation
pub enum Level {
    Error = 1,
    Warning,
    Info,
    Debug,
}

type Line = (Level, String);

/// Lines kept at most until the call at hand ends.
const MOST: usize = 500;

thread_local! {
    /// How deep this thread is inside calls.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Lines of threads that are not inside a call.
static ORPHANS: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// Writes a line to the log, from any thread and whatever locks are held: it is delivered when the call at hand, or the
/// next, ends.
pub fn log(level: Level, message: impl Into<String>) {
    let add = |lines: &mut Vec<Line>| {
        if lines.len() < MOST {
            lines.push((level, message.into()));
        }
    };
    // A thread that is ending has no lines of its own any more.
    let inside = DEPTH.try_with(Cell::get).unwrap_or(0) > 0;
    match inside {
        true => LINES.with_borrow_mut(add),
        false => add(&mut ORPHANS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
    }
}

/// A call of the library into the module; its end delivers the log.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn new() -> Inside {
        DEPTH.set(DEPTH.get() + 1);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let orphans = std::mem::take(&mut *ORPHANS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        let own = LINES.take();
        if let Some(log) = API.get().and_then(|api| api.log) {
            for (level, line) in orphans.into_iter().chain(own) {
                let line = text(&line);
                // SAFETY: the line is NUL-terminated, and this thread is inside a call.
                unsafe { log(level as i32, line.as_ptr()) };
            }
        }
        DEPTH.set(DEPTH.get() - 1);
    }
}
