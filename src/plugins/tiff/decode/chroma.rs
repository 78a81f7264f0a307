//! Luminance and chroma that is thinned out, not compressed by JPEG: blocks of pixels that share a blue and a red
//! difference. They become colours, by the coefficients and the reference black and white that the file says, in the
//! whole numbers in which libtiff does it.

use super::super::ifd::{Directory, Tiff};
use super::super::tags::tag;
use crate::error::{Error, Result};

/// How a page turns luminance and chroma into colours.
pub struct Chroma {
    /// Pixels across and down of a block.
    across: usize,
    down: usize,
    luminance: Box<[i32; 256]>,
    red: Box<[i32; 256]>,
    blue: Box<[i32; 256]>,
    /// What each difference takes from green, in 65536ths.
    green: Box<[[i32; 2]; 256]>,
}

impl Chroma {
    /// That of a page.
    pub fn of(tiff: &Tiff, directory: &Directory, (across, down): (u16, u16)) -> Result<Chroma> {
        if ![1, 2, 4].contains(&across) || ![1, 2, 4].contains(&down) {
            return Err(Error::corrupt(format!("chroma for blocks of {across} x {down} pixels")));
        }
        let numbers = |tag, default: &[f32]| -> Result<Vec<f32>> {
            let found = tiff.floats(directory, tag)?.filter(|found| found.len() == default.len());
            let found = found.filter(|found| found.iter().all(|x| x.is_finite()));
            Ok(found.map_or_else(|| default.to_vec(), |found| found.into_iter().map(|x| x as f32).collect()))
        };
        let weights = numbers(tag::YCBCR_COEFFICIENTS, &[0.299, 0.587, 0.114])?;
        let reference = numbers(tag::REFERENCE_BLACK_WHITE, &[0.0, 255.0, 128.0, 255.0, 128.0, 255.0])?;
        let &[of_red, of_green, of_blue] = weights.as_slice() else { return Err(Error::internal("three weights")) };
        let &[black, white, blue_zero, blue_full, red_zero, red_full] = reference.as_slice() else {
            return Err(Error::internal("six references"));
        };
        if of_green == 0.0 {
            return Err(Error::corrupt("green has no part in the luminance"));
        }
        let fixed = |x: f32| (f64::from(x.clamp(0.0, 2.0)) * 65536.0 + 0.5) as i32;
        let (for_red, for_blue) = (2.0 - 2.0 * of_red, 2.0 - 2.0 * of_blue);
        let (to_red, to_blue) = (fixed(for_red), fixed(for_blue));
        let green_of_red = -fixed(of_red * for_red / of_green);
        let green_of_blue = -fixed(of_blue * for_blue / of_green);
        let scaled = |code: i32, zero: f32, full: f32, range: f32| {
            let span = if full - zero == 0.0 { 1.0 } else { full - zero };
            (code.saturating_sub(zero as i32) as f32 * range / span).clamp(-4096.0, 4096.0) as i32
        };
        let table = |of: &dyn Fn(i32) -> i32| -> Box<[i32; 256]> { Box::new(std::array::from_fn(|i| of(i as i32))) };
        let red_of = |i: i32| scaled(i - 128, red_zero - 128.0, red_full - 128.0, 127.0);
        let blue_of = |i: i32| scaled(i - 128, blue_zero - 128.0, blue_full - 128.0, 127.0);
        Ok(Chroma {
            across: across.into(),
            down: down.into(),
            luminance: table(&|i| scaled(i, black, white, 255.0)),
            red: table(&|i| (to_red.wrapping_mul(red_of(i)).wrapping_add(1 << 15)) >> 16),
            blue: table(&|i| (to_blue.wrapping_mul(blue_of(i)).wrapping_add(1 << 15)) >> 16),
            green: Box::new(std::array::from_fn(|i| {
                let (blue, red) = (blue_of(i as i32), red_of(i as i32));
                [green_of_blue.wrapping_mul(blue).wrapping_add(1 << 15), green_of_red.wrapping_mul(red)]
            })),
        })
    }

    /// Bytes of the packed blocks of this many rows of a chunk.
    pub fn packed(&self, width: usize, rows: usize) -> Result<usize> {
        let row = width.div_ceil(self.across).checked_mul(self.across * self.down + 2);
        let all = row.and_then(|row| row.checked_mul(rows.div_ceil(self.down)));
        all.ok_or_else(|| Error::limit("a chunk too large to address"))
    }

    /// Makes the rows of a chunk of its blocks; the bytes of the whole rows that there are.
    pub fn unpack(&self, packed: &[u8], width: usize, out: &mut [u8]) -> usize {
        let block = self.across * self.down + 2;
        let blocks = width.div_ceil(self.across) * block;
        let row = 3 * width;
        let mut done = 0;
        let strips = out.chunks_mut((row * self.down).max(1)).zip(packed.chunks_exact(blocks.max(1)));
        for (rows, blocks) in strips {
            for (y, row) in rows.chunks_exact_mut(row.max(1)).enumerate() {
                for (pixels, block) in row.chunks_mut(3 * self.across).zip(blocks.chunks_exact(block)) {
                    let [levels @ .., blue, red] = block else { continue };
                    let levels = &levels[y * self.across..];
                    let (blue, red) = (usize::from(*blue), usize::from(*red));
                    let green = (self.green[blue][0].wrapping_add(self.green[red][1])) >> 16;
                    let differences = [self.red[red], green, self.blue[blue]];
                    for (pixel, &level) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(levels) {
                        let level = self.luminance[usize::from(level)];
                        *pixel = differences.map(|d| (level + d).clamp(0, 255) as u8);
                    }
                }
                done += row.len();
            }
        }
        done
    }
}
