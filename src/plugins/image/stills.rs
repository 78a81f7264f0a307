//! What the small formats share: files of one or a few images whose rows are stored one after another.

use super::form::Form;
use super::info;
use crate::error::{Error, Result};
use crate::model::{Destination, Dict, Index, Props};
use crate::plugin::{Bands, Call, Count, Cursor, Outcome, Reader, has_passed};
use crate::resource::Source;
use std::sync::Arc;

/// One image of a file.
pub trait Still: Send {
    /// What a read gives.
    fn props(&mut self, call: &Call) -> Result<Props>;
    /// By how much it makes itself smaller: see [`Reader::reduction`].
    fn reduction(&mut self, _call: &Call) -> Result<usize> {
        Ok(1)
    }
    /// Decodes it.
    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome>;
    /// Its metadata.
    fn meta(&mut self, call: &Call) -> Result<Dict>;
}

type Open = Arc<dyn Fn(usize, &Call) -> Result<Box<dyn Still>> + Send + Sync>;

/// The reader of a file of stills, of which one is open at a time.
pub struct Stills {
    count: usize,
    /// What opens an image of a collection.
    open: Option<Open>,
    current: Option<(usize, Box<dyn Still>)>,
}

impl Stills {
    /// A file of one image.
    pub fn one(still: impl Still + 'static) -> Box<dyn Reader> {
        Box::new(Stills { count: 1, open: None, current: Some((0, Box::new(still))) })
    }

    /// A file of `count` images.
    pub fn many(
        count: usize,
        open: impl Fn(usize, &Call) -> Result<Box<dyn Still>> + Send + Sync + 'static,
    ) -> Box<dyn Reader> {
        Box::new(Stills { count, open: Some(Arc::new(open)), current: None })
    }

    fn get(&mut self, index: Index, call: &Call) -> Result<&mut dyn Still> {
        let index = match index {
            Index::At(i) => i,
            Index::Default | Index::All => 0,
        };
        if index >= self.count {
            return Err(Error::index(format!("there is no image {index}, only {} from 0", self.count)));
        }
        let still = match (self.current.take(), &self.open) {
            (Some((at, still)), _) if at == index => still,
            (_, Some(open)) => open(index, call)?,
            (_, None) => return Err(Error::internal("the one image is open")),
        };
        Ok(&mut *self.current.insert((index, still)).1)
    }
}

/// A cursor that passes an image whose headers are damaged: of a collection each has its own.
struct StillsCursor {
    stills: Stills,
    next: usize,
    last: Option<usize>,
}

impl Cursor for StillsCursor {
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>> {
        if self.next >= self.stills.count {
            return Ok(None);
        }
        let props = self.stills.props(Index::At(self.next), call);
        if props.is_err() {
            self.next += 1;
        }
        props.map(Some)
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let outcome = self.stills.read(Index::At(self.next), call, to);
        if has_passed(&outcome) {
            self.last = Some(self.next);
            self.next += 1;
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let last = self.last.ok_or_else(|| Error::index("no image was read yet"))?;
        self.stills.meta(Index::At(last), call)
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        self.next = index;
        Ok(())
    }
}

impl Reader for Stills {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(self.count))
    }

    fn is_uniform(&self) -> bool {
        self.count == 1
    }

    fn reduction(&mut self, index: Index, call: &Call) -> Result<usize> {
        self.get(index, call)?.reduction(call)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.get(index, call)?.props(call)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.get(index, call)?.read(call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        self.get(index, call)?.meta(call)
    }

    fn cursor(&mut self, _call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        let Some(open) = self.open.clone() else { return Ok(None) };
        let stills = Stills { count: self.count, open: Some(open), current: None };
        Ok(Some(Box::new(StillsCursor { stills, next: 0, last: None })))
    }
}

type Decode = Box<dyn Fn(&[u8], &mut Rows) -> Result<()> + Send>;

/// An image whose stored rows a function finds among the bytes of the file.
pub struct Raster {
    /// The file, or the part of it that the image is.
    pub source: Source,
    /// What a stored row means.
    pub form: Form,
    /// Whether the last row comes first.
    pub bottom_up: bool,
    /// Metadata besides those that every format has.
    pub info: Dict,
    /// Hands the stored rows over, as many as there are.
    pub decode: Decode,
}

impl Still for Raster {
    fn props(&mut self, call: &Call) -> Result<Props> {
        let props = &self.form.props;
        Ok(if info::is_indexed(self.form.mode, call) { info::indexed(props) } else { props.clone() })
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let all = self.source.all(call.limits())?;
        let to = Bands::new(to, call)?;
        let mut rows = Rows { to, call, form: &self.form, bottom_up: self.bottom_up, done: 0 };
        (self.decode)(&all, &mut rows)?;
        rows.finish()
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let mut meta = info::finish(self.info.clone(), self.form.mode, self.form.width, self.form.height);
        if self.form.mode == "P" {
            info::add_palette(&mut meta, &self.form.palette, call)?;
        }
        Ok(meta)
    }
}

/// Where the stored rows of an image go, in their order.
pub struct Rows<'a, 'd> {
    to: Bands<'a, 'd>,
    call: &'a Call,
    form: &'a Form,
    bottom_up: bool,
    done: usize,
}

impl Rows<'_, '_> {
    /// The call that the rows are for.
    pub fn call(&self) -> &Call {
        self.call
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.form.height
    }

    /// Takes the next stored row; those beyond the last are dropped.
    pub fn put(&mut self, stored: &[u8]) -> Result<()> {
        let height = self.form.height;
        if self.done >= height {
            return Ok(());
        }
        self.call.tick(self.done as u64, height as u64)?;
        let y = if self.bottom_up { height - 1 - self.done } else { self.done };
        let form = self.form;
        self.to.fill(y, |row| {
            form.expand(stored, row);
            Ok(())
        })?;
        self.done += 1;
        Ok(())
    }

    /// Takes rows as they lie, `stride` bytes each, from a place in the file.
    pub fn put_plain(&mut self, all: &[u8], at: usize, stride: usize) -> Result<()> {
        let stored = all.get(at..).unwrap_or_default();
        stored.chunks_exact(stride.max(1)).take(self.form.height).try_for_each(|row| self.put(row))
    }

    /// Zeroes the rows that did not come, if the caller can do without.
    fn finish(self) -> Result<Outcome> {
        let height = self.form.height;
        let to = self.to.finish()?;
        if self.done >= height {
            return Ok(Outcome::Complete);
        }
        if !self.call.bool("allow_partial") {
            return Err(Error::corrupt(format!("the data end after {} of {height} rows", self.done)));
        }
        to.zero((self.done..height).map(|k| if self.bottom_up { height - 1 - k } else { k }))?;
        Ok(Outcome::Partial)
    }
}

/// The most that rows as they lie may lack of the file that says that it has them.
pub const PLAIN: u64 = 1 << 10;

/// The most that runs may stand for.
pub const RUNS: u64 = 1 << 16;

/// Refuses an image without pixels, and one of which the file holds next to nothing: `most` times what is there.
pub fn check_size(source: &Source, at: u64, stride: usize, height: usize, most: u64) -> Result<()> {
    if stride == 0 || height == 0 {
        return Err(Error::corrupt("an image without pixels").at(0));
    }
    check_promise(source, at, stride as u128 * height as u128, most)
}

/// Refuses an image of which the file holds next to nothing: one that takes more than `most` times the bytes from there
/// on. A file that was cut still opens, and nobody makes room for what cannot be there.
pub fn check_promise(source: &Source, at: u64, takes: u128, most: u64) -> Result<()> {
    let Some(bytes) = source.len().map(|n| n.saturating_sub(at)) else { return Ok(()) };
    if takes > u128::from(bytes) * u128::from(most) {
        return Err(Error::corrupt(format!("{bytes} bytes cannot hold an image that takes {takes}")));
    }
    Ok(())
}
