//! Truevision TGA. It has no mark but a footer that newer files have, so its name decides.

mod header;
mod rows;
#[cfg(test)]
mod tests;
mod write;

pub use write::{create, options};

use super::single::Single;
use crate::error::Result;
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use header::Header;

/// The extensions of TGA files.
pub const EXTENSIONS: &[&str] = &[".tga", ".icb", ".vda", ".vst", ".targa"];

/// How sure it is that these are the first bytes of a TGA file; `None`: its last bytes tell.
pub fn probe(head: &[u8], extension: Option<&str>) -> Option<u8> {
    let named = extension.is_some_and(|e| EXTENSIONS.contains(&e));
    match (header::is_plausible(head), named) {
        (false, _) => Some(0),
        (true, true) => Some(60),
        (true, false) if head.ends_with(header::FOOTER) => Some(60),
        (true, false) => None,
    }
}

/// Whether a file is one of this format: plausible, and by its name or its footer.
pub fn is_tga(source: &Source) -> Result<bool> {
    match probe(source.head(), source.extension()) {
        Some(sure) => Ok(sure > 0),
        None => Ok(header::footer(source)?.is_some()),
    }
}

/// Opens a TGA file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(&source)?;
    let picture = header.picture();
    Single::open(source, picture, rows::TgaRows::new(header))
}
