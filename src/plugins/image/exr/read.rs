//! Reading an image: its chunks one after another, each to its place.

use super::chunk::{Block, decompress, rows};
use super::header::{Header, Part, Sample};
use super::images::Image;
use super::pixels;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Destination, Dict, Props};
use crate::plugin::{Call, Outcome};
use crate::plugins::image::{info, stills::Still};
use crate::resource::Source;
use std::sync::Arc;

/// How many times more than a file's bytes can hold a header may promise: compression takes a thousandth at best, the
/// lossy kinds less.
const ABSURD: u128 = 1 << 12;
const ABSURD_LOSSY: u128 = 1 << 18;

/// An image of a file.
pub struct ExrImage {
    pub source: Source,
    pub header: Arc<Header>,
    pub image: Image,
}

/// The chunks that lie side by side: one, or the tiles of a row of tiles.
struct Band {
    /// Its first row, and how many it has.
    top: usize,
    rows: usize,
    /// The number of its first chunk.
    first: usize,
}

/// How the image is divided into chunks.
struct Grid {
    /// Rows of a band.
    rows: usize,
    /// Pixels of a chunk's rows, and chunks side by side.
    width: usize,
    across: usize,
    bands: usize,
}

impl Grid {
    fn of(part: &Part) -> Result<Grid> {
        let none = || Error::unsupported(format!("the compression {}", part.compression));
        let lines = rows(part.compression).ok_or_else(none)?;
        let (width, rows) = part.tile.unwrap_or((part.window.width, lines));
        let (width, rows) = (width.min(part.window.width), rows.min(part.window.height));
        let (across, bands) = (part.window.width.div_ceil(width), part.window.height.div_ceil(rows));
        Ok(Grid { rows, width, across, bands })
    }

    fn chunks(&self) -> u64 {
        (self.across as u64).saturating_mul(self.bands as u64)
    }

    fn band(&self, number: usize, height: usize) -> Band {
        let top = number * self.rows;
        Band { top, rows: self.rows.min(height - top), first: number * self.across }
    }
}

impl ExrImage {
    fn part(&self) -> Result<&Part> {
        self.header.parts.get(self.image.part).ok_or_else(|| Error::internal("the part is not there"))
    }

    /// Refuses what cannot be read, before anyone makes room for it.
    pub fn check(&self) -> Result<()> {
        let part = self.part()?;
        if part.is_deep {
            return Err(Error::unsupported("deep images, whose pixels have lists of samples, are not read"));
        }
        let grid = Grid::of(part)?;
        let partial = self.image.channels(part).enumerate().find(|(i, c)| {
            c.every != (1, 1) && !(self.image.has_chroma && (1..=2).contains(i))
        });
        if let Some((_, channel)) = partial {
            return Err(Error::unsupported(format!("channel {:?} has no sample for every pixel", channel.name)));
        }
        let Some(bytes) = self.source.len().map(|n| n.saturating_sub(part.table_at)) else { return Ok(()) };
        let most = if part.compression >= 6 { ABSURD_LOSSY } else { ABSURD };
        let pixels = part.window.width as u128 * part.window.height as u128;
        if grid.chunks() > bytes / 8 || pixels > u128::from(bytes) * most {
            let (width, height) = (part.window.width, part.window.height);
            return Err(Error::corrupt(format!("{bytes} bytes cannot hold an image of {width} x {height} pixels")));
        }
        Ok(())
    }
}

impl Still for ExrImage {
    fn props(&mut self, _call: &Call) -> Result<Props> {
        Ok(self.image.props(self.part()?))
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let part = self.part()?;
        let decoder = Decoder::new(self, part, call)?;
        let mut outcome = Outcome::Complete;
        let mut work = Work::default();
        for number in 0..decoder.grid.bands {
            call.tick(number as u64, decoder.grid.bands as u64)?;
            let band = decoder.grid.band(number, part.window.height);
            match decoder.band(&band, &mut work) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => outcome = Outcome::Partial,
                Err(e) => return Err(e.context(format_args!("after {} of {} rows", band.top, part.window.height))),
            }
            let length = work.band.len() / band.rows;
            info::fill_rows(to, band.top..band.top + band.rows, |y, row| {
                let from = (y - band.top) * length;
                row.copy_from_slice(work.band.get(from..from + length).unwrap_or_default());
                Ok(())
            })?;
        }
        Ok(outcome)
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        let part = self.part()?;
        let meta = self.image.meta(part);
        Ok(info::finish(meta, self.image.mode(), part.window.width, part.window.height))
    }
}

/// Memory that the chunks of an image take in turn.
#[derive(Default)]
struct Work {
    stored: Vec<u8>,
    raw: Vec<u8>,
    scratch: Vec<u8>,
    /// The rows of a band.
    band: Vec<u8>,
}

/// What the chunks of an image have in common.
struct Decoder<'a> {
    source: &'a Source,
    header: &'a Header,
    part: &'a Part,
    image: &'a Image,
    dtype: DType,
    grid: Grid,
    /// Where each chunk is.
    table: Vec<u8>,
}

impl<'a> Decoder<'a> {
    fn new(image: &'a ExrImage, part: &'a Part, call: &Call) -> Result<Decoder<'a>> {
        let grid = Grid::of(part)?;
        let largest = Block { left: 0, top: 0, width: grid.width, height: grid.rows }.size(&part.channels)?;
        call.limits().check_bytes(largest).map_err(|e| e.context("a chunk"))?;
        let length = usize::try_from(grid.chunks()).ok().and_then(|n| n.checked_mul(8));
        let mut table = call.limits().allocate(length.ok_or_else(|| Error::corrupt("too many chunks"))?)?;
        image.source.read_exact_at(&mut table, part.table_at)?;
        let dtype = image.image.props(part).dtype;
        Ok(Decoder { source: &image.source, header: &image.header, part, image: &image.image, dtype, grid, table })
    }

    /// Makes the rows of a band; where a chunk is damaged, zeros.
    fn band(&self, band: &Band, work: &mut Work) -> Result<()> {
        let window = self.part.window;
        let samples = self.image.channels.len();
        let pitch = window.width * samples * 4;
        work.band.clear();
        work.band.resize(pitch * band.rows, 0);
        let mut done = Ok(());
        for column in 0..self.grid.across {
            let x = column * self.grid.width;
            let block = Block {
                left: i64::from(window.left) + x as i64,
                top: i64::from(window.top) + band.top as i64,
                width: self.grid.width.min(window.width - x),
                height: band.rows,
            };
            let place = (band.first + column, column, band.top / self.grid.rows);
            match self.chunk(place, block, work) {
                Ok(()) => self.put(block, x, pitch, &work.raw, &mut work.band),
                Err(e) => done = done.and(Err(e)),
            }
        }
        done
    }

    /// Finds a chunk and undoes its compression.
    fn chunk(&self, (number, column, row): (usize, usize, usize), block: Block, work: &mut Work) -> Result<()> {
        let at = self.table.as_chunks::<8>().0.get(number).map_or(0, |&b| u64::from_le_bytes(b));
        if at == 0 {
            return Err(Error::corrupt(format!("chunk {number} is missing")));
        }
        let fields = usize::from(self.header.is_multipart) + if self.part.tile.is_some() { 5 } else { 2 };
        let mut head = [0u8; 24];
        let head = head.get_mut(..fields * 4).ok_or_else(|| Error::internal("the head of a chunk is longer"))?;
        self.source.read_exact_at(head, at)?;
        let mut fields = head.as_chunks::<4>().0.iter().map(|&b| i64::from(i32::from_le_bytes(b)));
        let mut expect = |wanted: i64| fields.next() == Some(wanted);
        let is_it = (!self.header.is_multipart || expect(self.image.part as i64))
            && match self.part.tile {
                Some(_) => expect(column as i64) && expect(row as i64) && expect(0) && expect(0),
                None => expect(block.top),
            };
        let size = fields.next().and_then(|n| usize::try_from(n).ok());
        let Some(size) = size.filter(|_| is_it) else {
            return Err(Error::corrupt(format!("chunk {number} is another than its place says")).at(at));
        };
        let raw = block.size(&self.part.channels)?;
        // Compression that gains nothing is not used; a little more is what some of it takes.
        if size > raw.saturating_mul(2).saturating_add(1 << 16) {
            return Err(Error::corrupt(format!("chunk {number} has {size} bytes for {raw}")).at(at));
        }
        work.raw.resize(raw, 0);
        let at = at + head.len() as u64;
        let stored = match self.source.as_slice() {
            Some(all) => {
                let rest = usize::try_from(at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
                rest.get(..size).ok_or_else(|| Error::corrupt("the data end within a chunk").at(at))?
            }
            None => {
                work.stored.resize(size, 0);
                self.source.read_exact_at(&mut work.stored, at)?;
                &work.stored
            }
        };
        decompress(self.part, block, stored, &mut work.raw, &mut work.scratch).map_err(|e| e.at(at))
    }

    /// Puts the lines of a chunk into the rows of its band, from pixel `x` on.
    fn put(&self, block: Block, x: usize, pitch: usize, raw: &[u8], band: &mut [u8]) {
        let (channels, samples) = (&self.part.channels, self.image.channels.len());
        let mut rest = raw;
        for (y, row) in band.chunks_exact_mut(pitch).enumerate() {
            let y = block.top + y as i64;
            let from = x * samples * 4;
            let row = row.get_mut(from..from + block.width * samples * 4).unwrap_or_default();
            let row = row.as_chunks_mut::<4>().0;
            let mut at = 0;
            let lines: Vec<(usize, usize)> = channels.iter().map(|c| {
                let length = block.line(c, y);
                at += length;
                (at - length, length)
            }).collect();
            let line = |i: &usize| lines.get(*i).and_then(|&(at, length)| rest.get(at..at + length)).unwrap_or_default();
            self.row(row, samples, line);
            rest = rest.get(at..).unwrap_or_default();
        }
    }

    fn row<'b>(&self, row: &mut [[u8; 4]], samples: usize, line: impl Fn(&usize) -> &'b [u8]) {
        let channel = |i: &usize| self.part.channels.get(*i);
        if let [a, b, c] = &self.image.channels[..]
            && [a, b, c].iter().all(|i| channel(i).is_some_and(|c| c.sample == Sample::Half))
        {
            return pixels::three_halves([a, b, c].map(line), row);
        }
        for (place, i) in self.image.channels.iter().enumerate() {
            let to = row.get_mut(place..).unwrap_or_default();
            match (self.dtype, channel(i)) {
                (DType::U32, _) => pixels::uints(line(i), to, samples),
                (_, Some(channel)) => pixels::floats(line(i), channel.sample, to, samples),
                _ => {}
            }
        }
    }
}
