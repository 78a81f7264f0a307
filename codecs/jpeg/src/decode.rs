//! From JPEG bytes to rows of samples.

use crate::error::{Error, ErrorKind, Result};
use crate::raw::{Job, Opening, Raw, RawHeader, memory_bound};
use crate::rows::{Plan, Rows};
use crate::{Colorspace, Density, PixelFormat, Subsampling, span};

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
    pub(crate) fn divisor(self) -> u32 {
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
    raw: Raw,
    data: &'a [u8],
    header: Header,
    pub(crate) opening: RawHeader,
    has_tables: bool,
    crop: Option<Crop>,
    /// Of bytes beside the output; 0 is none.
    max_memory: usize,
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
        let mut raw = Raw::new()?;
        if let Some(tables) = tables
            && let Opening::Image(_) = raw.read_header(tables)?
        {
            return Err(Error::new(ErrorKind::Corrupt, "the stream of JPEG tables holds an image"));
        }
        // Warnings are left to the decoding, which meets them again.
        let Opening::Image(opening) = raw.read_header(data)? else {
            // A stream of tables alone is no error to libjpeg, nor is one that ends before the frame header.
            let text = if raw.warned() { raw.text() } else { "JPEG datastream contains no image".into() };
            return Err(Error::from_libjpeg(&text));
        };
        let header = Header::new(&opening)?;
        Ok(Decoder { raw, data, header, opening, has_tables: tables.is_some(), crop: None, max_memory: 0 })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// All bytes, if they are enough by themselves.
    pub(crate) fn alone(&self) -> Option<&'a [u8]> {
        if self.has_tables { None } else { Some(self.data) }
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
        let blocks = self.opening.block_size();
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
    pub fn set_memory_limit(&mut self, bytes: u64) {
        self.max_memory = memory_bound(bytes);
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
        let height = self.check_room(out.len(), pitch, format, scale)?;
        self.header.check_width::<u8>()?;
        let mut rows = self.rows(format, scale, tolerance)?;
        rows.read_u8(out, pitch, height)?;
        rows.finish()
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
        let height = self.check_room(out.len(), pitch, format, scale)?;
        self.header.check_width::<u16>()?;
        let mut rows = self.rows(format, scale, tolerance)?;
        rows.read_u16(out, pitch, height)?;
        rows.finish()
    }

    /// Begins to decode rows, which are then read in their order. They are in the formats that
    /// [`Decoder::decode_u8`] tells of.
    pub fn rows(&mut self, format: PixelFormat, scale: Scale, tolerance: Tolerance) -> Result<Rows<'_>> {
        let whole = self.output_size(scale);
        let crop = self.crop.unwrap_or(Crop { x: 0, y: 0, width: whole.0, height: whole.1 });
        let job = Job {
            crop_x: crop.x,
            crop_width: if crop.width == whole.0 { 0 } else { crop.width },
            max_memory: self.max_memory,
            ..Job::new(format, scale, tolerance == Tolerance::Strict)
        };
        let behind = crop.y.checked_add(crop.height).and_then(|bottom| whole.1.checked_sub(bottom));
        let plan = Plan {
            header: self.header,
            size: (crop.width, crop.height),
            format,
            tolerance,
            before: crop.y,
            behind: behind.ok_or_else(|| Error::argument("a part below the image"))?,
            is_end: true,
        };
        // The bytes are borrowed for as long as `self`, which the rows borrow.
        Rows::start(&mut self.raw, self.data, &job, plan, |_| true)
    }

    /// The height of what is decoded, if there is room for it.
    fn check_room(&self, room: usize, pitch: usize, format: PixelFormat, scale: Scale) -> Result<u32> {
        let (width, height) = match self.crop {
            Some(crop) => (crop.width, crop.height),
            None => self.output_size(scale),
        };
        check_room(room, (width, height), pitch, format)?;
        Ok(height)
    }
}

/// Refuses room for fewer samples than an image has.
pub(crate) fn check_room(room: usize, (width, height): (u32, u32), pitch: usize, format: PixelFormat) -> Result<()> {
    let needed = span(width, height, pitch, format)
        .ok_or_else(|| Error::argument(format!("a pitch of {pitch} samples does not fit rows of {width} pixels")))?;
    match room < needed {
        true => Err(Error::argument(format!("the image needs {needed} samples, the slice holds {room}"))),
        false => Ok(()),
    }
}

impl Header {
    fn new(raw: &RawHeader) -> Result<Header> {
        let unsupported = |text: &str| Error::new(ErrorKind::Unsupported, text);
        let colorspace = Colorspace::from_libjpeg(raw.color)
            .filter(|space| i32::from(space.components()) == raw.components)
            .ok_or_else(|| unsupported("unknown colour model of JPEG components"))?;
        if raw.width == 0 || raw.height == 0 {
            return Err(Error::new(ErrorKind::Corrupt, "a JPEG image without pixels"));
        }
        let precision = u8::try_from(raw.precision).ok().filter(|bits| (2..=16).contains(bits));
        let [x, y, unit] = raw.density;
        Ok(Header {
            width: raw.width,
            height: raw.height,
            components: colorspace.components(),
            precision: precision.ok_or_else(|| unsupported("unsupported JPEG data precision"))?,
            colorspace,
            subsampling: Subsampling::of_factors(colorspace, &raw.h, &raw.v),
            progressive: raw.progressive != 0,
            lossless: raw.lossless != 0,
            arithmetic: raw.arithmetic != 0,
            density: Density {
                x: u16::try_from(x).unwrap_or(1),
                y: u16::try_from(y).unwrap_or(1),
                unit: u8::try_from(unit).unwrap_or(0),
            },
        })
    }

    /// Refuses samples of another size than those that come of this precision.
    pub(crate) fn check_width<S>(&self) -> Result<()> {
        let bits = 8 * size_of::<S>();
        if (self.precision > 8) == (bits > 8) {
            return Ok(());
        }
        Err(Error::argument(format!("samples of {} bits do not decode to {bits}-bit ones", self.precision)))
    }
}
