//! Metadata under Pillow's names, from the segments before the first scan.

use super::multi;
use super::segments::{Header, Kind, Segment, XMP};
use crate::error::Result;
use crate::model::{Dict, List, Value};
use crate::plugins::image::info;
use crate::resource::Source;

/// Inches have this many centimetres.
const CM: f64 = 2.54;

/// The metadata of an image. `alone`: the file counts as one image, and a multi-picture index is only shown.
pub fn read(source: &Source, header: &Header, alone: bool) -> Result<Dict> {
    let mut meta = Dict::new();
    for segment in header.segments() {
        add(&mut meta, segment, &segment.bytes(source)?, alone);
    }
    if let Some(block) = exif(source, header)? {
        meta.set("exif", block);
    }
    if header.frame.is_progressive() {
        meta.set("progressive", 1);
        meta.set("progression", 1);
    }
    if let Some(profile) = icc(source, header)? {
        meta.set("icc_profile", profile);
    }
    let tags = info::tags(&meta);
    if meta.get("exif").is_some_and(|block| block.as_bytes().is_some()) && !meta.contains("dpi") {
        meta.set("dpi", dpi(&tags));
    }
    let frame = &header.frame;
    let mode = match (frame.components, frame.bits) {
        (1, 0..=8) => "L",
        (1, _) => "I;16",
        (4, _) => "CMYK",
        _ => "RGB",
    };
    let mut meta = info::finish(meta, mode, frame.width.into(), frame.height.into());
    meta.extend(tags);
    Ok(meta)
}

/// What one segment says.
fn add(meta: &mut Dict, segment: &Segment, bytes: &[u8], alone: bool) {
    match segment.kind {
        Kind::Jfif => jfif(meta, bytes),
        // The place counts, the value is put together of all such segments.
        Kind::Exif => meta.set("exif", Value::Null),
        Kind::Xmp => meta.set("xmp", bytes.get(XMP.len()..).unwrap_or(&[])),
        Kind::Icc => {}
        Kind::MultiPicture => {
            meta.set("mp", bytes.get(4..).unwrap_or(&[]));
            if alone {
                meta.set("mpoffset", multi::offset_base(segment));
            }
        }
        Kind::Photoshop => {
            let resources = bytes.get(14..).unwrap_or(&[]);
            // A file may have thousands of these segments: what is known already is not copied for each.
            if let Some(Value::Dict(known)) = meta.get_mut("photoshop") {
                photoshop(known, resources);
            } else {
                let mut known = Dict::new();
                photoshop(&mut known, resources);
                meta.set("photoshop", known);
            }
        }
        Kind::Adobe => {
            if let Some(version) = be16(bytes, 5) {
                meta.set("adobe", version);
            }
            if let Some(&transform) = bytes.get(11) {
                meta.set("adobe_transform", transform);
            }
        }
        Kind::Comment => meta.set("comment", bytes),
    }
}

fn jfif(meta: &mut Dict, bytes: &[u8]) {
    let Some(version) = be16(bytes, 5) else { return };
    meta.set("jfif", version);
    meta.set("jfif_version", [version >> 8, version & 0xFF].into_iter().collect::<List>());
    let (Some(&unit), Some(x), Some(y)) = (bytes.get(7), be16(bytes, 8), be16(bytes, 10)) else { return };
    let density: List = [x, y].into_iter().collect();
    match unit {
        1 => meta.set("dpi", density.clone()),
        2 => meta.set("dpi", [x, y].into_iter().map(|n| f64::from(n) * CM).collect::<List>()),
        _ => {}
    }
    meta.set("jfif_unit", unit);
    meta.set("jfif_density", density);
}

/// The EXIF block with the mark before it, put together if it stands in parts.
pub fn exif(source: &Source, header: &Header) -> Result<Option<Vec<u8>>> {
    let mut block: Option<Vec<u8>> = None;
    for segment in header.segments().filter(|s| s.kind == Kind::Exif) {
        let bytes = segment.bytes(source)?;
        match &mut block {
            Some(block) => block.extend_from_slice(bytes.get(6..).unwrap_or(&[])),
            None => block = Some(bytes.into_owned()),
        }
    }
    Ok(block)
}

/// The ICC profile, put together by the numbers of its parts. `None` if parts are missing.
fn icc(source: &Source, header: &Header) -> Result<Option<Vec<u8>>> {
    let mut parts = Vec::new();
    for segment in header.segments().filter(|s| s.kind == Kind::Icc) {
        parts.push(segment.bytes(source)?);
    }
    parts.sort_by_key(|part| part.get(12).copied());
    let said = parts.first().and_then(|part| part.get(13)).map(|&n| usize::from(n));
    if said != Some(parts.len()) {
        return Ok(None);
    }
    Ok(Some(parts.iter().flat_map(|part| part.get(14..).unwrap_or(&[])).copied().collect()))
}

/// Photoshop's resources by their numbers: bytes, but for the resolution.
fn photoshop(resources: &mut Dict, mut bytes: &[u8]) {
    const RESOLUTION: u16 = 0x03ED;
    while let Some((code, data, rest)) = resource(bytes) {
        let fixed = |at| Some(f64::from(be32(data, at)?) / 65536.0);
        let resolution = || {
            let dict = Dict::new()
                .with("XResolution", fixed(0)?)
                .with("DisplayedUnitsX", be16(data, 4)?)
                .with("YResolution", fixed(8)?)
                .with("DisplayedUnitsY", be16(data, 12)?);
            Some(dict)
        };
        let value = match code {
            RESOLUTION => resolution().map(Value::from),
            _ => Some(data.into()),
        };
        let Some(value) = value else { return };
        resources.set(code.to_string(), value);
        bytes = rest;
    }
}

/// Number and data of the resource that comes first, and what is behind it. Names and data are padded to even places.
fn resource(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let bytes = bytes.strip_prefix(b"8BIM")?;
    let code = be16(bytes, 0)?;
    let name = usize::from(*bytes.get(2)?);
    let at = (3 + name).next_multiple_of(2);
    let size = usize::try_from(be32(bytes, at)?).ok()?;
    let data = bytes.get(at + 4..)?;
    let data = data.get(..size).unwrap_or(data);
    let behind = (at + 4).checked_add(size)?.checked_next_multiple_of(2)?;
    Some((code, data, bytes.get(behind..).unwrap_or(&[])))
}

/// The resolution that EXIF gives, as Pillow takes it: one for both axes, 72 where it is missing or senseless.
fn dpi(tags: &Dict) -> List {
    let resolution = || {
        let unit = tags.get("ResolutionUnit")?.as_float()?;
        let found = tags.get("XResolution")?.as_float().filter(|x| !x.is_nan())?;
        Some(if unit == 3.0 { found * CM } else { found })
    };
    match resolution() {
        Some(x) => [x, x].into_iter().collect(),
        None => [72, 72].into_iter().collect(),
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
