//! Bits of a scan: the first in the high bit of a byte, and after a byte of ones only seven.

/// Reads bits. Behind the end come zeros, which [`Reader::is_over`] tells.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, the first in the high bit, and how many there are.
    cache: u64,
    have: u32,
    /// Whether the byte before was all ones.
    after_ones: bool,
    /// Bits that were made up.
    beyond: u32,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0, cache: 0, have: 0, after_ones: false, beyond: 0 }
    }

    /// Sees to it that there are at least 48 bits.
    fn fill(&mut self) {
        // Six bytes at once where none of them is all ones.
        if !self.after_ones
            && self.have <= 16
            && let Some(&next) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>())
        {
            let word = u64::from_be_bytes(next) & 0xffff_ffff_ffff_0000;
            let ones = (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080;
            if ones == 0 {
                self.cache |= word >> self.have;
                self.have += 48;
                self.at += 6;
                return;
            }
        }
        while self.have <= 48 {
            let byte = self.bytes.get(self.at).copied();
            let is_marker = byte == Some(0xff) && self.bytes.get(self.at + 1).is_none_or(|&next| next >= 0x80);
            let byte = match byte.filter(|_| !is_marker) {
                Some(byte) => {
                    self.at += 1;
                    byte
                }
                None => {
                    self.beyond = self.beyond.saturating_add(8);
                    0
                }
            };
            let n = if self.after_ones { 7 } else { 8 };
            self.cache |= u64::from(byte) << (64 - n) >> self.have;
            self.have += n;
            self.after_ones = byte == 0xff;
        }
    }

    /// The next bits, up to 32.
    pub fn take(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        if self.have < n {
            self.fill();
        }
        let bits = (self.cache >> (64 - n)) as u32;
        self.cache <<= n;
        self.have -= n;
        bits
    }

    /// How many zeros come before the next one, which is taken too; at most `most`, with no one behind them.
    pub fn zeros(&mut self, most: u32) -> u32 {
        let mut count = 0;
        loop {
            if self.have < 32 {
                self.fill();
            }
            let zeros = self.cache.leading_zeros().min(self.have);
            if count + zeros >= most {
                let n = most - count;
                self.cache = self.cache.checked_shl(n).unwrap_or(0);
                self.have -= n;
                return most;
            }
            if zeros < self.have {
                self.cache = self.cache.checked_shl(zeros + 1).unwrap_or(0);
                self.have -= zeros + 1;
                return count + zeros;
            }
            count += zeros;
            (self.cache, self.have) = (0, 0);
        }
    }

    /// Whether more bits were taken than there are.
    pub fn is_over(&self) -> bool {
        self.beyond > self.have
    }

    /// Where the marker behind the scan may be looked for.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// Writes bits.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    cache: u64,
    have: u32,
}

impl Writer {
    /// Appends to these bytes.
    pub fn new(bytes: Vec<u8>) -> Writer {
        Writer { bytes, ..Writer::default() }
    }

    /// Appends up to 32 bits.
    pub fn put(&mut self, value: u32, n: u32) {
        if n == 0 {
            return;
        }
        self.cache |= u64::from(value) << (64 - n) >> self.have;
        self.have += n;
        while self.have >= 8 {
            self.byte();
        }
    }

    fn byte(&mut self) {
        let n = if self.bytes.last() == Some(&0xff) { 7 } else { 8 };
        self.bytes.push((self.cache >> (64 - n)) as u8);
        self.cache <<= n;
        self.have = self.have.saturating_sub(n);
    }

    /// Fills the last byte with zeros; a last byte of ones has another behind it, or it would look like a marker.
    pub fn end(&mut self) {
        while self.have > 0 {
            self.byte();
        }
        if self.bytes.last() == Some(&0xff) {
            self.bytes.push(0);
        }
    }
}
