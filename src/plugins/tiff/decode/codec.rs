//! Compressions: the stored bytes of a chunk to packed samples, or for the codecs of pictures to samples.

use super::super::tags::compression;
use super::chunk::Extent;
use super::plan::Loaded;
use crate::error::{Error, ErrorKind, Result};
use crate::model::DType;

/// The decoders of one thread.
#[derive(Default)]
pub struct Codecs {}

/// Whether the stored bytes are a picture of their own, with samples, byte order and size.
pub fn is_image(code: u16) -> bool {
    use compression::*;
    matches!(
        code,
        OLD_JPEG
            | JPEG
            | ALT_JPEG
            | JPEG_LOSSY
            | JPEG2000
            | APERIO_JP2000_YCBC
            | APERIO_JP2000_RGB
            | JPEG_2000_LOSSY
            | WEBP
            | WEBP_DEPRECATED
            | PNG
            | JPEGXL
            | JPEGXL_DNG
            | JPEGXR
            | JPEGXR_NDPI
    )
}

/// Whether the fill order says how the stored bytes are to be read: pictures of their own have none.
pub fn takes_reversed(code: u16) -> bool {
    !is_image(code)
}

impl Codecs {
    /// Decompresses into packed samples; the bytes that there are, at most those of `out`.
    pub fn bytes(&mut self, page: &Loaded, bytes: &[u8], _extent: Extent, out: &mut [u8]) -> Result<usize> {
        match page.page.form.compression {
            compression::NONE => {
                let len = bytes.len().min(out.len());
                out[..len].copy_from_slice(&bytes[..len]);
                Ok(len)
            }
            compression::PACKBITS => Ok(packbits(bytes, out)),
            other => Err(missing(other)),
        }
    }

    /// Decodes a picture into samples; bytes from the start that are decoded.
    pub fn image(
        &mut self,
        page: &Loaded,
        _bytes: &[u8],
        _dtype: DType,
        _extent: Extent,
        _size: (usize, usize),
        _out: &mut [u8],
    ) -> Result<usize> {
        Err(missing(page.page.form.compression))
    }
}

/// The refusal of a compression that has no decoder here.
fn missing(code: u16) -> Error {
    let name = compression::name(code);
    Error::new(ErrorKind::Unsupported, format!("pixels compressed with {name} (compression {code})"))
}

/// PackBits: runs and literals of up to 128 bytes. The bytes decoded, at most those of `out`.
fn packbits(bytes: &[u8], out: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while to < out.len() {
        let Some(&head) = bytes.get(from) else { break };
        from += 1;
        match head.cast_signed() {
            -128 => {}
            head @ 0.. => {
                let Some(rest) = bytes.get(from..) else { break };
                let len = (head as usize + 1).min(rest.len()).min(out.len() - to);
                out[to..to + len].copy_from_slice(&rest[..len]);
                from += len;
                to += len;
            }
            head => {
                let Some(&byte) = bytes.get(from) else { break };
                let len = (1 - isize::from(head)).unsigned_abs().min(out.len() - to);
                out[to..to + len].fill(byte);
                from += 1;
                to += len;
            }
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_of_the_specification() {
        let packed = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let mut out = [0; 24];
        assert_eq!(packbits(&packed, &mut out), 24);
        let mut wanted = vec![0xAA, 0xAA, 0xAA, 0x80, 0, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0, 0x2A, 0x22];
        wanted.extend([0xAA; 10]);
        assert_eq!(out.as_slice(), wanted);
        assert_eq!(packbits(&packed[..3], &mut out), 3);
    }
}
