//! QOI, the "quite OK image" format.

#[cfg(test)]
mod tests;

use super::single::{self, Encode, Picture, Rows, Sides, Single};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Props};
use crate::plugin::{Call, Image, Reader, Writer};
use crate::resource::{Output, Source};
use std::io::BufRead;

const MARK: &[u8] = b"qoif";

/// Bytes of the header.
const HEADER: u64 = 14;

/// The longest operation.
const LONGEST: usize = 5;

/// The longest run.
const RUN: u8 = 62;

/// What ends a file.
const END: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

type Pixel = [u8; 4];

/// What a pixel's place is made of; see [`slot`].
const FACTORS: u64 = 3 << 56 | 7 << 40 | 5 << 24 | 11 << 8;

/// Whether a file begins as QOI files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(MARK)
}

/// Opens a QOI file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let mut header = [0; HEADER as usize];
    source.read_exact_at(&mut header, 0)?;
    let side = |at: usize| header[at..].first_chunk().map_or(0, |&b| u32::from_be_bytes(b) as usize);
    let (color, mode) = match header[12] {
        3 => (Color::Rgb, "RGB"),
        4 => (Color::Rgba, "RGBA"),
        n => return Err(Error::corrupt(format!("pixels of {n} samples, not 3 or 4")).at(12)),
    };
    let props = Props::pixels(side(4), side(8), DType::U8, color);
    let picture = Picture::new(props, mode, HEADER, (1, RUN.into()));
    match color {
        Color::Rgb => Single::open(source, picture, Decoder::<3>(State::default())),
        _ => Single::open(source, picture, Decoder::<4>(State::default())),
    }
}

/// What reading and writing know of the pixels before.
#[derive(Clone)]
struct State {
    before: Pixel,
    seen: [Pixel; 64],
    /// How many more pixels are as the one before.
    run: usize,
}

impl Default for State {
    fn default() -> State {
        State { before: [0, 0, 0, 255], seen: [[0; 4]; 64], run: 0 }
    }
}

/// Where a pixel is remembered: 3 times red, 5 times green, 7 times blue and 11 times alpha, modulo 64. The four products
/// meet in the highest byte.
fn slot(pixel: Pixel) -> usize {
    let n = u64::from(u32::from_le_bytes(pixel));
    let apart = (n & 0x00ff_00ff) | (n & 0xff00_ff00) << 24;
    (apart.wrapping_mul(FACTORS) >> 56 & 63) as usize
}

/// Pixels of so many samples.
#[derive(Clone)]
struct Decoder<const N: usize>(State);

/// What an operation that makes a pixel does to the one before. Which one comes next cannot be guessed, so that all are
/// done alike, without a branch.
#[derive(Clone, Copy)]
struct Op {
    /// Bytes of the pixel before that stay; the others are those that follow.
    keep: u32,
    /// What is added to each byte.
    add: u32,
    /// Which bytes of what the next byte says are added as well.
    and: u32,
    length: u32,
}

/// The operations, and what the byte behind one of two bytes adds.
const OPS: ([Op; 256], [u32; 256]) = ops();

const fn ops() -> ([Op; 256], [u32; 256]) {
    let mut ops = [Op { keep: !0, add: 0, and: 0, length: 1 }; 256];
    let mut adds = [0; 256];
    let mut i = 0;
    while i < 256 {
        let n = i as u8;
        adds[i] = u32::from_le_bytes([n >> 4, 0, n & 15, 0]);
        if n >> 6 == 1 {
            let [red, green, blue] = [n >> 4 & 3, n >> 2 & 3, n & 3];
            ops[i].add = u32::from_le_bytes([red.wrapping_sub(2), green.wrapping_sub(2), blue.wrapping_sub(2), 0]);
        } else if n >> 6 == 2 {
            let green = (n & 63).wrapping_sub(32);
            ops[i].add = u32::from_le_bytes([green.wrapping_sub(8), green, green.wrapping_sub(8), 0]);
            (ops[i].and, ops[i].length) = (!0, 2);
        }
        i += 1;
    }
    (ops[0xfe].keep, ops[0xfe].length) = (0xff00_0000, 4);
    (ops[0xff].keep, ops[0xff].length) = (0, 5);
    (ops, adds)
}

/// The sums of bytes.
#[inline(always)]
const fn add(a: u32, b: u32) -> u32 {
    const LOW: u32 = 0x7f7f_7f7f;
    ((a & LOW) + (b & LOW)) ^ ((a ^ b) & !LOW)
}

impl<const N: usize> Decoder<N> {
    /// Follows operations while there are enough bytes for any and pixels to be made; how many bytes and pixels that
    /// were.
    fn follow(&mut self, bytes: &[u8], pixels: &mut [[u8; N]]) -> (usize, usize) {
        let (ops, adds) = (&OPS.0, &OPS.1);
        let State { before, seen, run } = &mut self.0;
        let mut now = u32::from_le_bytes(*before);
        let (mut at, mut done) = (0, 0);
        while let Some(place) = pixels.get_mut(done) {
            let Some(&[op, b1, b2, b3, b4]) = bytes.get(at..).and_then(|b| b.first_chunk::<LONGEST>()) else { break };
            if op < 0x40 {
                at += 1;
                now = u32::from_le_bytes(seen[usize::from(op)]);
            } else if (0xc0..0xfe).contains(&op) {
                at += 1;
                let here = (usize::from(op & 63) + 1).min(pixels.len() - done);
                *run = usize::from(op & 63) + 1 - here;
                pixels[done..done + here].fill(cut(now.to_le_bytes()));
                done += here;
                continue;
            } else {
                let does = &ops[usize::from(op)];
                let added = add(does.add, adds[usize::from(b1)] & does.and);
                let follow = u32::from_le_bytes([b1, b2, b3, b4]) & !does.keep;
                now = add(now & does.keep, added | follow);
                at += does.length as usize;
            }
            let pixel = now.to_le_bytes();
            seen[slot(pixel)] = pixel;
            *place = cut(pixel);
            done += 1;
        }
        *before = now.to_le_bytes();
        (at, done)
    }
}

/// The samples that the file has.
fn cut<const N: usize>(pixel: Pixel) -> [u8; N] {
    std::array::from_fn(|i| pixel[i & 3])
}

/// Bytes of an operation.
fn length(op: u8) -> usize {
    match op {
        0xfe => 4,
        0xff => 5,
        0x80..=0xbf => 2,
        _ => 1,
    }
}

impl<const N: usize> Rows for Decoder<N> {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        let pixels = row.as_chunks_mut::<N>().0;
        let mut done = self.0.run.min(pixels.len());
        pixels[..done].fill(cut(self.0.before));
        self.0.run -= done;
        while done < pixels.len() {
            let ahead = from.fill_buf()?;
            if ahead.len() >= LONGEST {
                let (used, made) = self.follow(ahead, &mut pixels[done..]);
                from.consume(used);
                done += made;
                continue;
            }
            // Near an end of what is at hand, one operation by itself.
            let mut op = [0; LONGEST];
            from.read_exact(&mut op[..1])?;
            let used = length(op[0]);
            from.read_exact(&mut op[1..used])?;
            // Whatever is done, fewer bytes than an operation may need are left.
            let (_, made) = self.follow(&op, &mut pixels[done..]);
            done += made;
        }
        Ok(())
    }
}

/// Opens a target for a QOI file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "QOI", prepare))
}

fn prepare(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "QOI", u32::MAX as usize)?;
    let color = match (image.dtype, sides.samples) {
        (DType::U8, 3) => Color::Rgb,
        (DType::U8, 4) => Color::Rgba,
        _ => {
            let way_out = "write with mode RGB and dtype uint8 (scale=true maps the full range)";
            return Err(sides.refuse(image, "QOI", "uint8 (RGB, RGBA)", way_out));
        }
    };
    sides.check_color(image, "QOI", color)?;
    Ok(Box::new(Encoder { sides, state: State::default() }))
}

struct Encoder {
    sides: Sides,
    state: State,
}

/// Operations of a pixel that are of one, two and four bytes and follow each other in this order.
const LENGTHS: [usize; 3] = [1, 2, 4];

impl Encoder {
    /// The operations of a row of pixels, and of a run that ends with it, into `out`, which has room for the longest for
    /// each pixel and one more; the bytes of them.
    fn follow<const N: usize>(&mut self, pixels: &[[u8; N]], out: &mut [u8]) -> usize {
        let State { before, seen, run } = &mut self.state;
        let mut at = 0;
        for pixel in pixels {
            let pixel = std::array::from_fn(|i| pixel.get(i).copied().unwrap_or(255));
            if pixel == *before {
                *run += 1;
                if *run < usize::from(RUN) {
                    continue;
                }
            }
            if *run > 0 {
                out[at] = 0xc0 | (*run - 1) as u8;
                at += 1;
                *run = 0;
            }
            if pixel == *before {
                continue;
            }
            let old = std::mem::replace(before, pixel);
            let (place, Some(room)) = (slot(pixel), out.get_mut(at..).and_then(|out| out.first_chunk_mut::<LONGEST>()))
            else {
                return at;
            };
            if seen[place] == pixel {
                room[0] = place as u8;
                at += 1;
                continue;
            }
            seen[place] = pixel;
            let [r, g, b, a] = pixel;
            if a != old[3] {
                *room = [0xff, r, g, b, a];
                at += LONGEST;
                continue;
            }
            let [red, green, blue] = [r.wrapping_sub(old[0]), g.wrapping_sub(old[1]), b.wrapping_sub(old[2])];
            // Of each difference, what is stored: shifted so that the least is 0.
            let small = [red, green, blue].map(|d| d.wrapping_add(2));
            let luma = [
                red.wrapping_sub(green).wrapping_add(8),
                green.wrapping_add(32),
                blue.wrapping_sub(green).wrapping_add(8),
            ];
            // Which of the three it will be cannot be guessed: all are made, and one is taken without a branch.
            let is_small = (small[0] | small[1] | small[2]) < 4;
            let is_luma = (luma[0] | luma[2]) < 16 && luma[1] < 64;
            let which = usize::from(!is_small) << usize::from(!is_luma);
            let short = |n: u8, most: u8| u32::from(n & most);
            let words = [
                0x40 | short(small[0], 3) << 4 | short(small[1], 3) << 2 | short(small[2], 3),
                0x80 | short(luma[1], 63) | short(luma[0], 15) << 12 | short(luma[2], 15) << 8,
                u32::from_le_bytes(pixel) << 8 | 0xfe,
            ];
            room[..4].copy_from_slice(&words[which].to_le_bytes());
            at += LENGTHS[which];
        }
        at
    }
}

impl Encode for Encoder {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, samples } = self.sides;
        // The last byte: sRGB with a linear alpha, which is what pictures without a colour space are taken for.
        [MARK, &(width as u32).to_be_bytes(), &(height as u32).to_be_bytes(), &[samples as u8, 0]].concat()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let begun = out.len();
        out.resize(begun + (self.sides.width + 1) * LONGEST, 0);
        let room = &mut out[begun..];
        let used = match self.sides.samples {
            3 => self.follow(items.as_chunks::<3>().0, room),
            _ => self.follow(items.as_chunks::<4>().0, room),
        };
        out.truncate(begun + used);
    }

    fn closing(&mut self, out: &mut Vec<u8>) {
        if self.state.run > 0 {
            out.push(0xc0 | (self.state.run - 1) as u8);
        }
        out.extend_from_slice(&END);
    }
}
