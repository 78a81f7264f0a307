//! The caller's array as the packed RGB or RGBA that libwebp takes.

use crate::error::{Error, Result};
use crate::model::{Color, DType};
use crate::plugin::{Call, Image};
use std::borrow::Cow;
use webp_codec::{Format, MAX_DIMENSION};

/// Packed pixels of one image.
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    pub format: Format,
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// Bytes from one row to the next.
    pub fn pitch(&self) -> usize {
        (self.width as usize).saturating_mul(self.format.bytes_per_pixel())
    }
}

/// What can be written of an image, found before a byte of it is touched.
#[derive(Clone, Copy)]
pub struct Shape {
    pub width: u32,
    pub height: u32,
    color: Color,
}

impl Shape {
    pub fn of(image: &Image) -> Result<Shape> {
        if !matches!(image.dtype, DType::U8 | DType::Bool) {
            return Err(Error::shape(format!(
                "WebP has 8 bits a sample, not {}; convert it to uint8 first (reads do by dtype=\"uint8\", with \
                 scale=true from the full range)",
                image.dtype
            )));
        }
        let (height, width, samples) = match *image.shape() {
            [height, width] => (height, width, 1),
            [height, width, samples] => (height, width, samples),
            _ => return Err(wrong_axes(image)),
        };
        if image.axes.is_some_and(|axes| !matches!(axes.as_str(), "YX" | "YXS" | "YXC")) {
            return Err(wrong_axes(image));
        }
        if width == 0 || height == 0 {
            return Err(Error::shape(format!("an image of {width}x{height} pixels cannot be written")));
        }
        let side = |n| u32::try_from(n).ok().filter(|&n| n <= MAX_DIMENSION);
        let (Some(width), Some(height)) = (side(width), side(height)) else {
            return Err(Error::unsupported(format!(
                "WebP holds up to {MAX_DIMENSION} pixels a side, not {width}x{height}"
            )));
        };
        Ok(Shape { width, height, color: color(image.color, samples)? })
    }
}

fn wrong_axes(image: &Image) -> Error {
    let axes = image.axes.map(|axes| format!(" with axes {}", axes.as_str())).unwrap_or_default();
    Error::shape(format!(
        "WebP holds images of shape (height, width) or (height, width, 2 to 4 samples), not {:?}{axes}",
        image.shape()
    ))
}

/// The meaning of the samples: as the caller says, else by their number.
fn color(said: Option<Color>, samples: usize) -> Result<Color> {
    use Color::{Bgr, Bgra, Gray, GrayAlpha, Rgb, Rgba};
    let color = match said.filter(|&c| c != Color::Unknown) {
        Some(color @ (Gray | GrayAlpha | Rgb | Rgba | Bgr | Bgra)) => color,
        Some(other) => return Err(Error::unsupported(format!("WebP holds RGB, not {}", other.name()))),
        None => match samples {
            1 => Gray,
            2 => GrayAlpha,
            3 => Rgb,
            4 => Rgba,
            n => return Err(Error::shape(format!("WebP holds 1 to 4 samples a pixel, not {n}"))),
        },
    };
    if color.samples() == Some(samples) {
        Ok(color)
    } else {
        Err(Error::shape(format!("pixels of {samples} samples are not {}", color.name())))
    }
}

/// Copies the pixels: the caller's are his again when the call ends, and an image is encoded when it is known what
/// follows it.
pub fn pack(image: &Image, shape: Shape, call: &Call) -> Result<Pixels> {
    let mut packed = image.packed(call)?;
    if image.dtype == DType::Bool {
        let mut bytes = owned(packed, call)?;
        bytes.iter_mut().for_each(|b| *b = if *b == 0 { 0 } else { 255 });
        packed = bytes.into();
    }
    let (format, bytes) = match shape.color {
        Color::Gray => (Format::Rgb, spread(&packed, call, |&[v]: &[u8; 1]| [v; 3])?),
        Color::GrayAlpha => (Format::Rgba, spread(&packed, call, |&[v, a]: &[u8; 2]| [v, v, v, a])?),
        Color::Bgr => (Format::Rgb, spread(&packed, call, |&[b, g, r]: &[u8; 3]| [r, g, b])?),
        Color::Bgra => (Format::Rgba, spread(&packed, call, |&[b, g, r, a]: &[u8; 4]| [r, g, b, a])?),
        Color::Rgba => (Format::Rgba, owned(packed, call)?),
        _ => (Format::Rgb, owned(packed, call)?),
    };
    Ok(Pixels { width: shape.width, height: shape.height, format, bytes })
}

fn owned(bytes: Cow<[u8]>, call: &Call) -> Result<Vec<u8>> {
    match bytes {
        Cow::Owned(bytes) => Ok(bytes),
        Cow::Borrowed(bytes) => {
            let mut copy = call.limits().allocate(bytes.len())?;
            copy.copy_from_slice(bytes);
            Ok(copy)
        }
    }
}

/// Makes a pixel of `N` samples of each pixel of `M`.
fn spread<const M: usize, const N: usize>(
    from: &[u8],
    call: &Call,
    pixel: impl Fn(&[u8; M]) -> [u8; N],
) -> Result<Vec<u8>> {
    let (from, _) = from.as_chunks::<M>();
    let mut bytes = call.limits().allocate(from.len().saturating_mul(N))?;
    for (to, from) in bytes.as_chunks_mut::<N>().0.iter_mut().zip(from) {
        *to = pixel(from);
    }
    Ok(bytes)
}
