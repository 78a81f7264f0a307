//! Where the pixels of an image go: the caller's memory, whatever its strides and dtype.

use super::reduce::Sums;
use super::{Area, Cast, DType, Limits, Props, Shape, Steps, Table, ViewMut, cast};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// The destination of one image, or of a stack of them, as a plugin sees it: the shape and dtype that its
/// properties promised. Pixels that fit are decoded straight into the caller's memory; where strides or a
/// conversion stand between, they pass through one row (or whatever block the plugin fills at once).
pub struct Destination<'a> {
    view: ViewMut<'a>,
    /// What the plugin delivers, where that is not what `cast` takes.
    native: Option<Native>,
    cast: Cast,
    /// The conversion of single bytes, once there are enough of them.
    table: Option<Table>,
    limits: Limits,
    scratch: Vec<u8>,
    /// Rows between two steps.
    rows: (Vec<u8>, Vec<u8>),
    /// Squares of pixels that wait for their other rows.
    sums: Waiting,
}

/// Squares by the place of their row of the result; shared with those who borrow the destination.
type Waiting = Arc<Mutex<BTreeMap<Vec<usize>, Sums>>>;

/// What a plugin delivers, and what becomes of it.
#[derive(Clone)]
struct Native {
    shape: Shape,
    dtype: DType,
    /// The axis of rows; behind it come columns and samples.
    rows: Option<usize>,
    steps: Steps,
}

impl<'a> Destination<'a> {
    /// A destination whose items have the type that `cast` makes.
    pub fn new(view: ViewMut<'a>, cast: Cast, limits: Limits) -> Destination<'a> {
        let (scratch, rows, sums) = Default::default();
        Destination { view, native: None, cast, table: None, limits, scratch, rows, sums }
    }

    /// With pixels that the plugin delivers as `native` says. `cast` then converts what the steps make of them.
    pub fn with_steps(mut self, native: &Props, steps: Steps) -> Destination<'a> {
        if !steps.is_empty() {
            let letters = native.axes.as_str();
            let is_plain = letters.ends_with("YX") || letters.ends_with("YXS");
            let rows = letters.find('Y').filter(|_| is_plain && letters.len() == native.shape.len());
            self.native = Some(Native { shape: native.shape, dtype: native.dtype, rows, steps });
        }
        self
    }

    /// Length of each axis, as the plugin delivers.
    pub fn shape(&self) -> &[usize] {
        self.native.as_ref().map_or(self.view.shape(), |native| &native.shape)
    }

    /// The dtype in which the plugin delivers.
    pub fn dtype(&self) -> DType {
        self.native.as_ref().map_or(self.cast.from(), |native| native.dtype)
    }

    /// The pixels that are wanted, if those are not all: a plugin may leave out the others, which are dropped.
    pub fn area(&self) -> Option<Area> {
        self.native.as_ref()?.steps.crop
    }

    /// The rows that are wanted, of an image whose first axis is rows: a plugin may leave out the others.
    pub fn wanted_rows(&self) -> Range<usize> {
        let all = 0..self.shape().first().copied().unwrap_or(0);
        match &self.native {
            Some(Native { rows: Some(0), steps: Steps { crop: Some(area), .. }, .. }) => area.rows(),
            _ => all,
        }
    }

    /// The wanted pixels, if those are not all, and the destination of these alone: for a plugin that leaves out the
    /// others itself.
    pub fn within_area(&mut self) -> Option<(Area, Destination<'_>)> {
        let mut native = self.native.clone()?;
        let (area, rows) = (native.steps.crop.take()?, native.rows?);
        let mut dims = native.shape.to_vec();
        *dims.get_mut(rows)? = area.height;
        *dims.get_mut(rows + 1)? = area.width;
        native.shape = Shape::of(&dims);
        let mut inner = self.reborrow();
        inner.native = if native.steps.is_empty() { None } else { Some(native) };
        Some((area, inner))
    }

    fn is_identity(&self) -> bool {
        self.native.is_none() && self.cast.is_identity()
    }

    /// Bytes of the block behind leading indices, as the plugin delivers it.
    fn block(&self, at: &[usize]) -> Result<usize> {
        super::byte_len(self.shape().get(at.len()..).ok_or_else(outside)?, self.dtype())
    }

    /// One image of a stack.
    pub fn image(&mut self, i: usize) -> Result<Destination<'_>> {
        let native = self.native.clone().map(|mut native| {
            native.shape = Shape::of(native.shape.get(1..).unwrap_or(&[]));
            native.rows = native.rows.and_then(|rows| rows.checked_sub(1));
            native
        });
        let view = self.view.reborrow().at(i).ok_or_else(outside)?;
        Ok(Destination { native, ..Destination::new(view, self.cast, self.limits) })
    }

    /// Whether parts may be filled side by side: not where pixels of several rows become one.
    pub fn can_split(&self) -> bool {
        self.native.as_ref().is_none_or(|native| native.steps.reduce.is_none())
    }

    /// The parts of `axis` before and from `start`, for work side by side, if that [can be](Self::can_split). The samples
    /// of a pixel stay together.
    pub fn split(self, axis: usize, start: usize) -> Result<(Destination<'a>, Destination<'a>)> {
        let whole = *self.shape().get(axis).ok_or_else(outside)?;
        let rest = whole.checked_sub(start).ok_or_else(outside)?;
        let Some(native) = &self.native else {
            let (head, tail) = self.view.split(axis, start).ok_or_else(outside)?;
            let make = |view| Destination::new(view, self.cast, self.limits);
            return Ok((make(head), make(tail)));
        };
        if !self.can_split() || axis >= self.view.shape().len().min(native.shape.len()) {
            return Err(outside());
        }
        let (mut first, mut second) = (native.clone(), native.clone());
        for (part, len) in [(&mut first, start), (&mut second, rest)] {
            let mut dims = part.shape.to_vec();
            dims[axis] = len;
            part.shape = Shape::of(&dims);
        }
        let mut place = start;
        if let (Some(area), Some(rows)) = (native.steps.crop, native.rows)
            && axis >= rows
        {
            let (from, len) = if axis == rows { (area.y, area.height) } else { (area.x, area.width) };
            place = start.saturating_sub(from).min(len);
            let part = |from: usize, len: usize| match axis == rows {
                true => Area { y: from, height: len, ..area },
                false => Area { x: from, width: len, ..area },
            };
            first.steps.crop = Some(part(from.min(start), place));
            second.steps.crop = Some(part(from.saturating_sub(start), len - place));
        }
        let (head, tail) = self.view.split(axis, place).ok_or_else(outside)?;
        let make =
            |view, native| Destination { native: Some(native), ..Destination::new(view, self.cast, self.limits) };
        Ok((make(head, first), make(tail, second)))
    }

    /// The same destination for a shorter time.
    pub fn reborrow(&mut self) -> Destination<'_> {
        let (native, cast, limits) = (self.native.clone(), self.cast, self.limits);
        let sums = self.sums.clone();
        Destination { native, sums, ..Destination::new(self.view.reborrow(), cast, limits) }
    }

    /// The caller's memory behind the leading indices, if a plugin's bytes may stand there as they are.
    pub fn direct(&mut self, at: &[usize]) -> Option<&mut [u8]> {
        if self.is_identity() { self.view.row(at) } else { None }
    }

    /// The view itself, if no conversion stands between.
    pub fn as_view(&mut self) -> Option<ViewMut<'_>> {
        if self.is_identity() { Some(self.view.reborrow()) } else { None }
    }

    /// Has `decode` fill the block behind the leading indices: `&[]` is the whole image, `&[y]` one row.
    /// The bytes that it is handed are packed and hold garbage.
    pub fn fill(&mut self, at: &[usize], decode: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<()> {
        if self.is_identity()
            && let Some(bytes) = self.view.row(at)
        {
            return decode(bytes);
        }
        let bytes = self.block(at)?;
        let mut scratch = std::mem::take(&mut self.scratch);
        if scratch.len() != bytes {
            scratch = self.limits.allocate(bytes)?;
        }
        decode(&mut scratch)?;
        self.put(at, &scratch)?;
        self.scratch = scratch;
        Ok(())
    }

    /// Puts packed bytes into the block behind the leading indices.
    pub fn put(&mut self, at: &[usize], packed: &[u8]) -> Result<()> {
        if packed.len() != self.block(at)? {
            return Err(outside());
        }
        match &self.native {
            None => self.put_cast(at, packed),
            Some(native) => match native.rows {
                Some(rows) if at.len() <= rows => {
                    let count = native.shape.get(at.len()).copied().unwrap_or(0);
                    let mut inner = at.to_vec();
                    inner.push(0);
                    for (i, part) in packed.chunks_exact((packed.len() / count.max(1)).max(1)).take(count).enumerate() {
                        if let Some(last) = inner.last_mut() {
                            *last = i;
                        }
                        self.put(&inner, part)?;
                    }
                    Ok(())
                }
                Some(rows) if at.len() == rows + 1 => self.put_row(at, packed),
                _ if native.steps.crop.is_none() && native.steps.reduce.is_none() => self.put_points(at, packed),
                _ => Err(outside()),
            },
        }
    }

    /// Puts a row, of which a part may be wanted, or only its mean with others.
    fn put_row(&mut self, at: &[usize], row: &[u8]) -> Result<()> {
        let Some(native) = &self.native else { return Err(outside()) };
        let (Some((&y, planes)), Some(axis)) = (at.split_last(), native.rows) else { return Err(outside()) };
        let sides = (native.shape.get(axis).copied().unwrap_or(0), native.shape.get(axis + 1).copied().unwrap_or(0));
        let area = native.steps.crop.unwrap_or(Area::all(sides.1, sides.0));
        if !area.rows().contains(&y) || sides.1 == 0 || area.width == 0 {
            return Ok(());
        }
        let pixel = row.len() / sides.1;
        let row = row.get(area.x * pixel..(area.x + area.width) * pixel).ok_or_else(outside)?;
        let y = y - area.y;
        let mut to = planes.to_vec();
        let Some(reduce) = native.steps.reduce else {
            to.push(y);
            return self.put_points(&to, row);
        };
        let Some(square) = reduce.square(y) else { return Ok(()) };
        to.push(square);
        let lost = || Error::internal("sums of pixels were lost");
        let known = self.sums.lock().map_err(|_| lost())?.remove(&to);
        let mut sums = known.unwrap_or_else(|| reduce.sums(area.width));
        if !reduce.add(&mut sums, row, y, area.height) {
            self.sums.lock().map_err(|_| lost())?.insert(to, sums);
            return Ok(());
        }
        let mut made = std::mem::take(&mut self.rows.0);
        made.resize(reduce.side(area.width) * pixel, 0);
        reduce.finish(&sums, row, y, (area.width, area.height), &mut made);
        let done = self.put_points(&to, &made);
        self.rows.0 = made;
        done
    }

    /// Puts packed pixels of which each goes its way by itself.
    fn put_points(&mut self, at: &[usize], packed: &[u8]) -> Result<()> {
        let points = self.native.as_ref().map(|native| native.steps.points.clone()).unwrap_or_default();
        let Some((first, others)) = points.split_first() else { return self.put_cast(at, packed) };
        let mut made = std::mem::take(&mut self.rows.1);
        let step = |step: &super::Step, from: &[u8], made: &mut Vec<u8>| -> Result<()> {
            let (size_in, size_out) = step.sizes();
            let bytes = (from.len() / size_in).checked_mul(size_out).ok_or_else(outside)?;
            if made.len() < bytes {
                self.limits.check_bytes(bytes)?;
                made.try_reserve_exact(bytes - made.len()).map_err(|_| Error::out_of_memory(bytes))?;
            }
            made.resize(bytes, 0);
            step.convert(from, made);
            Ok(())
        };
        step(first, packed, &mut made)?;
        for other in others {
            let from = std::mem::take(&mut made);
            step(other, &from, &mut made)?;
        }
        self.put_cast(at, &made)?;
        self.rows.1 = made;
        Ok(())
    }

    /// Puts packed bytes of the dtype that `cast` takes.
    fn put_cast(&mut self, at: &[usize], packed: &[u8]) -> Result<()> {
        if self.cast.is_identity() {
            return if self.view.unpack(at, packed) { Ok(()) } else { Err(outside()) };
        }
        let inner = self.view.layout().inner(at.len());
        self.put_converted(at, 0..inner.shape().first().copied().unwrap_or(1), packed)
    }

    /// Converts into these places of the axis that follows the leading indices.
    fn put_converted(&mut self, at: &[usize], places: Range<usize>, packed: &[u8]) -> Result<()> {
        if self.table.is_none() && packed.len() >= WORTH_A_TABLE {
            self.table = Table::new(self.cast);
        }
        let (by, table) = (self.cast, &self.table);
        let convert = |from: &[u8], to: &mut [u8]| match table {
            Some(table) => table.convert(from, to),
            None => cast(by, from, to),
        };
        if self.view.convert_rows(at, places, by.from().size(), packed, convert) { Ok(()) } else { Err(outside()) }
    }

    /// How many rows are best put at once: more than one where memory has them side by side, as a column-major array.
    pub fn rows_at_once(&self) -> usize {
        let row = self.view.layout().inner(1);
        match self.view.shape().first() {
            Some(&rows) if self.native.is_none() && !row.is_contiguous() => {
                (BAND / (row.len() * self.cast.from().size()).max(1)).clamp(16, TOGETHER).min(rows.max(1))
            }
            _ => 1,
        }
    }

    /// Puts packed rows into places of the first axis, from `first` on.
    pub fn put_rows(&mut self, first: usize, count: usize, packed: &[u8]) -> Result<()> {
        if self.native.is_some() {
            let row = packed.len() / count.max(1);
            return (0..count).try_for_each(|i| self.put(&[first + i], &packed[i * row..(i + 1) * row]));
        }
        if !self.cast.is_identity() {
            return self.put_converted(&[], first..first + count, packed);
        }
        if self.view.unpack_rows(&[], first, count, packed) { Ok(()) } else { Err(outside()) }
    }

    /// Zeroes from this index of the first axis to the end: what a partial read leaves unread.
    pub fn zero_from(&mut self, first: usize) -> Result<()> {
        self.zero(first..self.shape().first().copied().unwrap_or(0))
    }

    /// Zeroes these places of the first axis.
    pub fn zero(&mut self, places: impl Iterator<Item = usize>) -> Result<()> {
        for i in places {
            self.fill(&[i], |bytes| {
                bytes.fill(0);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Bytes of rows that are put into their places at once: they stay in a processor's cache.
const BAND: usize = 1 << 22;
/// Most rows that are. With fewer, the memory of the result is come back to more often; with more, what is made beside the
/// putting waits for it longer.
const TOGETHER: usize = 1 << 8;

/// Bytes that are converted at once, or more, are worth a table of all their values.
const WORTH_A_TABLE: usize = 1 << 10;

/// A plugin that puts something where its own properties have no place is defective.
fn outside() -> Error {
    Error::internal("the plugin delivered a block that does not fit the properties that it gave")
}

#[cfg(test)]
mod tests;
