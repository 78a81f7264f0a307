//! JPEG 2000 codestreams and files to samples and back: a safe face over OpenJPEG. What a file says of itself is read
//! here, in safe Rust, so that sizes are known before OpenJPEG makes room for them.

#![warn(missing_docs)]

mod decode;
mod encode;
mod info;
mod stream;
#[cfg(test)]
mod tests;

pub use decode::{Decode, Plane, Planes, colors, decode};
pub use encode::{Encode, Progression, Quality, Source, encode};
pub use info::{Component, Info, Space};

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The data are damaged or end too early.
    Corrupt(String),
    /// The data are valid, or may be, and cannot be done here.
    Unsupported(String),
    /// The caller's sizes or options make no sense.
    Argument(String),
    /// There is no memory.
    OutOfMemory,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Error::Corrupt(what) | Error::Unsupported(what) | Error::Argument(what) => f.write_str(what),
            Error::OutOfMemory => f.write_str("there is no memory for the codec"),
        }
    }
}

impl std::error::Error for Error {}

/// The result of what can fail here.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn corrupt(what: impl Into<String>) -> Error {
    Error::Corrupt(what.into())
}
