//! The one place where colours change their model, by Pillow's formulas: what the option `mode` asks for.
//!
//! Colours have 8 bits, as they have in Pillow; 16-bit values give their upper byte, true is 255. Gray of other types
//! counts as Pillow's modes I (whole numbers) and F (floats), which are cut to 0…255 where 8 bits are asked for.

mod dither;
mod formulas;
#[cfg(test)]
mod tests;

#[cfg(test)]
use dither::WEB_PALETTE;
pub use dither::{Dither, web_palette};

use super::mode::Mode;
use super::{Color, DType, DTypeKind, Props};
use crate::error::{Error, Result};
use formulas::{clip, hsv_to_rgb, lab_to_rgb, luma, multiplied, rgb_to_hsv, rgb_to_lab, rgb_to_ycbcr, ycbcr_to_rgb};

/// Luminance and chroma of 8 bits as colours, by Pillow's tables.
pub fn rgb_of_ycbcr(pixel: [u8; 3]) -> [u8; 3] {
    let [r, g, b, _] = ycbcr_to_rgb(formulas::ycbcr_tables(), pixel);
    [r, g, b]
}

/// Pixels that are converted at once.
const BLOCK: usize = 256;

/// A conversion of packed pixels, each by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recolor {
    from: Color,
    dtype: DType,
    /// Bits by which 16-bit values are too long.
    shift: u32,
    premultiplied: bool,
    to: Mode,
}

/// What makes an image one of another mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// What becomes of each pixel, if anything.
    pub points: Option<Recolor>,
    /// What then becomes of the whole image.
    pub dither: Option<Dither>,
    /// The properties afterwards.
    pub props: Props,
}

impl Conversion {
    /// The conversion of an image to a mode; `None` if it is in that mode already.
    pub fn new(image: &Props, to: Mode) -> Result<Option<Conversion>> {
        let same = image.color == to.color() && image.dtype == to.dtype();
        if same && image.premultiplied == to.is_premultiplied() && to != Mode::Rgbx {
            return Ok(None);
        }
        let props = converted(image, to)?;
        let is_gray = matches!(image.color, Color::Gray | Color::GrayAlpha);
        let (first, dither) = match to {
            Mode::One if is_gray => (Mode::L, Some(Dither::bilevel(1))),
            Mode::One => (Mode::Rgb, Some(Dither::bilevel(3))),
            Mode::P if !is_gray => (Mode::Rgb, Some(Dither::web(3))),
            Mode::Pa if !is_gray => (Mode::Rgba, Some(Dither::web(4))),
            other => (other, None),
        };
        let direct = image.color == first.color() && image.dtype == first.dtype() && !image.premultiplied;
        let points = match dither {
            Some(_) if direct => None,
            _ => Some(Recolor::new(image, first)?),
        };
        Ok(Some(Conversion { points, dither, props }))
    }
}

/// The properties of an image in another mode.
fn converted(image: &Props, to: Mode) -> Result<Props> {
    let mut props = image.clone();
    let mut shape = image.shape.to_vec();
    let mut axes = image.axes.as_str().to_owned();
    if axes.ends_with('S') && shape.len() == axes.len() {
        shape.pop();
        axes.pop();
        props.spacing[shape.len()] = 0.0;
    }
    if to.samples() > 1 {
        shape.push(to.samples());
        axes.push('S');
    }
    props.shape = super::Shape::new(&shape)?;
    props.axes = super::Axes::new(&axes);
    props.dtype = to.dtype();
    props.color = to.color();
    props.premultiplied = to.is_premultiplied();
    let kept = if image.color == Color::Gray { image.bits } else { 8 };
    props.bits = match to {
        Mode::One => 1,
        Mode::I16 | Mode::I => kept,
        Mode::F => 32,
        _ => 8,
    };
    Ok(props)
}

impl Recolor {
    /// The conversion of an image's pixels.
    pub fn new(image: &Props, to: Mode) -> Result<Recolor> {
        let refuse = |why: &str| {
            let (color, dtype, to) = (image.color.name(), image.dtype, to.name());
            Err(Error::unsupported(format!("an image of {color} {dtype} has no conversion to mode {to}: {why}")))
        };
        let Some(samples) = image.color.samples().filter(|_| !matches!(image.color, Color::Bayer | Color::Palette))
        else {
            return refuse("what its samples mean is not known");
        };
        let is_short = matches!(image.dtype, DType::Bool | DType::U8 | DType::U16);
        if image.dtype.kind() == DTypeKind::Complex || !is_short && samples > 1 {
            return refuse("only gray may have values other than bool, uint8 and uint16");
        }
        let has_axis = image.axes.as_str().ends_with('S') && image.shape.len() == image.axes.as_str().len();
        if has_axis != (samples > 1) {
            return refuse("its samples are no last axis");
        }
        let shift = if (9..16).contains(&image.bits) { image.bits - 8 } else { 8 };
        Ok(Recolor { from: image.color, dtype: image.dtype, shift, premultiplied: image.premultiplied, to })
    }

    /// Bytes of a pixel that comes in, and of one that goes out.
    pub fn sizes(&self) -> (usize, usize) {
        (self.from.samples().unwrap_or(1) * self.dtype.size(), self.to.samples() * self.to.dtype().size())
    }

    /// Converts packed pixels: as many as both slices hold.
    pub fn convert(&self, from: &[u8], to: &mut [u8]) {
        let (size_in, size_out) = self.sizes();
        let (from, to) = (from.chunks(BLOCK * size_in), to.chunks_mut(BLOCK * size_out));
        // Gray that only widens keeps its values.
        if self.from == Color::Gray && matches!(self.to, Mode::I | Mode::F | Mode::I16) {
            from.zip(to).for_each(|(from, to)| self.widen(from, to));
            return;
        }
        // The gray of these is their first sample.
        let luma_first = self.from == Color::YCbCr && self.dtype == DType::U8;
        if luma_first && matches!(self.to, Mode::L | Mode::La) {
            for (from, to) in from.flat_map(|f| f.chunks_exact(3)).zip(to.flat_map(|t| t.chunks_exact_mut(size_out))) {
                to.fill(255);
                to[0] = from[0];
            }
            return;
        }
        let mut block = [[0u8; 4]; BLOCK];
        for (from, to) in from.zip(to) {
            let n = from.len() / size_in;
            let Some(block) = block.get_mut(..n) else { return };
            self.load(from, block);
            self.store(block, to);
        }
    }

    /// Pixels as red, green, blue and alpha; of gray the three are the same.
    fn load(&self, from: &[u8], block: &mut [[u8; 4]]) {
        match self.dtype {
            DType::U8 => self.arrange(block, from, |b: [u8; 1]| b[0]),
            DType::Bool => self.arrange(block, from, |b: [u8; 1]| if b[0] == 0 { 0 } else { 255 }),
            DType::U16 => self.arrange(block, from, |b: [u8; 2]| (u16::from_ne_bytes(b) >> self.shift).min(255) as u8),
            _ => {
                for (pixel, value) in block.iter_mut().zip(from.chunks_exact(self.dtype.size())) {
                    let gray = clip(number(value, self.dtype));
                    *pixel = [gray, gray, gray, 255];
                }
            }
        }
        if self.premultiplied {
            for [r, g, b, a] in block.iter_mut().filter(|pixel| !matches!(pixel[3], 0 | 255)) {
                let divide = |c: u8| (255 * u32::from(c) / u32::from(*a)).min(255) as u8;
                (*r, *g, *b) = (divide(*r), divide(*g), divide(*b));
            }
        }
    }

    fn arrange<const N: usize>(&self, block: &mut [[u8; 4]], from: &[u8], value: impl Fn([u8; N]) -> u8) {
        fn each<const N: usize, const M: usize>(
            block: &mut [[u8; 4]],
            from: &[u8],
            value: impl Fn([u8; N]) -> u8,
            make: impl Fn([u8; M]) -> [u8; 4],
        ) {
            let (items, _) = from.as_chunks::<N>();
            let (pixels, _) = items.as_chunks::<M>();
            block.iter_mut().zip(pixels).for_each(|(to, pixel)| *to = make(pixel.map(&value)));
        }
        match self.from {
            Color::GrayAlpha => each(block, from, value, |[g, a]| [g, g, g, a]),
            Color::Rgb => each(block, from, value, |[r, g, b]| [r, g, b, 255]),
            Color::Bgr => each(block, from, value, |[b, g, r]| [r, g, b, 255]),
            Color::Rgba => each(block, from, value, |pixel: [u8; 4]| pixel),
            Color::Bgra => each(block, from, value, |[b, g, r, a]| [r, g, b, a]),
            Color::Cmyk => each(block, from, value, formulas::cmyk_to_rgb),
            Color::YCbCr => {
                let tables = formulas::ycbcr_tables();
                each(block, from, value, |pixel| ycbcr_to_rgb(tables, pixel));
            }
            Color::Hsv => each(block, from, value, hsv_to_rgb),
            Color::Lab => each(block, from, value, lab_to_rgb),
            _ => each(block, from, value, |[g]| [g, g, g, 255]),
        }
    }

    fn store(&self, block: &[[u8; 4]], to: &mut [u8]) {
        fn each<const M: usize>(block: &[[u8; 4]], to: &mut [u8], make: impl Fn([u8; 4]) -> [u8; M]) {
            to.as_chunks_mut::<M>().0.iter_mut().zip(block).for_each(|(to, pixel)| *to = make(*pixel));
        }
        let is_gray = matches!(self.from, Color::Gray | Color::GrayAlpha);
        let gray = |pixel: [u8; 4]| if is_gray { pixel[0] } else { luma(pixel) };
        match self.to {
            Mode::One | Mode::L | Mode::P => each(block, to, |pixel| [gray(pixel)]),
            Mode::La => each(block, to, |pixel| [gray(pixel), pixel[3]]),
            Mode::LaPremultiplied => each(block, to, |pixel| [multiplied(gray(pixel), pixel[3]), pixel[3]]),
            Mode::Pa => each(block, to, |pixel| [gray(pixel), 255]),
            Mode::Rgb => each(block, to, |[r, g, b, _]| [r, g, b]),
            Mode::Rgba => each(block, to, |pixel| pixel),
            Mode::RgbaPremultiplied => {
                each(block, to, |[r, g, b, a]| [multiplied(r, a), multiplied(g, a), multiplied(b, a), a])
            }
            Mode::Rgbx => each(block, to, |[r, g, b, _]| [r, g, b, 255]),
            Mode::Cmyk if is_gray => each(block, to, |[g, ..]| [0, 0, 0, 255 - g]),
            Mode::Cmyk => each(block, to, |[r, g, b, _]| [255 - r, 255 - g, 255 - b, 0]),
            Mode::YCbCr if is_gray => each(block, to, |[g, ..]| [g, 128, 128]),
            Mode::YCbCr => {
                let tables = formulas::ycbcr_tables();
                each(block, to, |pixel| rgb_to_ycbcr(tables, pixel));
            }
            Mode::Hsv => each(block, to, rgb_to_hsv),
            Mode::Lab => each(block, to, rgb_to_lab),
            Mode::I => each(block, to, |pixel| i32::from(gray(pixel)).to_ne_bytes()),
            Mode::I16 => each(block, to, |pixel| u16::from(gray(pixel)).to_ne_bytes()),
            Mode::F => each(block, to, |pixel| {
                let value = if is_gray { f32::from(pixel[0]) } else { formulas::exact_luma(pixel) };
                value.to_ne_bytes()
            }),
        }
    }

    /// Gray values as they are, as far as the type holds them.
    fn widen(&self, from: &[u8], to: &mut [u8]) {
        let size = self.to.dtype().size();
        for (from, to) in from.chunks_exact(self.dtype.size()).zip(to.chunks_exact_mut(size)) {
            let value = number(from, self.dtype);
            match self.to {
                Mode::F => to.copy_from_slice(&(value as f32).to_ne_bytes()),
                Mode::I => to.copy_from_slice(&(value as i32).to_ne_bytes()),
                // Floats become 8 bits first, as in Pillow.
                _ if self.dtype.kind() == DTypeKind::Float => {
                    to.copy_from_slice(&u16::from(clip(value)).to_ne_bytes());
                }
                _ => to.copy_from_slice(&(value as u16).to_ne_bytes()),
            }
        }
    }
}

/// A gray value; true is 255, as in Pillow.
fn number(bytes: &[u8], dtype: DType) -> f64 {
    if dtype == DType::Bool {
        return if bytes.iter().any(|&b| b != 0) { 255.0 } else { 0.0 };
    }
    let mut wide = [0; 8];
    super::cast(super::Cast::plain(dtype, DType::F64), bytes, &mut wide);
    f64::from_ne_bytes(wide)
}
