//! The edge: where panics end, errors become a status and a message, and pointers become references.

use crate::error::{Error, Result};
use crate::model::{Dict, Index};
use crate::plugin::foreign::{iio_dict, iio_status};
use once_cell::sync::{Lazy, OnceCell};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// This thread's last failure.
pub(super) struct Last {
    pub error: Error,
    pub message: CString,
}

thread_local! {
    /// Not freed by itself: the library may still be called when a thread's destructors run, and by handlers of
    /// `atexit`, which come after those of the main thread.
    static LAST: Cell<*mut Last> = const { Cell::new(std::ptr::null_mut()) };
    /// Frees it at the end of the thread.
    static END: End = const { End };
    /// How many of our functions this thread is inside.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
    /// What a panic on this thread said.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct End;
impl Drop for End {
    fn drop(&mut self) {
        replace_last(std::ptr::null_mut());
    }
}

fn replace_last(next: *mut Last) {
    let former = LAST.replace(next);
    if !former.is_null() {
        // SAFETY: only `set_last` puts pointers there, from boxes, and it was just taken out.
        drop(unsafe { Box::from_raw(former) });
    }
}

/// Looks at this thread's last failure. `look` calls nothing that may fail in its turn.
pub(super) fn last<T>(look: impl FnOnce(Option<&Last>) -> T) -> T {
    // SAFETY: NULL, or a box that lives until the thread's next failure.
    look(unsafe { LAST.get().as_ref() })
}

fn set_last(error: &Error) {
    let text = error.to_string().replace('\0', "\u{fffd}");
    let last = Last { error: error.clone(), message: CString::new(text).unwrap_or_default() };
    let next = Box::into_raw(Box::new(last));
    if END.try_with(|_| ()).is_err() {
        keep_late(LAST.get(), next);
    }
    replace_last(next);
}

/// After the end of its own data a thread's last message is freed by nobody: it is kept where leak checkers find it.
fn keep_late(former: *mut Last, next: *mut Last) {
    static LATE: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    if let Ok(mut late) = LATE.try_lock() {
        late.retain(|&at| at != former as usize);
        late.push(next as usize);
    }
}

/// A library does not print: a panic inside our functions is kept for the message instead.
fn quiet_panics() {
    static ONCE: OnceCell<()> = OnceCell::new();
    ONCE.get_or_init(|| {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Our workers are inside on behalf of a thread that is.
            let worker = std::thread::current().name().is_some_and(|name| name.starts_with("iio "));
            if worker || INSIDE.get() > 0 {
                let _ = PANIC.try_with(|panic| panic.replace(Some(info.to_string())));
            } else {
                former(info);
            }
        }));
    });
}

struct Leave;
impl Drop for Leave {
    fn drop(&mut self) {
        INSIDE.set(INSIDE.get() - 1);
    }
}

fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    quiet_panics();
    INSIDE.set(INSIDE.get() + 1);
    let _leave = Leave;
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => {
            let said = PANIC.try_with(RefCell::take).ok().flatten();
            // A worker's words come with its panic.
            let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
            let said = said.or_else(|| payload.downcast_ref::<&str>().map(|&words| words.to_owned()));
            let said = said.unwrap_or_default();
            Err(Error::internal(format!("a defect of the library: {said}")))
        }
    }
}

/// Runs the body of an exported function: a failure becomes its status and this thread's message.
pub(super) fn boundary(body: impl FnOnce() -> Result<iio_status>) -> iio_status {
    caught(body).unwrap_or_else(|error| {
        set_last(&error);
        error.kind().status()
    })
}

/// As [`boundary`], for functions that leave the message alone even when they fail.
pub(super) fn silent<T>(otherwise: impl FnOnce(Error) -> T, body: impl FnOnce() -> Result<T>) -> T {
    caught(body).unwrap_or_else(otherwise)
}

/// Refuses NULL.
pub(super) fn given<T>(pointer: *const T, what: &str) -> Result<*const T> {
    if pointer.is_null() { Err(Error::invalid(format!("{what} is NULL"))) } else { Ok(pointer) }
}

/// An output that the caller promises to be writable.
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Refuses NULL.
    pub(super) fn new(pointer: *mut T, what: &str) -> Result<Out<T>> {
        given(pointer, what)?;
        Ok(Out(pointer))
    }

    /// Stores a result.
    pub(super) fn set(&self, value: T) {
        // SAFETY: the caller promises a writable `T` at every output that is not NULL.
        unsafe { self.0.write_unaligned(value) };
    }
}

impl<T> Out<*mut T> {
    /// An output that is NULL until there is something: refuses NULL for itself.
    pub(super) fn empty(pointer: *mut *mut T, what: &str) -> Result<Out<*mut T>> {
        let out = Out::new(pointer, what)?;
        out.set(std::ptr::null_mut());
        Ok(out)
    }
}

impl<T> Out<*const T> {
    /// A borrowed output that is NULL until there is something: refuses NULL for itself.
    pub(super) fn none(pointer: *mut *const T, what: &str) -> Result<Out<*const T>> {
        let out = Out::new(pointer, what)?;
        out.set(std::ptr::null());
        Ok(out)
    }
}

impl Out<usize> {
    /// A size that is 0 until there is something: refuses NULL for itself.
    pub(super) fn zero(pointer: *mut usize, what: &str) -> Result<Out<usize>> {
        let out = Out::new(pointer, what)?;
        out.set(0);
        Ok(out)
    }
}

/// # Safety
/// `text` is NULL or a NUL-terminated string that lives for `'a`.
pub(super) unsafe fn c_str<'a>(text: *const c_char, what: &str) -> Result<&'a CStr> {
    given(text, what)?;
    // SAFETY: passed on from the caller.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// Text in UTF-8.
///
/// # Safety
/// As [`c_str`].
pub(super) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: passed on from the caller.
    let text = unsafe { c_str(text, what) }?;
    text.to_str().map_err(|_| Error::invalid(format!("{what} is not UTF-8")))
}

/// A URI, which may be a path of any bytes.
///
/// # Safety
/// As [`c_str`].
pub(super) unsafe fn uri<'a>(uri: *const c_char) -> Result<&'a OsStr> {
    // SAFETY: passed on from the caller.
    Ok(OsStr::from_bytes(unsafe { c_str(uri, "uri") }?.to_bytes()))
}

/// Options: NULL means none.
///
/// # Safety
/// `options` is NULL or a live dictionary that nobody changes for `'a`.
pub(super) unsafe fn options<'a>(options: *const iio_dict) -> &'a Dict {
    static NONE: Lazy<Dict> = Lazy::new(Dict::new);
    // SAFETY: passed on from the caller.
    unsafe { options.as_ref() }.map_or(&NONE, |dict| &dict.0)
}

/// A dictionary.
///
/// # Safety
/// As [`options`].
pub(super) unsafe fn dict<'a>(dict: *const iio_dict, what: &str) -> Result<&'a Dict> {
    given(dict, what)?;
    // SAFETY: passed on from the caller.
    Ok(unsafe { &(*dict).0 })
}

/// A dictionary to be changed.
///
/// # Safety
/// `dict` is NULL or a live dictionary that nobody else uses for `'a`.
pub(super) unsafe fn dict_mut<'a>(dict: *mut iio_dict, what: &str) -> Result<&'a mut Dict> {
    given(dict, what)?;
    // SAFETY: passed on from the caller.
    Ok(unsafe { &mut (*dict).0 })
}

/// Bytes; NULL is fine when there are none.
///
/// # Safety
/// `data` is NULL or has `size` bytes that are readable and do not change for `'a`.
pub(super) unsafe fn bytes<'a>(data: *const std::ffi::c_void, size: usize, what: &str) -> Result<&'a [u8]> {
    if size == 0 {
        return Ok(&[]);
    }
    given(data, what)?;
    if isize::try_from(size).is_err() {
        return Err(Error::invalid(format!("{what}: {size} bytes are more than memory")));
    }
    // SAFETY: passed on from the caller.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), size) })
}

/// A dictionary that the caller frees.
pub(super) fn own(dict: Dict) -> *mut iio_dict {
    Box::into_raw(Box::new(iio_dict(dict)))
}

/// The index of the C ABI. A negative number that is no constant is out of range.
pub(super) fn index(index: i64) -> Result<Index> {
    match index {
        super::IIO_INDEX_DEFAULT => Ok(Index::Default),
        super::IIO_INDEX_ALL => Ok(Index::All),
        n => match usize::try_from(n) {
            Ok(n) => Ok(Index::At(n)),
            Err(_) => Err(Error::index(format!("no image {n}: images are counted from 0"))),
        },
    }
}
