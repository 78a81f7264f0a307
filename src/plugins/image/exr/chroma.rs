//! Colours stored as luminance, with chroma for every other pixel of every other row: what programs write for pictures
//! that are to be small. The missing chroma is filled in, and pixels that came out too colourful among their neighbours
//! are paled, as OpenEXR's own reader of colours does it: in the same steps, each rounded to a half.

use super::header::{Part, Sample};
use super::pixels::half_to_float;
use crate::error::{Error, Result};
use crate::model::{Destination, Limits, Value};
use crate::plugin::Call;
use half::f16;

/// The filter for a value in the middle of those 1, 3, 5 … places away.
const FILTER: [f32; 7] = [0.627_123, -0.186_077, 0.087_929, -0.043_159, 0.019_597, -0.007_54, 0.002_128];

/// Red, green, blue and alpha, or chroma of red, luminance, chroma of blue and alpha.
type Pixel = [f32; 4];

/// What a file has of an image, and the chroma of its even rows for every pixel.
pub struct Planes {
    width: usize,
    height: usize,
    /// How much of luminance each colour is.
    weights: [f32; 3],
    luma: Vec<u16>,
    alpha: Option<Vec<u16>>,
    /// Of red and of blue.
    chroma: [Vec<u16>; 2],
}

fn rounded(x: f32) -> u16 {
    f16::from_f32(x).to_bits()
}

fn to_half(x: f32) -> f32 {
    half_to_float(rounded(x))
}

impl Planes {
    /// Room for the image; an error if its chroma does not lie as it must.
    pub fn new(part: &Part, with_alpha: bool, limits: &Limits) -> Result<Planes> {
        let (width, height) = (part.window.width, part.window.height);
        let is_even = width.is_multiple_of(2) && height.is_multiple_of(2);
        if !is_even || part.window.left % 2 != 0 || part.window.top % 2 != 0 || part.tile.is_some() {
            return Err(Error::corrupt(
                "chroma for every other pixel of an image of an odd size or place, or of tiles",
            ));
        }
        let plane = |rows: usize| -> Result<Vec<u16>> {
            let items = width.checked_mul(rows).ok_or_else(|| Error::limit("a plane too large to address"))?;
            limits.check_bytes(items.saturating_mul(8))?;
            let mut plane = Vec::new();
            plane.try_reserve_exact(items).map_err(|_| Error::out_of_memory(items.saturating_mul(2)))?;
            plane.resize(items, 0);
            Ok(plane)
        };
        Ok(Planes {
            width,
            height,
            weights: weights(part),
            luma: plane(height)?,
            alpha: if with_alpha { Some(plane(height)?) } else { None },
            chroma: [plane(height / 2)?, plane(height / 2)?],
        })
    }

    /// Takes the lines of a row: luminance, chroma of red and of blue (in even rows), alpha.
    pub fn take(&mut self, y: usize, lines: [(&[u8], Sample); 4]) {
        let [luma, red, blue, alpha] = lines;
        let row = |rows: usize| rows * self.width..(rows + 1) * self.width;
        halves(luma, self.luma.get_mut(row(y)).unwrap_or_default(), 1);
        if let Some(plane) = &mut self.alpha {
            halves(alpha, plane.get_mut(row(y)).unwrap_or_default(), 1);
        }
        if y.is_multiple_of(2) {
            for (plane, line) in self.chroma.iter_mut().zip([red, blue]) {
                let to = plane.get_mut(row(y / 2)).unwrap_or_default();
                halves(line, to, 2);
                fill_in(to);
            }
        }
    }

    /// Gives the rows.
    pub fn put(&self, call: &Call, to: &mut Destination) -> Result<()> {
        let samples = if self.alpha.is_some() { 4 } else { 3 };
        let mut bytes = vec![0u8; self.width * samples * 4];
        let mut lines = [self.colors(-1), self.colors(0), self.colors(1)];
        for y in 0..self.height {
            call.tick(y as u64, self.height as u64)?;
            if y > 0 {
                lines.rotate_left(1);
                lines[2] = self.colors(y as i64 + 1);
            }
            let [above, here, below] = &lines;
            let pale = Pale { above, below, weights: self.weights };
            for (x, (to, &pixel)) in bytes.chunks_exact_mut(samples * 4).zip(here).enumerate() {
                let made = pale.pixel(x, pixel);
                for (to, value) in to.as_chunks_mut::<4>().0.iter_mut().zip(made) {
                    *to = value.to_ne_bytes();
                }
            }
            to.put(&[y], &bytes)?;
        }
        Ok(())
    }

    /// The row in colours. Above the image stands its first row, below it the last one with chroma.
    fn colors(&self, y: i64) -> Vec<Pixel> {
        let center = self.inside(y);
        let row = |plane: &[u16], y: usize| plane.get(y * self.width..(y + 1) * self.width).map(<[u16]>::to_vec);
        let luma = row(&self.luma, center).unwrap_or_default();
        let alpha = self.alpha.as_ref().and_then(|plane| row(plane, center));
        let chroma = self.chroma.each_ref().map(|plane| match y.rem_euclid(2) {
            0 => row(plane, center / 2).unwrap_or_default(),
            _ => self.between(plane, y),
        });
        let [red, blue] = chroma;
        let pixels = luma.iter().zip(&red).zip(&blue).enumerate();
        let made = pixels.map(|(x, ((&luma, &red), &blue))| {
            let alpha = alpha.as_ref().and_then(|row| row.get(x)).map_or(1.0, |&a| half_to_float(a));
            self.color([red, luma, blue].map(half_to_float), alpha)
        });
        made.collect()
    }

    fn inside(&self, y: i64) -> usize {
        match usize::try_from(y) {
            Ok(y) if y < self.height => y,
            Ok(_) => self.height - 2,
            Err(_) => 0,
        }
    }

    /// The chroma of a row between two that have it.
    fn between(&self, plane: &[u16], y: i64) -> Vec<u16> {
        let line = |distance: i64| {
            let row = self.inside(y + distance) / 2;
            plane.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
        };
        let mut sums = vec![0.0; self.width];
        for distance in (-13i64..=13).step_by(2) {
            let factor = FILTER[distance.unsigned_abs() as usize / 2];
            for (sum, &value) in sums.iter_mut().zip(line(distance)) {
                *sum += half_to_float(value) * factor;
            }
        }
        sums.into_iter().map(rounded).collect()
    }

    fn color(&self, [red, luma, blue]: [f32; 3], alpha: f32) -> Pixel {
        if red == 0.0 && blue == 0.0 {
            return [luma, luma, luma, alpha];
        }
        let [of_red, of_green, of_blue] = self.weights;
        let (r, b) = ((red + 1.0) * luma, (blue + 1.0) * luma);
        let g = (luma - r * of_red - b * of_blue) / of_green;
        [to_half(r), to_half(g), to_half(b), alpha]
    }
}

/// The values of a line as halves, every `step`th place of a row.
fn halves((line, sample): (&[u8], Sample), row: &mut [u16], step: usize) {
    let places = row.iter_mut().step_by(step);
    match sample {
        Sample::Half => {
            places.zip(line.as_chunks::<2>().0).for_each(|(to, &b)| *to = u16::from_le_bytes(b));
        }
        Sample::Float => {
            places.zip(line.as_chunks::<4>().0).for_each(|(to, &b)| *to = rounded(f32::from_le_bytes(b)));
        }
        Sample::Uint => {
            places.zip(line.as_chunks::<4>().0).for_each(|(to, &b)| *to = rounded(u32::from_le_bytes(b) as f32));
        }
    }
}

/// Fills in the odd places of a row of chroma. Before the row stands its first value, behind it its last one.
fn fill_in(row: &mut [u16]) {
    let values: Vec<f32> = row.iter().step_by(2).map(|&half| half_to_float(half)).collect();
    let at = |i: i64| {
        let i = usize::try_from(i).unwrap_or(0).min(values.len().saturating_sub(1));
        values.get(i).copied().unwrap_or(0.0)
    };
    for (i, to) in row.iter_mut().skip(1).step_by(2).enumerate() {
        let i = i as i64;
        let mut sum = 0.0;
        for distance in (-13i64..=13).step_by(2) {
            let factor = FILTER[distance.unsigned_abs() as usize / 2];
            sum += at(i + (distance + 1) / 2) * factor;
        }
        *to = rounded(sum);
    }
}

/// Pales what is more colourful than its neighbours let it be.
struct Pale<'a> {
    above: &'a [Pixel],
    below: &'a [Pixel],
    weights: [f32; 3],
}

impl Pale<'_> {
    fn pixel(&self, x: usize, pixel: Pixel) -> Pixel {
        let last = self.above.len().saturating_sub(1);
        let of = |row: &[Pixel], x: usize| row.get(x).map_or(0.0, |&pixel| saturation(pixel));
        let (before, behind) = (x.saturating_sub(1), (x + 1).min(last));
        let sum = of(self.above, before) + of(self.above, behind) + of(self.below, before) + of(self.below, behind);
        let mean = (0.25 * sum).min(1.0);
        let own = saturation(pixel);
        let most = (1.0 - (1.0 - mean) * 0.25).min(1.0);
        if own > mean && own > most { self.paled(pixel, most / own) } else { pixel }
    }

    fn paled(&self, [r, g, b, a]: Pixel, factor: f32) -> Pixel {
        let largest = r.max(g).max(b);
        let pale = |c: f32| to_half((largest - (largest - c) * factor).max(0.0));
        let (made, own) = ([r, g, b].map(pale), [r, g, b]);
        let luma = |[r, g, b]: [f32; 3]| r * self.weights[0] + g * self.weights[1] + b * self.weights[2];
        let (before, now) = (luma(own), luma(made));
        let [r, g, b] = if now > 0.0 { made.map(|c| to_half(c * (before / now))) } else { made };
        [r, g, b, a]
    }
}

fn saturation([r, g, b, _]: Pixel) -> f32 {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most > 0.0 { 1.0 - least / most } else { 0.0 }
}

/// How much of luminance red, green and blue are, by the chromaticities of a part, else those of Rec. 709.
fn weights(part: &Part) -> [f32; 3] {
    let given = part.attributes.get("chromaticities").and_then(Value::as_floats).filter(|list| list.len() == 8);
    let list = given.unwrap_or_else(|| vec![0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329]);
    let at = |i: usize| list.get(i).copied().unwrap_or(0.0);
    let color = |i: usize| [at(i), at(i + 1), 1.0 - at(i) - at(i + 1)];
    let [red, green, blue, white] = [0, 2, 4, 6].map(color);
    // Cramer's rule: how much of each makes white of luminance 1.
    let white = white.map(|c| c / at(7));
    let det = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1]) + c[0] * (a[1] * b[2] - a[2] * b[1])
    };
    let all = det(red, green, blue);
    let lumas = [det(white, green, blue) * red[1], det(red, white, blue) * green[1], det(red, green, white) * blue[1]];
    let lumas = lumas.map(|luma| (luma / all) as f32);
    if lumas.iter().all(|luma| luma.is_finite()) && lumas[1] != 0.0 { lumas } else { [0.2126, 0.7152, 0.0722] }
}
