//! A file open for reading. Its bytes are held; what is decoded goes straight into the destination.

use crate::meta;
use crate::shim::{Decoder, Info};
use kit::{
    Color, Count, Cursor, DType, Destination, DictMut, DictRef, Error, Index, Input, Kind, Limits, Outcome, Props,
};
use kit::{Reader, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The file, which its cursors share: they are of one handle, and so come one call at a time.
#[derive(Clone)]
pub struct File(Arc<Shared>);

struct Shared {
    decoder: Mutex<Decoder>,
    info: Info,
    limits: Limits,
}

/// What the options of a read say.
#[derive(Clone, Copy)]
struct Wish {
    to_8bit: bool,
    partial: bool,
}

impl Wish {
    fn of(options: DictRef) -> Wish {
        Wish {
            to_8bit: options.bool("convert_hdr_to_8bit") != Some(false),
            partial: options.bool("allow_partial") == Some(true),
        }
    }
}

impl File {
    pub fn open(mut input: Input, options: DictRef) -> Result<File> {
        let limits = Limits::of(options);
        let decoder = Decoder::open(input.read_all(limits.max_bytes)?, kit::threads(options))?;
        let info = decoder.info();
        if info.width == 0 || info.height == 0 || info.count == 0 {
            return Err(Error::corrupt("a file without pixels"));
        }
        Ok(File(Arc::new(Shared { decoder: Mutex::new(decoder), info, limits })))
    }

    fn decoder(&self) -> MutexGuard<'_, Decoder> {
        self.0.decoder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, index: Index) -> Result<usize> {
        let count = self.0.info.count;
        match index {
            Index::At(i) if i >= count => Err(Error::index(format!("there is no image {i} among {count}"))),
            Index::At(i) => Ok(i),
            _ => Ok(0),
        }
    }

    fn image_props(&self, wish: Wish) -> Props {
        let info = &self.0.info;
        let (samples, color) = if info.has_alpha { (4, Color::Rgba) } else { (3, Color::Rgb) };
        let (dtype, bits) = if info.depth > 8 && !wish.to_8bit { (DType::U16, info.depth) } else { (DType::U8, 8) };
        let mut props = Props::new(dtype, &[info.height, info.width, samples], "YXS", color);
        props.bits = bits;
        props.orientation = info.orientation;
        props
    }

    fn image(&self, place: usize, wish: Wish, mut to: Destination) -> Result<Outcome> {
        let props = self.image_props(wish);
        to.check(&props)?;
        let info = &self.0.info;
        // What libavif decodes to before it is RGB: planes of colour and alpha.
        let pixels = info.width as u64 * info.height as u64;
        let planes = if info.has_alpha { 4 } else { 3 } * if info.depth > 8 { 2 } else { 1 };
        self.0.limits.check(pixels, pixels.saturating_mul(planes))?;
        kit::progress(place as u64, info.count as u64)?;
        let pitch = info.width * props.shape[2] * props.dtype.size();
        let mut decoder = self.decoder();
        let mut decode = |pixels: &mut [u8]| match decoder.read(place, props.bits, pixels, pitch) {
            Err(e) if e.kind() == Kind::Corrupt && wish.partial => {
                pixels.fill(0);
                Ok(Outcome::Partial)
            }
            done => done.map(|()| Outcome::Complete),
        };
        let size = props.dtype.size();
        if let Some(pixels) = to.view.as_bytes().filter(|pixels| pixels.as_ptr().addr().is_multiple_of(size)) {
            return decode(pixels);
        }
        let mut room = kit::zeroed(props.nbytes()?)?;
        let outcome = decode(&mut room)?;
        to.view.unpack(&[], &room);
        Ok(outcome)
    }

    fn facts(&self, place: Option<usize>, into: &mut DictMut) -> Result<()> {
        meta::add(&self.decoder(), &self.0.info, place, into)
    }
}

impl Reader for File {
    fn count(&mut self, _how: Count, _options: DictRef) -> Result<Option<usize>> {
        Ok(Some(self.0.info.count))
    }

    fn props(&mut self, index: Index, options: DictRef) -> Result<Props> {
        self.place(index)?;
        Ok(self.image_props(Wish::of(options)))
    }

    fn read(&mut self, index: Index, options: DictRef, to: Destination) -> Result<Outcome> {
        self.image(self.place(index)?, Wish::of(options), to)
    }

    fn meta(&mut self, index: Index, _options: DictRef, into: &mut DictMut) -> Result<()> {
        let place = self.place(index)?;
        self.facts((index != Index::All).then_some(place), into)
    }

    fn cursor(&mut self, options: DictRef) -> Result<Box<dyn Cursor>> {
        Ok(Box::new(Frames { file: self.clone(), wish: Wish::of(options), next: 0, last: None }))
    }
}

/// A position among the images.
struct Frames {
    file: File,
    wish: Wish,
    next: usize,
    last: Option<usize>,
}

impl Cursor for Frames {
    fn next_props(&mut self) -> Result<Option<Props>> {
        Ok((self.next < self.file.0.info.count).then(|| self.file.image_props(self.wish)))
    }

    fn next(&mut self, to: Destination) -> Result<Outcome> {
        let place = self.file.place(Index::At(self.next))?;
        let outcome = self.file.image(place, self.wish, to);
        if outcome.as_ref().err().is_none_or(|e| e.kind() == Kind::Corrupt) {
            (self.last, self.next) = (Some(place), place + 1);
        }
        outcome
    }

    fn meta(&mut self, into: &mut DictMut) -> Result<()> {
        let last = self.last.ok_or_else(|| Error::invalid("no image was read yet"))?;
        self.file.facts(Some(last), into)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.next = self.file.place(Index::At(index))?;
        Ok(())
    }
}
