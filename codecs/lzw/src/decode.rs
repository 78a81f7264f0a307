//! The decoder. The first bytes of each string are kept with its code, and are written at once: strings of photographs are
//! short, and whether one is of one byte or two is nothing that a processor could guess. A longer string is a place in the
//! output, since it was written there when its code was made: so decoding is copying, and no string is walked back to front.
//! Most codes are decoded in groups, between which alone it is asked whether anything needs care.

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
#[derive(Clone, Copy)]
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u64,
    /// Bits that are held.
    have: u32,
}

impl Bits<'_> {
    /// The next code; `None`: the data end before it.
    #[inline]
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

    /// Holds at least 56 bits, or all that there are.
    #[inline]
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
const KEPT: usize = 7;

/// Bits of the length of a string, above the bytes that are kept of it.
const LEN: u32 = 56;

/// The length of strings that are longer than what is kept, or of which that is not known.
const LONG: u64 = (KEPT as u64 + 1) << LEN;

/// The strings of the codes.
struct Table {
    /// The first bytes of each, the very first in the lowest, and its length in the highest.
    strings: [u64; CODES],
    /// Where in the output each begins. The one behind it begins with its last byte, which tells its length.
    from: [u32; CODES + 1],
}

impl Table {
    fn new() -> Table {
        let mut table = Table { strings: [LONG; CODES], from: [0; CODES + 1] };
        for (byte, string) in table.strings.iter_mut().take(CLEAR).enumerate() {
            *string = 1 << LEN | byte as u64;
        }
        table
    }

    /// Where a string that was made begins, and its length.
    fn place(&self, code: usize) -> (usize, usize) {
        let (from, behind) = (self.from[code % CODES] as usize, self.from[code % CODES + 1] as usize);
        (from, (behind + 1).saturating_sub(from))
    }

    /// Makes a string of the one before it and a byte.
    #[inline(always)]
    fn make(&mut self, code: usize, before: u64, len: u32, byte: u64) {
        // One more than is kept makes it a long one, whatever bits of that byte come to stand there too.
        self.strings[code % CODES] = (before + (1 << LEN)) | byte << (8 * len);
    }
}

/// Codes that are decoded with one look at what is left: as many as the bits that are held suffice for.
const GROUP: usize = 4;

struct Decoder<'a> {
    bits: Bits<'a>,
    out: &'a mut [u8],
    at: usize,
    table: Table,
    width: u32,
    /// The next code; the one before it is told by the code at hand: the string of the last and a byte of this.
    next: usize,
    /// The last string, of which what is kept, and that as a shift.
    last: u64,
    len: u32,
}

fn run<O: Order>(data: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut decoder = Decoder {
        bits: Bits { data, at: 0, held: 0, have: 0 },
        out,
        at: 0,
        table: Table::new(),
        width: 9,
        next: FIRST - 1,
        last: 0,
        len: 0,
    };
    loop {
        decoder.groups::<O>();
        if !decoder.one::<O>()? {
            return Ok(decoder.at);
        }
    }
}

impl Decoder<'_> {
    /// Decodes codes of strings that are there, as long as nothing needs care: not the end of the data or of the output,
    /// not a wider code, not one of those that say something. What does is left to [`Decoder::one`].
    fn groups<O: Order>(&mut self) {
        let (width, end) = (self.width, (1 << self.width) - if self.width < MOST_BITS { O::EARLY } else { 0 });
        let (mut at, mut next, mut last, mut len) = (self.at, self.next, self.last, self.len);
        let mut bits = self.bits;
        let Decoder { out, table, .. } = self;
        'groups: while next >= FIRST && next + GROUP < end && bits.data.len() - bits.at >= 8 {
            bits.refill::<O>();
            for _ in 0..GROUP {
                let code = O::peek(bits.held, width);
                if code >= next {
                    break 'groups;
                }
                let string = table.strings[code % CODES];
                let length = (string >> LEN) as usize;
                if length <= KEPT {
                    let Some(to) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<8>()) else {
                        break 'groups;
                    };
                    *to = string.to_le_bytes();
                    table.make(next, last, len, string & 0xFF);
                    table.from[(next + 1) % (CODES + 1)] = at as u32;
                    at += length;
                    (last, len) = (string, length as u32);
                } else {
                    if code == CLEAR || code == END {
                        break 'groups;
                    }
                    let (from, length) = table.place(code);
                    if at + length + STEP > out.len() {
                        break 'groups;
                    }
                    copy(out, from, at, length);
                    table.make(next, last, len, string & 0xFF);
                    table.from[(next + 1) % (CODES + 1)] = at as u32;
                    at += length;
                    (last, len) = (LONG | string & 0xFF, KEPT as u32);
                }
                bits.held = O::drop(bits.held, width);
                bits.have -= width;
                next += 1;
            }
        }
        self.bits = bits;
        (self.at, self.next, self.last, self.len) = (at, next, last, len);
    }

    /// Decodes one code, whatever it is. `false`: there is nothing more to do.
    fn one<O: Order>(&mut self) -> Result<bool, Error> {
        if self.at >= self.out.len() {
            return Ok(false);
        }
        let Some(code) = self.bits.code::<O>(self.width) else { return Ok(false) };
        let code = code % CODES;
        if code == CLEAR {
            (self.next, self.width) = (FIRST - 1, 9);
            return Ok(true);
        }
        if code == END {
            return Ok(false);
        }
        if code > self.next && code > CLEAR {
            return Err(Error { decoded: self.at });
        }
        if self.next < CODES {
            if self.next >= FIRST {
                let first = if code == self.next { self.last } else { self.table.strings[code] } & 0xFF;
                self.table.make(self.next, self.last, self.len, first);
            }
            self.next += 1;
            // Its own length is known when the string behind it is begun.
            self.table.from[self.next] = self.at as u32;
            if self.next + O::EARLY >= 1 << self.width && self.width < MOST_BITS {
                self.width += 1;
            }
        }
        let string = self.table.strings[code];
        let len = (string >> LEN) as usize;
        if len <= KEPT {
            self.at = literal(self.out, string, self.at, len);
            (self.last, self.len) = (string, len as u32);
        } else {
            let (from, len) = self.table.place(code);
            self.at = copy(self.out, from, self.at, len);
            (self.last, self.len) = (LONG | string & 0xFF, KEPT as u32);
        }
        Ok(true)
    }
}

/// Puts a short string to the end of the output, as far as there is room; the new end.
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

    /// As the specification says it, string by string; what was decoded, and whether that ended well.
    fn slowly(data: &[u8], room: usize) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let (mut at, mut width) = (0, 9);
        let mut table: Vec<Vec<u8>> = Vec::new();
        let mut last: Option<Vec<u8>> = None;
        while out.len() < room && at + width <= data.len() * 8 {
            let code = (at..at + width).fold(0, |n, bit| n << 1 | usize::from(data[bit / 8] >> (7 - bit % 8) & 1));
            at += width;
            if code == CLEAR {
                (width, last) = (9, None);
                table.clear();
                continue;
            }
            if code == END {
                break;
            }
            let string = match (code, &last) {
                (..CLEAR, _) => vec![code as u8],
                (_, Some(last)) if code == FIRST + table.len() => [&last[..], &last[..1]].concat(),
                _ => match table.get(code - FIRST) {
                    Some(string) => string.clone(),
                    None => return (out, false),
                },
            };
            if let Some(mut made) = last.filter(|_| FIRST + table.len() < CODES) {
                made.push(string[0]);
                table.push(made);
            }
            width = (9..12).find(|&w| FIRST + table.len() + 1 < 1 << w).unwrap_or(12);
            out.extend(&string);
            last = Some(string);
        }
        out.truncate(room);
        (out, true)
    }

    #[test]
    fn data_of_any_kind_are_decoded_as_the_specification_says() {
        let mut seed = 7u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for round in 0..60 {
            // Few values make long strings, many make short ones; without a clear code the table gets full and stays so.
            let values = [1, 2, 3, 17, 256][round % 5];
            let plain: Vec<u8> = (0..random(90_000)).map(|_| random(values) as u8).collect();
            let mut data = crate::encode(&plain);
            if round % 3 == 1 && !data.is_empty() {
                let at = random(data.len() as u32) as usize;
                data[at] ^= 1 << random(8);
            }
            if round % 4 == 1 {
                data.truncate(random(data.len() as u32 + 1) as usize);
            }
            for room in [plain.len(), plain.len() + 40, plain.len() / 2] {
                let mut out = vec![0; room];
                let got = decode(&data, &mut out);
                let (wanted, well) = slowly(&data, room);
                assert_eq!(got, if well { Ok(wanted.len()) } else { Err(Error { decoded: wanted.len() }) }, "{round}");
                assert!(out.starts_with(&wanted), "{round}");
            }
        }
    }

    #[test]
    fn a_table_that_is_full_stays_as_it_is() {
        // Codes without end and without a clear code.
        let mut codes = vec![(256, 9), (0, 9)];
        let mut next = 258;
        for i in 0..9000u32 {
            let width = (9..12).find(|&w| next + 1 < 1 << w).unwrap_or(12);
            codes.push((if i % 7 == 6 { 258 + i * 31 % (next - 258).max(1) } else { i * 13 % 256 }, width));
            next = (next + 1).min(4096);
        }
        let data = pack(&codes);
        let (wanted, well) = slowly(&data, usize::MAX);
        let mut out = vec![0; wanted.len()];
        assert!(well && wanted.len() > 9000);
        assert_eq!(decode(&data, &mut out), Ok(wanted.len()));
        assert_eq!(out, wanted);
    }
}
