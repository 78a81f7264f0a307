//! Encoding in bands of rows, each by itself: between two restart markers nothing depends on what was before.

use std::ops::Range;

use crate::encode::{EncodeOptions, Restart, Source, encode_u8};
use crate::error::{Error, ErrorKind, Result};
use crate::parts::gcd;
use crate::segments::{HEIGHT, is_sequential_frame, walk};
use crate::{PixelFormat, Subsampling};

/// An image that is encoded band by band. Joined, the bands are the bytes that [`encode_u8`] makes, however many there are.
pub struct Bands<'a> {
    source: Source<'a, u8>,
    options: EncodeOptions<'a>,
    /// Rows of the least band, and the restart markers in it and behind it.
    rows: u32,
    markers: u32,
}

impl<'a> Bands<'a> {
    /// `None` without restart markers at ends of rows of blocks, and where one part of the data depends on all others: of
    /// progressive and lossless images, those with tables of their own, and arithmetic coding.
    pub fn new(source: &Source<'a, u8>, options: &EncodeOptions<'a>) -> Option<Bands<'a>> {
        let EncodeOptions { progressive, optimize, arithmetic, lossless, restart, .. } = *options;
        if progressive || optimize || arithmetic || lossless.is_some() || source.width == 0 {
            return None;
        }
        let block = match source.format {
            PixelFormat::Gray => (8, 8),
            _ => block_size(options.subsampling),
        };
        let across = source.width.div_ceil(block.0);
        let interval = match restart {
            Restart::None => return None,
            // The format has 16 bits for it.
            Restart::Rows(rows) => across.checked_mul(rows.into())?.min(65535),
            Restart::Blocks(blocks) => blocks.into(),
        };
        if interval == 0 {
            return None;
        }
        let common = across.checked_mul(interval / gcd(across, interval))?;
        let rows = (common / across).checked_mul(block.1)?;
        Some(Bands { source: *source, options: *options, rows, markers: common / interval })
    }

    /// Into how many bands the image can fall.
    pub fn count(&self) -> u32 {
        self.source.height.div_ceil(self.rows)
    }

    /// Encodes these bands together.
    pub fn encode(&self, bands: Range<u32>) -> Result<Band> {
        let Source { samples, pitch, height, .. } = self.source;
        let top = bands.start.saturating_mul(self.rows).min(height);
        let bottom = bands.end.saturating_mul(self.rows).min(height);
        let at = (top as usize).checked_mul(pitch);
        let samples = at.and_then(|at| samples.get(at..)).filter(|_| top < bottom);
        let samples = samples.ok_or_else(|| Error::argument(format!("bands {bands:?} of {}", self.count())))?;
        let source = Source { samples, height: bottom - top, ..self.source };
        // The profile stands once in the file.
        let icc = self.options.icc.filter(|_| top == 0);
        let image = encode_u8(&source, &EncodeOptions { icc, ..self.options })?;
        let mut height_at = None;
        let scan = walk(&image, |marker, at| {
            if is_sequential_frame(marker) {
                height_at = Some(at.start + HEIGHT);
            }
            Some(())
        });
        match (scan, height_at) {
            (Some(scan), Some(height_at)) if image.ends_with(&END) => {
                let mut band = Band { image, scan, height_at };
                band.number(bands.start.wrapping_mul(self.markers));
                Ok(band)
            }
            _ => {
                Err(Error::new(ErrorKind::Unsupported, "the JPEG codec wrote an image of another kind than asked for"))
            }
        }
    }

    /// The image of all bands, in their order.
    pub fn join(&self, bands: Vec<Band>) -> Result<Vec<u8>> {
        let missing = || Error::argument("no bands of a JPEG image");
        let mut bands = bands.into_iter();
        let Band { image: mut out, height_at, .. } = bands.next().ok_or_else(missing)?;
        let height = u16::try_from(self.source.height).map_err(|_| missing())?;
        let place = out.get_mut(height_at..).and_then(|bytes| bytes.first_chunk_mut::<2>());
        *place.ok_or_else(missing)? = height.to_be_bytes();
        let rest = bands.as_slice().iter().map(|band| band.image.len()).fold(0, usize::saturating_add);
        out.try_reserve_exact(rest).map_err(|_| Error::new(ErrorKind::OutOfMemory, "no memory for the JPEG data"))?;
        for band in bands {
            out.truncate(out.len() - END.len());
            // A band that is not the first begins with the marker before it, over the last bytes of its header.
            out.extend_from_slice(&band.image[band.scan - 2..]);
        }
        Ok(out)
    }
}

const END: [u8; 2] = [0xFF, 0xD9];

/// An encoded band.
pub struct Band {
    /// An image of its own.
    image: Vec<u8>,
    /// Where its scan's data begin.
    scan: usize,
    height_at: usize,
}

impl Band {
    /// Has the restart markers count on behind those of the bands before, and the last of those stand before the data.
    fn number(&mut self, before: u32) {
        if before == 0 {
            return;
        }
        let data = &mut self.image[self.scan - 2..];
        data[..2].copy_from_slice(&[0xFF, 0xD0 | (before.wrapping_sub(1) & 7) as u8]);
        let mut at = 2;
        while let Some(found) = data.get(at..).and_then(|rest| memchr::memchr(0xFF, rest)) {
            at += found + 1;
            if let Some(marker @ 0xD0..=0xD7) = data.get_mut(at) {
                *marker = 0xD0 | (*marker & 7).wrapping_add((before & 7) as u8) & 7;
            }
        }
    }
}

/// Columns and rows of the blocks in which an image with this sampling is coded.
fn block_size(subsampling: Subsampling) -> (u32, u32) {
    match subsampling {
        Subsampling::S444 | Subsampling::Gray => (8, 8),
        Subsampling::S422 => (16, 8),
        Subsampling::S420 => (16, 16),
        Subsampling::S440 => (8, 16),
        Subsampling::S411 => (32, 8),
        Subsampling::S441 => (8, 32),
    }
}
