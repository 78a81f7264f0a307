use super::super::ImagePlugin;
use crate::error::{ErrorKind, Result};
use crate::model::{Cast, DType, Destination, Dict, Index, Limits, List, Props, Value, View, ViewMut};
use crate::plugin::{Call, CallKind, Count, Image, Outcome, Plugin, Reader, check};
use crate::resource::{Output, read_memory};
use png::{BitDepth, ColorType};
use std::sync::Arc;

/// A call with options.
pub fn call(kind: CallKind, options: Dict) -> Call {
    let declared = Arc::new(ImagePlugin::new().declaration().clone());
    let options = check(&options, &declared, kind).unwrap();
    Call::new(options, declared, Limits::default(), 1)
}

pub fn open(file: &[u8]) -> Result<Box<dyn Reader>> {
    ImagePlugin::new().open(read_memory(file.to_vec(), None)?, &call(CallKind::Open, Dict::new()))
}

/// An image of a file, packed.
pub fn image(reader: &mut dyn Reader, index: usize, options: Dict) -> Result<(Props, Vec<u8>, Outcome)> {
    let call = call(CallKind::Read, options);
    let props = reader.props(Index::At(index), &call)?;
    let mut bytes = vec![0xa5; props.nbytes()?];
    let view = ViewMut::packed(&mut bytes, props.dtype.size(), &props.shape).unwrap();
    let cast = Cast::plain(props.dtype, props.dtype);
    let outcome = reader.read(Index::At(index), &call, &mut Destination::new(view, cast, Limits::default()))?;
    Ok((props, bytes, outcome))
}

pub fn read(file: &[u8]) -> Result<(Props, Vec<u8>)> {
    image(&mut *open(file)?, 0, Dict::new()).map(|(props, bytes, _)| (props, bytes))
}

/// A file by the `png` crate.
fn encode(
    size: (u32, u32),
    color: ColorType,
    depth: BitDepth,
    rows: &[u8],
    change: impl Fn(&mut png::Info),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut info = png::Info::with_size(size.0, size.1);
    (info.color_type, info.bit_depth) = (color, depth);
    change(&mut info);
    let encoder = png::Encoder::with_info(&mut file, info).unwrap();
    encoder.write_header().unwrap().write_image_data(rows).unwrap();
    file
}

#[test]
fn every_colour_type_and_depth_becomes_its_array() {
    use BitDepth::{Eight, Four, One, Sixteen, Two};
    use ColorType::{Grayscale, GrayscaleAlpha, Rgb, Rgba};
    type Case<'a> = (ColorType, BitDepth, &'a [u8], &'a [usize], DType, &'a [u8]);
    let cases: &[Case] = &[
        (Grayscale, One, &[0b1010_0000, 0b0110_0000], &[2, 3], DType::Bool, &[1, 0, 1, 0, 1, 1]),
        (Grayscale, Two, &[0b0001_1000, 0b1100_0100], &[2, 3], DType::U8, &[0, 85, 170, 255, 0, 85]),
        (Grayscale, Four, &[0x0f, 0x10, 0x23, 0x40], &[2, 3], DType::U8, &[0, 255, 17, 34, 51, 68]),
        (Grayscale, Eight, &[1, 2, 3, 4, 5, 6], &[2, 3], DType::U8, &[1, 2, 3, 4, 5, 6]),
        (
            GrayscaleAlpha,
            Eight,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            &[2, 3, 2],
            DType::U8,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        ),
    ];
    for (color, depth, stored, shape, dtype, items) in cases {
        let (props, bytes) = read(&encode((3, 2), *color, *depth, stored, |_| ())).unwrap();
        assert_eq!((&*props.shape, props.dtype, &bytes[..]), (*shape, *dtype, *items));
    }
    for (color, samples) in [(Grayscale, 1), (GrayscaleAlpha, 2), (Rgb, 3), (Rgba, 4)] {
        let numbers: Vec<u16> = (0..6 * samples as u16).map(|n| n * 1000).collect();
        let stored: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        let (props, bytes) = read(&encode((3, 2), color, Sixteen, &stored, |_| ())).unwrap();
        assert_eq!(props.dtype, DType::U16);
        assert_eq!(bytes, numbers.iter().flat_map(|n| n.to_ne_bytes()).collect::<Vec<u8>>());
    }
}

#[test]
fn palettes_are_applied_with_their_alpha() {
    let palette = |alpha: Option<Vec<u8>>| {
        encode((3, 1), ColorType::Indexed, BitDepth::Two, &[0b0001_1000], |info| {
            info.palette = Some(vec![10, 11, 12, 20, 21, 22].into());
            info.trns = alpha.clone().map(Into::into);
        })
    };
    let (props, bytes) = read(&palette(None)).unwrap();
    assert_eq!((&*props.shape, &bytes[..]), (&[1, 3, 3][..], &[10, 11, 12, 20, 21, 22, 0, 0, 0][..]));
    let (props, bytes) = read(&palette(Some(vec![7]))).unwrap();
    assert_eq!((&*props.shape, &bytes[..]), (&[1, 3, 4][..], &[10, 11, 12, 7, 20, 21, 22, 255, 0, 0, 0, 255][..]));
}

#[test]
fn palettes_of_a_byte_a_pixel_are_applied_at_every_width() {
    let colors: Vec<u8> = noise(768);
    for width in 1..19u32 {
        let numbers = noise(width as usize * 9);
        let whole = encode((width, 9), ColorType::Indexed, BitDepth::Eight, &numbers, |info| {
            info.palette = Some(colors.clone().into());
        });
        let expected: Vec<u8> =
            numbers.iter().flat_map(|&i| colors[usize::from(i) * 3..][..3].iter().copied()).collect();
        let (props, bytes) = read(&whole).unwrap();
        assert_eq!((&*props.shape, bytes == expected), (&[9, width as usize, 3][..], true));
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).map_or(true, |(_, bytes)| bytes == expected), "cut at {end}");
        }
    }
}

/// A picture that does not compress to nothing.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    })
    .take(n)
    .collect()
}

#[test]
fn a_truncated_file_is_an_error_or_exact() {
    let whole = encode((40, 30), ColorType::Rgb, BitDepth::Eight, &noise(3600), |_| ());
    let (_, expected) = read(&whole).unwrap();
    for end in 0..whole.len() {
        match read(&whole[..end]) {
            Ok((_, bytes)) => assert!(bytes == expected, "cut at {end}"),
            Err(e) => assert!(matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::NoBackend), "cut at {end}: {e}"),
        }
    }
}

#[test]
fn a_partial_read_keeps_rows_and_zeroes_the_rest() {
    let whole = encode((40, 30), ColorType::Rgb, BitDepth::Eight, &noise(3600), |_| ());
    let (_, expected) = read(&whole).unwrap();
    let mut reader = open(&whole[..whole.len() / 2]).unwrap();
    let (_, bytes, outcome) = image(&mut *reader, 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    let same = bytes.iter().zip(&expected).take_while(|(a, b)| a == b).count();
    assert!(same > 1000, "{same} bytes");
    assert!(bytes[same.next_multiple_of(120)..].iter().all(|&b| b == 0));
}

#[test]
fn a_changed_byte_of_a_needed_chunk_is_an_error() {
    let whole = encode((40, 30), ColorType::Rgb, BitDepth::Eight, &noise(3600), |_| ());
    let (_, expected) = read(&whole).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        if let Ok((_, bytes)) = read(&changed) {
            assert!(bytes == expected, "changed at {at}");
        }
    }
}

#[test]
fn a_size_that_the_bytes_cannot_hold_is_refused_at_open() {
    let mut file = chunks_of(&[(b"IHDR", &[0, 0, 0x70, 0, 0, 0, 0x70, 0, 8, 2, 0, 0, 0]), (b"IDAT", &[0; 20])]);
    assert_eq!(open(&file).err().map(|e| e.kind()), Some(ErrorKind::Corrupt));
    file =
        chunks_of(&[(b"IHDR", &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 16, 6, 0, 0, 0]), (b"IDAT", &[0; 20])]);
    assert_eq!(open(&file).err().map(|e| e.kind()), Some(ErrorKind::Corrupt));
}

fn chunks_of(list: &[(&super::chunks::Kind, &[u8])]) -> Vec<u8> {
    let mut file = super::chunks::SIGNATURE.to_vec();
    for (kind, body) in list {
        super::chunks::append(&mut file, kind, body);
    }
    file
}

#[test]
fn strided_and_converted_destinations_get_the_same_pixels() {
    let whole = encode((5, 4), ColorType::Rgb, BitDepth::Sixteen, &noise(120), |_| ());
    let (props, bytes) = read(&whole).unwrap();
    let mut floats = vec![0u8; 60 * 4];
    let mut reader = open(&whole).unwrap();
    let call = call(CallKind::Read, Dict::new());
    let view = ViewMut::packed(&mut floats, 4, &props.shape).unwrap();
    let cast = Cast::plain(DType::U16, DType::F32);
    reader.read(Index::At(0), &call, &mut Destination::new(view, cast, Limits::default())).unwrap();
    let expected: Vec<u8> =
        bytes.chunks_exact(2).flat_map(|b| f32::from(u16::from_ne_bytes([b[0], b[1]])).to_ne_bytes()).collect();
    assert_eq!(floats, expected);
}

/// Writes images one by one, each with its own options, and answers the file.
fn write(images: &[(DType, &[usize], &[u8])], options: Dict, meta: Option<&Dict>) -> Result<Vec<u8>> {
    let plugin = ImagePlugin::new();
    let output = Output::memory();
    let mut writer = plugin.create(output.clone(), Some(".png"), &call(CallKind::Open, Dict::new()))?;
    for (dtype, shape, bytes) in images {
        let view = View::packed(bytes, dtype.size(), shape).unwrap();
        let image = Image { view, dtype: *dtype, color: None, axes: None, metadata: meta };
        writer.write(&image, &call(CallKind::Write, options.clone()))?;
    }
    writer.finish(&call(CallKind::Write, Dict::new()))?;
    Ok(output.memory_bytes().unwrap())
}

#[test]
fn what_is_written_reads_back() {
    let bits: Vec<u8> = (0..11 * 5).map(|i| u8::from(i % 3 == 0)).collect();
    let bytes = noise(11 * 5 * 8);
    let cases: &[(DType, &[usize])] = &[
        (DType::Bool, &[5, 11]),
        (DType::U8, &[5, 11]),
        (DType::U8, &[5, 11, 2]),
        (DType::U8, &[5, 11, 3]),
        (DType::U8, &[5, 11, 4]),
        (DType::U16, &[5, 11]),
        (DType::U16, &[5, 11, 2]),
        (DType::U16, &[5, 11, 3]),
        (DType::U16, &[5, 11, 4]),
    ];
    for (dtype, shape) in cases {
        let source = if *dtype == DType::Bool { &bits } else { &bytes };
        let items = &source[..shape.iter().product::<usize>() * dtype.size()];
        for level in 0..=9 {
            let file = write(&[(*dtype, shape, items)], Dict::new().with("compress_level", level), None).unwrap();
            let (props, back) = read(&file).unwrap();
            assert_eq!((&*props.shape, props.dtype, &back[..]), (*shape, *dtype, items), "level {level}");
        }
    }
    let file = write(&[(DType::U8, &[5, 11, 1], &bytes[..55])], Dict::new(), None).unwrap();
    assert_eq!(&*read(&file).unwrap().0.shape, &[5, 11]);
}

#[test]
fn what_png_cannot_hold_is_refused() {
    for (dtype, shape) in [(DType::F32, &[2, 2][..]), (DType::Bool, &[2, 2, 3]), (DType::U8, &[2, 2, 5])] {
        let bytes = vec![0; shape.iter().product::<usize>() * dtype.size()];
        assert_eq!(write(&[(dtype, shape, &bytes)], Dict::new(), None).unwrap_err().kind(), ErrorKind::Shape);
    }
    let error = write(&[(DType::U8, &[0, 2], &[])], Dict::new(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}

#[test]
fn metadata_survive_a_copy() {
    let pair: List = [300, 200].into_iter().collect();
    let meta = Dict::new()
        .with("Title", "Überschrift")
        .with("Motto", "日本")
        .with("gamma", 0.45455)
        .with("srgb", 0)
        .with("dpi", pair)
        .with("exif", &b"Exif\0\0MM"[..])
        .with("mode", "RGB");
    let copy = |meta: &Dict| {
        let file = write(&[(DType::U8, &[1, 1], &[7])], Dict::new(), Some(meta)).unwrap();
        open(&file).unwrap().meta(Index::Default, &call(CallKind::Meta, Dict::new())).unwrap()
    };
    let read = copy(&meta);
    for key in ["Title", "Motto", "gamma", "srgb", "exif"] {
        assert_eq!(read.get(key), meta.get(key), "{key}");
    }
    assert_eq!(read.get("mode"), Some(&"L".into()));
    let dpi = read.get("dpi").and_then(Value::as_floats).unwrap();
    assert!((dpi[0] - 300.0).abs() < 0.01 && (dpi[1] - 200.0).abs() < 0.01);
    let with_profile = copy(&meta.with("icc_profile", noise(3000)));
    assert_eq!(with_profile.get("icc_profile"), Some(&noise(3000).into()));
    assert!(!with_profile.contains("srgb"));
}

/// A frame of an animation: x, y, width, height, dispose, blend, pixels.
type Frame<'a> = (u32, u32, u32, u32, u8, u8, &'a [u8]);

/// An animation of RGBA frames, 3 wide and 2 high.
fn animation(frames: &[Frame]) -> Vec<u8> {
    let mut file = super::chunks::SIGNATURE.to_vec();
    let mut add = |kind: &super::chunks::Kind, body: &[u8]| super::chunks::append(&mut file, kind, body);
    add(b"IHDR", &[0, 0, 0, 3, 0, 0, 0, 2, 8, 6, 0, 0, 0]);
    add(b"acTL", &[(frames.len() as u32).to_be_bytes(), [0; 4]].concat());
    let mut sequence = 0u32;
    for (i, (x, y, width, height, dispose, blend, pixels)) in frames.iter().enumerate() {
        let numbers: Vec<u8> = [sequence, *width, *height, *x, *y].iter().flat_map(|n| n.to_be_bytes()).collect();
        add(b"fcTL", &[&numbers[..], &[0, 1, 0, i as u8 + 1, *dispose, *blend]].concat());
        let rows: Vec<u8> = pixels.chunks(*width as usize * 4).flat_map(|row| [&[0], row].concat()).collect();
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&rows, 6);
        sequence += 1;
        if i == 0 {
            add(b"IDAT", &packed);
        } else {
            add(b"fdAT", &[&sequence.to_be_bytes()[..], &packed].concat());
            sequence += 1;
        }
    }
    add(b"IEND", &[]);
    file
}

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const CLEAR: [u8; 4] = [0; 4];

fn three_frames() -> Vec<u8> {
    animation(&[
        (0, 0, 3, 2, 0, 0, &[RED; 6].concat()),
        (1, 0, 2, 1, 2, 1, &[GREEN, CLEAR].concat()),
        (0, 1, 1, 1, 1, 0, &CLEAR),
        (2, 0, 1, 1, 0, 0, &GREEN),
    ])
}

#[test]
fn frames_are_laid_on_what_the_former_left() {
    let file = three_frames();
    let expected = [
        [RED; 6],
        [RED, GREEN, RED, RED, RED, RED],
        [RED, RED, RED, CLEAR, RED, RED],
        [RED, RED, GREEN, CLEAR, RED, RED],
    ];
    let mut reader = open(&file).unwrap();
    let counting = call(CallKind::Count, Dict::new());
    assert_eq!(reader.count(Count::Exact, &counting).unwrap(), Some(4));
    assert_eq!(reader.default_index(&counting).unwrap(), Index::All);
    for i in [0, 1, 2, 3, 1, 3, 0] {
        let (_, bytes, outcome) = image(&mut *reader, i, Dict::new()).unwrap();
        assert_eq!((bytes, outcome), (expected[i].concat(), Outcome::Complete), "frame {i}");
    }
    assert_eq!(image(&mut *reader, 4, Dict::new()).unwrap_err().kind(), ErrorKind::Index);
    let meta = |reader: &mut dyn Reader, i| reader.meta(Index::At(i), &call(CallKind::Meta, Dict::new())).unwrap();
    for i in [2, 0, 3] {
        assert_eq!(meta(&mut *reader, i).get("duration").and_then(Value::as_float), Some(1000.0 / (i as f64 + 1.0)));
    }
}

#[test]
fn cursors_do_not_disturb_each_other() {
    let mut reader = open(&three_frames()).unwrap();
    let iterating = call(CallKind::Iter, Dict::new());
    let mut cursors = [0, 1].map(|_| reader.cursor(&iterating).unwrap().unwrap());
    let mut step = |which: usize| {
        let props = cursors[which].next_props(&iterating).unwrap()?;
        let mut bytes = vec![0; props.nbytes().unwrap()];
        let view = ViewMut::packed(&mut bytes, 1, &props.shape).unwrap();
        let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
        cursors[which].next(&iterating, &mut to).unwrap();
        let meta = cursors[which].meta(&call(CallKind::Meta, Dict::new())).unwrap();
        Some((bytes, meta.get("disposal").and_then(Value::as_int)))
    };
    let first: Vec<_> = (0..5).map(|_| step(0)).collect();
    let second: Vec<_> = (0..5).map(|_| step(1)).collect();
    assert_eq!(first, second);
    assert_eq!(first.iter().flatten().map(|(_, d)| *d).collect::<Vec<_>>(), [Some(0), Some(2), Some(1), Some(0)]);
}

#[test]
fn a_truncated_animation_gives_the_frames_that_are_whole() {
    let file = three_frames();
    let mut whole = open(&file).unwrap();
    let expected: Vec<_> = (0..4).map(|i| image(&mut *whole, i, Dict::new()).unwrap().1).collect();
    for end in 0..file.len() {
        let Ok(mut reader) = open(&file[..end]) else { continue };
        for (i, expected) in expected.iter().enumerate() {
            match image(&mut *reader, i, Dict::new()) {
                Ok((_, bytes, _)) => assert_eq!(&bytes, expected, "frame {i}, cut at {end}"),
                Err(e) => assert!(matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::Index), "{e}"),
            }
        }
        let partial = image(&mut *reader, 2, Dict::new().with("allow_partial", true));
        assert!(partial.is_ok() || partial.is_err_and(|e| e.kind() == ErrorKind::Index), "cut at {end}");
    }
}

#[test]
fn a_second_image_makes_an_animation() {
    let bytes = noise(3 * 24);
    let frames: Vec<_> = bytes.chunks(24).map(|b| (DType::U8, &[2, 3, 4][..], b)).collect();
    let durations: List = [70, 1000, 0].into_iter().collect();
    let file = write(&frames, Dict::new().with("duration", durations).with("loop", 3), None).unwrap();
    let mut reader = open(&file).unwrap();
    for (i, ms) in [70.0, 1000.0, 0.0].into_iter().enumerate() {
        assert_eq!(image(&mut *reader, i, Dict::new()).unwrap().1, frames[i].2);
        let meta = reader.meta(Index::At(i), &call(CallKind::Meta, Dict::new())).unwrap();
        assert_eq!((meta.get("duration"), meta.get("loop")), (Some(&Value::Float(ms)), Some(&Value::Int(3))));
    }
    let other = write(&[frames[0], (DType::U8, &[2, 3], &bytes[..6])], Dict::new(), None);
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Shape);
}
