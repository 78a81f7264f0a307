//! The decoder. A row is kept as the places where its colour changes; the row before is all that Group 4 looks at.

use super::codes::{BITS, RUNS};

/// How rows are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// TIFF's compression 2: runs, each row from a byte of its own, or from an even one.
    Rle {
        /// Rows begin at even bytes.
        words: bool,
    },
    /// Group 3: runs, or with `two_dimensional` some rows by the row before.
    Group3 {
        /// Whether a bit behind the mark of a row says how it is coded.
        two_dimensional: bool,
    },
    /// Group 4: each row by the row before.
    Group4,
}

/// The data have a code that means nothing, or more pixels than a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Rows that are right.
    pub rows: usize,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "the fax data have a code that means nothing, after {} rows", self.rows)
    }
}

impl std::error::Error for Error {}

/// Decodes rows of `width` pixels until the output is full or the data end; the rows that were decoded. A row of the
/// output begins with a byte.
pub fn decode(mode: Mode, data: &[u8], width: usize, out: &mut [u8]) -> Result<usize, Error> {
    let mut bits = Bits { data, at: 0 };
    let mut before = Vec::new();
    let mut row = Vec::new();
    let mut rows = 0;
    for bytes in out.chunks_exact_mut(width.div_ceil(8).max(1)) {
        row.clear();
        let there = match mode {
            Mode::Rle { words } => {
                bits.align(if words { 16 } else { 8 });
                !bits.is_empty() && one_dimensional(&mut bits, width, &mut row).is_some()
            }
            Mode::Group3 { two_dimensional: mixed } => group3(&mut bits, mixed, width, &before, &mut row),
            Mode::Group4 => !bits.is_end_of_block() && two_dimensional(&mut bits, width, &before, &mut row).is_some(),
        };
        if !there {
            let ended = bits.is_empty() || bits.is_end_of_block();
            return if ended { Ok(rows) } else { Err(Error { rows }) };
        }
        paint(&row, width, bytes);
        std::mem::swap(&mut before, &mut row);
        rows += 1;
    }
    Ok(rows)
}

/// The data as bits.
struct Bits<'a> {
    data: &'a [u8],
    /// Bits that were taken.
    at: usize,
}

impl Bits<'_> {
    /// The next bits, at most 24, zeros behind the end.
    #[inline]
    fn peek(&self, bits: u32) -> u32 {
        let from = self.at / 8;
        let bytes = match self.data.get(from..).and_then(|rest| rest.first_chunk()) {
            Some(&bytes) => u32::from_be_bytes(bytes),
            None => (0..4).fold(0, |n, i| n << 8 | self.data.get(from + i).copied().map_or(0, u32::from)),
        };
        (bytes << (self.at % 8)) >> (32 - bits)
    }

    fn skip(&mut self, bits: u32) {
        self.at += bits as usize;
    }

    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn is_empty(&self) -> bool {
        self.at / 8 >= self.data.len()
    }

    /// Two marks of the end of a row, one behind the other.
    fn is_end_of_block(&self) -> bool {
        self.peek(24) == 0x00_1001
    }

    /// Takes the mark of the end of a row and the zeros before it; `false`: there is none.
    fn end_of_line(&mut self) -> bool {
        if self.peek(11) != 0 {
            return false;
        }
        while self.peek(24) == 0 {
            if self.is_empty() {
                return false;
            }
            self.skip(8);
        }
        self.skip((self.peek(24) << 8).leading_zeros() + 1);
        true
    }

    /// The run that comes next.
    #[inline]
    fn run(&mut self, black: bool) -> Option<usize> {
        let mut len = 0usize;
        loop {
            let run = RUNS[usize::from(black)][self.peek(BITS) as usize];
            if run.bits == 0 || self.is_empty() {
                return None;
            }
            self.skip(run.bits.into());
            len = len.checked_add(run.len.into())?;
            if run.len < 64 {
                return Some(len);
            }
        }
    }
}

/// A row of runs, white first.
fn one_dimensional(bits: &mut Bits, width: usize, row: &mut Vec<usize>) -> Option<()> {
    let (mut at, mut black) = (0, false);
    while at < width {
        at = bits.run(black)?.checked_add(at).filter(|&at| at <= width)?;
        row.push(at);
        black = !black;
    }
    Some(())
}

/// A row of Group 3, with or without the mark of its beginning.
fn group3(bits: &mut Bits, mixed: bool, width: usize, before: &[usize], row: &mut Vec<usize>) -> bool {
    let marked = bits.end_of_line();
    let by_row_before = mixed && marked && {
        let plain = bits.peek(1) == 1;
        bits.skip(1);
        !plain
    };
    // Another mark at once: the end of the page.
    if marked && bits.peek(12) == 1 {
        bits.at = bits.data.len() * 8;
        return false;
    }
    match by_row_before {
        true => two_dimensional(bits, width, before, row).is_some(),
        false => one_dimensional(bits, width, row).is_some(),
    }
}

/// A row by the changes of the row before.
fn two_dimensional(bits: &mut Bits, width: usize, before: &[usize], row: &mut Vec<usize>) -> Option<()> {
    let (mut at, mut black) = (0usize, false);
    // The first change of the row before that may be meant: one to the other colour, to the right of where we are.
    let mut next = 0usize;
    let change = |i: usize| before.get(i).copied().unwrap_or(width).min(width);
    let mut started = false;
    while at < width {
        next -= next.min(2);
        next = next & !1 | usize::from(black);
        while change(next) < width && (change(next) < at || (started && change(next) == at)) {
            next += 2;
        }
        let b1 = change(next);
        let code = bits.peek(7);
        let (len, shift) = match code {
            0b100_0000.. => (1, 0),
            0b011_0000.. => (3, 1),
            0b010_0000.. => (3, -1),
            0b001_0000.. => {
                bits.skip(3);
                for color in [black, !black] {
                    at = bits.run(color)?.checked_add(at).filter(|&at| at <= width)?;
                    row.push(at);
                }
                started = true;
                continue;
            }
            0b000_1000.. => {
                bits.skip(4);
                at = change(next + 1);
                started = true;
                continue;
            }
            0b000_0110.. => (6, 2),
            0b000_0100.. => (6, -2),
            0b000_0011 => (7, 3),
            0b000_0010 => (7, -3),
            _ => return None,
        };
        if bits.is_empty() {
            return None;
        }
        bits.skip(len);
        let to = b1.checked_add_signed(shift).filter(|&to| to >= at && to <= width)?;
        row.push(to);
        (at, black, started) = (to, !black, true);
    }
    Some(())
}

/// Sets the bits of the black runs of a row, whose changes are in order.
fn paint(changes: &[usize], width: usize, bytes: &mut [u8]) {
    bytes.fill(0);
    for run in changes.chunks(2) {
        let from = run[0];
        let to = run.get(1).copied().unwrap_or(width).min(width);
        if from >= to {
            continue;
        }
        let (first, last) = (from / 8, (to - 1) / 8);
        let (head, tail) = (0xFFu8 >> (from % 8), !(0x7Fu8 >> ((to - 1) % 8)));
        if first == last {
            bytes[first] |= head & tail;
        } else {
            bytes[first] |= head;
            bytes[first + 1..last].fill(0xFF);
            bytes[last] |= tail;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_a_row_from_a_byte_of_its_own() {
        // White 2, black 3, white 3; then white 8.
        let data = [0b0111_1010, 0b0000_0000, 0b1001_1000];
        let mut out = [0xAA; 2];
        assert_eq!(decode(Mode::Rle { words: false }, &data, 8, &mut out), Ok(2));
        assert_eq!(out, [0b0011_1000, 0]);
    }

    #[test]
    fn group_4_by_the_row_before() {
        // Horizontal: white 2, black 3; then vertical. Next row: all vertical. Then the end of the block.
        let bits = "001".to_owned() + "0111" + "10" + "1" + "1" + "1" + "1" + "000000000001000000000001";
        let data: Vec<u8> = bits
            .as_bytes()
            .chunks(8)
            .map(|c| c.iter().fold(0, |n, &b| n << 1 | u8::from(b == b'1')) << (8 - c.len()))
            .collect();
        let mut out = [0; 4];
        assert_eq!(decode(Mode::Group4, &data, 8, &mut out), Ok(2));
        assert_eq!(out, [0b0011_1000, 0b0011_1000, 0, 0]);
    }

    #[test]
    fn no_data_end_in_a_panic() {
        let mut seed = 1u32;
        for len in 0..400 {
            let data: Vec<u8> = (0..len)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 24) as u8
                })
                .collect();
            for mode in [
                Mode::Rle { words: true },
                Mode::Group3 { two_dimensional: true },
                Mode::Group3 { two_dimensional: false },
                Mode::Group4,
            ] {
                for width in [0, 1, 7, 100] {
                    let _ = decode(mode, &data, width, &mut [0; 64]);
                }
            }
        }
    }
}
