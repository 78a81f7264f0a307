//! The RIFF container: checked integers, and a walk over chunks that never leaves the bytes it was given.
#![forbid(unsafe_code)]

use crate::error::{Error, Result};

pub(crate) const HEADER_LEN: usize = 12;
pub(crate) const CHUNK_HEADER_LEN: usize = 8;

/// RFC 9649 2.3: the largest chunk; the container's own size obeys it too, as libwebp has it.
pub(crate) const MAX_PAYLOAD: u32 = u32::MAX - CHUNK_HEADER_LEN as u32 - 1;

/// The `N` bytes at `at`, or `None` beyond the end.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(|b| u32::from(u16::from_le_bytes(b)))
}

pub(crate) fn u24_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// The inside of a WebP file: its chunks, as far as the bytes go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container<'a> {
    pub body: &'a [u8],
    /// The bytes end before the size that the header announces.
    pub truncated: bool,
}

/// Checks the twelve bytes of the container; bytes after its announced end are left out.
pub(crate) fn open(data: &[u8]) -> Result<Container<'_>> {
    let signed = |at: usize, tag: &[u8]| data.iter().skip(at).zip(tag).all(|(a, b)| a == b);
    if !signed(0, b"RIFF") || !signed(8, b"WEBP") {
        return Err(Error::corrupt("not a WebP file: no RIFF/WEBP signature"));
    }
    let (Some(size), Some(rest)) = (u32_at(data, 4), data.get(HEADER_LEN..)) else {
        return Err(Error::truncated(format!("the file ends in its header, at byte {}", data.len())));
    };
    if !(12..=MAX_PAYLOAD).contains(&size) {
        return Err(Error::corrupt(format!("the container's size is {size}")));
    }
    // `size` counts the "WEBP" that was read above.
    let announced = usize::try_from(size - 4).unwrap_or(usize::MAX);
    Ok(Container { body: rest.get(..announced).unwrap_or(rest), truncated: announced > rest.len() })
}

/// One chunk, or the part of it that is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    pub fourcc: [u8; 4],
    pub payload: &'a [u8],
    /// Whether `payload` is the whole of it.
    pub complete: bool,
    /// Where the chunk's header starts within the bytes walked.
    pub start: usize,
}

impl Chunk<'_> {
    /// Where the payload ends within the bytes walked.
    pub fn end(&self) -> usize {
        self.start + CHUNK_HEADER_LEN + self.payload.len()
    }

    /// The error of a chunk that is too short for what it must hold.
    pub fn too_short(&self) -> Error {
        let name = self.fourcc.escape_ascii();
        if self.complete {
            Error::corrupt(format!("chunk '{name}' has only {} bytes", self.payload.len()))
        } else {
            Error::truncated(format!("the file ends in chunk '{name}'"))
        }
    }
}

/// The chunks of `bytes`, one after the other; a header cut short ends the walk.
pub(crate) fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks { bytes, at: 0 }
}

pub(crate) struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let start = self.at;
        let here = self.bytes.get(start..)?;
        let (fourcc, size) = (array(here, 0)?, u32_at(here, 4)?);
        let rest = here.get(CHUNK_HEADER_LEN..)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let (payload, complete) = match rest.get(..size) {
            Some(payload) => (payload, true),
            None => (rest, false),
        };
        // No overflow: both sums are at most one more than the length of a slice that exists. Payloads of odd length
        // are padded, and a pad byte missing at the very end is no loss.
        self.at = start + CHUNK_HEADER_LEN + payload.len() + (payload.len() & 1);
        Some(Chunk { fourcc, payload, complete, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_ends_at_the_end_whatever_a_size_says() {
        let bytes = [b"ABCD\x03\0\0\0xyz\0".as_slice(), b"EFGH\xff\xff\xff\xffq"].concat();
        let seen: Vec<_> = chunks(&bytes).map(|c| (c.fourcc, c.payload.len(), c.complete)).collect();
        assert_eq!(seen, [(*b"ABCD", 3, true), (*b"EFGH", 1, false)]);
        for cut in 0..bytes.len() {
            assert!(chunks(bytes.get(..cut).expect("a prefix")).count() <= 2);
        }
    }

    #[test]
    fn a_prefix_of_the_signature_is_truncated_and_anything_else_is_not_webp() {
        assert_eq!(open(b"RIFF\x10").expect_err("short").kind, crate::ErrorKind::Truncated);
        assert_eq!(open(b"RIFF\x10\0\0\0WAVE").expect_err("wav").kind, crate::ErrorKind::Corrupt);
    }
}
