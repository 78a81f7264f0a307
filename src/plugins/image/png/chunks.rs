//! The chunks of a PNG file: what stands before the pixels, checked and cut short where it lies.
//!
//! The `png` crate inflates and unfilters; chunks are walked here, because their order, their limits and what
//! becomes of damaged ones are Pillow's, and because properties must cost no decoder.

use crate::error::{Error, Result};
use crate::model::MAX_METADATA;
use crate::resource::{Source, SourceReader};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};

/// What every PNG file begins with.
pub const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// The kind of a chunk: four letters.
pub type Kind = [u8; 4];

/// A chunk that was passed.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// Its letters.
    pub kind: Kind,
    /// Where its length stands in the file.
    pub at: u64,
    /// Bytes of its body.
    pub len: u32,
}

impl Chunk {
    /// Whether it holds pixels.
    pub fn is_data(&self) -> bool {
        matches!(&self.kind, b"IDAT" | b"fdAT")
    }
}

/// A walk over chunks.
pub struct Chunks {
    reader: SourceReader,
    body: Vec<u8>,
    /// Bytes of bodies so far, which a hostile file would have us keep.
    kept: usize,
}

impl Chunks {
    /// The chunks from this place on.
    pub fn new(source: &Source, at: u64) -> Result<Chunks> {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(at))?;
        Ok(Chunks { reader, body: Vec::new(), kept: 0 })
    }

    /// The next chunk. The body of one that holds pixels is left where it is; others are checked against their
    /// checksum, as Pillow does.
    pub fn next(&mut self) -> Result<Chunk> {
        let at = self.reader.position();
        let mut head = [0; 8];
        self.reader.read_exact(&mut head).map_err(|e| Error::from(e).at(at))?;
        let (len, kind) = (word(&head, 0), [head[4], head[5], head[6], head[7]]);
        if !kind.iter().all(u8::is_ascii_alphabetic) || len > i32::MAX as u32 {
            return Err(Error::corrupt(format!("{} is no chunk of a PNG file", kind.escape_ascii())).at(at));
        }
        let chunk = Chunk { kind, at, len };
        if !chunk.is_data() {
            self.read_body(chunk)?;
        }
        Ok(chunk)
    }

    /// The body of the chunk that `next` gave, if it holds no pixels.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Passes the body of a chunk that holds pixels.
    pub fn skip(&mut self, chunk: Chunk) -> Result<()> {
        self.reader.seek(SeekFrom::Start(chunk.at + 12 + u64::from(chunk.len)))?;
        Ok(())
    }

    fn read_body(&mut self, chunk: Chunk) -> Result<()> {
        self.body.clear();
        let mut crc = crc32fast::Hasher::new();
        crc.update(&chunk.kind);
        let mut left = chunk.len as usize;
        self.kept = self.kept.saturating_add(left);
        if self.kept > MAX_METADATA {
            return Err(Error::limit(format!("over {MAX_METADATA} bytes of metadata")).at(chunk.at));
        }
        while left > 0 {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Err(ends(chunk));
            }
            let bytes = bytes.get(..left).unwrap_or(bytes);
            crc.update(bytes);
            self.body.try_reserve(bytes.len()).map_err(|_| Error::out_of_memory(bytes.len()))?;
            self.body.extend_from_slice(bytes);
            let n = bytes.len();
            self.reader.consume(n);
            left -= n;
        }
        let mut sum = [0; 4];
        self.reader.read_exact(&mut sum).map_err(|_| ends(chunk))?;
        if crc.finalize() != u32::from_be_bytes(sum) {
            let kind = chunk.kind.escape_ascii();
            return Err(Error::corrupt(format!("the checksum of chunk {kind} is wrong")).at(chunk.at));
        }
        Ok(())
    }
}

fn ends(chunk: Chunk) -> Error {
    Error::corrupt(format!("the data end within chunk {}", chunk.kind.escape_ascii())).at(chunk.at)
}

/// The big-endian number at a place; 0 beyond the end.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u32::from_be_bytes(b))
}

/// The same of two bytes.
pub fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u16::from_be_bytes(b))
}

/// What stands before the pixels and decides what a read gives.
pub struct Header {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits of a sample.
    pub depth: u8,
    /// PNG's colour type.
    pub color: u8,
    /// Whether rows come in Adam7's order.
    pub interlaced: bool,
    /// Red, green, blue of each colour.
    pub palette: Vec<u8>,
    /// tRNS: an alpha for each colour, or the colour that is transparent.
    pub transparency: Option<Vec<u8>>,
    /// The frames that acTL names, if the file is an animation: without a default image that is none of them.
    pub animation: Option<u32>,
    /// Whether the first image is one of the animation's frames.
    pub first_is_frame: bool,
    /// The signature and the chunks that the `png` crate needs, as they stand in the file.
    pub opening: Vec<u8>,
    /// Where the chunks with pixels begin.
    pub data_at: u64,
}

impl Header {
    /// Reads up to the first pixels, which a file may lack: then a read fails.
    pub fn read(source: &Source) -> Result<Header> {
        let mut chunks = Chunks::new(source, SIGNATURE.len() as u64)?;
        let first = chunks.next()?;
        if &first.kind != b"IHDR" {
            return Err(Error::corrupt("the first chunk is not IHDR").at(first.at));
        }
        let mut header = Header::from_ihdr(chunks.body()).map_err(|e| e.at(first.at))?;
        loop {
            let chunk = chunks.next()?;
            if chunk.is_data() || &chunk.kind == b"IEND" {
                header.data_at = chunk.at;
                break;
            }
            header.take(chunk, chunks.body())?;
        }
        if header.color == 3 && header.palette.is_empty() {
            return Err(Error::corrupt("the image has a palette of no colours"));
        }
        header.check_size(source)?;
        Ok(header)
    }

    fn from_ihdr(body: &[u8]) -> Result<Header> {
        let &[_, _, _, _, _, _, _, _, depth, color, compression, filter, interlace] = body else {
            return Err(Error::corrupt(format!("IHDR has {} bytes, not 13", body.len())));
        };
        let (width, height) = (word(body, 0), word(body, 4));
        if width == 0 || height == 0 {
            return Err(Error::corrupt(format!("an image of {width} x {height} pixels")));
        }
        let known = match color {
            0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
            3 => matches!(depth, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(depth, 8 | 16),
            _ => false,
        };
        if !known {
            return Err(Error::corrupt(format!("there is no colour type {color} with {depth} bits")));
        }
        if compression != 0 || filter != 0 || interlace > 1 {
            let message = format!("compression {compression}, filter {filter}, interlace {interlace} are not known");
            return Err(Error::corrupt(message));
        }
        let mut opening = SIGNATURE.to_vec();
        append(&mut opening, b"IHDR", body);
        Ok(Header {
            width,
            height,
            depth,
            color,
            interlaced: interlace == 1,
            palette: Vec::new(),
            transparency: None,
            animation: None,
            first_is_frame: false,
            opening,
            data_at: 0,
        })
    }

    fn take(&mut self, chunk: Chunk, body: &[u8]) -> Result<()> {
        match &chunk.kind {
            b"PLTE" if self.color == 3 => self.palette = body.get(..body.len().min(768)).unwrap_or(body).to_vec(),
            b"tRNS" => {
                let least = match self.color {
                    0 => 2,
                    2 => 6,
                    3 => 0,
                    _ => return Ok(()),
                };
                if body.len() < least {
                    return Err(Error::corrupt(format!("tRNS has {} bytes, not {least}", body.len())).at(chunk.at));
                }
                self.transparency = (!body.is_empty()).then(|| body.to_vec());
            }
            b"acTL" if body.len() >= 8 => {
                let frames = word(body, 0);
                if frames > 0 && frames <= i32::MAX as u32 && self.animation.is_none() {
                    self.animation = Some(frames);
                    append(&mut self.opening, b"acTL", body);
                }
            }
            b"fcTL" if self.animation.is_some() => {
                self.first_is_frame = true;
                append(&mut self.opening, b"fcTL", body);
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses an image that the bytes of the file cannot hold: deflate makes at most 1032 bytes of one.
    fn check_size(&self, source: &Source) -> Result<()> {
        let Some(bytes) = source.len().map(|n| n.saturating_sub(self.data_at)) else { return Ok(()) };
        let bits = u128::from(self.width) * u128::from(self.height) * u128::from(self.bits_per_pixel());
        if bits / 8 > u128::from(bytes) * 1032 + 1032 {
            let (w, h) = (self.width, self.height);
            return Err(Error::corrupt(format!("{bytes} bytes cannot hold an image of {w} x {h} pixels")));
        }
        // A frame takes an fcTL and at least an empty fdAT.
        if self.images() as u64 - 1 > bytes / (38 + 16) {
            return Err(Error::corrupt(format!("{bytes} bytes cannot hold {} frames", self.images())));
        }
        Ok(())
    }

    /// How many images the file has.
    pub fn images(&self) -> usize {
        match self.animation {
            Some(frames) => frames as usize + usize::from(!self.first_is_frame),
            None => 1,
        }
    }

    /// Samples of a pixel as stored.
    pub fn samples(&self) -> u8 {
        match self.color {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        }
    }

    fn bits_per_pixel(&self) -> u8 {
        self.samples() * self.depth
    }
}

/// Puts a chunk at the end of a file in memory.
pub fn append(file: &mut Vec<u8>, kind: &Kind, body: &[u8]) {
    // Memory takes every write.
    let _ = write(file, kind, &[body]);
}

/// Writes a chunk whose body is these parts.
pub fn write(to: &mut impl Write, kind: &Kind, parts: &[&[u8]]) -> io::Result<()> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let len = i32::try_from(len).map_err(|_| Error::limit(format!("a chunk of {len} bytes")))?;
    let mut crc = crc32fast::Hasher::new();
    crc.update(kind);
    to.write_all(&len.to_be_bytes())?;
    to.write_all(kind)?;
    for part in parts {
        crc.update(part);
        to.write_all(part)?;
    }
    to.write_all(&crc.finalize().to_be_bytes())
}
