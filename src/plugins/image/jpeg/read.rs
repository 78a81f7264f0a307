//! Reading: properties from the segments, pixels by the codec straight into the destination.

use super::segments::{Frame, Header, Kind};
use super::{codec_error, meta, multi, wait};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Area, Color, DType, Destination, Dict, Index, Limits, Props, byte_len};
use crate::plugin::{Call, Count, Outcome, Reader, put_rows};
use crate::plugins::image::exif;
use crate::resource::Source;
use jpeg::{Crop, Decoder, PixelFormat, Scale, Tolerance};

/// Images of up to so many pixels are coded within a beat of progress, unless they are read from progressive data,
/// which may have any number of passes.
pub const QUICK: u64 = 1 << 18;

/// Opens a JPEG or MPO file.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let first = Header::read(&source, 0)?;
    let starts = multi::starts(&source, &first)?;
    let mut headers: Vec<Option<Header>> = starts.iter().map(|_| None).collect();
    if let Some(header) = headers.first_mut() {
        *header = Some(first);
    }
    Ok(Box::new(JpegReader { source, starts, headers }))
}

struct JpegReader {
    source: Source,
    /// Where the images begin; one, but for MPO.
    starts: Vec<u64>,
    /// Those of the images that were asked for.
    headers: Vec<Option<Header>>,
}

impl JpegReader {
    /// The number of an image, and where it begins.
    fn find(&self, index: Index) -> Result<(usize, u64)> {
        let i = match index {
            Index::Default | Index::All => 0,
            Index::At(i) => i,
        };
        let images = self.starts.len();
        let start = self.starts.get(i).ok_or_else(|| Error::index(format!("image {i} of a file with {images}")))?;
        Ok((i, *start))
    }

    fn header(&mut self, index: Index) -> Result<(&Source, &Header)> {
        let (i, start) = self.find(index)?;
        let slot = self.headers.get_mut(i).ok_or_else(|| Error::internal("an image without a header"))?;
        let header = match slot.take() {
            Some(header) => header,
            None => Header::read(&self.source, start)?,
        };
        Ok((&self.source, slot.insert(header)))
    }
}

impl Reader for JpegReader {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(self.starts.len()))
    }

    fn reduction(&mut self, index: Index, call: &Call) -> Result<usize> {
        reduction(&self.header(index)?.1.frame, call)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        let (_, start) = self.find(index)?;
        let (source, header) = self.header(index)?;
        check_size(&header.frame, source.len().map(|n| n.saturating_sub(start)), call)?;
        let mut props = layout(&header.frame, reduction(&header.frame, call)?);
        props.orientation = orientation(source, header)?;
        Ok(props)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (_, start) = self.find(index)?;
        let (source, header) = self.header(index)?;
        let frame = header.frame;
        let all = source.all(call.limits())?;
        let data = usize::try_from(start).ok().and_then(|start| all.get(start..)).unwrap_or(&[]);
        check_size(&frame, Some(data.len() as u64), call)?;
        let too_short = (data.len() as u64) < frame.least_bytes();
        let scale = match reduction(&frame, call)? {
            2 => Scale::Half,
            4 => Scale::Quarter,
            8 => Scale::Eighth,
            _ => Scale::Full,
        };
        let partial = call.bool("allow_partial");
        let job = Job { data, frame, limits: *call.limits(), partial, too_short, scale, crop: None };
        let long = frame.is_progressive() || frame.pixels() > QUICK;
        if let Some(area) = to.area().filter(|_| !partial)
            && let Some(crop) = job.crop(area)?
        {
            return Job { crop: Some(crop), ..job }.read_part(crop, call, long, to);
        }
        if let Some(out) = to.direct(&[]) {
            return wait::work(call, frame.height.into(), long, || job.run(out));
        }
        let mut whole = call.limits().allocate(byte_len(to.shape(), to.dtype())?)?;
        let outcome = wait::work(call, frame.height.into(), long, || job.run(&mut whole))?;
        put_rows(call.threads(), to, 0, to.shape().first().copied().unwrap_or(0), &whole)?;
        Ok(outcome)
    }

    fn meta(&mut self, index: Index, _call: &Call) -> Result<Dict> {
        let alone = self.starts.len() == 1;
        let (source, header) = self.header(index)?;
        meta::read(source, header, alone)
    }
}

/// By how much the codec makes an image smaller.
fn reduction(frame: &Frame, call: &Call) -> Result<usize> {
    if frame.is_lossless() { Ok(1) } else { call.reduce() }
}

/// What a read gives of an image that the codec makes smaller.
fn layout(frame: &Frame, by: usize) -> Props {
    let dtype = if frame.bits > 8 { DType::U16 } else { DType::U8 };
    let side = |n: u16| usize::from(n).div_ceil(by);
    let mut props = Props::pixels(side(frame.width), side(frame.height), dtype, color(frame));
    props.bits = frame.bits.into();
    props
}

fn color(frame: &Frame) -> Color {
    match frame.components {
        1 => Color::Gray,
        4 => Color::Cmyk,
        _ => Color::Rgb,
    }
}

/// Refuses an image that the bytes cannot hold, before memory is had for it. A read that takes part of one may take
/// any part.
fn check_size(frame: &Frame, bytes: Option<u64>, call: &Call) -> Result<()> {
    let least = frame.least_bytes();
    match bytes.filter(|&n| n < least && !call.bool("allow_partial")) {
        Some(n) => {
            let (width, height) = (frame.width, frame.height);
            Err(Error::corrupt(format!("{n} bytes cannot hold {width} x {height} pixels, which take {least} or more")))
        }
        None => Ok(()),
    }
}

/// The orientation that EXIF gives, else XMP; 0: neither.
fn orientation(source: &Source, header: &Header) -> Result<u32> {
    let found = match meta::exif(source, header)? {
        Some(block) => exif::orientation(&block),
        None => 0,
    };
    match header.first(Kind::Xmp) {
        Some(xmp) if found == 0 => Ok(exif::orientation_in_xmp(&xmp.bytes(source)?)),
        _ => Ok(found),
    }
}

/// The decoding of an image, which any thread may do.
struct Job<'a> {
    data: &'a [u8],
    frame: Frame,
    limits: Limits,
    partial: bool,
    /// The bytes cannot hold the image, whatever the codec makes of them.
    too_short: bool,
    scale: Scale,
    /// The part that is decoded, if that is not all.
    crop: Option<Crop>,
}

impl Job<'_> {
    /// Fills `out`. As Pillow does, it passes over damage that the codec can pass over, but not over missing data.
    fn run(&self, out: &mut [u8]) -> Result<Outcome> {
        match self.decode(out, Tolerance::Corrupt) {
            Ok(()) if self.too_short => {
                self.blank_missing(out);
                Ok(Outcome::Partial)
            }
            Ok(()) => Ok(Outcome::Complete),
            Err(e) if self.partial && e.kind() == ErrorKind::Corrupt => {
                // Inks are turned round after decoding: what the codec does not reach shall be zero then.
                out.fill(if self.frame.components == 4 { 0xFF } else { 0 });
                self.decode(out, Tolerance::Partial)?;
                self.blank_missing(out);
                Ok(Outcome::Partial)
            }
            Err(e) => Err(e),
        }
    }

    /// The part that the codec can decode by itself of the scaled image, if it holds this area.
    fn crop(&self, area: Area) -> Result<Option<Crop>> {
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let part = Crop { x: side(area.x), y: side(area.y), width: side(area.width), height: side(area.height) };
        Ok(Decoder::new(self.data).map_err(codec_error)?.crop(self.scale, part))
    }

    /// Reads a part of the image, which alone has room.
    fn read_part(&self, crop: Crop, call: &Call, long: bool, to: &mut Destination) -> Result<Outcome> {
        let pixel = self.format().0.channels() * if self.frame.bits > 8 { 2 } else { 1 };
        let (width, height) = (crop.width as usize, crop.height as usize);
        let bytes = width.checked_mul(pixel).and_then(|row| row.checked_mul(height));
        let mut part = call.limits().allocate(bytes.ok_or_else(|| Error::limit("a region too large to address"))?)?;
        let outcome = wait::work(call, height as u64, long, || self.run(&mut part))?;
        let columns = to.shape().get(1).copied().unwrap_or(0);
        let mut whole = call.limits().allocate(columns.saturating_mul(pixel))?;
        for (y, row) in part.chunks_exact((width * pixel).max(1)).enumerate() {
            let at = crop.x as usize * pixel;
            whole
                .get_mut(at..at + row.len())
                .ok_or_else(|| Error::internal("a part beside the image"))?
                .copy_from_slice(row);
            to.put(&[crop.y as usize + y], &whole)?;
        }
        Ok(outcome)
    }

    fn decode(&self, out: &mut [u8], tolerance: Tolerance) -> Result<()> {
        let mut decoder = Decoder::new(self.data).map_err(codec_error)?;
        self.check_header(decoder.header())?;
        if let Some(crop) = self.crop {
            decoder.crop_to(crop);
        }
        if let Some(most) = self.limits.max_bytes {
            decoder.set_memory_limit(most).map_err(codec_error)?;
        }
        if self.frame.bits <= 8 {
            let (format, pitch) = self.format();
            decoder.decode_u8(out, pitch, format, self.scale, tolerance).map_err(codec_error)?;
            if format == PixelFormat::Cmyk {
                let most = self.largest() as u8;
                out.iter_mut().for_each(|ink| *ink = most.saturating_sub(*ink));
            }
            return Ok(());
        }
        if let Some(samples) = jpeg::as_samples(out) {
            return self.decode_deep(&mut decoder, samples, tolerance);
        }
        let mut samples = self.aligned(out)?;
        self.decode_deep(&mut decoder, &mut samples, tolerance)?;
        out.chunks_exact_mut(2).zip(&samples).for_each(|(b, s)| b.copy_from_slice(&s.to_ne_bytes()));
        Ok(())
    }

    fn decode_deep(&self, decoder: &mut Decoder, out: &mut [u16], tolerance: Tolerance) -> Result<()> {
        let (format, pitch) = self.format();
        decoder.decode_u16(out, pitch, format, self.scale, tolerance).map_err(codec_error)?;
        if format == PixelFormat::Cmyk {
            let most = self.largest();
            out.iter_mut().for_each(|ink| *ink = most.saturating_sub(*ink));
        }
        Ok(())
    }

    /// The samples in `out`, whose memory begins at an odd address.
    fn aligned(&self, out: &[u8]) -> Result<Vec<u16>> {
        self.limits.check_bytes(out.len())?;
        let mut samples = Vec::new();
        samples.try_reserve_exact(out.len() / 2).map_err(|_| Error::out_of_memory(out.len()))?;
        samples.extend(out.chunks_exact(2).map(|b| b.iter().fold(0, |n, &b| n << 8 | u16::from(b))));
        Ok(samples)
    }

    /// The order of samples, and how many a row has.
    fn format(&self) -> (PixelFormat, usize) {
        let format = match self.frame.components {
            1 => PixelFormat::Gray,
            4 => PixelFormat::Cmyk,
            _ => PixelFormat::Rgb,
        };
        let by = match self.scale {
            Scale::Full => 1,
            Scale::Half => 2,
            Scale::Quarter => 4,
            Scale::Eighth => 8,
        };
        let width = self.crop.map_or(usize::from(self.frame.width).div_ceil(by), |crop| crop.width as usize);
        (format, width * format.channels())
    }

    fn largest(&self) -> u16 {
        u16::MAX >> 16u32.saturating_sub(self.frame.bits.into())
    }

    /// Refuses a file in which the codec finds another image than the walk of the segments did.
    fn check_header(&self, found: &jpeg::Header) -> Result<()> {
        let frame = &self.frame;
        let same = found.width == u32::from(frame.width)
            && found.height == u32::from(frame.height)
            && found.components == frame.components
            && found.precision == frame.bits;
        if same { Ok(()) } else { Err(Error::corrupt("the file tells two sizes of its image")) }
    }

    /// Zeroes the rows at the end for which there were no data: libjpeg leaves them at middle gray.
    fn blank_missing(&self, out: &mut [u8]) {
        let (format, samples) = self.format();
        let size = if self.frame.bits > 8 { 2 } else { 1 };
        let middle = self.largest() / 2;
        let is_middle = |bytes: &[u8]| match *bytes {
            [n] => (middle..=middle + 1).contains(&n.into()),
            [a, b] => (middle..=middle + 1).contains(&u16::from_ne_bytes([a, b])),
            _ => false,
        };
        let pixel: Vec<u8> = out.rchunks_exact(format.channels() * size).next().unwrap_or(&[]).to_vec();
        if self.frame.is_lossless() || pixel.is_empty() || !pixel.chunks_exact(size).all(is_middle) {
            return;
        }
        for row in out.rchunks_exact_mut(samples * size) {
            if row.chunks_exact(pixel.len()).any(|p| p != pixel) {
                return;
            }
            row.fill(0);
        }
    }
}
