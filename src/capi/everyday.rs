//! One call each: open, do, close.

use super::boundary::{Out, boundary, index, options, own, text, uri};
use super::handle::{give, iio_file, iio_iter};
use super::place::{Allocated, Buffer, array, ask_view, iio_alloc_fn, iio_view_fn, outcome};
use crate::plugin::foreign::abi::{check_props, write_props};
use crate::plugin::foreign::{iio_array, iio_dict, iio_props, iio_status};
use crate::v3;
use std::ffi::{c_char, c_void};

/// Reads an image into the caller's buffer, C-contiguous.
///
/// @param uri      Path, `file://…` or `-`. Not NULL.
/// @param index    Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options  Options of the opening and of the read; NULL: none.
/// @param buffer   `capacity` writable bytes of any alignment; NULL only asks: `props` is filled.
/// @param capacity Bytes of the buffer.
/// @param props    Receives shape and dtype; may be NULL if there is a buffer.
/// @return `IIO_OK`; `IIO_PARTIAL` with `allow_partial`; `IIO_ERROR_BUFFER_TOO_SMALL` (`props->nbytes` tells the
///         size, and nothing was written); any error of opening and decoding.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described; nobody else uses the buffer during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imread(
    uri: *const c_char,
    index: i64,
    options: *const iio_dict,
    buffer: *mut c_void,
    capacity: usize,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        let buffer = Buffer { data: buffer, capacity, props };
        // SAFETY: the caller's promises, passed on.
        let (name, options, which) = unsafe { (self::uri(uri)?, self::options(options), self::index(index)) };
        // SAFETY: the caller's promises, passed on.
        unsafe { buffer.check() }?;
        let done = v3::imread_into(name, which?, options, |file, plan, read| {
            let bytes = file.check_limits(plan)?;
            // SAFETY: the caller promises the buffer for the duration of the call.
            let view = unsafe { buffer.place(plan.props(), bytes) }?;
            read(file, view, plan.props().dtype)
        })?;
        Ok(outcome(done))
    })
}

/// Reads an image into memory that an allocator gives.
///
/// @param uri     Path, `file://…` or `-`. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options Options of the opening and of the read; NULL: none.
/// @param alloc   Gives the memory; NULL: the library does, and `iio_free_data` frees it.
/// @param user    Handed to `alloc`.
/// @param data    Receives the memory, C-contiguous; NULL after a failure. Not NULL.
/// @param props   Receives shape and dtype; may be NULL.
/// @return `IIO_OK`; `IIO_PARTIAL`; `IIO_ERROR_OUT_OF_MEMORY`; any error of opening and decoding.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imread_alloc(
    uri: *const c_char,
    index: i64,
    options: *const iio_dict,
    alloc: iio_alloc_fn,
    user: *mut c_void,
    data: *mut *mut c_void,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        let data = Out::empty(data, "data")?;
        // SAFETY: the caller's promises, passed on.
        let (name, options, which) = unsafe { (self::uri(uri)?, self::options(options), self::index(index)?) };
        // SAFETY: the caller's promises, passed on.
        unsafe { check_props(props) }?;
        let done = v3::imread_into(name, which, options, |file, plan, read| {
            let bytes = file.check_limits(plan)?;
            // SAFETY: the caller's promises, passed on.
            let memory = unsafe { Allocated::new(alloc, user, Some(plan.props()), bytes) }?;
            // SAFETY: the memory was allocated for these properties.
            let view = unsafe { memory.view(plan.props()) }?;
            let done = read(file, view, plan.props().dtype)?;
            // SAFETY: the caller's promises, passed on.
            unsafe { write_props(props, plan.props()) }?;
            data.set(memory.give());
            Ok(done)
        })?;
        Ok(outcome(done))
    })
}

/// Reads an image into a strided view that a callback gives once shape and dtype are known.
///
/// @param uri     Path, `file://…` or `-`. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options Options of the opening and of the read; NULL: none.
/// @param view    Gives the view. Not NULL. Its dtype may be wider than the image's, as for `iio_file_read_into`.
/// @param user    Handed to `view`.
/// @param props   Receives shape and dtype of the image; may be NULL.
/// @return `IIO_OK`; `IIO_PARTIAL`; `IIO_ERROR_CANCELLED` if the callback gives up (`callback_result` in the
///         details); `IIO_ERROR_SHAPE`; any error of opening and decoding.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described; nobody else uses the view's items during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imread_view(
    uri: *const c_char,
    index: i64,
    options: *const iio_dict,
    view: iio_view_fn,
    user: *mut c_void,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (name, options, which) = unsafe { (self::uri(uri)?, self::options(options), self::index(index)?) };
        if view.is_none() {
            return Err(crate::Error::invalid("view is NULL"));
        }
        // SAFETY: the caller's promises, passed on.
        unsafe { check_props(props) }?;
        let done = v3::imread_into(name, which, options, |file, plan, read| {
            // SAFETY: the caller's promises, passed on.
            let (dst, dtype) = unsafe { ask_view(view, user, plan.props()) }?;
            let done = read(file, dst, dtype)?;
            // SAFETY: the caller's promises, passed on.
            unsafe { write_props(props, plan.props()) }?;
            Ok(done)
        })?;
        Ok(outcome(done))
    })
}

/// Writes an image or a batch of images, and puts the file in place when it is complete.
///
/// @param uri     Path, `file://…` or `-`. Not NULL. Its suffix, or the option `extension`, names the format.
/// @param image   Any strided view. Not NULL.
/// @param options Options of the opening and of the write; NULL: none.
/// @return `IIO_OK`; any error of opening, encoding and writing, after which the target is what it was.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described; the image does not change during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imwrite(
    uri: *const c_char,
    image: *const iio_array,
    options: *const iio_dict,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (name, options) = unsafe { (self::uri(uri)?, self::options(options)) };
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array(image, "image") }?;
        v3::imwrite(name, view, dtype, options)?;
        Ok(super::IIO_OK)
    })
}

/// Encodes an image or a batch of images into memory.
///
/// @param extension ".png" …; NULL if an option names the format.
/// @param image     Any strided view. Not NULL.
/// @param options   Options of the opening and of the write; NULL: none.
/// @param alloc     Gives the memory (its `props` is NULL); NULL: the library does, and `iio_free_data` frees it.
/// @param user      Handed to `alloc`.
/// @param data      Receives the bytes; NULL after a failure. Not NULL.
/// @param size      Receives their number; 0 after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_OUT_OF_MEMORY`; any error of encoding.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described; the image does not change during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imwrite_bytes(
    extension: *const c_char,
    image: *const iio_array,
    options: *const iio_dict,
    alloc: iio_alloc_fn,
    user: *mut c_void,
    data: *mut *mut c_void,
    size: *mut usize,
) -> iio_status {
    boundary(|| {
        let size = Out::zero(size, "size");
        let data = Out::empty(data, "data")?;
        let size = size?;
        // SAFETY: the caller's promises, passed on.
        let extension = (!extension.is_null()).then(|| unsafe { text(extension, "extension") }).transpose()?;
        // SAFETY: the caller's promises, passed on.
        let (view, dtype) = unsafe { array(image, "image") }?;
        // SAFETY: the caller's promises, passed on.
        let encoded = v3::imwrite_bytes(extension, view, dtype, unsafe { self::options(options) })?;
        // SAFETY: the caller's promises, passed on.
        let memory = unsafe { Allocated::new(alloc, user, None, encoded.len()) }?;
        memory.copy(&encoded);
        data.set(memory.give());
        size.set(encoded.len());
        Ok(super::IIO_OK)
    })
}

/// Opens a resource and an iterator over its images. The file lives as long as the iterator; `iio_iter_file` lends it.
///
/// @param uri     Path, `file://…` or `-`. Not NULL.
/// @param options Options of the opening and of the iteration; NULL: none.
/// @param out     Receives the iterator, which `iio_iter_free` ends; NULL after a failure. Not NULL.
/// @return `IIO_OK`; any error of opening.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_imiter(
    uri: *const c_char,
    options: *const iio_dict,
    out: *mut *mut iio_iter,
) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let (name, options) = unsafe { (self::uri(uri)?, self::options(options)) };
        let (file, cursor) = v3::imiter_parts(name, options)?;
        out.set(give(iio_iter::new(cursor, iio_file::new(file))));
        Ok(super::IIO_OK)
    })
}

/// Tells what `iio_imread` with the same index and options gives, without decoding a pixel.
///
/// @param uri     Path, `file://…` or `-`. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options Options of the opening and of the read; NULL: none.
/// @param props   Receives the properties. Not NULL.
/// @return `IIO_OK`; any error of opening.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_improps(
    uri: *const c_char,
    index: i64,
    options: *const iio_dict,
    props: *mut iio_props,
) -> iio_status {
    boundary(|| {
        super::boundary::given(props, "props")?;
        // SAFETY: the caller's promises, passed on.
        unsafe { check_props(props) }?;
        // SAFETY: the caller's promises, passed on.
        let (name, options, which) = unsafe { (self::uri(uri)?, self::options(options), self::index(index)?) };
        let found = v3::improps(name, which, options)?;
        // SAFETY: the caller's promises, passed on.
        unsafe { write_props(props, &found) }?;
        Ok(super::IIO_OK)
    })
}

/// Gives the metadata of an image, or of the file for `IIO_INDEX_ALL`.
///
/// @param uri     Path, `file://…` or `-`. Not NULL.
/// @param index   Image from 0, `IIO_INDEX_DEFAULT` or `IIO_INDEX_ALL`.
/// @param options Options of the opening and of the metadata (`exclude_applied`); NULL: none.
/// @param out     Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; any error of opening.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_immeta(
    uri: *const c_char,
    index: i64,
    options: *const iio_dict,
    out: *mut *mut iio_dict,
) -> iio_status {
    boundary(|| {
        let out = Out::empty(out, "out")?;
        // SAFETY: the caller's promises, passed on.
        let (name, options, which) = unsafe { (self::uri(uri)?, self::options(options), self::index(index)?) };
        out.set(own(v3::immeta(name, which, options)?));
        Ok(super::IIO_OK)
    })
}
