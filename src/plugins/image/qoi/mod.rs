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

/// Where a pixel is remembered.
fn slot([r, g, b, a]: Pixel) -> usize {
    let sum = u32::from(r) * 3 + u32::from(g) * 5 + u32::from(b) * 7 + u32::from(a) * 11;
    (sum % 64) as usize
}

/// Pixels of so many samples.
#[derive(Clone)]
struct Decoder<const N: usize>(State);

impl<const N: usize> Decoder<N> {
    /// Follows operations while there are enough bytes for any and pixels to be made; how many bytes and pixels that
    /// were.
    fn follow(&mut self, bytes: &[u8], pixels: &mut [[u8; N]]) -> (usize, usize) {
        let State { before, seen, run } = &mut self.0;
        let (mut at, mut done) = (0, 0);
        while done < pixels.len() {
            let Some(&[op, b1, b2, b3, b4]) = bytes.get(at..).and_then(|b| b.first_chunk::<LONGEST>()) else { break };
            let [r, g, b, a] = *before;
            let (used, pixel) = match op {
                0xfe => (4, [b1, b2, b3, a]),
                0xff => (5, [b1, b2, b3, b4]),
                0..=0x3f => (1, seen[usize::from(op & 63)]),
                0x40..=0x7f => {
                    let change = |value: u8, shift: u8| value.wrapping_add((op >> shift & 3).wrapping_sub(2));
                    (1, [change(r, 4), change(g, 2), change(b, 0), a])
                }
                0x80..=0xbf => {
                    let green = (op & 63).wrapping_sub(32);
                    let change = |value: u8, by: u8| value.wrapping_add(green).wrapping_add(by.wrapping_sub(8));
                    (2, [change(r, b1 >> 4), g.wrapping_add(green), change(b, b1 & 15), a])
                }
                _ => {
                    at += 1;
                    let here = (usize::from(op & 63) + 1).min(pixels.len() - done);
                    *run = usize::from(op & 63) + 1 - here;
                    pixels[done..done + here].fill(cut(*before));
                    done += here;
                    continue;
                }
            };
            at += used;
            *before = pixel;
            seen[slot(pixel)] = pixel;
            pixels[done] = cut(pixel);
            done += 1;
        }
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

impl Encoder {
    fn put_run(&mut self, out: &mut Vec<u8>) {
        if self.state.run > 0 {
            out.push(0xc0 | (self.state.run - 1) as u8);
            self.state.run = 0;
        }
    }

    fn put(&mut self, pixel: Pixel, out: &mut Vec<u8>) {
        if pixel == self.state.before {
            self.state.run += 1;
            if self.state.run == usize::from(RUN) {
                self.put_run(out);
            }
            return;
        }
        self.put_run(out);
        let before = std::mem::replace(&mut self.state.before, pixel);
        let at = slot(pixel);
        if self.state.seen[at] == pixel {
            out.push(at as u8);
            return;
        }
        self.state.seen[at] = pixel;
        let [r, g, b, a] = pixel;
        if a != before[3] {
            out.extend_from_slice(&[0xff, r, g, b, a]);
            return;
        }
        let [red, green, blue] = [0, 1, 2].map(|i| pixel[i].wrapping_sub(before[i]));
        // Of each difference, what is stored: shifted so that the least is 0.
        let small = [red, green, blue].map(|d| d.wrapping_add(2));
        let luma =
            [red.wrapping_sub(green).wrapping_add(8), green.wrapping_add(32), blue.wrapping_sub(green).wrapping_add(8)];
        if small.iter().all(|&d| d < 4) {
            out.push(0x40 | small[0] << 4 | small[1] << 2 | small[2]);
        } else if luma[0] < 16 && luma[1] < 64 && luma[2] < 16 {
            out.extend_from_slice(&[0x80 | luma[1], luma[0] << 4 | luma[2]]);
        } else {
            out.extend_from_slice(&[0xfe, r, g, b]);
        }
    }
}

impl Encode for Encoder {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, samples } = self.sides;
        // The last byte: sRGB with a linear alpha, which is what pictures without a colour space are taken for.
        [MARK, &(width as u32).to_be_bytes(), &(height as u32).to_be_bytes(), &[samples as u8, 0]].concat()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        match self.sides.samples {
            3 => items.as_chunks::<3>().0.iter().for_each(|&[r, g, b]| self.put([r, g, b, 255], out)),
            _ => items.as_chunks::<4>().0.iter().for_each(|&pixel| self.put(pixel, out)),
        }
    }

    fn closing(&mut self, out: &mut Vec<u8>) {
        self.put_run(out);
        out.extend_from_slice(&END);
    }
}
