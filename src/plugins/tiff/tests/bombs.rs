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
