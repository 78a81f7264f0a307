//! NIH Image: a header in a tag.

use super::super::ifd::Layout;
use super::structure::Cursor;
use crate::model::{Array, DType, Dict, List, Value};

/// The tag of the header.
pub const HEADER: u16 = 43314;

/// The header by its names.
pub fn header(layout: Layout, bytes: &[u8]) -> Option<Dict> {
    let mut c = Cursor::new(bytes, layout);
    let mut dict = Dict::new();
    dict.set("FileID", text(c.take(8)?));
    for name in ["nLines", "PixelsPerLine", "Version", "OldLutMode", "OldnColors"] {
        dict.set(name, i32::from(c.i16()?));
    }
    dict.set("Colors", Array::new(DType::U8, &[3, 32], c.take(96)?.to_vec()).ok()?);
    for name in ["OldColorStart", "ColorWidth"] {
        dict.set(name, i32::from(c.i16()?));
    }
    let extra: Vec<u8> =
        (0..18).map(|_| c.u16()).collect::<Option<Vec<_>>>()?.iter().flat_map(|n| n.to_ne_bytes()).collect();
    dict.set("ExtraColors", Array::new(DType::U16, &[6, 3], extra).ok()?);
    for name in ["nExtraColors", "ForegroundIndex", "BackgroundIndex"] {
        dict.set(name, i32::from(c.i16()?));
    }
    dict.set("XScale", c.f64()?);
    for name in ["Unused2", "Unused3", "UnitsID"] {
        dict.set(name, i32::from(c.i16()?));
    }
    for name in ["p1", "p2"] {
        dict.set(name, [c.i16()?, c.i16()?].into_iter().map(i32::from).collect::<List>());
    }
    for name in ["CurveFitType", "nCoefficients"] {
        dict.set(name, i32::from(c.i16()?));
    }
    dict.set("Coeff", super::list((0..6).map(|_| c.f64()).collect::<Option<Vec<_>>>()?));
    let size = c.u8()?;
    dict.set("UMsize", size);
    let unit = c.take(15)?;
    dict.set("UM", text(unit.get(..size.into()).unwrap_or(unit)));
    dict.set("UnusedBoolean", c.u8()?);
    dict.set("BinaryPic", c.u8()? != 0);
    for name in ["SliceStart", "SliceEnd"] {
        dict.set(name, i32::from(c.i16()?));
    }
    dict.set("ScaleMagnification", c.f32()?);
    dict.set("nSlices", i32::from(c.i16()?));
    dict.set("SliceSpacing", c.f32()?);
    dict.set("CurrentSlice", i32::from(c.i16()?));
    for name in ["FrameInterval", "PixelAspectRatio"] {
        dict.set(name, c.f32()?);
    }
    for name in ["ColorStart", "ColorEnd", "nColors"] {
        dict.set(name, i32::from(c.i16()?));
    }
    for name in ["Fill1", "Fill2"] {
        dict.set(name, super::list((0..3).map(|_| c.u16()).collect::<Option<Vec<_>>>()?));
    }
    for name in ["Table", "LutMode"] {
        dict.set(name, c.u8()?);
    }
    for name in ["InvertedTable", "ZeroClip"] {
        dict.set(name, c.u8()? != 0);
    }
    let size = c.u8()?;
    dict.set("XUnitSize", size);
    let unit = c.take(11)?;
    dict.set("XUnit", text(unit.get(..size.into()).unwrap_or(unit)));
    dict.set("StackType", i32::from(c.i16()?));
    Some(dict)
}

fn text(bytes: &[u8]) -> Value {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned().into()
}
