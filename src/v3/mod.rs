//! The user's verbs: imageio's v3 API in Rust. Each convenience call opens and closes the resource once.

mod adapt;
mod array;
mod converted;
mod cursor;
mod file;
mod metadata;
mod writing;

pub use array::NdArray;
pub use cursor::Cursor;
pub use file::{File, Plan};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Dict, Index, Props, View, ViewMut};
use crate::plugin::{CallKind, Outcome};
use crate::resource::{self, Output, Source, Stream};
use file::OpenOptions;
use std::ffi::OsStr;

/// `"r"` or `"w"`; imageio's second letter is taken and says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To read.
    Read,
    /// To write: the target is replaced when the file is closed.
    Write,
}

impl Mode {
    /// imageio's modes: "r" or "w", and after it one of "i", "I", "v", "V", "?".
    pub fn parse(mode: &str) -> Result<Mode> {
        let mut letters = mode.chars();
        let first = letters.next();
        let valid = match letters.next() {
            None => true,
            Some(second) => "iIvV?".contains(second) && letters.next().is_none(),
        };
        match (first, valid) {
            (Some('r'), true) => Ok(Mode::Read),
            (Some('w'), true) => Ok(Mode::Write),
            _ => Err(Error::invalid(format!("the mode is \"r\" or \"w\", not {mode:?}"))),
        }
    }
}

/// Opens a URI for `call`, the call behind a one-call function, whose options are among `options`.
fn open(uri: &OsStr, mode: Mode, options: &Dict, call: Option<CallKind>) -> Result<File> {
    let common = OpenOptions::new(options)?;
    let extension = common.extension.as_deref();
    if mode == Mode::Read {
        let source = resource::read_uri(uri, common.local, extension, &common.limits, common.progress.clone())?;
        return File::read(&source, options, &common, call);
    }
    let name = resource::shown(uri);
    let suffix = resource::uri_extension(uri, common.local).map_err(|e| e.resource(&name))?;
    let extension = extension.or(suffix.as_deref());
    File::write_to(|| resource::write_uri(uri, common.local), &name, extension, options, &common, call)
}

/// Opens a URI.
pub fn imopen(uri: impl AsRef<OsStr>, mode: Mode, options: &Dict) -> Result<File> {
    open(uri.as_ref(), mode, options, None)
}

/// Opens bytes for reading.
pub fn imopen_bytes<T: AsRef<[u8]> + Send + Sync + 'static>(bytes: T, options: &Dict) -> Result<File> {
    let common = OpenOptions::new(options)?;
    let source = resource::read_memory(bytes, common.extension.as_deref())?;
    File::read(&source, options, &common, None)
}

/// Opens a stream of the caller's.
pub fn imopen_stream(stream: Box<dyn Stream>, mode: Mode, options: &Dict) -> Result<File> {
    let common = OpenOptions::new(options)?;
    let extension = common.extension.as_deref();
    const NAME: &str = "<callbacks>";
    match mode {
        Mode::Read => {
            let source = resource::read_stream(stream, extension, &common.limits).map_err(|e| e.resource(NAME))?;
            File::read(&source, options, &common, None)
        }
        Mode::Write => File::write_to(|| Ok(Output::stream(stream, NAME)), NAME, extension, options, &common, None),
    }
}

/// Opens a source that exists.
pub fn imopen_source(source: &Source, options: &Dict) -> Result<File> {
    File::read(source, options, &OpenOptions::new(options)?, None)
}

/// Reads into memory that `place` gives once the properties are known.
pub fn imread_into(
    uri: &OsStr,
    index: Index,
    options: &Dict,
    place: impl FnOnce(&mut File, &Plan, &mut dyn FnMut(&mut File, ViewMut, DType) -> Result<Outcome>) -> Result<Outcome>,
) -> Result<Outcome> {
    let mut file = open(uri, Mode::Read, options, Some(CallKind::Read))?;
    let own = file.own_options(CallKind::Read, options);
    let call = file.call(CallKind::Read, &own)?;
    let plan = file.plan(index, &call)?;
    file.check_limits(&plan)?;
    place(&mut file, &plan, &mut |file, view, dtype| file.read_planned(&plan, &call, view, dtype))
}

/// Reads an array.
pub fn imread(uri: impl AsRef<OsStr>, index: Index, options: &Dict) -> Result<NdArray> {
    let mut array = None;
    imread_into(uri.as_ref(), index, options, |file, plan, read| {
        let props = plan.props();
        let (made, outcome) = NdArray::fill(props, |view| read(file, view, props.dtype))?;
        array = Some(made);
        Ok(outcome)
    })?;
    array.ok_or_else(|| Error::internal("a read gave no array"))
}

/// Writes an image or a batch, and publishes it.
pub fn imwrite(uri: impl AsRef<OsStr>, image: View, dtype: DType, options: &Dict) -> Result<()> {
    let mut file = open(uri.as_ref(), Mode::Write, options, Some(CallKind::Write))?;
    let own = file.own_options(CallKind::Write, options);
    file.write(image, dtype, &own)?;
    file.close()
}

/// Encodes an image or a batch into memory. `extension` names the format, unless an option does.
pub fn imwrite_bytes(extension: Option<&str>, image: View, dtype: DType, options: &Dict) -> Result<Vec<u8>> {
    let common = OpenOptions::new(options)?;
    let given = extension.map(crate::plugin::normal_extension).filter(|e| !e.is_empty());
    let extension = given.as_deref().or(common.extension.as_deref());
    let named = ["format", "plugin"].iter().any(|name| options.contains(name));
    if extension.is_none() && !named {
        return Err(Error::invalid("neither an extension nor an option names the format"));
    }
    let call = Some(CallKind::Write);
    let mut file = File::write_to(|| Ok(Output::memory()), "<bytes>", extension, options, &common, call)?;
    let own = file.own_options(CallKind::Write, options);
    file.write(image, dtype, &own)?;
    file.take_bytes()
}

/// Opens a URI and a cursor over its images.
pub fn imiter_parts(uri: &OsStr, options: &Dict) -> Result<(File, Cursor)> {
    let mut file = open(uri, Mode::Read, options, Some(CallKind::Iter))?;
    let own = file.own_options(CallKind::Iter, options);
    let cursor = Cursor::new(&mut file, &own)?;
    Ok((file, cursor))
}

/// The images of a resource, one after the other.
pub fn imiter(uri: impl AsRef<OsStr>, options: &Dict) -> Result<impl Iterator<Item = Result<NdArray>>> {
    let (mut file, mut cursor) = imiter_parts(uri.as_ref(), options)?;
    Ok(std::iter::from_fn(move || {
        let props = match cursor.props(&mut file) {
            Ok(props) => props?,
            Err(e) => return Some(Err(e)),
        };
        let read = |view: ViewMut| match cursor.next(&mut file, view, props.dtype)? {
            Some(outcome) => Ok(outcome),
            None => Err(Error::new(ErrorKind::Internal, "an image is gone")),
        };
        Some(NdArray::fill(&props, read).map(|(array, _)| array))
    }))
}

/// What a read gives, without decoding a pixel.
pub fn improps(uri: impl AsRef<OsStr>, index: Index, options: &Dict) -> Result<Props> {
    let mut file = open(uri.as_ref(), Mode::Read, options, Some(CallKind::Props))?;
    let own = file.own_options(CallKind::Props, options);
    let call = file.call(CallKind::Props, &own)?;
    Ok(file.plan(index, &call)?.props().clone())
}

/// The metadata of an image, or of the file.
pub fn immeta(uri: impl AsRef<OsStr>, index: Index, options: &Dict) -> Result<Dict> {
    let mut file = open(uri.as_ref(), Mode::Read, options, Some(CallKind::Meta))?;
    let own = file.own_options(CallKind::Meta, options);
    file.meta(index, &own)
}
