//! A smaller image by the means of squares of pixels, which need no more memory than a row: what the option `reduce`
//! asks for where a format has nothing better.
//!
//! Values of 8 bits are those of Pillow's `reduce`: colours beside an alpha are multiplied by it, averaged and divided
//! again. Black and white and places in a palette have no mean: every n-th pixel is taken.

use super::{Cast, Color, DType, DTypeKind, Props, cast};
use crate::error::{Error, Result};

/// How an image is made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// Pixels of a side that become one.
    pub by: usize,
    dtype: DType,
    samples: usize,
    /// The last sample is alpha, by which the others are still to be multiplied.
    alpha: bool,
    nearest: bool,
}

/// The sums of squares that begin in one row.
pub struct Sums {
    ints: Vec<i64>,
    floats: Vec<f64>,
    /// The rows that are in, as bits.
    rows: u32,
}

impl Reduce {
    /// The reduction of an image to a part of its sides.
    pub fn new(image: &Props, by: usize) -> Result<Reduce> {
        let samples = match image.axes.as_str().ends_with('S') {
            true => image.shape.last().copied().unwrap_or(1),
            false => 1,
        };
        let nearest = image.dtype == DType::Bool || matches!(image.color, Color::Palette | Color::Bayer);
        let is_long = matches!(image.dtype, DType::U64 | DType::I64) || image.dtype.kind() == DTypeKind::Complex;
        if is_long && !nearest {
            return Err(Error::unsupported(format!("option \"reduce\" takes no mean of {} values", image.dtype)));
        }
        let alpha = matches!(image.color, Color::GrayAlpha | Color::Rgba | Color::Bgra) && !image.premultiplied;
        Ok(Reduce { by, dtype: image.dtype, samples, alpha: alpha && !nearest, nearest })
    }

    /// How long a side becomes.
    pub fn side(&self, len: usize) -> usize {
        len.div_ceil(self.by)
    }

    /// The row of squares in which a row lies, if the row counts.
    pub fn square(&self, y: usize) -> Option<usize> {
        (!self.nearest || y.is_multiple_of(self.by)).then_some(y / self.by)
    }

    /// Sums without a row, for rows of `width` pixels.
    pub fn sums(&self, width: usize) -> Sums {
        let len = self.side(width) * self.samples;
        let (ints, floats) = if self.nearest {
            (0, 0)
        } else if self.is_float() {
            (0, len)
        } else {
            (len, 0)
        };
        Sums { ints: vec![0; ints], floats: vec![0.0; floats], rows: 0 }
    }

    fn is_float(&self) -> bool {
        self.dtype.kind() == DTypeKind::Float
    }

    /// Adds row `y` of an image of `height` rows; whether all rows of its square are in.
    pub fn add(&self, sums: &mut Sums, row: &[u8], y: usize, height: usize) -> bool {
        if self.nearest {
            return true;
        }
        let size = self.dtype.size();
        if self.is_float() {
            self.gather(
                row,
                size,
                &mut sums.floats,
                |item| {
                    let mut wide = [0; 8];
                    cast(Cast::plain(self.dtype, DType::F64), item, &mut wide);
                    f64::from_ne_bytes(wide)
                },
                |value, alpha| value * alpha,
            );
        } else if self.dtype == DType::U8 {
            // Pillow multiplies with 8 bits.
            let multiplied = |value: i64, alpha: i64| {
                let product = value * alpha + 128;
                ((product >> 8) + product) >> 8
            };
            self.gather(row, size, &mut sums.ints, |item| item.iter().fold(0, |_, &b| i64::from(b)), multiplied);
        } else {
            self.gather(
                row,
                size,
                &mut sums.ints,
                |item| {
                    let mut wide = [0; 8];
                    cast(Cast::plain(self.dtype, DType::I64), item, &mut wide);
                    i64::from_ne_bytes(wide)
                },
                |value, alpha| value * alpha,
            );
        }
        let square = y / self.by * self.by;
        sums.rows |= 1 << (y - square).min(31);
        sums.rows.count_ones() as usize >= self.by.min(height.saturating_sub(square))
    }

    fn gather<T: Copy + std::ops::AddAssign>(
        &self,
        row: &[u8],
        size: usize,
        sums: &mut [T],
        value: impl Fn(&[u8]) -> T,
        multiplied: impl Fn(T, T) -> T,
    ) {
        let square = self.by * self.samples * size;
        for (sums, pixels) in sums.chunks_exact_mut(self.samples).zip(row.chunks(square)) {
            for pixel in pixels.chunks_exact(self.samples * size) {
                let alpha = if self.alpha { pixel.chunks_exact(size).last().map(&value) } else { None };
                let colors = sums.len() - usize::from(self.alpha);
                for (i, (sum, item)) in sums.iter_mut().zip(pixel.chunks_exact(size)).enumerate() {
                    *sum += match alpha {
                        Some(alpha) if i < colors => multiplied(value(item), alpha),
                        _ => value(item),
                    };
                }
            }
        }
    }

    /// Makes the row of means of the squares in which row `y` lies, of an image of `width` by `height` pixels. Of
    /// nearest pixels `row` is the row that counts.
    pub fn finish(&self, sums: &Sums, row: &[u8], y: usize, (width, height): (usize, usize), to: &mut [u8]) {
        let pixel = self.samples * self.dtype.size();
        if self.nearest {
            let pixels = row.chunks_exact(pixel).step_by(self.by);
            to.chunks_exact_mut(pixel).zip(pixels).for_each(|(to, from)| to.copy_from_slice(from));
            return;
        }
        let rows = self.by.min(height.saturating_sub(y / self.by * self.by));
        for (x, to) in to.chunks_exact_mut(pixel).enumerate() {
            let count = (self.by.min(width.saturating_sub(x * self.by)) * rows).max(1);
            let at = x * self.samples..(x + 1) * self.samples;
            match (self.is_float(), self.dtype) {
                (true, _) => self.mean_of_floats(sums.floats.get(at).unwrap_or(&[]), count, to),
                (_, DType::U8) => self.mean_of_bytes(sums.ints.get(at).unwrap_or(&[]), count, to),
                _ => self.mean_of_ints(sums.ints.get(at).unwrap_or(&[]), count, to),
            }
        }
    }

    fn mean_of_floats(&self, sums: &[f64], count: usize, to: &mut [u8]) {
        let alpha = if self.alpha { sums.last().copied() } else { None };
        for (i, (to, &sum)) in to.chunks_exact_mut(self.dtype.size()).zip(sums).enumerate() {
            let mean = match alpha {
                Some(0.0) => 0.0,
                Some(alpha) if i + 1 < sums.len() => sum / alpha,
                _ => sum / count as f64,
            };
            cast(Cast::plain(DType::F64, self.dtype), &mean.to_ne_bytes(), to);
        }
    }

    fn mean_of_bytes(&self, sums: &[i64], count: usize, to: &mut [u8]) {
        // Pillow's fixed point: the reciprocal has 24 bits.
        let (half, reciprocal) = (count as u64 / 2, (1u64 << 24) / count as u64);
        for (to, &sum) in to.iter_mut().zip(sums) {
            *to = (((sum as u64 + half) * reciprocal) >> 24) as u8;
        }
        if let (true, Some((&mut alpha @ 1..=254, colors))) = (self.alpha, to.split_last_mut()) {
            colors.iter_mut().for_each(|c| *c = (255 * u32::from(*c) / u32::from(alpha)).min(255) as u8);
        }
    }

    fn mean_of_ints(&self, sums: &[i64], count: usize, to: &mut [u8]) {
        let alpha = if self.alpha { sums.last().copied() } else { None };
        for (i, (to, &sum)) in to.chunks_exact_mut(self.dtype.size()).zip(sums).enumerate() {
            let by = match alpha {
                Some(alpha) if i + 1 < sums.len() => alpha,
                _ => count as i64,
            };
            let mean = if by == 0 { 0 } else { (sum + by / 2).div_euclid(by) };
            cast(Cast::plain(DType::I64, self.dtype), &mean.to_ne_bytes(), to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(color: Color, dtype: DType, by: usize, (width, height): (usize, usize), image: &[u8]) -> Vec<u8> {
        let reduce = Reduce::new(&Props::pixels(width, height, dtype, color), by).unwrap();
        let row = image.len() / height;
        let mut out = Vec::new();
        let mut sums = reduce.sums(width);
        for (y, pixels) in image.chunks(row).enumerate() {
            if reduce.square(y).is_some() && reduce.add(&mut sums, pixels, y, height) {
                let mut made = vec![0; row / width * reduce.side(width)];
                reduce.finish(&sums, pixels, y, (width, height), &mut made);
                out.extend(made);
                sums = reduce.sums(width);
            }
        }
        out
    }

    #[test]
    fn means_are_those_of_pillows_reduce() {
        // Image.frombytes("L", (3, 3), bytes(range(1, 90, 10))).reduce(2)
        let gray: Vec<u8> = (1..90).step_by(10).collect();
        assert_eq!(reduced(Color::Gray, DType::U8, 2, (3, 3), &gray), [21, 36, 66, 81]);
        // Image.frombytes("RGBA", (2, 1), bytes([200, 100, 0, 255, 0, 0, 100, 51])).reduce(2)
        let rgba = [200, 100, 0, 255, 0, 0, 100, 51];
        assert_eq!(reduced(Color::Rgba, DType::U8, 2, (2, 1), &rgba), [166, 83, 16, 153]);
    }

    #[test]
    fn other_types_have_means_and_bits_have_none() {
        let deep: Vec<u8> = [100u16, 201, 300, 400].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(reduced(Color::Gray, DType::U16, 2, (2, 2), &deep), 250u16.to_ne_bytes());
        let floats: Vec<u8> = [0.5f32, 1.0, -1.5].iter().flat_map(|v| v.to_ne_bytes()).collect();
        let mean = [0.75f32, -1.5].iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<u8>>();
        assert_eq!(reduced(Color::Gray, DType::F32, 2, (3, 1), &floats), mean);
        assert_eq!(reduced(Color::Gray, DType::Bool, 2, (3, 3), &[1, 0, 0, 0, 0, 0, 0, 1, 1]), [1, 0, 0, 1]);
        let negative: Vec<u8> = [-3i16, -4].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(reduced(Color::Gray, DType::I16, 2, (2, 1), &negative), (-3i16).to_ne_bytes());
    }
}
