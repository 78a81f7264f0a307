//! The markers of a stream.

use crate::model::Parameters;
use crate::{Error, Result};

/// How the samples of a pixel's components follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interleave {
    /// Each component has a scan of its own.
    None,
    /// A line of each component in turn.
    Line,
    /// A sample of each component in turn.
    Sample,
}

/// What a stream says of itself before its first scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Samples of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Components of a pixel.
    pub components: usize,
    /// Bits of a sample, 2 to 16.
    pub bits: u32,
    /// By how much samples may differ from those that were encoded.
    pub near: i32,
    /// How components are interleaved.
    pub interleave: Interleave,
    pub(crate) ids: Vec<u8>,
    pub(crate) presets: [i32; 5],
    /// Where the first scan's header is.
    pub(crate) scans_at: usize,
}

/// The header of a scan.
pub struct Scan {
    /// The numbers of its components.
    pub components: Vec<usize>,
    pub parameters: Parameters,
    pub interleave: Interleave,
    /// Where its bits begin.
    pub at: usize,
}

const SHORT: Error = Error::Corrupt("the data end within the header");

/// A marker, and the content of its segment.
struct Segment<'a> {
    marker: u8,
    content: &'a [u8],
    next: usize,
}

fn segment(all: &[u8], mut at: usize) -> Result<Segment<'_>> {
    // Any number of bytes of ones may stand before a marker.
    while all.get(at) == Some(&0xff) && all.get(at + 1) == Some(&0xff) {
        at += 1;
    }
    let &[0xff, marker] = all.get(at..at + 2).ok_or(SHORT)? else {
        return Err(Error::Corrupt("a byte that is no marker where one should be"));
    };
    if marker == 0xd9 {
        return Ok(Segment { marker, content: &[], next: at + 2 });
    }
    let &[high, low] = all.get(at + 2..at + 4).ok_or(SHORT)? else { return Err(SHORT) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let content = all.get(at + 4..at + 2 + length.max(2)).ok_or(SHORT)?;
    Ok(Segment { marker, content, next: at + 2 + length.max(2) })
}

fn be16(bytes: &[u8], at: usize) -> Result<usize> {
    match bytes.get(at..at + 2) {
        Some(&[high, low]) => Ok(usize::from(u16::from_be_bytes([high, low]))),
        _ => Err(SHORT),
    }
}

impl Header {
    /// Whether data begin as a stream.
    pub fn matches(head: &[u8]) -> bool {
        let mut at = 2;
        if !head.starts_with(&[0xff, 0xd8]) {
            return false;
        }
        while let Ok(found) = segment(head, at) {
            match found.marker {
                0xf7 | 0xf8 => return true,
                0xe0..=0xef | 0xfe => at = found.next,
                _ => return false,
            }
        }
        false
    }

    /// Reads the markers up to the first scan.
    pub fn read(all: &[u8]) -> Result<Header> {
        if !all.starts_with(&[0xff, 0xd8]) {
            return Err(Error::Corrupt("the stream does not begin as one"));
        }
        let mut header = Header {
            width: 0,
            height: 0,
            components: 0,
            bits: 0,
            near: 0,
            interleave: Interleave::None,
            ids: Vec::new(),
            presets: [0; 5],
            scans_at: 0,
        };
        let mut at = 2;
        loop {
            let found = segment(all, at)?;
            match found.marker {
                0xf7 => header.frame(found.content)?,
                0xda if header.components > 0 => break,
                marker => header.other(marker, found.content)?,
            }
            at = found.next;
        }
        header.scans_at = at;
        let scan = header.scan(all, at)?;
        (header.near, header.interleave) = (scan.parameters.near, scan.interleave);
        Ok(header)
    }

    fn frame(&mut self, content: &[u8]) -> Result<()> {
        let &[bits, _, _, _, _, count, ..] = content else { return Err(SHORT) };
        if self.components > 0 {
            return Err(Error::Corrupt("a second header"));
        }
        (self.bits, self.height, self.width) = (bits.into(), be16(content, 1)?, be16(content, 3)?);
        if !(2..=16).contains(&self.bits) || self.width == 0 || count == 0 {
            return Err(Error::Corrupt("an image without samples"));
        }
        if self.height == 0 {
            return Err(Error::Unsupported("the height is not told before the samples"));
        }
        let parts = content.get(6..6 + usize::from(count) * 3).ok_or(SHORT)?.as_chunks::<3>().0;
        if parts.iter().any(|&[_, sampling, _]| sampling != 0x11) {
            return Err(Error::Unsupported("components of different sizes"));
        }
        self.components = parts.len();
        self.ids = parts.iter().map(|&[id, ..]| id).collect();
        Ok(())
    }

    fn other(&mut self, marker: u8, content: &[u8]) -> Result<()> {
        match marker {
            0xf8 => match content.first() {
                Some(1) => {
                    for (i, to) in self.presets.iter_mut().enumerate() {
                        *to = be16(content, 1 + i * 2)? as i32;
                    }
                    Ok(())
                }
                Some(2 | 3) => Err(Error::Unsupported("samples that look up a table")),
                Some(4) => Err(Error::Unsupported("sides of over 65535 samples")),
                _ => Err(Error::Unsupported("an extension of JPEG-LS")),
            },
            0xdd if content.iter().any(|&b| b != 0) => Err(Error::Unsupported("restart markers")),
            0xe8 if content.starts_with(b"mrfx") && content.get(4).is_some_and(|&how| how != 0) => {
                Err(Error::Unsupported("a transform of colours"))
            }
            0xdd | 0xe0..=0xef | 0xfe => Ok(()),
            0xd9 => Err(Error::Corrupt("the stream ends before its samples")),
            _ => Err(Error::Corrupt("a marker that JPEG-LS does not have")),
        }
    }

    /// Reads the header of a scan, and what stands before it.
    pub(crate) fn scan(&self, all: &[u8], mut at: usize) -> Result<Scan> {
        let mut header = self.clone();
        let found = loop {
            let found = segment(all, at)?;
            if found.marker == 0xda {
                break found;
            }
            header.other(found.marker, found.content)?;
            at = found.next;
        };
        let count = usize::from(*found.content.first().ok_or(SHORT)?);
        let parts = found.content.get(1..1 + count * 2).ok_or(SHORT)?.as_chunks::<2>().0;
        let &[near, interleave, transform, ..] = found.content.get(1 + count * 2..).unwrap_or_default() else {
            return Err(SHORT);
        };
        if parts.iter().any(|&[_, table]| table != 0) {
            return Err(Error::Unsupported("samples that look up a table"));
        }
        if transform != 0 {
            return Err(Error::Unsupported("samples that were shifted"));
        }
        let number = |&[id, _]: &[u8; 2]| self.ids.iter().position(|&i| i == id);
        let components: Option<Vec<usize>> = parts.iter().map(number).collect();
        let components = components.ok_or(Error::Corrupt("a scan of a component that there is not"))?;
        let interleave = match (interleave, count) {
            (_, 0) => return Err(Error::Corrupt("a scan without components")),
            (0, 1) => Interleave::None,
            (1, _) => Interleave::Line,
            (2, _) => Interleave::Sample,
            _ => return Err(Error::Corrupt("components interleaved in a way that there is not")),
        };
        Ok(Scan { components, parameters: header.parameters(near.into())?, interleave, at: found.next })
    }

    fn parameters(&self, near: i32) -> Result<Parameters> {
        let all = (1 << self.bits) - 1;
        let [most, a, b, c, reset] = self.presets;
        let most = if most == 0 { all } else { most };
        if most > all || near > (most / 2).min(255) {
            return Err(Error::Corrupt("parameters that make no sense"));
        }
        let mut p = Parameters::of(most, near);
        for (to, given) in p.thresholds.iter_mut().zip([a, b, c]) {
            *to = if given == 0 { *to } else { given };
        }
        p.reset = if reset == 0 { p.reset } else { reset };
        let [a, b, c] = p.thresholds;
        if a <= near || b < a || c < b || c > most || p.reset < 3 {
            return Err(Error::Corrupt("parameters that make no sense"));
        }
        Ok(p)
    }
}
