//! Writing. One image becomes a still file, more become an animation, so that the last image is held back until
//! another follows it or the file ends: only then is known which of the two it is, and how long it is shown.

use super::failed;
use super::pixels::{Pixels, Shape, pack};
use super::settings::{FileSettings, Settings};
use super::timing::{Clock, Timing};
use crate::error::{Error, Result};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;
use std::io::Write;
use webp_codec::{AnimEncoder, ErrorKind, Metadata, encode, encode_with, set_metadata};

/// Opens a file for writing.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(WebpWriter { output, file: None, held: None, encoder: None, clock: Clock::default(), count: 0 }))
}

struct WebpWriter {
    output: Output,
    /// From the first image on.
    file: Option<FileSettings>,
    held: Option<Held>,
    /// From the second image on.
    encoder: Option<AnimEncoder>,
    clock: Clock,
    count: usize,
}

/// An image of which it is not known what follows.
struct Held {
    pixels: Pixels,
    settings: Settings,
    timing: Timing,
}

impl Writer for WebpWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let shape = Shape::of(image)?;
        let settings = Settings::of(call)?;
        let timing = Timing::of(call, image.metadata, self.count)?;
        let file = match &self.file {
            Some(file) => file.must_agree(call).map(|()| None)?,
            None => Some(FileSettings::of(call, image.metadata)?),
        };
        if let Some(held) = &self.held {
            must_be_as_large(shape, &held.pixels)?;
            // Refuses impossible times before anything is changed.
            self.clock.advance(held.timing, Some(timing))?;
        }
        call.tick(0, 0)?;
        let pixels = pack(image, shape, call)?;
        self.file = self.file.take().or(file);
        if let Some(held) = self.held.take() {
            self.add(held, Some(timing))?;
        }
        self.held = Some(Held { pixels, settings, timing });
        self.count += 1;
        Ok(())
    }

    fn finish(&mut self, call: &Call) -> Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let bytes = if self.encoder.is_none() {
            still(&held, call)?
        } else {
            call.tick(0, 0)?;
            self.add(held, None)?;
            let encoder = self.encoder.take().ok_or_else(|| Error::internal("an animation without its encoder"))?;
            encoder.finish().map_err(failed)?
        };
        let bytes = match &self.file {
            Some(file) => with_metadata(bytes, file)?,
            None => bytes,
        };
        Ok(self.output.write_all(&bytes)?)
    }
}

impl WebpWriter {
    /// Gives the encoder the image that was held back.
    fn add(&mut self, held: Held, next: Option<Timing>) -> Result<()> {
        let file = self.file.as_ref().ok_or_else(|| Error::internal("an image without its file's settings"))?;
        let Held { pixels, settings, timing } = held;
        let (duration, clock) = self.clock.advance(timing, next)?;
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => {
                let made = AnimEncoder::new(pixels.width, pixels.height, &file.animation).map_err(failed)?;
                self.encoder.insert(made)
            }
        };
        encoder
            .add_frame(&pixels.bytes, pixels.pitch(), pixels.format, duration, &settings.frame(file))
            .map_err(failed)?;
        self.clock = clock;
        Ok(())
    }
}

fn must_be_as_large(shape: Shape, first: &Pixels) -> Result<()> {
    if (shape.width, shape.height) == (first.width, first.height) {
        return Ok(());
    }
    Err(Error::shape(format!(
        "the images of an animation are of one size: {}x{} cannot follow {}x{}",
        shape.width, shape.height, first.width, first.height
    )))
}

fn still(held: &Held, call: &Call) -> Result<Vec<u8>> {
    let Pixels { width, height, format, ref bytes } = held.pixels;
    let (pitch, options) = (held.pixels.pitch(), held.settings.still());
    if call.progress().is_none() {
        return encode(bytes, pitch, width, height, format, &options).map_err(failed);
    }
    let mut stopped = None;
    let file = encode_with(bytes, pitch, width, height, format, &options, &mut |percent| {
        stopped = call.tick(percent.into(), 100).err();
        stopped.is_none()
    });
    file.map_err(|e| match stopped {
        Some(stopped) if e.kind == ErrorKind::Cancelled => stopped,
        _ => failed(e),
    })
}

fn with_metadata(bytes: Vec<u8>, file: &FileSettings) -> Result<Vec<u8>> {
    let some = |bytes| Some(bytes).filter(|b: &&[u8]| !b.is_empty());
    let metadata = Metadata { icc: some(&file.icc[..]), exif: some(&file.exif[..]), xmp: some(&file.xmp[..]) };
    if metadata == Metadata::default() {
        return Ok(bytes);
    }
    set_metadata(&bytes, &metadata).map_err(failed)
}
