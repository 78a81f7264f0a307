//! `shim.c` in Rust: a decoder and an encoder that end with their owners.

use kit::{Error, Kind, Result};
use std::ffi::{CStr, CString, c_char};
use std::ptr::NonNull;

const MESSAGE: usize = 512;

#[repr(C)]
struct RawDecoder {
    _opaque: [u8; 0],
}

#[repr(C)]
struct RawEncoder {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    data: *const u8,
    size: usize,
}

impl Bytes {
    const NONE: Bytes = Bytes { data: std::ptr::null(), size: 0 };

    fn of(bytes: &[u8]) -> Bytes {
        Bytes { data: bytes.as_ptr(), size: bytes.len() }
    }

    /// # Safety
    /// The bytes live and stay for `'a`.
    unsafe fn get<'a>(self) -> &'a [u8] {
        if self.data.is_null() || self.size == 0 {
            return &[];
        }
        // SAFETY: passed on from the caller.
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct RawInfo {
    width: u32,
    height: u32,
    depth: u32,
    has_alpha: u32,
    premultiplied: u32,
    chroma: u32,
    count: u32,
    turns: i32,
    mirror: i32,
    primaries: u32,
    transfer: u32,
    matrix: u32,
    full_range: u32,
    icc: Bytes,
    exif: Bytes,
    xmp: Bytes,
}

#[repr(C)]
struct RawSettings {
    threads: i32,
    quality: i32,
    alpha_quality: i32,
    lossless: i32,
    speed: i32,
    chroma: i32,
    full_range: i32,
    premultiplied: i32,
    auto_tiling: i32,
    codec: *const c_char,
    icc: Bytes,
    exif: Bytes,
    xmp: Bytes,
}

unsafe extern "C" {
    fn shim_open(data: *const u8, size: usize, threads: i32, out: *mut *mut RawDecoder, message: *mut c_char) -> i32;
    fn shim_info_of(decoder: *const RawDecoder, info: *mut RawInfo);
    fn shim_time(decoder: *const RawDecoder, index: u32, start: *mut f64, duration: *mut f64) -> i32;
    fn shim_read(
        decoder: *mut RawDecoder,
        index: u32,
        depth: u32,
        pixels: *mut u8,
        pitch: u32,
        message: *mut c_char,
    ) -> i32;
    fn shim_close(decoder: *mut RawDecoder);
    fn shim_encoder_new(settings: *const RawSettings, out: *mut *mut RawEncoder, message: *mut c_char) -> i32;
    fn shim_encoder_option(encoder: *mut RawEncoder, key: *const c_char, value: *const c_char) -> i32;
    fn shim_encoder_add(
        encoder: *mut RawEncoder,
        pixels: *const u8,
        width: u32,
        height: u32,
        samples: u32,
        depth: u32,
        milliseconds: u64,
        single: i32,
        message: *mut c_char,
    ) -> i32;
    fn shim_encoder_finish(encoder: *mut RawEncoder, file: *mut Bytes, message: *mut c_char) -> i32;
    fn shim_encoder_free(encoder: *mut RawEncoder);
}

/// A place for what a call says.
struct Message([c_char; MESSAGE]);

impl Message {
    fn new() -> Message {
        Message([0; MESSAGE])
    }

    fn check(&self, kind: i32) -> Result<()> {
        let kind = match kind {
            0 => return Ok(()),
            1 => Kind::Corrupt,
            2 => Kind::Unsupported,
            3 => Kind::Limit,
            4 => Kind::OutOfMemory,
            5 => Kind::InvalidArgument,
            _ => Kind::Internal,
        };
        // SAFETY: the calls write a NUL within the room, and before them it is all NULs.
        let said = unsafe { CStr::from_ptr(self.0.as_ptr()) }.to_string_lossy();
        let said = if said.is_empty() { "libavif has no memory for it".into() } else { said };
        Err(Error::new(kind, said))
    }
}

/// What a file says before anything is decoded.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    pub width: usize,
    pub height: usize,
    pub depth: u32,
    pub has_alpha: bool,
    pub chroma: u32,
    pub count: usize,
    /// The EXIF orientation of the turns and the mirror; 1: none.
    pub orientation: u32,
    /// Primaries, transfer and matrix by their numbers in ITU-T H.273, and whether the range is full.
    pub nclx: (u32, u32, u32, bool),
}

/// EXIF's number of quarter turns against the clock, and then a mirror (0: top to bottom, 1: left to right).
fn orientation(turns: i32, mirror: i32) -> u32 {
    match (turns.max(0), mirror) {
        (0, 0) => 4,
        (0, 1) => 2,
        (1, 0) => 5,
        (1, 1) => 7,
        (1, _) => 8,
        (2, 0) => 2,
        (2, 1) => 4,
        (2, _) => 3,
        (3, 0) => 7,
        (3, 1) => 5,
        (3, _) => 6,
        _ => 1,
    }
}

/// A file being read, with its bytes.
pub struct Decoder {
    raw: NonNull<RawDecoder>,
    /// Ends after the decoder, which reads from it. A box, since a vector may not be moved while it is lent.
    _bytes: Box<[u8]>,
}

// SAFETY: libavif's decoder has no thread of its own between calls, and one call at a time comes.
unsafe impl Send for Decoder {}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `open`; this is its one end.
        unsafe { shim_close(self.raw.as_ptr()) };
    }
}

impl Decoder {
    /// Parses a file.
    pub fn open(bytes: Vec<u8>, threads: usize) -> Result<Decoder> {
        let bytes = bytes.into_boxed_slice();
        let (mut raw, mut message) = (std::ptr::null_mut(), Message::new());
        let threads = threads.clamp(1, 64) as i32;
        // SAFETY: the bytes live in their box as long as the decoder; the places are writable, the message as large as
        // `shim.h` asks for.
        let kind = unsafe { shim_open(bytes.as_ptr(), bytes.len(), threads, &mut raw, message.0.as_mut_ptr()) };
        message.check(kind)?;
        let raw = NonNull::new(raw).ok_or_else(|| Error::internal("no decoder"))?;
        Ok(Decoder { raw, _bytes: bytes })
    }

    fn raw_info(&self) -> RawInfo {
        let mut info = std::mem::MaybeUninit::zeroed();
        // SAFETY: the decoder is open, the place writable.
        unsafe { shim_info_of(self.raw.as_ptr(), info.as_mut_ptr()) };
        // SAFETY: zeroes are a valid value, and the call has put others.
        unsafe { info.assume_init() }
    }

    pub fn info(&self) -> Info {
        let raw = self.raw_info();
        Info {
            width: raw.width as usize,
            height: raw.height as usize,
            depth: raw.depth,
            has_alpha: raw.has_alpha != 0,
            chroma: raw.chroma,
            count: raw.count as usize,
            orientation: orientation(raw.turns, raw.mirror),
            nclx: (raw.primaries, raw.transfer, raw.matrix, raw.full_range != 0),
        }
    }

    /// The colour profile, EXIF and XMP; empty where there is none.
    pub fn blocks(&self) -> [&[u8]; 3] {
        let raw = self.raw_info();
        // SAFETY: they are the decoder's, which changes them in no call that takes a shared reference.
        unsafe { [raw.icc.get(), raw.exif.get(), raw.xmp.get()] }
    }

    /// When an image begins and how long it is shown, in seconds.
    pub fn time(&self, index: usize) -> Option<(f64, f64)> {
        let (mut start, mut duration) = (0.0, 0.0);
        // SAFETY: the decoder is open, the places writable.
        let kind = unsafe { shim_time(self.raw.as_ptr(), u32::try_from(index).ok()?, &mut start, &mut duration) };
        (kind == 0 && start.is_finite() && duration.is_finite()).then_some((start, duration))
    }

    /// Decodes an image into rows of RGB or RGBA of `depth` bits, which begin `pitch` bytes apart.
    pub fn read(&mut self, index: usize, depth: u32, pixels: &mut [u8], pitch: usize) -> Result<()> {
        let info = self.info();
        let row = info.width * if info.has_alpha { 4 } else { 3 } * if depth > 8 { 2 } else { 1 };
        let fits = pitch >= row && pitch.checked_mul(info.height).is_some_and(|size| size <= pixels.len());
        let (index, pitch) = (u32::try_from(index), u32::try_from(pitch));
        let (true, Ok(index), Ok(pitch)) = (fits, index, pitch) else {
            return Err(Error::limit("rows are over what libavif takes"));
        };
        let mut message = Message::new();
        // SAFETY: the decoder is open; it writes `height` rows of `row` bytes, `pitch` apart, which the slice holds, as
        // was checked; the C side refuses an image of another size.
        let kind =
            unsafe { shim_read(self.raw.as_ptr(), index, depth, pixels.as_mut_ptr(), pitch, message.0.as_mut_ptr()) };
        message.check(kind)
    }
}

/// How a file is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub threads: usize,
    pub quality: i32,
    pub alpha_quality: i32,
    pub lossless: bool,
    pub speed: i32,
    pub chroma: i32,
    pub full_range: bool,
    pub premultiplied: bool,
    pub auto_tiling: bool,
    pub codec: Option<CString>,
    pub icc: Vec<u8>,
    pub exif: Vec<u8>,
    pub xmp: Vec<u8>,
    /// Options of the codec by its own names.
    pub advanced: Vec<(CString, CString)>,
}

/// An image to be encoded: packed samples, 1 to 4 a pixel.
pub struct Picture<'a> {
    pub pixels: &'a [u8],
    pub width: u32,
    pub height: u32,
    pub samples: u32,
    pub depth: u32,
}

/// A file being written.
pub struct Encoder {
    raw: NonNull<RawEncoder>,
    /// What it points to; in a box, which stays where it is.
    settings: Box<Settings>,
}

// SAFETY: as for the decoder.
unsafe impl Send for Encoder {}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `new`; this is its one end.
        unsafe { shim_encoder_free(self.raw.as_ptr()) };
    }
}

impl Encoder {
    pub fn new(settings: Settings) -> Result<Encoder> {
        let settings = Box::new(settings);
        let given = RawSettings {
            threads: settings.threads.clamp(1, 64) as i32,
            quality: settings.quality,
            alpha_quality: settings.alpha_quality,
            lossless: settings.lossless.into(),
            speed: settings.speed,
            chroma: settings.chroma,
            full_range: settings.full_range.into(),
            premultiplied: settings.premultiplied.into(),
            auto_tiling: settings.auto_tiling.into(),
            codec: settings.codec.as_ref().map_or(std::ptr::null(), |codec| codec.as_ptr()),
            icc: Bytes::of(&settings.icc),
            exif: Bytes::of(&settings.exif),
            xmp: Bytes::of(&settings.xmp),
        };
        let (mut raw, mut message) = (std::ptr::null_mut(), Message::new());
        // SAFETY: what the settings point to lives as long as the encoder, in its box, and is not changed; the places are writable.
        let kind = unsafe { shim_encoder_new(&given, &mut raw, message.0.as_mut_ptr()) };
        message.check(kind)?;
        let raw = NonNull::new(raw).ok_or_else(|| Error::internal("no encoder"))?;
        let encoder = Encoder { raw, settings };
        for (key, value) in &encoder.settings.advanced {
            // SAFETY: the texts are NUL-terminated, and copied.
            Message::new().check(unsafe { shim_encoder_option(encoder.raw.as_ptr(), key.as_ptr(), value.as_ptr()) })?;
        }
        Ok(encoder)
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Encodes an image. `single`: no other follows.
    pub fn add(&mut self, picture: &Picture, milliseconds: u64, single: bool) -> Result<()> {
        let items = u64::from(picture.width) * u64::from(picture.height) * u64::from(picture.samples);
        let size = items.checked_mul(if picture.depth > 8 { 2 } else { 1 });
        if size != Some(picture.pixels.len() as u64) || !(1..=4).contains(&picture.samples) {
            return Err(Error::internal("an image without its pixels"));
        }
        let mut message = Message::new();
        // SAFETY: the encoder is open; it reads as many packed pixels as were just counted.
        let kind = unsafe {
            shim_encoder_add(
                self.raw.as_ptr(),
                picture.pixels.as_ptr(),
                picture.width,
                picture.height,
                picture.samples,
                picture.depth,
                milliseconds,
                single.into(),
                message.0.as_mut_ptr(),
            )
        };
        message.check(kind)
    }

    /// The file.
    pub fn finish(&mut self) -> Result<&[u8]> {
        let (mut file, mut message) = (Bytes::NONE, Message::new());
        // SAFETY: the encoder is open, the places writable.
        let kind = unsafe { shim_encoder_finish(self.raw.as_ptr(), &mut file, message.0.as_mut_ptr()) };
        message.check(kind)?;
        // SAFETY: the bytes are the encoder's, which is borrowed as long as they are.
        Ok(unsafe { file.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::orientation;

    /// Rows of numbers, turned as the boxes say, beside what EXIF's numbers mean.
    #[test]
    fn turns_and_mirrors_are_exif_orientations() {
        type Grid = Vec<Vec<u8>>;
        let grid: Grid = vec![vec![1, 2, 3], vec![4, 5, 6]];
        fn transpose(g: &Grid) -> Grid {
            (0..g[0].len()).map(|x| g.iter().map(|row| row[x]).collect()).collect()
        }
        let flip = |g: &Grid| g.iter().rev().cloned().collect::<Grid>();
        let mirror = |g: &Grid| g.iter().map(|row| row.iter().rev().copied().collect()).collect::<Grid>();
        // What is shown of a picture that is stored with each orientation.
        let shown = |n: u32| match n {
            1 => grid.clone(),
            2 => mirror(&grid),
            3 => flip(&mirror(&grid)),
            4 => flip(&grid),
            5 => transpose(&grid),
            6 => mirror(&transpose(&grid)),
            7 => flip(&mirror(&transpose(&grid))),
            _ => flip(&transpose(&grid)),
        };
        for turns in -1..4 {
            for axis in -1..2 {
                let mut wanted = grid.clone();
                for _ in 0..turns.max(0) {
                    wanted = flip(&transpose(&wanted));
                }
                wanted = match axis {
                    0 => flip(&wanted),
                    1 => mirror(&wanted),
                    _ => wanted,
                };
                assert_eq!(shown(orientation(turns, axis)), wanted, "{turns} {axis}");
            }
        }
    }
}
