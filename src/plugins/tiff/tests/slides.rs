//! Slides of scanners whose pages are not just what the picture is.

use super::*;

#[test]
fn levels_of_philips_are_cut_to_the_picture() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiff_flavours/slide_philips.tif");
    let file = std::fs::read(path).unwrap();
    let level = |n: i64, page: Option<i64>| {
        let mut options = Dict::new().with("level", n);
        if let Some(page) = page {
            options.set("page", page);
        }
        let (shape, _, pixels, _) = read(&file, 0, options).unwrap();
        (shape, pixels)
    };
    // The whole page, of whose tiles the picture has a part.
    let (shape, stored, ..) = read(&file, 1, Dict::new().with("pages", true)).map(|r| (r.0, r.2)).unwrap();
    assert_eq!(shape, [32, 64, 3]);
    let (shape, pixels) = level(1, None);
    assert_eq!(shape, [24, 49, 3]);
    let rows = pixels.chunks(49 * 3).zip(stored.chunks(64 * 3));
    assert!(rows.clone().count() == 24 && { rows }.all(|(cut, row)| cut == &row[..49 * 3]));
    assert_eq!(level(1, Some(0)), (shape, pixels));
    assert_eq!(level(0, None).0, [48, 80, 3]);
}

#[test]
fn rows_that_a_level_of_philips_lacks_are_zero() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiff_flavours/slide_philips.tif");
    let mut file = std::fs::read(path).unwrap();
    let level = |file: &[u8], options: Dict| read(file, 0, options.with("level", 1)).map(|r| (r.0, r.2)).unwrap();
    let (_, whole) = level(&file, Dict::new());
    let row = 49 * 3;
    // Its 32 rows become 20, which are in the last tiles still, and then 16 in one row of tiles.
    let length = [&257u16.to_le_bytes()[..], &LONG.to_le_bytes(), &1u32.to_le_bytes(), &32u32.to_le_bytes()].concat();
    let places = |file: &[u8], what: &[u8]| -> Vec<usize> {
        (0..file.len() - what.len()).filter(|&at| file[at..].starts_with(what)).collect()
    };
    let [at] = places(&file, &length)[..] else { panic!("no length") };
    file[at + 8] = 20;
    assert_eq!(level(&file, Dict::new()), (vec![24, 49, 3], whole.clone()));
    let (shape, first) = level(&file, Dict::new().with("page", 0).with("region", "0,17,49,7"));
    assert_eq!((shape, &first[..]), (vec![7, 49, 3], &whole[17 * row..]));
    file[at + 8] = 16;
    for (tag, kind) in [(324u16, 4), (325, 3)] {
        let entry = [&tag.to_le_bytes()[..], &[kind, 0, 8, 0, 0, 0]].concat();
        let list = places(&file, &entry).into_iter().find(|&place| place > at).unwrap();
        file[list + 4] = 4;
    }
    let (shape, pixels) = level(&file, Dict::new());
    assert_eq!(shape, [24, 49, 3]);
    assert!(pixels[..16 * row] == whole[..16 * row] && pixels[16 * row..].iter().all(|&pixel| pixel == 0));
    assert_eq!(read(&file, 1, Dict::new().with("pages", true)).unwrap().0, [16, 64, 3]);
}
