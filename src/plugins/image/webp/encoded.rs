//! The encoded bytes of a file, and what can be saved of them when the file ends too early.

use crate::error::Result;
use crate::model::Limits;
use crate::resource::Source;
use std::borrow::Cow;

/// All bytes of a file: the source's own where those are in memory.
pub enum Encoded {
    Kept(Source),
    Read(Vec<u8>),
}

impl Encoded {
    pub fn load(source: &Source, limits: &Limits) -> Result<Encoded> {
        Ok(match source.all(limits)? {
            Cow::Borrowed(_) => Encoded::Kept(source.clone()),
            Cow::Owned(bytes) => Encoded::Read(bytes),
        })
    }
}

impl AsRef<[u8]> for Encoded {
    fn as_ref(&self) -> &[u8] {
        match self {
            Encoded::Kept(source) => source.as_slice().unwrap_or_default(),
            Encoded::Read(bytes) => bytes,
        }
    }
}

const RIFF_HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;

/// Where a file ends too early.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// The name of the chunk in which it ends; `None`: between two chunks, or in the name.
    pub chunk: Option<[u8; 4]>,
    /// Where that chunk begins.
    at: usize,
}

/// Where the file ends too early, if it does.
pub fn cut(file: &[u8]) -> Option<Cut> {
    let announced = number(file, 4)?.saturating_add(CHUNK_HEADER);
    let end = announced.min(file.len());
    let mut at = RIFF_HEADER;
    loop {
        // A chunk of odd length is padded, and without the pad byte of the last one nothing is missing.
        let Some(size) = number(file, at.saturating_add(4)).filter(|_| at.saturating_add(CHUNK_HEADER) <= end) else {
            return (announced > file.len()).then(|| Cut { chunk: None, at: at.min(end) });
        };
        let next = at.saturating_add(CHUNK_HEADER).saturating_add(size);
        if next > end {
            let chunk = file.get(at..).and_then(|rest| rest.first_chunk()).copied();
            return Some(Cut { chunk, at });
        }
        at = next.saturating_add(size & 1);
    }
}

impl Cut {
    /// Whether images may be missing. Metadata stand after the images (RFC 9649, 2.7).
    pub fn loses_images(&self) -> bool {
        !matches!(self.chunk.as_ref(), Some(b"EXIF" | b"XMP "))
    }

    /// The file without the chunk that is cut off: a whole file again.
    pub fn without(&self, file: &[u8], limits: &Limits) -> Result<Vec<u8>> {
        let kept = file.get(..self.at).unwrap_or(file);
        let mut copy = limits.allocate(kept.len())?;
        copy.copy_from_slice(kept);
        // What is shorter than the file that was announced has a length of four bytes too.
        let size = u32::try_from(kept.len().saturating_sub(CHUNK_HEADER)).unwrap_or(u32::MAX);
        if let Some(slot) = copy.get_mut(4..8) {
            slot.copy_from_slice(&size.to_le_bytes());
        }
        Ok(copy)
    }
}

fn number(file: &[u8], at: usize) -> Option<usize> {
    let bytes = file.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}
