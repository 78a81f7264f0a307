//! The decoder. A string of the table is a place in the output, since each was written there when its code was made: so
//! decoding is copying, and no string is walked back to front.

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

fn run<O: Order>(data: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut bits = Bits { data, at: 0, held: 0, have: 0 };
    // Where in the output each string is, and how long.
    let mut table = [(0u32, 0u32); CODES];
    let mut width = 9;
    // The next code, one before it is told: the string of the last code and the first byte of the one at hand.
    let mut next = FIRST - 1;
    let mut last = (0u32, 0u32);
    let mut at = 0;
    while at < out.len() {
        let Some(code) = bits.code::<O>(width) else { break };
        if code == CLEAR {
            (next, width) = (FIRST - 1, 9);
            continue;
        }
        if code == END {
            break;
        }
        if next < CODES {
            if next >= FIRST {
                table[next] = (last.0, last.1 + 1);
            }
            next += 1;
            if next + O::EARLY >= 1 << width && width < MOST_BITS {
                width += 1;
            }
        }
        if code < 256 {
            out[at] = code as u8;
            last = (at as u32, 1);
            at += 1;
            continue;
        }
        if code >= next {
            return Err(Error { decoded: at });
        }
        let (from, len) = table[code];
        last = (at as u32, len);
        at = copy(out, from as usize, at, len as usize);
    }
    Ok(at)
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
