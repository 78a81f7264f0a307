//! From the images that are given to the frames that an encoder takes.

use crate::av::Frame;
use crate::convert::Target;
use crate::pixels::{Pixels, Samples};
use crate::plan::Choice;
use kit::{DType, DictRef, Error, Result, Source};

/// What the samples of an image are to FFmpeg.
pub fn input_pixels(image: &Source, format: Option<&str>, options: DictRef) -> Result<Pixels> {
    if let Some(name) = format {
        let pixels = Pixels::named(name)?;
        if pixels.layout == Samples::Bytes {
            return Err(Error::option(format!("{name} is no array of rows; give rgb24, gray, yuv444p …")));
        }
        return Ok(pixels);
    }
    let bgr = matches!(options.str("color"), Some("bgr" | "bgra"));
    let little = cfg!(target_endian = "little");
    let name = match (image.dtype, samples(image.shape()), bgr) {
        (DType::U8 | DType::Bool, Some(1), _) => "gray",
        (DType::U8, Some(2), _) => "ya8",
        (DType::U8, Some(3), false) => "rgb24",
        (DType::U8, Some(3), true) => "bgr24",
        (DType::U8, Some(4), false) => "rgba",
        (DType::U8, Some(4), true) => "bgra",
        (DType::U16, Some(1), _) if little => "gray16le",
        (DType::U16, Some(2), _) if little => "ya16le",
        (DType::U16, Some(3), false) if little => "rgb48le",
        (DType::U16, Some(3), true) if little => "bgr48le",
        (DType::U16, Some(4), false) if little => "rgba64le",
        (DType::U16, Some(4), true) if little => "bgra64le",
        (DType::U16, Some(1), _) => "gray16be",
        (DType::U16, Some(3), _) => "rgb48be",
        (DType::F16 | DType::F32 | DType::F64, _, _) => {
            return Err(Error::option(
                "frames of floating point have no range of their own: convert them to uint8 or uint16 (scale=true maps 0 to 1), \
                 or name an in_pixel_format such as grayf32le",
            ));
        }
        (dtype, _, _) => {
            let what = format!(
                "{} {:?} is no frame: (H, W) or (H, W, 1 to 4) of uint8 or uint16",
                dtype.name(),
                image.shape()
            );
            return Err(Error::shape(what));
        }
    };
    Pixels::named(name)
}

fn samples(shape: &[usize]) -> Option<usize> {
    match shape {
        [_, _] => Some(1),
        [_, _, n] => Some(*n),
        _ => None,
    }
}

/// Width and height of an image of a format.
pub fn size_of(image: &Source, pixels: &Pixels) -> Result<(usize, usize)> {
    let shape = image.shape();
    let (h, w) = match (pixels.layout, shape) {
        (Samples::Packed { samples: 1, .. }, [h, w] | [h, w, 1]) => (*h, *w),
        (Samples::Packed { samples, .. }, [h, w, n]) if *n == samples => (*h, *w),
        (Samples::Planar(planes), [n, h, w]) if *n == planes => (*h, *w),
        _ => return Err(Error::shape(format!("an image of shape {shape:?} is not {}", pixels.name))),
    };
    let dtype = if image.dtype == DType::Bool { DType::U8 } else { image.dtype };
    if dtype != pixels.dtype {
        let (own, wanted) = (image.dtype.name(), pixels.dtype.name());
        return Err(Error::shape(format!("an image of {own} is not {}, which is {wanted}", pixels.name)));
    }
    match (w, h) {
        (1..=32768, 1..=32768) => Ok((w, h)),
        _ => Err(Error::shape(format!("a frame of {w}x{h} cannot be"))),
    }
}

/// The image as a picture of FFmpeg's.
pub fn frame_of(image: &Source, pixels: &Pixels, width: usize, height: usize) -> Result<Frame> {
    let frame = Frame::with(pixels.format, width, height)?;
    let truth = image.dtype == DType::Bool;
    pixels.fetch(&frame, |plane, y, row| {
        let at: &[usize] = match pixels.layout {
            Samples::Planar(_) => &[plane, y],
            _ => &[y],
        };
        let mut view = image.view;
        for &i in at {
            view = view.at(i).ok_or_else(|| Error::internal("an image lost a row"))?;
        }
        if !view.pack(row) {
            return Err(Error::internal("a row of another size"));
        }
        if truth {
            row.iter_mut().for_each(|b| *b = if *b == 0 { 0 } else { 255 });
        }
        Ok(())
    })?;
    Ok(frame)
}

/// What the encoder has that keeps most of an image: for lossy encoders of 8 bits what every player shows.
pub fn best(choice: &Choice, from: &Pixels) -> Result<Pixels> {
    let formats = choice.formats();
    if formats.is_empty() {
        return Ok(from.clone());
    }
    let alpha = from.has_alpha();
    if !choice.is_lossless() && from.bits <= 8 {
        // Of Motion JPEG the limited range is no standard, and refused by default.
        let wanted = match (alpha, choice.name()) {
            (_, "mjpeg") => ["yuvj420p", "yuvj422p", "yuvj444p", "yuv420p"],
            (true, _) => ["yuva420p", "rgba", "argb", "bgra"],
            (false, _) => ["yuv420p", "yuvj420p", "yuv422p", "rgb24"],
        };
        for name in wanted.iter().chain(&["yuv420p"]) {
            let pixels = Pixels::named(name)?;
            if formats.contains(&pixels.format) {
                return Ok(pixels);
            }
        }
    }
    // Colour and depth before everything, then what FFmpeg finds nearest.
    let known = formats.iter().filter_map(|&f| Pixels::of(f).ok());
    let mut known: Vec<Pixels> = known.filter(|p| p.format == from.format || p.can_be_made()).collect();
    if from.has_colour() && known.iter().any(Pixels::has_colour) {
        known.retain(Pixels::has_colour);
    }
    let deep: Vec<&Pixels> = known.iter().filter(|p| p.depth() >= from.depth()).collect();
    let most = known.iter().map(Pixels::depth).max().unwrap_or(8);
    let pool: Vec<&Pixels> = if deep.is_empty() { known.iter().filter(|p| p.depth() == most).collect() } else { deep };
    let mut best: Option<&Pixels> = None;
    for pixels in pool {
        best = match best {
            None => Some(pixels),
            Some(now) => Some(if from.nearer(now.format, pixels.format) == pixels.format { pixels } else { now }),
        };
    }
    best.cloned().ok_or_else(|| Error::unsupported(format!("the encoder {} takes no pixel format", choice.name())))
}

/// How sizes that an encoder cannot have are made fit, if that is asked for.
#[derive(Clone, Copy, Default)]
pub struct Fit {
    pad: bool,
    crop: bool,
    block: usize,
}

impl Fit {
    pub fn of(options: DictRef) -> Result<Fit> {
        let block = options.int("macro_block_size").and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1);
        let (pad, crop) = (options.bool("pad") == Some(true), options.bool("crop") == Some(true));
        match pad && crop {
            true => Err(Error::option("pad and crop exclude each other")),
            false => Ok(Fit { pad, crop, block }),
        }
    }

    /// The size that is encoded: that of the image, unless padding or cropping is asked for.
    pub fn size(&self, (width, height): (usize, usize), format: &Pixels, encoder: &str) -> Result<(usize, usize)> {
        let (across, down) = format.block();
        let block = self.block.max(1);
        // VC-2 takes any size, and writes what no decoder takes.
        let spoiled = encoder == "vc2" && (!width.is_multiple_of(across) || !height.is_multiple_of(down));
        let (across, down) = (across.max(block), down.max(block));
        if self.crop {
            let size = (width / across * across, height / down * down);
            let some = size.0 > 0 && size.1 > 0;
            return if some { Ok(size) } else { Err(Error::shape("nothing is left of the frame")) };
        }
        if self.pad || block > 1 {
            return Ok((width.next_multiple_of(across), height.next_multiple_of(down)));
        }
        if spoiled {
            let what = format!(
                "the encoder {encoder} cannot have {width}x{height} in {}: give pad=true, crop=true, \
                 macro_block_size=2, or an out_pixel_format such as yuv444p",
                format.name
            );
            return Err(Error::option(what));
        }
        Ok((width, height))
    }
}

/// The picture cut, or continued by its last row and column, to the target's size.
pub fn fitted(frame: Frame, target: &Target) -> Result<Frame> {
    let (w, h) = frame.size();
    let (width, height) = (target.width, target.height);
    if (w, h) == (width, height) {
        return Ok(frame);
    }
    let pixels = Pixels::of(frame.get().format)?;
    if pixels.layout == Samples::Bytes {
        return Err(Error::unsupported(format!("{} is not padded or cropped; do it by a filter", pixels.name)));
    }
    let out = Frame::with(pixels.format, width, height)?;
    let pixel = pixels.pixel_bytes();
    pixels.fetch_lines(&out, |plane, y, row| {
        let from = crate::pixels::line(&frame, plane, y.min(h - 1), w * pixel)?;
        let common = row.len().min(from.len());
        row[..common].copy_from_slice(&from[..common]);
        for at in (common..row.len()).step_by(pixel) {
            let last = &from[from.len() - pixel..];
            row[at..at + pixel].copy_from_slice(last);
        }
        Ok(())
    })?;
    Ok(out)
}
