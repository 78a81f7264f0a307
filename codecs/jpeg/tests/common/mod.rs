//! Pictures to encode, files to decode, and short names for the calls.
#![allow(dead_code)] // each test binary uses its part

use std::path::{Path, PathBuf};

use jpeg::{Completeness, Decoder, EncodeOptions, PixelFormat, Result, Scale, Source, Subsampling, Tolerance};

/// Smooth in every direction, so that lossy coding keeps it nearly.
pub fn picture(width: u32, height: u32, channels: usize) -> Vec<u8> {
    let sample = |x: u32, y: u32, c: usize| match c {
        0 => x * 255 / width,
        1 => y * 255 / height,
        2 => (x + y) * 255 / (width + height),
        _ => 128,
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    pixels.flat_map(|(x, y)| (0..channels).map(move |c| sample(x, y, c) as u8)).collect()
}

pub fn encode(width: u32, height: u32, format: PixelFormat, options: &EncodeOptions<'_>) -> Vec<u8> {
    let samples = picture(width, height, format.channels());
    let pitch = width as usize * format.channels();
    jpeg::encode_u8(&Source { samples: &samples, pitch, width, height, format }, options).unwrap()
}

pub fn options(quality: u8) -> EncodeOptions<'static> {
    EncodeOptions::new(quality, Subsampling::S420)
}

/// The format in which the decoder changes least.
pub fn natural_format(decoder: &Decoder<'_>) -> PixelFormat {
    match decoder.header().components {
        1 => PixelFormat::Gray,
        3 => PixelFormat::Rgb,
        _ => PixelFormat::Cmyk,
    }
}

/// All samples of an image of at most 8 bits, rows without gaps.
pub fn decode(data: &[u8], scale: Scale, tolerance: Tolerance) -> Result<(Vec<u8>, Completeness)> {
    let mut decoder = Decoder::new(data)?;
    let format = natural_format(&decoder);
    let (width, height) = decoder.output_size(scale);
    let pitch = width as usize * format.channels();
    let mut samples = vec![0; pitch * height as usize];
    let completeness = decoder.decode_u8(&mut samples, pitch, format, scale, tolerance)?;
    Ok((samples, completeness))
}

/// All samples of an image of 9 to 16 bits, as stored.
pub fn decode_wide(data: &[u8]) -> Result<Vec<u16>> {
    let mut decoder = Decoder::new(data)?;
    let format = natural_format(&decoder);
    let (width, height) = decoder.output_size(Scale::Full);
    let pitch = width as usize * format.channels();
    let mut samples = vec![0; pitch * height as usize];
    decoder.decode_u16(&mut samples, pitch, format, Scale::Full, Tolerance::Strict)?;
    Ok(samples)
}

pub fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// A file of the shared collection of images: in `IIO_SHARED`, or in a folder `shared` beside the workspace or above.
/// `None` where there is none.
pub fn shared_image(name: &str) -> Option<Vec<u8>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared"));
    let folder = std::env::var_os("IIO_SHARED").map(PathBuf::from).or_else(|| beside().find(|path| path.is_dir()))?;
    std::fs::read(folder.join("images").join(name)).ok()
}

/// FNV-1a of 64 bits: enough to tell one picture from another.
pub fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
