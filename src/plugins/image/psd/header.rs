//! The parts of a file before its pixels: sizes, palette, resources, and where layers and the merged image are.

use super::super::bits::{be16, be32};
use super::super::form::planar_colors;
use crate::error::{Error, Result};
use crate::model::MAX_METADATA;
use crate::resource::Source;

/// Bytes of the header.
const HEAD: usize = 26;
/// The kind of resource that is a colour profile.
const PROFILE: u16 = 1039;
/// The most resources that are looked at.
const MOST: usize = 4096;

/// What a file says of itself.
pub struct Header {
    /// Whether sizes are of 8 bytes.
    pub large: bool,
    /// How many planes the merged image has.
    pub channels: u16,
    /// Rows of the canvas.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Bits of a sample.
    pub depth: u16,
    /// Photoshop's number for what the samples mean.
    pub mode: u16,
    /// The colours of an indexed image.
    pub palette: Vec<[u8; 3]>,
    /// The colour profile.
    pub profile: Option<Vec<u8>>,
    /// Where the layers are told of, and how many bytes that takes.
    pub layers: Option<(u64, u64)>,
    /// Where the merged image begins: its compression, then its planes.
    pub image_at: u64,
}

impl Header {
    /// Reads it all.
    pub fn read(source: &Source) -> Result<Header> {
        let head = source.head();
        if head.len() < HEAD {
            return Err(Error::corrupt("the data end within the header"));
        }
        let (height, width) = (be32(head, 14) as usize, be32(head, 18) as usize);
        let mut header = Header {
            large: be16(head, 4) == 2,
            channels: be16(head, 12),
            height,
            width,
            depth: be16(head, 22),
            mode: be16(head, 24),
            palette: Vec::new(),
            profile: None,
            layers: None,
            image_at: 0,
        };
        let mut at = HEAD as u64;
        let colors = header.section(source, &mut at, false)?;
        if header.mode == 2 && colors.1 == 768 {
            let mut bytes = [0; 768];
            source.read_exact_at(&mut bytes, colors.0)?;
            header.palette = planar_colors(&bytes);
        }
        let resources = header.section(source, &mut at, false)?;
        header.profile = profile(source, resources)?;
        let layers = header.section(source, &mut at, header.large)?;
        header.layers = Some(layers).filter(|l| l.1 > 0);
        header.image_at = at;
        if header.height == 0 || header.width == 0 {
            return Err(Error::corrupt(format!("an image of {width} x {height} pixels")));
        }
        Ok(header)
    }

    /// A section that begins with its length: where it is and how long. `at` moves behind it.
    fn section(&self, source: &Source, at: &mut u64, large: bool) -> Result<(u64, u64)> {
        let (from, len) = length(source, *at, large)?;
        let end = from.checked_add(len).filter(|&end| source.len().is_none_or(|all| end <= all));
        *at = end.ok_or_else(|| Error::corrupt(format!("a section of {len} bytes is longer than the file")).at(*at))?;
        Ok((from, len))
    }

    /// Bytes of a row of one plane of the canvas.
    pub fn stride(&self) -> usize {
        self.stride_of(self.width)
    }

    /// Bytes of a row of one plane of so many pixels.
    pub fn stride_of(&self, width: usize) -> usize {
        if self.depth == 1 { width.div_ceil(8) } else { width.saturating_mul(usize::from(self.depth / 8)) }
    }
}

/// A length of 4 or 8 bytes: where what follows begins, and the length.
pub fn length(source: &Source, at: u64, large: bool) -> Result<(u64, u64)> {
    let mut bytes = [0; 8];
    let n = if large { 8 } else { 4 };
    source.read_exact_at(&mut bytes[8 - n..], at)?;
    Ok((at + n as u64, u64::from_be_bytes(bytes)))
}

/// The colour profile among the resources: each a mark, a number, a name and its data.
fn profile(source: &Source, (from, len): (u64, u64)) -> Result<Option<Vec<u8>>> {
    let (mut at, end) = (from, from + len);
    for _ in 0..MOST {
        let mut head = [0; 7];
        if at + 12 > end {
            break;
        }
        source.read_exact_at(&mut head, at)?;
        // The length of the name is in the byte before it; both together are even.
        let name = u64::from(head[6]) + 1;
        let (data, len) = length(source, at + 6 + name + name % 2, false)?;
        if data + len > end {
            break;
        }
        if be16(&head, 4) == PROFILE && len as usize <= MAX_METADATA {
            let mut profile = crate::model::zeroed(len as usize)?;
            source.read_exact_at(&mut profile, data)?;
            return Ok(Some(profile));
        }
        at = data + len + len % 2;
    }
    Ok(None)
}
