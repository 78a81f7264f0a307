//! libheif's objects with ends of their own, and its failures as ours.

use crate::sys::*;
use kit::{Error, Kind, Result};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{NonNull, null, null_mut};

/// libheif's failure.
pub fn check(error: heif_error) -> Result<()> {
    let kind = match (error.code, error.subcode) {
        (OK, _) => return Ok(()),
        (_, SECURITY_LIMIT_EXCEEDED) => Kind::Limit,
        (INVALID_INPUT | DECODER_PLUGIN_ERROR | COLOR_PROFILE_DOES_NOT_EXIST, _) => Kind::Corrupt,
        (UNSUPPORTED_FILETYPE | UNSUPPORTED_FEATURE, _) => Kind::Unsupported,
        (USAGE_ERROR, _) => Kind::InvalidArgument,
        (MEMORY_ALLOCATION_ERROR, _) => Kind::OutOfMemory,
        _ => Kind::Internal,
    };
    let said = match error.message.is_null() {
        true => "libheif does not say why".into(),
        // SAFETY: libheif gives a NUL-terminated text that lives until its next call on the same object.
        false => unsafe { CStr::from_ptr(error.message) }.to_string_lossy(),
    };
    Err(Error::new(kind, said))
}

fn some<T>(raw: *mut T) -> Result<NonNull<T>> {
    NonNull::new(raw).ok_or_else(|| Error::out_of_memory(0))
}

macro_rules! owned {
    ($(#[$doc:meta])* $name:ident $raw:ident $free:ident) => {
        $(#[$doc])*
        pub struct $name(NonNull<$raw>);

        // SAFETY: libheif's objects may move between threads; one call at a time comes.
        unsafe impl Send for $name {}

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: libheif gave it to us to end, once.
                unsafe { $free(self.0.as_ptr()) };
            }
        }

        impl $name {
            pub fn raw(&self) -> *mut $raw {
                self.0.as_ptr()
            }
        }
    };
}

owned! {
    /// A file: what was read, or what is to be written.
    Context heif_context heif_context_free
}
owned! {
    /// An image of a file.
    Handle heif_image_handle heif_image_handle_release
}
owned! {
    /// Pixels.
    Image heif_image heif_image_release
}
owned! {
    Encoder heif_encoder heif_encoder_release
}
owned! {
    Nclx heif_color_profile_nclx heif_nclx_color_profile_free
}
owned! {
    Decoding heif_decoding_options heif_decoding_options_free
}
owned! {
    Encoding heif_encoding_options heif_encoding_options_free
}

/// Has a call give an object.
fn given<T>(call: impl FnOnce(*mut *mut T) -> heif_error) -> Result<NonNull<T>> {
    let mut raw = null_mut();
    check(call(&mut raw))?;
    some(raw)
}

/// Numbers of items, by a call that counts them and one that lists them.
fn ids(count: c_int, list: impl FnOnce(*mut heif_item_id, c_int) -> c_int) -> Vec<heif_item_id> {
    let mut ids = vec![0; usize::try_from(count).unwrap_or(0)];
    let found = list(ids.as_mut_ptr(), count);
    ids.truncate(usize::try_from(found).unwrap_or(0));
    ids
}

/// A text that libheif gives.
///
/// # Safety
/// `raw` is NULL, or NUL-terminated.
unsafe fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: passed on from the caller.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

impl Context {
    pub fn new() -> Result<Context> {
        // SAFETY: no promise is asked for.
        some(unsafe { heif_context_alloc() }).map(Context)
    }

    /// Reads a file that is in memory.
    ///
    /// # Safety
    /// The bytes live and stay as long as the context.
    pub unsafe fn read(&self, bytes: &[u8], threads: usize) -> Result<()> {
        // SAFETY: the context is ours; the caller promises the bytes.
        check(unsafe {
            heif_context_set_max_decoding_threads(self.raw(), threads.min(64) as c_int);
            heif_context_read_from_memory_without_copy(self.raw(), bytes.as_ptr().cast(), bytes.len(), null())
        })
    }

    /// Limits the sides of what is decoded, tiles too.
    pub fn limit(&self, side: usize) {
        // SAFETY: the context is ours.
        unsafe { heif_context_set_maximum_image_size_limit(self.raw(), side.min(1 << 20) as c_int) };
    }

    /// The images that are no part of others, in the file's order.
    pub fn images(&self) -> Vec<heif_item_id> {
        // SAFETY: the context is ours, and the list has room for as many as are asked for.
        unsafe {
            ids(heif_context_get_number_of_top_level_images(self.raw()), |list, count| {
                heif_context_get_list_of_top_level_image_IDs(self.raw(), list, count)
            })
        }
    }

    pub fn image(&self, id: heif_item_id) -> Result<Handle> {
        // SAFETY: the context is ours, the place writable.
        given(|out| unsafe { heif_context_get_image_handle(self.raw(), id, out) }).map(Handle)
    }

    pub fn encoder(&self) -> Result<Encoder> {
        // SAFETY: the context is ours, the place writable.
        let made = given(|out| unsafe { heif_context_get_encoder_for_format(self.raw(), HEVC, out) });
        made.map(Encoder).map_err(|e| {
            Error::unsupported(format!(
                "this libheif has no encoder for HEVC ({e}); Debian has it in libheif1 or libheif-plugin-x265"
            ))
        })
    }

    pub fn encode(&self, image: &Image, encoder: &Encoder, options: &Encoding) -> Result<Handle> {
        // SAFETY: all are ours, the place writable.
        given(|out| unsafe { heif_context_encode_image(self.raw(), image.raw(), encoder.raw(), options.raw(), out) })
            .map(Handle)
    }

    pub fn set_primary(&self, handle: &Handle) -> Result<()> {
        // SAFETY: both are ours.
        check(unsafe { heif_context_set_primary_image(self.raw(), handle.raw()) })
    }

    pub fn add_exif(&self, handle: &Handle, block: &[u8]) -> Result<()> {
        let size = c_int::try_from(block.len()).map_err(|_| Error::limit("EXIF of over 2 GiB"))?;
        // SAFETY: both are ours; as many bytes are readable.
        check(unsafe { heif_context_add_exif_metadata(self.raw(), handle.raw(), block.as_ptr().cast(), size) })
    }

    pub fn add_xmp(&self, handle: &Handle, packet: &[u8]) -> Result<()> {
        let size = c_int::try_from(packet.len()).map_err(|_| Error::limit("XMP of over 2 GiB"))?;
        // SAFETY: as above.
        check(unsafe { heif_context_add_XMP_metadata(self.raw(), handle.raw(), packet.as_ptr().cast(), size) })
    }

    /// The file that was put together.
    pub fn write(&self) -> Result<Vec<u8>> {
        unsafe extern "C" fn take(
            _: *mut heif_context,
            data: *const c_void,
            size: usize,
            user: *mut c_void,
        ) -> heif_error {
            // SAFETY: `user` is the vector below; libheif gives `size` bytes.
            unsafe {
                let file = &mut *user.cast::<Vec<u8>>();
                if file.try_reserve(size).is_err() {
                    return heif_error { code: MEMORY_ALLOCATION_ERROR, subcode: 0, message: c"no memory".as_ptr() };
                }
                if size > 0 {
                    file.extend_from_slice(std::slice::from_raw_parts(data.cast(), size));
                }
            }
            heif_error { code: OK, subcode: 0, message: c"Success".as_ptr() }
        }
        let mut file: Vec<u8> = Vec::new();
        let mut writer = heif_writer { writer_api_version: 1, write: take };
        // SAFETY: the context is ours; the writer and its vector live through the call.
        check(unsafe { heif_context_write(self.raw(), &mut writer, (&raw mut file).cast()) })?;
        Ok(file)
    }
}

/// A block of metadata.
pub struct Block {
    pub kind: String,
    pub content_type: String,
    pub data: Vec<u8>,
}

impl Handle {
    /// Columns and rows, as they are shown.
    pub fn size(&self) -> (usize, usize) {
        // SAFETY: the handle is ours.
        let (width, height) =
            unsafe { (heif_image_handle_get_width(self.raw()), heif_image_handle_get_height(self.raw())) };
        (usize::try_from(width).unwrap_or(0), usize::try_from(height).unwrap_or(0))
    }

    pub fn has_alpha(&self) -> bool {
        // SAFETY: the handle is ours.
        unsafe { heif_image_handle_has_alpha_channel(self.raw()) != 0 }
    }

    pub fn is_premultiplied(&self) -> bool {
        // SAFETY: the handle is ours.
        unsafe { heif_image_handle_is_premultiplied_alpha(self.raw()) != 0 }
    }

    pub fn is_primary(&self) -> bool {
        // SAFETY: the handle is ours.
        unsafe { heif_image_handle_is_primary_image(self.raw()) != 0 }
    }

    /// Bits of a sample; 0 where the file does not say.
    pub fn bits(&self) -> u32 {
        // SAFETY: the handle is ours.
        u32::try_from(unsafe { heif_image_handle_get_luma_bits_per_pixel(self.raw()) }).unwrap_or(0)
    }

    /// The small pictures of it.
    pub fn thumbnails(&self) -> Result<Vec<Handle>> {
        // SAFETY: the handle is ours, and the list has room for as many as are asked for.
        let found = unsafe {
            ids(heif_image_handle_get_number_of_thumbnails(self.raw()), |list, count| {
                heif_image_handle_get_list_of_thumbnail_IDs(self.raw(), list, count)
            })
        };
        // SAFETY: as above, the place writable.
        let of = |id| given(|out| unsafe { heif_image_handle_get_thumbnail(self.raw(), id, out) }).map(Handle);
        found.into_iter().map(of).collect()
    }

    /// How far it is to what it shows, as images.
    pub fn depths(&self) -> Result<Vec<Handle>> {
        // SAFETY: as for the small pictures.
        let found = unsafe {
            ids(heif_image_handle_get_number_of_depth_images(self.raw()), |list, count| {
                heif_image_handle_get_list_of_depth_image_IDs(self.raw(), list, count)
            })
        };
        // SAFETY: as there.
        let of = |id| given(|out| unsafe { heif_image_handle_get_depth_image_handle(self.raw(), id, out) }).map(Handle);
        found.into_iter().map(of).collect()
    }

    /// Other images that belong to it: what they are, and the number of their item.
    pub fn auxiliaries(&self) -> Result<Vec<(String, heif_item_id)>> {
        // SAFETY: as for the small pictures.
        let found = unsafe {
            ids(heif_image_handle_get_number_of_auxiliary_images(self.raw(), OMIT_ALPHA_AND_DEPTH), |list, count| {
                heif_image_handle_get_list_of_auxiliary_image_IDs(self.raw(), OMIT_ALPHA_AND_DEPTH, list, count)
            })
        };
        let of = |id| {
            // SAFETY: as there.
            let handle = given(|out| unsafe { heif_image_handle_get_auxiliary_image_handle(self.raw(), id, out) })
                .map(Handle)?;
            let mut kind = null();
            // SAFETY: the handle is ours, the place writable; what it gives is a text, and ended once.
            let kind = unsafe {
                check(heif_image_handle_get_auxiliary_type(handle.raw(), &mut kind))?;
                let said = text(kind);
                heif_image_handle_free_auxiliary_types(handle.raw(), &mut kind);
                said
            };
            Ok((kind, id))
        };
        found.into_iter().map(of).collect()
    }

    /// The blocks of metadata, of no more than `most` bytes together.
    pub fn blocks(&self, most: usize) -> Result<Vec<Block>> {
        // SAFETY: as for the small pictures.
        let found = unsafe {
            ids(heif_image_handle_get_number_of_metadata_blocks(self.raw(), null()), |list, count| {
                heif_image_handle_get_list_of_metadata_block_IDs(self.raw(), null(), list, count)
            })
        };
        let mut left = most;
        let mut of = |id| {
            // SAFETY: the handle is ours, the item its own.
            let size = unsafe { heif_image_handle_get_metadata_size(self.raw(), id) };
            left = left
                .checked_sub(size)
                .ok_or_else(|| Error::limit(format!("metadata are over the limit of {most} bytes")))?;
            let mut data = kit::zeroed(size)?;
            // SAFETY: the place has as many bytes as libheif says that it writes; the texts are its own.
            unsafe {
                if size > 0 {
                    check(heif_image_handle_get_metadata(self.raw(), id, data.as_mut_ptr().cast()))?;
                }
                Ok(Block {
                    kind: text(heif_image_handle_get_metadata_type(self.raw(), id)),
                    content_type: text(heif_image_handle_get_metadata_content_type(self.raw(), id)),
                    data,
                })
            }
        };
        found.into_iter().map(&mut of).collect()
    }

    /// The colour profile, and by which of the two names it goes.
    pub fn icc(&self, most: usize) -> Result<Option<(&'static str, Vec<u8>)>> {
        // SAFETY: the handle is ours.
        let kind = match unsafe { heif_image_handle_get_color_profile_type(self.raw()) } {
            PROFILE_PROF => "prof",
            PROFILE_RICC => "rICC",
            _ => return Ok(None),
        };
        // SAFETY: the handle is ours.
        let size = unsafe { heif_image_handle_get_raw_color_profile_size(self.raw()) };
        if size > most {
            return Err(Error::limit(format!("a colour profile over the limit of {most} bytes")));
        }
        let mut data = kit::zeroed(size)?;
        if size > 0 {
            // SAFETY: the place has as many bytes as libheif says that it writes.
            check(unsafe { heif_image_handle_get_raw_color_profile(self.raw(), data.as_mut_ptr().cast()) })?;
        }
        Ok(Some((kind, data)))
    }

    /// The colour space by numbers, where the file has no profile.
    pub fn nclx(&self) -> Option<Nclx> {
        // SAFETY: the handle is ours, the place writable.
        unsafe {
            (heif_image_handle_get_color_profile_type(self.raw()) == PROFILE_NCLX).then_some(())?;
            given(|out| heif_image_handle_get_nclx_color_profile(self.raw(), out)).ok().map(Nclx)
        }
    }

    /// Decodes it.
    pub fn decode(&self, colorspace: c_int, chroma: c_int, to_8bit: bool) -> Result<Image> {
        // SAFETY: no promise is asked for.
        let options = Decoding(some(unsafe { heif_decoding_options_alloc() })?);
        // SAFETY: the options are ours, and of a version that has the member.
        unsafe { (*options.raw()).convert_hdr_to_8bit = to_8bit.into() };
        // SAFETY: all are ours, the place writable.
        given(|out| unsafe { heif_decode_image(self.raw(), out, colorspace, chroma, options.raw()) }).map(Image)
    }
}

impl Nclx {
    pub fn new() -> Result<Nclx> {
        // SAFETY: no promise is asked for.
        some(unsafe { heif_nclx_color_profile_alloc() }).map(Nclx)
    }

    pub fn get(&self) -> &heif_color_profile_nclx {
        // SAFETY: it is ours, and as large as version 1 has it.
        unsafe { self.0.as_ref() }
    }

    pub fn set(&mut self, primaries: c_int, transfer: c_int, matrix: c_int, full_range: bool) {
        // SAFETY: as above.
        let raw = unsafe { self.0.as_mut() };
        raw.color_primaries = primaries;
        raw.transfer_characteristics = transfer;
        raw.matrix_coefficients = matrix;
        raw.full_range_flag = full_range.into();
    }
}

impl Image {
    pub fn new(width: usize, height: usize, colorspace: c_int, chroma: c_int) -> Result<Image> {
        // SAFETY: the place is writable.
        given(|out| unsafe { heif_image_create(width as c_int, height as c_int, colorspace, chroma, out) }).map(Image)
    }

    /// Columns and rows of a plane, and bits of its samples.
    pub fn plane_size(&self, channel: c_int) -> (usize, usize, u32) {
        // SAFETY: the image is ours.
        let (width, height, bits) = unsafe {
            (
                heif_image_get_width(self.raw(), channel),
                heif_image_get_height(self.raw(), channel),
                heif_image_get_bits_per_pixel_range(self.raw(), channel),
            )
        };
        (usize::try_from(width).unwrap_or(0), usize::try_from(height).unwrap_or(0), u32::try_from(bits).unwrap_or(0))
    }

    /// The rows of a plane, of which `size` bytes each are given.
    pub fn rows(&self, channel: c_int, size: usize, height: usize) -> Result<impl Iterator<Item = &[u8]>> {
        let mut stride = 0;
        // SAFETY: the image is ours, the place writable.
        let first = unsafe { heif_image_get_plane_readonly(self.raw(), channel, &mut stride) };
        let stride = usize::try_from(stride).ok().filter(|&stride| stride >= size && !first.is_null());
        let stride = stride.ok_or_else(|| Error::corrupt("the image has no such plane"))?;
        // SAFETY: a plane has `height` rows, `stride` bytes apart, and lives as long as the image.
        Ok((0..height).map(move |y| unsafe { std::slice::from_raw_parts(first.add(y * stride), size) }))
    }

    /// Adds a plane, and has `fill` fill its rows of `size` bytes.
    pub fn add_plane(
        &mut self,
        channel: c_int,
        (width, height, bits): (usize, usize, u32),
        size: usize,
        mut fill: impl FnMut(usize, &mut [u8]),
    ) -> Result<()> {
        // SAFETY: the image is ours.
        check(unsafe { heif_image_add_plane(self.raw(), channel, width as c_int, height as c_int, bits as c_int) })?;
        let mut stride = 0;
        // SAFETY: the image is ours, the place writable.
        let first = unsafe { heif_image_get_plane(self.raw(), channel, &mut stride) };
        let stride = usize::try_from(stride).ok().filter(|&stride| stride >= size && !first.is_null());
        let stride = stride.ok_or_else(|| Error::internal("the plane has no room for its rows"))?;
        for y in 0..height {
            // SAFETY: the plane has `height` rows, `stride` bytes apart, and nobody else looks at them.
            fill(y, unsafe { std::slice::from_raw_parts_mut(first.add(y * stride), size) });
        }
        Ok(())
    }

    pub fn set_icc(&mut self, profile: &[u8]) -> Result<()> {
        // SAFETY: the image is ours; the profile is copied.
        check(unsafe {
            let (data, size) = (profile.as_ptr().cast(), profile.len());
            heif_image_set_raw_color_profile(self.raw(), c"prof".as_ptr(), data, size)
        })
    }

    pub fn set_nclx(&mut self, profile: &Nclx) -> Result<()> {
        // SAFETY: both are ours; the profile is copied.
        check(unsafe { heif_image_set_nclx_color_profile(self.raw(), profile.raw()) })
    }
}

impl Encoder {
    pub fn set_quality(&self, quality: i64) -> Result<()> {
        // SAFETY: the encoder is ours.
        check(unsafe {
            heif_encoder_set_logging_level(self.raw(), 0);
            heif_encoder_set_lossy_quality(self.raw(), quality as c_int)
        })
    }

    pub fn set_lossless(&self) -> Result<()> {
        // SAFETY: the encoder is ours.
        check(unsafe { heif_encoder_set_lossless(self.raw(), 1) })
    }

    /// One of the encoder's own parameters.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        let text = |text: &str| CString::new(text).map_err(|_| Error::option("a text of the options holds a NUL"));
        let (name_c, value_c) = (text(name)?, text(value)?);
        // SAFETY: the encoder is ours; the texts are NUL-terminated, and copied.
        let done = check(unsafe { heif_encoder_set_parameter(self.raw(), name_c.as_ptr(), value_c.as_ptr()) });
        done.map_err(|e| Error::option(format!("the encoder does not take {name}={value}: {e}")))
    }
}

impl Encoding {
    pub fn new() -> Result<Encoding> {
        // SAFETY: no promise is asked for.
        some(unsafe { heif_encoding_options_alloc() }).map(Encoding)
    }

    /// Says how colours are stored.
    ///
    /// # Safety
    /// The profile lives as long as these options are used.
    pub unsafe fn set_nclx(&mut self, profile: &Nclx) {
        // SAFETY: the options are ours, and of a version that has the member.
        unsafe { (*self.raw()).output_nclx_profile = profile.raw() };
    }
}

/// libheif's version.
pub fn version() -> String {
    // SAFETY: libheif gives a text of its own.
    unsafe { text(heif_get_version()) }
}

/// Whether it can decode and encode HEVC.
pub fn codecs() -> (bool, bool) {
    // SAFETY: no promise is asked for.
    unsafe { (heif_have_decoder_for_format(HEVC) != 0, heif_have_encoder_for_format(HEVC) != 0) }
}
