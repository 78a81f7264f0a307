//! GeoTIFF: keys by their names, and the tags that place pixels on the earth.

use super::super::ifd::{Directory, Tiff, decode_text};
use super::super::tags::tag;
use crate::error::Result;
use crate::model::{Dict, List, Value};
use once_cell::sync::Lazy;

static KEYS: Lazy<Vec<(u64, &str)>> = Lazy::new(|| {
    let lines = include_str!("../tags/geo.tsv").lines();
    lines.filter_map(|line| line.split_once('\t')).filter_map(|(n, name)| Some((n.parse().ok()?, name))).collect()
});

/// The keys, as tifffile gives them.
pub fn meta(tiff: &Tiff, directory: &Directory) -> Result<Dict> {
    let mut dict = Dict::new();
    let Some(keys) = tiff.uints(directory, tag::GEO_KEY_DIRECTORY)? else { return Ok(dict) };
    let [1, revision, minor, count, entries @ ..] = keys.as_slice() else { return Ok(dict) };
    dict.set("KeyDirectoryVersion", 1);
    dict.set("KeyRevision", *revision);
    dict.set("KeyRevisionMinor", *minor);
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    for entry in entries.chunks_exact(4).take(count) {
        let &[id, place, count, offset] = entry else { continue };
        let value = match u16::try_from(place) {
            Ok(0) => Some(Value::unsigned(offset)),
            Ok(place) => of_tag(tiff, directory, place, offset, count)?,
            Err(_) => None,
        };
        let name = KEYS.iter().find(|(n, _)| *n == id).map_or_else(|| id.to_string(), |(_, name)| (*name).to_owned());
        if let Some(value) = value {
            dict.set(name, value);
        }
    }
    let floats = |tag| tiff.floats(directory, tag);
    let list = |numbers: &[f64]| Value::List(numbers.iter().copied().collect::<List>());
    let rows = |numbers: &[f64], n: usize| match numbers.len() / n {
        1 => list(numbers),
        _ => Value::List(numbers.chunks_exact(n).map(list).collect()),
    };
    if let Some(scale) = floats(tag::MODEL_PIXEL_SCALE)? {
        dict.set("ModelPixelScale", list(&scale));
    }
    if let Some(points) = floats(tag::MODEL_TIEPOINT)?.filter(|p| !p.is_empty() && p.len() % 6 == 0) {
        dict.set("ModelTiepoint", rows(&points, 6));
    }
    if let Some(matrix) = floats(tag::MODEL_TRANSFORMATION)?.filter(|m| m.len() == 16) {
        dict.set("ModelTransformation", rows(&matrix, 4));
    }
    Ok(dict)
}

/// Part of the value of another tag.
fn of_tag(tiff: &Tiff, directory: &Directory, place: u16, offset: u64, count: u64) -> Result<Option<Value>> {
    let (Ok(from), Ok(count)) = (usize::try_from(offset), usize::try_from(count)) else { return Ok(None) };
    if place == tag::GEO_ASCII_PARAMS {
        let Some(entry) = directory.get(place) else { return Ok(None) };
        let bytes = tiff.bytes(directory, entry)?;
        let end = from.saturating_add(count).min(bytes.len());
        let Some(text) = bytes.get(from..end) else { return Ok(None) };
        let text = if count > 1 { text.strip_suffix(b"|").unwrap_or(text) } else { text };
        let text: Vec<u8> = text.iter().copied().filter(|&b| b != 0).collect();
        // As other texts of the file, it may be Windows' Latin-1.
        return Ok(Some(match Value::text(&text) {
            Value::Bytes(bytes) => decode_text(&bytes).map_or(Value::Bytes(bytes), Value::from),
            text => text,
        }));
    }
    let Some(all) = tiff.floats(directory, place)? else { return Ok(None) };
    let whole = place == tag::GEO_KEY_DIRECTORY;
    let value = |x: &f64| if whole { Value::Int(*x as i64) } else { Value::Float(*x) };
    let Some(part) = all.get(from..from.saturating_add(count).min(all.len())) else { return Ok(None) };
    Ok(match part {
        [] => None,
        [one] => Some(value(one)),
        many => Some(Value::List(many.iter().map(value).collect())),
    })
}
