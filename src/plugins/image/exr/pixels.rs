//! From the lines of channels to the rows that a read gives.

use super::header::Sample;

/// Puts a line of a channel among the floats of a row, every `step`th.
pub fn floats(line: &[u8], sample: Sample, row: &mut [[u8; 4]], step: usize) {
    let places = row.iter_mut().step_by(step.max(1));
    match sample {
        Sample::Half => {
            for (to, &half) in places.zip(line.as_chunks::<2>().0) {
                *to = half_to_float(u16::from_le_bytes(half)).to_ne_bytes();
            }
        }
        Sample::Float => {
            for (to, &float) in places.zip(line.as_chunks::<4>().0) {
                *to = f32::from_le_bytes(float).to_ne_bytes();
            }
        }
        Sample::Uint => {
            for (to, &uint) in places.zip(line.as_chunks::<4>().0) {
                *to = (u32::from_le_bytes(uint) as f32).to_ne_bytes();
            }
        }
    }
}

/// Puts a line of whole numbers among those of a row.
pub fn uints(line: &[u8], row: &mut [[u8; 4]], step: usize) {
    for (to, &uint) in row.iter_mut().step_by(step.max(1)).zip(line.as_chunks::<4>().0) {
        *to = u32::from_le_bytes(uint).to_ne_bytes();
    }
}

/// Three lines of halves to a row of colours: what most files are.
pub fn three_halves(lines: [&[u8]; 3], row: &mut [[u8; 4]]) {
    let [a, b, c] = lines.map(|line| line.as_chunks::<2>().0);
    for (((to, &a), &b), &c) in row.as_chunks_mut::<3>().0.iter_mut().zip(a).zip(b).zip(c) {
        *to = [a, b, c].map(|half| half_to_float(u16::from_le_bytes(half)).to_ne_bytes());
    }
}

/// Without a branch, so that it can be done for several at once.
#[inline(always)]
pub fn half_to_float(half: u16) -> f32 {
    let (half, sign) = (u32::from(half & 0x7fff) << 13, u32::from(half & 0x8000) << 16);
    let exponent = half & 0x0f80_0000;
    // Numbers with an exponent get the larger bias; infinity and NaN the largest exponent.
    let normal = half.wrapping_add(if exponent == 0x0f80_0000 { (255 - 31) << 23 } else { 112 << 23 });
    // Those without are so many times 2^-24.
    let small = (half >> 13) as f32 * (1.0 / 16_777_216.0);
    f32::from_bits(sign | if exponent == 0 { small.to_bits() } else { normal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_becomes_its_float() {
        for half in 0..=u16::MAX {
            let (ours, theirs) = (half_to_float(half), half::f16::from_bits(half).to_f32());
            let quiet = |x: f32| x.to_bits() | if x.is_nan() { 0x0040_0000 } else { 0 };
            assert_eq!(quiet(ours), quiet(theirs), "{half:#x}");
        }
    }
}
