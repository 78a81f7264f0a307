//! Making pictures smaller or larger, as Pillow's `resize` does it with 8 bits a sample: each side by itself, with
//! weights of 22 bits, colours multiplied by their alpha.

/// What weighs the pixels near a place.
#[derive(Clone, Copy)]
pub enum Filter {
    /// A cubic, for icons of a Mac.
    Bicubic,
    /// A windowed sinc, for icons of Windows.
    Lanczos,
}

/// Bits of a weight.
const PRECISION: u32 = 22;

impl Filter {
    /// How far from a place it reaches.
    fn support(self) -> f64 {
        match self {
            Filter::Bicubic => 2.0,
            Filter::Lanczos => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        match self {
            Filter::Bicubic => {
                let (a, x) = (-0.5, x.abs());
                if x < 1.0 {
                    ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
                } else if x < 2.0 {
                    (((x - 5.0) * x + 8.0) * x - 4.0) * a
                } else {
                    0.0
                }
            }
            Filter::Lanczos => {
                let sinc =
                    |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
                if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 }
            }
        }
    }

    /// For each place of `to` the first of `from` that counts, and the weights from there on.
    fn weights(self, from: usize, to: usize) -> Vec<(usize, Vec<i32>)> {
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let support = self.support() * stretch;
        (0..to)
            .map(|i| {
                let center = (i as f64 + 0.5) * scale;
                let first = ((center - support + 0.5) as i64).max(0) as usize;
                let end = ((center + support + 0.5) as i64).clamp(0, from as i64) as usize;
                let weigh = |k: usize| self.weight((k as f64 - center + 0.5) / stretch);
                let weights: Vec<f64> = (first..end).map(weigh).collect();
                let sum: f64 = weights.iter().sum();
                let fixed = |w: &f64| {
                    let n = if sum == 0.0 { *w } else { w / sum } * f64::from(1 << PRECISION);
                    (if n < 0.0 { n - 0.5 } else { n + 0.5 }) as i32
                };
                (first, weights.iter().map(fixed).collect())
            })
            .collect()
    }
}

/// An image of bytes.
#[derive(Clone)]
pub struct Picture {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples of a pixel; of 2 and 4 the last is alpha.
    pub samples: usize,
    /// The samples, row after row.
    pub pixels: Vec<u8>,
}

impl Picture {
    fn has_alpha(&self) -> bool {
        matches!(self.samples, 2 | 4)
    }

    /// The image in another size.
    pub fn resized(&self, width: usize, height: usize, filter: Filter) -> Picture {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let mut picture = self.clone();
        if picture.has_alpha() {
            picture.each(|n, a| {
                let n = u32::from(n) * u32::from(a) + 128;
                (((n >> 8) + n) >> 8) as u8
            });
        }
        if width != picture.width {
            picture = picture.across(width, filter);
        }
        if height != picture.height {
            picture = picture.down(height, filter);
        }
        if picture.has_alpha() {
            picture.each(|n, a| match a {
                0 | 255 => n,
                a => (u32::from(n) * 255 / u32::from(a)).min(255) as u8,
            });
        }
        picture
    }

    /// The image at most so large, with the sides as they are to each other: Pillow's `thumbnail`.
    pub fn within(&self, width: usize, height: usize, filter: Filter) -> Picture {
        if width >= self.width && height >= self.height {
            return self.clone();
        }
        let aspect = self.width as f64 / self.height as f64;
        let (x, y) = (width as f64, height as f64);
        let nearer = |n: f64, off: &dyn Fn(f64) -> f64| {
            let (low, high) = (n.floor(), n.ceil());
            (if off(high) < off(low) { high } else { low }).max(1.0) as usize
        };
        let (width, height) = if x / y >= aspect {
            (nearer(y * aspect, &|n| (aspect - n / y).abs()), height)
        } else {
            (width, nearer(x / aspect, &|n| if n == 0.0 { 0.0 } else { (aspect - x / n).abs() }))
        };
        self.resized(width, height, filter)
    }

    /// Changes the colours of each pixel by its alpha.
    fn each(&mut self, change: impl Fn(u8, u8) -> u8) {
        for pixel in self.pixels.chunks_exact_mut(self.samples) {
            if let Some((&mut alpha, colors)) = pixel.split_last_mut() {
                colors.iter_mut().for_each(|n| *n = change(*n, alpha));
            }
        }
    }

    fn across(&self, width: usize, filter: Filter) -> Picture {
        let weights = filter.weights(self.width, width);
        let mut pixels = Vec::with_capacity(width * self.height * self.samples);
        for row in self.pixels.chunks_exact(self.width * self.samples) {
            for (first, weights) in &weights {
                for i in 0..self.samples {
                    let stored = row[first * self.samples..].iter().skip(i).step_by(self.samples);
                    pixels.push(weighed(stored, weights));
                }
            }
        }
        Picture { width, pixels, ..*self }
    }

    fn down(&self, height: usize, filter: Filter) -> Picture {
        let stride = self.width * self.samples;
        let mut pixels = Vec::with_capacity(stride * height);
        for (first, weights) in &filter.weights(self.height, height) {
            for x in 0..stride {
                pixels.push(weighed(self.pixels[first * stride + x..].iter().step_by(stride), weights));
            }
        }
        Picture { height, pixels, ..*self }
    }
}

fn weighed<'a>(stored: impl Iterator<Item = &'a u8>, weights: &[i32]) -> u8 {
    let half = 1i64 << (PRECISION - 1);
    let sum: i64 = stored.zip(weights).map(|(&n, &w)| i64::from(n) * i64::from(w)).sum();
    ((sum + half) >> PRECISION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By Pillow: `Image.fromarray(a).resize(size, filter)` of `a[i] = i * 37 % 251` in 7 by 5 pixels of 4 samples.
    #[test]
    fn sizes_change_as_in_pillow() {
        let pixels = (0..7 * 5 * 4).map(|i| (i * 37 % 251) as u8).collect();
        let picture = Picture { width: 7, height: 5, samples: 4, pixels };
        for (filter, width, height, expected) in PILLOW {
            assert_eq!(picture.resized(*width, *height, *filter).pixels, *expected);
        }
    }

    /// What Pillow 12.2 makes.
    const PILLOW: &[(Filter, usize, usize, &[u8])] = &[
        (
            Filter::Lanczos,
            3,
            2,
            &[
                70, 103, 103, 101, 105, 114, 132, 131, 115, 121, 147, 126, 117, 123, 146, 143, 85, 97, 123, 99, 102,
                104, 122, 129,
            ],
        ),
        (
            Filter::Bicubic,
            3,
            5,
            &[
                21, 56, 95, 72, 97, 126, 113, 115, 151, 126, 164, 175, 68, 105, 98, 104, 129, 109, 142, 154, 75, 112,
                149, 111, 110, 147, 130, 145, 67, 104, 139, 117, 85, 123, 97, 89, 151, 93, 132, 123, 66, 98, 95, 80,
                129, 100, 117, 130, 88, 129, 166, 155, 107, 95, 132, 112, 96, 107, 143, 162,
            ],
        ),
        (
            Filter::Bicubic,
            9,
            6,
            &[
                0, 33, 70, 115, 8, 42, 85, 30, 51, 85, 140, 69, 53, 90, 109, 144, 191, 245, 14, 52, 88, 136, 158, 179,
                151, 70, 112, 138, 198, 98, 136, 140, 136, 179, 217, 255, 22, 58, 97, 139, 75, 113, 47, 54, 87, 134,
                123, 93, 80, 97, 134, 167, 241, 43, 40, 76, 127, 150, 184, 218, 86, 110, 147, 185, 65, 60, 99, 97, 147,
                190, 244, 71, 48, 83, 126, 167, 121, 175, 57, 80, 134, 183, 138, 129, 94, 122, 164, 215, 78, 24, 66,
                104, 126, 144, 190, 95, 58, 105, 148, 136, 39, 88, 97, 115, 255, 255, 0, 27, 73, 113, 153, 193, 168,
                128, 93, 115, 198, 159, 123, 99, 88, 132, 174, 139, 7, 56, 94, 130, 67, 161, 0, 19, 68, 116, 133, 105,
                87, 104, 122, 154, 255, 133, 11, 67, 103, 146, 182, 221, 152, 81, 124, 154, 255, 0, 34, 45, 0, 111,
                159, 16, 48, 85, 121, 158, 148, 125, 34, 67, 112, 142, 146, 141, 104, 109, 151, 180, 179, 5, 53, 95,
                132, 169, 205, 245, 64, 106, 142, 177, 19, 66, 105, 77, 129, 176, 208, 55, 71, 107, 144, 182, 178, 14,
                53, 90, 148, 125, 163, 165, 92, 138, 175, 204, 0, 42, 77, 119,
            ],
        ),
        (
            Filter::Lanczos,
            4,
            3,
            &[
                15, 73, 89, 80, 96, 113, 115, 108, 124, 116, 140, 158, 126, 126, 168, 141, 113, 127, 115, 130, 112,
                118, 132, 129, 60, 96, 132, 106, 102, 115, 96, 95, 119, 122, 160, 175, 65, 69, 108, 66, 111, 113, 125,
                128, 107, 100, 136, 157,
            ],
        ),
    ];
}
