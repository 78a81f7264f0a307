//! Writing TGA as Pillow does: the last row first, no runs, and the footer.

use super::super::single::{self, Encode, Sides};
use super::header::FOOTER;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::resource::Output;
use strided::swap_ends;

/// The longest packet, in pixels.
const PACKET: usize = 128;

/// Options of this format.
pub fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("rle", &[OptionType::Bool], Value::Null, Calls::WRITE, "write runs of pixels"),
        OptionSpec::new(
            "orientation",
            &[OptionType::Int],
            Value::Null,
            Calls::WRITE,
            "1: the first row comes first in the file; -1: the last",
        )
        .range(-1.0, 1.0),
    ]
}

/// Opens a target for a TGA file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "TGA", prepare))
}

struct TgaEncode {
    sides: Sides,
    dtype: DType,
    runs: bool,
    top_down: bool,
    id: Vec<u8>,
    stored: Vec<u8>,
}

fn prepare(image: &Image, call: &Call) -> Result<Box<dyn Encode>> {
    let colors = &[Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
    let (sides, _) = Sides::of_bytes(image, "TGA", u16::MAX.into(), true, colors)?;
    let said = |key: &str| image.metadata.and_then(|meta| meta.get(key));
    let runs = match call.get("rle") {
        Value::Bool(runs) => *runs,
        // What a copy's source had, where it can be kept.
        _ => image.dtype == DType::U8 && said("compression").and_then(Value::as_str) == Some("tga_rle"),
    };
    if runs && image.dtype == DType::Bool {
        return Err(Error::unsupported("TGA holds no runs of single bits; write with dtype uint8 or without rle"));
    }
    let orientation = call.int("orientation").or_else(|| said("orientation")?.as_int());
    if call.given("orientation") && orientation == Some(0) {
        return Err(Error::option("orientation is 1 or -1"));
    }
    let top_down = orientation == Some(1);
    let mut id = said("id_section").and_then(Value::as_bytes).map(<[u8]>::to_vec).unwrap_or_default();
    id.truncate(255);
    Ok(Box::new(TgaEncode { sides, dtype: image.dtype, runs, top_down, id, stored: Vec::new() }))
}

impl Encode for TgaEncode {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, samples } = self.sides;
        let (kind, bits) = match (self.dtype, samples) {
            (DType::Bool, _) => (3, 1),
            (_, 1 | 2) => (3, samples as u8 * 8),
            _ => (2, samples as u8 * 8),
        };
        let alpha = if matches!(samples, 2 | 4) { 8 } else { 0 };
        let flags = alpha | if self.top_down { 0x20 } else { 0 };
        let mut bytes = vec![0; 12];
        bytes[0] = self.id.len() as u8;
        bytes[2] = if self.runs { kind | 8 } else { kind };
        [width, height].iter().for_each(|&n| bytes.extend((n as u16).to_le_bytes()));
        bytes.extend([bits, flags]);
        bytes.extend_from_slice(&self.id);
        bytes
    }

    fn bottom_up(&self) -> bool {
        !self.top_down
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        if self.dtype == DType::Bool {
            out.extend(
                items
                    .chunks(8)
                    .map(|eight| eight.iter().enumerate().fold(0, |byte, (i, &b)| byte | u8::from(b != 0) << (7 - i))),
            );
            return;
        }
        self.stored.resize(items.len(), 0);
        match self.sides.samples {
            3 => swap_ends(items, &mut self.stored),
            4 => {
                let pixels = self.stored.as_chunks_mut::<4>().0.iter_mut();
                pixels.zip(items.as_chunks::<4>().0).for_each(|(to, &[r, g, b, a])| *to = [b, g, r, a]);
            }
            _ => self.stored.copy_from_slice(items),
        }
        if self.runs {
            pack(&self.stored, self.sides.samples, out);
        } else {
            out.extend_from_slice(&self.stored);
        }
    }

    fn closing(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(FOOTER);
    }
}

/// A row in packets of equal or of different pixels.
fn pack(stored: &[u8], size: usize, out: &mut Vec<u8>) {
    let pixels: Vec<&[u8]> = stored.chunks_exact(size).collect();
    let mut rest = &pixels[..];
    while let Some(first) = rest.first() {
        let equal = rest.iter().take(PACKET).take_while(|p| *p == first).count();
        if equal > 1 {
            out.push(0x80 | (equal - 1) as u8);
            out.extend_from_slice(first);
            rest = &rest[equal..];
            continue;
        }
        let next_run = rest.windows(2).take(PACKET).position(|w| w[0] == w[1]);
        let apart = next_run.unwrap_or(rest.len()).min(PACKET);
        out.push((apart - 1) as u8);
        rest[..apart].iter().for_each(|p| out.extend_from_slice(p));
        rest = &rest[apart..];
    }
}
