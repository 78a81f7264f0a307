//! Sun raster files.

use super::bits::{Bytes, Run, Unroll, be32};
use super::form::{Form, How, planar_colors};
use super::stills::{PLAIN, RUNS, Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of the header.
const HEAD: usize = 32;
/// The kind of file in runs, and the one of red, green, blue instead of blue, green, red.
const IN_RUNS: u32 = 2;
const RGB: u32 = 3;

/// Whether a file begins as Sun raster files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(&[0x59, 0xa6, 0x6a, 0x95])
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    if head.len() < HEAD {
        return Err(Error::corrupt("the data end within the header"));
    }
    let [width, height, depth, _, kind, map_kind, map_len] = [4, 8, 12, 16, 20, 24, 28].map(|at| be32(head, at));
    if kind > 5 {
        return Err(Error::unsupported(format!("a Sun raster file of kind {kind}")));
    }
    if map_len > 1024 {
        return Err(Error::corrupt(format!("a palette of {map_len} bytes")));
    }
    let data_at = HEAD + map_len as usize;
    let map = head.get(HEAD..data_at).ok_or_else(|| Error::corrupt("the data end within the palette"))?;
    let map = if map_kind == 1 { planar_colors(map) } else { Vec::new() };
    let size = (width as usize, height as usize);
    let form = form(size, depth, kind, map)?;
    // Rows are whole numbers of two bytes.
    let stride = (u64::from(width) * u64::from(depth)).div_ceil(16) * 2;
    let stride = usize::try_from(stride).map_err(|_| Error::limit("rows too long to address"))?;
    check_size(&source, data_at as u64, stride, size.1, if kind == IN_RUNS { RUNS } else { PLAIN })?;
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| match kind {
        IN_RUNS => unroll(all.get(data_at..).unwrap_or_default(), stride, rows),
        _ => rows.put_plain(all, data_at, stride),
    });
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}

fn form(size: (usize, usize), depth: u32, kind: u32, map: Vec<[u8; 3]>) -> Result<Form> {
    let rgb = |size_in, order| Ok(Form::new(size, DType::U8, Color::Rgb, "RGB", How::Order { size: size_in, order }));
    match (depth, kind) {
        (1, _) => Ok(match map[..] {
            [] | [[255, 255, 255], [0, 0, 0]] => Form::bool(size, 0),
            [[0, 0, 0], [255, 255, 255]] => Form::bool(size, 1),
            _ => Form::palette(size, map, How::Palette { bits: 1 }),
        }),
        (4, _) if map.is_empty() => {
            Ok(Form::new(size, DType::U8, Color::Gray, "L", How::Numbers { bits: 4, factor: 17 }))
        }
        (4, _) => Ok(Form::palette(size, map, How::Palette { bits: 4 })),
        (8, _) if map.is_empty() => Ok(Form::new(size, DType::U8, Color::Gray, "L", How::Bytes)),
        (8, _) => Ok(Form::palette(size, map, How::Palette { bits: 8 })),
        (24, RGB) => rgb(3, &[0, 1, 2]),
        (24, _) => rgb(3, &[2, 1, 0]),
        // The byte that is nothing comes first.
        (32, RGB) => rgb(4, &[1, 2, 3]),
        (32, _) => rgb(4, &[3, 2, 1]),
        _ => Err(Error::unsupported(format!("a Sun raster file of {depth} bits"))),
    }
}

/// Undoes runs, which go on from row to row.
fn unroll(data: &[u8], stride: usize, rows: &mut Rows) -> Result<()> {
    let mut data = Bytes(data);
    let mut row = rows.call().limits().allocate(stride)?;
    let mut runs = Unroll::default();
    for _ in 0..rows.height() {
        let full = runs.fill(&mut row, || match data.byte()? {
            0x80 => match data.byte()? {
                0 => Some(Run::Same(1, 0x80)),
                n => Some(Run::Same(usize::from(n) + 1, data.byte()?)),
            },
            n => Some(Run::Same(1, n)),
        });
        if !full {
            break;
        }
        rows.put(&row)?;
    }
    Ok(())
}
