//! Animations: round trips, times, seeking, joined frames.

use crate::common::{DURATIONS, LOSSLESS, animation, decode_all, picture, real_files, rgb, still};
use webp_codec::{
    AnimDecoder, AnimEncoder, AnimOptions, EncodeOptions, ErrorKind, Format, Header, decode_into, frames,
};

#[test]
fn lossless_frames_and_their_times_come_back() {
    let file = animation(60, 40, &LOSSLESS);
    let header = Header::parse(&file).expect("a header");
    assert!(header.animated && header.has_alpha);
    assert_eq!((header.frame_count, header.loop_count, header.background), (5, 3, [1, 2, 3, 4]));
    assert_eq!(header.lossless, Some(true));

    let mut decoder = AnimDecoder::new(file, true).expect("a decoder");
    let mut start = 0;
    let mut out = vec![0; 240 * 40];
    for (i, duration) in DURATIONS.into_iter().enumerate() {
        assert_eq!(decoder.position(), i);
        let frame = decoder.next_into(&mut out, 240, Format::Rgba).expect("decodes").expect("a frame");
        assert_eq!((frame.index, frame.timestamp_ms, frame.duration_ms), (i, start, duration));
        assert_eq!(decoder.frame_info(i).expect("there").timestamp_ms, start);
        assert_eq!(out, picture(60, 40, i), "frame {i}");
        start += u64::from(duration);
    }
    assert_eq!(decoder.next_into(&mut out, 240, Format::Rgba), Ok(None));
    assert_eq!(decoder.frame_info(5), None);
}

#[test]
fn seeking_gives_what_reading_in_order_gives() {
    let mut files = vec![animation(60, 40, &LOSSLESS), animation(61, 41, &EncodeOptions::default())];
    files.extend(real_files().into_iter().map(|(_, file)| file));
    for file in files {
        let (expected, failed) = decode_all(file.clone());
        assert!(!failed);
        let mut decoder = AnimDecoder::new(file, false).expect("a decoder");
        let width = decoder.width() as usize;
        assert_eq!(decoder.frames().len(), expected.len());
        let mut out = vec![0; (width * 4 + 3) * decoder.height() as usize];
        for i in [expected.len() - 1, 0, expected.len() / 2, expected.len() / 2, expected.len() - 1] {
            decoder.seek(i).expect("there");
            decoder.next_into(&mut out, width * 4 + 3, Format::Rgba).expect("decodes").expect("a frame");
            for (row, line) in out.chunks(width * 4 + 3).zip(expected[i].chunks(width * 4)) {
                assert_eq!(&row[..width * 4], line);
            }
            decoder.seek(i).expect("there");
            decoder.next_into(&mut out, width * 3, Format::Rgb).expect("decodes").expect("a frame");
            assert_eq!(out[..width * 3 * decoder.height() as usize], rgb(&expected[i]));
        }
        assert!(decoder.seek(expected.len() + 1).is_err());
    }
}

#[test]
fn a_decoder_moves_to_another_thread_with_bytes_that_live_inside_it() {
    let file: [u8; 4096] = {
        let mut fixed = [0; 4096];
        let file = animation(32, 16, &EncodeOptions { quality: 1.0, ..EncodeOptions::default() });
        fixed[..file.len()].copy_from_slice(&file);
        fixed
    };
    let (expected, _) = decode_all(file.to_vec());
    let mut moved = [AnimDecoder::new(file, false).ok(), None];
    moved.swap(0, 1);
    let [_, decoder] = moved;
    let last = std::thread::spawn(move || {
        let mut decoder = decoder.expect("a decoder");
        decoder.seek(decoder.frames().len() - 1).expect("there");
        let mut out = vec![0; 2048];
        decoder.next_into(&mut out, 128, Format::Rgba).expect("decodes");
        out
    });
    assert_eq!(last.join().expect("no panic"), expected[expected.len() - 1]);
}

#[test]
fn equal_frames_are_joined_and_one_frame_is_a_picture() {
    let frame = picture(32, 32, 0);
    let make = |count: usize| {
        let mut encoder = AnimEncoder::new(32, 32, &AnimOptions::default()).expect("an encoder");
        for _ in 0..count {
            encoder.add_frame(&frame, 128, Format::Rgba, 25, &LOSSLESS).expect("a frame");
        }
        encoder.finish()
    };
    assert_eq!(make(0).expect_err("no frame").kind, ErrorKind::InvalidArgument);
    for count in [1, 3] {
        let file = make(count).expect("a file");
        assert!(!Header::parse(&file).expect("a header").animated);
        assert_eq!(decode_all(file), (vec![frame.clone()], false));
    }
}

#[test]
fn a_picture_is_an_animation_of_one_frame_but_not_the_other_way_round() {
    let file = still(30, 20, &LOSSLESS);
    assert_eq!(frames(&file), Ok(Vec::new()));
    assert_eq!(decode_all(file).0, [picture(30, 20, 0)]);
    let refused = decode_into(&animation(16, 16, &LOSSLESS), &mut [0; 1024], 64, Format::Rgba, false);
    assert_eq!(refused.expect_err("animated").kind, ErrorKind::Unsupported);
}

#[test]
fn a_frame_that_was_refused_for_its_memory_is_still_to_come() {
    let mut decoder = AnimDecoder::new(animation(16, 16, &LOSSLESS), false).expect("a decoder");
    let refused = decoder.next_into(&mut [0; 1023], 64, Format::Rgba).expect_err("too short");
    assert_eq!(refused.kind, ErrorKind::InvalidArgument);
    let frame = decoder.next_into(&mut [0; 1024], 64, Format::Rgba).expect("decodes");
    assert_eq!(frame.expect("a frame").index, 0);
}

#[test]
fn nonsense_is_an_argument_error() {
    let limits = [(0, 4), (4, 0), (16384, 4), (u32::MAX, u32::MAX)];
    for (width, height) in limits {
        assert!(AnimEncoder::new(width, height, &AnimOptions::default()).is_err());
    }
    let often = AnimOptions { loop_count: 65536, ..AnimOptions::default() };
    assert!(AnimEncoder::new(4, 4, &often).is_err());
    let mut encoder = AnimEncoder::new(4, 4, &AnimOptions::default()).expect("an encoder");
    let mut add = |len, pitch, duration| {
        encoder.add_frame(&vec![9; len], pitch, Format::Rgba, duration, &LOSSLESS).map_err(|e| e.kind)
    };
    assert_eq!(add(63, 16, 1), Err(ErrorKind::InvalidArgument));
    assert_eq!(add(64, 15, 1), Err(ErrorKind::InvalidArgument));
    assert_eq!(add(64, 16, 1 << 24), Err(ErrorKind::InvalidArgument));
    for _ in 0..128 {
        assert_eq!(add(64, 16, (1 << 24) - 1), Ok(()));
    }
    assert_eq!(add(64, 16, (1 << 24) - 1), Err(ErrorKind::InvalidArgument));
}

#[test]
fn frames_may_differ_in_how_they_are_coded() {
    let mut encoder = AnimEncoder::new(40, 30, &AnimOptions::default()).expect("an encoder");
    for (i, options) in [LOSSLESS, EncodeOptions::default()].iter().enumerate() {
        let frame = picture(40, 30, i * 3);
        encoder.add_frame(&frame, 160, Format::Rgba, 50, options).expect("a frame");
    }
    let file = encoder.finish().expect("a file");
    assert_eq!(Header::parse(&file).expect("a header").lossless, None);
    let coded: Vec<_> = frames(&file).expect("frames").iter().map(|f| f.lossless).collect();
    assert_eq!(coded, [true, false]);
}
