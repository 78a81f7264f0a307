//! OpenEXR, JPEG 2000, JPEG XL and JPEG-LS against the pictures of tests/data/modern, which other libraries made and
//! read; cut and damaged; and written.

use super::png::tests::{call, image, open, read};
use super::single::tests::{read_partly, write};
use crate::error::ErrorKind;
use crate::model::{DType, Dict, Index, List, Value};
use crate::plugin::{CallKind, Count};

fn folder() -> String {
    format!("{}/tests/data/modern", env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/{name}", folder())).unwrap()
}

/// The lines of the list: words each.
fn expected() -> Vec<Vec<String>> {
    let list = std::fs::read_to_string(format!("{}/expected.txt", folder())).unwrap();
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// The mean of each channel.
fn means(dtype: DType, samples: usize, bytes: &[u8]) -> Vec<f64> {
    let values: Vec<f64> = match dtype {
        DType::U8 => bytes.iter().map(|&b| b.into()).collect(),
        DType::F32 => bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_ne_bytes(b).into()).collect(),
        other => panic!("no means of {other}"),
    };
    let count = (values.len() / samples) as f64;
    (0..samples).map(|c| values.iter().skip(c).step_by(samples).sum::<f64>() / count).collect()
}

#[test]
fn every_file_reads_as_other_libraries_read_it() {
    let lines = expected();
    assert!(lines.len() > 50);
    for line in lines {
        let [name, shape, dtype, images, _, _, how, rest @ ..] = &line[..] else { panic!("{line:?}") };
        let mut reader = open(&file(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let options = call(CallKind::Count, Dict::new());
        assert_eq!(
            reader.count(Count::Exact, &options).unwrap().unwrap().to_string(),
            images.trim_end_matches(char::is_alphabetic),
            "{name}"
        );
        let (props, bytes, _) = image(&mut *reader, 0, Dict::new()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let sides: Vec<String> = props.shape.iter().map(usize::to_string).collect();
        assert_eq!((sides.join("x"), props.dtype.name()), (shape.clone(), &dtype[..]), "{name}");
        if how == "exact" {
            assert_eq!(format!("{:016x}", fnv(&bytes)), rest[0], "{name}");
        } else {
            let samples = props.shape.get(2).copied().unwrap_or(1);
            let tolerance: f64 = rest[0].parse().unwrap();
            for (mean, wanted) in means(props.dtype, samples, &bytes).iter().zip(&rest[1..]) {
                assert!((mean - wanted.parse::<f64>().unwrap()).abs() <= tolerance, "{name}: {mean} {wanted}");
            }
        }
    }
}

#[test]
fn cut_files_are_errors_or_the_picture() {
    for line in expected() {
        let name = &line[0];
        let bytes = file(name);
        let whole = read(&bytes).unwrap().1;
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 60) {
            match read(&bytes[..end]) {
                // A file of several images may have the first.
                Ok((_, part)) => assert!(part == whole, "{name} cut at {end}"),
                Err(e) => assert_ne!(e.kind(), ErrorKind::Internal, "{name} cut at {end}: {e}"),
            }
        }
    }
}

#[test]
fn changed_files_are_errors_or_pictures() {
    for line in expected() {
        let name = &line[0];
        let mut bytes = file(name);
        let partial = || Dict::new().with("allow_partial", true);
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 30) {
            for flip in [1, 0x80, 0xff] {
                bytes[at] ^= flip;
                let small = open(&bytes).and_then(|mut r| r.props(Index::At(0), &call(CallKind::Read, Dict::new())));
                if small.is_ok_and(|p| p.nbytes().is_ok_and(|n| n < 1 << 20)) {
                    let error = read(&bytes).err().map(|e| e.kind());
                    assert_ne!(error, Some(ErrorKind::Internal), "{name} changed at {at}");
                    let _ = open(&bytes).and_then(|mut r| image(&mut *r, 0, partial()));
                    let _ = open(&bytes).and_then(|mut r| r.meta(Index::At(0), &call(CallKind::Meta, Dict::new())));
                }
                bytes[at] ^= flip;
            }
        }
    }
}

#[test]
fn the_rows_that_are_there_can_be_had() {
    for (name, part) in [("half_zips.exr", 0.7), ("float_none.exr", 0.6), ("tiled.exr", 0.8), ("gray.jls", 0.5)] {
        let bytes = file(name);
        let (props, whole) = read(&bytes).unwrap();
        let cut = read_partly(&bytes[..(bytes.len() as f64 * part) as usize]);
        let pitch = whole.len() / props.shape[0];
        let same = cut.chunks(pitch).zip(whole.chunks(pitch)).filter(|(a, b)| a == b).count();
        assert!(same > 3 && same < props.shape[0], "{name}: {same} rows");
    }
    for name in ["rgb.jxl", "tiled.jp2"] {
        let bytes = file(name);
        read_partly(&bytes[..bytes.len() * 3 / 4]);
    }
}

#[test]
fn further_images_are_parts_and_layers_and_frames() {
    let mut reader = open(&file("layers.exr")).unwrap();
    let mut shape = |i: usize| image(&mut *reader, i, Dict::new()).unwrap().0.shape.to_vec();
    assert_eq!([shape(0), shape(1), shape(2)], [vec![19, 23, 3], vec![19, 23], vec![19, 23, 2]]);
    let meta = reader.meta(Index::At(2), &call(CallKind::Meta, Dict::new())).unwrap();
    assert_eq!(meta.get("layer"), Some(&"normal".into()));
    let channels: List = ["normal.X", "normal.Y"].into_iter().collect();
    assert_eq!(meta.get("channels"), Some(&Value::List(channels)));
    let mut reader = open(&file("parts.exr")).unwrap();
    let (second, ..) = image(&mut *reader, 1, Dict::new()).unwrap();
    assert_eq!((&second.shape[..], second.bits), (&[19, 23][..], 32));
    let mut reader = open(&file("animated.jxl")).unwrap();
    let mut frame = |i: usize| image(&mut *reader, i, Dict::new()).unwrap().1;
    // In any order the same.
    let frames = [frame(2), frame(0), frame(1), frame(2)];
    assert!(frames[0] == frames[3] && frames[0] != frames[1] && frames[1] != frames[2]);
    assert_eq!(image(&mut *reader, 3, Dict::new()).unwrap_err().kind(), ErrorKind::Index);
    let meta = reader.meta(Index::At(1), &call(CallKind::Meta, Dict::new())).unwrap();
    assert_eq!((meta.get("duration"), meta.get("time_s")), (Some(&120.0.into()), Some(&0.04.into())));
    assert_eq!(meta.get("loop"), Some(&0.into()));
}

fn meta_of(file: &[u8]) -> Dict {
    open(file).unwrap().meta(Index::Default, &call(CallKind::Meta, Dict::new())).unwrap()
}

#[test]
fn metadata_are_told() {
    let meta = |name: &str| meta_of(&file(name));
    let exr = meta("rgba.exr");
    assert_eq!(exr.get("comments"), Some(&"a comment".into()));
    assert_eq!(exr.get("compression"), Some(&"zip".into()));
    assert_eq!(exr.get("dataWindow").and_then(Value::as_floats), Some(vec![-3.0, 5.0, 19.0, 23.0]));
    let jxl = meta("exif.jxl");
    assert_eq!((jxl.get("Make"), jxl.get("Orientation")), (Some(&"a maker".into()), None));
    assert_eq!(jxl.get("xmp").and_then(Value::as_bytes), Some(&b"<x:xmpmeta/>"[..]));
    let packed = meta("brob.jxl");
    assert_eq!(packed.get("Make"), Some(&"a maker".into()));
    assert_eq!(packed.get("xmp").and_then(Value::as_bytes), Some(&b"<x:xmpmeta/>".repeat(20)[..]));
    assert_eq!(meta("rgb.j2k").get("comment").and_then(Value::as_bytes), Some(&b"made by Pillow"[..]));
    assert_eq!((meta("gray16.jp2").get("mode"), meta("near.jls").get("near")), (Some(&"I;16".into()), Some(&3.into())));
}

#[test]
fn metadata_are_written() {
    let exif = meta_of(&file("exif.jxl")).get("exif").cloned().unwrap();
    let (xmp, icc) = ("<x:xmpmeta/>", &[7u8; 300][..]);
    for extension in [".jp2", ".jxl"] {
        let marked = [b"Exif\0\0", exif.as_bytes().unwrap()].concat();
        let mut options = Dict::new().with("exif", &marked[..]).with("xmp", xmp);
        if extension == ".jp2" {
            options.set("icc_profile", icc);
        }
        let pixels = picture(DType::U8, 30 * 20 * 3);
        let written = write(extension, DType::U8, &[30, 20, 3], &pixels, options).unwrap();
        assert!(read(&written).unwrap().1 == pixels, "{extension}");
        let meta = meta_of(&written);
        assert_eq!((meta.get("exif"), meta.get("Make")), (Some(&exif), Some(&"a maker".into())), "{extension}");
        assert_eq!(meta.get("xmp").and_then(Value::as_bytes), Some(xmp.as_bytes()), "{extension}");
        let wanted = (extension == ".jp2").then_some(icc);
        assert_eq!(meta.get("icc_profile").and_then(Value::as_bytes), wanted, "{extension}");
    }
    let refused = write(".j2k", DType::U8, &[8, 8], &[0; 64], Dict::new().with("xmp", xmp)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidOption);
}

#[test]
fn resolutions_are_levels() {
    for (reduce, reduction, shape) in [(1, 1, [29, 37, 3]), (2, 2, [15, 19, 3]), (4, 4, [8, 10, 3]), (8, 4, [8, 10, 3])]
    {
        let mut reader = open(&file("levels.jp2")).unwrap();
        let options = Dict::new().with("reduce", reduce);
        let (props, ..) = image(&mut *reader, 0, options.clone()).unwrap();
        assert_eq!(props.shape[..], shape);
        assert_eq!(reader.reduction(Index::At(0), &call(CallKind::Read, options)).unwrap(), reduction);
    }
}

/// Smooth colours with noise in the lowest bits.
fn picture(dtype: DType, items: usize) -> Vec<u8> {
    let value = |i: usize| (i * 37 % 1009) as f32 / 64.0 - 2.0;
    match dtype {
        DType::F16 => (0..items).flat_map(|i| half::f16::from_f32(value(i)).to_ne_bytes()).collect(),
        DType::F32 => (0..items).flat_map(|i| value(i).to_ne_bytes()).collect(),
        DType::U32 => (0..items).flat_map(|i| (i as u32).wrapping_mul(2_654_435_761).to_ne_bytes()).collect(),
        _ => (0..items * dtype.size()).map(|i| (i * 7 % 251) as u8).collect(),
    }
}

#[test]
fn what_is_written_reads_back() {
    for compression in ["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a"] {
        for (dtype, samples) in [(DType::F32, 3), (DType::F16, 4), (DType::U32, 1), (DType::F32, 2)] {
            let shape: &[usize] = if samples == 1 { &[40, 21] } else { &[40, 21, samples] };
            let pixels = picture(dtype, 40 * 21 * samples);
            let options = Dict::new().with("compression", compression);
            let file = write(".exr", dtype, shape, &pixels, options).unwrap();
            let (props, back) = read(&file).unwrap();
            assert_eq!((&props.shape[..], props.bits == 16), (shape, dtype == DType::F16));
            let is_lossy = matches!((compression, dtype), ("b44" | "b44a", DType::F16) | ("pxr24", DType::F32));
            let wanted = match dtype {
                DType::F16 => {
                    let halves = pixels.as_chunks::<2>().0.iter();
                    halves.flat_map(|&b| half::f16::from_ne_bytes(b).to_f32().to_ne_bytes()).collect()
                }
                _ => pixels,
            };
            assert!(is_lossy || back == wanted, "{compression} {dtype}");
        }
    }
    for extension in [".jp2", ".j2k", ".jxl", ".jls"] {
        for (dtype, samples) in [(DType::U8, 1), (DType::U8, 3), (DType::U16, 1), (DType::U16, 4), (DType::U8, 2)] {
            let shape: &[usize] = if samples == 1 { &[40, 21] } else { &[40, 21, samples] };
            let pixels = picture(dtype, 40 * 21 * samples);
            if (extension, dtype, samples) == (".jxl", DType::U16, 4) {
                let error = write(extension, dtype, shape, &pixels, Dict::new()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Shape);
                continue;
            }
            let file = write(extension, dtype, shape, &pixels, Dict::new()).unwrap();
            let (props, back) = read(&file).unwrap();
            assert_eq!((&props.shape[..], props.dtype), (shape, dtype), "{extension}");
            assert!(back == pixels, "{extension} {dtype} {samples}");
        }
        let error = write(extension, DType::F64, &[2, 2], &[0; 32], Dict::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
    }
    let lossy = Dict::new().with("quality_layers", [5.0].into_iter().collect::<List>()).with("irreversible", true);
    let pixels: Vec<u8> = (0..64 * 64).map(|i| (i / 64 * 2 + i % 64) as u8).collect();
    let file = write(".jp2", DType::U8, &[64, 64], &pixels, lossy).unwrap();
    let far = read(&file).unwrap().1.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(file.len() < 1200 && far < Some(16), "{} bytes, {far:?}", file.len());
}
