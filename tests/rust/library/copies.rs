//! What goes with the pixels from one file to another: orientation, EXIF, profile, packet, resolution, comment.

use libimageio::model::{Array, DType, Dict, Index, List, Value, View, ViewMut, exif};
use libimageio::v3;

const HEIGHT: usize = 6;
const WIDTH: usize = 9;

/// Colours of which none is another's.
fn pixels() -> Vec<u8> {
    (0..HEIGHT * WIDTH).flat_map(|i| [i as u8 * 4, 200 - i as u8, i as u8]).collect()
}

/// A block of EXIF with a maker, an exposure, a latitude and an orientation.
fn block(orientation: u16) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    let entry = |block: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        block.extend(tag.to_le_bytes());
        block.extend(kind.to_le_bytes());
        block.extend(count.to_le_bytes());
        block.extend(value);
    };
    block.extend(4u16.to_le_bytes());
    entry(&mut block, 0x10F, 2, 4, *b"abc\0");
    entry(&mut block, 0x112, 3, 1, [orientation as u8, 0, 0, 0]);
    entry(&mut block, 0x8769, 4, 1, 62u32.to_le_bytes());
    entry(&mut block, 0x8825, 4, 1, 88u32.to_le_bytes());
    block.extend([0; 4]);
    block.extend(1u16.to_le_bytes());
    entry(&mut block, 0x829A, 5, 1, 80u32.to_le_bytes());
    block.extend([0; 4]);
    block.extend([1u32, 250].iter().flat_map(|n| n.to_le_bytes()));
    block.extend(1u16.to_le_bytes());
    entry(&mut block, 1, 2, 2, *b"N\0\0\0");
    block.extend([0; 4]);
    block
}

fn write(extension: &str, shape: &[usize], pixels: &[u8], options: &Dict) -> Vec<u8> {
    let view = View::packed(pixels, 1, shape).unwrap();
    v3::imwrite_bytes(Some(extension), view, DType::U8, options).unwrap()
}

fn read(file: &[u8], extension: &str, options: &Dict) -> (Vec<usize>, Vec<u8>) {
    let options = options.clone().with("extension", extension);
    let common = Dict::new().with("extension", extension);
    let mut own = options.clone();
    own.remove("extension");
    let mut file = v3::imopen_bytes(file.to_vec(), &common).unwrap();
    let call = file.call(libimageio::plugin::CallKind::Read, &own).unwrap();
    let plan = file.plan(Index::At(0), &call).unwrap();
    let props = plan.props().clone();
    let mut pixels = vec![0; props.nbytes().unwrap()];
    let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape).unwrap();
    file.read_planned(&plan, &call, view, props.dtype).unwrap();
    (props.shape.to_vec(), pixels)
}

fn meta(file: &[u8], extension: &str, options: &Dict) -> Dict {
    let mut file = v3::imopen_bytes(file.to_vec(), &Dict::new().with("extension", extension)).unwrap();
    file.meta(Index::At(0), options).unwrap()
}

/// The pixels of a stored image as EXIF's orientation shows them.
fn upright(orientation: u16) -> (Vec<usize>, Vec<u8>) {
    let stored = pixels();
    let at = |y: usize, x: usize| &stored[3 * (y * WIDTH + x)..][..3];
    let (h, w) = if orientation < 5 { (HEIGHT, WIDTH) } else { (WIDTH, HEIGHT) };
    let mut shown = Vec::new();
    for y in 0..h {
        for x in 0..w {
            shown.extend(match orientation {
                2 => at(y, w - 1 - x),
                3 => at(h - 1 - y, w - 1 - x),
                4 => at(h - 1 - y, x),
                5 => at(x, y),
                6 => at(w - 1 - x, y),
                7 => at(w - 1 - x, h - 1 - y),
                8 => at(x, h - 1 - y),
                _ => at(y, x),
            });
        }
    }
    (vec![h, w, 3], shown)
}

/// Formats without loss that hold a block of EXIF, and what makes them so.
fn lossless() -> Vec<(&'static str, Dict)> {
    vec![
        (".png", Dict::new()),
        (".webp", Dict::new().with("lossless", true)),
        (".jp2", Dict::new()),
        (".tif", Dict::new()),
    ]
}

#[test]
fn every_format_is_turned_as_its_exif_says() {
    let turn = Dict::new().with("rotate", true);
    for (extension, options) in lossless() {
        for orientation in 1..=8 {
            let file =
                write(extension, &[HEIGHT, WIDTH, 3], &pixels(), &options.clone().with("exif", block(orientation)));
            assert_eq!(read(&file, extension, &Dict::new()).1, pixels(), "{extension} {orientation}");
            assert_eq!(read(&file, extension, &turn), upright(orientation), "{extension} {orientation}");
            let part = turn.clone().with("region", [1, 2, 3, 2].into_iter().collect::<List>());
            let (shape, whole) = upright(orientation);
            let row = |y: usize| &whole[3 * (y * shape[1] + 1)..][..9];
            assert_eq!(read(&file, extension, &part).1, [row(2), row(3)].concat(), "{extension} {orientation}");
            let said = |options: &Dict| meta(&file, extension, options).get("Orientation").and_then(Value::as_int);
            assert_eq!(said(&Dict::new()), Some(orientation.into()), "{extension} {orientation}");
            assert_eq!(said(&turn), None, "{extension} {orientation}");
        }
    }
}

#[test]
fn animations_are_turned_too() {
    let stack: Vec<u8> = [pixels(), pixels().into_iter().rev().collect()].concat();
    for (extension, options) in [(".png", Dict::new()), (".webp", Dict::new().with("lossless", true))] {
        let options = options.with("exif", block(6)).with("is_batch", true).with("duration", 50);
        let file = write(extension, &[2, HEIGHT, WIDTH, 3], &stack, &options);
        let options = Dict::new().with("rotate", true);
        let mut file = v3::imopen_bytes(file, &Dict::new()).unwrap();
        let call = file.call(libimageio::plugin::CallKind::Props, &options).unwrap();
        let plan = file.plan(Index::All, &call).unwrap();
        assert_eq!(plan.props().shape[..3], [2, WIDTH, HEIGHT], "{extension}");
        let mut cursor = v3::Cursor::new(&mut file, &options).unwrap();
        let props = cursor.props(&mut file).unwrap().unwrap();
        let mut first = vec![0; props.nbytes().unwrap()];
        cursor.next(&mut file, ViewMut::packed(&mut first, 1, &props.shape).unwrap(), DType::U8).unwrap();
        assert_eq!(first, upright(6).1, "{extension}");
    }
}

#[test]
fn what_was_turned_is_not_turned_again() {
    let turn = Dict::new().with("rotate", true);
    for (extension, options) in lossless() {
        let packet = "<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";
        let options = match extension {
            ".tif" => options,
            _ => options.with("xmp", packet),
        };
        let file = write(extension, &[HEIGHT, WIDTH, 3], &pixels(), &options.with("exif", block(6)));
        let (shape, shown) = read(&file, extension, &turn);
        let beside = meta(&file, extension, &turn);
        for (to, options) in lossless() {
            let copy = write(to, &shape, &shown, &options.with("metadata", beside.clone()));
            assert_eq!(read(&copy, to, &turn), (shape.clone(), shown.clone()), "{extension} to {to}");
        }
        // What was not turned is turned by whoever reads the copy.
        let beside = meta(&file, extension, &Dict::new());
        for (to, options) in lossless() {
            let copy = write(to, &[HEIGHT, WIDTH, 3], &pixels(), &options.with("metadata", beside.clone()));
            assert_eq!(read(&copy, to, &turn), (shape.clone(), shown.clone()), "{extension} to {to}");
        }
    }
}

#[test]
fn an_orientation_that_a_dictionary_names_is_written() {
    let turn = Dict::new().with("rotate", true);
    // As the boxes of AVIF say it, without a block or with one that does not.
    for block in [None, Some(block(1))] {
        let mut beside = Dict::new().with("Orientation", 8);
        if let Some(block) = block {
            beside.set("exif", block);
        }
        for (to, options) in lossless() {
            let file = write(to, &[HEIGHT, WIDTH, 3], &pixels(), &options.with("metadata", beside.clone()));
            assert_eq!(read(&file, to, &turn), upright(8), "{to}");
        }
    }
}

#[test]
fn metadata_go_through_every_format_and_back() {
    let profile = [&[0; 36][..], b"acsp", &[0; 120]].concat();
    let packet = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>".to_vec();
    let given = Dict::new()
        .with("exif", block(1))
        .with("icc_profile", profile.clone())
        .with("xmp", packet.clone())
        .with("dpi", [300, 150].into_iter().collect::<List>());
    let formats = [".png", ".jpg", ".webp", ".tif", ".jp2"];
    for first in formats {
        let file = write(first, &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new().with("metadata", given.clone()));
        let beside = meta(&file, first, &Dict::new());
        for second in formats {
            let copy = write(second, &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new().with("metadata", beside.clone()));
            let found = meta(&copy, second, &Dict::new());
            let bytes = |key: &str| found.get(key).and_then(Value::as_bytes).map(<[u8]>::to_vec);
            assert_eq!(bytes("icc_profile").as_deref(), Some(&profile[..]), "{first} to {second}");
            assert_eq!(bytes("xmp").as_deref(), Some(&packet[..]), "{first} to {second}");
            let tags = exif::main_ifd(&bytes("exif").unwrap_or_default());
            assert_eq!(tags.get("Make").and_then(Value::as_str), Some("abc"), "{first} to {second}");
            let inner = |name: &str, tag: &str| match tags.get(name) {
                Some(Value::Dict(inner)) => inner.get(tag).cloned(),
                _ => None,
            };
            let exposure = inner("Exif", "ExposureTime").and_then(|v| v.as_floats());
            assert_eq!(exposure, Some(vec![1.0, 250.0]), "{first} to {second}");
            assert_eq!(inner("GPS", "GPSLatitudeRef"), Some("N".into()), "{first} to {second}");
            // WebP and JPEG 2000 hold no resolution of their own.
            if [first, second].iter().all(|format| ![".webp", ".jp2"].contains(format)) {
                let dpi = found.get("dpi").and_then(Value::as_floats).unwrap();
                assert!((dpi[0] - 300.0).abs() < 0.1 && (dpi[1] - 150.0).abs() < 0.1, "{first} to {second}: {dpi:?}");
            }
            if second == ".tif" {
                let described = found.get("ImageDescription").and_then(Value::as_str).unwrap_or("");
                assert!(!described.contains("base64"), "{first}: {described}");
            }
        }
    }
}

#[test]
fn a_comment_becomes_a_text_of_a_png() {
    let jpeg = write(".jpg", &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new().with("comment", "said by hand"));
    let beside = meta(&jpeg, ".jpg", &Dict::new());
    let png = write(".png", &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new().with("metadata", beside));
    assert_eq!(meta(&png, ".png", &Dict::new()).get("comment"), Some(&"said by hand".into()));
}

#[test]
fn texts_behind_the_pixels_of_a_png_are_read() {
    let file = write(".png", &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new());
    let mut body = b"eXIf".to_vec();
    body.extend(block(6));
    let mut chunk = ((body.len() - 4) as u32).to_be_bytes().to_vec();
    chunk.extend(&body);
    chunk.extend(crc(&body).to_be_bytes());
    let end = file.len() - 12;
    let file = [&file[..end], &chunk, &file[end..]].concat();
    assert_eq!(read(&file, ".png", &Dict::new().with("rotate", true)), upright(6));
    assert_eq!(meta(&file, ".png", &Dict::new()).get("Make"), Some(&"abc".into()));
    // Cut off behind the pixels, what stands before them is still told.
    let cut = &file[..file.len() - 20];
    assert!(meta(cut, ".png", &Dict::new()).get("Make").is_none());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

/// As `Image.convert` of an image whose `info` has a colour under `transparency`.
#[test]
fn a_transparent_colour_becomes_alpha_where_alpha_is_asked_for() {
    let key: List = [4, 199, 1].into_iter().collect();
    let file = write(".png", &[HEIGHT, WIDTH, 3], &pixels(), &Dict::new().with("transparency", key));
    let (shape, rgba) = read(&file, ".png", &Dict::new().with("mode", "RGBA"));
    assert_eq!(shape, [HEIGHT, WIDTH, 4]);
    for (i, pixel) in rgba.chunks_exact(4).enumerate() {
        assert_eq!(pixel, [&pixels()[3 * i..][..3], &[if i == 1 { 0 } else { 255 }]].concat(), "{i}");
    }
    let laid = read(&file, ".png", &Dict::new().with("background", [9, 8, 7].into_iter().collect::<List>()));
    assert_eq!((&laid.0[..], &laid.1[3..6]), (&[HEIGHT, WIDTH, 3][..], &[9, 8, 7][..]));
    assert_eq!(read(&file, ".png", &Dict::new().with("mode", "LA")).1[3], 0);
    // Without alpha it stays in the metadata, and with it it was applied.
    assert_eq!(read(&file, ".png", &Dict::new()).0, [HEIGHT, WIDTH, 3]);
    assert!(meta(&file, ".png", &Dict::new()).contains("transparency"));
    assert!(!meta(&file, ".png", &Dict::new().with("mode", "RGBA")).contains("transparency"));
    let all = Dict::new().with("mode", "RGBA").with("exclude_applied", false);
    assert!(meta(&file, ".png", &all).contains("transparency"));
}

#[test]
fn arrays_of_a_palette_are_no_key() {
    // A palette's transparency is alpha already.
    let numbers: Vec<u8> = (0..HEIGHT * WIDTH).map(|i| (i % 3) as u8).collect();
    let palette = Array::new(DType::U8, &[3, 3], (10..19).collect()).unwrap();
    let options = Dict::new().with("mode", "P").with("palette", palette).with("transparency", 1);
    let file = write(".png", &[HEIGHT, WIDTH], &numbers, &options);
    let (shape, rgba) = read(&file, ".png", &Dict::new().with("mode", "RGBA"));
    assert_eq!((shape, &rgba[..8]), (vec![HEIGHT, WIDTH, 4], &[10, 11, 12, 255, 13, 14, 15, 0][..]));
}
