//! What a viewer sees. The expectations are what Pillow gives for the same bytes.

use super::*;
use crate::error::ErrorKind;

/// Rows of letters: r, g, b, w as in the palette; capital where alpha is 0.
fn letters(stack: &Stack, i: usize) -> String {
    let samples = stack.shape[3];
    let letter = |p: &[u8]| {
        let place = PALETTE.iter().position(|c| c == &p[..3]).unwrap();
        let letter = ['r', 'g', 'b', 'w'][place];
        if p.get(3) == Some(&0) { letter.to_ascii_uppercase() } else { letter }
    };
    let rows = stack.image(i).chunks(stack.shape[2] * samples);
    rows.map(|row| row.chunks(samples).map(letter).collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn shown(size: (u16, u16), frames: &[Made]) -> Vec<String> {
    let stack = read(&made(size, frames));
    (0..stack.shape[0]).map(|i| letters(&stack, i)).collect()
}

#[test]
fn frames_stay_unless_they_are_disposed_of() {
    let next = |disposal| {
        let first = Made::new((0, 0), (3, 2), &[0; 6]);
        let second = Made { disposal, ..Made::new((1, 0), (2, 1), &[1, 2]) };
        let third = Made::new((0, 1), (1, 1), &[2]);
        shown((3, 2), &[first, second, third])
    };
    assert_eq!(next(1), ["rrr rrr", "rgb rrr", "rgb brr"]);
    assert_eq!(next(2), ["rrr rrr", "rgb rrr", "rww brr"]);
    assert_eq!(next(3), ["rrr rrr", "rgb rrr", "rrr brr"]);
}

#[test]
fn a_frame_that_does_not_say_inherits_its_disposal() {
    let first = Made { disposal: 2, ..Made::new((0, 0), (2, 1), &[0, 0]) };
    let second = Made::new((0, 0), (1, 1), &[1]);
    let third = Made::new((1, 0), (1, 1), &[2]);
    assert_eq!(shown((2, 1), &[first, second, third]), ["rr", "gw", "wb"]);
}

#[test]
fn the_first_frame_decides_about_alpha() {
    let opaque = || Made::new((0, 0), (2, 1), &[0, 1]);
    let skipping = || Made { transparent: Some(3), ..Made::new((0, 0), (2, 1), &[3, 2]) };
    assert_eq!(shown((2, 1), &[opaque(), skipping()]), ["rg", "rb"]);
    assert_eq!(shown((2, 1), &[skipping(), opaque(), skipping()]), ["Wb", "rg", "rb"]);
}

#[test]
fn disposal_to_transparent_and_to_before_with_alpha() {
    let first = || Made { transparent: Some(3), disposal: 1, ..Made::new((0, 0), (3, 1), &[0, 3, 0]) };
    let second = |disposal| Made { transparent: Some(3), disposal, ..Made::new((1, 0), (2, 1), &[1, 3]) };
    let third = || Made { transparent: Some(3), disposal: 1, ..Made::new((0, 0), (1, 1), &[2]) };
    assert_eq!(shown((3, 1), &[first(), second(2), third()]), ["rWr", "rgr", "bWW"]);
    assert_eq!(shown((3, 1), &[first(), second(3), third()]), ["rWr", "rgr", "bWr"]);
}

#[test]
fn behind_a_small_first_frame_is_its_first_colour() {
    assert_eq!(shown((3, 2), &[Made::new((1, 0), (1, 1), &[1])]), ["rgr rrr"]);
    let see_through = Made { transparent: Some(2), ..Made::new((1, 0), (1, 1), &[1]) };
    assert_eq!(shown((3, 2), &[see_through]), ["BgB BBB"]);
}

#[test]
fn a_large_first_frame_enlarges_the_canvas_and_later_ones_are_cut() {
    let first = Made::new((1, 0), (2, 1), &[0, 1]);
    let second = Made::new((2, 0), (2, 2), &[2, 3, 2, 3]);
    let outside = Made { disposal: 3, ..Made::new((9, 9), (1, 1), &[1]) };
    let last = Made::new((0, 0), (1, 1), &[1]);
    assert_eq!(shown((1, 1), &[first, second, outside, last]), ["rrg", "rrb", "rrb", "grb"]);
}

#[test]
fn interlaced_rows_and_local_palettes() {
    let rows: Vec<u8> = vec![0, 2, 1, 3, 1];
    // Five rows come as 0, 4, 2, 1, 3.
    let first = Made { interlaced: true, ..Made::new((0, 0), (1, 5), &rows) };
    let palette = [PALETTE[3], PALETTE[2], PALETTE[1], PALETTE[0]].as_flattened().to_vec();
    let second = Made { palette: Some(palette), ..Made::new((0, 0), (1, 1), &[0]) };
    assert_eq!(
        shown((1, 5), &[first, second]),
        ["r w g g b"; 1].iter().map(|s| s.to_string()).chain(["w w g g b".into()]).collect::<Vec<_>>()
    );
}

#[test]
fn images_are_read_in_any_order() {
    let frames: Vec<Made> = (0..4).map(|i| Made { disposal: 3, ..Made::new((i, 0), (1, 1), &[i as u8]) }).collect();
    let file = made((4, 1), &frames);
    let all = read(&file);
    let mut reader = open(&file).unwrap();
    for i in [3, 0, 0, 2, 1, 3] {
        assert_eq!(read_one(&mut *reader, i, &plain()).unwrap(), all.image(i));
    }
    assert_eq!(reader.props(Index::At(4), &plain()).unwrap_err().kind(), ErrorKind::Index);
    assert_eq!(reader.meta(Index::At(4), &plain()).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn cursors_stand_alone_and_tell_times() {
    let frames: Vec<Made> = (0..4).map(|i| Made::new((i, 0), (1, 1), &[i as u8])).collect();
    let file = made((4, 1), &frames);
    let all = read(&file);
    let mut reader = open(&file).unwrap();
    let mut cursors = [reader.cursor(&plain()).unwrap().unwrap(), reader.cursor(&plain()).unwrap().unwrap()];
    let next = |cursor: &mut Box<dyn crate::plugin::Cursor>| {
        let props = cursor.next_props(&plain()).unwrap()?;
        let mut bytes = vec![0; props.nbytes().unwrap()];
        let view = ViewMut::packed(&mut bytes, 1, &props.shape).unwrap();
        let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), limits());
        cursor.next(&plain(), &mut to).unwrap();
        Some(bytes)
    };
    cursors[1].seek(2, &plain()).unwrap();
    assert_eq!(next(&mut cursors[1]).unwrap(), all.image(2));
    let meta = cursors[1].meta(&plain()).unwrap();
    assert_eq!(meta.get("time_s"), Some(&Value::Float(0.1)));
    assert_eq!(meta.get("duration_s"), Some(&Value::Float(0.05)));
    for i in 0..4 {
        assert_eq!(next(&mut cursors[0]).unwrap(), all.image(i));
        assert_eq!(cursors[0].next_props(&plain()).unwrap().is_some(), i < 3);
    }
    assert_eq!(next(&mut cursors[1]).unwrap(), all.image(3));
    assert!(next(&mut cursors[1]).is_none());
    cursors[1].seek(9, &plain()).unwrap();
    assert!(next(&mut cursors[1]).is_none());
}

#[test]
fn destinations_may_be_strided_and_of_another_dtype() {
    let file = made((3, 2), &[Made::new((0, 0), (3, 2), &[0, 1, 2, 3, 2, 1])]);
    let straight = read(&file);
    let mut floats = vec![0u8; 3 * 2 * 3 * 4];
    let view = ViewMut::packed(&mut floats, 4, &[2, 3, 3]).unwrap().flip(0).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::F32), limits());
    open(&file).unwrap().read(Index::At(0), &plain(), &mut to).unwrap();
    let floats: Vec<f32> = floats.chunks(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap())).collect();
    let rows: Vec<f32> = straight.bytes.chunks(9).rev().flatten().map(|&b| b.into()).collect();
    assert_eq!(floats, rows);
}

#[test]
fn metadata_are_those_of_pillow() {
    let mut file = made((1, 1), &[]);
    file.pop();
    file.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x07\x00\x00\x21\xfe\x02ab\x01c\x00\x21\xfe\x01d\x00");
    file.extend(Made { transparent: Some(2), ..Made::new((0, 0), (1, 1), &[1]) }.bytes());
    file.extend([0, 0]); // padding between blocks
    file.extend(Made::new((0, 0), (1, 1), &[1]).bytes());
    file.push(b';');
    let mut reader = open(&file).unwrap();
    let with_palette = call(CallKind::Meta, Dict::new().with("exclude_applied", false)).unwrap();
    let first = reader.meta(Index::All, &with_palette).unwrap();
    let keys: Vec<&str> = first.iter().map(|(key, _)| key.as_str()).collect();
    let expected = "version background loop transparency comment duration extension mode shape palette";
    assert_eq!(keys.join(" "), expected);
    assert_eq!(first.get("loop"), Some(&Value::Int(7)));
    assert_eq!(first.get("comment"), Some(&Value::Bytes(b"abc\nd".to_vec())));
    assert_eq!(first.get("duration"), Some(&Value::Int(50)));
    let second = meta(&file, 1);
    assert!(!second.contains("transparency") && !second.contains("extension") && second.contains("comment"));
    assert_eq!(read(&file).shape, [2, 1, 1, 4]);
}
