use super::*;

fn sample(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 28) as u8).collect()
}

fn packed(wrapper: Wrapper, level: u32, data: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(level).unwrap();
    let mut out = vec![0; compressor.bound(wrapper, data.len())];
    let n = compressor.compress(wrapper, data, &mut out).unwrap();
    out.truncate(n);
    out
}

#[test]
fn what_is_compressed_comes_back() {
    for len in [0, 1, 100, 70_000] {
        let data = sample(len);
        for wrapper in [Wrapper::Raw, Wrapper::Zlib, Wrapper::Gzip] {
            for level in [0, 1, 6, 12] {
                let stream = packed(wrapper, level, &data);
                let mut out = vec![7; len];
                let done = Inflater::new().unwrap().inflate(wrapper, &stream, &mut out);
                assert_eq!(done, Ok(Inflated { read: stream.len(), written: len }));
                assert!(out == data);
            }
        }
    }
}

#[test]
fn another_library_reads_and_writes_the_same() {
    let data = sample(10_000);
    assert!(miniz_oxide::inflate::decompress_to_vec_zlib(&packed(Wrapper::Zlib, 6, &data)).unwrap() == data);
    let theirs = miniz_oxide::deflate::compress_to_vec_zlib(&data, 6);
    let mut out = vec![0; data.len()];
    Inflater::new().unwrap().inflate(Wrapper::Zlib, &theirs, &mut out).unwrap();
    assert!(out == data);
}

#[test]
fn bytes_behind_the_stream_and_room_behind_the_data_are_left_alone() {
    let data = sample(1000);
    let mut stream = packed(Wrapper::Zlib, 6, &data);
    let len = stream.len();
    stream.extend_from_slice(b"more");
    let mut out = vec![9; 1010];
    let done = Inflater::new().unwrap().inflate(Wrapper::Zlib, &stream, &mut out).unwrap();
    assert_eq!(done, Inflated { read: len, written: 1000 });
    assert!(out[..1000] == data && out[1000..] == [9; 10]);
}

#[test]
fn damage_and_bombs_are_told_apart() {
    let stream = packed(Wrapper::Zlib, 9, &vec![0; 100_000]);
    let mut inflater = Inflater::new().unwrap();
    let mut out = vec![0; 99_999];
    assert_eq!(inflater.inflate(Wrapper::Zlib, &stream, &mut out), Err(Error::TooLong));
    let mut out = vec![0; 100_000];
    for cut in 0..stream.len() {
        assert!(inflater.inflate(Wrapper::Zlib, &stream[..cut], &mut out).is_err(), "{cut}");
    }
    let mut wrong = stream.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(inflater.inflate(Wrapper::Zlib, &wrong, &mut out), Err(Error::Corrupt));
    assert!(inflater.inflate(Wrapper::Zlib, &stream, &mut out).is_ok());
}

#[test]
fn too_little_room_for_compressing_is_said() {
    let data = sample(1000);
    assert_eq!(Compressor::new(6).unwrap().compress(Wrapper::Raw, &data, &mut [0; 10]), None);
}

#[test]
fn checksums_are_those_of_the_standards() {
    assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
    assert_eq!(crc32(crc32(0, b"12345"), b"6789"), 0xCBF4_3926);
    assert_eq!(adler32(1, b"Wikipedia"), 0x11E6_0398);
}
