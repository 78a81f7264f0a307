//! Rows that are put into their places many at a time.

use super::{Call, put_rows};
use crate::error::{Error, Result};
use crate::model::{Destination, byte_len};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

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

/// What makes rows for [`put_beside`].
pub type Make<'a> = dyn FnMut(&mut [u8]) -> Result<Option<Range<usize>>> + 'a;

/// Puts rows of `row` bytes into their places on a thread of its own, which may take `threads` of them, while others are
/// made. `make` makes the next rows in memory that it is handed, from its beginning on, and says which they are; `None` if
/// there are no more. `false`, and nothing done, where the system has no thread to give.
pub fn put_beside(
    threads: usize,
    to: &mut Destination,
    row: usize,
    memory: [Vec<u16>; 2],
    make: &mut Make,
) -> Result<bool> {
    let (full, bands) = sync_channel::<(Vec<u16>, Range<usize>)>(1);
    let (give_back, empty) = channel();
    for band in memory {
        let _ = give_back.send(band);
    }
    thread::scope(|scope| {
        let put = move || {
            for (band, rows) in bands {
                let bytes = bytemuck::cast_slice(&band).get(..rows.len().saturating_mul(row));
                let bytes = bytes.ok_or_else(|| Error::internal("a band with more rows than it has memory for"))?;
                put_rows(threads, to, rows.start, rows.len(), bytes)?;
                let _ = give_back.send(band);
            }
            Ok(())
        };
        let Ok(put) = thread::Builder::new().spawn_scoped(scope, put) else { return Ok(false) };
        let mut made = Ok(());
        // The other thread may have failed, and take no more.
        while let Ok(mut band) = empty.recv() {
            let rows = match make(bytemuck::cast_slice_mut(&mut band)) {
                Ok(Some(rows)) => rows,
                Ok(None) => break,
                Err(e) => {
                    made = Err(e);
                    break;
                }
            };
            if full.send((band, rows)).is_err() {
                break;
            }
        }
        drop(full);
        let put = put.join().unwrap_or_else(|panic| resume_unwind(panic));
        made.and(put).map(|()| true)
    })
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

    #[test]
    fn rows_are_put_while_others_are_made() {
        let (rows, columns, together) = (900usize, 300usize, 128usize);
        let put = |fails: Option<usize>| {
            let mut memory = vec![0u8; rows * columns];
            let view = ViewMut::packed(&mut memory, 1, &[columns, rows]).and_then(|view| view.swap(0, 1)).unwrap();
            let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
            let mut y = 0;
            let band = || vec![0u16; together * columns / 2];
            let done = put_beside(1, &mut to, columns, [band(), band()], &mut |bytes| {
                let some = y..(y + together).min(rows);
                if some.is_empty() {
                    return Ok(None);
                }
                if fails.is_some_and(|at| some.contains(&at)) {
                    return Err(Error::corrupt("here"));
                }
                for (y, row) in some.clone().zip(bytes.chunks_exact_mut(columns)) {
                    row.iter_mut().enumerate().for_each(|(x, to)| *to = (y * 7 + x) as u8);
                }
                y = some.end;
                Ok(Some(some))
            });
            done.map(|done| (done, memory))
        };
        let (done, memory) = put(None).unwrap();
        assert!(done && memory.iter().enumerate().all(|(i, &found)| found == (i % rows * 7 + i / rows) as u8));
        assert_eq!(put(Some(500)).unwrap_err().kind(), crate::error::ErrorKind::Corrupt);
        // Rows that the image does not have.
        let mut memory = vec![0u8; 100];
        let view = ViewMut::packed(&mut memory, 1, &[10, 10]).unwrap();
        let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
        let beyond = put_beside(1, &mut to, 10, [vec![0; 50], vec![0; 50]], &mut |_| Ok(Some(5..15)));
        assert_eq!(beyond.unwrap_err().kind(), crate::error::ErrorKind::Internal);
    }
}
