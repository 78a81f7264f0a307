//! Olympus FluoView: a header that names up to ten axes and how long each is, and a stamp of numbers for each page.

use super::super::file::File;
use super::super::ifd::Layout;
use super::super::series::Series;
use super::facts::Facts;
use super::structure::{Cursor, bytes_of, text};
use crate::error::Result;
use crate::model::{Dict, List, Value, item_count};

/// The tag of the header.
pub const HEADER: u16 = 34361;
/// The tag of the stamp.
pub const STAMP: u16 = 34362;

/// More axes than the header has room for are not there.
const AXES: usize = 10;

/// An axis of the header.
struct Axis {
    name: String,
    size: i32,
    origin: f64,
    resolution: f64,
    unit: String,
}

impl Axis {
    fn take(c: &mut Cursor) -> Option<Axis> {
        Some(Axis {
            name: text(c.take(16)?).trim().to_owned(),
            size: c.i32()?,
            origin: c.f64()?,
            resolution: c.f64()?,
            unit: text(c.take(64)?).trim().to_owned(),
        })
    }

    fn value(&self) -> Value {
        let mut list = List::new();
        list.push(self.name.as_str());
        list.push(self.size);
        list.push(self.origin);
        list.push(self.resolution);
        list.push(self.unit.as_str());
        list.into()
    }

    /// tifffile's letter of the axis.
    fn letter(&self) -> char {
        match self.name.to_uppercase().as_str() {
            "X" => 'X',
            "Y" => 'Y',
            "Z" => 'Z',
            "T" | "TIME" => 'T',
            "CH" | "WAVELENGTH" => 'C',
            "XY" => 'R',
            "EVENT" => 'V',
            "EXPOSURE" => 'L',
            _ => 'Q',
        }
    }
}

/// The header by its names, and its axes.
fn parse(layout: Layout, bytes: &[u8]) -> Option<(Dict, Vec<Axis>)> {
    let mut c = Cursor::new(bytes, layout);
    let mut dict = Dict::new();
    dict.set("HeaderFlag", i32::from(c.i16()?));
    dict.set("ImageType", i32::from(c.u8()?));
    dict.set("ImageName", text(c.take(257)?));
    for name in ["OffsetData", "PaletteSize", "OffsetPalette0", "OffsetPalette1", "CommentSize", "OffsetComment"] {
        let is_size = name.ends_with("Size");
        dict.set(name, if is_size { c.i32()?.into() } else { i64::from(c.u32()?) });
    }
    let axes = (0..AXES).map(|_| Axis::take(&mut c)).collect::<Option<Vec<Axis>>>()?;
    dict.set("Dimensions", axes.iter().map(Axis::value).collect::<List>());
    dict.set("OffsetPosition", i64::from(c.u32()?));
    dict.set("MapType", i32::from(c.i16()?));
    for name in ["MapMin", "MapMax", "MinValue", "MaxValue"] {
        dict.set(name, c.f64()?);
    }
    dict.set("OffsetMap", i64::from(c.u32()?));
    for name in ["Gamma", "Offset"] {
        dict.set(name, c.f64()?);
    }
    dict.set("GrayChannel", Axis::take(&mut c)?.value());
    dict.set("OffsetThumbnail", i64::from(c.u32()?));
    dict.set("VoiceField", c.i32()?);
    dict.set("OffsetVoiceField", i64::from(c.u32()?));
    Some((dict, axes))
}

/// The header by its names.
pub fn header(layout: Layout, bytes: &[u8]) -> Option<Dict> {
    parse(layout, bytes).map(|(dict, _)| dict)
}

/// The numbers of the stamp.
pub fn stamp(layout: Layout, bytes: &[u8]) -> Option<Value> {
    let mut c = Cursor::new(bytes, layout);
    Some(super::list((0..8).map(|_| c.f64()).collect::<Option<Vec<_>>>()?))
}

/// What the file says of itself.
pub fn meta(facts: &Facts) -> Result<Dict> {
    let layout = facts.tiff.layout;
    let of = |tag: u16| bytes_of(&facts.tiff, &facts.page.directory, tag);
    let mut meta = of(HEADER)?.and_then(|bytes| header(layout, &bytes)).unwrap_or_default();
    if let Some(stamp) = of(STAMP)?.and_then(|bytes| stamp(layout, &bytes)) {
        meta.set("Stamp", stamp);
    }
    Ok(meta)
}

/// One series of all pages, its axes those of the header from the last to the first.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let header = bytes_of(&facts.tiff, &facts.page.directory, HEADER)?;
    let Some((dict, axes)) = header.and_then(|bytes| parse(facts.tiff.layout, &bytes)) else { return Ok(None) };
    let shape: Option<Vec<usize>> = axes.iter().rev().map(|axis| usize::try_from(axis.size).ok()).collect();
    let Some(shape) = shape else { return Ok(None) };
    let count = file.page_count()?;
    let pages = file.locate_all(0..count)?;
    let mut series = Series::of_pages("fluoview", pages, &facts.page.form)?;
    if item_count(&shape) != item_count(&series.shape) {
        return Ok(None);
    }
    series.name = dict.get("ImageName").and_then(Value::as_str).unwrap_or_default().to_owned();
    series.shape = shape;
    series.axes = axes.iter().rev().map(Axis::letter).collect();
    let known = axes.iter().filter(|axis| axis.size > 1 && axis.resolution > 0.0 && axis.resolution.is_finite());
    series.spacing = known.map(|axis| (axis.letter(), axis.resolution)).collect();
    Ok(Some(vec![series]))
}
