//! Calls on an iterator. A file and its iterators count as one handle: one call at a time.

use super::boundary::{Out, boundary, given, own, silent};
use super::handle::{hold, iio_file, iio_iter, take_back};
use super::place::{Buffer, array_mut, outcome};
use crate::error::Error;
use crate::model::Props;
use crate::plugin::foreign::abi::{check_props, write_props};
use crate::plugin::foreign::{iio_array, iio_dict, iio_props, iio_status};
use std::ffi::c_void;

/// Tells what `iio_iter_next` gives. Moves nothing, but that an image is passed whose properties cannot be had.
///
/// @param iter  Not NULL.
/// @param props Receives the properties of the next image. Not NULL.
/// @return `IIO_OK`; `IIO_END` after the last image; `IIO_ERROR_BUSY`; an error of the file.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_props(iter: *mut iio_iter, props: *mut iio_props) -> iio_status {
    boundary(|| {
        given(props, "props")?;
        // SAFETY: the caller's promises, passed on.
        unsafe { check_props(props) }?;
        // SAFETY: the caller's promises, passed on.
        let iter = unsafe { hold(iter, "iter") }?;
        let Some(next) = iter.with(|file, cursor| cursor.props(file))? else { return Ok(super::IIO_END) };
        // SAFETY: the caller's promises, passed on.
        unsafe { write_props(props, &next) }?;
        Ok(super::IIO_OK)
    })
}

/// Reads the next image into the caller's buffer, C-contiguous, and passes it.
///
/// @param iter     Not NULL.
/// @param buffer   `capacity` writable bytes of any alignment; NULL only asks: `props` is filled.
/// @param capacity Bytes of the buffer.
/// @param props    Receives shape and dtype; may be NULL if there is a buffer.
/// @return `IIO_OK`; `IIO_PARTIAL`; `IIO_END` after the last image. `IIO_ERROR_BUFFER_TOO_SMALL`, `IIO_ERROR_SHAPE`,
///         `IIO_ERROR_INVALID_ARGUMENT`, `IIO_ERROR_BUSY` and `IIO_ERROR_CANCELLED` consume nothing; after any other
///         error the image is passed, or the iterator has ended.
///
/// # Safety
/// The pointers are as described; nobody else uses the buffer during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_next(
    iter: *mut iio_iter,
    buffer: *mut c_void,
    capacity: usize,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        let buffer = Buffer { data: buffer, capacity, props };
        // SAFETY: the caller's promises, passed on.
        unsafe { buffer.check() }?;
        // SAFETY: the caller's promises, passed on.
        let iter = unsafe { hold(iter, "iter") }?;
        iter.with(|file, cursor| {
            let place = |next: &Props| {
                // SAFETY: the caller promises the buffer for the duration of the call.
                Ok((unsafe { buffer.place(next, next.nbytes()?) }?, next.dtype))
            };
            Ok(cursor.next_into(file, place)?.map_or(super::IIO_END, outcome))
        })
    })
}

/// Reads the next image into any strided view, and passes it.
///
/// @param iter Not NULL.
/// @param dst  The view, as for `iio_file_read_into`. Not NULL.
/// @return As `iio_iter_next`.
///
/// # Safety
/// The pointers are as described; nobody else uses the view's items during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_next_into(iter: *mut iio_iter, dst: *const iio_array) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let iter = unsafe { hold(iter, "iter") }?;
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array_mut(dst) }?;
        iter.with(|file, cursor| Ok(cursor.next(file, view, dtype)?.map_or(super::IIO_END, outcome)))
    })
}

/// Gives the metadata of the image that was returned last, without decoding it again. Images of a sequence have
/// `time_s` and `duration_s`.
///
/// @param iter Not NULL.
/// @param out  Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT` before the first image; `IIO_ERROR_BUSY`; an error of the file.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_meta(iter: *mut iio_iter, out: *mut *mut iio_dict) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let iter = unsafe { hold(iter, "iter") }?;
        out.set(own(iter.with(|file, cursor| cursor.meta(file))?));
        Ok(super::IIO_OK)
    })
}

/// Makes an image the next one.
///
/// @param iter  Not NULL.
/// @param index Image from 0.
/// @return `IIO_OK`; `IIO_ERROR_INDEX`; `IIO_ERROR_UNSUPPORTED` for a source that cannot seek; `IIO_ERROR_BUSY`.
///
/// # Safety
/// `iter` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_seek(iter: *mut iio_iter, index: i64) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let iter = unsafe { hold(iter, "iter") }?;
        let index =
            usize::try_from(index).map_err(|_| Error::index(format!("no image {index}: images are counted from 0")))?;
        iter.with(|file, cursor| cursor.seek(file, index))?;
        Ok(super::IIO_OK)
    })
}

/// The file of an iterator, borrowed until the iterator ends: it is not to be closed or discarded. NULL if `iter` is.
///
/// Any thread.
///
/// # Safety
/// `iter` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_file(iter: *mut iio_iter) -> *mut iio_file {
    silent(
        |_| std::ptr::null_mut(),
        || {
            // SAFETY: the caller's promises, passed on.
            let iter = unsafe { hold(iter, "iter") }?;
            Ok(std::sync::Arc::as_ptr(&iter.file).cast_mut())
        },
    )
}

/// Ends an iterator, and its file if nothing else holds that. Cannot fail and never waits; inside a call of the
/// handle it takes effect when that call returns.
///
/// @param iter NULL is fine.
///
/// Any thread, at any time, inside callbacks too.
///
/// # Safety
/// `iter` is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_iter_free(iter: *mut iio_iter) {
    silent(drop, || {
        // SAFETY: the caller's promises, passed on.
        drop(unsafe { take_back(iter) });
        Ok(())
    });
}
