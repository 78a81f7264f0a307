//! SGILog: logarithms of luminance in 16 bits, and with chromaticity in 32, as runs of each byte by itself. The samples
//! are those that libtiff gives for its format of 16 bits: the logarithm, and with it u' and v' times 32768. And SGILog of
//! 24 bits: ten of the logarithm and the number of a square of chromaticity, without runs.

use super::super::super::tags::photometric;
use super::sgilog_rows::ROWS;
use crate::error::{Error, Result};
use std::sync::OnceLock;

/// Steps of u' and v' in the stored bytes.
const STEPS: f64 = 410.0;

/// The samples, 16 bits each in the order of the file as if they were stored, of rows of `width` pixels; the bytes decoded.
pub fn sgilog(
    of: u16,
    bytes: &[u8],
    (width, samples): (usize, usize),
    big_endian: bool,
    out: &mut [u8],
) -> Result<usize> {
    let ordered = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let stored = match (of, samples) {
        (photometric::LOG_L, 1) => 2,
        (photometric::LOG_LUV, 3) => 4,
        _ => return Err(Error::corrupt("SGILog of a picture that is not LogL or LogLuv")),
    };
    let mut rest = bytes;
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(width).map_err(|_| Error::out_of_memory(4 * width))?;
    pixels.resize(width, 0u32);
    let mut done = 0;
    for row in out.chunks_exact_mut((2 * width * samples).max(1)) {
        pixels.fill(0);
        if !unpack(&mut rest, stored, &mut pixels) {
            break;
        }
        let (places, _) = row.as_chunks_mut::<2>();
        match stored {
            2 => places.iter_mut().zip(&pixels).for_each(|(to, &n)| *to = ordered(n as u16)),
            _ => places.as_chunks_mut::<3>().0.iter_mut().zip(&pixels).for_each(|(to, &n)| {
                let chroma = |byte: u32| (((f64::from(byte) + 0.5) / STEPS) * 32768.0) as u16;
                *to = [(n >> 16) as u16, chroma(n >> 8 & 0xFF), chroma(n & 0xFF)].map(ordered);
            }),
        }
        done += row.len();
    }
    Ok(done)
}

/// The chromaticity of each square, times 32768; that of white for numbers that no square has.
fn squares() -> &'static [[u16; 2]] {
    static SQUARES: OnceLock<Vec<[u16; 2]>> = OnceLock::new();
    const SIDE: f32 = 0.0035;
    const FIRST: f32 = 0.016_940;
    const WHITE: (f64, f64) = (0.210_526_316, 0.473_684_211);
    SQUARES.get_or_init(|| {
        let stored = |(u, v): (f64, f64)| [(u * 32768.0) as u16, (v * 32768.0) as u16];
        let middle = |from: f32, i: usize| f64::from(from) + (i as f64 + 0.5) * f64::from(SIDE);
        let rows = ROWS.iter().enumerate();
        let known = rows.flat_map(|(y, &(from, count))| {
            (0..usize::from(count)).map(move |x| stored((middle(from, x), middle(FIRST, y))))
        });
        known.chain(std::iter::repeat(stored(WHITE))).take(1 << 14).collect()
    })
}

/// SGILog of 24 bits, as [`sgilog`].
pub fn sgilog24(of: u16, bytes: &[u8], samples: usize, big_endian: bool, out: &mut [u8]) -> Result<usize> {
    if (of, samples) != (photometric::LOG_LUV, 3) {
        return Err(Error::corrupt("SGILog of 24 bits of a picture that is not LogLuv"));
    }
    let ordered = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let squares = squares();
    let (pixels, _) = bytes.as_chunks::<3>();
    let (places, _) = out.as_chunks_mut::<6>();
    for (to, &[a, b, c]) in places.iter_mut().zip(pixels) {
        let n = u32::from_be_bytes([0, a, b, c]);
        let [u, v] = squares.get((n & 0x3FFF) as usize).copied().unwrap_or_default();
        let samples = [(n >> 12 & 0xFFD) as u16 + 13314, u, v].map(ordered);
        to.copy_from_slice(samples.as_flattened());
    }
    Ok(6 * places.len().min(pixels.len()))
}

/// A row: of all pixels the highest byte, then the next. `false`: the data end.
fn unpack(rest: &mut &[u8], stored: u32, pixels: &mut [u32]) -> bool {
    for byte in (0..stored).rev() {
        let shift = 8 * byte;
        let mut at = 0;
        while at < pixels.len() {
            let Some((&head, data)) = rest.split_first() else { return false };
            if head >= 128 {
                let Some((&value, behind)) = data.split_first() else { return false };
                let end = (at + usize::from(head) + 2 - 128).min(pixels.len());
                pixels[at..end].iter_mut().for_each(|p| *p |= u32::from(value) << shift);
                (at, *rest) = (end, behind);
            } else {
                let len = usize::from(head).min(pixels.len() - at);
                let Some((values, behind)) = data.split_at_checked(len) else { return false };
                pixels[at..at + len].iter_mut().zip(values).for_each(|(p, &v)| *p |= u32::from(v) << shift);
                (at, *rest) = (at + len, behind);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_literals_of_each_byte() {
        // The high bytes are a run, the low ones stand for themselves, with an empty literal between.
        let bytes = [129, 0x12, 0, 3, 1, 2, 3];
        let mut out = [0; 6];
        assert_eq!(sgilog(photometric::LOG_L, &bytes, (3, 1), false, &mut out).unwrap(), 6);
        assert_eq!(
            out.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect::<Vec<_>>(),
            [0x1201, 0x1202, 0x1203]
        );
        assert_eq!(sgilog(photometric::LOG_L, &bytes[..5], (3, 1), false, &mut out).unwrap(), 0);
        assert!(sgilog(photometric::RGB, &bytes, (3, 3), false, &mut out).is_err());
    }

    #[test]
    fn squares_of_chromaticity() {
        // As libtiff tells the first, the last and one that is none.
        let bytes = [0, 0, 0, 0xFF, 0xFF, 0xA0, 0x40, 0x3F, 0xFF, 1];
        let mut out = [0; 24];
        assert_eq!(sgilog24(photometric::LOG_LUV, &bytes, 3, false, &mut out).unwrap(), 18);
        let numbers = out.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect::<Vec<_>>();
        assert_eq!(numbers[..9], [13314, 8172, 612, 17407, 3126, 19191, 14339, 6898, 15521]);
        assert!(sgilog24(photometric::LOG_L, &bytes, 1, false, &mut out).is_err());
    }

    #[test]
    fn chromaticity_of_a_pixel() {
        let mut out = [0; 6];
        assert_eq!(
            sgilog(photometric::LOG_LUV, &[1, 0x40, 1, 0x01, 1, 100, 1, 200], (1, 3), true, &mut out).unwrap(),
            6
        );
        let numbers = out.as_chunks::<2>().0.iter().map(|b| u16::from_be_bytes(*b)).collect::<Vec<_>>();
        assert_eq!(numbers, [0x4001, 8032, 16024]);
    }
}
