//! What the threads do of a read, in the order of the destination.

use super::super::file::{Chunks, File, Page, PageAt};
use super::super::ifd::Tiff;
use super::plan::{Pixels, Rows, Unit};
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Work of one thread.
pub(super) enum Job<'a> {
    /// Rows of a page, which is `None` if it is not stored.
    Part(Unit, Option<Arc<Loaded<'a>>>),
    /// Whole pages.
    Pages(Range<usize>),
}

impl Job<'_> {
    /// Bytes of its rows.
    pub(super) fn len(&self, rows: &Rows) -> usize {
        match self {
            Job::Part(unit, _) => unit.len(rows),
            Job::Pages(pages) => pages.len() * rows.page(),
        }
    }

    /// The first of its rows in the image.
    pub(super) fn first_row(&self, rows: &Rows) -> usize {
        match self {
            Job::Part(unit, _) => (unit.page * rows.planes + unit.planes.start) * rows.rows + unit.rows.start,
            Job::Pages(pages) => pages.start * rows.planes * rows.rows,
        }
    }
}

/// Jobs in the order of the destination. Where pages are not gathered, each is looked at once.
pub(super) struct Jobs<'a> {
    file: &'a File,
    pixels: &'a Pixels<'a>,
    rows: &'a Rows,
    page: usize,
    units: VecDeque<Unit>,
    loaded: Result<Option<Arc<Loaded<'a>>>>,
    failed: bool,
}

impl<'a> Jobs<'a> {
    /// All of them.
    pub(super) fn new(file: &'a File, pixels: &'a Pixels<'a>, rows: &'a Rows) -> Jobs<'a> {
        Jobs { file, pixels, rows, page: 0, units: VecDeque::new(), loaded: Ok(None), failed: false }
    }

    pub(super) fn next(&mut self) -> Option<Result<Job<'a>>> {
        if let Some(pages) = self.pixels.gathered(self.rows) {
            let from = self.page;
            self.page = from.saturating_add(pages.max(1)).min(self.pixels.count);
            return (from < self.page).then_some(Ok(Job::Pages(from..self.page)));
        }
        while self.units.is_empty() && self.page < self.pixels.count && !self.failed {
            let before = self.loaded.as_ref().ok().and_then(|page| page.as_deref()).map(|loaded| &loaded.page);
            let loaded = load(self.file, self.pixels, self.page, before);
            self.loaded = loaded.map(|page| page.map(Arc::new));
            let loaded = self.loaded.as_ref().ok().and_then(|page| page.as_deref());
            self.units = self.pixels.units(self.page, loaded, self.rows).into();
            self.page += 1;
        }
        let unit = self.units.pop_front()?;
        match &self.loaded {
            Ok(page) => Some(Ok(Job::Part(unit, page.clone()))),
            Err(e) => {
                self.failed = true;
                self.units.clear();
                Some(Err(e.clone()))
            }
        }
    }
}

/// A page that is there, with where its chunks are.
pub(super) struct Loaded<'a> {
    pub tiff: &'a Tiff,
    pub page: Page,
    pub chunks: Chunks,
}

/// The error with the page where it happened.
pub(super) fn in_series(error: Error, page: usize) -> Error {
    error.context(format_args!("page {page} of the series"))
}

/// Page `index` of the series; `None`: it is not stored. `before` is one that was loaded.
pub(super) fn load<'a>(
    file: &'a File,
    pixels: &Pixels,
    index: usize,
    before: Option<&Page>,
) -> Result<Option<Loaded<'a>>> {
    let at = pixels.at(index)?;
    if at == PageAt::MISSING {
        return Ok(None);
    }
    let tiff = file.tiff_of(at)?;
    let in_series = |e: Error| in_series(e, index);
    if let Some(before) = before
        && before.at.file == at.file
        && tiff.glance(at.offset, &before.directory).map_err(in_series)?.is_some()
    {
        // It has the form that was found right.
        let directory = tiff.directory(at.offset).map_err(in_series)?;
        let page = Page { at, directory, form: before.form.clone() };
        let chunks = Chunks::of(tiff, &page)?;
        return Ok(Some(Loaded { tiff, page, chunks }));
    }
    let mut page = file.load(at).map_err(in_series)?;
    if pixels.short == Some(page.form.length) {
        page.form.length = pixels.form.length;
    }
    if page.form.shape() != pixels.form.shape() || page.form.dtype()? != pixels.dtype {
        return Err(Error::corrupt(format!("page {index} of the series has another form than the first")));
    }
    let chunks = Chunks::of(tiff, &page)?;
    Ok(Some(Loaded { tiff, page, chunks }))
}
