//! Pages cut into strips or tiles, and the samples of a chunk as they are stored: padded, in differences, packed to
//! bits, in the file's byte order.

use super::settings::Settings;
use super::stored::Stored;
use crate::error::{Error, Result};
use crate::model::{DType, DTypeKind, View, zeroed};
use std::borrow::Cow;

/// Compressed strips have about so many bytes before compression, as tifffile's.
const STRIP: usize = 256 << 10;

/// The chunks of every page of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Slices, rows and columns of a chunk.
    pub size: [usize; 3],
    /// Chunks along each of these.
    counts: [usize; 3],
    /// Slices, rows and columns of a page.
    page: [usize; 3],
    pub planes: usize,
    /// Tiles are stored whole, strips as far as the page goes.
    pub tiled: bool,
}

/// Where a chunk lies in its page, cut to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    plane: usize,
    from: [usize; 3],
    len: [usize; 3],
}

impl Grid {
    /// The grid of a series; `step` is what rows of a strip have to be a multiple of.
    pub fn new(stored: &Stored, settings: &Settings, row_bytes: usize, compressed: bool, step: usize) -> Grid {
        let page = [stored.depth, stored.length, stored.width];
        let size = match settings.tile.as_deref() {
            Some(&[rows, columns]) => [1, rows, columns],
            Some(&[slices, rows, columns]) => [slices, rows, columns],
            _ => {
                let by_size = if compressed { (STRIP / row_bytes.max(1)).max(1) } else { stored.length };
                let rows = settings.rows_per_strip.unwrap_or(by_size);
                [1, rows.div_ceil(step).saturating_mul(step).min(stored.length), stored.width]
            }
        };
        let counts = [0, 1, 2].map(|i| page[i].div_ceil(size[i]));
        Grid { size, counts, page, planes: stored.separate, tiled: settings.tile.is_some() }
    }

    /// Chunks of a page.
    pub fn len(&self) -> usize {
        self.planes * self.counts.iter().product::<usize>()
    }

    /// Whether every page is one run of its samples as they are.
    pub fn is_whole(&self) -> bool {
        self.counts[2] == 1 && (!self.tiled || self.page == self.size)
    }

    pub fn chunk(&self, i: usize) -> Chunk {
        let [nz, ny, nx] = self.counts;
        let at = [i / nx / ny % nz, i / nx % ny, i % nx];
        let from = [0, 1, 2].map(|a| at[a] * self.size[a]);
        let len = [0, 1, 2].map(|a| self.size[a].min(self.page[a] - from[a]));
        Chunk { plane: i / (nx * ny * nz), from, len }
    }

    /// Slices, rows and columns that are stored of a chunk.
    pub fn kept(&self, chunk: &Chunk) -> [usize; 3] {
        if self.tiled { self.size } else { chunk.len }
    }
}

/// One page of the array: axes [plane,] [slice,] row, column [and samples].
#[derive(Clone, Copy)]
pub struct Page<'a> {
    view: View<'a>,
    has_planes: bool,
    has_slices: bool,
}

impl<'a> Page<'a> {
    /// Page `i` of an array that is stored so.
    pub fn of(view: &View<'a>, stored: &Stored, i: usize) -> Option<Page<'a>> {
        let mut rest = i;
        let mut steps = Vec::with_capacity(stored.leading);
        for &n in view.shape()[..stored.leading].iter().rev() {
            steps.push(rest % n);
            rest /= n;
        }
        let mut page = *view;
        for &at in steps.iter().rev() {
            page = page.at(at)?;
        }
        Some(Page { view: page, has_planes: stored.separate > 1, has_slices: stored.depth > 1 })
    }

    fn cut(&self, chunk: &Chunk) -> Option<View<'a>> {
        let mut view = self.view;
        if self.has_planes {
            view = view.at(chunk.plane)?;
        }
        let mut axis = 0;
        if self.has_slices {
            view = view.cut(0, chunk.from[0], chunk.len[0])?;
            axis = 1;
        }
        view.cut(axis, chunk.from[1], chunk.len[1])?.cut(axis + 1, chunk.from[2], chunk.len[2])
    }
}

/// How samples become bytes.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub dtype: DType,
    /// Samples of a pixel that stand together.
    pub contig: usize,
    /// Bits of a stored sample.
    pub bits: u16,
    /// Whether they are fewer than in memory.
    pub packs: bool,
    pub predictor: u16,
    /// Whether the file's byte order is not the machine's.
    pub swaps: bool,
    /// Whether tiles are filled up with their last pixels instead of zeros, which suits codecs of pictures.
    pub extends: bool,
}

impl Layout {
    /// Bytes of a row of `columns` pixels in memory.
    pub fn row(&self, columns: usize) -> usize {
        columns * self.contig * self.dtype.size()
    }

    /// Bytes of a row of `columns` pixels as it is stored.
    pub fn stored_row(&self, columns: usize) -> usize {
        if self.packs { (columns * self.contig * usize::from(self.bits)).div_ceil(8) } else { self.row(columns) }
    }

    /// Whether the bytes of the caller's array are those of the file.
    pub fn is_plain(&self) -> bool {
        !self.packs && self.predictor == 1 && !(self.swaps && self.word() > 1)
    }

    /// Bytes of a number.
    fn word(&self) -> usize {
        let size = self.dtype.size();
        if self.dtype.kind() == DTypeKind::Complex { size / 2 } else { size }
    }

    /// The samples of a chunk, as its codec takes them; the caller's own where they lie just so.
    pub fn gather<'a>(&self, page: &Page<'a>, grid: &Grid, chunk: &Chunk) -> Result<Cow<'a, [u8]>> {
        let kept = grid.kept(chunk);
        let columns = kept[2];
        let row = self.row(columns);
        let lost = || Error::internal("a chunk lies outside its page");
        let view = page.cut(chunk).ok_or_else(lost)?;
        if let Some(bytes) = view.as_bytes().filter(|_| kept == chunk.len && self.is_plain()) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = zeroed(row * kept[0] * kept[1])?;
        if kept == chunk.len {
            if !view.pack(&mut bytes) {
                return Err(lost());
            }
        } else {
            let mut packed = zeroed(view.layout().packed_len())?;
            view.pack(&mut packed);
            self.place(&packed, chunk.len, &mut bytes, kept);
        }
        self.store(bytes, columns).map(Cow::Owned)
    }

    /// Puts a chunk that is cut off at the edge of its page into a whole one.
    fn place(&self, packed: &[u8], len: [usize; 3], bytes: &mut [u8], kept: [usize; 3]) {
        let pixel = self.row(1);
        let (from, to) = (self.row(len[2]), self.row(kept[2]));
        for (i, row) in packed.chunks_exact(from.max(1)).enumerate() {
            let (slice, y) = (i / len[1], i % len[1]);
            let at = (slice * kept[1] + y) * to;
            bytes[at..at + from].copy_from_slice(row);
            if self.extends {
                for x in len[2]..kept[2] {
                    bytes.copy_within(at + from - pixel..at + from, at + x * pixel);
                }
            }
        }
        if self.extends {
            for y in len[1]..kept[1] {
                let last = (len[1] - 1) * to;
                bytes.copy_within(last..last + to, y * to);
            }
        }
    }

    fn store(&self, mut bytes: Vec<u8>, columns: usize) -> Result<Vec<u8>> {
        let row = self.row(columns);
        if self.dtype == DType::Bool {
            return Ok(bools(&bytes, row));
        }
        if self.packs {
            return self.pack_bits(&bytes, row);
        }
        match self.predictor {
            2 => differences(&mut bytes, row, self.dtype.size(), self.contig),
            3 => {
                float_differences(&mut bytes, row, self.dtype.size(), self.contig);
                return Ok(bytes);
            }
            _ => {}
        }
        self.swap(&mut bytes);
        Ok(bytes)
    }

    /// Puts samples into the file's byte order.
    pub fn swap(&self, bytes: &mut [u8]) {
        match (self.swaps, self.word()) {
            (false, _) | (_, 1) => {}
            (true, 2) => bytes.chunks_exact_mut(2).for_each(|b| b.swap(0, 1)),
            (true, 4) => bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse),
            (true, word) => bytes.chunks_exact_mut(word).for_each(<[u8]>::reverse),
        }
    }

    /// Samples in fewer bits than they have in memory: each row begins with a byte.
    fn pack_bits(&self, bytes: &[u8], row: usize) -> Result<Vec<u8>> {
        let (size, bits) = (self.dtype.size(), u32::from(self.bits));
        let mut out = Vec::with_capacity(bytes.len());
        for samples in bytes.chunks_exact(row) {
            let (mut held, mut count) = (0u64, 0);
            for sample in samples.chunks_exact(size) {
                let value = match *sample {
                    [a] => u64::from(a),
                    [a, b] => u64::from(u16::from_ne_bytes([a, b])),
                    [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
                    _ => 0,
                };
                if value >> bits != 0 {
                    return Err(Error::invalid(format!("sample {value} has more than {bits} bits")));
                }
                held = held << bits | value;
                count += bits;
                while count >= 8 {
                    count -= 8;
                    out.push((held >> count) as u8);
                }
            }
            if count > 0 {
                out.push((held << (8 - count)) as u8);
            }
        }
        Ok(out)
    }
}

/// Truth values as bits, eight to a byte from the highest down; each row begins with a byte.
fn bools(bytes: &[u8], row: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 8 + 1);
    for samples in bytes.chunks_exact(row) {
        for eight in samples.chunks(8) {
            out.push(eight.iter().enumerate().fold(0, |byte, (i, &b)| byte | u8::from(b != 0) << (7 - i)));
        }
    }
    out
}

/// Each sample less the one before it of the same kind, row by row.
fn differences(bytes: &mut [u8], row: usize, size: usize, stride: usize) {
    fn rows<const N: usize>(bytes: &mut [u8], row: usize, stride: usize, less: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
        let mut before = vec![0; row];
        for samples in bytes.chunks_exact_mut(row) {
            before.copy_from_slice(samples);
            let (to, _) = samples[(stride * N).min(row)..].as_chunks_mut::<N>();
            let (from, _) = before.as_chunks::<N>();
            for (to, from) in to.iter_mut().zip(from) {
                *to = less(*to, *from);
            }
        }
    }
    match size {
        1 => rows::<1>(bytes, row, stride, |a, b| [a[0].wrapping_sub(b[0])]),
        2 => rows(bytes, row, stride, |a, b| u16::from_ne_bytes(a).wrapping_sub(u16::from_ne_bytes(b)).to_ne_bytes()),
        4 => rows(bytes, row, stride, |a, b| u32::from_ne_bytes(a).wrapping_sub(u32::from_ne_bytes(b)).to_ne_bytes()),
        _ => rows(bytes, row, stride, |a, b| u64::from_ne_bytes(a).wrapping_sub(u64::from_ne_bytes(b)).to_ne_bytes()),
    }
}

/// The bytes of the numbers of a row, the highest of all first, and then their differences.
fn float_differences(bytes: &mut [u8], row: usize, size: usize, stride: usize) {
    let count = row / size;
    let mut planes = vec![0; row];
    for samples in bytes.chunks_exact_mut(row) {
        for (i, number) in samples.chunks_exact(size).enumerate() {
            for (b, &byte) in number.iter().enumerate() {
                let place = if cfg!(target_endian = "big") { b } else { size - 1 - b };
                planes[place * count + i] = byte;
            }
        }
        samples.copy_from_slice(&planes);
        for (to, from) in samples[stride.min(row)..].iter_mut().zip(&planes) {
            *to = to.wrapping_sub(*from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(page: [usize; 3]) -> Stored {
        let [depth, length, width] = page;
        Stored { leading: 0, frames: 1, separate: 1, depth, length, width, contig: 1, extra: 0, photometric: 1 }
    }

    fn layout(dtype: DType, contig: usize) -> Layout {
        let bits = if dtype == DType::Bool { 1 } else { dtype.size() as u16 * 8 };
        let packs = dtype == DType::Bool;
        Layout { dtype, contig, bits, packs, predictor: 1, swaps: false, extends: false }
    }

    #[test]
    fn strips_end_with_the_page_and_tiles_are_filled_up() {
        let data: Vec<u8> = (0..15).collect();
        let view = View::packed(&data, 1, &[3, 5]).unwrap();
        let stored = stored([1, 3, 5]);
        let page = Page::of(&view, &stored, 0).unwrap();
        let strips = Grid::new(&stored, &Settings { rows_per_strip: Some(2), ..Settings::default() }, 5, false, 1);
        assert_eq!(strips.len(), 2);
        let plain = layout(DType::U8, 1);
        assert_eq!(plain.gather(&page, &strips, &strips.chunk(1)).unwrap().into_owned(), [10, 11, 12, 13, 14]);
        let tiles = Grid::new(&stored, &Settings { tile: Some(vec![2, 4]), ..Settings::default() }, 5, false, 1);
        assert_eq!(tiles.len(), 4);
        assert_eq!(plain.gather(&page, &tiles, &tiles.chunk(1)).unwrap().into_owned(), [4, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(plain.gather(&page, &tiles, &tiles.chunk(2)).unwrap().into_owned(), [10, 11, 12, 13, 0, 0, 0, 0]);
        let extends = Layout { extends: true, ..plain };
        assert_eq!(extends.gather(&page, &tiles, &tiles.chunk(3)).unwrap().into_owned(), [14; 8]);
    }

    #[test]
    fn strips_of_slices_do_not_run_over() {
        let data: Vec<u8> = (0..12).collect();
        let view = View::packed(&data, 1, &[2, 3, 2]).unwrap();
        let stored = stored([2, 3, 2]);
        let page = Page::of(&view, &stored, 0).unwrap();
        let grid = Grid::new(&stored, &Settings { rows_per_strip: Some(2), ..Settings::default() }, 2, false, 1);
        let chunks: Vec<Vec<u8>> = (0..grid.len())
            .map(|i| layout(DType::U8, 1).gather(&page, &grid, &grid.chunk(i)).unwrap().into_owned())
            .collect();
        assert_eq!(chunks, [vec![0, 1, 2, 3], vec![4, 5], vec![6, 7, 8, 9], vec![10, 11]]);
    }

    #[test]
    fn differences_are_between_samples_of_one_kind() {
        let mut bytes = [1, 10, 3, 20, 6, 30, 9, 9, 9, 9, 9, 9];
        differences(&mut bytes, 6, 1, 2);
        assert_eq!(bytes, [1, 10, 2, 10, 3, 10, 9, 9, 0, 0, 0, 0]);
        let mut words: Vec<u8> = [5u16, 3, 300].iter().flat_map(|n| n.to_ne_bytes()).collect();
        differences(&mut words, 6, 2, 1);
        let back: Vec<u16> = words.chunks(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect();
        assert_eq!(back, [5, 65534, 297]);
    }

    #[test]
    fn bits_begin_with_the_highest() {
        assert_eq!(bools(&[1, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 9), [0x81, 0x80, 0, 0]);
        let four = Layout { bits: 4, packs: true, ..layout(DType::U8, 1) };
        assert_eq!(four.pack_bits(&[1, 2, 3, 15, 15, 15], 3).unwrap(), [0x12, 0x30, 0xff, 0xf0]);
        let twelve = Layout { bits: 12, packs: true, ..layout(DType::U16, 1) };
        let samples: Vec<u8> = [0xabcu16, 0x123].iter().flat_map(|n| n.to_ne_bytes()).collect();
        assert_eq!(twelve.pack_bits(&samples, 4).unwrap(), [0xab, 0xc1, 0x23]);
        assert!(four.pack_bits(&[16], 1).is_err());
    }
}
