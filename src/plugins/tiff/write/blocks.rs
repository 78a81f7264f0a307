//! What the metadata of other formats have in blocks that are tags here.

use super::super::tags::tag;
use super::entries::{Field, Items};
use crate::model::{Dict, Value};

/// Keys of a picture's metadata, and of its formats', that are tags here or say how the picture was stored.
const OF_PICTURES: &[&str] = &[
    "exif",
    "icc_profile",
    "icc_description",
    "xmp",
    "XML:com.adobe.xmp",
    "dpi",
    "ExifOffset",
    "GPSInfo",
    "Exif",
    "GPS",
    "Interop",
    "Thumbnail",
    "mode",
    "jfif",
    "jfif_version",
    "jfif_unit",
    "jfif_density",
    "adobe",
    "adobe_transform",
    "progressive",
    "progression",
    "interlace",
];

/// Whether a key of other formats' metadata has no place in a description.
pub fn is_of_pictures(key: &str) -> bool {
    OF_PICTURES.contains(&key)
}

/// The fields for profile, packet and EXIF, and whether every page has them. A block that is no EXIF is passed over: it
/// is not what the caller asked for by an option.
pub fn fields(metadata: &Dict) -> Vec<(bool, Field)> {
    let bytes = |name: &str| metadata.get(name).and_then(Value::as_bytes).filter(|bytes| !bytes.is_empty());
    let mut found = Vec::new();
    if let Some(profile) = bytes("icc_profile") {
        found.push((true, Field::new(tag::ICC_PROFILE, Items::undefined(profile))));
    }
    if let Some(packet) = bytes("xmp") {
        found.push((false, Field::new(tag::XMP, Items::bytes(packet))));
    }
    let block = bytes("exif").and_then(|block| super::exif::fields(block).ok());
    found.extend(block.unwrap_or_default().into_iter().map(|field| (field.tag == tag::ORIENTATION, field)));
    found
}
