//! Metadata put into a finished file: EXIF and XMP in boxes of their own before the codestream, a colour profile in the
//! place of the colour space that is named.

use super::{EXIF, XMP};
use crate::error::{Error, Result};
use crate::plugins::image::embed::{Embedded, box_at, put_box};

/// The file with metadata.
pub fn embed(file: Vec<u8>, metadata: &Embedded) -> Result<Vec<u8>> {
    if metadata.exif.is_empty() && metadata.xmp.is_empty() && metadata.icc.is_empty() {
        return Ok(file);
    }
    let more = metadata.exif.len() + metadata.xmp.len() + metadata.icc.len() + 100;
    let mut out = Vec::with_capacity(file.len() + more);
    let mut at = 0;
    while let Some(found) = box_at(&file, at).filter(|_| at < file.len()) {
        let whole = file.get(found.start..found.end).unwrap_or_default();
        match &found.kind {
            b"jp2h" if !metadata.icc.is_empty() => {
                let header = file.get(found.content..found.end).unwrap_or_default();
                put_box(&mut out, b"jp2h", &[&with_profile(header, metadata.icc)]);
            }
            b"jp2c" => {
                for (id, content) in [(EXIF, metadata.exif), (XMP, metadata.xmp)] {
                    if !content.is_empty() {
                        put_box(&mut out, b"uuid", &[id, content]);
                    }
                }
                out.extend(whole);
            }
            _ => out.extend(whole),
        }
        at = found.end;
    }
    if at != file.len() {
        return Err(Error::internal("the encoder's file has no boxes"));
    }
    Ok(out)
}

/// The content of the header box, its colour specification a profile.
fn with_profile(header: &[u8], icc: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + icc.len());
    let mut at = 0;
    while let Some(found) = box_at(header, at).filter(|_| at < header.len()) {
        match &found.kind {
            // Method 2: a profile, with neither precedence nor approximation.
            b"colr" => put_box(&mut out, b"colr", &[&[2, 0, 0], icc]),
            _ => out.extend(header.get(found.start..found.end).unwrap_or_default()),
        }
        at = found.end;
    }
    out
}
