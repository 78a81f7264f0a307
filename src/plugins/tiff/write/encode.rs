//! One chunk through its codec.

use super::settings::{Codec, photometric};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, zeroed};
use inflate::Wrapper;
use jpeg::{EncodeOptions, PixelFormat, Subsampling};
use std::borrow::Cow;

/// A chunk on its way: what a codec of pictures has to know.
pub struct Picture {
    pub rows: usize,
    pub columns: usize,
    /// Samples of a pixel that stand together.
    pub samples: usize,
    pub dtype: DType,
    pub photometric: u16,
    /// Bytes of a stored row.
    pub row: usize,
}

/// Refuses what a codec cannot hold, before anything is written.
pub fn check(codec: Codec, picture: &Picture) -> Result<()> {
    let Picture { samples, dtype, photometric, .. } = *picture;
    let name = photometric::name(photometric);
    let side = picture.rows.max(picture.columns);
    match codec {
        Codec::Jpeg { .. } => {
            if !matches!(dtype, DType::U8 | DType::U16) {
                return Err(Error::shape(format!("JPEG holds samples of uint8, or of uint16 up to 4095, not {dtype}")));
            }
            let whole = matches!((samples, photometric), (1, _) | (3, photometric::RGB) | (4, photometric::SEPARATED));
            if !whole {
                return Err(Error::unsupported(format!(
                    "JPEG in TIFF is written for 1 sample, RGB and CMYK, not for {samples} samples of {name}; \
                     planarconfig=\"separate\" stores each sample for itself"
                )));
            }
            if side > jpeg::MAX_SIDE as usize {
                return Err(Error::unsupported(format!(
                    "JPEG has sides up to {}, not {side}: use tiles",
                    jpeg::MAX_SIDE
                )));
            }
        }
        Codec::WebP { .. } => {
            if dtype != DType::U8 || !matches!((samples, photometric), (3 | 4, photometric::RGB)) {
                return Err(Error::shape(format!(
                    "WebP holds RGB or RGBA of uint8 whose samples stand together, not {samples} samples of {name} {dtype}"
                )));
            }
            if side > 16383 {
                return Err(Error::unsupported(format!("WebP has sides up to 16383, not {side}: use tiles")));
            }
        }
        _ => {}
    }
    Ok(())
}

/// The codec of one thread.
pub struct Encoder {
    codec: Codec,
    deflate: Option<inflate::Compressor>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Encoder {
    pub fn new(codec: Codec) -> Result<Encoder> {
        let mut encoder = Encoder { codec, deflate: None, zstd: None };
        let memory = || Error::new(ErrorKind::OutOfMemory, "no memory for an encoder");
        match codec {
            Codec::Deflate(level) => {
                encoder.deflate = Some(inflate::Compressor::new(level.into()).map_err(|_| memory())?);
            }
            Codec::Zstd(level) => encoder.zstd = Some(zstd::bulk::Compressor::new(level).map_err(|_| memory())?),
            _ => {}
        }
        Ok(encoder)
    }

    /// The bytes of a chunk as they are stored.
    pub fn encode(&mut self, bytes: Cow<[u8]>, picture: &Picture) -> Result<Vec<u8>> {
        match self.codec {
            Codec::None => Ok(bytes.into_owned()),
            Codec::PackBits => Ok(pack_bits(&bytes, picture.row)),
            Codec::Lzw => Ok(lzw::encode(&bytes)),
            Codec::Deflate(_) => self.deflate(&bytes),
            Codec::Zstd(_) => match &mut self.zstd {
                Some(zstd) => zstd.compress(&bytes).map_err(|e| Error::internal(format!("zstd: {e}"))),
                None => Err(Error::internal("no encoder")),
            },
            Codec::Jpeg { quality, subsampling } => encode_jpeg(&bytes, picture, quality, subsampling),
            Codec::WebP { quality, lossless } => encode_webp(&bytes, picture, quality, lossless),
        }
    }

    fn deflate(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let deflate = self.deflate.as_mut().ok_or_else(|| Error::internal("no encoder"))?;
        let mut out = zeroed(deflate.bound(Wrapper::Zlib, bytes.len()))?;
        let len = deflate.compress(Wrapper::Zlib, bytes, &mut out);
        out.truncate(len.ok_or_else(|| Error::internal("deflate: no room for its result"))?);
        Ok(out)
    }
}

fn encode_jpeg(bytes: &[u8], picture: &Picture, quality: u8, subsampling: (u16, u16)) -> Result<Vec<u8>> {
    let format = match picture.samples {
        1 => PixelFormat::Gray,
        3 => PixelFormat::Rgb,
        _ => PixelFormat::Cmyk,
    };
    let subsampling = match (format, subsampling) {
        (PixelFormat::Cmyk, _) | (_, (1, 1)) => Subsampling::S444,
        (_, (2, 1)) => Subsampling::S422,
        (_, (4, 1)) => Subsampling::S411,
        _ => Subsampling::S420,
    };
    let options = EncodeOptions::new(quality, subsampling);
    let (width, height) = (picture.columns as u32, picture.rows as u32);
    let pitch = picture.columns * picture.samples;
    let done = if picture.dtype == DType::U16 {
        let samples: Vec<u16> = bytes.as_chunks().0.iter().map(|&b| u16::from_ne_bytes(b)).collect();
        jpeg::encode_u16(&jpeg::Source { samples: &samples, pitch, width, height, format }, 12, &options)
    } else {
        jpeg::encode_u8(&jpeg::Source { samples: bytes, pitch, width, height, format }, &options)
    };
    done.map_err(|e| match e.kind {
        jpeg::ErrorKind::OutOfMemory => Error::out_of_memory(bytes.len()),
        _ => Error::invalid(format!("JPEG: {e}")),
    })
}

fn encode_webp(bytes: &[u8], picture: &Picture, quality: f32, lossless: bool) -> Result<Vec<u8>> {
    let format = if picture.samples == 4 { webp_codec::Format::Rgba } else { webp_codec::Format::Rgb };
    let options = webp_codec::EncodeOptions { quality, lossless, exact: true, ..webp_codec::EncodeOptions::default() };
    let (width, height) = (picture.columns as u32, picture.rows as u32);
    webp_codec::encode(bytes, picture.columns * picture.samples, width, height, format, &options)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("WebP: {e}")))
}

/// PackBits, row by row as the format asks for: runs of equal bytes, and bytes as they are.
fn pack_bits(bytes: &[u8], row: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    for row in bytes.chunks(row.max(1)) {
        let mut rest = row;
        while !rest.is_empty() {
            let run = rest.iter().take(128).take_while(|&&b| b == rest[0]).count();
            if run > 1 {
                out.extend_from_slice(&[(257 - run) as u8, rest[0]]);
                rest = &rest[run..];
                continue;
            }
            // Two equal bytes among others are not worth an end of the literal run.
            let end = rest.windows(3).take(127).position(|w| w[0] == w[1] && w[1] == w[2]);
            let literal = end.unwrap_or(rest.len().min(128)).max(1);
            out.push((literal - 1) as u8);
            out.extend_from_slice(&rest[..literal]);
            rest = &rest[literal..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(mut bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        while let [n, rest @ ..] = bytes {
            if *n < 128 {
                out.extend_from_slice(&rest[..usize::from(*n) + 1]);
                bytes = &rest[usize::from(*n) + 1..];
            } else {
                out.extend(std::iter::repeat_n(rest[0], 257 - usize::from(*n)));
                bytes = &rest[1..];
            }
        }
        out
    }

    #[test]
    fn packed_bits_come_back() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend([7; 300]);
        bytes.extend([1, 2, 2, 3, 3, 3, 4]);
        assert_eq!(unpack(&pack_bits(&bytes, bytes.len())), bytes);
        assert_eq!(unpack(&pack_bits(&bytes, 10)), bytes);
        assert_eq!(pack_bits(&[5; 128], 128), [129, 5]);
    }
}
