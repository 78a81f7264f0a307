//! Metadata under Pillow's names, in the order in which the file has them.

use super::chunks::{Chunk, Chunks, Header, SIGNATURE, half, word};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::model::{Dict, List, Value};
use crate::plugin::Call;
use crate::plugins::image::info;
use crate::resource::Source;
use std::sync::Arc;

/// Bytes to which the compressed texts and the profile of one image may expand, as in Pillow.
const MAX_EXPANDED: usize = 64 << 20;

/// A walk through a file that gathers metadata: those of a frame are all that stand before its pixels.
pub struct Walk {
    chunks: Chunks,
    meta: Meta,
    /// The frame whose metadata are gathered, and its first chunk with pixels.
    frame: Option<usize>,
    data: Option<Chunk>,
    /// What stands behind the pixels of a picture was taken.
    is_at_end: bool,
}

impl Walk {
    /// A walk from the start.
    pub fn new(source: &Source, header: Arc<Header>) -> Result<Walk> {
        let chunks = Chunks::new(source, SIGNATURE.len() as u64)?;
        let meta = Meta { dict: Dict::new(), header, expanded: 0, time_s: 0.0, next_s: 0.0 };
        Ok(Walk { chunks, meta, frame: None, data: None, is_at_end: false })
    }

    /// Whether the walk has gone beyond this frame and must be begun again.
    pub fn is_beyond(&self, frame: usize) -> bool {
        self.frame.is_some_and(|now| now > frame)
    }

    /// When the frame that was read last begins, in seconds.
    pub fn time_s(&self) -> f64 {
        self.meta.time_s
    }

    /// The metadata of a frame that is not behind.
    pub fn read(&mut self, frame: usize, rows: &Rows, call: &Call) -> Result<Dict> {
        while self.frame.is_none_or(|now| now < frame) {
            self.advance()?;
        }
        if self.meta.header.animation.is_none() && !self.is_at_end {
            self.go_to_end();
        }
        let header = &self.meta.header;
        let mut dict = self.meta.dict.clone();
        if header.animation.is_some() && !header.first_is_frame {
            dict.set("default_image", true);
        }
        let tags = info::tags(&dict);
        let mut dict = info::finish(dict, rows.mode, header.width as usize, header.height as usize);
        dict.extend(tags);
        if rows.mode == "P" && (!call.indices() || header.animation.is_none()) {
            info::add_palette(&mut dict, header.palette.as_chunks().0, call)?;
        }
        Ok(dict)
    }

    /// Takes what stands behind the pixels of a picture, which Pillow knows once it has read them: as far as it is there
    /// and whole, since it is the pixels that are wanted first.
    fn go_to_end(&mut self) {
        let mut rest = || -> Result<()> {
            if let Some(data) = self.data.take() {
                self.chunks.skip(data)?;
            }
            loop {
                let chunk = self.chunks.next()?;
                match &chunk.kind {
                    b"IEND" => return Ok(()),
                    _ if chunk.is_data() => self.chunks.skip(chunk)?,
                    _ => self.meta.take(chunk, self.chunks.body())?,
                }
            }
        };
        self.is_at_end = true;
        let _cut_off = rest();
    }

    /// Goes on to the next frame.
    fn advance(&mut self) -> Result<()> {
        // The pixels of one frame may lie in several chunks, which follow one another.
        let mut of_last = self.data.is_some();
        if let Some(data) = self.data.take() {
            self.chunks.skip(data)?;
        }
        loop {
            let chunk = self.chunks.next()?;
            match chunk.is_data() {
                true if of_last => self.chunks.skip(chunk)?,
                true => {
                    self.data = Some(chunk);
                    break;
                }
                // A file without pixels still has metadata.
                false if &chunk.kind == b"IEND" && self.frame.is_none() => break,
                false if &chunk.kind == b"IEND" => {
                    return Err(Error::corrupt("the file has fewer frames than it says").at(chunk.at));
                }
                false => {
                    of_last = false;
                    self.meta.take(chunk, self.chunks.body())?;
                }
            }
        }
        self.frame = Some(self.frame.map_or(0, |n| n + 1));
        Ok(())
    }
}

struct Meta {
    dict: Dict,
    header: Arc<Header>,
    /// Bytes to which compressed chunks expanded so far.
    expanded: usize,
    /// When the frame that was met last begins, and when the next does.
    time_s: f64,
    next_s: f64,
}

impl Meta {
    fn take(&mut self, chunk: Chunk, body: &[u8]) -> Result<()> {
        let wanted = match &chunk.kind {
            b"gAMA" | b"acTL" if body.len() >= 4 => true,
            b"cHRM" => body.len() >= 32,
            b"pHYs" => body.len() >= 9,
            b"fcTL" => body.len() >= 26,
            _ => !body.is_empty(),
        };
        if !wanted {
            return Ok(());
        }
        match &chunk.kind {
            b"IHDR" if self.header.interlaced => self.dict.set("interlace", 1),
            b"tRNS" => self.transparency(body),
            b"gAMA" => self.dict.set("gamma", f64::from(word(body, 0)) / 1e5),
            b"cHRM" => {
                let numbers = (0..8).map(|i| f64::from(word(body, i * 4)) / 1e5);
                self.dict.set("chromaticity", numbers.collect::<List>());
            }
            b"sRGB" => self.dict.set("srgb", body[0]),
            b"pHYs" => self.density(body),
            b"iCCP" => self.profile(body).map_err(|e| e.at(chunk.at))?,
            b"eXIf" => self.dict.set("exif", [b"Exif\0\0", body].concat()),
            b"tEXt" => {
                let (key, text) = split(body);
                match key {
                    b"" => {}
                    b"exif" => self.dict.set("exif", text),
                    _ => self.dict.set(latin(key), latin(text)),
                }
            }
            b"zTXt" => self.compressed(body).map_err(|e| e.at(chunk.at))?,
            b"iTXt" => self.international(body).map_err(|e| e.at(chunk.at))?,
            b"acTL" if self.header.animation.is_some() => self.dict.set("loop", word(body, 4)),
            b"fcTL" if self.header.animation.is_some() => self.frame(body),
            _ => {}
        }
        Ok(())
    }

    /// The alphas of a palette, or the number of the only colour that is transparent, or the colour itself.
    fn transparency(&mut self, body: &[u8]) {
        let value = match self.header.color {
            3 => match body.iter().position(|&alpha| alpha == 0) {
                Some(i) if body.iter().filter(|&&alpha| alpha != 255).count() == 1 => Value::from(i),
                _ => Value::from(body),
            },
            0 if self.header.depth == 1 => Value::from(if half(body, 0) != 0 { 255 } else { 0 }),
            0 => Value::from(half(body, 0)),
            2 => Value::List((0..3).map(|i| half(body, i * 2)).collect()),
            _ => return,
        };
        self.dict.set("transparency", value);
    }

    fn density(&mut self, body: &[u8]) {
        let pair = [word(body, 0), word(body, 4)];
        match body[8] {
            1 => self.dict.set("dpi", pair.map(|n| f64::from(n) * 0.0254).into_iter().collect::<List>()),
            0 => self.dict.set("aspect", pair.into_iter().collect::<List>()),
            _ => {}
        }
    }

    fn profile(&mut self, body: &[u8]) -> Result<()> {
        let (_, rest) = split(body);
        let Some((0, packed)) = rest.split_first() else { return Ok(()) };
        let profile = self.expand(packed)?;
        self.dict.set("icc_profile", profile);
        Ok(())
    }

    fn compressed(&mut self, body: &[u8]) -> Result<()> {
        let (key, rest) = split(body);
        let text = match rest.split_first() {
            Some((0, packed)) => self.expand(packed)?.unwrap_or_default(),
            Some(_) => return Ok(()),
            None => Vec::new(),
        };
        if !key.is_empty() {
            self.dict.set(latin(key), latin(&text));
        }
        Ok(())
    }

    fn international(&mut self, body: &[u8]) -> Result<()> {
        let (key, rest) = split(body);
        let [flag, method, rest @ ..] = rest else { return Ok(()) };
        let (_language, rest) = split(rest);
        let (_translated, text) = split(rest);
        let text = match (flag, method) {
            (0, _) => text.to_vec(),
            (_, 0) => match self.expand(text)? {
                Some(text) => text,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if key == b"XML:com.adobe.xmp" {
            self.dict.set("xmp", text.clone());
        }
        if let Ok(text) = String::from_utf8(text) {
            self.dict.set(latin(key), text);
        }
        Ok(())
    }

    /// What zlib packed; nothing if it is damaged, which Pillow passes over.
    fn expand(&mut self, packed: &[u8]) -> Result<Option<Vec<u8>>> {
        let most = MAX_EXPANDED - self.expanded;
        match fdeflate::decompress_to_vec_bounded(packed, most) {
            Ok(bytes) => {
                self.expanded += bytes.len();
                Ok(Some(bytes))
            }
            Err(fdeflate::BoundedDecompressionError::OutputTooLarge { .. }) => {
                Err(Error::limit(format!("the compressed metadata expand to over {MAX_EXPANDED} bytes")))
            }
            Err(_) => Ok(None),
        }
    }

    fn frame(&mut self, body: &[u8]) {
        let [width, height, x, y] = [4, 8, 12, 16].map(|at| i64::from(word(body, at)));
        self.dict.set("bbox", [x, y, x + width, y + height].into_iter().collect::<List>());
        let per = match half(body, 22) {
            0 => 100,
            n => n,
        };
        let duration_s = f64::from(half(body, 20)) / f64::from(per);
        self.dict.set("duration", duration_s * 1000.0);
        self.time_s = self.next_s;
        self.next_s += duration_s;
        self.dict.set("disposal", body[24]);
        self.dict.set("blend", body[25]);
    }
}

/// What stands before the first NUL, and what behind.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&b| b == 0) {
        Some(i) => (&bytes[..i], &bytes[i + 1..]),
        None => (bytes, &[]),
    }
}

/// Latin-1 as text.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}
