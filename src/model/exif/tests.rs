use super::{main_ifd, orientation, orientation_in_xmp, tags};
use crate::model::Value;

/// A block with one directory. An entry: tag, type, count, and the four bytes of the value or its offset.
fn block(big: bool, entries: &[(u16, u16, u32, [u8; 4])], data: &[u8]) -> Vec<u8> {
    let u16 = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let u32 = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut out = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    out.extend(u32(8));
    out.extend(u16(entries.len() as u16));
    for &(tag, kind, count, value) in entries {
        out.extend(u16(tag));
        out.extend(u16(kind));
        out.extend(u32(count));
        out.extend(value);
    }
    out.extend([0; 4]);
    out.extend(data);
    out
}

#[test]
fn values_have_their_types_in_both_byte_orders() {
    for big in [false, true] {
        let u16 = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let u32 = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let short = |a, b| [u16(a), u16(b)].concat().try_into().unwrap();
        let behind = 8 + 2 + 7 * 12 + 4;
        let entries = [
            (0x0112, 3, 1, short(6, 0)),
            (0x011A, 5, 1, u32(behind)),
            (0x010F, 2, 4, *b"abc\0"),
            (0x0102, 3, 2, short(8, 9)),
            (0x8769, 4, 1, u32(8)),
            (0x9C9B, 1, 2, [1, 2, 0, 0]),
            (0x011B, 10, 1, u32(behind + 8)),
        ];
        let data = [u32(300), u32(2), u32(-3i32 as u32), u32(0)].concat();
        let block = block(big, &entries, &data);
        let found = main_ifd(&block);
        assert_eq!(found.get("Orientation"), Some(&Value::Int(6)));
        assert_eq!(found.get("XResolution"), Some(&Value::Float(150.0)));
        assert_eq!(found.get("Make"), Some(&Value::from("abc")));
        assert_eq!(found.get("BitsPerSample"), Some(&Value::List([8, 9].into_iter().collect())));
        assert_eq!(found.get("XPTitle"), Some(&Value::Bytes(vec![1, 2])));
        assert!(matches!(found.get("YResolution"), Some(Value::Float(x)) if x.is_nan()));
        assert_eq!(orientation(&block), 6);
        assert_eq!(orientation(&[b"Exif\0\0", block.as_slice()].concat()), 6);
        // A directory that claims to be inside itself is a directory, not a loop.
        assert_eq!(found.get("ExifOffset"), Some(&Value::Int(8)));
        let Some(Value::Dict(inner)) = main_ifd(&block).get("Exif").cloned() else { panic!("no directory") };
        assert_eq!(inner.len(), found.len() - 1);
        // In those directories a rational is a pair.
        assert_eq!(inner.get("XResolution"), Some(&Value::List([300.0, 2.0].into_iter().collect())));
    }
}

#[test]
fn text_is_utf8_or_latin_1() {
    let text = |bytes: [u8; 4]| main_ifd(&block(false, &[(0x010F, 2, 4, bytes)], b"")).get("Make").cloned().unwrap();
    assert_eq!(text(*b"ab\0\0"), Value::from("ab"));
    assert_eq!(text([b'a', 0xC3, 0xA9, 0]), Value::from("aé"));
    assert_eq!(text([b'a', 0xE9, b'b', 0]), Value::from("aéb"));
    assert_eq!(text([b'a', 0, b'b', 0]), Value::Bytes(b"a\0b".to_vec()));
}

#[test]
fn entries_that_make_no_sense_are_left_out() {
    let largest = u32::MAX.to_le_bytes();
    let entries = [
        (0x010F, 2, 100, largest),
        (0x0110, 2, u32::MAX, [8, 0, 0, 0]),
        (0x011A, 5, u32::MAX, [8, 0, 0, 0]),
        (0x0102, 77, 1, [8, 0, 0, 0]),
        (0x0103, 3, 0, [8, 0, 0, 0]),
        (0x7777, 3, 1, [8, 0, 0, 0]),
        (0x0131, 2, 4, *b"kept"),
    ];
    let found = main_ifd(&block(false, &entries, b""));
    assert_eq!(found.iter().map(|(key, _)| key.to_string()).collect::<Vec<_>>(), ["Software"]);
}

#[test]
fn values_that_share_their_bytes_do_not_multiply_them() {
    let entries: Vec<_> = tags::TAGS.iter().map(|&(tag, _)| (tag, 3, 20_000, [8, 0, 0, 0])).collect();
    let found = main_ifd(&block(false, &entries, &vec![0; 40_000]));
    assert_eq!(found.len(), 1);
    assert!(matches!(found.iter().next(), Some((_, Value::Array(array))) if array.shape() == [20_000]));
}

#[test]
fn cut_and_changed_blocks_do_no_harm() {
    let whole = block(true, &[(0x0112, 3, 1, [0, 9, 0, 0]), (0x011A, 5, 1, [0, 0, 0, 38])], &[1; 8]);
    for at in 0..whole.len() {
        let _ = main_ifd(&whole[..at]);
        let mut changed = whole.clone();
        changed[at] = 0xFF;
        let _ = main_ifd(&changed);
    }
    assert_eq!(orientation(&whole), 0);
    assert!(main_ifd(b"").is_empty() && main_ifd(b"Exif\0\0").is_empty());
}

#[test]
fn xmp_tells_an_orientation_in_either_form() {
    assert_eq!(orientation_in_xmp(b"<x tiff:Orientation=\"6\"/>"), 6);
    assert_eq!(orientation_in_xmp(b"<tiff:Orientation>8</tiff:Orientation>"), 8);
    assert_eq!(orientation_in_xmp(b"<tiff:Orientation>9"), 0);
    assert_eq!(orientation_in_xmp(b"tiff:Orientation"), 0);
}

#[test]
fn the_table_is_sorted() {
    assert!(tags::TAGS.windows(2).all(|w| w[0].0 < w[1].0));
}
