use super::super::single::tests::{ramp, read, read_named, refuses, write};
use crate::error::{ErrorKind, Result};
use crate::model::{DType, Dict};

/// A file without a footer.
fn tga(kind: u8, size: [u16; 2], bits: u8, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 18];
    (file[2], file[16], file[17]) = (kind, bits, flags);
    file[12..14].copy_from_slice(&size[0].to_le_bytes());
    file[14..16].copy_from_slice(&size[1].to_le_bytes());
    file.extend_from_slice(data);
    file
}

fn named(file: &[u8]) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    read_named(file, ".tga")
}

#[test]
fn what_is_written_reads_back() {
    for (rle, orientation) in [(false, -1), (false, 1), (true, -1), (true, 1)] {
        let options = Dict::new().with("rle", rle).with("orientation", orientation);
        for width in [1, 7, 9, 200] {
            for samples in 1..=4 {
                let shape: &[usize] = if samples == 1 { &[3, width] } else { &[3, width, samples] };
                let bytes: Vec<u8> =
                    (0..3 * width * samples).map(|i| (i / samples % 40 / 5 * 9 + i % samples) as u8).collect();
                let file = write(".tga", DType::U8, shape, &bytes, options.clone()).unwrap();
                assert_eq!(read(&file).unwrap(), (shape.to_vec(), DType::U8, bytes.clone()));
                assert_eq!(named(&file).unwrap().2, bytes);
            }
        }
    }
    let bits: Vec<u8> = ramp(3 * 13).iter().map(|b| b & 1).collect();
    let file = write(".icb", DType::Bool, &[3, 13], &bits, Dict::new()).unwrap();
    assert_eq!(read(&file).unwrap(), (vec![3, 13], DType::Bool, bits));
    refuses(".tga", DType::U16, &[2, 2, 3]);
    let error = write(".tga", DType::U8, &[1, 70_000], &[0; 70_000], Dict::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}

#[test]
fn a_name_or_a_footer_is_needed() {
    let file = tga(3, [2, 2], 8, 0x20, &[1, 2, 3, 4]);
    assert_eq!(named(&file).unwrap().2, [1, 2, 3, 4]);
    assert_eq!(read(&file).unwrap_err().kind(), ErrorKind::NoBackend);
    let footer = [&file[..], &[0; 8], b"TRUEVISION-XFILE.\0"].concat();
    assert_eq!(read(&footer).unwrap().2, [1, 2, 3, 4]);
    assert_eq!(named(b"neither this nor that but text").unwrap_err().kind(), ErrorKind::NoBackend);
}

#[test]
fn directions_are_followed() {
    let data = [1, 2, 3, 4, 5, 6];
    for (flags, expected) in
        [(0x20, [1, 2, 3, 4, 5, 6]), (0x00, [4, 5, 6, 1, 2, 3]), (0x30, [3, 2, 1, 6, 5, 4]), (0x10, [6, 5, 4, 3, 2, 1])]
    {
        assert_eq!(named(&tga(3, [3, 2], 8, flags, &data)).unwrap().2, expected);
    }
    assert_eq!(named(&tga(2, [2, 1], 24, 0x30, &data)).unwrap().2, [6, 5, 4, 3, 2, 1]);
}

#[test]
fn runs_may_go_on_in_the_next_row() {
    let data = [0x84, 7, 0x02, 1, 2, 3];
    assert_eq!(named(&tga(11, [3, 2], 8, 0x20, &data)).unwrap().2, [7, 7, 7, 7, 7, 1]);
    assert_eq!(named(&tga(11, [4, 2], 8, 0x20, &data)).unwrap().2, [7, 7, 7, 7, 7, 1, 2, 3]);
}

#[test]
fn fields_and_palettes_become_colours() {
    let data = [0x00, 0x7c, 0xe0, 0x83];
    assert_eq!(named(&tga(2, [2, 1], 15, 0x20, &data)).unwrap().2, [255, 0, 0, 0, 255, 0]);
    assert_eq!(named(&tga(2, [2, 1], 16, 0x20, &data)).unwrap().2, [255, 0, 0, 255, 0, 255, 0, 0]);
    let mut file = tga(1, [3, 1], 8, 0x20, &[3, 2, 1, 6, 5, 4, 6, 5, 9]);
    (file[1], file[3], file[5], file[7]) = (1, 5, 2, 24);
    assert_eq!(named(&file).unwrap(), (vec![1, 3, 3], DType::U8, vec![4, 5, 6, 1, 2, 3, 0, 0, 0]));
    let mut file = tga(1, [1, 1], 8, 0x20, &[3, 2, 1, 9, 0]);
    (file[1], file[5], file[7]) = (1, 1, 32);
    assert_eq!(named(&file).unwrap(), (vec![1, 1, 4], DType::U8, vec![1, 2, 3, 9]));
}

#[test]
fn an_alpha_without_meaning_is_opaque() {
    let pixels = [3, 2, 1, 0];
    let mut file = tga(2, [1, 1], 32, 0x28, &pixels);
    assert_eq!(named(&file).unwrap().2, [1, 2, 3, 0]);
    let place = file.len() as u32;
    file.extend([0; 495]);
    file.extend(place.to_le_bytes());
    file.extend([0; 4]);
    file.extend(b"TRUEVISION-XFILE.\0");
    assert_eq!(named(&file).unwrap().2, [1, 2, 3, 255]);
}

#[test]
fn damage_is_an_error() {
    let bytes = ramp(20 * 30 * 3);
    for rle in [false, true] {
        let file = write(".tga", DType::U8, &[20, 30, 3], &bytes, Dict::new().with("rle", rle)).unwrap();
        for end in 0..file.len() - 26 {
            let error = named(&file[..end]).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NoBackend), "cut at {end}: {error}");
        }
    }
    assert!(named(&tga(2, [65535, 65535], 32, 0, &[0; 9])).is_err());
    let mut file = tga(1, [1, 1], 8, 0x20, &[1, 2]);
    (file[1], file[3], file[5], file[7]) = (1, 0xff, 0xff, 32);
    assert!(named(&file).is_err());
}
