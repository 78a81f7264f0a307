//! JPEG XL, still and animated, by the decoder of the crate `jxl`; here is what imageio's users see of it.

mod boxes;
mod player;
mod write;

pub use write::create;

use super::{exif, info};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Destination, Dict, Index, Props};
use crate::plugin::{Call, Count, Cursor, Outcome, Reader, has_passed};
use crate::resource::Source;
use jpegxl::Sample;
use jpegxl::api::{
    Event, ExtraChannel, JxlAnimation, JxlBasicInfo, JxlColorType, JxlDecoder, JxlPixelFormat, VisibleFrameInfo,
};
use player::Player;
use std::sync::Arc;

/// Whether a file begins as JPEG XL does, in a container or bare.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n") || head.starts_with(&[0xff, 0x0a])
}

/// The decoder's failure as ours.
fn failed(error: jpegxl::Error) -> Error {
    // It is held to the limit of the call.
    let kind = if jpegxl::is_over_limit(&error) { ErrorKind::Limit } else { ErrorKind::Corrupt };
    Error::new(kind, error.to_string())
}

fn truncated() -> Error {
    Error::corrupt("the data end too early")
}

/// What every image of a file has in common.
#[derive(Clone, Debug)]
struct Picture {
    width: usize,
    height: usize,
    dtype: DType,
    color: Color,
    bits: u32,
    premultiplied: bool,
    format: JxlPixelFormat,
    animation: Option<JxlAnimation>,
}

/// A decoder for a file within the limits of a call.
fn decoder(call: &Call, scan: bool) -> JxlDecoder {
    jpegxl::decoder(call.limits().max_bytes, scan)
}

/// Has a decoder read as far as what every image has in common.
fn begin(decoder: &mut JxlDecoder, input: &mut &[u8]) -> Result<()> {
    match decoder.process(input, None, None).map_err(failed)? {
        Event::BasicInfo => Ok(()),
        _ => Err(truncated()),
    }
}

fn dtype_of(sample: Sample) -> DType {
    match sample {
        Sample::U8 => DType::U8,
        Sample::U16 => DType::U16,
        Sample::F16 => DType::F16,
        Sample::F32 => DType::F32,
    }
}

impl Picture {
    fn find(source: &Source, call: &Call) -> Result<Picture> {
        match Picture::read(source.head(), call) {
            Err(e) if e.kind() == ErrorKind::Corrupt && source.len() != Some(source.head().len() as u64) => {
                Picture::read(&source.all(call.limits())?, call)
            }
            done => done,
        }
    }

    fn read(mut bytes: &[u8], call: &Call) -> Result<Picture> {
        let mut decoder = decoder(call, false);
        begin(&mut decoder, &mut bytes)?;
        let (info, format) = decoder.basic_info().zip(decoder.current_pixel_format()).ok_or_else(truncated)?;
        Picture::of(info, format.color_type.is_grayscale())
    }

    fn of(info: &JxlBasicInfo, is_gray: bool) -> Result<Picture> {
        let find = |wanted: ExtraChannel| info.extra_channels.iter().find(|c| c.ec_type == wanted);
        let alpha = find(ExtraChannel::Alpha);
        let has_black = !is_gray && find(ExtraChannel::Black).is_some();
        let (color_type, color) = match (is_gray, has_black, alpha) {
            (true, _, None) => (JxlColorType::Grayscale, Color::Gray),
            (true, _, Some(_)) => (JxlColorType::GrayscaleAlpha, Color::GrayAlpha),
            (false, true, _) => (JxlColorType::Cmyk, Color::Cmyk),
            (false, false, None) => (JxlColorType::Rgb, Color::Rgb),
            (false, false, Some(_)) => (JxlColorType::Rgba, Color::Rgba),
        };
        let bits = info.bit_depth.bits_per_sample();
        let (sample, format) = jpegxl::format(&info.bit_depth, color_type, info.extra_channels.len());
        let (width, height) = info.size;
        if width == 0 || height == 0 {
            return Err(Error::corrupt("an image without pixels"));
        }
        Ok(Picture {
            width,
            height,
            dtype: dtype_of(sample),
            color,
            bits,
            premultiplied: alpha.is_some_and(|c| c.alpha_associated),
            format,
            animation: info.animation.clone(),
        })
    }

    fn samples(&self) -> usize {
        self.format.color_type.samples_per_pixel()
    }

    /// Bytes of a row.
    fn pitch(&self) -> usize {
        self.width.saturating_mul(self.samples()).saturating_mul(self.dtype.size())
    }

    fn props(&self) -> Props {
        let mut props = Props::pixels(self.width, self.height, self.dtype, self.color);
        props.bits = self.bits;
        props.premultiplied = self.premultiplied;
        props
    }

    fn mode(&self) -> &'static str {
        match (self.color, self.dtype) {
            (Color::Gray, DType::U8) => "L",
            (Color::Gray, DType::U16) => "I;16",
            (Color::Gray, _) => "F",
            (Color::GrayAlpha, _) => "LA",
            (Color::Rgb, _) => "RGB",
            (Color::Cmyk, _) => "CMYK",
            _ => "RGBA",
        }
    }
}

/// All bytes of a file: those lent, or read.
enum Bytes {
    Lent(Source),
    Read(Vec<u8>),
}

impl Bytes {
    fn load(source: &Source, call: &Call) -> Result<Bytes> {
        match source.as_slice() {
            Some(_) => Ok(Bytes::Lent(source.clone())),
            None => Ok(Bytes::Read(source.all(call.limits())?.into_owned())),
        }
    }

    fn get(&self) -> &[u8] {
        match self {
            Bytes::Lent(source) => source.as_slice().unwrap_or_default(),
            Bytes::Read(bytes) => bytes,
        }
    }
}

/// What is known of a whole file.
struct Movie {
    bytes: Bytes,
    picture: Picture,
    /// The images that are shown, of an animation.
    frames: Vec<VisibleFrameInfo>,
    /// The file ends too early: one more image counts, which is not there.
    is_cut: bool,
}

impl Movie {
    fn load(source: &Source, picture: &Picture, call: &Call) -> Result<Movie> {
        let bytes = Bytes::load(source, call)?;
        let (mut frames, mut is_cut) = (Vec::new(), false);
        if picture.animation.is_some() {
            let mut scanner = decoder(call, true);
            let mut input = bytes.get();
            loop {
                match scanner.process(&mut input, None, None) {
                    Ok(Event::Complete) => break,
                    Ok(Event::NeedMoreInput { .. }) => {
                        is_cut = true;
                        break;
                    }
                    Ok(Event::FrameComplete { has_more_frames: false }) => break,
                    Ok(_) => call.tick(0, 0)?,
                    Err(e) if scanner.scanned_frames().is_empty() => return Err(failed(e)),
                    Err(_) => {
                        is_cut = true;
                        break;
                    }
                }
            }
            frames = scanner.scanned_frames().to_vec();
        }
        Ok(Movie { bytes, picture: picture.clone(), frames, is_cut })
    }

    fn count(&self) -> usize {
        match self.picture.animation {
            Some(_) => (self.frames.len() + usize::from(self.is_cut)).max(1),
            None => 1,
        }
    }

    /// When an image begins and how long it is shown, in seconds.
    fn time(&self, index: usize) -> (f64, f64) {
        let seconds = |frame: &VisibleFrameInfo| frame.duration_ms / 1000.0;
        let before = self.frames.iter().take(index).map(seconds).fold(0.0, |sum, s| sum + s);
        (before, self.frames.get(index).map_or(0.0, seconds))
    }

    fn meta(&self, index: Option<usize>, call: &Call) -> Result<Dict> {
        let found = boxes::find(self.bytes.get())?;
        let mut meta = Dict::new();
        if let Some(animation) = &self.picture.animation {
            meta.set("loop", i64::from(animation.num_loops));
        }
        let mut tags = Dict::new();
        if let Some(block) = found.exif {
            tags = exif::main_ifd(&block);
            // The codestream has turned the image as it says itself; this is what it was before.
            if call.bool("exclude_applied") {
                tags.remove("Orientation");
            }
            meta.set("exif", block.as_ref());
        }
        if let Some(packet) = found.xmp {
            meta.set("xmp", packet.as_ref());
        }
        if let Some(icc) = self.icc(call) {
            meta.set("icc_profile", icc);
        }
        let at = index.or(self.picture.animation.is_none().then_some(0));
        if let Some(frame) = at.and_then(|i| self.frames.get(i)) {
            meta.set("duration", frame.duration_ms);
            if !frame.name.is_empty() {
                meta.set("name", frame.name.as_str());
            }
        }
        let mut meta = info::finish(meta, self.picture.mode(), self.picture.width, self.picture.height);
        meta.extend(tags);
        if let Some(index) = index.filter(|_| self.picture.animation.is_some()) {
            let (time, duration) = self.time(index);
            info::timed(&mut meta, time, duration);
        }
        Ok(meta)
    }

    /// The colour profile, where the file has one rather than the name of a colour space.
    fn icc(&self, call: &Call) -> Option<Vec<u8>> {
        let mut decoder = decoder(call, false);
        begin(&mut decoder, &mut self.bytes.get()).ok()?;
        match decoder.embedded_color_profile()? {
            jpegxl::api::JxlColorProfile::Icc(icc) => Some(icc.clone()),
            _ => None,
        }
    }
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let picture = Picture::find(&source, call)?;
    Ok(Box::new(Jxl { source, picture, movie: None, player: None }))
}

struct Jxl {
    source: Source,
    picture: Picture,
    /// Loaded when the first bytes no longer do.
    movie: Option<Arc<Movie>>,
    player: Option<Player>,
}

impl Jxl {
    fn movie(&mut self, call: &Call) -> Result<Arc<Movie>> {
        if let Some(movie) = &self.movie {
            return Ok(movie.clone());
        }
        let movie = Arc::new(Movie::load(&self.source, &self.picture, call)?);
        Ok(self.movie.insert(movie).clone())
    }

    fn image(&mut self, index: Index, call: &Call) -> Result<usize> {
        let Index::At(i) = index else { return Ok(0) };
        // Every file has a first image, if only a missing one.
        let count = if i == 0 || self.picture.animation.is_none() { 1 } else { self.movie(call)?.count() };
        if i < count { Ok(i) } else { Err(Error::index(format!("there is no image {i} among {count}"))) }
    }
}

impl Reader for Jxl {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        if self.picture.animation.is_none() {
            return Ok(Some(1));
        }
        if how == Count::Cheap && self.movie.is_none() && self.source.as_slice().is_none() {
            return Ok(None);
        }
        Ok(Some(self.movie(call)?.count()))
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.image(index, call)?;
        Ok(self.picture.props())
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let index = self.image(index, call)?;
        let player = match self.player.take() {
            Some(player) => player,
            None => Player::new(self.movie(call)?),
        };
        self.player.insert(player).read(index, call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        let index = match index {
            Index::At(_) => Some(self.image(index, call)?),
            _ => None,
        };
        self.movie(call)?.meta(index, call)
    }

    fn cursor(&mut self, call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        let movie = self.movie(call)?;
        Ok(Some(Box::new(Frames { player: Player::new(movie.clone()), movie, next: 0, last: None })))
    }
}

/// A position among the images.
struct Frames {
    player: Player,
    movie: Arc<Movie>,
    next: usize,
    last: Option<usize>,
}

impl Cursor for Frames {
    fn next_props(&mut self, _call: &Call) -> Result<Option<Props>> {
        Ok((self.next < self.movie.count()).then(|| self.movie.picture.props()))
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (index, count) = (self.next, self.movie.count());
        if index >= count {
            return Err(Error::index(format!("there is no image {index} among {count}")));
        }
        let outcome = self.player.read(index, call, to);
        if has_passed(&outcome) {
            self.last = Some(index);
            self.next = index + 1;
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let last = self.last.ok_or_else(|| Error::invalid("no image was read yet"))?;
        self.movie.meta(Some(last), call)
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        let count = self.movie.count();
        if index >= count {
            return Err(Error::index(format!("there is no image {index} among {count}")));
        }
        self.next = index;
        Ok(())
    }
}
