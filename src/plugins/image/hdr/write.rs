//! Writing, with rows by component where their width allows it.

use super::super::single::{self, Encode, Sides};
use super::{BY_COMPONENT, Pixel};
use crate::error::Result;
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;

/// The longest run, and the shortest that is worth its two bytes.
const RUN: std::ops::RangeInclusive<usize> = 4..=127;

/// The most values that are written as they are.
const APART: usize = 128;

/// Opens a target for an HDR file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "HDR", prepare))
}

struct HdrEncode {
    sides: Sides,
    exposure: Option<f64>,
    /// The components of a row, one after another.
    parts: Vec<u8>,
}

fn prepare(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "HDR", i32::MAX as usize)?;
    if (image.dtype, sides.samples) != (DType::F32, 3) {
        return Err(sides.refuse(image, "HDR", "float32 (RGB)", "write RGB with dtype float32"));
    }
    sides.check_color(image, "HDR", Color::Rgb)?;
    let exposure = image.metadata.and_then(|meta| meta.get("EXPOSURE")).and_then(Value::as_float);
    let exposure = exposure.filter(|n| n.is_finite() && *n > 0.0);
    Ok(Box::new(HdrEncode { sides, exposure, parts: Vec::new() }))
}

impl Encode for HdrEncode {
    fn opening(&self) -> Vec<u8> {
        let exposure = self.exposure.map_or(String::new(), |n| format!("EXPOSURE={n}\n"));
        let Sides { width, height, .. } = self.sides;
        format!("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n{exposure}\n-Y {height} +X {width}\n").into_bytes()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let width = self.sides.width;
        let pixels = items.as_chunks::<12>().0.iter().map(stored);
        if !BY_COMPONENT.contains(&width) {
            out.extend(pixels.flatten());
            return;
        }
        out.extend([2, 2]);
        out.extend((width as u16).to_be_bytes());
        self.parts.resize(4 * width, 0);
        let (red, rest) = self.parts.split_at_mut(width);
        let (green, rest) = rest.split_at_mut(width);
        let (blue, exponent) = rest.split_at_mut(width);
        let places = red.iter_mut().zip(green).zip(blue).zip(exponent);
        for ((((red, green), blue), exponent), pixel) in places.zip(pixels) {
            [*red, *green, *blue, *exponent] = pixel;
        }
        self.parts.chunks_exact(width).for_each(|part| pack(part, out));
    }
}

/// The pixel that is nearest below these floats; what is no number or below 0 becomes 0.
fn stored(bytes: &[u8; 12]) -> Pixel {
    let floats: [f32; 3] = std::array::from_fn(|i| {
        let n = bytes[i * 4..].first_chunk().map_or(0.0, |&b| f32::from_ne_bytes(b));
        n.max(0.0)
    });
    let most = floats.iter().copied().fold(0.0, f32::max);
    if most < 1e-32 {
        return [0; 4];
    }
    // The power of 2 above the greatest; the format has none for the last of the floats' powers.
    let power = ((most.to_bits() >> 23) as i32 - 126).min(127);
    // 2 to the power of 8 - power, by which a float is multiplied exactly: of the least that is stored, power is -106.
    let scale = f32::from_bits(((8 - power + 127) as u32) << 23);
    let [r, g, b] = floats.map(|n| (n * scale) as u8);
    [r, g, b, (power + 128) as u8]
}

/// A component in runs, and in pieces without any.
fn pack(part: &[u8], out: &mut Vec<u8>) {
    let mut rest = part;
    while let Some(&first) = rest.first() {
        let most = &rest[..rest.len().min(*RUN.end())];
        let equal = most.iter().position(|&b| b != first).unwrap_or(most.len());
        if RUN.contains(&equal) {
            out.extend([128 + equal as u8, first]);
            rest = &rest[equal..];
            continue;
        }
        // Up to the next run: as many equal bytes as the shortest has.
        let most = rest.len().min(APART);
        let begins = |four: &[u8]| four.iter().all(|b| *b == four[0]);
        let next = rest[1..].windows(*RUN.start()).take(most - 1).position(begins).map_or(most, |i| i + 1);
        let (apart, later) = rest.split_at(next);
        out.push(next as u8);
        out.extend_from_slice(apart);
        rest = later;
    }
}
