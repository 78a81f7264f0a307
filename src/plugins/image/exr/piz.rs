//! PIZ: values that occur get small numbers, a wavelet makes most of them nearly zero, and Huffman codes those short.

use crate::error::{Error, Result};

/// Codes up to this length are looked up at once.
const QUICK: u32 = 13;

/// The longest code.
const LONGEST: usize = 58;

/// Values of 16 bits, and the bytes of a bit for each.
const VALUES: usize = 1 << 16;

fn damaged(what: &str) -> Error {
    Error::corrupt(format!("the compressed data of a chunk are damaged: {what}"))
}

/// Memory that chunks take in turn.
#[derive(Default)]
pub struct Piz {
    values: Vec<u16>,
    table: Vec<u32>,
    lengths: Vec<u8>,
    symbols: Vec<u32>,
    lut: Vec<u16>,
}

/// The values of a channel of a chunk: samples of a row, rows, and values of a sample.
pub struct Plane {
    pub width: usize,
    pub height: usize,
    pub size: usize,
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(|| damaged("they end too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<usize> {
        let bytes = self.take(2)?;
        Ok(usize::from(u16::from_le_bytes(bytes.try_into().unwrap_or_default())))
    }

    fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }
}

impl Piz {
    /// Undoes the compression: the values of each channel, one channel after another.
    pub fn undo(&mut self, stored: &[u8], planes: &[Plane]) -> Result<&[u16]> {
        let count = planes.iter().map(|p| p.width * p.height * p.size).sum();
        let mut fields = Fields(stored);
        let most = self.read_lut(&mut fields)?;
        let length = fields.u32()? as usize;
        let coded = fields.take(length)?;
        self.values.resize(count, 0);
        self.decode(coded)?;
        let mut rest = &mut self.values[..];
        for plane in planes {
            let (values, later) = rest.split_at_mut(plane.width * plane.height * plane.size);
            for first in 0..plane.size {
                if most < 1 << 14 {
                    undo_wavelet(values, first, plane, small);
                } else {
                    undo_wavelet(values, first, plane, large);
                }
            }
            rest = later;
        }
        let lut =
            self.lut.first_chunk::<VALUES>().ok_or_else(|| Error::internal("the table of values is too short"))?;
        self.values.iter_mut().for_each(|value| *value = lut[usize::from(*value)]);
        Ok(&self.values)
    }

    /// Which value each number stands for; the largest number.
    fn read_lut(&mut self, fields: &mut Fields) -> Result<usize> {
        let (first, last) = (fields.u16()?, fields.u16()?);
        if last >= VALUES / 8 {
            return Err(damaged("values of more than 16 bits"));
        }
        let bits = if first <= last { fields.take(last - first + 1)? } else { &[] };
        self.lut.clear();
        // Zero always has the first number.
        self.lut.push(0);
        for (byte, &set) in (first..).zip(bits) {
            for bit in 0..8 {
                let value = (byte * 8 + bit) as u16;
                if set >> bit & 1 == 1 && value != 0 {
                    self.lut.push(value);
                }
            }
        }
        let most = self.lut.len() - 1;
        self.lut.resize(VALUES, 0);
        Ok(most)
    }

    /// Undoes the Huffman codes into all of the values.
    fn decode(&mut self, coded: &[u8]) -> Result<()> {
        if self.values.is_empty() || coded.is_empty() {
            return if self.values.is_empty() { Ok(()) } else { Err(damaged("there are none")) };
        }
        let mut fields = Fields(coded);
        let (first, last) = (fields.u32()? as usize, fields.u32()? as usize);
        fields.take(4)?;
        let bits = fields.u32()? as usize;
        fields.take(4)?;
        if first > last || last > VALUES {
            return Err(damaged("codes of more than 16 bits"));
        }
        let used = self.read_lengths(fields.0, first, last)?;
        let data = fields.0.get(used..).unwrap_or_default();
        if bits > data.len() * 8 {
            return Err(damaged("they end too early"));
        }
        let codes = Codes::new(&self.lengths, first, &mut self.table, &mut self.symbols)?;
        codes.decode(data, bits, last as u32, &mut self.values)
    }

    /// The lengths of the codes of `first ..= last`; the bytes that they take.
    fn read_lengths(&mut self, packed: &[u8], first: usize, last: usize) -> Result<usize> {
        let count = last - first + 1;
        self.lengths.clear();
        let mut at = 0usize;
        let mut take = |n: usize| {
            let bytes = packed.get(at / 8..).unwrap_or_default();
            let word = [0, 1, 2].map(|i| u32::from(bytes.get(i).copied().unwrap_or(0)));
            let word = word[0] << 16 | word[1] << 8 | word[2];
            let value = word >> (24 - at % 8 - n) & ((1 << n) - 1);
            at += n;
            if at > packed.len() * 8 { Err(damaged("they end too early")) } else { Ok(value as usize) }
        };
        while self.lengths.len() < count {
            let zeros = match take(6)? {
                63 => take(8)? + 6,
                n @ 59..=62 => n - 59 + 2,
                length => {
                    self.lengths.push(length as u8);
                    continue;
                }
            };
            if zeros > count - self.lengths.len() {
                return Err(damaged("more codes than there may be"));
            }
            self.lengths.resize(self.lengths.len() + zeros, 0);
        }
        Ok(at.div_ceil(8))
    }
}

/// Canonical codes, of which the longer ones are the smaller numbers.
struct Codes<'a> {
    /// By the next bits: the symbol and, in the low 8 bits, the length of its code; 0: a longer one.
    table: &'a [u32],
    /// Symbols by the length of their codes, then by number.
    symbols: &'a [u32],
    /// For each length the first code, how many there are, and where their symbols begin.
    lengths: [(u64, u64, usize); LONGEST + 1],
}

impl<'a> Codes<'a> {
    fn new(lengths: &[u8], first: usize, table: &'a mut Vec<u32>, symbols: &'a mut Vec<u32>) -> Result<Codes<'a>> {
        let mut by_length = [(0u64, 0u64, 0usize); LONGEST + 1];
        for &length in lengths {
            if let Some(entry) = by_length.get_mut(usize::from(length)) {
                entry.1 += 1;
            }
        }
        by_length[0] = (0, 0, 0);
        let (mut code, mut place) = (0u64, 0usize);
        for length in (1..=LONGEST).rev() {
            let next = (code + by_length[length].1) >> 1;
            by_length[length].0 = code;
            // All codes of a length have to fit in it.
            if (code + by_length[length].1).saturating_sub(1) >> length != 0 {
                return Err(damaged("codes that are not told apart"));
            }
            code = next;
        }
        for entry in &mut by_length {
            entry.2 = place;
            place += entry.1 as usize;
        }
        symbols.clear();
        symbols.resize(place, 0);
        table.clear();
        table.resize(1 << QUICK, 0);
        let mut seen = [0u64; LONGEST + 1];
        for (symbol, &length) in (first as u32..).zip(lengths) {
            let length = usize::from(length);
            if length == 0 || length > LONGEST {
                continue;
            }
            let (first, _, place) = by_length[length];
            let nth = seen[length];
            seen[length] += 1;
            if let Some(to) = symbols.get_mut(place + nth as usize) {
                *to = symbol;
            }
            if length as u32 <= QUICK {
                let shift = QUICK - length as u32;
                let from = ((first + nth) << shift) as usize;
                let places = table.get_mut(from..from + (1 << shift)).ok_or_else(|| damaged("codes too long"))?;
                places.fill(symbol << 8 | length as u32);
            }
        }
        Ok(Codes { table, symbols, lengths: by_length })
    }

    /// The symbol of a code longer than the table has, and its length.
    fn long(&self, window: u64) -> Result<(u32, usize)> {
        for length in QUICK as usize + 1..=LONGEST {
            let (first, count, place) = self.lengths[length];
            let code = window >> (64 - length);
            if count > 0 && code >= first && code - first < count {
                let symbol = self.symbols.get(place + (code - first) as usize);
                return symbol.map(|&s| (s, length)).ok_or_else(|| damaged("a code that there is not"));
            }
        }
        Err(damaged("a code that there is not"))
    }

    /// Decodes so many bits into all of `out`. `again` says how often to repeat the value before.
    fn decode(&self, data: &[u8], bits: usize, again: u32, out: &mut [u16]) -> Result<()> {
        let table = self.table.first_chunk::<{ 1 << QUICK }>().ok_or_else(|| damaged("no table"))?;
        let (mut at, mut done) = (0usize, 0usize);
        let full = || damaged("more values than there is room for");
        while at < bits {
            let window = window(data, at);
            // Four codes of the table are in a window, whatever their lengths.
            let (mut rest, mut taken) = (window, 0usize);
            let mut quick = false;
            if let Some(places) = out.get_mut(done..done + 4).filter(|_| at + 64 < bits) {
                let mut n = 0;
                for place in places {
                    let entry = table[(rest >> (64 - QUICK)) as usize];
                    if entry == 0 || entry >> 8 == again {
                        break;
                    }
                    *place = (entry >> 8) as u16;
                    rest <<= entry & 0xff;
                    taken += (entry & 0xff) as usize;
                    n += 1;
                }
                done += n;
                at += taken;
                quick = n == 4;
            }
            if quick {
                continue;
            }
            let window = if taken == 0 { window } else { self::window(data, at) };
            let entry = table[(window >> (64 - QUICK)) as usize];
            let (symbol, length) = if entry != 0 { (entry >> 8, (entry & 0xff) as usize) } else { self.long(window)? };
            at += length;
            if symbol == again {
                let count = (self::window(data, at) >> 56) as usize;
                at += 8;
                let before =
                    done.checked_sub(1).and_then(|i| out.get(i)).copied().ok_or_else(|| damaged("a run of nothing"))?;
                out.get_mut(done..done + count).ok_or_else(full)?.fill(before);
                done += count;
            } else {
                *out.get_mut(done).ok_or_else(full)? = symbol as u16;
                done += 1;
            }
        }
        if at == bits && done == out.len() { Ok(()) } else { Err(damaged("too few values")) }
    }
}

/// The next 64 bits from a bit on; behind the end come zeros.
#[inline]
fn window(data: &[u8], at: usize) -> u64 {
    let (byte, bit) = (at / 8, at % 8);
    if let Some(&[a, b, c, d, e, f, g, h, last]) = data.get(byte..).and_then(|rest| rest.first_chunk::<9>()) {
        let word = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        return word << bit | u64::from(last) >> (8 - bit);
    }
    let mut bytes = [0u8; 9];
    let rest = data.get(byte..).unwrap_or_default();
    bytes.iter_mut().zip(rest).for_each(|(to, &b)| *to = b);
    let [a, b, c, d, e, f, g, h, last] = bytes;
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) << bit | u64::from(last) >> (8 - bit)
}

/// Undoes a step for values of less than 14 bits: their mean and difference.
#[inline(always)]
fn small(mean: u16, difference: u16) -> (u16, u16) {
    let (mean, difference) = (i32::from(mean.cast_signed()), i32::from(difference.cast_signed()));
    let first = mean + (difference & 1) + (difference >> 1);
    (first as u16, (first - difference) as u16)
}

/// The same for values of 16 bits, whose arithmetic is modulo 2^16.
#[inline(always)]
fn large(mean: u16, difference: u16) -> (u16, u16) {
    let second = mean.wrapping_sub(difference >> 1);
    (difference.wrapping_add(second).wrapping_sub(0x8000), second)
}

/// Undoes the wavelet over every `size`th value, from the largest step to the smallest.
#[inline(always)]
fn undo_wavelet(values: &mut [u16], first: usize, plane: &Plane, undo: impl Fn(u16, u16) -> (u16, u16) + Copy) {
    let Plane { width, height, size } = *plane;
    let row = width * size;
    let least = width.min(height);
    if least == 0 {
        return;
    }
    let mut double = 1usize << least.ilog2();
    let mut step = double >> 1;
    while step >= 1 {
        let mut y = 0;
        while y + double <= height {
            let (above, below) = values.split_at_mut((y + step) * row);
            let above = &mut above[y * row..][..row];
            let below = &mut below[..row];
            let mut x = 0;
            while x + double <= width {
                let (a, b) = (x * size + first, (x + step) * size + first);
                let (top, bottom) = undo(above[a], below[a]);
                let (top_right, bottom_right) = undo(above[b], below[b]);
                (above[a], above[b]) = undo(top, top_right);
                (below[a], below[b]) = undo(bottom, bottom_right);
                x += double;
            }
            if width & step != 0 {
                let a = x * size + first;
                (above[a], below[a]) = undo(above[a], below[a]);
            }
            y += double;
        }
        if height & step != 0 {
            let line = &mut values[y * row..][..row];
            let mut x = 0;
            while x + double <= width {
                let (a, b) = (x * size + first, (x + step) * size + first);
                (line[a], line[b]) = undo(line[a], line[b]);
                x += double;
            }
        }
        double = step;
        step >>= 1;
    }
}
