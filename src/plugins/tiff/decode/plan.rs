//! How an image is cut into units of work, and where each goes.

use super::super::file::{Chunks, File, Page, PageAt};
use super::super::form::Form;
use super::super::series::Pages;
use super::chunk::{Scratch, decode_rows};
use crate::error::{Error, Result};
use crate::model::{DType, Destination, Limits, byte_len};
use crate::plugin::{Call, Outcome};
use std::ops::Range;

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
}

/// Rows of one page that are decoded at once: `rows` of the window in `planes` of the page.
struct Unit {
    page: usize,
    planes: Range<usize>,
    rows: Range<usize>,
}

/// The rows of a page, as the destination has them.
struct Rows {
    /// Planes of a page: those of the samples times those of the depth.
    planes: usize,
    /// Rows of a plane.
    rows: usize,
    /// Bytes of a row.
    bytes: usize,
}

impl Pixels<'_> {
    fn rows(&self) -> Result<Rows> {
        let form = self.form;
        let planes = form.depth.checked_mul(if form.planar { form.samples } else { 1 });
        let planes = planes.ok_or_else(|| Error::limit("too many planes"))?;
        let bytes = byte_len(&[self.window.x.len(), form.chunk_samples()], self.dtype)?;
        Ok(Rows { planes, rows: self.window.y.len(), bytes })
    }

    /// The units of a page, in the order of the destination.
    fn units(&self, page: usize, rows: &Rows) -> Vec<Unit> {
        let (depth, length, _) = self.form.chunk();
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
        // Short strips are gathered, so that the work on a unit is worth its making.
        let least = (64usize << 10).div_ceil(rows.bytes.max(1)).div_ceil(length.max(1)).max(1);
        let step = length.max(1).saturating_mul(least);
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
    let rows = pixels.rows()?;
    let mut outcome = Outcome::Complete;
    let mut scratch = Scratch::new(*call.limits(), call.bool("allow_partial"));
    for index in 0..pixels.count {
        call.tick(index as u64, pixels.count as u64)?;
        let page = load(file, pixels, index)?;
        for unit in pixels.units(index, &rows) {
            let done = place(to, pixels, &rows, &unit, call.limits(), |bytes| {
                decode_unit(pixels, page.as_ref(), &unit, &rows, bytes, &mut scratch)
            })?;
            if done == Outcome::Partial {
                outcome = Outcome::Partial;
            }
        }
    }
    Ok(outcome)
}

/// A page that is there, with where its chunks are.
pub(super) struct Loaded<'a> {
    pub tiff: &'a super::super::ifd::Tiff,
    pub page: Page,
    pub chunks: Chunks,
}

/// Page `index` of the series; `None`: it is not stored.
fn load<'a>(file: &'a File, pixels: &Pixels, index: usize) -> Result<Option<Loaded<'a>>> {
    let at = match pixels.pages {
        Pages::Each(pages) => *pages.get(index).ok_or_else(|| Error::internal("a series has fewer pages"))?,
        Pages::Block { page, .. } => *page,
    };
    if at == PageAt::MISSING {
        return Ok(None);
    }
    let tiff = file.tiff_of(at)?;
    let page = file.load(at).map_err(|e| e.context(format_args!("page {index} of the series")))?;
    if page.form.shape() != pixels.form.shape() || page.form.dtype()? != pixels.dtype {
        return Err(Error::corrupt(format!("page {index} of the series has another form than the first")));
    }
    let chunks = Chunks::of(tiff, &page)?;
    Ok(Some(Loaded { tiff, page, chunks }))
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

/// Has `decode` fill the memory of a unit: where it stays, or in between where strides or a conversion ask for it.
fn place(
    to: &mut Destination,
    pixels: &Pixels,
    rows: &Rows,
    unit: &Unit,
    limits: &Limits,
    decode: impl FnOnce(&mut [u8]) -> Result<Outcome>,
) -> Result<Outcome> {
    let first = (unit.page * rows.planes + unit.planes.start) * rows.rows + unit.rows.start;
    let count = unit.planes.len() * unit.rows.len();
    let len = count.checked_mul(rows.bytes).ok_or_else(|| Error::limit("a unit of rows that no memory holds"))?;
    if let Some(all) = to.direct(&[]) {
        let from = first.checked_mul(rows.bytes);
        let bytes = from.and_then(|from| all.get_mut(from..from.checked_add(len)?));
        return decode(bytes.ok_or_else(|| Error::internal("the image has fewer rows than its pages"))?);
    }
    let mut bytes = limits.allocate(len)?;
    let outcome = decode(&mut bytes)?;
    // The axes before the rows' own; those of length 1 are not there.
    let shape = to.shape().to_vec();
    let inner = if pixels.form.chunk_samples() > 1 { 2 } else { 1 };
    let leading = shape.get(..shape.len().saturating_sub(inner)).unwrap_or(&[]);
    let mut at = vec![0; leading.len()];
    for (i, row) in bytes.chunks_exact(rows.bytes.max(1)).enumerate() {
        let mut rest = first + i;
        for (at, &n) in at.iter_mut().zip(leading).rev() {
            *at = rest % n.max(1);
            rest /= n.max(1);
        }
        to.put(&at, row)?;
    }
    Ok(outcome)
}
