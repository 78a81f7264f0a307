//! Still pictures from the caller's rows to a file.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPEncodingError, WebPPicture, WebPPictureFree, WebPPictureImportRGB,
    WebPPictureImportRGBA, WebPValidateConfig,
};

use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Format, Layout, MAX_DIMENSION};

/// How to encode. The defaults are Pillow's for pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncodeOptions {
    /// 0 to 100: how much is kept if lossy, how much effort is spent if lossless.
    pub quality: f32,
    /// Whether every opaque pixel comes back as it was.
    pub lossless: bool,
    /// 0 to 100: how little a lossless encoder may change pixels to make them smaller; 100 changes none.
    pub near_lossless: u8,
    /// 0 (fast) to 6 (small).
    pub method: u8,
    /// 0 to 100: how much of a lossy picture's alpha channel is kept; 100 is all of it.
    pub alpha_quality: u8,
    /// Whether colours under fully transparent pixels are kept.
    pub exact: bool,
    /// Whether libwebp may use a second thread; the file is the same.
    pub threads: bool,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            quality: 80.0,
            lossless: false,
            near_lossless: 100,
            method: 4,
            alpha_quality: 100,
            exact: false,
            threads: false,
        }
    }
}

impl EncodeOptions {
    pub(crate) fn config(&self) -> Result<WebPConfig> {
        // libwebp's own check lets NaN pass.
        if !(0.0..=100.0).contains(&self.quality) {
            return Err(Error::argument(format!("quality {} is not within 0 to 100", self.quality)));
        }
        let mut config = WebPConfig::new().map_err(|()| Error::version())?;
        config.quality = self.quality;
        config.lossless = i32::from(self.lossless);
        config.near_lossless = i32::from(self.near_lossless);
        config.method = i32::from(self.method);
        config.alpha_quality = i32::from(self.alpha_quality);
        config.exact = i32::from(self.exact);
        config.thread_level = i32::from(self.threads);
        // SAFETY: `config` is initialised; the call only reads it.
        if unsafe { WebPValidateConfig(&raw const config) } == 0 {
            return Err(Error::argument(format!("an option is out of range: {self:?}")));
        }
        Ok(config)
    }
}

/// Encodes `height` rows of `width` pixels, `pitch` bytes apart, to a WebP file.
///
/// An RGBA picture that is opaque throughout is stored without alpha.
///
/// # Errors
/// `InvalidArgument` if a dimension passes [`MAX_DIMENSION`], `pixels` is too short, or an option is out of range;
/// `OutOfMemory`.
pub fn encode(
    pixels: &[u8],
    pitch: usize,
    width: u32,
    height: u32,
    format: Format,
    options: &EncodeOptions,
) -> Result<Vec<u8>> {
    run(pixels, pitch, (width, height), format, options, None)
}

/// As [`encode`], and tells `progress` the percentage done; if it answers `false`, encoding stops.
///
/// `progress` is called on the calling thread.
///
/// # Errors
/// As [`encode`], and `Cancelled`.
pub fn encode_with(
    pixels: &[u8],
    pitch: usize,
    width: u32,
    height: u32,
    format: Format,
    options: &EncodeOptions,
    progress: &mut dyn FnMut(u8) -> bool,
) -> Result<Vec<u8>> {
    run(pixels, pitch, (width, height), format, options, Some(progress))
}

fn run(
    pixels: &[u8],
    pitch: usize,
    size: (u32, u32),
    format: Format,
    options: &EncodeOptions,
    progress: Option<&mut dyn FnMut(u8) -> bool>,
) -> Result<Vec<u8>> {
    let config = options.config()?;
    // A lossy encoder works in YUV: converting to it at once saves a copy of four bytes a pixel.
    let mut picture = Picture::import(pixels, pitch, size, format, options.lossless)?;
    let mut hooks = Hooks { file: Vec::new(), progress, panic: None };
    if hooks.progress.is_some() {
        picture.0.progress_hook = Some(report);
    }
    let user: *mut c_void = (&raw mut hooks).cast();
    picture.0.writer = Some(write);
    picture.0.custom_ptr = user;
    picture.0.user_data = user;
    // SAFETY: `config` was validated; `picture` is filled, and its two hooks get `user`, which points to `hooks`, not
    // touched here until the call is over.
    let ok = unsafe { WebPEncode(&raw const config, &raw mut picture.0) };
    if let Some(panic) = hooks.panic {
        resume_unwind(panic);
    }
    if ok == 0 { Err(failure(picture.0.error_code)) } else { Ok(hooks.file) }
}

/// A picture of libwebp with pixels of its own.
pub(crate) struct Picture(pub WebPPicture);

impl Picture {
    /// Copies the caller's pixels, as ARGB or as YUV.
    pub fn import(pixels: &[u8], pitch: usize, size: (u32, u32), format: Format, argb: bool) -> Result<Self> {
        let (width, height) = size;
        check_dimensions(width, height)?;
        let layout = Layout::check(pixels.len(), pitch, width, height, format)?;
        let mut picture = Self(WebPPicture::new().map_err(|()| Error::version())?);
        picture.0.use_argb = i32::from(argb);
        picture.0.width = width.cast_signed();
        picture.0.height = height.cast_signed();
        let import = match format {
            Format::Rgb => WebPPictureImportRGB,
            Format::Rgba => WebPPictureImportRGBA,
        };
        // SAFETY: `picture` is initialised; `Layout::check` made sure that `height` rows of `width` pixels of this
        // format, `stride` apart, lie within `pixels`.
        let ok = unsafe { import(&raw mut picture.0, pixels.as_ptr(), layout.stride) };
        if ok == 0 {
            return Err(Error::memory(format!("no memory to encode {width}x{height} pixels")));
        }
        Ok(picture)
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised by libwebp, and owns whatever it points to.
        unsafe { WebPPictureFree(&raw mut self.0) }
    }
}

pub(crate) fn check_dimensions(width: u32, height: u32) -> Result<()> {
    if (1..=MAX_DIMENSION).contains(&width) && (1..=MAX_DIMENSION).contains(&height) {
        return Ok(());
    }
    Err(Error::argument(format!("{width}x{height} is not within 1x1 to {MAX_DIMENSION}x{MAX_DIMENSION}")))
}

/// What libwebp's callbacks reach while it encodes.
struct Hooks<'a> {
    file: Vec<u8>,
    progress: Option<&'a mut dyn FnMut(u8) -> bool>,
    /// A panic of `progress`, held back until no C function is on the stack.
    panic: Option<Box<dyn Any + Send>>,
}

/// Appends to the file; 0 makes libwebp stop.
unsafe extern "C" fn write(data: *const u8, len: usize, picture: *const WebPPicture) -> c_int {
    // SAFETY: libwebp passes the picture that it was given.
    let user = unsafe { (*picture).custom_ptr };
    // SAFETY: `run` put the address of its `Hooks` there, and leaves them alone during the call. libwebp calls its
    // hooks from one thread, one at a time.
    let hooks = unsafe { &mut *user.cast::<Hooks<'_>>() };
    if len == 0 {
        return 1;
    }
    if hooks.file.try_reserve(len).is_err() {
        return 0;
    }
    // SAFETY: libwebp promises `len` readable bytes at `data` until we return.
    hooks.file.extend_from_slice(unsafe { std::slice::from_raw_parts(data, len) });
    1
}

/// Tells the caller's callback the percentage; 0 makes libwebp stop.
unsafe extern "C" fn report(percent: c_int, picture: *const WebPPicture) -> c_int {
    // SAFETY: libwebp passes the picture that it was given. Its worker threads have a copy of it without this hook,
    // so that this runs on the thread that called WebPEncode.
    let user = unsafe { (*picture).user_data };
    // SAFETY: as in `write`.
    let hooks = unsafe { &mut *user.cast::<Hooks<'_>>() };
    let Some(progress) = hooks.progress.as_mut() else {
        return 1;
    };
    let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or(100);
    match catch_unwind(AssertUnwindSafe(|| progress(percent))) {
        Ok(go_on) => c_int::from(go_on),
        Err(panic) => {
            hooks.panic = Some(panic);
            0
        }
    }
}

/// The error of a picture that could not be encoded.
pub(crate) fn failure(code: WebPEncodingError) -> Error {
    use WebPEncodingError as E;
    match code {
        E::VP8_ENC_ERROR_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY | E::VP8_ENC_ERROR_BAD_WRITE => {
            Error::memory("no memory to encode a WebP image")
        }
        E::VP8_ENC_ERROR_USER_ABORT => Error::cancelled(),
        E::VP8_ENC_ERROR_PARTITION0_OVERFLOW | E::VP8_ENC_ERROR_PARTITION_OVERFLOW | E::VP8_ENC_ERROR_FILE_TOO_BIG => {
            Error::new(ErrorKind::Unsupported, "the image is too complex for the format at this quality")
        }
        _ => Error::argument("libwebp refused the image or its options"),
    }
}
