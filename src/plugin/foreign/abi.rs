//! The structs of the C ABI and their way to and from the model. Layouts are frozen: `docs/abi.md`.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Axes, Color, DType, Dict, Layout, MAX_NDIM, Props, Shape, View, ViewMut};
use std::ffi::{c_char, c_void};
use std::mem::offset_of;

/// Most axes of an array.
pub const IIO_MAX_NDIM: usize = 8;
const _: () = assert!(IIO_MAX_NDIM == MAX_NDIM);

/// Result of a call: 0 success, positive no error, negative an error (`IIO_ERROR_…`).
pub type iio_status = i32;

/// Type of an array's items (`IIO_UINT8` …), in native byte order.
pub type iio_dtype = i32;

/// An ordered dictionary of typed values: the options of a call, and the metadata that comes back.
#[repr(transparent)]
pub struct iio_dict(pub(crate) Dict);

impl iio_dict {
    pub(crate) fn of(dict: &Dict) -> &iio_dict {
        // SAFETY: iio_dict is a transparent wrapper of Dict, so the reference has the same layout and lifetime.
        unsafe { &*std::ptr::from_ref(dict).cast() }
    }

    pub(crate) fn of_mut(dict: &mut Dict) -> &mut iio_dict {
        // SAFETY: as above, and the borrow stays exclusive.
        unsafe { &mut *std::ptr::from_mut(dict).cast() }
    }
}

/// What a read with the same index and options gives: imageio's ImageProperties.
///
/// The caller sets `struct_size` to `sizeof(iio_props)` (`IIO_PROPS_INIT` does); the library writes no more than
/// that many bytes, and never changes `struct_size` itself.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_props {
    /// `sizeof(iio_props)`, set by the caller.
    pub struct_size: u32,
    /// Type of the items, `IIO_UINT8` …
    pub dtype: iio_dtype,
    /// Number of axes, 0 to 8.
    pub ndim: u32,
    /// 1: the first axis stacks images.
    pub is_batch: u32,
    /// Images in the file when all are asked for, else -1.
    pub n_images: i64,
    /// Bytes that a C-contiguous buffer of this shape takes.
    pub nbytes: u64,
    /// Length of each axis, slowest first.
    pub shape: [u64; IIO_MAX_NDIM],
    /// Distance of two samples along each axis, in the file's unit; 0.0 where the file does not say.
    pub spacing: [f64; IIO_MAX_NDIM],
    /// One letter an axis, NUL-terminated: N images, T, Z, C, Y, X, S samples, Q other.
    pub axes: [c_char; 16],
    /// What the samples mean, `IIO_COLOR_RGB` …
    pub color: u32,
    /// Significant bits of a sample: 1, 8, 10, 12, 16 …; 0: not known.
    pub bits: u32,
    /// `IIO_PROPS_PREMULTIPLIED`, `IIO_PROPS_ORIENTED`.
    pub flags: u32,
    /// EXIF orientation 1 to 8 that is still to be applied to what a read gives; 0: not known.
    pub orientation: u32,
}

/// In `iio_props.flags`: colours are multiplied by alpha; without it alpha is straight.
pub const IIO_PROPS_PREMULTIPLIED: u32 = 1;
/// In `iio_props.flags`: the orientation that the file asks for was applied.
pub const IIO_PROPS_ORIENTED: u32 = 2;

/// A view of an n-dimensional array in the caller's memory. Any alignment is taken.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_array {
    /// `sizeof(iio_array)`, set by the caller.
    pub struct_size: u32,
    /// Type of the items.
    pub dtype: iio_dtype,
    /// Number of axes, 0 to 8.
    pub ndim: u32,
    /// `IIO_ARRAY_STRIDED`, or 0.
    pub flags: u32,
    /// The item at index 0 of every axis.
    pub data: *mut c_void,
    /// Length of each axis.
    pub shape: [u64; IIO_MAX_NDIM],
    /// Step of each axis in bytes, may be negative. All zero without `IIO_ARRAY_STRIDED` means C-contiguous.
    pub strides: [i64; IIO_MAX_NDIM],
}

/// In `iio_array.flags`: the strides are as given, even if all are zero (a source that repeats one item).
pub const IIO_ARRAY_STRIDED: u32 = 1;

/// A byte stream of the caller's. Copied by the call that takes it. Callbacks run on the thread that is inside the
/// library's call, unless `IIO_CALLBACKS_ANY_THREAD` is set. None may throw, longjmp or otherwise not return.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_callbacks {
    /// `sizeof(iio_callbacks)`, set by the caller.
    pub struct_size: u32,
    /// `IIO_CALLBACKS_ANY_THREAD`, or 0.
    pub flags: u32,
    /// Handed to every callback.
    pub user: *mut c_void,
    /// Bytes read, 0 at the end, negative: failed. Short reads are legal.
    pub read: Option<unsafe extern "C" fn(user: *mut c_void, buffer: *mut c_void, size: usize) -> i64>,
    /// Bytes taken, negative: failed. Short writes are legal.
    pub write: Option<unsafe extern "C" fn(user: *mut c_void, buffer: *const c_void, size: usize) -> i64>,
    /// `whence` 0 start, 1 here, 2 end: the new position, negative: failed. NULL: cannot seek.
    pub seek: Option<unsafe extern "C" fn(user: *mut c_void, offset: i64, whence: i32) -> i64>,
    /// Bytes of the whole; NULL or negative: unknown.
    pub size: Option<unsafe extern "C" fn(user: *mut c_void) -> i64>,
    /// Called exactly once, also when the open fails; NULL: nothing to do.
    pub close: Option<unsafe extern "C" fn(user: *mut c_void)>,
    /// "w": called once, before close, when all was written and nothing failed; non-zero fails `iio_file_close`.
    /// Close without finish means: throw away. NULL: none.
    pub finish: Option<unsafe extern "C" fn(user: *mut c_void) -> i32>,
}

/// In `iio_callbacks.flags`: worker threads may call, one at a time.
pub const IIO_CALLBACKS_ANY_THREAD: u32 = 1;

/// Bytes of `iio_props` up to and with `axes`: the first published size.
const PROPS_FIRST: usize = offset_of!(iio_props, color);

/// No struct of the contract will be larger: a `struct_size` beyond it is memory that nobody has set.
pub(crate) const LARGEST: usize = 4096;

/// Reads a struct that the caller fills. Shorter than `first`: refused. Longer than ours: the surplus must be zero,
/// which is said apart, since what the struct lends has to be given back in any case.
///
/// # Safety
/// `from` points at a `u32` that says how many bytes, itself included, are readable there.
pub(crate) unsafe fn read_struct<T: Copy>(from: *const T, first: usize, empty: T) -> Result<(T, Result<()>)> {
    // SAFETY: the caller promises a readable u32.
    let size = unsafe { from.cast::<u32>().read_unaligned() } as usize;
    if size < first || size > LARGEST {
        return Err(Error::invalid(format!("struct_size is {size}, not {}", size_of::<T>())));
    }
    let bytes = from.cast::<u8>();
    let mut copy = empty;
    // SAFETY: as many bytes as both sides have; T is plain data of the C ABI.
    unsafe { std::ptr::copy_nonoverlapping(bytes, std::ptr::from_mut(&mut copy).cast(), size.min(size_of::<T>())) };
    // SAFETY: the caller promises `size` readable bytes.
    let known = (size_of::<T>()..size).all(|at| unsafe { bytes.add(at).read() } == 0);
    let surplus = match known {
        true => Ok(()),
        false => Err(Error::unsupported("the struct has fields set that this version does not know")),
    };
    Ok((copy, surplus))
}

/// Refuses an `iio_props` that is too small to be one.
///
/// # Safety
/// `to` is NULL or points at an `iio_props` of the size that it says.
pub(crate) unsafe fn check_props(to: *const iio_props) -> Result<()> {
    if to.is_null() {
        return Ok(());
    }
    // SAFETY: the caller promises an iio_props, which starts with its size.
    let size = unsafe { to.cast::<u32>().read_unaligned() } as usize;
    if !(PROPS_FIRST..=LARGEST).contains(&size) {
        return Err(Error::invalid(format!("iio_props.struct_size is {size}, not {}", size_of::<iio_props>())));
    }
    Ok(())
}

/// Reads an `iio_props` that the library filled before: as much as the caller's has.
///
/// # Safety
/// `from` points at an `iio_props` of the size that it says.
pub(crate) unsafe fn copy_props(from: *const iio_props) -> Result<iio_props> {
    // SAFETY: passed on from the caller.
    let (props, surplus) = unsafe { read_struct(from, PROPS_FIRST, iio_props::empty()) }?;
    surplus?;
    Ok(props)
}

/// Writes properties into the caller's struct: as much as it has room for, the rest of it zero.
///
/// # Safety
/// `to` is NULL or points at an `iio_props` of the size that it says, which [`check_props`] has seen.
pub(crate) unsafe fn write_props(to: *mut iio_props, props: &Props) -> Result<()> {
    if to.is_null() {
        return Ok(());
    }
    let ours = iio_props::new(props)?;
    // SAFETY: the caller promises an iio_props, which starts with its size.
    let size = unsafe { to.cast::<u32>().read_unaligned() } as usize;
    let known = size.min(size_of::<iio_props>());
    let skip = size_of::<u32>();
    let from = std::ptr::from_ref(&ours).cast::<u8>();
    // SAFETY: `known` bytes are readable in ours and writable in the caller's; struct_size is left alone.
    unsafe { std::ptr::copy_nonoverlapping(from.add(skip), to.cast::<u8>().add(skip), known - skip) };
    // SAFETY: the caller promises `size` writable bytes.
    unsafe { to.cast::<u8>().add(known).write_bytes(0, size - known) };
    Ok(())
}

impl iio_props {
    /// All zero but the size.
    pub(crate) fn empty() -> iio_props {
        iio_props {
            struct_size: size_of::<iio_props>() as u32,
            dtype: 0,
            ndim: 0,
            is_batch: 0,
            n_images: -1,
            nbytes: 0,
            shape: [0; IIO_MAX_NDIM],
            spacing: [0.0; IIO_MAX_NDIM],
            axes: [0; 16],
            color: 0,
            bits: 0,
            flags: 0,
            orientation: 0,
        }
    }

    pub(crate) fn new(props: &Props) -> Result<iio_props> {
        let mut out = iio_props::empty();
        out.dtype = props.dtype.code();
        out.ndim = props.shape.len() as u32;
        out.is_batch = props.is_batch.into();
        out.n_images = props.n_images.map_or(-1, |n| n as i64);
        out.nbytes = props.nbytes()? as u64;
        for (to, &n) in out.shape.iter_mut().zip(props.shape.iter()) {
            *to = n as u64;
        }
        out.spacing = props.spacing;
        for (to, letter) in out.axes.iter_mut().zip(props.axes.as_str().bytes()) {
            *to = letter as c_char;
        }
        out.color = props.color.code();
        out.bits = props.bits;
        out.flags = if props.premultiplied { IIO_PROPS_PREMULTIPLIED } else { 0 }
            | if props.oriented { IIO_PROPS_ORIENTED } else { 0 };
        out.orientation = props.orientation;
        Ok(out)
    }

    /// The properties that a plugin in C gave.
    pub(crate) fn to_model(self) -> Result<Props> {
        let defect = |what: &str| Error::internal(format!("the plugin gave properties with {what}"));
        let dtype = DType::from_code(self.dtype).ok_or_else(|| defect("an unknown dtype"))?;
        let shape = shape(&self.shape, self.ndim).map_err(|_| defect("an impossible shape"))?;
        let letters: String = self.axes.iter().take_while(|&&c| c != 0).map(|&c| c as u8 as char).collect();
        let mut props = Props::image(&shape, dtype, Color::from_code(self.color).unwrap_or_default());
        if letters.len() == shape.len() {
            props.axes = Axes::new(&letters);
        }
        props.is_batch = self.is_batch != 0 && !shape.is_empty();
        props.n_images = usize::try_from(self.n_images).ok();
        props.spacing = self.spacing;
        if self.bits != 0 {
            props.bits = self.bits;
        }
        props.premultiplied = self.flags & IIO_PROPS_PREMULTIPLIED != 0;
        props.oriented = self.flags & IIO_PROPS_ORIENTED != 0;
        props.orientation = self.orientation;
        Ok(props)
    }
}

fn shape(dims: &[u64; IIO_MAX_NDIM], ndim: u32) -> Result<Shape> {
    let dims = dims.get(..ndim as usize).ok_or_else(|| Error::invalid(format!("ndim is {ndim}, over {MAX_NDIM}")))?;
    let dims: Option<Vec<usize>> = dims.iter().map(|&n| usize::try_from(n).ok()).collect();
    Shape::new(&dims.ok_or_else(|| Error::invalid("an axis is longer than memory"))?)
}

/// An array of the caller's: its dtype, address and layout.
pub(crate) struct Foreign {
    pub dtype: DType,
    base: *mut u8,
    pub layout: Layout,
}

impl Foreign {
    /// # Safety
    /// `array` points at an `iio_array` of the size that it says.
    pub(crate) unsafe fn read(array: *const iio_array) -> Result<Foreign> {
        // SAFETY: the caller promises an iio_array.
        let (array, surplus) = unsafe { read_struct(array, size_of::<iio_array>(), iio_array::empty()) }?;
        surplus?;
        if array.flags & !IIO_ARRAY_STRIDED != 0 {
            return Err(Error::unsupported("iio_array.flags has bits that this version does not know"));
        }
        let dtype = DType::from_code(array.dtype)
            .ok_or_else(|| Error::invalid(format!("iio_array.dtype is {}, no dtype", array.dtype)))?;
        if array.ndim as usize > MAX_NDIM {
            return Err(Error::invalid(format!("iio_array.ndim is {}, over {MAX_NDIM}", array.ndim)));
        }
        let shape = shape(&array.shape, array.ndim)?;
        let strides: Vec<isize> = array.strides[..shape.len()].iter().map(|&s| s as isize).collect();
        let packed = array.flags & IIO_ARRAY_STRIDED == 0 && strides.iter().all(|&s| s == 0);
        let layout = match packed {
            true => Layout::contiguous(dtype.size(), &shape),
            false => Layout::strided(dtype.size(), &shape, &strides),
        };
        let layout =
            layout.ok_or_else(|| Error::invalid("the shape and strides of iio_array span more than memory"))?;
        let base = array.data.cast::<u8>();
        let (before, behind) = layout.span();
        let fits = (base as usize).checked_sub(before).and((base as usize).checked_add(behind)).is_some();
        if !layout.is_empty() && (base.is_null() || !fits) {
            return Err(Error::invalid("iio_array.data is NULL, or its strides lead outside memory"));
        }
        Ok(Foreign { dtype, base, layout })
    }

    /// # Safety
    /// The caller promises that the items are readable and do not change for `'a`.
    pub(crate) unsafe fn view<'a>(&self) -> View<'a> {
        // SAFETY: passed on from the caller.
        unsafe { View::from_raw(self.base, self.layout) }
    }

    /// # Safety
    /// The caller promises that the items are writable, and used by nobody else, for `'a`.
    pub(crate) unsafe fn view_mut<'a>(&self) -> Result<ViewMut<'a>> {
        // SAFETY: passed on from the caller.
        let view = unsafe { ViewMut::from_raw(self.base, self.layout) };
        view.ok_or_else(|| Error::invalid("items of the destination share memory: a stride is zero or too small"))
    }
}

impl iio_array {
    pub(crate) fn empty() -> iio_array {
        iio_array {
            struct_size: size_of::<iio_array>() as u32,
            dtype: 0,
            ndim: 0,
            flags: 0,
            data: std::ptr::null_mut(),
            shape: [0; IIO_MAX_NDIM],
            strides: [0; IIO_MAX_NDIM],
        }
    }

    /// A view as C sees it.
    pub(crate) fn of(base: *mut u8, layout: &Layout, dtype: DType) -> iio_array {
        let mut array = iio_array { dtype: dtype.code(), ndim: layout.ndim() as u32, ..iio_array::empty() };
        array.data = base.cast();
        array.flags = IIO_ARRAY_STRIDED;
        for (axis, (&n, &step)) in layout.shape().iter().zip(layout.strides()).enumerate() {
            array.shape[axis] = n as u64;
            array.strides[axis] = step as i64;
        }
        array
    }
}

/// The error of a negative status of somebody else's code.
pub(crate) fn status_error(status: iio_status, message: String) -> Error {
    match ErrorKind::from_status(status) {
        Some(kind) => Error::new(kind, message),
        None => Error::internal(format!("{message} (status {status})")),
    }
}
