//! Samples: bits to numbers, byte order, predictors, fill values.

use super::super::form::{Bits, Form};
use super::super::ifd::{Directory, Tiff};
use super::super::tags::{format, tag};
use crate::error::{Error, Result};
use crate::model::{DType, DTypeKind};

/// How the samples of a row are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpacking {
    /// Whole samples of the dtype, in the order of the file.
    Plain,
    /// This many bits each, the first in the highest bits; a row begins with a byte.
    Bits(u32),
    /// 24 bits of floating point.
    Float24,
    /// Two whole numbers of this many bytes each are a complex number.
    ComplexInt(usize),
    /// Five, six and five bits.
    Rgb565,
}

impl Unpacking {
    /// That of a form.
    pub fn of(form: &Form, dtype: DType) -> Result<Unpacking> {
        Ok(match (form.bits, form.format) {
            (Bits::Rgb565, _) => Unpacking::Rgb565,
            (Bits::Each(bits), format::COMPLEX_INT) => Unpacking::ComplexInt(usize::from(bits) / 16),
            (Bits::Each(24), format::FLOAT) => Unpacking::Float24,
            (Bits::Each(bits), _) if usize::from(bits) == dtype.size() * 8 => Unpacking::Plain,
            (Bits::Each(bits @ 1..=32), _) => Unpacking::Bits(bits.into()),
            _ => return Err(Error::unsupported("samples of different numbers of bits")),
        })
    }

    /// Whether samples need no unpacking but their byte order.
    pub fn is_plain(self) -> bool {
        self == Unpacking::Plain
    }

    /// Bytes of a packed row of this many samples.
    pub fn packed_row(self, samples: usize) -> Result<usize> {
        let bits = match self {
            Unpacking::Plain => return Err(Error::internal("plain samples are not unpacked")),
            Unpacking::Bits(bits) => bits as usize,
            Unpacking::Float24 => 24,
            Unpacking::ComplexInt(bytes) => bytes * 16,
            // Three samples in 16 bits.
            Unpacking::Rgb565 => return Ok(samples / 3 * 2),
        };
        let bits = samples.checked_mul(bits).ok_or_else(|| Error::limit("a row too long to address"))?;
        Ok(bits.div_ceil(8))
    }

    /// Unpacks a row of samples into their dtype.
    pub fn unpack(self, packed: &[u8], out: &mut [u8], big_endian: bool) {
        match self {
            Unpacking::Plain => {}
            Unpacking::Bits(1) => unpack_bits(packed, out),
            Unpacking::Bits(bits @ 2..=8) => unpack_small(packed, out, bits),
            Unpacking::Bits(bits @ 9..=16) => {
                let (pairs, _) = out.as_chunks_mut::<2>();
                unpack_wide(packed, bits, pairs.iter_mut().map(|to| move |n: u64| *to = (n as u16).to_ne_bytes()));
            }
            Unpacking::Bits(bits) => {
                let (quads, _) = out.as_chunks_mut::<4>();
                unpack_wide(packed, bits, quads.iter_mut().map(|to| move |n: u64| *to = (n as u32).to_ne_bytes()));
            }
            Unpacking::Float24 => {
                let (floats, _) = out.as_chunks_mut::<4>();
                for (raw, to) in packed.as_chunks::<3>().0.iter().zip(floats) {
                    let [a, b, c] = *raw;
                    let bits = if big_endian { [0, a, b, c] } else { [0, c, b, a] };
                    *to = float24(u32::from_be_bytes(bits)).to_ne_bytes();
                }
            }
            Unpacking::ComplexInt(bytes) => {
                let part = |raw: &[u8]| signed(raw, big_endian);
                match bytes {
                    1 | 2 => {
                        for (raw, to) in packed.chunks_exact(bytes).zip(out.as_chunks_mut::<4>().0) {
                            *to = (part(raw) as f32).to_ne_bytes();
                        }
                    }
                    _ => {
                        for (raw, to) in packed.chunks_exact(bytes).zip(out.as_chunks_mut::<8>().0) {
                            *to = (part(raw) as f64).to_ne_bytes();
                        }
                    }
                }
            }
            Unpacking::Rgb565 => {
                for (raw, to) in packed.as_chunks::<2>().0.iter().zip(out.as_chunks_mut::<3>().0) {
                    let n = if big_endian { u16::from_be_bytes(*raw) } else { u16::from_le_bytes(*raw) };
                    // As tifffile: each is spread over 8 bits.
                    let (red, green, blue) = (n >> 11, n >> 5 & 63, n & 31);
                    *to = [((red * 33) >> 2) as u8, ((green * 65) >> 4) as u8, ((blue * 33) >> 2) as u8];
                }
            }
        }
    }
}

/// Eight samples of one bit in each byte.
fn unpack_bits(packed: &[u8], out: &mut [u8]) {
    static TABLE: [[u8; 8]; 256] = {
        let mut table = [[0; 8]; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut bit = 0;
            while bit < 8 {
                table[byte][bit] = (byte >> (7 - bit) & 1) as u8;
                bit += 1;
            }
            byte += 1;
        }
        table
    };
    for (&byte, out) in packed.iter().zip(out.chunks_mut(8)) {
        out.copy_from_slice(&TABLE[usize::from(byte)][..out.len()]);
    }
}

/// Samples of 2 to 8 bits to bytes.
fn unpack_small(packed: &[u8], out: &mut [u8], bits: u32) {
    let mask = (1u32 << bits) - 1;
    let (mut have, mut held) = (0u32, 0u32);
    let mut bytes = packed.iter();
    for to in out {
        if have < bits {
            held = held << 8 | u32::from(bytes.next().copied().unwrap_or(0));
            have += 8;
        }
        have -= bits;
        *to = (held >> have & mask) as u8;
    }
}

/// Samples of 9 to 32 bits, each handed to its place.
fn unpack_wide<F: FnMut(u64)>(packed: &[u8], bits: u32, places: impl Iterator<Item = F>) {
    let mask = (1u64 << bits) - 1;
    let (mut have, mut held) = (0u32, 0u64);
    let mut bytes = packed.iter();
    for mut place in places {
        while have < bits {
            held = held << 8 | u64::from(bytes.next().copied().unwrap_or(0));
            have += 8;
        }
        have -= bits;
        place(held >> have & mask);
    }
}

/// A float of one bit of sign, 7 of exponent and 16 of fraction.
fn float24(bits: u32) -> f32 {
    let sign = (bits & 0x80_0000) << 8;
    let exponent = bits >> 16 & 0x7F;
    let fraction = bits & 0xFFFF;
    let bits = match exponent {
        0x7F => sign | 0x7F80_0000 | fraction << 7,
        0 if fraction == 0 => sign,
        0 => {
            // Subnormal: fraction times 2 to the -62 - 16.
            let value = fraction as f32 * 2f32.powi(-78);
            sign | value.to_bits()
        }
        _ => sign | (exponent + 64) << 23 | fraction << 7,
    };
    f32::from_bits(bits)
}

fn signed(raw: &[u8], big_endian: bool) -> i64 {
    let mut bytes = [0u8; 8];
    let len = raw.len().min(8);
    bytes[..len].copy_from_slice(&raw[..len]);
    if big_endian {
        bytes[..len].reverse();
    }
    let shift = 64 - 8 * len as u32;
    (i64::from_le_bytes(bytes) << shift) >> shift
}

/// Bytes of the parts of a sample that have a byte order: a complex number has two.
fn part_size(dtype: DType) -> usize {
    match dtype.kind() {
        DTypeKind::Complex => dtype.size() / 2,
        _ => dtype.size(),
    }
}

/// Turns samples in the byte order of a file into native ones.
pub fn to_native(samples: &mut [u8], dtype: DType, big_endian: bool) {
    if big_endian == cfg!(target_endian = "big") {
        return;
    }
    match part_size(dtype) {
        2 => samples
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|b| *b = u16::from_ne_bytes(*b).swap_bytes().to_ne_bytes()),
        4 => samples
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .for_each(|b| *b = u32::from_ne_bytes(*b).swap_bytes().to_ne_bytes()),
        8 => samples
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .for_each(|b| *b = u64::from_ne_bytes(*b).swap_bytes().to_ne_bytes()),
        _ => {}
    }
}

/// Each sample of a row was stored as its difference from the one `stride` before.
pub fn undo_horizontal(row: &mut [u8], stride: usize, dtype: DType) {
    macro_rules! undo {
        ($type:ty) => {{
            const N: usize = size_of::<$type>();
            let (samples, _) = row.as_chunks_mut::<N>();
            if stride == 1 {
                let mut sum: $type = 0;
                for sample in samples {
                    sum = sum.wrapping_add(<$type>::from_ne_bytes(*sample));
                    *sample = sum.to_ne_bytes();
                }
                return;
            }
            if stride == 3 {
                let mut sum: [$type; 3] = [0; 3];
                let (pixels, _) = samples.as_chunks_mut::<3>();
                for pixel in pixels {
                    for (sum, sample) in sum.iter_mut().zip(pixel) {
                        *sum = sum.wrapping_add(<$type>::from_ne_bytes(*sample));
                        *sample = sum.to_ne_bytes();
                    }
                }
                return;
            }
            for i in stride..samples.len() {
                let before = <$type>::from_ne_bytes(samples[i - stride]);
                samples[i] = <$type>::from_ne_bytes(samples[i]).wrapping_add(before).to_ne_bytes();
            }
        }};
    }
    match dtype.size() {
        1 => undo!(u8),
        2 => undo!(u16),
        4 => undo!(u32),
        8 => undo!(u64),
        _ => undo!(u128),
    }
}

/// The bytes of a row's floats were stored apart, the highest of all first, and as differences.
pub fn undo_floating(row: &mut [u8], stride: usize, dtype: DType) -> Result<()> {
    if dtype.kind() != DTypeKind::Float {
        return Err(Error::unsupported(format!("the floating point predictor of {dtype}")));
    }
    undo_horizontal(row, stride, DType::U8);
    let size = dtype.size();
    let count = row.len() / size;
    let apart = row.to_vec();
    for (i, sample) in row.chunks_exact_mut(size).enumerate() {
        for (byte, to) in sample.iter_mut().enumerate() {
            let rank = if cfg!(target_endian = "big") { byte } else { size - 1 - byte };
            *to = apart.get(rank * count + i).copied().unwrap_or(0);
        }
    }
    Ok(())
}

/// The value of pixels that are not stored: GDAL's tag, else zero.
pub fn nodata(tiff: &Tiff, directory: &Directory, dtype: DType) -> Vec<u8> {
    let zero = vec![0; dtype.size()];
    let Ok(Some(text)) = tiff.text(directory, tag::GDAL_NODATA) else { return zero };
    let text = text.replace(',', ".");
    macro_rules! whole {
        ($type:ty) => {
            text.trim().parse::<$type>().map(|n| n.to_ne_bytes().to_vec()).unwrap_or(zero)
        };
    }
    match dtype {
        DType::U8 => whole!(u8),
        DType::U16 => whole!(u16),
        DType::U32 => whole!(u32),
        DType::U64 => whole!(u64),
        DType::I8 => whole!(i8),
        DType::I16 => whole!(i16),
        DType::I32 => whole!(i32),
        DType::I64 => whole!(i64),
        DType::F16 => text.trim().parse::<f32>().map_or(zero, |x| half::f16::from_f32(x).to_ne_bytes().to_vec()),
        DType::F32 => whole!(f32),
        DType::F64 => whole!(f64),
        _ => zero,
    }
}

/// Fills memory with one sample again and again.
pub fn repeat(sample: &[u8], out: &mut [u8]) {
    if sample.iter().all(|&b| b == 0) {
        return out.fill(0);
    }
    out.chunks_mut(sample.len().max(1)).for_each(|to| to.copy_from_slice(&sample[..to.len()]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_unpacked_from_the_highest() {
        let mut out = [0u8; 5];
        Unpacking::Bits(1).unpack(&[0b1010_0000], &mut out, false);
        assert_eq!(out, [1, 0, 1, 0, 0]);
        let mut out = [0u8; 3];
        Unpacking::Bits(4).unpack(&[0x5A, 0xF0], &mut out, false);
        assert_eq!(out, [5, 10, 15]);
        let mut out = [0u8; 4];
        Unpacking::Bits(12).unpack(&[0x12, 0x3A, 0xBC], &mut out, false);
        assert_eq!(out.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).collect::<Vec<_>>(), [0x123, 0xABC]);
    }

    #[test]
    fn differences_add_up_and_wrap() {
        let mut row = [250, 1, 10, 2, 3, 255];
        undo_horizontal(&mut row, 2, DType::U8);
        assert_eq!(row, [250, 1, 4, 3, 7, 2]);
    }

    #[test]
    fn floats_of_24_bits() {
        assert_eq!(float24(0x3F0000), 1.0);
        assert_eq!(float24(0xBF8000), -1.5);
        assert_eq!(float24(0), 0.0);
        assert!(float24(0x7F0001).is_nan());
    }
}
