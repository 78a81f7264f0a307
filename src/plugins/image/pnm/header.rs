//! The headers, which are text.

use super::super::single::Picture;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, Props};
use crate::resource::{Source, SourceReader};
use std::io::Read;

/// The longest header, comments included.
const LONGEST: u64 = 1 << 20;

/// How the samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Bits, of which 1 is black.
    Bits,
    /// Whole numbers up to the greatest.
    Numbers,
    /// A byte each, of which 1 is white.
    Bools,
    /// Floating point numbers, the last row first.
    Floats,
}

/// What a file says of itself.
#[derive(Debug)]
pub struct Header {
    /// How the samples are stored.
    pub storage: Storage,
    /// Whether they are written out as text.
    pub plain: bool,
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Samples of a pixel.
    pub samples: u32,
    /// The greatest number.
    pub maxval: u32,
    /// Of floats: negative if the low byte comes first.
    pub scale: f64,
    /// What a PAM says that its samples mean.
    tuple: String,
    data_at: u64,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether a file begins with P, one of these marks, white space, and then a number or a comment.
fn is_kind(head: &[u8], marks: &[u8]) -> bool {
    let [b'P', mark, space, rest @ ..] = head else { return false };
    let next = rest.iter().find(|&&b| !is_space(b));
    marks.contains(mark) && (*space == b'#' || is_space(*space) && next.is_some_and(|b| b"#0123456789".contains(b)))
}

/// Whether a file begins as PBM files do.
pub fn is_pbm(head: &[u8]) -> bool {
    is_kind(head, b"14")
}

/// Whether a file begins as PGM files do.
pub fn is_pgm(head: &[u8]) -> bool {
    is_kind(head, b"25")
}

/// Whether a file begins as PPM files do.
pub fn is_ppm(head: &[u8]) -> bool {
    is_kind(head, b"36")
}

/// Whether a file begins as PFM files do.
pub fn is_pfm(head: &[u8]) -> bool {
    is_kind(head, b"fF")
}

/// Whether a file begins as PAM files do. The thumbnails of xv begin with the same two letters.
pub fn is_pam(head: &[u8]) -> bool {
    head.starts_with(b"P7\n") || head.starts_with(b"P7\r\n")
}

/// Takes a file's text word by word.
struct Words {
    from: std::io::Take<SourceReader>,
}

impl Words {
    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.from.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// The next word, and the one byte of white space behind it. A comment within a word is passed over, as in Pillow.
    fn word(&mut self) -> Result<String> {
        let mut word = String::new();
        loop {
            match self.byte()? {
                b'#' => while !matches!(self.byte()?, b'\n' | b'\r') {},
                space if is_space(space) && word.is_empty() => {}
                space if is_space(space) => return Ok(word),
                _ if word.len() >= 32 => return Err(Error::corrupt(format!("{word:?}... is no number"))),
                byte => word.push(byte.into()),
            }
        }
    }

    fn number(&mut self) -> Result<u32> {
        let word = self.word()?;
        word.parse().map_err(|_| Error::corrupt(format!("{word:?} is no number")))
    }

    /// The next line without its end.
    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(String::from_utf8_lossy(&line).trim().to_owned()),
                byte => line.push(byte),
            }
        }
    }
}

impl Header {
    /// Reads the header.
    pub fn read(source: &Source) -> Result<Header> {
        let mut words = Words { from: source.reader().take(LONGEST) };
        let mark = [words.byte()?, words.byte()?];
        let mut header = match mark[1] {
            b'7' => Header::pam(&mut words)?,
            mark => Header::classic(&mut words, mark)?,
        };
        if !(1..=65535).contains(&header.maxval) {
            return Err(Error::corrupt(format!("the greatest number is {}, not from 1 to 65535", header.maxval)));
        }
        header.data_at = words.from.get_ref().position();
        Ok(header)
    }

    fn classic(words: &mut Words, mark: u8) -> Result<Header> {
        let (width, height) = (words.number()?, words.number()?);
        let (storage, plain) = match mark {
            b'1' | b'4' => (Storage::Bits, mark == b'1'),
            b'f' | b'F' => (Storage::Floats, false),
            _ => (Storage::Numbers, mark < b'4'),
        };
        let samples = if matches!(mark, b'3' | b'6' | b'F') { 3 } else { 1 };
        let maxval = if storage == Storage::Numbers { words.number()? } else { 1 };
        let scale = if storage == Storage::Floats { scale(&words.word()?)? } else { 1.0 };
        Ok(Header { storage, plain, width, height, samples, maxval, scale, tuple: String::new(), data_at: 0 })
    }

    fn pam(words: &mut Words) -> Result<Header> {
        let [mut width, mut height, mut samples, mut maxval] = [None; 4];
        let mut tuple = String::new();
        words.line()?;
        loop {
            let line = words.line()?;
            let (key, value) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&line, ""));
            let slot = match key {
                "ENDHDR" => break,
                "WIDTH" => &mut width,
                "HEIGHT" => &mut height,
                "DEPTH" => &mut samples,
                "MAXVAL" => &mut maxval,
                "TUPLTYPE" => {
                    tuple.push_str(value.trim());
                    continue;
                }
                comment if comment.is_empty() || comment.starts_with('#') => continue,
                other => return Err(Error::corrupt(format!("{other:?} is no word of a PAM header"))),
            };
            *slot = Some(value.trim().parse().map_err(|_| Error::corrupt(format!("{key} is {value:?}, no number")))?);
        }
        let missing = |what: &str| Error::corrupt(format!("the header has no {what}"));
        let samples = samples.ok_or_else(|| missing("DEPTH"))?;
        let maxval = maxval.ok_or_else(|| missing("MAXVAL"))?;
        let bools = tuple == "BLACKANDWHITE" && samples == 1 && maxval == 1;
        Ok(Header {
            storage: if bools { Storage::Bools } else { Storage::Numbers },
            plain: false,
            width: width.ok_or_else(|| missing("WIDTH"))?,
            height: height.ok_or_else(|| missing("HEIGHT"))?,
            samples,
            maxval,
            scale: 1.0,
            tuple,
            data_at: 0,
        })
    }

    /// The dtype of the samples.
    pub fn dtype(&self) -> DType {
        match self.storage {
            Storage::Bits | Storage::Bools => DType::Bool,
            Storage::Floats => DType::F32,
            Storage::Numbers if self.maxval > 255 => DType::U16,
            Storage::Numbers => DType::U8,
        }
    }

    fn color(&self) -> (Color, &'static str) {
        let gray = match self.dtype() {
            DType::Bool => "1",
            DType::F32 => "F",
            DType::U16 => "I",
            _ => "L",
        };
        match (self.samples, &*self.tuple) {
            (1, _) => (Color::Gray, gray),
            (2, _) => (Color::GrayAlpha, "LA"),
            (3, _) => (Color::Rgb, "RGB"),
            (4, "CMYK") => (Color::Cmyk, "CMYK"),
            (4, _) => (Color::Rgba, "RGBA"),
            _ => (Color::Multi, ""),
        }
    }

    /// What the header says.
    pub fn picture(&self) -> Result<Picture> {
        let (color, mode) = self.color();
        let (width, height, samples) = (self.width as usize, self.height as usize, self.samples as usize);
        if samples == 0 {
            return Err(Error::corrupt("pixels of no samples"));
        }
        let props = match color {
            Color::Multi => Props::image(&[height, width, samples], self.dtype(), color),
            _ => Props::pixels(width, height, self.dtype(), color),
        };
        let least = match self.storage {
            Storage::Bits if !self.plain => (1, 8),
            _ if self.plain => (self.samples.into(), 1),
            _ => (u64::from(self.samples) * self.dtype().size() as u64, 1),
        };
        let mut picture = Picture::new(props, mode, self.data_at, least);
        if self.storage == Storage::Floats {
            picture.bottom_up = true;
            picture.meta = Dict::new().with("scale", self.scale.abs());
        }
        if !self.tuple.is_empty() {
            picture.meta.set("tupltype", self.tuple.as_str());
        }
        Ok(picture)
    }
}

fn scale(word: &str) -> Result<f64> {
    let scale = word.parse().ok().filter(|&n: &f64| n.is_finite() && n != 0.0);
    scale.ok_or_else(|| Error::corrupt(format!("the scale is {word:?}, not a number other than 0")))
}
