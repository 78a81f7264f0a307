//! What a module brings: traits like those of plugins inside the library.

use crate::array::{Destination, Props, Source};
use crate::dict::{DictMut, DictRef};
use crate::error::{Error, Result};
use crate::stream::{Input, Output};

/// One image, the plugin's default, or, for metadata only, the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `index=None`: the plugin decides whether that is one image, or all in a stack.
    Default,
    /// The file as a whole.
    All,
    /// One image.
    At(usize),
}

/// How sure a count has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// The file may be scanned, but no pixels decoded.
    Exact,
    /// From headers only.
    Cheap,
}

/// Whether a read gave everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Complete,
    /// The data end too early, `allow_partial` was given, and what is missing is zero.
    Partial,
}

/// A plugin. `kit::export!(Type)` makes it what the module brings.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// Whether files have cursors of their own; without, the library reads 0, 1, 2 ….
    const CURSORS: bool = false;
    /// Whether there are extra functions.
    const FUNCTIONS: bool = false;

    /// Called once, when the library loads the module. An error refuses to be loaded, and says what to install.
    fn load() -> Result<Self>;

    /// JSON: name, aliases, description, extensions, can_read, can_write, priority, options, functions.
    fn declaration(&self) -> String;

    /// How sure it is, from 0 (no) to 100, that it reads what starts with `head`.
    fn probe(&self, head: &[u8], extension: Option<&str>) -> u8;

    /// Opens for reading. An error of kind `NoBackend` says that the content is not this plugin's.
    fn open(&self, input: Input, options: DictRef) -> Result<Box<dyn Reader>>;

    /// Opens for writing in the format of `extension` (lower case, with its dot).
    fn create(&self, _output: Output, _extension: Option<&str>, _options: DictRef) -> Result<Box<dyn Writer>> {
        Err(Error::unsupported("this plugin does not write"))
    }
}

/// A file open for reading.
pub trait Reader: Send {
    /// How many images there are; `None` only for a cheap count that the headers do not tell.
    fn count(&mut self, how: Count, options: DictRef) -> Result<Option<usize>>;

    /// What a read with the same index (`Default` or `At`) and options gives. Decodes no pixels.
    fn props(&mut self, index: Index, options: DictRef) -> Result<Props>;

    /// Fills a destination of the shape and dtype that `props` gives.
    fn read(&mut self, index: Index, options: DictRef, to: Destination) -> Result<Outcome>;

    /// Adds metadata of an image, or of the file for `Index::All`.
    fn meta(&mut self, index: Index, options: DictRef, into: &mut DictMut) -> Result<()>;

    /// A cursor of its own over the images, if `Plugin::CURSORS`.
    fn cursor(&mut self, _options: DictRef) -> Result<Box<dyn Cursor>> {
        Err(Error::unsupported("the plugin has no cursors"))
    }

    /// One of the plugin's extra functions.
    fn call(&mut self, function: &str, _arguments: DictRef, _result: &mut DictMut) -> Result<()> {
        Err(no_function(function))
    }
}

/// A position among the images of a file, independent of the file's reads and of other cursors. It ends before the file
/// and shares its handle: one call at a time for both.
pub trait Cursor: Send {
    /// What `next` gives; `None` after the last image.
    fn next_props(&mut self) -> Result<Option<Props>>;

    /// Fills a destination with the next image and passes it, also when it fails with `Corrupt`.
    fn next(&mut self, to: Destination) -> Result<Outcome>;

    /// Adds metadata of the image that `next` gave last, without decoding it again.
    fn meta(&mut self, into: &mut DictMut) -> Result<()>;

    /// Makes `index` the next image.
    fn seek(&mut self, index: usize) -> Result<()>;
}

/// A file open for writing.
pub trait Writer: Send {
    /// Writes one image. It checks everything before it writes a byte: a refusal leaves the file as it was.
    fn write(&mut self, image: Source, options: DictRef) -> Result<()>;

    /// Writes what is left; called once, if any image was written and nothing failed.
    fn finish(&mut self) -> Result<()>;

    /// One of the plugin's extra functions.
    fn call(&mut self, function: &str, _arguments: DictRef, _result: &mut DictMut) -> Result<()> {
        Err(no_function(function))
    }
}

fn no_function(name: &str) -> Error {
    Error::unsupported(format!("the plugin has no function {name:?}"))
}

/// What a read may ask for, by the options of the opening. The library checks what it asks for itself; a plugin checks
/// what it allocates between.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Pixels of one image.
    pub max_pixels: u64,
    /// Bytes of one result or intermediate.
    pub max_bytes: u64,
}

impl Limits {
    /// Of the options of an opening.
    pub fn of(options: DictRef) -> Limits {
        let limit = |name, default| match options.int(name) {
            Some(0) => u64::MAX,
            Some(n) => n as u64,
            None => default,
        };
        Limits { max_pixels: limit("max_pixels", 1 << 30), max_bytes: limit("max_bytes", 4 << 30) }
    }

    /// Refuses an image or intermediate that is over them.
    pub fn check(&self, pixels: u64, bytes: u64) -> Result<()> {
        if pixels > self.max_pixels {
            let most = self.max_pixels;
            return Err(Error::limit(format!("{pixels} pixels are over the limit of {most}; raise max_pixels")));
        }
        if bytes > self.max_bytes {
            let most = self.max_bytes;
            return Err(Error::limit(format!("{bytes} bytes are over the limit of {most}; raise max_bytes")));
        }
        Ok(())
    }
}

/// How many threads a call may use, by the options of an opening.
pub fn threads(options: DictRef) -> usize {
    match options.int("threads") {
        Some(n) if n > 0 => n as usize,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    }
}
