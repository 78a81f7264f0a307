//! The one place where colours change their model, by Pillow's formulas: what the option `mode` asks for.
//!
//! Values are 8 bits, as they are in Pillow; 16-bit values give their upper byte, true is 255.

use super::{Color, DType, Props};
use crate::error::{Error, Result};

/// A mode of Pillow's that an image can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are Pillow's
pub enum Mode {
    L,
    La,
    Rgb,
    Rgba,
    Cmyk,
    /// Gray in 32 bits.
    I,
    /// Gray in single precision.
    F,
    /// Gray in 16 bits, of an image that has them.
    I16,
    /// Black and white, of an image that is.
    One,
}

impl Mode {
    const NAMES: [(&'static str, Mode); 9] = [
        ("L", Mode::L),
        ("LA", Mode::La),
        ("RGB", Mode::Rgb),
        ("RGBA", Mode::Rgba),
        ("CMYK", Mode::Cmyk),
        ("I", Mode::I),
        ("F", Mode::F),
        ("I;16", Mode::I16),
        ("1", Mode::One),
    ];

    /// The mode of a name.
    pub fn from_name(name: &str) -> Result<Mode> {
        let known = Mode::NAMES.iter().find(|(n, _)| *n == name);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            let names: Vec<&str> = Mode::NAMES.iter().map(|(n, _)| *n).collect();
            Error::option(format!("option \"mode\" is one of {}, not {name:?}", names.join(", ")))
        })
    }

    fn color(self) -> Color {
        match self {
            Mode::La => Color::GrayAlpha,
            Mode::Rgb => Color::Rgb,
            Mode::Rgba => Color::Rgba,
            Mode::Cmyk => Color::Cmyk,
            Mode::L | Mode::I | Mode::F | Mode::I16 | Mode::One => Color::Gray,
        }
    }

    fn dtype(self) -> DType {
        match self {
            Mode::I => DType::I32,
            Mode::F => DType::F32,
            Mode::I16 => DType::U16,
            Mode::One => DType::Bool,
            _ => DType::U8,
        }
    }
}

/// A conversion of packed pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recolor {
    from: Color,
    dtype: DType,
    to: Mode,
}

impl Recolor {
    /// The conversion of an image to a mode, and its properties afterwards; `None` if it is in that mode already.
    pub fn new(image: &Props, to: Mode) -> Result<Option<(Recolor, Props)>> {
        if image.color == to.color() && image.dtype == to.dtype() {
            return Ok(None);
        }
        let refuse = |why: &str| {
            let (color, dtype) = (image.color.name(), image.dtype);
            Err(Error::unsupported(format!("an image of {color} {dtype} has no conversion to mode {to:?}: {why}")))
        };
        let known = [Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba, Color::Cmyk].contains(&image.color);
        let whole = matches!(image.dtype, DType::Bool | DType::U8 | DType::U16);
        if !known || !whole {
            return refuse("this version converts gray, RGB and CMYK of bool, uint8 and uint16");
        }
        if matches!(to, Mode::I16 | Mode::One) {
            return refuse("values would be made up; \"dtype\" converts them as they are");
        }
        let mut props = image.clone();
        let had = image.color.samples().unwrap_or(1);
        let has = to.color().samples().unwrap_or(1);
        let mut shape = image.shape.to_vec();
        let mut axes = image.axes.as_str().to_owned();
        let has_axis = axes.ends_with('S') && shape.len() == axes.len();
        if has_axis != (had > 1) {
            return refuse("its samples are no last axis");
        }
        if has_axis {
            shape.pop();
            axes.pop();
            props.spacing[shape.len()] = 0.0;
        }
        if has > 1 {
            shape.push(has);
            axes.push('S');
        }
        props.shape = super::Shape::new(&shape)?;
        props.axes = super::Axes::new(&axes);
        props.dtype = to.dtype();
        props.color = to.color();
        props.bits = if props.dtype == DType::U8 { 8 } else { props.bits };
        Ok(Some((Recolor { from: image.color, dtype: image.dtype, to }, props)))
    }

    /// Bytes of a pixel that comes in, and of one that goes out.
    pub fn sizes(&self) -> (usize, usize) {
        let size = |color: Color, dtype: DType| color.samples().unwrap_or(1) * dtype.size();
        (size(self.from, self.dtype), size(self.to.color(), self.to.dtype()))
    }

    /// Converts packed pixels: as many as both slices hold.
    pub fn convert(&self, from: &[u8], to: &mut [u8]) {
        // Gray that only widens keeps its values.
        let keeps = self.from == Color::Gray && matches!(self.to, Mode::I | Mode::F);
        let (size_in, size_out) = self.sizes();
        let whole = self.dtype.size();
        for (from, to) in from.chunks_exact(size_in).zip(to.chunks_exact_mut(size_out)) {
            if keeps {
                widen(self.to, value(from, self.dtype), to);
                continue;
            }
            let sample = |i: usize| eight_bits(&from[i * whole..], self.dtype);
            let rgba = match self.from {
                Color::Gray => [sample(0), sample(0), sample(0), 255],
                Color::GrayAlpha => [sample(0), sample(0), sample(0), sample(1)],
                Color::Rgb => [sample(0), sample(1), sample(2), 255],
                Color::Rgba => [sample(0), sample(1), sample(2), sample(3)],
                _ => cmyk_to_rgb([sample(0), sample(1), sample(2), sample(3)]),
            };
            let is_gray = matches!(self.from, Color::Gray | Color::GrayAlpha);
            put(self.to, rgba, is_gray, to);
        }
    }
}

/// A sample of at most 16 bits.
fn value(from: &[u8], dtype: DType) -> u16 {
    match (dtype, from) {
        (DType::Bool, [b, ..]) => u16::from(*b != 0) * 255,
        (DType::U16, [a, b, ..]) => u16::from_ne_bytes([*a, *b]),
        (_, [a, ..]) => u16::from(*a),
        _ => 0,
    }
}

fn eight_bits(from: &[u8], dtype: DType) -> u8 {
    let value = value(from, dtype);
    if dtype == DType::U16 { (value >> 8) as u8 } else { value as u8 }
}

/// ITU-R 601-2, in Pillow's fixed point.
fn luma([r, g, b, _]: [u8; 4]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}

fn cmyk_to_rgb([c, m, y, k]: [u8; 4]) -> [u8; 4] {
    let light = i32::from(255 - k);
    let one = |ink: u8| {
        let product = i32::from(ink) * light + 128;
        (light - (((product >> 8) + product) >> 8)).clamp(0, 255) as u8
    };
    [one(c), one(m), one(y), 255]
}

fn widen(to: Mode, value: u16, out: &mut [u8]) {
    match to {
        Mode::F => out.copy_from_slice(&f32::from(value).to_ne_bytes()),
        _ => out.copy_from_slice(&i32::from(value).to_ne_bytes()),
    }
}

fn put(to: Mode, rgba: [u8; 4], is_gray: bool, out: &mut [u8]) {
    let [r, g, b, a] = rgba;
    let gray = || if is_gray { r } else { luma(rgba) };
    match to {
        Mode::L | Mode::I16 | Mode::One => out[0] = gray(),
        Mode::La => out.copy_from_slice(&[gray(), a]),
        Mode::Rgb => out.copy_from_slice(&[r, g, b]),
        Mode::Rgba => out.copy_from_slice(&rgba),
        Mode::Cmyk if is_gray => out.copy_from_slice(&[0, 0, 0, 255 - r]),
        Mode::Cmyk => out.copy_from_slice(&[255 - r, 255 - g, 255 - b, 0]),
        Mode::I => widen(to, u16::from(gray()), out),
        Mode::F if is_gray => widen(to, u16::from(r), out),
        Mode::F => {
            let sum = f32::from(r) * 299.0 + f32::from(g) * 587.0 + f32::from(b) * 114.0;
            out.copy_from_slice(&(sum / 1000.0).to_ne_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(color: Color, dtype: DType, to: Mode, from: &[u8]) -> Vec<u8> {
        let (recolor, props) = Recolor::new(&Props::pixels(1, 1, dtype, color), to).unwrap().unwrap();
        let mut out = vec![0; props.nbytes().unwrap()];
        recolor.convert(from, &mut out);
        out
    }

    #[test]
    fn conversions_are_those_of_pillow() {
        // Image.new(…).convert(…) of Pillow.
        assert_eq!(one(Color::Rgb, DType::U8, Mode::L, &[200, 100, 50]), [124]);
        assert_eq!(one(Color::Rgba, DType::U8, Mode::La, &[200, 100, 50, 7]), [124, 7]);
        assert_eq!(one(Color::Gray, DType::U8, Mode::Rgba, &[9]), [9, 9, 9, 255]);
        assert_eq!(one(Color::Rgb, DType::U8, Mode::Cmyk, &[200, 100, 50]), [55, 155, 205, 0]);
        assert_eq!(one(Color::Cmyk, DType::U8, Mode::Rgb, &[55, 155, 205, 40]), [169, 84, 42]);
        assert_eq!(one(Color::Gray, DType::Bool, Mode::L, &[1]), [255]);
        assert_eq!(one(Color::Gray, DType::U16, Mode::L, &0x1234u16.to_ne_bytes()), [0x12]);
        assert_eq!(one(Color::Gray, DType::U16, Mode::I, &0x1234u16.to_ne_bytes()), 0x1234i32.to_ne_bytes());
        assert_eq!(one(Color::Rgb, DType::U8, Mode::F, &[200, 100, 50]), 124.2f32.to_ne_bytes());
    }

    #[test]
    fn an_image_in_the_mode_is_left_alone() {
        let image = Props::pixels(2, 3, DType::U8, Color::Rgb);
        assert!(Recolor::new(&image, Mode::Rgb).unwrap().is_none());
        let (_, gray) = Recolor::new(&image, Mode::L).unwrap().unwrap();
        assert_eq!((&*gray.shape, gray.axes.as_str()), (&[3, 2][..], "YX"));
    }
}
