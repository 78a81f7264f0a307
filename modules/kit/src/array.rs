//! What images are and where they lie: properties, destinations and sources.

use crate::abi::{ARRAY_STRIDED, MAX_NDIM, PROPS_ORIENTED, PROPS_PREMULTIPLIED, iio_array, iio_props};
use crate::error::{Error, Result};
use std::ffi::c_char;
use strided::{Layout, View, ViewMut};

/// Types of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)] // as in the C ABI
pub enum DType {
    Bool = 1,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    F32,
    F64,
    C64,
    C128,
}

impl DType {
    const ALL: [DType; 14] = {
        use DType::{Bool, C64, C128, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [Bool, U8, U16, U32, U64, I8, I16, I32, I64, F16, F32, F64, C64, C128]
    };

    /// The type of a code of the C ABI.
    pub fn from_code(code: i32) -> Option<DType> {
        DType::ALL.get(usize::try_from(code).ok()?.checked_sub(1)?).copied()
    }

    /// Bytes of an item.
    pub fn size(self) -> usize {
        [1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 8, 16][self as usize - 1]
    }

    /// numpy's name.
    pub fn name(self) -> &'static str {
        [
            "bool",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "int8",
            "int16",
            "int32",
            "int64",
            "float16",
            "float32",
            "float64",
            "complex64",
            "complex128",
        ][self as usize - 1]
    }
}

/// What samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u32)]
#[allow(missing_docs)] // as in the C ABI
pub enum Color {
    #[default]
    Unknown = 0,
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    Bgr,
    Bgra,
    Cmyk,
    YCbCr,
    Lab,
    Hsv,
    Palette,
    Bayer,
    Multi,
}

/// What a read gives.
#[derive(Clone, Debug)]
pub struct Props {
    /// Type of the items.
    pub dtype: DType,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// One letter an axis: N T Z C Y X S Q.
    pub axes: String,
    /// Whether the first axis stacks images.
    pub is_batch: bool,
    /// Images in the file when all are asked for.
    pub n_images: Option<usize>,
    /// Distance of two samples along the axes; shorter than the shape: unknown for the rest.
    pub spacing: Vec<f64>,
    /// What the samples mean.
    pub color: Color,
    /// Significant bits of a sample; 0: not known.
    pub bits: u32,
    /// Whether colours are multiplied by alpha.
    pub premultiplied: bool,
    /// Whether the orientation was applied.
    pub oriented: bool,
    /// EXIF orientation still to be applied; 0: not known.
    pub orientation: u32,
}

impl Props {
    /// Properties of one image.
    pub fn new(dtype: DType, shape: &[usize], axes: &str, color: Color) -> Props {
        Props {
            dtype,
            shape: shape.to_vec(),
            axes: axes.to_owned(),
            is_batch: false,
            n_images: None,
            spacing: Vec::new(),
            color,
            bits: dtype.size() as u32 * 8,
            premultiplied: false,
            oriented: false,
            orientation: 0,
        }
    }

    /// The properties of a stack of `count` such images.
    pub fn stacked(mut self, count: usize) -> Props {
        self.shape.insert(0, count);
        self.axes.insert(0, 'N');
        if !self.spacing.is_empty() {
            self.spacing.insert(0, 0.0);
        }
        self.is_batch = true;
        self.n_images = Some(count);
        self
    }

    /// Bytes of a packed array of these.
    pub fn nbytes(&self) -> Result<usize> {
        let bytes = self.shape.iter().try_fold(self.dtype.size(), |n, &len| n.checked_mul(len));
        bytes.ok_or_else(|| Error::limit(format!("an array of shape {:?} has more bytes than memory", self.shape)))
    }

    pub(crate) fn fill(&self, to: &mut iio_props) -> Result<()> {
        if self.shape.len() > MAX_NDIM || self.axes.len() != self.shape.len() {
            let what = format!("{} axes {:?} for the shape {:?}", self.axes.len(), self.axes, self.shape);
            return Err(Error::internal(what));
        }
        to.dtype = self.dtype as i32;
        to.ndim = self.shape.len() as u32;
        to.is_batch = self.is_batch.into();
        to.n_images = self.n_images.map_or(-1, |n| n as i64);
        to.nbytes = self.nbytes()? as u64;
        for (to, &n) in to.shape.iter_mut().zip(&self.shape) {
            *to = n as u64;
        }
        for (to, &x) in to.spacing.iter_mut().zip(&self.spacing) {
            *to = x;
        }
        for (to, letter) in to.axes.iter_mut().zip(self.axes.bytes()) {
            *to = letter as c_char;
        }
        to.color = self.color as u32;
        to.bits = self.bits;
        to.flags =
            if self.premultiplied { PROPS_PREMULTIPLIED } else { 0 } | if self.oriented { PROPS_ORIENTED } else { 0 };
        to.orientation = self.orientation;
        Ok(())
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
            shape: [0; MAX_NDIM],
            strides: [0; MAX_NDIM],
        }
    }

    fn of(base: *mut u8, layout: &Layout, dtype: DType) -> iio_array {
        let mut array = iio_array { dtype: dtype as i32, ndim: layout.ndim() as u32, ..iio_array::empty() };
        array.data = base.cast();
        array.flags = ARRAY_STRIDED;
        for (axis, (&n, &step)) in layout.shape().iter().zip(layout.strides()).enumerate() {
            array.shape[axis] = n as u64;
            array.strides[axis] = step as i64;
        }
        array
    }

    fn layout(&self) -> Result<(DType, Layout)> {
        let bad = || Error::internal("the library gives an array that cannot be");
        let dtype = DType::from_code(self.dtype).ok_or_else(bad)?;
        let ndim = self.ndim as usize;
        let shape = self.shape.get(..ndim).ok_or_else(bad)?;
        let shape: Vec<usize> = shape.iter().map(|&n| n as usize).collect();
        let strides: Vec<isize> = self.strides[..ndim].iter().map(|&s| s as isize).collect();
        let packed = self.flags & ARRAY_STRIDED == 0 && strides.iter().all(|&s| s == 0);
        let layout = match packed {
            true => Layout::contiguous(dtype.size(), &shape),
            false => Layout::strided(dtype.size(), &shape, &strides),
        };
        Ok((dtype, layout.ok_or_else(bad)?))
    }
}

/// Memory to be filled with an image, with any strides.
pub struct Destination<'a> {
    /// Type of the items.
    pub dtype: DType,
    /// The places of the items.
    pub view: ViewMut<'a>,
}

impl<'a> Destination<'a> {
    /// # Safety
    /// `array` is one that the library hands to a plugin to be filled.
    pub(crate) unsafe fn from_raw(array: *const iio_array) -> Result<Destination<'a>> {
        // SAFETY: passed on from the caller.
        let array = unsafe { array.as_ref() }.ok_or_else(|| Error::internal("no destination"))?;
        let (dtype, layout) = array.layout()?;
        // SAFETY: the library promises the items, to us alone for the call.
        let view = unsafe { ViewMut::from_raw(array.data.cast(), layout) };
        Ok(Destination { dtype, view: view.ok_or_else(|| Error::internal("items of the destination overlap"))? })
    }

    /// Refuses a destination that is not of the properties that the plugin gave.
    pub fn check(&self, props: &Props) -> Result<()> {
        if self.dtype != props.dtype || self.view.shape() != props.shape {
            let (dtype, shape) = (self.dtype.name(), self.view.shape());
            let what = format!("a destination of {dtype} {shape:?} for {} {:?}", props.dtype.name(), props.shape);
            return Err(Error::shape(what));
        }
        Ok(())
    }

    /// Image `i` of a stack.
    pub fn at(&mut self, i: usize) -> Result<Destination<'_>> {
        let view = self.view.reborrow().at(i).ok_or_else(|| Error::internal("no such image in the destination"))?;
        Ok(Destination { dtype: self.dtype, view })
    }
}

/// An image to be read from the caller's memory, with any strides.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Type of the items.
    pub dtype: DType,
    /// The items.
    pub view: View<'a>,
}

impl<'a> Source<'a> {
    /// # Safety
    /// `array` is one that the library gives, and its items stay for `'a`.
    pub(crate) unsafe fn from_raw(array: *const iio_array) -> Result<Source<'a>> {
        // SAFETY: passed on from the caller.
        let array = unsafe { array.as_ref() }.ok_or_else(|| Error::internal("no image"))?;
        let (dtype, layout) = array.layout()?;
        // SAFETY: passed on from the caller.
        Ok(Source { dtype, view: unsafe { View::from_raw(array.data.cast(), layout) } })
    }

    /// Packed items. `None` if the bytes are not as many as the shape asks for.
    pub fn packed(dtype: DType, shape: &[usize], bytes: &'a [u8]) -> Option<Source<'a>> {
        Some(Source { dtype, view: View::packed(bytes, dtype.size(), shape)? })
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        self.view.shape()
    }

    /// The packed bytes: the caller's own if they are packed, else a copy.
    pub fn to_packed(&self) -> Result<std::borrow::Cow<'_, [u8]>> {
        if let Some(bytes) = self.view.as_bytes() {
            return Ok(bytes.into());
        }
        let mut bytes = zeroed(self.view.layout().packed_len())?;
        self.view.pack(&mut bytes);
        Ok(bytes.into())
    }

    pub(crate) fn to_raw(self) -> iio_array {
        iio_array::of(self.view.base().cast_mut(), self.view.layout(), self.dtype)
    }

    /// Real numbers of one axis or none.
    pub(crate) fn to_f64(self) -> Option<Vec<f64>> {
        let bytes = self.to_packed().ok()?;
        let items = bytes.chunks_exact(self.dtype.size());
        macro_rules! of {
            ($type:ty) => {
                items.map(|b| Some(<$type>::from_ne_bytes(b.try_into().ok()?) as f64)).collect()
            };
        }
        match self.dtype {
            DType::Bool | DType::U8 => of!(u8),
            DType::U16 => of!(u16),
            DType::U32 => of!(u32),
            DType::U64 => of!(u64),
            DType::I8 => of!(i8),
            DType::I16 => of!(i16),
            DType::I32 => of!(i32),
            DType::I64 => of!(i64),
            DType::F32 => of!(f32),
            DType::F64 => of!(f64),
            _ => None,
        }
    }
}

/// Zeroed memory, or an error where there is none.
pub fn zeroed(bytes: usize) -> Result<Vec<u8>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(bytes).map_err(|_| Error::out_of_memory(bytes))?;
    memory.resize(bytes, 0);
    Ok(memory)
}
