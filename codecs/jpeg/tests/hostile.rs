//! Damaged data and wrong arguments are errors with a kind, never a crash.

mod common;

use common::{decode, encode, options, picture};
use jpeg::{
    Colorspace, Completeness, Decoder, Density, EncodeOptions, ErrorKind, Lossless, MAX_SIDE, PixelFormat, Restart,
    Scale, Source, Subsampling, Tolerance, encode_u8, encode_u16,
};

fn samples_of_every_process() -> Vec<Vec<u8>> {
    let lossless = Some(Lossless { predictor: 4, point_transform: 0 });
    [
        (PixelFormat::Rgb, options(75)),
        (PixelFormat::Gray, EncodeOptions { restart: Restart::Rows(1), ..options(75) }),
        (PixelFormat::Rgb, EncodeOptions { progressive: true, ..options(75) }),
        (PixelFormat::Cmyk, EncodeOptions { arithmetic: true, ..options(75) }),
        (PixelFormat::Rgb, EncodeOptions { arithmetic: true, progressive: true, ..options(75) }),
        (PixelFormat::Rgb, EncodeOptions { lossless, ..options(75) }),
    ]
    .map(|(format, asked)| encode(64, 48, format, &asked))
    .to_vec()
}

#[test]
fn truncation_anywhere_is_an_error_and_partial_decoding_says_so() {
    for data in samples_of_every_process() {
        for length in 0..data.len() {
            let cut = &data[..length];
            let strict = decode(cut, Scale::Full, Tolerance::Strict).unwrap_err();
            let lenient = decode(cut, Scale::Full, Tolerance::Corrupt).unwrap_err();
            for error in [strict, lenient] {
                assert!(matches!(error.kind, ErrorKind::Truncated | ErrorKind::Corrupt), "{length}: {error:?}");
            }
            match decode(cut, Scale::Full, Tolerance::Partial) {
                Ok((_, completeness)) => {
                    assert_ne!(completeness, Completeness::Complete, "{length}")
                }
                Err(_) => assert!(Decoder::new(cut).is_err(), "{length}"),
            }
        }
    }
}

#[test]
fn partial_decoding_gives_the_rows_that_are_there() {
    let data = encode(64, 480, PixelFormat::Gray, &options(90));
    let (whole, _) = decode(&data, Scale::Full, Tolerance::Strict).unwrap();
    let (part, completeness) = decode(&data[..data.len() * 3 / 4], Scale::Full, Tolerance::Partial).unwrap();
    assert!(matches!(completeness, Completeness::Truncated(_)));
    assert_eq!(part[..64 * 200], whole[..64 * 200]);
    assert_ne!(part, whole);
}

#[test]
fn damage_within_is_told_but_decoded_unless_strict() {
    let mut data = encode(64, 48, PixelFormat::Rgb, &EncodeOptions { restart: Restart::Rows(1), ..options(75) });
    let marker = data.windows(2).position(|pair| pair == [0xFF, 0xD0]).unwrap();
    data[marker + 1] = 0xD3;
    assert_eq!(decode(&data, Scale::Full, Tolerance::Strict).unwrap_err().kind, ErrorKind::Corrupt);
    let (_, completeness) = decode(&data, Scale::Full, Tolerance::Corrupt).unwrap();
    assert!(matches!(completeness, Completeness::Corrupt(text) if text.contains("marker 0xd3")));
    // The same damage first, then an early end: libjpeg tells of the damage only.
    let cut = &data[..data.len() - 40];
    assert_eq!(decode(cut, Scale::Full, Tolerance::Corrupt).unwrap_err().kind, ErrorKind::Truncated);
}

#[test]
fn changed_bytes_never_crash() {
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for data in samples_of_every_process() {
        for round in 0..600 {
            let mut changed = data.clone();
            for _ in 0..1 + round % 4 {
                let at = 2 + next(data.len() - 2);
                changed[at] = next(256) as u8;
            }
            // The size may be among the changed bytes: the limit on it is the caller's.
            let small = Decoder::new(&changed).is_ok_and(|decoder| {
                let header = decoder.header();
                header.precision <= 8 && u64::from(header.width) * u64::from(header.height) < 1 << 20
            });
            for tolerance in [Tolerance::Strict, Tolerance::Corrupt, Tolerance::Partial] {
                if small {
                    let _ = decode(&changed, Scale::Full, tolerance);
                    let _ = decode(&changed, Scale::Eighth, tolerance);
                }
            }
        }
    }
}

#[test]
fn what_is_not_jpeg_is_refused() {
    for data in [&b""[..], b"\xFF", b"\xFF\xD8", b"\xFF\xD8\xFF\xD9", b"\x89PNG\r\n\x1a\n", &[0; 100]] {
        let error = Decoder::new(data).err().unwrap();
        assert!(matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Truncated), "{data:?}: {error}");
    }
    assert_eq!(Decoder::new(b"\xFF\xD8\xFF").err().unwrap().kind, ErrorKind::Truncated);
}

#[test]
fn a_bomb_of_scans_hits_the_limit() {
    let data = encode(64, 48, PixelFormat::Gray, &EncodeOptions { progressive: true, ..options(75) });
    let last = data.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let (before, scan) = (&data[..last], &data[last..data.len() - 2]);
    let bomb = |scans: usize| [before, &scan.repeat(scans), &[0xFF, 0xD9]].concat();
    let error = decode(&bomb(1000), Scale::Full, Tolerance::Partial).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    assert!(decode(&bomb(300), Scale::Full, Tolerance::Corrupt).is_ok());
}

#[test]
fn the_memory_limit_holds_for_progressive_images() {
    let asked = EncodeOptions { progressive: true, ..options(75) };
    let data = encode(2000, 1000, PixelFormat::Rgb, &asked);
    let mut out = vec![0; 6_000_000];
    let mut decode_with = |limit| {
        let mut decoder = Decoder::new(&data).unwrap();
        decoder.set_memory_limit(limit);
        decoder.decode_u8(&mut out, 6000, PixelFormat::Rgb, Scale::Full, Tolerance::Partial)
    };
    assert_eq!(decode_with(1).unwrap_err().kind, ErrorKind::Limit);
    assert_eq!(decode_with(u64::MAX), Ok(Completeness::Complete));
}

#[test]
fn a_slice_or_pitch_that_does_not_fit_is_refused() {
    let data = encode(64, 48, PixelFormat::Rgb, &options(75));
    let mut decoder = Decoder::new(&data).unwrap();
    let exact = 64 * 48 * 3;
    for (length, pitch) in [(exact - 1, 192), (exact, 193), (exact, 191), (exact, 0), (0, 192), (exact, usize::MAX)] {
        let mut out = vec![0; length];
        let refused = decoder.decode_u8(&mut out, pitch, PixelFormat::Rgb, Scale::Full, Tolerance::Strict);
        assert_eq!(refused.unwrap_err().kind, ErrorKind::InvalidArgument, "{length} {pitch}");
    }
    let mut wide = vec![0; exact];
    let refused = decoder.decode_u16(&mut wide, 192, PixelFormat::Rgb, Scale::Full, Tolerance::Strict);
    assert_eq!(refused.unwrap_err().kind, ErrorKind::InvalidArgument);
    // A refusal leaves the decoder as it was.
    let mut out = vec![0; exact];
    assert!(decoder.decode_u8(&mut out, 192, PixelFormat::Rgb, Scale::Full, Tolerance::Strict).is_ok());
}

#[test]
fn conversions_that_libjpeg_lacks_are_unsupported() {
    let cmyk = encode(16, 16, PixelFormat::Cmyk, &EncodeOptions::new(75, Subsampling::S444));
    let lossless = Some(Lossless { predictor: 1, point_transform: 0 });
    let gray = encode(16, 16, PixelFormat::Gray, &EncodeOptions { lossless, ..options(75) });
    for data in [cmyk, gray] {
        let mut decoder = Decoder::new(&data).unwrap();
        let mut out = vec![0; 16 * 16 * 3];
        let refused = decoder.decode_u8(&mut out, 48, PixelFormat::Rgb, Scale::Full, Tolerance::Partial);
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Unsupported);
    }
}

#[test]
fn the_encoder_refuses_what_does_not_fit() {
    let samples = picture(16, 16, 3);
    let source = Source { samples: &samples[..], pitch: 48, width: 16, height: 16, format: PixelFormat::Rgb };
    let long = vec![0; 17_000_000];
    let density = Density { x: 0, y: 1, unit: 0 };
    let colorspace = Some(Colorspace::Gray);
    let lossless = Some(Lossless { predictor: 8, point_transform: 0 });
    let refused = [
        encode_u8(&Source { height: 17, ..source }, &options(75)),
        encode_u8(&Source { pitch: 47, ..source }, &options(75)),
        encode_u8(&Source { width: 0, ..source }, &options(75)),
        encode_u8(&Source { height: 0, ..source }, &options(75)),
        encode_u8(&Source { width: MAX_SIDE + 1, ..source }, &options(75)),
        encode_u8(&Source { width: u32::MAX, height: u32::MAX, pitch: usize::MAX, ..source }, &options(75)),
        encode_u8(&source, &options(0)),
        encode_u8(&source, &options(101)),
        encode_u8(&source, &EncodeOptions { icc: Some(&long), ..options(75) }),
        encode_u8(&source, &EncodeOptions { density, ..options(75) }),
        encode_u8(&source, &EncodeOptions { colorspace, ..options(75) }),
        encode_u8(&source, &EncodeOptions { lossless, ..options(75) }),
    ];
    for (index, result) in refused.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().kind, ErrorKind::InvalidArgument, "case {index}");
    }
}

#[test]
fn wide_samples_stay_within_their_precision() {
    let mut samples = vec![4095u16; 64];
    let encoded = |samples: &[u16], precision| {
        let source = Source { samples, pitch: 8, width: 8, height: 8, format: PixelFormat::Gray };
        encode_u16(&source, precision, &options(75))
    };
    assert!(encoded(&samples, 12).is_ok());
    for precision in [0, 8, 11, 13, 16, 255] {
        assert_eq!(encoded(&samples, precision).unwrap_err().kind, ErrorKind::InvalidArgument, "{precision}");
    }
    samples[63] = 4096;
    assert_eq!(encoded(&samples, 12).unwrap_err().kind, ErrorKind::InvalidArgument);
}
