//! What every user of the crate `jxl` needs alike: a decoder within a limit of memory, and in which form samples come.

#![forbid(unsafe_code)]

pub use jxl::api;
use jxl::api::{
    Endianness, JxlBitDepth, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlPixelFormat, ProfileLevel,
};
pub use jxl::error::Error;

/// A decoder that works in at most so many bytes; `scan` looks for frames only.
pub fn decoder(most: Option<u64>, scan: bool) -> JxlDecoder {
    let mut options = JxlDecoderOptions::default();
    options.scan_frames_only = scan;
    options.max_profile_level = ProfileLevel::Main10;
    // A sample takes four bytes while it is worked on.
    options.sample_limit = most.map(|most| usize::try_from(most / 4).unwrap_or(usize::MAX));
    JxlDecoder::new(options)
}

/// Whether an error is of [`decoder`]'s limit, and not of the data.
pub fn is_over_limit(error: &Error) -> bool {
    matches!(error, Error::ImageSizeTooLarge(..))
}

/// The type of delivered samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Up to 8 bits.
    U8,
    /// Up to 16 bits.
    U16,
    /// IEEE 754 binary16.
    F16,
    /// IEEE 754 binary32.
    F32,
}

/// The form in which samples of a depth come: numbers as they are stored; of more than 16 bits, or with a point, as
/// floats. `extra` channels that are no alpha or black are left out.
pub fn format(depth: &JxlBitDepth, color_type: JxlColorType, extra: usize) -> (Sample, JxlPixelFormat) {
    let endianness = Endianness::native();
    let (sample, data) = match *depth {
        JxlBitDepth::Int { bits_per_sample: bits @ ..=8 } => (Sample::U8, JxlDataFormat::U8 { bit_depth: bits as u8 }),
        JxlBitDepth::Int { bits_per_sample: bits @ ..=16 } => {
            (Sample::U16, JxlDataFormat::U16 { endianness, bit_depth: bits as u8 })
        }
        JxlBitDepth::Float { bits_per_sample: ..=16, .. } => (Sample::F16, JxlDataFormat::F16 { endianness }),
        _ => (Sample::F32, JxlDataFormat::F32 { endianness }),
    };
    let extra_channel_format = vec![None; extra];
    (sample, JxlPixelFormat { color_type, color_data_format: Some(data), extra_channel_format })
}
