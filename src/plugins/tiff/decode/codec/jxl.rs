//! Chunks that are a JPEG XL picture.

use super::picture::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::model::DType;
use jpegxl::Sample;
use jpegxl::api::{Event, JxlBasicInfo, JxlColorType, JxlDecoder, JxlOutputBuffer, JxlPixelFormat};

/// The decoder's failure as ours.
fn failed(error: jpegxl::Error) -> Error {
    // It is held to the limit of the call.
    let kind = if jpegxl::is_over_limit(&error) { ErrorKind::Limit } else { ErrorKind::Corrupt };
    Error::new(kind, error.to_string())
}

fn truncated() -> Error {
    Error::corrupt("the data of a chunk end too early")
}

/// A JPEG XL picture, its samples as they are stored.
pub fn jxl(bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let mut decoder = jpegxl::decoder(target.limits.max_bytes, false);
    let mut input = bytes;
    let begun = matches!(decoder.process(&mut input, None, None).map_err(failed)?, Event::BasicInfo);
    let known = decoder.basic_info().zip(decoder.current_pixel_format()).filter(|_| begun);
    let (info, format) = known.ok_or_else(truncated)?;
    let (width, height) = info.size;
    let (format, dtype) = pixels(info, format.color_type.is_grayscale())?;
    let samples = format.color_type.samples_per_pixel();
    target.check(width, height, samples, dtype)?;
    decoder.set_pixel_format(format).map_err(failed)?;
    let pitch = width * samples * dtype.size();
    target.place(width, height, out, |rows| {
        // The decoder's rows are aligned for its samples.
        if (rows.as_ptr() as usize).is_multiple_of(dtype.size()) {
            return decode(decoder, input, height, pitch, rows, target.partial);
        }
        target.limits.check_bytes(rows.len())?;
        let mut room = vec![0u32; rows.len().div_ceil(4)];
        let room = bytemuck::cast_slice_mut::<u32, u8>(&mut room).get_mut(..rows.len()).unwrap_or_default();
        decode(decoder, input, height, pitch, room, target.partial)?;
        rows.copy_from_slice(room);
        Ok(())
    })
}

/// What the samples are, and how the decoder is to give them.
fn pixels(info: &JxlBasicInfo, is_gray: bool) -> Result<(JxlPixelFormat, DType)> {
    let extra = info.extra_channels.len();
    let color_type = match (is_gray, extra) {
        (true, 0) => JxlColorType::Grayscale,
        (true, 1) => JxlColorType::GrayscaleAlpha,
        (false, 0) => JxlColorType::Rgb,
        (false, 1) => JxlColorType::Rgba,
        _ => return Err(Error::unsupported(format!("JPEG XL with {extra} extra channels inside TIFF"))),
    };
    let (sample, format) = jpegxl::format(&info.bit_depth, color_type, extra);
    let dtype = match sample {
        Sample::U8 => DType::U8,
        Sample::U16 => DType::U16,
        Sample::F16 => DType::F16,
        Sample::F32 => DType::F32,
    };
    Ok((format, dtype))
}

fn decode(
    mut decoder: JxlDecoder,
    mut input: &[u8],
    height: usize,
    pitch: usize,
    rows: &mut [u8],
    partial: bool,
) -> Result<()> {
    rows.fill(0);
    loop {
        let mut buffers = [JxlOutputBuffer::new(&mut *rows, height, pitch)];
        match decoder.process(&mut input, Some(&mut buffers), None).map_err(failed)? {
            Event::FrameComplete { .. } => return Ok(()),
            Event::BasicInfo | Event::FrameHeader => {}
            Event::NeedMoreInput { .. } | Event::Complete if partial => return Ok(()),
            Event::NeedMoreInput { .. } | Event::Complete => return Err(truncated()),
        }
    }
}
