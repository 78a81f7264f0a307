//! What is written beside the pixels: from the options, else from the metadata of the image.

use crate::error::{Error, Result};
use crate::model::{MAX_METADATA, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType};

/// The options of a format that holds EXIF and XMP.
pub fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("exif", &[OptionType::Bytes], Value::Null, Calls::WRITE, "Exif to embed"),
        OptionSpec::new("xmp", &[OptionType::Bytes, OptionType::Str], Value::Null, Calls::WRITE, "XMP packet to embed"),
    ]
}

/// The option of a format that holds a colour profile.
pub fn icc_option() -> OptionSpec {
    OptionSpec::new("icc_profile", &[OptionType::Bytes], Value::Null, Calls::WRITE, "colour profile to embed")
}

/// What an image brings with it.
#[derive(Default)]
pub struct Embedded<'a> {
    /// From the TIFF header on.
    pub exif: &'a [u8],
    pub xmp: &'a [u8],
    pub icc: &'a [u8],
}

impl<'a> Embedded<'a> {
    pub fn of(image: &Image<'a>, call: &'a Call) -> Result<Embedded<'a>> {
        let bytes = |name: &str| {
            let given = call.given(name).then(|| call.get(name));
            let value = given.or_else(|| image.metadata.and_then(|m| m.get(name)));
            value.and_then(Value::as_bytes).unwrap_or_default()
        };
        let exif = bytes("exif");
        // JPEG's form of the same begins with a mark.
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        let found = Embedded { exif, xmp: bytes("xmp"), icc: bytes("icc_profile") };
        let total = found.exif.len().saturating_add(found.xmp.len()).saturating_add(found.icc.len());
        if total > MAX_METADATA {
            return Err(Error::limit(format!("metadata of {total} bytes are over the limit of {MAX_METADATA}")));
        }
        Ok(found)
    }
}

/// Appends a box of ISO's base media format, whose parts are no more than the limit of metadata.
pub fn put_box(out: &mut Vec<u8>, kind: &[u8; 4], parts: &[&[u8]]) {
    let size = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    match u32::try_from(size) {
        Ok(size) => {
            out.extend(size.to_be_bytes());
            out.extend(kind);
        }
        Err(_) => {
            out.extend(1u32.to_be_bytes());
            out.extend(kind);
            out.extend((size as u64 + 8).to_be_bytes());
        }
    }
    parts.iter().for_each(|part| out.extend(*part));
}

/// A box: its kind, where it begins, where its content does, and where it ends.
pub struct Found {
    pub kind: [u8; 4],
    pub start: usize,
    pub content: usize,
    pub end: usize,
}

/// The box at a place; one that is cut off ends with the bytes.
pub fn box_at(all: &[u8], start: usize) -> Option<Found> {
    let field = |at: usize, len: usize| all.get(at..at.checked_add(len)?);
    let size = u32::from_be_bytes(field(start, 4)?.try_into().ok()?);
    let kind = field(start + 4, 4)?.try_into().ok()?;
    let (head, size) = match size {
        0 => (8, (all.len() - start) as u64),
        1 => (16, u64::from_be_bytes(field(start + 8, 8)?.try_into().ok()?)),
        n => (8, n.into()),
    };
    let end = usize::try_from(size).ok().and_then(|n| start.checked_add(n)).filter(|&end| end >= start + head)?;
    let end = end.min(all.len());
    Some(Found { kind, start, content: (start + head).min(end), end })
}
