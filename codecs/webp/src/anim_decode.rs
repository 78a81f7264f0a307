//! Animations: whole frames in order, composited by libwebp's WebPAnimDecoder, as Pillow has them.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use libwebp_sys::{
    WEBP_CSP_MODE, WEBP_DEMUX_ABI_VERSION, WebPAnimDecoder, WebPAnimDecoderDelete, WebPAnimDecoderGetInfo,
    WebPAnimDecoderGetNext, WebPAnimDecoderNew, WebPAnimDecoderOptions, WebPAnimDecoderOptionsInit,
    WebPAnimDecoderReset, WebPAnimInfo, WebPData, WebPDemuxDelete, WebPDemuxInternal,
};

use crate::error::{Error, ErrorKind, Result};
use crate::header::{FrameInfo, Header, frames};
use crate::layout::{Format, Layout};

type Source = dyn AsRef<[u8]> + Send;

/// Which frame was decoded, and when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its number, from 0.
    pub index: usize,
    /// When it appears, in milliseconds from the start.
    pub timestamp_ms: u64,
    /// How long it is shown, in milliseconds.
    pub duration_ms: u32,
}

/// Decodes an animation from bytes that it owns. Two canvases are held besides them.
///
/// A frame depends on those before it, so frames come in order; [`AnimDecoder::seek`] decodes what lies between.
pub struct AnimDecoder {
    raw: NonNull<WebPAnimDecoder>,
    /// Owned; a raw pointer rather than a `Box`, because `raw` points into it and moving a `Box` would claim that
    /// nobody does.
    source: NonNull<Source>,
    width: u32,
    height: u32,
    frames: Vec<FrameInfo>,
    next: usize,
}

// SAFETY: `raw` is a plain heap object of libwebp, which ties nothing to a thread; it is reached through `&mut self`
// only. The source is `Send`, and goes along.
unsafe impl Send for AnimDecoder {}

impl AnimDecoder {
    /// Takes the bytes of an animation. A still picture is taken too, as an animation of one frame.
    ///
    /// `threads` lets libwebp filter rows on a second thread; the pixels are the same.
    ///
    /// # Errors
    /// As [`Header::parse`]; `Truncated` if the file is cut off anywhere; `Unsupported` if it lasts longer than 2^31
    /// milliseconds; `OutOfMemory` if the canvas is too large.
    pub fn new(data: impl AsRef<[u8]> + Send + 'static, threads: bool) -> Result<Self> {
        let source: Box<Source> = Box::new(data);
        let source = Owned(NonNull::from(Box::leak(source)));
        // SAFETY: `source` was leaked just above and is freed only by `Owned`; nobody else knows of it.
        let bytes = unsafe { source.0.as_ref() }.as_ref();
        let (width, height, frames) = inspect(bytes)?;
        let raw = open(bytes, threads)?;
        let this = Self { raw, source: source.keep(), width, height, frames, next: 0 };
        // The demuxer skips chunks that it takes for unknown; a disagreement would give frames the wrong times.
        if this.decoder_frames() != this.frames.len() {
            return Err(Error::corrupt("the number of frames depends on how they are counted"));
        }
        Ok(this)
    }

    /// Width of the canvas and so of every frame, in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of the canvas and so of every frame, in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All frames, by the container alone.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// One frame, by the container alone; `None` beyond the last.
    pub fn frame_info(&self, index: usize) -> Option<&FrameInfo> {
        self.frames.get(index)
    }

    /// The number of the frame that [`AnimDecoder::next_into`] gives; the number of frames at the end.
    pub fn position(&self) -> usize {
        self.next
    }

    /// Decodes the next frame into `out`, one row every `pitch` bytes; `None` after the last one.
    ///
    /// # Errors
    /// `InvalidArgument` if `out` or `pitch` is too small: the frame is still to come. `Corrupt` if it cannot be
    /// decoded: the frames after it cannot either, those before it after [`AnimDecoder::reset`].
    pub fn next_into(&mut self, out: &mut [u8], pitch: usize, format: Format) -> Result<Option<Frame>> {
        let layout = Layout::check(out.len(), pitch, self.width, self.height, format)?;
        let Some((frame, canvas)) = self.advance()? else {
            return Ok(None);
        };
        copy_rows(canvas, out, &layout, format);
        Ok(Some(frame))
    }

    /// Makes frame `index` the next one, from the start or from where the decoder is. The number of frames is the end.
    ///
    /// # Errors
    /// `InvalidArgument` beyond the end; `Corrupt` if a frame on the way cannot be decoded.
    pub fn seek(&mut self, index: usize) -> Result<()> {
        if index > self.frames.len() {
            return Err(Error::argument(format!("frame {index} of {}", self.frames.len())));
        }
        if index < self.next {
            self.reset();
        }
        while self.next < index {
            self.advance()?;
        }
        Ok(())
    }

    /// Begins again with the first frame.
    pub fn reset(&mut self) {
        // SAFETY: `raw` is live until `drop`.
        unsafe { WebPAnimDecoderReset(self.raw.as_ptr()) };
        self.next = 0;
    }

    /// Composites the next frame on libwebp's canvas: RGBA, rows without gaps, valid until the decoder is used again.
    fn advance(&mut self) -> Result<Option<(Frame, &[u8])>> {
        let index = self.next;
        let Some(info) = self.frames.get(index) else {
            return Ok(None);
        };
        let frame = Frame { index, timestamp_ms: info.timestamp_ms, duration_ms: info.duration_ms };
        let (mut canvas, mut end_ms) = (std::ptr::null_mut(), 0);
        // SAFETY: `raw` is live until `drop`, and so is the source it reads; both outputs are writable. `inspect`
        // made sure that the sum of durations, which libwebp keeps in an `int`, does not overflow.
        let ok = unsafe { WebPAnimDecoderGetNext(self.raw.as_ptr(), &raw mut canvas, &raw mut end_ms) };
        if ok == 0 || canvas.is_null() {
            return Err(Error::corrupt(format!("frame {index} cannot be decoded")));
        }
        self.next += 1;
        // No overflow: libwebp has allocated this many bytes.
        let len = self.width as usize * self.height as usize * 4;
        // SAFETY: libwebp's canvas is width * height * 4 bytes of `raw`, initialised when it was made, and not
        // written before `raw` is used again, for which the borrow of `self` must have ended.
        let canvas = unsafe { std::slice::from_raw_parts(canvas, len) };
        Ok(Some((frame, canvas)))
    }

    fn decoder_frames(&self) -> usize {
        let mut info = WebPAnimInfo::default();
        // SAFETY: `raw` is live until `drop`, and `info` is writable.
        let ok = unsafe { WebPAnimDecoderGetInfo(self.raw.as_ptr(), &raw mut info) };
        let same_size = (info.canvas_width, info.canvas_height) == (self.width, self.height);
        if ok != 0 && same_size { info.frame_count as usize } else { 0 }
    }
}

impl Drop for AnimDecoder {
    fn drop(&mut self) {
        // SAFETY: `raw` came from WebPAnimDecoderNew and is deleted here only, before the bytes that it points into.
        unsafe { WebPAnimDecoderDelete(self.raw.as_ptr()) };
        drop(Owned(self.source));
    }
}

/// A leaked box that is freed unless it is kept.
struct Owned(NonNull<Source>);

impl Owned {
    fn keep(self) -> NonNull<Source> {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a `Box`, and `keep` hands it on at most once, to an `AnimDecoder` that makes
        // one `Owned` of it when it is dropped.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The size and the frames, if libwebp can be trusted with them.
fn inspect(bytes: &[u8]) -> Result<(u32, u32, Vec<FrameInfo>)> {
    let header = Header::parse(bytes)?;
    if header.truncated {
        return Err(Error::truncated("the file ends before its last chunk does"));
    }
    let frames = if header.animated { frames(bytes)? } else { vec![only_frame(&header)] };
    let total: u64 = frames.iter().map(|f| u64::from(f.duration_ms)).sum();
    if i32::try_from(total).is_err() {
        return Err(Error::new(ErrorKind::Unsupported, format!("the animation lasts {total} ms")));
    }
    Ok((header.width, header.height, frames))
}

fn only_frame(header: &Header<'_>) -> FrameInfo {
    FrameInfo {
        x: 0,
        y: 0,
        width: header.width,
        height: header.height,
        timestamp_ms: 0,
        duration_ms: 0,
        blend: false,
        dispose: false,
        lossless: header.lossless == Some(true),
        has_alpha: header.has_alpha,
    }
}

/// A decoder that points into `bytes`; the caller keeps them alive for as long.
fn open(bytes: &[u8], threads: bool) -> Result<NonNull<WebPAnimDecoder>> {
    let mut options = WebPAnimDecoderOptions { color_mode: WEBP_CSP_MODE::MODE_RGBA, use_threads: 0, padding: [0; 7] };
    // SAFETY: `options` is writable.
    if unsafe { WebPAnimDecoderOptionsInit(&raw mut options) } == 0 {
        return Err(Error::version());
    }
    options.color_mode = WEBP_CSP_MODE::MODE_RGBA;
    options.use_threads = i32::from(threads);
    let data = WebPData { bytes: bytes.as_ptr(), size: bytes.len() };
    // SAFETY: `data` and `options` are read during the call; the bytes that `data` names are kept by the caller.
    let raw = unsafe { WebPAnimDecoderNew(&raw const data, &raw const options) };
    NonNull::new(raw).ok_or_else(|| refusal(&data))
}

/// Why there is no decoder: libwebp does not say, so ask whether at least the container is good.
fn refusal(data: &WebPData) -> Error {
    let version = WEBP_DEMUX_ABI_VERSION.cast_signed();
    // SAFETY: `data` names bytes that the caller of `open` borrows; no state is asked for.
    let demuxer = unsafe { WebPDemuxInternal(data, 0, std::ptr::null_mut(), version) };
    if demuxer.is_null() {
        return Error::corrupt("the animation's chunks are not in order");
    }
    // SAFETY: `demuxer` was made just above and is not used again.
    unsafe { WebPDemuxDelete(demuxer) };
    Error::memory("no memory for the animation's canvas")
}

/// Copies a canvas of RGBA rows without gaps.
fn copy_rows(canvas: &[u8], out: &mut [u8], layout: &Layout, format: Format) {
    match format {
        Format::Rgba => {
            for (from, to) in canvas.chunks_exact(layout.row_bytes).zip(out.chunks_mut(layout.pitch)) {
                // The last chunk may be longer than a row, and no chunk is shorter: `Layout::check` saw to it.
                if let Some(to) = to.get_mut(..layout.row_bytes) {
                    to.copy_from_slice(from);
                }
            }
        }
        Format::Rgb => {
            for (from, to) in canvas.chunks_exact(layout.row_bytes / 3 * 4).zip(out.chunks_mut(layout.pitch)) {
                let (from, _) = from.as_chunks::<4>();
                let (to, _) = to.as_chunks_mut::<3>();
                for ([r, g, b, _], to) in from.iter().zip(to) {
                    *to = [*r, *g, *b];
                }
            }
        }
    }
}
