//! A safe Rust face over `plugin.h`, for modules: shared libraries that the library loads on first need.
//!
//! A module is a crate of `crate-type = ["cdylib"]` that implements [`Plugin`], [`Reader`], and where it can [`Cursor`]
//! and [`Writer`], and says `kit::export!(Its);`. It never links the library, which would bring a second registry: what
//! it needs of it (dictionaries, progress, log) it reaches through what the library lends.
//!
//! A panic inside a plugin becomes `IIO_ERROR_INTERNAL`, and the file answers nothing else from then on.

#![warn(missing_docs)]

pub mod abi;
mod array;
mod boundary;
mod dict;
mod error;
mod host;
mod picture;
mod plugin;
mod stream;

pub use array::{Color, DType, Destination, Props, Source, zeroed};
pub use boundary::entry;
pub use dict::{Dict, DictMut, DictRef, ValueKind};
pub use error::{Error, Kind, Result};
pub use host::{Level, exif, log, progress};
pub use picture::{Picture, agreed, embedded, milliseconds, pictures};
pub use plugin::{Count, Cursor, Index, Limits, Outcome, Plugin, Reader, Writer, threads};
pub use stream::{Input, Output};
pub use strided::{Layout, View, ViewMut};

/// Makes a type that implements [`Plugin`] what this module brings.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        /// The module's one export.
        ///
        /// # Safety
        /// `host` is what the library lends.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn iio_plugin_entry(
            host: *const $crate::abi::iio_host,
        ) -> *const $crate::abi::iio_plugin {
            static MADE: std::sync::OnceLock<$crate::abi::iio_plugin> = std::sync::OnceLock::new();
            // SAFETY: passed on from the caller.
            unsafe { $crate::entry::<$plugin>(host, &MADE) }
        }
    };
}
