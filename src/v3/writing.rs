//! A file being written: which failures leave it as it was, which spoil it, and what is published at the end.

use super::converted::Converted;
use super::file::{File, Side};
use super::metadata;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Axes, Color, ColorMode, DType, Dict, Value, View};
use crate::plugin::{Batch, Call, CallKind, Image, Writer};
use crate::resource::Output;

/// The writing side of a file.
pub(super) struct Writing {
    writer: Box<dyn Writer>,
    output: Output,
    images: usize,
    /// The first failure that was no mere refusal.
    spoiled: Option<Error>,
    finished: bool,
    /// The result, once it was asked for in memory.
    bytes: Option<Vec<u8>>,
}

impl Writing {
    pub(super) fn new(writer: Box<dyn Writer>, output: Output) -> Writing {
        Writing { writer, output, images: 0, spoiled: None, finished: false, bytes: None }
    }

    /// Refuses what no longer can be written to.
    fn ready(&self) -> Result<()> {
        match &self.spoiled {
            Some(first) => Err(first.clone()),
            None if self.finished => Err(Error::new(ErrorKind::Mode, "the file is finished")),
            None => Ok(()),
        }
    }

    /// Keeps a failure that may have left half an image behind.
    fn keep(&mut self, taken: u64, images: usize, error: Error) -> Error {
        let refusal = matches!(
            error.kind(),
            ErrorKind::InvalidArgument
                | ErrorKind::Mode
                | ErrorKind::UnknownOption
                | ErrorKind::InvalidOption
                | ErrorKind::Shape
                | ErrorKind::Unsupported
                | ErrorKind::Limit
                | ErrorKind::Busy
        );
        if !refusal || self.output.taken() != taken || self.images != images {
            self.spoiled.get_or_insert_with(|| error.clone());
        }
        error
    }

    pub(super) fn function(&mut self, name: &str, call: &Call) -> Result<Dict> {
        self.ready()?;
        let taken = self.output.taken();
        let images = self.images;
        let done = self.writer.call(name, call);
        if self.output.taken() != taken {
            self.images += 1;
        }
        done.map_err(|e| self.keep(taken, images, e))
    }

    fn finish(&mut self, call: &Call) -> Result<()> {
        if let Some(first) = &self.spoiled {
            return Err(first.clone());
        }
        if self.finished || self.images == 0 {
            return Ok(());
        }
        self.finished = true;
        self.writer.finish(call).inspect_err(|e| self.spoiled = Some(e.clone()))
    }
}

/// The images of an array that is written.
struct Images<'a> {
    view: View<'a>,
    batch: bool,
}

impl<'a> Images<'a> {
    /// imageio's guess where nobody says: see [`Batch`]. A mode of several samples has them in the last of three axes.
    fn new(view: View<'a>, is_batch: Option<bool>, rule: Batch, mode: Option<ColorMode>) -> Result<Images<'a>> {
        let shape = view.shape();
        let has_samples = mode.is_some_and(|mode| !mode.is_single_band());
        let batch = is_batch.unwrap_or(match (rule, shape) {
            (_, shape) if has_samples && rule == Batch::Pictures => shape.len() > 3,
            (Batch::Whole, _) | (_, [] | [_] | [_, _]) => false,
            (_, [_, _, samples]) => !(1..=4).contains(samples),
            _ => true,
        });
        if batch && shape.is_empty() {
            return Err(Error::shape("is_batch: an array without axes has no first axis"));
        }
        Ok(Images { view, batch })
    }

    fn len(&self) -> usize {
        if self.batch { self.view.shape()[0] } else { 1 }
    }

    fn get(&self, i: usize) -> Option<View<'a>> {
        if self.batch { self.view.at(i) } else { Some(self.view) }
    }
}

/// What the options that every write takes say of an image.
struct Said<'a> {
    color: Option<Color>,
    axes: Option<Axes>,
    metadata: Option<&'a Dict>,
}

fn said<'a>(call: &'a Call, view: &View) -> Result<Said<'a>> {
    let color = match call.get("color") {
        Value::Str(name) => Some(Color::from_name(name).ok_or_else(|| {
            Error::option(format!("option \"color\" is gray, rgb, rgba, cmyk …, not {:?}", name.as_str()))
        })?),
        Value::Int(code) => {
            let known = u32::try_from(*code).ok().and_then(Color::from_code);
            Some(known.ok_or_else(|| Error::option(format!("option \"color\": {code} is no IIO_COLOR_… constant")))?)
        }
        _ => None,
    };
    let axes = match call.str("axes") {
        Some(letters) if letters.len() == view.shape().len() && letters.bytes().all(|b| b"NTZCYXSQ".contains(&b)) => {
            Some(Axes::new(letters))
        }
        Some(letters) => {
            let shape = view.shape();
            return Err(Error::option(format!(
                "option \"axes\": {letters:?} does not name the axes of shape {shape:?}"
            )));
        }
        None => None,
    };
    let metadata = match call.get("metadata") {
        Value::Dict(dict) => Some(dict),
        _ => None,
    };
    Ok(Said { color, axes, metadata })
}

impl File {
    fn writing(&mut self) -> Result<&mut Writing> {
        match &mut self.side {
            Side::Writing(writing) => Ok(writing),
            Side::Reading(_) => Err(Error::new(ErrorKind::Mode, "the file is open for reading").resource(&self.name)),
        }
    }

    /// Writes an image, or the images of a batch.
    pub fn write(&mut self, view: View, dtype: DType, options: &Dict) -> Result<()> {
        self.writing()?;
        let written = match options.get("metadata") {
            Some(Value::Dict(metadata)) => metadata::written(metadata),
            _ => None,
        };
        let changed = written.map(|metadata| {
            let mut changed = options.clone();
            changed.set("metadata", metadata);
            changed
        });
        let call = self.call(CallKind::Write, changed.as_ref().unwrap_or(options))?;
        let done = self.write_images(view, dtype, &call);
        self.told(done)
    }

    fn write_images(&mut self, view: View, dtype: DType, call: &Call) -> Result<()> {
        let writing = self.writing()?;
        writing.ready()?;
        let is_batch = match call.get("is_batch") {
            Value::Bool(b) => Some(*b),
            _ => None,
        };
        let mode = call.shared("mode", CallKind::Write).as_str().map(ColorMode::from_name).transpose()?;
        let images = Images::new(view, is_batch, writing.writer.batch(), mode)?;
        let said = said(call, &view)?;
        let axes = said.axes.map(|axes| if images.batch { Axes::new(&axes.as_str()[1..]) } else { axes });
        if images.len() == 0 {
            return Err(Error::shape("the batch has no image"));
        }
        let (taken, before) = (writing.output.taken(), writing.images);
        let count = images.len();
        let write = |writing: &mut Writing| -> Result<()> {
            call.tell(0, 0)?;
            for i in 0..count {
                call.set_part(i, count);
                let view = images.get(i).ok_or_else(|| Error::internal("a batch lost an image"))?;
                let mut converted =
                    mode.map(|mode| Converted::new(&view, dtype, said.color, mode, call.limits())).transpose()?;
                if let Some(added) = converted.as_mut().and_then(|converted| converted.metadata.as_mut()) {
                    if call.given("palette") {
                        return Err(Error::option(
                            "option \"palette\" goes with an image of numbers (uint8, two axes)",
                        ));
                    }
                    let mut all = said.metadata.cloned().unwrap_or_default();
                    all.extend(std::mem::take(added));
                    *added = all;
                }
                let mut image = Image { view, dtype, color: said.color, axes, metadata: said.metadata };
                if let Some(converted) = &converted {
                    (image.dtype, image.color) = (converted.dtype, converted.color);
                    image.metadata = converted.metadata.as_ref().or(said.metadata);
                    if let Some((pixels, shape)) = &converted.made {
                        let made = View::packed(pixels, converted.dtype.size(), shape);
                        image.view = made.ok_or_else(|| Error::internal("a converted image does not fit its shape"))?;
                        image.axes = None;
                    }
                }
                writing.writer.write(&image, call)?;
                writing.images += 1;
            }
            Ok(())
        };
        write(writing).map_err(|e| writing.keep(taken, before, e))
    }

    /// Finishes the encoding of `<bytes>` and gives the result, which stays here.
    pub fn bytes(&mut self) -> Result<&[u8]> {
        let call = self.call(CallKind::Write, &Dict::new())?;
        let finished = self.writing().and_then(|writing| {
            if writing.bytes.is_none() {
                // Asked first: a file that cannot give its bytes stays as it is.
                if !writing.output.is_memory() {
                    return Err(Error::new(ErrorKind::Mode, "only <bytes> opened for writing are in memory"));
                }
                writing.finish(&call)?;
                writing.bytes = Some(writing.output.memory_bytes().inspect_err(|e| writing.spoiled = Some(e.clone()))?);
                writing.finished = true;
            }
            Ok(())
        });
        self.told(finished)?;
        Ok(self.writing()?.bytes.as_deref().unwrap_or(&[]))
    }

    /// The result in memory, given away.
    pub(super) fn take_bytes(&mut self) -> Result<Vec<u8>> {
        self.bytes()?;
        Ok(self.writing()?.bytes.take().unwrap_or_default())
    }

    /// Finishes and publishes what was written.
    pub fn close(mut self) -> Result<()> {
        if let Side::Reading(_) = self.side {
            return Ok(());
        }
        let call = self.call(CallKind::Write, &Dict::new())?;
        let done = self.writing().and_then(|writing| {
            writing.finish(&call)?;
            if writing.images == 0 {
                return Ok(());
            }
            writing.output.publish()
        });
        self.told(done)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // After a publication there is nothing left to throw away.
        self.output.discard();
    }
}
