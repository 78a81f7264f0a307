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

/// Fractional bits of the sums.
const FRACTION: u32 = 4;
/// Bits that samples are shifted by before a factor, so that 16 bits are dropped behind it.
const SHIFT: u32 = 7;

/// Pixels that are finished at once.
const BLOCK: usize = 32;

/// What samples are multiplied by, as numbers of 16 bits.
#[derive(Clone, Copy)]
struct Factors {
    luma: i16,
    red_v: i16,
    green_u: i16,
    green_v: i16,
    blue_u: i16,
    /// What is added to red, green and blue: black's place, and the rounding.
    add: [i16; 3],
}

impl Factors {
    fn new((kr, kb): (f64, f64), full: bool, exact: bool) -> Factors {
        let kg = 1.0 - kr - kb;
        let (luma, chroma, black) = if full { (1.0, 1.0, 0.0) } else { (255.0 / 219.0, 255.0 / 224.0, 16.0) };
        let fixed = |x: f64| (x * f64::from(1 << (16 - SHIFT + FRACTION))).round() as i16;
        let down = match (exact, full) {
            (true, _) => [0.0; 3],
            (false, true) => [0.5; 3],
            (false, false) => [0.85, 1.1, 0.85],
        };
        let one = f64::from(1 << FRACTION);
        // Each product is cut off, which takes half of its last bit; those that are taken away give it back.
        let add = |i: usize, products: f64| ((0.5 - down[i] - luma * black) * one + products / 2.0).round() as i16;
        Factors {
            luma: fixed(luma),
            red_v: fixed(2.0 * (1.0 - kr) * chroma),
            green_u: fixed(2.0 * (1.0 - kb) * kb / kg * chroma),
            green_v: fixed(2.0 * (1.0 - kr) * kr / kg * chroma),
            blue_u: fixed(2.0 * (1.0 - kb) * chroma),
            add: [add(0, 2.0), add(1, -1.0), add(2, 2.0)],
        }
    }
}

#[inline(always)]
fn product(sample: i16, factor: i16) -> i16 {
    ((i32::from(sample) * i32::from(factor)) >> 16) as i16
}

/// What chroma adds to the pixels of a line.
struct Chroma {
    red: Vec<i16>,
    green: Vec<i16>,
    blue: Vec<i16>,
    few: Vec<i16>,
}

#[inline(always)]
fn spread(few: &[i16], to: &mut [i16], double: bool) {
    if !double {
        to[..few.len()].copy_from_slice(few);
        return;
    }
    for (pair, &one) in to.chunks_exact_mut(2).zip(few) {
        pair[0] = one;
        pair[1] = one;
    }
}

impl Chroma {
    /// Each sample is for two pixels, or for one. (Loops as plain as these become vectors.)
    #[inline(always)]
    fn fill(&mut self, factors: &Factors, u: &[u8], v: &[u8], double: bool) {
        let centred = |sample: u8| (i16::from(sample) - 128) << SHIFT;
        let n = u.len().min(v.len());
        let (u, v, few) = (&u[..n], &v[..n], &mut self.few[..n]);
        for (to, &v) in few.iter_mut().zip(v) {
            *to = product(centred(v), factors.red_v) + factors.add[0];
        }
        spread(few, &mut self.red, double);
        for ((to, &u), &v) in few.iter_mut().zip(u).zip(v) {
            *to = factors.add[1] - product(centred(u), factors.green_u) - product(centred(v), factors.green_v);
        }
        spread(few, &mut self.green, double);
        for (to, &u) in few.iter_mut().zip(u) {
            *to = product(centred(u), factors.blue_u) + factors.add[2];
        }
        spread(few, &mut self.blue, double);
    }

    #[inline(always)]
    fn line(&self, factors: &Factors, luma: &[u8], out: &mut [u8]) {
        let n = luma.len();
        let (red, green, blue) = (&self.red[..n], &self.green[..n], &self.blue[..n]);
        let done = |y: i16, chroma: i16| ((y + chroma) >> FRACTION).clamp(0, 255) as u8;
        let whole = n / BLOCK * BLOCK;
        // Planes first, then together: so the compiler makes vectors of both.
        let mut block = [[0u8; BLOCK]; 3];
        for (at, out) in (0..whole).step_by(BLOCK).zip(out.chunks_exact_mut(3 * BLOCK)) {
            let luma = &luma[at..at + BLOCK];
            let (red, green, blue) = (&red[at..at + BLOCK], &green[at..at + BLOCK], &blue[at..at + BLOCK]);
            for k in 0..BLOCK {
                let y = product(i16::from(luma[k]) << SHIFT, factors.luma);
                block[0][k] = done(y, red[k]);
                block[1][k] = done(y, green[k]);
                block[2][k] = done(y, blue[k]);
            }
            for k in 0..BLOCK {
                out[k * 3] = block[0][k];
                out[k * 3 + 1] = block[1][k];
                out[k * 3 + 2] = block[2][k];
            }
        }
        for (k, out) in (whole..n).zip(out[whole * 3..].chunks_exact_mut(3)) {
            let y = product(i16::from(luma[k]) << SHIFT, factors.luma);
            out.copy_from_slice(&[done(y, red[k]), done(y, green[k]), done(y, blue[k])]);
        }
    }
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

/// Converts, and gives each line to `put`, or writes it into `rows` where that is all lines one behind the other.
#[inline(always)]
fn convert(
    picture: &Picture,
    factors: &Factors,
    rows: Option<&mut [u8]>,
    mut put: impl FnMut(usize, &[u8]) -> bool,
) -> bool {
    let (w, h) = (picture.width, picture.height);
    // One more where the width is odd: the last sample of chroma is for one pixel only.
    let room = w + 1;
    let mut chroma = Chroma { red: vec![0; room], green: vec![0; room], blue: vec![0; room], few: vec![0; room] };
    let of = |(plane, step): (&'_ [u8], usize), y: usize, n: usize| y * step..y * step + n.min(plane.len());
    let across = if picture.half.0 { w.div_ceil(2) } else { w };
    let mut own = if rows.is_none() { vec![0; w * 3] } else { Vec::new() };
    let mut rows = rows;
    for y in 0..h {
        let at = if picture.half.1 { y / 2 } else { y };
        if !picture.half.1 || y % 2 == 0 {
            let (u, v) = (&picture.u.0[of(picture.u, at, across)], &picture.v.0[of(picture.v, at, across)]);
            chroma.fill(factors, u, v, picture.half.0);
        }
        let luma = &picture.luma.0[of(picture.luma, y, w)];
        match &mut rows {
            Some(rows) => chroma.line(factors, luma, &mut rows[y * w * 3..(y + 1) * w * 3]),
            None => {
                chroma.line(factors, luma, &mut own);
                if !put(y, &own) {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn convert_avx2(
    picture: &Picture,
    factors: &Factors,
    rows: Option<&mut [u8]>,
    put: impl FnMut(usize, &[u8]) -> bool,
) -> bool {
    convert(picture, factors, rows, put)
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
        return run(&picture, &factors, Some(rows), |_, _| true);
    }
    run(&picture, &factors, None, |y, row| to.view.unpack(&[y], row))
}

fn run(picture: &Picture, factors: &Factors, rows: Option<&mut [u8]>, put: impl FnMut(usize, &[u8]) -> bool) -> bool {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { convert_avx2(picture, factors, rows, put) };
    }
    convert(picture, factors, rows, put)
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
                    assert!(run(&picture, &factors, Some(&mut out), |_, _| true));
                    let mut again = Vec::new();
                    assert!(convert(&picture, &factors, None, |_, row| {
                        again.extend_from_slice(row);
                        true
                    }));
                    assert_eq!(out, again, "vectors and rows give the same");
                    for (i, own) in out.chunks_exact(3).enumerate() {
                        let wanted = exact((y, u[i], v[i]), weights, full);
                        for (own, wanted) in own.iter().zip(wanted) {
                            let gap = (f64::from(*own) - wanted).abs();
                            assert!(
                                gap < if nearest { 0.75 } else { 1.75 },
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

    #[test]
    fn odd_sizes_have_their_last_column_and_line() {
        let factors = Factors::new((0.299, 0.114), true, true);
        let (luma, u, v) = ([128; 15], [128, 128, 255, 128, 128, 255], [128; 6]);
        let picture = Picture { luma: (&luma, 5), u: (&u, 3), v: (&v, 3), width: 5, height: 3, half: (true, true) };
        let mut out = vec![0; 45];
        assert!(run(&picture, &factors, Some(&mut out), |_, _| true));
        for (i, pixel) in out.chunks_exact(3).enumerate() {
            assert_eq!(pixel[2], if i % 5 == 4 { 255 } else { 128 }, "pixel {i}");
        }
    }
}
