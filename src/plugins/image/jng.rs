//! JNG: a JPEG in the chunks of a PNG, with an alpha channel that is a PNG's or another JPEG.

use super::bits::be32;
use super::part::pixels;
use super::stills::{Still, Stills};
use super::{info, jpeg, png};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, Index, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::{Source, read_memory};

/// What a file begins with.
pub const SIGNATURE: &[u8] = b"\x8bJNG\r\n\x1a\n";
/// The most chunks of a file.
const MOST: usize = 1 << 16;

/// Whether a file begins as JNG files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(SIGNATURE)
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    if head.get(12..16) != Some(b"JHDR") || head.len() < 37 {
        return Err(Error::corrupt("the file does not begin with its header"));
    }
    let (width, height) = (be32(head, 16) as usize, be32(head, 20) as usize);
    let [kind, depth, _, _, alpha_depth, alpha_kind] =
        head.get(24..30).and_then(|b| b.first_chunk()).copied().unwrap_or([0; 6]);
    if depth != 8 {
        return Err(Error::unsupported(format!("a JNG file of {depth} bits")));
    }
    let (color, mode) = match kind {
        8 => (Color::Gray, "L"),
        10 => (Color::Rgb, "RGB"),
        12 => (Color::GrayAlpha, "LA"),
        14 => (Color::Rgba, "RGBA"),
        kind => return Err(Error::corrupt(format!("pixels of the kind {kind}"))),
    };
    let props = Props::pixels(width, height, DType::U8, color);
    props.nbytes()?;
    let (image, alpha) = streams(&source, call)?;
    let alpha = match (color, alpha_kind) {
        (Color::Gray | Color::Rgb, _) => None,
        (_, 8) => Some(jpeg::open(read_memory(alpha, None)?, call)?),
        _ => Some(png::open(read_memory(gray_png(head, alpha_depth, &alpha), None)?, call)?),
    };
    let image = jpeg::open(read_memory(image, None)?, call)?;
    Ok(Stills::one(Jng { props, mode, width, height, image, alpha }))
}

/// The bytes of the JPEG, and those of the alpha channel.
fn streams(source: &Source, call: &Call) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut image, mut alpha) = (Vec::new(), Vec::new());
    let mut at = SIGNATURE.len() as u64;
    for _ in 0..MOST {
        let mut head = [0; 8];
        source.read_exact_at(&mut head, at)?;
        let len = be32(&head, 0) as usize;
        let to = match &head[4..] {
            b"JDAT" => &mut image,
            b"IDAT" | b"JDAA" => &mut alpha,
            // What follows is the same in 12 bits.
            b"IEND" | b"JSEP" => return Ok((image, alpha)),
            _ => {
                at += len as u64 + 12;
                continue;
            }
        };
        if source.len().is_some_and(|all| at + 8 + len as u64 > all) {
            return Err(Error::corrupt("the data end within a chunk").at(at));
        }
        let from = to.len();
        call.limits().check_bytes(from.saturating_add(len))?;
        to.resize(from + len, 0);
        source.read_exact_at(&mut to[from..], at + 8)?;
        at += len as u64 + 12;
    }
    Err(Error::limit("more chunks than a picture has"))
}

/// The alpha channel as a gray PNG.
fn gray_png(head: &[u8], depth: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], body: &[u8]| {
        bytes.extend((body.len() as u32).to_be_bytes());
        let from = bytes.len();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(body);
        let sum = crc32fast::hash(&bytes[from..]);
        bytes.extend(sum.to_be_bytes());
    };
    let sizes = head.get(16..24).unwrap_or_default();
    chunk(b"IHDR", &[sizes, &[depth, 0, 0, 0, 0]].concat());
    chunk(b"IDAT", data);
    chunk(b"IEND", &[]);
    bytes
}

struct Jng {
    props: Props,
    mode: &'static str,
    width: usize,
    height: usize,
    image: Box<dyn Reader>,
    alpha: Option<Box<dyn Reader>>,
}

impl Still for Jng {
    fn props(&mut self, call: &Call) -> Result<Props> {
        let of_image = self.image.props(Index::At(0), call)?;
        if of_image.shape.get(..2) != Some(&[self.height, self.width]) || of_image.dtype != DType::U8 {
            return Err(Error::corrupt("the JPEG is not the image that the header tells of"));
        }
        Ok(self.props.clone())
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (stored, image, mut outcome) = pixels(&mut *self.image, call)?;
        let from = stored.color.samples().unwrap_or(1);
        let samples = self.props.color.samples().unwrap_or(1);
        let mut alphas = Vec::new();
        if let Some(alpha) = &mut self.alpha {
            let (props, pixels, of_alpha) = pixels(&mut **alpha, call)?;
            if props.shape.get(..) != Some(&[self.height, self.width]) {
                return Err(Error::corrupt("the alpha channel has another size than the image"));
            }
            alphas = match props.dtype {
                DType::Bool => pixels.iter().map(|&n| n * 255).collect(),
                DType::U16 => pixels.as_chunks::<2>().0.iter().map(|&n| (u16::from_ne_bytes(n) >> 8) as u8).collect(),
                _ => pixels,
            };
            if of_alpha == Outcome::Partial {
                outcome = Outcome::Partial;
            }
        }
        let opaque = if self.alpha.is_some() { samples - 1 } else { samples };
        for (y, row) in image.chunks_exact((self.width * from).max(1)).enumerate().take(self.height) {
            let mut alphas = alphas.get(y * self.width..).unwrap_or_default().iter();
            to.fill(&[y], |out| {
                for (to, from) in out.chunks_exact_mut(samples).zip(row.chunks_exact(from)) {
                    for (i, to) in to.iter_mut().enumerate() {
                        let gray = || from.first().copied().unwrap_or(0);
                        *to = if i < opaque { from.get(i).copied().unwrap_or_else(gray) } else { 255 };
                    }
                    if let (Some(&alpha), Some(to)) = (alphas.next(), to.last_mut()) {
                        *to = alpha;
                    }
                }
                Ok(())
            })?;
        }
        Ok(outcome)
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        Ok(info::finish(Dict::new(), self.mode, self.width, self.height))
    }
}
