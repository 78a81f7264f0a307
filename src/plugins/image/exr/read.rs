//! Reading an image: its chunks one after another, each to its place.

use super::chroma::Planes;
use super::chunk::{Block, Scratch, decompress, rows};
use super::header::{Header, Part, Sample};
use super::images::Image;
use super::pixels;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Destination, Dict, Props};
use crate::plugin::{Call, Outcome, parallel};
use crate::plugins::image::{info, stills::Still};
use crate::resource::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// How the image is divided into chunks. Those that lie side by side are a band: one, or a row of tiles.
struct Grid {
    /// Rows of a band, of which the last may have fewer.
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
        let is_thin = |(i, every)| every != (1, 1) && !(self.image.has_chroma && (i == 1 || i == 2));
        let found = self.image.channels(part).enumerate().find(|(i, c)| is_thin((*i, c.every)));
        if let Some((_, channel)) = found {
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
        if self.image.has_chroma {
            return decoder.with_chroma(call, to);
        }
        let (bands, height) = (decoder.grid.bands, part.window.height);
        let pitch = decoder.pitch()?;
        let (is_partial, may_lack) = (AtomicBool::new(false), call.bool("allow_partial"));
        // Makes the rows of a band; damage is zeros, if the caller can do without.
        let make = |work: &mut Work, number: usize, rows: &mut [u8]| match decoder.band(number, work, rows) {
            Err(e) if e.kind() == ErrorKind::Corrupt && may_lack => {
                is_partial.store(true, Ordering::Relaxed);
                Ok(())
            }
            done => done.map_err(|e| e.context(format_args!("after {} of {height} rows", number * decoder.grid.rows))),
        };
        if let Some(image) = to.direct(&[]) {
            let jobs = image.chunks_mut(pitch * decoder.grid.rows).enumerate();
            let threads = if self.source.any_thread() { call.threads() } else { 1 };
            let make = |work: &mut Work, (number, rows): (usize, &mut [u8])| make(work, number, rows);
            parallel(call, threads, bands, jobs, || Ok(Work::default()), make)?;
        } else {
            let mut work = Work::default();
            let mut band = call.limits().allocate(pitch * decoder.grid.rows)?;
            for number in 0..bands {
                call.tick(number as u64, bands as u64)?;
                let top = number * decoder.grid.rows;
                let count = decoder.grid.rows.min(height - top);
                let rows = band.get_mut(..pitch * count).unwrap_or_default();
                make(&mut work, number, rows)?;
                for (y, row) in rows.chunks_exact(pitch).enumerate() {
                    to.put(&[top + y], row)?;
                }
            }
        }
        Ok(if is_partial.into_inner() { Outcome::Partial } else { Outcome::Complete })
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
    scratch: Scratch,
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

    /// Gives an image of luminance and chroma. What is missing is gray.
    fn with_chroma(&self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let window = self.part.window;
        let mut planes = Planes::new(self.part, self.image.channels.len() > 3, call.limits())?;
        let (mut work, mut outcome) = (Work::default(), Outcome::Complete);
        for number in 0..self.grid.bands {
            call.tick(number as u64, self.grid.bands as u64)?;
            let top = number * self.grid.rows;
            let height = self.grid.rows.min(window.height - top);
            let first = i64::from(window.top) + top as i64;
            let block = Block { left: window.left.into(), top: first, width: window.width, height };
            match self.chunk((number, 0, number), block, &mut work) {
                Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => {
                    outcome = Outcome::Partial;
                    continue;
                }
                done => done.map_err(|e| e.context(format_args!("after {top} of {} rows", window.height)))?,
            }
            let mut rest = &work.raw[..];
            for y in 0..height {
                let mut lines = [(&rest[..0], Sample::Half); 4];
                for (i, channel) in self.part.channels.iter().enumerate() {
                    let (line, later) =
                        rest.split_at_checked(block.line(channel, first + y as i64)).unwrap_or((rest, &[]));
                    if let Some(place) = self.image.channels.iter().position(|&own| own == i) {
                        lines[place] = (line, channel.sample);
                    }
                    rest = later;
                }
                planes.take(top + y, lines);
            }
        }
        planes.put(call, to)?;
        Ok(outcome)
    }

    /// Bytes of a row of the image.
    fn pitch(&self) -> Result<usize> {
        let items = self.part.window.width.checked_mul(self.image.channels.len());
        items.and_then(|n| n.checked_mul(4)).ok_or_else(|| Error::limit("rows too long to address"))
    }

    /// Makes the rows of a band; where a chunk is damaged, zeros.
    fn band(&self, number: usize, work: &mut Work, rows: &mut [u8]) -> Result<()> {
        let window = self.part.window;
        let top = number * self.grid.rows;
        let pitch = self.pitch()?;
        let mut done = Ok(());
        for column in 0..self.grid.across {
            let x = column * self.grid.width;
            let block = Block {
                left: i64::from(window.left) + x as i64,
                top: i64::from(window.top) + top as i64,
                width: self.grid.width.min(window.width - x),
                height: self.grid.rows.min(window.height - top),
            };
            match self.chunk((number * self.grid.across + column, column, number), block, work) {
                Ok(()) => self.put(block, x, pitch, &work.raw, rows),
                Err(e) => {
                    self.blank(block, x, pitch, rows);
                    done = done.and(Err(e));
                }
            }
        }
        done
    }

    fn blank(&self, block: Block, x: usize, pitch: usize, rows: &mut [u8]) {
        let (from, length) = (x * self.image.channels.len() * 4, block.width * self.image.channels.len() * 4);
        rows.chunks_exact_mut(pitch).for_each(|row| row.get_mut(from..from + length).unwrap_or_default().fill(0));
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
            let lines: Vec<(usize, usize)> = channels
                .iter()
                .map(|c| {
                    let length = block.line(c, y);
                    at += length;
                    (at - length, length)
                })
                .collect();
            let line =
                |i: &usize| lines.get(*i).and_then(|&(at, length)| rest.get(at..at + length)).unwrap_or_default();
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
