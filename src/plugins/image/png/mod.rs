//! PNG and APNG: chunks and metadata here, inflating and unfiltering by the `png` crate.

mod ancillary;
mod bands;
mod chunks;
mod data;
mod encode;
mod fast;
mod meta;
mod palette;
mod passes;
mod pixels;
mod player;
mod rows;
#[cfg(test)]
pub mod tests;
mod write;

use crate::error::{Error, Result};
use crate::model::{Destination, Dict, Index, Props, Value};
use crate::plugin::{Call, Count, Cursor, Outcome, Reader, Writer, has_passed};
use crate::plugins::image::info;
use crate::resource::{Output, Source};
use chunks::Header;
use meta::Walk;
use player::Player;
use rows::Rows;
use std::sync::Arc;

/// Whether a file begins as PNG files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(chunks::SIGNATURE)
}

pub use ancillary::options;

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(&source)?;
    let (rows, indexed) = (Rows::new(&header), Rows::indexed(&header));
    let file = Arc::new(File { source, header: Arc::new(header), rows, indexed });
    Ok(Box::new(PngReader { player: Player::new(file.clone()), raw: None, walk: None, file }))
}

/// Opens a target for writing.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(write::PngWriter::new(output)))
}

/// What the reader of a file and its cursors share.
pub struct File {
    source: Source,
    header: Arc<Header>,
    rows: Rows,
    /// Those of a read that gives the numbers of the palette.
    indexed: Option<Rows>,
}

impl File {
    fn rows(&self, call: &Call) -> &Rows {
        self.indexed.as_ref().filter(|_| call.indices()).unwrap_or(&self.rows)
    }

    fn check(&self, index: usize) -> Result<()> {
        let count = self.header.images();
        if index < count {
            return Ok(());
        }
        Err(Error::index(format!("there is no image {index}, only {count} from 0")))
    }

    /// The metadata of an image, by a walk that is kept for the next.
    fn meta(&self, walk: &mut Option<Walk>, index: usize, of_frame: bool, call: &Call) -> Result<Dict> {
        let mut kept = match walk.take().filter(|walk| !walk.is_beyond(index)) {
            Some(kept) => kept,
            None => Walk::new(&self.source, self.header.clone())?,
        };
        let mut dict = kept.read(index, &self.rows, call)?;
        if let Some(duration) = dict.get("duration").and_then(Value::as_float).filter(|_| of_frame) {
            info::timed(&mut dict, kept.time_s(), duration / 1000.0);
        }
        *walk = Some(kept);
        Ok(dict)
    }
}

/// The image that is meant; of metadata, those of the file are those of its first image.
fn number(index: Index) -> usize {
    match index {
        Index::At(i) => i,
        Index::Default | Index::All => 0,
    }
}

struct PngReader {
    file: Arc<File>,
    player: Player,
    /// One for frames by themselves, made when they are asked for.
    raw: Option<Player>,
    walk: Option<Walk>,
}

impl PngReader {
    /// Whether a read gives frames by themselves.
    fn is_raw(&self, call: &Call) -> bool {
        call.bool("raw_frames") && self.file.header.animation.is_some()
    }

    /// The properties of a frame by itself.
    fn raw_props(&mut self, index: usize, call: &Call) -> Result<Props> {
        let whole = &self.file.rows.props;
        let meta = self.file.meta(&mut self.walk, index, true, call)?;
        let bounds = meta.get("bbox").and_then(Value::as_floats).unwrap_or_default();
        let side = |low: usize, high: usize| Some((bounds.get(high)? - bounds.get(low)?) as usize);
        let size = (side(0, 2).unwrap_or(whole.shape[1]), side(1, 3).unwrap_or(whole.shape[0]));
        Ok(Props { bits: whole.bits, ..Props::pixels(size.0, size.1, whole.dtype, whole.color) })
    }
}

impl Reader for PngReader {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(self.file.header.images()))
    }

    fn default_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(if self.file.header.animation.is_some() { Index::All } else { Index::At(0) })
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.file.check(number(index))?;
        if self.is_raw(call) {
            return self.raw_props(number(index), call);
        }
        Ok(self.file.rows(call).props.clone())
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let index = number(index);
        self.file.check(index)?;
        if self.file.header.animation.is_none() {
            return pixels::read(&self.file.source, &self.file.header, self.file.rows(call), call, to);
        }
        if self.is_raw(call) {
            let file = &self.file;
            return self.raw.get_or_insert_with(|| Player::raw(file.clone())).read_raw(index, call, to);
        }
        self.player.read(index, call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        let of_frame = matches!(index, Index::At(_)) && self.file.header.animation.is_some();
        let index = number(index);
        self.file.check(index)?;
        self.file.meta(&mut self.walk, index, of_frame, call)
    }

    fn cursor(&mut self, call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        if self.file.header.animation.is_none() || self.is_raw(call) {
            return Ok(None);
        }
        let file = self.file.clone();
        Ok(Some(Box::new(PngCursor { player: Player::new(file.clone()), walk: None, next: 0, file })))
    }
}

struct PngCursor {
    file: Arc<File>,
    player: Player,
    walk: Option<Walk>,
    next: usize,
}

impl Cursor for PngCursor {
    fn next_props(&mut self, _call: &Call) -> Result<Option<Props>> {
        Ok((self.next < self.file.header.images()).then(|| self.file.rows.props.clone()))
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.file.check(self.next)?;
        let outcome = self.player.read(self.next, call, to);
        if has_passed(&outcome) {
            self.next += 1;
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let last = self.next.checked_sub(1).ok_or_else(|| Error::index("no image was read yet"))?;
        self.file.meta(&mut self.walk, last, true, call)
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        self.file.check(index)?;
        self.next = index;
        Ok(())
    }
}
