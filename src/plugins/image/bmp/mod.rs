//! BMP, and DIB, which is BMP without the file header.

mod header;
pub mod icon;
mod rows;
mod runs;
#[cfg(test)]
mod tests;
mod write;

pub use header::is_dib;
pub use write::{create, create_dib, options};

use super::info;
use super::stills::{Still, Stills};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, List, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;
use header::{Header, Storage};
use rows::Rows;

/// Bytes read at once from a file that is not in memory.
const BLOCK: usize = 256 << 10;

/// Whether a file begins as BMP files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"BM")
}

/// Opens a BMP file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    Bitmap::open(source, true)
}

/// Opens a DIB file for reading.
pub fn open_dib(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    Bitmap::open(source, false)
}

struct Bitmap {
    source: Source,
    header: Header,
    rows: Rows,
    /// Those of a read that gives the numbers of the palette.
    indexed: Option<Rows>,
}

impl Bitmap {
    fn open(source: Source, has_file_header: bool) -> Result<Box<dyn Reader>> {
        let header = Header::read(&source, has_file_header)?;
        let (rows, indexed) = (Rows::new(&header), Rows::indexed(&header));
        Ok(Stills::one(Bitmap { source, header, rows, indexed }))
    }

    fn rows(&self, call: &Call) -> &Rows {
        self.indexed.as_ref().filter(|_| call.indices()).unwrap_or(&self.rows)
    }

    /// Where the `k`th stored row goes.
    fn place(&self, k: usize) -> usize {
        if self.header.top_down { k } else { (self.header.height as usize).saturating_sub(k + 1) }
    }

    /// Expands stored rows, given as they lie, from the `k`th on.
    fn put(&self, stored: &[u8], stride: usize, k: usize, call: &Call, to: &mut Destination) -> Result<()> {
        let (height, rows) = (self.header.height, self.rows(call));
        let mut stored = stored.chunks_exact(stride);
        let mut now = k as u64;
        let places = (k..k + stored.len()).map(|k| self.place(k));
        info::fill_rows(to, call, places, |_, row| {
            call.tick(now, height.into())?;
            now += 1;
            rows.expand(stored.next().unwrap_or_default(), row);
            Ok(())
        })
    }

    /// Reads rows as they lie; how many there were before the data ended.
    fn read_plain(&self, call: &Call, to: &mut Destination) -> Result<usize> {
        let (stride, height) = (self.header.stride(), self.header.height as usize);
        if let Some(all) = self.source.as_slice() {
            let from = usize::try_from(self.header.data_at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
            let rows = (from.len() / stride).min(height);
            self.put(&from[..rows * stride], stride, 0, call, to)?;
            return Ok(rows);
        }
        let at_once = (BLOCK / stride).clamp(1, height);
        let mut block = call.limits().allocate(at_once * stride)?;
        let mut done = 0;
        while done < height {
            let block = &mut block[..at_once.min(height - done) * stride];
            let at = self.header.data_at.saturating_add(done as u64 * stride as u64);
            match self.source.read_exact_at(block, at) {
                Err(e) if e.kind() == ErrorKind::Corrupt && block.len() > stride => {
                    return self.read_last(done, call, to);
                }
                Err(e) if e.kind() == ErrorKind::Corrupt => return Ok(done),
                other => other?,
            }
            self.put(block, stride, done, call, to)?;
            done += block.len() / stride;
        }
        Ok(done)
    }

    /// Reads single rows until the data end.
    fn read_last(&self, mut done: usize, call: &Call, to: &mut Destination) -> Result<usize> {
        let stride = self.header.stride();
        let mut row = call.limits().allocate(stride)?;
        loop {
            let at = self.header.data_at.saturating_add(done as u64 * stride as u64);
            match self.source.read_exact_at(&mut row, at) {
                Err(e) if e.kind() == ErrorKind::Corrupt => return Ok(done),
                other => other?,
            }
            self.put(&row, stride, done, call, to)?;
            done += 1;
        }
    }

    /// Undoes the runs, to a byte a pixel.
    fn read_runs(&self, call: &Call, to: &mut Destination) -> Result<usize> {
        let (width, height) = (self.header.width as usize, self.header.height as usize);
        let size = width.checked_mul(height).ok_or_else(|| Error::limit("the image is too large to address"))?;
        let mut pixels = call.limits().allocate(size)?;
        let all = self.source.all(call.limits())?;
        let from = usize::try_from(self.header.data_at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
        let done = runs::decode(from, width, self.header.bits == 4, &mut pixels) / width;
        self.put(&pixels[..done * width], width, 0, call, to)?;
        Ok(done)
    }
}

impl Still for Bitmap {
    fn props(&mut self, call: &Call) -> Result<Props> {
        Ok(self.rows(call).props.clone())
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let height = self.header.height as usize;
        let done = match self.header.storage {
            Storage::Runs => self.read_runs(call, to)?,
            _ => self.read_plain(call, to)?,
        };
        if done == height {
            return Ok(Outcome::Complete);
        }
        if !call.bool("allow_partial") {
            return Err(Error::corrupt(format!("the data end after {done} of {height} rows")));
        }
        to.zero((done..height).map(|k| self.place(k)))?;
        Ok(Outcome::Partial)
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let header = &self.header;
        let mut meta = Dict::new();
        if header.density != [0; 2] {
            // An inch is taken for 1/39.3701 of a metre, as in Pillow.
            meta.set("dpi", header.density.map(|n| f64::from(n) / 39.3701).into_iter().collect::<List>());
        }
        meta.set("compression", header.compression);
        let mut meta = info::finish(meta, self.rows.mode, header.width as usize, header.height as usize);
        if self.rows.mode == "P" {
            info::add_palette(&mut meta, &header.palette, call)?;
        }
        Ok(meta)
    }
}
