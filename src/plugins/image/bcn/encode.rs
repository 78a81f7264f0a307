//! Encoding blocks: the two colours are the ends of the line along which the pixels of a block differ most.

use super::{Kind, Pixels, table, unpack};

/// Appends a block of 4 by 4 pixels; of BC4 and BC5 the first samples count.
pub fn encode(kind: Kind, pixels: &Pixels, out: &mut Vec<u8>) {
    match kind {
        Kind::Bc1 => out.extend(colors(pixels, true)),
        Kind::Bc2 => {
            let alpha = |i: usize| (u16::from(pixels[i][3]) * 15 + 127) / 255;
            out.extend((0..8).map(|i| (alpha(2 * i) | alpha(2 * i + 1) << 4) as u8));
            out.extend(colors(pixels, false));
        }
        Kind::Bc3 => {
            out.extend(samples(pixels, 3));
            out.extend(colors(pixels, false));
        }
        Kind::Bc4 => out.extend(samples(pixels, 0)),
        // The others are not written.
        Kind::Bc5 { .. } | Kind::Bc6h { .. } | Kind::Bc7 => {
            out.extend(samples(pixels, 0));
            out.extend(samples(pixels, 1));
        }
    }
}

/// Two numbers and three bits a pixel, the nearest of those between.
fn samples(pixels: &Pixels, sample: usize) -> [u8; 8] {
    let values = pixels.map(|p| p[sample]);
    let least = values.iter().min().copied().unwrap_or(0);
    let most = values.iter().max().copied().unwrap_or(0);
    // The greater first: seven steps between them.
    let table = table(most, least);
    let choices = if most > least { 8 } else { 1 };
    let mut lut = 0u64;
    for (i, value) in values.iter().enumerate() {
        let nearest = (0..choices).min_by_key(|&k| table[k].abs_diff(*value)).unwrap_or(0);
        lut |= (nearest as u64) << (3 * i);
    }
    let [a, b, c, d, e, f, ..] = lut.to_le_bytes();
    [most, least, a, b, c, d, e, f]
}

/// Two colours and two bits a pixel. `keyed`: pixels of little alpha may show through.
fn colors(pixels: &Pixels, keyed: bool) -> [u8; 8] {
    let shows = |p: &[u8; 4]| keyed && p[3] < 128;
    let see_through = pixels.iter().any(shows);
    let seen = || pixels.iter().filter(|p| !shows(p));
    let (first, second) = ends(&seen().map(|p| [p[0], p[1], p[2]]).collect::<Vec<_>>());
    // The order of the two tells whether a fourth colour or what shows through lies between them.
    let (first, second) = if (first > second) == see_through { (second, first) } else { (first, second) };
    let (p, q) = (unpack(first), unpack(second));
    let mix = |of: u16, to: u16| [0, 1, 2].map(|i| ((of * u16::from(p[i]) + to * u16::from(q[i])) / (of + to)) as u8);
    let four = first > second;
    let table = if four { [p, q, mix(2, 1), mix(1, 2)] } else { [p, q, mix(1, 1), [0; 3]] };
    let distance = |a: &[u8; 3], b: &[u8; 4]| -> u32 { (0..3).map(|i| u32::from(a[i].abs_diff(b[i])).pow(2)).sum() };
    let mut lut = 0u32;
    for (i, pixel) in pixels.iter().enumerate() {
        let choices = if four { 4 } else { 3 };
        let nearest = (0..choices).min_by_key(|&k| distance(&table[k], pixel)).unwrap_or(0);
        lut |= (if shows(pixel) { 3 } else { nearest as u32 }) << (2 * i);
    }
    let ([a, b], [c, d], [e, f, g, h]) = (first.to_le_bytes(), second.to_le_bytes(), lut.to_le_bytes());
    [a, b, c, d, e, f, g, h]
}

/// The ends of the line through the colours along which they differ most, in 5, 6 and 5 bits.
fn ends(colors: &[[u8; 3]]) -> (u16, u16) {
    if colors.is_empty() {
        return (0, 0);
    }
    let n = colors.len() as f32;
    let mean = [0, 1, 2].map(|i| colors.iter().map(|c| f32::from(c[i])).sum::<f32>() / n);
    let apart = |c: &[u8; 3]| [0, 1, 2].map(|i| f32::from(c[i]) - mean[i]);
    // A few steps of the power method find the direction.
    let mut axis = [0.9f32, 1.0, 0.7];
    for _ in 0..4 {
        let mut next = [0f32; 3];
        for d in colors.iter().map(apart) {
            let along = d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2];
            (0..3).for_each(|i| next[i] += d[i] * along);
        }
        let length = next.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length < 1e-3 {
            break;
        }
        axis = next.map(|x| x / length);
    }
    let along = |c: &[u8; 3]| {
        let d = apart(c);
        d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2]
    };
    let least = colors.iter().min_by(|a, b| along(a).total_cmp(&along(b)));
    let most = colors.iter().max_by(|a, b| along(a).total_cmp(&along(b)));
    (most.map_or(0, pack), least.map_or(0, pack))
}

/// The nearest colour of 5, 6 and 5 bits.
fn pack(c: &[u8; 3]) -> u16 {
    let part = |i: usize, most: u16| (u16::from(c[i]) * most + 127) / 255;
    part(0, 31) << 11 | part(1, 63) << 5 | part(2, 31)
}
