//! The traits by which a backend serves files.
//!
//! A plugin says what it *will* give (`props`) and then fills a destination that it is handed (`read`). It sees
//! only `Index::Default` and `Index::At`: the library stacks images itself. Limits, options, dtypes and strides
//! are settled before a plugin is called.

use super::{Call, Declaration};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Axes, Color, DType, Destination, Dict, Index, Props, View};
use crate::resource::{Output, Source};

/// A backend.
pub trait Plugin: Send + Sync {
    /// What it is, what it serves, and the options that it takes.
    fn declaration(&self) -> &Declaration;

    /// How sure it is, from 0 (no) to 100, that it reads what starts with `head`. `extension` (lower case, with
    /// its dot) is a hint for formats without a mark. `None`: only opening tells.
    fn probe(&self, head: &[u8], extension: Option<&str>) -> Option<u8>;

    /// Opens for reading. An error of kind `NoBackend` says that the content is not this plugin's; any other
    /// says what is wrong with content that is.
    fn open(&self, source: Source, call: &Call) -> Result<Box<dyn Reader>>;

    /// Whether it writes an extension with these options; of another plugin that serves it more may be had.
    fn takes(&self, _extension: &str, _options: &Dict) -> bool {
        true
    }

    /// The registry no longer has it: it ends with its last file.
    fn retire(&self) {}

    /// Opens for writing in the format of `extension` (lower case, with its dot). Nothing need be written yet.
    fn create(&self, _output: Output, _extension: Option<&str>, _call: &Call) -> Result<Box<dyn Writer>> {
        Err(Error::unsupported("this plugin does not write"))
    }
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

/// A file open for reading.
pub trait Reader: Send {
    /// How many images there are; `None` only for a cheap count that the headers do not tell.
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>>;

    /// What `Index::Default` means: one image, or all.
    fn default_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(Index::At(0))
    }

    /// What `Index::Default` means for metadata, where that is not what a read takes.
    fn default_meta_index(&mut self, call: &Call) -> Result<Index> {
        self.default_index(call)
    }

    /// Whether all images have the shape and dtype of the first, so that a stack need not look at each.
    fn is_uniform(&self) -> bool {
        false
    }

    /// Whether the file is cut off behind images that are whole: a stack of those that are there is partial.
    fn lacks_images(&self) -> bool {
        false
    }

    /// By how much the plugin makes an image smaller itself: 1, or a divisor of [`Call::reduce`]. What `props` tells
    /// and `read` gives, and a cursor too, is then of that size; the rest is done for it.
    fn reduction(&mut self, _index: Index, _call: &Call) -> Result<usize> {
        Ok(1)
    }

    /// What a read with the same index and options gives. Decodes no pixels.
    fn props(&mut self, index: Index, call: &Call) -> Result<Props>;

    /// Decodes an image into a destination of the shape and dtype that `props` gives.
    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome>;

    /// The metadata of an image, or of the file for `Index::All`.
    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict>;

    /// A cursor of its own over the images, where that is better than reading 0, 1, 2 ….
    fn cursor(&mut self, _call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        Ok(None)
    }

    /// One of the plugin's extra functions.
    fn call(&mut self, function: &str, _call: &Call) -> Result<Dict> {
        Err(no_function(function))
    }
}

/// A position among the images of a file, independent of the file's reads and of other cursors.
pub trait Cursor: Send {
    /// What `next` gives; `None` after the last image.
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>>;

    /// Decodes the next image and passes it, also when it fails with `Corrupt`.
    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome>;

    /// Metadata of the image that `next` gave last, without decoding it again.
    fn meta(&mut self, call: &Call) -> Result<Dict>;

    /// Makes `index` the next image.
    fn seek(&mut self, index: usize, call: &Call) -> Result<()>;
}

/// Whether [`Cursor::next`] has passed the image that ended so: all but failures that leave it to be asked for again.
pub fn has_passed(ended: &Result<Outcome>) -> bool {
    ended.as_ref().err().is_none_or(|e| e.kind() == ErrorKind::Corrupt)
}

/// One image to be written.
pub struct Image<'a> {
    /// The pixels, with any strides.
    pub view: View<'a>,
    /// Their dtype.
    pub dtype: DType,
    /// What the samples mean, if the caller said.
    pub color: Option<Color>,
    /// What the axes are, if the caller said.
    pub axes: Option<Axes>,
    /// Metadata as a reader gives it.
    pub metadata: Option<&'a Dict>,
}

impl Image<'_> {
    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        self.view.shape()
    }

    /// The packed bytes: the caller's own if they are packed, else a copy.
    pub fn packed(&self, call: &Call) -> Result<std::borrow::Cow<'_, [u8]>> {
        if let Some(bytes) = self.view.as_bytes() {
            return Ok(bytes.into());
        }
        let mut bytes = call.limits().allocate(self.view.layout().packed_len())?;
        self.view.pack(&mut bytes);
        Ok(bytes.into())
    }
}

/// How an array given to a write without `is_batch` is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// imageio's guess for pictures: two axes are an image; three with a last axis of 1 to 4 too; else the
    /// first axis counts images.
    Pictures,
    /// The array is one image, whatever its axes.
    Whole,
}

/// A file open for writing.
pub trait Writer: Send {
    /// How an array without `is_batch` is understood.
    fn batch(&self) -> Batch {
        Batch::Pictures
    }

    /// Writes one image. It checks everything before it writes a byte: a refusal leaves the file as it was.
    fn write(&mut self, image: &Image, call: &Call) -> Result<()>;

    /// Writes what is left; called once, if any image was written and nothing failed.
    fn finish(&mut self, call: &Call) -> Result<()>;

    /// One of the plugin's extra functions.
    fn call(&mut self, function: &str, _call: &Call) -> Result<Dict> {
        Err(no_function(function))
    }
}

fn no_function(name: &str) -> Error {
    Error::unsupported(format!("the plugin has no function {name:?}"))
}
