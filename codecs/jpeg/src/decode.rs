//! From JPEG bytes to rows of samples.

use std::ffi::c_int;

use crate::error::{self, Error, ErrorKind, Result};
use crate::handle::{Handle, c_size};
use crate::{Colorspace, Density, PixelFormat, Subsampling, span, sys};

/// A progressive file may hold any number of scans, each a pass over the whole image, in a few bytes a scan. Encoders
/// write about ten; 500 is the figure of libjpeg-turbo's own tools.
const MAX_SCANS: c_int = 500;

/// What the file says of its image before the first scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub width: u32,
    pub height: u32,
    /// 1, 3 or 4.
    pub components: u8,
    /// Bits a sample: 8 or 12, and 2 to 16 when lossless.
    pub precision: u8,
    pub colorspace: Colorspace,
    /// `None` for sampling factors that have no name. Such files decode all the same.
    pub subsampling: Option<Subsampling>,
    pub progressive: bool,
    pub lossless: bool,
    pub arithmetic: bool,
    pub density: Density,
}

/// The part of the full size to decode to. Sides are rounded up. Lossless data do not scale: see
/// [`Decoder::output_size`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    #[default]
    Full,
    Half,
    Quarter,
    Eighth,
}

impl Scale {
    fn divisor(self) -> u32 {
        match self {
            Scale::Full => 1,
            Scale::Half => 2,
            Scale::Quarter => 4,
            Scale::Eighth => 8,
        }
    }
}

/// Which damage is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// All of it, at the first sign.
    Strict,
    /// What stops libjpeg before the last row, and data that end too early. This is what Pillow does.
    Corrupt,
    /// None behind the header. Samples that the data do not give are gray, as an earlier scan had them, or, when libjpeg
    /// stops, as they were in the slice; these may be all of them.
    Partial,
}

/// How much of the image was really in the data. The texts are libjpeg's words for the first damage met, or for the one
/// that stopped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    /// Some of the data made no sense.
    Corrupt(String),
    /// The data end before the image does.
    Truncated(String),
}

/// Reads one image from bytes that stay borrowed.
pub struct Decoder<'a> {
    handle: Handle,
    data: &'a [u8],
    header: Header,
    crop: Option<Crop>,
}

/// A part of the scaled image. What it was asked to hold lies somewhere inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl<'a> Decoder<'a> {
    /// Reads the header; no pixel is decoded and nothing behind the first scan's header is looked at.
    ///
    /// `data` begins with the image's SOI marker. Bytes behind its end are ignored.
    pub fn new(data: &'a [u8]) -> Result<Decoder<'a>> {
        Decoder::open(None, data)
    }

    /// As [`Decoder::new`], for an image that leaves its tables to another stream, as TIFF's `JPEGTables` tag has it.
    pub fn with_tables(tables: &[u8], data: &'a [u8]) -> Result<Decoder<'a>> {
        Decoder::open(Some(tables), data)
    }

    fn open(tables: Option<&[u8]>, data: &'a [u8]) -> Result<Decoder<'a>> {
        let mut handle = Handle::decompressor()?;
        handle.set(sys::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS)?;
        // Else each header read would copy the ICC profile, which the caller reads from its own walk of the segments.
        handle.set(sys::TJPARAM_TJPARAM_SAVEMARKERS, 0)?;
        if let Some(tables) = tables {
            parse(&mut handle, tables)?;
            if handle.get(sys::TJPARAM_TJPARAM_JPEGWIDTH) >= 0 {
                return Err(Error::new(ErrorKind::Corrupt, "the stream of JPEG tables holds an image"));
            }
        }
        parse(&mut handle, data)?;
        let header = read_header(&mut handle)?;
        Ok(Decoder { handle, data, header, crop: None })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Width and height at this scale. A lossless image has its full size at every scale.
    pub fn output_size(&self, scale: Scale) -> (u32, u32) {
        let divisor = if self.header.lossless { 1 } else { scale.divisor() };
        (self.header.width.div_ceil(divisor), self.header.height.div_ceil(divisor))
    }

    /// Has the next call decode only about these pixels of the image at this scale, with the same samples; which they
    /// really are. `None`: the data do not allow it, or the part is not inside the image.
    pub fn crop(&mut self, scale: Scale, part: Crop) -> Option<Crop> {
        let (width, height) = self.output_size(scale);
        let (right, bottom) = (part.x.checked_add(part.width)?, part.y.checked_add(part.height)?);
        let blocks = self.header.subsampling?.block_size();
        if self.header.lossless || part.width == 0 || part.height == 0 || right > width || bottom > height {
            return None;
        }
        // Columns begin with a block. The blocks beside the part count for the samples at its edges, where colours of
        // less resolution are made smooth.
        let side = (blocks.0 / scale.divisor()).max(1);
        let x = (part.x / side).saturating_sub(1) * side;
        let right = (right.div_ceil(side) + 1).saturating_mul(side).min(width);
        let y = part.y.saturating_sub(blocks.1);
        let bottom = bottom.saturating_add(blocks.1).min(height);
        self.crop = Some(Crop { x, y, width: right - x, height: bottom - y });
        self.crop
    }

    /// Has the next call decode a part that [`Decoder::crop`] gave for the same data and scale.
    pub fn crop_to(&mut self, crop: Crop) {
        self.crop = Some(crop);
    }

    /// Bounds what libjpeg may keep beside the output, rounded up to a mebibyte. Without this call there is no bound:
    /// a baseline image needs a few rows, but a progressive one two bytes for every coefficient, and a lossless one of
    /// several scans two bytes for every sample.
    pub fn set_memory_limit(&mut self, bytes: u64) -> Result<()> {
        // C multiplies back into a `long`.
        let largest = c_int::try_from(std::ffi::c_long::MAX >> 20).unwrap_or(c_int::MAX);
        let mebibytes = c_int::try_from(bytes.div_ceil(1 << 20)).unwrap_or(largest);
        self.handle.set(sys::TJPARAM_TJPARAM_MAXMEMORY, mebibytes.clamp(1, largest))
    }

    /// Decodes an image of at most 8 bits a sample into rows that begin `pitch` samples apart.
    ///
    /// `out` holds at least `(height - 1) * pitch + width * channels` samples, with the sides of [`output_size`]; what
    /// lies between rows is not touched. Gray turns into RGB and YCbCr or RGB into gray; CMYK and YCCK come as
    /// [`PixelFormat::Cmyk`] only; lossless data come in their own colour model only. Samples of less than 8 bits are
    /// not stretched. After an error, rows may have been written.
    ///
    /// [`output_size`]: Decoder::output_size
    pub fn decode_u8(
        &mut self,
        out: &mut [u8],
        pitch: usize,
        format: PixelFormat,
        scale: Scale,
        tolerance: Tolerance,
    ) -> Result<Completeness> {
        if self.header.precision > 8 {
            return Err(self.wrong_width("8"));
        }
        let job = Job { pitch, format, scale, tolerance };
        self.decode(out, job, |handle, data, size, out, pitch, format| {
            // SAFETY: `decode` promises an instance, `size` bytes at `data`, and room for all rows at `out`.
            unsafe { sys::tj3Decompress8(handle, data, size, out, pitch, format) }
        })
    }

    /// As [`Decoder::decode_u8`], for an image of 9 to 16 bits a sample. Samples lie in the low bits and are not
    /// stretched to 16.
    pub fn decode_u16(
        &mut self,
        out: &mut [u16],
        pitch: usize,
        format: PixelFormat,
        scale: Scale,
        tolerance: Tolerance,
    ) -> Result<Completeness> {
        let job = Job { pitch, format, scale, tolerance };
        match self.header.precision {
            9..=12 => self.decode(out, job, |handle, data, size, out, pitch, format| {
                // SAFETY: `decode` promises an instance, `size` bytes at `data`, and room for all rows at `out`. C's
                // sample type here is `short`, of the same size and alignment, and any bits are a `u16`.
                unsafe { sys::tj3Decompress12(handle, data, size, out.cast(), pitch, format) }
            }),
            13..=16 => self.decode(out, job, |handle, data, size, out, pitch, format| {
                // SAFETY: `decode` promises an instance, `size` bytes at `data`, and room for all rows at `out`.
                unsafe { sys::tj3Decompress16(handle, data, size, out, pitch, format) }
            }),
            _ => Err(self.wrong_width("16")),
        }
    }

    fn wrong_width(&self, bits: &str) -> Error {
        Error::argument(format!("samples of {} bits do not decode to {bits}-bit ones", self.header.precision))
    }

    /// Checks the slice against the size, runs `call` and reads what came of it.
    fn decode<S: Copy + Ord + TryFrom<u32>>(
        &mut self,
        out: &mut [S],
        job: Job,
        call: impl FnOnce(sys::tjhandle, *const u8, sys::size_t, *mut S, c_int, c_int) -> c_int,
    ) -> Result<Completeness> {
        let (width, height) = match self.crop {
            Some(crop) => (crop.width, crop.height),
            None => self.output_size(job.scale),
        };
        let needed = span(width, height, job.pitch, job.format).ok_or_else(|| {
            Error::argument(format!("a pitch of {} samples does not fit rows of {width} pixels", job.pitch))
        })?;
        if out.len() < needed {
            return Err(Error::argument(format!("the image needs {needed} samples, the slice holds {}", out.len())));
        }
        let pitch = c_int::try_from(job.pitch)
            .map_err(|_| Error::argument(format!("a pitch of {} samples is too long for the JPEG codec", job.pitch)))?;
        let size = c_size(self.data.len())?;
        self.prepare(&job)?;
        // The header cannot change between the check above and this call: `data` is borrowed for as long as `self`.
        let status = call(self.handle.raw(), self.data.as_ptr(), size, out.as_mut_ptr(), pitch, job.format.code());
        let completeness = self.outcome(status, job.tolerance)?;
        let row = width as usize * job.format.channels();
        let rows = out.chunks_mut(job.pitch).take(height as usize).map(|samples| &mut samples[..row]);
        self.keep_within_precision(rows);
        Ok(completeness)
    }

    fn prepare(&mut self, job: &Job) -> Result<()> {
        let strict = c_int::from(job.tolerance == Tolerance::Strict);
        self.handle.set(sys::TJPARAM_TJPARAM_STOPONWARNING, strict)?;
        let factor = sys::tjscalingfactor { num: 1, denom: job.scale.divisor() as c_int };
        // SAFETY: the instance is `self.handle`'s, which lives; tj3SetScalingFactor checks the factor.
        let status = unsafe { sys::tj3SetScalingFactor(self.handle.raw(), factor) };
        self.handle.check(status)?;
        let Some(Crop { x, y, width, height }) = self.crop else { return Ok(()) };
        let side = |n: u32| c_int::try_from(n).unwrap_or(c_int::MAX);
        let region = sys::tjregion { x: side(x), y: side(y), w: side(width), h: side(height) };
        // SAFETY: the instance is `self.handle`'s, which lives and has read a header; tj3SetCroppingRegion checks the
        // region against it and the factor.
        let status = unsafe { sys::tj3SetCroppingRegion(self.handle.raw(), region) };
        self.handle.check(status)
    }

    fn outcome(&mut self, status: c_int, tolerance: Tolerance) -> Result<Completeness> {
        if status == 0 {
            return Ok(Completeness::Complete);
        }
        let text = self.handle.last_text();
        let mut damage = Error::from_libjpeg(&text);
        if damage.kind == ErrorKind::Corrupt && error::is_warning(&text) && ends_in_a_scan(self.data) {
            damage.kind = ErrorKind::Truncated;
        }
        match (damage.kind, tolerance) {
            (ErrorKind::Corrupt, Tolerance::Partial) => Ok(Completeness::Corrupt(damage.message)),
            (ErrorKind::Truncated, Tolerance::Partial) => Ok(Completeness::Truncated(damage.message)),
            (ErrorKind::Corrupt, Tolerance::Corrupt) if error::is_warning(&text) => {
                Ok(Completeness::Corrupt(damage.message))
            }
            _ => Err(damage),
        }
    }

    /// Lossless data reconstruct modulo 65536, so damage gives samples that the precision does not allow and that the
    /// caller may use as an index. Lossy samples are within range by construction.
    fn keep_within_precision<'o, S>(&self, rows: impl Iterator<Item = &'o mut [S]>)
    where
        S: Copy + Ord + TryFrom<u32> + 'o,
    {
        if self.header.lossless
            && let Ok(largest) = S::try_from((1u32 << self.header.precision) - 1)
        {
            rows.flatten().for_each(|sample| *sample = (*sample).min(largest));
        }
    }
}

struct Job {
    pitch: usize,
    format: PixelFormat,
    scale: Scale,
    tolerance: Tolerance,
}

/// Reads the segments up to the first scan into the instance. Warnings are left to the decoding, which meets them again.
fn parse(handle: &mut Handle, data: &[u8]) -> Result<()> {
    let size = c_size(data.len())?;
    if size == 0 {
        return Err(Error::new(ErrorKind::Truncated, "no JPEG data"));
    }
    // SAFETY: the slice promises `size` readable bytes; C keeps a pointer to them but follows it only within a call
    // that is given a slice again.
    let status = unsafe { sys::tj3DecompressHeader(handle.raw(), data.as_ptr(), size) };
    if status == 0 {
        return Ok(());
    }
    let text = handle.last_text();
    if error::is_warning(&text) { Ok(()) } else { Err(Error::from_libjpeg(&text)) }
}

/// What `parse` found. A stream of tables alone is no error to libjpeg, nor is one that ends before the frame header:
/// the instance then knows no size.
fn read_header(handle: &mut Handle) -> Result<Header> {
    let sides = [sys::TJPARAM_TJPARAM_JPEGWIDTH, sys::TJPARAM_TJPARAM_JPEGHEIGHT].map(|side| handle.get(side));
    let [Ok(width @ 1..), Ok(height @ 1..)] = sides.map(u32::try_from) else {
        let text = if handle.warned() { handle.last_text() } else { "JPEG datastream contains no image".into() };
        return Err(Error::from_libjpeg(&text));
    };
    let colorspace = Colorspace::from_code(handle.get(sys::TJPARAM_TJPARAM_COLORSPACE))
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, "unknown colour model of JPEG components"))?;
    let precision =
        u8::try_from(handle.get(sys::TJPARAM_TJPARAM_PRECISION)).ok().filter(|bits| (2..=16).contains(bits));
    Ok(Header {
        width,
        height,
        components: colorspace.components(),
        precision: precision.ok_or_else(|| Error::new(ErrorKind::Unsupported, "unsupported JPEG data precision"))?,
        colorspace,
        subsampling: Subsampling::from_code(handle.get(sys::TJPARAM_TJPARAM_SUBSAMP)),
        progressive: handle.get(sys::TJPARAM_TJPARAM_PROGRESSIVE) == 1,
        lossless: handle.get(sys::TJPARAM_TJPARAM_LOSSLESS) == 1,
        arithmetic: handle.get(sys::TJPARAM_TJPARAM_ARITHMETIC) == 1,
        density: Density {
            x: u16::try_from(handle.get(sys::TJPARAM_TJPARAM_XDENSITY)).unwrap_or(1),
            y: u16::try_from(handle.get(sys::TJPARAM_TJPARAM_YDENSITY)).unwrap_or(1),
            unit: u8::try_from(handle.get(sys::TJPARAM_TJPARAM_DENSITYUNITS)).unwrap_or(0),
        },
    })
}

/// Whether the last marker of the data begins a scan instead of ending the image. libjpeg keeps only the first warning,
/// so this tells that data which are damaged also end too early. Within a scan 0xFF is followed by 0x00 or a restart
/// marker, hence neither marker is found there by chance.
fn ends_in_a_scan(data: &[u8]) -> bool {
    const START_OF_SCAN: [u8; 2] = [0xFF, 0xDA];
    const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
    data.windows(2).rev().find(|pair| *pair == START_OF_SCAN || *pair == END_OF_IMAGE) != Some(&END_OF_IMAGE[..])
}
