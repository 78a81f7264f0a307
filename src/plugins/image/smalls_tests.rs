//! The small formats against the pictures of tests/data, cut and damaged.

use super::png::tests::{call, image, open, read};
use crate::error::ErrorKind;
use crate::model::{DType, Dict, Index, Value};
use crate::plugin::{CallKind, Outcome};

const FILES: &[&str] = &[
    "masked.ico",
    "alpha.ico",
    "png.ico",
    "arrow.cur",
    "planes.icns",
    "rgb8.sgi",
    "rgb8_rle.sgi",
    "rgb16.sgi",
    "rgb16_rle.sgi",
    "mono.pcx",
    "planes4.pcx",
    "rgb8.pcx",
    "gray8.pcx",
    "two.dcx",
    "mono.ras",
    "rgb24.ras",
    "rle8.ras",
    "bits.xbm",
    "colors.xpm",
    "mono.msp",
    "rgb.im",
    "rgb.pxr",
    "small.xv",
];

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_file_reads_as_its_properties_say() {
    for name in FILES {
        let (props, bytes) = read(&file(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(bytes.len(), props.nbytes().unwrap(), "{name}");
        let items = if props.dtype == DType::Bool { 0..=1 } else { 0..=255 };
        assert!(bytes.iter().all(|b| items.contains(b)), "{name}");
    }
}

#[test]
fn one_picture_is_the_same_in_every_format() {
    let whole = read(&file("rgb8.png")).unwrap().1;
    for name in ["rgb8.sgi", "rgb8_rle.sgi", "rgb8.pcx", "two.dcx", "rgb24.ras", "rgb.im", "rgb.pxr"] {
        assert!(read(&file(name)).unwrap().1 == whole, "{name}");
    }
    let bits = read(&file("gray1.png")).unwrap().1;
    for name in ["mono.pcx", "mono.ras", "bits.xbm", "mono.msp"] {
        assert!(read(&file(name)).unwrap().1 == bits, "{name}");
    }
    let rgba = read(&file("rgba8.png")).unwrap().1;
    for name in ["alpha.ico", "png.ico", "arrow.cur"] {
        assert!(read(&file(name)).unwrap().1 == rgba, "{name}");
    }
}

#[test]
fn cut_and_damaged_files_are_errors_or_pictures() {
    for name in FILES {
        let (whole, mut bytes) = (read(&file(name)).unwrap().1, file(name));
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 400) {
            match read(&bytes[..end]) {
                Ok((_, part)) => assert!(part == whole, "{name} cut at {end}"),
                Err(e) => assert_ne!(e.kind(), ErrorKind::Internal, "{name} cut at {end}: {e}"),
            }
        }
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 150) {
            for flip in [1, 0x80, 0xff] {
                bytes[at] ^= flip;
                let small = open(&bytes).and_then(|mut r| r.props(Index::At(0), &call(CallKind::Read, Dict::new())));
                if small.is_ok_and(|p| p.nbytes().is_ok_and(|n| n < 1 << 20)) {
                    let error = read(&bytes).err().map(|e| e.kind());
                    assert_ne!(error, Some(ErrorKind::Internal), "{name} changed at {at}");
                }
                bytes[at] ^= flip;
            }
        }
    }
}

#[test]
fn the_rows_that_are_there_can_be_had() {
    let bytes = file("rgb24.ras");
    let whole = read(&bytes).unwrap().1;
    let mut reader = open(&bytes[..32 + 40 * 5 + 7]).unwrap();
    let (_, part, outcome) = image(&mut *reader, 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    assert!(part[..39 * 5] == whole[..39 * 5] && part[39 * 5..].iter().all(|&b| b == 0));
}

#[test]
fn the_further_images_and_the_metadata_are_told() {
    let mut reader = open(&file("two.dcx")).unwrap();
    let (first, second) = (image(&mut *reader, 0, Dict::new()).unwrap(), image(&mut *reader, 1, Dict::new()).unwrap());
    assert!(first.1 == second.1);
    assert_eq!(image(&mut *reader, 2, Dict::new()).unwrap_err().kind(), ErrorKind::Index);
    let meta =
        |name: &str| open(&file(name)).unwrap().meta(Index::Default, &call(CallKind::Meta, Dict::new())).unwrap();
    assert_eq!(meta("rgb8.pcx").get("dpi").and_then(Value::as_floats), Some(vec![72.0, 72.0]));
    assert_eq!(meta("arrow.cur").get("hotspot").and_then(Value::as_floats), Some(vec![3.0, 4.0]));
    assert_eq!(meta("planes4.pcx").get("mode"), Some(&"P".into()));
}

#[test]
fn what_is_written_reads_back() {
    use super::ImagePlugin;
    use crate::error::Result;
    use crate::model::View;
    use crate::plugin::{Image, Plugin};
    use crate::resource::Output;
    fn write(extension: &str, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Vec<u8>> {
        let output = Output::memory();
        let open = call(CallKind::Open, Dict::new());
        let mut writer = ImagePlugin::new().create(output.clone(), Some(extension), &open)?;
        let view = View::packed(bytes, dtype.size(), shape).unwrap();
        let image = Image { view, dtype, color: None, axes: None, metadata: None };
        writer.write(&image, &call(CallKind::Write, Dict::new()))?;
        assert!(writer.write(&image, &call(CallKind::Write, Dict::new())).is_err());
        writer.finish(&call(CallKind::Write, Dict::new()))?;
        Ok(output.memory_bytes().unwrap())
    }
    for samples in 1..=4 {
        for dtype in [DType::U8, DType::U16] {
            let shape: &[usize] = if samples == 1 { &[5, 7] } else { &[5, 7, samples] };
            let bytes: Vec<u8> = (0..35 * samples * dtype.size()).map(|i| (i * 7 % 251) as u8).collect();
            let (props, back) = read(&write(".sgi", dtype, shape, &bytes).unwrap()).unwrap();
            assert_eq!((&*props.shape, props.dtype, back), (shape, dtype, bytes));
        }
    }
    for width in [1, 8, 9, 30] {
        let bits: Vec<u8> = (0..width * 3).map(|i| u8::from(i % 3 == 0)).collect();
        assert_eq!(read(&write(".xbm", DType::Bool, &[3, width], &bits).unwrap()).unwrap().1, bits);
    }
    assert_eq!(write(".xbm", DType::U8, &[1, 1], &[0]).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(write(".sgi", DType::F32, &[1, 1], &[0; 4]).unwrap_err().kind(), ErrorKind::Shape);
}
