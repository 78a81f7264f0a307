//! Textures and brushes that are a header and pixels: WAL of Quake II, GBR of GIMP, FTEX of Independence War 2.

use super::bcn::{Blocks, Kind};
use super::bits::{be32, le32};
use super::form::{Form, How, colors};
use super::part::part;
use super::single::{Picture, Plain, Single};
use super::stills::{PLAIN, Raster, Rows, Stills, check_size};
use super::wal_palette::PALETTE;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, MAX_METADATA, Props, zeroed};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of WAL's header.
const WAL_HEAD: usize = 100;

/// Whether a file begins as WAL files do, which have no mark: a name, sides, and where four levels begin, each a quarter
/// of the one before.
pub fn is_wal(head: &[u8]) -> bool {
    if head.len() < WAL_HEAD || !head[0].is_ascii_graphic() {
        return false;
    }
    let end = head.iter().take(32).position(|&b| b == 0).unwrap_or(32);
    let named = head[..end].iter().all(|&b| (0x20..0x7f).contains(&b));
    let [width, height, first, second, third, fourth] = [32, 36, 40, 44, 48, 52].map(|at| u64::from(le32(head, at)));
    let area = width * height;
    let levels = first >= WAL_HEAD as u64 && second == first + area && third == second + area / 4;
    named && area > 0 && width.max(height) <= 1 << 16 && levels && fourth == third + area / 16
}

/// Opens a WAL file for reading.
pub fn open_wal(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    let size = (le32(head, 32) as usize, le32(head, 36) as usize);
    let at = le32(head, 40) as usize;
    let text = |from: usize| {
        let name = head.get(from..from + 32).unwrap_or_default();
        name.split(|&b| b == 0).next().unwrap_or_default()
    };
    let mut info = Dict::new().with("name", text(0));
    if !text(56).is_empty() {
        info.set("next_name", text(56));
    }
    check_size(&source, at as u64, size.0, size.1, PLAIN)?;
    let form = Form::palette(size, colors(&PALETTE), How::Palette { bits: 8 });
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, at, size.0));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info, decode }))
}

/// Whether a file begins as GIMP's brushes do.
pub fn is_gbr(head: &[u8]) -> bool {
    let length = be32(head, 0);
    match be32(head, 4) {
        2 => length >= 28 && head.get(20..24) == Some(b"GIMP"),
        // The first version has no mark.
        1 => (20..1 << 16).contains(&length) && matches!(be32(head, 16), 1 | 4) && be32(head, 8) > 0,
        _ => false,
    }
}

/// Opens a brush for reading.
pub fn open_gbr(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    let [length, version, width, height, depth] = [0, 4, 8, 12, 16].map(|at| be32(head, at));
    let (color, mode) = match depth {
        1 => (Color::Gray, "L"),
        4 => (Color::Rgba, "RGBA"),
        _ => return Err(Error::unsupported(format!("a brush of {depth} bytes a pixel"))),
    };
    let props = Props::pixels(width as usize, height as usize, DType::U8, color);
    let mut picture = Picture::new(props, mode, length.into(), (depth.into(), 1));
    let comment_at = if version == 1 { 20 } else { 28 };
    if version == 2 {
        picture.meta.set("spacing", be32(head, 24) as i64);
    }
    let len = (length as usize).saturating_sub(comment_at);
    if len > MAX_METADATA {
        return Err(Error::corrupt(format!("a comment of {len} bytes")));
    }
    // Before that much is made room for.
    if source.len().is_some_and(|all| all < u64::from(length)) {
        return Err(Error::corrupt("the data end within the header"));
    }
    let mut comment = zeroed(len)?;
    source.read_exact_at(&mut comment, comment_at as u64)?;
    comment.pop();
    picture.meta.set("comment", comment);
    Single::open(source, picture, Plain { size: 1, big: false })
}

/// Whether a file begins as FTEX files do.
pub fn is_ftex(head: &[u8]) -> bool {
    head.starts_with(b"FTEX")
}

/// Opens an FTEX file for reading: the first level of its one format.
pub fn open_ftex(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    if head.len() < 36 {
        return Err(Error::corrupt("the header is cut off"));
    }
    let [width, height] = [8, 12].map(|at| le32(head, at) as usize);
    if le32(head, 20) != 1 {
        return Err(Error::unsupported(format!("a texture in {} formats", le32(head, 20))));
    }
    let (format, at) = (le32(head, 24), u64::from(le32(head, 28)));
    let mut len = [0; 4];
    source.read_exact_at(&mut len, at)?;
    let level = part(&source, at + 4, u32::from_le_bytes(len).into())?;
    match format {
        0 => {
            let picture = Picture::new(Kind::Bc1.props(width, height), "RGBA", 0, (8, 16));
            Single::open(level, picture, Blocks::new(Kind::Bc1, width))
        }
        1 => {
            let props = Props::pixels(width, height, DType::U8, Color::Rgb);
            Single::open(level, Picture::new(props, "RGB", 0, (3, 1)), Plain { size: 1, big: false })
        }
        _ => Err(Error::unsupported(format!("a texture in the format {format}"))),
    }
}
