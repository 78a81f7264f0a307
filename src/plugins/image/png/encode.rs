//! Encoding one image: its rows in PNG's order of bytes, filtered, deflated and cut into chunks.

use super::bands::{self, Plan};
use super::chunks::{self, Kind};
use crate::error::{Error, Result};
use crate::model::{Color, DType, View};
use crate::plugin::{Call, Image};
use rowfilter::Filter;
use std::io::{self, BufWriter, Write};

/// Bytes of a chunk with pixels.
const CHUNK: usize = 64 << 10;

/// How the pixels of an image stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits of a sample.
    pub depth: u8,
    /// PNG's colour type.
    pub color: u8,
    samples: u8,
}

impl Form {
    /// The form of this image, or why PNG cannot hold it.
    pub fn of(image: &Image) -> Result<Form> {
        let shape = image.shape();
        let (height, width, samples) = match *shape {
            [height, width] => (height, width, 1),
            [height, width, samples] => (height, width, samples),
            _ => return Err(Error::shape(format!("PNG holds (height, width[, samples]), not {shape:?}"))),
        };
        let (color, meant) = match samples {
            1 => (0, Color::Gray),
            2 => (4, Color::GrayAlpha),
            3 => (2, Color::Rgb),
            4 => (6, Color::Rgba),
            n => return Err(Error::shape(format!("PNG holds 1 to 4 samples a pixel, not {n}"))),
        };
        if let Some(said) = image.color.filter(|&c| c != meant && c != Color::Unknown) {
            let (meant, said) = (meant.name(), said.name());
            return Err(Error::unsupported(format!("PNG holds {meant} in {samples} samples, not {said}")));
        }
        let depth = match image.dtype {
            DType::Bool if samples == 1 => 1,
            DType::U8 => 8,
            DType::U16 => 16,
            other => {
                return Err(Error::shape(format!(
                    "PNG holds bool (gray), uint8 and uint16, not {other} in {samples} samples; write with dtype \
                     uint8 or uint16 (scale=true maps the full range)"
                )));
            }
        };
        let side = |n: usize| u32::try_from(n).ok().filter(|n| (1..=i32::MAX as u32).contains(n));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Form { width, height, depth, color, samples: samples as u8 }),
            _ => Err(Error::shape(format!("PNG holds no image of {width} x {height} pixels"))),
        }
    }

    /// The form of an image of numbers of a palette.
    pub fn indexed(width: usize, height: usize, depth: u8) -> Result<Form> {
        let side = |n: usize| u32::try_from(n).ok().filter(|n| (1..=i32::MAX as u32).contains(n));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Form { width, height, depth, color: 3, samples: 1 }),
            _ => Err(Error::shape(format!("PNG holds no image of {width} x {height} pixels"))),
        }
    }

    /// The body of IHDR.
    pub fn header(&self) -> [u8; 13] {
        let mut body = [0; 13];
        body[..4].copy_from_slice(&self.width.to_be_bytes());
        body[4..8].copy_from_slice(&self.height.to_be_bytes());
        (body[8], body[9]) = (self.depth, self.color);
        body
    }

    /// Bytes of a row in the file.
    pub fn row(&self) -> usize {
        (self.width as usize * usize::from(self.samples) * usize::from(self.depth)).div_ceil(8)
    }
}

/// Encodes the pixels into chunks: IDAT, or fdAT with numbers that go on from `sequence`.
pub fn encode(
    image: &Image,
    form: Form,
    level: u32,
    to: &mut impl Write,
    sequence: Option<&mut u32>,
    call: &Call,
) -> Result<()> {
    // The filter's three rows, and one in the file's order of bytes.
    call.limits().check_bytes(form.row().saturating_mul(4))?;
    let step = if form.depth < 8 || form.color == 3 { 0 } else { usize::from(form.samples * form.depth / 8) };
    let mut body = Body { to, sequence, gathered: Vec::new() };
    if level == 1 {
        return fast(image, form, step, body, call);
    }
    // Stored rows are the longer for a filter, not the shorter.
    let plan = Plan { form, level, step: if level == 0 { 0 } else { step } };
    for piece in bands::deflate(&image.view, plan, call)? {
        body.write_all(&piece)?;
    }
    Ok(body.flush_chunk()?)
}

/// Encodes by a compressor made for filtered rows: several times as fast as zlib's level 1, and no larger.
fn fast<W: Write>(image: &Image, form: Form, step: usize, body: Body<W>, call: &Call) -> Result<()> {
    let mut filter = Filter::new(form.row(), step);
    // It writes eight bytes at a time.
    let mut stream = fdeflate::Compressor::new(BufWriter::with_capacity(CHUNK, body))?;
    let (mut packed, mut turned) = (Vec::new(), Vec::new());
    for y in 0..form.height as usize {
        call.tick(y as u64, form.height.into())?;
        stream.write_data(filter.apply(stored_row(&image.view, form, y, &mut packed, &mut turned)?))?;
    }
    let mut body = stream.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(body.flush_chunk()?)
}

/// A row in the file's order of bits and bytes.
pub fn stored_row<'a>(
    view: &'a View,
    form: Form,
    y: usize,
    packed: &'a mut Vec<u8>,
    turned: &'a mut Vec<u8>,
) -> Result<&'a [u8]> {
    let items = items(view, y, packed)?;
    Ok(match form.depth {
        1 => bits(items, turned, form.row()),
        2 | 4 => numbers(items, form.depth, turned, form.row()),
        16 if cfg!(target_endian = "little") => swapped(items, turned),
        _ => items,
    })
}

/// The items of a row, packed.
fn items<'a>(view: &'a View, y: usize, packed: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    if let Some(bytes) = view.row(&[y]) {
        return Ok(bytes);
    }
    let outside = || Error::internal("a row is not in its view");
    let row = view.at(y).ok_or_else(outside)?;
    packed.resize(row.layout().packed_len(), 0);
    if row.pack(packed) { Ok(packed) } else { Err(outside()) }
}

fn bits<'a>(items: &[u8], to: &'a mut Vec<u8>, len: usize) -> &'a [u8] {
    to.clear();
    let byte = |eight: &[u8]| eight.iter().enumerate().fold(0, |byte, (i, &b)| byte | u8::from(b != 0) << (7 - i));
    to.extend(items.chunks(8).map(byte));
    to.resize(len, 0);
    to
}

fn numbers<'a>(items: &[u8], depth: u8, to: &'a mut Vec<u8>, len: usize) -> &'a [u8] {
    let per = usize::from(8 / depth);
    to.clear();
    to.extend(
        items
            .chunks(per)
            .map(|few| few.iter().enumerate().fold(0, |byte, (i, &n)| byte | n << (8 - depth * (i as u8 + 1)))),
    );
    to.resize(len, 0);
    to
}

fn swapped<'a>(items: &[u8], to: &'a mut Vec<u8>) -> &'a [u8] {
    to.resize(items.len(), 0);
    for (to, from) in to.as_chunks_mut::<2>().0.iter_mut().zip(items.as_chunks::<2>().0) {
        *to = u16::from_ne_bytes(*from).to_be_bytes();
    }
    to
}

/// Cuts a stream into chunks.
struct Body<'a, W: Write> {
    to: &'a mut W,
    sequence: Option<&'a mut u32>,
    gathered: Vec<u8>,
}

impl<W: Write> Body<'_, W> {
    fn flush_chunk(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let (kind, number): (&Kind, _) = match &mut self.sequence {
            None => (b"IDAT", None),
            Some(next) => {
                let number = **next;
                **next = number.wrapping_add(1);
                (b"fdAT", Some(number.to_be_bytes()))
            }
        };
        let number = number.as_ref().map_or(&[][..], |n| n);
        chunks::write(self.to, kind, &[number, &self.gathered])?;
        self.gathered.clear();
        Ok(())
    }
}

impl<W: Write> Write for Body<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(CHUNK - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..n]);
        if self.gathered.len() == CHUNK {
            self.flush_chunk()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
