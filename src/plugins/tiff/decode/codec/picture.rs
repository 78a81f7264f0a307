//! Chunks that are a picture of a format of its own.

use super::super::super::tags::{photometric, tag};
use super::super::chunk::Extent;
use super::super::jobs::Loaded;
use super::damaged;
use crate::error::{Error, Result};
use crate::model::{DType, Limits};
use jpeg::{Completeness, Decoder, PixelFormat, Scale, Tolerance};
use std::borrow::Cow;

/// Where a picture goes.
pub struct Target<'a> {
    pub dtype: DType,
    /// The rows that are wanted of a chunk, and its whole width.
    pub extent: Extent,
    /// Rows and columns from the chunk's corner to the end of the page.
    pub size: (usize, usize),
    pub limits: &'a Limits,
    /// Whether a part of the picture is better than nothing.
    pub partial: bool,
}

impl Target<'_> {
    /// Bytes of a pixel.
    fn pixel(&self) -> usize {
        self.extent.samples * self.dtype.size()
    }

    /// Refuses a picture of another kind or width than the chunk: as wide as it is, or as what of it is in the page.
    pub fn check(&self, width: usize, height: usize, samples: usize, dtype: DType) -> Result<()> {
        let Extent { depth, samples: wanted, width: whole, .. } = self.extent;
        if samples != wanted || dtype != self.dtype || depth != 1 {
            let wanted = format!("{wanted} samples of {}", self.dtype);
            return Err(Error::corrupt(format!(
                "a chunk has {samples} samples of {dtype} where the page has {wanted}"
            )));
        }
        if width != whole && width != self.size.1.min(whole) {
            return Err(Error::corrupt(format!("a chunk is {width} pixels wide, not {whole}")));
        }
        if height > self.extent.rows.max(self.size.0).max(1 << 14) {
            return Err(Error::corrupt(format!("a chunk is {height} rows high")));
        }
        Ok(())
    }

    /// Has `decode` fill `height` packed rows of `width` pixels, and brings those that are wanted to their places; the
    /// bytes from the start that there are.
    pub fn place(
        &self,
        width: usize,
        height: usize,
        out: &mut [u8],
        decode: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<usize> {
        let Extent { rows, width: whole, .. } = self.extent;
        let row = width * self.pixel();
        if width == whole && height <= rows {
            let len = height * row;
            decode(&mut out[..len])?;
            // Rows below the page are not in every chunk.
            return Ok(if height >= self.size.0.min(rows) { self.pad(len, out) } else { len });
        }
        let len = row.checked_mul(height).ok_or_else(|| Error::limit("a chunk too large to address"))?;
        let mut picture = self.limits.allocate(len)?;
        decode(&mut picture)?;
        let whole = whole * self.pixel();
        let pairs = out.chunks_exact_mut(whole.max(1)).zip(picture.chunks_exact(row.max(1)));
        let mut there = 0;
        for (out, picture) in pairs {
            out[..row].copy_from_slice(picture);
            out[row..].fill(0);
            there += whole;
        }
        Ok(if height >= self.size.0.min(rows) { self.pad(there, out) } else { there })
    }

    fn pad(&self, from: usize, out: &mut [u8]) -> usize {
        out[from..].fill(0);
        out.len()
    }
}

/// A JPEG picture, complete or with its tables elsewhere. What comes of its colours is what tifffile gives: RGB of
/// YCbCr, and else the components as they are.
pub fn jpeg(page: &Loaded, bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let form = &page.page.form;
    let directory = &page.page.directory;
    let whole = page.chunks.pieces.as_ref().map(|pieces| pieces.file(bytes));
    let bytes = whole.as_deref().unwrap_or(bytes);
    let tables = match directory.get(tag::JPEG_TABLES) {
        Some(entry) => Some(page.tiff.bytes(directory, entry)?),
        None => None,
    };
    let is_jfif = bytes.get(6..10) == Some(b"JFIF");
    let as_stored = match form.photometric {
        photometric::RGB => !is_jfif,
        photometric::YCBCR | photometric::SEPARATED => false,
        other => other > photometric::PALETTE,
    };
    let as_stored = as_stored && form.extra.is_empty() && !form.planar && form.samples == 3;
    let bytes = if as_stored { untransformed(bytes) } else { Cow::Borrowed(bytes) };
    let decoder = match &tables {
        Some(tables) if !tables.is_empty() => Decoder::with_tables(tables, &bytes),
        _ => Decoder::new(&bytes),
    };
    let mut decoder = decoder.map_err(damaged)?;
    let header = *decoder.header();
    let (width, height) = (header.width as usize, header.height as usize);
    let (format, samples) = match (header.components, form.planar) {
        (1, _) | (_, true) => (PixelFormat::Gray, 1),
        // Gray and alpha.
        (2, _) => (PixelFormat::Pairs, 2),
        (3, _) => (PixelFormat::Rgb, 3),
        (4, _) => (PixelFormat::Cmyk, 4),
        (n, _) => return Err(Error::unsupported(format!("JPEG of {n} components"))),
    };
    let dtype = if header.precision <= 8 { DType::U8 } else { DType::U16 };
    target.check(width, height, samples, dtype)?;
    if let Some(most) = target.limits.max_bytes {
        decoder.set_memory_limit(most);
    }
    let tolerance = if target.partial { Tolerance::Partial } else { Tolerance::Corrupt };
    target.place(width, height, out, |rows| {
        let pitch = width * samples;
        // What is damaged may leave rows as they were.
        if target.partial {
            rows.fill(0);
        }
        let done = if dtype == DType::U8 {
            decoder.decode_u8(rows, pitch, format, Scale::Full, tolerance)
        } else {
            // Memory of bytes need not be aligned for samples.
            let mut wide = vec![0u16; target.limits.allocate(rows.len())?.len() / 2];
            let done = decoder.decode_u16(&mut wide, pitch, format, Scale::Full, tolerance);
            rows.copy_from_slice(bytemuck::cast_slice(&wide));
            done
        };
        match done.map_err(damaged)? {
            Completeness::Truncated(what) if !target.partial => Err(Error::corrupt(what)),
            _ => Ok(()),
        }
    })
}

/// The picture with a segment of Adobe's that says that its components are not transformed.
fn untransformed(bytes: &[u8]) -> Cow<'_, [u8]> {
    const ADOBE: &[u8] = b"\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00";
    match bytes.split_at_checked(2) {
        // What the picture says itself comes behind and wins.
        Some((b"\xFF\xD8", rest)) => Cow::Owned([b"\xFF\xD8", ADOBE, rest].concat()),
        _ => Cow::Borrowed(bytes),
    }
}

/// A WebP picture of three or four samples.
pub fn webp(bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let header = webp_codec::Header::parse(bytes).map_err(damaged)?;
    let (width, height) = (header.width as usize, header.height as usize);
    let (format, samples) = match target.extent.samples {
        4 => (webp_codec::Format::Rgba, 4),
        _ => (webp_codec::Format::Rgb, 3),
    };
    target.check(width, height, samples, DType::U8)?;
    target.place(width, height, out, |rows| {
        webp_codec::decode_into(bytes, rows, width * samples, format, false).map_err(damaged)
    })
}

/// A PNG picture.
pub fn png(bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let limits =
        png::Limits { bytes: target.limits.max_bytes.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX) };
    let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let dtype = if depth == png::BitDepth::Sixteen { DType::U16 } else { DType::U8 };
    target.check(width, height, color.samples(), dtype)?;
    target.place(width, height, out, |rows| {
        reader.next_frame(rows).map_err(damaged)?;
        super::super::unpack::to_native(rows, dtype, true);
        Ok(())
    })
}
