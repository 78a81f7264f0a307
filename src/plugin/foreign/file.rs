//! An open file of a plugin in C, and its cursors.

use super::abi::{iio_array, iio_dict, iio_props, iio_status};
use super::adapter::Use;
use super::host::within;
use super::io::Lent;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Index, Props};
use crate::plugin::{Batch, Call, Count, Cursor, Image, Outcome, Reader, Writer};
use std::ffi::{CString, c_void};
use std::sync::Arc;

const END: iio_status = 1;
const PARTIAL: iio_status = 2;
const INDEX_DEFAULT: i64 = i64::MIN;
const INDEX_ALL: i64 = i64::MIN + 1;

/// What the plugin's `open` made. Its parts end in this order: file, then what it was lent, then the plugin.
pub(super) struct ForeignFile(Arc<Handle>);

struct Handle {
    raw: *mut c_void,
    lent: Lent,
    _path: Option<CString>,
    core: Use,
}

// SAFETY: a handle serves one call at a time and may move between threads; so the contract tells plugins.
unsafe impl Send for Handle {}
// SAFETY: shared only with the cursors of the same file, which count as one handle with it.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(close) = self.core.raw.close {
            // SAFETY: `raw` came from the plugin's open; this is the one close.
            unsafe { close(self.raw) };
        }
    }
}

fn index_code(index: Index) -> Result<i64> {
    match index {
        Index::Default => Ok(INDEX_DEFAULT),
        Index::All => Ok(INDEX_ALL),
        Index::At(i) => i64::try_from(i).map_err(|_| Error::index(format!("no image {i}"))),
    }
}

impl ForeignFile {
    pub(super) fn new(core: Use, raw: *mut c_void, lent: Lent, path: Option<CString>) -> ForeignFile {
        ForeignFile(Arc::new(Handle { raw, lent, _path: path, core }))
    }
}

impl Handle {
    fn check(&self, status: iio_status, doing: &str) -> Result<iio_status> {
        self.core.check(status, doing, Some(&self.lent))
    }

    fn lacks(&self, what: &str) -> Error {
        let name = &self.core.declaration.name;
        Error::unsupported(format!("plugin {name} has no {what}")).plugin(name)
    }

    fn call_function(&self, function: &str, call: &Call) -> Result<Dict> {
        let run = self.core.raw.call.ok_or_else(|| self.lacks("functions"))?;
        let name = CString::new(function).map_err(|_| Error::invalid("the function's name holds a NUL"))?;
        let mut result = Dict::new();
        let arguments = call.options();
        let status = within(call, || {
            // SAFETY: all pointers live through the call.
            unsafe { run(self.raw, name.as_ptr(), iio_dict::of(arguments), iio_dict::of_mut(&mut result)) }
        });
        self.check(status, function)?;
        Ok(result)
    }

    fn props(&self, index: i64, call: &Call) -> Result<Props> {
        let props = self.core.raw.props.ok_or_else(|| self.lacks("properties"))?;
        let mut out = iio_props::empty();
        let options = self.core.options(call);
        // SAFETY: all pointers live through the call.
        let status = within(call, || unsafe { props(self.raw, index, iio_dict::of(&options), &mut out) });
        self.check(status, "give properties")?;
        out.to_model()
    }

    /// Images counted by asking for the properties of each, where the plugin cannot count.
    fn count_by_props(&self, call: &Call) -> Result<usize> {
        const MOST: i64 = 1 << 24;
        for i in 0..MOST {
            match self.props(i, call) {
                Err(e) if e.kind() == ErrorKind::Index && i > 0 => return Ok(i as usize),
                Err(e) => return Err(e),
                Ok(_) => {}
            }
            call.tick(i as u64, 0)?;
        }
        Err(Error::limit(format!("the plugin gives properties of more than {MOST} images")))
    }
}

/// What a read that did not fail says of itself. An end where an image was promised would pass memory that nobody has
/// filled for one.
fn outcome(status: iio_status, call: &Call) -> Result<Outcome> {
    match status {
        0 => Ok(Outcome::Complete),
        PARTIAL if call.bool("allow_partial") => Ok(Outcome::Partial),
        PARTIAL => Err(Error::corrupt("the plugin read the image only in part")),
        other => Err(Error::internal(format!("the plugin answers a read with the status {other}"))),
    }
}

/// Hands a destination to a plugin as the array that it fills, through a packed copy where a conversion follows.
fn fill(
    to: &mut Destination,
    call: &Call,
    run: &mut dyn FnMut(*const iio_array) -> Result<iio_status>,
) -> Result<Outcome> {
    let dtype = to.dtype();
    if let Some(mut view) = to.as_view() {
        let layout = *view.layout();
        return outcome(run(&iio_array::of(view.base(), &layout, dtype))?, call);
    }
    let mut done = Outcome::Complete;
    let shape: Vec<usize> = to.shape().to_vec();
    to.fill(&[], |bytes| {
        let mut view = crate::model::ViewMut::packed(bytes, dtype.size(), &shape)
            .ok_or_else(|| Error::internal("a destination of the wrong size"))?;
        let layout = *view.layout();
        done = outcome(run(&iio_array::of(view.base(), &layout, dtype))?, call)?;
        Ok(())
    })?;
    Ok(done)
}

impl Reader for ForeignFile {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        let handle = &self.0;
        let Some(count) = handle.core.raw.count else {
            return match how {
                Count::Cheap => Ok(None),
                Count::Exact => handle.count_by_props(call).map(Some),
            };
        };
        let mut out = -1;
        let options = handle.core.options(call);
        let how_code = if how == Count::Exact { 0 } else { 1 };
        let status = within(call, || {
            // SAFETY: all pointers live through the call.
            unsafe { count(handle.raw, iio_dict::of(&options), how_code, &mut out) }
        });
        handle.check(status, "count its images")?;
        match (usize::try_from(out), how) {
            (Ok(n), _) => Ok(Some(n)),
            (Err(_), Count::Cheap) => Ok(None),
            (Err(_), Count::Exact) => handle.count_by_props(call).map(Some),
        }
    }

    fn default_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(Index::Default)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.0.props(index_code(index)?, call)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let handle = &self.0;
        let read = handle.core.raw.read.ok_or_else(|| handle.lacks("reading"))?;
        let index = index_code(index)?;
        let options = handle.core.options(call);
        fill(to, call, &mut |array| {
            // SAFETY: all pointers live through the call; the array is the destination's own memory.
            let status = within(call, || unsafe { read(handle.raw, index, iio_dict::of(&options), array) });
            handle.check(status, "read")
        })
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        let handle = &self.0;
        let mut into = Dict::new();
        let Some(meta) = handle.core.raw.meta else { return Ok(into) };
        let index = index_code(index)?;
        let options = handle.core.options(call);
        let status = within(call, || {
            // SAFETY: all pointers live through the call.
            unsafe { meta(handle.raw, index, iio_dict::of(&options), iio_dict::of_mut(&mut into)) }
        });
        handle.check(status, "give metadata")?;
        Ok(into)
    }

    fn cursor(&mut self, call: &Call) -> Result<Option<Box<dyn Cursor>>> {
        let handle = &self.0;
        let Some(iter) = handle.core.raw.iter else { return Ok(None) };
        let mut raw = std::ptr::null_mut();
        let options = handle.core.options(call);
        // SAFETY: all pointers live through the call.
        let status = within(call, || unsafe { iter(handle.raw, iio_dict::of(&options), &mut raw) });
        handle.check(status, "iterate")?;
        Ok(Some(Box::new(ForeignCursor { raw, handle: handle.clone() })))
    }

    fn call(&mut self, function: &str, call: &Call) -> Result<Dict> {
        self.0.call_function(function, call)
    }
}

impl Writer for ForeignFile {
    fn batch(&self) -> Batch {
        Batch::Whole
    }

    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let handle = &self.0;
        let write = handle.core.raw.write.ok_or_else(|| handle.lacks("writing"))?;
        let array = iio_array::of(image.view.base().cast_mut(), image.view.layout(), image.dtype);
        let mut options = handle.core.options(call);
        // Of a batch the plugin sees one image, and so that image's axes.
        if let Some(axes) = image.axes {
            options.set("axes", axes.as_str());
        }
        // And of the times of a batch, that image's.
        if call.part().1 > 1 {
            for name in ["time_s", "duration_s"] {
                if let Some(seconds) = call.number_of(name, 0)? {
                    options.set(name, seconds);
                }
            }
        }
        // SAFETY: all pointers live through the call; the plugin only reads the array.
        let status = within(call, || unsafe { write(handle.raw, &array, iio_dict::of(&options)) });
        handle.check(status, "write").map(drop)
    }

    fn finish(&mut self, call: &Call) -> Result<()> {
        let handle = &self.0;
        let Some(finish) = handle.core.raw.finish else { return Ok(()) };
        // SAFETY: the file is open and was not spoiled.
        let status = within(call, || unsafe { finish(handle.raw) });
        handle.check(status, "finish").map(drop)
    }

    fn call(&mut self, function: &str, call: &Call) -> Result<Dict> {
        self.0.call_function(function, call)
    }
}

struct ForeignCursor {
    raw: *mut c_void,
    handle: Arc<Handle>,
}

// SAFETY: as for the file.
unsafe impl Send for ForeignCursor {}

impl Drop for ForeignCursor {
    fn drop(&mut self) {
        if let Some(free) = self.handle.core.raw.iter_free {
            // SAFETY: `raw` came from the plugin's iter; this is the one end.
            unsafe { free(self.raw) };
        }
    }
}

impl Cursor for ForeignCursor {
    fn next_props(&mut self, call: &Call) -> Result<Option<Props>> {
        let next_props = self.handle.core.raw.next_props.ok_or_else(|| self.handle.lacks("next_props"))?;
        let mut out = iio_props::empty();
        // SAFETY: all pointers live through the call.
        let status = within(call, || unsafe { next_props(self.raw, &mut out) });
        match self.handle.check(status, "give properties")? {
            END => Ok(None),
            _ => out.to_model().map(Some),
        }
    }

    fn next(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let next = self.handle.core.raw.next.ok_or_else(|| self.handle.lacks("next"))?;
        let (raw, handle) = (self.raw, &self.handle);
        fill(to, call, &mut |array| {
            // SAFETY: all pointers live through the call; the array is the destination's own memory.
            let status = within(call, || unsafe { next(raw, array) });
            handle.check(status, "read")
        })
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let mut into = Dict::new();
        let Some(next_meta) = self.handle.core.raw.next_meta else { return Ok(into) };
        // SAFETY: all pointers live through the call.
        let status = within(call, || unsafe { next_meta(self.raw, iio_dict::of_mut(&mut into)) });
        self.handle.check(status, "give metadata")?;
        Ok(into)
    }

    fn seek(&mut self, index: usize, call: &Call) -> Result<()> {
        let seek = self.handle.core.raw.seek.ok_or_else(|| self.handle.lacks("seek"))?;
        let index = index_code(Index::At(index))?;
        // SAFETY: the cursor is open.
        let status = within(call, || unsafe { seek(self.raw, index) });
        self.handle.check(status, "seek").map(drop)
    }
}
