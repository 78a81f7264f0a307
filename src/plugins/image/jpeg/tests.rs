use crate::error::{ErrorKind, Result};
use crate::model::{Cast, Color, DType, Destination, Dict, Index, Limits, List, Progress, Props, Value};
use crate::model::{View, ViewMut};
use crate::plugin::{Call, CallKind, Count, Image, Outcome, Plugin, Reader, Writer, check};
use crate::plugins::image::ImagePlugin;
use crate::resource::{Output, read_memory};
use base64::Engine;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// 13 by 9 pixels of `color()`, by Pillow: quality 40, optimised, EXIF with a maker and orientation 6, comment, dpi.
const BY_PILLOW: &str = "/9j/4AAQSkZJRgABAQEASACQAAD/4QA2RXhpZgAATU0AKgAAAAgAAgEPAAIAAAAHAAAAJgESAAMAAAABAAYAAAAAAABQaWxsb3\
cAAP/+AARoaf/bAEMAFA4PEg8NFBIQEhcVFBgeMiEeHBwePSwuJDJJQExLR0BGRVBac2JQVW1WRUZkiGVtd3uBgoFOYI2XjH2Wc36BfP/bAEMBFRcXHh\
oeOyEhO3xTRlN8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fP/AABEIAAkADQMBIgACEQEDEQH/xAAUAAEAAA\
AAAAAAAAAAAAAAAAAE/8QAGRAAAgMBAAAAAAAAAAAAAAAAAAMFIjJi/8QAFQEBAQAAAAAAAAAAAAAAAAAAAgT/xAAYEQEAAwEAAAAAAAAAAAAAAAAEAA\
IRA//aAAwDAQACEQMRAD8AGmN5HLja5GpHryTsb12ECb5P/9k=";

fn by_pillow() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(BY_PILLOW).unwrap()
}

/// The image in the files: 9 rows of 13 pixels of 1, 3 or 4 samples.
fn gradient(samples: usize) -> Vec<u8> {
    let at = (0..9u32).flat_map(|y| (0..13u32).map(move |x| (x, y)));
    at.flat_map(|(x, y)| [x * 20, y * 28, 255 - x * 10 - y * 12, x * y].into_iter().take(samples))
        .map(|n| n as u8)
        .collect()
}

pub fn call(kind: CallKind, options: Dict) -> Call {
    let declared = Arc::new(ImagePlugin::new().declaration().clone());
    let options = check(&options, &declared, kind).unwrap();
    Call::new(options, declared, Limits::default(), 2)
}

pub fn open(bytes: &[u8]) -> Result<Box<dyn Reader>> {
    ImagePlugin::new().open(read_memory(bytes.to_vec(), None).unwrap(), &call(CallKind::Open, Dict::new()))
}

fn props(bytes: &[u8], index: Index) -> Result<Props> {
    open(bytes)?.props(index, &call(CallKind::Props, Dict::new()))
}

fn read_with(bytes: &[u8], index: Index, call: &Call) -> Result<(Vec<u8>, Outcome)> {
    let mut reader = open(bytes)?;
    let props = reader.props(index, call)?;
    let mut pixels = vec![7; props.nbytes()?];
    let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape).unwrap();
    let mut to = Destination::new(view, Cast::plain(props.dtype, props.dtype), Limits::default());
    let outcome = reader.read(index, call, &mut to)?;
    Ok((pixels, outcome))
}

fn read(bytes: &[u8]) -> Result<Vec<u8>> {
    read_with(bytes, Index::Default, &call(CallKind::Read, Dict::new())).map(|(pixels, _)| pixels)
}

fn meta(bytes: &[u8]) -> Dict {
    open(bytes).unwrap().meta(Index::Default, &call(CallKind::Meta, Dict::new())).unwrap()
}

pub fn image<'a>(pixels: &'a [u8], shape: &[usize], dtype: DType, color: Option<Color>) -> Image<'a> {
    let view = View::packed(pixels, dtype.size(), shape).unwrap();
    Image { view, dtype, color, axes: None, metadata: None }
}

fn writer(output: &Output) -> Box<dyn Writer> {
    let call = call(CallKind::Open, Dict::new());
    ImagePlugin::new().create(output.clone(), Some(".jpg"), &call).unwrap()
}

pub fn write(image: &Image, options: Dict) -> Result<Vec<u8>> {
    let output = Output::memory();
    let call = call(CallKind::Write, options);
    let mut writer = writer(&output);
    writer.write(image, &call)?;
    writer.finish(&call)?;
    Ok(output.memory_bytes().unwrap())
}

fn color() -> Vec<u8> {
    gradient(3)
}

fn write_color(options: Dict) -> Vec<u8> {
    write(&image(&color(), &[9, 13, 3], DType::U8, None), options).unwrap()
}

fn pixel(pixels: &[u8], samples: usize, y: usize, x: usize) -> &[u8] {
    &pixels[(y * 13 + x) * samples..][..samples]
}

fn sum(pixels: &[u8]) -> u64 {
    pixels.iter().map(|&n| u64::from(n)).sum()
}

#[test]
fn a_file_of_pillows_gives_pillows_pixels() {
    let props = props(&by_pillow(), Index::Default).unwrap();
    assert_eq!((&*props.shape, props.dtype, props.color), (&[9, 13, 3][..], DType::U8, Color::Rgb));
    assert_eq!((props.bits, props.orientation), (8, 6));
    let pixels = read(&by_pillow()).unwrap();
    assert_eq!(pixel(&pixels, 3, 0, 0), [4, 7, 222]);
    assert_eq!(pixel(&pixels, 3, 4, 6), [117, 109, 146]);
    assert_eq!(pixel(&pixels, 3, 8, 12), [240, 223, 55]);
    assert_eq!(sum(&pixels), 43824);
}

#[test]
fn metadata_has_pillows_names_and_order() {
    let meta = meta(&by_pillow());
    let keys: Vec<&str> = meta.iter().map(|(key, _)| key.as_str()).collect();
    let expected = ["jfif", "jfif_version", "dpi", "jfif_unit", "jfif_density", "exif", "comment", "mode", "shape"];
    assert_eq!(keys, [&expected[..], &["Make", "Orientation"]].concat());
    assert_eq!(meta.get("dpi"), Some(&Value::List([72, 144].into_iter().collect())));
    assert_eq!(meta.get("jfif_version"), Some(&Value::List([1, 1].into_iter().collect())));
    assert_eq!(meta.get("comment"), Some(&Value::Bytes(b"hi".to_vec())));
    assert_eq!(meta.get("shape"), Some(&Value::List([13, 9].into_iter().collect())));
    assert_eq!(meta.get("Make"), Some(&Value::from("Pillow")));
    assert_eq!(meta.get("mode"), Some(&Value::from("RGB")));
    assert!(meta.get("exif").unwrap().as_bytes().unwrap().starts_with(b"Exif\0\0MM"));
}

#[test]
fn written_files_read_as_those_of_pillow() {
    let gray: Vec<u8> = gradient(3).into_iter().step_by(3).collect();
    let inks = gradient(4);
    let options = Dict::new().with("quality", 90).with("subsampling", "4:4:4").with("progressive", true);
    for (image, options, length, total, middle) in [
        (image(&color(), &[9, 13, 3], DType::U8, None), Dict::new(), 666, 44312, &[123, 113, 148][..]),
        (image(&color(), &[9, 13, 3], DType::U8, None), options, 602, 44352, &[123, 111, 147]),
        (image(&gray, &[9, 13], DType::U8, None), Dict::new(), 363, 14058, &[119]),
        (image(&gray, &[9, 13, 1], DType::U8, None), Dict::new(), 363, 14058, &[119]),
        (image(&inks, &[9, 13, 4], DType::U8, Some(Color::Cmyk)), Dict::new(), 452, 47166, &[119, 112, 145, 25]),
    ] {
        let bytes = write(&image, options).unwrap();
        assert_eq!(bytes.len(), length);
        let pixels = read(&bytes).unwrap();
        assert_eq!(sum(&pixels), total);
        assert_eq!(pixel(&pixels, middle.len(), 4, 6), middle);
    }
}

#[test]
fn truth_values_become_black_and_white() {
    let bytes = write(&image(&[1, 0, 0, 1], &[2, 2], DType::Bool, None), Dict::new().with("quality", 100)).unwrap();
    assert_eq!(read(&bytes).unwrap(), [255, 0, 0, 255]);
}

#[test]
fn samples_of_more_than_8_bits_are_uint16() {
    let deep: Vec<u16> = (0..63).map(|n| n * 65).collect();
    let source = jpeg::Source { samples: &deep, pitch: 9, width: 9, height: 7, format: jpeg::PixelFormat::Gray };
    let mut options = jpeg::EncodeOptions::new(100, jpeg::Subsampling::Gray);
    let twelve = jpeg::encode_u16(&source, 12, &options).unwrap();
    options.lossless = Some(jpeg::Lossless { predictor: 1, point_transform: 0 });
    let sixteen = jpeg::encode_u16(&source, 16, &options).unwrap();
    for (bytes, bits, most) in [(twelve, 12, 4), (sixteen, 16, 0)] {
        let props = props(&bytes, Index::At(0)).unwrap();
        assert_eq!((&*props.shape, props.dtype, props.bits), (&[7, 9][..], DType::U16, bits));
        let pixels = read(&bytes).unwrap();
        let samples = pixels.chunks(2).map(|b| u16::from_ne_bytes([b[0], b[1]]));
        assert!(samples.zip(&deep).all(|(a, b)| a.abs_diff(*b) <= most));
        assert_eq!(read_at_odd_address(&bytes, &props), pixels);
    }
}

fn read_at_odd_address(bytes: &[u8], props: &Props) -> Vec<u8> {
    let length = props.nbytes().unwrap();
    let mut memory = vec![0; length + 2];
    let odd = 1 - memory.as_ptr() as usize % 2;
    let view = ViewMut::packed(&mut memory[odd..][..length], 2, &props.shape).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U16, DType::U16), Limits::default());
    let mut reader = open(bytes).unwrap();
    reader.read(Index::Default, &call(CallKind::Read, Dict::new()), &mut to).unwrap();
    memory[odd..][..length].to_vec()
}

#[test]
fn strides_and_conversions_do_not_change_the_pixels() {
    let packed = read(&by_pillow()).unwrap();
    let mut memory = vec![0f32; 9 * 13 * 3];
    let column_major = ViewMut::packed(bytemuck::cast_slice_mut(&mut memory), 4, &[3, 13, 9]).unwrap();
    let view = column_major.swap(0, 2).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::F32), Limits::default());
    let mut reader = open(&by_pillow()).unwrap();
    reader.read(Index::Default, &call(CallKind::Read, Dict::new()), &mut to).unwrap();
    let turned = |i: usize| memory[i / 39 + i / 3 % 13 * 9 + i % 3 * 117];
    assert!(packed.iter().enumerate().all(|(i, &n)| turned(i) == f32::from(n)));
}

#[test]
fn strided_pixels_are_written_as_packed_ones() {
    let reversed: Vec<u8> = color().chunks(39).rev().flatten().copied().collect();
    let view = View::packed(&reversed, 1, &[9, 13, 3]).unwrap().flip(0).unwrap();
    let image = Image { view, dtype: DType::U8, color: None, axes: None, metadata: None };
    assert_eq!(write(&image, Dict::new()).unwrap(), write_color(Dict::new()));
}

#[test]
fn metadata_survives_a_copy() {
    let profile: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let options = Dict::new()
        .with("icc_profile", profile.as_slice())
        .with("exif", &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0"[..])
        .with("xmp", "<x:xmpmeta/>")
        .with("comment", &b"\xff\0"[..])
        .with("dpi", [300, 150].into_iter().collect::<List>());
    let first = write_color(options);
    let before = meta(&first);
    assert_eq!(before.get("icc_profile"), Some(&Value::Bytes(profile)));
    assert_eq!(before.get("Orientation"), Some(&Value::Int(3)));
    let pixels = color();
    let mut copy = image(&pixels, &[9, 13, 3], DType::U8, None);
    copy.metadata = Some(&before);
    let second = write(&copy, Dict::new()).unwrap();
    assert_eq!(second, first);
    let given = write(&copy, Dict::new().with("comment", "new")).unwrap();
    assert_eq!(meta(&given).get("comment"), Some(&Value::Bytes(b"new".to_vec())));
}

#[test]
fn what_jpeg_does_not_hold_is_refused_before_a_byte_is_written() {
    let pixels = [0u8; 64];
    let cases: &[(&[usize], DType, Option<Color>, ErrorKind)] = &[
        (&[2, 2, 4], DType::U8, None, ErrorKind::Unsupported),
        (&[2, 2, 4], DType::U8, Some(Color::Rgba), ErrorKind::Unsupported),
        (&[2, 2, 2], DType::U8, None, ErrorKind::Unsupported),
        (&[2, 2, 3], DType::U8, Some(Color::Lab), ErrorKind::Unsupported),
        (&[2, 2, 5], DType::U8, None, ErrorKind::Shape),
        (&[4], DType::U8, None, ErrorKind::Shape),
        (&[0, 2], DType::U8, None, ErrorKind::Unsupported),
        (&[2, 2], DType::U16, None, ErrorKind::Shape),
        (&[2, 2], DType::F32, None, ErrorKind::Shape),
    ];
    for &(shape, dtype, color, kind) in cases {
        let bytes = shape.iter().product::<usize>() * dtype.size();
        let output = Output::memory();
        let call = call(CallKind::Write, Dict::new());
        let error = writer(&output).write(&image(&pixels[..bytes], shape, dtype, color), &call).unwrap_err();
        assert_eq!((error.kind(), output.taken()), (kind, 0), "{shape:?} {dtype}: {error}");
    }
}

#[test]
fn a_second_image_is_refused_and_the_first_stays() {
    let output = Output::memory();
    let (pixels, call) = (color(), call(CallKind::Write, Dict::new()));
    let image = image(&pixels, &[9, 13, 3], DType::U8, None);
    let mut writer = writer(&output);
    writer.write(&image, &call).unwrap();
    assert_eq!(writer.write(&image, &call).unwrap_err().kind(), ErrorKind::Unsupported);
    writer.finish(&call).unwrap();
    assert_eq!(output.memory_bytes().unwrap(), write_color(Dict::new()));
}

#[test]
fn bad_options_are_refused() {
    let list = |items: &[i64]| items.iter().copied().collect::<List>();
    for options in [
        Dict::new().with("subsampling", "4:1:0"),
        Dict::new().with("subsampling", 3),
        Dict::new().with("dpi", list(&[1, 2, 3])),
        Dict::new().with("dpi", -1.0),
        Dict::new().with("comment", vec![0; 65534]),
        Dict::new().with("exif", vec![0; 65528]),
        Dict::new().with("keep_rgb", true).with("subsampling", 2),
    ] {
        let error = write(&image(&color(), &[9, 13, 3], DType::U8, None), options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
    }
}

#[test]
fn a_file_that_ends_early_is_an_error_wherever_it_is_cut() {
    for whole in [by_pillow(), write_color(Dict::new().with("progressive", true))] {
        let pixels = read(&whole).unwrap();
        for length in 0..whole.len() {
            match read(&whole[..length]) {
                Err(e) if length < 3 => assert_eq!(e.kind(), ErrorKind::NoBackend),
                Err(e) => assert_eq!(e.kind(), ErrorKind::Corrupt, "{length}: {e}"),
                // Without its end mark alone, a file may still hold all pixels.
                Ok(found) => assert!(length + 2 >= whole.len() && found == pixels, "{length}"),
            }
        }
    }
}

#[test]
fn a_partial_read_gives_the_rows_that_are_there() {
    let noise: Vec<u8> = (0..128 * 64u32).map(|n| (n.wrapping_mul(2654435761) >> 24) as u8).collect();
    let whole = write(&image(&noise, &[128, 64], DType::U8, None), Dict::new()).unwrap();
    let pixels = read(&whole).unwrap();
    let call = call(CallKind::Read, Dict::new().with("allow_partial", true));
    let (found, outcome) = read_with(&whole[..whole.len() / 2], Index::Default, &call).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    assert_eq!(found[..40 * 64], pixels[..40 * 64]);
    assert!(found[90 * 64..].iter().all(|&n| n == 0));
    let (found, outcome) = read_with(&whole, Index::Default, &call).unwrap();
    assert_eq!((found, outcome), (pixels, Outcome::Complete));
}

#[test]
fn a_size_beyond_what_the_bytes_hold_is_refused() {
    let mut bytes = by_pillow();
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xF0, 0, 0xF0, 0]);
    assert_eq!(props(&bytes, Index::Default).unwrap_err().kind(), ErrorKind::Corrupt);
    for (at, value, kind) in
        [(4, 9, ErrorKind::Unsupported), (9, 2, ErrorKind::Unsupported), (11, 0, ErrorKind::Corrupt)]
    {
        let mut bytes = by_pillow();
        bytes[frame + at] = value;
        assert_eq!(open(&bytes).err().unwrap().kind(), kind);
    }
}

#[test]
fn a_partial_read_of_more_than_the_bytes_hold_is_partial() {
    let mut bytes = by_pillow();
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    bytes[frame + 5] = 0x40;
    assert_eq!(read(&bytes).unwrap_err().kind(), ErrorKind::Corrupt);
    let call = call(CallKind::Read, Dict::new().with("allow_partial", true));
    let (pixels, outcome) = read_with(&bytes, Index::Default, &call).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    assert_eq!(pixels[..9 * 13 * 3], read(&by_pillow()).unwrap());
    assert!(pixels[64 * 13 * 3..].iter().all(|&n| n == 0));
}

#[test]
fn many_photoshop_segments_take_no_time() {
    let whole = by_pillow();
    let mut bytes = whole[..2].to_vec();
    let mut segment = |numbers: std::ops::Range<u16>| {
        let mut body = b"Photoshop 3.0\0".to_vec();
        for n in numbers {
            body.extend_from_slice(b"8BIM");
            body.extend_from_slice(&n.to_be_bytes());
            body.extend_from_slice(&[0; 6]);
        }
        bytes.extend_from_slice(&[0xFF, 0xED]);
        bytes.extend_from_slice(&(body.len() as u16 + 2).to_be_bytes());
        bytes.extend_from_slice(&body);
    };
    for n in 0..12 {
        segment(n * 5000..n * 5000 + 5000);
    }
    for _ in 0..30_000 {
        segment(0..1);
    }
    bytes.extend_from_slice(&whole[2..]);
    let begun = std::time::Instant::now();
    let resources = meta(&bytes);
    // The number of the resolution, which these resources are too short for, ends their segment.
    assert_eq!(resources.get("photoshop").and_then(Value::as_dict).map(Dict::len), Some(60_000 - 3_995));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn damaged_files_do_no_harm() {
    let whole = write_color(Dict::new().with("progressive", true).with("exif", vec![0; 40]).with("comment", "c"));
    for at in 2..whole.len() {
        for value in [0, 0x80, 0xFF, whole[at] ^ 1] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            let Ok(mut reader) = open(&bytes) else { continue };
            let _ = reader.meta(Index::Default, &call(CallKind::Meta, Dict::new()));
            if props(&bytes, Index::Default).is_ok_and(|p| p.nbytes().unwrap() < 1 << 20) {
                let _ = read(&bytes);
            }
        }
    }
}

#[test]
fn progress_is_told_and_cancels() {
    for options in [Dict::new(), Dict::new().with("progressive", true)] {
        let bytes = write_color(options);
        for result in [0, 5] {
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = calls.clone();
            let progress = Progress(Arc::new(move |_, total| {
                assert_eq!(total, 9);
                counted.fetch_add(1, Ordering::Relaxed);
                result
            }));
            let call = call(CallKind::Read, Dict::new()).with_progress(Some(progress));
            let read = read_with(&bytes, Index::Default, &call);
            assert!(calls.load(Ordering::Relaxed) >= 1);
            match read {
                Ok(_) => assert_eq!(result, 0),
                Err(e) => assert_eq!((e.kind(), e.callback_result()), (ErrorKind::Cancelled, Some(5))),
            }
        }
    }
}

/// Two files behind one another, the first with an index of both.
fn multi_picture(attributes: u32) -> Vec<u8> {
    let (first, second) = (by_pillow(), write_color(Dict::new()));
    let mut index = b"MPF\0MM\0*\0\0\0\x08\0\x02".to_vec();
    index.extend(b"\xb0\x01\0\x04\0\0\0\x01\0\0\0\x02\xb0\x02\0\x07\0\0\0\x20\0\0\0\x26\0\0\0\0");
    let base = 2 + 4 + 4;
    let length = first.len() + 4 + index.len() + 32;
    for (attributes, size, offset) in [(0x0003_0000, length, 0), (attributes, second.len(), length - base)] {
        index.extend(u32::to_be_bytes(attributes));
        index.extend([size, offset].map(|n| (n as u32).to_be_bytes()).concat());
        index.extend([0; 4]);
    }
    let head = [0xFF, 0xD8, 0xFF, 0xE2, 0, index.len() as u8 + 2];
    [&head[..], &index, &first[2..], &second].concat()
}

#[test]
fn the_images_of_a_multi_picture_file_are_told_apart() {
    let file = multi_picture(0);
    let call = call(CallKind::Read, Dict::new());
    let mut reader = open(&file).unwrap();
    assert_eq!(reader.count(Count::Cheap, &call).unwrap(), Some(2));
    assert_eq!(reader.default_index(&call).unwrap(), Index::At(0));
    let second = read_with(&file, Index::At(1), &call).unwrap().0;
    assert_eq!(second, read(&write_color(Dict::new())).unwrap());
    assert_eq!(read(&file).unwrap(), read(&by_pillow()).unwrap());
    assert_eq!(props(&file, Index::At(1)).unwrap().orientation, 0);
    assert_eq!(props(&file, Index::At(2)).unwrap_err().kind(), ErrorKind::Index);
    assert!(!meta(&file).contains("mpoffset"));
}

#[test]
fn an_index_that_makes_no_sense_counts_for_nothing() {
    let file = multi_picture(0x0100_0000);
    assert_eq!(open(&file).unwrap().count(Count::Exact, &call(CallKind::Count, Dict::new())).unwrap(), Some(1));
    assert_eq!(meta(&file).get("mpoffset"), Some(&Value::Int(10)));
    for at in 6..80 {
        let mut file = multi_picture(0);
        file[at] = 0xFF;
        if let Ok(mut reader) = open(&file) {
            let _ = reader.props(Index::At(1), &call(CallKind::Props, Dict::new()));
        }
    }
}
