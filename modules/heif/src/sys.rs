//! libheif's C API, version 1.15, as far as the module uses it. Its structs are opaque, or grow at their ends and say how
//! far by a version.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};

macro_rules! opaque {
    ($($name:ident)*) => {
        $(#[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
        })*
    };
}

opaque! { heif_context heif_image_handle heif_image heif_encoder heif_reading_options }

pub type heif_item_id = u32;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct heif_error {
    pub code: c_int,
    pub subcode: c_int,
    pub message: *const c_char,
}

pub const OK: c_int = 0;
pub const INVALID_INPUT: c_int = 2;
pub const UNSUPPORTED_FILETYPE: c_int = 3;
pub const UNSUPPORTED_FEATURE: c_int = 4;
pub const USAGE_ERROR: c_int = 5;
pub const MEMORY_ALLOCATION_ERROR: c_int = 6;
pub const DECODER_PLUGIN_ERROR: c_int = 7;
pub const COLOR_PROFILE_DOES_NOT_EXIST: c_int = 10;

pub const SECURITY_LIMIT_EXCEEDED: c_int = 1000;

pub const HEVC: c_int = 1;

/// The colour space, and the chroma, that the image has.
pub const UNDEFINED: c_int = 99;
pub const COLORSPACE_RGB: c_int = 1;
pub const COLORSPACE_MONOCHROME: c_int = 2;

pub const CHROMA_MONOCHROME: c_int = 0;
pub const CHROMA_RGB: c_int = 10;
pub const CHROMA_RGBA: c_int = 11;
#[cfg(target_endian = "big")]
pub const CHROMA_RGB_16: c_int = 12;
#[cfg(target_endian = "big")]
pub const CHROMA_RGBA_16: c_int = 13;
#[cfg(target_endian = "little")]
pub const CHROMA_RGB_16: c_int = 14;
#[cfg(target_endian = "little")]
pub const CHROMA_RGBA_16: c_int = 15;

pub const CHANNEL_Y: c_int = 0;
pub const CHANNEL_G: c_int = 4;
pub const CHANNEL_ALPHA: c_int = 6;
pub const CHANNEL_INTERLEAVED: c_int = 10;

const fn fourcc(text: &[u8; 4]) -> c_int {
    u32::from_be_bytes(*text) as c_int
}

pub const PROFILE_NCLX: c_int = fourcc(b"nclx");
pub const PROFILE_RICC: c_int = fourcc(b"rICC");
pub const PROFILE_PROF: c_int = fourcc(b"prof");

/// The filter of auxiliary images that leaves out alpha (`1 << 1`) and depth (`2 << 1`).
pub const OMIT_ALPHA_AND_DEPTH: c_int = 6;

#[repr(C)]
pub struct heif_color_profile_nclx {
    pub version: u8,
    pub color_primaries: c_int,
    pub transfer_characteristics: c_int,
    pub matrix_coefficients: c_int,
    pub full_range_flag: u8,
    /// Of red, green, blue and white, x and y.
    pub xy: [f32; 8],
}

/// As far as version 2 has it, which 1.15 gives at least.
#[repr(C)]
pub struct heif_decoding_options {
    pub version: u8,
    pub ignore_transformations: u8,
    pub start_progress: Option<unsafe extern "C" fn(c_int, c_int, *mut c_void)>,
    pub on_progress: Option<unsafe extern "C" fn(c_int, c_int, *mut c_void)>,
    pub end_progress: Option<unsafe extern "C" fn(c_int, *mut c_void)>,
    pub progress_user_data: *mut c_void,
    pub convert_hdr_to_8bit: u8,
}

/// As far as version 4 has it, which 1.15 gives at least.
#[repr(C)]
pub struct heif_encoding_options {
    pub version: u8,
    pub save_alpha_channel: u8,
    pub macos_compatibility_workaround: u8,
    pub save_two_colr_boxes: u8,
    pub output_nclx_profile: *mut heif_color_profile_nclx,
}

#[repr(C)]
pub struct heif_writer {
    pub writer_api_version: c_int,
    pub write: unsafe extern "C" fn(*mut heif_context, *const c_void, usize, *mut c_void) -> heif_error,
}

unsafe extern "C" {
    pub fn heif_get_version() -> *const c_char;

    pub fn heif_context_alloc() -> *mut heif_context;
    pub fn heif_context_free(context: *mut heif_context);
    pub fn heif_context_set_maximum_image_size_limit(context: *mut heif_context, side: c_int);
    pub fn heif_context_set_max_decoding_threads(context: *mut heif_context, threads: c_int);
    pub fn heif_context_read_from_memory_without_copy(
        context: *mut heif_context,
        data: *const c_void,
        size: usize,
        options: *const heif_reading_options,
    ) -> heif_error;
    pub fn heif_context_get_number_of_top_level_images(context: *mut heif_context) -> c_int;
    pub fn heif_context_get_list_of_top_level_image_IDs(
        context: *mut heif_context,
        ids: *mut heif_item_id,
        count: c_int,
    ) -> c_int;
    pub fn heif_context_get_image_handle(
        context: *mut heif_context,
        id: heif_item_id,
        handle: *mut *mut heif_image_handle,
    ) -> heif_error;

    pub fn heif_image_handle_release(handle: *const heif_image_handle);
    pub fn heif_image_handle_is_primary_image(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_width(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_height(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_has_alpha_channel(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_is_premultiplied_alpha(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_luma_bits_per_pixel(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_number_of_depth_images(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_list_of_depth_image_IDs(
        handle: *const heif_image_handle,
        ids: *mut heif_item_id,
        count: c_int,
    ) -> c_int;
    pub fn heif_image_handle_get_depth_image_handle(
        handle: *const heif_image_handle,
        id: heif_item_id,
        out: *mut *mut heif_image_handle,
    ) -> heif_error;
    pub fn heif_image_handle_get_number_of_thumbnails(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_list_of_thumbnail_IDs(
        handle: *const heif_image_handle,
        ids: *mut heif_item_id,
        count: c_int,
    ) -> c_int;
    pub fn heif_image_handle_get_thumbnail(
        handle: *const heif_image_handle,
        id: heif_item_id,
        out: *mut *mut heif_image_handle,
    ) -> heif_error;
    pub fn heif_image_handle_get_number_of_auxiliary_images(handle: *const heif_image_handle, filter: c_int) -> c_int;
    pub fn heif_image_handle_get_list_of_auxiliary_image_IDs(
        handle: *const heif_image_handle,
        filter: c_int,
        ids: *mut heif_item_id,
        count: c_int,
    ) -> c_int;
    pub fn heif_image_handle_get_auxiliary_image_handle(
        handle: *const heif_image_handle,
        id: heif_item_id,
        out: *mut *mut heif_image_handle,
    ) -> heif_error;
    pub fn heif_image_handle_get_auxiliary_type(
        handle: *const heif_image_handle,
        out: *mut *const c_char,
    ) -> heif_error;
    pub fn heif_image_handle_free_auxiliary_types(handle: *const heif_image_handle, out: *mut *const c_char);
    pub fn heif_image_handle_get_number_of_metadata_blocks(
        handle: *const heif_image_handle,
        filter: *const c_char,
    ) -> c_int;
    pub fn heif_image_handle_get_list_of_metadata_block_IDs(
        handle: *const heif_image_handle,
        filter: *const c_char,
        ids: *mut heif_item_id,
        count: c_int,
    ) -> c_int;
    pub fn heif_image_handle_get_metadata_type(handle: *const heif_image_handle, id: heif_item_id) -> *const c_char;
    pub fn heif_image_handle_get_metadata_content_type(
        handle: *const heif_image_handle,
        id: heif_item_id,
    ) -> *const c_char;
    pub fn heif_image_handle_get_metadata_size(handle: *const heif_image_handle, id: heif_item_id) -> usize;
    pub fn heif_image_handle_get_metadata(
        handle: *const heif_image_handle,
        id: heif_item_id,
        out: *mut c_void,
    ) -> heif_error;
    pub fn heif_image_handle_get_color_profile_type(handle: *const heif_image_handle) -> c_int;
    pub fn heif_image_handle_get_raw_color_profile_size(handle: *const heif_image_handle) -> usize;
    pub fn heif_image_handle_get_raw_color_profile(handle: *const heif_image_handle, out: *mut c_void) -> heif_error;
    pub fn heif_image_handle_get_nclx_color_profile(
        handle: *const heif_image_handle,
        out: *mut *mut heif_color_profile_nclx,
    ) -> heif_error;
    pub fn heif_nclx_color_profile_alloc() -> *mut heif_color_profile_nclx;
    pub fn heif_nclx_color_profile_free(profile: *mut heif_color_profile_nclx);

    pub fn heif_decoding_options_alloc() -> *mut heif_decoding_options;
    pub fn heif_decoding_options_free(options: *mut heif_decoding_options);
    pub fn heif_decode_image(
        handle: *const heif_image_handle,
        out: *mut *mut heif_image,
        colorspace: c_int,
        chroma: c_int,
        options: *const heif_decoding_options,
    ) -> heif_error;

    pub fn heif_image_create(
        width: c_int,
        height: c_int,
        colorspace: c_int,
        chroma: c_int,
        out: *mut *mut heif_image,
    ) -> heif_error;
    pub fn heif_image_add_plane(
        image: *mut heif_image,
        channel: c_int,
        width: c_int,
        height: c_int,
        bit_depth: c_int,
    ) -> heif_error;
    pub fn heif_image_release(image: *const heif_image);
    pub fn heif_image_get_width(image: *const heif_image, channel: c_int) -> c_int;
    pub fn heif_image_get_height(image: *const heif_image, channel: c_int) -> c_int;
    pub fn heif_image_get_bits_per_pixel_range(image: *const heif_image, channel: c_int) -> c_int;
    pub fn heif_image_get_plane_readonly(image: *const heif_image, channel: c_int, stride: *mut c_int) -> *const u8;
    pub fn heif_image_get_plane(image: *mut heif_image, channel: c_int, stride: *mut c_int) -> *mut u8;
    pub fn heif_image_set_raw_color_profile(
        image: *mut heif_image,
        kind: *const c_char,
        data: *const c_void,
        size: usize,
    ) -> heif_error;
    pub fn heif_image_set_nclx_color_profile(
        image: *mut heif_image,
        profile: *const heif_color_profile_nclx,
    ) -> heif_error;

    pub fn heif_have_encoder_for_format(format: c_int) -> c_int;
    pub fn heif_have_decoder_for_format(format: c_int) -> c_int;
    pub fn heif_context_get_encoder_for_format(
        context: *mut heif_context,
        format: c_int,
        out: *mut *mut heif_encoder,
    ) -> heif_error;
    pub fn heif_encoder_release(encoder: *mut heif_encoder);
    pub fn heif_encoder_set_lossy_quality(encoder: *mut heif_encoder, quality: c_int) -> heif_error;
    pub fn heif_encoder_set_lossless(encoder: *mut heif_encoder, enable: c_int) -> heif_error;
    pub fn heif_encoder_set_logging_level(encoder: *mut heif_encoder, level: c_int) -> heif_error;
    pub fn heif_encoder_set_parameter(
        encoder: *mut heif_encoder,
        name: *const c_char,
        value: *const c_char,
    ) -> heif_error;
    pub fn heif_encoding_options_alloc() -> *mut heif_encoding_options;
    pub fn heif_encoding_options_free(options: *mut heif_encoding_options);
    pub fn heif_context_encode_image(
        context: *mut heif_context,
        image: *const heif_image,
        encoder: *mut heif_encoder,
        options: *const heif_encoding_options,
        out: *mut *mut heif_image_handle,
    ) -> heif_error;
    pub fn heif_context_set_primary_image(context: *mut heif_context, handle: *mut heif_image_handle) -> heif_error;
    pub fn heif_context_add_exif_metadata(
        context: *mut heif_context,
        handle: *const heif_image_handle,
        data: *const c_void,
        size: c_int,
    ) -> heif_error;
    pub fn heif_context_add_XMP_metadata(
        context: *mut heif_context,
        handle: *const heif_image_handle,
        data: *const c_void,
        size: c_int,
    ) -> heif_error;
    pub fn heif_context_write(context: *mut heif_context, writer: *mut heif_writer, user: *mut c_void) -> heif_error;
}
