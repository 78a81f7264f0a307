//! ICNS, the icons of a Mac: PNG files, or planes in runs with a mask of their own. The largest image is the first.

use super::bits::{Bytes, Run, Unroll, be32};
use super::form::{Form, How};
use super::part::part;
use super::png;
use super::stills::{Raster, Rows, Still, Stills};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, Index, List, Props, Value};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;

/// Bytes of the header of a file, and of a block.
const HEAD: u64 = 8;
/// The most blocks that are looked at.
const MOST: usize = 4096;

/// The sizes that there are, in Pillow's order: points, pixels a point, the block that is a whole image, and the blocks
/// of colours and mask.
type Size = (u32, u32, &'static [&'static [u8; 4]], Option<[&'static [u8; 4]; 2]>);
static SIZES: &[Size] = &[
    (512, 2, &[b"ic10"], None),
    (512, 1, &[b"ic09"], None),
    (256, 2, &[b"ic14"], None),
    (256, 1, &[b"ic08"], None),
    (128, 2, &[b"ic13"], None),
    (128, 1, &[b"ic07"], Some([b"it32", b"t8mk"])),
    (64, 1, &[b"icp6"], None),
    (32, 2, &[b"ic12"], None),
    (48, 1, &[], Some([b"ih32", b"h8mk"])),
    (32, 1, &[b"icp5"], Some([b"il32", b"l8mk"])),
    (16, 2, &[b"ic11"], None),
    (16, 1, &[b"icp4"], Some([b"is32", b"s8mk"])),
];

/// Whether a file begins as ICNS files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"icns")
}

#[derive(Clone, Copy)]
struct Block {
    kind: [u8; 4],
    at: u64,
    len: u64,
}

/// The blocks of a file.
fn blocks(source: &Source) -> Result<Vec<Block>> {
    let end = u64::from(be32(source.head(), 4));
    let mut blocks = Vec::new();
    let mut at = HEAD;
    while at < end && blocks.len() < MOST {
        let mut head = [0; HEAD as usize];
        source.read_exact_at(&mut head, at)?;
        let [a, b, c, d, len @ ..] = head;
        let len = u64::from(u32::from_be_bytes(len));
        let len = len.checked_sub(HEAD).ok_or_else(|| Error::corrupt("a block is shorter than its header").at(at))?;
        blocks.push(Block { kind: [a, b, c, d], at: at + HEAD, len });
        at += HEAD + len;
    }
    Ok(blocks)
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let blocks = blocks(&source)?;
    let find = move |kind: &[u8; 4]| blocks.iter().rev().find(|b| b.kind == *kind).copied();
    let mut sizes: Vec<&Size> = SIZES
        .iter()
        .filter(|(_, _, whole, planes)| {
            whole.iter().any(|kind| find(kind).is_some()) || planes.is_some_and(|[rgb, _]| find(rgb).is_some())
        })
        .collect();
    if sizes.is_empty() {
        return Err(Error::unsupported("an ICNS file without images of 32 bits"));
    }
    let listed: List = sizes
        .iter()
        .map(|(points, scale, ..)| Value::from([*points, *points, *scale].into_iter().collect::<List>()))
        .collect();
    sizes.sort_by_key(|(points, scale, ..)| std::cmp::Reverse((*points, *scale)));
    Ok(Stills::many(sizes.len(), move |index, call| {
        let size = sizes.get(index).ok_or_else(|| Error::internal("there is no such size"))?;
        let (points, scale, whole, planes) = **size;
        let info = Dict::new().with("sizes", listed.clone());
        if let Some(block) = whole.iter().find_map(|kind| find(kind)) {
            return Ok(Box::new(Whole { reader: whole_image(&source, block, call)?, info }) as Box<dyn Still>);
        }
        let [rgb, mask] = planes.ok_or_else(|| Error::internal("an image without blocks"))?;
        let rgb = find(rgb).ok_or_else(|| Error::internal("an image without colours"))?;
        planes_image(&source, (points * scale) as usize, rgb, find(mask), info)
    }))
}

/// The reader of an image that is a file of its own.
fn whole_image(source: &Source, block: Block, call: &Call) -> Result<Box<dyn Reader>> {
    let source = part(source, block.at, block.len)?;
    match source.head() {
        head if png::matches(head) => png::open(source, call),
        [0xff, 0x4f, 0xff, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', ..] | [13, 10, 0x87, 10, ..] => {
            Err(Error::unsupported("the image is JPEG 2000 inside an ICNS file").at(block.at))
        }
        _ => Err(Error::corrupt("the image is neither PNG nor JPEG 2000").at(block.at)),
    }
}

/// An image of planes.
fn planes_image(source: &Source, side: usize, rgb: Block, mask: Option<Block>, info: Dict) -> Result<Box<dyn Still>> {
    let (color, mode) = if mask.is_some() { (Color::Rgba, "RGBA") } else { (Color::Rgb, "RGB") };
    let samples = if mask.is_some() { 4 } else { 3 };
    let form = Form::new((side, side), DType::U8, color, mode, How::Planes { stride: side });
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| {
        let block = |b: Block| {
            let rest = usize::try_from(b.at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
            rest.get(..usize::try_from(b.len).unwrap_or(usize::MAX)).unwrap_or(rest)
        };
        let area = side * side;
        let mut planes = rows.call().limits().allocate(area * samples)?;
        let (colors, alpha) = planes.split_at_mut(area * 3);
        unroll(block(rgb), &rgb.kind, colors)?;
        if let Some(mask) = mask {
            let from = block(mask).get(..area).ok_or_else(|| Error::corrupt("the mask is too short"))?;
            alpha.copy_from_slice(from);
        }
        let mut row = vec![0; side * samples];
        for y in 0..side {
            for (to, plane) in row.chunks_exact_mut(side).zip(planes.chunks_exact(area)) {
                to.copy_from_slice(plane.get(y * side..(y + 1) * side).unwrap_or_default());
            }
            rows.put(&row)?;
        }
        Ok(())
    });
    Ok(Box::new(Raster { source: source.clone(), form, bottom_up: false, info, decode }))
}

/// The planes of colours: in runs, or, where the length says so, pixels as they are.
fn unroll(data: &[u8], kind: &[u8; 4], planes: &mut [u8]) -> Result<()> {
    // The largest has four bytes of nothing before it.
    let data = if kind == b"it32" { data.get(4..).unwrap_or_default() } else { data };
    let area = planes.len() / 3;
    if data.len() == planes.len() {
        for (i, plane) in planes.chunks_exact_mut(area).enumerate() {
            plane.iter_mut().zip(data.iter().skip(i).step_by(3)).for_each(|(to, from)| *to = *from);
        }
        return Ok(());
    }
    let mut data = Bytes(data);
    for plane in planes.chunks_exact_mut(area) {
        let full = Unroll::default().fill(plane, || match data.byte()? {
            n if n >= 0x80 => Some(Run::Same(usize::from(n) - 125, data.byte()?)),
            n => data.take(usize::from(n) + 1).map(Run::Copy),
        });
        if !full {
            return Err(Error::corrupt("the runs of a plane do not fill it"));
        }
    }
    Ok(())
}

struct Whole {
    reader: Box<dyn Reader>,
    info: Dict,
}

impl Still for Whole {
    fn props(&mut self, call: &Call) -> Result<Props> {
        self.reader.props(Index::At(0), call)
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.reader.read(Index::At(0), call, to)
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let of_image = self.reader.meta(Index::At(0), call)?;
        let mut meta = self.info.clone();
        for key in ["mode", "shape"] {
            if let Some(value) = of_image.get(key) {
                meta.set(key, value.clone());
            }
        }
        Ok(meta)
    }
}
