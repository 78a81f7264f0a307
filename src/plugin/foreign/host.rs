//! The library as lent to a plugin: every exported function by name, and what belongs to the call at hand.

use super::abi::{iio_dict, iio_status};
use crate::error::Error;
use crate::log::{self, Level};
use crate::model::exif;
use crate::plugin::Call;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_void};
use std::mem::ManuallyDrop;

/// The library as lent to a plugin; valid until the process ends.
#[repr(C)]
pub struct iio_host {
    /// `sizeof(iio_host)`.
    pub struct_size: u32,
    /// `IIO_ABI_VERSION` of the library.
    pub abi_version: u32,
    /// Any exported `iio_*` function by its name, or NULL. For plugins alone there are
    /// `void iio_log(int32_t level, const char *message)`, which writes a line to the log on a thread inside a call, and
    /// `iio_status iio_exif(const void *block, size_t size, iio_dict *into)`, which adds what a block of EXIF says.
    pub symbol: Option<unsafe extern "C" fn(name: *const c_char) -> *mut c_void>,
    /// Sets the message of this thread's failure and returns `status`.
    pub fail: Option<unsafe extern "C" fn(status: iio_status, message: *const c_char) -> iio_status>,
    /// Tells how far this thread's call is; non-zero: return `IIO_ERROR_CANCELLED`.
    pub progress: Option<unsafe extern "C" fn(done: u64, total: u64) -> i32>,
}

/// Rises only when the contract breaks; the soname's number.
pub const ABI_VERSION: u32 = 0;

/// The one host.
pub(super) static HOST: iio_host = iio_host {
    struct_size: size_of::<iio_host>() as u32,
    abi_version: ABI_VERSION,
    symbol: Some(symbol),
    fail: Some(fail),
    progress: Some(progress),
};

/// The host, for plugins that are linked into the program.
pub fn host() -> *const iio_host {
    &HOST
}

thread_local! {
    /// What a plugin said of its failure. Taken after each call, and so without a destructor: a handler of `atexit`
    /// runs after those of the main thread's data.
    static FAILURE: RefCell<ManuallyDrop<Option<String>>> = const { RefCell::new(ManuallyDrop::new(None)) };
    /// The call that this thread's plugin serves.
    static CALL: Cell<*const Call> = const { Cell::new(std::ptr::null()) };
    /// What the progress callback said to the plugin.
    static STOPPED: RefCell<ManuallyDrop<Option<Error>>> = const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Runs a plugin's function as part of `call`; nested calls of the library restore it.
pub(super) fn within<T>(call: &Call, run: impl FnOnce() -> T) -> T {
    struct Restore(*const Call);
    impl Drop for Restore {
        fn drop(&mut self) {
            CALL.set(self.0);
        }
    }
    let _restore = Restore(CALL.replace(call));
    run()
}

/// What the plugin, or the caller's progress callback through it, said of the last failure.
pub(super) fn take_failure() -> (Option<String>, Option<Error>) {
    (FAILURE.with_borrow_mut(|said| said.take()), STOPPED.with_borrow_mut(|stopped| stopped.take()))
}

unsafe extern "C" fn fail(status: iio_status, message: *const c_char) -> iio_status {
    let text = if message.is_null() {
        String::new()
    } else {
        // SAFETY: the plugin passes NULL or a NUL-terminated string.
        unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
    };
    FAILURE.with_borrow_mut(|said| **said = Some(text));
    status
}

unsafe extern "C" fn progress(done: u64, total: u64) -> i32 {
    let call = CALL.get();
    if call.is_null() {
        return 0;
    }
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: `within` set the pointer from a reference that lives until it restores the former.
        unsafe { &*call }.tell(done, total)
    }));
    match told {
        Ok(Ok(())) => 0,
        Ok(Err(stop)) => {
            STOPPED.with_borrow_mut(|stopped| **stopped = Some(stop));
            1
        }
        Err(_) => 1,
    }
}

/// What the library lends to plugins and does not export.
unsafe extern "C" fn iio_log(level: i32, message: *const c_char) {
    let level = match level {
        1 => Level::Error,
        2 => Level::Warning,
        3 => Level::Info,
        _ => Level::Debug,
    };
    if message.is_null() {
        return;
    }
    // SAFETY: the plugin passes NULL or a NUL-terminated string.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    // The program's callback is C and does not unwind; what we do around it may.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| log::write(level, &text)));
}

/// The entries of a block of EXIF, under the names that every format has for them. A block that is none adds nothing.
unsafe extern "C" fn iio_exif(block: *const c_void, size: usize, into: *mut iio_dict) -> iio_status {
    if block.is_null() || into.is_null() {
        return -1;
    }
    let decoded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: the plugin gives `size` readable bytes, and a dictionary that is its own to change.
        let (block, into) = unsafe { (std::slice::from_raw_parts(block.cast::<u8>(), size), &mut *into) };
        into.0.extend(exif::main_ifd(block));
    }));
    if decoded.is_ok() { 0 } else { -99 }
}

macro_rules! symbols {
    ($($name:ident)*) => {
        /// The exported functions, declared by name only: the C API is above this room.
        mod exported {
            unsafe extern "C" { $(pub fn $name();)* }
        }

        /// Their names.
        #[cfg(test)]
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn address(name: &[u8]) -> *mut c_void {
            $(if name == stringify!($name).as_bytes() { return exported::$name as *mut c_void; })*
            std::ptr::null_mut()
        }
    };
}

symbols! {
    iio_version iio_abi_version iio_error_message iio_error_details iio_status_name iio_dtype_size iio_dtype_name
    iio_set_log_callback iio_free_data
    iio_imread iio_imread_alloc iio_imread_view iio_imwrite iio_imwrite_bytes iio_imiter iio_improps iio_immeta
    iio_imopen iio_imopen_bytes iio_imopen_bytes_lent iio_imopen_callbacks
    iio_file_count iio_file_props iio_file_read iio_file_read_into iio_file_meta iio_file_iter iio_file_write
    iio_file_call iio_file_bytes iio_file_plugin iio_file_close iio_file_discard
    iio_iter_props iio_iter_next iio_iter_next_into iio_iter_meta iio_iter_seek iio_iter_file iio_iter_free
    iio_dict_new iio_dict_free iio_dict_copy iio_dict_len iio_dict_key iio_dict_kind iio_dict_remove
    iio_dict_set_null iio_dict_set_bool iio_dict_set_int iio_dict_set_float iio_dict_set_string iio_dict_set_bytes
    iio_dict_set_array iio_dict_set_dict iio_dict_set_list iio_dict_set_json iio_dict_set_progress
    iio_dict_get_bool iio_dict_get_int iio_dict_get_float iio_dict_get_string iio_dict_get_bytes iio_dict_get_array
    iio_dict_get_dict iio_dict_get_json iio_dict_from_json iio_dict_to_json
    iio_plugins iio_formats iio_register_plugin iio_unregister_plugin iio_load_plugin iio_set_priority
    iio_array_convert iio_axes_read iio_axes_write iio_split_options
}

unsafe extern "C" fn symbol(name: *const c_char) -> *mut c_void {
    if name.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the plugin passes a NUL-terminated string.
    match unsafe { CStr::from_ptr(name) }.to_bytes() {
        b"iio_log" => iio_log as *mut c_void,
        b"iio_exif" => iio_exif as *mut c_void,
        name => address(name),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_exported_function_can_be_had_by_name() {
        let list = include_str!("../../../tests/abi/exports.txt");
        let mut exported: Vec<&str> = list.lines().map(str::trim).filter(|l| l.starts_with("iio_")).collect();
        let mut names = super::NAMES.to_vec();
        exported.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, exported);
    }
}
