//! imageio's verbs in Rust.

use libimageio::ErrorKind;
use libimageio::model::{DType, Dict, Index, View, ViewMut};
use libimageio::plugin::{CallKind, Outcome};
use libimageio::v3::{self, Mode, NdArray};
use ndarray::{Array2, Array3, ArrayD, Axis, s};
use std::path::PathBuf;

/// A folder of this test's own, which goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let folder = std::env::temp_dir().join(format!("imageio-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn picture() -> Array3<u8> {
    Array3::from_shape_fn((20, 30, 3), |(y, x, c)| (y * 7 + x * 3 + c * 50) as u8)
}

fn write(path: &PathBuf, array: &NdArray) {
    v3::imwrite(path, array.view().unwrap(), array.dtype(), &Dict::new()).unwrap();
}

#[test]
fn an_image_comes_back_as_an_array_of_its_dtype() {
    let scratch = Scratch::new("verbs-dtype");
    let gray16 = NdArray::U16(Array2::from_shape_fn((5, 6), |(y, x)| (y * 9000 + x) as u16).into_dyn());
    for (name, array) in [("rgb.png", NdArray::U8(picture().into_dyn())), ("gray.png", gray16)] {
        let path = scratch.path(name);
        write(&path, &array);
        assert_eq!(v3::imread(&path, Index::Default, &Dict::new()).unwrap(), array);
    }
}

#[test]
fn views_with_any_strides_are_written_without_a_copy_of_ours() {
    let scratch = Scratch::new("verbs-strides");
    let path = scratch.path("part.png");
    let whole = picture();
    let part = whole.slice(s![..;-2, 3..20;2, ..]);
    let view = View::of_array(&part).unwrap();
    assert_eq!(view.base(), part.as_ptr());
    v3::imwrite(&path, view, DType::U8, &Dict::new()).unwrap();
    let read = v3::imread(&path, Index::At(0), &Dict::new()).unwrap();
    assert_eq!(read, NdArray::U8(part.to_owned().into_dyn()));
}

#[test]
fn a_stack_is_read_whole_and_image_by_image() {
    let scratch = Scratch::new("verbs-stack");
    let path = scratch.path("stack.gif");
    let mut file = v3::imopen(&path, Mode::Write, &Dict::new()).unwrap();
    for shade in [0u8, 100, 200] {
        let frame = Array3::from_elem((8, 9, 3), shade);
        file.write(View::of_array(&frame).unwrap(), DType::U8, &Dict::new()).unwrap();
    }
    file.close().unwrap();

    let NdArray::U8(stack) = v3::imread(&path, Index::Default, &Dict::new()).unwrap() else { panic!("another dtype") };
    assert_eq!(stack.shape(), [3, 8, 9, 3]);
    let frames: Vec<NdArray> = v3::imiter(&path, &Dict::new()).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(frames.len(), 3);
    for (i, frame) in frames.into_iter().enumerate() {
        let of_stack: ArrayD<u8> = stack.index_axis(Axis(0), i).to_owned();
        assert_eq!(frame, NdArray::U8(of_stack));
    }
}

#[test]
fn a_stack_of_what_a_cut_file_still_has_is_partial() {
    let frame = Array3::from_elem((8, 9, 3), 100u8);
    let view = || View::of_array(&frame).unwrap();
    let mut bytes = v3::imwrite_bytes(Some(".gif"), view(), DType::U8, &Dict::new()).unwrap();
    for (cut, expected) in [(false, Outcome::Complete), (true, Outcome::Partial)] {
        if cut {
            // The trailer, without which nothing tells whether images are missing.
            bytes.pop();
        }
        let mut file = v3::imopen_bytes(bytes.clone(), &Dict::new()).unwrap();
        let call = file.call(CallKind::Read, &Dict::new().with("allow_partial", true)).unwrap();
        let plan = file.plan(Index::All, &call).unwrap();
        let mut pixels = vec![0; plan.props().nbytes().unwrap()];
        let to = ViewMut::packed(&mut pixels, 1, &plan.props().shape).unwrap();
        assert_eq!(file.read_planned(&plan, &call, to, DType::U8).unwrap(), expected);
        assert_eq!(pixels[..3], [100; 3]);
    }
}

#[test]
fn every_sequence_takes_the_same_words_for_its_times() {
    for extension in [".gif", ".png", ".webp"] {
        let stack = ndarray::Array4::from_shape_fn((3, 8, 9, 3), |(n, y, x, _)| (n * 80 + y + x) as u8);
        let encode = |options: Dict| {
            let options = options.with("is_batch", true);
            v3::imwrite_bytes(Some(extension), View::of_array(&stack).unwrap(), DType::U8, &options)
        };
        let list: libimageio::model::List = [0.1, 0.2, 0.4].into_iter().collect();
        for (options, want) in [
            (Dict::new().with("fps", 5), [0.2; 3]),
            (Dict::new().with("duration", 100), [0.1; 3]),
            (Dict::new().with("duration_s", list), [0.1, 0.2, 0.4]),
        ] {
            let mut file = v3::imopen_bytes(encode(options).unwrap(), &Dict::new()).unwrap();
            for (i, want) in want.into_iter().enumerate() {
                let meta = file.meta(Index::At(i), &Dict::new()).unwrap();
                let found = meta.get("duration_s").and_then(|v| v.as_float()).unwrap();
                assert!((found - want).abs() < 1e-6, "{extension} image {i}: {found}, not {want}");
            }
        }
        let both = encode(Dict::new().with("fps", 5).with("duration", 100)).unwrap_err();
        assert_eq!(both.kind(), ErrorKind::InvalidOption, "{extension}");
    }
}

#[test]
fn what_a_format_rounds_is_said_in_the_log() {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = lines.clone();
    libimageio::log::set(Some(Box::new(move |_, line| kept.lock().unwrap().push(line.to_owned()))));
    let frame = Array3::from_elem((8, 9, 3), 7u8);
    let options = Dict::new().with("duration", 25);
    v3::imwrite_bytes(Some(".gif"), View::of_array(&frame).unwrap(), DType::U8, &options).unwrap();
    libimageio::log::set(None);
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains("30 ms, not 25 ms")), "{lines:?}");
}

#[test]
fn values_convert_on_demand() {
    let scratch = Scratch::new("verbs-convert");
    let path = scratch.path("a.png");
    write(&path, &NdArray::U8(picture().into_dyn()));
    let options = Dict::new().with("dtype", "float32").with("scale", true);
    let NdArray::F32(scaled) = v3::imread(&path, Index::Default, &options).unwrap() else { panic!("another dtype") };
    let close = scaled.iter().zip(picture().iter()).all(|(x, &n)| (x * 255.0 - f32::from(n)).abs() < 1e-3);
    assert!(close);
    assert_eq!(v3::improps(&path, Index::Default, &options).unwrap().dtype, DType::F32);
}

#[test]
fn failures_have_their_kind_and_name_the_resource() {
    let missing = v3::imread("no/such.png", Index::Default, &Dict::new()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(missing.resource_name(), Some("no/such.png"));

    let scratch = Scratch::new("verbs-failures");
    let path = scratch.path("a.nonesuch");
    let frame = Array2::<u8>::zeros((2, 2));
    let refused = v3::imwrite(&path, View::of_array(&frame).unwrap(), DType::U8, &Dict::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoBackend);
    assert!(!path.exists());
}

#[test]
fn bytes_are_encoded_and_decoded_in_memory() {
    let array = NdArray::U8(picture().into_dyn());
    let bytes = v3::imwrite_bytes(Some(".bmp"), array.view().unwrap(), DType::U8, &Dict::new()).unwrap();
    let mut file = v3::imopen_bytes(bytes, &Dict::new()).unwrap();
    assert_eq!(file.plugin(), "image");
    assert_eq!(file.count(libimageio::plugin::Count::Exact, &Dict::new()).unwrap(), Some(1));
    assert!(file.meta(Index::Default, &Dict::new()).unwrap().contains("compression"));
}
