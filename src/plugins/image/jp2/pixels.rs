//! From planes of integers to rows of pixels.

use super::Picture;
use crate::error::{Error, Result};
use crate::model::{DType, Destination, rgb_of_ycbcr};
use crate::plugin::{Call, parallel};
use crate::plugins::image::info;
use jpeg2000::{Plane, Planes};

/// Bytes of rows that are made at once, on one of the threads.
const BAND: usize = 1 << 20;

/// How the samples of a component become those of its dtype: counted from the least, and shifted to the full range as
/// Pillow does it.
#[derive(Clone, Copy)]
struct Scale {
    offset: i32,
    shift: u32,
    most: i32,
}

impl Scale {
    fn of(plane: &Plane, dtype: DType) -> Scale {
        let offset = if plane.is_signed { 1 << (plane.bits - 1) } else { 0 };
        let full = if dtype == DType::U32 { plane.bits } else { dtype.size() as u32 * 8 };
        Scale { offset, shift: full.saturating_sub(plane.bits), most: ((1u64 << plane.bits.min(31)) - 1) as i32 }
    }

    #[inline(always)]
    fn sample(self, n: i32) -> u32 {
        (n.saturating_add(self.offset).clamp(0, self.most)).cast_unsigned() << self.shift
    }
}

/// Puts decoded components where the image is to be.
pub fn put(planes: &Planes, picture: &Picture, call: &Call, to: &mut Destination) -> Result<()> {
    let changed = || Error::corrupt("the decoded components are not those that the header says");
    let count = picture.components.len();
    if planes.len() != count {
        return Err(changed());
    }
    let planes = (0..count).map(|i| planes.get(i)).collect::<Option<Vec<_>>>().ok_or_else(changed)?;
    let (height, width) = match *to.shape() {
        [height, width] | [height, width, _] => (height, width),
        _ => return Err(Error::internal("an image of neither two nor three axes")),
    };
    for (i, plane) in planes.iter().enumerate() {
        let is_chroma = picture.has_chroma && (i == 1 || i == 2);
        let said = picture.components.get(i).is_some_and(|c| c.bits == plane.bits && c.is_signed == plane.is_signed);
        if !said || (!is_chroma && (plane.width, plane.height) != (width, height)) {
            return Err(changed());
        }
    }
    let make = |y: usize, row: &mut [u8]| match picture.dtype {
        DType::U8 => row_of(&planes, picture, y, row, |to: &mut [u8; 1], n| *to = [n as u8]),
        DType::U16 => row_of(&planes, picture, y, row, |to: &mut [u8; 2], n| *to = (n as u16).to_ne_bytes()),
        _ => row_of(&planes, picture, y, row, |to: &mut [u8; 4], n| *to = n.to_ne_bytes()),
    };
    let Some(image) = to.direct(&[]) else {
        return info::fill_rows(to, call, 0..height, |y, row| {
            call.tick(y as u64, height as u64)?;
            make(y, row);
            Ok(())
        });
    };
    let row = (image.len() / height.max(1)).max(1);
    let rows = (BAND / row).max(1);
    let bands = image.chunks_mut(row * rows).enumerate();
    parallel(
        call,
        call.threads(),
        height.div_ceil(rows),
        bands,
        || Ok(()),
        |_, (i, band)| {
            band.chunks_exact_mut(row).enumerate().for_each(|(y, row)| make(i * rows + y, row));
            Ok(())
        },
    )
}

/// A row of a component.
fn line<'a>(plane: &Plane<'a>, y: usize) -> &'a [i32] {
    let from = y.saturating_mul(plane.width);
    plane.samples.get(from..from.saturating_add(plane.width)).unwrap_or_default()
}

fn row_of<const N: usize>(
    planes: &[Plane],
    picture: &Picture,
    y: usize,
    row: &mut [u8],
    put: impl Fn(&mut [u8; N], u32),
) {
    let (places, _) = row.as_chunks_mut::<N>();
    if picture.has_chroma {
        return colors(planes, picture, y, places, put);
    }
    if let [a, b, c] = planes {
        let scales = [a, b, c].map(|plane| Scale::of(plane, picture.dtype));
        let lines = line(a, y).iter().zip(line(b, y)).zip(line(c, y));
        for (to, ((&a, &b), &c)) in places.as_chunks_mut::<3>().0.iter_mut().zip(lines) {
            for ((to, scale), n) in to.iter_mut().zip(scales).zip([a, b, c]) {
                put(to, scale.sample(n));
            }
        }
        return;
    }
    for (i, plane) in planes.iter().enumerate() {
        let scale = Scale::of(plane, picture.dtype);
        for (to, &n) in places.iter_mut().skip(i).step_by(planes.len()).zip(line(plane, y)) {
            put(to, scale.sample(n));
        }
    }
}

/// Luminance and chroma to colours, those of 8 bits as Pillow rounds them; each sample of chroma serves its pixels.
fn colors<const N: usize>(
    planes: &[Plane],
    picture: &Picture,
    y: usize,
    places: &mut [[u8; N]],
    put: impl Fn(&mut [u8; N], u32),
) {
    let [luma, blue, red, rest @ ..] = planes else { return };
    let most = if picture.dtype == DType::U32 { (1u64 << luma.bits.min(31)) - 1 } else { (1 << (8 * N)) - 1 } as f64;
    let middle = (most + 1.0) / 2.0;
    let sample = |plane: &Plane, x: usize| Scale::of(plane, picture.dtype).sample(plane.under(luma, x, y));
    for (x, pixel) in places.chunks_exact_mut(planes.len()).enumerate() {
        let stored = [luma, blue, red].map(|plane| sample(plane, x));
        if picture.dtype == DType::U8 {
            for (to, color) in pixel.iter_mut().zip(rgb_of_ycbcr(stored.map(|n| n as u8))) {
                put(to, color.into());
            }
        } else {
            let [level, blue, red] = stored.map(f64::from);
            for (to, color) in pixel.iter_mut().zip(jpeg2000::colors(level, blue - middle, red - middle)) {
                put(to, (color + 0.5).clamp(0.0, most) as u32);
            }
        }
        for (to, plane) in pixel.iter_mut().skip(3).zip(rest) {
            put(to, sample(plane, x));
        }
    }
}
