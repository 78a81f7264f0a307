//! Failures: a status of the contract and words for it.

use std::fmt;

/// What went wrong, one status each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)] // as in the C ABI
pub enum Kind {
    InvalidArgument = -1,
    NotFound = -2,
    Io = -4,
    NoBackend = -6,
    PluginUnavailable = -7,
    Unsupported = -8,
    Corrupt = -9,
    Index = -10,
    InvalidOption = -13,
    Shape = -14,
    Limit = -15,
    Cancelled = -16,
    Mode = -17,
    OutOfMemory = -19,
    Internal = -99,
}

/// A failure.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
}

/// A result with this failure.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident $kind:ident)*) => {
        $($(#[$doc])* pub fn $name(message: impl Into<String>) -> Error { Error::new(Kind::$kind, message) })*
    };
}

impl Error {
    /// A failure of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into() }
    }

    makers! {
        /// The content is not this plugin's.
        no_backend NoBackend
        /// A valid file or request that the plugin cannot serve.
        unsupported Unsupported
        /// Malformed or truncated data.
        corrupt Corrupt
        /// An index out of range.
        index Index
        /// An option with a value that it cannot take.
        option InvalidOption
        /// An argument that cannot be.
        invalid InvalidArgument
        /// Images that cannot be stacked, or a destination or source of the wrong shape or dtype.
        shape Shape
        /// Over a limit.
        limit Limit
        /// The resource failed.
        io Io
        /// Known, but not installed.
        unavailable PluginUnavailable
        /// A fault of the plugin's own.
        internal Internal
    }

    /// Memory that cannot be had.
    pub fn out_of_memory(bytes: usize) -> Error {
        Error::new(Kind::OutOfMemory, format!("no memory for {bytes} bytes"))
    }

    /// The caller said stop.
    pub fn cancelled() -> Error {
        Error::new(Kind::Cancelled, "cancelled")
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same with words before its own.
    pub fn context(mut self, what: impl fmt::Display) -> Error {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Error {
        match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::corrupt("the data end too early"),
            _ => Error::io(e.to_string()),
        }
    }
}
