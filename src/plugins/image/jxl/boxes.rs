//! The boxes of a container that hold metadata.

use crate::error::{Error, Result};
use crate::model::MAX_METADATA;

/// What was found.
#[derive(Default)]
pub struct Found<'a> {
    /// The block of EXIF, from its TIFF header on.
    pub exif: Option<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
}

fn be<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The first box of each kind. Those that are compressed are left out.
pub fn find(all: &[u8]) -> Result<Found<'_>> {
    let mut found = Found::default();
    if all.starts_with(&[0xff, 0x0a]) {
        return Ok(found);
    }
    let mut at = 0;
    while let (Some(size), Some(kind)) = (be::<4>(all, at).map(u32::from_be_bytes), be::<4>(all, at + 4)) {
        let (head, size) = match size {
            0 => (8, (all.len() - at) as u64),
            1 => (16, be::<8>(all, at + 8).map_or(0, u64::from_be_bytes)),
            n => (8, n.into()),
        };
        let end = usize::try_from(size).ok().and_then(|n| at.checked_add(n)).filter(|&end| end >= at + head);
        let Some(end) = end else { break };
        let content = all.get(at + head..end.min(all.len())).unwrap_or_default();
        match &kind {
            // Before the block stands where in it the TIFF header is.
            b"Exif" if found.exif.is_none() => {
                let from = be::<4>(content, 0).map_or(0, u32::from_be_bytes) as usize;
                found.exif = content.get(4..).and_then(|block| block.get(from..)).filter(|block| !block.is_empty());
            }
            b"xml " if found.xmp.is_none() => found.xmp = Some(content),
            _ => {}
        }
        if found.exif.map_or(0, <[u8]>::len) + found.xmp.map_or(0, <[u8]>::len) > MAX_METADATA {
            return Err(Error::limit(format!("metadata over the limit of {MAX_METADATA} bytes")));
        }
        at = end;
    }
    Ok(found)
}
