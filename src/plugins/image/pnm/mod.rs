//! The portable anymaps: PBM, PGM and PPM, plain and raw; PAM; PFM.

mod header;
mod rows;
#[cfg(test)]
mod tests;
mod write;

pub use header::{is_pam, is_pbm, is_pfm, is_pgm, is_ppm};
pub use write::{create, create_pam, create_pfm, options};

use super::single::Single;
use crate::error::Result;
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Opens a file of any of these kinds for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = header::Header::read(&source)?;
    let picture = header.picture()?;
    Single::open(source, picture, rows::PnmRows::new(&header))
}
