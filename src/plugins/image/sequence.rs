//! What animations share whose frames are each drawn on the one before: a player that goes forward, and from the
//! start again to go back, behind a reader and its cursors.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Index, Props};
use crate::plugin::{Call, Count, Cursor, Outcome, Reader, has_passed};
use std::sync::Arc;

/// How the frames of a file are drawn.
pub trait Player: Send + Sync + 'static {
    /// The image as it stands, and where the next frame is.
    type State: Send;

    /// What a read of any frame gives.
    fn props(&self, call: &Call) -> Props;

    /// The image before the first frame.
    fn start(&self, call: &Call) -> Result<Self::State>;

    /// Draws the next frame, which is that of this index.
    fn advance(&self, state: &mut Self::State, index: usize, call: &Call) -> Result<()>;

    /// Fills a row of the image.
    fn row(&self, state: &Self::State, y: usize, row: &mut [u8]);

    /// Whether metadata take the image as it stands after the frame.
    fn meta_needs_image(&self, _call: &Call) -> bool {
        false
    }

    /// The metadata of a frame, or of the file; with the image, that of the first frame for the file, if it is needed.
    fn meta(&self, frame: Option<usize>, state: Option<&Self::State>, call: &Call) -> Result<Dict>;
}

/// A position among the frames.
struct Place<P: Player> {
    file: Arc<P>,
    count: usize,
    /// The image, and how many frames were drawn.
    state: Option<(P::State, usize)>,
}

impl<P: Player> Place<P> {
    fn check(&self, index: usize) -> Result<()> {
        if index < self.count {
            return Ok(());
        }
        Err(Error::index(format!("there is no image {index}, only {} from 0", self.count)))
    }

    /// Draws up to the frame of this index.
    fn draw(&mut self, index: usize, call: &Call) -> Result<&P::State> {
        self.check(index)?;
        let (mut state, mut done) = match self.state.take().filter(|s| s.1 <= index + 1) {
            Some(kept) => kept,
            None => (self.file.start(call)?, 0),
        };
        while done <= index {
            call.tick(done as u64, index as u64 + 1)?;
            self.file.advance(&mut state, done, call).map_err(|e| e.context(format_args!("image {done}")))?;
            done += 1;
        }
        Ok(&self.state.insert((state, done)).0)
    }

    fn read(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let file = self.file.clone();
        let height = to.shape().first().copied().unwrap_or(0);
        match self.draw(index, call) {
            Ok(state) => {
                for y in 0..height {
                    to.fill(&[y], |row| {
                        file.row(state, y, row);
                        Ok(())
                    })?;
                }
                Ok(Outcome::Complete)
            }
            // What a damaged frame left is not known.
            Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => {
                to.zero_from(0)?;
                Ok(Outcome::Partial)
            }
            Err(e) => Err(e),
        }
    }

    fn meta(&mut self, frame: Option<usize>, call: &Call) -> Result<Dict> {
        self.check(frame.unwrap_or(0))?;
        let file = self.file.clone();
        let state = if file.meta_needs_image(call) { Some(self.draw(frame.unwrap_or(0), call)?) } else { None };
        file.meta(frame, state, call)
    }
}

/// The reader of an animation.
pub struct Sequence<P: Player> {
    place: Place<P>,
    /// Whether all frames are the default.
    all: bool,
}

impl<P: Player> Sequence<P> {
    /// A reader of so many frames.
    pub fn open(file: P, count: usize, all: bool) -> Box<dyn Reader> {
        Box::new(Sequence { place: Place { file: Arc::new(file), count, state: None }, all })
    }
}

impl<P: Player> Reader for Sequence<P> {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(self.place.count))
    }

    fn default_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(if self.all { Index::All } else { Index::At(0) })
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        if let Index::At(i) = index {
            self.place.check(i)?;
        }
        Ok(self.place.file.props(call))
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let index = if let Index::At(i) = index { i } else { 0 };
        self.place.read(index, call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        self.place.meta(if let Index::At(i) = index { Some(i) } else { None }, call)
    }

    fn cursor(&mut self, _call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        let place = Place { file: self.place.file.clone(), count: self.place.count, state: None };
        Ok(Some(Box::new(SequenceCursor { place, next: 0, last: None })))
    }
}

struct SequenceCursor<P: Player> {
    place: Place<P>,
    next: usize,
    last: Option<usize>,
}

impl<P: Player> Cursor for SequenceCursor<P> {
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>> {
        Ok((self.next < self.place.count).then(|| self.place.file.props(call)))
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let outcome = self.place.read(self.next, call, to);
        if has_passed(&outcome) {
            self.last = Some(self.next);
            self.next += 1;
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let last = self.last.ok_or_else(|| Error::index("no image was read yet"))?;
        self.place.meta(Some(last), call)
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        self.place.check(index)?;
        self.next = index;
        Ok(())
    }
}
