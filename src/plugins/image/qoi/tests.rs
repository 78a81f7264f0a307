use super::super::single::tests::{read, read_partly, refuses, trip};
use crate::model::DType;

/// Runs, small steps, larger ones, new colours, known ones.
fn picture(samples: usize) -> Vec<u8> {
    let pixel = |i: u32| [i / 9 * 5, i / 7 * 40, (i * i) % 3, if i.is_multiple_of(31) { 9 } else { 200 }];
    (0..40 * 30).flat_map(|i| pixel(i)[..samples].iter().map(|&n| n as u8).collect::<Vec<_>>()).collect()
}

#[test]
fn what_is_written_reads_back() {
    for samples in [3, 4] {
        trip(".qoi", DType::U8, &[30, 40, samples], &picture(samples));
        trip(".qoi", DType::U8, &[1, 1, samples], &picture(samples)[..samples]);
        trip(".qoi", DType::U8, &[70, 2, samples], &vec![0; 140 * samples]);
    }
    refuses(".qoi", DType::U8, &[2, 2]);
    refuses(".qoi", DType::U16, &[2, 2, 3]);
}

#[test]
fn every_operation_is_followed() {
    let mut file = b"qoif\0\0\0\x04\0\0\0\x02\x03\0".to_vec();
    // RGB; a difference of (1, -2, 0); luma of (9, 10, 3); a run of 2; the first colour again; RGBA.
    file.extend([0xfe, 10, 20, 30, 0x40 | 3 << 4 | 2, 0x80 | 42, 7 << 4 | 1, 0xc1]);
    let slot = (10u32 * 3 + 20 * 5 + 30 * 7 + 255 * 11) % 64;
    file.extend([slot as u8, 0xff, 1, 2, 3, 4, 0x40 | 2 << 4 | 2 << 2 | 2]);
    let (shape, _, pixels) = read(&file).unwrap();
    assert_eq!(shape, [2, 4, 3]);
    let luma = [20, 28, 33];
    let rows = [[10, 20, 30], [11, 18, 30], luma, luma, luma, [10, 20, 30], [1, 2, 3], [1, 2, 3]];
    assert_eq!(pixels, rows.as_flattened());
}

#[test]
fn a_cut_file_is_an_error_or_partial() {
    let pixels = picture(4);
    let file = trip(".qoi", DType::U8, &[30, 40, 4], &pixels);
    for end in 0..file.len() - 8 {
        assert!(read(&file[..end]).is_err(), "cut at {end}");
    }
    let part = read_partly(&file[..file.len() / 2]);
    let same = part.chunks(160).zip(pixels.chunks(160)).take_while(|(a, b)| a == b).count();
    assert!((5..28).contains(&same) && part[same * 160..].iter().all(|&b| b == 0));
}

#[test]
fn hostile_headers_are_errors() {
    for sides in [[0u32, 1], [1, 0], [u32::MAX, u32::MAX], [1 << 20, 1 << 20]] {
        let file = [&b"qoif"[..], &sides[0].to_be_bytes(), &sides[1].to_be_bytes(), &[4, 0, 1, 2, 3]].concat();
        assert!(read(&file).is_err(), "{sides:?}");
    }
}
