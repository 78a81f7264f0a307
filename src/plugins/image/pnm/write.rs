//! Writing: PBM, PGM and PPM by what the image is, as Pillow does; PAM; PFM.

use super::super::single::{self, Encode, Sides};
use crate::error::Result;
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::resource::Output;

/// Characters of a line of text, which should not be longer than 70.
const LINE: usize = 70;

/// Options of PBM, PGM and PPM.
pub fn options() -> Vec<OptionSpec> {
    vec![OptionSpec::new("plain", &[OptionType::Bool], false, Calls::WRITE, "write the samples as text")]
}

/// Opens a target for a PBM, PGM or PPM file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "PPM", pnm))
}

/// Opens a target for a PAM file.
pub fn create_pam(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "PAM", pam))
}

/// Opens a target for a PFM file.
pub fn create_pfm(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "PFM", pfm))
}

/// How a row's items are stored.
#[derive(Clone, Copy)]
enum How {
    /// Eight pixels a byte, 1 for black.
    Bits,
    /// As they are.
    Same,
    /// Two bytes each, the high one first.
    Words,
    /// Text; bools with 1 for black.
    Text(DType),
}

struct PnmEncode {
    opening: String,
    how: How,
    /// Bytes of the items.
    bytes: usize,
    bottom_up: bool,
}

fn boxed(opening: String, how: How, image: &Image, bottom_up: bool) -> Result<Box<dyn Encode>> {
    Ok(Box::new(PnmEncode { opening, how, bytes: image.view.layout().packed_len(), bottom_up }))
}

fn pnm(image: &Image, call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "PPM", i32::MAX as usize)?;
    let (color, mark, how) = match (image.dtype, sides.samples) {
        (DType::Bool, 1) => (Color::Gray, 4, How::Bits),
        (DType::U8, 1) => (Color::Gray, 5, How::Same),
        (DType::U16, 1) => (Color::Gray, 5, How::Words),
        (DType::U8, 3) => (Color::Rgb, 6, How::Same),
        (DType::U16, 3) => (Color::Rgb, 6, How::Words),
        _ => {
            let holds = "bool (gray), uint8 and uint16 (gray, RGB)";
            let way_out =
                "write with dtype uint8 (scale=true maps the full range), or PAM for alpha, or PFM for float32";
            return Err(sides.refuse(image, "PPM", holds, way_out));
        }
    };
    sides.check_color(image, "PPM", color)?;
    let (mark, how) = if call.bool("plain") { (mark - 3, How::Text(image.dtype)) } else { (mark, how) };
    let maxval = match image.dtype {
        DType::Bool => "",
        DType::U16 => "65535\n",
        _ => "255\n",
    };
    boxed(format!("P{mark}\n{} {}\n{maxval}", sides.width, sides.height), how, image, false)
}

fn pam(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "PAM", i32::MAX as usize)?;
    let is_cmyk = image.color == Some(Color::Cmyk);
    let (color, tuple) = match sides.samples {
        1 => (Color::Gray, "GRAYSCALE"),
        2 => (Color::GrayAlpha, "GRAYSCALE_ALPHA"),
        3 => (Color::Rgb, "RGB"),
        4 if is_cmyk => (Color::Cmyk, "CMYK"),
        4 => (Color::Rgba, "RGB_ALPHA"),
        _ => (image.color.unwrap_or(Color::Multi), ""),
    };
    let (maxval, tuple, how) = match (image.dtype, sides.samples) {
        (DType::Bool, 1) => (1, "BLACKANDWHITE", How::Same),
        (DType::U8, 1..) => (255, tuple, How::Same),
        (DType::U16, 1..) => (65535, tuple, How::Words),
        _ => {
            let way_out = "write with dtype uint8 or uint16 (scale=true maps the full range), or PFM for float32";
            return Err(sides.refuse(image, "PAM", "bool (gray), uint8 and uint16", way_out));
        }
    };
    sides.check_color(image, "PAM", color)?;
    let Sides { width, height, samples } = sides;
    let tuple = if tuple.is_empty() { String::new() } else { format!("TUPLTYPE {tuple}\n") };
    let opening = format!("P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {samples}\nMAXVAL {maxval}\n{tuple}ENDHDR\n");
    boxed(opening, how, image, false)
}

fn pfm(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "PFM", i32::MAX as usize)?;
    let (color, mark) = match (image.dtype, sides.samples) {
        (DType::F32, 1) => (Color::Gray, "Pf"),
        (DType::F32, 3) => (Color::Rgb, "PF"),
        _ => return Err(sides.refuse(image, "PFM", "float32 (gray, RGB)", "write with dtype float32")),
    };
    sides.check_color(image, "PFM", color)?;
    let known = image.metadata.and_then(|meta| meta.get("scale")).and_then(Value::as_float);
    let scale = known.filter(|&n| n.is_finite() && n > 0.0).unwrap_or(1.0);
    let scale = if cfg!(target_endian = "little") { -scale } else { scale };
    boxed(format!("{mark}\n{} {}\n{scale:?}\n", sides.width, sides.height), How::Same, image, true)
}

impl Encode for PnmEncode {
    fn opening(&self) -> Vec<u8> {
        self.opening.clone().into_bytes()
    }

    fn bottom_up(&self) -> bool {
        self.bottom_up
    }

    fn bytes(&self) -> usize {
        match self.how {
            How::Same | How::Words => self.bytes,
            How::Bits => self.bytes / 8,
            How::Text(_) => 0,
        }
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        match self.how {
            How::Same => out.extend_from_slice(items),
            How::Words => {
                out.extend(items.as_chunks::<2>().0.iter().flat_map(|&n| u16::from_ne_bytes(n).to_be_bytes()));
            }
            How::Bits => out.extend(items.chunks(8).map(|eight| {
                eight.iter().enumerate().fold(0, |byte, (i, &white)| byte | u8::from(white == 0) << (7 - i))
            })),
            How::Text(DType::Bool) => text(items.iter().map(|&white| u16::from(white == 0)), out),
            How::Text(DType::U16) => text(items.as_chunks::<2>().0.iter().map(|&n| u16::from_ne_bytes(n)), out),
            How::Text(_) => text(items.iter().map(|&n| n.into()), out),
        }
    }
}

/// A row of numbers, in lines that are short enough.
fn text(numbers: impl Iterator<Item = u16>, out: &mut Vec<u8>) {
    let mut length = 0;
    for number in numbers {
        let word = number.to_string();
        if length > 0 && length + 1 + word.len() > LINE {
            out.push(b'\n');
            length = 0;
        } else if length > 0 {
            out.push(b' ');
            length += 1;
        }
        out.extend_from_slice(word.as_bytes());
        length += word.len();
    }
    out.push(b'\n');
}
