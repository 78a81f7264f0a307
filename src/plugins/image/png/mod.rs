//! PNG and APNG: chunks and metadata here, inflating and unfiltering by the `png` crate.

mod ancillary;
mod chunks;
mod encode;
mod filter;
mod meta;
mod pixels;
mod rows;
#[cfg(test)]
pub mod tests;
mod write;

use crate::error::{Error, Result};
use crate::model::{Destination, Dict, Index, Props};
use crate::plugin::{Call, Count, Outcome, Reader, Writer};
use crate::resource::{Output, Source};
use chunks::Header;
use rows::Rows;

/// Whether a file begins as PNG files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(chunks::SIGNATURE)
}

pub use ancillary::options;

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(&source)?;
    let rows = Rows::new(&header);
    Ok(Box::new(Still { source, header, rows }))
}

/// Opens a target for writing.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(write::PngWriter::new(output)))
}

/// A file with one image.
struct Still {
    source: Source,
    header: Header,
    rows: Rows,
}

impl Still {
    fn check(&self, index: Index) -> Result<()> {
        match index {
            Index::At(i) if i > 0 => Err(Error::index(format!("there is no image {i}, only image 0"))),
            _ => Ok(()),
        }
    }
}

impl Reader for Still {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(1))
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, _call: &Call) -> Result<Props> {
        self.check(index)?;
        Ok(self.rows.props.clone())
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.check(index)?;
        pixels::read(&self.source, &self.header, &self.rows, call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        self.check(index)?;
        meta::read(&self.source, &self.header, &self.rows, 0, call)
    }
}
