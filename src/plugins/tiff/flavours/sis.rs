//! Olympus SIS: a structure of which few fields are known, and a text that names the axes.

use super::super::file::File;
use super::super::ifd::{Directory, Entry, Tiff, decode_text};
use super::super::series::Series;
use super::facts::Facts;
use super::structure::{Cursor, text};
use super::xml::typed;
use crate::error::Result;
use crate::model::{Array, DType, Dict, List, MAX_METADATA, Value, item_count};

/// The tag of the text.
pub const INI: u16 = 33471;
/// The tag of the structure.
pub const SIS: u16 = 33560;

/// More bands, or more entries of a list, than a microscope has.
const MOST: usize = 1 << 12;

/// Where the value of an entry is: it is an offset whatever its type.
fn place(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<u64> {
    let inline = if tiff.layout.big { 8 } else { 4 };
    if entry.len().is_some_and(|len| len <= inline) {
        let wide = Entry { kind: if tiff.layout.big { 16 } else { 4 }, count: 1, ..*entry };
        return Ok(tiff.first_uint(directory, &wide)?.unwrap_or(0));
    }
    Ok(entry.at)
}

/// The structure, if it is one: some files have the tag without it.
pub fn structure(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Option<Dict>> {
    let head = tiff.read_some(place(tiff, directory, entry)?, 60 + 8 * usize::from(u16::MAX))?;
    // These numbers have their lowest byte first in any file.
    let mut layout = tiff.layout;
    layout.big_endian = false;
    let known = || -> Option<(Dict, Vec<u64>)> {
        let mut c = Cursor::new(&head, layout);
        if c.take(4)? != b"SIS0" {
            return None;
        }
        c.take(6)?;
        let [minute, hour, day, month, year] = [c.i16()?, c.i16()?, c.i16()?, c.i16()?, c.i16()?].map(i32::from);
        c.take(6)?;
        let mut dict = Dict::new().with("name", text(c.take(32)?));
        let is_time = (0..60).contains(&minute)
            && (0..24).contains(&hour)
            && (1..=31).contains(&day)
            && (0..12).contains(&month)
            && (-1899..8100).contains(&year);
        if is_time {
            dict.set("datetime", format!("{:04}-{:02}-{day:02}T{hour:02}:{minute:02}:00", 1900 + year, month + 1));
        }
        let count = c.u16()?;
        let entries = (0..count).map_while(|_| Some((c.i16()?, c.i16()?, c.u32()?)));
        // What is told in general; nobody knows the others.
        Some((dict, entries.filter(|entry| entry.0 == 1).map(|entry| u64::from(entry.2)).take(16).collect()))
    };
    let Some((mut dict, general)) = known() else { return Ok(None) };
    for at in general {
        let bytes = tiff.read_some(at, 112)?;
        let mut c = Cursor::new(&bytes, layout);
        let mut read = || -> Option<Dict> {
            c.take(10)?;
            let unit = 10f64.powi(i32::from(c.i16()?));
            let (x, y) = (c.f64()?, c.f64()?);
            c.take(8)?;
            let magnification = c.f64()?;
            c.take(2)?;
            let (camera, picture) = (text(c.take(34)?), text(c.take(32)?));
            Some(
                Dict::new()
                    .with("pixelsizex", x * unit)
                    .with("pixelsizey", y * unit)
                    .with("magnification", magnification)
                    .with("cameraname", camera)
                    .with("picturetype", picture),
            )
        };
        if let Some(general) = read() {
            dict.extend(general);
        }
    }
    Ok(Some(dict))
}

/// The text: sections of keys and values, in which a few have a form of their own. What cannot be one is empty.
pub fn ini(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Dict> {
    let len = usize::try_from(entry.count).unwrap_or(usize::MAX).min(MAX_METADATA);
    let bytes = tiff.read_some(place(tiff, directory, entry)?, len)?;
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let text = decode_text(bytes.get(..end).unwrap_or_default());
    Ok(text.and_then(|text| parse(&text)).unwrap_or_default())
}

/// A value, or a list of them by commas.
fn value(text: &str) -> Value {
    let one = |text: &str| match typed(text.trim()) {
        Value::Str(_) => text.into(),
        value => value,
    };
    match text {
        text if text.trim().is_empty() => Value::Null,
        text if text.contains(',') => text.split(',').map(one).collect::<List>().into(),
        text => one(text),
    }
}

/// A key without the number at its end, which counts from 1.
fn numbered(key: &str) -> Option<(&str, usize)> {
    let name = key.trim_end_matches(|c: char| c.is_ascii_digit());
    match key.get(name.len()..)? {
        "" => Some((name, 0)),
        digits => Some((name, digits.parse::<usize>().ok()?.checked_sub(1)?)),
    }
}

/// What the sections say, as they are read.
#[derive(Default)]
struct Text {
    sections: Dict,
    axes: Vec<(String, i64)>,
    has_dimension: bool,
    bands: Vec<(Dict, Vec<u8>)>,
    band: usize,
    asd: Vec<Dict>,
    positions: [Option<List>; 2],
}

fn parse(text: &str) -> Option<Dict> {
    let mut found = Text::default();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => {
                section = name.to_owned();
                found.begin(name)?;
            }
            None => {
                let (key, text) = line.split_once('=')?;
                found.line(&section, key.trim(), value(text))?;
            }
        }
    }
    found.finish()
}

impl Text {
    fn begin(&mut self, name: &str) -> Option<()> {
        self.sections.set(name, Dict::new());
        match name {
            "Dimension" => (self.has_dimension, self.axes) = (true, Vec::new()),
            "Z" if self.has_dimension => self.positions[0] = Some(List::new()),
            "Time" if self.has_dimension => self.positions[1] = Some(List::new()),
            "Band" => {
                let count = self.axes.iter().rev().find(|(name, _)| name == "Band")?.1;
                let count = usize::try_from(count).unwrap_or(0);
                self.bands = vec![Default::default(); Some(count).filter(|&n| n <= MOST)?];
                self.band = 0;
            }
            _ => {}
        }
        Some(())
    }

    fn line(&mut self, section: &str, key: &str, value: Value) -> Option<()> {
        match section {
            "Dimension" => {
                let Value::Int(size) = value else { return None };
                self.axes.push((key.to_owned(), size));
            }
            "ASD" if key == "Count" => {
                let Value::Int(count) = value else { return None };
                self.asd = vec![Dict::new(); usize::try_from(count).ok().filter(|&n| n <= MOST)?];
                return Some(());
            }
            "ASD" => {
                let (name, index) = numbered(key)?;
                self.asd.get_mut(index)?.set(name, value);
                return Some(());
            }
            "Band" if key.starts_with("LUT") => {
                let Value::Int(color) = value else { return None };
                let color = u32::try_from(color).ok()?.to_le_bytes();
                self.bands.get_mut(self.band)?.1.extend_from_slice(&color[..3]);
                return Some(());
            }
            "Band" => {
                let (name, index) = numbered(key)?;
                self.band = index;
                self.bands.get_mut(index)?.0.set(name, value);
                return Some(());
            }
            _ => {}
        }
        for (begins, positions) in ["ZPos", "TimePos"].into_iter().zip(&mut self.positions) {
            if let Some(list) = positions.as_mut().filter(|_| key.starts_with(begins) && section != "Dimension") {
                list.push(value);
                return Some(());
            }
        }
        match self.sections.get_mut(section)? {
            Value::Dict(section) => section.set(key, value),
            _ => return None,
        }
        Some(())
    }

    fn finish(mut self) -> Option<Dict> {
        let sized = |name: &str| self.axes.iter().find(|(axis, _)| axis == name).map(|(_, size)| *size);
        for ((section, key), list) in [("Z", "ZPos"), ("Time", "TimePos")].into_iter().zip(&self.positions) {
            let Some(list) = list else { continue };
            let most = sized(section).and_then(|n| usize::try_from(n).ok()).unwrap_or(list.len());
            let list: List = list.iter().take(most).cloned().collect();
            if let Some(Value::Dict(section)) = self.sections.get_mut(section) {
                section.set(key, list);
            }
        }
        if self.sections.contains("ASD") {
            self.sections.set("ASD", self.asd.into_iter().collect::<List>());
        }
        if self.sections.contains("Band") {
            let band = |(dict, table): (Dict, Vec<u8>)| {
                let table = Array::new(DType::U8, &[table.len() / 3, 3], table).ok()?;
                Some(dict.with("LUT", table))
            };
            self.sections.set("Band", self.bands.into_iter().map(band).collect::<Option<List>>()?);
        }
        if self.has_dimension {
            let letter = |name: &str| match name {
                "Band" => Some('C'),
                name => name.chars().next().map(|c| c.to_ascii_uppercase()),
            };
            let long: Vec<&(String, i64)> = self.axes.iter().filter(|(_, size)| *size > 1).collect();
            let axes: String = long.iter().map(|(name, _)| letter(name)).collect::<Option<_>>()?;
            self.sections.set("axes", axes);
            self.sections.set("shape", long.iter().map(|(_, size)| *size).collect::<List>());
        }
        Some(self.sections)
    }
}

/// What the file says of itself.
pub fn meta(facts: &Facts) -> Result<Dict> {
    let directory = &facts.page.directory;
    let mut meta = match directory.get(INI) {
        Some(entry) => ini(&facts.tiff, directory, entry)?,
        None => Dict::new(),
    };
    if let Some(entry) = directory.get(SIS)
        && let Some(dict) = structure(&facts.tiff, directory, entry)?
    {
        meta.extend(dict);
    }
    Ok(meta)
}

/// One series of all pages, with the axes of the text.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let meta = meta(facts)?;
    if meta.is_empty() {
        return Ok(None);
    }
    let count = file.page_count()?;
    let pages = file.locate_all(0..count)?;
    let mut series = Series::of_pages("sis", pages, &facts.page.form)?;
    if let (Some(axes), Some(Value::List(shape))) = (meta.get("axes").and_then(Value::as_str), meta.get("shape")) {
        let shape: Option<Vec<usize>> = shape.iter().map(|n| usize::try_from(n.as_int()?).ok()).collect();
        let Some(shape) = shape else { return Ok(None) };
        if item_count(&shape) != Some(count) {
            return Ok(None);
        }
        series.shape.splice(..1, shape);
        series.axes.replace_range(..1, axes);
    }
    for (letter, key) in [('X', "pixelsizex"), ('Y', "pixelsizey")] {
        if let Some(size) = meta.get(key).and_then(Value::as_float).filter(|&size| size > 0.0 && size.is_finite()) {
            series.spacing.push((letter, size));
        }
    }
    Ok(Some(vec![series]))
}
