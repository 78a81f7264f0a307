//! What a file says about itself, read from its chunks without decoding a pixel.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind, Result};
use crate::riff::{self, Chunk, Chunks, Container, u16_at, u24_at, u32_at};

/// VP8X flags, RFC 9649 2.7: bits of the first byte.
pub(crate) const FLAG_ANIMATION: u8 = 0x02;
pub(crate) const FLAG_XMP: u8 = 0x04;
pub(crate) const FLAG_EXIF: u8 = 0x08;
pub(crate) const FLAG_ALPHA: u8 = 0x10;
pub(crate) const FLAG_ICC: u8 = 0x20;

/// Bytes of an ANMF chunk before its image.
const FRAME_HEADER_LEN: usize = 16;

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// Width of the picture or of the animation's canvas, in pixels.
    pub width: u32,
    /// Height of the picture or of the animation's canvas, in pixels.
    pub height: u32,
    /// Whether a pixel may be other than opaque, as far as the file says.
    pub has_alpha: bool,
    /// Whether to read it with [`crate::AnimDecoder`] (`true`) or [`crate::decode_into`] (`false`).
    pub animated: bool,
    /// How the pixels are coded; `None` if frames differ, or if no image data was there to see.
    pub lossless: Option<bool>,
    /// Frames that are there as a whole: one for a picture, none if it is cut off.
    pub frame_count: u32,
    /// How often an animation plays; 0 is for ever. 1 for a picture.
    pub loop_count: u32,
    /// The animation's background colour as red, green, blue, alpha; zeros for a picture. A hint that neither Pillow
    /// nor [`crate::AnimDecoder`] paints with.
    pub background: [u8; 4],
    /// The colour profile.
    pub icc: Option<&'a [u8]>,
    /// The Exif chunk as it stands: most writers begin it at the TIFF header, some with `Exif\0\0`.
    pub exif: Option<&'a [u8]>,
    /// The XMP packet.
    pub xmp: Option<&'a [u8]>,
    /// The bytes end before the file does. Chunks beyond are not seen.
    pub truncated: bool,
    /// The still picture's bitstream, from its ALPH chunk if it has one to the end of its VP8 or VP8L chunk: the form
    /// in which a demuxer hands a frame to libwebp. `None` if animated or cut off.
    pub(crate) image: Option<&'a [u8]>,
    /// As `image`, of a bitstream that is cut off: what there is of it.
    pub(crate) image_part: Option<&'a [u8]>,
}

/// What a walk over the chunks must remember besides the header.
#[derive(Default)]
struct Seen {
    /// Where the ALPH chunk starts.
    alpha: Option<usize>,
    /// Only the first image counts.
    image: bool,
    /// An animation has lossy and lossless frames.
    both_codings: bool,
}

/// One frame of an animation, as its chunk describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Left edge on the canvas, in pixels.
    pub x: u32,
    /// Top edge on the canvas, in pixels.
    pub y: u32,
    /// Width of the part of the canvas that the frame paints.
    pub width: u32,
    /// Height of the part of the canvas that the frame paints.
    pub height: u32,
    /// When the frame appears, in milliseconds from the start.
    pub timestamp_ms: u64,
    /// How long it is shown, in milliseconds.
    pub duration_ms: u32,
    /// Whether it is laid over what is there (`true`) or replaces it.
    pub blend: bool,
    /// Whether its rectangle is cleared before the next frame.
    pub dispose: bool,
    /// Whether its bitstream is lossless.
    pub lossless: bool,
    /// Whether its bitstream has an alpha channel.
    pub has_alpha: bool,
}

impl<'a> Header<'a> {
    /// Reads the chunks of a file, or of its first bytes: 30 are enough for the size.
    ///
    /// # Errors
    /// `Truncated` if the bytes end before the picture's size is known; `Corrupt` if they are no WebP file or
    /// contradict themselves.
    pub fn parse(data: &'a [u8]) -> Result<Self> {
        let file = riff::open(data)?;
        let mut chunks = riff::chunks(file.body);
        let first = chunks.next().ok_or_else(|| Error::truncated("the file ends before its first chunk"))?;
        match &first.fourcc {
            b"VP8 " | b"VP8L" => Self::simple(&file, &first),
            b"VP8X" => Self::extended(&file, &first, chunks),
            other => Err(Error::corrupt(format!("the first chunk is '{}'", other.escape_ascii()))),
        }
    }

    fn simple(file: &Container<'a>, chunk: &Chunk<'a>) -> Result<Self> {
        let image = Bitstream::parse(chunk)?;
        let mut header = Self::still(image.width, image.height, file.truncated);
        header.take_image(file.body, chunk, None, image);
        header.must_have_an_image()
    }

    fn still(width: u32, height: u32, truncated: bool) -> Self {
        Self {
            width,
            height,
            has_alpha: false,
            animated: false,
            lossless: None,
            frame_count: 0,
            loop_count: 1,
            background: [0; 4],
            icc: None,
            exif: None,
            xmp: None,
            truncated,
            image: None,
            image_part: None,
        }
    }

    fn extended(file: &Container<'a>, vp8x: &Chunk<'a>, chunks: Chunks<'a>) -> Result<Self> {
        let (flags, width, height) = parse_vp8x(vp8x)?;
        let mut header = Self::still(width, height, file.truncated);
        header.animated = flags & FLAG_ANIMATION != 0;
        header.has_alpha = flags & FLAG_ALPHA != 0;
        let mut seen = Seen::default();
        for chunk in chunks {
            match header.take(file.body, &chunk, &mut seen) {
                // The last chunk is cut off, but VP8X has told the size.
                Err(error) if error.kind == ErrorKind::Truncated => break,
                other => other?,
            }
        }
        if seen.both_codings {
            header.lossless = None;
        }
        header.must_have_an_image()
    }

    /// Takes what a chunk after VP8X says.
    fn take(&mut self, body: &'a [u8], chunk: &Chunk<'a>, seen: &mut Seen) -> Result<()> {
        match (&chunk.fourcc, self.animated) {
            (b"ANIM", true) => self.take_anim(chunk)?,
            (b"ANMF", true) if chunk.complete => {
                let frame = FrameInfo::parse(chunk, self.width, self.height)?;
                seen.both_codings |= self.lossless.is_some_and(|l| l != frame.lossless);
                self.lossless = Some(frame.lossless);
                self.frame_count = self.frame_count.saturating_add(1);
            }
            (b"ALPH", false) if chunk.complete && !seen.image => seen.alpha = Some(chunk.start),
            (b"VP8 " | b"VP8L", false) if !seen.image => {
                seen.image = true;
                let image = Bitstream::parse(chunk)?;
                image.must_be(self.width, self.height)?;
                self.take_image(body, chunk, seen.alpha, image);
            }
            _ => self.take_metadata(chunk),
        }
        Ok(())
    }

    fn must_have_an_image(self) -> Result<Self> {
        if self.frame_count == 0 && !self.truncated {
            return Err(Error::corrupt("the file has no complete image"));
        }
        Ok(self)
    }

    fn take_anim(&mut self, chunk: &Chunk<'a>) -> Result<()> {
        let colour = riff::array(chunk.payload, 0);
        let (Some([b, g, r, a]), Some(loops)) = (colour, u16_at(chunk.payload, 4)) else {
            return Err(chunk.too_short());
        };
        self.background = [r, g, b, a];
        self.loop_count = loops;
        Ok(())
    }

    fn take_image(&mut self, body: &'a [u8], chunk: &Chunk<'a>, alpha: Option<usize>, image: Bitstream) {
        self.lossless = Some(image.lossless);
        // A lossless bitstream speaks for itself, whatever VP8X says; libwebp decides the same way.
        self.has_alpha = if image.lossless { image.has_alpha } else { self.has_alpha } || alpha.is_some();
        let start = alpha.filter(|_| !image.lossless).unwrap_or(chunk.start);
        let bytes = body.get(start..chunk.end());
        if chunk.complete {
            self.frame_count = 1;
            self.image = bytes;
        } else {
            self.image_part = bytes;
        }
    }

    /// The first chunk of a kind counts, as in libwebp's demuxer.
    fn take_metadata(&mut self, chunk: &Chunk<'a>) {
        let slot = match &chunk.fourcc {
            b"ICCP" => &mut self.icc,
            b"EXIF" => &mut self.exif,
            b"XMP " => &mut self.xmp,
            _ => return,
        };
        if chunk.complete && slot.is_none() {
            *slot = Some(chunk.payload);
        }
    }
}

/// The frames of an animation, by its chunks alone; none for a picture.
///
/// # Errors
/// As [`Header::parse`], and `Truncated` if the file ends before its last frame does.
pub fn frames(data: &[u8]) -> Result<Vec<FrameInfo>> {
    let header = Header::parse(data)?;
    let mut found = Vec::new();
    if !header.animated {
        return Ok(found);
    }
    if header.truncated {
        return Err(Error::truncated("the file ends before its last frame"));
    }
    let mut timestamp_ms = 0u64;
    for chunk in riff::chunks(riff::open(data)?.body).filter(|c| &c.fourcc == b"ANMF") {
        if !chunk.complete {
            return Err(chunk.too_short());
        }
        let frame = FrameInfo { timestamp_ms, ..FrameInfo::parse(&chunk, header.width, header.height)? };
        timestamp_ms = timestamp_ms.saturating_add(u64::from(frame.duration_ms));
        found.push(frame);
    }
    Ok(found)
}

/// A frame by itself as a file with one picture, and `None` beyond the last: what it paints, before that is laid on
/// the frames before it.
///
/// # Errors
/// As [`frames`].
pub fn frame_file(data: &[u8], index: usize) -> Result<Option<Vec<u8>>> {
    let header = Header::parse(data)?;
    let chunks = riff::chunks(riff::open(data)?.body).filter(|c| &c.fourcc == b"ANMF");
    let Some(chunk) = chunks.into_iter().nth(index) else { return Ok(None) };
    if !chunk.complete {
        return Err(chunk.too_short());
    }
    let info = FrameInfo::parse(&chunk, header.width, header.height)?;
    let inside = chunk.payload.get(FRAME_HEADER_LEN..).ok_or_else(|| chunk.too_short())?;
    const ALPHA: u32 = 0x10;
    let mut file = b"RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0".to_vec();
    file.extend((if info.has_alpha { ALPHA } else { 0 }).to_le_bytes());
    for side in [info.width, info.height] {
        file.extend(side.saturating_sub(1).to_le_bytes().get(..3).unwrap_or(&[]));
    }
    file.extend_from_slice(inside);
    let size = u32::try_from(file.len() - 8).map_err(|_| Error::corrupt("a frame of over 4 GiB"))?;
    if let Some(place) = file.get_mut(4..8) {
        place.copy_from_slice(&size.to_le_bytes());
    }
    Ok(Some(file))
}

impl FrameInfo {
    /// Reads a complete ANMF chunk; the time it appears is for the caller to add up.
    fn parse(chunk: &Chunk<'_>, canvas_width: u32, canvas_height: u32) -> Result<Self> {
        let bytes = chunk.payload;
        let field = |at| u24_at(bytes, at).ok_or_else(|| chunk.too_short());
        let (x, y) = (field(0)? * 2, field(3)? * 2);
        let (width, height) = (field(6)? + 1, field(9)? + 1);
        let duration_ms = field(12)?;
        let (Some(&flags), Some(inside)) = (bytes.get(15), bytes.get(FRAME_HEADER_LEN..)) else {
            return Err(chunk.too_short());
        };
        // No overflow: each term is below 2^25.
        if x + width > canvas_width || y + height > canvas_height {
            return Err(Error::corrupt(format!(
                "a frame of {width}x{height} at {x},{y} leaves the canvas of {canvas_width}x{canvas_height}"
            )));
        }
        let mut alpha = false;
        for part in riff::chunks(inside) {
            match &part.fourcc {
                b"ALPH" => alpha = true,
                b"VP8 " | b"VP8L" => {
                    if !part.complete {
                        return Err(Error::corrupt("a frame's image is longer than the frame"));
                    }
                    let image = Bitstream::parse(&part)?;
                    image.must_be(width, height)?;
                    return Ok(Self {
                        x,
                        y,
                        width,
                        height,
                        timestamp_ms: 0,
                        duration_ms,
                        blend: flags & 2 == 0,
                        dispose: flags & 1 != 0,
                        lossless: image.lossless,
                        has_alpha: alpha || image.has_alpha,
                    });
                }
                _ => {}
            }
        }
        Err(Error::corrupt("a frame has no image"))
    }
}

/// Flags, width and height.
fn parse_vp8x(chunk: &Chunk<'_>) -> Result<(u8, u32, u32)> {
    let bytes = chunk.payload;
    let (Some(&flags), Some(w), Some(h)) = (bytes.first(), u24_at(bytes, 4), u24_at(bytes, 7)) else {
        return Err(chunk.too_short());
    };
    if bytes.len() != 10 {
        return Err(Error::corrupt(format!("chunk 'VP8X' has {} bytes, not 10", bytes.len())));
    }
    let (width, height) = (w + 1, h + 1);
    if u64::from(width) * u64::from(height) > u64::from(u32::MAX) - 1 {
        return Err(Error::corrupt(format!("a canvas of {width}x{height} is beyond the format")));
    }
    Ok((flags, width, height))
}

/// The first bytes of a VP8 or VP8L chunk.
#[derive(Debug, Clone, Copy)]
struct Bitstream {
    width: u32,
    height: u32,
    lossless: bool,
    has_alpha: bool,
}

impl Bitstream {
    fn parse(chunk: &Chunk<'_>) -> Result<Self> {
        if &chunk.fourcc == b"VP8L" { Self::vp8l(chunk) } else { Self::vp8(chunk) }
    }

    /// RFC 6386 9.1: a key frame's tag, start code and dimensions; the upper two bits of each are a scaling hint.
    fn vp8(chunk: &Chunk<'_>) -> Result<Self> {
        let bytes = chunk.payload;
        let (Some(tag), Some(code)) = (u24_at(bytes, 0), riff::array(bytes, 3)) else {
            return Err(chunk.too_short());
        };
        let (Some(w), Some(h)) = (u16_at(bytes, 6), u16_at(bytes, 8)) else {
            return Err(chunk.too_short());
        };
        let (width, height) = (w & 0x3fff, h & 0x3fff);
        let key_frame = tag & 1 == 0 && (tag >> 1) & 7 <= 3 && (tag >> 4) & 1 == 1;
        if !key_frame || code != [0x9d, 0x01, 0x2a] || width == 0 || height == 0 {
            return Err(Error::corrupt("chunk 'VP8 ' does not begin with a key frame"));
        }
        Ok(Self { width, height, lossless: false, has_alpha: false })
    }

    /// RFC 9649 3.4: signature, two 14-bit sizes, the alpha hint and a version that must be zero.
    fn vp8l(chunk: &Chunk<'_>) -> Result<Self> {
        let (Some(&signature), Some(bits)) = (chunk.payload.first(), u32_at(chunk.payload, 1)) else {
            return Err(chunk.too_short());
        };
        if signature != 0x2f || bits >> 29 != 0 {
            return Err(Error::corrupt("chunk 'VP8L' does not begin with its signature"));
        }
        let (width, height) = ((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1);
        Ok(Self { width, height, lossless: true, has_alpha: bits >> 28 & 1 == 1 })
    }

    fn must_be(&self, width: u32, height: u32) -> Result<()> {
        if (self.width, self.height) == (width, height) {
            return Ok(());
        }
        Err(Error::corrupt(format!("an image of {}x{} is announced as {width}x{height}", self.width, self.height)))
    }
}
