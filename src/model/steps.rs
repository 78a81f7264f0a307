//! What becomes of pixels on their way from a plugin to the caller, before their dtype is changed.

use super::{Area, Color, DType, DTypeKind, Key, Props, Recolor, Reduce, Value};
use crate::error::{Error, Result};
use std::sync::Arc;

/// All that becomes of them: first a part is cut out, then it is made smaller, then come the others in their order.
#[derive(Clone, Default)]
pub struct Steps {
    /// The pixels that are wanted, of the image that the plugin delivers.
    pub crop: Option<Area>,
    /// How they are made fewer.
    pub reduce: Option<Reduce>,
    /// What becomes of each pixel.
    pub points: Arc<[Step]>,
}

impl Steps {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.crop.is_none() && self.reduce.is_none() && self.points.is_empty()
    }
}

/// Something that becomes of each pixel.
#[derive(Clone)]
pub enum Step {
    /// A colour becomes transparent.
    Key(Key),
    /// It loses its alpha.
    Flatten(Flatten),
    /// It changes its colour model.
    Recolor(Recolor),
    /// It is lit otherwise.
    Gamma(Gamma),
}

impl Step {
    /// Bytes of a pixel that comes in, and of one that goes out.
    pub fn sizes(&self) -> (usize, usize) {
        match self {
            Step::Key(key) => key.sizes(),
            Step::Flatten(flatten) => flatten.sizes(),
            Step::Recolor(recolor) => recolor.sizes(),
            Step::Gamma(gamma) => (gamma.from.size(), gamma.to().size()),
        }
    }

    /// Converts packed pixels: as many as both slices hold.
    pub fn convert(&self, from: &[u8], to: &mut [u8]) {
        match self {
            Step::Key(key) => key.convert(from, to),
            Step::Flatten(flatten) => flatten.convert(from, to),
            Step::Recolor(recolor) => recolor.convert(from, to),
            Step::Gamma(gamma) => gamma.convert(from, to),
        }
    }
}

/// Lays colours with alpha on a background: what the option `background` asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatten {
    dtype: DType,
    from: Color,
    /// One value for gray, else red, green and blue, in parts of 255.
    background: [u8; 3],
    gray: bool,
}

impl Flatten {
    /// The option's value: a gray value, three of red, green and blue, or "#rrggbb".
    pub fn colors(value: &Value) -> Result<Vec<u8>> {
        let wrong = || {
            Error::option(
                "option \"background\" is a gray value, red, green and blue, each from 0 to 255, or \"#rrggbb\"",
            )
        };
        if let Some(text) = value.as_str() {
            let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii()).ok_or_else(wrong)?;
            let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).map_err(|_| wrong());
            return Ok(vec![byte(0)?, byte(2)?, byte(4)?]);
        }
        let whole = |x: f64| (x.fract() == 0.0 && (0.0..=255.0).contains(&x)).then_some(x as u8);
        let numbers = match value.as_float() {
            Some(gray) => vec![gray],
            None => value.as_floats().ok_or_else(wrong)?.to_vec(),
        };
        let numbers: Option<Vec<u8>> = numbers.into_iter().map(whole).collect();
        numbers.filter(|n| n.len() == 1 || n.len() == 3).ok_or_else(wrong)
    }

    /// On this background, and the properties afterwards; `None` for an image without alpha.
    pub fn new(image: &Props, background: &[u8]) -> Result<Option<(Flatten, Props)>> {
        if !matches!(image.color, Color::GrayAlpha | Color::Rgba | Color::Bgra) {
            return Ok(None);
        }
        let is_known = matches!(image.dtype, DType::U8 | DType::U16 | DType::F32);
        if !is_known || image.premultiplied || !image.axes.as_str().ends_with('S') {
            let (color, dtype) = (image.color.name(), image.dtype);
            return Err(Error::unsupported(format!("option \"background\": not for an image of {color} {dtype}")));
        }
        let background = match *background {
            [gray] => [gray; 3],
            [r, g, b, ..] => [r, g, b],
            _ => [0; 3],
        };
        let gray = image.color == Color::GrayAlpha && background.iter().all(|&c| c == background[0]);
        let mut props = image.clone();
        let mut shape = image.shape.to_vec();
        let mut axes = image.axes.as_str().to_owned();
        if gray {
            shape.pop();
            axes.pop();
        } else if let Some(samples) = shape.last_mut() {
            *samples = 3;
        }
        props.shape = super::Shape::new(&shape)?;
        props.axes = super::Axes::new(&axes);
        props.color = if gray { Color::Gray } else { Color::Rgb };
        Ok(Some((Flatten { dtype: image.dtype, from: image.color, background, gray }, props)))
    }

    fn sizes(&self) -> (usize, usize) {
        let samples = if self.gray { 1 } else { 3 };
        (self.from.samples().unwrap_or(1) * self.dtype.size(), samples * self.dtype.size())
    }

    fn convert(&self, from: &[u8], to: &mut [u8]) {
        match self.dtype {
            DType::U16 => self.lay(
                from,
                to,
                |c| u16::from(c) * 257,
                |c, a, b| {
                    let sum = u64::from(c) * u64::from(a) + u64::from(b) * u64::from(u16::MAX - a);
                    ((sum + 32767) / 65535) as u16
                },
                u16::from_ne_bytes,
                u16::to_ne_bytes,
            ),
            DType::F32 => self.lay(
                from,
                to,
                |c| f32::from(c) / 255.0,
                |c, a, b| c * a + b * (1.0 - a),
                f32::from_ne_bytes,
                f32::to_ne_bytes,
            ),
            // As Pillow's alpha_composite on an opaque image.
            _ => self.lay(
                from,
                to,
                |c| c,
                |c, a, b| {
                    let sum = u32::from(c) * u32::from(a) + u32::from(b) * u32::from(255 - a);
                    ((sum + 127) / 255) as u8
                },
                |[b]: [u8; 1]| b,
                |b| [b],
            ),
        }
    }

    fn lay<T: Copy, const N: usize>(
        &self,
        from: &[u8],
        to: &mut [u8],
        full: impl Fn(u8) -> T,
        lay: impl Fn(T, T, T) -> T,
        read: impl Fn([u8; N]) -> T,
        write: impl Fn(T) -> [u8; N],
    ) {
        let background = self.background.map(full);
        let order: &[usize] = match self.from {
            Color::GrayAlpha if self.gray => &[0],
            Color::GrayAlpha => &[0, 0, 0],
            Color::Bgra => &[2, 1, 0],
            _ => &[0, 1, 2],
        };
        let (samples, _) = from.as_chunks::<N>();
        let made = to.as_chunks_mut::<N>().0.chunks_exact_mut(order.len());
        for (pixel, to) in samples.chunks_exact(self.from.samples().unwrap_or(1)).zip(made) {
            let Some((alpha, colors)) = pixel.split_last() else { return };
            let alpha = read(*alpha);
            for ((to, &i), &behind) in to.iter_mut().zip(order).zip(&background) {
                if let Some(color) = colors.get(i) {
                    *to = write(lay(read(*color), alpha, behind));
                }
            }
        }
    }
}

/// Applies a power to samples: what the option `apply_gamma` asks for, by imageio's formula.
#[derive(Clone)]
pub struct Gamma {
    from: DType,
    power: f64,
    /// Samples of a pixel, and whether the last is alpha, which is linear already.
    samples: usize,
    alpha: bool,
    table: Arc<[u16]>,
}

impl Gamma {
    /// The power of `gamma`, and the properties afterwards. Whole numbers of 8 and 16 bits keep their type; of others
    /// imageio makes 8 bits. `None` where there is nothing to light: black and white, and places in a palette.
    pub fn new(image: &Props, gamma: f64) -> Option<(Gamma, Props)> {
        let nothing = image.dtype == DType::Bool || image.color == Color::Palette;
        if nothing || image.dtype.kind() == DTypeKind::Complex || !gamma.is_finite() {
            return None;
        }
        let has_axis = image.axes.as_str().ends_with('S');
        let samples = if has_axis { image.shape.last().copied().unwrap_or(1).max(1) } else { 1 };
        let alpha = matches!(image.color, Color::GrayAlpha | Color::Rgba | Color::Bgra);
        let table = match image.dtype {
            DType::U8 => (0..=255).map(|v| lit(f64::from(v), gamma, 255.0) as u16).collect(),
            // imageio makes 8 bits of these, of a range that they do not have.
            DType::U16 => {
                let full = (1u32 << image.bits.clamp(1, 16)) - 1;
                (0..=u16::MAX).map(|v| lit(f64::from(v), gamma, f64::from(full)).min(65535.0) as u16).collect()
            }
            _ => Arc::default(),
        };
        let made = Gamma { from: image.dtype, power: gamma, samples, alpha, table };
        let mut props = image.clone();
        if made.to() != image.dtype {
            (props.dtype, props.bits) = (made.to(), 8);
        }
        Some((made, props))
    }

    fn to(&self) -> DType {
        if self.from == DType::U16 { DType::U16 } else { DType::U8 }
    }

    fn convert(&self, from: &[u8], to: &mut [u8]) {
        let is_color = |i: usize| !self.alpha || i % self.samples + 1 != self.samples;
        match self.from {
            DType::U8 => {
                for (i, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                    let lit = self.table.get(usize::from(from)).map_or(0, |&v| v as u8);
                    *to = if is_color(i) { lit } else { from };
                }
            }
            DType::U16 => {
                let (to, from) = (to.as_chunks_mut::<2>().0, from.as_chunks::<2>().0);
                for (i, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                    let lit = self.table.get(usize::from(u16::from_ne_bytes(from))).map_or(0, |&v| v);
                    *to = if is_color(i) { lit.to_ne_bytes() } else { from };
                }
            }
            other => {
                for (to, from) in to.iter_mut().zip(from.chunks_exact(other.size())) {
                    let mut wide = [0; 8];
                    super::cast(super::Cast::plain(other, DType::F64), from, &mut wide);
                    *to = lit(f64::from_ne_bytes(wide), self.power, 255.0) as u8;
                }
            }
        }
    }
}

/// imageio's formula.
fn lit(value: f64, gamma: f64, full: f64) -> f64 {
    ((value / full).powf(gamma) * full + 0.4999).round_ties_even()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::List;

    #[test]
    fn gamma_is_imageios() {
        let (gamma, props) = Gamma::new(&Props::pixels(1, 1, DType::U8, Color::Rgba), 1.0 / 2.2).unwrap();
        let mut out = [0; 4];
        gamma.convert(&[0, 100, 255, 100], &mut out);
        // numpy.round((100 / 255) ** (1 / 2.2) * 255 + 0.4999); alpha stays.
        assert_eq!((out, props.dtype), ([0, 167, 255, 100], DType::U8));
        let (gamma, props) = Gamma::new(&Props::pixels(1, 1, DType::U16, Color::Gray), 2.0).unwrap();
        let mut out = [0; 2];
        gamma.convert(&32768u16.to_ne_bytes(), &mut out);
        assert_eq!((u16::from_ne_bytes(out), props.dtype), (16385, DType::U16));
        assert!(Gamma::new(&Props::pixels(1, 1, DType::Bool, Color::Gray), 2.0).is_none());
    }

    #[test]
    fn colors_are_laid_on_a_background() {
        let colors = Flatten::colors(&[10, 20, 30].into_iter().collect::<List>().into()).unwrap();
        let (flatten, props) = Flatten::new(&Props::pixels(1, 1, DType::U8, Color::Rgba), &colors).unwrap().unwrap();
        let mut out = [0; 3];
        flatten.convert(&[200, 100, 50, 100], &mut out);
        // Image.alpha_composite of the pixel on (10, 20, 30, 255)
        assert_eq!((out, &*props.shape), ([85, 51, 38], &[1, 1, 3][..]));
        let (flatten, props) =
            Flatten::new(&Props::pixels(1, 1, DType::U16, Color::GrayAlpha), &[255]).unwrap().unwrap();
        let mut out = [0; 2];
        flatten.convert(&[0, 0, 0xFF, 0x7F], &mut out);
        assert_eq!((u16::from_ne_bytes(out), props.shape.len()), (32768, 2));
        assert!(Flatten::new(&Props::pixels(1, 1, DType::U8, Color::Rgb), &[0]).unwrap().is_none());
    }

    #[test]
    fn a_background_is_one_value_or_three() {
        assert_eq!(Flatten::colors(&"#0a14ff".into()).unwrap(), [10, 20, 255]);
        assert_eq!(Flatten::colors(&7.into()).unwrap(), [7]);
        for bad in ["", "#12345", "red", "#gg0000"] {
            assert!(Flatten::colors(&bad.into()).is_err(), "{bad}");
        }
        assert!(Flatten::colors(&256.into()).is_err());
        assert!(Flatten::colors(&[1, 2].into_iter().collect::<List>().into()).is_err());
    }
}
