//! YUV of 8 bits straight to RGB in the caller's rows, with the chroma of a pixel that of its block.
//!
//! That is where swscale's own short cut takes chroma from, too. The pictures of imageio come of it, and it rounds down,
//! since it cuts off each product, of which green has the most; but not for 4:4:4. Rounded likewise, every sample is within
//! 2 of swscale's and 0.5 on average; from the exact value it is nearer than swscale's, with accurate rounding or without. (The crate `yuv` rounds to the nearest, but takes luma below black for black.)

use crate::av::{Frame, number};
use crate::convert::{Target, is_full, plane};
use crate::pixels::Samples;
use ffmpeg_sys_next as ff;
use kit::{DType, Destination};
use std::ffi::c_int;

#[cfg(target_arch = "x86_64")]
#[path = "rgb_avx2.rs"]
mod avx2;

/// Fractional bits of the sums.
pub(crate) const FRACTION: u32 = 6;

/// Pixels of a line that are finished at once.
pub(crate) const BLOCK: usize = 32;

/// What samples are multiplied by, and what is added.
#[derive(Clone, Copy)]
pub(crate) struct Factors {
    /// Of luma; 8 bits of the products are rounded off.
    pub luma: i16,
    /// Of chroma less 128; 7 bits of the products are rounded off.
    pub red_v: i16,
    pub green_u: i16,
    pub green_v: i16,
    pub blue_u: i16,
    /// What is added to red, green and blue: black's place, and the rounding.
    pub add: [i16; 3],
}

impl Factors {
    fn new((kr, kb): (f64, f64), full: bool, exact: bool) -> Factors {
        let kg = 1.0 - kr - kb;
        let (luma, chroma, black) = if full { (1.0, 1.0, 0.0) } else { (255.0 / 219.0, 255.0 / 224.0, 16.0) };
        let one = f64::from(1 << FRACTION);
        let fixed = |x: f64| (x * chroma * one * 128.0).round() as i16;
        let down = match (exact, full) {
            (true, _) => [0.0; 3],
            (false, true) => [0.5; 3],
            (false, false) => [0.7, 1.1, 0.65],
        };
        let add = |down: f64| ((0.5 - down - luma * black) * one).round() as i16;
        Factors {
            luma: (luma * one * 256.0).round() as i16,
            red_v: fixed(2.0 * (1.0 - kr)),
            green_u: fixed(2.0 * (1.0 - kb) * kb / kg),
            green_v: fixed(2.0 * (1.0 - kr) * kr / kg),
            blue_u: fixed(2.0 * (1.0 - kb)),
            add: down.map(add),
        }
    }
}

/// Bytes of a line's block, and of its pixels.
type Luma = [u8; BLOCK];
type Rgb = [u8; 3 * BLOCK];

/// Finishes a block of lines that share their chroma, of which a sample is for two pixels (`HALF`) or for one.
fn block<const N: usize, const HALF: bool>(
    factors: &Factors,
    luma: [&Luma; N],
    u: &[u8],
    v: &[u8],
    out: [&mut Rgb; N],
) {
    let of = |sample: u8, factor: i16| (((i32::from(sample) - 128) * i32::from(factor) + 64) >> 7) as i16;
    let mut chroma = [[0i16; BLOCK]; 3];
    for k in 0..BLOCK {
        let (u, v) = if HALF { (u[k / 2], v[k / 2]) } else { (u[k], v[k]) };
        chroma[0][k] = of(v, factors.red_v) + factors.add[0];
        chroma[1][k] = factors.add[1] - of(u, factors.green_u) - of(v, factors.green_v);
        chroma[2][k] = of(u, factors.blue_u) + factors.add[2];
    }
    for (luma, out) in luma.into_iter().zip(out) {
        // Planes first, then together: so the compiler makes vectors of both.
        let mut planes = [[0u8; BLOCK]; 3];
        for k in 0..BLOCK {
            let y = ((i32::from(luma[k]) * i32::from(factors.luma) + 128) >> 8) as i16;
            for (plane, chroma) in planes.iter_mut().zip(&chroma) {
                plane[k] = (y.saturating_add(chroma[k]) >> FRACTION).clamp(0, 255) as u8;
            }
        }
        for k in 0..BLOCK {
            (out[k * 3], out[k * 3 + 1], out[k * 3 + 2]) = (planes[0][k], planes[1][k], planes[2][k]);
        }
    }
}

/// Lines that share their chroma, block by block; what is left at their end passes through a block of its own.
#[inline(always)]
fn blocks<const N: usize, const HALF: bool>(
    luma: [&[u8]; N],
    [u, v]: [&[u8]; 2],
    out: [&mut [u8]; N],
    block: impl Fn([&Luma; N], &[u8], &[u8], [&mut Rgb; N]),
) {
    let few = if HALF { BLOCK / 2 } else { BLOCK };
    let luma = luma.map(|line| line.as_chunks::<BLOCK>());
    let mut out = out.map(|row| row.as_chunks_mut::<{ 3 * BLOCK }>());
    let whole = luma[0].0.len();
    for i in 0..whole {
        let at = i * few..(i + 1) * few;
        let starts = luma.map(|(blocks, _)| &blocks[i]);
        block(starts, &u[at.clone()], &v[at], out.each_mut().map(|(blocks, _)| &mut blocks[i]));
    }
    let left = luma[0].1.len();
    if left > 0 {
        let (mut ends, mut done) = ([[0; BLOCK]; N], [[0; 3 * BLOCK]; N]);
        for (end, (_, rest)) in ends.iter_mut().zip(luma) {
            end[..left].copy_from_slice(rest);
        }
        let mut chroma = [[0; BLOCK]; 2];
        for (chroma, plane) in chroma.iter_mut().zip([u, v]) {
            let rest = &plane[whole * few..];
            chroma[..rest.len()].copy_from_slice(rest);
        }
        block(ends.each_ref(), &chroma[0][..few], &chroma[1][..few], done.each_mut());
        for ((_, rest), done) in out.iter_mut().zip(&done) {
            rest.copy_from_slice(&done[..3 * left]);
        }
    }
}

/// Lines that share their chroma, with the vectors that there are.
fn lines<const N: usize, const HALF: bool>(
    factors: &Factors,
    luma: [&[u8]; N],
    chroma: [&[u8]; 2],
    out: [&mut [u8]; N],
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { avx2::lines::<N, HALF>(factors, luma, chroma, out) };
    }
    plain::<N, HALF>(factors, luma, chroma, out);
}

fn plain<const N: usize, const HALF: bool>(
    factors: &Factors,
    luma: [&[u8]; N],
    chroma: [&[u8]; 2],
    out: [&mut [u8]; N],
) {
    blocks::<N, HALF>(luma, chroma, out, |luma, u, v, out| block::<N, HALF>(factors, luma, u, v, out));
}

/// The planes of a picture: bytes, and bytes from one line to the next.
struct Picture<'a> {
    luma: (&'a [u8], usize),
    u: (&'a [u8], usize),
    v: (&'a [u8], usize),
    width: usize,
    height: usize,
    /// Whether chroma has half the columns, and half the lines.
    half: (bool, bool),
}

impl Picture<'_> {
    /// Fills the rows from `y` on that share their chroma: as many as `rows` holds, one or two.
    fn rows(&self, factors: &Factors, y: usize, rows: &mut [u8]) {
        fn line((plane, step): (&[u8], usize), y: usize, n: usize) -> &[u8] {
            &plane[y * step..][..n]
        }
        let (w, across) = (self.width, if self.half.0 { self.width.div_ceil(2) } else { self.width });
        let down = if self.half.1 { y / 2 } else { y };
        let chroma = [line(self.u, down, across), line(self.v, down, across)];
        let first = line(self.luma, y, w);
        if rows.len() == 3 * w {
            return match self.half.0 {
                true => lines::<1, true>(factors, [first], chroma, [rows]),
                false => lines::<1, false>(factors, [first], chroma, [rows]),
            };
        }
        let (one, two) = rows.split_at_mut(3 * w);
        lines::<2, true>(factors, [first, line(self.luma, y + 1, w)], chroma, [one, two]);
    }
}

/// Converts into `rows` where those lie one behind the other, or gives each to `put`.
fn convert(
    picture: &Picture,
    factors: &Factors,
    mut rows: Option<&mut [u8]>,
    mut put: impl FnMut(usize, &[u8]) -> bool,
) -> bool {
    let row = 3 * picture.width;
    let group = if picture.half.1 { 2 } else { 1 };
    let mut own = if rows.is_none() { vec![0; group * row] } else { Vec::new() };
    for y in (0..picture.height).step_by(group) {
        let n = group.min(picture.height - y);
        if let Some(rows) = &mut rows {
            picture.rows(factors, y, &mut rows[y * row..(y + n) * row]);
            continue;
        }
        picture.rows(factors, y, &mut own[..n * row]);
        if !own.chunks_exact(row).take(n).enumerate().all(|(k, row)| put(y + k, row)) {
            return false;
        }
    }
    true
}

/// Puts a picture into its place. `false`: it is not of these formats, or not to become RGB, and nothing was done.
pub fn straight(frame: &Frame, target: &Target, to: &mut Destination) -> bool {
    use ff::AVPixelFormat as F;
    let rgb = F::AV_PIX_FMT_RGB24 as c_int == target.pixels.format;
    if !rgb || to.dtype != DType::U8 || target.pixels.layout != (Samples::Packed { samples: 3, step: 3, first: 0 }) {
        return false;
    }
    let (width, height) = frame.size();
    if to.view.shape() != [height, width, 3] {
        return false;
    }
    let format = frame.get().format;
    let is = |formats: &[F]| formats.iter().any(|&f| f as c_int == format);
    let half = if is(&[F::AV_PIX_FMT_YUV420P, F::AV_PIX_FMT_YUVJ420P]) {
        (true, true)
    } else if is(&[F::AV_PIX_FMT_YUV422P, F::AV_PIX_FMT_YUVJ422P]) {
        (true, false)
    } else if is(&[F::AV_PIX_FMT_YUV444P, F::AV_PIX_FMT_YUVJ444P]) {
        (false, false)
    } else {
        return false;
    };
    let weights = match number!(frame.raw(), colorspace) {
        // Planes that are no luma and chroma.
        0 | 8 => return false,
        1 => (0.2126, 0.0722),
        4 => (0.30, 0.11),
        7 => (0.212, 0.087),
        9 | 10 => (0.2627, 0.0593),
        _ => (0.299, 0.114),
    };
    let factors = Factors::new(weights, is_full(frame), !half.0);
    let lines = if half.1 { height.div_ceil(2) } else { height };
    let (Some(luma), Some(u), Some(v)) = (plane(frame, 0, height), plane(frame, 1, lines), plane(frame, 2, lines))
    else {
        return false;
    };
    let with = |(bytes, step): (_, u32)| (bytes, step as usize);
    let picture = Picture { luma: with(luma), u: with(u), v: with(v), width, height, half };
    if let Some(rows) = to.view.as_bytes() {
        return convert(&picture, &factors, Some(rows), |_, _| true);
    }
    convert(&picture, &factors, None, |y, row| to.view.unpack(&[y], row))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One pixel, by the definition.
    fn exact((y, u, v): (u8, u8, u8), (kr, kb): (f64, f64), full: bool) -> [f64; 3] {
        let (y, u, v) = (f64::from(y), f64::from(u) - 128.0, f64::from(v) - 128.0);
        let (y, u, v) =
            if full { (y / 255.0, u / 255.0, v / 255.0) } else { ((y - 16.0) / 219.0, u / 224.0, v / 224.0) };
        let (r, b) = (y + 2.0 * (1.0 - kr) * v, y + 2.0 * (1.0 - kb) * u);
        [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b].map(|x| (x * 255.0).clamp(0.0, 255.0))
    }

    #[test]
    fn every_colour_is_near_its_exact_value() {
        let (width, height) = (256, 256);
        let u: Vec<u8> = (0..width * height).map(|i| (i % width) as u8).collect();
        let v: Vec<u8> = (0..width * height).map(|i| (i / width) as u8).collect();
        for weights in [(0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)] {
            for (full, nearest) in [(false, true), (false, false), (true, true), (true, false)] {
                let factors = Factors::new(weights, full, nearest);
                for y in (0..=255).step_by(17) {
                    let luma = vec![y; width * height];
                    let picture = Picture {
                        luma: (&luma, width),
                        u: (&u, width),
                        v: (&v, width),
                        width,
                        height,
                        half: (false, false),
                    };
                    let mut out = vec![0; width * height * 3];
                    assert!(convert(&picture, &factors, Some(&mut out), |_, _| true));
                    for (i, own) in out.chunks_exact(3).enumerate() {
                        let wanted = exact((y, u[i], v[i]), weights, full);
                        for (own, wanted) in own.iter().zip(wanted) {
                            let gap = (f64::from(*own) - wanted).abs();
                            assert!(
                                gap < if nearest { 0.55 } else { 1.7 },
                                "{y} {} {}: {own}, not {wanted}",
                                u[i],
                                v[i]
                            );
                        }
                    }
                }
            }
        }
    }

    /// Numbers that look random, the ends of their range often.
    fn noise(n: usize, seed: u32) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state >> 8
        };
        (0..n)
            .map(|_| match next() % 8 {
                0 => 0,
                1 => 255,
                _ => next() as u8,
            })
            .collect()
    }

    fn vectors_give_what_plain_sums_give<const N: usize, const HALF: bool>() {
        for width in (1..100usize).chain([255, 1280, 1919]) {
            let across = if HALF { width.div_ceil(2) } else { width };
            let luma = [1, 2].map(|seed| noise(width, seed));
            let chroma = [3, 4].map(|seed| noise(across, seed + width as u32));
            for full in [false, true] {
                let factors = Factors::new((0.2126, 0.0722), full, !HALF);
                let (luma, chroma) = (std::array::from_fn(|i: usize| &luma[i][..]), chroma.each_ref().map(|c| &c[..]));
                let (mut one, mut two) = ([(); N].map(|()| vec![0; 3 * width]), [(); N].map(|()| vec![1; 3 * width]));
                lines::<N, HALF>(&factors, luma, chroma, one.each_mut().map(|row| &mut row[..]));
                plain::<N, HALF>(&factors, luma, chroma, two.each_mut().map(|row| &mut row[..]));
                assert!(one == two, "{N} lines of {width}, half {HALF}, full {full}");
            }
        }
    }

    #[test]
    fn vectors_of_every_kind_give_what_plain_sums_give() {
        vectors_give_what_plain_sums_give::<1, true>();
        vectors_give_what_plain_sums_give::<2, true>();
        vectors_give_what_plain_sums_give::<1, false>();
    }

    #[test]
    fn rows_that_lie_apart_are_those_that_lie_together() {
        let (luma, u, v) = (noise(45 * 7, 5), noise(45 * 7, 6), noise(45 * 7, 7));
        for half in [(true, true), (true, false), (false, false)] {
            let picture = Picture { luma: (&luma, 45), u: (&u, 45), v: (&v, 45), width: 45, height: 7, half };
            let factors = Factors::new((0.299, 0.114), false, !half.0);
            let mut together = vec![0; 45 * 7 * 3];
            assert!(convert(&picture, &factors, Some(&mut together), |_, _| true));
            let mut apart = Vec::new();
            assert!(convert(&picture, &factors, None, |y, row| {
                assert_eq!(y * 45 * 3, apart.len());
                apart.extend_from_slice(row);
                true
            }));
            assert!(together == apart);
        }
    }

    #[test]
    fn odd_sizes_have_their_last_column_and_line() {
        let factors = Factors::new((0.299, 0.114), true, true);
        let (luma, u, v) = ([128; 15], [128, 128, 255, 128, 128, 255], [128; 6]);
        let picture = Picture { luma: (&luma, 5), u: (&u, 3), v: (&v, 3), width: 5, height: 3, half: (true, true) };
        let mut out = vec![0; 45];
        assert!(convert(&picture, &factors, Some(&mut out), |_, _| true));
        for (i, pixel) in out.chunks_exact(3).enumerate() {
            assert_eq!(pixel[2], if i % 5 == 4 { 255 } else { 128 }, "pixel {i}");
        }
    }
}
