//! From rows of samples to JPEG bytes.

use std::ffi::c_int;
use std::ptr;

use crate::error::{Error, ErrorKind, Result};
use crate::handle::{Handle, c_size};
use crate::{Colorspace, Density, MAX_SIDE, PixelFormat, Subsampling, span, sys};

/// An APP2 segment holds 65535 bytes with its own length, 12 for a name and 2 that number the segments from 1 to 255.
const MAX_ICC: usize = 255 * (65535 - 2 - 12 - 2);

/// Rows of samples that begin `pitch` samples apart: at least `(height - 1) * pitch + width * channels` of them.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a, S> {
    pub samples: &'a [S],
    pub pitch: usize,
    pub width: u32,
    pub height: u32,
    pub format: PixelFormat,
}

impl<'a, S> Source<'a, S> {
    /// The samples of the image without those between rows.
    fn rows(&self) -> impl Iterator<Item = &'a [S]> {
        let row = (self.width as usize).saturating_mul(self.format.channels());
        let rows = self.samples.chunks(self.pitch.max(1)).take(self.height as usize);
        rows.map(move |samples| &samples[..row.min(samples.len())])
    }
}

/// Where a decoder may take up again after damage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    #[default]
    None,
    /// After so many rows of blocks.
    Rows(u16),
    /// After so many blocks (MCUs).
    Blocks(u16),
}

/// Lossless coding. The colour model, the subsampling and the quality have no part in it: samples are kept as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lossless {
    /// 1 to 7. 1 predicts a sample from its left neighbour.
    pub predictor: u8,
    /// Low bits to drop. 0 drops none.
    pub point_transform: u8,
}

/// How to encode. Begin with [`EncodeOptions::new`].
#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions<'a> {
    /// 1 to 100, on libjpeg's scale.
    pub quality: u8,
    /// Gray pixels are stored without chrominance whatever stands here, and coloured ones when it is `Gray`. It holds
    /// for every colour model: give `S444` for CMYK if all inks should keep their resolution, as Pillow does.
    pub subsampling: Subsampling,
    /// The stored colour model. `None` is gray for gray, YCbCr for RGB and CMYK for CMYK.
    pub colorspace: Option<Colorspace>,
    pub progressive: bool,
    /// Fits the Huffman tables to the image. Progressive and 12-bit images have that always.
    pub optimize: bool,
    pub arithmetic: bool,
    pub restart: Restart,
    pub lossless: Option<Lossless>,
    /// Written to the JFIF segment, which gray and YCbCr images have.
    pub density: Density,
    pub icc: Option<&'a [u8]>,
}

impl EncodeOptions<'_> {
    /// Baseline, with nothing else asked for.
    pub fn new(quality: u8, subsampling: Subsampling) -> Self {
        EncodeOptions {
            quality,
            subsampling,
            colorspace: None,
            progressive: false,
            optimize: false,
            arithmetic: false,
            restart: Restart::None,
            lossless: None,
            density: Density::default(),
            icc: None,
        }
    }
}

/// Encodes samples of 8 bits.
pub fn encode_u8(source: &Source<'_, u8>, options: &EncodeOptions<'_>) -> Result<Vec<u8>> {
    encode(source, 8, options, |handle, samples, [width, pitch, height, format], jpeg, size| {
        // SAFETY: `encode` promises an instance, samples for all rows, and places for the answer.
        unsafe { sys::tj3Compress8(handle, samples, width, pitch, height, format, jpeg, size) }
    })
}

/// Encodes samples of `precision` bits, which lie in the low bits: 12, and 9 to 16 if the options say lossless.
pub fn encode_u16(source: &Source<'_, u16>, precision: u8, options: &EncodeOptions<'_>) -> Result<Vec<u8>> {
    match (precision, options.lossless) {
        (12, None) | (9..=16, Some(_)) => {}
        (_, None) => {
            return Err(Error::argument(format!("lossy JPEG has 8 or 12 bits a sample, not {precision}")));
        }
        (_, Some(_)) => {
            return Err(Error::argument(format!("{precision} bits a sample are not 9 to 16")));
        }
    }
    let largest = u16::MAX >> (16 - u32::from(precision));
    // The codec looks samples up in tables of `precision` bits.
    if let Some(sample) = source.rows().flatten().find(|sample| **sample > largest) {
        return Err(Error::argument(format!("sample {sample} has more than {precision} bits")));
    }
    if precision <= 12 {
        encode(source, precision, options, |handle, samples, [width, pitch, height, format], jpeg, size| {
            // SAFETY: `encode` promises an instance, samples for all rows, and places for the answer. C's sample type
            // here is `short`; the check above keeps samples positive in it.
            unsafe { sys::tj3Compress12(handle, samples.cast(), width, pitch, height, format, jpeg, size) }
        })
    } else {
        encode(source, precision, options, |handle, samples, [width, pitch, height, format], jpeg, size| {
            // SAFETY: `encode` promises an instance, samples for all rows, and places for the answer.
            unsafe { sys::tj3Compress16(handle, samples, width, pitch, height, format, jpeg, size) }
        })
    }
}

/// Checks the source, runs `call` and takes over what it made.
fn encode<S>(
    source: &Source<'_, S>,
    precision: u8,
    options: &EncodeOptions<'_>,
    call: impl FnOnce(sys::tjhandle, *const S, [c_int; 4], *mut *mut u8, *mut sys::size_t) -> c_int,
) -> Result<Vec<u8>> {
    let numbers = check(source)?;
    let mut handle = Handle::compressor()?;
    configure(&mut handle, source.format, precision, options)?;
    let mut made = Made { jpeg: ptr::null_mut(), size: 0 };
    let status = call(handle.raw(), source.samples.as_ptr(), numbers, &mut made.jpeg, &mut made.size);
    handle.check(status)?;
    made.to_vec()
}

/// Width, pitch, height and format for C, once the samples are known to be as many as these say.
fn check<S>(source: &Source<'_, S>) -> Result<[c_int; 4]> {
    let Source { samples, pitch, width, height, format } = *source;
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(Error::argument(format!("JPEG has sides of 1 to {MAX_SIDE} pixels, not {width} x {height}")));
    }
    let needed = span(width, height, pitch, format)
        .ok_or_else(|| Error::argument(format!("a pitch of {pitch} samples does not fit rows of {width} pixels")))?;
    if samples.len() < needed {
        return Err(Error::argument(format!("the image has {needed} samples, the slice holds {}", samples.len())));
    }
    let pitch = c_int::try_from(pitch)
        .map_err(|_| Error::argument(format!("a pitch of {pitch} samples is too long for the JPEG codec")))?;
    Ok([width as c_int, pitch, height as c_int, format.code()])
}

fn configure(handle: &mut Handle, format: PixelFormat, precision: u8, options: &EncodeOptions<'_>) -> Result<()> {
    let subsampling = if format == PixelFormat::Gray { Subsampling::Gray } else { options.subsampling };
    handle.set(sys::TJPARAM_TJPARAM_PRECISION, precision.into())?;
    handle.set(sys::TJPARAM_TJPARAM_SUBSAMP, subsampling.code())?;
    if let Some(Lossless { predictor, point_transform }) = options.lossless {
        handle.set(sys::TJPARAM_TJPARAM_LOSSLESS, 1)?;
        handle.set(sys::TJPARAM_TJPARAM_LOSSLESSPSV, predictor.into())?;
        handle.set(sys::TJPARAM_TJPARAM_LOSSLESSPT, point_transform.into())?;
    } else {
        let colorspace = stored_as(format, subsampling, options.colorspace)?;
        handle.set(sys::TJPARAM_TJPARAM_COLORSPACE, colorspace.code())?;
        handle.set(sys::TJPARAM_TJPARAM_QUALITY, options.quality.into())?;
        handle.set(sys::TJPARAM_TJPARAM_PROGRESSIVE, options.progressive.into())?;
        handle.set(sys::TJPARAM_TJPARAM_OPTIMIZE, options.optimize.into())?;
        handle.set(sys::TJPARAM_TJPARAM_ARITHMETIC, options.arithmetic.into())?;
    }
    match options.restart {
        Restart::None => {}
        Restart::Rows(rows) => handle.set(sys::TJPARAM_TJPARAM_RESTARTROWS, rows.into())?,
        Restart::Blocks(blocks) => handle.set(sys::TJPARAM_TJPARAM_RESTARTBLOCKS, blocks.into())?,
    }
    handle.set(sys::TJPARAM_TJPARAM_XDENSITY, options.density.x.into())?;
    handle.set(sys::TJPARAM_TJPARAM_YDENSITY, options.density.y.into())?;
    handle.set(sys::TJPARAM_TJPARAM_DENSITYUNITS, options.density.unit.into())?;
    options.icc.map_or(Ok(()), |icc| set_icc(handle, icc))
}

/// The colour model to store, refused here when C has no way to it: with one component its settings for the others
/// would be lost in silence.
fn stored_as(format: PixelFormat, subsampling: Subsampling, wanted: Option<Colorspace>) -> Result<Colorspace> {
    let gray = subsampling == Subsampling::Gray;
    let natural = match format {
        PixelFormat::Gray => Colorspace::Gray,
        PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Rgba if gray => Colorspace::Gray,
        PixelFormat::Rgb | PixelFormat::Bgr | PixelFormat::Rgba => Colorspace::YCbCr,
        PixelFormat::Cmyk => Colorspace::Cmyk,
        PixelFormat::Pairs => Colorspace::Pairs,
    };
    let stored = wanted.unwrap_or(natural);
    let possible = match format {
        PixelFormat::Gray => stored == Colorspace::Gray,
        PixelFormat::Pairs => false,
        PixelFormat::Cmyk => matches!(stored, Colorspace::Cmyk | Colorspace::Ycck) && !gray,
        _ => (stored == Colorspace::Gray) == gray && stored.components() < 4 && stored != Colorspace::Pairs,
    };
    if possible {
        Ok(stored)
    } else {
        Err(Error::argument(format!("{format:?} pixels with {subsampling:?} sampling are not stored as {stored:?}")))
    }
}

fn set_icc(handle: &mut Handle, icc: &[u8]) -> Result<()> {
    if icc.len() > MAX_ICC {
        return Err(Error::argument(format!("an ICC profile of {} bytes exceeds JPEG's {MAX_ICC}", icc.len())));
    }
    let size = c_size(icc.len())?;
    // SAFETY: the slice promises `size` readable bytes; tj3SetICCProfile copies them and, for all that its parameter is
    // not const, writes nothing.
    let status = unsafe { sys::tj3SetICCProfile(handle.raw(), icc.as_ptr().cast_mut(), size) };
    handle.check(status)
}

/// The buffer that C allocates for its answer, also when it then fails.
struct Made {
    jpeg: *mut u8,
    size: sys::size_t,
}

impl Made {
    fn to_vec(&self) -> Result<Vec<u8>> {
        let out_of_memory = |_| Error::new(ErrorKind::OutOfMemory, "no memory for the JPEG data");
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(out_of_memory)?;
        if !self.jpeg.is_null() {
            // SAFETY: tj3Compress8, 12 and 16 promise `size` bytes at `jpeg` on success, and `drop` has not run.
            bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(self.jpeg, size) });
        }
        Ok(bytes)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: `jpeg` is NULL, which tj3Free ignores, or what TurboJPEG allocated and left to us.
        unsafe { sys::tj3Free(self.jpeg.cast()) };
    }
}
