//! The stored bytes of a chunk: read, decompressed, and made samples of the picture.

use super::super::super::form::Bits;
use super::super::super::tags::{compression, format};
use super::super::{codec, unpack};
use super::{Decoder, Extent, Place, Scratch, sized};
use crate::error::{Error, Result};
use crate::model::{DType, Limits};

impl Decoder<'_> {
    /// Bytes of the samples that were decoded, from the start.
    pub(super) fn decode_stored(
        &self,
        place: &Place,
        offset: u64,
        count: u64,
        extent: Extent,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<usize> {
        let form = self.form;
        let source = &self.page.tiff.source;
        let plain = form.compression == compression::NONE && !form.reversed_bits && self.is_plain();
        if plain {
            let len = usize::try_from(count).unwrap_or(usize::MAX).min(out.len());
            let read = source.read_up_to(&mut out[..len], offset)?;
            scratch.cut = read < len;
            return self.finish(read, place, extent, out, scratch);
        }
        let mut encoded = std::mem::take(&mut scratch.encoded);
        let bytes = self.encoded(offset, count, &mut encoded, extent, &scratch.limits);
        let done = bytes.and_then(|(bytes, cut)| {
            scratch.cut = cut;
            self.decompress(place, bytes, extent, out, scratch)
        });
        scratch.encoded = encoded;
        done
    }

    /// The stored bytes of a chunk, in memory already or read, and whether the file ends before all of them.
    fn encoded<'b>(
        &'b self,
        offset: u64,
        count: u64,
        buffer: &'b mut Vec<u8>,
        extent: Extent,
        limits: &Limits,
    ) -> Result<(&'b [u8], bool)> {
        let tiff = self.page.tiff;
        let cut = || Error::corrupt(format!("{count} bytes of pixels where the file has ended")).at(offset);
        let available = tiff.len().map_or(count, |len| len.saturating_sub(offset).min(count));
        if available == 0 {
            return Err(cut());
        }
        let mut len = usize::try_from(available).map_err(|_| cut())?;
        // No compression makes pixels much larger; what is behind is another's, and would be read again for each of
        // many small chunks that claim it.
        let most = extent.all_rows().saturating_mul(extent.row()).saturating_mul(self.dtype.size());
        len = len.min(most.saturating_mul(4).saturating_add(codec::most_overhead(self.form.compression)));
        let reversed = |bytes: &[u8]| self.form.reversed_bits && codec::takes_reversed(self.form.compression, bytes);
        if let Some(all) = tiff.source.as_slice() {
            let from = usize::try_from(offset).map_err(|_| cut())?;
            let bytes = all.get(from..from + len).ok_or_else(cut)?;
            if !reversed(bytes) {
                return Ok((bytes, available < count));
            }
        }
        let bytes = sized(buffer, len, limits)?;
        let read = tiff.source.read_up_to(bytes, offset)?;
        let is_cut = available < count || read < len;
        let bytes = &mut bytes[..read];
        if reversed(bytes) {
            bytes.iter_mut().for_each(|b| *b = b.reverse_bits());
        }
        Ok((bytes, is_cut))
    }

    fn decompress(
        &self,
        place: &Place,
        bytes: &[u8],
        extent: Extent,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<usize> {
        let form = self.form;
        if codec::is_image(form.compression) {
            let size = (self.form.length - place.y, self.form.width - place.x);
            let (limits, partial) = (scratch.limits, scratch.partial);
            let got = scratch.codecs.image(self.page, bytes, self.dtype, extent, size, &limits, partial, out)?;
            if form.compression == compression::LERC {
                // As libtiff has it, whose encoder takes samples for native that are in the order of the file already.
                unpack::to_native(&mut out[..got], self.dtype, self.page.tiff.layout.big_endian);
            }
            return Ok(got);
        }
        if let Some(chroma) = &self.chroma {
            let len = chroma.packed(extent.width, extent.all_rows())?;
            let mut packed = std::mem::take(&mut scratch.packed);
            let done = sized(&mut packed, len, &scratch.limits).and_then(|packed| {
                let got = scratch.codecs.bytes(self.page, bytes, extent, packed, scratch.partial)?;
                Ok(chroma.unpack(&packed[..got], extent.width, out))
            });
            scratch.packed = packed;
            return done;
        }
        if self.unpacking.is_plain() {
            let got = scratch.codecs.bytes(self.page, bytes, extent, out, scratch.partial)?;
            return self.finish(got, place, extent, out, scratch);
        }
        let row = self.unpacking.packed_row(extent.row())?;
        let len = row.checked_mul(extent.all_rows()).ok_or_else(|| Error::limit("a chunk too large to address"))?;
        let mut packed = std::mem::take(&mut scratch.packed);
        let done = sized(&mut packed, len, &scratch.limits).and_then(|packed| {
            let got = scratch.codecs.bytes(self.page, bytes, extent, packed, scratch.partial)?;
            let rows = got / row.max(1);
            let bytes = extent.row() * self.dtype.size();
            for (packed, out) in packed.chunks_exact(row.max(1)).zip(out.chunks_exact_mut(bytes.max(1))).take(rows) {
                self.unpacking.unpack(packed, out, self.page.tiff.layout.big_endian);
            }
            let got = rows * bytes;
            self.unpredict(extent, &mut out[..got])?;
            Ok(got)
        });
        scratch.packed = packed;
        done
    }

    /// Makes whole samples in the order of the file samples of the picture.
    fn finish(
        &self,
        got: usize,
        place: &Place,
        extent: Extent,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<usize> {
        let got = self.widen(got, place, extent, out, scratch)?;
        let row = extent.row() * self.dtype.size();
        let whole = if self.form.predictor == 1 { got } else { got / row.max(1) * row };
        if !matches!(self.form.predictor, 3 | 34894 | 34895) {
            unpack::to_native(&mut out[..whole], self.dtype, self.page.tiff.layout.big_endian);
        }
        self.unpredict(extent, &mut out[..whole])?;
        Ok(whole)
    }

    /// A tile at the edge that holds only what is in the picture: its rows are moved to where a whole tile has them.
    fn widen(&self, got: usize, place: &Place, extent: Extent, out: &mut [u8], scratch: &mut Scratch) -> Result<usize> {
        let width = (self.form.width - place.x).min(extent.width);
        let rows = (self.form.length - place.y).min(extent.rows);
        let size = extent.samples * self.dtype.size();
        if got >= out.len() || scratch.cut || extent.depth > 1 || self.form.tile.is_none() {
            return Ok(got);
        }
        if got == rows * extent.width * size {
            out[got..].fill(0);
            return Ok(out.len());
        }
        if width == extent.width || got != rows * width * size {
            return Ok(got);
        }
        let narrow = sized(&mut scratch.packed, got, &scratch.limits)?;
        narrow.copy_from_slice(&out[..got]);
        out.fill(0);
        let pairs = out.chunks_exact_mut(extent.width * size).zip(narrow.chunks_exact(width * size));
        for (out, row) in pairs {
            out[..row.len()].copy_from_slice(row);
        }
        Ok(out.len())
    }

    fn unpredict(&self, extent: Extent, out: &mut [u8]) -> Result<()> {
        let row = extent.row() * self.dtype.size();
        let (floating, distance) = match self.form.predictor {
            1 => return Ok(()),
            2 => (false, 1),
            3 => (true, 1),
            34892 => (false, 2),
            34893 => (false, 4),
            34894 => (true, 2),
            34895 => (true, 4),
            other => return Err(Error::unsupported(format!("predictor {other}"))),
        };
        let stride = extent.samples * distance;
        let plain = matches!(self.form.bits, Bits::Each(_)) && self.form.format != format::COMPLEX_INT;
        if !plain || self.dtype == DType::Bool {
            return Err(Error::unsupported("a predictor of samples of such bits"));
        }
        for row in out.chunks_exact_mut(row.max(1)) {
            match floating {
                true => unpack::undo_floating(row, stride, self.dtype)?,
                false => unpack::undo_horizontal(row, stride, self.dtype),
            }
        }
        Ok(())
    }
}
