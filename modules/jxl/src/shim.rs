//! `shim.c` in Rust: an encoder that ends with its owner.

use kit::{Error, Result};
use std::ffi::{CStr, c_char};
use std::ptr::NonNull;

#[repr(C)]
struct RawEncoder {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Bytes {
    data: *const u8,
    size: usize,
}

impl Bytes {
    fn of(bytes: &[u8]) -> Bytes {
        Bytes { data: bytes.as_ptr(), size: bytes.len() }
    }
}

#[repr(C)]
struct RawSettings {
    width: u32,
    height: u32,
    samples: u32,
    kind: u32,
    lossless: i32,
    distance: f32,
    effort: i32,
    decoding_speed: i32,
    progressive: i32,
    threads: i32,
    animated: i32,
    loops: u32,
    icc: Bytes,
    exif: Bytes,
    xmp: Bytes,
}

unsafe extern "C" {
    fn shim_new(settings: *const RawSettings, out: *mut *mut RawEncoder, step: *mut *const c_char) -> i32;
    fn shim_add(
        encoder: *mut RawEncoder,
        pixels: *const u8,
        size: usize,
        milliseconds: u32,
        step: *mut *const c_char,
    ) -> i32;
    fn shim_close(encoder: *mut RawEncoder);
    fn shim_next(encoder: *mut RawEncoder, room: *mut u8, size: usize, written: *mut usize) -> i32;
    fn shim_free(encoder: *mut RawEncoder);
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    U8 = 8,
    U16 = 16,
    F16 = 116,
    F32 = 132,
}

impl Samples {
    fn size(self) -> usize {
        self as usize % 100 / 8
    }
}

/// What every image of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub width: u32,
    pub height: u32,
    pub samples: u32,
    pub kind: Samples,
}

impl Form {
    fn size(self) -> Option<usize> {
        let items = (self.width as usize).checked_mul(self.height as usize)?.checked_mul(self.samples as usize)?;
        items.checked_mul(self.kind.size())
    }
}

/// How a file is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub lossless: bool,
    pub distance: f32,
    pub effort: i32,
    pub decoding_speed: i32,
    pub progressive: bool,
    pub threads: usize,
    pub loops: u32,
    pub icc: Vec<u8>,
    pub exif: Vec<u8>,
    pub xmp: Vec<u8>,
}

/// A file being encoded.
pub struct Encoder {
    raw: NonNull<RawEncoder>,
    form: Form,
}

// SAFETY: libjxl's encoder may move between threads; one call at a time comes.
unsafe impl Send for Encoder {}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`; this is its one end.
        unsafe { shim_free(self.raw.as_ptr()) };
    }
}

fn check(done: i32, step: *const c_char) -> Result<()> {
    let said = match step.is_null() {
        true => "libjxl".into(),
        // SAFETY: the C side gives texts of its own.
        false => unsafe { CStr::from_ptr(step) }.to_string_lossy(),
    };
    match done {
        0 => Ok(()),
        1 => Err(Error::out_of_memory(0)),
        2 => Err(Error::unsupported(format!("libjxl refuses: {said}"))),
        _ => Err(Error::internal(format!("libjxl fails: {said}"))),
    }
}

impl Encoder {
    pub fn new(settings: &Settings, form: Form, animated: bool) -> Result<Encoder> {
        let given = RawSettings {
            width: form.width,
            height: form.height,
            samples: form.samples,
            kind: form.kind as u32,
            lossless: settings.lossless.into(),
            distance: settings.distance,
            effort: settings.effort,
            decoding_speed: settings.decoding_speed,
            progressive: settings.progressive.into(),
            threads: settings.threads.min(64) as i32,
            animated: animated.into(),
            loops: settings.loops,
            icc: Bytes::of(&settings.icc),
            exif: Bytes::of(&settings.exif),
            xmp: Bytes::of(&settings.xmp),
        };
        let (mut raw, mut step) = (std::ptr::null_mut(), std::ptr::null());
        // SAFETY: what the settings point to lives through the call, which copies it; the places are writable.
        check(unsafe { shim_new(&given, &mut raw, &mut step) }, step)?;
        Ok(Encoder { raw: NonNull::new(raw).ok_or_else(|| Error::internal("no encoder"))?, form })
    }

    /// Adds an image: packed samples.
    pub fn add(&mut self, pixels: &[u8], milliseconds: u32) -> Result<()> {
        if self.form.size() != Some(pixels.len()) {
            return Err(Error::internal("an image without its pixels"));
        }
        let mut step = std::ptr::null();
        // SAFETY: the encoder is open; the pixels are as many as its form has, and copied.
        let done = unsafe { shim_add(self.raw.as_ptr(), pixels.as_ptr(), pixels.len(), milliseconds, &mut step) };
        check(done, step)
    }

    /// Encodes what was added, and gives the file in pieces to `each`.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        // SAFETY: the encoder is open.
        unsafe { shim_close(self.raw.as_ptr()) };
        let mut room = vec![0; 256 << 10];
        loop {
            let mut written = 0;
            // SAFETY: the encoder is open; the room is as large as is said.
            let more = unsafe { shim_next(self.raw.as_ptr(), room.as_mut_ptr(), room.len(), &mut written) };
            let piece = room.get(..written).ok_or_else(|| Error::internal("libjxl wrote beyond its room"))?;
            each(piece)?;
            match more {
                0 => return Ok(()),
                1 => {}
                _ => return Err(Error::internal("libjxl cannot encode the image")),
            }
        }
    }
}
