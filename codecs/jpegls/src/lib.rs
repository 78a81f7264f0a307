//! JPEG-LS (ISO/IEC 14495-1, ITU-T T.87): streams to samples and back, in safe Rust.
//!
//! Gray and up to 255 components of 2 to 16 bits, lossless and near-lossless, interleaved by nothing, line or sample.
//! Samples come as rows of pixels, a byte each up to 8 bits and two in native order above.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bits;
mod decode;
mod encode;
mod header;
mod model;
#[cfg(test)]
mod tests;

pub use decode::decode_into;
pub use encode::{Encode, encode};
pub use header::{Header, Interleave};

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The data are damaged or end too early.
    Corrupt(&'static str),
    /// The data are valid, or may be, and cannot be done here.
    Unsupported(&'static str),
    /// The caller's sizes make no sense.
    Argument(&'static str),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (Error::Corrupt(what) | Error::Unsupported(what) | Error::Argument(what)) = self;
        f.write_str(what)
    }
}

impl std::error::Error for Error {}

/// The result of what can fail here.
pub type Result<T> = std::result::Result<T, Error>;
