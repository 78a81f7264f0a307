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
}

fn prepare(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "HDR", i32::MAX as usize)?;
    if (image.dtype, sides.samples) != (DType::F32, 3) {
        return Err(sides.refuse(image, "HDR", "float32 (RGB)", "write RGB with dtype float32"));
    }
    sides.check_color(image, "HDR", Color::Rgb)?;
    let exposure = image.metadata.and_then(|meta| meta.get("EXPOSURE")).and_then(Value::as_float);
    Ok(Box::new(HdrEncode { sides, exposure: exposure.filter(|n| n.is_finite() && *n > 0.0) }))
}

impl Encode for HdrEncode {
    fn opening(&self) -> Vec<u8> {
        let exposure = self.exposure.map_or(String::new(), |n| format!("EXPOSURE={n}\n"));
        let Sides { width, height, .. } = self.sides;
        format!("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n{exposure}\n-Y {height} +X {width}\n").into_bytes()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let width = self.sides.width;
        let pixels: Vec<Pixel> = items.as_chunks::<12>().0.iter().map(stored).collect();
        if !BY_COMPONENT.contains(&width) {
            out.extend_from_slice(pixels.as_flattened());
            return;
        }
        out.extend([2, 2]);
        out.extend((width as u16).to_be_bytes());
        for i in 0..4 {
            let part: Vec<u8> = pixels.iter().map(|p| p[i]).collect();
            pack(&part, out);
        }
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
    let scale = f64::from(8 - power).exp2();
    let [r, g, b] = floats.map(|n| (f64::from(n) * scale) as u8);
    [r, g, b, (power + 128) as u8]
}

/// A component in runs, and in pieces without any.
fn pack(part: &[u8], out: &mut Vec<u8>) {
    let run = |at: usize| part[at..].iter().take(*RUN.end()).take_while(|&&b| b == part[at]).count();
    let mut at = 0;
    while at < part.len() {
        let equal = run(at);
        if RUN.contains(&equal) {
            out.extend([128 + equal as u8, part[at]]);
            at += equal;
            continue;
        }
        let end = (at + APART).min(part.len());
        let next = (at + 1..end).find(|&i| RUN.contains(&run(i))).unwrap_or(end);
        out.push((next - at) as u8);
        out.extend_from_slice(&part[at..next]);
        at = next;
    }
}
