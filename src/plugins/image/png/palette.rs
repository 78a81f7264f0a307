//! Images that are written as numbers of a palette: those that say so, and those that the option `bits` makes such.

use super::encode::Form;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Image};
use crate::plugins::image::palette as numbers;
use crate::plugins::image::quantise::{Nearest, palette};

/// An image of numbers.
pub struct Indexed {
    /// The numbers, a byte each; none if they are the image's own.
    pub made: Option<Vec<u8>>,
    pub form: Form,
    pub colors: Vec<[u8; 3]>,
}

impl Indexed {
    /// The image as numbers, if it is to be written so.
    pub fn of(image: &Image, call: &Call) -> Result<Option<Indexed>> {
        let bits = call.int("bits").filter(|_| call.given("bits")).and_then(|n| u8::try_from(n).ok());
        match image.color {
            Some(Color::Palette) => Indexed::own(image, bits, call).map(Some),
            _ => bits.map(|bits| Indexed::quantised(image, bits, call)).transpose(),
        }
    }

    /// Of an image that is numbers.
    fn own(image: &Image, bits: Option<u8>, call: &Call) -> Result<Indexed> {
        let colors = numbers::own(image, call)?;
        let &[height, width] = image.shape() else { return Err(Error::internal("numbers of a palette are no rows")) };
        let depth = depth(colors.len(), bits)?;
        Ok(Indexed { made: None, form: Form::indexed(width, height, depth)?, colors })
    }

    /// Of an image whose colours become at most two to the power of `bits`.
    fn quantised(image: &Image, bits: u8, call: &Call) -> Result<Indexed> {
        let (height, width, samples) = match *image.shape() {
            [height, width] => (height, width, 1),
            [height, width, samples @ (1 | 3)] => (height, width, samples),
            ref other => return Err(Error::shape(format!("option \"bits\" takes gray and RGB images, not {other:?}"))),
        };
        if !matches!(image.dtype, DType::U8 | DType::Bool) {
            return Err(Error::shape(format!("option \"bits\" takes uint8 images, not {}", image.dtype)));
        }
        let packed = image.packed(call)?;
        let full = if image.dtype == DType::Bool { 255 } else { 1 };
        let pixels = || {
            packed.chunks_exact(samples).map(|p| match *p {
                [r, g, b] => [r, g, b],
                [g, ..] => [g.saturating_mul(full); 3],
                [] => [0; 3],
            })
        };
        let colors = palette(pixels(), 1 << bits.min(8));
        let mut nearest = Nearest::new(&colors);
        let mut made = call.limits().allocate(packed.len() / samples)?;
        made.iter_mut().zip(pixels()).for_each(|(to, color)| *to = nearest.place(color));
        let depth = depth(colors.len(), Some(bits))?;
        Ok(Indexed { made: Some(made), form: Form::indexed(width, height, depth)?, colors })
    }
}

/// Bits of a number: as few as there can be, or as many as are asked for.
fn depth(colors: usize, bits: Option<u8>) -> Result<u8> {
    let least = [1u8, 2, 4].into_iter().find(|&bits| colors <= 1 << bits).unwrap_or(8);
    match bits {
        None => Ok(least),
        Some(bits) => {
            let stored = [1, 2, 4, 8].into_iter().find(|&n| n >= bits).unwrap_or(8);
            if stored >= least {
                return Ok(stored);
            }
            Err(Error::option(format!("option \"bits\": {bits} bits do not tell {colors} colours apart")))
        }
    }
}

/// The body of tRNS: what is transparent in an image of this form.
pub fn transparency(form: &Form, colors: usize, image: &Image, call: &Call) -> Result<Option<Vec<u8>>> {
    let given = call.given("transparency");
    // The same key says other things of images of other forms.
    let mode = image.metadata.and_then(|m| m.get("mode")).and_then(Value::as_str).unwrap_or("");
    let agrees = match form.color {
        3 => mode == "P",
        2 => mode == "RGB",
        0 => matches!(mode, "1" | "L" | "I;16"),
        _ => false,
    };
    let value = match given {
        true => Some(call.get("transparency")),
        false => image.metadata.filter(|_| agrees).and_then(|m| m.get("transparency")),
    };
    let Some(value) = value else { return Ok(None) };
    let most = f64::from((1u32 << form.depth) - 1);
    let sample = |x: f64| (x.fract() == 0.0 && (0.0..=most).contains(&x)).then_some(x as u16);
    let body = match (form.color, value) {
        (3, Value::Bytes(alphas)) if alphas.len() <= colors => Some(alphas.to_vec()),
        (3, other) => other.as_int().and_then(|n| usize::try_from(n).ok()).filter(|&n| n < colors).map(|n| {
            let mut alphas = vec![255; n];
            alphas.push(0);
            alphas
        }),
        // Black and white have 0 and 255 in Pillow.
        (0, other) => other
            .as_float()
            .map(|x| if form.depth == 1 && x == 255.0 { 1.0 } else { x })
            .and_then(sample)
            .map(|n| n.to_be_bytes().to_vec()),
        (2, other) => other.as_floats().filter(|three| three.len() == 3).and_then(|three| {
            let three: Option<Vec<u16>> = three.iter().map(|&x| sample(x)).collect();
            three.map(|three| three.into_iter().flat_map(u16::to_be_bytes).collect())
        }),
        _ => None,
    };
    match body {
        None if given => Err(Error::option(
            "option \"transparency\" is a gray value, a colour or the number of one, or the alphas of a palette as bytes",
        )),
        body => Ok(body),
    }
}
