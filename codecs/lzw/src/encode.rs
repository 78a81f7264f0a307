//! From bytes to codes.

/// Codes before the first of a string: 256 begins a new table, 257 ends the data.
const CLEAR: u32 = 256;
const END: u32 = 257;
const FIRST: u32 = 258;
/// With this code the table counts as full: its last code is never given to a string, as libtiff has it.
const FULL: u32 = 4094;

/// Slots of the table: four times as many as codes, so that most strings are found at once.
const SLOTS: usize = 1 << 14;

/// Known strings by their prefix and last byte. A slot of an earlier table counts as empty.
struct Table {
    /// The table's number above 20 bits of prefix and byte.
    keys: Vec<u32>,
    codes: Vec<u16>,
    number: u32,
}

impl Table {
    fn new() -> Table {
        Table { keys: vec![0; SLOTS], codes: vec![0; SLOTS], number: 1 }
    }

    fn clear(&mut self) {
        self.number += 1;
        if self.number >= 1 << 12 {
            self.keys.fill(0);
            self.number = 1;
        }
    }

    /// The code of a string, or the slot for it.
    #[inline]
    fn find(&self, prefix: u32, byte: u8) -> Result<u32, (usize, u32)> {
        let key = self.number << 20 | prefix << 8 | u32::from(byte);
        let mut slot = ((prefix << 8 | u32::from(byte)).wrapping_mul(0x9E37_79B1) >> 18) as usize;
        loop {
            let found = self.keys[slot];
            if found == key {
                return Ok(self.codes[slot].into());
            }
            if found >> 20 != self.number {
                return Err((slot, key));
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    #[inline]
    fn set(&mut self, (slot, key): (usize, u32), code: u32) {
        self.keys[slot] = key;
        self.codes[slot] = code as u16;
    }
}

/// Bits, the highest first.
struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    #[inline]
    fn put(&mut self, code: u32, width: u32) {
        self.held = self.held << width | u64::from(code);
        self.count += width;
        if self.count >= 32 {
            self.count -= 32;
            self.out.extend_from_slice(&((self.held >> self.count) as u32).to_be_bytes());
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count > 0 {
            let byte = if self.count >= 8 { self.held >> (self.count - 8) } else { self.held << (8 - self.count) };
            self.out.push(byte as u8);
            self.count = self.count.saturating_sub(8);
        }
        self.out
    }
}

/// Encodes bytes as TIFF has them: the highest bit first, each width reached one code early.
pub fn encode(data: &[u8]) -> Vec<u8> {
    let mut bits = Bits { out: Vec::with_capacity(data.len() / 2 + 16), held: 0, count: 0 };
    let (mut next, mut width) = (FIRST, 9);
    bits.put(CLEAR, width);
    let mut table = Table::new();
    let mut bytes = data.iter();
    let Some(&first) = bytes.next() else {
        bits.put(END, width);
        return bits.finish();
    };
    let mut prefix = u32::from(first);
    for &byte in bytes {
        let free = match table.find(prefix, byte) {
            Ok(code) => {
                prefix = code;
                continue;
            }
            Err(free) => free,
        };
        bits.put(prefix, width);
        table.set(free, next);
        prefix = byte.into();
        next += 1;
        if next == FULL {
            bits.put(CLEAR, width);
            table.clear();
            (next, width) = (FIRST, 9);
        } else if next >> width != 0 {
            width += 1;
        }
    }
    bits.put(prefix, width);
    next += 1;
    if next == FULL {
        bits.put(CLEAR, width);
        width = 9;
    } else if next >> width != 0 {
        width += 1;
    }
    bits.put(END, width);
    bits.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A decoder as plain as the specification.
    fn decode(bytes: &[u8]) -> Vec<u8> {
        let (mut at, mut width) = (0usize, 9usize);
        let mut read = |width: usize| {
            let code =
                (at..at + width).fold(0usize, |n, bit| n << 1 | usize::from(bytes[bit / 8] >> (7 - bit % 8) & 1));
            at += width;
            code
        };
        let mut table: Vec<Vec<u8>> = Vec::new();
        let mut out = Vec::new();
        let mut old: Option<Vec<u8>> = None;
        loop {
            let code = read(width);
            match code {
                256 => {
                    table = (0..=255u8).map(|b| vec![b]).chain([vec![], vec![]]).collect();
                    (old, width) = (None, 9);
                    continue;
                }
                257 => return out,
                _ => {}
            }
            let string = match (&old, table.get(code)) {
                (_, Some(known)) => known.clone(),
                (Some(old), None) => [old.as_slice(), &old[..1]].concat(),
                (None, None) => panic!("no such code"),
            };
            if let Some(mut old) = old.take() {
                old.push(string[0]);
                table.push(old);
            }
            out.extend_from_slice(&string);
            old = Some(string);
            width = match table.len() {
                511.. if table.len() < 1023 => 10,
                1023.. if table.len() < 2047 => 11,
                2047.. => 12,
                _ => 9,
            };
        }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let mut state = 1u32;
        let mut noise = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % most) as u8
        };
        let random: Vec<u8> = (0..30_000).map(|_| noise(256)).collect();
        let smooth: Vec<u8> = (0..100_000).map(|_| noise(3)).collect();
        for data in [vec![], vec![7], vec![0; 70_000], random, smooth, (0..=255).collect()] {
            assert_eq!(decode(&encode(&data)), data);
            // Every place where the table fills up or a width ends.
            for len in (0..data.len()).step_by(997) {
                assert_eq!(decode(&encode(&data[..len])), data[..len]);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        // The example of TIFF 6.0, section 13.
        let data = [7, 7, 7, 8, 8, 7, 7, 6, 6];
        let codes = [256u32, 7, 258, 8, 8, 258, 6, 6, 257];
        let mut bits = Bits { out: Vec::new(), held: 0, count: 0 };
        codes.iter().for_each(|&code| bits.put(code, 9));
        assert_eq!(encode(&data), bits.finish());
    }
}
