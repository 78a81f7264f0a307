//! PCX, in runs of bytes, and DCX, a folder of PCX files.

use super::bits::{Bytes, Run, Unroll, le16, le32};
use super::form::{Form, How, colors, is_gray};
use super::part::part;
use super::stills::{RUNS, Raster, Rows, Still, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, List};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of the header.
const HEAD: usize = 128;
/// Bytes of the palette at the end: a mark and 256 colours.
const PALETTE: u64 = 769;
/// The most images of a DCX file.
const MOST: usize = 1023;

/// The colours of a screen that a file without a palette was made for.
const SCREEN: [[u8; 3]; 16] = [
    [0, 0, 0],
    [0, 0, 170],
    [0, 170, 0],
    [0, 170, 170],
    [170, 0, 0],
    [170, 0, 170],
    [170, 85, 0],
    [170, 170, 170],
    [85, 85, 85],
    [85, 85, 255],
    [85, 255, 85],
    [85, 255, 255],
    [255, 85, 85],
    [255, 85, 255],
    [255, 255, 85],
    [255, 255, 255],
];

/// Whether a file begins as PCX files do: a mark of one byte, then a version, an encoding, a depth and planes.
pub fn matches(head: &[u8]) -> bool {
    let depths = matches!(head, [10, 0 | 2 | 3 | 4 | 5, 0 | 1, 1 | 2 | 4 | 8, ..]);
    let sizes = le16(head, 8) >= le16(head, 4) && le16(head, 10) >= le16(head, 6);
    depths && sizes && matches!(head.get(65), Some(1..=4)) && le16(head, 66) > 0
}

/// Whether a file begins as DCX files do.
pub fn is_dcx(head: &[u8]) -> bool {
    head.starts_with(&0x3ade_68b1_u32.to_le_bytes())
}

/// What the header says.
struct Header {
    width: usize,
    height: usize,
    bits: u8,
    planes: usize,
    /// Bytes of a row of one plane.
    stride: usize,
    /// Whether rows are in runs.
    runs: bool,
    version: u8,
}

impl Header {
    fn read(head: &[u8]) -> Result<Header> {
        if head.len() < HEAD {
            return Err(Error::corrupt("the data end within the header"));
        }
        let number = |at: usize| usize::from(le16(head, at));
        let (width, height) = (number(8).checked_sub(number(4)), number(10).checked_sub(number(6)));
        let (Some(width), Some(height)) = (width, height) else {
            return Err(Error::corrupt("an image without pixels"));
        };
        let (width, height, bits) = (width + 1, height + 1, head[3]);
        // The stride should be even, which not all files follow; that of the file is not to be trusted, as in Pillow.
        let mut stride = (width * usize::from(bits)).div_ceil(8);
        if number(66) != stride {
            stride += stride % 2;
        }
        let planes = head[65].into();
        Ok(Header { width, height, bits, planes, stride, runs: head[2] != 0, version: head[1] })
    }

    fn form(&self, source: &Source) -> Result<Form> {
        let size = (self.width, self.height);
        let stride = self.stride;
        match (self.bits, self.planes) {
            (1, 1) => Ok(Form::bool(size, 1)),
            (8, 1) => Ok(match palette(source)?.filter(|_| self.version == 5) {
                Some(palette) if !is_gray(&palette) => Form::palette(size, palette, How::Palette { bits: 8 }),
                _ => Form::new(size, DType::U8, Color::Gray, "L", How::Bytes),
            }),
            (8, 3) => Ok(Form::new(size, DType::U8, Color::Rgb, "RGB", How::Planes { stride })),
            (8, 4) => Ok(Form::new(size, DType::U8, Color::Rgba, "RGBA", How::Planes { stride })),
            (bits, 1) => Ok(Form::palette(size, self.small_palette(source), How::Palette { bits })),
            (bits, count) if usize::from(bits) * count <= 8 => {
                Ok(Form::palette(size, self.small_palette(source), How::BitPlanes { bits, stride, count }))
            }
            (bits, planes) => Err(Error::unsupported(format!("{planes} planes of {bits} bits are not known"))),
        }
    }

    /// The palette of the header; versions that may have none and have none mean the screen's.
    fn small_palette(&self, source: &Source) -> Vec<[u8; 3]> {
        let bytes = source.head().get(16..64).unwrap_or_default();
        if matches!(self.version, 0 | 3) && bytes.iter().all(|&b| b == 0) {
            return SCREEN.to_vec();
        }
        colors(bytes)
    }

    fn decode(&self, all: &[u8], rows: &mut Rows) -> Result<()> {
        let stride = self.stride * self.planes;
        if !self.runs {
            return rows.put_plain(all, HEAD, stride);
        }
        let mut data = Bytes(all.get(HEAD..).unwrap_or_default());
        let mut row = rows.call().limits().allocate(stride)?;
        let mut runs = Unroll::default();
        for _ in 0..self.height {
            let full = runs.fill(&mut row, || match data.byte()? {
                n if n >= 0xc0 => Some(Run::Same((n & 0x3f).into(), data.byte()?)),
                n => Some(Run::Same(1, n)),
            });
            if !full {
                break;
            }
            // A run ends with its row, as in Pillow.
            runs.end_row();
            rows.put(&row)?;
        }
        Ok(())
    }
}

/// The palette of 256 colours at the end of a file.
fn palette(source: &Source) -> Result<Option<Vec<[u8; 3]>>> {
    let mut bytes = [0; PALETTE as usize];
    let Some(len) = source.len() else {
        let all = source.all(&crate::model::Limits::default())?;
        return Ok(all.last_chunk::<{ PALETTE as usize }>().and_then(|b| b.strip_prefix(&[12])).map(colors));
    };
    let Some(at) = len.checked_sub(PALETTE).filter(|&at| at >= HEAD as u64) else { return Ok(None) };
    source.read_exact_at(&mut bytes, at)?;
    Ok(bytes.strip_prefix(&[12]).map(colors))
}

/// Opens a PCX file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    Ok(Stills::one(image(source)?))
}

fn image(source: Source) -> Result<Raster> {
    let header = Header::read(source.head())?;
    let form = header.form(&source)?;
    check_size(&source, HEAD as u64, header.stride * header.planes, header.height, RUNS)?;
    let dpi: List = [12, 14].map(|at| le16(source.head(), at)).into_iter().collect();
    let info = Dict::new().with("dpi", dpi);
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| header.decode(all, rows));
    Ok(Raster { source, form, bottom_up: false, info, decode })
}

/// Opens a DCX file for reading.
pub fn open_dcx(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head().get(4..).unwrap_or_default();
    let starts = head.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b)).take(MOST);
    let starts: Vec<u32> = starts.take_while(|&at| at != 0).collect();
    if starts.is_empty() || le32(head, starts.len() * 4) != 0 || head.len() < starts.len() * 4 + 4 {
        return Err(Error::corrupt("the directory has no end or no image"));
    }
    Ok(Stills::many(starts.len(), move |index, _call| {
        let at = starts.get(index).copied().ok_or_else(|| Error::internal("the directory has no such image"))?;
        // The palette lies at the end of the image, which is where the next one begins.
        let end = starts.iter().copied().filter(|&n| n > at).min().unwrap_or(u32::MAX);
        let source = part(&source, at.into(), if end == u32::MAX { u64::MAX } else { (end - at).into() })?;
        if !matches(source.head()) {
            return Err(Error::corrupt(format!("image {index} is no PCX file")).at(at.into()));
        }
        Ok(Box::new(image(source)?) as Box<dyn Still>)
    }))
}
