//! Animations: frames in order, composited by libwebp as Pillow has them. A reader and its cursors share the encoded
//! bytes and what is known of them; each has a decoder of its own.

use super::encoded::{self, Encoded};
use super::{Picture, failed, image, meta};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Destination, Dict, Index, Limits, List, Props};
use crate::plugin::{Call, Count, Cursor, Outcome, Reader};
use crate::plugins::image::info;
use crate::resource::Source;
use std::sync::Arc;
use webp_codec::{AnimDecoder, Format, FrameInfo, Header, decode_into, frame_file, frames};

/// libwebp looks up each frame by walking a list from its start. An animation of this many takes ten seconds for that;
/// a large file of frames of one pixel could make it take days.
const MAX_FRAMES: usize = 1 << 16;

/// What is known of the whole file.
struct Movie {
    bytes: Encoded,
    picture: Picture,
    frames: Vec<FrameInfo>,
    /// The file ends too early: one more image counts, which is not there.
    is_cut: bool,
    meta: Dict,
}

impl Movie {
    fn load(source: &Source, picture: Picture, limits: &Limits) -> Result<Movie> {
        let mut bytes = Encoded::load(source, limits)?;
        let header = Header::parse(bytes.as_ref()).map_err(failed)?;
        picture.must_be(&header)?;
        let count = header.frame_count as usize;
        if count > MAX_FRAMES {
            return Err(Error::limit(format!("an animation of {count} frames, over the limit of {MAX_FRAMES}")));
        }
        let meta = meta::of_file(bytes.as_ref(), &header)?;
        let mut is_cut = false;
        if let Some(cut) = encoded::cut(bytes.as_ref()) {
            is_cut = cut.loses_images();
            bytes = Encoded::Read(cut.without(bytes.as_ref(), limits)?);
        }
        let frames = if count == 0 { Vec::new() } else { frames(bytes.as_ref()).map_err(failed)? };
        Ok(Movie { bytes, picture, frames, is_cut, meta })
    }

    fn count(&self) -> usize {
        self.frames.len() + usize::from(self.is_cut)
    }

    /// The frame of an image by itself.
    fn frame(&self, index: usize) -> Result<&FrameInfo> {
        let missing = || Error::corrupt(format!("the file ends in or before frame {index}"));
        self.frames.get(index).ok_or_else(missing)
    }

    /// What a read gives.
    fn props(&self, index: usize, call: &Call) -> Result<Props> {
        if !call.bool("raw_frames") {
            return Ok(self.picture.props());
        }
        let frame = self.frame(index)?;
        let color = if frame.has_alpha { Color::Rgba } else { Color::Rgb };
        Ok(Props::pixels(frame.width as usize, frame.height as usize, DType::U8, color))
    }

    /// Reads what a frame paints.
    fn read_raw(&self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let frame = self.frame(index)?;
        let format = if frame.has_alpha { Format::Rgba } else { Format::Rgb };
        let file = frame_file(self.bytes.as_ref(), index).map_err(failed)?;
        let file = file.ok_or_else(|| Error::internal("the file has fewer frames than it had"))?;
        let pitch = (frame.width as usize).saturating_mul(format.bytes_per_pixel());
        to.fill(&[], |out| decode_into(&file, out, pitch, format, call.threads() > 1).map_err(failed))?;
        Ok(Outcome::Complete)
    }

    fn meta(&self, index: Option<usize>, call: &Call) -> Dict {
        let frame = index.and_then(|i| self.frames.get(i));
        let mut meta = meta::finish(self.meta.clone(), self.picture, frame);
        if let Some(frame) = frame {
            info::timed(&mut meta, frame.timestamp_ms as f64 / 1000.0, f64::from(frame.duration_ms) / 1000.0);
            if call.bool("raw_frames") {
                let FrameInfo { x, y, width, height, .. } = *frame;
                meta.set(
                    "bbox",
                    [x, y, x.saturating_add(width), y.saturating_add(height)].into_iter().collect::<List>(),
                );
                meta.set("disposal", i32::from(frame.dispose));
                meta.set("blend", i32::from(frame.blend));
            }
        }
        meta
    }
}

/// A decoder's share of the bytes.
struct Share(Arc<Movie>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes.as_ref()
    }
}

/// A decoder at some frame: what comes after is cheap to reach, what lies before costs the way from the start.
struct Player {
    movie: Arc<Movie>,
    /// Made for the first frame.
    decoder: Option<AnimDecoder>,
}

impl Player {
    fn new(movie: Arc<Movie>) -> Player {
        Player { movie, decoder: None }
    }

    fn read(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        match self.decode(index, call, to) {
            Ok(()) => Ok(Outcome::Complete),
            Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => {
                to.fill(&[], |out| {
                    out.fill(0);
                    Ok(())
                })?;
                Ok(Outcome::Partial)
            }
            Err(e) => Err(e),
        }
    }

    fn decode(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<()> {
        if index >= self.movie.frames.len() {
            return Err(Error::corrupt(format!("the file ends in or before frame {index}")));
        }
        let (pitch, format) = (self.movie.picture.pitch(), self.movie.picture.format);
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            None => self.decoder.insert(open(&self.movie, call)?),
        };
        if index < decoder.position() {
            decoder.reset();
        }
        while decoder.position() < index {
            call.tick(decoder.position() as u64, index as u64 + 1)?;
            decoder.seek(decoder.position() + 1).map_err(failed)?;
        }
        call.tick(index as u64, index as u64 + 1)?;
        to.fill(&[], |out| match decoder.next_into(out, pitch, format).map_err(failed)? {
            Some(_) => Ok(()),
            None => Err(Error::internal("the decoder has fewer frames than the file")),
        })
    }
}

fn open(movie: &Arc<Movie>, call: &Call) -> Result<AnimDecoder> {
    // libwebp holds the canvas twice, as RGBA.
    let (width, height) = (movie.picture.width as usize, movie.picture.height as usize);
    let canvases = width.checked_mul(height).and_then(|n| n.checked_mul(8)).unwrap_or(usize::MAX);
    call.limits().check_bytes(canvases).map_err(|e| e.context("the canvases of the animation"))?;
    AnimDecoder::new(Share(movie.clone()), call.threads() > 1).map_err(failed)
}

/// An animation open for reading.
pub struct Animation {
    source: Source,
    picture: Picture,
    /// Loaded when the first bytes no longer do.
    movie: Option<Arc<Movie>>,
    player: Option<Player>,
}

impl Animation {
    pub fn new(source: Source, picture: Picture) -> Animation {
        Animation { source, picture, movie: None, player: None }
    }

    fn movie(&mut self, call: &Call) -> Result<&Arc<Movie>> {
        let movie = match self.movie.take() {
            Some(movie) => movie,
            None => Arc::new(Movie::load(&self.source, self.picture, call.limits())?),
        };
        Ok(self.movie.insert(movie))
    }

    fn image(&mut self, index: Index, call: &Call) -> Result<usize> {
        match index {
            // Every animation has a first image, if only a missing one.
            Index::At(0) | Index::Default | Index::All => Ok(0),
            Index::At(_) => image(index, self.movie(call)?.count()),
        }
    }

    /// What holds for the file, if its first bytes tell: no more metadata are announced, and the chunk with the
    /// background and the number of loops is the second.
    fn meta_of_head(&self) -> Result<Option<Dict>> {
        let head = self.source.head();
        if meta::has_chunks(head) || head.get(30..34) != Some(b"ANIM") {
            return Ok(None);
        }
        Ok(Some(meta::of_file(head, &Header::parse(head).map_err(failed)?)?))
    }
}

impl Reader for Animation {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        if how == Count::Cheap && self.movie.is_none() && self.source.as_slice().is_none() {
            return Ok(None);
        }
        Ok(Some(self.movie(call)?.count()))
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        let index = self.image(index, call)?;
        if !call.bool("raw_frames") {
            return Ok(self.picture.props());
        }
        self.movie(call)?.props(index, call)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let index = self.image(index, call)?;
        if call.bool("raw_frames") {
            return self.movie(call)?.read_raw(index, call, to);
        }
        let player = match self.player.take() {
            Some(player) => player,
            None => Player::new(self.movie(call)?.clone()),
        };
        self.player.insert(player).read(index, call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        if let Index::At(_) = index {
            let index = self.image(index, call)?;
            return Ok(self.movie(call)?.meta(Some(index), call));
        }
        match self.meta_of_head()? {
            Some(meta) => Ok(meta::finish(meta, self.picture, None)),
            None => Ok(self.movie(call)?.meta(None, call)),
        }
    }

    fn cursor(&mut self, call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        let player = Player::new(self.movie(call)?.clone());
        Ok(Some(Box::new(Frames { player, next: 0, last: None })))
    }
}

/// A position among the frames.
struct Frames {
    player: Player,
    next: usize,
    last: Option<usize>,
}

impl Cursor for Frames {
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>> {
        let movie = &self.player.movie;
        if self.next < movie.count() { movie.props(self.next, call).map(Some) } else { Ok(None) }
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let index = image(Index::At(self.next), self.player.movie.count())?;
        let outcome = match call.bool("raw_frames") {
            true => self.player.movie.read_raw(index, call, to),
            false => self.player.read(index, call, to),
        };
        if !outcome.as_ref().is_err_and(|e| e.kind() == ErrorKind::Cancelled) {
            self.last = Some(index);
            self.next = index + 1;
        }
        outcome
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let last = self.last.ok_or_else(|| Error::invalid("no image was read yet"))?;
        Ok(self.player.movie.meta(Some(last), call))
    }

    fn seek(&mut self, index: usize, _call: &Call) -> Result<()> {
        self.next = image(Index::At(index), self.player.movie.count())?;
        Ok(())
    }
}
