//! Images whose samples are numbers of a palette, as a writer is handed them.

use crate::error::{Error, Result};
use crate::model::{DType, Value};
use crate::plugin::{Call, Image};

/// The colours of an image of numbers: those of the option `palette` or of the metadata, else grays, as in Pillow. Every
/// number of the image has one.
pub fn own(image: &Image, call: &Call) -> Result<Vec<[u8; 3]>> {
    if image.shape().len() != 2 {
        return Err(Error::shape(format!("numbers of a palette are (height, width), not {:?}", image.shape())));
    }
    if image.dtype != DType::U8 {
        return Err(Error::shape(format!("numbers of a palette are uint8, not {}", image.dtype)));
    }
    let given = call.given("palette");
    let value = if given { Some(call.get("palette")) } else { image.metadata.and_then(|m| m.get("palette")) };
    let wrong = || Error::option("option \"palette\" is up to 256 colours of red, green and blue, each from 0 to 255");
    let colors = match value.map(colors) {
        Some(Some(colors)) => colors,
        Some(None) if given => return Err(wrong()),
        _ => (0..=255).map(|n| [n; 3]).collect(),
    };
    let most = image.packed(call)?.iter().copied().max().unwrap_or(0);
    if usize::from(most) >= colors.len() {
        return Err(Error::shape(format!("the number {most} in an image of a palette of {} colours", colors.len())));
    }
    Ok(colors)
}

/// Colours as an array of rows, a list of lists or of numbers, or bytes.
fn colors(value: &Value) -> Option<Vec<[u8; 3]>> {
    let flat: Vec<f64> = match value {
        Value::Bytes(bytes) => bytes.iter().map(|&b| f64::from(b)).collect(),
        Value::Array(array) => array.to_f64(),
        Value::List(list) => {
            let mut flat = Vec::new();
            for item in list.iter() {
                match item.as_float() {
                    Some(number) => flat.push(number),
                    None => flat.extend(item.as_floats()?.iter()),
                }
            }
            flat
        }
        _ => return None,
    };
    let byte = |&x: &f64| (x.fract() == 0.0 && (0.0..=255.0).contains(&x)).then_some(x as u8);
    let flat: Vec<u8> = flat.iter().map(byte).collect::<Option<_>>()?;
    let (colors, rest) = flat.as_chunks::<3>();
    (rest.is_empty() && (1..=256).contains(&colors.len())).then(|| colors.to_vec())
}
