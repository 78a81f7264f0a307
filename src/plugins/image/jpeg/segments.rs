//! The segments of a JPEG file up to its first scan: what it says of itself, found without touching a pixel.

use crate::error::{Error, Result};
use crate::model::MAX_METADATA;
use crate::resource::{Source, SourceReader};
use std::borrow::Cow;
use std::io::{BufRead, Read, Seek, SeekFrom};

/// What a JPEG file begins with.
pub const MARK: &[u8] = &[0xFF, 0xD8, 0xFF];
/// What the APP1 segment of an XMP packet begins with.
pub const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Bytes between segments that are skipped, as libjpeg and Pillow skip them, before the file is given up.
const MOST_JUNK: usize = 1 << 20;
/// Segments that are kept track of.
const MOST_SEGMENTS: usize = 1 << 16;

/// What stands before the first scan.
pub struct Header {
    pub frame: Frame,
    segments: Vec<Segment>,
}

/// The segments that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Jfif,
    Exif,
    Xmp,
    Icc,
    MultiPicture,
    Photoshop,
    Adobe,
    Comment,
}

/// Where a segment lies, without its marker and length.
#[derive(Clone, Copy)]
pub struct Segment {
    pub kind: Kind,
    pub at: u64,
    len: usize,
}

impl Header {
    /// Reads the segments of the image that begins at `start`. Payloads are passed over.
    pub fn read(source: &Source, start: u64) -> Result<Header> {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(start))?;
        let mut mark = [0; 2];
        reader.read_exact(&mut mark)?;
        if !MARK.starts_with(&mark) {
            return Err(Error::corrupt("no image begins where the file says one does").at(start));
        }
        let mut frame = None;
        let mut segments = Vec::new();
        let mut metadata = 0usize;
        let mut junk = 0;
        loop {
            let marker = next_marker(&mut reader, &mut junk)?;
            match marker {
                // Markers without a segment. A second start of image is for the decoder to refuse.
                0x01 | 0xD0..=0xD8 => continue,
                0xD9 => return Err(Error::corrupt("the image ends before its first scan").at(reader.position())),
                0xDA => break,
                _ => {}
            }
            let len = usize::from(read_u16(&mut reader)?);
            let len = len.checked_sub(2).ok_or_else(|| {
                Error::corrupt(format!("a segment of {len} bytes, which its length alone exceeds"))
                    .at(reader.position())
            })?;
            let at = reader.position();
            if is_frame(marker) && frame.is_none() {
                frame = Some(Frame::read(&mut reader, marker, len).map_err(|e| e.at(at))?);
            } else if let Some(kind) = Kind::of(marker, &mut reader, len)? {
                metadata = metadata.saturating_add(len);
                if metadata > MAX_METADATA || segments.len() == MOST_SEGMENTS {
                    return Err(Error::limit(format!(
                        "metadata of over {MAX_METADATA} bytes or {MOST_SEGMENTS} parts"
                    )));
                }
                segments.push(Segment { kind, at, len });
            }
            reader.seek(SeekFrom::Start(at.saturating_add(len as u64)))?;
        }
        let frame = frame.ok_or_else(|| Error::corrupt("a scan begins before the size of the image is told"))?;
        Ok(Header { frame, segments })
    }

    /// The segments in their order.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.segments.iter()
    }

    /// The first segment of a kind.
    pub fn first(&self, kind: Kind) -> Option<&Segment> {
        self.segments.iter().find(|s| s.kind == kind)
    }
}

impl Segment {
    /// The payload: lent where the source has it in memory.
    pub fn bytes<'a>(&self, source: &'a Source) -> Result<Cow<'a, [u8]>> {
        let memory = source.as_slice().unwrap_or(source.head());
        let lent = usize::try_from(self.at).ok().and_then(|at| memory.get(at..at.checked_add(self.len)?));
        if let Some(bytes) = lent {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; self.len];
        source.read_exact_at(&mut bytes, self.at)?;
        Ok(Cow::Owned(bytes))
    }
}

impl Kind {
    /// The kind of a segment, by its marker and how it begins.
    fn of(marker: u8, reader: &mut SourceReader, len: usize) -> Result<Option<Kind>> {
        const KINDS: &[(u8, &[u8], Kind)] = &[
            (0xE0, b"JFIF", Kind::Jfif),
            (0xE1, b"Exif\0\0", Kind::Exif),
            (0xE1, XMP, Kind::Xmp),
            (0xE2, b"ICC_PROFILE\0", Kind::Icc),
            (0xE2, b"MPF\0", Kind::MultiPicture),
            (0xED, b"Photoshop 3.0\0", Kind::Photoshop),
            (0xEE, b"Adobe", Kind::Adobe),
            (0xFE, b"", Kind::Comment),
        ];
        if !KINDS.iter().any(|(m, ..)| *m == marker) {
            return Ok(None);
        }
        let mut start = [0; XMP.len()];
        let start = start.get_mut(..len.min(XMP.len())).unwrap_or_default();
        reader.read_exact(start)?;
        Ok(KINDS.iter().find(|(m, mark, _)| *m == marker && start.starts_with(mark)).map(|(.., kind)| *kind))
    }
}

/// The marker that comes next, behind any fill bytes and junk.
fn next_marker(reader: &mut SourceReader, junk: &mut usize) -> Result<u8> {
    loop {
        let mut byte = read_u8(reader)?;
        if byte == 0xFF {
            while byte == 0xFF {
                byte = read_u8(reader)?;
            }
            // Zero says that the 0xFF before it was no marker.
            if byte != 0 {
                return Ok(byte);
            }
        }
        *junk += 1;
        if *junk > MOST_JUNK {
            return Err(Error::corrupt("no segment where one should begin").at(reader.position()));
        }
    }
}

fn read_u8(reader: &mut SourceReader) -> Result<u8> {
    let Some(&byte) = reader.fill_buf()?.first() else {
        return Err(Error::from(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)).at(reader.position()));
    };
    reader.consume(1);
    Ok(byte)
}

fn read_u16(reader: &mut SourceReader) -> Result<u16> {
    Ok(u16::from_be_bytes([read_u8(reader)?, read_u8(reader)?]))
}

/// Whether a marker begins a frame: SOF0 to SOF15 without the three markers among them that mean something else.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// The frame header.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    marker: u8,
    /// Bits of a sample.
    pub bits: u8,
    pub width: u16,
    pub height: u16,
    /// 1, 3 or 4.
    pub components: u8,
    /// Horizontal and vertical sampling factor of each component, 1 to 4.
    sampling: [(u8, u8); 4],
}

impl Frame {
    fn read(reader: &mut SourceReader, marker: u8, len: usize) -> Result<Frame> {
        let mut fixed = [0; 6];
        reader.read_exact(&mut fixed)?;
        let [bits, h1, h0, w1, w0, components] = fixed;
        let height = u16::from_be_bytes([h1, h0]);
        let width = u16::from_be_bytes([w1, w0]);
        let mut sampling = [(1, 1); 4];
        if len < 6 + 3 * usize::from(components) {
            return Err(Error::corrupt("the frame header is shorter than its components"));
        }
        for factors in sampling.iter_mut().take(components.into()) {
            let mut component = [0; 3];
            reader.read_exact(&mut component)?;
            let [_, both, _] = component;
            *factors = (both >> 4, both & 15);
            if !(1..=4).contains(&factors.0) || !(1..=4).contains(&factors.1) {
                return Err(Error::corrupt("sampling factors other than 1 to 4"));
            }
        }
        let frame = Frame { marker, bits, width, height, components, sampling };
        frame.check()?;
        Ok(frame)
    }

    /// Refuses what the decoder does not do, so that nothing is promised that a read could not give.
    fn check(&self) -> Result<()> {
        if self.marker >= 0xC5 && !matches!(self.marker, 0xC9 | 0xCA) {
            return Err(Error::unsupported("hierarchical JPEG, and lossless with arithmetic coding, are not read"));
        }
        if !matches!(self.components, 1 | 3 | 4) {
            return Err(Error::unsupported(format!(
                "JPEG of {} components is not read, only of 1, 3, 4",
                self.components
            )));
        }
        let possible = if self.is_lossless() { (2..=16).contains(&self.bits) } else { matches!(self.bits, 8 | 12) };
        if !possible {
            return Err(Error::unsupported(format!("JPEG of {} bits a sample is not read", self.bits)));
        }
        if self.height == 0 {
            return Err(Error::unsupported("JPEG that tells its height behind the pixels (DNL) is not read"));
        }
        let longest = u32::from(self.width.max(self.height));
        if self.width == 0 || longest > jpeg::MAX_SIDE {
            let (width, height, most) = (self.width, self.height, jpeg::MAX_SIDE);
            return Err(Error::unsupported(format!("JPEG of {width} x {height} pixels; sides are 1 to {most}")));
        }
        Ok(())
    }

    /// Whether samples are predicted, not transformed.
    pub fn is_lossless(&self) -> bool {
        self.marker == 0xC3
    }

    /// Whether the image comes in passes of growing exactness.
    pub fn is_progressive(&self) -> bool {
        matches!(self.marker, 0xC2 | 0xCA)
    }

    /// Whether the image comes in one pass, block by block; unless its components come one after another.
    pub fn is_in_order(&self) -> bool {
        matches!(self.marker, 0xC0 | 0xC1 | 0xC9)
    }

    /// The pixels.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Bytes that the scans take at least. With Huffman codes, a block of 8 by 8 samples has at least one bit for its
    /// first coefficient, and where the others do not come in passes of their own, one more that says there are
    /// none; a lossless sample has at least one bit. Arithmetic coding has no such bound.
    pub fn least_bytes(&self) -> u64 {
        let (side, bits) = match self.marker {
            0xC0 | 0xC1 => (8, 2),
            0xC2 => (8, 1),
            0xC3 => (1, 1),
            _ => return 0,
        };
        let sampling = || self.sampling.iter().take(self.components.into());
        let most = (sampling().map(|s| s.0).max().unwrap_or(1), sampling().map(|s| s.1).max().unwrap_or(1));
        // Sides have 16 bits and factors 3, so no product here reaches 64.
        let blocks = |length: u16, factor: u8, most: u8| {
            (u64::from(length) * u64::from(factor)).div_ceil(u64::from(most)).div_ceil(side)
        };
        let of_component = |s: &(u8, u8)| blocks(self.width, s.0, most.0) * blocks(self.height, s.1, most.1);
        (sampling().map(of_component).sum::<u64>() * bits).div_ceil(8)
    }
}
