//! WebP, still and animated. The bitstreams and the container are the codec's; here is what imageio's users see of
//! them: indices, properties, Pillow's names for metadata and for options.

mod animation;
mod encoded;
mod meta;
mod pixels;
mod settings;
mod still;
#[cfg(test)]
mod tests;
mod timing;
mod write;

pub use settings::options;
pub use write::create;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Index, Props};
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use encoded::Encoded;
use webp_codec::{Format, Header};

/// Whether a file begins as WebP files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP")
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let picture = Picture::find(&source, call)?;
    Ok(match picture.animated {
        true => Box::new(animation::Animation::new(source, picture)),
        false => Box::new(still::Still::new(source, picture)),
    })
}

/// What every image of a file has in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Picture {
    width: u32,
    height: u32,
    format: Format,
    animated: bool,
}

impl Picture {
    /// From the first bytes; from all of them only where a large colour profile stands before a lossless bitstream,
    /// which alone knows whether it has alpha.
    fn find(source: &Source, call: &Call) -> Result<Picture> {
        let head = Header::parse(source.head()).map_err(failed)?;
        if head.animated || head.lossless.is_some() {
            return Ok(Picture::of(&head));
        }
        let all = Encoded::load(source, call.limits())?;
        Ok(Picture::of(&Header::parse(all.as_ref()).map_err(failed)?))
    }

    fn of(header: &Header) -> Picture {
        let format = if header.has_alpha { Format::Rgba } else { Format::Rgb };
        Picture { width: header.width, height: header.height, format, animated: header.animated }
    }

    /// Refuses a file that has become another one since it was opened.
    fn must_be(self, header: &Header) -> Result<()> {
        if Picture::of(header) == self { Ok(()) } else { Err(Error::corrupt("the file changed while it was open")) }
    }

    fn props(self) -> Props {
        let color = if self.format == Format::Rgba { Color::Rgba } else { Color::Rgb };
        Props::pixels(self.width as usize, self.height as usize, DType::U8, color)
    }

    /// Bytes from one packed row to the next.
    fn pitch(self) -> usize {
        (self.width as usize).saturating_mul(self.format.bytes_per_pixel())
    }

    fn mode(self) -> &'static str {
        if self.format == Format::Rgba { "RGBA" } else { "RGB" }
    }
}

/// The image that an index means, of `count` images.
fn image(index: Index, count: usize) -> Result<usize> {
    match index {
        Index::At(i) if i >= count => Err(Error::index(format!("there is no image {i} among {count}"))),
        Index::At(i) => Ok(i),
        Index::Default | Index::All => Ok(0),
    }
}

/// The codec's failure as ours.
fn failed(error: webp_codec::Error) -> Error {
    use webp_codec::ErrorKind as Kind;
    let kind = match error.kind {
        Kind::Corrupt | Kind::Truncated => ErrorKind::Corrupt,
        Kind::Unsupported => ErrorKind::Unsupported,
        Kind::InvalidArgument => ErrorKind::InvalidArgument,
        Kind::OutOfMemory => ErrorKind::OutOfMemory,
        Kind::Cancelled => ErrorKind::Cancelled,
    };
    Error::new(kind, error.message)
}
