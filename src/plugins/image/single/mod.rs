//! What formats of one image share: their pixels follow a header, row after row, so that a format says only what its
//! header means and how its next row is made.
//!
//! The formats stand here on their own rows and not on decoders of the `image` crate: those take a whole image at
//! once, and so could neither give the rows of a damaged file nor tell how far they are.

#[cfg(test)]
pub mod tests;
mod write;

pub use write::{Encode, Sides, create};

use super::info;
use super::stills::{PLAIN, Still, Stills, check_promise};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;
use std::io::{BufRead, Seek, SeekFrom};

/// What a header says.
#[derive(Clone)]
pub struct Picture {
    /// What a read gives.
    pub props: Props,
    /// Pillow's name for the pixels.
    pub mode: &'static str,
    /// What else it says.
    pub meta: Dict,
    /// The colours that a read applies.
    pub palette: Vec<[u8; 3]>,
    /// Where the rows begin.
    pub data_at: u64,
    /// The fewest bytes in which a pixel can lie, as so many bytes for so many pixels.
    pub least: (u64, u64),
    /// Whether the last row comes first.
    pub bottom_up: bool,
}

impl Picture {
    /// A picture of these properties, top row first, with nothing else said.
    pub fn new(props: Props, mode: &'static str, data_at: u64, least: (u64, u64)) -> Picture {
        Picture { props, mode, meta: Dict::new(), palette: Vec::new(), data_at, least, bottom_up: false }
    }

    /// Whether a read gives numbers of the palette, which then have to fit a byte.
    fn indexed(&self, call: &Call) -> bool {
        info::is_indexed(self.mode, call) && (1..=256).contains(&self.palette.len())
    }

    /// Rows and pixels of a row.
    fn sides(&self) -> (usize, usize) {
        (self.props.shape.first().copied().unwrap_or(0), self.props.shape.get(1).copied().unwrap_or(0))
    }

    /// Refuses an image that cannot be, or of which the file holds next to nothing.
    fn check(&self, source: &Source) -> Result<()> {
        let (height, width) = self.sides();
        if height == 0 || width == 0 {
            return Err(Error::corrupt(format!("an image of {width} x {height} pixels")));
        }
        self.props.nbytes()?;
        let (least, pixels) = (u128::from(self.least.0), u128::from(self.least.1).max(1));
        check_promise(source, self.data_at, (height as u128 * width as u128).saturating_mul(least) / pixels, PLAIN)
    }
}

/// Makes the rows of an image in the order in which they are stored. Each read begins with a clone of the first.
pub trait Rows: Clone + Send + 'static {
    /// Makes the next row. What it finds in `row` is garbage.
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()>;
}

/// Rows as they are given, but for the order of the bytes of an item.
#[derive(Clone)]
pub struct Plain {
    /// Bytes of an item.
    pub size: usize,
    /// Whether the high byte comes first.
    pub big: bool,
}

impl Rows for Plain {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        from.read_exact(row)?;
        if self.size > 1 && self.big != cfg!(target_endian = "big") {
            row.chunks_exact_mut(self.size).for_each(<[u8]>::reverse);
        }
        Ok(())
    }
}

/// The reader of a file of one image.
pub struct Single<T> {
    source: Source,
    picture: Picture,
    rows: T,
}

impl<T: Rows> Single<T> {
    /// A reader of the image that begins with these rows.
    pub fn open(source: Source, picture: Picture, rows: T) -> Result<Box<dyn Reader>> {
        Ok(Stills::one(Single::new(source, picture, rows)?))
    }

    /// One image of a file.
    pub fn new(source: Source, picture: Picture, rows: T) -> Result<Single<T>> {
        picture.check(&source)?;
        Ok(Single { source, picture, rows })
    }

    fn run<R: BufRead>(&self, from: &mut R, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (height, _) = self.picture.sides();
        let place = |k: usize| if self.picture.bottom_up { height.saturating_sub(k + 1) } else { k };
        let (mut rows, mut done) = (self.rows.clone(), 0);
        let read = info::fill_rows(to, call, (0..height).map(place), |_, row| {
            call.tick(done as u64, height as u64)?;
            rows.next(from, row)?;
            done += 1;
            Ok(())
        });
        match read {
            Ok(()) => return Ok(Outcome::Complete),
            Err(e) if e.kind() != ErrorKind::Corrupt => return Err(e),
            Err(e) if !call.bool("allow_partial") => {
                return Err(e.context(format_args!("after {done} of {height} rows")));
            }
            Err(_) => {}
        }
        to.zero((done..height).map(place))?;
        Ok(Outcome::Partial)
    }
}

impl<T: Rows> Still for Single<T> {
    fn props(&mut self, call: &Call) -> Result<Props> {
        let props = &self.picture.props;
        Ok(if self.picture.indexed(call) { info::indexed(props) } else { props.clone() })
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let at = self.picture.data_at;
        match self.source.as_slice() {
            Some(all) => {
                let mut rest = usize::try_from(at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
                self.run(&mut rest, call, to)
            }
            None => {
                let mut reader = self.source.reader();
                reader.seek(SeekFrom::Start(at))?;
                self.run(&mut reader, call, to)
            }
        }
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let (height, width) = self.picture.sides();
        let mut meta = info::finish(self.picture.meta.clone(), self.picture.mode, width, height);
        if !self.picture.palette.is_empty() && (!call.indices() || self.picture.indexed(call)) {
            info::add_palette(&mut meta, &self.picture.palette, call)?;
        }
        Ok(meta)
    }
}
