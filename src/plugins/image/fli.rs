//! FLI and FLC, the animations of Autodesk: each frame changes some of the numbers of the one before, or its colours.

use super::bits::{Bytes, le16, le32};
use super::info;
use super::sequence::{Player, Sequence};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, Props};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of the header of a file, of a frame and of a chunk.
const HEAD: u64 = 128;
const FRAME: u64 = 16;
const CHUNK: usize = 6;
/// The mark of a frame; other chunks between frames are passed over.
const IS_FRAME: u16 = 0xf1fa;

/// Whether a file begins as FLI and FLC files do: a length, then a mark, and what is not used is 0.
pub fn matches(head: &[u8]) -> bool {
    let zero = |from: usize, to: usize| head.get(from..to).is_some_and(|b| b.iter().all(|&b| b == 0));
    matches!(le16(head, 4), 0xaf11 | 0xaf12) && matches!(le16(head, 14), 0 | 3) && zero(20, 22) && zero(88, 128)
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    let (count, width, height) = (le16(head, 6), le16(head, 8), le16(head, 10));
    if width == 0 || height == 0 || count == 0 {
        return Err(Error::corrupt(format!("{count} images of {width} x {height} pixels")));
    }
    // FLI counts in seventieths of a second, FLC in thousandths.
    let speed = u64::from(le32(head, 16));
    let duration = if le16(head, 4) == 0xaf11 { speed * 1000 / 70 } else { speed };
    let (width, height) = (usize::from(width), usize::from(height));
    let props = Props::pixels(width, height, DType::U8, Color::Rgb);
    let file = Fli { source, props, width, height, duration };
    Ok(Sequence::open(file, count.into(), false))
}

/// What the header says.
#[derive(Clone)]
struct Fli {
    source: Source,
    props: Props,
    width: usize,
    height: usize,
    /// Milliseconds of a frame.
    duration: u64,
}

/// The image as it stands.
struct Canvas {
    numbers: Vec<u8>,
    palette: Vec<[u8; 3]>,
    /// Where the next frame begins.
    at: u64,
}

impl Player for Fli {
    type State = Canvas;

    fn props(&self, call: &Call) -> Props {
        if info::is_indexed("P", call) { info::indexed(&self.props) } else { self.props.clone() }
    }

    fn start(&self, call: &Call) -> Result<Canvas> {
        let numbers = call.limits().allocate(self.width * self.height)?;
        Ok(Canvas { numbers, palette: (0..=255).map(|n| [n; 3]).collect(), at: HEAD })
    }

    fn advance(&self, canvas: &mut Canvas, _index: usize, call: &Call) -> Result<()> {
        loop {
            let mut head = [0; FRAME as usize];
            self.source.read_exact_at(&mut head, canvas.at)?;
            let len = u64::from(le32(&head, 0));
            if len < FRAME {
                return Err(Error::corrupt(format!("a frame of {len} bytes")).at(canvas.at));
            }
            let from = canvas.at + FRAME;
            canvas.at += len;
            if le16(&head, 4) != IS_FRAME {
                continue;
            }
            if self.source.len().is_some_and(|all| canvas.at > all) {
                return Err(Error::corrupt("the data end within a frame").at(from));
            }
            // Of more than the longest way to tell every number and colour nothing is used.
            let most = 4 * canvas.numbers.len() + (1 << 16);
            let len = usize::try_from(len - FRAME).unwrap_or(usize::MAX).min(most);
            let mut data = call.limits().allocate(len)?;
            self.source.read_exact_at(&mut data, from)?;
            return self.frame(canvas, &data, le16(&head, 6));
        }
    }

    fn row(&self, canvas: &Canvas, y: usize, row: &mut [u8]) {
        let numbers = canvas.numbers.get(y * self.width..(y + 1) * self.width).unwrap_or_default();
        if row.len() == numbers.len() {
            return row.copy_from_slice(numbers);
        }
        for (to, &n) in row.as_chunks_mut::<3>().0.iter_mut().zip(numbers) {
            *to = canvas.palette.get(usize::from(n)).copied().unwrap_or_default();
        }
    }

    fn meta_needs_image(&self, call: &Call) -> bool {
        call.indices() || !call.bool("exclude_applied")
    }

    fn meta(&self, frame: Option<usize>, canvas: Option<&Canvas>, call: &Call) -> Result<Dict> {
        let mut meta = Dict::new().with("duration", self.duration as i64);
        if let Some(index) = frame {
            let seconds = self.duration as f64 / 1000.0;
            info::timed(&mut meta, index as f64 * seconds, seconds);
        }
        let mut meta = info::finish(meta, "P", self.width, self.height);
        if let Some(canvas) = canvas {
            info::add_palette(&mut meta, &canvas.palette, call)?;
        }
        Ok(meta)
    }
}

impl Fli {
    /// Applies the chunks of a frame.
    fn frame(&self, canvas: &mut Canvas, data: &[u8], chunks: u16) -> Result<()> {
        let mut rest = Bytes(data);
        for _ in 0..chunks {
            let short = || Error::corrupt("a chunk ends too early");
            let Some(head) = rest.take(CHUNK) else { break };
            let len = (le32(head, 0) as usize).saturating_sub(CHUNK);
            // The length of a copy may be told without its header.
            let body = rest.0.get(..len.min(rest.0.len())).unwrap_or_default();
            let whole = rest.0.len() >= len;
            rest.take(body.len());
            let mut body = Bytes(body);
            let done = match le16(head, 4) {
                4 => colors(&mut canvas.palette, &mut body, 0),
                11 => colors(&mut canvas.palette, &mut body, 2),
                7 => self.words(&mut canvas.numbers, &mut body),
                12 => self.lines(&mut canvas.numbers, &mut body),
                13 => {
                    canvas.numbers.fill(0);
                    Some(())
                }
                15 => self.runs(&mut canvas.numbers, &mut body),
                16 => {
                    let n = canvas.numbers.len();
                    body.take(n).map(|all| canvas.numbers.copy_from_slice(all))
                }
                // A small picture of the film, and what nobody knows.
                _ => Some(()),
            };
            done.filter(|()| whole).ok_or_else(short)?;
        }
        Ok(())
    }

    /// Whole rows in runs.
    fn runs(&self, numbers: &mut [u8], data: &mut Bytes) -> Option<()> {
        for row in numbers.chunks_exact_mut(self.width) {
            // How many runs there are does not matter, and of many does not fit.
            data.byte()?;
            let mut x = 0;
            while x < row.len() {
                x = match data.byte()? {
                    n if n & 0x80 != 0 => put(row, x, data.take(256 - usize::from(n))?),
                    n => fill(row, x, &[data.byte()?], n.into()),
                };
            }
        }
        Some(())
    }

    /// Some rows, one after another, in bytes.
    fn lines(&self, numbers: &mut [u8], data: &mut Bytes) -> Option<()> {
        let (first, count) = (usize::from(le16(data.take(2)?, 0)), usize::from(le16(data.take(2)?, 0)));
        for row in numbers.chunks_exact_mut(self.width).skip(first).take(count) {
            let mut x = 0;
            for _ in 0..data.byte()? {
                x += usize::from(data.byte()?);
                x = match data.byte()? {
                    n if n & 0x80 != 0 => fill(row, x, &[data.byte()?], 256 - usize::from(n)),
                    n => put(row, x, data.take(n.into())?),
                };
            }
        }
        Some(())
    }

    /// Some rows, with others left out between, in pairs of bytes.
    fn words(&self, numbers: &mut [u8], data: &mut Bytes) -> Option<()> {
        let count = le16(data.take(2)?, 0);
        let mut y = 0usize;
        for _ in 0..count {
            let packets = loop {
                let word = le16(data.take(2)?, 0);
                match word >> 14 {
                    3 => y += usize::from(word.wrapping_neg()),
                    // The last byte of a row of an odd length.
                    2 => *numbers.get_mut((y + 1).checked_mul(self.width)?.checked_sub(1)?)? = word as u8,
                    _ => break word,
                }
            };
            let row = numbers.get_mut(y.checked_mul(self.width)?..)?.get_mut(..self.width)?;
            let mut x = 0;
            for _ in 0..packets {
                x += usize::from(data.byte()?);
                x = match data.byte()? {
                    n if n & 0x80 != 0 => fill(row, x, data.take(2)?, 256 - usize::from(n)),
                    n => put(row, x, data.take(2 * usize::from(n))?),
                };
            }
            y += 1;
        }
        Some(())
    }
}

/// Colours of 8 or, shifted, of 6 bits: packets of how many are passed over, how many come, and those.
fn colors(palette: &mut [[u8; 3]], data: &mut Bytes, shift: u32) -> Option<()> {
    let count = le16(data.take(2)?, 0);
    let mut at = 0;
    for _ in 0..count {
        at += usize::from(data.byte()?);
        let n = match data.byte()? {
            0 => 256,
            n => usize::from(n),
        };
        let stored = data.take(3 * n)?.as_chunks::<3>().0;
        for (to, from) in palette.get_mut(at..).unwrap_or_default().iter_mut().zip(stored) {
            *to = from.map(|n| n << shift);
        }
        at += n;
    }
    Some(())
}

/// Puts bytes at a place in a row, as many as fit; the place behind them.
fn put(row: &mut [u8], x: usize, bytes: &[u8]) -> usize {
    let to = row.get_mut(x..).unwrap_or_default();
    to.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
    x + bytes.len()
}

/// Puts `count` times the same bytes at a place in a row, as many as fit; the place behind them.
fn fill(row: &mut [u8], x: usize, bytes: &[u8], count: usize) -> usize {
    let to = row.get_mut(x..).unwrap_or_default();
    for to in to.chunks_mut(bytes.len().max(1)).take(count) {
        to.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
    }
    x + bytes.len() * count
}
