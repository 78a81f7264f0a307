//! The three ways in which a caller gives memory for a result: a buffer, an allocator, a view.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Props, ViewMut};
use crate::plugin::Outcome;
use crate::plugin::foreign::abi::{Foreign, write_props};
use crate::plugin::foreign::{iio_array, iio_props, iio_status};
use std::ffi::c_void;

/// Gives memory for a result of `nbytes` bytes; `props` describes it, and is NULL for encoded bytes. NULL: there is
/// none. What it gave stays the caller's, also when the call fails. It must return.
pub type iio_alloc_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, props: *const iio_props, nbytes: usize) -> *mut c_void>;

/// Fills `dst` with a view of memory that takes an image of `props`; `dst->struct_size` is set. Non-zero: give up.
/// It must return.
pub type iio_view_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, props: *const iio_props, dst: *mut iio_array) -> i32>;

/// The status of a read that worked.
pub(super) fn outcome(outcome: Outcome) -> iio_status {
    match outcome {
        Outcome::Complete => super::IIO_OK,
        Outcome::Partial => super::IIO_PARTIAL,
    }
}

/// A caller's buffer.
pub(super) struct Buffer {
    pub data: *mut c_void,
    pub capacity: usize,
    pub props: *mut iio_props,
}

impl Buffer {
    /// Refuses what cannot even ask.
    ///
    /// # Safety
    /// `props` is NULL or an `iio_props` of the size that it says.
    pub(super) unsafe fn check(&self) -> Result<()> {
        if self.data.is_null() && self.props.is_null() {
            return Err(Error::invalid("buffer and props are NULL: there is nothing to fill and nothing to ask"));
        }
        // SAFETY: passed on from the caller.
        unsafe { crate::plugin::foreign::abi::check_props(self.props) }
    }

    /// Tells the properties, and gives the buffer if a result of `bytes` bytes fits.
    ///
    /// # Safety
    /// As [`Buffer::check`], which has been called; and `data` is NULL or has `capacity` writable bytes that nobody
    /// else uses for `'a`.
    pub(super) unsafe fn place<'a>(&self, props: &Props, bytes: usize) -> Result<ViewMut<'a>> {
        // SAFETY: passed on from the caller.
        unsafe { write_props(self.props, props) }?;
        if self.data.is_null() || self.capacity < bytes {
            let offered = if self.data.is_null() { 0 } else { self.capacity };
            let what = format!("the image takes {bytes} bytes, the buffer has {offered}");
            return Err(Error::new(ErrorKind::BufferTooSmall, what));
        }
        // SAFETY: passed on from the caller; `bytes` of them are used.
        unsafe { packed(self.data, props) }
    }
}

/// # Safety
/// `data` has the bytes of a packed array of these properties, writable and used by nobody else for `'a`.
unsafe fn packed<'a>(data: *mut c_void, props: &Props) -> Result<ViewMut<'a>> {
    let layout = crate::model::Layout::contiguous(props.dtype.size(), &props.shape);
    let layout = layout.ok_or_else(|| Error::internal("properties without a layout"))?;
    // SAFETY: passed on from the caller.
    let view = unsafe { ViewMut::from_raw(data.cast(), layout) };
    view.ok_or_else(|| Error::internal("a packed layout overlaps itself"))
}

/// Memory from the caller's allocator, or from malloc, whose memory is the library's own until it is given away.
pub(super) struct Allocated {
    data: *mut c_void,
    ours: bool,
}

impl Allocated {
    /// # Safety
    /// `alloc` keeps to its contract.
    pub(super) unsafe fn new(
        alloc: iio_alloc_fn,
        user: *mut c_void,
        props: Option<&Props>,
        bytes: usize,
    ) -> Result<Allocated> {
        let data = match alloc {
            Some(alloc) => {
                let described = props.map(iio_props::new).transpose()?;
                let described = described.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
                // SAFETY: the properties live through the call; the caller keeps to the contract.
                unsafe { alloc(user, described, bytes) }
            }
            // SAFETY: malloc has no requirement; one byte stands for none, so that NULL means failure.
            None => unsafe { libc::malloc(bytes.max(1)) },
        };
        if data.is_null() && (bytes > 0 || alloc.is_none()) {
            return Err(Error::out_of_memory(bytes));
        }
        Ok(Allocated { data, ours: alloc.is_none() })
    }

    /// The memory as a view.
    ///
    /// # Safety
    /// It was allocated for these properties, and is not used otherwise for `'a`.
    pub(super) unsafe fn view<'a>(&self, props: &Props) -> Result<ViewMut<'a>> {
        // SAFETY: the allocator promised this many bytes.
        unsafe { packed(self.data, props) }
    }

    /// Fills it with bytes, of which it has at least as many.
    pub(super) fn copy(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            // SAFETY: the allocator promised this many bytes, which nobody else uses yet.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.data.cast(), bytes.len()) };
        }
    }

    /// Gives it to the caller.
    pub(super) fn give(mut self) -> *mut c_void {
        self.ours = false;
        self.data
    }
}

impl Drop for Allocated {
    fn drop(&mut self) {
        if self.ours {
            // SAFETY: it came from malloc and was not given away.
            unsafe { libc::free(self.data) };
        }
    }
}

/// The view that the caller's function gives for an image.
///
/// # Safety
/// `view` keeps to its contract, and what it gives is writable and used by nobody else for `'a`.
pub(super) unsafe fn ask_view<'a>(view: iio_view_fn, user: *mut c_void, props: &Props) -> Result<(ViewMut<'a>, DType)> {
    let view = view.ok_or_else(|| Error::invalid("view is NULL"))?;
    let described = iio_props::new(props)?;
    let mut dst = iio_array::empty();
    // SAFETY: both structs live through the call; the caller keeps to the contract.
    let result = unsafe { view(user, &described, &mut dst) };
    if result != 0 {
        return Err(Error::new(ErrorKind::Cancelled, "the view callback gave up").callback(result.into()));
    }
    // SAFETY: passed on from the caller.
    unsafe { array_mut(&dst) }
}

/// The destination behind an `iio_array`.
///
/// # Safety
/// `array` is NULL or an `iio_array` of the size that it says, whose items are writable and used by nobody else
/// for `'a`.
pub(super) unsafe fn array_mut<'a>(array: *const iio_array) -> Result<(ViewMut<'a>, DType)> {
    super::boundary::given(array, "dst")?;
    // SAFETY: passed on from the caller.
    let foreign = unsafe { Foreign::read(array) }?;
    // SAFETY: passed on from the caller.
    Ok((unsafe { foreign.view_mut() }?, foreign.dtype))
}

/// The source behind an `iio_array`.
///
/// # Safety
/// `array` is NULL or an `iio_array` of the size that it says, whose items do not change for `'a`.
pub(super) unsafe fn array<'a>(array: *const iio_array, what: &str) -> Result<(crate::model::View<'a>, DType)> {
    super::boundary::given(array, what)?;
    // SAFETY: passed on from the caller.
    let foreign = unsafe { Foreign::read(array) }?;
    // SAFETY: passed on from the caller.
    Ok((unsafe { foreign.view() }, foreign.dtype))
}
