//! What is encoded comes back, in every variant that the encoder writes.

mod common;

use common::{decode, decode_wide, encode, largest_difference, options, picture};
use jpeg::{
    Colorspace, Completeness, Decoder, Density, EncodeOptions, ErrorKind, Lossless, PixelFormat, Restart, Scale,
    Source, Subsampling, Tolerance, encode_u8, encode_u16,
};

fn decoded(data: &[u8]) -> Vec<u8> {
    let (samples, completeness) = decode(data, Scale::Full, Tolerance::Strict).unwrap();
    assert_eq!(completeness, Completeness::Complete);
    samples
}

#[test]
fn every_subsampling_keeps_the_picture_and_is_told_by_the_header() {
    use Subsampling::*;
    for subsampling in [S444, S422, S420, S440, S411, S441] {
        let data = encode(61, 43, PixelFormat::Rgb, &EncodeOptions::new(95, subsampling));
        assert_eq!(Decoder::new(&data).unwrap().header().subsampling, Some(subsampling));
        assert!(largest_difference(&decoded(&data), &picture(61, 43, 3)) < 12, "{subsampling:?}");
    }
    let gray = encode(61, 43, PixelFormat::Rgb, &EncodeOptions::new(95, Gray));
    assert_eq!(Decoder::new(&gray).unwrap().header().colorspace, Colorspace::Gray);
}

#[test]
fn gray_and_cmyk_come_back_as_given() {
    for format in [PixelFormat::Gray, PixelFormat::Cmyk] {
        let data = encode(40, 30, format, &EncodeOptions::new(98, Subsampling::S444));
        assert!(largest_difference(&decoded(&data), &picture(40, 30, format.channels())) < 6, "{format:?}");
    }
}

#[test]
fn the_way_of_coding_does_not_change_the_samples() {
    let plain = encode(200, 100, PixelFormat::Rgb, &options(80));
    let variants = [
        EncodeOptions { progressive: true, ..options(80) },
        EncodeOptions { optimize: true, ..options(80) },
        EncodeOptions { arithmetic: true, ..options(80) },
        EncodeOptions { restart: Restart::Rows(1), ..options(80) },
        EncodeOptions { restart: Restart::Blocks(3), ..options(80) },
    ];
    for variant in variants {
        let data = encode(200, 100, PixelFormat::Rgb, &variant);
        let header = *Decoder::new(&data).unwrap().header();
        assert_eq!((header.progressive, header.arithmetic), (variant.progressive, variant.arithmetic));
        assert_ne!(data, plain);
        assert_eq!(decoded(&data), decoded(&plain), "{variant:?}");
    }
}

#[test]
fn the_order_of_channels_is_the_callers() {
    let data = encode(20, 10, PixelFormat::Rgb, &options(90));
    let rgb = decoded(&data);
    let mut decoder = Decoder::new(&data).unwrap();
    let (mut bgr, mut rgba) = (vec![0; 600], vec![0; 800]);
    decoder.decode_u8(&mut bgr, 60, PixelFormat::Bgr, Scale::Full, Tolerance::Strict).unwrap();
    decoder.decode_u8(&mut rgba, 80, PixelFormat::Rgba, Scale::Full, Tolerance::Strict).unwrap();
    assert!(rgb.chunks(3).zip(bgr.chunks(3)).all(|(a, b)| a.iter().eq(b.iter().rev())));
    assert!(rgb.chunks(3).zip(rgba.chunks(4)).all(|(a, b)| *a == b[..3] && b[3] == 255));
    for (samples, format) in [(&bgr, PixelFormat::Bgr), (&rgba, PixelFormat::Rgba)] {
        let source = Source { samples, pitch: 20 * format.channels(), width: 20, height: 10, format };
        let same = Source { samples: &rgb[..], pitch: 60, width: 20, height: 10, format: PixelFormat::Rgb };
        assert_eq!(encode_u8(&source, &options(90)).unwrap(), encode_u8(&same, &options(90)).unwrap());
    }
}

#[test]
fn stored_colour_model_density_and_profile_are_kept() {
    let density = Density { x: 300, y: 150, unit: 1 };
    let icc: Vec<u8> = (0..100_000u32).map(|byte| byte as u8).collect();
    let asked = EncodeOptions { density, icc: Some(&icc), ..options(80) };
    let data = encode(16, 16, PixelFormat::Rgb, &asked);
    assert_eq!(Decoder::new(&data).unwrap().header().density, density);
    assert_eq!(data.windows(12).filter(|bytes| bytes == b"ICC_PROFILE\0").count(), 2);
    for (format, colorspace) in [(PixelFormat::Rgb, Colorspace::Rgb), (PixelFormat::Cmyk, Colorspace::Ycck)] {
        let asked = EncodeOptions { colorspace: Some(colorspace), ..EncodeOptions::new(95, Subsampling::S444) };
        let data = encode(16, 16, format, &asked);
        assert_eq!(Decoder::new(&data).unwrap().header().colorspace, colorspace);
    }
}

#[test]
fn lossless_is_lossless_at_every_precision() {
    for (format, predictor) in [(PixelFormat::Gray, 1), (PixelFormat::Rgb, 4), (PixelFormat::Cmyk, 7)] {
        let lossless = Some(Lossless { predictor, point_transform: 0 });
        let asked = EncodeOptions { lossless, ..options(1) };
        let data = encode(33, 21, format, &asked);
        assert!(Decoder::new(&data).unwrap().header().lossless);
        assert_eq!(decoded(&data), picture(33, 21, format.channels()), "{format:?}");
        for precision in 9..=16 {
            let samples: Vec<u16> =
                picture(33, 21, format.channels()).iter().map(|sample| u16::from(*sample) << (precision - 8)).collect();
            let source = Source { samples: &samples, pitch: 33 * format.channels(), width: 33, height: 21, format };
            let data = encode_u16(&source, precision, &asked).unwrap();
            assert_eq!(Decoder::new(&data).unwrap().header().precision, precision);
            assert_eq!(decode_wide(&data).unwrap(), samples, "{format:?} {precision}");
        }
    }
}

#[test]
fn twelve_bits_keep_more_than_eight() {
    let samples: Vec<u16> = (0..64 * 64).collect();
    let source = Source { samples: &samples, pitch: 64, width: 64, height: 64, format: PixelFormat::Gray };
    for progressive in [false, true] {
        let asked = EncodeOptions { progressive, ..options(100) };
        let back = decode_wide(&encode_u16(&source, 12, &asked).unwrap()).unwrap();
        assert!(samples.iter().zip(&back).all(|(a, b)| a.abs_diff(*b) < 8));
    }
}

#[test]
fn scales_round_sides_up_and_lossless_data_do_not_scale() {
    let data = encode(61, 43, PixelFormat::Rgb, &options(80));
    let decoder = Decoder::new(&data).unwrap();
    let sizes = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth].map(|scale| decoder.output_size(scale));
    assert_eq!(sizes, [(61, 43), (31, 22), (16, 11), (8, 6)]);
    assert_eq!(decode(&data, Scale::Eighth, Tolerance::Strict).unwrap().0.len(), 8 * 6 * 3);
    let lossless = Some(Lossless { predictor: 1, point_transform: 0 });
    let data = encode(61, 43, PixelFormat::Rgb, &EncodeOptions { lossless, ..options(80) });
    assert_eq!(decode(&data, Scale::Eighth, Tolerance::Strict).unwrap().0, picture(61, 43, 3));
}

#[test]
fn what_lies_between_rows_is_neither_read_nor_written() {
    let (width, pitch) = (21, 70);
    let mut padded = vec![0xEE; pitch * 9 + 63];
    for (row, pixels) in padded.chunks_mut(pitch).zip(picture(21, 10, 3).chunks(63)) {
        row[..63].copy_from_slice(pixels);
    }
    let source = Source { samples: &padded, pitch, width, height: 10, format: PixelFormat::Rgb };
    for lossless in [None, Some(Lossless { predictor: 1, point_transform: 0 })] {
        let asked = EncodeOptions { lossless, ..options(75) };
        let data = encode_u8(&source, &asked).unwrap();
        assert_eq!(data, encode(21, 10, PixelFormat::Rgb, &asked));
        let mut out = vec![0xDD; pitch * 9 + 63];
        let mut decoder = Decoder::new(&data).unwrap();
        decoder.decode_u8(&mut out, pitch, PixelFormat::Rgb, Scale::Full, Tolerance::Strict).unwrap();
        assert!(out.chunks(pitch).all(|row| row[63..].iter().all(|sample| *sample == 0xDD)));
        assert!(out.chunks(pitch).flat_map(|row| &row[..63]).eq(&decoded(&data)));
    }
}

#[test]
fn tables_may_come_from_another_stream() {
    let data = encode(48, 32, PixelFormat::Rgb, &options(80));
    let (tables, image) = split(&data);
    let mut decoder = Decoder::with_tables(&tables, &image).unwrap();
    let mut out = vec![0; 48 * 32 * 3];
    decoder.decode_u8(&mut out, 48 * 3, PixelFormat::Rgb, Scale::Full, Tolerance::Strict).unwrap();
    assert_eq!(out, decoded(&data));
    assert_eq!(Decoder::new(&tables).err().unwrap().kind, ErrorKind::Corrupt);
    assert_eq!(Decoder::with_tables(&data, &image).err().unwrap().kind, ErrorKind::Corrupt);
    assert_eq!(decode(&image, Scale::Full, Tolerance::Strict).unwrap_err().kind, ErrorKind::Corrupt);
}

/// The segments of tables as one stream, everything else as another.
fn split(data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut tables, mut image) = (vec![0xFF, 0xD8], vec![0xFF, 0xD8]);
    let mut at = 2;
    while data[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([data[at + 2], data[at + 3]]));
        let part = if matches!(data[at + 1], 0xDB | 0xC4) { &mut tables } else { &mut image };
        part.extend_from_slice(&data[at..end]);
        at = end;
    }
    image.extend_from_slice(&data[at..]);
    tables.extend_from_slice(&[0xFF, 0xD9]);
    (tables, image)
}
