//! What can go wrong, and how libjpeg's texts become kinds.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// Whose problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not, or not all, what the format asks for.
    Corrupt,
    /// The bytes end before the image does.
    Truncated,
    /// A variant of the format, or a conversion, that libjpeg-turbo does not do.
    Unsupported,
    /// The caller's arguments do not fit each other or the image.
    InvalidArgument,
    /// The scan limit, or the memory limit that the caller set.
    Limit,
    OutOfMemory,
}

/// A kind to branch on and a text to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: ErrorKind,
    /// Lower case, without a full stop.
    pub message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into() }
    }

    pub(crate) fn argument(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::InvalidArgument, message)
    }

    /// An error from a text of libjpeg, which tells no more of its reasons than this.
    pub(crate) fn from_libjpeg(text: &str) -> Error {
        Error::new(kind_of(text), tidy(text))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

const END_OF_FILE: &str = "Premature end of JPEG file";

/// The beginnings of libjpeg's texts (`jerror.h`, `turbojpeg.c`) for other errors than damage; the first that fits
/// counts.
const KINDS: &[(&str, ErrorKind)] = &[
    (END_OF_FILE, ErrorKind::Truncated),
    ("Premature end of input file", ErrorKind::Truncated),
    ("Empty input file", ErrorKind::Truncated),
    ("Invalid JPEG file structure: missing SOS marker", ErrorKind::Truncated),
    ("Unsupported marker type", ErrorKind::Corrupt),
    ("Sorry", ErrorKind::Unsupported),
    ("Unsupported", ErrorKind::Unsupported),
    ("Requested feature", ErrorKind::Unsupported),
    ("Fractional sampling not implemented", ErrorKind::Unsupported),
    ("CCIR601 sampling not implemented", ErrorKind::Unsupported),
    ("Empty JPEG image (DNL not supported)", ErrorKind::Unsupported),
    ("Could not determine colorspace", ErrorKind::Unsupported),
    ("Maximum supported image dimension", ErrorKind::Unsupported),
    ("Image too wide", ErrorKind::Unsupported),
    ("Too many color components", ErrorKind::Unsupported),
    ("Invalid argument", ErrorKind::InvalidArgument),
    ("Parameter value out of range", ErrorKind::InvalidArgument),
    ("Invalid restart interval", ErrorKind::InvalidArgument),
    ("Progressive JPEG image has more than", ErrorKind::Limit),
    ("Memory limit exceeded", ErrorKind::Limit),
    ("Insufficient memory", ErrorKind::OutOfMemory),
    ("Memory allocation failure", ErrorKind::OutOfMemory),
];

/// The beginnings of the texts that are warnings: after one of these, decoding went on to the last row.
const WARNINGS: &[&str] = &[
    END_OF_FILE,
    "Corrupt JPEG data:",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
    "Unknown Adobe color transform code",
    "Warning: unknown JFIF revision number",
    "Application transferred too many scanlines",
];

/// Whether a text tells of damage that libjpeg worked round, rather than of the error that stopped it. TurboJPEG's own
/// answer to this (`tj3GetErrorCode`) is "warning" also for an error that follows a warning.
pub(crate) fn is_warning(text: &str) -> bool {
    WARNINGS.iter().any(|start| text.starts_with(start))
}

fn kind_of(text: &str) -> ErrorKind {
    let text = without_function(text);
    KINDS.iter().find(|(start, _)| text.starts_with(start)).map_or(ErrorKind::Corrupt, |(_, kind)| *kind)
}

/// TurboJPEG's own texts begin with the function that was called.
fn without_function(text: &str) -> &str {
    match text.split_once("(): ") {
        Some((function, rest)) if function.starts_with("tj3") => rest,
        _ => text,
    }
}

/// One line, beginning in lower case unless it begins with a name (JPEG, CCIR601).
fn tidy(text: &str) -> String {
    let text = without_function(text).replace('\n', " ");
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_libjpeg_become_kinds() {
        for (text, kind, message) in [
            ("Premature end of JPEG file", ErrorKind::Truncated, "premature end of JPEG file"),
            ("Not a JPEG file: starts with 0x89 0x50", ErrorKind::Corrupt, "not a JPEG file: starts with 0x89 0x50"),
            ("tj3Compress8(): Memory allocation failure", ErrorKind::OutOfMemory, "memory allocation failure"),
            (
                "Progressive JPEG image has more than 5 scans",
                ErrorKind::Limit,
                "progressive JPEG image has more than 5 scans",
            ),
            ("JPEG datastream contains no image", ErrorKind::Corrupt, "JPEG datastream contains no image"),
            ("two\nlines", ErrorKind::Corrupt, "two lines"),
            ("", ErrorKind::Corrupt, ""),
        ] {
            assert_eq!(Error::from_libjpeg(text), Error::new(kind, message));
        }
    }

    #[test]
    fn a_warning_is_told_from_an_error() {
        assert!(is_warning("Corrupt JPEG data: bad Huffman code"));
        assert!(!is_warning("Bogus Huffman table definition"));
    }
}
