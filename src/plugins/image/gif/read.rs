//! Reading: counts and metadata from the blocks, images from a [`Player`].

use super::blocks::{Frame, Scanner};
use super::player::{Format, Player, has_colours};
use super::raw;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Index, List, Props};
use crate::plugin::{Call, Count, Cursor, Outcome, Reader};
use crate::plugins::image::info;
use crate::resource::Source;

/// Opens for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let mut scanner = Scanner::open(&source)?;
    let first = scanner.peek()?.cloned().ok_or_else(|| Error::corrupt("the file holds no image"))?;
    let format = Format::new(scanner.screen(), &first);
    let player = Player::new(source.clone(), format)?;
    Ok(Box::new(GifReader { source, format, player, raw: None, scanner, frames: None }))
}

/// A file open for reading.
struct GifReader {
    source: Source,
    format: Format,
    player: Player,
    /// One for frames by themselves, made when they are asked for.
    raw: Option<Player>,
    /// A walk for metadata, which need no pixels.
    scanner: Scanner,
    frames: Option<Frames>,
}

/// How many frames the blocks hold.
#[derive(Clone)]
struct Frames {
    whole: usize,
    /// Why there is no telling what comes after them.
    broken: Option<Error>,
}

impl Frames {
    fn count(source: &Source, call: &Call) -> Result<Frames> {
        let mut scanner = Scanner::open(source)?;
        loop {
            match scanner.peek() {
                Ok(Some(_)) => drop(scanner.pass()),
                Ok(None) => return Ok(Frames { whole: scanner.passed(), broken: None }),
                Err(e) if e.kind() == ErrorKind::Corrupt => {
                    return Ok(Frames { whole: scanner.passed(), broken: Some(e) });
                }
                Err(e) => return Err(e),
            }
            call.tick(scanner.passed() as u64, 0)?;
        }
    }

    /// The count, if the file may end where it does.
    fn known(&self, call: &Call) -> Result<usize> {
        match &self.broken {
            Some(e) if !call.bool("allow_partial") => {
                Err(e.clone().context(format_args!("after frame {}", self.whole)))
            }
            _ => Ok(self.whole),
        }
    }

    fn check(&self, index: usize, call: &Call) -> Result<()> {
        if index < self.whole {
            return Ok(());
        }
        let known = self.known(call)?;
        Err(Error::index(format!("image {index} of a file of {known}")))
    }
}

impl GifReader {
    fn frames(&mut self, call: &Call) -> Result<&Frames> {
        if self.frames.is_none() {
            self.frames = Some(Frames::count(&self.source, call)?);
        }
        self.frames.as_ref().ok_or_else(|| Error::internal("a count was lost"))
    }

    /// Whether a read gives the places of colours: of frames by themselves, and of a file of one frame.
    fn is_indexed(&mut self, call: &Call) -> Result<bool> {
        Ok(call.indices() && (call.bool("raw_frames") || self.frames(call)?.whole == 1))
    }

    /// Brings the walk for metadata to a frame.
    fn walk_to(&mut self, index: usize) -> Result<Frame> {
        if index < self.scanner.passed() {
            self.scanner = Scanner::open(&self.source)?;
        }
        loop {
            let Some(frame) = self.scanner.peek()?.cloned() else {
                return Err(Error::index(format!("image {index} of a file of {}", self.scanner.passed())));
            };
            if self.scanner.passed() == index {
                return Ok(frame);
            }
            self.scanner.pass();
        }
    }

    fn image_props(&mut self, index: usize, call: &Call) -> Result<Props> {
        self.check(index, call)?;
        if call.bool("raw_frames") {
            return Ok(raw::props(&self.walk_to(index)?, call));
        }
        Ok(if self.is_indexed(call)? { raw::screen_props(&self.format) } else { self.format.props() })
    }

    fn read_image(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        if !call.bool("raw_frames") && !self.is_indexed(call)? {
            return self.player.read(index, call, to);
        }
        let player = match &mut self.raw {
            Some(player) => player,
            raw => raw.insert(Player::new(self.source.clone(), self.format)?),
        };
        match call.bool("raw_frames") {
            true => raw::read(player, index, call, to),
            false => raw::read_screen(player, call, to),
        }
    }

    fn check(&mut self, index: usize, call: &Call) -> Result<()> {
        // The first was seen at the opening.
        if index == 0 { Ok(()) } else { self.frames(call)?.check(index, call) }
    }
}

impl Reader for GifReader {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        if how == Count::Cheap && self.frames.is_none() {
            return Ok(None);
        }
        self.frames(call)?.known(call).map(Some)
    }

    fn default_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(Index::All)
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn lacks_images(&self) -> bool {
        self.frames.as_ref().is_some_and(|frames| frames.broken.is_some())
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        match index {
            Index::At(i) => self.image_props(i, call),
            Index::Default | Index::All => {
                let count = self.frames(call)?.known(call)?;
                self.image_props(0, call)?.stacked(count)
            }
        }
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        if let Index::At(i) = index {
            self.check(i, call)?;
            return self.read_image(i, call, to);
        }
        let count = self.frames(call)?.known(call)?;
        let mut outcome = if self.lacks_images() { Outcome::Partial } else { Outcome::Complete };
        for i in 0..count {
            if self.read_image(i, call, &mut to.image(i)?)? == Outcome::Partial {
                outcome = Outcome::Partial;
            }
        }
        Ok(outcome)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        let of_frame = matches!(index, Index::At(_));
        let index = if let Index::At(i) = index { i } else { 0 };
        let frame = self.walk_to(index)?;
        let indexed = self.is_indexed(call)?;
        let mut meta = meta(&frame, &self.scanner, index, &self.format, indexed, call)?;
        if of_frame {
            timed(&mut meta, self.scanner.elapsed(), &frame);
        }
        if call.bool("raw_frames") {
            raw::describe(&mut meta, &frame);
        }
        Ok(meta)
    }

    fn cursor(&mut self, call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        if call.bool("raw_frames") || self.is_indexed(call)? {
            return Ok(None);
        }
        let player = Player::new(self.source.clone(), self.format)?;
        let (source, format, frames) = (self.source.clone(), self.format, self.frames.clone());
        Ok(Some(Box::new(GifCursor { source, format, player, frames, next: 0 })))
    }
}

/// A position of its own.
struct GifCursor {
    source: Source,
    format: Format,
    player: Player,
    frames: Option<Frames>,
    next: usize,
}

impl Cursor for GifCursor {
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>> {
        if self.next == self.player.shown() {
            // An animation may be iterated before all of it has arrived.
            return match self.player.has_next() {
                Ok(there) => Ok(there.then(|| self.format.props())),
                Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => Ok(None),
                Err(e) => Err(e),
            };
        }
        if self.frames.is_none() {
            self.frames = Some(Frames::count(&self.source, call)?);
        }
        let whole = self.frames.as_ref().map_or(0, |frames| frames.whole);
        Ok((self.next < whole).then(|| self.format.props()))
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let outcome = self.player.read(self.next, call, to);
        if !matches!(&outcome, Err(e) if e.kind() == ErrorKind::Cancelled) {
            self.next = self.next.saturating_add(1);
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let index = self.next.saturating_sub(1);
        let shown = self.player.frame().filter(|_| self.player.shown() == index + 1);
        let (frame, scanner) = shown.ok_or_else(|| Error::index("no image was returned yet"))?;
        let mut meta = meta(frame, scanner, index, &self.format, false, call)?;
        timed(&mut meta, self.player.time(), frame);
        Ok(meta)
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        self.next = index;
        Ok(())
    }
}

fn timed(meta: &mut Dict, hundredths: u64, frame: &Frame) {
    info::timed(meta, hundredths as f64 / 100.0, f64::from(frame.delay.unwrap_or(0)) / 100.0);
}

/// Pillow's `info` of a frame.
fn meta(frame: &Frame, scanner: &Scanner, index: usize, format: &Format, indexed: bool, call: &Call) -> Result<Dict> {
    let screen = scanner.screen();
    let mut meta = Dict::new().with("version", screen.version.as_slice());
    if let Some(background) = screen.background {
        meta.set("background", background);
    }
    if let Some(repeats) = scanner.repeats() {
        meta.set("loop", repeats);
    }
    if let Some(transparent) = frame.transparent {
        meta.set("transparency", transparent);
    }
    if let Some(comment) = &frame.comment {
        meta.set("comment", &**comment);
    }
    if let Some(delay) = frame.delay {
        meta.set("duration", u32::from(delay) * 10);
    }
    if let Some((name, at)) = scanner.extension().filter(|_| index == 0) {
        let mut extension = List::new();
        extension.push(name);
        extension.push(at);
        meta.set("extension", extension);
    }
    let palette = frame.palette.as_deref().or(screen.palette.as_deref()).filter(|p| has_colours(p));
    let mode = if palette.is_some() { "P" } else { "L" };
    let mut meta = info::finish(meta, mode, format.width, format.height);
    if let Some(palette) = palette.filter(|_| indexed || !call.indices()) {
        info::add_palette(&mut meta, palette.as_chunks().0, call)?;
    }
    Ok(meta)
}
