//! OpenEXR. The headers, the chunks' places and the compressions are done here, so that every size is checked before it
//! is believed, and the common ones are fast; DWAA and DWAB are undone by the crate `exr`, chunk by chunk, which also
//! compresses where that is more than ZIP.
//!
//! Each part and layer of a file is an image: its colours as one, its further channels as another.

mod attributes;
mod chroma;
mod chunk;
mod header;
mod images;
mod lossy;
mod pixels;
mod piz;
mod read;
mod write;

pub use header::matches;
pub use write::{create, options};

use super::stills::Stills;
use crate::error::{Error, Result};
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use header::Header;
use read::ExrImage;
use std::sync::Arc;

/// Opens an EXR file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Arc::new(Header::read(&source)?);
    let images = images::of(&header);
    let count = images.len();
    let image = move |index: usize| -> Result<ExrImage> {
        let image = images.get(index).cloned().ok_or_else(|| Error::internal("the image is not there"))?;
        let image = ExrImage { source: source.clone(), header: header.clone(), image };
        image.check()?;
        Ok(image)
    };
    if count == 1 {
        return Ok(Stills::one(image(0)?));
    }
    Ok(Stills::many(count, move |index, _call| Ok(Box::new(image(index)?))))
}
