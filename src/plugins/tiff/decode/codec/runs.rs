//! Small old compressions: runs and differences.

use crate::error::{Error, Result};

/// The longest run or literal of PackBits.
const LONGEST: usize = 128;

/// PackBits: runs and literals of up to 128 bytes. The bytes decoded, at most those of `out`.
pub fn packbits(bytes: &[u8], out: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while to < out.len() {
        let Some(&head) = bytes.get(from) else { break };
        from += 1;
        // As many as there can be at once, where there is room: what is too much is written over.
        if let Some(room) = out.get_mut(to..).and_then(|rest| rest.first_chunk_mut::<LONGEST>())
            && let Some(literal) = bytes.get(from..).and_then(|rest| rest.first_chunk::<LONGEST>())
        {
            match head.cast_signed() {
                -128 => {}
                head @ 0.. => {
                    *room = *literal;
                    from += head as usize + 1;
                    to += head as usize + 1;
                }
                head => {
                    *room = [literal[0]; LONGEST];
                    from += 1;
                    to += (1 - isize::from(head)).unsigned_abs();
                }
            }
            continue;
        }
        match head.cast_signed() {
            -128 => {}
            head @ 0.. => {
                let Some(rest) = bytes.get(from..) else { break };
                let len = (head as usize + 1).min(rest.len()).min(out.len() - to);
                out[to..to + len].copy_from_slice(&rest[..len]);
                from += len;
                to += len;
            }
            head => {
                let Some(&byte) = bytes.get(from) else { break };
                let len = (1 - isize::from(head)).unsigned_abs().min(out.len() - to);
                out[to..to + len].fill(byte);
                from += 1;
                to += len;
            }
        }
    }
    to
}

/// ThunderScan: pixels of four bits, as runs and as differences of two or three bits.
pub fn thunderscan(bytes: &[u8], width: usize, out: &mut [u8]) -> Result<usize> {
    const TWO: [i32; 4] = [0, 1, 0, -1];
    const THREE: [i32; 8] = [0, 1, 2, 3, 0, -3, -2, -1];
    let mut rows = 0;
    let mut codes = bytes.iter();
    for row in out.chunks_exact_mut(width.div_ceil(2).max(1)) {
        row.fill(0);
        let (mut at, mut last) = (0, 0i32);
        let mut put = |at: &mut usize, value: i32| {
            if *at < width {
                row[*at / 2] |= ((value & 15) as u8) << (4 * (1 - *at % 2));
            }
            *at += 1;
        };
        while at < width {
            let Some(&code) = codes.next() else { return Ok(rows * row.len()) };
            match code >> 6 {
                0 => (0..code).for_each(|_| put(&mut at, last)),
                1 => {
                    for difference in [code >> 4 & 3, code >> 2 & 3, code & 3].into_iter().filter(|&d| d != 2) {
                        last += TWO[usize::from(difference)];
                        put(&mut at, last);
                    }
                }
                2 => {
                    for difference in [code >> 3 & 7, code & 7].into_iter().filter(|&d| d != 4) {
                        last += THREE[usize::from(difference)];
                        put(&mut at, last);
                    }
                }
                _ => {
                    last = i32::from(code & 15);
                    put(&mut at, last);
                }
            }
        }
        if at > width {
            return Err(Error::corrupt("a ThunderScan row with too many pixels"));
        }
        rows += 1;
    }
    Ok(rows * width.div_ceil(2))
}

/// NeXT: pixels of two bits, as rows of their own, as a part of a white row, and as runs.
pub fn next(bytes: &[u8], width: usize, out: &mut [u8]) -> Result<usize> {
    let cut = || Error::corrupt("a NeXT row that is cut off");
    let mut rest = bytes;
    let mut rows = 0;
    let len = width.div_ceil(4);
    for row in out.chunks_exact_mut(len.max(1)) {
        let Some((&head, data)) = rest.split_first() else { break };
        row.fill(0xFF);
        rest = match head {
            0x00 => {
                row.copy_from_slice(data.get(..len).ok_or_else(cut)?);
                &data[len..]
            }
            0x40 => {
                let &[a, b, c, d] = data.first_chunk().ok_or_else(cut)?;
                let (from, count) = (usize::from(u16::from_be_bytes([a, b])), usize::from(u16::from_be_bytes([c, d])));
                let place = row.get_mut(from..from + count).ok_or_else(cut)?;
                place.copy_from_slice(data.get(4..4 + count).ok_or_else(cut)?);
                &data[4 + count..]
            }
            _ => {
                // The head is a run itself.
                let mut at = 0;
                let mut codes = rest.iter();
                while at < width {
                    let &code = codes.next().ok_or_else(cut)?;
                    let (value, run) = (code >> 6, usize::from(code & 0x3F));
                    for x in at..(at + run).min(width) {
                        let shift = 6 - 2 * (x % 4);
                        row[x / 4] = row[x / 4] & !(3 << shift) | value << shift;
                    }
                    at += run;
                }
                codes.as_slice()
            }
        };
        rows += 1;
    }
    Ok(rows * len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_of_the_specification() {
        let packed = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let mut out = [0; 24];
        assert_eq!(packbits(&packed, &mut out), 24);
        let mut wanted = vec![0xAA, 0xAA, 0xAA, 0x80, 0, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0, 0x2A, 0x22];
        wanted.extend([0xAA; 10]);
        assert_eq!(out.as_slice(), wanted);
        assert_eq!(packbits(&packed[..3], &mut out), 3);
    }

    #[test]
    fn thunderscan_runs_and_differences() {
        // 5; three times the same; +1, skipped, -1; +2 and -3.
        let codes = [0xC5, 0x03, 0b0101_1011, 0b1001_0101];
        let mut out = [0; 4];
        assert_eq!(thunderscan(&codes, 8, &mut out).unwrap(), 4);
        assert_eq!(out, [0x55, 0x55, 0x65, 0x74]);
    }
}
