//! The structs of `plugin.h` as a module sees them. `tests/layout.rs` compares them with the library's own.

#![allow(non_camel_case_types, missing_docs)] // as in the headers, which document them

use std::ffi::{c_char, c_void};

pub const MAX_NDIM: usize = 8;
pub const INDEX_DEFAULT: i64 = i64::MIN;
pub const INDEX_ALL: i64 = i64::MIN + 1;
pub const PROPS_PREMULTIPLIED: u32 = 1;
pub const PROPS_ORIENTED: u32 = 2;
pub const ARRAY_STRIDED: u32 = 1;
pub const CALLBACKS_ANY_THREAD: u32 = 1;

pub type iio_status = i32;

/// The library's dictionary, of which a module has only addresses.
#[repr(C)]
pub struct iio_dict {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_props {
    pub struct_size: u32,
    pub dtype: i32,
    pub ndim: u32,
    pub is_batch: u32,
    pub n_images: i64,
    pub nbytes: u64,
    pub shape: [u64; MAX_NDIM],
    pub spacing: [f64; MAX_NDIM],
    pub axes: [c_char; 16],
    pub color: u32,
    pub bits: u32,
    pub flags: u32,
    pub orientation: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_array {
    pub struct_size: u32,
    pub dtype: i32,
    pub ndim: u32,
    pub flags: u32,
    pub data: *mut c_void,
    pub shape: [u64; MAX_NDIM],
    pub strides: [i64; MAX_NDIM],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_callbacks {
    pub struct_size: u32,
    pub flags: u32,
    pub user: *mut c_void,
    pub read: Option<unsafe extern "C" fn(user: *mut c_void, buffer: *mut c_void, size: usize) -> i64>,
    pub write: Option<unsafe extern "C" fn(user: *mut c_void, buffer: *const c_void, size: usize) -> i64>,
    pub seek: Option<unsafe extern "C" fn(user: *mut c_void, offset: i64, whence: i32) -> i64>,
    pub size: Option<unsafe extern "C" fn(user: *mut c_void) -> i64>,
    pub close: Option<unsafe extern "C" fn(user: *mut c_void)>,
    pub finish: Option<unsafe extern "C" fn(user: *mut c_void) -> i32>,
}

#[repr(C)]
pub struct iio_host {
    pub struct_size: u32,
    pub abi_version: u32,
    pub symbol: Option<unsafe extern "C" fn(name: *const c_char) -> *mut c_void>,
    pub fail: Option<unsafe extern "C" fn(status: iio_status, message: *const c_char) -> iio_status>,
    pub progress: Option<unsafe extern "C" fn(done: u64, total: u64) -> i32>,
}

pub type ProbeFn = unsafe extern "C" fn(*mut c_void, *const c_void, usize, *const c_char) -> i32;
pub type OpenFn = unsafe extern "C" fn(
    *mut c_void,
    *const iio_host,
    *const iio_callbacks,
    *const c_char,
    *const c_char,
    *const iio_dict,
    *mut *mut c_void,
) -> iio_status;
pub type CountFn = unsafe extern "C" fn(*mut c_void, *const iio_dict, u32, *mut i64) -> iio_status;
pub type PropsFn = unsafe extern "C" fn(*mut c_void, i64, *const iio_dict, *mut iio_props) -> iio_status;
pub type ReadFn = unsafe extern "C" fn(*mut c_void, i64, *const iio_dict, *const iio_array) -> iio_status;
pub type MetaFn = unsafe extern "C" fn(*mut c_void, i64, *const iio_dict, *mut iio_dict) -> iio_status;
pub type IterFn = unsafe extern "C" fn(*mut c_void, *const iio_dict, *mut *mut c_void) -> iio_status;
pub type NextPropsFn = unsafe extern "C" fn(*mut c_void, *mut iio_props) -> iio_status;
pub type NextFn = unsafe extern "C" fn(*mut c_void, *const iio_array) -> iio_status;
pub type NextMetaFn = unsafe extern "C" fn(*mut c_void, *mut iio_dict) -> iio_status;
pub type SeekFn = unsafe extern "C" fn(*mut c_void, i64) -> iio_status;
pub type WriteFn = unsafe extern "C" fn(*mut c_void, *const iio_array, *const iio_dict) -> iio_status;
pub type CallFn = unsafe extern "C" fn(*mut c_void, *const c_char, *const iio_dict, *mut iio_dict) -> iio_status;
pub type FinishFn = unsafe extern "C" fn(*mut c_void) -> iio_status;
pub type EndFn = unsafe extern "C" fn(*mut c_void);

#[repr(C)]
pub struct iio_plugin {
    pub struct_size: u32,
    pub flags: u32,
    pub user: *mut c_void,
    pub declaration: *const c_char,
    pub probe: Option<ProbeFn>,
    pub open: Option<OpenFn>,
    pub count: Option<CountFn>,
    pub props: Option<PropsFn>,
    pub read: Option<ReadFn>,
    pub meta: Option<MetaFn>,
    pub iter: Option<IterFn>,
    pub next_props: Option<NextPropsFn>,
    pub next: Option<NextFn>,
    pub next_meta: Option<NextMetaFn>,
    pub seek: Option<SeekFn>,
    pub iter_free: Option<EndFn>,
    pub write: Option<WriteFn>,
    pub call: Option<CallFn>,
    pub finish: Option<FinishFn>,
    pub close: Option<EndFn>,
    pub destroy: Option<EndFn>,
}

// SAFETY: a plugin's struct is plain data that is written once and then only read.
unsafe impl Sync for iio_plugin {}
// SAFETY: as above.
unsafe impl Send for iio_plugin {}
