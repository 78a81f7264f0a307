//! Decoding one image into its destination.

use super::chunks::Header;
use super::fast;
use super::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Destination;
use crate::plugin::{Call, Outcome};
use crate::plugins::image::info;
use crate::resource::{Source, SourceReader};
use png::{DecodingError, InterlaceInfo};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// The file as the `png` crate is to see it: the chunks that it needs, then those with pixels. What stands
/// between was read already, and would only cost time and memory or fail where Pillow does not.
pub struct Spliced {
    opening: Vec<u8>,
    at: usize,
    rest: SourceReader,
}

impl Spliced {
    /// The file, with its still image only or with what tells the frames of an animation.
    fn new(source: &Source, header: &Header, still: bool) -> Result<Spliced> {
        let mut rest = source.reader();
        rest.seek(SeekFrom::Start(header.data_at))?;
        // The signature and IHDR.
        const STILL: usize = 33;
        let mut opening = header.opening.clone();
        if still {
            opening.truncate(STILL);
        }
        Ok(Spliced { opening, at: 0, rest })
    }
}

impl BufRead for Spliced {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.opening.get(self.at..) {
            Some(bytes) if !bytes.is_empty() => Ok(bytes),
            _ => self.rest.fill_buf(),
        }
    }

    fn consume(&mut self, n: usize) {
        let own = n.min(self.opening.len() - self.at);
        self.at += own;
        self.rest.consume(n - own);
    }
}

impl Read for Spliced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let n = bytes.len().min(buffer.len());
        buffer[..n].copy_from_slice(&bytes[..n]);
        self.consume(n);
        Ok(n)
    }
}

// The decoder asks for this and does not use it.
impl Seek for Spliced {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The `png` crate at the first pixels of a file.
pub fn decoder(source: &Source, header: &Header, still: bool, call: &Call) -> Result<png::Reader<Spliced>> {
    check_row(header, call)?;
    // The crate never gives back what it counted for a frame, so that this bounds only a chunk of text.
    let limits = png::Limits { bytes: usize::MAX };
    let mut decoder = png::Decoder::new_with_limits(Spliced::new(source, header, still)?, limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.read_info().map_err(failure)
}

/// Refuses rows that are over a limit.
fn check_row(header: &Header, call: &Call) -> Result<()> {
    let row = header.width as usize * usize::from(header.samples()) * usize::from(header.depth).div_ceil(8);
    call.limits().check_bytes(row)
}

/// What a failure of the `png` crate is.
pub fn failure(error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(e) => Error::from(e),
        DecodingError::LimitsExceeded => Error::limit("the image is too large for its decoder"),
        other => Error::corrupt(other.to_string().trim_end_matches('.').to_owned()),
    }
}

/// Decodes the first image of the file.
pub fn read(source: &Source, header: &Header, rows: &Rows, call: &Call, to: &mut Destination) -> Result<Outcome> {
    if to.shape() != &*rows.props.shape {
        return Err(Error::internal("the destination has not the shape that was promised"));
    }
    check_row(header, call)?;
    let height = to.shape().first().copied().unwrap_or(0);
    let is_part = to.wanted_rows() != (0..height);
    // Of an image of which a part is wanted, the rest need not be there.
    if !is_part && fast::read(source, header, rows, call, to)? {
        return Ok(Outcome::Complete);
    }
    let partial = call.bool("allow_partial");
    let mut decoder = match decoder(source, header, true, call) {
        Err(e) if partial && e.kind() == ErrorKind::Corrupt => return to.zero_from(0).map(|()| Outcome::Partial),
        other => other?,
    };
    let done = if header.interlaced {
        interlaced(&mut decoder, header, rows, call, to)?
    } else {
        in_order(&mut decoder, rows, call, to)?
    };
    let is_part = to.wanted_rows().end < height;
    let failed = match done {
        Some(failed) => Some(failed),
        None if is_part => None,
        None => finish(&mut decoder).err(),
    };
    match failed {
        None => Ok(Outcome::Complete),
        Some(_) if partial => Ok(Outcome::Partial),
        Some(e) => Err(e),
    }
}

/// Decodes row after row where they go. What is missing at the end is zeroed, and why it is missing answered.
fn in_order(
    decoder: &mut png::Reader<Spliced>,
    rows: &Rows,
    call: &Call,
    to: &mut Destination,
) -> Result<Option<Error>> {
    // Rows behind the last that is wanted need not be there.
    let height = to.wanted_rows().end;
    let mut now = 0;
    let done = info::fill_rows(to, call, 0..height, |y, row| {
        now = y;
        call.tick(y as u64, height as u64)?;
        next_row(decoder, rows, row)
    });
    match done {
        Err(e) if e.kind() == ErrorKind::Corrupt => {
            if call.bool("allow_partial") {
                to.zero_from(now)?;
            }
            Ok(Some(e))
        }
        other => other.map(|()| None),
    }
}

/// Decodes the next row, or fails where there is none.
pub fn next_row(decoder: &mut png::Reader<Spliced>, rows: &Rows, row: &mut [u8]) -> Result<()> {
    if rows.in_place() {
        decoder.read_row(row).map_err(failure)?.ok_or_else(missing)?;
        rows.finish(row);
    } else {
        let stored = decoder.next_row().map_err(failure)?.ok_or_else(missing)?;
        rows.expand(stored.data(), row);
    }
    Ok(())
}

fn missing() -> Error {
    Error::corrupt("the image has fewer rows than it says")
}

/// Decodes the seven passes into the whole image.
fn interlaced(
    decoder: &mut png::Reader<Spliced>,
    header: &Header,
    rows: &Rows,
    call: &Call,
    to: &mut Destination,
) -> Result<Option<Error>> {
    let mut failed = None;
    to.fill(&[], |image| {
        if call.bool("allow_partial") {
            image.fill(0);
        }
        match passes(decoder, header.width, header.height, rows, call, image) {
            Err(e) if e.kind() == ErrorKind::Corrupt => {
                failed = Some(e);
                Ok(())
            }
            other => other,
        }
    })?;
    Ok(failed)
}

/// Rows that the passes of an interlaced image have, at most.
fn pass_rows(height: u64) -> u64 {
    height.saturating_mul(15).div_ceil(8)
}

/// Decodes an interlaced frame of this size.
pub fn passes(
    decoder: &mut png::Reader<Spliced>,
    width: u32,
    height: u32,
    rows: &Rows,
    call: &Call,
    image: &mut [u8],
) -> Result<()> {
    let pixel = rows.pixel();
    let stride = width as usize * pixel;
    let mut row = call.limits().allocate(stride)?;
    let mut done = 0;
    while let Some(stored) = decoder.next_interlaced_row().map_err(failure)? {
        call.tick(done, pass_rows(height.into()))?;
        done += 1;
        let InterlaceInfo::Adam7(pass) = stored.interlace() else { return Err(missing()) };
        rows.expand(stored.data(), &mut row);
        png::expand_interlaced_row(image, stride, &row, pass, (pixel * 8) as u8);
    }
    Ok(())
}

/// Checks what stands behind the last row. A file that ends there has all its pixels.
fn finish(decoder: &mut png::Reader<Spliced>) -> Result<()> {
    match decoder.read_row(&mut []) {
        Err(DecodingError::IoError(e)) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        Err(e) => Err(failure(e)),
        Ok(_) => Ok(()),
    }
}
