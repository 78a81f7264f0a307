//! Animations from whole frames to a file; libwebp finds what changed between them.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::ptr::NonNull;

use libwebp_sys::{
    WEBP_MUX_ABI_VERSION, WebPAnimEncoder, WebPAnimEncoderAdd, WebPAnimEncoderAssemble, WebPAnimEncoderDelete,
    WebPAnimEncoderGetError, WebPAnimEncoderNewInternal, WebPAnimEncoderOptions, WebPAnimEncoderOptionsInitInternal,
    WebPData, WebPDataClear, WebPEncodingError, WebPMuxAnimParams,
};

use crate::encode::{EncodeOptions, Picture, check_dimensions, failure};
use crate::error::{Error, Result};
use crate::layout::Format;

/// An ANMF chunk has 24 bits for a duration.
const MAX_DURATION_MS: u32 = (1 << 24) - 1;

/// What holds for the whole of an animation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnimOptions {
    /// How often it plays, up to 65535; 0 is for ever.
    pub loop_count: u32,
    /// The background colour, red, green, blue, alpha: a hint to viewers.
    pub background: [u8; 4],
    /// Tries more ways to make the file smaller, slowly; no key frames are then forced.
    pub minimize_size: bool,
    /// Chooses lossy or lossless for each frame, whichever is smaller.
    pub allow_mixed: bool,
    /// The least and the greatest distance between key frames, as libwebp's `kmin` and `kmax`: a greatest of 0 forces
    /// none, 1 makes every frame one. `None` forces none. Pillow says (9, 17) if lossless, else (3, 5), and `method` 0.
    pub key_frames: Option<(u32, u32)>,
}

/// Collects frames and makes an animation of them.
///
/// libwebp joins frames that are equal, so a file may have fewer than were added, with the same times; and an
/// animation of one frame becomes a picture.
pub struct AnimEncoder {
    raw: NonNull<WebPAnimEncoder>,
    size: (u32, u32),
    /// When the next frame begins.
    now_ms: i32,
    frames: usize,
}

// SAFETY: `raw` is a plain heap object of libwebp, which ties nothing to a thread, reached through `&mut self` only.
unsafe impl Send for AnimEncoder {}

impl AnimEncoder {
    /// An animation of `width` by `height` pixels, without frames yet.
    ///
    /// # Errors
    /// `InvalidArgument` if a dimension passes [`crate::MAX_DIMENSION`] or an option is out of range; `OutOfMemory`.
    pub fn new(width: u32, height: u32, options: &AnimOptions) -> Result<Self> {
        check_dimensions(width, height)?;
        let raw_options = options.to_raw()?;
        let version = WEBP_MUX_ABI_VERSION.cast_signed();
        // SAFETY: `raw_options` is initialised and read during the call only.
        let raw = unsafe {
            WebPAnimEncoderNewInternal(width.cast_signed(), height.cast_signed(), &raw const raw_options, version)
        };
        let raw = NonNull::new(raw).ok_or_else(|| Error::memory("no memory for an animation encoder"))?;
        Ok(Self { raw, size: (width, height), now_ms: 0, frames: 0 })
    }

    /// Adds a frame of the animation's size, rows `pitch` bytes apart, shown for `duration_ms`.
    ///
    /// # Errors
    /// As [`crate::encode()`]; `InvalidArgument` if `duration_ms` needs more than 24 bits, or all frames together last
    /// 2^31 milliseconds. After any other error the encoder is of no more use.
    pub fn add_frame(
        &mut self,
        pixels: &[u8],
        pitch: usize,
        format: Format,
        duration_ms: u32,
        options: &EncodeOptions,
    ) -> Result<()> {
        let end_ms = Some(duration_ms)
            .filter(|&d| d <= MAX_DURATION_MS)
            .and_then(|d| self.now_ms.checked_add_unsigned(d))
            .ok_or_else(|| Error::argument(format!("a frame cannot last {duration_ms} ms")))?;
        let config = options.config()?;
        // libwebp compares frames as ARGB, whatever they are encoded to.
        let mut picture = Picture::import(pixels, pitch, self.size, format, true)?;
        let frame = &raw mut picture.0;
        // SAFETY: `raw` is live until `drop`; `picture` is filled with pixels of the canvas's size and outlives the
        // call, after which libwebp has a copy; `config` was validated.
        let ok = unsafe { WebPAnimEncoderAdd(self.raw.as_ptr(), frame, self.now_ms, &raw const config) };
        if ok == 0 {
            return Err(self.failure(picture.0.error_code));
        }
        self.now_ms = end_ms;
        self.frames += 1;
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// `InvalidArgument` if no frame was added; `OutOfMemory`.
    pub fn finish(self) -> Result<Vec<u8>> {
        if self.frames == 0 {
            return Err(Error::argument("an animation needs a frame"));
        }
        let (encoder, none) = (self.raw.as_ptr(), std::ptr::null_mut());
        // SAFETY: `raw` is live until `drop`; a frame that is NULL tells libwebp when the last one ends.
        if unsafe { WebPAnimEncoderAdd(encoder, none, self.now_ms, std::ptr::null()) } == 0 {
            return Err(self.failure(WebPEncodingError::VP8_ENC_OK));
        }
        let mut file = Assembled(WebPData::default());
        // SAFETY: `raw` is live until `drop`; `file` is an initialised, empty WebPData.
        if unsafe { WebPAnimEncoderAssemble(encoder, &raw mut file.0) } == 0 {
            return Err(self.failure(WebPEncodingError::VP8_ENC_OK));
        }
        file.copy()
    }

    /// A picture's own error says more than the encoder's sentence, if it has one. Without one it is memory that was
    /// short: sizes, times and options were checked before.
    fn failure(&self, code: WebPEncodingError) -> Error {
        if code != WebPEncodingError::VP8_ENC_OK {
            return failure(code);
        }
        // SAFETY: `raw` is live until `drop`.
        let text = unsafe { WebPAnimEncoderGetError(self.raw.as_ptr()) };
        if text.is_null() {
            return Error::memory("the animation cannot be encoded");
        }
        // SAFETY: libwebp gives a text of its own that ends in NUL and lives until `raw` is used again.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        Error::memory(format!("the animation cannot be encoded: {text}"))
    }
}

impl Drop for AnimEncoder {
    fn drop(&mut self) {
        // SAFETY: `raw` came from WebPAnimEncoderNewInternal and is deleted here only.
        unsafe { WebPAnimEncoderDelete(self.raw.as_ptr()) }
    }
}

impl AnimOptions {
    fn to_raw(self) -> Result<WebPAnimEncoderOptions> {
        let [r, g, b, a] = self.background;
        let loop_count = i32::from(
            u16::try_from(self.loop_count)
                .map_err(|_| Error::argument(format!("loop count {} is above 65535", self.loop_count)))?,
        );
        let mut raw = WebPAnimEncoderOptions {
            anim_params: WebPMuxAnimParams { bgcolor: 0, loop_count: 0 },
            minimize_size: 0,
            kmin: 0,
            kmax: 0,
            allow_mixed: 0,
            verbose: 0,
            padding: [0; 4],
        };
        // SAFETY: `raw` is writable.
        if unsafe { WebPAnimEncoderOptionsInitInternal(&raw mut raw, WEBP_MUX_ABI_VERSION.cast_signed()) } == 0 {
            return Err(Error::version());
        }
        raw.anim_params = WebPMuxAnimParams { bgcolor: u32::from_be_bytes([a, r, g, b]), loop_count };
        raw.minimize_size = i32::from(self.minimize_size);
        raw.allow_mixed = i32::from(self.allow_mixed);
        if let Some((least, greatest)) = self.key_frames {
            let distance = |n: u32| i32::try_from(n).map_err(|_| Error::argument(format!("key frame distance {n}")));
            (raw.kmin, raw.kmax) = (distance(least)?, distance(greatest)?);
        }
        Ok(raw)
    }
}

/// A file in libwebp's memory.
struct Assembled(WebPData);

impl Assembled {
    fn copy(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        if self.0.bytes.is_null() || file.try_reserve_exact(self.0.size).is_err() {
            return Err(Error::memory("no memory for the animation's file"));
        }
        // SAFETY: libwebp filled in `size` bytes at `bytes`, which `self` owns.
        file.extend_from_slice(unsafe { std::slice::from_raw_parts(self.0.bytes, self.0.size) });
        Ok(file)
    }
}

impl Drop for Assembled {
    fn drop(&mut self) {
        // SAFETY: the bytes are libwebp's or NULL, and nobody else frees them.
        unsafe { WebPDataClear(&mut self.0) }
    }
}
