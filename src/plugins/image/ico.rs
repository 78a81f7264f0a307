//! ICO and CUR: a directory of bitmaps with masks, or of PNG files. The largest image is the first.

use super::bits::{le16, le32};
use super::bmp::icon::Icon;
use super::part::part;
use super::stills::{Still, Stills};
use super::{info, png};
use crate::error::{Error, Result};
use crate::model::{Destination, Dict, Index, List, Props, Value};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;

/// Bytes of the mark and the count.
const HEAD: usize = 6;
/// Bytes of an entry of the directory.
const ENTRY: usize = 16;

/// Whether a file begins as icons do: a mark of zeroes and ones, and an image behind the directory.
pub fn is_ico(head: &[u8]) -> bool {
    head.starts_with(b"\0\0\x01\0") && has_directory(head)
}

/// Whether a file begins as cursors do.
pub fn is_cur(head: &[u8]) -> bool {
    head.starts_with(b"\0\0\x02\0") && has_directory(head)
}

fn has_directory(head: &[u8]) -> bool {
    let count = usize::from(le16(head, 4));
    count > 0 && head.len() >= HEAD + ENTRY && le32(head, HEAD + 12) as usize >= HEAD + count * ENTRY
}

/// Where an image is, and what the directory says of it.
#[derive(Clone)]
struct Entry {
    width: u32,
    height: u32,
    /// Of icons: the bits of a pixel.
    bits: u16,
    /// Of cursors: the point that points.
    hotspot: [u16; 2],
    /// By which images of one size are told apart.
    depth: u32,
    len: u32,
    at: u32,
}

impl Entry {
    fn new(bytes: &[u8], is_cursor: bool) -> Entry {
        let side = |i: usize| bytes.get(i).map_or(256, |&n| if n == 0 { 256 } else { u32::from(n) });
        let bits = if is_cursor { 0 } else { le16(bytes, 6) };
        let depth = match (bits, bytes.get(2).copied().unwrap_or(0)) {
            (0, 0 | 1) => 256,
            (0, colors) => u32::from(colors - 1).ilog2() + 1,
            (bits, _) => bits.into(),
        };
        Entry {
            width: side(0),
            height: side(1),
            bits,
            hotspot: [4, 6].map(|at| le16(bytes, at)),
            depth,
            len: le32(bytes, 8),
            at: le32(bytes, 12),
        }
    }
}

/// The directory, in Pillow's order: the largest first, of one size the one with fewest bits.
fn entries(source: &Source, is_cursor: bool) -> Result<Vec<Entry>> {
    let mut bytes = vec![0; usize::from(le16(source.head(), 4)) * ENTRY];
    source.read_exact_at(&mut bytes, HEAD as u64)?;
    let mut entries: Vec<Entry> = bytes.chunks_exact(ENTRY).map(|e| Entry::new(e, is_cursor)).collect();
    entries.sort_by_key(|e| (std::cmp::Reverse(e.width * e.height), e.depth));
    Ok(entries)
}

/// Opens an icon for reading.
pub fn open_ico(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    open(source, false)
}

/// Opens a cursor for reading.
pub fn open_cur(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    open(source, true)
}

fn open(source: Source, is_cursor: bool) -> Result<Box<dyn Reader>> {
    let entries = entries(&source, is_cursor)?;
    let mut sizes: Vec<[u32; 2]> = entries.iter().map(|e| [e.width, e.height]).collect();
    sizes.sort_unstable();
    sizes.dedup();
    Ok(Stills::many(entries.len(), move |index, call| {
        let entry = entries.get(index).cloned().ok_or_else(|| Error::internal("the directory has no such image"))?;
        let source = part(&source, entry.at.into(), entry.len.into())?;
        let is_cut = source.len().is_some_and(|n| n < entry.len.into());
        check_whole(is_cut, call)?;
        let image = if png::matches(source.head()) {
            Kind::Png(png::open(source, call)?)
        } else {
            Kind::Bitmap(Box::new(Icon::open(source, entry.bits).map_err(|e| e.context("the bitmap"))?))
        };
        let about = if is_cursor { About::Cursor(entry.hotspot) } else { About::Icon(sizes.clone()) };
        Ok(Box::new(IcoImage { image, about, is_cut }))
    }))
}

enum Kind {
    Bitmap(Box<Icon>),
    Png(Box<dyn Reader>),
}

enum About {
    Icon(Vec<[u32; 2]>),
    Cursor([u16; 2]),
}

struct IcoImage {
    image: Kind,
    about: About,
    /// The data end within it, if behind its pixels.
    is_cut: bool,
}

fn check_whole(is_cut: bool, call: &Call) -> Result<()> {
    match is_cut && !call.bool("allow_partial") {
        true => Err(Error::corrupt("the data end within the image")),
        false => Ok(()),
    }
}

impl Still for IcoImage {
    fn props(&mut self, call: &Call) -> Result<Props> {
        check_whole(self.is_cut, call)?;
        match &mut self.image {
            Kind::Bitmap(icon) => icon.props(call),
            Kind::Png(reader) => reader.props(Index::At(0), call),
        }
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        check_whole(self.is_cut, call)?;
        let outcome = match &mut self.image {
            Kind::Bitmap(icon) => icon.read(call, to)?,
            Kind::Png(reader) => reader.read(Index::At(0), call, to)?,
        };
        Ok(if self.is_cut { Outcome::Partial } else { outcome })
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let (of_image, mode) = match &mut self.image {
            Kind::Bitmap(icon) => (icon.meta(call)?, "RGBA".to_owned()),
            Kind::Png(reader) => {
                let meta = reader.meta(Index::At(0), call)?;
                let mode = meta.get("mode").and_then(Value::as_str).unwrap_or("RGBA").to_owned();
                (meta, mode)
            }
        };
        let mut meta = Dict::new();
        match &self.about {
            About::Icon(sizes) => {
                let sizes: List = sizes.iter().map(|s| Value::from(s.iter().copied().collect::<List>())).collect();
                meta.set("sizes", sizes);
            }
            About::Cursor(hotspot) => {
                meta = of_image;
                meta.set("hotspot", hotspot.iter().copied().collect::<List>());
            }
        }
        let props = self.props(call)?;
        let [height, width] = [0, 1].map(|axis| props.shape.get(axis).copied().unwrap_or(0));
        Ok(info::finish(meta, &mode, width, height))
    }
}
