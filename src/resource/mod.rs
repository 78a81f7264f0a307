//! Where bytes come from and go to. No pixels.

mod atomic;
mod output;
mod pipe;
mod source;
mod uri;

pub use output::Output;
pub use source::{Forward, Memory, ReadAt, Seekable, Source, SourceReader, Stream};
pub use uri::{Uri, extension, os_error, shown};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Limits, Progress};
use pipe::Pipe;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// Opens a URI for reading. `extension` is what the caller says the content is.
pub fn read_uri(
    uri: &OsStr,
    local: bool,
    extension: Option<&str>,
    limits: &Limits,
    progress: Option<Progress>,
) -> Result<Source> {
    let name = shown(uri);
    let open = || match Uri::parse(uri, local)? {
        Uri::Path(path) => read_path(&path, &name, extension, limits, progress),
        Uri::Standard => {
            let input = Forward::new(Box::new(Pipe::standard(progress)), limits);
            Source::new(Arc::new(input), &name, None, extension)
        }
        Uri::Bytes => Err(Error::new(ErrorKind::Mode, "<bytes> can only be written; open bytes by iio_imopen_bytes")),
        Uri::Device(device) => Source::of_device(&device),
    };
    open().map_err(|e: Error| e.resource(&name))
}

fn read_path(
    path: &Path,
    name: &str,
    given: Option<&str>,
    limits: &Limits,
    progress: Option<Progress>,
) -> Result<Source> {
    // A FIFO that nobody writes to yet is waited for where the caller can be told of it.
    let waits = if progress.is_some() { libc::O_NONBLOCK } else { 0 };
    let file = OpenOptions::new().read(true).custom_flags(waits).open(path);
    let file = file.map_err(|e| os_error(e, "cannot open"))?;
    let found = file.metadata().map_err(|e| os_error(e, "cannot open"))?;
    if found.is_dir() {
        return Err(Error::unsupported("it is a folder; name a file"));
    }
    let suffix = extension(path);
    let extension = given.or(suffix.as_deref());
    if found.is_file() {
        return Source::new(Arc::new(file), name, Some(path), extension);
    }
    // A FIFO or device only goes forward.
    Source::new(Arc::new(Forward::new(Box::new(Pipe::file(file, progress)), limits)), name, None, extension)
}

/// Bytes in memory as a source.
pub fn read_memory<T: AsRef<[u8]> + Send + Sync + 'static>(bytes: T, extension: Option<&str>) -> Result<Source> {
    Source::new(Arc::new(Memory(bytes)), "<bytes>", None, extension)
}

/// A caller's stream as a source.
pub fn read_stream(stream: Box<dyn Stream>, extension: Option<&str>, limits: &Limits) -> Result<Source> {
    let bytes: Arc<dyn ReadAt> = if stream.can_seek() {
        Arc::new(Seekable::new(stream).map_err(Error::from)?)
    } else {
        Arc::new(Forward::new(stream, limits))
    };
    Source::new(bytes, "<callbacks>", None, extension)
}

/// Opens a URI for writing.
pub fn write_uri(uri: &OsStr, local: bool) -> Result<Output> {
    let open = || match Uri::parse(uri, local)? {
        Uri::Path(path) => Output::path(&path),
        Uri::Standard => Ok(Output::stream(Box::new(Pipe::standard(None)), "-")),
        Uri::Bytes => Ok(Output::memory()),
        Uri::Device(device) => Err(Error::new(ErrorKind::Mode, format!("{device} can only be read"))),
    };
    open().map_err(|e: Error| e.resource(&shown(uri)))
}

/// The extension of a URI to be written: the suffix of a path.
pub fn uri_extension(uri: &OsStr, local: bool) -> Result<Option<String>> {
    match Uri::parse(uri, local)? {
        Uri::Path(path) => Ok(extension(&path)),
        Uri::Standard | Uri::Bytes | Uri::Device(_) => Ok(None),
    }
}
