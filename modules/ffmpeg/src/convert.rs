//! Pictures in the format, size and place that the caller wants.

use crate::av::{Frame, check, number, raw};
use crate::pixels::Pixels;
use ffmpeg_sys_next as ff;
use kit::{Destination, Error, Result};
use std::ffi::c_int;
use yuv::{YuvConversionMode, YuvRange, YuvStandardMatrix};

/// What a picture is to become.
#[derive(Clone, Debug)]
pub struct Target {
    pub pixels: Pixels,
    pub width: usize,
    pub height: usize,
    /// The matrix and range in which RGB becomes luma and chroma; none: BT.601 in the limited range.
    pub coded: Option<(c_int, bool)>,
}

/// A converter that keeps what it has set up.
#[derive(Default)]
pub struct Converter {
    scaler: Option<(Key, Scaler)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    from: (c_int, usize, usize),
    to: (c_int, usize, usize),
    matrix: c_int,
    full: bool,
    coded: Option<(c_int, bool)>,
}

struct Scaler(*mut ff::SwsContext);

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Scaler {}

impl Drop for Scaler {
    fn drop(&mut self) {
        // SAFETY: made by `scaler`; this is its one end.
        unsafe { ff::sws_freeContext(self.0) };
    }
}

impl Converter {
    /// Puts a picture into its place as the target.
    pub fn place(&mut self, frame: &Frame, target: &Target, to: &mut Destination) -> Result<()> {
        let same = frame.size() == (target.width, target.height);
        if same && frame.get().format == target.pixels.format {
            return target.pixels.place(frame, to);
        }
        if same && crate::rgb::straight(frame, target, to) {
            return Ok(());
        }
        let scaled = self.scale(frame, target)?;
        target.pixels.place(&scaled, to)
    }

    /// The picture as the target, in memory of its own.
    pub fn scale(&mut self, frame: &Frame, target: &Target) -> Result<Frame> {
        let out = Frame::with(target.pixels.format, target.width, target.height)?;
        self.scale_to(frame, target, &out)?;
        Ok(out)
    }

    /// Fills a frame of the target's format and size.
    pub fn scale_to(&mut self, frame: &Frame, target: &Target, out: &Frame) -> Result<()> {
        let (w, h) = frame.size();
        let key = Key {
            from: (frame.get().format, w, h),
            to: (target.pixels.format, target.width, target.height),
            matrix: number!(frame.raw(), colorspace),
            full: is_full(frame),
            coded: target.coded,
        };
        if self.scaler.as_ref().is_none_or(|(known, _)| *known != key) {
            self.scaler = Some((key, scaler(&key)?));
        }
        let Some((_, scaler)) = &self.scaler else { return Err(Error::internal("no scaler")) };
        let (from, to) = (frame.get(), out.get());
        // SAFETY: the frames have the planes of the formats and sizes that the scaler was made for.
        let lines = unsafe {
            ff::sws_scale(
                scaler.0,
                from.data.as_ptr().cast(),
                from.linesize.as_ptr(),
                0,
                h as c_int,
                to.data.as_ptr(),
                to.linesize.as_ptr(),
            )
        };
        check(lines, "converting a picture").map(drop)
    }
}

fn scaler(key: &Key) -> Result<Scaler> {
    let ((from, w, h), (to, width, height)) = (key.from, key.to);
    // As FFmpeg's own tool and imageio have it; what is to be encoded is rounded more exactly.
    let (source, target) = (Pixels::of(from)?, Pixels::of(to)?);
    let exact = if source.is_yuv() { 0 } else { ff::SWS_ACCURATE_RND };
    let flags = (ff::SWS_BICUBIC | exact) as c_int;
    let null = std::ptr::null_mut();
    // SAFETY: numbers only; it refuses those that cannot be.
    let scaler = unsafe {
        raw::sws_getContext(
            w as c_int,
            h as c_int,
            from,
            width as c_int,
            height as c_int,
            to,
            flags,
            null,
            null,
            std::ptr::null(),
        )
    };
    if scaler.is_null() {
        return Err(Error::unsupported("FFmpeg does not convert between these pixel formats"));
    }
    let scaler = Scaler(scaler);
    // What stays luma and chroma keeps range and matrix; what becomes so is what was told, or BT.601 in the limited range.
    let kept = source.is_yuv() && target.is_yuv();
    let full = |pixels: &Pixels, else_: bool| pixels.is_full() || else_;
    let (coded, coded_full) = key.coded.unwrap_or((ff::SWS_CS_DEFAULT as c_int, false));
    let wide = if kept { key.full } else { coded_full };
    let ranges = (full(&source, key.full), full(&target, if target.is_yuv() { wide } else { true }));
    // SAFETY: the tables live for ever; the scaler is ours. Formats without a matrix answer -1, which is no failure.
    unsafe {
        let matrix = ff::sws_getCoefficients(known_matrix(key.matrix));
        let other = if kept { matrix } else { ff::sws_getCoefficients(known_matrix(coded)) };
        ff::sws_setColorspaceDetails(scaler.0, matrix, ranges.0.into(), other, ranges.1.into(), 0, 1 << 16, 1 << 16);
    }
    Ok(scaler)
}

/// What swscale takes for a matrix that the stream does not name: BT.601.
fn known_matrix(matrix: c_int) -> c_int {
    match matrix {
        1 | 4 | 5 | 6 | 7 | 9 | 10 => matrix,
        _ => ff::SWS_CS_DEFAULT as c_int,
    }
}

/// Whether samples go from 0 to the largest value.
pub fn is_full(frame: &Frame) -> bool {
    let format = frame.get().format;
    let old = [
        ff::AVPixelFormat::AV_PIX_FMT_YUVJ420P,
        ff::AVPixelFormat::AV_PIX_FMT_YUVJ422P,
        ff::AVPixelFormat::AV_PIX_FMT_YUVJ444P,
        ff::AVPixelFormat::AV_PIX_FMT_YUVJ440P,
        ff::AVPixelFormat::AV_PIX_FMT_YUVJ411P,
    ];
    number!(frame.raw(), color_range) == ff::AVColorRange::AVCOL_RANGE_JPEG as c_int
        || old.iter().any(|&f| f as c_int == format)
}

/// A plane: whole lines, as far as the frame's memory goes.
pub fn plane(frame: &Frame, i: usize, lines: usize) -> Option<(&[u8], u32)> {
    let picture = frame.get();
    let (data, step) = (picture.data[i], usize::try_from(picture.linesize[i]).ok()?);
    let bytes = step.checked_mul(lines)?;
    // The last line may end before its padding does.
    let inside = picture.buf.iter().any(|&buffer| {
        // SAFETY: the buffers of a frame are NULL or alive with it.
        let Some(buffer) = (unsafe { buffer.as_ref() }) else { return false };
        let start = buffer.data as usize;
        (data as usize) >= start && data as usize + bytes <= start + buffer.size
    });
    if !inside {
        return None;
    }
    // SAFETY: the bytes lie inside a buffer of the frame, which is borrowed; decoders write them no more.
    Some((unsafe { std::slice::from_raw_parts(data, bytes) }, step as u32))
}

/// RGB of 8 bits as YUV 4:2:0 of BT.601, as swscale has it, in a frame of its own. `None`: it is none of these.
pub fn to_yuv420(frame: &Frame, target: &Target) -> Result<Option<Frame>> {
    use ff::AVPixelFormat::{AV_PIX_FMT_RGB24, AV_PIX_FMT_YUV420P};
    let (w, h) = frame.size();
    let even = w % 2 == 0 && h % 2 == 0;
    let fits = frame.get().format == AV_PIX_FMT_RGB24 as c_int && target.pixels.format == AV_PIX_FMT_YUV420P as c_int;
    let plain = target.coded.is_none_or(|(matrix, full)| matches!(matrix, 2 | 5 | 6) && !full);
    if !even || !fits || !plain || (w, h) != (target.width, target.height) {
        return Ok(None);
    }
    let out = Frame::with(target.pixels.format, w, h)?;
    let picture = out.get();
    let room = |i: usize, lines: usize| {
        let step = picture.linesize[i] as usize;
        // SAFETY: the frame is ours alone; each plane has that many lines.
        (unsafe { std::slice::from_raw_parts_mut(picture.data[i], step * lines) }, step as u32)
    };
    let Some((rgb, stride)) = plane(frame, 0, h) else { return Ok(None) };
    let ((y_plane, y_stride), (u_plane, u_stride), (v_plane, v_stride)) = (room(0, h), room(1, h / 2), room(2, h / 2));
    let mut image = yuv::YuvPlanarImageMut {
        y_plane: yuv::BufferStoreMut::Borrowed(y_plane),
        y_stride,
        u_plane: yuv::BufferStoreMut::Borrowed(u_plane),
        u_stride,
        v_plane: yuv::BufferStoreMut::Borrowed(v_plane),
        v_stride,
        width: w as u32,
        height: h as u32,
    };
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
    let done = yuv::rgb_to_yuv420(&mut image, rgb, stride, range, matrix, YuvConversionMode::Balanced);
    Ok(done.is_ok().then_some(out))
}
