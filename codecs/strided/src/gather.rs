//! Packed items brought together, converted, and put into their places: many at a time where memory has them side by side.

use crate::copy::copy_strip;
use crate::layout::{BLOCK, Strip};
use std::marker::PhantomData;

/// Strips whose packed bytes lie side by side, that are turned together.
const SIDE: usize = 8;
/// Most items of a strip along another axis than the packed one.
const RUNS: usize = BLOCK;
/// Bytes for what is gathered, and for what is made of it.
const GATHERED: usize = SIDE * RUNS;
const MADE: usize = 16 * RUNS;

/// Brings the packed items of a strip together, converts them, and puts them into their places.
pub struct Gather<'a, F> {
    packed: &'a [u8],
    item: usize,
    /// Strips of single bytes that wait for their neighbours.
    waiting: [Strip; SIDE],
    count: usize,
    gathered: [u8; GATHERED],
    places: Places<'a, F>,
}

/// Memory of a view, and how its items are made.
struct Places<'a, F> {
    /// The item at index 0.
    base: *mut u8,
    size: usize,
    convert: F,
    made: [u8; MADE],
    lives: PhantomData<&'a mut [u8]>,
}

impl<'a, F: FnMut(&[u8], &mut [u8])> Gather<'a, F> {
    /// `base` is the address of the item at index 0 of the view whose strips will come, of `size` bytes an item.
    pub fn new(packed: &'a [u8], item: usize, base: *mut u8, size: usize, convert: F) -> Gather<'a, F> {
        let places = Places { base, size, convert, made: [0; MADE], lives: PhantomData };
        Gather { packed, item, waiting: [Strip::default(); SIDE], count: 0, gathered: [0; GATHERED], places }
    }

    /// A strip of the layout of the view's items.
    pub fn take(&mut self, strip: Strip) {
        let size = self.places.size;
        let run = strip.bytes / size * self.item;
        if run != 1 || strip.count > RUNS || size * RUNS > MADE {
            return self.put_runs(strip, run);
        }
        if let Some(last) = self.count.checked_sub(1).map(|last| self.waiting[last])
            && (strip.packed != last.packed + size || strip.count != last.count)
        {
            self.flush();
        }
        self.waiting[self.count] = strip;
        self.count += 1;
        if self.count == SIDE {
            self.turn();
        }
    }

    /// Puts what still waits.
    pub fn flush(&mut self) {
        for i in 0..std::mem::take(&mut self.count) {
            self.put_runs(self.waiting[i], 1);
        }
    }

    /// Turns eight strips of single bytes, square by square.
    fn turn(&mut self) {
        let first = self.waiting[0];
        let (at, pitch) = (first.packed / self.places.size, first.packed_step / self.places.size);
        for y in (0..first.count).step_by(SIDE) {
            let mut square = [0u64; SIDE];
            for (row, i) in square.iter_mut().zip(y..first.count) {
                if let Some(bytes) = self.packed.get(at + i * pitch..).and_then(<[u8]>::first_chunk::<SIDE>) {
                    *row = u64::from_le_bytes(*bytes);
                }
            }
            transpose(&mut square);
            for (x, column) in square.iter().enumerate() {
                self.gathered[x * RUNS + y..][..SIDE].copy_from_slice(&column.to_le_bytes());
            }
        }
        self.count = 0;
        for (strip, column) in self.waiting.iter().zip(self.gathered.chunks_exact(RUNS)) {
            self.places.put(strip.at, first.step, first.count, self.places.size, &column[..first.count]);
        }
    }

    /// Puts the runs of a strip, each of `bytes` packed bytes.
    fn put_runs(&mut self, strip: Strip, bytes: usize) {
        let size = self.places.size;
        let (mut at, step) = (strip.packed / size * self.item, strip.packed_step / size * self.item);
        let most = (GATHERED / bytes).min(MADE / strip.bytes);
        if most < 2 || strip.count == 1 {
            // Long runs: each by itself.
            for i in 0..strip.count {
                let from = &self.packed[at + i * step..][..bytes];
                self.places.put(strip.at + i as isize * strip.step, strip.step, 1, strip.bytes, from);
            }
            return;
        }
        let mut done = 0;
        while done < strip.count {
            let count = most.min(strip.count - done);
            let to = strip.at + done as isize * strip.step;
            if step == bytes {
                self.places.put(to, strip.step, count, strip.bytes, &self.packed[at..][..count * bytes]);
            } else {
                let gathered = &mut self.gathered[..count * bytes];
                gather(&self.packed[at..], step, gathered, bytes);
                self.places.put(to, strip.step, count, strip.bytes, gathered);
            }
            at += count * step;
            done += count;
        }
    }
}

impl<F: FnMut(&[u8], &mut [u8])> Places<'_, F> {
    /// Converts the items of `count` runs into their places, `step` apart, each of `bytes` bytes.
    fn put(&mut self, at: isize, step: isize, count: usize, bytes: usize, from: &[u8]) {
        if count == 1 || step == bytes as isize {
            // SAFETY: the maker of the view promised every item to us alone, and strips visit items only: these stand one
            // behind the other.
            let to = unsafe { std::slice::from_raw_parts_mut(self.base.offset(at), count * bytes) };
            return (self.convert)(from, to);
        }
        let made = &mut self.made[..count * bytes];
        (self.convert)(from, made);
        // SAFETY: as above; here the runs stand `step` apart, and `made` holds the bytes of all of them.
        unsafe { copy_strip((made.as_ptr(), bytes as isize), (self.base.offset(at), step), count, bytes) };
    }
}

/// Copies runs of `bytes` bytes that begin `step` bytes apart.
fn gather(from: &[u8], step: usize, to: &mut [u8], bytes: usize) {
    macro_rules! copy {
        ($bytes:expr) => {
            for (run, from) in to.chunks_exact_mut($bytes).zip(from.chunks(step)) {
                run.copy_from_slice(&from[..$bytes]);
            }
        };
    }
    match bytes {
        1 => copy!(1),
        2 => copy!(2),
        3 => copy!(3),
        4 => copy!(4),
        6 => copy!(6),
        8 => copy!(8),
        _ => copy!(bytes),
    }
}

/// Turns a square of bytes: byte `i` of number `k` becomes byte `k` of number `i`.
fn transpose(square: &mut [u64; SIDE]) {
    for (distance, mask) in [(1, 0x00FF_00FF_00FF_00FF), (2, 0x0000_FFFF_0000_FFFF), (4, 0x0000_0000_FFFF_FFFFu64)] {
        let shift = 8 * distance;
        for k in (0..SIDE).filter(|k| k & distance == 0) {
            let swap = (square[k] >> shift ^ square[k + distance]) & mask;
            square[k + distance] ^= swap;
            square[k] ^= swap << shift;
        }
    }
}
