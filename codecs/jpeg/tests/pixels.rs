//! Real files decode to the very samples that Pillow gives.

mod common;

use common::{decode, decode_wide, hash, shared_image};
use jpeg::{Colorspace, Decoder, PixelFormat, Scale, Subsampling, Tolerance};

/// Name, samples, and the hash of `numpy.asarray(PIL.Image.open(name)).tobytes()`; for the Adobe CMYK file, of 255 minus
/// that, as Pillow turns its inks round.
const PILLOW: &[(&str, usize, u64)] = &[
    ("chelsea.jpg", 300 * 451 * 3, 0x17e7_3037_0894_46f7),
    ("gen_exif8.jpg", 48 * 64 * 3, 0x6e47_de5f_e40a_ee9d),
    ("hopper_gray.jpg", 128 * 128, 0xbd95_61c7_7d7c_20f8),
    ("peacock.s2x1-422.jpeg", 75 * 100 * 3, 0xc75b_0e1a_72ee_4d07),
    ("progressive_cat.jpg", 240 * 320 * 3, 0xd93f_8eac_7bb5_f5e1),
    ("pil_sample_cmyk.jpg", 100 * 100 * 4, 0xc759_0ff6_e42c_a6be),
    ("wood.jpg", 512 * 512 * 3, 0xe2b6_6a69_62a7_a51a),
];

#[test]
fn samples_equal_those_of_pillow() {
    for (name, length, expected) in PILLOW {
        let Some(data) = shared_image(name) else {
            continue;
        };
        let (samples, _) = decode(&data, Scale::Full, Tolerance::Strict).unwrap();
        assert_eq!((samples.len(), hash(samples)), (*length, *expected), "{name}");
    }
}

#[test]
fn scaled_and_gray_samples_equal_those_of_pillows_draft_mode() {
    let Some(data) = shared_image("chelsea.jpg") else {
        return;
    };
    let (half, _) = decode(&data, Scale::Half, Tolerance::Strict).unwrap();
    assert_eq!(hash(half), 0xb602_3648_d488_0d03);
    let mut gray = vec![0; 451 * 300];
    let mut decoder = Decoder::new(&data).unwrap();
    decoder.decode_u8(&mut gray, 451, PixelFormat::Gray, Scale::Full, Tolerance::Strict).unwrap();
    assert_eq!(hash(gray), 0x980a_5328_6afc_c35b);
}

/// The hashes are of what Python's imagecodecs decodes (`jpeg_decode`, `ljpeg_decode`); Pillow reads neither.
#[test]
fn twelve_bits_and_lossless_sixteen_bits_decode() {
    for (name, precision, lossless, expected) in [
        ("gen_jpeg12.jpg", 12, false, 0x47fa_e56c_14c3_5303_u64),
        ("gen_lossless.jpg", 16, true, 0x6301_b62f_e94b_2cc6),
    ] {
        let Some(data) = shared_image(name) else {
            continue;
        };
        let header = *Decoder::new(&data).unwrap().header();
        assert_eq!((header.precision, header.lossless, header.components), (precision, lossless, 1));
        let samples = decode_wide(&data).unwrap();
        assert!(samples.iter().any(|sample| *sample > 255));
        assert_eq!(hash(samples.iter().flat_map(|sample| sample.to_le_bytes())), expected, "{name}");
    }
}

#[test]
fn the_header_tells_the_kind_of_file() {
    let Some(data) = shared_image("progressive_cat.jpg") else {
        return;
    };
    let header = *Decoder::new(&data).unwrap().header();
    assert_eq!((header.width, header.height, header.components, header.precision), (320, 240, 3, 8));
    assert!(header.progressive && !header.lossless && !header.arithmetic);
    assert_eq!((header.colorspace, header.subsampling), (Colorspace::YCbCr, Some(Subsampling::S420)));
    assert_eq!((header.density.x, header.density.y, header.density.unit), (72, 72, 1));
    let Some(data) = shared_image("pil_sample_cmyk.jpg") else {
        return;
    };
    assert_eq!(Decoder::new(&data).unwrap().header().colorspace, Colorspace::Ycck);
}
