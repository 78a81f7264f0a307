//! Files that are not what they should be.

use super::*;
use crate::error::ErrorKind;
use crate::model::Progress;

/// An animation of three images with all that the reader looks at.
fn animation() -> Vec<u8> {
    let pixels: Vec<u8> = (0..30u8).map(|i| i * 7 % 4).collect();
    let frames = [
        Made { disposal: 1, ..Made::new((0, 0), (6, 5), &pixels) },
        Made { disposal: 3, transparent: Some(1), interlaced: true, ..Made::new((1, 1), (5, 4), &pixels[..20]) },
        Made { disposal: 2, palette: Some(pixels[..12].to_vec()), ..Made::new((2, 0), (3, 5), &pixels[..15]) },
    ];
    made((6, 5), &frames)
}

#[test]
fn a_cut_file_is_an_error() {
    let file = animation();
    let whole = read(&file);
    for cut in 0..file.len() {
        // Without the trailer nothing tells how many frames there were.
        assert!(read_all(&file[..cut], &plain()).is_err(), "cut at {cut}");
        // What can be read is read, and no byte of it is left as it was.
        if let Ok((stack, _)) = read_all(&file[..cut], &partial()) {
            assert!(!stack.bytes.contains(&0xaa));
        }
    }
    assert_eq!(read_all(&file[..file.len() - 1], &partial()).unwrap(), (whole, Outcome::Partial));
}

#[test]
fn what_is_missing_is_zero_if_that_is_allowed() {
    let pixels: Vec<u8> = (0..1000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as u8 % 4).collect();
    let file = made((10, 100), &[Made::new((0, 0), (10, 100), &pixels), Made::new((0, 0), (1, 1), &[3])]);
    let whole = read(&file);
    let cut = &file[..150];
    assert_eq!(read_all(cut, &plain()).unwrap_err().kind(), ErrorKind::Corrupt);
    let (stack, outcome) = read_all(cut, &partial()).unwrap();
    assert_eq!((outcome, stack.shape[0]), (Outcome::Partial, 1));
    let there = stack.bytes.iter().zip(whole.image(0)).take_while(|(a, b)| a == b).count() / 3 * 3;
    assert!(there > 300 && there < 3000);
    assert!(stack.bytes[there..].iter().all(|&b| b == 0));
}

#[test]
fn a_damaged_frame_damages_those_that_stand_on_it() {
    let mut file = animation();
    let at = file.windows(2).position(|w| w == [b'!', 0xf9]).unwrap() + 8 + 10;
    file[at + 2] = 0xff; // a code that is not known yet
    let mut reader = open(&file).unwrap();
    for i in 0..3 {
        assert_eq!(read_one(&mut *reader, i, &plain()).unwrap_err().kind(), ErrorKind::Corrupt);
        assert!(read_one(&mut *reader, i, &partial()).is_ok());
    }
    let mut cursor = reader.cursor(&plain()).unwrap().unwrap();
    let mut failures = 0;
    while let Some(props) = cursor.next_props(&plain()).unwrap() {
        let mut bytes = vec![0; props.nbytes().unwrap()];
        let view = ViewMut::packed(&mut bytes, 1, &props.shape).unwrap();
        let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), limits());
        failures += usize::from(cursor.next(&plain(), &mut to).is_err());
    }
    assert_eq!(failures, 3);
}

#[test]
fn bytes_that_changed_never_panic() {
    let file = animation();
    let mut random = 0x2545_f491u32;
    for _ in 0..6000 {
        let mut bad = file.clone();
        for _ in 0..1 + random % 3 {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let at = random as usize % bad.len();
            bad[at] = (random >> 16) as u8;
        }
        let _ = read_all(&bad, &plain());
        let _ = read_all(&bad, &partial());
        if let Ok(mut reader) = open(&bad) {
            let _ = reader.meta(Index::At(2), &plain());
        }
    }
}

#[test]
fn sizes_are_checked_before_memory_is_taken() {
    let huge = Made::new((0, 0), (65535, 65535), &[0]);
    let small = Made::new((0, 0), (1, 1), &[0]);
    let error = read_all(&made((1, 1), &[small, huge]), &plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let file = made((65535, 65535), &[Made::new((0, 0), (1, 1), &[0])]);
    let mut reader = open(&file).unwrap();
    let mut none = [0u8; 0];
    let view = ViewMut::packed(&mut none, 1, &[0, 0, 3]).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), limits());
    assert_eq!(reader.read(Index::At(0), &plain(), &mut to).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn files_without_images_are_errors() {
    assert_eq!(open(&made((1, 1), &[])).err().unwrap().kind(), ErrorKind::Corrupt);
    assert_eq!(open(b"GIF89a").err().unwrap().kind(), ErrorKind::Corrupt);
    assert_eq!(open(b"GIF88a\0\0\0\0\0\0\0;").err().unwrap().kind(), ErrorKind::NoBackend);
}

#[test]
fn a_cancelled_read_can_be_repeated() {
    let pixels: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as u8 % 4).collect();
    let file = made((40, 100), &[Made::new((0, 0), (40, 100), &pixels), Made::new((0, 0), (1, 1), &[3])]);
    let whole = read(&file);
    let mut reader = open(&file).unwrap();
    let refuse = plain().with_progress(Some(Progress(Arc::new(|_, _| 1))));
    assert_eq!(read_one(&mut *reader, 0, &refuse).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(read_one(&mut *reader, 0, &plain()).unwrap(), whole.image(0));
    let refuse = plain().with_progress(Some(Progress(Arc::new(|_, _| 1))));
    assert_eq!(read_one(&mut *reader, 1, &refuse).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(read_one(&mut *reader, 1, &plain()).unwrap(), whole.image(1));
}
