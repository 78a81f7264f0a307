//! Encoding one image: its rows in PNG's order of bytes, filtered, deflated and cut into chunks.

use super::chunks::{self, Kind};
use super::filter::Filter;
use crate::error::{Error, Result};
use crate::model::{Color, DType};
use crate::plugin::{Call, Image};
use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{MZFlush, MZStatus};
use std::borrow::Cow;
use std::io::{self, Write};

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

    /// The body of IHDR.
    pub fn header(&self) -> [u8; 13] {
        let mut body = [0; 13];
        body[..4].copy_from_slice(&self.width.to_be_bytes());
        body[4..8].copy_from_slice(&self.height.to_be_bytes());
        (body[8], body[9]) = (self.depth, self.color);
        body
    }

    /// Bytes of a row in the file.
    fn row(&self) -> usize {
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
    let row = form.row();
    // The filter's three rows, and one in the file's order of bytes.
    call.limits().check_bytes(row.saturating_mul(4))?;
    let step = if form.depth < 8 { 0 } else { usize::from(form.samples * form.depth / 8) };
    // Stored rows are the longer for a filter, not the shorter.
    let mut filter = Filter::new(row, if level == 0 { 0 } else { step });
    let mut stream = Deflate::new(Body { to, sequence, gathered: Vec::new() }, level, step > 0)?;
    let (mut packed, mut turned) = (Vec::new(), Vec::new());
    for y in 0..form.height as usize {
        call.tick(y as u64, form.height.into())?;
        let items = items(image, y, &mut packed)?;
        let bytes = match form.depth {
            1 => bits(&items, &mut turned, row),
            16 if cfg!(target_endian = "little") => swapped(&items, &mut turned),
            _ => &items,
        };
        stream.write_all(filter.apply(bytes))?;
    }
    stream.finish()?.flush_chunk()?;
    Ok(())
}

/// The items of a row, packed.
fn items<'a>(image: &'a Image, y: usize, packed: &'a mut Vec<u8>) -> Result<Cow<'a, [u8]>> {
    if let Some(bytes) = image.view.row(&[y]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let outside = || Error::internal("a row is not in its view");
    let row = image.view.at(y).ok_or_else(outside)?;
    packed.resize(row.layout().packed_len(), 0);
    if row.pack(packed) { Ok(Cow::Borrowed(packed)) } else { Err(outside()) }
}

fn bits<'a>(items: &[u8], to: &'a mut Vec<u8>, len: usize) -> &'a [u8] {
    to.clear();
    let byte = |eight: &[u8]| eight.iter().enumerate().fold(0, |byte, (i, &b)| byte | u8::from(b != 0) << (7 - i));
    to.extend(items.chunks(8).map(byte));
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

/// A zlib stream.
enum Deflate<W: Write> {
    Level(Box<Level<W>>),
    /// Made for filtered rows: several times as fast as zlib's level 1, and no larger.
    Fast(Box<fdeflate::Compressor<W>>),
}

struct Level<W: Write> {
    state: CompressorOxide,
    to: W,
    out: Vec<u8>,
}

impl<W: Write> Deflate<W> {
    /// A stream of this effort, for rows that are filtered or not.
    fn new(to: W, level: u32, filtered: bool) -> io::Result<Deflate<W>> {
        if level == 1 {
            return Ok(Deflate::Fast(Box::new(fdeflate::Compressor::new(to)?)));
        }
        // Filtered rows hardly repeat; short matches among them cost more than they save.
        let strategy = if filtered { CompressionStrategy::Filtered } else { CompressionStrategy::Default };
        let flags = create_comp_flags_from_zip_params(level as i32, 15, strategy as i32);
        Ok(Deflate::Level(Box::new(Level { state: CompressorOxide::new(flags), to, out: vec![0; CHUNK] })))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Deflate::Level(level) => level.pass(bytes, MZFlush::None),
            Deflate::Fast(encoder) => encoder.write_data(bytes),
        }
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Deflate::Level(mut level) => {
                level.pass(&[], MZFlush::Finish)?;
                Ok(level.to)
            }
            Deflate::Fast(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Level<W> {
    fn pass(&mut self, mut bytes: &[u8], flush: MZFlush) -> io::Result<()> {
        loop {
            let done = deflate(&mut self.state, bytes, &mut self.out, flush);
            self.to.write_all(&self.out[..done.bytes_written])?;
            bytes = &bytes[done.bytes_consumed..];
            match done.status {
                Ok(MZStatus::StreamEnd) => return Ok(()),
                Ok(_) if bytes.is_empty() && flush == MZFlush::None => return Ok(()),
                Ok(_) => {}
                Err(e) => return Err(Error::internal(format!("the deflater failed: {e:?}")).into()),
            }
        }
    }
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
