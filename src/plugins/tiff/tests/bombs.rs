//! Small files that ask for much: of time, of memory, or of reading the same bytes again and again.

use super::*;

/// Fails if it takes longer than any of these may, on a slow machine and without optimisation.
fn quickly<T>(what: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = what();
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    done
}

#[test]
fn tiles_of_one_pixel_that_are_not_stored_are_not_looked_at() {
    let mut made = Made::new(8);
    let mut entries = gray(1 << 14, 1 << 14, 0, 0);
    entries.retain(|(tag, ..)| !matches!(tag, 273 | 278 | 279));
    let tiles = [(322, LONG, 1, 1), (323, LONG, 1, 1), (324, LONG, 1, 0), (325, LONG, 1, 0)];
    made.directory(&with(entries, &tiles), 0);
    let (shape, _, pixels, outcome) = quickly(|| read(&made.0, 0, Dict::new())).unwrap();
    assert_eq!((shape, outcome), (vec![1 << 14, 1 << 14], Outcome::Complete));
    assert!(pixels.iter().all(|&pixel| pixel == 0));
}

/// A small picture with one more tag, whose value lies behind it.
fn with_tag(tag: u16, kind: u16, count: u32, value: &[u8]) -> Vec<u8> {
    let mut file = small(&[(tag, kind, count, 0)], &PIXELS);
    let at = file.len() as u32;
    let entries = file[10..].chunks_exact(12).position(|entry| entry[..2] == tag.to_le_bytes()).unwrap();
    file[10 + 12 * entries + 8..][..4].copy_from_slice(&at.to_le_bytes());
    file.extend(value);
    file
}

fn file_meta(bytes: &[u8]) -> Dict {
    quickly(|| open(bytes, &Dict::new()).unwrap().meta(Index::All, &Dict::new())).unwrap()
}

#[test]
fn json_of_millions_of_values_stays_text() {
    const UNDEFINED: u16 = 7;
    let page = |text: &str| {
        let file = with_tag(51123, UNDEFINED, text.len() as u32, text.as_bytes());
        quickly(|| open(&file, &Dict::new()).unwrap().meta(Index::At(0), &Dict::new())).unwrap()
    };
    let few = page(&format!("[{}0]", "0,".repeat(1000)));
    assert!(few.iter().any(|(_, value)| matches!(value, crate::model::Value::List(list) if list.len() == 1001)));
    let many = page(&format!("[{}0]", "0,".repeat(4_000_000)));
    assert!(many.iter().any(|(_, value)| value.as_str().is_some_and(|text| text.len() > 8_000_000)));
}

#[test]
fn keys_of_geotiff_that_name_the_same_values_again_and_again_are_left_out() {
    let key = |i: u16, count: u16| [40_000 + i, 34735, count, 0];
    let keys = |count: u16, each: u16| -> Vec<u8> {
        let keys = [1, 1, 0, count].into_iter().chain((0..count).flat_map(|i| key(i, each)));
        keys.flat_map(u16::to_le_bytes).collect()
    };
    let meta = |count: u16, each: u16| {
        let value = keys(count, each);
        file_meta(&with_tag(34735, SHORT, value.len() as u32 / 2, &value))
    };
    let told = |meta: &Dict| meta.iter().filter(|(name, _)| name.as_str().starts_with("4")).count();
    assert_eq!(told(&meta(10, 4)), 10);
    let many = told(&meta(16_000, 60_000));
    assert!((1..20).contains(&many), "{many}");
}

#[test]
fn tags_that_share_their_bytes_count_each_for_itself() {
    const ASCII: u16 = 2;
    let file = |tags: u16, bytes: u32| {
        let mut made = Made::new(8);
        let entries = (0..tags).map(|i| (40_000 + i, ASCII, bytes, 0)).collect::<Vec<_>>();
        let text = 8 + 2 + 12 * (9 + u32::from(tags)) + 4;
        let entries = with(gray(4, 4, text, 16), &entries).into_iter();
        let entries = entries.map(|(tag, kind, n, at)| (tag, kind, n, if tag >= 40_000 { text } else { at }));
        made.directory(&entries.collect::<Vec<_>>(), 0);
        made.0.resize(made.0.len() + bytes as usize, b'x');
        made.0
    };
    let meta = |bytes: Vec<u8>| open(&bytes, &Dict::new())?.meta(Index::At(0), &Dict::new());
    let sound = meta(file(200, 1 << 16)).unwrap();
    assert_eq!(sound.get("40199").and_then(|text| text.as_str()).map(str::len), Some(1 << 16));
    assert_eq!(kind_of(quickly(|| meta(file(3000, 4 << 20)))), ErrorKind::Limit);
}
