//! The headers of an OpenEXR file: one for each of its parts, and where the parts' tables of chunks begin.

use super::attributes::{Fields, value};
use crate::error::{Error, Result};
use crate::model::{Dict, MAX_METADATA};
use crate::resource::{Source, SourceReader};
use std::io::{BufRead, Read};

/// Bits of the version field.
const TILED: u32 = 0x200;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;
const KNOWN: u32 = 0x1e00;

/// The longest name of an attribute, type or channel.
const LONGEST_NAME: u64 = 255;

/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    Uint,
    Half,
    Float,
}

impl Sample {
    /// Bytes of a sample.
    pub fn size(self) -> usize {
        if self == Sample::Half { 2 } else { 4 }
    }
}

/// One channel of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub name: String,
    pub sample: Sample,
    /// The distances of pixels that have a sample, across and down.
    pub every: (i32, i32),
    /// Whether equal steps are to look equal: a hint for lossy compression.
    pub linear: bool,
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub left: i32,
    pub top: i32,
    pub width: usize,
    pub height: usize,
}

impl Window {
    /// From the first and the last pixel in each direction.
    pub fn from_corners([left, top, right, bottom]: [i32; 4]) -> Result<Window> {
        let side = |from: i32, to: i32| usize::try_from(i64::from(to) - i64::from(from) + 1).ok().filter(|&n| n > 0);
        match (side(left, right), side(top, bottom)) {
            (Some(width), Some(height)) => Ok(Window { left, top, width, height }),
            _ => Err(Error::corrupt(format!("a window from ({left}, {top}) to ({right}, {bottom})"))),
        }
    }
}

/// One part of a file.
#[derive(Clone)]
pub struct Part {
    pub channels: Vec<Channel>,
    /// The number of the compression.
    pub compression: u8,
    /// Where its pixels lie.
    pub window: Window,
    /// The sides of a tile, of a part that has them.
    pub tile: Option<(usize, usize)>,
    /// Whether pixels have lists of samples.
    pub is_deep: bool,
    /// Its attributes under their names.
    pub attributes: Dict,
    /// Where its table of chunks begins.
    pub table_at: u64,
}

/// The parts of a file.
#[derive(Clone)]
pub struct Header {
    pub parts: Vec<Part>,
    /// Whether each chunk says which part it belongs to.
    pub is_multipart: bool,
}

/// Whether a file begins as OpenEXR files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(&[0x76, 0x2f, 0x31, 0x01])
}

impl Header {
    /// Reads the headers of all parts.
    pub fn read(source: &Source) -> Result<Header> {
        let mut fields = Bytes { from: source.reader(), left: MAX_METADATA };
        fields.array::<4>()?;
        let version = u32::from_le_bytes(fields.array()?);
        if version & 0xff != 2 || version & !0xff & !(KNOWN | 0x400) != 0 {
            return Err(Error::unsupported(format!("version {} with the flags {:#x}", version & 0xff, version >> 8)));
        }
        let is_multipart = version & MULTIPART != 0;
        let mut parts = Vec::new();
        let mut counts: Vec<u64> = Vec::new();
        while let Some((part, count)) = Part::read(&mut fields, version)? {
            parts.push(part);
            counts.push(count);
            if !is_multipart {
                break;
            }
        }
        if parts.is_empty() {
            return Err(Error::corrupt("a file without a part"));
        }
        let mut at = fields.from.position();
        for (part, count) in parts.iter_mut().zip(counts) {
            part.table_at = at;
            at = count
                .checked_mul(8)
                .and_then(|n| n.checked_add(at))
                .ok_or_else(|| Error::corrupt("too many chunks"))?;
        }
        Ok(Header { parts, is_multipart })
    }
}

impl Part {
    /// The next part and its number of chunks, which is 0 where a file of one part does not say.
    fn read(bytes: &mut Bytes, version: u32) -> Result<Option<(Part, u64)>> {
        let mut found = Found::default();
        loop {
            let name = bytes.name()?;
            if name.is_empty() {
                break;
            }
            let kind = bytes.name()?;
            let data = bytes.data()?;
            found.take(&name, &kind, &data).map_err(|e| e.context(format_args!("attribute {name}")))?;
        }
        if found.attributes.is_empty() {
            return Ok(None);
        }
        found.part(version).map(Some)
    }
}

/// The attributes of a part that say how it is stored.
#[derive(Default)]
struct Found {
    channels: Option<Vec<Channel>>,
    compression: Option<u8>,
    window: Option<Window>,
    tile: Option<(usize, usize)>,
    kind: Option<String>,
    chunks: Option<i32>,
    attributes: Dict,
}

impl Found {
    fn take(&mut self, name: &str, kind: &str, data: &[u8]) -> Result<()> {
        let mut fields = Fields(data);
        match (name, kind) {
            ("channels", "chlist") => self.channels = Some(channels(data)?),
            ("compression", "compression") => self.compression = Some(fields.u8()?),
            ("dataWindow", "box2i") => self.window = Some(Window::from_corners(fields.ints()?)?),
            ("tiles", "tiledesc") => {
                let (width, height) = (fields.u32()? as usize, fields.u32()? as usize);
                if width == 0 || height == 0 {
                    return Err(Error::corrupt(format!("tiles of {width} x {height} pixels")));
                }
                self.tile = Some((width, height));
            }
            ("type", "string") => self.kind = Some(String::from_utf8_lossy(data).into_owned()),
            ("chunkCount", "int") => self.chunks = Some(fields.i32()?),
            _ => {}
        }
        self.attributes.set(name, value(kind, data));
        Ok(())
    }

    fn part(self, version: u32) -> Result<(Part, u64)> {
        let missing = |name: &str| Error::corrupt(format!("the attribute {name} is missing"));
        let kind = self.kind.as_deref();
        let is_deep = version & DEEP != 0 && kind.is_none_or(|k| k.starts_with("deep"));
        let is_tiled = kind.map_or(version & TILED != 0, |k| k.contains("tile"));
        let tile = match is_tiled || version & TILED != 0 {
            true => Some(self.tile.ok_or_else(|| missing("tiles"))?),
            false => None,
        };
        let chunks = self.chunks.map_or(Ok(0), u64::try_from).map_err(|_| Error::corrupt("a negative chunkCount"))?;
        if version & MULTIPART != 0 && self.chunks.is_none() {
            return Err(missing("chunkCount"));
        }
        let part = Part {
            channels: self.channels.ok_or_else(|| missing("channels"))?,
            compression: self.compression.ok_or_else(|| missing("compression"))?,
            window: self.window.ok_or_else(|| missing("dataWindow"))?,
            tile,
            is_deep,
            attributes: self.attributes,
            table_at: 0,
        };
        Ok((part, chunks))
    }
}

/// The value of a list of channels.
fn channels(data: &[u8]) -> Result<Vec<Channel>> {
    let mut fields = Fields(data);
    let mut channels = Vec::new();
    loop {
        let name = fields.text()?;
        if name.is_empty() {
            break;
        }
        let sample = match fields.u32()? {
            0 => Sample::Uint,
            1 => Sample::Half,
            2 => Sample::Float,
            n => return Err(Error::corrupt(format!("channel {name:?} has samples of the unknown type {n}"))),
        };
        let linear = fields.u8()? != 0;
        fields.take(3)?;
        let every = (fields.i32()?, fields.i32()?);
        if every.0 < 1 || every.1 < 1 {
            return Err(Error::corrupt(format!(
                "channel {name:?} has a sample every {} x {} pixels",
                every.0, every.1
            )));
        }
        channels.push(Channel { name, sample, every, linear });
    }
    if channels.is_empty() {
        return Err(Error::corrupt("a part without channels"));
    }
    Ok(channels)
}

/// The bytes of the headers.
struct Bytes {
    from: SourceReader,
    /// How many may still come.
    left: usize,
}

impl Bytes {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A text that a NUL ends.
    fn name(&mut self) -> Result<String> {
        let mut name = Vec::new();
        (&mut self.from).take(LONGEST_NAME + 1).read_until(0, &mut name)?;
        match name.pop() {
            Some(0) => Ok(String::from_utf8_lossy(&name).into_owned()),
            _ if name.len() as u64 >= LONGEST_NAME => Err(Error::corrupt("a name that does not end")),
            _ => Err(Error::corrupt("the data end within the header")),
        }
    }

    /// The value of an attribute.
    fn data(&mut self) -> Result<Vec<u8>> {
        let size = i32::from_le_bytes(self.array()?);
        let size = usize::try_from(size).map_err(|_| Error::corrupt(format!("an attribute of {size} bytes")))?;
        let there = self.from.source().len().map_or(u64::MAX, |n| n.saturating_sub(self.from.position()));
        if size as u64 > there {
            return Err(Error::corrupt("the data end within the header"));
        }
        let over = || Error::limit(format!("the headers are over the limit of {MAX_METADATA} bytes"));
        self.left = self.left.checked_sub(size).ok_or_else(over)?;
        let mut data = Vec::new();
        (&mut self.from).take(size as u64).read_to_end(&mut data)?;
        if data.len() == size { Ok(data) } else { Err(Error::corrupt("the data end within the header")) }
    }
}
