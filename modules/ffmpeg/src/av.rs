//! What all parts need of FFmpeg: errors, the log, dictionaries, and owners of its objects.

use ffmpeg_sys_next as ff;
use kit::{Error, Level, Result};
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::NonNull;

/// Functions that take enums, declared with numbers: what a file or a newer FFmpeg says may be none that this build
/// knows, and a Rust enum must not hold it.
pub mod raw {
    use super::{c_char, c_int, ff};
    unsafe extern "C" {
        pub fn av_pix_fmt_desc_get(format: c_int) -> *const ff::AVPixFmtDescriptor;
        pub fn av_get_pix_fmt(name: *const c_char) -> c_int;
        pub fn av_get_pix_fmt_name(format: c_int) -> *const c_char;
        pub fn av_color_range_name(value: c_int) -> *const c_char;
        pub fn av_color_space_name(value: c_int) -> *const c_char;
        pub fn av_color_primaries_name(value: c_int) -> *const c_char;
        pub fn av_color_transfer_name(value: c_int) -> *const c_char;
        pub fn av_image_get_buffer_size(format: c_int, width: c_int, height: c_int, align: c_int) -> c_int;
        pub fn av_image_copy_to_buffer(
            dst: *mut u8,
            size: c_int,
            src: *const *const u8,
            linesize: *const c_int,
            format: c_int,
            width: c_int,
            height: c_int,
            align: c_int,
        ) -> c_int;
        pub fn sws_getContext(
            src_w: c_int,
            src_h: c_int,
            src_format: c_int,
            dst_w: c_int,
            dst_h: c_int,
            dst_format: c_int,
            flags: c_int,
            src_filter: *mut ff::SwsFilter,
            dst_filter: *mut ff::SwsFilter,
            param: *const f64,
        ) -> *mut ff::SwsContext;
        pub fn sws_isSupportedOutput(format: c_int) -> c_int;
        pub fn av_find_best_pix_fmt_of_2(
            one: c_int,
            other: c_int,
            from: c_int,
            alpha: c_int,
            loss: *mut c_int,
        ) -> c_int;
        pub fn avcodec_get_name(id: c_int) -> *const c_char;
        pub fn avcodec_profile_name(id: c_int, profile: c_int) -> *const c_char;
    }
}

/// A field that Rust has as an enum, as the number that it is.
macro_rules! number {
    ($pointer:expr, $field:ident) => {
        // SAFETY: the object is alive, and its enums are as large as an int.
        unsafe { std::ptr::addr_of!((*$pointer).$field).cast::<std::ffi::c_int>().read() }
    };
}
pub(crate) use number;

/// A C string of FFmpeg's.
pub fn text(text: *const c_char) -> Option<&'static str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: names of FFmpeg's are NUL-terminated and live for ever.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

/// A text as C takes it.
pub fn cstring(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid(format!("{text:?} holds a NUL")))
}

/// FFmpeg's words for a failure.
pub fn words(code: c_int) -> String {
    let mut buffer = [0 as c_char; 256];
    // SAFETY: the buffer is as large as is said, and zero behind.
    unsafe { ff::av_strerror(code, buffer.as_mut_ptr(), buffer.len() - 1) };
    // SAFETY: as above.
    unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_string_lossy().into_owned()
}

/// The failure behind a negative answer.
pub fn failure(code: c_int, doing: &str) -> Error {
    let message = format!("{doing}: {}", words(code));
    match code {
        _ if code == ff::AVERROR(libc::ENOMEM) => Error::new(kit::Kind::OutOfMemory, message),
        _ if code == ff::AVERROR(libc::EIO) => Error::io(message),
        _ if code == ff::AVERROR_EXIT => Error::cancelled(),
        _ if code == ff::AVERROR(libc::ENOSYS) || code == ff::AVERROR_PATCHWELCOME => Error::unsupported(message),
        ff::AVERROR_INVALIDDATA | ff::AVERROR_EOF => Error::corrupt(message),
        ff::AVERROR_DECODER_NOT_FOUND | ff::AVERROR_ENCODER_NOT_FOUND => Error::unsupported(message),
        _ => Error::corrupt(message),
    }
}

/// An answer that is not negative.
pub fn check(code: c_int, doing: &str) -> Result<c_int> {
    if code < 0 { Err(failure(code, doing)) } else { Ok(code) }
}

/// A pointer that is not NULL.
pub fn there<T>(pointer: *mut T, what: &str) -> Result<NonNull<T>> {
    NonNull::new(pointer).ok_or_else(|| Error::new(kit::Kind::OutOfMemory, format!("no memory for {what}")))
}

thread_local! {
    /// The first error that FFmpeg logged in this thread since the last time that they were forgotten.
    static FIRST_ERROR: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

/// Forgets what was logged, before something of which FFmpeg only answers with a number.
pub fn forget_errors() {
    FIRST_ERROR.with(|first| first.borrow_mut().take());
}

/// What FFmpeg said since, without the part that said it.
pub fn first_error() -> Option<String> {
    let line = FIRST_ERROR.with(|first| first.borrow_mut().take())?;
    Some(line.split_once("] ").map_or(line.as_str(), |(_, said)| said).to_owned())
}

/// Sends FFmpeg's log to the library's.
pub fn catch_log() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the callback lives as long as the module, which is never unloaded.
    unsafe {
        ff::av_log_set_callback(Some(log_line));
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: it only sets a number. The callback's arguments have another type there.
    unsafe {
        ff::av_log_set_level(ff::AV_LOG_QUIET);
    }
}

#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn log_line(
    object: *mut std::ffi::c_void,
    level: c_int,
    format: *const c_char,
    arguments: *mut ff::__va_list_tag,
) {
    // SAFETY: both are what FFmpeg gives.
    unsafe { crate::harm::hear(object, format) };
    let level = match level & 0xff {
        0..=16 => Level::Error,
        17..=24 => Level::Warning,
        25..=32 => Level::Info,
        33..=40 => Level::Debug,
        _ => return,
    };
    let mut line = [0 as c_char; 1024];
    let mut prefix = 1;
    // SAFETY: FFmpeg's own arguments go on to its own function; the buffer is as large as is said.
    unsafe {
        ff::av_log_format_line2(object, 0, format, arguments, line.as_mut_ptr(), line.len() as c_int, &mut prefix);
    }
    // SAFETY: the function ends what it wrote with a NUL.
    let line = unsafe { CStr::from_ptr(line.as_ptr()) }.to_string_lossy();
    let line = line.trim_end();
    if level == Level::Error && !line.is_empty() {
        // Those behind it only say that the whole failed.
        FIRST_ERROR.with(|first| {
            first.borrow_mut().get_or_insert_with(|| line.to_owned());
        });
    }
    if !line.is_empty() {
        let _ = std::panic::catch_unwind(|| kit::log(level, line));
    }
}

/// Options for FFmpeg.
pub struct Options(pub *mut ff::AVDictionary);

impl Options {
    /// None.
    pub fn new() -> Options {
        Options(std::ptr::null_mut())
    }

    /// Sets one.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let (name, text) = (cstring(key)?, cstring(value)?);
        // SAFETY: the strings live through the call, which copies them.
        check(unsafe { ff::av_dict_set(&mut self.0, name.as_ptr(), text.as_ptr(), 0) }, key).map(drop)
    }

    /// What nobody took.
    pub fn first(&self) -> Option<String> {
        entries(self.0).next().map(|(key, _)| key)
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: the dictionary is ours, or NULL.
        unsafe { ff::av_dict_free(&mut self.0) };
    }
}

/// The entries of a dictionary.
pub fn entries(dict: *const ff::AVDictionary) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut last: *const ff::AVDictionaryEntry = std::ptr::null();
    std::iter::from_fn(move || {
        // SAFETY: the dictionary is alive and unchanged while it is gone through.
        last = unsafe { ff::av_dict_get(dict, c"".as_ptr(), last, ff::AV_DICT_IGNORE_SUFFIX as c_int) };
        // SAFETY: an entry has two strings.
        let entry = unsafe { last.as_ref() }?;
        // SAFETY: as above.
        let (key, value) = unsafe { (CStr::from_ptr(entry.key), CStr::from_ptr(entry.value)) };
        Some((key.to_string_lossy().into_owned(), value.to_bytes().to_vec()))
    })
}

macro_rules! owner {
    ($(#[$doc:meta])* $name:ident, $raw:ident, $alloc:ident, $free:ident) => {
        $(#[$doc])*
        pub struct $name(NonNull<ff::$raw>);

        // SAFETY: the object is reached by one thread at a time, and not bound to any.
        unsafe impl Send for $name {}

        impl $name {
            /// An empty one.
            pub fn new() -> Result<$name> {
                // SAFETY: it gives an object of ours, or NULL.
                there(unsafe { ff::$alloc() }, stringify!($name)).map($name)
            }

            /// Its address.
            pub fn raw(&self) -> *mut ff::$raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                let mut raw = self.0.as_ptr();
                // SAFETY: made by `new`; this is its one end.
                unsafe { ff::$free(&mut raw) };
            }
        }
    };
}

owner!(
    /// A picture.
    Frame, AVFrame, av_frame_alloc, av_frame_free
);
owner!(
    /// A packet.
    Packet, AVPacket, av_packet_alloc, av_packet_free
);

impl Frame {
    /// Another holder of the same picture.
    pub fn share(&self) -> Result<Frame> {
        let frame = Frame::new()?;
        // SAFETY: both are frames; the new one is empty.
        check(unsafe { ff::av_frame_ref(frame.raw(), self.raw()) }, "sharing a frame")?;
        Ok(frame)
    }

    /// Lets go of the picture, so that the decoder may have its memory, and keeps what is told of it.
    pub fn let_go(&mut self) {
        let frame = self.raw();
        // SAFETY: the frame is ours; behind this it has neither memory nor planes.
        unsafe {
            (*frame).buf.iter_mut().for_each(|buffer| ff::av_buffer_unref(buffer));
            (*frame).data.fill(std::ptr::null_mut());
        }
    }

    /// Memory for a picture of these.
    pub fn with(format: c_int, width: usize, height: usize) -> Result<Frame> {
        let frame = Frame::new()?;
        // SAFETY: the frame is ours; the numbers are checked by the allocation.
        unsafe {
            (*frame.raw()).format = format;
            (*frame.raw()).width = c_int::try_from(width).unwrap_or(c_int::MAX);
            (*frame.raw()).height = c_int::try_from(height).unwrap_or(c_int::MAX);
            check(ff::av_frame_get_buffer(frame.raw(), 0), "memory for a frame")?;
        }
        Ok(frame)
    }

    /// Its fields.
    pub fn get(&self) -> &ff::AVFrame {
        // SAFETY: the frame is alive.
        unsafe { self.0.as_ref() }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.get().width.max(0) as usize, self.get().height.max(0) as usize)
    }

    /// Sets when, and for how long, it is shown.
    pub fn set_times(&self, pts: i64, duration: i64) {
        // SAFETY: the frame is ours.
        let frame = unsafe { &mut *self.raw() };
        frame.pts = pts;
        crate::versions::set_duration(frame, duration);
    }

    /// How long it is shown, in the stream's unit; 0: not told.
    pub fn duration(&self) -> i64 {
        crate::versions::duration(self)
    }

    /// The time in the stream's unit.
    pub fn time(&self) -> i64 {
        let frame = self.get();
        if frame.pts != ff::AV_NOPTS_VALUE { frame.pts } else { frame.best_effort_timestamp }
    }
}

/// A fraction as a number; 0 where it is none.
pub fn number_of(q: ff::AVRational) -> f64 {
    if q.den == 0 { 0.0 } else { f64::from(q.num) / f64::from(q.den) }
}
