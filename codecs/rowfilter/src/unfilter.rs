//! Undoing PNG's row filters. What a filter adds to a pixel depends on the pixel before it, so that all samples of a
//! pixel are computed at once, and one pixel after another: what counts is how few steps lie between two pixels.

/// Undoes filter `number` (0 to [`LAST`](crate::LAST)) of a row whose pixels have `step` bytes: 1 to 4, 6 or 8.
/// `above` is the row before, zeroes above the first; all three have one length.
pub fn unfilter(number: u8, step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
    match number {
        1 | 3 | 4 if step == 1 => bytes(number, row, above, to),
        1 => by_step::<Sub>(step, row, above, to),
        2 => to.iter_mut().zip(row.iter().zip(above)).for_each(|(to, (&x, &b))| *to = x.wrapping_add(b)),
        3 => by_step::<Average>(step, row, above, to),
        4 => paeth(step, row, above, to),
        _ => to.copy_from_slice(row),
    }
}

/// One sample a pixel: there the ordinary registers are the shorter way.
fn bytes(number: u8, row: &[u8], above: &[u8], to: &mut [u8]) {
    let rows = to.iter_mut().zip(row.iter().zip(above));
    let (mut a, mut c) = (0i16, 0i16);
    match number {
        1 => rows.for_each(|(to, (&x, _))| {
            a = (a + i16::from(x)) & 0xFF;
            *to = a as u8;
        }),
        3 => rows.for_each(|(to, (&x, &b))| {
            a = (i16::from(x) + (a + i16::from(b)) / 2) & 0xFF;
            *to = a as u8;
        }),
        _ => rows.for_each(|(to, (&x, &b))| {
            let b = i16::from(b);
            // As in stb_image; see below.
            let threshold = 3 * c - b - a;
            let (low, high) = (a.min(b), a.max(b));
            let near = if high <= threshold { low } else { c };
            let predicted = if threshold <= low { high } else { near };
            a = (i16::from(x) + predicted) & 0xFF;
            c = b;
            *to = a as u8;
        }),
    }
}

/// How a pixel comes of the filtered one, of that above it, and of what is kept of those before.
trait Filter {
    /// Before the first pixel.
    fn new() -> Self;
    fn undo(&mut self, x: Pixel, b: Pixel) -> Pixel;
}

#[inline(always)]
fn by_step<F: Filter>(step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
    match step {
        2 => pixels::<F, 2>(row, above, to),
        3 => pixels::<F, 3>(row, above, to),
        4 => pixels::<F, 4>(row, above, to),
        6 => pixels::<F, 6>(row, above, to),
        _ => pixels::<F, 8>(row, above, to),
    }
}

#[inline(always)]
fn pixels<F: Filter, const N: usize>(row: &[u8], above: &[u8], to: &mut [u8]) {
    let mut filter = F::new();
    let rows = row.as_chunks::<N>().0.iter().zip(above.as_chunks::<N>().0);
    for (to, (x, b)) in to.as_chunks_mut::<N>().0.iter_mut().zip(rows) {
        store(filter.undo(Pixel::of(load(x)), Pixel::of(load(b))).bytes(), to);
    }
}

/// The bytes of a pixel as one number. In one or two loads: bytes that are gathered one by one in memory would be
/// waited for.
#[inline(always)]
fn load<const N: usize>(bytes: &[u8; N]) -> u64 {
    match *bytes.as_slice() {
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c] => u64::from(u16::from_le_bytes([a, b])) | u64::from(c) << 16,
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f] => u64::from(u32::from_le_bytes([a, b, c, d])) | u64::from(u16::from_le_bytes([e, f])) << 32,
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

#[inline(always)]
fn store<const N: usize>(bytes: u64, to: &mut [u8; N]) {
    if let Some((bytes, _)) = bytes.to_le_bytes().split_first_chunk::<N>() {
        *to = *bytes;
    }
}

#[cfg(not(target_arch = "x86_64"))]
use portable::{Average, Pixel, Sub, paeth};
#[cfg(target_arch = "x86_64")]
use x86::{Average, Pixel, Sub, paeth};

/// By what every x86-64 has, and for Paeth by SSE4.1 where that is.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Filter, by_step};
    use std::arch::x86_64 as arch;
    use std::arch::x86_64::__m128i;

    /// Safe faces of instructions on values.
    macro_rules! instructions {
        ($($name:ident = $instruction:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
            #[inline(always)]
            fn $name($($argument: $type),*) -> $result {
                // SAFETY: SSE2 is part of x86-64.
                unsafe { arch::$instruction($($argument),*) }
            }
        )*};
    }

    instructions! {
        add_bytes = _mm_add_epi8(a: __m128i, b: __m128i) -> __m128i;
        sub_bytes = _mm_sub_epi8(a: __m128i, b: __m128i) -> __m128i;
        average_bytes = _mm_avg_epu8(a: __m128i, b: __m128i) -> __m128i;
        add = _mm_add_epi16(a: __m128i, b: __m128i) -> __m128i;
        sub = _mm_sub_epi16(a: __m128i, b: __m128i) -> __m128i;
        min = _mm_min_epi16(a: __m128i, b: __m128i) -> __m128i;
        max = _mm_max_epi16(a: __m128i, b: __m128i) -> __m128i;
        exceeds = _mm_cmpgt_epi16(a: __m128i, b: __m128i) -> __m128i;
        and = _mm_and_si128(a: __m128i, b: __m128i) -> __m128i;
        and_not = _mm_andnot_si128(a: __m128i, b: __m128i) -> __m128i;
        or = _mm_or_si128(a: __m128i, b: __m128i) -> __m128i;
        xor = _mm_xor_si128(a: __m128i, b: __m128i) -> __m128i;
        pack = _mm_packus_epi16(a: __m128i, b: __m128i) -> __m128i;
        unpack = _mm_unpacklo_epi8(a: __m128i, b: __m128i) -> __m128i;
        zero = _mm_setzero_si128() -> __m128i;
        all = _mm_set1_epi16(a: i16) -> __m128i;
        from_64 = _mm_cvtsi64_si128(a: i64) -> __m128i;
        to_64 = _mm_cvtsi128_si64(a: __m128i) -> i64;
    }

    /// Up to eight samples of 8 bits.
    #[derive(Clone, Copy)]
    pub struct Pixel(__m128i);

    impl Pixel {
        #[inline(always)]
        pub fn of(bytes: u64) -> Pixel {
            Pixel(from_64(bytes as i64))
        }

        #[inline(always)]
        pub fn bytes(self) -> u64 {
            to_64(self.0) as u64
        }

        /// In lanes of 16 bits.
        #[inline(always)]
        fn wide(self) -> __m128i {
            unpack(self.0, zero())
        }
    }

    /// The pixel before.
    pub struct Sub(__m128i);

    impl Filter for Sub {
        #[inline(always)]
        fn new() -> Sub {
            Sub(zero())
        }

        #[inline(always)]
        fn undo(&mut self, x: Pixel, _b: Pixel) -> Pixel {
            self.0 = add_bytes(self.0, x.0);
            Pixel(self.0)
        }
    }

    /// The pixel before, all bits turned round: the processor rounds averages up, and those of such numbers down.
    pub struct Average(__m128i);

    impl Filter for Average {
        #[inline(always)]
        fn new() -> Average {
            Average(all(-1))
        }

        #[inline(always)]
        fn undo(&mut self, x: Pixel, b: Pixel) -> Pixel {
            let ones = all(-1);
            // With ~n = -n - 1, ~(x + average(a, b)) is average_up(~a, ~b) - x.
            self.0 = sub_bytes(average_bytes(self.0, xor(b.0, ones)), x.0);
            Pixel(xor(self.0, ones))
        }
    }

    /// One of two by a mask.
    trait Choose {
        fn choose(mask: __m128i, yes: __m128i, no: __m128i) -> __m128i;
    }

    struct Sse2;

    impl Choose for Sse2 {
        #[inline(always)]
        fn choose(mask: __m128i, yes: __m128i, no: __m128i) -> __m128i {
            or(and(mask, yes), and_not(mask, no))
        }
    }

    struct Sse41;

    impl Choose for Sse41 {
        #[inline(always)]
        fn choose(mask: __m128i, yes: __m128i, no: __m128i) -> __m128i {
            // SAFETY: only `paeth_sse41` chooses so, whose caller has seen that the processor has SSE4.1.
            unsafe { arch::_mm_blendv_epi8(no, yes, mask) }
        }
    }

    /// The pixel before and the one above that, in lanes of 16 bits.
    struct Paeth<C> {
        a: __m128i,
        c: __m128i,
        choose: std::marker::PhantomData<C>,
    }

    impl<C: Choose> Filter for Paeth<C> {
        #[inline(always)]
        fn new() -> Paeth<C> {
            Paeth { a: zero(), c: zero(), choose: std::marker::PhantomData }
        }

        /// As in stb_image: of a and b the one that is nearer to a + b - c, or c, without a distance being taken. The
        /// three sums are made beside the comparisons, so that the choice is the last step before the next pixel.
        #[inline(always)]
        fn undo(&mut self, x: Pixel, b: Pixel) -> Pixel {
            let (x, a, b, c) = (x.wide(), self.a, b.wide(), self.c);
            let (with_a, with_b, with_c) = (sum(a, x), sum(b, x), sum(c, x));
            let threshold = sub(sub(add(add(c, c), c), b), a);
            let b_is_low = exceeds(a, b);
            let low = C::choose(b_is_low, with_b, with_a);
            let high = C::choose(b_is_low, with_a, with_b);
            let near = C::choose(exceeds(max(a, b), threshold), with_c, low);
            self.a = C::choose(exceeds(threshold, min(a, b)), near, high);
            self.c = b;
            Pixel(pack(self.a, self.a))
        }
    }

    /// The sum of bytes in lanes of 16 bits.
    #[inline(always)]
    fn sum(a: __m128i, b: __m128i) -> __m128i {
        and(add(a, b), all(0xFF))
    }

    pub fn paeth(step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
        if is_x86_feature_detected!("sse4.1") {
            // SAFETY: the processor has SSE4.1.
            unsafe { paeth_sse41(step, row, above, to) }
        } else {
            by_step::<Paeth<Sse2>>(step, row, above, to);
        }
    }

    #[target_feature(enable = "sse4.1")]
    fn paeth_sse41(step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
        by_step::<Paeth<Sse41>>(step, row, above, to);
    }

    #[cfg(test)]
    pub fn paeth_sse2(step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
        by_step::<Paeth<Sse2>>(step, row, above, to);
    }
}

/// As the standard has it.
#[cfg(not(target_arch = "x86_64"))]
mod portable {
    use super::{Filter, by_step};
    use std::array::from_fn;

    /// Up to eight samples of 8 bits.
    #[derive(Clone, Copy)]
    pub struct Pixel([u8; 8]);

    impl Pixel {
        #[inline(always)]
        pub fn of(bytes: u64) -> Pixel {
            Pixel(bytes.to_le_bytes())
        }

        #[inline(always)]
        pub fn bytes(self) -> u64 {
            u64::from_le_bytes(self.0)
        }
    }

    /// The pixel before.
    pub struct Sub([u8; 8]);

    impl Filter for Sub {
        fn new() -> Sub {
            Sub([0; 8])
        }

        #[inline(always)]
        fn undo(&mut self, x: Pixel, _b: Pixel) -> Pixel {
            self.0 = from_fn(|i| x.0[i].wrapping_add(self.0[i]));
            Pixel(self.0)
        }
    }

    /// The pixel before.
    pub struct Average([u8; 8]);

    impl Filter for Average {
        fn new() -> Average {
            Average([0; 8])
        }

        #[inline(always)]
        fn undo(&mut self, x: Pixel, b: Pixel) -> Pixel {
            self.0 = from_fn(|i| x.0[i].wrapping_add(((u16::from(self.0[i]) + u16::from(b.0[i])) / 2) as u8));
            Pixel(self.0)
        }
    }

    /// The pixel before and the one above that.
    struct Paeth([u8; 8], [u8; 8]);

    impl Filter for Paeth {
        fn new() -> Paeth {
            Paeth([0; 8], [0; 8])
        }

        #[inline(always)]
        fn undo(&mut self, x: Pixel, b: Pixel) -> Pixel {
            self.0 = from_fn(|i| x.0[i].wrapping_add(crate::filter::paeth(self.0[i], b.0[i], self.1[i])));
            self.1 = b.0;
            Pixel(self.0)
        }
    }

    pub fn paeth(step: usize, row: &[u8], above: &[u8], to: &mut [u8]) {
        by_step::<Paeth>(step, row, above, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LAST, filter};

    #[test]
    fn what_was_filtered_comes_back() {
        let mut seed = 1u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Extremes too, and neighbours that are equal.
            match seed >> 30 {
                0 => 0,
                1 => 255,
                _ => (seed >> 20) as u8,
            }
        };
        for step in [1, 2, 3, 4, 6, 8] {
            for pixels in [1, 2, 5, 16, 33] {
                for number in 0..=LAST {
                    for first in [true, false] {
                        let len = step * pixels;
                        let above: Vec<u8> = (0..len).map(|_| if first { 0 } else { random() }).collect();
                        let row: Vec<u8> = (0..len).map(|_| random()).collect();
                        let (mut filtered, mut back) = (row.clone(), vec![7; len]);
                        if number > 0 {
                            filter(number, step, &row, &above, &mut filtered);
                        }
                        unfilter(number, step, &filtered, &above, &mut back);
                        assert_eq!(back, row, "filter {number}, {step} bytes a pixel, {pixels} pixels");
                        #[cfg(target_arch = "x86_64")]
                        if number == 4 && step > 1 {
                            back.fill(9);
                            x86::paeth_sse2(step, &filtered, &above, &mut back);
                            assert_eq!(back, row, "{step} bytes a pixel, {pixels} pixels");
                        }
                    }
                }
            }
        }
    }
}
