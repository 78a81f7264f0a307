//! Writing formats of one image, row by row.

use crate::error::{Error, Result};
use crate::model::{Color, DType};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;
use std::io::Write;

/// Bytes that are gathered before they are passed on.
const GATHER: usize = 64 << 10;

/// How an image is stored.
pub trait Encode {
    /// What comes before the rows.
    fn opening(&self) -> Vec<u8>;

    /// Bytes that all rows will take, where that is known.
    fn bytes(&self) -> usize {
        0
    }

    /// Appends the next row, whose items are given packed.
    fn row(&mut self, items: &[u8], out: &mut Vec<u8>);

    /// Appends what comes after the rows.
    fn closing(&mut self, _out: &mut Vec<u8>) {}

    /// Whether the last row is given first.
    fn bottom_up(&self) -> bool {
        false
    }
}

/// Decides how an image is stored, or says why the format cannot hold it.
pub type Prepare = fn(&Image, &Call) -> Result<Box<dyn Encode>>;

/// A writer of a file of one image.
pub fn create(output: Output, name: &'static str, prepare: Prepare) -> Box<dyn Writer> {
    Box::new(SingleWriter { output, name, prepare, done: false })
}

struct SingleWriter {
    output: Output,
    name: &'static str,
    prepare: Prepare,
    done: bool,
}

impl Writer for SingleWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        if self.done {
            return Err(Error::unsupported(format!("a {} file holds one image", self.name)));
        }
        let mut encode = (self.prepare)(image, call)?;
        let height = image.shape().first().copied().unwrap_or(0);
        let mut out = encode.opening();
        let mut packed = Vec::new();
        self.output.expect(out.len().saturating_add(encode.bytes()));
        for k in 0..height {
            call.tick(k as u64, height as u64)?;
            let y = if encode.bottom_up() { height - 1 - k } else { k };
            encode.row(row(image, y, &mut packed)?, &mut out);
            if out.len() >= GATHER {
                self.output.write_all(&out)?;
                out.clear();
            }
        }
        encode.closing(&mut out);
        self.output.write_all(&out)?;
        self.done = true;
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        Ok(())
    }
}

/// The items of a row: the caller's own where they are packed.
fn row<'a>(image: &'a Image, y: usize, packed: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    let outside = || Error::internal("a row is not in its view");
    if let Some(items) = image.view.row(&[y]) {
        return Ok(items);
    }
    let view = image.view.at(y).ok_or_else(outside)?;
    packed.resize(view.layout().packed_len(), 0);
    if view.pack(packed) { Ok(packed) } else { Err(outside()) }
}

/// The sides of an image to be written.
#[derive(Clone, Copy)]
pub struct Sides {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples of a pixel.
    pub samples: usize,
}

impl Sides {
    /// Those of an image, if each is from 1 to `most`.
    pub fn of(image: &Image, name: &str, most: usize) -> Result<Sides> {
        let shape = image.shape();
        let (height, width, samples) = match *shape {
            [height, width] => (height, width, 1),
            [height, width, samples] => (height, width, samples),
            _ => return Err(Error::shape(format!("{name} holds (height, width[, samples]), not {shape:?}"))),
        };
        if !(1..=most).contains(&width) || !(1..=most).contains(&height) {
            return Err(Error::shape(format!("{name} holds no image of {width} x {height} pixels")));
        }
        Ok(Sides { width, height, samples })
    }

    /// Those of an image of bytes, or (of gray, with `bits`) of booleans, in one of these colours, which is the other result.
    pub fn of_bytes(image: &Image, name: &str, most: usize, bits: bool, colors: &[Color]) -> Result<(Sides, Color)> {
        let sides = Sides::of(image, name, most)?;
        let is_held = image.dtype == DType::U8 || (bits && image.dtype == DType::Bool && sides.samples == 1);
        let color = colors.iter().copied().find(|color| is_held && color.samples() == Some(sides.samples));
        let Some(color) = color else {
            let names = colors.iter().map(|color| match color {
                Color::GrayAlpha => "gray with alpha".to_owned(),
                Color::Gray => "gray".to_owned(),
                other => other.name().to_uppercase(),
            });
            let names = names.collect::<Vec<_>>().join(", ");
            let holds = format!("{}uint8 ({names})", if bits { "bool (gray) and " } else { "" });
            return Err(sides.refuse(image, name, &holds, "write with dtype uint8 (scale=true maps the full range)"));
        };
        sides.check_color(image, name, color)?;
        Ok((sides, color))
    }

    /// Refuses what the samples are said to mean, if the format would say something else of them.
    pub fn check_color(self, image: &Image, name: &str, meant: Color) -> Result<()> {
        match image.color.filter(|&c| c != meant && c != Color::Unknown) {
            None => Ok(()),
            Some(said) => Err(Error::unsupported(format!(
                "{name} holds {} in {} samples, not {}",
                meant.name(),
                self.samples,
                said.name()
            ))),
        }
    }

    /// The refusal of a dtype or number of samples.
    pub fn refuse(self, image: &Image, name: &str, holds: &str, way_out: &str) -> Error {
        Error::shape(format!("{name} holds {holds}, not {} in {} samples; {way_out}", image.dtype, self.samples))
    }
}
