//! Writing: a still, or with a second image an animation.

use super::ancillary;
use super::chunks::{self, SIGNATURE};
use super::encode::{self, Form};
use super::palette::{self, Indexed};
use crate::error::{Error, Result};
use crate::model::{Color, DType, View};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;
use std::io::{Seek, SeekFrom, Write};

/// A file being written. An animation says first how many frames it has, so the first image is held back,
/// encoded, until it is clear whether there will be more.
pub struct PngWriter {
    output: Output,
    /// The form of the first image; a file has only one.
    form: Option<Form>,
    /// The colours of a file of numbers.
    colors: Vec<[u8; 3]>,
    /// What stands before the pixels; written with them.
    opening: Vec<u8>,
    /// The first image's pixels.
    held: Vec<u8>,
    first_delay: Delay,
    animation: Option<Animated>,
    plays: u32,
    /// Images written.
    images: u32,
}

/// The part of an animation that is in the file.
struct Animated {
    /// Where acTL is, if the target can go back there.
    at: Option<u64>,
    /// How many frames it says.
    frames: u32,
    /// The number of the next fcTL or fdAT.
    sequence: u32,
}

/// How long a frame is shown: a fraction of seconds.
type Delay = (u16, u16);

impl PngWriter {
    /// A writer to this target.
    pub fn new(output: Output) -> PngWriter {
        PngWriter {
            output,
            form: None,
            colors: Vec::new(),
            opening: Vec::new(),
            held: Vec::new(),
            first_delay: (0, 1),
            animation: None,
            plays: 0,
            images: 0,
        }
    }

    fn write_first(&mut self, image: &Image, form: Form, call: &Call) -> Result<()> {
        let level = ancillary::level(call);
        let delay = ancillary::delay(image, call, 0)?;
        self.opening = SIGNATURE.to_vec();
        chunks::append(&mut self.opening, b"IHDR", &form.header());
        ancillary::append(&mut self.opening, image, call)?;
        if form.color == 3 {
            chunks::append(&mut self.opening, b"PLTE", self.colors.as_flattened());
        }
        if let Some(body) = palette::transparency(&form, self.colors.len(), image, call)? {
            chunks::append(&mut self.opening, b"tRNS", &body);
        }
        self.form = Some(form);
        match call.part() {
            // A batch tells how many frames there will be, so nothing need wait.
            (0, of) if of > 1 => {
                let frames = u32::try_from(of).map_err(|_| Error::limit(format!("{of} frames")))?;
                self.begin_animation(frames, delay)?;
                encode::encode(image, form, level, &mut self.output, None, call)
            }
            _ => {
                self.first_delay = delay;
                encode::encode(image, form, level, &mut self.held, None, call)
            }
        }
    }

    fn write_further(&mut self, image: &Image, form: Form, call: &Call) -> Result<()> {
        if self.form != Some(form) {
            return Err(Error::shape("the images of an animated PNG have one size and dtype; this one differs"));
        }
        let can_seek = self.output.can_seek();
        if !can_seek && self.animation.as_ref().is_none_or(|a| a.frames <= self.images) {
            return Err(Error::unsupported(
                "an animated PNG says first how many frames it has, and this target cannot go back: write them as \
                 one batch",
            ));
        }
        let level = ancillary::level(call);
        let delay = ancillary::delay(image, call, self.images as usize)?;
        if self.animation.is_none() {
            self.begin_animation(2, self.first_delay)?;
            let held = std::mem::take(&mut self.held);
            self.output.write_all(&held)?;
        }
        self.frame_control(delay)?;
        let Some(animation) = &mut self.animation else { return Err(Error::internal("no animation")) };
        encode::encode(image, form, level, &mut self.output, Some(&mut animation.sequence), call)
    }

    fn begin_animation(&mut self, frames: u32, delay: Delay) -> Result<()> {
        self.output.write_all(&std::mem::take(&mut self.opening))?;
        let at = if self.output.can_seek() { Some(self.output.stream_position()?) } else { None };
        self.animation = Some(Animated { at, frames, sequence: 0 });
        self.animation_control(frames)?;
        self.frame_control(delay)
    }

    fn animation_control(&mut self, frames: u32) -> Result<()> {
        chunks::write(&mut self.output, b"acTL", &[&frames.to_be_bytes(), &self.plays.to_be_bytes()])?;
        Ok(())
    }

    fn frame_control(&mut self, delay: Delay) -> Result<()> {
        let (Some(animation), Some(form)) = (&mut self.animation, self.form) else {
            return Err(Error::internal("no animation"));
        };
        let number = animation.sequence.to_be_bytes();
        animation.sequence = animation.sequence.wrapping_add(1);
        let (width, height) = (form.width.to_be_bytes(), form.height.to_be_bytes());
        let (num, den) = (delay.0.to_be_bytes(), delay.1.to_be_bytes());
        // At (0, 0), left standing, replacing what was there.
        chunks::write(&mut self.output, b"fcTL", &[&number, &width, &height, &[0; 8], &num, &den, &[0, 0]])?;
        Ok(())
    }
}

impl Writer for PngWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let Some(indexed) = Indexed::of(image, call)? else { return self.write_image(image, Form::of(image)?, call) };
        if self.images > 0 && indexed.colors != self.colors {
            return Err(Error::shape("the images of an animated PNG have one palette; this one differs"));
        }
        let (height, width) = (indexed.form.height as usize, indexed.form.width as usize);
        let view = match &indexed.made {
            Some(made) => View::packed(made, 1, &[height, width]),
            None => Some(image.view),
        };
        let view = view.ok_or_else(|| Error::internal("numbers of a palette do not fit their shape"))?;
        let image = Image { view, dtype: DType::U8, color: Some(Color::Palette), axes: None, metadata: image.metadata };
        self.colors = indexed.colors;
        self.write_image(&image, indexed.form, call)
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        self.finish_file()
    }
}

impl PngWriter {
    fn write_image(&mut self, image: &Image, form: Form, call: &Call) -> Result<()> {
        if let Some(plays) = ancillary::plays(image, call)? {
            self.plays = plays;
        }
        if self.images == 0 {
            self.write_first(image, form, call)?
        } else {
            self.write_further(image, form, call)?
        }
        self.images = self.images.checked_add(1).ok_or_else(|| Error::limit("too many frames"))?;
        Ok(())
    }

    fn finish_file(&mut self) -> Result<()> {
        let patch = match &self.animation {
            None => {
                self.output.write_all(&self.opening)?;
                self.output.write_all(&self.held)?;
                None
            }
            Some(animation) => animation.at.filter(|_| animation.frames != self.images),
        };
        let missing = self.animation.as_ref().is_some_and(|a| a.frames != self.images) && patch.is_none();
        if missing {
            return Err(Error::invalid("the batch had fewer images than it said, and the target cannot go back"));
        }
        chunks::write(&mut self.output, b"IEND", &[])?;
        if let Some(at) = patch {
            self.output.seek(SeekFrom::Start(at))?;
            self.animation_control(self.images)?;
            self.output.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }
}
