//! BLP, the textures of Blizzard's games: numbers of colours, blocks, plain pixels, or a JPEG. The largest level is read.

use super::bcn::{Blocks, Kind};
use super::bits::{le32, numbers};
use super::form::{Form, How};
use super::part::{part, pixels};
use super::single::{Picture, Single};
use super::stills::{PLAIN, Raster, Rows, Still, Stills, check_size};
use super::{info, jpeg};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, Index, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::{Source, read_memory};

/// Bytes of the headers, before the lists of levels.
const HEAD_1: usize = 28;
const HEAD_2: usize = 20;
/// Bytes of the two lists, and of the palette behind them.
const LISTS: usize = 128;
const PALETTE: usize = 1024;

/// Whether a file begins as BLP files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"BLP1") || head.starts_with(b"BLP2")
}

/// What the header says.
struct Header {
    is_first: bool,
    /// 0 for a JPEG.
    compression: u32,
    /// 1 for numbers of colours, 2 for blocks, 3 for plain pixels.
    encoding: u8,
    alpha_bits: u8,
    /// Which blocks they are.
    alpha_kind: u8,
    width: usize,
    height: usize,
    /// Where the lists begin.
    lists: usize,
    /// Where the first level is.
    at: u64,
    len: u64,
}

impl Header {
    fn read(head: &[u8]) -> Result<Header> {
        let is_first = head.starts_with(b"BLP1");
        let lists = if is_first { HEAD_1 } else { HEAD_2 };
        if head.len() < lists + LISTS {
            return Err(Error::corrupt("the data end within the header"));
        }
        // Of the older version the encoding says what the older program did.
        let (encoding, alpha_bits, alpha_kind, sides) =
            if is_first { (1, le32(head, 8).min(8) as u8, 0, 12) } else { (head[8], head[9], head[10], 12) };
        Ok(Header {
            is_first,
            compression: le32(head, 4),
            encoding,
            alpha_bits,
            alpha_kind,
            width: le32(head, sides) as usize,
            height: le32(head, sides + 4) as usize,
            lists,
            at: le32(head, lists).into(),
            len: le32(head, lists + LISTS / 2).into(),
        })
    }

    fn color(&self) -> (Color, &'static str) {
        if self.alpha_bits > 0 { (Color::Rgba, "RGBA") } else { (Color::Rgb, "RGB") }
    }
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(source.head())?;
    // Pillow writes the older version with a place 8 bytes too low.
    let numbers_at = (header.lists + LISTS + PALETTE) as u64;
    let at = if (header.compression, header.encoding) == (1, 1) { header.at.max(numbers_at) } else { header.at };
    let level = part(&source, at, header.len)?;
    match (header.compression, header.encoding) {
        (0, _) if header.is_first => open_jpeg(&source, &level, &header, call),
        (1, 1) => open_numbers(&source, level, &header),
        (1, 2) => {
            let kind = match header.alpha_kind {
                0 => Kind::Bc1,
                1 => Kind::Bc2,
                7 => Kind::Bc3,
                kind => return Err(Error::unsupported(format!("blocks of the kind {kind}"))),
            };
            let (color, mode) = header.color();
            let blocks = Blocks::new(kind, header.width);
            let props = Props::pixels(header.width, header.height, DType::U8, color);
            let picture = Picture::new(props, mode, 0, (kind.block() as u64, 16));
            let opaque = color == Color::Rgb;
            Single::open(level, picture, BlpRows { blocks, opaque, pixels: Vec::new() })
        }
        (1, 3) => {
            let (color, mode) = header.color();
            let order: &[usize] = if color == Color::Rgba { &[2, 1, 0, 3] } else { &[2, 1, 0] };
            let stride = header.width.saturating_mul(4);
            let form = Form::new((header.width, header.height), DType::U8, color, mode, How::Order { size: 4, order });
            check_size(&level, 0, stride, header.height, PLAIN)?;
            let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, 0, stride));
            Ok(Stills::one(Raster { source: level, form, bottom_up: false, info: Dict::new(), decode }))
        }
        (compression, encoding) => Err(Error::unsupported(format!(
            "pixels compressed in the way {compression} and encoded in the way {encoding}"
        ))),
    }
}

/// Blocks, whose alpha is not always meant.
#[derive(Clone)]
struct BlpRows {
    blocks: Blocks,
    opaque: bool,
    pixels: Vec<u8>,
}

impl super::single::Rows for BlpRows {
    fn next<R: std::io::BufRead>(&mut self, from: &mut R, row: &mut [u8]) -> Result<()> {
        if !self.opaque {
            return self.blocks.next(from, row);
        }
        self.pixels.resize(row.len() / 3 * 4, 0);
        self.blocks.next(from, &mut self.pixels)?;
        let pixels = self.pixels.as_chunks::<4>().0;
        row.as_chunks_mut::<3>().0.iter_mut().zip(pixels).for_each(|(to, p)| *to = [p[0], p[1], p[2]]);
        Ok(())
    }
}

/// Numbers of colours, and behind them alphas of a few bits; where there are none, the colours have them.
fn open_numbers(source: &Source, level: Source, header: &Header) -> Result<Box<dyn Reader>> {
    let mut palette = [0; PALETTE];
    source.read_exact_at(&mut palette, (header.lists + LISTS) as u64)?;
    let (width, height, bits) = (header.width, header.height, header.alpha_bits);
    check_size(&level, 0, width, height, PLAIN)?;
    let (color, mode) = header.color();
    let samples = color.samples().unwrap_or(3);
    let form = Form::new((width, height), DType::U8, color, mode, How::Bytes);
    let said = header.len;
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| {
        let area = width.saturating_mul(height);
        let taken = area.saturating_mul(usize::from(bits)).div_ceil(8);
        let has_alphas = matches!(bits, 1 | 4 | 8) && said >= area.saturating_add(taken) as u64;
        let stored = all.get(area..).filter(|rest| has_alphas && rest.len() >= taken);
        if has_alphas && stored.is_none() {
            return Err(Error::corrupt("the alphas are cut off"));
        }
        let mut alphas = stored.map(|stored| from_low(stored, bits));
        let mut row = rows.call().limits().allocate(width.saturating_mul(samples))?;
        for stored in all.chunks_exact(width).take(height) {
            for (to, &n) in row.chunks_exact_mut(samples).zip(stored) {
                let at = usize::from(n) * 4;
                let [b, g, r, a] = palette.get(at..).and_then(|p| p.first_chunk()).copied().unwrap_or_default();
                let a = alphas.as_mut().and_then(Iterator::next).unwrap_or(a);
                to.copy_from_slice(&[r, g, b, a][..samples]);
            }
            rows.put(&row)?;
        }
        Ok(())
    });
    Ok(Stills::one(Raster { source: level, form, bottom_up: false, info: Dict::new(), decode }))
}

/// Numbers of so many bits, the first in the low ones, over the full range.
fn from_low(stored: &[u8], bits: u8) -> impl Iterator<Item = u8> {
    let factor = u8::MAX / (u8::MAX >> (8 - bits.clamp(1, 8)));
    let per = usize::from(8 / bits.clamp(1, 8));
    let flipped = stored.iter().flat_map(move |&byte| {
        let mut all = [0; 8];
        numbers(&[byte], bits).zip(&mut all).for_each(|(n, to)| *to = n);
        (0..per).rev().map(move |i| all[i])
    });
    flipped.map(move |n| n.wrapping_mul(factor))
}

/// A JPEG whose head all levels share, in the order blue, green, red and, of four, alpha.
fn open_jpeg(source: &Source, level: &Source, header: &Header, call: &Call) -> Result<Box<dyn Reader>> {
    let mut len = [0; 4];
    let at = (header.lists + LISTS) as u64;
    source.read_exact_at(&mut len, at)?;
    let len = u32::from_le_bytes(len) as usize;
    if source.len().is_some_and(|all| at + 4 + len as u64 > all) {
        return Err(Error::corrupt("the data end within the head of the JPEG"));
    }
    let mut bytes = call.limits().allocate(len)?;
    source.read_exact_at(&mut bytes, at + 4)?;
    bytes.extend_from_slice(&level.all(call.limits())?);
    let reader = jpeg::open(read_memory(bytes, None)?, call).map_err(|e| e.context("the JPEG"))?;
    let (color, mode) = header.color();
    let props = Props::pixels(header.width, header.height, DType::U8, color);
    Ok(Stills::one(BlpJpeg { reader, props, mode }))
}

struct BlpJpeg {
    reader: Box<dyn Reader>,
    props: Props,
    mode: &'static str,
}

impl Still for BlpJpeg {
    fn props(&mut self, call: &Call) -> Result<Props> {
        let of_jpeg = self.reader.props(Index::At(0), call)?;
        if of_jpeg.shape.get(..2) != self.props.shape.get(..2) || of_jpeg.dtype != DType::U8 {
            return Err(Error::corrupt("the JPEG is not the image that the header tells of"));
        }
        Ok(self.props.clone())
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (props, image, outcome) = pixels(&mut *self.reader, call)?;
        let from = props.color.samples().unwrap_or(1);
        let samples = self.props.color.samples().unwrap_or(3);
        let width = self.props.shape.get(1).copied().unwrap_or(0);
        for (y, stored) in image.chunks_exact((width * from).max(1)).enumerate() {
            to.fill(&[y], |row| {
                for (to, pixel) in row.chunks_exact_mut(samples).zip(stored.chunks_exact(from)) {
                    let [r, g, b, a] = match *pixel {
                        [b, g, r, a] => [r, g, b, a],
                        [b, g, r] => [r, g, b, 255],
                        [gray, ..] => [gray, gray, gray, 255],
                        [] => [0; 4],
                    };
                    to.copy_from_slice(&[r, g, b, a][..samples]);
                }
                Ok(())
            })?;
        }
        Ok(outcome)
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        let (height, width) = (self.props.shape.first(), self.props.shape.get(1));
        Ok(info::finish(Dict::new(), self.mode, *width.unwrap_or(&0), *height.unwrap_or(&0)))
    }
}
