//! The numbers of the contract.

use crate::plugin::foreign::{iio_dtype, iio_status};

/// Version of this header, first part.
pub const IIO_VERSION_MAJOR: i32 = 0;
/// Version of this header, second part.
pub const IIO_VERSION_MINOR: i32 = 1;
/// Version of this header, third part.
pub const IIO_VERSION_PATCH: i32 = 0;
/// Rises only when something here breaks; the number in the library's soname.
pub const IIO_ABI_VERSION: u32 = 0;

/// `index=None`: the plugin decides.
pub const IIO_INDEX_DEFAULT: i64 = i64::MIN;
/// `index=...`: all images, stacked on a new first axis.
pub const IIO_INDEX_ALL: i64 = i64::MIN + 1;

/// Count exactly: the file may be scanned, but no pixels decoded.
pub const IIO_IMAGES_EXACT: u32 = 0;
/// Count from headers only: -1 if they do not say.
pub const IIO_IMAGES_CHEAP: u32 = 1;

/// One byte, 0 or 1; on input anything but 0 is true.
pub const IIO_BOOL: iio_dtype = 1;
/// 8 bits, unsigned.
pub const IIO_UINT8: iio_dtype = 2;
/// 16 bits, unsigned.
pub const IIO_UINT16: iio_dtype = 3;
/// 32 bits, unsigned.
pub const IIO_UINT32: iio_dtype = 4;
/// 64 bits, unsigned.
pub const IIO_UINT64: iio_dtype = 5;
/// 8 bits, signed.
pub const IIO_INT8: iio_dtype = 6;
/// 16 bits, signed.
pub const IIO_INT16: iio_dtype = 7;
/// 32 bits, signed.
pub const IIO_INT32: iio_dtype = 8;
/// 64 bits, signed.
pub const IIO_INT64: iio_dtype = 9;
/// IEEE half precision, two bytes.
pub const IIO_FLOAT16: iio_dtype = 10;
/// IEEE single precision.
pub const IIO_FLOAT32: iio_dtype = 11;
/// IEEE double precision.
pub const IIO_FLOAT64: iio_dtype = 12;
/// Two singles: re, im.
pub const IIO_COMPLEX64: iio_dtype = 13;
/// Two doubles: re, im.
pub const IIO_COMPLEX128: iio_dtype = 14;

/// What the samples mean is not known.
pub const IIO_COLOR_UNKNOWN: u32 = 0;
/// Gray; also of images without a sample axis.
pub const IIO_COLOR_GRAY: u32 = 1;
/// Gray, alpha.
pub const IIO_COLOR_GRAY_ALPHA: u32 = 2;
/// Red, green, blue.
pub const IIO_COLOR_RGB: u32 = 3;
/// Red, green, blue, alpha.
pub const IIO_COLOR_RGBA: u32 = 4;
/// Blue, green, red.
pub const IIO_COLOR_BGR: u32 = 5;
/// Blue, green, red, alpha.
pub const IIO_COLOR_BGRA: u32 = 6;
/// Cyan, magenta, yellow, black; 0 is no ink.
pub const IIO_COLOR_CMYK: u32 = 7;
/// Luma and two colour differences.
pub const IIO_COLOR_YCBCR: u32 = 8;
/// CIE L*, a*, b*.
pub const IIO_COLOR_LAB: u32 = 9;
/// Hue, saturation, value.
pub const IIO_COLOR_HSV: u32 = 10;
/// Indices into a palette.
pub const IIO_COLOR_PALETTE: u32 = 11;
/// A colour filter mosaic.
pub const IIO_COLOR_BAYER: u32 = 12;
/// Channels without a common meaning.
pub const IIO_COLOR_MULTI: u32 = 13;

/// A dictionary has no such key.
pub const IIO_KIND_ABSENT: i32 = 0;
/// No value.
pub const IIO_KIND_NULL: i32 = 1;
/// True or false.
pub const IIO_KIND_BOOL: i32 = 2;
/// A whole number.
pub const IIO_KIND_INT: i32 = 3;
/// A number.
pub const IIO_KIND_FLOAT: i32 = 4;
/// UTF-8 text.
pub const IIO_KIND_STRING: i32 = 5;
/// Bytes.
pub const IIO_KIND_BYTES: i32 = 6;
/// An n-dimensional array.
pub const IIO_KIND_ARRAY: i32 = 7;
/// Values in order.
pub const IIO_KIND_LIST: i32 = 8;
/// Values by name.
pub const IIO_KIND_DICT: i32 = 9;
/// A callback.
pub const IIO_KIND_CALLBACK: i32 = 10;

/// Log level: something failed.
pub const IIO_LOG_ERROR: i32 = 1;
/// Log level: something is not as one would expect.
pub const IIO_LOG_WARNING: i32 = 2;
/// Log level: something worth knowing.
pub const IIO_LOG_INFO: i32 = 3;
/// Log level: details.
pub const IIO_LOG_DEBUG: i32 = 4;

/// Success.
pub const IIO_OK: iio_status = 0;
/// No error: an iterator has no further image.
pub const IIO_END: iio_status = 1;
/// No error, only where `allow_partial` was asked for: what could be read was.
pub const IIO_PARTIAL: iio_status = 2;
/// NULL, a bad mode, a bad kind of index, a bad struct_size …
pub const IIO_ERROR_INVALID_ARGUMENT: iio_status = -1;
/// The resource, or a dictionary's key, does not exist.
pub const IIO_ERROR_NOT_FOUND: iio_status = -2;
/// The operating system refused access.
pub const IIO_ERROR_PERMISSION: iio_status = -3;
/// The operating system or a callback failed a read, write, seek …
pub const IIO_ERROR_IO: iio_status = -4;
/// No plugin of that name is registered.
pub const IIO_ERROR_UNKNOWN_PLUGIN: iio_status = -5;
/// No registered plugin can open this; the message lists who was asked, and why not.
pub const IIO_ERROR_NO_BACKEND: iio_status = -6;
/// Known, but not built in or not installed; the message says how to get it.
pub const IIO_ERROR_PLUGIN_UNAVAILABLE: iio_status = -7;
/// A valid file or request that this plugin cannot serve.
pub const IIO_ERROR_UNSUPPORTED: iio_status = -8;
/// Malformed or truncated data.
pub const IIO_ERROR_CORRUPT: iio_status = -9;
/// An index out of range.
pub const IIO_ERROR_INDEX: iio_status = -10;
/// Nothing was written or consumed; the properties tell the size needed.
pub const IIO_ERROR_BUFFER_TOO_SMALL: iio_status = -11;
/// The message names the option, the nearest known one, and the plugin.
pub const IIO_ERROR_UNKNOWN_OPTION: iio_status = -12;
/// A known option with a value that it cannot take.
pub const IIO_ERROR_INVALID_OPTION: iio_status = -13;
/// Images that cannot be stacked; a destination or source of the wrong shape or dtype.
pub const IIO_ERROR_SHAPE: iio_status = -14;
/// Over `max_bytes`, `max_pixels` …
pub const IIO_ERROR_LIMIT: iio_status = -15;
/// A progress callback said stop.
pub const IIO_ERROR_CANCELLED: iio_status = -16;
/// A read of a file opened "w", a write to one opened "r", a read-only resource.
pub const IIO_ERROR_MODE: iio_status = -17;
/// The network failed.
pub const IIO_ERROR_NETWORK: iio_status = -18;
/// Memory could not be had.
pub const IIO_ERROR_OUT_OF_MEMORY: iio_status = -19;
/// The handle is inside another call: a callback's, or another thread's.
pub const IIO_ERROR_BUSY: iio_status = -20;
/// A defect of the library; the handle answers this to everything but its ending.
pub const IIO_ERROR_INTERNAL: iio_status = -99;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::model::{Color, DType, Kind};

    #[test]
    fn the_constants_are_those_of_the_model() {
        let version = format!("{IIO_VERSION_MAJOR}.{IIO_VERSION_MINOR}.{IIO_VERSION_PATCH}");
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
        assert_eq!(DType::from_code(IIO_COMPLEX128), Some(DType::C128));
        assert_eq!(DType::ALL.len() as i32, IIO_COMPLEX128);
        assert_eq!(Color::Multi.code(), IIO_COLOR_MULTI);
        assert_eq!(Kind::Callback as i32, IIO_KIND_CALLBACK);
        assert_eq!(ErrorKind::Busy.status(), IIO_ERROR_BUSY);
        assert_eq!(ErrorKind::Internal.status(), IIO_ERROR_INTERNAL);
    }
}
