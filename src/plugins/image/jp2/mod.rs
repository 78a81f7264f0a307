//! JPEG 2000: files and bare codestreams. OpenJPEG decodes; here is what imageio's users see of it, in Pillow's terms.

mod embed;
mod pixels;
mod write;

pub use write::{create, create_codestream, options};

use super::stills::{Still, Stills};
use super::{exif, info};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Destination, Dict, List, MAX_METADATA, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;
use jpeg2000::{Component, Decode, Info, Space};

/// The extensions of files.
pub const FILES: &[&str] = &[".jp2", ".jpx", ".jpf"];

/// The extensions of bare codestreams.
pub const CODESTREAMS: &[&str] = &[".j2k", ".j2c", ".jpc"];

/// The identifiers of boxes with metadata.
const XMP: &[u8] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const EXIF: &[u8] = b"JpgTiffExif->JP2";

/// Whether a file begins as JPEG 2000 files do.
pub fn matches(head: &[u8]) -> bool {
    Info::matches(head) && !is_codestream(head)
}

/// Whether a file is a bare codestream.
pub fn is_codestream(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0x4f, 0xff, 0x51])
}

/// The codec's failure as ours.
fn failed(error: jpeg2000::Error) -> Error {
    let kind = match error {
        jpeg2000::Error::Corrupt(_) => ErrorKind::Corrupt,
        jpeg2000::Error::Unsupported(_) => ErrorKind::Unsupported,
        jpeg2000::Error::Argument(_) => ErrorKind::InvalidOption,
        jpeg2000::Error::OutOfMemory => ErrorKind::OutOfMemory,
    };
    Error::new(kind, error.to_string())
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let picture = match Info::read(source.head()).map_err(failed).and_then(|info| Picture::of(&info)) {
        Ok(picture) => picture,
        Err(e) if source.len() == Some(source.head().len() as u64) => return Err(e),
        // The header may be longer than what was read of the file.
        Err(_) => Picture::of(&Info::read(&source.all(call.limits())?).map_err(failed)?)?,
    };
    Ok(Stills::one(Jp2 { source, picture }))
}

/// What a read gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub components: Vec<Component>,
    pub area: [u32; 4],
    pub levels: u32,
    pub dtype: DType,
    pub color: Color,
    /// Whether colours are stored as luminance and chroma.
    pub has_chroma: bool,
    has_palette: bool,
}

impl Picture {
    fn of(info: &Info) -> Result<Picture> {
        let components = info.delivered().to_vec();
        let every = components.first().map(|c| c.every);
        let is_thin = |c: &Component| Some(c.every) != every;
        let thin = components.iter().enumerate().any(|(i, c)| is_thin(c) && (i == 1 || i == 2));
        // A codestream alone does not say: chroma is what has fewer samples.
        let of_colors = (3..=4).contains(&components.len());
        let has_chroma = of_colors && (info.space == Space::YCbCr || (info.space == Space::Unknown && thin));
        if components.iter().enumerate().any(|(i, c)| is_thin(c) && !(has_chroma && (i == 1 || i == 2))) {
            return Err(Error::unsupported("components of different sizes"));
        }
        let color = match (components.len(), info.space) {
            (1, _) => Color::Gray,
            (2, _) => Color::GrayAlpha,
            (3, _) => Color::Rgb,
            (4, Space::Cmyk) => Color::Cmyk,
            (4, _) => Color::Rgba,
            _ => Color::Multi,
        };
        let dtype = match components.iter().map(|c| c.bits).max() {
            Some(..=8) => DType::U8,
            Some(..=16) => DType::U16,
            _ => DType::U32,
        };
        let has_palette = info.palette.is_some();
        Ok(Picture { components, area: info.area, levels: info.levels, dtype, color, has_chroma, has_palette })
    }

    /// Pixels of a row, and rows, of a component.
    fn size(&self, component: usize, reduce: u32) -> (usize, usize) {
        let side = |from: u32, to: u32, every: u32| {
            let grid = |at: u32| u64::from(at.div_ceil(every)).div_ceil(1 << reduce.min(32));
            grid(to).saturating_sub(grid(from)) as usize
        };
        let [left, top, right, bottom] = self.area;
        let every = self.components.get(component).map_or((1, 1), |c| c.every);
        (side(left, right, every.0), side(top, bottom, every.1))
    }

    /// How often the resolution is halved by its levels; the rest of a reduction is not done here.
    fn halvings(&self, call: &Call) -> Result<u32> {
        Ok(call.reduce()?.trailing_zeros().min(self.levels))
    }

    fn props(&self, reduce: u32) -> Result<Props> {
        let (width, height) = self.size(0, reduce);
        if width == 0 || height == 0 {
            return Err(Error::corrupt("an image without pixels"));
        }
        let mut props = match self.components.len() {
            1 => Props::image(&[height, width], self.dtype, self.color),
            n => Props::image(&[height, width, n], self.dtype, self.color),
        };
        props.bits = self.components.iter().map(|c| c.bits).max().unwrap_or(0);
        Ok(props)
    }

    fn mode(&self) -> &'static str {
        match (self.color, self.dtype) {
            _ if self.has_palette => "P",
            (Color::Gray, DType::U8) => "L",
            (Color::Gray, _) => "I;16",
            (Color::GrayAlpha, _) => "LA",
            (Color::Rgb, _) => "RGB",
            (Color::Rgba, _) => "RGBA",
            (Color::Cmyk, _) => "CMYK",
            _ => "F",
        }
    }
}

struct Jp2 {
    source: Source,
    picture: Picture,
}

impl Jp2 {
    /// Refuses a file for which OpenJPEG would make more room than a call may.
    fn check(&self, info: &Info, call: &Call) -> Result<()> {
        if Picture::of(info)? != self.picture {
            return Err(Error::corrupt("the file changed while it was open"));
        }
        let samples = |i: usize| {
            let (width, height) = self.picture.size(i, 0);
            width as u64 * height as u64
        };
        let planes = (0..info.components.len().max(self.picture.components.len())).map(samples).sum::<u64>();
        let bytes = planes.saturating_mul(4).saturating_add(info.overhead());
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        call.limits().check_bytes(bytes).map_err(|e| e.context("the decoded components"))?;
        info.check_tiles().map_err(failed)
    }
}

impl Still for Jp2 {
    fn reduction(&mut self, call: &Call) -> Result<usize> {
        Ok(1 << self.picture.halvings(call)?)
    }

    fn props(&mut self, call: &Call) -> Result<Props> {
        self.picture.props(self.picture.halvings(call)?)
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let reduce = self.picture.halvings(call)?;
        let all = self.source.all(call.limits())?;
        let info = Info::read(&all).map_err(failed)?;
        self.check(&info, call)?;
        let partial = call.bool("allow_partial");
        if !info.is_whole && !partial {
            return Err(Error::corrupt("the data end before the last tile does"));
        }
        call.tick(0, 0)?;
        let mut options = Decode { reduce, threads: call.threads(), ..Decode::default() };
        let (planes, outcome) = match jpeg2000::decode(&all, &info, &options) {
            Ok(planes) => (planes, if info.is_whole { Outcome::Complete } else { Outcome::Partial }),
            Err(jpeg2000::Error::Corrupt(_)) if partial => {
                options.strict = false;
                (jpeg2000::decode(&all, &info, &options).map_err(failed)?, Outcome::Partial)
            }
            Err(e) => return Err(failed(e)),
        };
        pixels::put(&planes, &self.picture, call, to)?;
        Ok(outcome)
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let all = self.source.all(call.limits())?;
        let info = Info::read(&all).map_err(failed)?;
        let mut meta = Dict::new();
        if let Some((across, down)) = info.resolution {
            let dpi = |per_metre: f64| per_metre * 0.0254;
            meta.set("dpi", [dpi(across), dpi(down)].into_iter().collect::<List>());
        }
        if let Some(comment) = info.comments.first() {
            meta.set("comment", comment.as_slice());
        }
        if let Some(icc) = &info.icc {
            meta.set("icc_profile", icc.as_slice());
        }
        let mut tags = Dict::new();
        let mut total = 0;
        for (id, range) in &info.boxes {
            let content = all.get(range.clone()).unwrap_or_default();
            total += content.len();
            if total > MAX_METADATA {
                return Err(Error::limit(format!("metadata of {total} bytes are over the limit of {MAX_METADATA}")));
            }
            match &id[..] {
                XMP => meta.set("xmp", content),
                EXIF => {
                    tags = exif::main_ifd(content);
                    meta.set("exif", content);
                }
                b"xml " => meta.set("xml", content),
                _ => {}
            }
        }
        let (width, height) = self.picture.size(0, 0);
        let mut meta = info::finish(meta, self.picture.mode(), width, height);
        meta.extend(tags);
        Ok(meta)
    }
}
