//! FFmpeg's pixel formats as arrays: dtype, shape and where the samples of a picture lie.

use crate::av::{Frame, check, cstring, raw, text};
use ffmpeg_sys_next as ff;
use kit::{Color, DType, Destination, Error, Props, Result};
use std::ffi::c_int;

/// A format as an array.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// FFmpeg's number.
    pub format: c_int,
    pub name: &'static str,
    pub dtype: DType,
    pub layout: Samples,
    pub color: Color,
    pub bits: u32,
    /// Whether samples lie in the other byte order.
    swapped: bool,
}

/// How the samples of a format are an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// Rows of pixels of `samples` samples each; a pixel takes `step` samples, from `first` on.
    Packed { samples: usize, step: usize, first: usize },
    /// So many planes of one sample a pixel.
    Planar(usize),
    /// No array of rows: the bytes as `ffmpeg -f rawvideo` writes them.
    Bytes,
}

fn flag(descriptor: &ff::AVPixFmtDescriptor, flag: c_int) -> bool {
    descriptor.flags & u64::from(flag as u32) != 0
}

impl Pixels {
    /// The format of a name.
    pub fn named(name: &str) -> Result<Pixels> {
        let c = cstring(name)?;
        // SAFETY: the name is NUL-terminated.
        Pixels::of(unsafe { raw::av_get_pix_fmt(c.as_ptr()) })
            .map_err(|_| Error::option(format!("FFmpeg knows no pixel format {name:?}")))
    }

    /// The format of a number.
    pub fn of(format: c_int) -> Result<Pixels> {
        // SAFETY: it looks the number up.
        let descriptor = unsafe { raw::av_pix_fmt_desc_get(format).as_ref() };
        let descriptor = descriptor.ok_or_else(|| Error::unsupported("the stream does not tell its pixel format"))?;
        let name = text(descriptor.name).unwrap_or("");
        if flag(descriptor, ff::AV_PIX_FMT_FLAG_HWACCEL) {
            return Err(Error::unsupported(format!("{name} is a format of hardware")));
        }
        let (dtype, layout) = shape(descriptor);
        let depth = match flag(descriptor, ff::AV_PIX_FMT_FLAG_BAYER) {
            true => 8 * dtype.size() as u32,
            false => descriptor.comp[0].depth as u32,
        };
        Ok(Pixels {
            format,
            name,
            dtype,
            layout,
            color: color(descriptor, name),
            bits: if layout == Samples::Bytes { 0 } else { depth },
            swapped: dtype.size() > 1
                && layout != Samples::Bytes
                && flag(descriptor, ff::AV_PIX_FMT_FLAG_BE) != cfg!(target_endian = "big"),
        })
    }

    /// What an image of this format is.
    pub fn props(&self, width: usize, height: usize) -> Result<Props> {
        let (w, h) = (width, height);
        let mut props = match self.layout {
            Samples::Packed { samples: 1, .. } => Props::new(self.dtype, &[h, w], "YX", self.color),
            Samples::Packed { samples, .. } => Props::new(self.dtype, &[h, w, samples], "YXS", self.color),
            Samples::Planar(planes) => Props::new(self.dtype, &[planes, h, w], "SYX", self.color),
            Samples::Bytes => Props::new(DType::U8, &[self.bytes(w, h)?], "Q", self.color),
        };
        props.bits = self.bits;
        Ok(props)
    }

    fn descriptor(&self) -> Option<&'static ff::AVPixFmtDescriptor> {
        // SAFETY: descriptors live for ever.
        unsafe { raw::av_pix_fmt_desc_get(self.format).as_ref() }
    }

    /// Whether it has alpha.
    pub fn has_alpha(&self) -> bool {
        self.descriptor().is_some_and(|d| flag(d, ff::AV_PIX_FMT_FLAG_ALPHA))
    }

    /// Whether it has colour.
    pub fn has_colour(&self) -> bool {
        self.descriptor().is_some_and(|d| d.nb_components > 2 || flag(d, ff::AV_PIX_FMT_FLAG_PAL))
    }

    /// Whether its samples are luma and chroma.
    pub fn is_yuv(&self) -> bool {
        let other = ff::AV_PIX_FMT_FLAG_RGB | ff::AV_PIX_FMT_FLAG_PAL | ff::AV_PIX_FMT_FLAG_BAYER;
        self.descriptor().is_some_and(|d| d.nb_components > 2 && !flag(d, other)) && !self.name.starts_with("xyz")
    }

    /// Whether its samples go from 0 to the largest value, whatever is said elsewhere.
    pub fn is_full(&self) -> bool {
        self.name.starts_with("yuvj") || self.descriptor().is_some_and(|d| d.nb_components < 3)
    }

    /// Whether FFmpeg converts other formats to it.
    pub fn can_be_made(&self) -> bool {
        // SAFETY: it looks the number up.
        unsafe { raw::sws_isSupportedOutput(self.format) != 0 }
    }

    /// Bits of a sample, whatever the layout.
    pub fn depth(&self) -> u32 {
        self.descriptor().map_or(0, |d| d.comp[0].depth as u32)
    }

    /// Pixels that share a sample of chroma: across, and down.
    pub fn block(&self) -> (usize, usize) {
        self.descriptor().map_or((1, 1), |d| (1 << d.log2_chroma_w, 1 << d.log2_chroma_h))
    }

    /// Which of two formats keeps more of this one.
    pub fn nearer(&self, one: c_int, other: c_int) -> c_int {
        // SAFETY: it only compares.
        unsafe {
            raw::av_find_best_pix_fmt_of_2(one, other, self.format, self.has_alpha().into(), std::ptr::null_mut())
        }
    }

    /// Bytes of a pixel in a plane.
    pub fn pixel_bytes(&self) -> usize {
        match self.layout {
            Samples::Packed { step, .. } => step * self.dtype.size(),
            _ => self.dtype.size(),
        }
    }

    /// Has the lines of a picture filled, as they lie in memory: plane, line, bytes.
    pub fn fetch_lines(
        &self,
        frame: &Frame,
        mut fill: impl FnMut(usize, usize, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let (w, h) = frame.size();
        let planes = if let Samples::Planar(planes) = self.layout { planes } else { 1 };
        let picture = frame.get();
        for plane in 0..planes {
            let (data, step) = (picture.data[plane], picture.linesize[plane] as isize);
            let bytes = w * self.pixel_bytes();
            if data.is_null() || step.unsigned_abs() < bytes {
                return Err(Error::internal("a picture without a plane"));
            }
            for y in 0..h {
                // SAFETY: the frame is ours alone, and its plane has a row of `linesize` bytes for each line.
                let row = unsafe { std::slice::from_raw_parts_mut(data.offset(step * y as isize), bytes) };
                fill(plane, y, row)?;
            }
        }
        Ok(())
    }

    /// Has the samples of a picture filled: plane, line, samples in native byte order and nothing between.
    pub fn fetch(&self, frame: &Frame, mut fill: impl FnMut(usize, usize, &mut [u8]) -> Result<()>) -> Result<()> {
        let (samples, step, first) = match self.layout {
            Samples::Packed { samples, step, first } => (samples, step, first),
            _ => (1, 1, 0),
        };
        if samples == step && !self.swapped {
            return self.fetch_lines(frame, fill);
        }
        let size = self.dtype.size();
        let mut own = Vec::new();
        self.fetch_lines(frame, |plane, y, row| {
            own.resize(row.len() / step * samples, 0);
            fill(plane, y, &mut own)?;
            row.fill(0);
            for (to, from) in row.chunks_exact_mut(step * size).zip(own.chunks_exact(samples * size)) {
                let to = &mut to[first * size..(first + samples) * size];
                to.copy_from_slice(from);
                if self.swapped {
                    to.chunks_exact_mut(size).for_each(<[u8]>::reverse);
                }
            }
            Ok(())
        })
    }

    /// Bytes of a picture as rawvideo has it.
    fn bytes(&self, width: usize, height: usize) -> Result<usize> {
        let (w, h) = (c_int::try_from(width).unwrap_or(-1), c_int::try_from(height).unwrap_or(-1));
        // SAFETY: it only computes.
        let bytes = check(unsafe { raw::av_image_get_buffer_size(self.format, w, h, 1) }, "the size of a picture")?;
        Ok(bytes as usize)
    }

    /// Puts a picture of this format where it is to be.
    pub fn place(&self, frame: &Frame, to: &mut Destination) -> Result<()> {
        let (w, h) = frame.size();
        to.check(&self.props(w, h)?)?;
        match self.layout {
            Samples::Bytes => self.place_bytes(frame, to),
            Samples::Planar(planes) => {
                for plane in 0..planes {
                    for y in 0..h {
                        let row = line(frame, plane, y, w * self.dtype.size())?;
                        self.put(to, &[plane, y], row, 1, 0, 1)?;
                    }
                }
                Ok(())
            }
            Samples::Packed { samples, step, first } => {
                for y in 0..h {
                    let row = line(frame, 0, y, w * step * self.dtype.size())?;
                    self.put(to, &[y], row, samples, first, step)?;
                }
                Ok(())
            }
        }
    }

    /// Puts a row into its place, without the samples that only fill up pixels, and in native byte order.
    fn put(
        &self,
        to: &mut Destination,
        at: &[usize],
        row: &[u8],
        samples: usize,
        first: usize,
        step: usize,
    ) -> Result<()> {
        let done = if samples == step && !self.swapped {
            to.view.unpack(at, row)
        } else {
            let size = self.dtype.size();
            let mut own = Vec::with_capacity(row.len());
            for pixel in row.chunks_exact(step * size) {
                for sample in pixel[first * size..(first + samples) * size].chunks_exact(size) {
                    match self.swapped {
                        true => own.extend(sample.iter().rev()),
                        false => own.extend(sample),
                    }
                }
            }
            to.view.unpack(at, &own)
        };
        if done { Ok(()) } else { Err(Error::internal("a row does not fit the destination")) }
    }

    fn place_bytes(&self, frame: &Frame, to: &mut Destination) -> Result<()> {
        let (w, h) = frame.size();
        let size = self.bytes(w, h)?;
        let mut packed = Vec::new();
        let bytes = match to.view.as_bytes() {
            Some(bytes) => bytes,
            None => {
                packed = kit::zeroed(size)?;
                &mut packed
            }
        };
        let picture = frame.get();
        // SAFETY: the frame has the planes of its format, the buffer `size` bytes.
        let code = unsafe {
            raw::av_image_copy_to_buffer(
                bytes.as_mut_ptr(),
                bytes.len() as c_int,
                picture.data.as_ptr().cast(),
                picture.linesize.as_ptr(),
                self.format,
                w as c_int,
                h as c_int,
                1,
            )
        };
        check(code, "copying a picture")?;
        if !packed.is_empty() && !to.view.unpack(&[], &packed) {
            return Err(Error::internal("the destination has another size"));
        }
        Ok(())
    }
}

/// Row `y` of a plane.
pub fn line(frame: &Frame, plane: usize, y: usize, bytes: usize) -> Result<&[u8]> {
    let picture = frame.get();
    let data = picture.data[plane];
    let step = picture.linesize[plane] as isize;
    if data.is_null() || step.unsigned_abs() < bytes {
        return Err(Error::internal("a picture without a plane"));
    }
    // SAFETY: a frame's plane has a row of `linesize` bytes for each of its lines, and the frame is borrowed.
    Ok(unsafe { std::slice::from_raw_parts(data.offset(step * y as isize), bytes) })
}

/// The array that a format is.
fn shape(descriptor: &ff::AVPixFmtDescriptor) -> (DType, Samples) {
    let none = (DType::U8, Samples::Bytes);
    let count = usize::from(descriptor.nb_components);
    let parts = &descriptor.comp[..count.min(4)];
    let odd = flag(descriptor, ff::AV_PIX_FMT_FLAG_BITSTREAM);
    if count == 0 || count > 4 || odd || descriptor.log2_chroma_w != 0 || descriptor.log2_chroma_h != 0 {
        return none;
    }
    // Its palette lies behind it, and only the bytes have both.
    if flag(descriptor, ff::AV_PIX_FMT_FLAG_PAL) {
        return none;
    }
    // One sample a pixel, whose descriptor counts how many of a block are of each colour.
    if flag(descriptor, ff::AV_PIX_FMT_FLAG_BAYER) {
        let dtype = if parts[0].step == 1 { DType::U8 } else { DType::U16 };
        return (dtype, Samples::Packed { samples: 1, step: 1, first: 0 });
    }
    let depth = parts[0].depth;
    if parts.iter().any(|p| p.depth != depth || p.shift != 0) {
        return none;
    }
    let float = flag(descriptor, ff::AV_PIX_FMT_FLAG_FLOAT);
    let dtype = match (depth, float) {
        (16, true) => DType::F16,
        (32, true) => DType::F32,
        (8, false) => DType::U8,
        (9..=16, false) => DType::U16,
        (32, false) => DType::U32,
        _ => return none,
    };
    let size = dtype.size() as c_int;
    if count > 1 && parts.iter().all(|p| p.step == size && p.offset == 0) {
        let mut planes: Vec<c_int> = parts.iter().map(|p| p.plane).collect();
        planes.sort_unstable();
        let apart = planes.iter().enumerate().all(|(i, &p)| p == i as c_int);
        return if apart { (dtype, Samples::Planar(count)) } else { none };
    }
    let step = parts[0].step;
    let mut offsets: Vec<c_int> = parts.iter().map(|p| p.offset).collect();
    offsets.sort_unstable();
    let first = offsets[0];
    let together = parts.iter().all(|p| p.plane == 0 && p.step == step)
        && offsets.iter().enumerate().all(|(i, &o)| o == first + i as c_int * size)
        && step % size == 0;
    // Of packed YUV there are orders that no colour model tells, which are samples all the same.
    match together {
        true => {
            let (samples, step) = (count, (step / size) as usize);
            (dtype, Samples::Packed { samples, step, first: (first / size) as usize })
        }
        false => none,
    }
}

fn color(descriptor: &ff::AVPixFmtDescriptor, name: &str) -> Color {
    let alpha = flag(descriptor, ff::AV_PIX_FMT_FLAG_ALPHA);
    let rgb = flag(descriptor, ff::AV_PIX_FMT_FLAG_RGB);
    if flag(descriptor, ff::AV_PIX_FMT_FLAG_PAL) {
        return Color::Palette;
    }
    if flag(descriptor, ff::AV_PIX_FMT_FLAG_BAYER) {
        return Color::Bayer;
    }
    match (descriptor.nb_components, rgb, alpha) {
        (1, false, _) => Color::Gray,
        (2, false, true) => Color::GrayAlpha,
        (3, true, _) if name.starts_with("rgb") || name.starts_with("0rgb") => Color::Rgb,
        (3, true, _) if name.starts_with("bgr") || name.starts_with("0bgr") => Color::Bgr,
        (4, true, true) if name.starts_with("rgba") => Color::Rgba,
        (4, true, true) if name.starts_with("bgra") => Color::Bgra,
        (3, false, false) if !name.starts_with("xyz") => Color::YCbCr,
        _ => Color::Multi,
    }
}
