//! Blocks of pixels in vectors of AVX2: the same sums as in `rgb`, 32 pixels of one or two lines at once.

use super::{BLOCK, FRACTION, Factors, Luma, Rgb, blocks};
use std::arch::x86_64::*;

/// As [`super::lines`].
#[target_feature(enable = "avx2")]
pub fn lines<const N: usize, const HALF: bool>(
    factors: &Factors,
    luma: [&[u8]; N],
    chroma: [&[u8]; 2],
    out: [&mut [u8]; N],
) {
    blocks::<N, HALF>(luma, chroma, out, |luma, u, v, out| block::<N, HALF>(factors, luma, u, v, out));
}

/// Chroma less 128, times 256: in the order of the words of [`words`], or of 16 samples one behind the other.
#[target_feature(enable = "avx2")]
#[inline]
fn centred<const HALF: bool>(samples: &[u8]) -> [__m256i; 2] {
    if HALF {
        let samples: &[u8; BLOCK / 2] = samples.first_chunk().unwrap_or(&[128; BLOCK / 2]);
        // SAFETY: there are 16 bytes.
        let bytes = unsafe { _mm_loadu_si128(samples.as_ptr().cast()) };
        let words = _mm256_slli_epi16::<8>(_mm256_cvtepu8_epi16(bytes));
        return [_mm256_xor_si256(words, _mm256_set1_epi16(i16::MIN)); 2];
    }
    let samples: &Luma = samples.first_chunk().unwrap_or(&[128; BLOCK]);
    let bytes = _mm256_xor_si256(load(samples), _mm256_set1_epi8(i8::MIN));
    words(bytes)
}

/// Bytes times 256, those of 0 to 7 and 16 to 23 first.
#[target_feature(enable = "avx2")]
#[inline]
fn words(bytes: __m256i) -> [__m256i; 2] {
    let none = _mm256_setzero_si256();
    [_mm256_unpacklo_epi8(none, bytes), _mm256_unpackhi_epi8(none, bytes)]
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &Luma) -> __m256i {
    // SAFETY: there are 32 bytes.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// What chroma adds to the words of a block: red, green, blue, each of the first and the second half of the words.
#[target_feature(enable = "avx2")]
#[inline]
fn sums<const HALF: bool>(factors: &Factors, u: &[u8], v: &[u8]) -> [[__m256i; 2]; 3] {
    let (u, v) = (centred::<HALF>(u), centred::<HALF>(v));
    let by = |of: __m256i, factor: i16| _mm256_mulhrs_epi16(of, _mm256_set1_epi16(factor));
    let add = factors.add.map(|add| _mm256_set1_epi16(add));
    let sum = |k: usize| {
        let green = _mm256_sub_epi16(add[1], by(u[k], factors.green_u));
        [
            _mm256_add_epi16(by(v[k], factors.red_v), add[0]),
            _mm256_sub_epi16(green, by(v[k], factors.green_v)),
            _mm256_add_epi16(by(u[k], factors.blue_u), add[2]),
        ]
    };
    let first = sum(0);
    if HALF {
        return first.map(|few| [_mm256_unpacklo_epi16(few, few), _mm256_unpackhi_epi16(few, few)]);
    }
    let second = sum(1);
    [[first[0], second[0]], [first[1], second[1]], [first[2], second[2]]]
}

#[target_feature(enable = "avx2")]
#[inline]
fn block<const N: usize, const HALF: bool>(
    factors: &Factors,
    luma: [&Luma; N],
    u: &[u8],
    v: &[u8],
    out: [&mut Rgb; N],
) {
    let sums = sums::<HALF>(factors, u, v);
    let factor = _mm256_set1_epi16(factors.luma);
    for (luma, out) in luma.into_iter().zip(out) {
        let y = words(load(luma)).map(|half| _mm256_mulhrs_epi16(_mm256_srli_epi16::<1>(half), factor));
        let planes = sums.map(|[low, high]| {
            let low = _mm256_srai_epi16::<{ FRACTION as i32 }>(_mm256_adds_epi16(y[0], low));
            let high = _mm256_srai_epi16::<{ FRACTION as i32 }>(_mm256_adds_epi16(y[1], high));
            _mm256_packus_epi16(low, high)
        });
        interleave(planes, out);
    }
}

/// Samples of three planes as pixels.
#[target_feature(enable = "avx2")]
#[inline]
fn interleave([red, green, blue]: [__m256i; 3], out: &mut Rgb) {
    let each = |order: __m128i| _mm256_broadcastsi128_si256(order);
    // Every sample at its place among 48 bytes, less 16 or 32: sample k of red goes to 3 k, of green to 3 k + 1 …
    let red = _mm256_shuffle_epi8(red, each(_mm_setr_epi8(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5)));
    let green = _mm256_shuffle_epi8(green, each(_mm_setr_epi8(5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10)));
    let blue = _mm256_shuffle_epi8(blue, each(_mm_setr_epi8(10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15)));
    let second = each(_mm_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0));
    let third = each(_mm_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0));
    let pick = |a, b, c| _mm256_blendv_epi8(_mm256_blendv_epi8(a, b, second), c, third);
    // Each of these has 16 bytes of the first 16 pixels, and of the second.
    let parts = [pick(red, green, blue), pick(green, blue, red), pick(blue, red, green)];
    let (first, rest) = out.split_at_mut(BLOCK * 3 / 2);
    for (part, at) in parts.into_iter().zip((0..).step_by(16)) {
        let (first, rest) = (&mut first[at..at + 16], &mut rest[at..at + 16]);
        // SAFETY: both have 16 bytes.
        unsafe {
            _mm_storeu_si128(first.as_mut_ptr().cast(), _mm256_castsi256_si128(part));
            _mm_storeu_si128(rest.as_mut_ptr().cast(), _mm256_extracti128_si256::<1>(part));
        }
    }
}
