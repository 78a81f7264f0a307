//! The older formats: what further images are, what is told of them, and what is written.

use super::ImagePlugin;
use super::png::tests::{call, image, open, read};
use crate::error::{ErrorKind, Result};
use crate::model::{Color, DType, Dict, Index, List, Value, View};
use crate::plugin::{CallKind, Image, Outcome, Plugin, Writer};
use crate::resource::Output;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/legacy/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// An image of a file.
fn frame(name: &str, index: usize) -> Vec<u8> {
    image(&mut *open(&file(name)).unwrap(), index, Dict::new()).unwrap().1
}

fn meta(name: &str, index: Index) -> Dict {
    open(&file(name)).unwrap().meta(index, &call(CallKind::Meta, Dict::new())).unwrap()
}

fn writer(extension: &str, output: &Output) -> Box<dyn Writer> {
    ImagePlugin::new().create(output.clone(), Some(extension), &call(CallKind::Open, Dict::new())).unwrap()
}

/// Writes images one after another.
fn write(extension: &str, options: Dict, images: &[(DType, &[usize], &[u8])]) -> Result<Vec<u8>> {
    let output = Output::memory();
    let mut writer = writer(extension, &output);
    let call = call(CallKind::Write, options);
    for &(dtype, shape, bytes) in images {
        let view = View::packed(bytes, dtype.size(), shape).unwrap();
        writer.write(&Image { view, dtype, color: None, axes: None, metadata: None }, &call)?;
    }
    writer.finish(&call)?;
    output.memory_bytes()
}

fn noise(n: usize) -> Vec<u8> {
    let mut state = 7u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(n).collect()
}

#[test]
fn layers_lie_on_the_canvas() {
    let (props, middle, outcome) = image(&mut *open(&file("layers.psd")).unwrap(), 1, Dict::new()).unwrap();
    assert_eq!((&*props.shape, props.color, outcome), (&[11, 13, 4][..], Color::Rgba, Outcome::Complete));
    let inside = |y: usize, x: usize| (3..8).contains(&y) && (4..10).contains(&x);
    for (i, pixel) in middle.as_chunks::<4>().0.iter().enumerate() {
        assert!(inside(i / 13, i % 13) || *pixel == [0; 4], "{i}");
    }
    // Of a layer that reaches over the left edge and the lower one, the third pixel is the first that is seen.
    let over = frame("layers.psd", 2);
    assert_eq!(over.len(), 11 * 13 * 3);
    assert_eq!(over[8 * 13 * 3..][..3], middle[(3 * 13 + 6) * 4..][..3]);
    assert!(over[..8 * 13 * 3].iter().all(|&n| n == 0) && over[(8 * 13 + 4) * 3..9 * 13 * 3].iter().all(|&n| n == 0));
    let told = meta("layers.psd", Index::At(2));
    assert_eq!(told.get("layer"), Some(&"over edges".into()));
    assert_eq!(told.get("bounds").and_then(Value::as_floats), Some(vec![-2.0, 8.0, 4.0, 13.0]));
    assert_eq!(
        meta("rgb.psd", Index::Default).get("icc_profile").and_then(Value::as_bytes),
        Some(&b"not a real profile"[..])
    );
}

#[test]
fn layers_of_more_bits_are_found() {
    let (props, deep, _) = image(&mut *open(&file("layers16.psd")).unwrap(), 1, Dict::new()).unwrap();
    assert_eq!((&*props.shape, props.dtype), (&[11, 13, 4][..], DType::U16));
    let sample = |y: usize, x: usize, i: usize| {
        let at = ((y * 13 + x) * 4 + i) * 2;
        u16::from_ne_bytes([deep[at], deep[at + 1]])
    };
    // What went in, as scripts/fixtures/legacy.py makes it.
    for (i, (first, last)) in [(7209, 39976), (20971, 55923), (34734, 6335), (48496, 22282)].into_iter().enumerate() {
        assert_eq!((sample(2, 1, i), sample(6, 6, i), sample(1, 1, i)), (first, last, 0), "{i}");
    }
    let (whole, part) = (frame("layers32.psd", 0), frame("layers32.psd", 1));
    for y in 0..5 {
        assert_eq!(part[y * 52..][..24], whole[y * 52..][..24], "{y}");
    }
}

#[test]
fn frames_change_what_was_before() {
    let first = frame("runs.fli", 0);
    let second = frame("runs.fli", 1);
    let differ = |a: &[u8], b: &[u8]| a.chunks(3).zip(b.chunks(3)).filter(|(a, b)| a != b).count();
    assert!((1..=7).contains(&differ(&first, &second)));
    assert!(frame("runs.fli", 2).chunks(3).all(|p| p == &frame("runs.fli", 2)[..3]));
    assert_eq!(frame("runs.fli", 3), frame("runs.fli", 4));
    // The third frame changes a colour only.
    assert_ne!(frame("words.flc", 1), frame("words.flc", 2));
    let told = meta("runs.fli", Index::At(2));
    assert_eq!(told.get("duration"), Some(&Value::Int(71)));
    assert_eq!(told.get("time_s").and_then(Value::as_float), Some(0.142));
    let mut reader = open(&file("runs.fli")).unwrap();
    assert_eq!(image(&mut *reader, 5, Dict::new()).unwrap_err().kind(), ErrorKind::Index);
    assert_eq!(image(&mut *reader, 1, Dict::new()).unwrap().1, second);
}

#[test]
fn films_tell_their_times() {
    let told = meta("laid.mng", Index::At(2));
    assert_eq!(told.get("duration").and_then(Value::as_float), Some(70.0));
    assert_eq!(told.get("time_s").and_then(Value::as_float), Some(0.14));
    assert_eq!(told.get("loop"), Some(&Value::Int(4)));
    // A difference between images is refused by name.
    let mut bytes = file("laid.mng");
    let at = bytes.windows(4).position(|w| w == b"LOOP").unwrap();
    bytes[at..at + 4].copy_from_slice(b"DHDR");
    assert_eq!(open(&bytes).err().map(|e| e.kind()), Some(ErrorKind::Unsupported));
}

#[test]
fn textures_tell_of_themselves() {
    assert_eq!(meta("texture.wal", Index::Default).get("name").and_then(Value::as_bytes), Some(&b"e1u1/wall"[..]));
    let brush = meta("brush.gbr", Index::Default);
    assert_eq!(brush.get("spacing"), Some(&Value::Int(10)));
    assert_eq!(brush.get("comment").and_then(Value::as_bytes), Some(&b"a brush"[..]));
    assert_ne!(frame("stack.spider", 0), frame("stack.spider", 1));
}

#[test]
fn what_is_written_plainly_reads_back() {
    let sizes: [(usize, usize); 4] = [(1, 1), (5, 7), (3, 130), (9, 64)];
    let kinds: &[(&str, DType, &[usize])] = &[
        (".dds", DType::U8, &[1, 2, 3, 4]),
        (".pcx", DType::U8, &[1, 3]),
        (".pcx", DType::Bool, &[1]),
        (".msp", DType::Bool, &[1]),
        (".im", DType::U8, &[1, 2, 3, 4]),
        (".im", DType::Bool, &[1]),
        (".im", DType::U16, &[1]),
        (".im", DType::I32, &[1]),
        (".im", DType::F32, &[1]),
        (".spider", DType::F32, &[1]),
    ];
    for &(extension, dtype, counts) in kinds {
        for &samples in counts {
            for (height, width) in sizes {
                let shape = [height, width, samples];
                let shape = if samples == 1 { &shape[..2] } else { &shape[..] };
                let mut bytes = noise(shape.iter().product::<usize>() * dtype.size());
                match dtype {
                    DType::Bool => bytes.iter_mut().for_each(|n| *n &= 1),
                    // Whatever they are, floats are to come back.
                    _ => bytes.iter_mut().step_by(3).for_each(|n| *n = 63),
                }
                let written = write(extension, Dict::new(), &[(dtype, shape, &bytes)]).unwrap();
                let (props, back) = read(&written).unwrap_or_else(|e| panic!("{extension} {shape:?}: {e}"));
                assert_eq!((&*props.shape, props.dtype), (shape, dtype), "{extension}");
                assert!(back == bytes, "{extension} {shape:?} {dtype}");
            }
        }
    }
    for (extension, dtype) in [(".dds", DType::U16), (".pcx", DType::F32), (".msp", DType::U8), (".spider", DType::F64)]
    {
        let refused = write(extension, Dict::new(), &[(dtype, &[1, 1], &noise(dtype.size()))]);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Shape, "{extension}");
    }
}

#[test]
fn blocks_are_near_what_went_in() {
    let (height, width) = (10, 14);
    let pixel = |i: usize| [(i % width * 18) as u8, (i / width * 25) as u8, 90, (255 - i) as u8];
    let rgba: Vec<u8> = (0..height * width).flat_map(pixel).collect();
    for name in ["DXT3", "DXT5", "BC2", "BC3"] {
        let options = Dict::new().with("pixel_format", name);
        let written = write(".dds", options, &[(DType::U8, &[height, width, 4], &rgba)]).unwrap();
        let back = read(&written).unwrap().1;
        let worst = back.iter().zip(&rgba).map(|(a, b)| a.abs_diff(*b)).max();
        // Pillow's own are up to 49 off.
        assert!(worst < Some(49), "{name}: {worst:?}");
    }
    // Of one bit of alpha, the colours that are seen count.
    let written = write(".dds", Dict::new().with("pixel_format", "DXT1"), &[(DType::U8, &[height, width, 4], &rgba)]);
    for (a, b) in read(&written.unwrap()).unwrap().1.as_chunks::<4>().0.iter().zip(rgba.as_chunks::<4>().0) {
        assert_eq!(a[3], if b[3] < 128 { 0 } else { 255 });
        assert!(a[3] == 0 || a.iter().zip(b).take(3).all(|(a, b)| a.abs_diff(*b) < 40), "{a:?} {b:?}");
    }
    let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
    let written = write(".dds", Dict::new().with("pixel_format", "BC5"), &[(DType::U8, &[height, width, 3], &rgb)]);
    for (a, b) in read(&written.unwrap()).unwrap().1.as_chunks::<3>().0.iter().zip(rgb.as_chunks::<3>().0) {
        assert!(a[0].abs_diff(b[0]) < 8 && a[1].abs_diff(b[1]) < 8 && a[2] == 0, "{a:?} {b:?}");
    }
}

/// The sizes of the images of a file, in its order.
fn sizes(bytes: &[u8]) -> Vec<[usize; 2]> {
    let mut reader = open(bytes).unwrap();
    let call = call(CallKind::Read, Dict::new());
    let count = reader.count(crate::plugin::Count::Exact, &call).unwrap().unwrap();
    let size = |i| reader.props(Index::At(i), &call).map(|p| [p.shape[0], p.shape[1]]);
    (0..count).map(size).collect::<Result<_>>().unwrap()
}

#[test]
fn icons_have_the_sizes_that_are_asked_for() {
    let large = noise(40 * 40 * 4);
    let one = [(DType::U8, &[40, 40, 4][..], &large[..])];
    assert_eq!(sizes(&write(".ico", Dict::new(), &one).unwrap()), [[32, 32], [24, 24], [16, 16]]);
    let asked = Dict::new().with("sizes", [40, 20].into_iter().collect::<List>());
    let written = write(".ico", asked.clone(), &one).unwrap();
    assert_eq!(sizes(&written), [[40, 40], [20, 20]]);
    assert_eq!(read(&written).unwrap().1, large);
    let written = write(".ico", asked.with("bitmap_format", "bmp"), &one).unwrap();
    assert_eq!((sizes(&written), read(&written).unwrap().1), (vec![[40, 40], [20, 20]], large.clone()));
    // Several that are given stay as they are.
    let small = noise(12 * 9 * 3);
    let both = [one[0], (DType::U8, &[12, 9, 3][..], &small[..])];
    let written = write(".ico", Dict::new(), &both).unwrap();
    assert_eq!(sizes(&written), [[40, 40], [12, 9]]);
    assert_eq!(image(&mut *open(&written).unwrap(), 1, Dict::new()).unwrap().1, small);
    assert_eq!(sizes(&write(".ico", Dict::new(), &both[1..]).unwrap()), [[12, 9]]);
    for bad in [
        Value::from(List::new()),
        [300].into_iter().collect::<List>().into(),
        [64].into_iter().collect::<List>().into(),
    ] {
        let error = write(".ico", Dict::new().with("sizes", bad), &one).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
    }
}

#[test]
fn icons_of_a_mac_are_not_larger_than_what_is_given() {
    let given = noise(128 * 128 * 4);
    let written = write(".icns", Dict::new(), &[(DType::U8, &[128, 128, 4], &given)]).unwrap();
    assert_eq!(sizes(&written), [[128, 128], [64, 64], [32, 32]]);
    assert_eq!(read(&written).unwrap().1, given);
    assert_eq!(sizes(&write(".icns", Dict::new(), &[(DType::U8, &[8, 8], &given[..64])]).unwrap()), [[32, 32]]);
}
