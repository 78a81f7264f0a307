//! What can go wrong, told apart by whose problem it is.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;

/// Whose problem an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes break the format's rules.
    Corrupt,
    /// The bytes end before what they announce.
    Truncated,
    /// The file is valid, or may be, and this function cannot do it.
    Unsupported,
    /// The caller's sizes or options make no sense.
    InvalidArgument,
    /// Memory could not be had.
    OutOfMemory,
    /// The caller's progress callback asked to stop.
    Cancelled,
}

/// A failure: its kind, and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Whose problem it is.
    pub kind: ErrorKind,
    /// What was expected and what was found: lower case, no full stop.
    pub message: Cow<'static, str>,
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn truncated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Truncated, message)
    }

    pub(crate) fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn memory(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::OutOfMemory, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled by the progress callback")
    }

    /// libwebp was built with another layout of its structs than the declarations we call it by.
    pub(crate) fn version() -> Self {
        Self::new(ErrorKind::Unsupported, "libwebp has another ABI version than its declarations")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
