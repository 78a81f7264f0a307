//! OpenJPEG's streams over memory, and its words when it fails.

use openjpeg_sys as opj;
use std::ffi::{CStr, c_char, c_void};
use std::sync::{Mutex, PoisonError};

/// Bytes to read from, with a position.
pub struct Reading<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

/// Bytes that are written, with a position.
#[derive(Default)]
pub struct Writing {
    pub bytes: Vec<u8>,
    pub at: usize,
    /// There was no memory for more.
    pub is_full: bool,
}

/// A stream of OpenJPEG's that ends with this value.
pub struct Stream(pub *mut opj::opj_stream_t);

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the stream came from `opj_stream_create` and is destroyed once.
        unsafe { opj::opj_stream_destroy(self.0) }
    }
}

/// The most bytes that OpenJPEG fetches or keeps at once.
const BUFFER: usize = 1 << 16;

impl Stream {
    /// A stream over bytes that must outlive it: `from` is not moved or touched while it lives.
    pub fn reading(from: &mut Reading) -> Option<Stream> {
        let len = from.bytes.len() as u64;
        // SAFETY: the functions have the types that OpenJPEG calls, and their data is `from`, which the caller keeps in
        // its place while the stream lives; there is nothing for OpenJPEG to free.
        unsafe {
            let stream = opj::opj_stream_create(BUFFER, 1);
            if stream.is_null() {
                return None;
            }
            opj::opj_stream_set_user_data(stream, std::ptr::from_mut(from).cast(), None);
            opj::opj_stream_set_user_data_length(stream, len);
            opj::opj_stream_set_read_function(stream, Some(read));
            opj::opj_stream_set_skip_function(stream, Some(skip));
            opj::opj_stream_set_seek_function(stream, Some(seek));
            Some(Stream(stream))
        }
    }

    /// A stream that gathers bytes; `to` is not moved or touched while it lives.
    pub fn writing(to: &mut Writing) -> Option<Stream> {
        // SAFETY: as in `reading`.
        unsafe {
            let stream = opj::opj_stream_create(BUFFER, 0);
            if stream.is_null() {
                return None;
            }
            opj::opj_stream_set_user_data(stream, std::ptr::from_mut(to).cast(), None);
            opj::opj_stream_set_write_function(stream, Some(write));
            opj::opj_stream_set_skip_function(stream, Some(skip_ahead));
            opj::opj_stream_set_seek_function(stream, Some(seek_to));
            Some(Stream(stream))
        }
    }
}

/// OpenJPEG's sign for the end, and for a failure.
const END: usize = usize::MAX;

unsafe extern "C" fn read(buffer: *mut c_void, size: usize, data: *mut c_void) -> usize {
    // SAFETY: `data` is the `Reading` that the stream was made with, which nothing else uses while OpenJPEG runs.
    let from = unsafe { &mut *data.cast::<Reading>() };
    let rest = from.bytes.get(from.at..).unwrap_or_default();
    let n = rest.len().min(size);
    if n == 0 {
        return END;
    }
    // SAFETY: OpenJPEG gives room for `size` bytes, of which `n` are no more, and `rest` has that many.
    unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), n) };
    from.at += n;
    n
}

unsafe extern "C" fn skip(n: i64, data: *mut c_void) -> i64 {
    // SAFETY: as in `read`.
    let from = unsafe { &mut *data.cast::<Reading>() };
    match usize::try_from(n).ok().and_then(|n| from.at.checked_add(n)).filter(|&at| at <= from.bytes.len()) {
        Some(at) => {
            from.at = at;
            n
        }
        None => -1,
    }
}

unsafe extern "C" fn seek(to: i64, data: *mut c_void) -> i32 {
    // SAFETY: as in `read`.
    let from = unsafe { &mut *data.cast::<Reading>() };
    match usize::try_from(to).ok().filter(|&at| at <= from.bytes.len()) {
        Some(at) => {
            from.at = at;
            1
        }
        None => 0,
    }
}

unsafe extern "C" fn write(buffer: *mut c_void, size: usize, data: *mut c_void) -> usize {
    // SAFETY: `data` is the `Writing` that the stream was made with, which nothing else uses while OpenJPEG runs.
    let to = unsafe { &mut *data.cast::<Writing>() };
    // SAFETY: OpenJPEG gives `size` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), size) };
    let end = to.at.saturating_add(size);
    if end > to.bytes.len() && to.bytes.try_reserve(end - to.bytes.len()).is_err() {
        to.is_full = true;
        return END;
    }
    let end = end.max(to.bytes.len());
    to.bytes.resize(end, 0);
    if let Some(place) = to.bytes.get_mut(to.at..to.at + size) {
        place.copy_from_slice(bytes);
    }
    to.at += size;
    size
}

unsafe extern "C" fn skip_ahead(n: i64, data: *mut c_void) -> i64 {
    // SAFETY: as in `write`.
    let to = unsafe { &mut *data.cast::<Writing>() };
    match usize::try_from(n).ok().and_then(|n| to.at.checked_add(n)) {
        Some(at) => {
            to.at = at;
            n
        }
        None => -1,
    }
}

unsafe extern "C" fn seek_to(at: i64, data: *mut c_void) -> i32 {
    // SAFETY: as in `write`.
    let to = unsafe { &mut *data.cast::<Writing>() };
    match usize::try_from(at) {
        Ok(at) => {
            to.at = at;
            1
        }
        Err(_) => 0,
    }
}

/// The first words of OpenJPEG about a failure, which are nearest to its cause. Its worker threads may say them.
pub type Words = Mutex<String>;

/// What OpenJPEG calls with its words.
pub unsafe extern "C" fn complain(message: *const c_char, data: *mut c_void) {
    // SAFETY: `data` is the `Words` that the handler was set with, which live as long as the codec.
    let words = unsafe { &*data.cast::<Words>() };
    let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
    if words.is_empty() && !message.is_null() {
        // SAFETY: OpenJPEG's messages are texts that a NUL ends.
        let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
        words.push_str(message.trim_end());
    }
}

/// Takes the words.
pub fn said(words: &Words, otherwise: &str) -> String {
    let words = std::mem::take(&mut *words.lock().unwrap_or_else(PoisonError::into_inner));
    if words.is_empty() { otherwise.into() } else { words }
}

/// A codec of OpenJPEG's that ends with this value.
pub struct Codec(pub *mut opj::opj_codec_t);

impl Drop for Codec {
    fn drop(&mut self) {
        // SAFETY: the codec came from `opj_create_…` and is destroyed once.
        unsafe { opj::opj_destroy_codec(self.0) }
    }
}

/// An image of OpenJPEG's that ends with this value.
pub struct Image(pub *mut opj::opj_image_t);

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: the image came from OpenJPEG and is destroyed once; it takes a null.
        unsafe { opj::opj_image_destroy(self.0) }
    }
}
