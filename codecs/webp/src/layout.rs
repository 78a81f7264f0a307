//! How pixels lie in the caller's memory, and the one check that an image fits there.
#![forbid(unsafe_code)]

use crate::error::{Error, Result};

/// The largest width and height that libwebp encodes, and that a lossy bitstream can hold.
pub const MAX_DIMENSION: u32 = 16383;

/// libwebp takes a pitch as `int` and doubles it when it writes two rows at once; this keeps that product in range.
const MAX_PITCH: usize = 1 << 29;

/// The order of the 8-bit samples of one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Red, green, blue; alpha is dropped when decoding.
    Rgb,
    /// Red, green, blue, straight alpha; alpha is 255 when the file has none.
    Rgba,
}

impl Format {
    /// Bytes of one pixel.
    pub const fn bytes_per_pixel(self) -> usize {
        match self {
            Format::Rgb => 3,
            Format::Rgba => 4,
        }
    }
}

/// An image of known size in memory of known length: every row is inside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub row_bytes: usize,
    pub pitch: usize,
    /// `pitch` as libwebp wants it; positive.
    pub stride: i32,
    /// From the first byte of the first row to the last byte of the last one.
    pub len: usize,
}

impl Layout {
    /// Checks that `height` rows of `width` pixels, `pitch` bytes apart, lie within `available` bytes.
    pub fn check(available: usize, pitch: usize, width: u32, height: u32, format: Format) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::argument("an image needs at least one pixel"));
        }
        let overflow = || Error::argument(format!("{width}x{height} pixels do not fit the address space"));
        let row_bytes =
            usize::try_from(width).ok().and_then(|w| w.checked_mul(format.bytes_per_pixel())).ok_or_else(overflow)?;
        if pitch < row_bytes || pitch > MAX_PITCH {
            return Err(Error::argument(format!(
                "a pitch of {pitch} bytes is not between a row's {row_bytes} and {MAX_PITCH}"
            )));
        }
        let len = usize::try_from(height - 1)
            .ok()
            .and_then(|gaps| gaps.checked_mul(pitch))
            .and_then(|start| start.checked_add(row_bytes))
            .ok_or_else(overflow)?;
        if len > available {
            return Err(Error::argument(format!(
                "{width}x{height} pixels with a pitch of {pitch} need {len} bytes, got {available}"
            )));
        }
        let stride = i32::try_from(pitch).map_err(|_| overflow())?;
        Ok(Self { row_bytes, pitch, stride, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_needs_no_padding() {
        assert_eq!(Layout::check(10 + 6, 10, 2, 2, Format::Rgb).expect("fits").len, 16);
        assert!(Layout::check(10 + 5, 10, 2, 2, Format::Rgb).is_err());
    }

    #[test]
    fn a_pitch_shorter_than_a_row_or_beyond_int_is_refused() {
        assert!(Layout::check(1000, 7, 2, 2, Format::Rgba).is_err());
        assert!(Layout::check(usize::MAX, usize::MAX, 2, 2, Format::Rgba).is_err());
        assert!(Layout::check(usize::MAX, MAX_PITCH, u32::MAX, u32::MAX, Format::Rgba).is_err());
    }
}
