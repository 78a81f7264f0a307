//! The C functions of a plugin, over its traits. No panic leaves them.

use crate::abi::{INDEX_ALL, INDEX_DEFAULT, MAX_NDIM, iio_array, iio_callbacks, iio_dict, iio_host, iio_plugin};
use crate::abi::{iio_props, iio_status};
use crate::array::{Destination, Props, Source};
use crate::dict::{DictMut, DictRef};
use crate::error::{Error, Kind, Result};
use crate::host::{Inside, fail, meet, str_of, text};
use crate::plugin::{Count, Cursor, Index, Outcome, Plugin, Reader, Writer};
use crate::stream::{Input, Output};
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

const END: iio_status = 1;
const PARTIAL: iio_status = 2;

/// An open file, as the library holds it.
enum File {
    Reading(Box<dyn Reader>),
    Writing(Box<dyn Writer>),
    /// A panic went through it: it has no state that could be trusted.
    Broken,
}

/// A cursor, as the library holds it.
struct Held(Option<Box<dyn Cursor>>);

fn panicked() -> Error {
    Error::internal("the plugin panicked; this file can only be closed")
}

/// Runs `work`; its failure or panic becomes a status.
fn guard(work: impl FnOnce() -> Result<iio_status>) -> iio_status {
    let _inside = Inside::new();
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => fail(&error),
        Err(_) => fail(&panicked()),
    }
}

/// Runs `work` on a file, which a panic leaves broken.
///
/// # Safety
/// `file` is what `open` gave, and the call at hand its only user.
unsafe fn on_file(file: *mut c_void, work: impl FnOnce(&mut File) -> Result<iio_status>) -> iio_status {
    // SAFETY: passed on from the caller.
    let file = unsafe { &mut *file.cast::<File>() };
    guard(|| match catch_unwind(AssertUnwindSafe(|| work(file))) {
        Ok(done) => done,
        Err(_) => {
            // What it holds may panic again while it ends; it is left as it is.
            std::mem::forget(std::mem::replace(file, File::Broken));
            Err(panicked())
        }
    })
}

fn reader(file: &mut File) -> Result<&mut dyn Reader> {
    match file {
        File::Reading(reader) => Ok(&mut **reader),
        File::Writing(_) => Err(Error::new(Kind::Mode, "the file is open for writing")),
        File::Broken => Err(panicked()),
    }
}

fn writer(file: &mut File) -> Result<&mut dyn Writer> {
    match file {
        File::Writing(writer) => Ok(&mut **writer),
        File::Reading(_) => Err(Error::new(Kind::Mode, "the file is open for reading")),
        File::Broken => Err(panicked()),
    }
}

fn index_of(index: i64) -> Result<Index> {
    match index {
        INDEX_DEFAULT => Ok(Index::Default),
        INDEX_ALL => Ok(Index::All),
        i => usize::try_from(i).map(Index::At).map_err(|_| Error::index(format!("no image {i}"))),
    }
}

fn status_of(outcome: Outcome) -> iio_status {
    match outcome {
        Outcome::Complete => 0,
        Outcome::Partial => PARTIAL,
    }
}

/// # Safety
/// `to` is writable.
unsafe fn give_props(props: &Props, to: *mut iio_props) -> Result<iio_status> {
    let mut out = iio_props {
        struct_size: size_of::<iio_props>() as u32,
        dtype: 0,
        ndim: 0,
        is_batch: 0,
        n_images: -1,
        nbytes: 0,
        shape: [0; MAX_NDIM],
        spacing: [0.0; MAX_NDIM],
        axes: [0; 16],
        color: 0,
        bits: 0,
        flags: 0,
        orientation: 0,
    };
    props.fill(&mut out)?;
    // SAFETY: passed on from the caller; the struct is as large as the library of this ABI has it.
    let room = unsafe { (*to).struct_size } as usize;
    let size = room.min(size_of::<iio_props>());
    // SAFETY: that many bytes are there on both sides; the size itself is left alone.
    unsafe {
        std::ptr::copy_nonoverlapping((&raw const out).cast::<u8>().add(4), to.cast::<u8>().add(4), size.max(4) - 4);
    }
    Ok(0)
}

// The library hands to each function what `plugin.h` says: a file or cursor that `open` or `iter` gave and that no other
// call uses, strings that end with a NUL, dictionaries and arrays of its own that live through the call.

unsafe extern "C" fn probe<P: Plugin>(
    user: *mut c_void,
    head: *const c_void,
    size: usize,
    extension: *const c_char,
) -> i32 {
    let _inside = Inside::new();
    let sure = catch_unwind(AssertUnwindSafe(|| {
        let head: &[u8] = match size {
            0 => &[],
            // SAFETY: the library gives `size` readable bytes.
            _ => unsafe { std::slice::from_raw_parts(head.cast(), size) },
        };
        // SAFETY: `user` is the plugin that `entry` made; the extension is NULL or a string.
        let (plugin, extension) = unsafe { (&*user.cast::<P>(), str_of(extension)) };
        plugin.probe(head, extension)
    }));
    sure.map_or(0, i32::from)
}

unsafe extern "C" fn open<P: Plugin>(
    user: *mut c_void,
    _host: *const iio_host,
    io: *const iio_callbacks,
    path: *const c_char,
    mode: *const c_char,
    options: *const iio_dict,
    file: *mut *mut c_void,
) -> iio_status {
    guard(|| {
        // SAFETY: `user` is the plugin that `entry` made; the rest is as the library promises.
        let (plugin, options) = unsafe { (&*user.cast::<P>(), DictRef::from_raw(options)) };
        // SAFETY: the mode is a string.
        let writing = unsafe { CStr::from_ptr(mode) }.to_bytes().first() == Some(&b'w');
        let opened = match writing {
            true => {
                // SAFETY: `io` lives until the file's close.
                let output = unsafe { Output::new(io) };
                File::Writing(plugin.create(output, options.str("extension"), options)?)
            }
            // SAFETY: as there, and `path` is NULL or a string.
            false => File::Reading(plugin.open(unsafe { Input::new(io, path) }, options)?),
        };
        // SAFETY: the library gives a place for the handle.
        unsafe { *file = Box::into_raw(Box::new(opened)).cast() };
        Ok(0)
    })
}

unsafe extern "C" fn count(file: *mut c_void, options: *const iio_dict, how: u32, out: *mut i64) -> iio_status {
    let how = if how == 0 { Count::Exact } else { Count::Cheap };
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            let count = reader(file)?.count(how, DictRef::from_raw(options))?;
            *out = count.map_or(-1, |n| n as i64);
            Ok(0)
        })
    }
}

unsafe extern "C" fn props(file: *mut c_void, index: i64, options: *const iio_dict, out: *mut iio_props) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| give_props(&reader(file)?.props(index_of(index)?, DictRef::from_raw(options))?, out))
    }
}

unsafe extern "C" fn read(
    file: *mut c_void,
    index: i64,
    options: *const iio_dict,
    dst: *const iio_array,
) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            let to = Destination::from_raw(dst)?;
            reader(file)?.read(index_of(index)?, DictRef::from_raw(options), to).map(status_of)
        })
    }
}

unsafe extern "C" fn meta(file: *mut c_void, index: i64, options: *const iio_dict, into: *mut iio_dict) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            let mut into = DictMut::from_raw(into);
            reader(file)?.meta(index_of(index)?, DictRef::from_raw(options), &mut into)?;
            Ok(0)
        })
    }
}

unsafe extern "C" fn iter(file: *mut c_void, options: *const iio_dict, cursor: *mut *mut c_void) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            let made = reader(file)?.cursor(DictRef::from_raw(options))?;
            *cursor = Box::into_raw(Box::new(Held(Some(made)))).cast();
            Ok(0)
        })
    }
}

/// As [`on_file`], for a cursor.
///
/// # Safety
/// `cursor` is what `iter` gave, and the call at hand its only user.
unsafe fn on_cursor(cursor: *mut c_void, work: impl FnOnce(&mut dyn Cursor) -> Result<iio_status>) -> iio_status {
    // SAFETY: passed on from the caller.
    let held = unsafe { &mut *cursor.cast::<Held>() };
    guard(|| {
        let own = held.0.as_mut().ok_or_else(panicked)?;
        match catch_unwind(AssertUnwindSafe(|| work(&mut **own))) {
            Ok(done) => done,
            Err(_) => {
                std::mem::forget(held.0.take());
                Err(panicked())
            }
        }
    })
}

unsafe extern "C" fn next_props(cursor: *mut c_void, out: *mut iio_props) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_cursor(cursor, |cursor| match cursor.next_props()? {
            Some(props) => give_props(&props, out),
            None => Ok(END),
        })
    }
}

unsafe extern "C" fn next(cursor: *mut c_void, dst: *const iio_array) -> iio_status {
    // SAFETY: as the library promises.
    unsafe { on_cursor(cursor, |cursor| cursor.next(Destination::from_raw(dst)?).map(status_of)) }
}

unsafe extern "C" fn next_meta(cursor: *mut c_void, into: *mut iio_dict) -> iio_status {
    // SAFETY: as the library promises.
    unsafe { on_cursor(cursor, |cursor| cursor.meta(&mut DictMut::from_raw(into)).map(|()| 0)) }
}

unsafe extern "C" fn seek(cursor: *mut c_void, index: i64) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_cursor(cursor, |cursor| match index_of(index)? {
            Index::At(i) => cursor.seek(i).map(|()| 0),
            _ => Err(Error::index("a cursor is moved to one image")),
        })
    }
}

unsafe extern "C" fn iter_free(cursor: *mut c_void) {
    let _inside = Inside::new();
    // SAFETY: `iter` made it with Box::into_raw, and the library ends it once.
    let held = unsafe { Box::from_raw(cursor.cast::<Held>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(held)));
}

unsafe extern "C" fn write(file: *mut c_void, image: *const iio_array, options: *const iio_dict) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            writer(file)?.write(Source::from_raw(image)?, DictRef::from_raw(options))?;
            Ok(0)
        })
    }
}

unsafe extern "C" fn call(
    file: *mut c_void,
    function: *const c_char,
    arguments: *const iio_dict,
    result: *mut iio_dict,
) -> iio_status {
    // SAFETY: as the library promises.
    unsafe {
        on_file(file, |file| {
            let function = str_of(function).ok_or_else(|| Error::invalid("a function without a name"))?;
            let (arguments, mut result) = (DictRef::from_raw(arguments), DictMut::from_raw(result));
            match file {
                File::Reading(reader) => reader.call(function, arguments, &mut result)?,
                File::Writing(writer) => writer.call(function, arguments, &mut result)?,
                File::Broken => return Err(panicked()),
            }
            Ok(0)
        })
    }
}

unsafe extern "C" fn finish(file: *mut c_void) -> iio_status {
    // SAFETY: as the library promises.
    unsafe { on_file(file, |file| writer(file)?.finish().map(|()| 0)) }
}

unsafe extern "C" fn close(file: *mut c_void) {
    let _inside = Inside::new();
    // SAFETY: `open` made it with Box::into_raw, and the library closes it once.
    let file = unsafe { Box::from_raw(file.cast::<File>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(file)));
}

/// What `iio_plugin_entry` of a module answers: the plugin, made once, or NULL where it refuses.
///
/// # Safety
/// `host` is NULL or what the library gives to `iio_plugin_entry`.
pub unsafe fn entry<P: Plugin>(host: *const iio_host, made: &'static OnceLock<iio_plugin>) -> *const iio_plugin {
    // SAFETY: passed on from the caller.
    if !unsafe { meet(host) } {
        return std::ptr::null();
    }
    if let Some(plugin) = made.get() {
        return plugin;
    }
    let loaded = catch_unwind(AssertUnwindSafe(P::load)).unwrap_or_else(|_| Err(panicked()));
    let plugin = match loaded {
        Ok(plugin) => plugin,
        Err(error) => {
            fail(&error);
            return std::ptr::null();
        }
    };
    made.get_or_init(|| table::<P>(plugin))
}

/// The plugin and its declaration live as long as the process, as the module does.
fn table<P: Plugin>(plugin: P) -> iio_plugin {
    let declaration = text(&plugin.declaration()).into_raw();
    iio_plugin {
        struct_size: size_of::<iio_plugin>() as u32,
        flags: 0,
        user: Box::into_raw(Box::new(plugin)).cast(),
        declaration,
        probe: Some(probe::<P>),
        open: Some(open::<P>),
        count: Some(count),
        props: Some(props),
        read: Some(read),
        meta: Some(meta),
        iter: P::CURSORS.then_some(iter),
        next_props: P::CURSORS.then_some(next_props),
        next: P::CURSORS.then_some(next),
        next_meta: P::CURSORS.then_some(next_meta),
        seek: P::CURSORS.then_some(seek),
        iter_free: P::CURSORS.then_some(iter_free),
        write: Some(write),
        call: P::FUNCTIONS.then_some(call),
        finish: Some(finish),
        close: Some(close),
        destroy: None,
    }
}
