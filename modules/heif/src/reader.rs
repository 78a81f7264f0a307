//! A file open for reading. Its bytes are held, and each image is decoded when it is read.

use crate::boxes::{Facts, Items};
use crate::handle::{Context, Handle};
use crate::meta;
use crate::sys::*;
use kit::{Color, Count, DType, Destination, DictMut, DictRef, Error, Index, Input, Kind, Limits, Outcome, Props};
use kit::{Reader, Result};

/// The side of the largest tile that is believed of a small image.
const LARGEST_TILE: usize = 2048;

/// The file. The images end first, then the context, then the bytes that it reads.
pub struct File {
    images: Vec<Picture>,
    _context: Context,
    _bytes: Box<[u8]>,
    limits: Limits,
}

/// One of its images.
pub struct Picture {
    pub handle: Handle,
    pub width: usize,
    pub height: usize,
    pub bits: u32,
    pub has_alpha: bool,
    pub facts: Facts,
}

impl Picture {
    fn is_gray(&self) -> bool {
        self.facts.chroma == Some(400) && !self.has_alpha
    }

    fn props(&self, to_8bit: bool) -> Props {
        let (dtype, bits) = if self.bits > 8 && !to_8bit { (DType::U16, self.bits) } else { (DType::U8, 8) };
        let (width, height) = (self.width, self.height);
        let mut props = match (self.is_gray(), self.has_alpha) {
            (true, _) => Props::new(dtype, &[height, width], "YX", Color::Gray),
            (_, true) => Props::new(dtype, &[height, width, 4], "YXS", Color::Rgba),
            _ => Props::new(dtype, &[height, width, 3], "YXS", Color::Rgb),
        };
        props.bits = bits;
        props.premultiplied = self.has_alpha && self.handle.is_premultiplied();
        // libheif turns images as their boxes say.
        props.oriented = self.facts.turned;
        props
    }

    /// Pillow's name for the pixels.
    pub fn mode(&self) -> &'static str {
        match (self.is_gray(), self.has_alpha) {
            (true, _) => "L",
            (_, true) => "RGBA",
            _ => "RGB",
        }
    }

    fn decode(&self, to_8bit: bool, to: &mut Destination) -> Result<()> {
        let props = self.props(to_8bit);
        let (colorspace, chroma, channel) = match (self.is_gray(), self.has_alpha, props.dtype) {
            // As it is stored: version 1.15 refuses to make gray of some gray.
            (true, ..) => (UNDEFINED, UNDEFINED, CHANNEL_Y),
            (_, true, DType::U16) => (COLORSPACE_RGB, CHROMA_RGBA_16, CHANNEL_INTERLEAVED),
            (_, false, DType::U16) => (COLORSPACE_RGB, CHROMA_RGB_16, CHANNEL_INTERLEAVED),
            (_, true, _) => (COLORSPACE_RGB, CHROMA_RGBA, CHANNEL_INTERLEAVED),
            _ => (COLORSPACE_RGB, CHROMA_RGB, CHANNEL_INTERLEAVED),
        };
        let image = self.handle.decode(colorspace, chroma, to_8bit)?;
        // Gray that was encoded without loss comes as three planes of it.
        let channel = if channel == CHANNEL_Y && image.plane_size(channel).0 == 0 { CHANNEL_G } else { channel };
        let (width, height, bits) = image.plane_size(channel);
        if (width, height) != (self.width, self.height) {
            let what = format!("{width} x {height} pixels were stored, not {} x {}", self.width, self.height);
            return Err(Error::corrupt(what));
        }
        let stored = if bits > 8 { 2 } else { 1 };
        let samples = props.shape.get(2).copied().unwrap_or(1);
        let shift = bits.saturating_sub(8);
        let mut narrow = Vec::new();
        for (y, row) in image.rows(channel, width * samples * stored, height)?.enumerate() {
            let row = match (stored, props.dtype.size()) {
                (2, 1) => {
                    // libheif does not make fewer bits of gray.
                    narrow.clear();
                    narrow.extend(row.as_chunks::<2>().0.iter().map(|b| (u16::from_ne_bytes(*b) >> shift) as u8));
                    &narrow[..]
                }
                (1, 2) => return Err(Error::corrupt("the samples have other bits than the file says")),
                _ => row,
            };
            to.view.unpack(&[y], row);
        }
        Ok(())
    }
}

impl File {
    pub fn open(mut input: Input, options: DictRef) -> Result<File> {
        let limits = Limits::of(options);
        let bytes = input.read_all(limits.max_bytes)?.into_boxed_slice();
        let context = Context::new()?;
        // SAFETY: the bytes are in their box, unchanged, until the context has ended.
        unsafe { context.read(&bytes, kit::threads(options)) }?;
        let items = Items::of(&bytes);
        let mut images = Vec::new();
        for id in context.images() {
            let handle = context.image(id)?;
            let (width, height) = handle.size();
            if width == 0 || height == 0 {
                return Err(Error::corrupt("an image without pixels"));
            }
            let (bits, has_alpha) = (handle.bits(), handle.has_alpha());
            images.push(Picture { width, height, bits, has_alpha, facts: items.facts(id), handle });
        }
        if images.is_empty() {
            return Err(Error::corrupt("a file without images"));
        }
        // A coded picture may be larger than its image by the rest of a block or tile, not by orders of magnitude.
        let side = images.iter().map(|image| image.width.max(image.height)).max().unwrap_or(0);
        context.limit((side + 64).max(LARGEST_TILE));
        Ok(File { images, _context: context, _bytes: bytes, limits })
    }

    fn image(&self, index: Index) -> Result<&Picture> {
        let place = match index {
            Index::At(i) => i,
            _ => 0,
        };
        let count = self.images.len();
        self.images.get(place).ok_or_else(|| Error::index(format!("there is no image {place} among {count}")))
    }
}

fn to_8bit(options: DictRef) -> bool {
    options.bool("convert_hdr_to_8bit") != Some(false)
}

impl Reader for File {
    fn count(&mut self, _how: Count, _options: DictRef) -> Result<Option<usize>> {
        Ok(Some(self.images.len()))
    }

    fn props(&mut self, index: Index, options: DictRef) -> Result<Props> {
        Ok(self.image(index)?.props(to_8bit(options)))
    }

    fn read(&mut self, index: Index, options: DictRef, mut to: Destination) -> Result<Outcome> {
        let picture = self.image(index)?;
        let props = picture.props(to_8bit(options));
        to.check(&props)?;
        // libheif decodes to planes, and makes of them an image that is copied.
        let pixels = picture.width as u64 * picture.height as u64;
        let size = if picture.bits > 8 { 2 } else { 1 };
        self.limits.check(pixels, pixels.saturating_mul(if picture.has_alpha { 8 } else { 6 } * size))?;
        kit::progress(0, 1)?;
        match picture.decode(to_8bit(options), &mut to) {
            Err(e) if e.kind() == Kind::Corrupt && options.bool("allow_partial") == Some(true) => {
                let row = kit::zeroed(props.nbytes()? / picture.height)?;
                for y in 0..picture.height {
                    to.view.unpack(&[y], &row);
                }
                Ok(Outcome::Partial)
            }
            done => done.map(|()| Outcome::Complete),
        }
    }

    fn meta(&mut self, index: Index, options: DictRef, into: &mut DictMut) -> Result<()> {
        meta::add(self.image(index)?, options, into)
    }
}
