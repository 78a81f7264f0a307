//! Puts a colour profile, Exif and XMP into an encoded file, by rewriting its container only.
#![forbid(unsafe_code)]

use crate::error::{Error, Result};
use crate::header::{FLAG_ALPHA, FLAG_ANIMATION, FLAG_EXIF, FLAG_ICC, FLAG_XMP, Header};
use crate::riff::{self, CHUNK_HEADER_LEN, Chunk, HEADER_LEN, MAX_PAYLOAD};

/// What [`set_metadata`] puts into a file. `None` keeps what the file has, an empty slice removes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The colour profile.
    pub icc: Option<&'a [u8]>,
    /// Exif, beginning at its TIFF header.
    pub exif: Option<&'a [u8]>,
    /// The XMP packet.
    pub xmp: Option<&'a [u8]>,
}

/// A copy of `file` with `metadata` in it. Pixels are not touched, unknown chunks stay.
///
/// # Errors
/// As [`Header::parse`]; `Truncated` if the file is cut off; `InvalidArgument` if the result would pass RIFF's 4 GiB.
pub fn set_metadata(file: &[u8], metadata: &Metadata<'_>) -> Result<Vec<u8>> {
    let header = Header::parse(file)?;
    if header.truncated || header.frame_count == 0 {
        return Err(Error::truncated("the file to add metadata to is cut off"));
    }
    let icc = metadata.icc.or(header.icc).filter(|b| !b.is_empty());
    let exif = metadata.exif.or(header.exif).filter(|b| !b.is_empty());
    let xmp = metadata.xmp.or(header.xmp).filter(|b| !b.is_empty());

    let added: usize = [icc, exif, xmp].iter().flatten().map(|b| b.len().saturating_add(9)).sum();
    let mut out = Vec::new();
    out.try_reserve_exact(file.len().saturating_add(added).saturating_add(18))
        .map_err(|_| Error::memory("no memory for the file with its metadata"))?;
    out.extend_from_slice(b"RIFF\0\0\0\0WEBP");
    push(&mut out, b"VP8X", &vp8x(&header, icc.is_some(), exif.is_some(), xmp.is_some()))?;
    // RFC 9649 2.7: the profile comes before the image, the other two after it.
    push_some(&mut out, b"ICCP", icc)?;
    for chunk in riff::chunks(riff::open(file)?.body).filter(is_kept) {
        push(&mut out, &chunk.fourcc, chunk.payload)?;
    }
    push_some(&mut out, b"EXIF", exif)?;
    push_some(&mut out, b"XMP ", xmp)?;
    seal(out)
}

fn is_kept(chunk: &Chunk<'_>) -> bool {
    chunk.complete && !matches!(&chunk.fourcc, b"VP8X" | b"ICCP" | b"EXIF" | b"XMP ")
}

fn vp8x(header: &Header<'_>, icc: bool, exif: bool, xmp: bool) -> [u8; 10] {
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    let flags = flag(icc, FLAG_ICC)
        | flag(header.has_alpha, FLAG_ALPHA)
        | flag(exif, FLAG_EXIF)
        | flag(xmp, FLAG_XMP)
        | flag(header.animated, FLAG_ANIMATION);
    let [w0, w1, w2, _] = (header.width - 1).to_le_bytes();
    let [h0, h1, h2, _] = (header.height - 1).to_le_bytes();
    [flags, 0, 0, 0, w0, w1, w2, h0, h1, h2]
}

fn push_some(out: &mut Vec<u8>, fourcc: &[u8; 4], payload: Option<&[u8]>) -> Result<()> {
    payload.map_or(Ok(()), |payload| push(out, fourcc, payload))
}

fn push(out: &mut Vec<u8>, fourcc: &[u8; 4], payload: &[u8]) -> Result<()> {
    let size = u32::try_from(payload.len()).ok().filter(|&n| n <= MAX_PAYLOAD).ok_or_else(too_big)?;
    out.try_reserve(payload.len() + CHUNK_HEADER_LEN + 1).map_err(|_| Error::memory("no memory for a chunk"))?;
    out.extend_from_slice(fourcc);
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(payload);
    if payload.len() % 2 == 1 {
        out.push(0);
    }
    Ok(())
}

/// Writes the container's size into its header.
fn seal(mut out: Vec<u8>) -> Result<Vec<u8>> {
    let size = u32::try_from(out.len() - CHUNK_HEADER_LEN).ok().filter(|&n| n <= MAX_PAYLOAD).ok_or_else(too_big)?;
    debug_assert!(out.len() > HEADER_LEN);
    if let Some(slot) = out.get_mut(4..8) {
        slot.copy_from_slice(&size.to_le_bytes());
    }
    Ok(out)
}

fn too_big() -> Error {
    Error::argument("the file with its metadata passes 4 GiB")
}
