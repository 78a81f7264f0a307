//! Chunks that are a JPEG 2000 codestream or file.

use super::picture::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::model::DType;
use jpeg2000::{Component, Decode, Info, Plane, Planes, Space};

/// The codec's failure as ours.
fn failed(error: jpeg2000::Error) -> Error {
    let kind = match error {
        jpeg2000::Error::Corrupt(_) => ErrorKind::Corrupt,
        jpeg2000::Error::OutOfMemory => ErrorKind::OutOfMemory,
        _ => ErrorKind::Unsupported,
    };
    Error::new(kind, error.to_string())
}

/// A JPEG 2000 picture, its samples as they are stored; colours only of chroma that is thinned out or said to be chroma.
pub fn jpeg2000(bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let info = Info::read(bytes).map_err(failed)?;
    let components = info.delivered();
    let first = components.first().ok_or_else(|| Error::corrupt("a chunk without components"))?;
    let is_chroma = has_chroma(&info)?;
    let (width, height) = info.size(first, 0);
    let dtype = dtype(components)?;
    target.check(width, height, components.len(), dtype)?;
    let samples = |c: &Component| {
        let (width, height) = info.size(c, 0);
        (width as u64).saturating_mul(height as u64)
    };
    let planes = components.iter().chain(&info.components).map(samples).fold(0, u64::saturating_add);
    let room = planes.saturating_mul(4).saturating_add(info.overhead());
    target.limits.check_bytes(usize::try_from(room).unwrap_or(usize::MAX))?;
    info.check_tiles().map_err(failed)?;
    if !info.is_whole && !target.partial {
        return Err(Error::corrupt("the data of a chunk end before its last tile does"));
    }
    let options = Decode { strict: !target.partial, ..Decode::default() };
    let planes = jpeg2000::decode(bytes, &info, &options).map_err(failed)?;
    target.place(width, height, out, |rows| put(&planes, components, is_chroma, dtype, width, rows))
}

/// Whether the second and third component are chroma to be made colours: where the file says so, or where they have
/// fewer samples.
fn has_chroma(info: &Info) -> Result<bool> {
    let components = info.delivered();
    let every = components.first().map(|c| c.every);
    let is_thin = |c: &Component| Some(c.every) != every;
    if !components.iter().any(is_thin) {
        return Ok(info.space == Space::YCbCr && components.len() == 3);
    }
    match components {
        [_, blue, red] if blue.every == red.every => Ok(true),
        _ => Err(Error::unsupported("JPEG 2000 with components of different sizes")),
    }
}

/// The dtype of the samples.
fn dtype(components: &[Component]) -> Result<DType> {
    let bits = components.iter().map(|c| c.bits).max().unwrap_or(0);
    let signed = components.iter().any(|c| c.is_signed);
    match (bits, signed) {
        (..=8, false) => Ok(DType::U8),
        (..=8, true) => Ok(DType::I8),
        (..=16, false) => Ok(DType::U16),
        (..=16, true) => Ok(DType::I16),
        (..=32, true) => Ok(DType::I32),
        (..=32, false) => Ok(DType::U32),
        _ => Err(Error::unsupported(format!("JPEG 2000 samples of {bits} bits"))),
    }
}

/// Interleaves the components in rows of `width` pixels.
fn put(
    planes: &Planes,
    components: &[Component],
    is_chroma: bool,
    dtype: DType,
    width: usize,
    rows: &mut [u8],
) -> Result<()> {
    let changed = || Error::corrupt("the decoded components are not those that the header says");
    let count = components.len();
    let height = rows.len() / (width * count * dtype.size()).max(1);
    let found: Vec<Plane> = (0..planes.len()).filter_map(|i| planes.get(i)).collect();
    let fits = |(i, plane): (usize, &Plane)| (is_chroma && i > 0) || (plane.width, plane.height) == (width, height);
    if found.len() != count || !found.iter().enumerate().all(fits) {
        return Err(changed());
    }
    if let ([luma, blue, red], true) = (found.as_slice(), is_chroma) {
        if dtype != DType::U8 {
            return Err(Error::unsupported("JPEG 2000 with chroma of more than 8 bits"));
        }
        for (y, row) in rows.chunks_exact_mut(3 * width).enumerate() {
            colors(luma, [blue, red], y, row);
        }
        return Ok(());
    }
    match dtype.size() {
        1 => interleave::<1>(&found, rows, |n| [n as u8]),
        2 => interleave::<2>(&found, rows, |n| (n as u16).to_ne_bytes()),
        _ => interleave::<4>(&found, rows, i32::to_ne_bytes),
    }
    Ok(())
}

fn interleave<const N: usize>(planes: &[Plane], rows: &mut [u8], sample: impl Fn(i32) -> [u8; N]) {
    let (places, _) = rows.as_chunks_mut::<N>();
    for (i, plane) in planes.iter().enumerate() {
        for (to, &n) in places.iter_mut().skip(i).step_by(planes.len()).zip(plane.samples) {
            *to = sample(n);
        }
    }
}

/// A row of colours; each sample of chroma serves its pixels.
fn colors(luma: &Plane, chroma: [&Plane; 2], y: usize, row: &mut [u8]) {
    for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let [blue, red] = chroma.map(|plane| {
            let middle = if plane.is_signed { 0 } else { 128 };
            f64::from(plane.under(luma, x, y) - middle)
        });
        let made = jpeg2000::colors(f64::from(luma.under(luma, x, y)), blue, red);
        *pixel = made.map(|c| (c + 0.5).clamp(0.0, 255.0) as u8);
    }
}
