//! Plugins in C: the structs of `plugin.h`, their adapter to the traits, and the loader of modules.
//!
//! A module calls the library only through [`iio_host`], so that it works under a static program, R, Julia and
//! Python alike and never meets a second registry.

#![allow(unsafe_code, non_camel_case_types)]

pub(crate) mod abi;
mod adapter;
mod file;
mod host;
mod io;
mod loader;

pub use abi::{
    IIO_ARRAY_STRIDED, IIO_CALLBACKS_ANY_THREAD, IIO_MAX_NDIM, IIO_PROPS_ORIENTED, IIO_PROPS_PREMULTIPLIED, iio_array,
    iio_callbacks, iio_dict, iio_dtype, iio_props, iio_status,
};
pub(crate) use adapter::ForeignPlugin;
pub use adapter::iio_plugin;
pub use host::{host, iio_host};
pub(crate) use io::CallerStream;
pub use loader::{find_module, load};
