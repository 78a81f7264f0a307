//! Formats that are a header and rows, and little else: MSP, PIXAR, XV thumbnails.

use super::bits::{Bytes, Run, Unroll, le16};
use super::form::{Form, How};
use super::stills::{PLAIN, RUNS, Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of MSP's header.
const MSP_HEAD: usize = 32;

/// Whether a file begins as those of Windows Paint do; the words of the header cancel each other out.
pub fn is_msp(head: &[u8]) -> bool {
    let marked = head.starts_with(b"DanM") || head.starts_with(b"LinS");
    marked
        && head
            .get(..MSP_HEAD)
            .is_some_and(|h| h.as_chunks::<2>().0.iter().fold([0; 2], |a, b| [a[0] ^ b[0], a[1] ^ b[1]]) == [0; 2])
}

/// Opens an MSP file for reading.
pub fn open_msp(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    let (width, height) = (usize::from(le16(head, 4)), usize::from(le16(head, 6)));
    let (stride, runs) = (width.div_ceil(8), head.starts_with(b"LinS"));
    check_size(&source, MSP_HEAD as u64, stride, height, if runs { RUNS } else { PLAIN })?;
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| match runs {
        true => unroll(all, stride, rows),
        false => rows.put_plain(all, MSP_HEAD, stride),
    });
    let form = Form::bool((width, height), 1);
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}

/// Undoes MSP's runs, of which a table says how long those of each row are; a row of none is white.
fn unroll(all: &[u8], stride: usize, rows: &mut Rows) -> Result<()> {
    let mut row = rows.call().limits().allocate(stride)?;
    let mut data = Bytes(all.get(MSP_HEAD + 2 * rows.height()..).unwrap_or_default());
    for y in 0..rows.height() {
        let len = usize::from(le16(all, MSP_HEAD + 2 * y));
        let Some(stored) = data.take(len).filter(|_| all.len() >= MSP_HEAD + 2 * rows.height()) else { break };
        let mut stored = Bytes(stored);
        row.fill(0xff);
        let full = len == 0
            || Unroll::default().fill(&mut row, || match stored.byte()? {
                0 => Some(Run::Same(stored.byte()?.into(), stored.byte()?)),
                n => stored.take(n.into()).map(Run::Copy),
            });
        if !full {
            return Err(Error::corrupt(format!("the runs of row {y} do not fill it")));
        }
        rows.put(&row)?;
    }
    Ok(())
}

/// Bytes of PIXAR's header, and where the rows begin.
const PIXAR_HEAD: usize = 512;
const PIXAR_DATA: usize = 1024;

/// Whether a file begins as PIXAR files do.
pub fn is_pixar(head: &[u8]) -> bool {
    head.starts_with(&[0x80, 0xe8, 0, 0])
}

/// Opens a PIXAR file for reading.
pub fn open_pixar(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    if head.len() < PIXAR_HEAD {
        return Err(Error::corrupt("the data end within the header"));
    }
    let size = (usize::from(le16(head, 418)), usize::from(le16(head, 416)));
    if (le16(head, 424), le16(head, 426)) != (14, 2) {
        return Err(Error::unsupported("a PIXAR file that is not 8 bit RGB, as dumped"));
    }
    let stride = size.0 * 3;
    check_size(&source, PIXAR_DATA as u64, stride, size.1, PLAIN)?;
    let form = Form::new(size, DType::U8, Color::Rgb, "RGB", How::Bytes);
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, PIXAR_DATA, stride));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}

/// Whether a file begins as the thumbnails of XV do.
pub fn is_thumbnail(head: &[u8]) -> bool {
    head.starts_with(b"P7 332")
}

/// Opens a thumbnail of XV for reading.
pub fn open_thumbnail(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let (mut at, mut size) = (0, None);
    for (i, line) in source.head().split_inclusive(|&b| b == b'\n').enumerate() {
        at += line.len();
        if i > 0 && !line.starts_with(b"#") {
            let text = std::str::from_utf8(line.strip_suffix(b"\n").unwrap_or_default()).unwrap_or_default();
            let mut numbers = text.split_ascii_whitespace().map(str::parse::<usize>);
            size = numbers.next().and_then(Result::ok).zip(numbers.next().and_then(Result::ok));
            break;
        }
    }
    let size = size.ok_or_else(|| Error::corrupt("the header has no size"))?;
    check_size(&source, at as u64, size.0, size.1, PLAIN)?;
    // Three bits of red, three of green, two of blue.
    let color = |n: u16| [n >> 5 & 7, n >> 2 & 7].map(|n| (n * 255 / 7) as u8);
    let palette = (0..256).map(|n| [color(n)[0], color(n)[1], ((n & 3) * 85) as u8]).collect();
    let form = Form::palette(size, palette, How::Palette { bits: 8 });
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, at, size.0));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}
