//! MetaMorph stacks: all planes behind one directory, and what the UIC tags say of each.

use super::super::file::File;
use super::super::ifd::{Directory, Entry, Tiff, decode_text};
use super::super::series::{Pages, Series};
use super::super::tags::{kind, tag};
use super::facts::Facts;
use super::structure::{Cursor, contiguous_start, holds};
use crate::error::Result;
use crate::model::{Array, DType, Dict, List, MAX_METADATA, Value};

/// How the value of a tag of MetaMorph's is stored.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Int,
    Skip,
    Fraction,
    Text,
    Time,
    Property,
    /// A text a plane.
    Texts,
    /// So many fractions a plane.
    Fractions(usize),
    /// A number a plane.
    Longs,
    /// So many numbers.
    Numbers(usize),
    Table,
}

use Form::*;

/// The tags by their numbers.
const TAGS: &[(&str, Form)] = &[
    ("AutoScale", Int),
    ("MinScale", Int),
    ("MaxScale", Int),
    ("SpatialCalibration", Int),
    ("XCalibration", Fraction),
    ("YCalibration", Fraction),
    ("CalibrationUnits", Text),
    ("Name", Text),
    ("ThreshState", Int),
    ("ThreshStateRed", Int),
    ("tagid_10", Skip),
    ("ThreshStateGreen", Int),
    ("ThreshStateBlue", Int),
    ("ThreshStateLo", Int),
    ("ThreshStateHi", Int),
    ("Zoom", Int),
    ("CreateTime", Time),
    ("LastSavedTime", Time),
    ("currentBuffer", Int),
    ("grayFit", Skip),
    ("grayPointCount", Skip),
    ("grayX", Fraction),
    ("grayY", Fraction),
    ("grayMin", Fraction),
    ("grayMax", Fraction),
    ("grayUnitName", Text),
    ("StandardLUT", Int),
    ("wavelength", Int),
    ("StagePosition", Fractions(2)),
    ("CameraChipOffset", Fractions(2)),
    ("OverlayMask", Skip),
    ("OverlayCompress", Skip),
    ("Overlay", Skip),
    ("SpecialOverlayMask", Skip),
    ("SpecialOverlayCompress", Skip),
    ("SpecialOverlay", Skip),
    ("ImageProperty", Property),
    ("StageLabel", Texts),
    ("AutoScaleLoInfo", Fraction),
    ("AutoScaleHiInfo", Fraction),
    ("AbsoluteZ", Fractions(1)),
    ("AbsoluteZValid", Longs),
    ("Gamma", Numbers(1)),
    ("GammaRed", Numbers(1)),
    ("GammaGreen", Numbers(1)),
    ("GammaBlue", Numbers(1)),
    ("CameraBin", Numbers(2)),
    ("NewLUT", Int),
    ("ImagePropertyEx", Skip),
    ("PlaneProperty", Int),
    ("UserLutTable", Table),
    ("RedAutoScaleInfo", Int),
    ("RedAutoScaleLoInfo", Fraction),
    ("RedAutoScaleHiInfo", Fraction),
    ("RedMinScaleInfo", Int),
    ("RedMaxScaleInfo", Int),
    ("GreenAutoScaleInfo", Int),
    ("GreenAutoScaleLoInfo", Fraction),
    ("GreenAutoScaleHiInfo", Fraction),
    ("GreenMinScaleInfo", Int),
    ("GreenMaxScaleInfo", Int),
    ("BlueAutoScaleInfo", Int),
    ("BlueAutoScaleLoInfo", Fraction),
    ("BlueAutoScaleHiInfo", Fraction),
    ("BlueMinScaleInfo", Int),
    ("BlueMaxScaleInfo", Int),
];

/// How many planes the tags speak of.
fn planes(directory: &Directory) -> usize {
    directory.get(tag::UIC2).map_or(1, |e| usize::try_from(e.count).unwrap_or(usize::MAX))
}

/// The tags together, as tifffile gives them for the file.
pub fn meta(facts: &Facts) -> Result<Dict> {
    let (tiff, directory) = (&facts.tiff, &facts.page.directory);
    let mut dict = Dict::new();
    let described = facts.description.trim_end_matches('\0');
    if !described.is_empty() {
        dict.set("PlaneDescriptions", described.split('\0').collect::<List>());
    }
    dict.set("NumberPlanes", planes(directory));
    let of = |number: u16| -> Result<Dict> {
        directory.get(number).map_or(Ok(None), |e| tag(tiff, directory, e)).map(Option::unwrap_or_default)
    };
    for number in [tag::UIC1, tag::UIC3, tag::UIC4] {
        dict.extend(of(number)?);
    }
    let planes = of(tag::UIC2)?;
    for key in ["ZDistance", "TimeCreated", "TimeModified"] {
        if let Some(value) = planes.get(key) {
            dict.set(key, value.clone());
        }
    }
    for key in ["Created", "Modified"] {
        let numbers = |name: String| planes.get(&name).and_then(Value::as_floats);
        if let Some((days, times)) = numbers(format!("Date{key}")).zip(numbers(format!("Time{key}"))) {
            let stamps: List = days.iter().zip(&times).map(|(&d, &t)| julian(d as u32, t as u32)).collect();
            let all = stamps.iter().all(|stamp| *stamp != Value::Null);
            dict.set(format!("Datetime{key}"), if all { Value::List(stamps) } else { Value::Null });
        }
    }
    Ok(dict)
}

/// The value of one of the four tags.
pub fn tag(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Option<Dict>> {
    if tiff.layout.big_endian {
        return Ok(None);
    }
    let layout = tiff.layout;
    // In each of them the count is that of planes or of entries, not of the type's own items.
    let words = |per: usize| -> Result<Option<Vec<u32>>> {
        let Some(len) = usize::try_from(entry.count).ok().and_then(|n| n.checked_mul(per * 4)) else { return Ok(None) };
        if len > MAX_METADATA || tiff.len().is_some_and(|all| len as u64 > all) {
            return Ok(None);
        }
        let bytes = tiff.read_some(entry.at, len)?;
        Ok((bytes.len() == len).then(|| bytes.chunks_exact(4).map(|b| layout.u32(b)).collect()))
    };
    let quotients = |words: &[u32], per: usize| {
        let of = words.chunks_exact(per).map(|w| quotient(w[0], w[1]));
        floats(of.collect())
    };
    Ok(match (entry.tag, entry.kind) {
        (tag::UIC2, kind::RATIONAL) => words(6)?.map(|words| {
            let column = |i: usize| longs(words.chunks_exact(6).map(|w| w[i]).collect());
            Dict::new()
                .with("ZDistance", quotients(&words, 6))
                .with("DateCreated", column(2))
                .with("TimeCreated", column(3))
                .with("DateModified", column(4))
                .with("TimeModified", column(5))
        }),
        (tag::UIC3, kind::RATIONAL) => words(2)?.map(|words| Dict::new().with("Wavelengths", quotients(&words, 2))),
        (tag::UIC1, kind::RATIONAL) => words(2)?.map(|words| Dict::new().with("ZDistance", quotients(&words, 2))),
        (tag::UIC1, kind::LONG) => words(2)?.map(|words| uic1(tiff, &words, planes(directory))).transpose()?,
        (tag::UIC4, kind::LONG) => Some(uic4(tiff, entry)?),
        _ => None,
    })
}

/// Pairs of a number and a value, or where the value is.
fn uic1(tiff: &Tiff, words: &[u32], planes: usize) -> Result<Dict> {
    let mut dict = Dict::new();
    // Values elsewhere may be claimed again and again; what is read for a text is longer than it, too.
    let mut budget = tiff.len().unwrap_or(1 << 24).saturating_add(1 << 20).min(MAX_METADATA as u64);
    for pair in words.chunks_exact(2) {
        let (id, word) = (pair[0] as usize, pair[1]);
        if planes > 1 && matches!(id, 28 | 29 | 37 | 40 | 41) {
            continue;
        }
        let Some(&(name, form)) = TAGS.get(id) else {
            dict.set(format!("_TagId{id}"), word);
            continue;
        };
        match form {
            Skip => dict.set(format!("_{name}"), word),
            Int if name == "PlaneProperty" => {
                let bytes = tiff.read_some(u64::from(word) + 4, 1024)?;
                if let Some(value) = property(&mut Cursor::new(&bytes, tiff.layout)) {
                    match dict.get_mut(name) {
                        Some(Value::List(list)) => list.push(value),
                        _ => dict.set(name, [value].into_iter().collect::<List>()),
                    }
                }
            }
            Int => dict.set(name, word),
            Text if word < 8 => dict.set(name, ""),
            _ if word < 8 => dict.set(name, word),
            _ => {
                let bytes = tiff.read_some(word.into(), length(form, planes))?;
                budget = match budget.checked_sub(bytes.len() as u64) {
                    Some(left) => left,
                    None => break,
                };
                dict.set(name, value(form, &mut Cursor::new(&bytes, tiff.layout), planes).unwrap_or_default());
            }
        }
    }
    Ok(dict)
}

/// The most bytes that a value takes.
fn length(form: Form, planes: usize) -> usize {
    let per_plane = |n: usize| planes.saturating_mul(n).min(MAX_METADATA);
    match form {
        Int | Skip => 4,
        Fraction | Time => 8,
        Text | Property => 1100,
        Texts => per_plane(1028),
        Fractions(n) => per_plane(n * 16),
        Longs => per_plane(4),
        Numbers(n) => n * 4,
        Table => 768,
    }
}

/// Numbers and values one behind another, to a number 0.
fn uic4(tiff: &Tiff, entry: &Entry) -> Result<Dict> {
    let planes = usize::try_from(entry.count).unwrap_or(usize::MAX);
    let bytes = tiff.read_some(entry.at, planes.saturating_mul(2048).saturating_add(1 << 16).min(MAX_METADATA))?;
    let mut cursor = Cursor::new(&bytes, tiff.layout);
    let mut dict = Dict::new();
    while let Some(id) = cursor.u16().filter(|&id| id != 0) {
        let Some(&(name, form)) = TAGS.get(usize::from(id)) else { break };
        let Some(value) = value(form, &mut cursor, planes) else { break };
        dict.set(if form == Skip { format!("_{name}") } else { name.to_owned() }, value);
    }
    Ok(dict)
}

fn value(form: Form, cursor: &mut Cursor, planes: usize) -> Option<Value> {
    Some(match form {
        Int | Skip => cursor.u32()?.into(),
        Fraction => quotient(cursor.u32()?, cursor.u32()?).into(),
        Time => julian(cursor.u32()?, cursor.u32()?),
        Text => text(cursor)?,
        Property => property(cursor)?,
        Texts => Value::List((0..planes).map(|_| text(cursor)).collect::<Option<Vec<_>>>()?.into_iter().collect()),
        Fractions(n) => {
            // Positions have a pair of fractions a plane, heights one.
            let count = planes.checked_mul(n)?;
            let words = cursor.take(count.checked_mul(8)?)?;
            let numbers = words.chunks_exact(8).map(|b| {
                let half = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                quotient(half(b), half(&b[4..]))
            });
            let bytes = numbers.flat_map(f64::to_ne_bytes).collect();
            let shape = if n > 1 { vec![planes, n] } else { vec![planes] };
            Array::new(DType::F64, &shape, bytes).ok()?.into()
        }
        Longs => longs((0..planes).map(|_| cursor.u32()).collect::<Option<_>>()?),
        Numbers(1) => cursor.u32()?.into(),
        Numbers(n) => super::list((0..n).map(|_| cursor.u32()).collect::<Option<Vec<_>>>()?),
        Table => Array::new(DType::U8, &[256, 3], cursor.take(768)?.to_vec()).ok()?.into(),
    })
}

/// A text behind its length, its last byte a NUL.
fn text(cursor: &mut Cursor) -> Option<Value> {
    let size = cursor.u32()? as usize;
    if size >= 1024 {
        return None;
    }
    let bytes = cursor.take(size)?;
    let bytes = bytes.get(..size.saturating_sub(1)).unwrap_or(bytes);
    Some(decode_text(bytes).unwrap_or_default().into())
}

fn property(cursor: &mut Cursor) -> Option<Value> {
    let short = |cursor: &mut Cursor| {
        let size = cursor.u8()?;
        decode_text(cursor.take(size.into())?)
    };
    let name = short(cursor)?;
    let (flags, kind) = (cursor.u32()?, cursor.u8()?);
    let value: Value = if kind == 1 { quotient(cursor.u32()?, cursor.u32()?).into() } else { short(cursor)?.into() };
    Some(Dict::new().with("name", name).with("flags", flags).with("value", value).into())
}

fn quotient(n: u32, d: u32) -> f64 {
    if d == 0 { f64::NAN } else { f64::from(n) / f64::from(d) }
}

fn floats(numbers: Vec<f64>) -> Value {
    let bytes = numbers.iter().flat_map(|x| x.to_ne_bytes()).collect();
    Array::new(DType::F64, &[numbers.len()], bytes).map_or(Value::Null, Value::Array)
}

fn longs(numbers: Vec<u32>) -> Value {
    let bytes = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
    Array::new(DType::U32, &[numbers.len()], bytes).map_or(Value::Null, Value::Array)
}

/// A day since 4713 BC and milliseconds since midnight, as MetaMorph counts them, in ISO 8601.
fn julian(day: u32, ms: u32) -> Value {
    // Beyond the year 9999 there is no date.
    if !(1_721_424..=5_373_484).contains(&day) {
        return Value::Null;
    }
    let mut a = f64::from(day) + 1.0;
    if a > 2_299_160.0 {
        let alpha = ((a - 1_867_216.25) / 36524.25).trunc();
        a += 1.0 + alpha - (alpha / 4.0).floor();
    }
    let b = a + 1524.0;
    let c = ((b - 122.1) / 365.25).trunc();
    let d = (365.25 * c).trunc();
    let e = ((b - d) / 30.6001).trunc();
    let day = b - d - (30.6001 * e).trunc();
    let month = e - if e <= 13.0 { 1.0 } else { 13.0 };
    let year = c - if month > 2.0 { 4716.0 } else { 4715.0 };
    let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    if hour > 23 {
        return Value::Null;
    }
    let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}000") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}").into()
}

/// One series: the planes, one behind another.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let page = &facts.page;
    let count = planes(&page.directory);
    let Some(entry) = page.directory.get(tag::UIC2) else { return Ok(None) };
    let Some(uic2) = tag(&facts.tiff, &page.directory, entry)? else { return Ok(None) };
    let mut series = Series::of_pages("stk", vec![page.at], &page.form)?;
    let numbers = |key: &str| uic2.get(key).and_then(Value::as_floats).unwrap_or_default();
    let (heights, times) = (numbers("ZDistance"), numbers("TimeCreated"));
    let letter = if count > 1 && heights.iter().all(|z| *z != 0.0) {
        "Z"
    } else if count > 1 && times.windows(2).all(|t| t[0] != t[1]) {
        "T"
    } else {
        "I"
    };
    if let (Some(z), "Z") = (heights.first().copied().filter(|z| z.is_finite()), letter) {
        series.spacing.push(('Z', z));
    }
    series.axes.replace_range(..1, letter);
    if count > 1 {
        series.shape[0] = count;
        let start = contiguous_start(&file.tiff, page)?;
        let Some(offset) = start.filter(|&at| holds(&file.tiff, at, &page.form, count)) else { return Ok(None) };
        series.pages = Pages::Block { page: page.at, offset };
    }
    let meta = meta(facts)?;
    series.name = meta.get("Name").and_then(Value::as_str).unwrap_or("").to_owned();
    let calibrated = meta.get("SpatialCalibration").and_then(Value::as_int).is_some_and(|n| n != 0);
    for (axis, key) in [('X', "XCalibration"), ('Y', "YCalibration")] {
        if let Some(x) = meta.get(key).and_then(Value::as_float).filter(|x| calibrated && *x > 0.0) {
            series.spacing.push((axis, x));
        }
    }
    Ok(Some(vec![series]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_metamorph_are_dates() {
        // tifffile's example.
        assert_eq!(julian(2_451_576, 54_362_783).as_str(), Some("2000-02-02T15:06:02.783000"));
        assert_eq!(julian(1_721_423, 0), Value::Null);
    }
}
