//! The layers: what each is called, where it lies, and where its planes are.

use super::header::Header;
use super::planes::Area;
use crate::error::{Error, Result};
use crate::model::Color;
use crate::resource::Source;

/// Alpha, as the number of a channel. Others below 0 are masks.
const ALPHA: i16 = -1;
/// The fewest bytes of a layer's record.
const RECORD: u64 = 34;

/// A layer.
#[derive(Clone)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub area: Area,
    /// Its channels: what each is, and where its plane begins and how long it is.
    channels: Vec<(i16, u64, u64)>,
}

impl Layer {
    /// What it holds, and Pillow's name for its pixels.
    pub fn color(&self, header: &Header) -> Result<(Color, &'static str)> {
        let alpha = self.has(ALPHA);
        let wide = |mode| {
            if header.depth == 16 {
                "I;16"
            } else if header.depth == 32 {
                "F"
            } else {
                mode
            }
        };
        Ok(match header.mode {
            1 | 8 if alpha => (Color::GrayAlpha, "LA"),
            1 | 8 => (Color::Gray, wide("L")),
            3 if alpha => (Color::Rgba, "RGBA"),
            3 => (Color::Rgb, "RGB"),
            4 => (Color::Cmyk, "CMYK"),
            9 => (Color::Lab, "LAB"),
            mode => return Err(Error::unsupported(format!("a layer of a file of mode {mode}"))),
        })
    }

    fn has(&self, kind: i16) -> bool {
        self.channels.iter().any(|c| c.0 == kind)
    }

    /// The planes of the samples of a colour, in their order; of one that is missing the length is 0.
    pub fn planes(&self, color: Color) -> Vec<(u64, u64)> {
        let alpha = matches!(color, Color::GrayAlpha | Color::Rgba);
        let samples = color.samples().unwrap_or(1);
        (0..samples)
            .map(|i| if alpha && i + 1 == samples { ALPHA } else { i as i16 })
            .map(|kind| self.channels.iter().find(|c| c.0 == kind).map_or((0, 0), |c| (c.1, c.2)))
            .collect()
    }
}

/// A place among the layers, whose planes need not be read to list them.
struct Walk<'a> {
    source: &'a Source,
    at: u64,
    end: u64,
    large: bool,
}

impl Walk<'_> {
    fn skip(&mut self, n: u64) -> Result<()> {
        let next = self.at.checked_add(n).filter(|&next| next <= self.end);
        self.at = next.ok_or_else(|| Error::corrupt("the data end within the layers").at(self.at))?;
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (mut bytes, at) = ([0; N], self.at);
        self.skip(N as u64)?;
        self.source.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<i16> {
        self.bytes().map(i16::from_be_bytes)
    }

    fn short(&mut self) -> Result<u64> {
        self.bytes().map(|b| u32::from_be_bytes(b).into())
    }

    /// A length of 4 bytes, or of 8 where files may be large.
    fn long(&mut self) -> Result<u64> {
        if self.large { self.bytes().map(u64::from_be_bytes) } else { self.short() }
    }
}

/// The layers of a file, from the lowest up.
pub fn read(source: &Source, header: &Header) -> Result<Vec<Layer>> {
    let Some((from, len)) = header.layers else { return Ok(Vec::new()) };
    let mut walk = Walk { source, at: from, end: from.saturating_add(len), large: header.large };
    let mut info = walk.long()?;
    if info == 0 {
        // Of more than 8 bits the layers are in a block of their own, behind the masks.
        info = block(&mut walk)?;
    }
    if info == 0 {
        return Ok(Vec::new());
    }
    let count = u64::from(walk.number()?.unsigned_abs());
    if count.saturating_mul(RECORD) > info {
        return Err(Error::corrupt(format!("{info} bytes cannot hold {count} layers")));
    }
    let mut layers = (0..count).map(|_| record(&mut walk)).collect::<Result<Vec<_>>>()?;
    // Behind the records lie the planes, layer after layer.
    let mut next = walk.at;
    for channel in layers.iter_mut().flat_map(|l| &mut l.channels) {
        channel.1 = next;
        next = next.saturating_add(channel.2);
    }
    Ok(layers)
}

/// The length of the block of layers of 16 or 32 bits, before which `walk` then stands; 0: there is none.
fn block(walk: &mut Walk) -> Result<u64> {
    if walk.at + 4 > walk.end {
        return Ok(0);
    }
    let masks = walk.short()?;
    walk.skip(masks)?;
    while walk.at + 12 <= walk.end {
        let [_, _, _, _, name @ ..] = walk.bytes::<8>()?;
        if [b"Lr16", b"Lr32", b"Layr"].contains(&&name) {
            return walk.long();
        }
        // A few kinds have lengths of 8 bytes in large files.
        let is_long = [b"LMsk", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2", b"FEid", b"FXid", b"PxSD"];
        let len = if is_long.contains(&&name) { walk.long()? } else { walk.short()? };
        walk.skip(len.saturating_add(3) / 4 * 4)?;
    }
    Ok(0)
}

/// One record: bounds, channels, how it is blended, and what else there is.
fn record(walk: &mut Walk) -> Result<Layer> {
    let mut bounds = [0i64; 4];
    for side in &mut bounds {
        *side = i64::from(i32::from_be_bytes(walk.bytes()?));
    }
    let [top, left, bottom, right] = bounds;
    let mut channels = Vec::new();
    for _ in 0..walk.number()?.max(0) {
        let kind = walk.number()?;
        channels.push((kind, 0, walk.long()?));
    }
    walk.skip(12)?;
    let extra = walk.short()?;
    let end = walk.at.saturating_add(extra);
    let inner = Walk { end: end.min(walk.end), ..*walk };
    let name = name(inner).unwrap_or_default();
    walk.skip(extra)?;
    let side = |from: i64, to: i64| usize::try_from(to - from).unwrap_or(0);
    let area = Area { top, left, height: side(top, bottom), width: side(left, right) };
    Ok(Layer { name, area, channels })
}

/// The name behind the mask and the blending ranges, for Latin-1 as in Pillow.
fn name(mut extra: Walk) -> Result<String> {
    for _ in 0..2 {
        let len = extra.short()?;
        extra.skip(len)?;
    }
    let [len] = extra.bytes()?;
    (0..len).map(|_| extra.bytes().map(|[byte]| char::from(byte))).collect()
}
