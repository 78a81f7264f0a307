//! Pictures: round trips, pitches, callbacks, misuse.

use crate::common::{LOSSLESS, picture, real_files, rgb, still};
use webp_codec::{EncodeOptions, ErrorKind, Format, Header, decode_into, decode_into_with, encode, encode_with};

fn decode(file: &[u8], format: Format) -> Vec<u8> {
    let header = Header::parse(file).expect("a header");
    let pitch = header.width as usize * format.bytes_per_pixel();
    let mut out = vec![0; pitch * header.height as usize];
    decode_into(file, &mut out, pitch, format, false).expect("decodes");
    out
}

#[test]
fn lossless_gives_back_every_byte() {
    for (width, height) in [(1, 1), (63, 40), (1, 300), (130, 3)] {
        let pixels = picture(width, height, 0);
        let file = still(width, height, &LOSSLESS);
        assert_eq!(decode(&file, Format::Rgba), pixels, "{width}x{height}");
        assert_eq!(decode(&file, Format::Rgb), rgb(&pixels), "{width}x{height}");
        let three = rgb(&pixels);
        let file = encode(&three, width * 3, width as u32, height as u32, Format::Rgb, &LOSSLESS);
        let file = file.expect("encodes");
        assert!(!Header::parse(&file).expect("a header").has_alpha);
        assert_eq!(decode(&file, Format::Rgb), three);
    }
}

#[test]
fn lossy_stays_near_and_keeps_alpha() {
    let pixels = [200, 100, 50, 128].repeat(64 * 64);
    let file = encode(&pixels, 64 * 4, 64, 64, Format::Rgba, &EncodeOptions::default()).expect("encodes");
    let header = Header::parse(&file).expect("a header");
    assert_eq!((header.lossless, header.has_alpha, header.frame_count), (Some(false), true, 1));
    for (a, b) in decode(&file, Format::Rgba).iter().zip(&pixels) {
        assert!(a.abs_diff(*b) < 6);
    }
}

#[test]
fn bytes_between_rows_are_left_alone_and_not_read() {
    let pixels = picture(33, 20, 0);
    let spread: Vec<u8> = pixels.chunks_exact(33 * 4).flat_map(|row| [row, &[0xee; 9]].concat()).collect();
    let spread = &spread[..spread.len() - 9];
    let file = encode(spread, 33 * 4 + 9, 33, 20, Format::Rgba, &LOSSLESS).expect("encodes");
    assert_eq!(file, still(33, 20, &LOSSLESS));

    let mut out = vec![0x77; 150 * 19 + 33 * 4 + 5];
    decode_into(&file, &mut out, 150, Format::Rgba, true).expect("decodes");
    for (row, expected) in out.chunks(150).zip(pixels.chunks_exact(33 * 4)) {
        assert_eq!(&row[..33 * 4], expected);
        assert!(row[33 * 4..].iter().all(|&b| b == 0x77));
    }
}

#[test]
fn threads_change_neither_pixels_nor_files() {
    for options in [EncodeOptions::default(), LOSSLESS] {
        let one = still(700, 300, &options);
        assert_eq!(one, still(700, 300, &EncodeOptions { threads: true, ..options }));
        let mut out = vec![0; 700 * 300 * 4];
        decode_into(&one, &mut out, 700 * 4, Format::Rgba, true).expect("decodes");
        assert_eq!(out, decode(&one, Format::Rgba));
    }
}

#[test]
fn decoding_in_pieces_gives_the_same_pixels_and_counts_the_rows() {
    let mut files = vec![still(700, 600, &LOSSLESS), still(700, 600, &EncodeOptions::default())];
    files.extend(real_files().into_iter().map(|(_, file)| file));
    for file in files.iter().filter(|f| !Header::parse(f).expect("a header").animated) {
        let header = Header::parse(file).expect("a header");
        let pitch = header.width as usize * 4;
        for threads in [false, true] {
            let mut out = vec![0; pitch * header.height as usize];
            let mut seen = Vec::new();
            let mut progress = |rows| {
                seen.push(rows);
                true
            };
            decode_into_with(file, &mut out, pitch, Format::Rgba, threads, &mut progress).expect("decodes");
            assert_eq!(out, decode(file, Format::Rgba));
            assert!(seen.is_sorted());
            assert_eq!(seen.last(), Some(&header.height));
            assert!(file.len() < 100_000 || seen.len() > 3, "{seen:?}");
        }
    }
}

#[test]
fn a_picture_that_is_cut_off_gives_the_rows_that_it_told() {
    for options in [EncodeOptions::default(), LOSSLESS] {
        let file = still(300, 200, &options);
        let whole = decode(&file, Format::Rgba);
        let cut = file.get(..file.len() * 3 / 4).expect("a prefix");
        let mut out = vec![0; whole.len()];
        let mut rows = 0;
        let mut progress = |told| {
            rows = told as usize;
            true
        };
        let error =
            decode_into_with(cut, &mut out, 1200, Format::Rgba, false, &mut progress).expect_err("rows are missing");
        assert_eq!(error.kind, ErrorKind::Truncated);
        assert!(rows > 50 && rows < 200, "{rows} rows");
        assert_eq!(out.get(..rows * 1200), whole.get(..rows * 1200));
    }
}

#[test]
fn a_callback_that_says_no_stops_either_way() {
    let pixels = picture(700, 600, 0);
    for options in [EncodeOptions::default(), LOSSLESS] {
        for stop_at in 0..4 {
            let mut left = stop_at;
            let mut progress = |_: u8| {
                left -= 1;
                left >= 0
            };
            let stopped = encode_with(&pixels, 2800, 700, 600, Format::Rgba, &options, &mut progress);
            assert_eq!(stopped.expect_err("stopped").kind, ErrorKind::Cancelled);
        }
        let file = still(700, 600, &options);
        let mut out = vec![0; 2800 * 600];
        let stopped = decode_into_with(&file, &mut out, 2800, Format::Rgba, true, &mut |_| false);
        assert_eq!(stopped.expect_err("stopped").kind, ErrorKind::Cancelled);
    }
}

#[test]
fn a_panic_in_a_callback_passes_through() {
    let pixels = picture(64, 64, 0);
    let outcome = std::panic::catch_unwind(|| {
        let mut progress = |_: u8| -> bool { std::panic::panic_any("from the callback") };
        encode_with(&pixels, 256, 64, 64, Format::Rgba, &LOSSLESS, &mut progress)
    });
    assert_eq!(outcome.expect_err("a panic").downcast_ref(), Some(&"from the callback"));
}

#[test]
fn nonsense_is_an_argument_error() {
    let pixels = picture(8, 8, 0);
    let good = EncodeOptions::default();
    let bad = |pitch, w, h, options: &EncodeOptions| {
        let error = encode(&pixels, pitch, w, h, Format::Rgba, options).expect_err("refused");
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
    };
    bad(32, 0, 8, &good);
    bad(32, 8, 0, &good);
    bad(32, 8, 9, &good);
    bad(31, 8, 8, &good);
    bad(usize::MAX, 8, 8, &good);
    bad(usize::MAX, u32::MAX, u32::MAX, &good);
    bad(32, 16384, 1, &good);
    for quality in [-1.0, 100.5, f32::NAN, f32::INFINITY] {
        bad(32, 8, 8, &EncodeOptions { quality, ..good });
    }
    bad(32, 8, 8, &EncodeOptions { method: 7, ..good });
    bad(32, 8, 8, &EncodeOptions { alpha_quality: 101, ..good });
    bad(32, 8, 8, &EncodeOptions { near_lossless: 101, ..good });

    let file = still(8, 8, &LOSSLESS);
    for (len, pitch) in [(255, 32), (256, 31), (256, 33), (0, 32)] {
        let refused = decode_into(&file, &mut vec![0; len], pitch, Format::Rgba, false);
        assert_eq!(refused.expect_err("refused").kind, ErrorKind::InvalidArgument);
    }
}
