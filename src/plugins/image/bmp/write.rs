//! Writing BMP and DIB as Pillow does: no compression, the last row first.

use crate::error::{Error, Result};
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::plugins::image::bits;
use crate::resource::Output;
use std::io::Write;
use strided::swap_ends;

/// Options of this format.
pub fn options() -> Vec<OptionSpec> {
    let types = &[OptionType::List, OptionType::Float];
    vec![OptionSpec::new("dpi", types, Value::Null, Calls::WRITE, "dots per inch: one number, or across and down")]
}

/// Opens a target for a BMP file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(BmpWriter { output, has_file_header: true, done: false }))
}

/// Opens a target for a DIB file.
pub fn create_dib(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(BmpWriter { output, has_file_header: false, done: false }))
}

struct BmpWriter {
    output: Output,
    has_file_header: bool,
    done: bool,
}

/// How pixels are stored.
struct Form {
    width: u32,
    height: u32,
    bits: u16,
    /// Colours of the palette, which are grays.
    colors: u32,
    stride: u32,
    /// Pixels per metre.
    density: [u32; 2],
}

impl Form {
    fn of(image: &Image, call: &Call) -> Result<Form> {
        let shape = image.shape();
        let (height, width, samples) = match *shape {
            [height, width] => (height, width, 1),
            [height, width, samples] => (height, width, samples),
            _ => return Err(Error::shape(format!("BMP holds (height, width[, samples]), not {shape:?}"))),
        };
        let (bits, colors, meant) = match (image.dtype, samples) {
            (DType::Bool, 1) => (1, 2, Color::Gray),
            (DType::U8, 1) => (8, 256, Color::Gray),
            (DType::U8, 3) => (24, 0, Color::Rgb),
            (DType::U8, 4) => (32, 0, Color::Rgba),
            (dtype, samples) => {
                return Err(Error::shape(format!(
                    "BMP holds bool (gray) and uint8 (gray, RGB, RGBA), not {dtype} in {samples} samples; write with \
                     dtype uint8 (scale=true maps the full range)"
                )));
            }
        };
        if let Some(said) = image.color.filter(|&c| c != meant && c != Color::Unknown) {
            let (meant, said) = (meant.name(), said.name());
            return Err(Error::unsupported(format!("BMP holds {meant} in {samples} samples, not {said}")));
        }
        let large = || Error::shape(format!("BMP holds no image of {width} x {height} pixels"));
        let side = |n: usize| u32::try_from(n).ok().filter(|n| (1..=i32::MAX as u32).contains(n)).ok_or_else(large);
        let (width, height) = (side(width)?, side(height)?);
        let stride = (u64::from(width) * u64::from(bits)).div_ceil(32) * 4;
        // The file says its length in 32 bits; a palette and headers take 1078 bytes.
        if stride * u64::from(height) + 1078 > u32::MAX.into() {
            return Err(large());
        }
        Ok(Form { width, height, bits, colors, stride: stride as u32, density: density(image, call)? })
    }

    /// The headers and the palette.
    fn opening(&self, has_file_header: bool) -> Vec<u8> {
        let pixels = self.stride * self.height;
        let offset = 14 + 40 + self.colors * 4;
        let mut bytes = Vec::new();
        if has_file_header {
            bytes.extend_from_slice(b"BM");
            [offset + pixels, 0, offset].iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
        }
        [40, self.width, self.height].iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
        [1, self.bits].iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
        let [x, y] = self.density;
        [0, pixels, x, y, self.colors, self.colors].iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
        for i in 0..self.colors {
            let gray = if self.colors == 2 { i as u8 * 255 } else { i as u8 };
            bytes.extend_from_slice(&[gray, gray, gray, 0]);
        }
        bytes
    }

    /// Makes the stored row.
    fn pack(&self, items: &[u8], row: &mut [u8]) {
        match self.bits {
            1 => bits::pack(items, row),
            24 => swap_ends(items, row),
            32 => {
                let pixels = row.as_chunks_mut::<4>().0.iter_mut();
                pixels.zip(items.as_chunks::<4>().0).for_each(|(to, &[r, g, b, a])| *to = [b, g, r, a]);
            }
            _ => row.iter_mut().zip(items).for_each(|(to, from)| *to = *from),
        }
    }
}

/// Pixels per metre, as the option or the metadata say; else those of 96 dots per inch, as in Pillow.
fn density(image: &Image, call: &Call) -> Result<[u32; 2]> {
    let per_metre = |dpi: f64| {
        let n = (dpi * 39.3701 + 0.5).floor();
        (1.0..=f64::from(i32::MAX)).contains(&n).then_some(n as u32)
    };
    let pair = |value: &Value| match value.as_floats().as_deref() {
        Some(&[both]) => Some([per_metre(both)?; 2]),
        Some(&[x, y]) => Some([per_metre(x)?, per_metre(y)?]),
        _ => None,
    };
    if call.given("dpi") {
        return pair(call.get("dpi")).ok_or_else(|| Error::option("dpi is one number above 0, or two"));
    }
    let said = image.metadata.and_then(|meta| pair(meta.get("dpi")?));
    Ok(said.unwrap_or([3780; 2]))
}

impl Writer for BmpWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        if self.done {
            return Err(Error::unsupported("a BMP file holds one image"));
        }
        let form = Form::of(image, call)?;
        let outside = || Error::internal("a row is not in its view");
        let mut row = call.limits().allocate(form.stride as usize)?;
        let mut packed = Vec::new();
        let opening = form.opening(self.has_file_header);
        self.output.expect((form.stride as usize).saturating_mul(form.height as usize).saturating_add(opening.len()));
        self.output.write_all(&opening)?;
        for k in 0..form.height {
            call.tick(k.into(), form.height.into())?;
            let y = (form.height - 1 - k) as usize;
            let items = match image.view.row(&[y]) {
                Some(items) => items,
                None => {
                    let view = image.view.at(y).ok_or_else(outside)?;
                    packed.resize(view.layout().packed_len(), 0);
                    if !view.pack(&mut packed) {
                        return Err(outside());
                    }
                    &packed
                }
            };
            form.pack(items, &mut row);
            self.output.write_all(&row)?;
        }
        self.done = true;
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        Ok(())
    }
}
