//! What can go wrong, in one type: a kind (one C status each), words, and the parts that a program may want.

use std::fmt;
use std::io;

/// A result whose failure is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $c:literal;)*) => {
        /// The kinds of failure. Each is one status of the C ABI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum ErrorKind { $($(#[$doc])* $name = $status,)* }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$name),*];

            /// The name of the kind's status in C.
            pub fn c_name(self) -> &'static str {
                match self { $(ErrorKind::$name => $c,)* }
            }

            /// The kind of a status, if it is an error that this version knows.
            pub fn from_status(status: i32) -> Option<ErrorKind> {
                match status { $($status => Some(ErrorKind::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// A caller's mistake: NULL, a bad mode, a bad struct size.
    InvalidArgument = -1, "IIO_ERROR_INVALID_ARGUMENT";
    /// The resource, or a dictionary's key, does not exist.
    NotFound = -2, "IIO_ERROR_NOT_FOUND";
    /// The operating system refused access.
    Permission = -3, "IIO_ERROR_PERMISSION";
    /// The operating system or a callback failed a read, write or seek.
    Io = -4, "IIO_ERROR_IO";
    /// No plugin of that name is registered.
    UnknownPlugin = -5, "IIO_ERROR_UNKNOWN_PLUGIN";
    /// No registered plugin can open this.
    NoBackend = -6, "IIO_ERROR_NO_BACKEND";
    /// The plugin is known, but not built in or not installed.
    PluginUnavailable = -7, "IIO_ERROR_PLUGIN_UNAVAILABLE";
    /// A valid file or request that this plugin cannot serve.
    Unsupported = -8, "IIO_ERROR_UNSUPPORTED";
    /// Malformed or truncated data.
    Corrupt = -9, "IIO_ERROR_CORRUPT";
    /// An index out of range.
    Index = -10, "IIO_ERROR_INDEX";
    /// The caller's buffer cannot hold the result.
    BufferTooSmall = -11, "IIO_ERROR_BUFFER_TOO_SMALL";
    /// An option that the plugin does not have.
    UnknownOption = -12, "IIO_ERROR_UNKNOWN_OPTION";
    /// A known option with a value that it cannot take.
    InvalidOption = -13, "IIO_ERROR_INVALID_OPTION";
    /// Images that cannot be stacked; an array of the wrong shape or dtype.
    Shape = -14, "IIO_ERROR_SHAPE";
    /// Over a limit.
    Limit = -15, "IIO_ERROR_LIMIT";
    /// A progress callback said stop.
    Cancelled = -16, "IIO_ERROR_CANCELLED";
    /// Reading what was opened for writing, or the reverse.
    Mode = -17, "IIO_ERROR_MODE";
    /// The network failed.
    Network = -18, "IIO_ERROR_NETWORK";
    /// Memory could not be had.
    OutOfMemory = -19, "IIO_ERROR_OUT_OF_MEMORY";
    /// The handle is inside another call.
    Busy = -20, "IIO_ERROR_BUSY";
    /// A defect of the library.
    Internal = -99, "IIO_ERROR_INTERNAL";
}

impl ErrorKind {
    /// The C status.
    pub fn status(self) -> i32 {
        self as i32
    }
}

/// One plugin that was asked to open a resource, and why it did not.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The plugin's name.
    pub plugin: String,
    /// The kind of its refusal.
    pub kind: ErrorKind,
    /// Its words.
    pub message: String,
}

/// A failure. Cheap to move; cloned where the first failure of a file is told again.
#[derive(Clone, Debug)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: ErrorKind,
    message: String,
    plugin: Option<String>,
    resource: Option<String>,
    offset: Option<u64>,
    os_error: Option<i32>,
    callback_result: Option<i64>,
    refusals: Vec<Refusal>,
    is_cut: bool,
}

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        $($(#[$doc])* pub fn $name(message: impl Into<String>) -> Error { Error::new(ErrorKind::$kind, message) })*
    };
}

impl Error {
    /// A failure of this kind, in these words: lower case, no full stop, what was expected and what was found.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Parts {
            kind,
            message: message.into(),
            plugin: None,
            resource: None,
            offset: None,
            os_error: None,
            callback_result: None,
            refusals: Vec::new(),
            is_cut: false,
        }))
    }

    makers! {
        /// A caller's mistake.
        invalid => InvalidArgument;
        /// Malformed or truncated data.
        corrupt => Corrupt;
        /// A valid file or request that cannot be served.
        unsupported => Unsupported;
        /// An array of the wrong shape or dtype.
        shape => Shape;
        /// Over a limit.
        limit => Limit;
        /// An index out of range.
        index => Index;
        /// A bad value of an option.
        option => InvalidOption;
        /// A defect of the library.
        internal => Internal;
    }

    /// Data that end before they should: corrupt, and more than a contradiction that one can look past.
    pub fn cut(message: impl Into<String>) -> Error {
        let mut error = Error::corrupt(message);
        error.0.is_cut = true;
        error
    }

    /// Whether it was made by [`Error::cut`].
    pub fn is_cut(&self) -> bool {
        self.0.is_cut
    }

    /// The progress callback said stop.
    pub fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "cancelled by the progress callback")
    }

    /// Memory for `bytes` bytes could not be had.
    pub fn out_of_memory(bytes: usize) -> Error {
        Error::new(ErrorKind::OutOfMemory, format!("no memory for {bytes} bytes"))
    }

    /// Names the plugin, unless one is named already.
    pub fn plugin(mut self, name: &str) -> Error {
        self.0.plugin.get_or_insert_with(|| name.to_owned());
        self
    }

    /// Names the plugin, whatever was named before.
    pub fn with_plugin(mut self, name: &str) -> Error {
        self.0.plugin = Some(name.to_owned());
        self
    }

    /// Names the resource, unless one is named already.
    pub fn resource(mut self, name: &str) -> Error {
        self.0.resource.get_or_insert_with(|| name.to_owned());
        self
    }

    /// Says where in the file, in bytes from its start.
    pub fn at(mut self, offset: u64) -> Error {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Says which error the operating system gave.
    pub fn os(mut self, code: Option<i32>) -> Error {
        self.0.os_error = self.0.os_error.or(code);
        self
    }

    /// Says what the caller's callback returned.
    pub fn callback(mut self, result: i64) -> Error {
        self.0.callback_result.get_or_insert(result);
        self
    }

    /// Says who was asked, and why each refused.
    pub fn refusals(mut self, refusals: Vec<Refusal>) -> Error {
        self.0.refusals = refusals;
        self
    }

    /// Puts words before the message: `what: message`.
    pub fn context(mut self, what: impl fmt::Display) -> Error {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// The same failure as another kind.
    pub fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The words, without the resource.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The plugin that failed, if one did.
    pub fn plugin_name(&self) -> Option<&str> {
        self.0.plugin.as_deref()
    }

    /// The resource, if one was in hand.
    pub fn resource_name(&self) -> Option<&str> {
        self.0.resource.as_deref()
    }

    /// The byte offset, if it is known.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The operating system's error number, if it gave one.
    pub fn os_error(&self) -> Option<i32> {
        self.0.os_error
    }

    /// What a callback of the caller returned, if that was the cause.
    pub fn callback_result(&self) -> Option<i64> {
        self.0.callback_result
    }

    /// Who was asked, and why each refused.
    pub fn refused(&self) -> &[Refusal] {
        &self.0.refusals
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(resource) = &self.0.resource {
            write!(f, "{resource}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// So that our own failures pass unchanged through codecs that only know `io::Error`.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::other(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            if let Some(Ok(ours)) = error.into_inner().map(|inner| inner.downcast::<Error>()) {
                return *ours;
            }
            return Error::internal("an error lost its cause");
        }
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Permission,
            io::ErrorKind::UnexpectedEof => return Error::corrupt("the data ends too early"),
            io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
            _ => ErrorKind::Io,
        };
        let code = error.raw_os_error();
        Error::new(kind, error.to_string()).os(code)
    }
}
