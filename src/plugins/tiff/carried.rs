//! What a page's tags say in the words of other formats: a block of EXIF, profile, packet and dots per inch. With them
//! the metadata of a TIFF file go into a JPEG, PNG, WebP …, by the same keys as those of any picture.

use super::ifd::{Directory, Tiff};
use super::meta::resolution;
use super::tags::tag;
use super::write::{exif_block, is_flavoured};
use crate::error::{ErrorKind, Result};
use crate::model::{Dict, List};

/// Adds `exif`, `icc_profile`, `xmp` and `dpi` as far as the tags have them. What is damaged is left out, as tags are.
pub fn add(meta: &mut Dict, tiff: &Tiff, directory: &Directory) -> Result<()> {
    for (key, tag) in [("icc_profile", tag::ICC_PROFILE), ("xmp", tag::XMP)] {
        let Some(entry) = directory.get(tag) else { continue };
        match tiff.bytes(directory, entry) {
            Ok(bytes) if !bytes.is_empty() => meta.set(key, bytes.into_owned()),
            Err(e) if e.kind() != ErrorKind::Corrupt => return Err(e),
            _ => {}
        }
    }
    let description = tiff.text(directory, tag::IMAGE_DESCRIPTION)?.unwrap_or_default();
    match exif_block(tiff, directory, !is_flavoured(description.as_bytes())) {
        Ok(Some(block)) => meta.set("exif", block),
        Err(e) if e.kind() != ErrorKind::Corrupt => return Err(e),
        _ => {}
    }
    let per_inch = match tiff.uint(directory, tag::RESOLUTION_UNIT)? {
        None | Some(2) => 1.0,
        Some(3) => 2.54,
        Some(_) => return Ok(()),
    };
    if let Some((x, y)) = resolution(tiff, directory).filter(|(x, y)| *x > 0.0 && *y > 0.0) {
        meta.set("dpi", [x * per_inch, y * per_inch].into_iter().collect::<List>());
    }
    Ok(())
}
