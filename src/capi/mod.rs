//! The C ABI over [`crate::v3`]: pointers are checked, views made, safe Rust called, results stored. One file a noun.
//! The header `include/libimageio/imageio.h` is generated from here.

#![allow(unsafe_code, non_camel_case_types)]

mod axes;
mod boundary;
mod constants;
mod dict;
mod dict_get;
mod dict_set;
mod error;
mod everyday;
mod file;
mod handle;
mod iter;
mod library;
mod open;
mod place;
mod registry;

pub use axes::*;
pub use constants::*;
pub use dict::*;
pub use dict_get::*;
pub use dict_set::*;
pub use error::*;
pub use everyday::*;
pub use file::*;
pub use handle::{iio_file, iio_iter};
pub use iter::*;
pub use library::*;
pub use open::*;
pub use place::{iio_alloc_fn, iio_view_fn};
pub use registry::*;
