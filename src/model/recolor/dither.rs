//! Fewer colours than there are, by spreading what each pixel is off over its neighbours (Floyd and Steinberg), as
//! Pillow does it. A pixel depends on all before it, so that this works on whole images, from the top.

use super::formulas::luma_thousandths;

/// What is made of a whole image of 8-bit samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dither {
    /// Samples of a pixel that comes in: gray, RGB, or RGBA.
    samples: usize,
    bilevel: bool,
}

/// Colours of the web palette: ten of black, then a cube of six levels.
pub const WEB_PALETTE: usize = 226;

/// The colours of the web palette, by their places.
pub fn web_palette() -> Vec<[u8; 3]> {
    let level = |n: usize| (n % 6 * 51) as u8;
    let cube = (0..216).map(|n| [level(n), level(n / 6), level(n / 36)]);
    std::iter::repeat_n([0; 3], WEB_PALETTE - 216).chain(cube).collect()
}

/// The errors that a row leaves for the next, and those along a row.
#[derive(Clone, Copy, Default)]
struct Carry {
    here: i32,
    below: i32,
    before: i32,
}

impl Carry {
    /// Takes the error of a pixel; what the pixel below and to the left is to have.
    fn spread(&mut self, error: i32) -> i32 {
        let below_left = error * 3 + self.below;
        self.below = error * 5 + self.before;
        self.before = error;
        self.here = error * 7;
        below_left
    }
}

fn clip(value: i32) -> i32 {
    value.clamp(0, 255)
}

impl Dither {
    /// To black and white.
    pub fn bilevel(samples: usize) -> Dither {
        Dither { samples, bilevel: true }
    }

    /// To places in the web palette, and alpha as it is.
    pub fn web(samples: usize) -> Dither {
        Dither { samples, bilevel: false }
    }

    /// Samples of a pixel that comes in, and of one that goes out.
    pub fn samples(&self) -> (usize, usize) {
        (self.samples, if self.samples == 4 { 2 } else { 1 })
    }

    /// Makes the rows of an image of `width` pixels, one after another.
    pub fn run<E>(
        &self,
        width: usize,
        image: &[u8],
        mut each: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut errors = vec![[0i32; 3]; width + 1];
        let mut made = vec![0u8; width * self.samples().1];
        for (y, row) in image.chunks_exact((width * self.samples).max(1)).enumerate() {
            match self.bilevel {
                true => self.bilevel_row(row, &mut errors, &mut made),
                false => self.web_row(row, &mut errors, &mut made),
            }
            each(y, &made)?;
        }
        Ok(())
    }

    fn bilevel_row(&self, row: &[u8], errors: &mut [[i32; 3]], made: &mut [u8]) {
        let mut carry = Carry::default();
        for (x, (pixel, to)) in row.chunks_exact(self.samples).zip(made).enumerate() {
            let gray = match *pixel {
                [r, g, b, ..] => (luma_thousandths([r, g, b]) / 1000) as i32,
                [gray, ..] => gray.into(),
                [] => 0,
            };
            let gray = clip(gray + (carry.here + errors[x + 1][0]) / 16);
            *to = u8::from(gray > 128);
            errors[x][0] = carry.spread(gray - if gray > 128 { 255 } else { 0 });
        }
        if let Some(last) = errors.last_mut() {
            last[0] = carry.below;
        }
    }

    fn web_row(&self, row: &[u8], errors: &mut [[i32; 3]], made: &mut [u8]) {
        let mut carries = [Carry::default(); 3];
        let out = self.samples().1;
        for (x, (pixel, to)) in row.chunks_exact(self.samples).zip(made.chunks_exact_mut(out)).enumerate() {
            let (mut place, mut weight) = (WEB_PALETTE as i32 - 216, 1);
            for (i, carry) in carries.iter_mut().enumerate() {
                let value = clip(i32::from(pixel[i]) + (carry.here + errors[x + 1][i]) / 16);
                // The level nearest to the value as far as Pillow's cache tells values apart.
                let level = ((value & 0xFC) + 25) / 51;
                place += level * weight;
                weight *= 6;
                errors[x][i] = carry.spread(value - level * 51);
            }
            // Black is the first of the blacks.
            to[0] = if place == WEB_PALETTE as i32 - 216 { 0 } else { place as u8 };
            if let (Some(to), Some(alpha)) = (to.get_mut(1), pixel.get(3)) {
                *to = *alpha;
            }
        }
        // Pillow keeps what is left of blue here, for all three.
        let [.., blue] = carries;
        if let Some(last) = errors.last_mut() {
            *last = [blue.below, blue.before, blue.before];
        }
    }
}
