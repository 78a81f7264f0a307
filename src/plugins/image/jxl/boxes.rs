//! The boxes of a container that hold metadata.

use crate::error::{Error, Result};
use crate::model::MAX_METADATA;
use crate::plugins::image::embed::box_at;
use std::borrow::Cow;
use std::io::Read;

/// What was found.
#[derive(Default)]
pub struct Found<'a> {
    /// The block of EXIF, from its TIFF header on.
    pub exif: Option<Cow<'a, [u8]>>,
    pub xmp: Option<Cow<'a, [u8]>>,
}

/// The first box of each kind, those that are compressed by Brotli among them.
pub fn find(all: &[u8]) -> Result<Found<'_>> {
    let mut found = Found::default();
    if all.starts_with(&[0xff, 0x0a]) {
        return Ok(found);
    }
    let (mut at, mut total) = (0, 0);
    while let Some(next) = box_at(all, at).filter(|next| next.end > at) {
        let content = all.get(next.content..next.end).unwrap_or_default();
        let (kind, content) = match &next.kind {
            b"brob" => match content.split_first_chunk::<4>() {
                Some((kind, packed)) if wanted(kind, &found) => (*kind, unpack(packed, MAX_METADATA - total)?),
                _ => (*b"    ", None),
            },
            kind => (*kind, Some(Cow::Borrowed(content))),
        };
        if let Some(content) = content.filter(|_| wanted(&kind, &found)) {
            total += content.len();
            if total > MAX_METADATA {
                return Err(over());
            }
            match &kind {
                b"Exif" => found.exif = block(content),
                _ => found.xmp = Some(content),
            }
        }
        at = next.end;
    }
    Ok(found)
}

fn over() -> Error {
    Error::limit(format!("metadata over the limit of {MAX_METADATA} bytes"))
}

fn wanted(kind: &[u8; 4], found: &Found) -> bool {
    match kind {
        b"Exif" => found.exif.is_none(),
        b"xml " => found.xmp.is_none(),
        _ => false,
    }
}

/// Before the block stands where in it the TIFF header is.
fn block(content: Cow<[u8]>) -> Option<Cow<[u8]>> {
    let from = usize::try_from(u32::from_be_bytes(content.first_chunk().copied()?)).ok()?.checked_add(4)?;
    let block = match content {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(from..)?),
        Cow::Owned(mut bytes) if from <= bytes.len() => {
            bytes.drain(..from);
            Cow::Owned(bytes)
        }
        Cow::Owned(_) => return None,
    };
    Some(block).filter(|block| !block.is_empty())
}

/// What was compressed, if it is whole; an error where it is more than metadata may be.
fn unpack(packed: &[u8], most: usize) -> Result<Option<Cow<'static, [u8]>>> {
    let mut bytes = Vec::new();
    let decoded = brotli_decompressor::Decompressor::new(packed, 4096).take(most as u64 + 1).read_to_end(&mut bytes);
    match decoded {
        Ok(n) if n > most => Err(over()),
        Ok(_) => Ok(Some(Cow::Owned(bytes))),
        // As with a box that is cut off: pixels may be there all the same.
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{find, unpack};
    use crate::error::ErrorKind;

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/data/modern/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn what_expands_beyond_the_limit_is_refused() {
        let file = file("brob.jxl");
        let at = file.windows(8).position(|w| w == b"brobxml ").unwrap() + 8;
        let packed = &file[at..];
        assert_eq!(unpack(packed, 240).unwrap().unwrap().len(), 240);
        assert_eq!(unpack(packed, 239).unwrap_err().kind(), ErrorKind::Limit);
        assert!(unpack(&packed[..packed.len() - 3], 240).unwrap().is_none());
    }

    #[test]
    fn damaged_boxes_end_quietly() {
        for name in ["exif.jxl", "brob.jxl"] {
            let file = file(name);
            let found = find(&file).unwrap();
            assert!(found.exif.is_some() && found.xmp.is_some());
            for at in 0..file.len() {
                let mut hurt = file.clone();
                hurt[at] ^= 0xff;
                let _ = find(&hurt);
                let _ = find(&file[..at]);
            }
        }
    }
}
