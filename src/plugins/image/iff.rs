//! IFF's pictures: ILBM, whose bits lie in planes, as the Amiga's screen has them, and PBM, a byte a pixel.

use super::bits::{Bytes, Run, Unroll, be16, be32, numbers};
use super::form::{Form, How, colors};
use super::stills::{PLAIN, RUNS, Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, List};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of a chunk's name and length.
const HEAD: usize = 8;

/// What the screen makes of the planes: colours that are the one before but for a part, and half as bright ones.
const HOLD_AND_MODIFY: u32 = 0x800;
const HALF_BRIGHT: u32 = 0x80;

/// Whether a file begins as such pictures do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"FORM") && head.get(8..12).is_some_and(|kind| [b"ILBM", b"PBM "].iter().any(|k| kind == *k))
}

/// What the chunks before the pixels say.
struct Header {
    width: usize,
    height: usize,
    planes: usize,
    /// Whether a plane more says which pixels are seen.
    has_mask: bool,
    in_runs: bool,
    /// Whether a pixel is a byte, instead of bits in planes.
    is_chunky: bool,
    /// The number that is transparent, where it is one.
    transparent: Option<u16>,
    aspect: [u8; 2],
    palette: Vec<[u8; 3]>,
    screen: u32,
    data_at: usize,
}

impl Header {
    fn read(all: &[u8]) -> Result<Header> {
        let is_chunky = all.get(8..12) == Some(b"PBM ");
        let ended = |at: usize| Error::corrupt("the data end before the pixels").at(at as u64);
        let (mut at, mut found) = (12usize, None::<Header>);
        let (mut palette, mut screen) = (Vec::new(), 0);
        loop {
            let head = all.get(at..at + HEAD).ok_or_else(|| ended(at))?;
            let (name, len) = (&head[..4], be32(head, 4) as usize);
            let body = at + HEAD;
            if name == b"BODY" {
                let Some(header) = found else { return Err(Error::corrupt("pixels before their size").at(at as u64)) };
                return Ok(Header { palette, screen, data_at: body, ..header });
            }
            let end = body.checked_add(len).ok_or_else(|| ended(at))?;
            let data = all.get(body..end).ok_or_else(|| ended(at))?;
            match name {
                b"BMHD" => found = Some(Header::of(data, is_chunky).map_err(|e| e.at(body as u64))?),
                b"CMAP" => palette = colors(data.get(..3 * 256).unwrap_or(data)),
                b"CAMG" if len >= 4 => screen = be32(data, 0),
                _ => {}
            }
            // Chunks begin at even places.
            at = end + len % 2;
        }
    }

    fn of(data: &[u8], is_chunky: bool) -> Result<Header> {
        if data.len() < 20 {
            return Err(Error::corrupt("a header of too few bytes"));
        }
        let (planes, mask, compression) = (usize::from(data[8]), data[9], data[10]);
        if !(1..=8).contains(&planes) && planes != 24 && planes != 32 || is_chunky && planes != 8 {
            return Err(Error::unsupported(format!("{planes} planes")));
        }
        if compression > 1 {
            return Err(Error::unsupported(format!("compression {compression}")));
        }
        Ok(Header {
            width: be16(data, 0).into(),
            height: be16(data, 2).into(),
            planes,
            has_mask: mask == 1 && !is_chunky,
            in_runs: compression == 1,
            is_chunky,
            transparent: (mask == 2).then(|| be16(data, 12)),
            aspect: [data[14], data[15]],
            palette: Vec::new(),
            screen: 0,
            data_at: 0,
        })
    }

    /// Bytes of a plane of a row, and of all of a row.
    fn strides(&self) -> (usize, usize) {
        match self.is_chunky {
            true => (self.width, self.width.next_multiple_of(2)),
            false => {
                let plane = self.width.div_ceil(16) * 2;
                (plane, plane * (self.planes + usize::from(self.has_mask)))
            }
        }
    }

    /// What a row means, and how colours come of it where no table has them.
    fn form(&self) -> (Form, Option<Make>) {
        let size = (self.width, self.height);
        let rgb = || Form::new(size, DType::U8, Color::Rgb, "RGB", How::Bytes);
        let (stride, _) = self.strides();
        let mut palette = self.palette.clone();
        if self.is_chunky {
            return (Form::palette(size, self.grays(8), How::Palette { bits: 8 }), None);
        }
        match self.planes {
            24 => return (rgb(), Some(deep::<3>)),
            32 => {
                let form = Form::new(size, DType::U8, Color::Rgba, "RGBA", How::Bytes);
                return (form, Some(deep::<4>));
            }
            6 | 8 if self.screen & HOLD_AND_MODIFY != 0 => return (rgb(), Some(hold_and_modify)),
            6 if self.screen & HALF_BRIGHT != 0 && palette.len() <= 32 => {
                palette.resize(32, [0; 3]);
                palette.extend_from_within(..);
                palette[32..].iter_mut().flatten().for_each(|n| *n /= 2);
            }
            planes => palette = self.grays(planes),
        }
        (Form::palette(size, palette, How::BitPlanes { bits: 1, stride, count: self.planes }), None)
    }

    /// The palette, or without one grays.
    fn grays(&self, planes: usize) -> Vec<[u8; 3]> {
        if !self.palette.is_empty() {
            return self.palette.clone();
        }
        let most = (1usize << planes) - 1;
        (0..=most).map(|n| [(n * 255 / most) as u8; 3]).collect()
    }

    fn info(&self) -> Dict {
        let mut info = Dict::new();
        if let Some(number) = self.transparent {
            info.set("transparency", number);
        }
        if self.aspect.iter().all(|&n| n > 0) {
            info.set("aspect", self.aspect.into_iter().collect::<List>());
        }
        info
    }
}

/// Makes a row of colours of the planes.
type Make = fn(&Header, &[u8], &mut [u8]);

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let all = source.all(call.limits())?;
    let header = Header::read(&all)?;
    drop(all);
    let (_, stride) = header.strides();
    let most = if header.in_runs { RUNS } else { PLAIN };
    check_size(&source, header.data_at as u64, stride, header.height, most)?;
    let (form, make) = header.form();
    let info = header.info();
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| decode(&header, make, all, rows));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info, decode }))
}

fn decode(header: &Header, make: Option<Make>, all: &[u8], rows: &mut Rows) -> Result<()> {
    let (_, stride) = header.strides();
    let mut data = Bytes(all.get(header.data_at..).unwrap_or_default());
    let mut row = rows.call().limits().allocate(stride)?;
    let samples = if header.planes == 32 { 4 } else { 3 };
    let mut made = rows.call().limits().allocate(if make.is_some() { header.width * samples } else { 0 })?;
    let mut runs = Unroll::default();
    for _ in 0..rows.height() {
        let full = match header.in_runs {
            true => runs.fill(&mut row, || match data.byte()? {
                // What is to do nothing is skipped.
                0x80 => Some(Run::Copy(&[])),
                n if n > 0x80 => Some(Run::Same(257 - usize::from(n), data.byte()?)),
                n => data.take(usize::from(n) + 1).map(Run::Copy),
            }),
            false => data.take(stride).map(|stored| row.copy_from_slice(stored)).is_some(),
        };
        if !full {
            break;
        }
        match make {
            Some(make) => {
                make(header, &row, &mut made);
                rows.put(&made)?;
            }
            None => rows.put(&row)?,
        }
    }
    Ok(())
}

/// Planes of the bits of each sample, the lowest first.
fn deep<const N: usize>(header: &Header, row: &[u8], made: &mut [u8]) {
    let (stride, _) = header.strides();
    made.fill(0);
    for (i, plane) in row.chunks_exact(stride).take(8 * N).enumerate() {
        let (sample, bit) = (i / 8, i % 8);
        for (pixel, n) in made.as_chunks_mut::<N>().0.iter_mut().zip(numbers(plane, 1)) {
            pixel[sample] |= n << bit;
        }
    }
}

/// Two planes say whether the others are the number of a colour, or what becomes of the blue, red or green of the pixel
/// before.
fn hold_and_modify(header: &Header, row: &[u8], made: &mut [u8]) {
    let (stride, _) = header.strides();
    let bits = header.planes as u32 - 2;
    let mut wanted = vec![0u8; header.width];
    for (i, plane) in row.chunks_exact(stride).take(header.planes).enumerate() {
        wanted.iter_mut().zip(numbers(plane, 1)).for_each(|(to, n)| *to |= n << i);
    }
    let color = |n: u8| header.palette.get(usize::from(n)).copied().unwrap_or_default();
    let mut now = color(0);
    for (pixel, n) in made.as_chunks_mut::<3>().0.iter_mut().zip(wanted) {
        let low = n & ((1 << bits) - 1);
        // In the full range: the high bits once more behind themselves.
        let full = low << (8 - bits) | low >> (2 * bits).saturating_sub(8);
        match n >> bits {
            0 => now = color(low),
            1 => now[2] = full,
            2 => now[0] = full,
            _ => now[1] = full,
        }
        *pixel = now;
    }
}
