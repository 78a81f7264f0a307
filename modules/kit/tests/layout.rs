//! The structs of the kit lie in memory as the library's own do.

use kit::abi as ours;
use libimageio::plugin::foreign as theirs;
use std::mem::{align_of, offset_of, size_of};

macro_rules! same {
    ($name:ident: $($field:ident)*) => {
        assert_eq!(size_of::<ours::$name>(), size_of::<theirs::$name>(), stringify!($name));
        assert_eq!(align_of::<ours::$name>(), align_of::<theirs::$name>(), stringify!($name));
        $(assert_eq!(
            offset_of!(ours::$name, $field),
            offset_of!(theirs::$name, $field),
            concat!(stringify!($name), ".", stringify!($field))
        );)*
    };
}

#[test]
fn structs_are_those_of_the_library() {
    same!(iio_props: struct_size dtype ndim is_batch n_images nbytes shape spacing axes color bits flags orientation);
    same!(iio_array: struct_size dtype ndim flags data shape strides);
    same!(iio_callbacks: struct_size flags user read write seek size close finish);
    same!(iio_host: struct_size abi_version symbol fail progress);
    same!(iio_plugin: struct_size flags user declaration probe open count props read meta iter next_props next next_meta);
    same!(iio_plugin: seek iter_free write call finish close destroy);
}

#[test]
fn numbers_are_those_of_the_library() {
    use libimageio::capi;
    assert_eq!(kit::DType::C128 as i32, capi::IIO_COMPLEX128);
    assert_eq!(kit::DType::F16 as i32, capi::IIO_FLOAT16);
    assert_eq!(kit::Color::Multi as u32, capi::IIO_COLOR_MULTI);
    assert_eq!(kit::Color::Cmyk as u32, capi::IIO_COLOR_CMYK);
    assert_eq!(kit::ValueKind::Callback as i32, capi::IIO_KIND_CALLBACK);
    assert_eq!(kit::Level::Debug as i32, capi::IIO_LOG_DEBUG);
    assert_eq!(kit::Kind::OutOfMemory as i32, capi::IIO_ERROR_OUT_OF_MEMORY);
    assert_eq!(kit::Kind::Internal as i32, capi::IIO_ERROR_INTERNAL);
    assert_eq!(kit::Kind::Mode as i32, capi::IIO_ERROR_MODE);
    assert_eq!(ours::INDEX_ALL, capi::IIO_INDEX_ALL);
}
