//! What the options that every read takes do: `mode`, `rotate`, `start_s`.

use libimageio::ErrorKind;
use libimageio::model::{DType, Dict, Index, Value};
use libimageio::plugin::CallKind;
use libimageio::v3::{self, File, NdArray};
use ndarray::{ArrayD, IxDyn};
use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str, options: &Dict) -> NdArray {
    let array = v3::imread(fixture(name), Index::At(0), options).unwrap();
    let props = v3::improps(fixture(name), Index::At(0), options).unwrap();
    assert_eq!((&*props.shape, props.dtype), (array.shape(), array.dtype()));
    array
}

fn bytes(array: NdArray) -> ArrayD<u8> {
    match array {
        NdArray::U8(array) => array,
        other => panic!("{} instead of uint8", other.dtype()),
    }
}

#[test]
fn modes_convert_as_pillow_does() {
    let rgb = bytes(read("rgb8.png", &Dict::new()));
    let gray = bytes(read("rgb8.png", &Dict::new().with("mode", "L")));
    assert_eq!(gray.shape(), &rgb.shape()[..2]);
    for (pixel, &l) in rgb.rows().into_iter().zip(&gray) {
        let sum = u32::from(pixel[0]) * 19595 + u32::from(pixel[1]) * 38470 + u32::from(pixel[2]) * 7471;
        assert_eq!(l, ((sum + 0x8000) >> 16) as u8);
    }
    let rgba = bytes(read("rgb8.png", &Dict::new().with("pilmode", "RGBA")));
    assert!(rgba.rows().into_iter().zip(rgb.rows()).all(|(a, b)| a.to_vec()[..3] == b.to_vec()[..] && a[3] == 255));
    assert_eq!(read("gray8.png", &Dict::new().with("mode", "F")).dtype(), DType::F32);
}

#[test]
fn modes_go_with_stacks_strides_and_dtypes() {
    let plain = v3::imread(fixture("keep.gif"), Index::All, &Dict::new().with("mode", "L")).unwrap();
    let wide = v3::imread(fixture("keep.gif"), Index::All, &Dict::new().with("mode", "L").with("dtype", "int32"));
    let (NdArray::U8(plain), NdArray::I32(wide)) = (plain, wide.unwrap()) else { panic!("other dtypes") };
    assert_eq!(plain.mapv(i32::from), wide);
}

#[test]
fn a_mode_without_a_meaning_is_refused() {
    let refused = v3::imread(fixture("rgb.pfm"), Index::Default, &Dict::new().with("mode", "RGB")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    let unknown = v3::imread(fixture("rgb8.png"), Index::Default, &Dict::new().with("mode", "XYZ")).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::InvalidOption);
}

#[test]
fn rotating_turns_the_image_and_hides_what_was_applied() {
    // EXIF orientation 6: the stored image is to be turned clockwise.
    let name = "orientation6.jpg";
    let stored = bytes(read(name, &Dict::new()));
    let upright = bytes(read(name, &Dict::new().with("rotate", true)));
    let (h, w) = (stored.shape()[0], stored.shape()[1]);
    assert_eq!(upright.shape(), [w, h, 3]);
    for y in 0..h {
        for x in 0..w {
            for c in 0..3 {
                assert_eq!(upright[IxDyn(&[x, h - 1 - y, c])], stored[IxDyn(&[y, x, c])]);
            }
        }
    }
    let props = |rotate: bool| v3::improps(fixture(name), Index::At(0), &Dict::new().with("rotate", rotate)).unwrap();
    assert_eq!((props(false).orientation, props(false).oriented), (6, false));
    assert_eq!((props(true).orientation, props(true).oriented), (1, true));

    let shown = |options: Dict| v3::immeta(fixture(name), Index::At(0), &options).unwrap().contains("Orientation");
    assert!(shown(Dict::new()));
    assert!(!shown(Dict::new().with("rotate", true)));
    assert!(shown(Dict::new().with("rotate", true).with("exclude_applied", false)));
}

fn times(file: &mut File) -> Vec<f64> {
    let meta = |i| file.meta(Index::At(i), &Dict::new()).ok();
    (0..).map_while(meta).map(|m| m.get("time_s").and_then(Value::as_float).unwrap()).collect()
}

#[test]
fn iterators_begin_at_a_time() {
    for name in ["keep.gif", "animated.png", "animated.webp"] {
        let mut file = v3::imopen(fixture(name), v3::Mode::Read, &Dict::new()).unwrap();
        let times = times(&mut file);
        assert!(times.len() > 1, "{name}");
        for (i, time) in times.iter().enumerate() {
            let options = Dict::new().with("start_s", time + 0.001);
            let from = v3::imiter(fixture(name), &options).unwrap().next().unwrap().unwrap();
            let own = v3::imread(fixture(name), Index::At(i), &Dict::new()).unwrap();
            assert_eq!(from, own, "{name} at {time} s");
        }
    }
}

#[test]
fn iterators_tell_the_time_of_each_image() {
    for name in ["keep.gif", "animated.png", "animated.webp"] {
        let mut file = v3::imopen(fixture(name), v3::Mode::Read, &Dict::new()).unwrap();
        let times = times(&mut file);
        let mut cursor = v3::Cursor::new(&mut file, &Dict::new().with("every", 2)).unwrap();
        let mut i = 0;
        while let Some(props) = cursor.props(&mut file).unwrap() {
            let mut memory = vec![0; props.nbytes().unwrap()];
            let view = libimageio::model::ViewMut::packed(&mut memory, props.dtype.size(), &props.shape).unwrap();
            cursor.next(&mut file, view, props.dtype).unwrap();
            let meta = cursor.meta(&mut file).unwrap();
            assert_eq!(meta.get("time_s").and_then(Value::as_float), Some(times[i]), "{name} image {i}");
            assert!(meta.contains("duration_s"), "{name}");
            i += 2;
        }
    }
}

/// A multi-picture file of two images, of which the second has another orientation.
fn turned_apart() -> Vec<u8> {
    let image = std::fs::read(fixture("orientation6.jpg")).unwrap();
    let mut second = image.clone();
    let value = second.windows(6).position(|w| w == [0x01, 0x12, 0, 3, 0, 0]).unwrap() + 9;
    assert_eq!(second[value], 6);
    second[value] = 1;
    let mut index = b"MPF\0II\x2a\0\x08\0\0\0\x02\0".to_vec();
    index.extend_from_slice(b"\x01\xb0\x04\0\x01\0\0\0\x02\0\0\0");
    index.extend_from_slice(b"\x02\xb0\x07\0\x20\0\0\0\x26\0\0\0\0\0\0\0");
    let len = index.len() + 32;
    // The index counts from behind its mark, which stands behind SOI, marker and length.
    let start = (image.len() + len + 4 - 10) as u32;
    for at in [0, start] {
        index.extend([0, image.len() as u32, at, 0].iter().flat_map(|n| n.to_le_bytes()));
    }
    let mut file = image[..2].to_vec();
    file.extend_from_slice(&[0xFF, 0xE2]);
    file.extend_from_slice(&(len as u16 + 2).to_be_bytes());
    file.extend_from_slice(&index);
    file.extend_from_slice(&image[2..]);
    file.extend_from_slice(&second);
    file
}

#[test]
fn images_that_are_turned_apart_do_not_stack_upright() {
    let mut file = v3::imopen_bytes(turned_apart(), &Dict::new()).unwrap();
    let upright = Dict::new().with("rotate", true);
    let mut shape = |index, options: &Dict| {
        let call = file.call(CallKind::Props, options)?;
        file.plan(index, &call).map(|plan| plan.props().shape.to_vec())
    };
    let stored = shape(Index::At(0), &Dict::new()).unwrap();
    assert_eq!(shape(Index::All, &Dict::new()).unwrap(), [&[2], &stored[..]].concat());
    assert_eq!(shape(Index::At(0), &upright).unwrap()[..2], [stored[1], stored[0]]);
    assert_eq!(shape(Index::At(1), &upright).unwrap(), stored);
    assert_eq!(shape(Index::All, &upright).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn dicom_behind_the_header_of_a_tiff_is_no_tiff() {
    let mut bytes = std::fs::read(fixture("tiff/bits4.tif")).unwrap();
    assert_eq!(v3::imopen_bytes(bytes.clone(), &Dict::new()).unwrap().plugin(), "tiff");
    bytes[128..132].copy_from_slice(b"DICM");
    let error = v3::imopen_bytes(bytes, &Dict::new()).err().unwrap();
    assert_eq!((error.kind(), error.plugin_name()), (ErrorKind::PluginUnavailable, Some("DICOM")));
}

#[test]
fn a_reference_black_beyond_all_measure_is_no_defect() {
    // A reference of chroma that no whole number holds.
    let mut bytes = std::fs::read(fixture("tiff_codecs/chroma_2x2_532.tif")).unwrap();
    bytes[168] ^= 0xFF;
    let mut file = v3::imopen_bytes(bytes, &Dict::new()).unwrap();
    let call = file.call(CallKind::Read, &Dict::new()).unwrap();
    let plan = file.plan(Index::At(0), &call).unwrap();
    let props = plan.props().clone();
    let mut pixels = vec![0; props.nbytes().unwrap()];
    let view = libimageio::model::ViewMut::packed(&mut pixels, 1, &props.shape).unwrap();
    assert!(file.read_planned(&plan, &call, view, props.dtype).is_ok());
}
