//! Numbers of a few bits in bytes, and runs of equal bytes: what many small formats store.

/// The numbers of a row, of `bits` bits each, the first in the high bits.
pub fn numbers(stored: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    let bits = bits.clamp(1, 8);
    let mask = u8::MAX >> (8 - bits);
    stored.iter().flat_map(move |&byte| (1..=8 / bits).map(move |k| (byte >> (8 - bits * k)) & mask))
}

/// Packs truths into bits, the first in the high one.
pub fn pack(items: &[u8], row: &mut [u8]) {
    for (byte, eight) in row.iter_mut().zip(items.chunks(8)) {
        *byte = eight.iter().enumerate().fold(0, |byte, (i, &b)| byte | u8::from(b != 0) << (7 - i));
    }
}

/// A piece of run-length encoded data.
#[derive(Clone, Copy)]
pub enum Run<'a> {
    /// This many of this byte.
    Same(usize, u8),
    /// These bytes.
    Copy(&'a [u8]),
}

/// Undoes runs. What a run has over the end of a row is kept for the next.
#[derive(Default)]
pub struct Unroll<'a> {
    kept: Option<Run<'a>>,
}

impl<'a> Unroll<'a> {
    /// Fills a row; whether the data sufficed.
    pub fn fill(&mut self, mut row: &mut [u8], mut next: impl FnMut() -> Option<Run<'a>>) -> bool {
        while !row.is_empty() {
            let Some(run) = self.kept.take().or_else(&mut next) else { return false };
            let len = match run {
                Run::Same(n, _) => n,
                Run::Copy(bytes) => bytes.len(),
            };
            let n = len.min(row.len());
            let (now, later) = row.split_at_mut(n);
            match run {
                Run::Same(len, byte) => {
                    now.fill(byte);
                    self.kept = (len > n).then(|| Run::Same(len - n, byte));
                }
                Run::Copy(bytes) => {
                    let (these, rest) = bytes.split_at(n);
                    now.copy_from_slice(these);
                    self.kept = (!rest.is_empty()).then_some(Run::Copy(rest));
                }
            }
            row = later;
        }
        true
    }

    /// Forgets what the last run had over.
    pub fn end_row(&mut self) {
        self.kept = None;
    }
}

/// Bytes that are taken from the front.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (these, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(these)
    }
}

/// The number of 2 bytes at a place, the high one last; 0 beyond the end.
pub fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u16::from_le_bytes(b))
}

/// The number of 4 bytes at a place, the high one last; 0 beyond the end.
pub fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u32::from_le_bytes(b))
}

/// The number of 2 bytes at a place, the high one first; 0 beyond the end.
pub fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u16::from_be_bytes(b))
}

/// The number of 4 bytes at a place, the high one first; 0 beyond the end.
pub fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u32::from_be_bytes(b))
}
