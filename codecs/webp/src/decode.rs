//! Still pictures: one bitstream into the caller's rows.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::NonNull;

use libwebp_sys::{
    VP8StatusCode, WEBP_CSP_MODE, WebPDecode, WebPDecoderConfig, WebPIDecGetRGB, WebPIDecode, WebPIDecoder,
    WebPIDelete, WebPIUpdate, WebPRGBABuffer,
};

use crate::error::{Error, ErrorKind, Result};
use crate::header::Header;
use crate::layout::{Format, Layout};

/// An incremental decode gets the file in this many pieces, so that a callback hears of every few rows.
const PIECES: usize = 64;

/// A piece is not smaller: restarting the decoder costs more than 16 KiB of decoding tells the caller.
const MIN_PIECE: usize = 16 << 10;

/// Decodes a still picture into `out`, one row every `pitch` bytes. Bytes between rows are left alone.
///
/// `threads` lets libwebp filter rows on a second thread; the pixels are the same.
///
/// # Errors
/// `Truncated` if image data is missing (metadata after it may be), `Corrupt`, `Unsupported` for an animation,
/// `InvalidArgument` if `out` or `pitch` is too small, `OutOfMemory`. `out` may then hold a part of the picture.
pub fn decode_into(data: &[u8], out: &mut [u8], pitch: usize, format: Format, threads: bool) -> Result<()> {
    let mut job = Job::new(data, out, pitch, format, threads, false)?;
    let (input, len) = (job.image.as_ptr(), job.image.len());
    // SAFETY: `input` and `len` are a slice borrowed by `job`; `job.config` was initialised by libwebp and its output
    // is memory that `job` borrows exclusively, whose size and stride `Layout::check` compared with the image's.
    let status = unsafe { WebPDecode(input, len, &raw mut job.config) };
    check(status, job.alpha)
}

/// As [`decode_into`], and tells `progress` how many rows are done; if it answers `false`, decoding stops.
///
/// Of a picture that is cut off or damaged the rows that were told stand in `out` when the error is given.
///
/// # Errors
/// As [`decode_into`], and `Cancelled`.
pub fn decode_into_with(
    data: &[u8],
    out: &mut [u8],
    pitch: usize,
    format: Format,
    threads: bool,
    progress: &mut dyn FnMut(u32) -> bool,
) -> Result<()> {
    let mut job = Job::new(data, out, pitch, format, threads, true)?;
    let is_part = job.is_part;
    let mut decoder = Incremental::new(&mut job)?;
    let step = (decoder.image.len() / PIECES).max(MIN_PIECE);
    let mut fed = 0usize;
    loop {
        fed = fed.saturating_add(step).min(decoder.image.len());
        let done = decoder.feed(fed)?;
        if !progress(decoder.rows()) {
            return Err(Error::cancelled());
        }
        // The bytes that a bitstream lacks may be such as no pixel needs, but that is luck.
        if done && !is_part {
            return Ok(());
        }
        if done || fed == decoder.image.len() {
            return Err(Error::truncated("the image data ends before the last row"));
        }
    }
}

/// A picture's bytes and a decoder configuration that writes into the caller's memory, both borrowed for `'a`.
struct Job<'a> {
    image: &'a [u8],
    /// The picture is cut off.
    is_part: bool,
    /// Bytes that libwebp takes at most for the picture's alpha, if that is coded apart.
    alpha: Option<usize>,
    config: WebPDecoderConfig,
    /// Keeps `config.output`'s pointer exclusive for as long as the job lives.
    _out: PhantomData<&'a mut [u8]>,
}

impl<'a> Job<'a> {
    /// `parts`: whether a picture that is cut off will do.
    fn new(
        data: &'a [u8],
        out: &'a mut [u8],
        pitch: usize,
        format: Format,
        threads: bool,
        parts: bool,
    ) -> Result<Self> {
        let header = Header::parse(data)?;
        if header.animated {
            return Err(Error::new(ErrorKind::Unsupported, "an animation has no single picture"));
        }
        let image = match header.image {
            Some(image) => image,
            None => {
                header.image_part.filter(|_| parts).ok_or_else(|| Error::truncated("the file ends within its image"))?
            }
        };
        let layout = Layout::check(out.len(), pitch, header.width, header.height, format)?;

        let mut config = WebPDecoderConfig::new().map_err(|()| Error::version())?;
        config.output.colorspace = match format {
            Format::Rgb => WEBP_CSP_MODE::MODE_RGB,
            Format::Rgba => WEBP_CSP_MODE::MODE_RGBA,
        };
        config.output.is_external_memory = 1;
        config.output.u.RGBA = WebPRGBABuffer { rgba: out.as_mut_ptr(), stride: layout.stride, size: layout.len };
        config.options.use_threads = i32::from(threads);
        // A plane of bytes, and four bytes a pixel while they are decoded.
        let alpha = || (header.width as usize).saturating_mul(header.height as usize).saturating_mul(5);
        let alpha = image.starts_with(b"ALPH").then(alpha);
        Ok(Self { image, is_part: header.image.is_none(), alpha, config, _out: PhantomData })
    }
}

/// libwebp's incremental decoder over bytes that are all in memory but are shown to it a prefix at a time.
struct Incremental<'j, 'a> {
    raw: NonNull<WebPIDecoder>,
    image: &'a [u8],
    alpha: Option<usize>,
    /// libwebp keeps pointers into the job's configuration: nobody else may touch it until the decoder is deleted.
    _job: PhantomData<&'j mut Job<'a>>,
}

impl<'j, 'a> Incremental<'j, 'a> {
    fn new(job: &'j mut Job<'a>) -> Result<Self> {
        let (image, alpha) = (job.image, job.alpha);
        // SAFETY: the configuration is initialised, and `_job` keeps it borrowed until `drop` has deleted the decoder.
        // No bytes are passed yet.
        let raw = unsafe { WebPIDecode(std::ptr::null(), 0, &raw mut job.config) };
        let raw = NonNull::new(raw).ok_or_else(|| Error::memory("no memory for a WebP decoder"))?;
        Ok(Self { raw, image, alpha, _job: PhantomData })
    }

    /// Decodes what the first `len` bytes allow; whether that was all.
    fn feed(&mut self, len: usize) -> Result<bool> {
        let prefix = self.image.get(..len).unwrap_or(self.image);
        // SAFETY: `raw` is live until `drop`; `prefix` is a part of bytes borrowed for longer than that, always from
        // the same address and never shorter than before, as WebPIUpdate demands; the output is as in `decode_into`.
        let status = unsafe { WebPIUpdate(self.raw.as_ptr(), prefix.as_ptr(), prefix.len()) };
        match status {
            VP8StatusCode::VP8_STATUS_SUSPENDED => Ok(false),
            other => check(other, self.alpha).map(|()| true),
        }
    }

    /// Rows that are final.
    fn rows(&self) -> u32 {
        let mut last = 0;
        let null = std::ptr::null_mut();
        // SAFETY: `raw` is live until `drop`; `last` is writable, and NULL is allowed for what is not wanted.
        let pixels = unsafe { WebPIDecGetRGB(self.raw.as_ptr(), &raw mut last, null, null, null) };
        if pixels.is_null() { 0 } else { u32::try_from(last).unwrap_or(0) }
    }
}

impl Drop for Incremental<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: `raw` came from WebPIDecode and is deleted here only. The output is the caller's, which libwebp
        // was told by `is_external_memory`, so it frees nothing of it.
        unsafe { WebPIDelete(self.raw.as_ptr()) }
    }
}

/// `alpha`: bytes that may have been asked for to decode it, if the picture has alpha coded apart.
fn check(status: VP8StatusCode, alpha: Option<usize>) -> Result<()> {
    match status {
        VP8StatusCode::VP8_STATUS_OK => Ok(()),
        // libwebp says this of alpha data whose header is damaged, too.
        VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY if alpha.is_some_and(there_is_memory) => {
            Err(Error::corrupt("the alpha data is damaged"))
        }
        VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY => Err(Error::memory("no memory to decode a WebP image")),
        VP8StatusCode::VP8_STATUS_INVALID_PARAM => Err(Error::argument("libwebp refused its output memory")),
        VP8StatusCode::VP8_STATUS_UNSUPPORTED_FEATURE => {
            Err(Error::new(ErrorKind::Unsupported, "the bitstream has a feature that libwebp does not know"))
        }
        VP8StatusCode::VP8_STATUS_SUSPENDED | VP8StatusCode::VP8_STATUS_NOT_ENOUGH_DATA => {
            Err(Error::truncated("the image data ends before the last row"))
        }
        // USER_ABORT is also what libwebp calls a failure of its filter thread.
        VP8StatusCode::VP8_STATUS_BITSTREAM_ERROR | VP8StatusCode::VP8_STATUS_USER_ABORT => {
            Err(Error::corrupt("the image data is damaged"))
        }
    }
}

/// Whether so many bytes could be had.
fn there_is_memory(bytes: usize) -> bool {
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(bytes).is_ok()
}
