//! What a file or codestream says of itself, without decoding.
#![forbid(unsafe_code)]

use crate::{Error, Result, corrupt};

/// What the components of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The file does not say.
    Unknown,
    /// Red, green, blue.
    Rgb,
    /// Gray.
    Gray,
    /// Luminance and two of chroma.
    YCbCr,
    /// Cyan, magenta, yellow, black.
    Cmyk,
}

/// One component of the codestream, or of the palette's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Bits of a sample.
    pub bits: u32,
    /// Whether samples have a sign.
    pub is_signed: bool,
    /// Distances of samples on the grid of the image.
    pub every: (u32, u32),
}

/// What is known before decoding.
#[derive(Clone, Debug)]
pub struct Info {
    /// The area of the image on its grid: left, top, right, bottom.
    pub area: [u32; 4],
    /// The first tile's corner and the sides of a tile.
    pub tile: [u32; 4],
    /// The components of the codestream.
    pub components: Vec<Component>,
    /// The columns of a palette, which the first component looks up.
    pub palette: Option<Vec<Component>>,
    /// What the components mean.
    pub space: Space,
    /// A colour profile.
    pub icc: Option<Vec<u8>>,
    /// Resolution of capture or display: dots of a metre, across and down.
    pub resolution: Option<(f64, f64)>,
    /// Whether the codestream is in a file with boxes.
    pub is_file: bool,
    /// Where the codestream is.
    pub codestream: std::ops::Range<usize>,
    /// The boxes outside the header: UUID boxes with their identifiers, and XML.
    pub boxes: Vec<(Vec<u8>, std::ops::Range<usize>)>,
    /// Text of the comments of the codestream.
    pub comments: Vec<Vec<u8>>,
    /// How often the resolution can be halved.
    pub levels: u32,
    /// Whether the transform is the one that loses nothing.
    pub is_reversible: bool,
    /// Whether every tile is there to its end. `None`: the bytes given end before the tiles.
    pub is_whole: bool,
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// A box: its kind, and where its content lies. The last may end behind the data.
struct BoxOf {
    kind: [u8; 4],
    content: std::ops::Range<usize>,
    next: usize,
}

fn next_box(all: &[u8], at: usize, end: usize) -> Option<BoxOf> {
    let size = u64::from(be32(all, at)?);
    let kind = all.get(at + 4..at + 8)?.try_into().ok()?;
    let (head, size) = match size {
        0 => (8, (end - at) as u64),
        1 => (16, be64(all, at + 8)?),
        n => (8, n),
    };
    if size < head || at + 8 > end {
        return None;
    }
    let next = usize::try_from(size).ok().and_then(|n| at.checked_add(n)).unwrap_or(usize::MAX);
    let start = at + head as usize;
    (start <= end).then(|| BoxOf { kind, content: start..next.min(end), next: next.min(end) })
}

/// Calls for each box of a range.
fn each_box(all: &[u8], range: std::ops::Range<usize>, mut each: impl FnMut(&BoxOf)) {
    let mut at = range.start;
    while at < range.end {
        let Some(found) = next_box(all, at, range.end) else { return };
        each(&found);
        at = found.next;
    }
}

impl Info {
    /// Whether data begin as a file or a codestream.
    pub fn matches(head: &[u8]) -> bool {
        head.starts_with(b"\0\0\0\x0cjP  \r\n\x87\n") || head.starts_with(&[0xff, 0x4f, 0xff, 0x51])
    }

    /// Reads what the data say. They may end early: what is not there counts as missing.
    pub fn read(all: &[u8]) -> Result<Info> {
        let mut found = Found::default();
        if all.starts_with(&[0xff, 0x4f]) {
            found.codestream = Some(0..all.len());
        } else {
            each_box(all, 0..all.len(), |b| found.top(all, b));
        }
        let is_file = !all.starts_with(&[0xff, 0x4f]);
        let range = found.codestream.clone().ok_or_else(|| corrupt("the file has no codestream"))?;
        let mut info = codestream(all, range)?;
        info.is_file = is_file;
        info.palette = found.palette(&info.components)?;
        info.space = found.space.unwrap_or(Space::Unknown);
        info.icc = found.icc;
        info.resolution = found.resolution;
        info.boxes = found.boxes;
        Ok(info)
    }

    /// Tiles of the codestream.
    pub fn tiles(&self) -> u64 {
        let count = |end: u32, from: u32, side: u32| u64::from(end - from.min(end)).div_ceil(u64::from(side.max(1)));
        let ([_, _, right, bottom], [left, top, width, height]) = (self.area, self.tile);
        count(right, left, width) * count(bottom, top, height)
    }

    /// Fails if the codestream is too short for the tiles that it says it has, each of which has a header.
    pub fn check_tiles(&self) -> Result<()> {
        let (bytes, tiles) = (self.codestream.len(), self.tiles());
        if tiles.saturating_mul(12) > bytes as u64 {
            return Err(corrupt(format!("{bytes} bytes cannot hold {tiles} tiles")));
        }
        Ok(())
    }

    /// Samples of a component, across and down, with the resolution halved so many times.
    pub fn size(&self, component: &Component, halved: u32) -> (usize, usize) {
        let side = |from: u32, to: u32, every: u32| {
            let grid = |at: u32| u64::from(at.div_ceil(every)).div_ceil(1 << halved.min(32));
            grid(to).saturating_sub(grid(from)) as usize
        };
        let [left, top, right, bottom] = self.area;
        (side(left, right, component.every.0), side(top, bottom, component.every.1))
    }

    /// The components of what decoding gives: those of the palette, if there is one.
    pub fn delivered(&self) -> &[Component] {
        self.palette.as_deref().unwrap_or(&self.components)
    }

    /// About how many bytes OpenJPEG takes to keep its records of tiles and components.
    pub fn overhead(&self) -> u64 {
        self.tiles().saturating_mul(8192 + 2048 * self.components.len() as u64)
    }
}

#[derive(Default)]
struct Found {
    codestream: Option<std::ops::Range<usize>>,
    space: Option<Space>,
    icc: Option<Vec<u8>>,
    /// The bits of each column of a palette.
    columns: Option<Vec<u8>>,
    /// For each channel: its component, whether it looks up the palette, and which column.
    map: Option<Vec<(u16, bool, u8)>>,
    resolution: Option<(f64, f64)>,
    boxes: Vec<(Vec<u8>, std::ops::Range<usize>)>,
}

impl Found {
    fn top(&mut self, all: &[u8], found: &BoxOf) {
        let content = all.get(found.content.clone()).unwrap_or_default();
        match &found.kind {
            b"jp2h" => each_box(all, found.content.clone(), |b| self.header(all, b)),
            b"jp2c" => {
                self.codestream.get_or_insert(found.content.clone());
            }
            b"uuid" if content.len() >= 16 && self.boxes.len() < 1024 => {
                let id = content.get(..16).unwrap_or_default().to_vec();
                self.boxes.push((id, found.content.start + 16..found.content.end));
            }
            b"xml " if self.boxes.len() < 1024 => self.boxes.push((b"xml ".to_vec(), found.content.clone())),
            _ => {}
        }
    }

    fn header(&mut self, all: &[u8], found: &BoxOf) {
        let content = all.get(found.content.clone()).unwrap_or_default();
        match &found.kind {
            // The first one that is understood counts.
            b"colr" if self.space.is_none() => match content.first() {
                Some(1) => {
                    self.space = Some(match be32(content, 3) {
                        Some(16) => Space::Rgb,
                        Some(17) => Space::Gray,
                        Some(18) => Space::YCbCr,
                        Some(12) => Space::Cmyk,
                        _ => Space::Unknown,
                    });
                }
                Some(2 | 3) => {
                    self.space = Some(Space::Unknown);
                    self.icc = content.get(3..).map(<[u8]>::to_vec);
                }
                _ => {}
            },
            b"pclr" => {
                let count = content.get(2).copied().unwrap_or(0);
                self.columns = content.get(3..3 + usize::from(count)).map(<[u8]>::to_vec);
            }
            b"cmap" => {
                let (entries, _) = content.as_chunks::<4>();
                self.map = Some(
                    entries.iter().map(|&[a, b, how, column]| (u16::from_be_bytes([a, b]), how == 1, column)).collect(),
                );
            }
            b"res " => {
                let mut resolution = None;
                each_box(all, found.content.clone(), |b| {
                    let content = all.get(b.content.clone()).unwrap_or_default();
                    // That of capture goes before that of display.
                    if b.kind == *b"resc" || (b.kind == *b"resd" && resolution.is_none()) {
                        resolution = resolution_of(content).or(resolution);
                    }
                });
                self.resolution = resolution.or(self.resolution);
            }
            _ => {}
        }
    }

    /// What decoding gives where a palette is applied.
    fn palette(&self, components: &[Component]) -> Result<Option<Vec<Component>>> {
        let (Some(columns), Some(map)) = (&self.columns, &self.map) else { return Ok(None) };
        let channel = |&(component, is_palette, column): &(u16, bool, u8)| {
            let of =
                *components.get(usize::from(component)).ok_or_else(|| corrupt("a palette without its component"))?;
            if !is_palette {
                return Ok(of);
            }
            let bits = columns.get(usize::from(column)).ok_or_else(|| corrupt("a palette without its column"))?;
            Ok(Component { bits: u32::from(bits & 0x7f) + 1, is_signed: bits & 0x80 != 0, every: of.every })
        };
        map.iter().map(channel).collect::<Result<Vec<_>>>().map(Some)
    }
}

/// Dots of a metre: a fraction and a power of ten for down and for across.
fn resolution_of(content: &[u8]) -> Option<(f64, f64)> {
    let part = |at: usize, exponent: usize| {
        let (above, below) = (f64::from(be16(content, at)?), f64::from(be16(content, at + 2)?));
        let exponent = i32::from((*content.get(exponent)?).cast_signed());
        (below > 0.0).then(|| above / below * 10f64.powi(exponent))
    };
    Some((part(4, 9)?, part(0, 8)?))
}

/// The main header of a codestream, and whether its tiles are there.
fn codestream(all: &[u8], range: std::ops::Range<usize>) -> Result<Info> {
    let stream = all.get(range.clone()).unwrap_or_default();
    let short = || corrupt("the data end within the header");
    if be16(stream, 0) != Some(0xff4f) {
        return Err(corrupt("the codestream does not begin as one"));
    }
    let mut info = Info {
        area: [0; 4],
        tile: [0; 4],
        components: Vec::new(),
        palette: None,
        space: Space::Unknown,
        icc: None,
        resolution: None,
        is_file: false,
        codestream: range,
        boxes: Vec::new(),
        comments: Vec::new(),
        levels: 0,
        is_reversible: false,
        is_whole: false,
    };
    let mut at = 2;
    loop {
        let marker = be16(stream, at).ok_or_else(short)?;
        // The first tile.
        if marker == 0xff90 {
            break;
        }
        let length = usize::from(be16(stream, at + 2).ok_or_else(short)?);
        if marker < 0xff00 || length < 2 {
            return Err(corrupt(format!("the marker {marker:#x} in the header")));
        }
        let content = stream.get(at + 4..at + 2 + length).ok_or_else(short)?;
        match marker {
            0xff51 => size(&mut info, content)?,
            0xff52 => {
                info.levels = content.get(5).copied().unwrap_or(0).into();
                info.is_reversible = content.get(9) == Some(&1);
            }
            0xff64 if info.comments.len() < 256 => info.comments.push(content.get(2..).unwrap_or_default().to_vec()),
            _ => {}
        }
        at += 2 + length;
    }
    if info.components.is_empty() {
        return Err(corrupt("the codestream does not say how large the image is"));
    }
    info.is_whole = has_tiles(stream, at, info.tiles());
    Ok(info)
}

fn size(info: &mut Info, content: &[u8]) -> Result<()> {
    let short = || corrupt("the data end within the header");
    let mut numbers = [0; 8];
    for (i, to) in numbers.iter_mut().enumerate() {
        *to = be32(content, 2 + i * 4).ok_or_else(short)?;
    }
    let [right, bottom, left, top, tile_width, tile_height, tile_left, tile_top] = numbers;
    let first_tile = |from: u32, side: u32, at: u32| from <= at && from.checked_add(side).is_none_or(|end| end > at);
    if left >= right || top >= bottom || tile_width == 0 || tile_height == 0 {
        return Err(corrupt("an image without pixels"));
    }
    if !first_tile(tile_left, tile_width, left) || !first_tile(tile_top, tile_height, top) {
        return Err(corrupt("the first tile lies outside the image"));
    }
    info.area = [left, top, right, bottom];
    info.tile = [tile_left, tile_top, tile_width, tile_height];
    let count = usize::from(be16(content, 34).ok_or_else(short)?);
    let components = content.get(36..36 + count * 3).ok_or_else(short)?.as_chunks::<3>().0;
    info.components = components
        .iter()
        .map(|&[bits, across, down]| Component {
            bits: u32::from(bits & 0x7f) + 1,
            is_signed: bits & 0x80 != 0,
            every: (across.into(), down.into()),
        })
        .collect();
    if info.components.is_empty() || info.components.iter().any(|c| c.every.0 == 0 || c.every.1 == 0) {
        return Err(corrupt("components without samples"));
    }
    if info.components.iter().any(|c| c.bits > 31) {
        return Err(Error::Unsupported("samples of over 31 bits".into()));
    }
    if info.tiles() > 65535 {
        return Err(corrupt("more tiles than a codestream may have"));
    }
    Ok(())
}

/// Whether all tiles begin, and none ends behind the data.
fn has_tiles(stream: &[u8], mut at: usize, tiles: u64) -> bool {
    let mut seen = vec![false; tiles as usize];
    while be16(stream, at) == Some(0xff90) {
        let (Some(tile), Some(length)) = (be16(stream, at + 4), be32(stream, at + 6)) else { return false };
        let Some(seen) = seen.get_mut(usize::from(tile)) else { return false };
        *seen = true;
        if length == 0 {
            // To the end of the codestream, of which only its mark can say that it is there.
            at = stream.len().saturating_sub(2);
            if be16(stream, at) != Some(0xffd9) {
                return false;
            }
            break;
        }
        at = match usize::try_from(length).ok().and_then(|n| at.checked_add(n)) {
            Some(next) if next <= stream.len() && length >= 14 => next,
            _ => return false,
        };
    }
    seen.iter().all(|&seen| seen)
}
