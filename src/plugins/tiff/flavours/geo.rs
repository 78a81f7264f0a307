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

/// More numbers and letters than the keys of a file have. Each key may name all of another tag.
const MOST_VALUES: usize = 1 << 20;

/// The keys, as tifffile gives them.
pub fn meta(tiff: &Tiff, directory: &Directory) -> Result<Dict> {
    let mut dict = Dict::new();
    let Some(keys) = tiff.uints(directory, tag::GEO_KEY_DIRECTORY)? else { return Ok(dict) };
    let [1, revision, minor, count, entries @ ..] = keys.as_slice() else { return Ok(dict) };
    dict.set("KeyDirectoryVersion", 1);
    dict.set("KeyRevision", *revision);
    dict.set("KeyRevisionMinor", *minor);
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    let mut values = Values { tiff, directory, floats: Vec::new(), texts: None, left: MOST_VALUES };
    for entry in entries.chunks_exact(4).take(count) {
        let &[id, place, count, offset] = entry else { continue };
        let value = match u16::try_from(place) {
            Ok(0) => Some(Value::unsigned(offset)),
            Ok(place) => values.part(place, offset, count)?,
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

/// Values of other tags, of which keys are parts.
struct Values<'a> {
    tiff: &'a Tiff,
    directory: &'a Directory,
    /// Those that were asked for, by their tags.
    floats: Vec<(u16, Option<Vec<f64>>)>,
    /// The texts, once they were asked for.
    texts: Option<Vec<u8>>,
    /// How many may still be told.
    left: usize,
}

impl Values<'_> {
    /// Part of the value of another tag; `None`: there is no such part, or more than keys have was told.
    fn part(&mut self, place: u16, offset: u64, count: u64) -> Result<Option<Value>> {
        let (Ok(from), Ok(count)) = (usize::try_from(offset), usize::try_from(count)) else { return Ok(None) };
        let Some(left) = self.left.checked_sub(count) else { return Ok(None) };
        self.left = left;
        if place == tag::GEO_ASCII_PARAMS {
            return self.text(from, count);
        }
        let at = match self.floats.iter().position(|(of, _)| *of == place) {
            Some(at) => at,
            None => {
                self.floats.push((place, self.tiff.floats(self.directory, place)?));
                self.floats.len() - 1
            }
        };
        let Some(all) = &self.floats[at].1 else { return Ok(None) };
        let whole = place == tag::GEO_KEY_DIRECTORY;
        let value = |x: &f64| if whole { Value::Int(*x as i64) } else { Value::Float(*x) };
        let Some(part) = all.get(from..from.saturating_add(count).min(all.len())) else { return Ok(None) };
        Ok(match part {
            [] => None,
            [one] => Some(value(one)),
            many => Some(Value::List(many.iter().map(value).collect())),
        })
    }

    fn text(&mut self, from: usize, count: usize) -> Result<Option<Value>> {
        let bytes = match self.texts.take() {
            Some(texts) => texts,
            None => {
                let Some(entry) = self.directory.get(tag::GEO_ASCII_PARAMS) else { return Ok(None) };
                self.tiff.bytes(self.directory, entry)?.into_owned()
            }
        };
        let bytes = self.texts.insert(bytes);
        let end = from.saturating_add(count).min(bytes.len());
        let Some(text) = bytes.get(from..end) else { return Ok(None) };
        let text = if count > 1 { text.strip_suffix(b"|").unwrap_or(text) } else { text };
        let text: Vec<u8> = text.iter().copied().filter(|&b| b != 0).collect();
        // As other texts of the file, it may be Windows' Latin-1.
        Ok(Some(match Value::text(&text) {
            Value::Bytes(bytes) => decode_text(&bytes).map_or(Value::Bytes(bytes), Value::from),
            text => text,
        }))
    }
}
