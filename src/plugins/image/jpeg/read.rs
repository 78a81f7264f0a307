//! Reading: properties from the segments, pixels by the codec into the destination.

use super::pixels::Job;
use super::segments::{Frame, Header, Kind};
use super::{meta, multi, wait};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, Index, Props};
use crate::plugin::{Call, Count, Outcome, Reader};
use crate::plugins::image::exif;
use crate::resource::Source;
use jpeg::Scale;

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
        let job = Job { data, frame, limits: *call.limits(), threads: call.threads(), partial, too_short, scale };
        let long = frame.is_progressive() || frame.pixels() > QUICK;
        if let Some(area) = to.area().filter(|_| !partial)
            && let Some(crop) = job.crop(area)?
        {
            return wait::work(call, crop.height.into(), long, |steps| job.run_part(crop, to, steps));
        }
        if job.run_beside(call, to)? {
            return Ok(Outcome::Complete);
        }
        wait::work(call, frame.height.into(), long, |steps| job.run(to, steps))
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
