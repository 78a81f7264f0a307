//! A safe face over libjpeg-turbo 3: JPEG bytes in, rows of samples into a given slice out, and back.
//!
//! Here live the calls into C, and the checks that make them sound for any bytes. Decoding is by rows, through libjpeg's
//! own API: `shim.c` keeps its `setjmp` and `longjmp` inside C. Encoding takes whole images, for which the TurboJPEG 3
//! API (`tj3*`) does the same. Not here: metadata segments (Exif, XMP, ICC on reading), orientation,
//! several images in one file, limits on size. Those are the caller's, who sees the [`Header`] before a pixel is decoded.
//!
//! The one invariant: no slice reaches C before its length has been compared with what C will write to it or read
//! from it.
//!
//! Decoding takes the library's accurate path (`islow` DCT, smooth upsampling), whose pixels are those of Pillow and of
//! every other program that uses libjpeg-turbo with its defaults.

mod bands;
mod decode;
mod encode;
mod error;
mod handle;
mod parts;
mod raw;
mod rows;
mod segments;

pub use bands::{Band, Bands};
pub use decode::{Completeness, Crop, Decoder, Header, Scale, Tolerance};
pub use encode::{EncodeOptions, Lossless, Restart, Source, encode_u8, encode_u16};
pub use error::{Error, ErrorKind, Result};
pub use parts::{PartDecoder, Parts};
pub use rows::Rows;

use turbojpeg_sys as sys;

/// The longest side that libjpeg reads or writes. The format itself allows 65535.
pub const MAX_SIDE: u32 = 65500;

/// How samples lie in memory, interleaved by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    Gray,
    Rgb,
    Bgr,
    /// Decoding sets alpha to the highest sample; encoding ignores it.
    Rgba,
    /// The four inks as the file holds them. Adobe's programs, so nearly all files, store them inverted (255 is no
    /// ink); neither direction turns them round. YCCK data come out as CMYK of the same sense.
    Cmyk,
    /// Two components as they are stored; decoding only.
    Pairs,
}

impl PixelFormat {
    /// Samples a pixel.
    pub fn channels(self) -> usize {
        match self {
            PixelFormat::Gray => 1,
            PixelFormat::Pairs => 2,
            PixelFormat::Rgb | PixelFormat::Bgr => 3,
            PixelFormat::Rgba | PixelFormat::Cmyk => 4,
        }
    }

    fn code(self) -> i32 {
        match self {
            PixelFormat::Gray => sys::TJPF_TJPF_GRAY,
            PixelFormat::Rgb => sys::TJPF_TJPF_RGB,
            PixelFormat::Bgr => sys::TJPF_TJPF_BGR,
            PixelFormat::Rgba => sys::TJPF_TJPF_RGBA,
            PixelFormat::Cmyk => sys::TJPF_TJPF_CMYK,
            PixelFormat::Pairs => -1,
        }
    }
}

/// The colour model of the stored components.
///
/// The format does not say it, so on reading it is libjpeg's guess: from the JFIF and Adobe segments, else from the
/// component numbers (1, 2, 3 is YCbCr; `R`, `G`, `B` is RGB), and RGB for lossless data without either segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colorspace {
    Gray,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
    /// Two components, of which the format says nothing.
    Pairs,
}

impl Colorspace {
    /// Stored components.
    pub fn components(self) -> u8 {
        match self {
            Colorspace::Gray => 1,
            Colorspace::Pairs => 2,
            Colorspace::Rgb | Colorspace::YCbCr => 3,
            Colorspace::Cmyk | Colorspace::Ycck => 4,
        }
    }

    const ALL: [(Colorspace, u32); 5] = [
        (Colorspace::Gray, sys::TJCS_TJCS_GRAY),
        (Colorspace::Rgb, sys::TJCS_TJCS_RGB),
        (Colorspace::YCbCr, sys::TJCS_TJCS_YCbCr),
        (Colorspace::Cmyk, sys::TJCS_TJCS_CMYK),
        (Colorspace::Ycck, sys::TJCS_TJCS_YCCK),
    ];

    /// From libjpeg's `J_COLOR_SPACE`.
    fn from_libjpeg(number: i32) -> Option<Colorspace> {
        match number {
            0 => Some(Colorspace::Pairs),
            1 => Some(Colorspace::Gray),
            2 => Some(Colorspace::Rgb),
            3 => Some(Colorspace::YCbCr),
            4 => Some(Colorspace::Cmyk),
            5 => Some(Colorspace::Ycck),
            _ => None,
        }
    }

    fn code(self) -> i32 {
        Self::ALL.iter().find(|(space, _)| *space == self).map_or(-1, |(_, code)| *code as i32)
    }
}

/// How many chrominance samples a file keeps: one for each pixel (4:4:4), for two, four, or none (gray).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsampling {
    S444,
    S422,
    S420,
    Gray,
    S440,
    S411,
    S441,
}

impl Subsampling {
    const ALL: [(Subsampling, i32); 7] = [
        (Subsampling::S444, sys::TJSAMP_TJSAMP_444),
        (Subsampling::S422, sys::TJSAMP_TJSAMP_422),
        (Subsampling::S420, sys::TJSAMP_TJSAMP_420),
        (Subsampling::Gray, sys::TJSAMP_TJSAMP_GRAY),
        (Subsampling::S440, sys::TJSAMP_TJSAMP_440),
        (Subsampling::S411, sys::TJSAMP_TJSAMP_411),
        (Subsampling::S441, sys::TJSAMP_TJSAMP_441),
    ];

    /// From the sampling factors of the components. Of one component they mean nothing; a fourth one, black, has the
    /// resolution of the first.
    fn of_factors(space: Colorspace, h: &[i32; 4], v: &[i32; 4]) -> Option<Subsampling> {
        let components = usize::from(space.components());
        if components == 1 {
            return Some(Subsampling::Gray);
        }
        let ratio = |of: &[i32; 4], i: usize| of.get(i).filter(|&&n| n > 0 && of[0] % n == 0).map(|n| of[0] / n);
        let ratios = (ratio(h, 1)?, ratio(v, 1)?);
        let is_regular = (2..components).all(|i| {
            let wanted = if i == 3 { (1, 1) } else { ratios };
            (ratio(h, i), ratio(v, i)) == (Some(wanted.0), Some(wanted.1))
        });
        let found = match ratios {
            (1, 1) => Subsampling::S444,
            (2, 1) => Subsampling::S422,
            (2, 2) => Subsampling::S420,
            (1, 2) => Subsampling::S440,
            (4, 1) => Subsampling::S411,
            (1, 4) => Subsampling::S441,
            _ => return None,
        };
        Some(found).filter(|_| is_regular)
    }

    fn code(self) -> i32 {
        Self::ALL.iter().find(|(sampling, _)| *sampling == self).map_or(sys::TJSAMP_TJSAMP_UNKNOWN, |(_, code)| *code)
    }
}

/// The pixel density of the JFIF segment, or its shape when `unit` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Density {
    pub x: u16,
    pub y: u16,
    /// 0: `x` to `y` is the shape of a pixel; 1: pixels an inch; 2: pixels a centimetre. Files hold others too.
    pub unit: u8,
}

impl Default for Density {
    /// Square pixels of no known size: what a file without a JFIF segment says.
    fn default() -> Self {
        Density { x: 1, y: 1, unit: 0 }
    }
}

/// The samples that rows of a picture span: all rows but the last take `pitch`. `None` when that overflows or when rows
/// would overlap.
fn span(width: u32, height: u32, pitch: usize, format: PixelFormat) -> Option<usize> {
    let row = usize::try_from(width).ok()?.checked_mul(format.channels())?;
    let rows_before_last = usize::try_from(height).ok()?.checked_sub(1)?;
    if row == 0 || pitch < row {
        return None;
    }
    rows_before_last.checked_mul(pitch)?.checked_add(row)
}

/// Bytes as the samples that [`Decoder::decode_u16`] writes. `None` unless they are whole samples and lie where the machine
/// can write them as such.
pub fn as_samples(bytes: &mut [u8]) -> Option<&mut [u16]> {
    // SAFETY: any two bytes are a `u16`, and any `u16` is two bytes.
    let (before, samples, behind) = unsafe { bytes.align_to_mut::<u16>() };
    (before.is_empty() && behind.is_empty()).then_some(samples)
}
