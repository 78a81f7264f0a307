//! A cursor over the images of a file, apart from the file's reads and from other cursors.

use super::adapt::Adapted;
use super::file::File;
use super::metadata;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Dict, Index, Props, Value, ViewMut};
use crate::plugin::{self, Call, CallKind, Count, Outcome};

/// The cursor. It belongs to one file, which is handed to every call.
pub struct Cursor {
    call: Call,
    /// The plugin's own cursor, if it has one; else images are read by their index.
    own: Option<Box<dyn plugin::Cursor>>,
    next: usize,
    stop: Option<usize>,
    every: usize,
    last: Option<usize>,
    /// Metadata of that image, where the plugin's cursor has moved on since.
    last_meta: Option<Dict>,
    count: Option<usize>,
    /// The next image.
    known: Option<Adapted>,
    /// Set when the file cannot be gone on with.
    broken: bool,
}

/// Failures that consume nothing.
fn consumes_nothing(kind: ErrorKind) -> bool {
    use ErrorKind::{BufferTooSmall, Busy, Cancelled, InvalidArgument, Shape};
    matches!(kind, BufferTooSmall | Shape | InvalidArgument | Busy | Cancelled)
}

impl Cursor {
    /// A cursor before the first image that the options name.
    pub fn new(file: &mut File, options: &Dict) -> Result<Cursor> {
        let call = file.call(CallKind::Iter, options)?;
        let place = |name| call.int(name).and_then(|n| usize::try_from(n).ok());
        let (start, every) = (place("start").unwrap_or(0), place("every").unwrap_or(1));
        let mut cursor = Cursor {
            own: None,
            next: start,
            stop: place("stop"),
            every,
            last: None,
            last_meta: None,
            count: None,
            known: None,
            broken: false,
            call,
        };
        if let Some(time) = cursor.call.float("start_s") {
            cursor.next = file.index_at(time, &cursor.call)?;
        }
        let own = file.reader()?.cursor(&cursor.call);
        cursor.own = file.told(own)?;
        if cursor.next > 0 || every > 1 {
            cursor.follow();
        }
        Ok(cursor)
    }

    /// Brings the plugin's cursor to the next image; one that cannot be moved is done without.
    fn follow(&mut self) {
        if let Some(own) = &mut self.own
            && own.seek(self.next, &self.call).is_err()
        {
            self.own = None;
        }
    }

    /// Properties of the next image; `None` after the last. An image that has none is passed.
    pub fn props(&mut self, file: &mut File) -> Result<Option<Props>> {
        let looked = self.look(file);
        self.after_failure(file, &looked);
        file.told(looked)?;
        Ok(self.known.as_ref().map(|next| next.props.clone()))
    }

    fn look(&mut self, file: &mut File) -> Result<()> {
        if self.known.is_some() || self.broken || self.stop.is_some_and(|stop| self.next >= stop) {
            return Ok(());
        }
        let native = match &mut self.own {
            Some(own) => own.next_props(&self.call)?,
            None => {
                let reader = file.reader()?;
                if self.count.is_none() {
                    self.count = reader.count(Count::Exact, &self.call)?;
                }
                match self.count.is_some_and(|count| self.next < count) {
                    true => Some(reader.props(Index::At(self.next), &self.call)?),
                    false => None,
                }
            }
        };
        if let Some(native) = native {
            let told = file.tell(Index::At(self.next), &native, &self.call)?;
            self.known = Some(Adapted::new(native, &self.call, told)?);
        }
        Ok(())
    }

    /// Reads the next image into memory that `place` gives for its properties, and passes it. `None` after the last.
    pub fn next_into<'a>(
        &mut self,
        file: &mut File,
        place: impl FnOnce(&Props) -> Result<(ViewMut<'a>, DType)>,
    ) -> Result<Option<Outcome>> {
        let done = self.read(file, place);
        match &done {
            Ok(Some(_)) => self.pass(),
            // A plugin that was stopped half-way stands behind the image.
            Err(e) if e.kind() == ErrorKind::Cancelled && self.own.is_some() => self.follow(),
            _ => self.after_failure(file, &done),
        }
        file.told(done)
    }

    /// As [`Cursor::next_into`], into memory that is there.
    pub fn next(&mut self, file: &mut File, view: ViewMut, dtype: DType) -> Result<Option<Outcome>> {
        self.next_into(file, |_| Ok((view, dtype)))
    }

    fn read<'a>(
        &mut self,
        file: &mut File,
        place: impl FnOnce(&Props) -> Result<(ViewMut<'a>, DType)>,
    ) -> Result<Option<Outcome>> {
        self.look(file)?;
        let Some(next) = &self.known else { return Ok(None) };
        next.check_limits(&file.limits)?;
        let (view, dtype) = place(&next.props)?;
        self.call.tell(0, 0)?;
        let (call, limits) = (&self.call, file.limits);
        let outcome = next.read(call, view, dtype, limits, |to| match &mut self.own {
            Some(own) => own.next(call, to),
            None => file.reader()?.read(Index::At(self.next), call, to),
        })?;
        self.last = Some(self.next);
        self.last_meta = None;
        Ok(Some(outcome))
    }

    /// Passes the image of a failure, so that whoever goes on does not meet it for ever.
    fn after_failure<T>(&mut self, file: &mut File, done: &Result<T>) {
        let Err(error) = done else { return };
        if consumes_nothing(error.kind()) {
            return;
        }
        let described = self.known.is_some();
        self.pass();
        self.last = None;
        self.broken |= self.own.is_some() && !self.can_go_on();
        // Without properties it is the count that tells whether there is more to come.
        self.broken |= !described && !self.is_before_end(file);
    }

    fn is_before_end(&self, file: &mut File) -> bool {
        let count = file.reader().and_then(|reader| reader.count(Count::Exact, &self.call));
        matches!(count, Ok(Some(count)) if self.next < count)
    }

    fn pass(&mut self) {
        self.known = None;
        self.next = self.next.saturating_add(self.every);
        if self.every > 1 {
            self.keep_meta();
            self.follow();
        }
    }

    /// Asks the plugin's cursor for the metadata of the last image before it is moved.
    fn keep_meta(&mut self) {
        if self.last_meta.is_none() && self.last.is_some() {
            self.last_meta = self.own.as_mut().and_then(|own| own.meta(&self.call).ok());
        }
    }

    /// Whether the plugin's cursor finds its next image after a failure.
    fn can_go_on(&mut self) -> bool {
        match &mut self.own {
            Some(own) => own.seek(self.next, &self.call).is_ok(),
            None => true,
        }
    }

    /// Metadata of the image that was read last.
    pub fn meta(&mut self, file: &mut File) -> Result<Dict> {
        let Some(last) = self.last else {
            return Err(Error::invalid("the iterator has not returned an image yet"));
        };
        if let Some(meta) = &self.last_meta {
            return Ok(meta.clone());
        }
        let meta = match &mut self.own {
            Some(own) => own.meta(&self.call),
            None => {
                let own = file.own_options(CallKind::Meta, self.call.options());
                let call = file.call(CallKind::Meta, &own)?;
                file.reader()?.meta(Index::At(last), &call)
            }
        };
        let mut meta = file.told(meta)?;
        metadata::finish(&mut meta, &self.call);
        Ok(meta)
    }

    /// Makes `index` the next image.
    pub fn seek(&mut self, file: &mut File, index: usize) -> Result<()> {
        let count = file.reader()?.count(Count::Exact, &self.call);
        let count = file.told(count)?;
        if count.is_some_and(|count| index >= count) {
            return file.told(Err(Error::index(format!("no image {index} of {}", count.unwrap_or(0)))));
        }
        self.keep_meta();
        if let Some(own) = &mut self.own {
            let moved = own.seek(index, &self.call);
            match moved {
                Err(e) if e.kind() == ErrorKind::Unsupported => self.own = None,
                // Nobody knows where the plugin's cursor stands now: it goes back to where we are.
                Err(e) => {
                    self.follow();
                    return file.told(Err(e));
                }
                Ok(()) => {}
            }
        }
        self.known = None;
        self.broken = false;
        self.next = index;
        Ok(())
    }
}

impl File {
    /// The image that is shown at a time, by the times that the metadata give.
    fn index_at(&mut self, time: f64, call: &Call) -> Result<usize> {
        let found = (|| {
            let reader = self.reader()?;
            let count = reader.count(Count::Exact, call)?.unwrap_or(0);
            let mut starts = |i| {
                let time = reader.meta(Index::At(i), call)?.get("time_s").and_then(Value::as_float);
                time.ok_or_else(|| Error::unsupported("option \"start_s\": the images of this file have no times"))
            };
            // Images are in the order of their times: the last that starts at or before the time is between these.
            let (mut shown, mut later) = (0, count);
            while later.saturating_sub(shown) > 1 {
                let middle = shown + (later - shown) / 2;
                if starts(middle)? <= time { shown = middle } else { later = middle }
            }
            if count == 1 {
                starts(0)?;
            }
            Ok(shown)
        })();
        self.told(found)
    }
}
