//! How an image is cut into units of work, and where each goes.

use super::super::file::{File, PageAt};
use super::super::form::Form;
use super::super::series::Pages;
use super::super::tags::compression;
use super::chunk::{Scratch, decode_rows, is_run, sized};
use super::jobs::{Job, Jobs, Loaded, in_series, load};
use super::unpack::{self, Unpacking};
use crate::error::{Error, Result};
use crate::model::{DType, Destination, Limits, byte_len};
use crate::plugin::{Call, Outcome, parallel, put_rows};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Images of fewer bytes are read by one thread.
const LEAST_PARALLEL: usize = 512 << 10;

/// Bytes of short strips that are gathered into one unit of work; of uncompressed ones, which are only copied, more.
const GATHERED: usize = 64 << 10;
const GATHERED_PLAIN: usize = 4 << 20;

/// Pages of fewer bytes are gathered into one unit of work, up to this many bytes.
const SMALL: usize = 64 << 10;
const GATHERED_PAGES: usize = 1 << 20;

/// A part of the rows and columns of each page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows.
    pub y: Range<usize>,
    /// Columns.
    pub x: Range<usize>,
}

impl Window {
    /// All of a page.
    pub fn all(form: &Form) -> Window {
        Window { y: 0..form.length, x: 0..form.width }
    }
}

/// What is to be read: pages of one form, one behind the other.
pub struct Pixels<'a> {
    /// The form of all of them.
    pub form: &'a Form,
    /// Their dtype.
    pub dtype: DType,
    /// Where they are.
    pub pages: &'a Pages,
    /// How many.
    pub count: usize,
    /// The part of each.
    pub window: Window,
    /// How many rows the directories of the pages say, where those are fewer than the form has.
    pub short: Option<usize>,
}

/// Rows of one page that are decoded at once: `rows` of the window in `planes` of the page.
pub(super) struct Unit {
    pub(super) page: usize,
    pub(super) planes: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// The rows of a page, as the destination has them.
pub(super) struct Rows {
    /// Planes of a page: those of the samples times those of the depth.
    pub(super) planes: usize,
    /// Rows of a plane.
    pub(super) rows: usize,
    /// Bytes of a row.
    bytes: usize,
    /// Rows that are best put into their places at once.
    together: usize,
    /// Axes before those of a row.
    leading: usize,
}

impl Rows {
    /// Bytes of a page.
    pub(super) fn page(&self) -> usize {
        self.planes * self.rows * self.bytes
    }
}

impl Unit {
    /// Bytes of its rows.
    pub(super) fn len(&self, rows: &Rows) -> usize {
        self.planes.len() * self.rows.len() * rows.bytes
    }
}

impl Pixels<'_> {
    /// Whole pages that are read as one unit of work; `None`: each is one or more units.
    pub(super) fn gathered(&self, rows: &Rows) -> Option<usize> {
        let page = rows.page();
        (page < SMALL && self.count > 1).then(|| GATHERED_PAGES / page.max(1))
    }

    /// Whether each page is one strip or tile of samples that lie there just as they are wanted, but for their order.
    fn is_one_run(&self) -> bool {
        let form = self.form;
        self.short.is_none()
            && form.compression == compression::NONE
            && form.predictor == 1
            && !form.reversed_bits
            && form.shared_chroma().is_none()
            && Unpacking::of(form, self.dtype).is_ok_and(Unpacking::is_plain)
            && form.chunks() == (1, 1, 1, 1)
            && form.chunk() == (1, form.length, form.width)
            && self.window == Window::all(form)
            && matches!(self.pages, Pages::Each(_))
    }

    /// The directory of a page.
    pub(super) fn at(&self, index: usize) -> Result<PageAt> {
        match self.pages {
            Pages::Each(pages) => pages.get(index).copied().ok_or_else(|| Error::internal("a series has fewer pages")),
            Pages::Block { page, .. } => Ok(*page),
        }
    }

    /// How many units there are in all, at most.
    fn unit_count(&self, rows: &Rows) -> usize {
        if let Some(pages) = self.gathered(rows) {
            return self.count.div_ceil(pages.max(1));
        }
        let (depth, _, _) = self.form.chunk();
        let page = match depth {
            1 => {
                let step = self.step(rows, self.may_be_run());
                rows.planes * self.window.y.end.div_ceil(step).saturating_sub(self.window.y.start / step)
            }
            _ => rows.planes / self.form.depth.max(1) * self.form.depth.div_ceil(depth),
        };
        page.saturating_mul(self.count)
    }

    /// Rows of a unit: as many as are worth the making of it, and whole strips or tiles, unless any rows can be read by
    /// themselves.
    fn step(&self, rows: &Rows, is_run: bool) -> usize {
        let plain = self.form.compression == compression::NONE;
        let least = if plain { GATHERED_PLAIN } else { GATHERED };
        let least = least.div_ceil(rows.bytes.max(1)).max(rows.together).max(1);
        if is_run {
            return least;
        }
        let (_, length, _) = self.form.chunk();
        length.max(1).saturating_mul(least.div_ceil(length.max(1)))
    }

    /// Whether the rows of a page may lie in the file one behind the other just as they are wanted.
    fn may_be_run(&self) -> bool {
        let (depth, _, width) = self.form.chunk();
        self.form.compression == compression::NONE && depth == 1 && width == self.form.width
    }

    /// Whether they do, in this page.
    fn is_run(&self, page: Option<&Loaded>, rows: &Rows) -> bool {
        self.may_be_run()
            && (matches!(self.pages, Pages::Block { .. })
                || page.is_none_or(|page| is_run(page, self.dtype, 0..rows.planes, &self.window)))
    }

    /// The rows of a page in a destination.
    fn rows(&self, to: &mut Destination) -> Result<Rows> {
        let form = self.form;
        let planes = form.depth.checked_mul(if form.planar { form.samples } else { 1 });
        let planes = planes.ok_or_else(|| Error::limit("too many planes"))?;
        let bytes = byte_len(&[self.window.x.len(), form.chunk_samples()], self.dtype)?;
        let inner = if form.chunk_samples() > 1 { 2 } else { 1 };
        let leading = to.shape().len().saturating_sub(inner);
        let together = match leading {
            1 => to.rows_at_once(),
            2 if to.shape()[0] > 0 => to.image(0)?.rows_at_once(),
            _ => 1,
        };
        Ok(Rows { planes, rows: self.window.y.len(), bytes, together, leading })
    }

    /// The units of a page, in the order of the destination.
    pub(super) fn units(&self, page: usize, loaded: Option<&Loaded>, rows: &Rows) -> Vec<Unit> {
        let (depth, _, _) = self.form.chunk();
        let mut units = Vec::new();
        if depth > 1 {
            // Chunks that are more than one plane deep span planes of one sample.
            for sample in 0..rows.planes / self.form.depth.max(1) {
                let first = sample * self.form.depth;
                for z in (0..self.form.depth).step_by(depth) {
                    let planes = first + z..first + (z + depth).min(self.form.depth);
                    units.push(Unit { page, planes, rows: 0..rows.rows });
                }
            }
            return units;
        }
        let step = self.step(rows, self.is_run(loaded, rows));
        for plane in 0..rows.planes {
            let mut y = self.window.y.start;
            while y < self.window.y.end {
                let end = ((y / step + 1).saturating_mul(step)).min(self.window.y.end);
                let from = self.window.y.start;
                units.push(Unit { page, planes: plane..plane + 1, rows: y - from..end - from });
                y = end;
            }
        }
        units
    }
}

/// Reads the pages into the destination, whose shape is theirs without axes of length 1.
pub fn read(file: &File, pixels: &Pixels, call: &Call, to: &mut Destination) -> Result<Outcome> {
    let rows = pixels.rows(to)?;
    let all = rows.planes.checked_mul(rows.rows).and_then(|n| n.checked_mul(pixels.count));
    let bytes = all.and_then(|n| n.checked_mul(rows.bytes)).ok_or_else(|| Error::limit("too many rows"))?;
    // Threads cost more than they save where there is little to do.
    let any_thread = std::iter::once(&file.tiff).chain(&file.others).all(|tiff| tiff.source.any_thread());
    let threads = if any_thread && bytes >= LEAST_PARALLEL { call.threads() } else { 1 };
    let is_partial = AtomicBool::new(false);
    let units = pixels.unit_count(&rows);
    let limits = *call.limits();
    let partial = call.bool("allow_partial");
    let is_one_run = pixels.is_one_run();
    let worker = || {
        let (scratch, decoded) = (Scratch::new(limits, partial), Vec::new());
        Ok(Worker { scratch, decoded, limits, pixels, rows: &rows, is_one_run, last: None })
    };
    let finish = |done: Outcome| is_partial.fetch_or(done == Outcome::Partial, Ordering::Relaxed);
    let mut jobs = Jobs::new(file, pixels, &rows);
    if let Some(memory) = to.direct(&[]) {
        // Each unit has its own part of the caller's memory.
        let mut rest = memory;
        let jobs = std::iter::from_fn(|| {
            let job = jobs.next()?;
            let len = job.as_ref().map_or(0, |job| job.len(&rows));
            let (part, behind) = std::mem::take(&mut rest).split_at_mut_checked(len).unwrap_or_default();
            rest = behind;
            Some((job, part))
        });
        parallel(call, threads, units, jobs, worker, |worker, (job, part)| {
            let job = job?;
            if part.len() != job.len(&rows) {
                return Err(Error::internal("the image has fewer rows than its pages"));
            }
            finish(worker.decode(file, &job, part)?);
            Ok(())
        })?;
    } else if to.can_split() && rows.leading == 1 {
        // Each unit has its own rows of the destination; a single one may take all threads for them.
        let inside = threads / units.clamp(1, threads);
        let mut rest = Some(to.reborrow());
        let jobs = std::iter::from_fn(|| {
            let job = jobs.next()?;
            let count = job.as_ref().map_or(0, |job| job.len(&rows)) / rows.bytes.max(1);
            let fewer = || Error::internal("the image has fewer rows than its pages");
            let part = rest.take().ok_or_else(fewer).and_then(|all| all.split(0, count)).map(|(part, behind)| {
                rest = Some(behind);
                part
            });
            Some((job, part))
        });
        parallel(call, threads, units, jobs, worker, |worker, (job, part)| {
            let (job, mut part) = (job?, part?);
            let put = |bytes: &[u8]| put_rows(inside, &mut part, 0, bytes.len() / rows.bytes.max(1), bytes);
            finish(worker.put(file, &job, put)?);
            Ok(())
        })?;
    } else {
        // Planes of pages: one thread at a time puts what it has decoded.
        let shared = Mutex::new(to);
        parallel(call, threads, units, std::iter::from_fn(|| jobs.next()), worker, |worker, job| {
            let job = job?;
            finish(worker.put(file, &job, |bytes| {
                let mut to = shared.lock().unwrap_or_else(PoisonError::into_inner);
                put(threads, &mut to, pixels, &rows, job.first_row(&rows), bytes)
            })?);
            Ok(())
        })?;
    }
    Ok(if is_partial.into_inner() { Outcome::Partial } else { Outcome::Complete })
}

/// What one thread keeps between its jobs.
struct Worker<'a> {
    scratch: Scratch,
    /// Rows that do not lie in the destination as they are decoded.
    decoded: Vec<u8>,
    limits: Limits,
    pixels: &'a Pixels<'a>,
    rows: &'a Rows,
    is_one_run: bool,
    /// The page of several that was loaded last.
    last: Option<Loaded<'a>>,
}

impl<'a> Worker<'a> {
    /// Decodes the rows of a job, and has them put.
    fn put(&mut self, file: &'a File, job: &Job, put: impl FnOnce(&[u8]) -> Result<()>) -> Result<Outcome> {
        let mut memory = std::mem::take(&mut self.decoded);
        let bytes = sized(&mut memory, job.len(self.rows), &self.limits)?;
        let done = self.decode(file, job, bytes).and_then(|done| put(bytes).map(|()| done));
        self.decoded = memory;
        done
    }

    fn decode(&mut self, file: &'a File, job: &Job, out: &mut [u8]) -> Result<Outcome> {
        let (pixels, rows) = (self.pixels, self.rows);
        let pages = match job {
            Job::Part(unit, page) => {
                let done = decode_unit(pixels, page.as_deref(), unit, rows, out, &mut self.scratch);
                return done.map_err(|e| if pixels.count > 1 { in_series(e, unit.page) } else { e });
            }
            Job::Pages(pages) => pages.clone(),
        };
        let mut outcome = Outcome::Complete;
        for (index, out) in pages.zip(out.chunks_exact_mut(rows.page().max(1))) {
            let at = pixels.at(index)?;
            if self.is_one_run && self.read_alike(at, out)? {
                continue;
            }
            if self.last.as_ref().is_none_or(|last| last.page.at != at) {
                self.last = load(file, pixels, index, self.last.as_ref().map(|last| &last.page))?;
            }
            let mut rest = out;
            for unit in pixels.units(index, self.last.as_ref(), rows) {
                let (out, behind) = std::mem::take(&mut rest).split_at_mut(unit.len(rows));
                rest = behind;
                let done = decode_unit(pixels, self.last.as_ref(), &unit, rows, out, &mut self.scratch);
                if done.map_err(|e| in_series(e, index))? == Outcome::Partial {
                    outcome = Outcome::Partial;
                }
            }
        }
        Ok(outcome)
    }

    /// Reads a page of one run of samples, if its directory is like that of the last one. `false`: it must be looked at
    /// closely.
    fn read_alike(&self, at: PageAt, out: &mut [u8]) -> Result<bool> {
        let Some(last) = self.last.as_ref().filter(|last| last.page.at.file == at.file) else { return Ok(false) };
        let found = last.tiff.only_chunk(at.offset, &last.page.directory)?;
        let Some((offset, _)) = found.filter(|&(offset, count)| offset != 0 && count >= out.len() as u64) else {
            return Ok(false);
        };
        if last.tiff.source.read_up_to(out, offset)? < out.len() {
            return Ok(false);
        }
        unpack::to_native(out, self.pixels.dtype, last.tiff.layout.big_endian);
        Ok(true)
    }
}

fn decode_unit(
    pixels: &Pixels,
    page: Option<&Loaded>,
    unit: &Unit,
    rows: &Rows,
    bytes: &mut [u8],
    scratch: &mut Scratch,
) -> Result<Outcome> {
    let Some(loaded) = page else {
        bytes.fill(0);
        return Ok(Outcome::Complete);
    };
    if let Pages::Block { offset, .. } = pixels.pages {
        return block(pixels, loaded, *offset, unit, rows, bytes, scratch);
    }
    let from = pixels.window.y.start;
    let window = Window { y: unit.rows.start + from..unit.rows.end + from, x: pixels.window.x.clone() };
    decode_rows(loaded, pixels.dtype, unit.planes.clone(), &window, bytes, scratch)
}

/// Rows of a page that lies behind the first one without a directory of its own, uncompressed.
fn block(
    pixels: &Pixels,
    loaded: &Loaded,
    offset: u64,
    unit: &Unit,
    rows: &Rows,
    bytes: &mut [u8],
    scratch: &mut Scratch,
) -> Result<Outcome> {
    let form = pixels.form;
    let stored = byte_len(&[form.width, form.chunk_samples()], pixels.dtype)? as u64;
    let mut outcome = Outcome::Complete;
    let outside = || Error::corrupt("pixels beyond any file");
    let mut out = bytes.chunks_exact_mut(rows.bytes.max(1) * unit.rows.len().max(1));
    for plane in unit.planes.clone() {
        let before = (unit.page * rows.planes + plane) as u64 * form.length as u64;
        let row = before + (pixels.window.y.start + unit.rows.start) as u64;
        let at = row.checked_mul(stored).and_then(|at| at.checked_add(offset)).ok_or_else(outside)?;
        let out = out.next().unwrap_or_default();
        let done = scratch.read_plain(loaded.tiff, at, stored as usize, &pixels.window.x, form, pixels.dtype, out)?;
        if done == Outcome::Partial {
            outcome = done;
        }
    }
    Ok(outcome)
}

/// Puts packed rows, of which the first has this number, to their places.
fn put(threads: usize, to: &mut Destination, pixels: &Pixels, rows: &Rows, first: usize, bytes: &[u8]) -> Result<()> {
    // The axes before the rows' own; those of length 1 are not there.
    let shape = to.shape().to_vec();
    let inner = if pixels.form.chunk_samples() > 1 { 2 } else { 1 };
    let leading = shape.get(..shape.len().saturating_sub(inner)).unwrap_or(&[]);
    let mut at = vec![0; leading.len()];
    let mut done = 0;
    while done < bytes.len() {
        let mut rest = first + done / rows.bytes.max(1);
        for (at, &n) in at.iter_mut().zip(leading).rev() {
            *at = rest % n.max(1);
            rest /= n.max(1);
        }
        let behind = &bytes[done..];
        let Some((&y, planes)) = at.split_last() else { return to.put(&[], behind) };
        // To the end of the plane.
        let plane = leading.last().map_or(0, |&n| (n - y).saturating_mul(rows.bytes));
        let part = &behind[..plane.min(behind.len())];
        put_plane(threads, to, planes, y, part, rows.bytes)?;
        done += part.len().max(1);
    }
    Ok(())
}

/// Puts packed rows of the plane behind leading indices, from row `y` on.
fn put_plane(threads: usize, to: &mut Destination, at: &[usize], y: usize, bytes: &[u8], row: usize) -> Result<()> {
    match at.split_first() {
        Some((&i, inner)) => put_plane(threads, &mut to.image(i)?, inner, y, bytes, row),
        None => put_rows(threads, to, y, bytes.len() / row.max(1), bytes),
    }
}
