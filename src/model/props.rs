//! What is known of an image before a pixel of it is decoded, and how an image is chosen.

use super::{DType, Shape, byte_len};
use crate::error::{Error, Result};

/// What the samples of an image mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u32)]
#[allow(missing_docs)] // the names are the documentation
pub enum Color {
    #[default]
    Unknown = 0,
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    Bgr,
    Bgra,
    Cmyk,
    YCbCr,
    Lab,
    Hsv,
    Palette,
    Bayer,
    Multi,
}

impl Color {
    const NAMES: [&'static str; 14] = [
        "unknown",
        "gray",
        "gray_alpha",
        "rgb",
        "rgba",
        "bgr",
        "bgra",
        "cmyk",
        "ycbcr",
        "lab",
        "hsv",
        "palette",
        "bayer",
        "multi",
    ];
    const ALL: [Color; 14] = [
        Color::Unknown,
        Color::Gray,
        Color::GrayAlpha,
        Color::Rgb,
        Color::Rgba,
        Color::Bgr,
        Color::Bgra,
        Color::Cmyk,
        Color::YCbCr,
        Color::Lab,
        Color::Hsv,
        Color::Palette,
        Color::Bayer,
        Color::Multi,
    ];

    /// The number of the C ABI.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The colour of a number of the C ABI.
    pub fn from_code(code: u32) -> Option<Color> {
        Color::ALL.get(code as usize).copied()
    }

    /// The name that the option `color` takes.
    pub fn name(self) -> &'static str {
        Color::NAMES[self as usize]
    }

    /// The colour of such a name.
    pub fn from_name(name: &str) -> Option<Color> {
        Color::NAMES.iter().position(|n| n.eq_ignore_ascii_case(name)).and_then(|i| Color::from_code(i as u32))
    }

    /// Samples of a pixel, where the colour fixes them.
    pub fn samples(self) -> Option<usize> {
        match self {
            Color::Gray | Color::Palette | Color::Bayer => Some(1),
            Color::GrayAlpha => Some(2),
            Color::Rgb | Color::Bgr | Color::YCbCr | Color::Lab | Color::Hsv => Some(3),
            Color::Rgba | Color::Bgra | Color::Cmyk => Some(4),
            Color::Unknown | Color::Multi => None,
        }
    }
}

/// Which image of a file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// imageio's `None`: the plugin decides.
    Default,
    /// imageio's `...`: all images, stacked on a new first axis.
    All,
    /// One image, counted from 0.
    At(usize),
}

/// What a read with the same index and options gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Props {
    /// Length of each axis.
    pub shape: Shape,
    /// Type of the items.
    pub dtype: DType,
    /// Whether the first axis stacks images.
    pub is_batch: bool,
    /// Images in the file, when all are asked for.
    pub n_images: Option<usize>,
    /// One letter an axis: N images, T, Z, C, Y, X, S samples, Q other.
    pub axes: Axes,
    /// Distance of two samples along each axis, 0 where the file does not say.
    pub spacing: [f64; strided::MAX_NDIM],
    /// What the samples mean.
    pub color: Color,
    /// Significant bits of a sample; 0: not known.
    pub bits: u32,
    /// Whether colours are multiplied by alpha.
    pub premultiplied: bool,
    /// Whether an orientation of the file was applied.
    pub oriented: bool,
    /// EXIF orientation that is still to be applied, 1 to 8; 0: not known.
    pub orientation: u32,
}

impl Props {
    /// An image of this shape whose axes are rows, columns and, if there are three, samples.
    pub fn image(shape: &[usize], dtype: DType, color: Color) -> Props {
        let axes = match shape.len() {
            2 => Axes::new("YX"),
            3 => Axes::new("YXS"),
            n => Axes::new(&"QQQQQQYX"[8usize.saturating_sub(n)..]),
        };
        let bits = if dtype == DType::Bool { 1 } else { dtype.size() as u32 * 8 };
        Props {
            shape: Shape::of(shape),
            dtype,
            is_batch: false,
            n_images: None,
            axes,
            spacing: [0.0; strided::MAX_NDIM],
            color,
            bits,
            premultiplied: false,
            oriented: false,
            orientation: 0,
        }
    }

    /// `height` rows of `width` pixels of `color`, with a sample axis if a pixel has more than one sample.
    pub fn pixels(width: usize, height: usize, dtype: DType, color: Color) -> Props {
        match color.samples() {
            Some(1) | None => Props::image(&[height, width], dtype, color),
            Some(samples) => Props::image(&[height, width, samples], dtype, color),
        }
    }

    /// Bytes of the packed array.
    pub fn nbytes(&self) -> Result<usize> {
        byte_len(&self.shape, self.dtype)
    }

    /// Pixels of one image: the items without the sample axis and without the stack.
    pub fn pixels_per_image(&self) -> Option<usize> {
        let from = usize::from(self.is_batch);
        let mut pixels = 1usize;
        for (axis, &n) in self.shape.iter().enumerate().skip(from) {
            if self.axes.letter(axis) != Some('S') {
                pixels = pixels.checked_mul(n)?;
            }
        }
        Some(pixels)
    }

    /// The properties of `count` such images on a new first axis.
    pub fn stacked(mut self, count: usize) -> Result<Props> {
        let before = self.shape.len();
        self.shape = self.shape.stacked(count)?;
        if self.shape.len() > before {
            self.spacing.rotate_right(1);
            self.spacing[0] = 0.0;
            self.axes = Axes::new(&format!("N{}", self.axes.as_str()));
        } else {
            self.axes = Axes::new(&format!("N{}", self.axes.as_str().get(1..).unwrap_or("")));
        }
        self.is_batch = true;
        self.n_images = Some(count);
        Ok(self)
    }

    /// Refuses another image that cannot lie beside this one in a stack.
    pub fn check_stackable(&self, other: &Props, index: usize) -> Result<()> {
        if self.shape == other.shape && self.dtype == other.dtype {
            return Ok(());
        }
        Err(Error::shape(format!(
            "images cannot be stacked: image 0 is {} {}, image {index} is {} {}",
            self.shape, self.dtype, other.shape, other.dtype
        )))
    }
}

/// The letters of the axes, one each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    len: usize,
    letters: [u8; strided::MAX_NDIM],
}

impl Axes {
    /// These letters; those beyond the most axes are dropped.
    pub fn new(letters: &str) -> Axes {
        let mut axes = Axes { len: 0, letters: [0; strided::MAX_NDIM] };
        for letter in letters.bytes().filter(u8::is_ascii_uppercase).take(strided::MAX_NDIM) {
            axes.letters[axes.len] = letter;
            axes.len += 1;
        }
        axes
    }

    /// The letters as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..self.len]).unwrap_or("")
    }

    /// The letter of one axis.
    pub fn letter(&self, axis: usize) -> Option<char> {
        self.letters[..self.len].get(axis).map(|&b| b as char)
    }
}

impl std::fmt::Debug for Axes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
