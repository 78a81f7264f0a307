//! What the tests share: pictures made here, and real files when they are there.

use std::path::PathBuf;

use webp_codec::{AnimDecoder, AnimEncoder, AnimOptions, EncodeOptions, Format, encode};

pub const LOSSLESS: EncodeOptions = EncodeOptions {
    quality: 50.0,
    lossless: true,
    near_lossless: 100,
    method: 2,
    alpha_quality: 100,
    exact: true,
    threads: false,
};

/// A picture with detail, noise and every alpha value; `phase` makes frames differ.
pub fn picture(width: usize, height: usize, phase: usize) -> Vec<u8> {
    let mut noise = 0x2545_f491u32;
    let mut pixels = Vec::with_capacity(width * height * 4);
    for y in 0..height {
        for x in 0..width {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let inside = x.abs_diff(10 + phase * 5) < 9 && y.abs_diff(12) < 9;
            let alpha = if inside { 255 } else { (x * 3 + y) % 256 };
            pixels.extend([x * 4 % 256, y * 5 % 256, (noise >> 28) as usize, alpha].map(|v| v as u8));
        }
    }
    pixels
}

pub fn rgb(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
}

pub fn still(width: usize, height: usize, options: &EncodeOptions) -> Vec<u8> {
    let pixels = picture(width, height, 0);
    encode(&pixels, width * 4, width as u32, height as u32, Format::Rgba, options).expect("encodes")
}

pub const DURATIONS: [u32; 5] = [40, 10, 1000, 0, 70];

pub fn animation(width: usize, height: usize, options: &EncodeOptions) -> Vec<u8> {
    let whole = AnimOptions { loop_count: 3, background: [1, 2, 3, 4], ..AnimOptions::default() };
    let mut encoder = AnimEncoder::new(width as u32, height as u32, &whole).expect("an encoder");
    for (i, duration) in DURATIONS.into_iter().enumerate() {
        let frame = picture(width, height, i);
        encoder.add_frame(&frame, width * 4, Format::Rgba, duration, options).expect("a frame");
    }
    encoder.finish().expect("a file")
}

/// All frames that can be decoded, and whether the last answer was an error.
pub fn decode_all(file: Vec<u8>) -> (Vec<Vec<u8>>, bool) {
    let Ok(mut decoder) = AnimDecoder::new(file, false) else {
        return (Vec::new(), true);
    };
    let pitch = decoder.width() as usize * 4;
    let mut frames = Vec::new();
    loop {
        let mut frame = vec![0; pitch * decoder.height() as usize];
        match decoder.next_into(&mut frame, pitch, Format::Rgba) {
            Ok(Some(_)) => frames.push(frame),
            Ok(None) => return (frames, false),
            Err(_) => return (frames, true),
        }
    }
}

/// The WebP files of the shared test images; none where there are no such images.
pub fn real_files() -> Vec<(String, Vec<u8>)> {
    let folder = std::env::var_os("IIO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(folder.join("images")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "webp"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("readable")))
        .collect();
    files.sort();
    files
}
