//! SGI images: planes of 8 or 16 bits from the bottom up, as they are or in runs.

use super::bits::{Bytes, Run, Unroll, be16, be32};
use super::form::{Form, How};
use super::stills::{PLAIN, RUNS, Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of the header.
const HEAD: usize = 512;

/// Whether a file begins as SGI files do.
pub fn matches(head: &[u8]) -> bool {
    matches!(head, [1, 0xda, 0 | 1, 1 | 2, 0, 1..=3, ..])
}

/// What the header says.
#[derive(Clone, Copy)]
struct Header {
    runs: bool,
    /// Bytes of a sample.
    size: usize,
    width: usize,
    height: usize,
    planes: usize,
}

impl Header {
    fn read(head: &[u8]) -> Result<Header> {
        if head.len() < HEAD {
            return Err(Error::corrupt("the data end within the header"));
        }
        let dimensions = be16(head, 4);
        let [width, height, planes] = [6, 8, 10].map(|at| usize::from(be16(head, at)));
        // Of a row or a gray image the further numbers say nothing.
        let height = if dimensions == 1 { height.max(1) } else { height };
        let planes = if dimensions == 3 { planes } else { 1 };
        Ok(Header {
            runs: head.get(2) == Some(&1),
            size: head.get(3).copied().unwrap_or(1).into(),
            width,
            height,
            planes,
        })
    }

    fn form(&self) -> Result<Form> {
        let (color, mode) = match self.planes {
            1 => (Color::Gray, "L"),
            2 => (Color::GrayAlpha, "LA"),
            3 => (Color::Rgb, "RGB"),
            4 => (Color::Rgba, "RGBA"),
            n => return Err(Error::unsupported(format!("an image of {n} planes"))),
        };
        let mode = if self.size == 2 && self.planes == 1 { "I;16" } else { mode };
        let (dtype, how) = match self.size {
            1 => (DType::U8, How::Planes { stride: self.width }),
            _ => (DType::U16, How::Words { size: 2, big: true }),
        };
        Ok(Form::new((self.width, self.height), dtype, color, mode, how))
    }

    /// Bytes of a row of one plane.
    fn stride(&self) -> usize {
        self.width * self.size
    }

    fn decode(&self, all: &[u8], rows: &mut Rows) -> Result<()> {
        let stride = self.stride();
        let mut row = rows.call().limits().allocate(stride * self.planes)?;
        let mut woven = rows.call().limits().allocate(if self.size == 2 { row.len() } else { 0 })?;
        for y in 0..self.height {
            for (plane, to) in row.chunks_exact_mut(stride).enumerate() {
                let k = plane * self.height + y;
                let done = if self.runs { self.unroll(all, k, to) } else { self.copy(all, k, to) };
                if done.is_none() {
                    return Ok(());
                }
            }
            if self.size == 1 {
                rows.put(&row)?;
                continue;
            }
            for (plane, from) in row.chunks_exact(stride).enumerate() {
                let pixels = woven.as_chunks_mut::<2>().0.iter_mut().skip(plane).step_by(self.planes);
                pixels.zip(from.as_chunks::<2>().0).for_each(|(to, from)| *to = *from);
            }
            rows.put(&woven)?;
        }
        Ok(())
    }

    /// The `k`th row as it lies.
    fn copy(&self, all: &[u8], k: usize, to: &mut [u8]) -> Option<()> {
        let at = k.checked_mul(to.len())?.checked_add(HEAD)?;
        to.copy_from_slice(all.get(at..)?.get(..to.len())?);
        Some(())
    }

    /// The `k`th row, whose place and length two tables behind the header say.
    fn unroll(&self, all: &[u8], k: usize, to: &mut [u8]) -> Option<()> {
        let tables = all.get(HEAD..)?;
        let count = self.height * self.planes;
        tables.get(..count * 8)?;
        let [at, len] = [k, count + k].map(|i| be32(tables, i * 4) as usize);
        let data = all.get(at..)?.get(..len)?;
        if self.size == 1 { unroll_bytes(data, to) } else { unroll_pairs(data, to) }
    }
}

fn unroll_bytes(data: &[u8], to: &mut [u8]) -> Option<()> {
    let mut data = Bytes(data);
    let done = Unroll::default().fill(to, || match data.byte()? {
        0 | 0x80 => None,
        n if n & 0x80 != 0 => data.take((n & 0x7f).into()).map(Run::Copy),
        n => Some(Run::Same(n.into(), data.byte()?)),
    });
    done.then_some(())
}

fn unroll_pairs(data: &[u8], to: &mut [u8]) -> Option<()> {
    let mut data = data.as_chunks::<2>().0.iter();
    let mut to = to.as_chunks_mut::<2>().0.iter_mut();
    while to.len() > 0 {
        let count = data.next()?[1];
        let n = usize::from(count & 0x7f);
        if n == 0 {
            return None;
        }
        let same = if count & 0x80 == 0 { Some(*data.next()?) } else { None };
        for to in to.by_ref().take(n) {
            *to = match same {
                Some(pair) => pair,
                None => *data.next()?,
            };
        }
    }
    Some(())
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(source.head())?;
    let form = header.form()?;
    let most = if header.runs { RUNS } else { PLAIN };
    check_size(&source, HEAD as u64, header.stride() * header.planes, header.height, most)?;
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| header.decode(all, rows));
    Ok(Stills::one(Raster { source, form, bottom_up: true, info: Dict::new(), decode }))
}
