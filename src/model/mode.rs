//! Pillow's modes: the pixels that the option `mode` asks for.

use super::{Color, DType};
use crate::error::{Error, Result};

/// A mode of Pillow's that an image can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are Pillow's
pub enum Mode {
    /// Black and white.
    One,
    L,
    /// Gray with alpha: Pillow's `LA`.
    La,
    /// Gray multiplied by alpha: Pillow's `La`.
    LaPremultiplied,
    /// Places in a palette.
    P,
    /// Places in a palette, and alpha.
    Pa,
    Rgb,
    Rgba,
    /// Colours multiplied by alpha: Pillow's `RGBa`.
    RgbaPremultiplied,
    /// RGB and a fourth byte that means nothing.
    Rgbx,
    Cmyk,
    YCbCr,
    Lab,
    Hsv,
    /// Gray in 32 bits.
    I,
    /// Gray in 16 bits.
    I16,
    /// Gray in single precision.
    F,
}

impl Mode {
    const NAMES: [(&'static str, Mode); 20] = [
        ("1", Mode::One),
        ("L", Mode::L),
        ("LA", Mode::La),
        ("La", Mode::LaPremultiplied),
        ("P", Mode::P),
        ("PA", Mode::Pa),
        ("RGB", Mode::Rgb),
        ("RGBA", Mode::Rgba),
        ("RGBa", Mode::RgbaPremultiplied),
        ("RGBX", Mode::Rgbx),
        ("CMYK", Mode::Cmyk),
        ("YCbCr", Mode::YCbCr),
        ("LAB", Mode::Lab),
        ("HSV", Mode::Hsv),
        ("I", Mode::I),
        ("I;16", Mode::I16),
        // Arrays are in native byte order, whatever the order that a mode names.
        ("I;16L", Mode::I16),
        ("I;16B", Mode::I16),
        ("I;16N", Mode::I16),
        ("F", Mode::F),
    ];

    /// The mode of a name.
    pub fn from_name(name: &str) -> Result<Mode> {
        let known = Mode::NAMES.iter().find(|(n, _)| *n == name);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            let names: Vec<&str> = Mode::NAMES.iter().map(|(n, _)| *n).collect();
            Error::option(format!("option \"mode\" is one of {}, not {name:?}", names.join(", ")))
        })
    }

    /// Pillow's name.
    pub fn name(self) -> &'static str {
        Mode::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    /// What the samples mean.
    pub fn color(self) -> Color {
        match self {
            Mode::One | Mode::L | Mode::I | Mode::I16 | Mode::F => Color::Gray,
            Mode::La | Mode::LaPremultiplied => Color::GrayAlpha,
            Mode::P => Color::Palette,
            Mode::Pa => Color::Multi,
            Mode::Rgb => Color::Rgb,
            Mode::Rgba | Mode::RgbaPremultiplied | Mode::Rgbx => Color::Rgba,
            Mode::Cmyk => Color::Cmyk,
            Mode::YCbCr => Color::YCbCr,
            Mode::Lab => Color::Lab,
            Mode::Hsv => Color::Hsv,
        }
    }

    /// Samples of a pixel.
    pub fn samples(self) -> usize {
        if self == Mode::Pa { 2 } else { self.color().samples().unwrap_or(1) }
    }

    /// Their type.
    pub fn dtype(self) -> DType {
        match self {
            Mode::One => DType::Bool,
            Mode::I => DType::I32,
            Mode::I16 => DType::U16,
            Mode::F => DType::F32,
            _ => DType::U8,
        }
    }

    /// Whether colours are multiplied by alpha.
    pub fn is_premultiplied(self) -> bool {
        matches!(self, Mode::LaPremultiplied | Mode::RgbaPremultiplied)
    }

    /// Whether a pixel is one number.
    pub fn is_single_band(self) -> bool {
        self.samples() == 1
    }
}
