//! The directories behind the main one: what the camera did, where it was, and the small picture.
//!
//! imageio shows the main directory only, with the others' offsets. Here each is a dictionary beside its entries.

use super::{Kind, Tiff, name};
use crate::model::{Dict, List, Value};

/// Entries of the main directory that are offsets of others.
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
/// An entry of the directory of EXIF that is one, too.
const INTEROP: u16 = 0xA005;
/// Where the small picture lies, and how long it is.
const THUMBNAIL_AT: u16 = 0x0201;
const THUMBNAIL_SIZE: u16 = 0x0202;

/// The tags of GPS, which begin at 0.
const GPS_NAMES: [&str; 32] = [
    "GPSVersionID",
    "GPSLatitudeRef",
    "GPSLatitude",
    "GPSLongitudeRef",
    "GPSLongitude",
    "GPSAltitudeRef",
    "GPSAltitude",
    "GPSTimeStamp",
    "GPSSatellites",
    "GPSStatus",
    "GPSMeasureMode",
    "GPSDOP",
    "GPSSpeedRef",
    "GPSSpeed",
    "GPSTrackRef",
    "GPSTrack",
    "GPSImgDirectionRef",
    "GPSImgDirection",
    "GPSMapDatum",
    "GPSDestLatitudeRef",
    "GPSDestLatitude",
    "GPSDestLongitudeRef",
    "GPSDestLongitude",
    "GPSDestBearingRef",
    "GPSDestBearing",
    "GPSDestDistanceRef",
    "GPSDestDistance",
    "GPSProcessingMethod",
    "GPSAreaInformation",
    "GPSDateStamp",
    "GPSDifferential",
    "GPSHPositioningError",
];

fn gps_name(tag: u16) -> Option<&'static str> {
    GPS_NAMES.get(usize::from(tag)).copied()
}

fn interop_name(tag: u16) -> Option<&'static str> {
    match tag {
        1 => Some("InteropIndex"),
        2 => Some("InteropVersion"),
        0x1000 => Some("RelatedImageFileFormat"),
        0x1001 => Some("RelatedImageWidth"),
        0x1002 => Some("RelatedImageHeight"),
        other => name(other),
    }
}

/// The directories that a block has besides its main one: `Exif`, `GPS`, `Interop` and `Thumbnail`. A rational is its
/// numerator and denominator, as floats.
pub fn sub_directories(tiff: &Tiff) -> Dict {
    let mut all = Dict::new();
    let offset = |directory: u32, tag: u16| {
        let found = tiff.entries(directory).filter(|entry| entry.tag == tag).last()?;
        u32::try_from(tiff.value(&found)?.as_int()?).ok().filter(|&at| at > 0)
    };
    let mut add = |key: &str, at: Option<u32>, name: fn(u16) -> Option<&'static str>| {
        let directory = at.map(|at| named(tiff, at, name)).filter(|directory| !directory.is_empty());
        if let Some(directory) = directory {
            all.set(key, directory);
        }
    };
    let exif = offset(tiff.first(), EXIF);
    add("Exif", exif, name);
    add("GPS", offset(tiff.first(), GPS), gps_name);
    add("Interop", exif.and_then(|exif| offset(exif, INTEROP)), interop_name);
    let second = tiff.next(tiff.first()).filter(|&at| at > 0 && at != tiff.first());
    add("Thumbnail", second, name);
    if let (Some(second), Some(Value::Dict(thumbnail))) = (second, all.get_mut("Thumbnail"))
        && let (Some(at), Some(size)) = (offset(second, THUMBNAIL_AT), offset(second, THUMBNAIL_SIZE))
        && let Some(data) = tiff.part(at, size)
    {
        thumbnail.set("data", data);
    }
    all
}

fn named(tiff: &Tiff, at: u32, name: fn(u16) -> Option<&'static str>) -> Dict {
    let mut dict = Dict::new();
    for entry in tiff.entries(at) {
        let value = match entry.kind {
            Kind::Rational { signed } => pairs(tiff, entry.data, signed),
            _ => tiff.value(&entry),
        };
        if let (Some(name), Some(value)) = (name(entry.tag), value) {
            dict.set(name, value);
        }
    }
    dict
}

/// One pair, or a list of them.
fn pairs(tiff: &Tiff, data: &[u8], signed: bool) -> Option<Value> {
    let pair = |bytes: &[u8]| -> Option<Value> {
        let numbers = [tiff.u32(bytes, 0)?, tiff.u32(bytes, 4)?];
        let float = |n: u32| if signed { f64::from(n.cast_signed()) } else { f64::from(n) };
        Some(numbers.into_iter().map(float).collect::<List>().into())
    };
    match data.len() / 8 {
        1 => pair(data),
        n if n <= super::LONGEST_LIST => Some(data.chunks_exact(8).map(pair).collect::<Option<List>>()?.into()),
        _ => None,
    }
}
