//! PNG's row filters for writing: of the five, the one whose bytes lie nearest to zero, as libpng chooses.

/// Filters row after row.
pub struct Filter {
    /// Bytes of a pixel; 0: rows are passed on as they are.
    step: usize,
    before: Vec<u8>,
    /// The filter's number and the filtered row: the best so far, and the one on trial.
    best: Vec<u8>,
    trial: Vec<u8>,
}

impl Filter {
    /// For rows of `len` bytes and pixels of `step`; 0 leaves rows as they are, which is best below 8 bits.
    pub fn new(len: usize, step: usize) -> Filter {
        let row = || vec![0; len + 1];
        Filter { step, before: vec![0; len], best: row(), trial: if step == 0 { Vec::new() } else { row() } }
    }

    /// Goes on behind this row, as if it had been filtered.
    pub fn follow(&mut self, row: &[u8]) {
        self.before.copy_from_slice(row);
    }

    /// The row with its filter's number before it.
    pub fn apply(&mut self, row: &[u8]) -> &[u8] {
        self.best[0] = 0;
        self.best[1..].copy_from_slice(row);
        if self.step > 0 {
            let mut least = weight(row);
            for number in 1..=4 {
                // A row of zeroes, which flat pictures are full of, cannot be bettered.
                if least == 0 {
                    break;
                }
                self.trial[0] = number;
                filter(number, self.step, row, &self.before, &mut self.trial[1..]);
                let weight = weight(&self.trial[1..]);
                if weight < least {
                    least = weight;
                    std::mem::swap(&mut self.best, &mut self.trial);
                }
            }
            self.before.copy_from_slice(row);
        }
        &self.best
    }
}

/// How far the bytes, taken as signed, are from zero.
fn weight(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    // Two sums, since each waits for its last addition.
    let (mut even, mut odd) = (0, 0);
    for pair in blocks.chunks(2) {
        even += sixteen(&pair[0]);
        odd += pair.get(1).map_or(0, sixteen);
    }
    even + odd + rest.iter().map(|&b| u64::from((b as i8).unsigned_abs())).sum::<u64>()
}

/// The weight of sixteen bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sixteen(block: &[u8; 16]) -> u64 {
    use std::arch::x86_64::*;
    // SAFETY: SSE2 is part of x86-64, and the load is of the sixteen bytes of the block, at any address.
    let sums: [u64; 2] = unsafe {
        let bytes = _mm_loadu_si128(block.as_ptr().cast());
        let nothing = _mm_setzero_si128();
        let sizes = _mm_min_epu8(bytes, _mm_sub_epi8(nothing, bytes));
        std::mem::transmute(_mm_sad_epu8(sizes, nothing))
    };
    sums[0] + sums[1]
}

/// The weight of sixteen bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn sixteen(block: &[u8; 16]) -> u64 {
    u64::from(block.iter().map(|&b| u16::from((b as i8).unsigned_abs())).sum::<u16>())
}

/// Filters a row with `number` (1 to 4). `before` is the row above, zeroes above the first; all have one length.
pub fn filter(number: u8, step: usize, row: &[u8], before: &[u8], to: &mut [u8]) {
    // The first pixel has nothing to its left.
    let step = step.min(row.len());
    let (first, rest) = to.split_at_mut(step);
    let left = row.iter().zip(before);
    let now = row[step..].iter().zip(&before[step..]);
    for (to, (&x, &up)) in first.iter_mut().zip(row.iter().zip(before)) {
        *to = match number {
            1 => x,
            3 => x.wrapping_sub(up / 2),
            _ => x.wrapping_sub(up),
        };
    }
    match number {
        1 => rest.iter_mut().zip(now.zip(left)).for_each(|(to, ((&x, _), (&a, _)))| *to = x.wrapping_sub(a)),
        2 => rest.iter_mut().zip(now).for_each(|(to, (&x, &b))| *to = x.wrapping_sub(b)),
        3 => rest.iter_mut().zip(now.zip(left)).for_each(|(to, ((&x, &b), (&a, _)))| {
            // Half of the sum, in bytes.
            *to = x.wrapping_sub((a & b) + ((a ^ b) >> 1));
        }),
        _ => rest.iter_mut().zip(now.zip(left)).for_each(|(to, ((&x, &b), (&a, &c)))| {
            *to = x.wrapping_sub(paeth(a, b, c));
        }),
    }
}

/// Of left, above and above left the one nearest to left + above - above left. In bytes only and without a branch, as
/// fpnge has it, so that the compiler does sixteen at once: between `a` and `b`, `c` is |pa - pb| off, else farthest.
#[inline(always)]
pub(crate) fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let from_a = b.max(c) - b.min(c);
    let from_b = a.max(c) - a.min(c);
    let between = (a < c) == (c < b);
    let from_c = if between { from_a.max(from_b) - from_a.min(from_b) } else { 255 };
    let nearer = if from_b <= from_c { b } else { c };
    if from_a <= from_b && from_a <= from_c { a } else { nearer }
}

#[cfg(test)]
mod tests {
    use super::{paeth, weight};

    #[test]
    fn weight_is_the_distance_from_zero() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| (i * 37 + i * i) as u8).collect();
        for len in (0..70).chain([255, 256, 1000]) {
            let sum: u64 = bytes[..len].iter().map(|&b| u64::from((b as i8).unsigned_abs())).sum();
            assert_eq!(weight(&bytes[..len]), sum, "{len}");
        }
        assert_eq!(weight(&[0x80; 40]), 40 * 128);
    }

    #[test]
    fn paeth_is_the_nearest() {
        for a in (0..=255).step_by(5) {
            for b in (0..=255).step_by(3) {
                for c in 0..=255u8 {
                    let [x, y, z] = [a, b, c].map(i32::from);
                    let far = |n: i32| (x + y - z - n).abs();
                    let nearest = [x, y, z].into_iter().min_by_key(|&n| far(n));
                    assert_eq!(Some(i32::from(paeth(a, b, c))), nearest, "{a} {b} {c}");
                }
            }
        }
    }
}
