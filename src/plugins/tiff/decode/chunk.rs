//! One strip or tile: from its bytes in the file to rows of samples in native order.

use super::super::form::{Bits, Form};
use super::super::ifd::Tiff;
use super::super::tags::compression;
use super::chroma::Chroma;
use super::codec::Codecs;
use super::jobs::Loaded;
use super::plan::Window;
use super::unpack;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Limits, byte_len};
use crate::plugin::Outcome;
use crate::resource::Source;
use std::ops::Range;

mod stored;

/// A chunk may be this much larger than the page that it is of, or 16 times as large.
const MOST_SURPLUS: usize = 64 << 20;

/// Memory and decoders that one thread uses again for each chunk.
pub struct Scratch {
    limits: Limits,
    partial: bool,
    /// The file ends within the chunk.
    cut: bool,
    /// Bytes as stored.
    encoded: Vec<u8>,
    /// A chunk before it is unpacked.
    packed: Vec<u8>,
    /// A chunk that does not lie in the destination as a whole.
    chunk: Vec<u8>,
    codecs: Codecs,
}

/// The rows of a chunk that are decoded, and its whole width.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Planes of depth.
    pub depth: usize,
    /// Rows of each.
    pub rows: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Samples of a pixel.
    pub samples: usize,
}

impl Extent {
    /// Samples of a row.
    pub fn row(&self) -> usize {
        self.width * self.samples
    }

    /// Rows in all planes.
    pub fn all_rows(&self) -> usize {
        self.depth * self.rows
    }
}

impl Scratch {
    /// Empty scratch memory.
    pub fn new(limits: Limits, partial: bool) -> Scratch {
        Scratch {
            limits,
            partial,
            cut: false,
            encoded: Vec::new(),
            packed: Vec::new(),
            chunk: Vec::new(),
            codecs: Codecs::new(limits),
        }
    }

    /// Whether an error leaves pixels out instead of ending the read.
    fn forgives(&self, error: &Error) -> bool {
        self.partial && error.kind() == ErrorKind::Corrupt
    }

    /// Rows of uncompressed samples that lie in the file as they are: `stored` bytes each, of which the columns `x`
    /// are wanted.
    #[allow(clippy::too_many_arguments)]
    pub fn read_plain(
        &mut self,
        tiff: &Tiff,
        at: u64,
        stored: usize,
        x: &Range<usize>,
        form: &Form,
        dtype: DType,
        out: &mut [u8],
    ) -> Result<Outcome> {
        let pixel = form.chunk_samples() * dtype.size();
        let bytes = x.len() * pixel;
        let mut missing = false;
        if bytes == stored {
            missing |= !fill(&tiff.source, at, out)?;
        } else {
            for (y, row) in out.chunks_exact_mut(bytes.max(1)).enumerate() {
                let at = at + (y * stored + x.start * pixel) as u64;
                missing |= !fill(&tiff.source, at, row)?;
            }
        }
        unpack::to_native(out, dtype, tiff.layout.big_endian);
        match missing {
            false => Ok(Outcome::Complete),
            true if self.partial => Ok(Outcome::Partial),
            true => Err(Error::corrupt("the data ends too early").at(at)),
        }
    }
}

/// Whether the rows of each plane lie in the file one behind the other just as they are wanted, so that any of them can be
/// read alone.
pub fn is_run(page: &Loaded, dtype: DType, planes: Range<usize>, window: &Window) -> bool {
    let decoder = Decoder::new(page, dtype, &Limits { max_pixels: None, max_bytes: None });
    decoder.is_ok_and(|decoder| { planes }.all(|i| decoder.contiguous(&(i..i + 1), window).is_some()))
}

/// Fills a buffer from the file; what is behind the end of the file is zero, and makes this false.
fn fill(source: &Source, at: u64, out: &mut [u8]) -> Result<bool> {
    let read = source.read_up_to(out, at)?;
    out[read..].fill(0);
    Ok(read == out.len())
}

/// A buffer of this length whose content does not matter.
pub fn sized<'a>(buffer: &'a mut Vec<u8>, len: usize, limits: &Limits) -> Result<&'a mut [u8]> {
    if buffer.len() < len {
        *buffer = Vec::new();
        *buffer = limits.allocate(len)?;
    }
    Ok(&mut buffer[..len])
}

/// Where a chunk is: its place in the tables, and the first sample of it in the page.
struct Place {
    index: usize,
    /// First row and column.
    y: usize,
    x: usize,
}

/// The chunks that hold a part of the window, in these planes (of samples, each with its depth).
fn places<'a>(form: &'a Form, planes: &'a Range<usize>, window: &'a Window) -> impl Iterator<Item = Place> + 'a {
    let (depth, length, width) = form.chunk();
    let (_, parts, rows, columns) = form.chunks();
    let sample = planes.start / form.depth.max(1);
    let z = planes.start % form.depth.max(1) / depth.max(1);
    let down = window.y.start / length.max(1)..window.y.end.div_ceil(length.max(1)).min(rows);
    let across = window.x.start / width.max(1)..window.x.end.div_ceil(width.max(1)).min(columns);
    down.flat_map(move |r| {
        across.clone().map(move |c| {
            let index = ((sample * parts + z) * rows + r) * columns + c;
            Place { index, y: r * length, x: c * width }
        })
    })
}

/// Decodes the window of these planes of a page into packed rows. The planes are one, or those of one row of deep tiles.
pub fn decode_rows(
    page: &Loaded,
    dtype: DType,
    planes: Range<usize>,
    window: &Window,
    out: &mut [u8],
    scratch: &mut Scratch,
) -> Result<Outcome> {
    let form = &page.page.form;
    let decoder = Decoder::new(page, dtype, &scratch.limits)?;
    let pixel = form.chunk_samples() * dtype.size();
    let row_bytes = window.x.len() * pixel;
    let mut outcome = Outcome::Complete;
    if let Some(at) = decoder.contiguous(&planes, window) {
        let stored = form.width * pixel;
        return scratch.read_plain(page.tiff, at, stored, &window.x, form, dtype, out);
    }
    // Chunks behind the end of the list are not stored. There may be as many as pixels, with nothing to look at.
    if places(form, &planes, window).next().is_some_and(|first| first.index >= page.chunks.offsets.len()) {
        unpack::repeat(&decoder.nodata, out);
        return Ok(Outcome::Complete);
    }
    for place in places(form, &planes, window) {
        let (depth, length, width) = form.chunk();
        let y = place.y.max(window.y.start)..(place.y + length).min(window.y.end);
        let x = place.x.max(window.x.start)..(place.x + width).min(window.x.end);
        let deep = planes.len();
        // A chunk is decoded from its first row to the last that is wanted; a deep one whole, for its planes follow
        // each other.
        let rows = if depth > 1 { length } else { y.end - place.y };
        let extent = Extent { depth, rows, width, samples: form.chunk_samples() };
        let is_direct = depth == 1 && y.start == place.y && width * pixel == row_bytes && x.len() == width;
        let from = (y.start - window.y.start) * row_bytes;
        let done = if is_direct {
            let rows = out.get_mut(from..from + y.len() * row_bytes);
            let rows = rows.ok_or_else(|| Error::internal("a chunk outside of its unit"))?;
            decoder.decode(&place, extent, rows, scratch)
        } else {
            let len = byte_len(&[extent.depth, extent.rows, extent.width, extent.samples], dtype)?;
            let mut cut = |chunk: &[u8]| {
                for z in 0..deep {
                    for row in y.clone() {
                        let to = ((z * window.y.len() + row - window.y.start) * window.x.len() + x.start
                            - window.x.start)
                            * pixel;
                        let from = ((z * extent.rows + row - place.y) * width + x.start - place.x) * pixel;
                        out[to..to + x.len() * pixel].copy_from_slice(&chunk[from..from + x.len() * pixel]);
                    }
                }
            };
            if let Some(chunk) = decoder.in_memory(&place, len) {
                cut(chunk);
                continue;
            }
            let mut chunk = std::mem::take(&mut scratch.chunk);
            let done = sized(&mut chunk, len, &scratch.limits).and_then(|chunk| {
                let done = decoder.decode(&place, extent, chunk, scratch);
                cut(chunk);
                done
            });
            scratch.chunk = chunk;
            done
        };
        match done {
            Ok(Outcome::Complete) => {}
            Ok(Outcome::Partial) => outcome = Outcome::Partial,
            Err(e) => return Err(e.context(format_args!("chunk {}", place.index))),
        }
    }
    Ok(outcome)
}

/// How the chroma of a page is spread over its pixels, where it has less of it than pixels.
fn chroma(page: &Loaded) -> Result<Option<Chroma>> {
    let form = &page.page.form;
    let Some(block) = form.shared_chroma() else { return Ok(None) };
    if form.bits != Bits::Each(8) || form.samples != 3 || form.planar || form.depth > 1 || form.predictor != 1 {
        return Err(Error::unsupported("chroma for blocks of pixels, but of samples that are not three chunky bytes"));
    }
    Chroma::of(page.tiff, &page.page.directory, block).map(Some)
}

/// What decoding the chunks of a page needs to know.
struct Decoder<'a> {
    page: &'a Loaded<'a>,
    form: &'a Form,
    dtype: DType,
    /// The fill value of chunks that are not stored, of the size of a sample.
    nodata: Vec<u8>,
    unpacking: unpack::Unpacking,
    /// How pixels become colours that share their chroma with others.
    chroma: Option<Chroma>,
}

impl<'a> Decoder<'a> {
    fn new(page: &'a Loaded<'a>, dtype: DType, limits: &Limits) -> Result<Decoder<'a>> {
        let form = &page.page.form;
        let (depth, length, width) = form.chunk();
        if length == 0 || width == 0 {
            return Err(Error::corrupt("chunks without a row or column"));
        }
        let bytes = byte_len(&[depth, length, width, form.chunk_samples()], dtype)?;
        let all = byte_len(&form.shape(), dtype)?;
        if bytes > MOST_SURPLUS.max(all.saturating_mul(16)) {
            return Err(Error::limit(format!("a chunk of {bytes} bytes for a page of {all}")));
        }
        limits.check_bytes(bytes.min(all))?;
        Ok(Decoder {
            page,
            form,
            dtype,
            nodata: unpack::nodata(page.tiff, &page.page.directory, dtype),
            unpacking: unpack::Unpacking::of(form, dtype)?,
            chroma: chroma(page)?,
        })
    }

    /// Whether samples lie in a chunk as they are wanted, but for their byte order.
    fn is_plain(&self) -> bool {
        self.unpacking.is_plain() && self.chroma.is_none()
    }

    /// Whether samples lie in the file just as they are wanted, but for their byte order.
    fn is_as_stored(&self) -> bool {
        let form = self.form;
        form.compression == compression::NONE && form.predictor == 1 && !form.reversed_bits && self.is_plain()
    }

    /// The first bytes of a chunk, if they are in memory just as they are wanted.
    fn in_memory(&self, place: &Place, len: usize) -> Option<&'a [u8]> {
        let tiff = self.page.tiff;
        let is_native = self.dtype.size() == 1 || tiff.layout.big_endian == cfg!(target_endian = "big");
        if !is_native || !self.is_as_stored() {
            return None;
        }
        let offset = self.page.chunks.offsets.get(place.index).copied().filter(|&offset| offset != 0)?;
        let all = tiff.source.as_slice()?;
        let is_whole = self.stored(place.index, offset).is_ok_and(|count| count >= len as u64);
        all.get(usize::try_from(offset).ok().filter(|_| is_whole)?..)?.get(..len)
    }

    /// Where the rows of the window are, if they lie in the file one behind the other just as they are wanted.
    fn contiguous(&self, planes: &Range<usize>, window: &Window) -> Option<u64> {
        let form = self.form;
        let (depth, length, width) = form.chunk();
        if !self.is_as_stored() || depth != 1 || width != form.width {
            return None;
        }
        let row = (width * form.chunk_samples() * self.dtype.size()) as u64;
        let mut at = None;
        let mut next = None;
        for place in places(form, planes, window) {
            let offset = self.page.chunks.offsets.get(place.index).copied().filter(|&offset| offset != 0)?;
            let rows = length.min(window.y.end - place.y) as u64;
            let count = self.stored(place.index, offset).ok()?;
            if next.is_some_and(|next| next != offset) || count < rows.checked_mul(row)? {
                return None;
            }
            if at.is_none() {
                let skipped = (window.y.start - place.y) as u64;
                at = Some(offset.checked_add(skipped.checked_mul(row)?)?);
            }
            next = Some(offset.checked_add((length as u64).checked_mul(row)?)?);
        }
        at
    }

    /// Decodes the first rows of a chunk into memory of just their size.
    fn decode(&self, place: &Place, extent: Extent, out: &mut [u8], scratch: &mut Scratch) -> Result<Outcome> {
        let chunks = &self.page.chunks;
        let offset = chunks.offsets.get(place.index).copied().unwrap_or(0);
        let count = self.stored(place.index, offset)?;
        if offset == 0 || count == 0 {
            unpack::repeat(&self.nodata, out);
            return Ok(Outcome::Complete);
        }
        // First as if nothing were forgiven, so that what is called whole does not depend on that.
        let partial = std::mem::replace(&mut scratch.partial, false);
        let strict = self.decode_stored(place, offset, count, extent, out, scratch);
        scratch.partial = partial;
        let got = match strict {
            Ok(got) if got >= out.len() => return Ok(Outcome::Complete),
            Ok(got) => got,
            Err(e) if scratch.forgives(&e) => match self.decode_stored(place, offset, count, extent, out, scratch) {
                Ok(got) => got.min(out.len()),
                Err(e) if scratch.forgives(&e) => 0,
                Err(e) => return Err(e),
            },
            Err(e) => return Err(e),
        };
        if scratch.partial {
            unpack::repeat(&self.nodata, &mut out[got..]);
            return Ok(Outcome::Partial);
        }
        Err(Error::corrupt(format!("the data ends too early: {got} of {} bytes", out.len())).at(offset))
    }

    /// Bytes of a chunk in the file. Where the file does not say, as many as uncompressed pixels take, or all to its end.
    fn stored(&self, index: usize, offset: u64) -> Result<u64> {
        if let Some(&count) = self.page.chunks.counts.get(index)
            && (count != 0 || !matches!(self.form.compression, 2..=4))
        {
            return Ok(count);
        }
        let len = self.page.tiff.len().unwrap_or(u64::MAX);
        Ok(len.saturating_sub(offset))
    }
}
