//! ImageJ hyperstacks: the description and the tags in which ImageJ keeps labels, colours and the rest.

use super::entries::{Field, Items};
use super::stored::Stored;
use crate::error::{Error, Result};
use crate::model::{DType, Dict, Value};
use std::fmt::Write;

const BYTE_COUNTS: u16 = 50838;
const METADATA: u16 = 50839;
/// ImageJ's order of axes.
const ORDER: &str = "TZCYXS";

/// What goes to the tags, and ImageJ's names of the parts.
const PARTS: &[(&str, &[u8; 4])] = &[
    ("Info", b"info"),
    ("Labels", b"labl"),
    ("Ranges", b"rang"),
    ("LUTs", b"luts"),
    ("Plot", b"plot"),
    ("ROI", b"roi "),
    ("Overlays", b"over"),
    ("Properties", b"prop"),
];

/// Refuses what ImageJ has no type for.
pub fn check(dtype: DType, rgb: bool) -> Result<()> {
    if !matches!(dtype, DType::U8 | DType::U16 | DType::I16 | DType::F32) {
        return Err(Error::shape(format!("the ImageJ format holds uint8, uint16, int16 and float32, not {dtype}")));
    }
    if rgb && dtype != DType::U8 {
        return Err(Error::shape(format!("the ImageJ format holds RGB of uint8, not {dtype}")));
    }
    Ok(())
}

/// The lengths of ImageJ's axes TZCYXS.
pub fn shape(shape: &[usize], axes: Option<&str>, rgb: bool) -> Result<[usize; 6]> {
    let mut full = [1; 6];
    match axes {
        Some(axes) => {
            let refuse =
                || Error::unsupported(format!("an ImageJ hyperstack has axes in the order TZCYXS, not {axes}"));
            let mut least = 0;
            for (letter, &n) in axes.chars().zip(shape) {
                let place = ORDER.find(letter).filter(|&p| p >= least).ok_or_else(refuse)?;
                full[place] = n;
                least = place + 1;
            }
            if !axes.contains("YX") {
                return Err(refuse());
            }
        }
        None => {
            let last = shape.last().copied().unwrap_or(1);
            let end: usize = if rgb || (shape.len() > 2 && last == 1) { 6 } else { 5 };
            let start = end.checked_sub(shape.len()).ok_or_else(|| {
                Error::unsupported(format!("an ImageJ hyperstack has up to 6 axes TZCYXS, not the shape {shape:?}"))
            })?;
            full[start..end].copy_from_slice(shape);
        }
    }
    if !matches!(full[5], 1 | 3 | 4) {
        return Err(Error::unsupported(format!("an ImageJ hyperstack has 1, 3 or 4 samples a pixel, not {}", full[5])));
    }
    Ok(full)
}

/// The description: lines of keys and values.
pub fn description(full: &[usize; 6], stored: &Stored, metadata: &Dict) -> Result<String> {
    let rgb = stored.contig > 1;
    let palette = stored.photometric == super::settings::photometric::PALETTE;
    let flag = |key: &str| match metadata.get(key) {
        Some(Value::Bool(b)) => Some(*b),
        Some(Value::Int(n)) => Some(*n != 0),
        _ => None,
    };
    let version = metadata.get("ImageJ").and_then(Value::as_str).unwrap_or("1.11a");
    let mut head = format!("ImageJ={version}\nimages={}\n", full[..3].iter().product::<usize>());
    let mut tail = String::new();
    let hyperstack = !palette && flag("hyperstack").unwrap_or(true);
    let _ = writeln!(tail, "hyperstack={hyperstack}");
    for (name, n) in [("channels", full[2]), ("slices", full[1]), ("frames", full[0])] {
        if n > 1 {
            let _ = writeln!(head, "{name}={n}");
        }
    }
    let mode = metadata.get("mode").and_then(Value::as_str);
    if let Some(mode) = mode.or((!rgb && !palette).then_some("grayscale")).filter(|_| hyperstack) {
        let _ = writeln!(tail, "mode={mode}");
    }
    if let Some(looped) = flag("loop").or((full[0] > 1).then_some(false)) {
        let _ = writeln!(tail, "loop={looped}");
    }
    for (key, value) in metadata.iter() {
        let known =
            ["ImageJ", "images", "channels", "slices", "frames", "SCIFIO", "hyperstack", "mode", "loop", "axes"];
        if known.contains(&key.as_str()) || PARTS.iter().any(|(n, _)| n.eq_ignore_ascii_case(key)) {
            continue;
        }
        let text = match value {
            Value::Str(text) => text.as_str().to_owned(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_json()?,
            // Nothing that a line could hold.
            _ => continue,
        };
        if key.contains(['\n', '=']) || text.contains('\n') {
            return Err(Error::option(format!(
                "metadata {:?} does not fit a line of ImageJ's description",
                key.as_str()
            )));
        }
        let _ = writeln!(tail, "{}={}", key.to_lowercase(), super::text::ascii(&text));
    }
    Ok(head + &tail)
}

/// The tags with labels, display ranges, colours and so on, if there are any.
pub fn fields(metadata: &Dict, big_endian: bool) -> Result<Vec<Field>> {
    let mut header = if big_endian { b"IJIJ".to_vec() } else { b"JIJI".to_vec() };
    let (mut body, mut counts) = (Vec::new(), Vec::new());
    for &(name, mark) in PARTS {
        let Some(value) = metadata.get(&name.to_lowercase()).or_else(|| metadata.get(name)) else { continue };
        let items = part(name, value, big_endian)
            .ok_or_else(|| Error::option(format!("metadata {name:?} is no {} of ImageJ", name.to_lowercase())))?;
        let mut mark = *mark;
        let mut count = (items.len() as u32).to_be_bytes();
        if !big_endian {
            mark.reverse();
            count.reverse();
        }
        header.extend_from_slice(&mark);
        header.extend_from_slice(&count);
        for item in items {
            let length = |n: usize| u32::try_from(n).map_err(|_| Error::option("metadata of ImageJ beyond 4 GB"));
            counts.push(length(item.len())?);
            body.extend_from_slice(&item);
        }
    }
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    counts.insert(0, header.len() as u32);
    header.extend_from_slice(&body);
    Ok(vec![Field::new(BYTE_COUNTS, Items::longs(&counts)), Field::new(METADATA, Items::bytes(&header))])
}

/// The items of a part, encoded.
fn part(name: &str, value: &Value, big_endian: bool) -> Option<Vec<Vec<u8>>> {
    let text = |text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(|c| if big_endian { c.to_be_bytes() } else { c.to_le_bytes() }).collect()
    };
    match (name, value) {
        ("Info", Value::Str(info)) => Some(vec![text(info)]),
        ("Labels", Value::Str(label)) => Some(vec![text(label)]),
        ("Labels", Value::List(labels)) => labels.iter().map(|v| v.as_str().map(text)).collect(),
        ("Properties", Value::Dict(dict)) => {
            let pairs = dict.iter().flat_map(|(key, value)| {
                let shown = value.as_str().map(str::to_owned).or_else(|| value.to_json().ok());
                [Some(text(key)), shown.map(|s| text(&s))]
            });
            pairs.collect()
        }
        ("Ranges", ranges) => {
            let encode = |x: f64| if big_endian { x.to_be_bytes() } else { x.to_le_bytes() };
            Some(vec![ranges.as_floats()?.into_iter().flat_map(encode).collect()])
        }
        ("LUTs", Value::List(tables)) if tables.iter().all(|t| table(t).is_some()) => {
            tables.iter().map(table).collect()
        }
        ("LUTs", one) => Some(vec![table(one)?]),
        ("Plot" | "ROI" | "Overlays", Value::Bytes(bytes)) => Some(vec![bytes.clone()]),
        ("Plot" | "ROI" | "Overlays", Value::List(list)) => {
            list.iter().map(|v| v.as_bytes().map(<[u8]>::to_vec)).collect()
        }
        _ => None,
    }
}

/// A colour table: red, green and blue of 256 entries.
fn table(value: &Value) -> Option<Vec<u8>> {
    let numbers = match value {
        Value::Bytes(bytes) => return (bytes.len() == 768).then(|| bytes.clone()),
        Value::List(list) if list.iter().all(|v| matches!(v, Value::List(_) | Value::Array(_))) => {
            list.iter().map(Value::as_floats).collect::<Option<Vec<_>>>()?.concat()
        }
        other => other.as_floats()?,
    };
    let fits = numbers.len() == 768 && numbers.iter().all(|n| (0.0..=255.0).contains(n));
    fits.then(|| numbers.iter().map(|&n| n as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_take_imagejs_places() {
        assert_eq!(shape(&[51, 5, 2, 20, 30], None, false).unwrap(), [51, 5, 2, 20, 30, 1]);
        assert_eq!(shape(&[7, 20, 30], Some("TYX"), false).unwrap(), [7, 1, 1, 20, 30, 1]);
        assert_eq!(shape(&[7, 20, 30, 3], None, true).unwrap(), [1, 1, 7, 20, 30, 3]);
        let error = shape(&[7, 20, 30], Some("QYX"), false).unwrap_err();
        assert!(error.message().contains("QYX"), "{error}");
        assert!(shape(&[7, 6, 20, 30], Some("CZYX"), false).is_err());
    }

    #[test]
    fn the_description_is_tifffiles() {
        let stored = Stored {
            leading: 3,
            frames: 510,
            separate: 1,
            depth: 1,
            length: 196,
            width: 171,
            contig: 1,
            extra: 0,
            photometric: 1,
        };
        let metadata = Dict::new().with("unit", "um").with("spacing", 0.5).with("axes", "TZCYX");
        let text = description(&[51, 5, 2, 196, 171, 1], &stored, &metadata).unwrap();
        let same =
            "ImageJ=1.11a\nimages=510\nchannels=2\nslices=5\nframes=51\nhyperstack=true\nmode=grayscale\nloop=false\n";
        assert_eq!(text, format!("{same}unit=um\nspacing=0.5\n"));
    }
}
