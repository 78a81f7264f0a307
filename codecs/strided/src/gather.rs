//! Packed items brought together, converted, and put into their places: many at a time where memory has them side by side.

use crate::copy::{copy_strip, for_length};
use crate::layout::{BLOCK, Strip};
use crate::square::{SIDE, turn};
use std::marker::PhantomData;

/// Most items of a strip along another axis than the packed one.
const RUNS: usize = BLOCK;
/// Bytes of the packed runs of strips that are gone along side by side, at most.
const SHORT: usize = 8;
/// Bytes for what is gathered, and for what is made of it.
const GATHERED: usize = SIDE * RUNS;
const MADE: usize = 16 * RUNS;
#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

/// Brings the packed items of a strip together, converts them, and puts them into their places.
///
/// Strips whose packed bytes lie side by side are gone along together: each row of theirs is looked at once, not once for
/// each strip, which costs more than the copying where rows lie in pages of their own.
pub struct Gather<'a, F> {
    packed: &'a [u8],
    item: usize,
    /// Strips that wait for their neighbours, and those before them, whose places are on their way into the cache.
    waiting: Group,
    ready: Group,
    gathered: [u8; GATHERED],
    places: Places<'a, F>,
}

/// Strips whose packed bytes lie side by side.
#[derive(Clone, Copy, Default)]
struct Group {
    strips: [Strip; SIDE],
    count: usize,
}

impl Group {
    fn strips(&self) -> &[Strip] {
        &self.strips[..self.count]
    }
}

/// Memory of a view, and how its items are made.
struct Places<'a, F> {
    /// The item at index 0.
    base: *mut u8,
    size: usize,
    /// Whether items are made by copying.
    is_same: bool,
    convert: F,
    made: [u8; MADE],
    lives: PhantomData<&'a mut [u8]>,
}

impl<'a> Gather<'a, fn(&[u8], &mut [u8])> {
    /// Of items that stay as they are.
    pub fn same(packed: &'a [u8], base: *mut u8, size: usize) -> Self {
        let mut gather: Self = Gather::new(packed, size, base, size, |from, to| to.copy_from_slice(from));
        gather.places.is_same = true;
        gather
    }
}

impl<'a, F: FnMut(&[u8], &mut [u8])> Gather<'a, F> {
    /// `base` is the address of the item at index 0 of the view whose strips will come, of `size` bytes an item.
    pub fn new(packed: &'a [u8], item: usize, base: *mut u8, size: usize, convert: F) -> Gather<'a, F> {
        let places = Places { base, size, is_same: false, convert, made: [0; MADE], lives: PhantomData };
        let (waiting, ready) = Default::default();
        Gather { packed, item, waiting, ready, gathered: [0; GATHERED], places }
    }

    /// A strip of the layout of the view's items.
    pub fn take(&mut self, strip: Strip) {
        let run = self.packed_bytes(strip.bytes);
        // Only along another axis than the packed one is there anything to gain.
        let is_packed = strip.step == strip.bytes as isize;
        if run > SHORT
            || strip.count > RUNS
            || !is_packed && strip.bytes * RUNS > MADE
            || strip.packed_step == strip.bytes
        {
            return self.put_runs(strip, run);
        }
        if let Some(last) = self.waiting.strips().last()
            && (strip.packed != last.packed + strip.bytes || strip.count != last.count)
        {
            self.turn_over();
        }
        self.waiting.strips[self.waiting.count] = strip;
        self.waiting.count += 1;
        let is_direct = self.places.is_same && is_packed;
        if is_direct && self.waiting.count == SIDE
            || !is_direct && self.waiting.count >= most_gathered(strip.count * run)
        {
            self.turn_over();
        }
    }

    /// Puts the strips before those that wait, and has the places of these fetched meanwhile.
    fn turn_over(&mut self) {
        self.waiting.strips().iter().for_each(|strip| self.places.fetch(strip));
        let before = std::mem::replace(&mut self.ready, std::mem::take(&mut self.waiting));
        self.put(before.strips());
    }

    /// Puts what still waits.
    pub fn flush(&mut self) {
        self.turn_over();
        self.turn_over();
    }

    /// Packed bytes of what takes so many in memory.
    fn packed_bytes(&self, bytes: usize) -> usize {
        bytes / self.places.size * self.item
    }

    /// Puts strips that lie side by side.
    fn put(&mut self, strips: &[Strip]) {
        let Some(&Strip { packed, packed_step, bytes, step, count, .. }) = strips.first() else { return };
        let (run, at, pitch) = (self.packed_bytes(bytes), self.packed_bytes(packed), self.packed_bytes(packed_step));
        let from = &self.packed[at..];
        // All bytes of the strips: a row of them has `strips.len()` runs.
        assert!(from.len() >= (count - 1) * pitch + strips.len() * run);
        if self.places.is_same && step == bytes as isize {
            let mut to = [self.places.base; SIDE];
            for (to, strip) in to.iter_mut().zip(strips) {
                *to = self.places.base.wrapping_offset(strip.at);
            }
            // SAFETY: the assertion above; and the maker of the view promised every item to us alone, which strips visit:
            // the runs of each stand one behind the other from its place on.
            return unsafe { spread(from, pitch, &to[..strips.len()], count, run) };
        }
        let mut to = [self.gathered.as_mut_ptr(); SIDE];
        for (k, to) in to.iter_mut().enumerate().take(strips.len()) {
            *to = to.wrapping_add(k * count * run);
        }
        // SAFETY: the assertion above; and as many strips were taken as have room.
        unsafe { spread(from, pitch, &to[..strips.len()], count, run) };
        for (strip, column) in strips.iter().zip(self.gathered.chunks_exact(count * run)) {
            self.places.put(strip.at, step, count, bytes, column);
        }
    }

    /// Puts the runs of a strip, each of `bytes` packed bytes.
    fn put_runs(&mut self, strip: Strip, bytes: usize) {
        let (mut at, step) = (self.packed_bytes(strip.packed), self.packed_bytes(strip.packed_step));
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

impl<F> Places<'_, F> {
    /// Has the processor fetch the places of a strip where that can be told it. Each is written a little at a time, in another
    /// page than the last one: the wait for memory would be most of the time.
    fn fetch(&self, strip: &Strip) {
        #[cfg(target_arch = "x86_64")]
        if strip.step == strip.bytes as isize {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            let first = self.base.wrapping_offset(strip.at);
            for line in (0..strip.count * strip.bytes).step_by(CACHE_LINE) {
                // SAFETY: every processor of this architecture has SSE; a hint touches no memory.
                unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(line).cast()) };
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = strip;
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

/// Rows from which on packed bytes are fetched ahead: each row lies in a page of its own.
const AHEAD: usize = 16;

/// Has the processor fetch what stands here, where that can be told it.
fn fetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this architecture has SSE; a hint touches no memory.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// How many strips of so many packed bytes there is room for.
fn most_gathered(bytes: usize) -> usize {
    (GATHERED / bytes.max(1)).clamp(1, SIDE)
}

/// Brings each of the runs of `bytes` bytes that stand side by side in a row to a column of its own, for `rows` rows that
/// begin `pitch` bytes apart.
///
/// # Safety
/// `from` has all bytes of the runs, and each column has room for `rows` of them that is used by nobody else.
unsafe fn spread(from: &[u8], pitch: usize, columns: &[*mut u8], rows: usize, bytes: usize) {
    macro_rules! runs {
        ($bytes:expr) => {
            for y in 0..rows {
                for (k, &to) in columns.iter().enumerate() {
                    // SAFETY: run `k` of row `y`, which the caller promises on both sides.
                    unsafe {
                        let from = from.as_ptr().add(y * pitch + k * $bytes);
                        std::ptr::copy_nonoverlapping(from, to.add(y * $bytes), $bytes);
                    }
                }
            }
        };
    }
    match (bytes, <&[*mut u8; SIDE]>::try_from(columns)) {
        // SAFETY: as the caller promises.
        (1, Ok(columns)) => unsafe { spread_bytes(from, pitch, columns, rows) },
        // SAFETY: as the caller promises.
        (3, Ok(columns)) => unsafe { spread_pixels(from, pitch, columns, rows) },
        _ => for_length!(bytes, runs),
    }
}

/// Single bytes: by squares.
///
/// # Safety
/// As of [`spread`].
unsafe fn spread_bytes(from: &[u8], pitch: usize, columns: &[*mut u8; SIDE], rows: usize) {
    for y in (0..rows).step_by(SIDE) {
        let count = SIDE.min(rows - y);
        let mut square = [[0; SIDE]; SIDE];
        for (row, i) in square.iter_mut().zip(y..y + count) {
            if let Some(bytes) = from.get(i * pitch..).and_then(<[u8]>::first_chunk) {
                *row = *bytes;
            }
            fetch(from.as_ptr().wrapping_add((i + AHEAD).wrapping_mul(pitch)));
        }
        turn(&mut square);
        for (&to, column) in columns.iter().zip(&square) {
            // SAFETY: rows `y` to `y + count` of a column, which the caller promises. Sixteen bytes are one store.
            unsafe {
                match count {
                    SIDE => std::ptr::copy_nonoverlapping(column.as_ptr(), to.add(y), SIDE),
                    _ => std::ptr::copy_nonoverlapping(column.as_ptr(), to.add(y), count),
                }
            }
        }
    }
}

/// Runs of three bytes: four at once are cheaper; the fourth is overwritten by the next row.
///
/// # Safety
/// As of [`spread`].
unsafe fn spread_pixels(from: &[u8], pitch: usize, columns: &[*mut u8; SIDE], rows: usize) {
    for y in 0..rows.saturating_sub(1) {
        // The last row is behind, so that a byte more than the runs of this one is there.
        let row: &[u8; 3 * SIDE + 1] = match from.get(y * pitch..).and_then(<[u8]>::first_chunk) {
            Some(row) => row,
            None => return,
        };
        fetch(row.as_ptr().wrapping_add(AHEAD.wrapping_mul(pitch)));
        fetch(row.as_ptr().wrapping_add(AHEAD.wrapping_mul(pitch).wrapping_add(3 * SIDE)));
        for (k, &to) in columns.iter().enumerate() {
            // SAFETY: a run that the caller promises, and a byte of the run that follows it on each side.
            unsafe { std::ptr::copy_nonoverlapping(row[3 * k..].as_ptr(), to.add(3 * y), 4) };
        }
    }
    if let Some(y) = rows.checked_sub(1) {
        for (k, &to) in columns.iter().enumerate() {
            // SAFETY: a run of the last row, which the caller promises on both sides.
            unsafe { std::ptr::copy_nonoverlapping(from[y * pitch + 3 * k..][..3].as_ptr(), to.add(3 * y), 3) };
        }
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
    for_length!(bytes, copy)
}
