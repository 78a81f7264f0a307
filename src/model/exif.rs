//! EXIF: a small TIFF file inside a picture. Shared by all formats that carry one.
//!
//! Nothing in the block is believed: offsets, counts and sizes are checked, no directory is followed from another,
//! and the values of a directory together are no longer than the block, which keeps a small file from claiming the
//! same bytes a thousand times. An entry that makes no sense is left out; the others stay.

mod directories;
mod orient;
mod tags;
#[cfg(test)]
mod tests;

pub use orient::{orientation, orientation_in_xmp, set_orientation, upright_in_xmp, with_orientation};

use crate::model::{Array, DType, Dict, List, Value};

const ORIENTATION: u16 = 0x0112;

/// Longer runs of numbers become an array, which takes no more memory than they do in the file.
const LONGEST_LIST: usize = 64;

/// The main directory by Pillow's names of the tags; unknown tags are left out. Text is text, one number is a number,
/// several are a list, rationals are floats, and bytes of no known meaning are bytes. Directories inside are offsets, and
/// dictionaries of their own behind them: see [`directories`]. Empty if the block is no EXIF.
///
/// `block` begins with the TIFF header, or with `Exif\0\0` before it.
pub fn main_ifd(block: &[u8]) -> Dict {
    let Some(tiff) = Tiff::new(block) else { return Dict::new() };
    let mut all = tiff.named(tiff.first());
    all.extend(directories::sub_directories(&tiff));
    all
}

/// The block behind the mark that JPEG puts before it, which some writers put twice.
fn unmarked(mut block: &[u8]) -> &[u8] {
    for _ in 0..2 {
        block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    }
    block
}

/// A block with the structure of TIFF.
pub struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

/// One entry of a directory.
pub struct Entry<'a> {
    /// What it is.
    pub tag: u16,
    kind: Kind,
    /// The items as they lie in the block.
    pub data: &'a [u8],
}

/// The types of items.
#[derive(Clone, Copy)]
enum Kind {
    Bytes,
    Text,
    Number(DType),
    Rational { signed: bool },
}

impl Kind {
    /// The type of a number in the file, and the bytes of an item.
    fn of(code: u16) -> Option<(Kind, usize)> {
        let kind = match code {
            1 | 7 => Kind::Bytes,
            2 => Kind::Text,
            3 => Kind::Number(DType::U16),
            4 | 13 => Kind::Number(DType::U32),
            5 => Kind::Rational { signed: false },
            6 => Kind::Number(DType::I8),
            8 => Kind::Number(DType::I16),
            9 => Kind::Number(DType::I32),
            10 => Kind::Rational { signed: true },
            11 => Kind::Number(DType::F32),
            12 => Kind::Number(DType::F64),
            _ => return None,
        };
        let size = match kind {
            Kind::Bytes | Kind::Text => 1,
            Kind::Number(dtype) => dtype.size(),
            Kind::Rational { .. } => 8,
        };
        Some((kind, size))
    }
}

impl<'a> Tiff<'a> {
    /// The block, if it begins as one, with or without `Exif\0\0` before it.
    pub fn new(block: &'a [u8]) -> Option<Tiff<'a>> {
        let bytes = unmarked(block);
        let big = match bytes.get(..4)? {
            [b'I', b'I', 0x2A, 0] | [b'I', b'I', 0, 0x2A] => false,
            [b'M', b'M', 0, 0x2A] | [b'M', b'M', 0x2A, 0] => true,
            _ => return None,
        };
        Some(Tiff { bytes, big })
    }

    /// Where the main directory is.
    pub fn first(&self) -> u32 {
        self.u32(self.bytes, 4).unwrap_or(0)
    }

    /// The directory that follows one.
    fn next(&self, offset: u32) -> Option<u32> {
        let start = usize::try_from(offset).ok()?;
        let count = self.u16(self.bytes, start)?;
        self.u32(self.bytes, start.checked_add(2 + 12 * usize::from(count))?)
    }

    /// Bytes of the block.
    fn part(&self, at: u32, size: u32) -> Option<&'a [u8]> {
        let (at, size) = (usize::try_from(at).ok()?, usize::try_from(size).ok()?);
        self.bytes.get(at..at.checked_add(size)?)
    }

    /// A number of 16 bits.
    pub fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let found = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(found) } else { u16::from_le_bytes(found) })
    }

    /// A number of 32 bits.
    pub fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let found = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(found) } else { u32::from_le_bytes(found) })
    }

    /// The entries of the directory at an offset that make sense.
    pub fn entries(&self, offset: u32) -> impl Iterator<Item = Entry<'a>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let directory = self.bytes.get(start..).unwrap_or(&[]);
        let count = self.u16(directory, 0).unwrap_or(0);
        let entries = directory.get(2..).unwrap_or(&[]).chunks_exact(12).take(count.into());
        let mut left = self.bytes.len();
        entries.filter_map(move |raw| {
            let entry = self.entry(raw)?;
            left = left.checked_sub(entry.data.len())?;
            Some(entry)
        })
    }

    fn entry(&self, raw: &'a [u8]) -> Option<Entry<'a>> {
        let (kind, size) = Kind::of(self.u16(raw, 2)?)?;
        let size = usize::try_from(self.u32(raw, 4)?).ok()?.checked_mul(size)?;
        // Four bytes or less stand in the entry itself.
        let (within, at) = match size {
            0 => return None,
            1..=4 => (raw, 8),
            _ => (self.bytes, usize::try_from(self.u32(raw, 8)?).ok()?),
        };
        let data = within.get(at..at.checked_add(size)?)?;
        Some(Entry { tag: self.u16(raw, 0)?, kind, data })
    }

    fn named(&self, offset: u32) -> Dict {
        let mut dict = Dict::new();
        for entry in self.entries(offset) {
            if let (Some(name), Some(value)) = (name(entry.tag), self.value(&entry)) {
                dict.set(name, value);
            }
        }
        dict
    }

    /// The value of an entry.
    pub fn value(&self, entry: &Entry) -> Option<Value> {
        match entry.kind {
            Kind::Bytes => Some(entry.data.into()),
            Kind::Text => Some(text(entry.data)),
            Kind::Number(dtype) => self.numbers(entry.data, dtype, |b| self.number(b, dtype)),
            Kind::Rational { signed } => self.numbers(entry.data, DType::F64, |b| self.rational(b, signed)),
        }
    }

    /// One number, a list of them, or an array. `decode` makes an item, of as many bytes as one of `dtype`.
    fn numbers(&self, data: &[u8], dtype: DType, decode: impl Fn(&[u8]) -> Option<Value>) -> Option<Value> {
        let items = data.chunks_exact(dtype.size());
        match items.len() {
            0 => None,
            1 => decode(data),
            n if n <= LONGEST_LIST => Some(items.map(decode).collect::<Option<List>>()?.into()),
            n => {
                let native = items.flat_map(|b| native(&decode(b), dtype)).collect();
                Some(Array::new(dtype, &[n], native).ok()?.into())
            }
        }
    }

    fn number(&self, bytes: &[u8], dtype: DType) -> Option<Value> {
        let mut raw = [0u8; 8];
        let raw = raw.get_mut(..bytes.len())?;
        raw.copy_from_slice(bytes);
        if self.big {
            raw.reverse();
        }
        Some(match dtype {
            DType::U16 => u16::from_le_bytes((*raw).try_into().ok()?).into(),
            DType::U32 => u32::from_le_bytes((*raw).try_into().ok()?).into(),
            DType::I8 => i32::from(i8::from_le_bytes((*raw).try_into().ok()?)).into(),
            DType::I16 => i32::from(i16::from_le_bytes((*raw).try_into().ok()?)).into(),
            DType::I32 => i32::from_le_bytes((*raw).try_into().ok()?).into(),
            DType::F32 => f32::from_le_bytes((*raw).try_into().ok()?).into(),
            DType::F64 => f64::from_le_bytes((*raw).try_into().ok()?).into(),
            _ => return None,
        })
    }

    /// A quotient; NaN where the denominator is 0, as Pillow has it.
    fn rational(&self, bytes: &[u8], signed: bool) -> Option<Value> {
        let (above, below) = (self.u32(bytes, 0)?, self.u32(bytes, 4)?);
        let (above, below) = if signed {
            (f64::from(above.cast_signed()), f64::from(below.cast_signed()))
        } else {
            (f64::from(above), f64::from(below))
        };
        Some(Value::Float(if below == 0.0 { f64::NAN } else { above / below }))
    }
}

/// A decoded number as an item of an array.
fn native(value: &Option<Value>, dtype: DType) -> Vec<u8> {
    match (value, dtype) {
        (Some(Value::Int(n)), DType::U16 | DType::U32 | DType::I8 | DType::I16 | DType::I32) => {
            let mut bytes = n.to_le_bytes().get(..dtype.size()).unwrap_or(&[]).to_vec();
            if cfg!(target_endian = "big") {
                bytes.reverse();
            }
            bytes
        }
        (Some(Value::Float(x)), DType::F32) => (*x as f32).to_ne_bytes().to_vec(),
        (Some(Value::Float(x)), DType::F64) => x.to_ne_bytes().to_vec(),
        _ => vec![0; dtype.size()],
    }
}

/// Text without the NULs that end it. EXIF asks for ASCII; what is no UTF-8 is taken for Latin-1, as Pillow takes all.
fn text(data: &[u8]) -> Value {
    let end = data.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    let data = data.get(..end).unwrap_or(data);
    if data.contains(&0) {
        return data.into();
    }
    match std::str::from_utf8(data) {
        Ok(text) => text.into(),
        Err(_) => data.iter().map(|&b| char::from(b)).collect::<String>().into(),
    }
}

fn name(tag: u16) -> Option<&'static str> {
    let at = tags::TAGS.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
    tags::TAGS.get(at).map(|(_, name)| *name)
}
