use super::super::single::tests::{meta, read, read_partly, refuses, trip, write};
use crate::error::ErrorKind;
use crate::model::{DType, Dict};

fn bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|n| n.to_ne_bytes()).collect()
}

fn file(size: &str, data: &[u8]) -> Vec<u8> {
    [format!("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n{size}\n").as_bytes(), data].concat()
}

/// Colours that the format holds exactly, with runs.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let floats = (0..width * height).flat_map(|i| {
        let scale = (i as f32 / 40.0).floor().exp2() / 64.0;
        [128.0 * scale, (i % 7) as f32 * scale, (i / 9) as f32 % 128.0 * scale]
    });
    bytes(&floats.collect::<Vec<_>>())
}

#[test]
fn what_is_written_reads_back() {
    for width in [1, 7, 8, 9, 130, 300] {
        trip(".hdr", DType::F32, &[3, width, 3], &picture(width, 3));
    }
    refuses(".hdr", DType::U8, &[2, 2, 3]);
    refuses(".hdr", DType::F32, &[2, 2]);
}

#[test]
fn floats_become_the_nearest_below() {
    let floats = [f32::NAN, -1.0, 1.0, f32::INFINITY, f32::MAX, 0.0, 1e-38, 0.0, 0.0, 1.0, 0.999, 0.001];
    let file = write(".hdr", DType::F32, &[1, 4, 3], &bytes(&floats), Dict::new()).unwrap();
    let most = 255.0 * 119f32.exp2();
    let expected = [0.0, 0.0, 1.0, most, most, 0.0, 0.0, 0.0, 0.0, 1.0, 127.0 / 128.0, 0.0];
    assert_eq!(read(&file).unwrap().2, bytes(&expected));
}

#[test]
fn old_runs_and_directions_are_followed() {
    let data = [[128, 0, 0, 129], [1, 1, 1, 2], [64, 0, 0, 129]].concat();
    let expected = [[1.0, 0.0, 0.0]; 3].as_flattened().iter().copied().chain([0.5, 0.0, 0.0]).collect::<Vec<f32>>();
    assert_eq!(read(&file("-Y 1 +X 4", &data)).unwrap().2, bytes(&expected));
    let back: Vec<f32> = expected.chunks(3).rev().flatten().copied().collect();
    assert_eq!(read(&file("-Y 1 -X 4", &data)).unwrap().2, bytes(&back));
    let two = [[128, 0, 0, 129], [64, 0, 0, 129]].concat();
    assert_eq!(read(&file("+Y 2 +X 1", &two)).unwrap().2, bytes(&[0.5, 0.0, 0.0, 1.0, 0.0, 0.0]));
    assert_eq!(read(&file("+X 2 +Y 1", &two)).unwrap_err().kind(), ErrorKind::Unsupported);
    // The least exponent is of a float that is not normal.
    assert_eq!(
        read(&file("-Y 1 +X 1", &[255, 1, 0, 1])).unwrap().2,
        bytes(&[255.0 * 2f32.powi(-135), 2f32.powi(-135), 0.0])
    );
}

#[test]
fn damage_is_an_error_or_partial() {
    let pixels = picture(40, 20);
    let whole = trip(".hdr", DType::F32, &[20, 40, 3], &pixels);
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "cut at {end}");
    }
    let part = read_partly(&whole[..whole.len() / 2]);
    let same = part.chunks(480).zip(pixels.chunks(480)).take_while(|(a, b)| a == b).count();
    assert!((5..16).contains(&same) && part[same * 480..].iter().all(|&b| b == 0), "{same}");
    for (size, data) in [
        ("-Y 1 +X 4", &[1u8, 1, 1, 1][..]),
        ("-Y 1 +X 4", &[9, 9, 9, 9, 1, 1, 1, 9]),
        ("-Y 1 +X 8", &[2, 2, 0, 8, 0, 0, 0]),
        ("-Y 1 +X 8", &[2, 2, 0, 8, 137, 0, 0]),
        ("-Y 4294967295 +X 4294967295", &[0]),
        ("-Y 0 +X 1", &[0]),
        ("-Y 1 +X", &[0]),
        ("-Y 1 +Z 1", &[0]),
    ] {
        assert!(matches!(read(&file(size, data)).unwrap_err().kind(), ErrorKind::Corrupt | ErrorKind::Limit), "{size}");
    }
    assert_eq!(
        read(b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n0000").unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn the_header_is_metadata() {
    let file = b"#?RADIANCE\n# a comment\nSOFTWARE=x = y\nEXPOSURE=2\nEXPOSURE= 1.5\n\n-Y 1 +X 1\n0000";
    let meta = meta(file, Dict::new());
    assert_eq!(meta.get("EXPOSURE"), Some(&3.0.into()));
    assert_eq!(meta.get("SOFTWARE"), Some(&"x = y".into()));
}
