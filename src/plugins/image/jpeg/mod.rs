//! JPEG: baseline, progressive, 12-bit and lossless, gray, colour and CMYK, and the further images of MPO.
//!
//! The codec is libjpeg-turbo behind `codecs/jpeg`. The segments around its data are walked here.

mod beside;
mod meta;
mod multi;
mod pixels;
mod read;
mod segments;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_beside;
mod wait;
mod write;

use crate::error::{Error, ErrorKind};

pub use read::open;
pub use write::{create, options};

/// Whether a file begins as JPEG does.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(segments::MARK)
}

/// The codec's error as ours.
fn codec_error(error: jpeg::Error) -> Error {
    let kind = match error.kind {
        jpeg::ErrorKind::Corrupt | jpeg::ErrorKind::Truncated => ErrorKind::Corrupt,
        jpeg::ErrorKind::Unsupported => ErrorKind::Unsupported,
        jpeg::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
        jpeg::ErrorKind::Limit => ErrorKind::Limit,
        jpeg::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.message)
}
