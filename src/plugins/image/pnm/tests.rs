use super::super::single::tests::{meta, ramp, read, read_partly, refuses, trip, write, write_as};
use crate::error::ErrorKind;
use crate::model::{Color, DType, Dict};

fn bits(n: usize) -> Vec<u8> {
    ramp(n).iter().map(|b| b & 1).collect()
}

fn words(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_ne_bytes()).collect()
}

#[test]
fn what_is_written_reads_back() {
    for width in [1, 7, 8, 9, 33] {
        for (extension, dtype, samples) in [
            (".pbm", DType::Bool, 1),
            (".pgm", DType::U8, 1),
            (".pgm", DType::U16, 1),
            (".ppm", DType::U8, 3),
            (".pnm", DType::U16, 3),
            (".pam", DType::Bool, 1),
            (".pam", DType::U8, 1),
            (".pam", DType::U8, 2),
            (".pam", DType::U16, 3),
            (".pam", DType::U16, 4),
            (".pam", DType::U8, 7),
            (".pfm", DType::F32, 1),
            (".pfm", DType::F32, 3),
        ] {
            let shape: &[usize] = if samples == 1 { &[3, width] } else { &[3, width, samples] };
            let bytes = if dtype == DType::Bool { bits(3 * width) } else { ramp(3 * width * samples * dtype.size()) };
            trip(extension, dtype, shape, &bytes);
            if matches!(extension, ".pbm" | ".pgm" | ".ppm" | ".pnm") {
                let file = write(extension, dtype, shape, &bytes, Dict::new().with("plain", true)).unwrap();
                assert!(file.is_ascii() && file.split(|&b| b == b'\n').all(|line| line.len() <= 70));
                assert_eq!(read(&file).unwrap(), (shape.to_vec(), dtype, bytes));
            }
        }
    }
    refuses(".ppm", DType::U8, &[2, 2, 4]);
    refuses(".ppm", DType::F32, &[2, 2, 3]);
    refuses(".pam", DType::F32, &[2, 2, 3]);
    refuses(".pfm", DType::U8, &[2, 2]);
    let cmyk = write_as(Some(Color::Cmyk), ".pam", DType::U8, &[1, 1, 4], &[1, 2, 3, 4], Dict::new()).unwrap();
    assert_eq!(meta(&cmyk, Dict::new()).get("mode"), Some(&"CMYK".into()));
}

#[test]
fn numbers_are_mapped_to_the_full_range_as_in_pillow() {
    // round(v / 100 * 255) with halves to even: 10 becomes 25.5, so 26; 50 127.5, so 128.
    let (_, dtype, items) = read(b"P5 4 1 100\n\x00\x0a\x32\xff").unwrap();
    assert_eq!((dtype, items), (DType::U8, vec![0, 26, 128, 255]));
    let (_, dtype, items) = read(b"P2\n3 1\n1023\n0 512 1023\n").unwrap();
    assert_eq!((dtype, items), (DType::U16, words(&[0, 32800, 65535])));
    let (_, _, items) = read(b"P5\n2 1\n1023\n\x02\x00\xff\xff").unwrap();
    assert_eq!(items, words(&[32800, 65535]));
    let (shape, _, items) = read(b"P6 1 1 65535\n\x01\x02\x03\x04\x05\x06").unwrap();
    assert_eq!((shape, items), (vec![1, 1, 3], words(&[0x102, 0x304, 0x506])));
}

#[test]
fn white_is_true() {
    assert_eq!(read(b"P4\n9 1\n\x40\x80").unwrap().2, [1, 0, 1, 1, 1, 1, 1, 1, 0]);
    assert_eq!(read(b"P1 # a comment\n# another\n3 2 010\n# and here 1\n1 1#\n0").unwrap().2, [1, 0, 1, 0, 0, 1]);
    let pam = b"P7\n# bits\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\x00\x01";
    assert_eq!(read(pam).unwrap(), (vec![1, 2], DType::Bool, vec![0, 1]));
}

#[test]
fn text_may_be_broken_anywhere() {
    let file = b"P3\r\n#x\n2\t1 255 # that was the greatest\n1 2\n#3\n3 4#5\n  5\n\n6";
    assert_eq!(read(file).unwrap(), (vec![1, 2, 3], DType::U8, vec![1, 2, 3, 4, 5, 6]));
    for bad in [&b"P2 1 1 9 10"[..], b"P2 1 1 255 x", b"P2 1 1 255 -1", b"P1 1 1 2", b"P2 1 1 0 0", b"P2 1 1 65536 0"] {
        assert_eq!(read(bad).unwrap_err().kind(), ErrorKind::Corrupt, "{}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn floats_come_bottom_up_in_either_order() {
    let numbers = [1.5f32, -2.0];
    for (scale, bytes) in [("-2.5", numbers.map(f32::to_le_bytes)), ("2.5", numbers.map(f32::to_be_bytes))] {
        let file = [format!("Pf\n1 2\n{scale}\n").as_bytes(), bytes.as_flattened()].concat();
        let expected: Vec<u8> = [-2.0f32, 1.5].iter().flat_map(|n| n.to_ne_bytes()).collect();
        assert_eq!(read(&file).unwrap(), (vec![2, 1], DType::F32, expected));
        assert_eq!(meta(&file, Dict::new()).get("scale"), Some(&2.5.into()));
    }
    assert!(read(b"Pf\n1 1\n0\n\0\0\0\0").is_err() && read(b"Pf\n1 1\nnan\n\0\0\0\0").is_err());
}

#[test]
fn a_cut_file_is_an_error_or_partial() {
    let bytes = ramp(20 * 30 * 3);
    let plain = Dict::new().with("plain", true);
    for file in [
        write(".ppm", DType::U8, &[20, 30, 3], &bytes, Dict::new()).unwrap(),
        write(".ppm", DType::U8, &[20, 30, 3], &bytes, plain).unwrap(),
    ] {
        for end in 0..file.len() - 3 {
            assert!(read(&file[..end]).is_err(), "cut at {end}");
        }
        let part = read_partly(&file[..file.len() / 2]);
        let same = part.chunks(90).zip(bytes.chunks(90)).take_while(|(a, b)| a == b).count();
        assert!((8..12).contains(&same) && part[same * 90..].iter().all(|&b| b == 0), "{same}");
    }
    let floats = ramp(16 * 4);
    let file = write(".pfm", DType::F32, &[4, 4], &floats, Dict::new()).unwrap();
    let part = read_partly(&file[..file.len() - 17]);
    assert!(part[..32].iter().all(|&b| b == 0) && part[32..] == floats[32..]);
}

#[test]
fn hostile_headers_are_errors() {
    for bad in [
        &b"P5 4294967295 4294967295 255\n"[..],
        b"P5 99999999999999999999 1 255\n0",
        b"P6 0 1 255\n",
        b"P4 1 0\n",
        b"PF 1000000 1000000 -1\n0000",
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4294967295\nMAXVAL 255\nENDHDR\n",
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 0\nMAXVAL 255\nENDHDR\n",
        b"P7\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\n",
        b"P7\nWIDTH x\nENDHDR\n",
        b"P5 1 1",
        b"P5 #",
    ] {
        let error = read(bad).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Limit), "{error}");
    }
    // Prose is not taken for an image.
    for other in [&b"P1 is a road"[..], b"P6"] {
        assert_eq!(read(other).unwrap_err().kind(), ErrorKind::NoBackend);
    }
}
