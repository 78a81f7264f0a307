//! Calls on an open file.

use super::boundary::{Out, boundary, given, index, options, own, silent, text};
use super::handle::{give, hold, iio_file, iio_iter, take_back};
use super::place::{Buffer, array, array_mut, outcome};
use crate::error::Error;
use crate::plugin::foreign::abi::{check_props, write_props};
use crate::plugin::foreign::{iio_array, iio_dict, iio_props, iio_status};
use crate::plugin::{CallKind, Count};
use crate::v3::Cursor;
use std::ffi::{c_char, c_void};

/// Counts the images of a file.
///
/// @param file    Open for reading. Not NULL.
/// @param options NULL: none.
/// @param how     `IIO_IMAGES_EXACT`: may scan the file, decodes no pixels. `IIO_IMAGES_CHEAP`: headers only.
/// @param count   Receives the number; -1 if a cheap count finds none in the headers. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`; `IIO_ERROR_MODE`; `IIO_ERROR_BUSY`; an error of the file.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_count(
    file: *mut iio_file,
    options: *const iio_dict,
    how: u32,
    count: *mut i64,
) -> iio_status {
    boundary(|| {
        let count = Out::new(count, "count")?;
        // SAFETY: the caller's promises, passed on.
        let (file, options) = unsafe { (hold(file, "file")?, self::options(options)) };
        let how = match how {
            super::IIO_IMAGES_EXACT => Count::Exact,
            super::IIO_IMAGES_CHEAP => Count::Cheap,
            _ => return Err(Error::invalid(format!("how is {how}, neither IIO_IMAGES_EXACT nor IIO_IMAGES_CHEAP"))),
        };
        let found = file.with_file(|file| file.count(how, options))?;
        count.set(found.map_or(-1, |n| n as i64));
        Ok(super::IIO_OK)
    })
}

/// Tells what `iio_file_read` with the same index and options gives, without decoding a pixel.
///
/// @param file    Open for reading. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options Those of the read; NULL: none.
/// @param props   Receives the properties. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INDEX`; `IIO_ERROR_SHAPE` for images that cannot be stacked; `IIO_ERROR_MODE`;
///         `IIO_ERROR_BUSY`; an error of the file.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_props(
    file: *mut iio_file,
    index: i64,
    options: *const iio_dict,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        given(props, "props")?;
        // SAFETY: the caller's promises, passed on.
        unsafe { check_props(props) }?;
        // SAFETY: the caller's promises, passed on.
        let (file, options, which) = unsafe { (hold(file, "file")?, self::options(options), self::index(index)?) };
        let plan = file.with_file(|file| {
            let call = file.call(CallKind::Props, options)?;
            file.plan(which, &call)
        })?;
        // SAFETY: the caller's promises, passed on.
        unsafe { write_props(props, plan.props()) }?;
        Ok(super::IIO_OK)
    })
}

/// Reads an image into the caller's buffer, C-contiguous. Reads do not move iterators.
///
/// @param file     Open for reading. Not NULL.
/// @param index    Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options  NULL: none.
/// @param buffer   `capacity` writable bytes of any alignment; NULL only asks: `props` is filled.
/// @param capacity Bytes of the buffer.
/// @param props    Receives shape and dtype; may be NULL if there is a buffer.
/// @return `IIO_OK`; `IIO_PARTIAL` with `allow_partial`; `IIO_ERROR_BUFFER_TOO_SMALL` (nothing was written);
///         `IIO_ERROR_INDEX`, `IIO_ERROR_SHAPE`, `IIO_ERROR_LIMIT`, `IIO_ERROR_CANCELLED`, `IIO_ERROR_MODE`,
///         `IIO_ERROR_BUSY`; an error of the file, after which the buffer holds garbage.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described; nobody else uses the buffer during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_read(
    file: *mut iio_file,
    index: i64,
    options: *const iio_dict,
    buffer: *mut c_void,
    capacity: usize,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        let buffer = Buffer { data: buffer, capacity, props };
        // SAFETY: the caller's promises, passed on.
        unsafe { buffer.check() }?;
        // SAFETY: the caller's promises, passed on.
        let (file, options, which) = unsafe { (hold(file, "file")?, self::options(options), self::index(index)?) };
        let done = file.with_file(|file| {
            let call = file.call(CallKind::Read, options)?;
            let plan = file.plan(which, &call)?;
            let bytes = file.check_limits(&plan)?;
            // SAFETY: the caller promises the buffer for the duration of the call.
            let view = unsafe { buffer.place(plan.props(), bytes) }?;
            file.read_planned(&plan, &call, view, plan.props().dtype)
        })?;
        Ok(outcome(done))
    })
}

/// Reads an image into any strided view: a column-major array, a row-padded texture, a slice of a batch.
///
/// @param file    Open for reading. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options NULL: none.
/// @param dst     The view, of the image's shape; of its dtype, or of one that holds every value of it. Not NULL.
/// @return `IIO_OK`; `IIO_PARTIAL`; `IIO_ERROR_SHAPE` for another shape or a dtype that loses values;
///         `IIO_ERROR_INVALID_ARGUMENT` for strides that let items share memory; otherwise as `iio_file_read`.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described; nobody else uses the view's items during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_read_into(
    file: *mut iio_file,
    index: i64,
    options: *const iio_dict,
    dst: *const iio_array,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (file, options, which) = unsafe { (hold(file, "file")?, self::options(options), self::index(index)?) };
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array_mut(dst) }?;
        let done = file.with_file(|file| {
            let call = file.call(CallKind::Read, options)?;
            let plan = file.plan(which, &call)?;
            file.check_limits(&plan)?;
            file.read_planned(&plan, &call, view, dtype)
        })?;
        Ok(outcome(done))
    })
}

/// Gives the metadata of an image, or of the file for `IIO_INDEX_ALL`.
///
/// @param file    Open for reading. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options `exclude_applied` (default true); NULL: none.
/// @param out     Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INDEX`; `IIO_ERROR_MODE`; `IIO_ERROR_BUSY`; an error of the file.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_meta(
    file: *mut iio_file,
    index: i64,
    options: *const iio_dict,
    out: *mut *mut iio_dict,
) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let (file, options, which) = unsafe { (hold(file, "file")?, self::options(options), self::index(index)?) };
        out.set(own(file.with_file(|file| file.meta(which, options))?));
        Ok(super::IIO_OK)
    })
}

/// Makes an iterator over the images of a file. It keeps the file alive, and moves no other iterator.
///
/// @param file    Open for reading. Not NULL.
/// @param options `start`, `stop`, `every`, `start_s`, `dtype`, `scale`, `allow_partial` and the plugin's; NULL: none.
/// @param out     Receives the iterator, which `iio_iter_free` ends; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_MODE`; `IIO_ERROR_BUSY`; an error of the options or of the file.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_iter(
    file: *mut iio_file,
    options: *const iio_dict,
    out: *mut *mut iio_iter,
) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let (file, options) = unsafe { (hold(file, "file")?, self::options(options)) };
        let cursor = file.with_file(|file| Cursor::new(file, options))?;
        out.set(give(iio_iter::new(cursor, file)));
        Ok(super::IIO_OK)
    })
}

/// Writes an image or a batch of images. Nothing stands under the final name before `iio_file_close`.
///
/// @param file    Open for writing. Not NULL.
/// @param image   Any strided view. Not NULL.
/// @param options `metadata`, `is_batch`, `axes`, `color`, `time_s`, `duration_s` and the plugin's; NULL: none.
/// @return `IIO_OK`; refusals that leave the file as it was: `IIO_ERROR_INVALID_ARGUMENT`, `IIO_ERROR_MODE`,
///         `IIO_ERROR_UNKNOWN_OPTION`, `IIO_ERROR_INVALID_OPTION`, `IIO_ERROR_SHAPE`, `IIO_ERROR_UNSUPPORTED`,
///         `IIO_ERROR_LIMIT`, `IIO_ERROR_BUSY`; any other failure spoils it: later writes and the close give the
///         first error again.
///
/// One call at a time on a file.
///
/// # Safety
/// The pointers are as described; the image does not change during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_write(
    file: *mut iio_file,
    image: *const iio_array,
    options: *const iio_dict,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (file, options) = unsafe { (hold(file, "file")?, self::options(options)) };
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array(image, "image") }?;
        file.with_file(|file| file.write(view, dtype, options))?;
        Ok(super::IIO_OK)
    })
}

/// Calls one of the extra functions that the file's plugin declares (`iio_plugins` lists them).
///
/// @param file      Open. Not NULL.
/// @param function  Its name. Not NULL.
/// @param arguments NULL: none.
/// @param result    Receives a dictionary that the caller frees, NULL after a failure; may be NULL.
/// @return `IIO_OK`; `IIO_ERROR_UNSUPPORTED` for a function that the plugin lacks; an error of the arguments or
///         of the function.
///
/// One call at a time on a file and its iterators.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_call(
    file: *mut iio_file,
    function: *const c_char,
    arguments: *const iio_dict,
    result: *mut *mut iio_dict,
) -> iio_status {
    boundary(|| {
        let result = (!result.is_null()).then(|| Out::empty(result, "result")).transpose()?;
        // SAFETY: the caller's promises, passed on.
        let (file, arguments) = unsafe { (hold(file, "file")?, self::options(arguments)) };
        // SAFETY: the caller's promises, passed on.
        let name = unsafe { text(function, "function") }?;
        let answer = file.with_file(|file| file.function(name, arguments))?;
        if let Some(result) = result {
            result.set(own(answer));
        }
        Ok(super::IIO_OK)
    })
}

/// Finishes the encoding of a file opened as `<bytes>` and lends the result; later writes are refused.
///
/// @param file Opened by `iio_imopen("<bytes>", "w", …)`. Not NULL.
/// @param data Receives the bytes, borrowed until the file ends; NULL after a failure. Not NULL.
/// @param size Receives their number; 0 after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_MODE` for any other file; an error of the encoding.
///
/// One call at a time on a file.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_bytes(file: *mut iio_file, data: *mut *const c_void, size: *mut usize) -> iio_status {
    boundary(|| {
        let size = Out::zero(size, "size");
        let data = Out::none(data, "data")?;
        let size = size?;
        // SAFETY: the caller's promises, passed on.
        let file = unsafe { hold(file, "file") }?;
        file.with_file(|file| {
            let bytes = file.bytes()?;
            data.set(bytes.as_ptr().cast());
            size.set(bytes.len());
            Ok(super::IIO_OK)
        })
    })
}

/// The name of the plugin that serves a file, "image". Borrowed until the file ends; NULL if `file` is.
///
/// Any thread.
///
/// # Safety
/// `file` is NULL or open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_plugin(file: *const iio_file) -> *const c_char {
    silent(
        |_| std::ptr::null(),
        || {
            // SAFETY: the caller's promises, passed on.
            let file = unsafe { hold(file, "file") }?;
            Ok(file.plugin.as_ptr())
        },
    )
}

/// Finishes and publishes what was written, and frees the handle, even when it reports a failure: nothing is then
/// published. A file to which no image was written publishes nothing. An iterator keeps a file that was read alive.
///
/// @param file Open; NULL is fine.
/// @return `IIO_OK`; the first failure of the file's writes; an error of finishing or publishing; `IIO_ERROR_BUSY`
///         inside another call of the file, which then ends it as `iio_file_discard` does.
///
/// One call at a time on a file.
///
/// # Safety
/// `file` is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_close(file: *mut iio_file) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let Some(file) = (unsafe { take_back(file) }) else { return Ok(super::IIO_OK) };
        file.with(|inner| {
            match inner.file.take() {
                Some(open) if open.is_writing() => open.close()?,
                // An iterator may go on with it; if there is none it ends with the handle.
                reading => inner.file = reading,
            }
            Ok(super::IIO_OK)
        })
    })
}

/// Ends a file of any mode and publishes nothing. Cannot fail and never waits; inside a call of the file it takes
/// effect when that call returns.
///
/// @param file Open; NULL is fine.
///
/// Any thread, at any time, inside callbacks too.
///
/// # Safety
/// `file` is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_file_discard(file: *mut iio_file) {
    silent(drop, || {
        // SAFETY: the caller's promises, passed on.
        drop(unsafe { take_back(file) });
        Ok(())
    });
}
