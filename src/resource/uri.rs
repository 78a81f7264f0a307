//! What a URI names. Schemes that have no room here yet are recognised, so that they fail by name.

use crate::error::{Error, ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What a URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// A path of the file system.
    Path(PathBuf),
    /// `-`: standard input or output.
    Standard,
    /// `<bytes>`: encode into memory.
    Bytes,
    /// `<screen>`, `<video0>`: what a plugin reads without bytes. `<video>` is all cameras.
    Device(String),
}

/// URI schemes that imageio or its users know, and what each would be.
const SCHEMES: &[(&str, &str)] = &[
    ("http", "a web address"),
    ("https", "a web address"),
    ("ftp", "an FTP address"),
    ("ftps", "an FTP address"),
    ("s3", "an object store"),
    ("gs", "an object store"),
    ("az", "an object store"),
    ("abfs", "an object store"),
    ("imageio", "a standard image"),
];

impl Uri {
    /// Reads a URI as imageio does. With `local` it is a path, whatever it looks like.
    pub fn parse(uri: &OsStr, local: bool) -> Result<Uri> {
        let bytes = uri.as_bytes();
        if bytes.is_empty() {
            return Err(Error::invalid("the URI is empty"));
        }
        if local {
            return Ok(Uri::Path(PathBuf::from(uri)));
        }
        match bytes {
            b"-" => return Ok(Uri::Standard),
            b"<bytes>" => return Ok(Uri::Bytes),
            b"<clipboard>" => return Err(unserved("<clipboard>")),
            _ => {}
        }
        if let Some(device) = device(bytes) {
            return Ok(Uri::Device(device.to_owned()));
        }
        // imageio cuts the seven characters and decodes nothing.
        if bytes.len() > 7 && bytes[..7].eq_ignore_ascii_case(b"file://") {
            return Ok(Uri::Path(PathBuf::from(OsString::from_vec(bytes[7..].to_vec()))));
        }
        if let Some(scheme) = scheme(bytes) {
            return Err(unserved(scheme));
        }
        let path = expand_home(uri);
        if let Some(archive) = archive(&path) {
            return Err(Error::unsupported(format!(
                "{} names a member of a zip archive ({}); this version reads no .zip members",
                path.display(),
                archive.display()
            )));
        }
        Ok(Uri::Path(path))
    }
}

/// The name of a device as imageio has it: `<screen>`, or `<video` and a number or nothing, and `>`.
fn device(uri: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(uri).ok()?;
    let number = name.strip_prefix("<video").and_then(|rest| rest.strip_suffix('>'));
    let camera = number.is_some_and(|n| n.len() <= 4 && n.bytes().all(|b| b.is_ascii_digit()));
    (camera || name == "<screen>").then_some(name)
}

fn unserved(scheme: &str) -> Error {
    let what = SCHEMES.iter().find(|(name, _)| *name == scheme).map_or("a resource", |(_, what)| what);
    let shown = if scheme.starts_with('<') { scheme.to_owned() } else { format!("{scheme}:") };
    Error::unsupported(format!("{shown} names {what}, which this version cannot open"))
}

/// The scheme, if the URI has one: `imageio:name`, or letters before `://`. A drive letter is none.
fn scheme(bytes: &[u8]) -> Option<&str> {
    let colon = bytes.iter().position(|&b| b == b':')?;
    let name = std::str::from_utf8(&bytes[..colon]).ok()?;
    let valid = name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !valid {
        return None;
    }
    let known = SCHEMES.iter().find(|(scheme, _)| scheme.eq_ignore_ascii_case(name));
    match known {
        Some((scheme @ "imageio", _)) => Some(scheme),
        Some((scheme, _)) if bytes[colon..].starts_with(b"://") => Some(scheme),
        None if bytes[colon..].starts_with(b"://") => Some(name),
        _ => None,
    }
}

fn expand_home(uri: &OsStr) -> PathBuf {
    let bytes = uri.as_bytes();
    let rest = match bytes {
        b"~" => &bytes[1..],
        [b'~', b'/', rest @ ..] => rest,
        _ => return PathBuf::from(uri),
    };
    match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        Some(home) if rest.is_empty() => PathBuf::from(home),
        Some(home) => Path::new(&home).join(OsStr::from_bytes(rest)),
        None => PathBuf::from(uri),
    }
}

/// The archive, if the path goes through a file called `.zip`; a folder of such a name is a folder.
fn archive(path: &Path) -> Option<&Path> {
    let mut parts = path.ancestors();
    parts.next();
    parts.find(|part| part.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")) && !part.is_dir())
}

/// The suffix of a path in lower case, with its dot: `.png`. A name such as `.png` has none.
pub fn extension(path: &Path) -> Option<String> {
    let suffix = path.extension()?.to_str()?;
    (!suffix.is_empty()).then(|| format!(".{}", suffix.to_lowercase()))
}

/// A URI for messages: text, without what may be secret.
pub fn shown(uri: &OsStr) -> String {
    let text = uri.to_string_lossy();
    let Some((scheme, rest)) = text.split_once("://") else { return text.into_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = host.rsplit('@').next().unwrap_or("");
    format!("{scheme}://{host}{path}")
}

/// The error of a failed call of the file system.
pub fn os_error(error: std::io::Error, doing: &str) -> Error {
    let kind = Error::from(std::io::Error::from(error.kind())).kind();
    let kind = match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => ErrorKind::NotFound,
        Some(libc::EACCES | libc::EPERM | libc::EROFS) => ErrorKind::Permission,
        Some(libc::ENOMEM) => ErrorKind::OutOfMemory,
        Some(_) => ErrorKind::Io,
        None => kind,
    };
    let code = error.raw_os_error();
    Error::new(kind, format!("{doing}: {error}")).os(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str) -> Result<Uri> {
        Uri::parse(OsStr::new(uri), false)
    }

    #[test]
    fn paths_and_marks_are_told_apart() {
        assert_eq!(parse("-").unwrap(), Uri::Standard);
        assert_eq!(parse("<bytes>").unwrap(), Uri::Bytes);
        assert_eq!(parse("a b.png").unwrap(), Uri::Path("a b.png".into()));
        assert_eq!(parse("file:///tmp/a%20b.png").unwrap(), Uri::Path("/tmp/a%20b.png".into()));
        assert_eq!(parse("C:/x.png").unwrap(), Uri::Path("C:/x.png".into()));
        assert_eq!(Uri::parse(OsStr::new("-"), true).unwrap(), Uri::Path("-".into()));
        assert_eq!(Uri::parse(OsStr::new("http://x/y"), true).unwrap(), Uri::Path("http://x/y".into()));
    }

    #[test]
    fn schemes_without_a_room_are_named() {
        for (uri, name) in [
            ("http://h/x.png", "http:"),
            ("HTTPS://h/x.png", "https:"),
            ("s3://bucket/x", "s3:"),
            ("imageio:chelsea.png", "imageio:"),
            ("foo://x", "foo:"),
            ("<clipboard>", "<clipboard>"),
            ("/tmp/none.zip/inside.png", ".zip"),
        ] {
            let error = parse(uri).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{uri}");
            assert!(error.message().contains(name), "{uri}: {error}");
        }
    }

    #[test]
    fn devices_are_screens_and_cameras() {
        for name in ["<screen>", "<video0>", "<video12>", "<video>"] {
            assert_eq!(parse(name).unwrap(), Uri::Device(name.into()));
            assert_eq!(Uri::parse(OsStr::new(name), true).unwrap(), Uri::Path(name.into()));
        }
        for name in ["<videos>", "<video-1>", "<video00000>", "<screen", "<other>"] {
            assert_eq!(parse(name).unwrap(), Uri::Path(name.into()));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown(OsStr::new("https://me:pw@host/p?key=1")), "https://host/p");
        assert_eq!(shown(OsStr::new("a?b@c")), "a?b@c");
    }

    #[test]
    fn extensions_are_suffixes_in_lower_case() {
        assert_eq!(extension(Path::new("a.b.PNG")).as_deref(), Some(".png"));
        assert_eq!(extension(Path::new(".png")), None);
        assert_eq!(extension(Path::new("a")), None);
    }
}
