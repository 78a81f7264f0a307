//! Laying an image on the canvas.

use super::super::bits::{be16, be32};
use super::super::part::{part, pixels};
use super::super::{jng, png};
use super::script::{Clip, Layer, Object, Script};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Index};
use crate::plugin::{Call, Outcome};
use crate::resource::{Source, read_memory};

/// The image as it stands.
pub struct Canvas {
    width: usize,
    height: usize,
    /// Its pixels.
    pub pixels: Vec<[u8; 4]>,
}

/// A colour that shows through: the samples of its pixels, as they are stored.
type Key = Option<[u16; 3]>;

impl Canvas {
    /// A canvas on which nothing is.
    pub fn new(width: usize, height: usize, call: &Call) -> Result<Canvas> {
        let size = crate::model::byte_len(&[height, width, 4], DType::U8)?;
        call.limits().check_bytes(size)?;
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(size / 4).map_err(|_| Error::out_of_memory(size))?;
        pixels.resize(size / 4, [0; 4]);
        Ok(Canvas { width, height, pixels })
    }

    /// Makes it the background.
    pub fn clear(&mut self, background: Option<[u8; 3]>) {
        self.pixels.fill(background.map_or([0; 4], |[r, g, b]| [r, g, b, 255]));
    }

    /// Lays an image on it.
    pub fn lay(&mut self, layer: &Layer, source: &Source, script: &Script, call: &Call) -> Result<()> {
        let (file, key) = file(layer.object, source, script, call)?;
        let mut reader = if layer.object.is_jng { jng::open(file, call)? } else { png::open(file, call)? };
        // Deflate makes at most 1032 bytes of one, and a pixel has a bit at least.
        let promised = reader.props(Index::At(0), call)?.pixels_per_image().unwrap_or(usize::MAX);
        if promised as u128 > u128::from(layer.object.len) << 14 {
            return Err(Error::corrupt(format!("{} bytes cannot hold an image so large", layer.object.len)));
        }
        let (props, image, outcome) = pixels(&mut *reader, call)?;
        if outcome == Outcome::Partial {
            return Err(Error::corrupt("an image that the film shows is damaged"));
        }
        let (Some(&height), Some(&width)) = (props.shape.first(), props.shape.get(1)) else { return Ok(()) };
        let samples = props.color.samples().unwrap_or(1);
        let row = width * samples * props.dtype.size();
        let Clip { sides: [left, right, top, bottom] } =
            layer.clip.unwrap_or(Clip { sides: [0, i64::MAX, 0, i64::MAX] });
        for (k, stored) in image.chunks_exact(row.max(1)).take(height).enumerate() {
            let y = layer.at[1].saturating_add(k as i64);
            if y < top.max(0) || y >= bottom.min(self.height as i64) {
                continue;
            }
            for (i, pixel) in stored.chunks_exact(samples * props.dtype.size()).enumerate() {
                let x = layer.at[0].saturating_add(i as i64);
                if x >= left.max(0) && x < right.min(self.width as i64) {
                    let at = y as usize * self.width + x as usize;
                    over(&mut self.pixels[at], rgba(pixel, props.dtype, props.color, key));
                }
            }
        }
        Ok(())
    }
}

/// The image as a file of its own, with the palette of the film if it has none; and the colour that shows through.
fn file(object: Object, source: &Source, script: &Script, call: &Call) -> Result<(Source, Key)> {
    let len = usize::try_from(object.len).unwrap_or(usize::MAX);
    let inner = part(source, object.at, object.len)?;
    let chunks = inner.all(call.limits())?;
    if object.is_jng {
        return Ok((read_memory([jng::SIGNATURE, &chunks].concat(), None)?, None));
    }
    call.limits().check_bytes(len)?;
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let (mut key, mut rest) = (None, &chunks[..]);
    let (depth, color) = (chunks.get(16).copied().unwrap_or(8), chunks.get(17).copied().unwrap_or(0));
    while let Some((chunk, after)) = rest.split_at_checked((be32(rest, 0) as usize).saturating_add(12)) {
        rest = after;
        match (&chunk[4..8], script.palette) {
            (b"PLTE", Some(palette)) if chunk.len() == 12 => {
                append(&mut bytes, b"PLTE", source, palette)?;
                if let Some(alphas) = script.alphas {
                    append(&mut bytes, b"tRNS", source, alphas)?;
                }
            }
            (kind, _) => {
                if kind == b"tRNS" {
                    key = key_of(&chunk[8..], depth, color);
                }
                bytes.extend_from_slice(chunk);
            }
        }
    }
    Ok((read_memory(bytes, None)?, key))
}

/// The colour that shows through, over the range in which the PNG's samples are given.
fn key_of(chunk: &[u8], depth: u8, color: u8) -> Key {
    let full = |n: u16| match depth {
        1 => n & 1,
        2 => (n & 3) * 85,
        4 => (n & 15) * 17,
        8 => n & 255,
        _ => n,
    };
    match color {
        0 => Some([full(be16(chunk, 0)); 3]),
        2 => Some([0, 2, 4].map(|at| full(be16(chunk, at)))),
        _ => None,
    }
}

/// Appends a chunk of the film's.
fn append(bytes: &mut Vec<u8>, kind: &[u8; 4], source: &Source, (at, len): (u64, u64)) -> Result<()> {
    let mut chunk = kind.to_vec();
    chunk.resize(4 + len.min(768) as usize, 0);
    source.read_exact_at(&mut chunk[4..], at)?;
    bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
    let sum = crc32fast::hash(&chunk);
    bytes.append(&mut chunk);
    bytes.extend(sum.to_be_bytes());
    Ok(())
}

/// A pixel with its alpha.
fn rgba(pixel: &[u8], dtype: DType, color: Color, key: Key) -> [u8; 4] {
    let sample = |i: usize| match dtype {
        DType::U16 => pixel.get(2 * i..).and_then(|p| p.first_chunk()).map_or(0, |&n| u16::from_ne_bytes(n)),
        _ => pixel.get(i).copied().unwrap_or(0).into(),
    };
    let byte = |n: u16| match dtype {
        DType::U16 => ((u32::from(n) * 255 + 32895) >> 16) as u8,
        DType::Bool => n as u8 * 255,
        _ => n as u8,
    };
    let shown = |c: [u16; 3]| [byte(c[0]), byte(c[1]), byte(c[2]), if key == Some(c) { 0 } else { 255 }];
    match color {
        Color::Gray => shown([sample(0); 3]),
        Color::Rgb => shown([0, 1, 2].map(sample)),
        Color::GrayAlpha => [byte(sample(0)), byte(sample(0)), byte(sample(0)), byte(sample(1))],
        _ => [0, 1, 2, 3].map(|i| byte(sample(i))),
    }
}

/// Lays a pixel over another.
fn over(below: &mut [u8; 4], above: [u8; 4]) {
    match above[3] {
        255 => *below = above,
        0 => {}
        a => {
            let (a, rest) = (u32::from(a) * 255, u32::from(below[3]) * (255 - u32::from(a)));
            let sum = a + rest;
            for i in 0..3 {
                below[i] = ((u32::from(above[i]) * a + u32::from(below[i]) * rest + sum / 2) / sum) as u8;
            }
            below[3] = ((sum + 127) / 255) as u8;
        }
    }
}
