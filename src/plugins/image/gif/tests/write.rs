//! What is written is read back.

use super::*;
use crate::error::ErrorKind;
use crate::model::{Array, List};

/// A square that moves over a plain ground, as RGB.
fn moving(count: usize) -> Vec<Vec<u8>> {
    let pixel = |i: usize, x: usize, y: usize| match (i..i + 5).contains(&x) && (3..9).contains(&y) {
        true => [255, 10 * i as u8, 0],
        false => [200, 200, 210],
    };
    (0..count).map(|i| (0..20 * 30).flat_map(|p| pixel(i, p % 30, p / 30)).collect()).collect()
}

fn refs(images: &[Vec<u8>]) -> Vec<&[u8]> {
    images.iter().map(Vec::as_slice).collect()
}

/// A picture of many colours.
fn gradient(width: usize, height: usize) -> Vec<u8> {
    let pixel = |x: usize, y: usize| [(x * 255 / width) as u8, (y * 255 / height) as u8, ((x + y) * 3 % 256) as u8];
    (0..width * height).flat_map(|p| pixel(p % width, p / width)).collect()
}

fn mean_square(a: &[u8], b: &[u8]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    sum / a.len() as f64
}

#[test]
fn few_colours_survive_and_equal_images_are_kept() {
    let mut images = moving(6);
    images.extend([images[5].clone(), images[5].clone()]);
    let file = write(&[20, 30, 3], &refs(&images), Dict::new());
    let stack = read(&file);
    assert_eq!(stack.shape, [8, 20, 30, 3]);
    assert_eq!(stack.bytes, images.concat());
    let plain = write(&[20, 30, 3], &refs(&images), Dict::new().with("subrectangles", false));
    assert_eq!(read(&plain).bytes, images.concat());
    assert!(file.len() < plain.len());
}

#[test]
fn every_layout_of_samples() {
    let gray: Vec<u8> = (0..=255).collect();
    let rgb: Vec<u8> = gray.iter().flat_map(|&g| [g; 3]).collect();
    assert_eq!(read(&write(&[16, 16], &[&gray], Dict::new())).bytes, rgb);
    let bits: Vec<u8> = (0..64).map(|i| u8::from(i % 3 == 0)).collect();
    let file = write_as(DType::Bool, &[8, 8], &[&bits], Dict::new(), None).unwrap();
    let white: Vec<u8> = bits.iter().flat_map(|&b| [b * 255; 3]).collect();
    assert_eq!(read(&file).bytes, white);
    let gray_alpha: Vec<u8> = (0..64).flat_map(|i| [i, if i % 2 == 0 { 255 } else { 0 }]).collect();
    let stack = read(&write(&[8, 8, 2], &[&gray_alpha], Dict::new()));
    assert_eq!(stack.shape, [1, 8, 8, 4]);
    for (pixel, from) in stack.bytes.chunks(4).zip(gray_alpha.chunks(2)) {
        assert_eq!(pixel[3], from[1]);
        assert!(from[1] == 0 || pixel[..3] == [from[0]; 3]);
    }
}

#[test]
fn strided_images_are_packed_by_rows() {
    let image = gradient(6, 4);
    let call = call(CallKind::Write, Dict::new()).unwrap();
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".gif"), &plain()).unwrap();
    let view = View::packed(&image, 1, &[4, 6, 3]).unwrap().cut(1, 2, 3).unwrap();
    writer.write(&Image { view, dtype: DType::U8, color: None, axes: None, metadata: None }, &call).unwrap();
    writer.finish(&call).unwrap();
    let expected: Vec<u8> = image.chunks(18).flat_map(|row| row[6..15].to_vec()).collect();
    assert_eq!(read(&output.memory_bytes().unwrap()).bytes, expected);
}

#[test]
fn alpha_survives_in_every_image() {
    let image = |i: usize| -> Vec<u8> {
        (0..12 * 10)
            .flat_map(|p| if (i..i + 4).contains(&(p % 12)) { [9, i as u8, 7, 255] } else { [1, 2, 3, 0] })
            .collect()
    };
    let images: Vec<Vec<u8>> = (0..5).map(image).collect();
    let stack = read(&write(&[10, 12, 4], &refs(&images), Dict::new()));
    assert_eq!(stack.shape, [5, 10, 12, 4]);
    for (got, want) in stack.bytes.chunks(4).zip(images.concat().chunks(4)) {
        assert_eq!(got[3], want[3]);
        assert!(want[3] == 0 || got == want);
    }
    // A first image without a hole still makes a file that can have them.
    let full = [5, 5, 5, 255].repeat(120);
    let stack = read(&write(&[10, 12, 4], &[&full, &images[0]], Dict::new()));
    assert_eq!(stack.image(0), full);
    assert!(stack.image(1).chunks(4).zip(images[0].chunks(4)).all(|(a, b)| a[3] == b[3]));
}

#[test]
fn many_colours_are_quantised_well() {
    let image = gradient(120, 90);
    let plain = read(&write(&[90, 120, 3], &[&image], Dict::new().with("dither", "none")));
    assert!(mean_square(&plain.bytes, &image) < 60.0, "{}", mean_square(&plain.bytes, &image));
    let few = read(&write(&[90, 120, 3], &[&image], Dict::new().with("dither", "none").with("palettesize", 8)));
    let mut colours: Vec<&[u8]> = few.bytes.chunks(3).collect();
    colours.sort();
    colours.dedup();
    assert_eq!(colours.len(), 8);
    // Dithering trades single pixels for the mean over an area.
    let mean = |bytes: &[u8]| bytes.iter().map(|&b| f64::from(b)).sum::<f64>() / bytes.len() as f64;
    let dithered = read(&write(&[90, 120, 3], &[&image], Dict::new().with("palettesize", 8)));
    assert!((mean(&dithered.bytes) - mean(&image)).abs() < 1.5);
}

#[test]
fn what_can_be_exact_is_exact_after_what_could_not() {
    let (lossy, exact) = (gradient(60, 50), [7, 8, 9].repeat(3000));
    let mut changed = exact.clone();
    changed[300..600].copy_from_slice(&lossy[300..600]);
    let stack = read(&write(&[50, 60, 3], &[&lossy, &exact, &changed, &lossy], Dict::new()));
    assert_eq!(stack.image(1), exact);
    assert_eq!(stack.image(2), changed);
    assert!(mean_square(stack.image(3), &lossy) < 100.0);
}

#[test]
fn durations_in_every_form() {
    let images = moving(3);
    let ms = |options: Dict| durations(&write(&[20, 30, 3], &refs(&images), options));
    assert_eq!(ms(Dict::new()), [None, Some(0), Some(0)]);
    assert_eq!(ms(Dict::new().with("duration", 45)), [Some(50); 3]);
    assert_eq!(ms(Dict::new().with("duration_s", 0.1)), [Some(100); 3]);
    assert_eq!(ms(Dict::new().with("duration", [10, 20, 4].into_iter().collect::<List>())), [10, 20, 10].map(Some));
    let array = Array::new(DType::U8, &[3], vec![50, 60, 70]).unwrap();
    assert_eq!(ms(Dict::new().with("duration", array)), [50, 60, 70].map(Some));
    assert_eq!(ms(Dict::new().with("fps", 30)), [30, 40, 30].map(Some));
    let times: List = [0.0, 0.2, 0.5].into_iter().collect();
    assert_eq!(ms(Dict::new().with("time_s", times)), [200, 300, 300].map(Some));
}

#[test]
fn metadata_come_back() {
    let said =
        Dict::new().with("loop", 3).with("duration", 70).with("comment", &b"\xff hello"[..]).with("background", 1);
    let images = moving(2);
    let file = write_as(DType::U8, &[20, 30, 3], &refs(&images), Dict::new(), Some(&said)).unwrap();
    let found = meta(&file, 0);
    for key in ["loop", "duration", "comment", "background"] {
        assert_eq!(found.get(key), said.get(key), "{key}");
    }
    assert_eq!(meta(&file, 1).get("duration"), Some(&Value::Int(70)));
    let file = write_as(DType::U8, &[20, 30, 3], &refs(&images), Dict::new().with("loop", 0), Some(&said)).unwrap();
    assert_eq!(meta(&file, 0).get("loop"), Some(&Value::Int(0)));
    let long = "x".repeat(1000);
    let file = write(&[20, 30, 3], &refs(&images), Dict::new().with("comment", long.as_str()));
    assert_eq!(meta(&file, 0).get("comment"), Some(&Value::Bytes(long.into_bytes())));
}

#[test]
fn a_disposal_that_is_asked_for_is_written() {
    let images = moving(4);
    for disposal in 0..4 {
        let file = write(&[20, 30, 3], &refs(&images), Dict::new().with("disposal", disposal));
        assert_eq!(read(&file).bytes, images.concat(), "{disposal}");
    }
    let changing: List = [2, 0, 3, 1].into_iter().collect();
    assert_eq!(
        read(&write(&[20, 30, 3], &refs(&images), Dict::new().with("disposal", changing))).bytes,
        images.concat()
    );
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let fails = |dtype, shape: &[usize], bytes: usize, options: Dict| {
        write_as(dtype, shape, &[&vec![0; bytes]], options, None).unwrap_err().kind()
    };
    let image = [4, 4, 3];
    assert_eq!(fails(DType::I8, &image, 48, Dict::new()), ErrorKind::Shape);
    assert_eq!(fails(DType::U8, &[2, 2, 2, 6], 48, Dict::new()), ErrorKind::Shape);
    assert_eq!(fails(DType::U8, &[0, 4, 3], 0, Dict::new()), ErrorKind::Shape);
    assert_eq!(fails(DType::U8, &[65536, 1], 65536, Dict::new()), ErrorKind::Shape);
    for (key, value) in [("duration", -1.0), ("duration", 1e9), ("disposal", 4.0), ("disposal", 0.5)] {
        assert_eq!(fails(DType::U8, &image, 48, Dict::new().with(key, value)), ErrorKind::InvalidOption, "{key}");
    }
    let both = Dict::new().with("fps", 5).with("duration", 5);
    assert_eq!(fails(DType::U8, &image, 48, both), ErrorKind::InvalidOption);
    let short: List = [10].into_iter().collect();
    let images = moving(2);
    let error = write_as(DType::U8, &[20, 30, 3], &refs(&images), Dict::new().with("duration", short), None);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidOption);
}

#[test]
fn a_refused_image_leaves_the_file_as_it_was() {
    let images = moving(2);
    let call = call(CallKind::Write, Dict::new()).unwrap();
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".gif"), &plain()).unwrap();
    let image = |view| Image { view, dtype: DType::U8, color: None, axes: None, metadata: None };
    writer.write(&image(View::packed(&images[0], 1, &[20, 30, 3]).unwrap()), &call).unwrap();
    let taken = output.taken();
    let turned = View::packed(&images[1], 1, &[30, 20, 3]).unwrap();
    assert_eq!(writer.write(&image(turned), &call).unwrap_err().kind(), ErrorKind::Shape);
    let holes = vec![0; 2400];
    let holes = View::packed(&holes, 1, &[20, 30, 4]).unwrap();
    assert_eq!(writer.write(&image(holes), &call).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(output.taken(), taken);
    writer.write(&image(View::packed(&images[1], 1, &[20, 30, 3]).unwrap()), &call).unwrap();
    writer.finish(&call).unwrap();
    assert_eq!(read(&output.memory_bytes().unwrap()).bytes, images.concat());
}

/// Writes images of numbers of a palette.
fn write_numbers(shape: &[usize], images: &[(&[u8], Dict)], metadata: Option<&Dict>) -> Result<Vec<u8>> {
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".gif"), &plain())?;
    for (bytes, options) in images {
        let view = View::packed(bytes, 1, shape).unwrap();
        let image = Image { view, dtype: DType::U8, color: Some(crate::model::Color::Palette), axes: None, metadata };
        writer.write(&image, &call(CallKind::Write, options.clone())?)?;
    }
    writer.finish(&call(CallKind::Write, Dict::new())?)?;
    output.memory_bytes()
}

#[test]
fn numbers_of_a_palette_stay_as_they_are() {
    // Colours that are equal, in no order, and one that no pixel has: a palette that nobody would choose.
    let palette: Vec<u8> = vec![9, 9, 9, 200, 0, 0, 9, 9, 9, 0, 0, 255];
    let numbers: Vec<u8> = (0..30).map(|i| [0, 2, 3][i % 3]).collect();
    let options = Dict::new().with("palette", palette.as_slice());
    let file = write_numbers(&[5, 6], &[(&numbers, options.clone())], None).unwrap();
    // The global table has four entries, and holds the palette.
    assert_eq!((file[10] & 0x87, &file[13..25]), (0x81, &palette[..]));
    let colours: Vec<u8> = numbers.iter().flat_map(|&n| palette[usize::from(n) * 3..][..3].to_vec()).collect();
    assert_eq!(read(&file).bytes, colours);
    let mut reader = open(&file).unwrap();
    let indexed = call(CallKind::Read, Dict::new().with("mode", "P")).unwrap();
    assert_eq!(read_one(&mut *reader, 0, &indexed).unwrap(), numbers);
    // A second image with the same palette shares it, another has its own.
    let other = Dict::new().with("palette", &[1u8, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12][..]);
    let file = write_numbers(&[5, 6], &[(&numbers, options.clone()), (&numbers, options.clone())], None).unwrap();
    assert_eq!(read(&file).bytes, [&colours[..], &colours].concat());
    assert_eq!(file.windows(12).filter(|w| *w == palette).count(), 1);
    let file = write_numbers(&[5, 6], &[(&numbers, options.clone()), (&numbers, other)], None).unwrap();
    let second: Vec<u8> = numbers.iter().flat_map(|&n| [3 * n + 1, 3 * n + 2, 3 * n + 3]).collect();
    assert_eq!(read(&file).image(1), second);
    // All 256 colours, and grays where no palette is given.
    let all: Vec<u8> = (0..=255).collect();
    let file = write_numbers(&[16, 16], &[(&all, Dict::new())], None).unwrap();
    assert_eq!(read(&file).bytes, all.iter().flat_map(|&n| [n; 3]).collect::<Vec<_>>());
}

#[test]
fn a_number_is_transparent_if_the_option_or_the_metadata_say_so() {
    let palette = &[9u8, 9, 9, 200, 0, 0, 0, 0, 255][..];
    let numbers: Vec<u8> = (0..12).map(|i| i % 3).collect();
    let options = Dict::new().with("palette", palette);
    let shown = |transparent: u8| -> Vec<u8> {
        let colour =
            |&n: &u8| [&palette[usize::from(n) * 3..][..3], &[if n == transparent { 0 } else { 255 }]].concat();
        numbers.iter().flat_map(colour).collect()
    };
    let file = write_numbers(&[3, 4], &[(&numbers, options.clone().with("transparency", 1))], None).unwrap();
    assert_eq!((read(&file).shape, read(&file).bytes), (vec![1, 3, 4, 4], shown(1)));
    assert_eq!(meta(&file, 0).get("transparency"), Some(&Value::Int(1)));
    let said = Dict::new().with("mode", "P").with("transparency", 2);
    let file = write_numbers(&[3, 4], &[(&numbers, options.clone())], Some(&said)).unwrap();
    assert_eq!(read(&file).bytes, shown(2));
    // Of an image of colours the same key means another thing.
    let said = Dict::new().with("mode", "RGB").with("transparency", 2);
    let file = write_numbers(&[3, 4], &[(&numbers, options.clone())], Some(&said)).unwrap();
    assert_eq!(read(&file).shape, [1, 3, 4, 3]);
    // An animation of such images: each stands alone.
    let clear = options.clone().with("transparency", 0);
    let file = write_numbers(&[3, 4], &[(&numbers, clear.clone()), (&numbers, clear)], None).unwrap();
    assert_eq!(read(&file).image(1), shown(0));
}

#[test]
fn numbers_that_cannot_be_written_are_refused() {
    let palette = &[9u8, 9, 9, 200, 0, 0][..];
    let kind = |shape: &[usize], images: &[(&[u8], Dict)]| write_numbers(shape, images, None).unwrap_err().kind();
    let options = Dict::new().with("palette", palette);
    assert_eq!(kind(&[1, 2], &[(&[0, 2], options.clone())]), ErrorKind::Shape);
    assert_eq!(kind(&[1, 2], &[(&[0, 1], options.clone().with("transparency", 2))]), ErrorKind::InvalidOption);
    assert_eq!(
        kind(&[1, 2], &[(&[0, 1], options.clone().with("palettesize", 2).with("palette", "no"))]),
        ErrorKind::InvalidOption
    );
    assert_eq!(kind(&[1, 2, 1], &[(&[0, 1], options.clone())]), ErrorKind::Shape);
    assert_eq!(kind(&[1, 2], &[(&[0, 1], Dict::new().with("palettesize", 16))]), ErrorKind::InvalidOption);
    // Transparent pixels after a first image without.
    let two: [(&[u8], Dict); 2] = [(&[0, 1], options.clone()), (&[0, 1], options.clone().with("transparency", 1))];
    assert_eq!(kind(&[1, 2], &two), ErrorKind::Shape);
    for option in [Dict::new().with("transparency", 0), options] {
        let error = write_as(DType::U8, &[1, 2, 3], &[&[0; 6]], option, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
    }
}
