//! Zeiss LSM: pages and thumbnails in turn, their axes in a structure.

mod names;
mod records;

use super::super::file::{File, PageAt};
use super::super::ifd::{Entry, Tiff};
use super::super::series::{Pages, Series};
use super::super::tags::tag;
use super::facts::Facts;
use super::structure::Cursor;
use crate::error::Result;
use crate::model::{Dict, Value, item_count};

/// What follows the mark and the size of the structure: names, and types as Python's struct has them.
const FIELDS: &[(&str, char)] = &[
    ("DimensionX", 'i'),
    ("DimensionY", 'i'),
    ("DimensionZ", 'i'),
    ("DimensionChannels", 'i'),
    ("DimensionTime", 'i'),
    ("DataType", 'i'),
    ("ThumbnailX", 'i'),
    ("ThumbnailY", 'i'),
    ("VoxelSizeX", 'd'),
    ("VoxelSizeY", 'd'),
    ("VoxelSizeZ", 'd'),
    ("OriginX", 'd'),
    ("OriginY", 'd'),
    ("OriginZ", 'd'),
    ("ScanType", 'H'),
    ("SpectralScan", 'H'),
    ("TypeOfData", 'I'),
    ("OffsetVectorOverlay", 'I'),
    ("OffsetInputLut", 'I'),
    ("OffsetOutputLut", 'I'),
    ("OffsetChannelColors", 'I'),
    ("TimeIntervall", 'd'),
    ("OffsetChannelDataTypes", 'I'),
    ("OffsetScanInformation", 'I'),
    ("OffsetKsData", 'I'),
    ("OffsetTimeStamps", 'I'),
    ("OffsetEventList", 'I'),
    ("OffsetRoi", 'I'),
    ("OffsetBleachRoi", 'I'),
    ("OffsetNextRecording", 'I'),
    ("DisplayAspectX", 'd'),
    ("DisplayAspectY", 'd'),
    ("DisplayAspectZ", 'd'),
    ("DisplayAspectTime", 'd'),
    ("OffsetMeanOfRoisOverlay", 'I'),
    ("OffsetTopoIsolineOverlay", 'I'),
    ("OffsetTopoProfileOverlay", 'I'),
    ("OffsetLinescanOverlay", 'I'),
    ("ToolbarFlags", 'I'),
    ("OffsetChannelWavelength", 'I'),
    ("OffsetChannelFactors", 'I'),
    ("ObjectiveSphereCorrection", 'd'),
    ("OffsetUnmixParameters", 'I'),
    ("OffsetAcquisitionParameters", 'I'),
    ("OffsetCharacteristics", 'I'),
    ("OffsetPalette", 'I'),
    ("TimeDifferenceX", 'd'),
    ("TimeDifferenceY", 'd'),
    ("TimeDifferenceZ", 'd'),
    ("InternalUse1", 'I'),
    ("DimensionP", 'i'),
    ("DimensionM", 'i'),
];

/// Axes by the kind of the scan.
const SCANS: [&str; 11] = ["ZCYX", "CZX", "CTX", "TCYX", "TCZX", "CTX", "TZCYX", "TZCYX", "CZX", "TCZX", "CTX"];

/// The structure, and the time stamps and ranges of wavelengths that it points at.
pub fn info(tiff: &Tiff, entry: &Entry) -> Result<Option<Dict>> {
    let bytes = tiff.read_some(entry.at, 512)?;
    Ok(decode(tiff, &bytes)?.filter(|_| !tiff.layout.big_endian))
}

fn decode(tiff: &Tiff, bytes: &[u8]) -> Result<Option<Dict>> {
    let mut cursor = Cursor::new(bytes, tiff.layout);
    let (Some(mark @ (50_350_412 | 67_127_628)), Some(size)) = (cursor.u32(), cursor.u32()) else { return Ok(None) };
    let mut dict = Dict::new().with("MagicNumber", mark).with("StructureSize", size);
    let mut used = 8;
    for (name, kind) in FIELDS {
        used += match kind {
            'd' => 8,
            'H' => 2,
            _ => 4,
        };
        if used > size as usize {
            break;
        }
        let value = match kind {
            'd' => cursor.f64().map(Value::from),
            'H' => cursor.u16().map(Value::from),
            'i' => cursor.i32().map(Value::from),
            _ => cursor.u32().map(Value::from),
        };
        let Some(value) = value else { return Ok(None) };
        dict.set(*name, value);
    }
    if used + 16 * 4 <= size as usize && dict.contains("DimensionM") {
        let reserved: Option<Vec<i32>> = (0..16).map(|_| cursor.i32()).collect();
        let places = (cursor.u32(), cursor.take(36), cursor.u32());
        if let (Some(reserved), (Some(tiles), Some(_), Some(positions))) = (reserved, places) {
            dict.set("DimensionsReserved", super::list(reserved));
            dict.set("OffsetTilePositions", tiles);
            dict.set("OffsetPositions", positions);
        }
    }
    for (name, read) in records::READERS {
        let at = dict.get(&format!("Offset{name}")).and_then(Value::as_int).filter(|&n| n >= 8);
        if let Some(at) = at
            && let Some(value) = read(tiff, at.unsigned_abs())?
        {
            dict.set(*name, value);
        }
    }
    Ok(Some(dict))
}

/// The pages, and their thumbnails as a series of their own.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let page = &facts.page;
    let Some(entry) = page.directory.get(tag::CZ_LSM_INFO) else { return Ok(None) };
    let Some(info) = info(&facts.tiff, entry)? else { return Ok(None) };
    let number = |name: &str| info.get(name).and_then(Value::as_int).and_then(|n| usize::try_from(n).ok());
    let Some(scan) = number("ScanType").and_then(|n| SCANS.get(n)) else { return Ok(None) };
    let form = &page.form;
    let mut axes = match form.planar {
        false => scan.replace('C', "").replace('X', "XC"),
        true => (*scan).to_owned(),
    };
    for (letter, name) in [('P', "DimensionP"), ('M', "DimensionM")] {
        if number(name).is_some_and(|n| n > 0) {
            axes.insert(0, letter);
        }
    }
    let lengths: Option<Vec<usize>> = axes
        .chars()
        .map(|c| match c {
            'C' => number("DimensionChannels"),
            'T' => number("DimensionTime"),
            other => number(&format!("Dimension{other}")),
        })
        .collect();
    let Some(shape) = lengths.filter(|s| s.iter().all(|&n| n > 0)) else { return Ok(None) };
    let count = file.page_count()?;
    let every = |file: &mut File, from: usize| -> Result<Vec<PageAt>> { file.locate_all((from..count).step_by(2)) };
    let pages = every(file, 0)?;
    let one = item_count(&form.shape()).unwrap_or(0);
    if one == 0 || item_count(&shape).is_none_or(|all| all % one != 0 || all / one != pages.len()) {
        return Ok(None);
    }
    let mut series = Series::of_pages("lsm", pages, form)?;
    series.axes = axes.clone();
    series.shape = shape.clone();
    for (axis, name) in [('X', "VoxelSizeX"), ('Y', "VoxelSizeY"), ('Z', "VoxelSizeZ"), ('T', "TimeIntervall")] {
        if let Some(x) = info.get(name).and_then(Value::as_float).filter(|x| x.is_finite() && *x > 0.0) {
            series.spacing.push((axis, x));
        }
    }
    let mut found = vec![series];
    if count > 1 && file.nth(1)?.form.subfile & 1 != 0 {
        let form = file.nth(1)?.form.clone();
        let pages = every(file, 1)?;
        let (mut all, mut i) = (1, 0);
        while all < pages.len() && i + 2 < shape.len() {
            all *= shape[i];
            i += 1;
        }
        if all == pages.len() {
            let mut below = Series::of_pages("lsm", Vec::new(), &form)?;
            below.pages = Pages::Each(pages);
            below.shape = shape[..i].iter().copied().chain(form.shape()).collect();
            below.axes = format!("{}{}", &axes[..i], form.axes());
            found.push(below);
        }
    }
    Ok(Some(found))
}
