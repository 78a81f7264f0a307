//! Radiance HDR: floating point colours that share an exponent.

#[cfg(test)]
mod tests;
mod write;

pub use write::create;

use super::single::{Picture, Rows, Single};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, Props, zeroed};
use crate::plugin::{Call, Reader};
use crate::resource::{Source, SourceReader};
use std::io::{BufRead, Read};

/// The longest header.
const LONGEST: u64 = 1 << 20;

/// The widths that rows stored by component may have.
const BY_COMPONENT: std::ops::Range<usize> = 8..0x8000;

/// Whether a file begins as Radiance's pictures do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"#?RADIANCE") || head.starts_with(b"#?RGBE")
}

/// Opens an HDR file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let mut lines = Lines(source.reader().take(LONGEST));
    let meta = attributes(&mut lines)?;
    let resolution = Resolution::parse(&lines.next()?)?;
    let data_at = lines.0.get_ref().position();
    let (width, height) = (resolution.width, resolution.height);
    let props = Props::pixels(width, height, DType::F32, Color::Rgb);
    // A run of 127 pixels takes two bytes for each of four components; older runs are longer.
    let mut picture = Picture::new(props, "RGB", data_at, (1, 256));
    picture.meta = meta;
    picture.bottom_up = resolution.bottom_up;
    Single::open(source, picture, HdrRows { right_to_left: resolution.right_to_left, stored: Vec::new() })
}

struct Lines(std::io::Take<SourceReader>);

impl Lines {
    fn next(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        match line.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()),
            _ => Err(Error::corrupt("the data end within the header")),
        }
    }
}

/// The lines of the header up to the empty one, each under its own name.
fn attributes(lines: &mut Lines) -> Result<Dict> {
    let mut meta = Dict::new();
    lines.next()?;
    loop {
        let line = lines.next()?;
        if line.is_empty() {
            return Ok(meta);
        }
        if line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match key {
            "FORMAT" if value != "32-bit_rle_rgbe" => {
                return Err(Error::unsupported(format!("pixels in the format {value:?} are not read")));
            }
            // Each program that changes the exposure adds a line with its factor.
            "EXPOSURE" => {
                let before = meta.get(key).and_then(|v| v.as_float()).unwrap_or(1.0);
                if let Some(factor) = value.parse::<f64>().ok().filter(|n| n.is_finite()) {
                    meta.set(key, before * factor);
                }
            }
            _ => meta.set(key, value),
        }
    }
}

/// The line that says how large the picture is and which way it lies.
struct Resolution {
    width: usize,
    height: usize,
    bottom_up: bool,
    right_to_left: bool,
}

impl Resolution {
    fn parse(line: &str) -> Result<Resolution> {
        let bad = || Error::corrupt(format!("{line:?} does not say how large the image is"));
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[first, rows, second, columns] = &words[..] else { return Err(bad()) };
        let number = |word: &str| word.parse::<u32>().map(|n| n as usize).map_err(|_| bad());
        match (first, second) {
            ("-Y" | "+Y", "-X" | "+X") => Ok(Resolution {
                width: number(columns)?,
                height: number(rows)?,
                bottom_up: first == "+Y",
                right_to_left: second == "-X",
            }),
            ("-X" | "+X", "-Y" | "+Y") => Err(Error::unsupported("the image is stored by columns")),
            _ => Err(bad()),
        }
    }
}

/// Red, green, blue, exponent.
type Pixel = [u8; 4];

#[derive(Clone)]
struct HdrRows {
    right_to_left: bool,
    /// The components of a row, one after another.
    stored: Vec<u8>,
}

impl Rows for HdrRows {
    fn next<R: BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        let (pixels, _) = row.as_chunks_mut::<12>();
        let width = pixels.len();
        let first = pixel(from)?;
        let [a, b, high, low] = first;
        let said = usize::from(u16::from_be_bytes([high, low]));
        if [a, b] == [2, 2] && high < 128 && BY_COMPONENT.contains(&width) {
            if said != width {
                return Err(Error::corrupt(format!("a row of {said} pixels where the image has {width}")));
            }
            if self.stored.is_empty() {
                self.stored = zeroed(width * 4)?;
            }
            for part in self.stored.chunks_exact_mut(width) {
                component(from, part)?;
            }
            let (red, rest) = self.stored.split_at(width);
            let (green, rest) = rest.split_at(width);
            let (blue, exponent) = rest.split_at(width);
            let colors = red.iter().zip(green).zip(blue).zip(exponent);
            for (to, (((&r, &g), &b), &e)) in pixels.iter_mut().zip(colors) {
                *to = color([r, g, b, e]);
            }
        } else {
            old(from, first, pixels)?;
        }
        if self.right_to_left {
            pixels.reverse();
        }
        Ok(())
    }
}

fn pixel<R: BufRead>(from: &mut R) -> Result<Pixel> {
    let mut pixel = [0; 4];
    from.read_exact(&mut pixel)?;
    Ok(pixel)
}

/// The floats of a pixel, as memory holds them.
fn color([r, g, b, e]: Pixel) -> [u8; 12] {
    let scale = factor(e);
    let mut bytes = [0; 12];
    let floats = bytes.as_chunks_mut::<4>().0.iter_mut();
    floats.zip([r, g, b]).for_each(|(to, n)| *to = (f32::from(n) * scale).to_ne_bytes());
    bytes
}

/// 2 to the power of the exponent, less 136; 0 for none.
fn factor(exponent: u8) -> f32 {
    match exponent {
        0 => 0.0,
        // Smaller powers than 2^-126 have no exponent of their own: the bits of the fraction say them.
        1..10 => f32::from_bits(1u32 << (exponent + 13)),
        _ => f32::from_bits((u32::from(exponent) - 9) << 23),
    }
}

/// Undoes the runs of one component.
fn component<R: BufRead>(from: &mut R, mut part: &mut [u8]) -> Result<()> {
    while !part.is_empty() {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        let is_run = byte[0] > 128;
        let count = usize::from(if is_run { byte[0] & 0x7f } else { byte[0] });
        if count == 0 || count > part.len() {
            return Err(Error::corrupt(format!("{count} values where a row has room for {}", part.len())));
        }
        let (here, later) = std::mem::take(&mut part).split_at_mut(count);
        if is_run {
            from.read_exact(&mut byte)?;
            here.fill(byte[0]);
        } else {
            from.read_exact(here)?;
        }
        part = later;
    }
    Ok(())
}

/// A row as older files have it: pixels, of which those of 1, 1, 1 say how often to repeat the one before.
fn old<R: BufRead>(from: &mut R, first: Pixel, row: &mut [[u8; 12]]) -> Result<()> {
    let (mut done, mut shift, mut next) = (0, 0, Some(first));
    while done < row.len() {
        let now = match next.take() {
            Some(pixel) => pixel,
            None => pixel(from)?,
        };
        let [1, 1, 1, count] = now else {
            row[done] = color(now);
            (done, shift) = (done + 1, 0);
            continue;
        };
        // Repetitions that follow one another are digits to the base of 256, the lowest first.
        let count = if shift < 32 { usize::from(count) << shift } else { usize::MAX };
        if done == 0 || count > row.len() - done {
            return Err(Error::corrupt(format!("{count} repetitions after {done} of {} pixels", row.len())));
        }
        let before = row[done - 1];
        row[done..done + count].fill(before);
        (done, shift) = (done + count, shift + 8);
    }
    Ok(())
}
