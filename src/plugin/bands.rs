//! Rows that are put into their places many at a time.

use super::{Call, put_rows};
use crate::error::{Error, Result};
use crate::model::{Destination, byte_len};
use std::ops::Range;

/// The rows of an image as a decoder makes them, one after another, upwards or downwards. Where memory has rows side by
/// side, as a column-major array, some are kept until a band of them is whole; elsewhere each goes to its place at once.
pub struct Bands<'a, 'd> {
    to: &'a mut Destination<'d>,
    threads: usize,
    /// Most rows of a band, which begins with one of the rows of which that is a divisor.
    together: usize,
    /// Bytes of a row.
    row: usize,
    memory: Vec<u8>,
    /// The rows that are kept.
    kept: Range<usize>,
}

impl<'a, 'd> Bands<'a, 'd> {
    /// Of an image whose first axis is its rows.
    pub fn new(to: &'a mut Destination<'d>, call: &Call) -> Result<Bands<'a, 'd>> {
        let together = to.rows_at_once();
        let row = byte_len(to.shape().get(1..).unwrap_or(&[]), to.dtype())?;
        let bytes = together.checked_mul(row).ok_or_else(|| Error::limit("rows too long to address"))?;
        let memory = if together > 1 { call.limits().allocate(bytes)? } else { Vec::new() };
        Ok(Bands { to, threads: call.threads(), together, row, memory, kept: 0..0 })
    }

    /// Has `decode` make row `y`. The bytes that it is handed hold garbage.
    pub fn fill(&mut self, y: usize, decode: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<()> {
        if self.together < 2 {
            return self.to.fill(&[y], decode);
        }
        let is_next = y == self.kept.end || y + 1 == self.kept.start;
        if !self.kept.is_empty() && (!is_next || y / self.together != self.kept.start / self.together) {
            self.flush()?;
        }
        let at = y % self.together * self.row;
        let row = self.memory.get_mut(at..at + self.row);
        decode(row.ok_or_else(|| Error::internal("a row that has no place in its band"))?)?;
        self.kept = match self.kept.is_empty() {
            true => y..y + 1,
            false => self.kept.start.min(y)..self.kept.end.max(y + 1),
        };
        Ok(())
    }

    /// Puts the rows that are kept. Without this call they are lost.
    pub fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.kept);
        if rows.is_empty() {
            return Ok(());
        }
        let from = rows.start % self.together * self.row;
        let bytes = &self.memory[from..from + rows.len() * self.row];
        put_rows(self.threads, self.to, rows.start, rows.len(), bytes)
    }

    /// The destination, with all rows that came.
    pub fn finish(mut self) -> Result<&'a mut Destination<'d>> {
        self.flush()?;
        Ok(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Declaration;
    use super::*;
    use crate::model::{Cast, DType, Dict, Limits, ViewMut};
    use std::sync::Arc;

    #[test]
    fn rows_come_to_their_places_in_any_order() {
        let (rows, columns) = (2500usize, 5usize);
        let value = |x: usize, y: usize| (y * 7 + x) as u16;
        let up: Vec<usize> = (0..rows).collect();
        let down: Vec<usize> = (0..rows).rev().collect();
        let mixed: Vec<usize> = (0..rows).map(|i| i * 1009 % rows).collect();
        for (order, column_major) in [(&up, true), (&down, true), (&mixed, true), (&down, false)] {
            let mut memory = vec![0u16; rows * columns];
            let bytes = bytemuck::cast_slice_mut(&mut memory);
            let view = match column_major {
                true => ViewMut::packed(bytes, 2, &[columns, rows]).and_then(|view| view.swap(0, 1)),
                false => ViewMut::packed(bytes, 2, &[rows, columns]),
            };
            let mut to = Destination::new(view.unwrap(), Cast::plain(DType::U16, DType::U16), Limits::default());
            let call = Call::new(Dict::new(), Arc::new(Declaration::default()), Limits::default(), 2);
            let mut bands = Bands::new(&mut to, &call).unwrap();
            assert_eq!(bands.together > 1, column_major);
            for &y in order {
                let make = |row: &mut [u8]| {
                    let items = row.chunks_exact_mut(2).enumerate();
                    items.for_each(|(x, item)| item.copy_from_slice(&value(x, y).to_ne_bytes()));
                    Ok(())
                };
                bands.fill(y, make).unwrap();
            }
            bands.finish().unwrap();
            for (i, &found) in memory.iter().enumerate() {
                let (x, y) = if column_major { (i / rows, i % rows) } else { (i % columns, i / columns) };
                assert_eq!(found, value(x, y), "{x}, {y}");
            }
        }
    }
}
