//! The decoder. The first bytes of each string are kept with its code, and are written at once: strings of photographs are
//! short, and whether one is of one byte or two is nothing that a processor could guess. A longer string is a place in the
//! output, since it was written there when its code was made: so decoding is copying, and no string is walked back to front.

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const CODES: usize = 4096;
const MOST_BITS: u32 = 12;

/// Bytes that are copied at once, of which some are written over by the next string.
const STEP: usize = 8;

/// Why data cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Bytes of the output that are right.
    pub decoded: usize,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "the LZW data have a code that means nothing, after {} bytes", self.decoded)
    }
}

impl std::error::Error for Error {}

/// Decodes until the output is full, the data end, or their end code comes; the bytes that were decoded. Data of the
/// older variant (lowest bit first, wider one code later) are known by their first code.
pub fn decode(data: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    // A string is kept as two numbers of 32 bits; nobody has larger strips.
    let most = out.len().min(u32::MAX as usize - CODES);
    let out = &mut out[..most];
    match data {
        [0, second, ..] if second & 1 == 1 => run::<LowFirst>(data, out),
        _ => run::<HighFirst>(data, out),
    }
}

/// The order of bits in the data.
trait Order {
    /// The next code is this much wider when the table has this many codes less than it can.
    const EARLY: usize;
    /// Adds eight bytes behind the bits that are held.
    fn refill(held: u64, have: u32, bytes: [u8; 8]) -> u64;
    /// The first bits.
    fn peek(held: u64, bits: u32) -> usize;
    /// Drops them.
    fn drop(held: u64, bits: u32) -> u64;
}

struct HighFirst;

impl Order for HighFirst {
    const EARLY: usize = 1;
    fn refill(held: u64, have: u32, bytes: [u8; 8]) -> u64 {
        held | u64::from_be_bytes(bytes) >> have
    }
    fn peek(held: u64, bits: u32) -> usize {
        (held >> (64 - bits)) as usize
    }
    fn drop(held: u64, bits: u32) -> u64 {
        held << bits
    }
}

struct LowFirst;

impl Order for LowFirst {
    const EARLY: usize = 0;
    fn refill(held: u64, have: u32, bytes: [u8; 8]) -> u64 {
        held | u64::from_le_bytes(bytes) << have
    }
    fn peek(held: u64, bits: u32) -> usize {
        (held & ((1 << bits) - 1)) as usize
    }
    fn drop(held: u64, bits: u32) -> u64 {
        held >> bits
    }
}

/// The data as bits.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u64,
    /// Bits that are held.
    have: u32,
}

impl Bits<'_> {
    /// The next code; `None`: the data end before it.
    #[inline(always)]
    fn code<O: Order>(&mut self, bits: u32) -> Option<usize> {
        if self.have < bits {
            self.refill::<O>();
            if self.have < bits {
                return None;
            }
        }
        let code = O::peek(self.held, bits);
        self.held = O::drop(self.held, bits);
        self.have -= bits;
        Some(code)
    }

    #[inline(always)]
    fn refill<O: Order>(&mut self) {
        let rest = self.data.get(self.at..).unwrap_or(&[]);
        let (bytes, there) = match rest.first_chunk() {
            Some(bytes) => (*bytes, 8),
            None => {
                let mut bytes = [0; 8];
                bytes[..rest.len()].copy_from_slice(rest);
                (bytes, rest.len())
            }
        };
        // Bits beyond those counted are the same when they are added again.
        self.held = O::refill(self.held, self.have, bytes);
        let taken = ((64 - self.have) / 8).min(there as u32);
        self.at += taken as usize;
        self.have += taken * 8;
    }
}

/// Bytes of a string that are kept with its code.
const KEPT: usize = 8;

/// The strings of the codes, each part by itself, so that the parts that are seldom needed stay out of the way.
struct Table {
    /// The first bytes of each, the very first in the lowest.
    first: [u64; CODES],
    len: [u32; CODES],
    /// Where in the output each is, of those that are longer than what is kept.
    from: [u32; CODES],
}

impl Table {
    fn new() -> Table {
        let mut table = Table { first: [0; CODES], len: [1; CODES], from: [0; CODES] };
        for (byte, first) in table.first.iter_mut().take(CLEAR).enumerate() {
            *first = byte as u64;
        }
        table
    }
}

fn run<O: Order>(data: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut bits = Bits { data, at: 0, held: 0, have: 0 };
    let mut table = Table::new();
    let mut width = 9;
    // The next code; the one before it is told by the code at hand: the string of the last and a byte of this.
    let mut next = FIRST - 1;
    // The last string, and where it is.
    let (mut first, mut len, mut from) = (0u64, 0u32, 0u32);
    let mut at = 0;
    while at < out.len() {
        let Some(code) = bits.code::<O>(width) else { break };
        let code = code & (CODES - 1);
        if code == CLEAR {
            (next, width) = (FIRST - 1, 9);
            continue;
        }
        if code == END {
            break;
        }
        if next < CODES {
            if next >= FIRST {
                // A string that is longer than what is kept only shows its first bytes.
                let byte = if code == next { first } else { table.first[code] } & 0xFF;
                let place = next & (CODES - 1);
                table.first[place] = first | byte.checked_shl(8 * len.min(KEPT as u32)).unwrap_or(0);
                table.len[place] = len + 1;
                table.from[place] = from;
            }
            next += 1;
            if next + O::EARLY >= 1 << width && width < MOST_BITS {
                width += 1;
            }
        }
        if code >= next && code > CLEAR {
            return Err(Error { decoded: at });
        }
        let string = (table.first[code], table.len[code], table.from[code]);
        (first, len) = (string.0, string.1);
        if let Some(to) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<KEPT>()) {
            *to = first.to_le_bytes();
            from = at as u32;
            if len <= KEPT as u32 {
                at += len as usize;
                continue;
            }
        }
        from = at as u32;
        at = match len {
            ..=8 => literal(out, first, at, len as usize),
            _ => copy(out, string.2 as usize, at, len as usize),
        };
    }
    Ok(at)
}

/// Puts a short string to the end of the output, as far as there is room; the new end.
#[cold]
fn literal(out: &mut [u8], first: u64, at: usize, len: usize) -> usize {
    let end = (at + len).min(out.len());
    for (to, byte) in out[at..end].iter_mut().zip(first.to_le_bytes()) {
        *to = byte;
    }
    end
}

/// Copies a string that was written before to the end of the output, as far as there is room; the new end. The string
/// may reach one byte into its copy.
#[inline(always)]
fn copy(out: &mut [u8], from: usize, at: usize, len: usize) -> usize {
    let end = at + len;
    if end + STEP <= out.len() {
        let mut done = 0;
        while done < len {
            if let Some(&bytes) = out.get(from + done..).and_then(|rest| rest.first_chunk::<STEP>())
                && let Some(to) = out.get_mut(at + done..).and_then(|rest| rest.first_chunk_mut::<STEP>())
            {
                *to = bytes;
            }
            done += STEP;
        }
        if from + len > at {
            out[end - 1] = out[at];
        }
        return end;
    }
    let end = end.min(out.len());
    for i in at..end {
        out[i] = out[i - (at - from)];
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of TIFF.
    #[test]
    fn the_example_of_the_specification() {
        let data = [0x80, 0x01, 0xE0, 0x40, 0x80, 0x44, 0x08, 0x0C, 0x06, 0x80, 0x80];
        let mut out = [0; 15];
        assert_eq!(decode(&data, &mut out), Ok(9));
        assert_eq!(out[..9], [7, 7, 7, 8, 8, 7, 7, 6, 6][..]);
    }

    fn pack(codes: &[(u32, u32)]) -> Vec<u8> {
        let (mut bytes, mut held, mut have) = (Vec::new(), 0u32, 0);
        for &(code, bits) in codes {
            held = held << bits | code;
            have += bits;
            while have >= 8 {
                have -= 8;
                bytes.push((held >> have) as u8);
                held &= (1 << have) - 1;
            }
        }
        bytes.push((held << (8 - have)) as u8);
        bytes
    }

    #[test]
    fn a_string_that_is_being_made_repeats_its_first_byte() {
        let data = pack(&[(256, 9), (97, 9), (258, 9), (259, 9), (260, 9), (257, 9)]);
        for room in [10, 10 + STEP, 64] {
            let mut out = vec![0; room];
            assert_eq!(decode(&data, &mut out), Ok(10));
            assert!(out[..10].iter().all(|&b| b == 97));
        }
    }

    #[test]
    fn output_that_is_full_ends_it_and_a_code_without_meaning_is_an_error() {
        let data = pack(&[(256, 9), (97, 9), (258, 9), (259, 9)]);
        assert_eq!(decode(&data, &mut [0; 4]), Ok(4));
        let data = pack(&[(256, 9), (97, 9), (300, 9)]);
        assert_eq!(decode(&data, &mut [0; 4]), Err(Error { decoded: 1 }));
        assert_eq!(decode(&pack(&[(258, 9)]), &mut [0; 4]), Err(Error { decoded: 0 }));
        assert_eq!(decode(&[], &mut [0; 4]), Ok(0));
    }
}
