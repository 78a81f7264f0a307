//! Tags as metadata, in the names and types in which imageio gives them.

use super::file::{File, Page};
use super::flavours;
use super::form::Form;
use super::ifd::{Directory, Entry, Tiff, decode_text};
use super::tags::{self, Names, kind, tag};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Array, DType, Dict, List, MAX_METADATA, Value};

/// Longer runs of numbers become an array, which takes no more memory than they do in the file.
const LONGEST_LIST: usize = 1024;

/// The longest list of those tags that are lists always.
const LONGEST_TUPLE: usize = 1 << 16;

/// Tags that are a list even of one number: tifffile gives them as a tuple.
const LISTS: &[u16] = &[273, 279, 282, 283, 324, 325, 330, 338, 513, 514, 530, 531, 34736, 50838];

/// Tags that are bytes, whatever type the file says.
const BYTES: &[u16] = &[33723, 37724, 33923, 40100, 50288, 50296, 65459];

/// The metadata of a page: its tags, and what imageio adds.
pub fn page(file: &File, page: &Page) -> Result<Dict> {
    let tiff = file.tiff_of(page.at)?;
    let directory = &page.directory;
    let mut meta = tags(tiff, directory, Names::Image)?;
    let form = &page.form;
    meta.set("planar_configuration", tiff.uint(directory, tag::PLANAR_CONFIGURATION)?.unwrap_or(1));
    meta.set("compression", form.compression);
    meta.set("predictor", form.predictor);
    meta.set("orientation", Value::Null);
    meta.set("description1", file.description(page, 1)?);
    meta.set("description", file.description(page, 0)?);
    meta.set("software", tiff.text(directory, tag::SOFTWARE)?.unwrap_or_default());
    if let Some(unit) = tiff.uint(directory, tag::RESOLUTION_UNIT)? {
        meta.set("resolution_unit", unit);
        if let Some((x, y)) = resolution(tiff, directory) {
            meta.set("resolution", [x, y].into_iter().collect::<List>());
        }
    }
    meta.set("datetime", date_time(tiff, directory));
    Ok(meta)
}

/// Pixels in a unit of length along X and Y, where the file says both.
pub fn resolution(tiff: &Tiff, directory: &Directory) -> Option<(f64, f64)> {
    let one = |tag| tiff.floats(directory, tag).ok()??.first().copied().filter(|x| x.is_finite());
    Some((one(tag::X_RESOLUTION)?, one(tag::Y_RESOLUTION)?))
}

/// The time of tag DateTime in ISO 8601, if it is one.
fn date_time(tiff: &Tiff, directory: &Directory) -> Value {
    let Ok(Some(text)) = tiff.text(directory, tag::DATE_TIME) else { return Value::Null };
    let digits = |from: usize, len: usize| text.get(from..from + len).and_then(|t| t.parse::<u32>().ok());
    let field = |from, len, range: std::ops::RangeInclusive<u32>| digits(from, len).filter(|n| range.contains(n));
    let parsed = || {
        let date = (field(0, 4, 1..=9999)?, field(5, 2, 1..=12)?, field(8, 2, 1..=31)?);
        let time = (field(11, 2, 0..=23)?, field(14, 2, 0..=59)?, field(17, 2, 0..=60)?);
        Some(format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.0, date.1, date.2, time.0, time.1, time.2))
    };
    if text.len() == 19 { parsed().into() } else { Value::Null }
}

/// The tags of a directory by their names. One whose value cannot be read is left out.
pub fn tags(tiff: &Tiff, directory: &Directory, names: Names) -> Result<Dict> {
    let mut dict = Dict::new();
    // Thousands of tags may name the same bytes of the file.
    let mut left = MAX_METADATA;
    for entry in &directory.entries {
        let name = tags::name(entry.tag, names).map_or_else(|| entry.tag.to_string(), str::to_owned);
        if dict.contains(&name) {
            continue;
        }
        if let Some(len) = entry.len().filter(|_| tiff.is_inside(entry)) {
            let over = || Error::limit(format!("the tags of a directory take more than {MAX_METADATA} bytes"));
            left = left.checked_sub(len).ok_or_else(over)?;
        }
        let value = match names {
            Names::Image => image_value(tiff, directory, entry),
            Names::Exif => exif_value(tiff, directory, entry),
            _ => plain_value(tiff, directory, entry),
        };
        match value {
            Ok(value) => dict.set(name, value),
            Err(e) if e.kind() == ErrorKind::Corrupt => {}
            Err(e) => return Err(e),
        }
    }
    Ok(dict)
}

/// The value of a tag of an image.
fn image_value(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Value> {
    if let Some(value) = flavours::tag_value(tiff, directory, entry)? {
        return Ok(value);
    }
    let below = match entry.tag {
        tag::EXIF_IFD => Some(Names::Exif),
        tag::GPS_IFD => Some(Names::Gps),
        tag::INTEROP_IFD => Some(Names::Interop),
        _ => None,
    };
    if let Some(names) = below
        && let Some(offset) = tiff.first_uint(directory, entry)?
    {
        // Not followed further: a directory that names itself ends here.
        return Ok(tags(tiff, &tiff.directory(offset)?, names)?.into());
    }
    if BYTES.contains(&entry.tag) {
        return Ok(tiff.bytes(directory, entry)?.into_owned().into());
    }
    if matches!(entry.tag, tag::COLOR_MAP | tag::COLOR_RESPONSE_CURVE) && entry.kind == kind::SHORT {
        return color_map(tiff, directory, entry);
    }
    plain_value(tiff, directory, entry)
}

/// Three rows of numbers, one for each colour.
fn color_map(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Value> {
    let bytes = tiff.bytes(directory, entry)?;
    let numbers: Vec<u8> = bytes.chunks_exact(2).flat_map(|b| tiff.layout.u16(b).to_ne_bytes()).collect();
    let count = numbers.len() / 2;
    if count == 0 || !count.is_multiple_of(3) {
        return plain_value(tiff, directory, entry);
    }
    Ok(Array::new(DType::U16, &[3, count / 3], numbers)?.into())
}

fn exif_value(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Value> {
    const VERSIONS: [u16; 2] = [36864, 40960];
    const USER_COMMENT: u16 = 37510;
    match entry.tag {
        tag::INTEROP_IFD => image_value(tiff, directory, entry),
        version if VERSIONS.contains(&version) && entry.kind == kind::UNDEFINED => {
            Ok(decode_text(&tiff.bytes(directory, entry)?).map_or(Value::Null, Value::from))
        }
        USER_COMMENT => Ok(user_comment(&tiff.bytes(directory, entry)?)),
        _ => plain_value(tiff, directory, entry),
    }
}

/// A comment after eight bytes that say how it is written.
fn user_comment(bytes: &[u8]) -> Value {
    if let Some(text) = bytes.strip_prefix(b"ASCII\0\0\0") {
        return decode_text(text).map_or_else(|| bytes.into(), Value::from);
    }
    if let Some(wide) = bytes.strip_prefix(b"UNICODE\0") {
        let big = wide.starts_with(&[0xFE, 0xFF]);
        let units = wide.as_chunks::<2>().0.iter();
        let units = units.map(|&b| if big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) });
        let units: Vec<u16> = units.filter(|&u| u != 0xFEFF).collect();
        return String::from_utf16(&units).map_or_else(|_| bytes.into(), Value::from);
    }
    bytes.into()
}

/// The value of an entry by its type alone.
pub fn plain_value(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Value> {
    let bytes = tiff.bytes(directory, entry)?;
    let layout = tiff.layout;
    Ok(match entry.kind {
        kind::BYTE | kind::UNDEFINED => bytes.into_owned().into(),
        kind::ASCII => match decode_text(&bytes) {
            Some(text) => text.into(),
            None => bytes.into_owned().into(),
        },
        kind::SHORT => numbers(entry, &bytes, DType::U16, |b| layout.u16(b).into()),
        kind::LONG | kind::IFD => numbers(entry, &bytes, DType::U32, |b| layout.u32(b).into()),
        kind::LONG8 | kind::IFD8 => numbers(entry, &bytes, DType::U64, |b| layout.u64(b).into()),
        kind::SBYTE => numbers(entry, &bytes, DType::I8, |b| i32::from(b[0].cast_signed()).into()),
        kind::SSHORT => numbers(entry, &bytes, DType::I16, |b| i32::from(layout.u16(b).cast_signed()).into()),
        kind::SLONG => numbers(entry, &bytes, DType::I32, |b| layout.u32(b).cast_signed().into()),
        kind::SLONG8 => numbers(entry, &bytes, DType::I64, |b| layout.u64(b).cast_signed().into()),
        kind::FLOAT => numbers(entry, &bytes, DType::F32, |b| f32::from_bits(layout.u32(b)).into()),
        kind::DOUBLE => numbers(entry, &bytes, DType::F64, |b| f64::from_bits(layout.u64(b)).into()),
        // A numerator and a denominator.
        kind::RATIONAL => numbers(entry, &bytes, DType::U32, |b| layout.u32(b).into()),
        kind::SRATIONAL => numbers(entry, &bytes, DType::I32, |b| layout.u32(b).cast_signed().into()),
        _ => Value::Null,
    })
}

/// One number, a list of them, or an array.
fn numbers(entry: &Entry, bytes: &[u8], dtype: DType, decode: impl Fn(&[u8]) -> Value) -> Value {
    let items = bytes.chunks_exact(dtype.size());
    match items.len() {
        1 if !LISTS.contains(&entry.tag) => decode(bytes),
        n if n <= if LISTS.contains(&entry.tag) { LONGEST_TUPLE } else { LONGEST_LIST } => {
            items.map(decode).collect::<List>().into()
        }
        n => {
            let mut native = Vec::with_capacity(bytes.len());
            for item in items {
                match decode(item) {
                    Value::Int(x) => native.extend_from_slice(&low_bytes(x, dtype)),
                    Value::Float(x) if dtype == DType::F32 => native.extend((x as f32).to_ne_bytes()),
                    Value::Float(x) => native.extend(x.to_ne_bytes()),
                    Value::Array(array) => native.extend_from_slice(array.data()),
                    _ => {}
                }
            }
            Array::new(dtype, &[n], native).map_or(Value::Null, Value::Array)
        }
    }
}

/// The native bytes of a number that fits into the dtype.
fn low_bytes(n: i64, dtype: DType) -> Vec<u8> {
    let bytes = n.to_ne_bytes();
    let size = dtype.size().min(8);
    if cfg!(target_endian = "big") { bytes[8 - size..].to_vec() } else { bytes[..size].to_vec() }
}

/// Distances of samples along X and Y in the unit of the file, 0 where it does not say.
pub fn spacing(tiff: &Tiff, directory: &Directory, _form: &Form) -> (f64, f64) {
    let inverse = |r: f64| if r > 0.0 { 1.0 / r } else { 0.0 };
    resolution(tiff, directory).map_or((0.0, 0.0), |(x, y)| (inverse(x), inverse(y)))
}
