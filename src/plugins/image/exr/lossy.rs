//! PXR24, which stores floats in 24 bits, and B44, which stores squares of 4 x 4 halves in 14 bytes.

use super::chunk::Block;
use super::header::{Channel, Part, Sample};
use super::piz::Plane;
use crate::error::{Error, Result};

/// Bytes that PXR24 takes for a sample.
fn packed_size(sample: Sample) -> usize {
    match sample {
        Sample::Half => 2,
        Sample::Float => 3,
        Sample::Uint => 4,
    }
}

/// Bytes of a chunk before PXR24's deflating.
pub fn packed_len(part: &Part, block: Block) -> usize {
    let lines = (0..block.height).map(|y| block.top + y as i64);
    let line = |c: &Channel, y: i64| block.line(c, y) / c.sample.size() * packed_size(c.sample);
    lines.map(|y| part.channels.iter().map(|c| line(c, y)).sum::<usize>()).sum()
}

/// From PXR24's differences, whose bytes come in planes, the high ones first, to the lines of a chunk.
pub fn undo_pxr24(packed: &[u8], part: &Part, block: Block, raw: &mut [u8]) {
    let (mut from, mut to) = (packed, raw);
    for y in 0..block.height {
        for channel in &part.channels {
            let size = channel.sample.size();
            let (line, later) = std::mem::take(&mut to).split_at_mut(block.line(channel, block.top + y as i64));
            let (n, bytes) = (line.len() / size, packed_size(channel.sample));
            let (planes, rest) = from.split_at_checked(n * bytes).unwrap_or_default();
            let mut value = 0u32;
            for (i, place) in line.chunks_exact_mut(size).enumerate() {
                let mut difference = 0u32;
                for plane in planes.chunks_exact(n.max(1)) {
                    difference = difference << 8 | u32::from(plane.get(i).copied().unwrap_or(0));
                }
                if channel.sample == Sample::Float {
                    difference <<= 8;
                }
                value = value.wrapping_add(difference);
                place.iter_mut().zip(value.to_le_bytes()).for_each(|(to, byte)| *to = byte);
            }
            (from, to) = (rest, later);
        }
    }
}

/// The values of B44: the halves of each channel by squares, other samples as they are.
pub fn undo_b44(mut stored: &[u8], planes: &[Plane], channels: &[Channel], values: &mut Vec<u16>) -> Result<()> {
    values.clear();
    values.resize(planes.iter().map(|p| p.width * p.height * p.size).sum(), 0);
    let short = || Error::corrupt("the compressed data of a chunk end too early");
    let mut rest = &mut values[..];
    for (plane, channel) in planes.iter().zip(channels) {
        let (values, later) = rest.split_at_mut(plane.width * plane.height * plane.size);
        rest = later;
        if channel.sample != Sample::Half {
            let (plain, next) = stored.split_at_checked(values.len() * 2).ok_or_else(short)?;
            values.iter_mut().zip(plain.as_chunks::<2>().0).for_each(|(to, &b)| *to = u16::from_le_bytes(b));
            stored = next;
            continue;
        }
        for top in (0..plane.height).step_by(4) {
            for left in (0..plane.width).step_by(4) {
                let is_flat = stored.get(2).ok_or_else(short)? >> 2 >= 13;
                let (packed, next) = stored.split_at_checked(if is_flat { 3 } else { 14 }).ok_or_else(short)?;
                stored = next;
                let square = square(packed, channel.linear);
                for (row, line) in square.chunks_exact(4).enumerate().take(plane.height - top) {
                    let from = (top + row) * plane.width + left;
                    let places = values.get_mut(from..from + 4.min(plane.width - left)).unwrap_or_default();
                    places.iter_mut().zip(line).for_each(|(to, &half)| *to = half);
                }
            }
        }
    }
    if stored.is_empty() { Ok(()) } else { Err(Error::corrupt("more compressed data than a chunk has")) }
}

/// The halves of a square: one, or the first, a power of 2 and so many times it as each is more than its neighbour.
fn square(packed: &[u8], is_linear: bool) -> [u16; 16] {
    let mut bits = packed.iter().take(14).fold(0u128, |bits, &b| bits << 8 | u128::from(b));
    let mut square = [0u16; 16];
    if packed.len() < 14 {
        square = [(bits >> 8) as u16; 16];
    } else {
        bits <<= 16;
        let mut take = |n: u32| {
            let value = (bits >> (128 - n)) as u32;
            bits <<= n;
            value
        };
        square[0] = take(16) as u16;
        let shift = take(6);
        let mut step = |before: u16| {
            let more = u32::from(before).wrapping_add(take(6) << shift);
            more.wrapping_sub(0x20 << shift) as u16
        };
        for i in [4, 8, 12] {
            square[i] = step(square[i - 4]);
        }
        for column in 1..4 {
            for row in 0..4 {
                square[row * 4 + column] = step(square[row * 4 + column - 1]);
            }
        }
    }
    // They were put in the order of their values.
    let half = |n: u16| if n & 0x8000 != 0 { n & 0x7fff } else { !n };
    square.map(half).map(|n| if is_linear { linear(n) } else { n })
}

/// Of a channel whose logarithm was stored.
fn linear(half: u16) -> u16 {
    let value = half::f16::from_bits(half).to_f32();
    if !value.is_finite() {
        0
    } else if value >= 8.0 * 65504f32.ln() {
        half::f16::MAX.to_bits()
    } else {
        half::f16::from_f32((value / 8.0).exp()).to_bits()
    }
}
