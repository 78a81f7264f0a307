//! Files made here, mostly hostile ones; the matrix of sound ones is tests/data/tiff.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{DType, Dict, Index, ViewMut};
use crate::plugin::{Count, Outcome};
use crate::v3::{self, File};
use std::time::{Duration, Instant};

mod bombs;
mod slides;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A file of the little-endian classic kind, laid byte by byte.
struct Made(Vec<u8>);

impl Made {
    fn new(first: u32) -> Made {
        Made([&b"II*\0"[..], &first.to_le_bytes()].concat())
    }

    fn end(&self) -> u32 {
        self.0.len() as u32
    }

    /// A directory of entries (tag, type, count, value or offset) here.
    fn directory(&mut self, entries: &[(u16, u16, u32, u32)], next: u32) {
        self.0.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            self.0.extend(tag.to_le_bytes());
            self.0.extend(kind.to_le_bytes());
            self.0.extend(count.to_le_bytes());
            self.0.extend(value.to_le_bytes());
        }
        self.0.extend(next.to_le_bytes());
    }
}

/// The entries of a gray picture of 8 bits in one strip.
fn gray(width: u32, length: u32, at: u32, bytes: u32) -> Vec<(u16, u16, u32, u32)> {
    vec![
        (256, LONG, 1, width),
        (257, LONG, 1, length),
        (258, SHORT, 1, 8),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, 1),
        (273, LONG, 1, at),
        (277, SHORT, 1, 1),
        (278, LONG, 1, length),
        (279, LONG, 1, bytes),
    ]
}

/// The same with other values of some tags.
fn with(mut entries: Vec<(u16, u16, u32, u32)>, changed: &[(u16, u16, u32, u32)]) -> Vec<(u16, u16, u32, u32)> {
    entries.retain(|(tag, ..)| changed.iter().all(|(other, ..)| other != tag));
    entries.extend(changed);
    entries.sort();
    entries
}

/// A picture of 4 rows of 4 pixels, its directory first.
fn small(changed: &[(u16, u16, u32, u32)], pixels: &[u8]) -> Vec<u8> {
    let mut made = Made::new(8);
    let entries = with(gray(4, 4, 8 + 2 + 16 * 12 + 4, pixels.len() as u32), changed);
    made.directory(&entries, 0);
    made.0.resize(8 + 2 + 16 * 12 + 4, 0);
    made.0.extend(pixels);
    made.0
}

fn open(bytes: &[u8], options: &Dict) -> Result<File> {
    v3::imopen_bytes(bytes.to_vec(), options)
}

fn read(bytes: &[u8], index: usize, options: Dict) -> Result<(Vec<usize>, DType, Vec<u8>, Outcome)> {
    let mut file = open(bytes, &Dict::new())?;
    let call = file.call(crate::plugin::CallKind::Read, &options)?;
    let plan = file.plan(Index::At(index), &call)?;
    file.check_limits(&plan)?;
    let props = plan.props().clone();
    let mut memory = vec![0xEE; props.nbytes()?];
    let view = ViewMut::packed(&mut memory, props.dtype.size(), &props.shape).ok_or_else(|| Error::internal("view"))?;
    let outcome = file.read_planned(&plan, &call, view, props.dtype)?;
    Ok((props.shape.to_vec(), props.dtype, memory, outcome))
}

fn kind_of<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("it should be refused").kind()
}

const PIXELS: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

#[test]
fn a_plain_picture_is_read() {
    let (shape, dtype, pixels, outcome) = read(&small(&[], &PIXELS), 0, Dict::new()).unwrap();
    assert_eq!((shape, dtype, pixels, outcome), (vec![4, 4], DType::U8, PIXELS.to_vec(), Outcome::Complete));
}

/// Pages of 4 rows of 4 pixels, each with its directory before its pixels, changed by its number.
fn pages(count: u32, changed: impl Fn(u32) -> Vec<(u16, u16, u32, u32)>) -> Vec<u8> {
    let mut made = Made::new(8);
    for i in 0..count {
        let changed = changed(i);
        let mut entries = with(gray(4, 4, 0, 16), &changed);
        let pixels = made.end() + 2 + 12 * entries.len() as u32 + 4;
        if changed.iter().all(|(tag, ..)| *tag != 273) {
            entries = with(entries, &[(273, LONG, 1, pixels)]);
        }
        made.directory(&entries, if i + 1 < count { pixels + 16 } else { 0 });
        made.0.extend(PIXELS.map(|p| p.wrapping_add(i as u8)));
    }
    made.0
}

#[test]
fn small_pages_are_read_many_at_a_time() {
    let wanted = |i: u32| PIXELS.map(|p| p.wrapping_add(i as u8));
    let (shape, _, pixels, _) = read(&pages(200, |_| Vec::new()), 0, Dict::new()).unwrap();
    assert_eq!(shape, [200, 4, 4]);
    assert!(pixels.chunks(16).zip(0..).all(|(page, i)| page == wanted(i)));
    // One page that is not stored, one whose strip is said to be shorter than its rows, one that lies behind the end.
    let sparse = pages(200, |i| if i == 70 { vec![(273, LONG, 1, 0)] } else { Vec::new() });
    let (_, _, pixels, outcome) = read(&sparse, 0, Dict::new()).unwrap();
    assert_eq!(outcome, Outcome::Complete);
    assert!(pixels.chunks(16).zip(0..).all(|(page, i)| page == if i == 70 { [0; 16] } else { wanted(i) }));
    for wrong in [(279, LONG, 1, 15), (273, LONG, 1, 1 << 20)] {
        let file = pages(200, |i| if i == 70 { vec![wrong] } else { Vec::new() });
        let error = read(&file, 0, Dict::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.message().contains("page 70"), "{error}");
        let (_, _, pixels, outcome) = read(&file, 0, Dict::new().with("allow_partial", true)).unwrap();
        assert_eq!(outcome, Outcome::Partial);
        assert!(pixels.chunks(16).zip(0..).all(|(page, i)| i == 70 || page == wanted(i)));
    }
}

#[test]
fn of_more_axes_than_eight_those_of_length_one_are_left_out() {
    let described = |shape: &str, pages: u32| {
        let text = format!("{{\"shape\": {shape}}}\0");
        let mut file = pages_of(pages, text.len() as u32);
        let at = file.len() as u32;
        for i in 0..file.len() - 12 {
            // The only place where this stands is the entry.
            if file[i..i + 4] == [14, 1, 2, 0] {
                file[i + 8..i + 12].copy_from_slice(&at.to_le_bytes());
            }
        }
        file.extend(text.bytes());
        file
    };
    fn pages_of(count: u32, len: u32) -> Vec<u8> {
        pages(count, |_| vec![(270, 2, len, 0)])
    }
    let file = described("[1, 2, 1, 2, 1, 2, 1, 2, 4, 4]", 16);
    assert_eq!(read(&file, 0, Dict::new()).unwrap().0, [2, 2, 2, 2, 4, 4]);
    let file = described("[2, 2, 1, 2, 1, 2, 4, 4]", 16);
    assert_eq!(read(&file, 0, Dict::new()).unwrap().0, [2, 2, 1, 2, 1, 2, 4, 4]);
    let error = read(&described("[2, 2, 2, 2, 2, 2, 2, 4, 4]", 128), 0, Dict::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("axes QQQQQQQYX"), "{error}");
}

#[test]
fn a_chain_that_goes_back_and_forth_is_followed_and_found_out() {
    // Directories at odd places come after those at even ones, which go backwards.
    let size = 2 + 9 * 12 + 4u32;
    let at = |i: u32| 8 + i * size;
    for (end, count) in [(0u32, Some(6)), (at(3), None)] {
        let order = [4, 2, 0, 1, 3, 5];
        let mut made = Made::new(at(order[0]));
        for place in 0..6u32 {
            let step = order.iter().position(|&p| p == place).unwrap();
            made.directory(&gray(4, 4, at(6), 16), order.get(step + 1).map_or(end, |&next| at(next)));
        }
        made.0.extend(PIXELS);
        let counted = open(&made.0, &Dict::new()).unwrap().count(Count::Exact, &Dict::new().with("pages", true));
        assert_eq!(counted.ok(), count.map(Some));
    }
}

#[test]
fn a_tile_of_which_most_is_wanted_is_decoded_as_a_whole() {
    // Three rows of four are in the picture; the tile holds all four, as few as the picture has, or is cut behind those.
    let mut zlib = inflate::Compressor::new(6).unwrap();
    let mut packed = vec![0; 1 << 10];
    let len = zlib.compress(inflate::Wrapper::Zlib, &PIXELS, &mut packed).unwrap();
    let short = zlib.compress(inflate::Wrapper::Zlib, &PIXELS[..12], &mut packed[512..]).unwrap();
    let zstd = zstd::bulk::compress(&PIXELS, 1).unwrap();
    let zstd_short = zstd::bulk::compress(&PIXELS[..12], 1).unwrap();
    let inflated = [(8, &packed[..len]), (8, &packed[512..512 + short]), (8, &packed[..len - 4])];
    for (code, data) in inflated.into_iter().chain([(50000, &zstd[..]), (50000, &zstd_short[..])]) {
        let n = data.len() as u32;
        let tile =
            [(257, LONG, 1, 3), (259, SHORT, 1, code), (322, LONG, 1, 4), (323, LONG, 1, 4), (324, LONG, 1, 206)];
        let mut tile = tile.to_vec();
        tile.push((325, LONG, 1, n));
        let entries = with(gray(4, 3, 0, 0), &tile);
        let entries: Vec<_> = entries.into_iter().filter(|(tag, ..)| ![273, 278, 279].contains(tag)).collect();
        let mut made = Made::new(8);
        made.directory(&entries, 0);
        made.0.resize(206, 0);
        made.0.extend(data);
        assert_eq!(read(&made.0, 0, Dict::new()).unwrap().2, PIXELS[..12], "{code}, {n} bytes");
    }
}

#[test]
fn a_chain_that_comes_back_is_an_error_and_its_pages_are_read_one_by_one() {
    for back in [8u32, 126] {
        let mut made = Made::new(8);
        made.directory(&gray(4, 4, 300, 16), 126);
        made.0.resize(126, 0);
        made.directory(&gray(4, 4, 300, 16), back);
        made.0.resize(300, 0);
        made.0.extend(PIXELS);
        assert_eq!(kind_of(read(&made.0, 0, Dict::new())), ErrorKind::Corrupt);
        let pages = Dict::new().with("pages", true);
        assert_eq!(read(&made.0, 1, pages.clone()).unwrap().2, PIXELS);
        assert_eq!(kind_of(read(&made.0, 2, pages)), ErrorKind::Corrupt);
    }
}

#[test]
fn directories_that_cannot_be_are_errors() {
    for first in [0u32, 1, 7, 4000, u32::MAX] {
        let mut made = Made::new(first);
        made.0.resize(100, 0);
        assert_eq!(kind_of(open(&made.0, &Dict::new())), ErrorKind::Corrupt, "first directory at {first}");
    }
    let mut cut = Made::new(8);
    cut.0.extend([9, 0, 1]);
    assert_eq!(kind_of(open(&cut.0, &Dict::new())), ErrorKind::Corrupt);
    let mut many = Made::new(8);
    many.0.extend([0xFF; 4000]);
    assert_eq!(kind_of(open(&many.0, &Dict::new())), ErrorKind::Corrupt);
    assert_eq!(kind_of(open(b"II+\0\x08\0\0\0\x10", &Dict::new())), ErrorKind::Corrupt);
}

#[test]
fn a_million_directories_are_counted_in_bounded_time() {
    let mut made = Made::new(8);
    for _ in 0..1_000_000 {
        let next = made.end() + 18;
        made.directory(&[(254, LONG, 1, 0)], next);
    }
    let start = Instant::now();
    let mut file = open(&made.0, &Dict::new()).unwrap();
    let counted = file.count(Count::Exact, &Dict::new().with("pages", true));
    assert_eq!(kind_of(counted), ErrorKind::Corrupt);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn directories_that_overlap_are_an_error() {
    // Each is four bytes behind the last and claims all that follows.
    let mut made = Made::new(8);
    for i in 0..5000u32 {
        made.0.extend((3u16 + (i % 2) as u16).to_le_bytes());
        made.0.extend([0, 0]);
    }
    let mut file = open(&made.0, &Dict::new()).unwrap();
    let counted = file.count(Count::Exact, &Dict::new().with("pages", true));
    assert!(counted.is_err() || counted.is_ok_and(|n| n <= Some(5000)));
}

#[test]
fn sizes_that_no_memory_holds_are_limits() {
    let sides = [(256, LONG, 1, u32::MAX), (257, LONG, 1, u32::MAX), (278, LONG, 1, u32::MAX)];
    assert_eq!(kind_of(read(&small(&sides, &PIXELS), 0, Dict::new())), ErrorKind::Limit);
    // A tile of a gigapixel for sixteen pixels.
    let tile = [(322, LONG, 1, 1 << 15), (323, LONG, 1, 1 << 15), (324, LONG, 1, 206), (325, LONG, 1, 16)];
    assert_eq!(kind_of(read(&small(&tile, &PIXELS), 0, Dict::new())), ErrorKind::Limit);
    let samples = [(277, SHORT, 1, 65535), (256, LONG, 1, 1 << 20), (257, LONG, 1, 1 << 10)];
    assert_eq!(kind_of(read(&small(&samples, &PIXELS), 0, Dict::new())), ErrorKind::Limit);
}

#[test]
fn tables_beyond_the_file_are_errors() {
    for changed in
        [(273, LONG, u32::MAX, 100), (279, LONG, 1 << 30, 100), (273, LONG, 2000, 100), (258, SHORT, 3, 1 << 30)]
    {
        let file = small(&[changed, (277, SHORT, 1, if changed.0 == 258 { 3 } else { 1 })], &PIXELS);
        assert_eq!(kind_of(read(&file, 0, Dict::new())), ErrorKind::Corrupt, "{changed:?}");
    }
    for offset in [5000, u32::MAX] {
        let file = small(&[(273, LONG, 1, offset)], &PIXELS);
        assert_eq!(kind_of(read(&file, 0, Dict::new())), ErrorKind::Corrupt);
    }
}

#[test]
fn a_cut_strip_is_an_error_or_partial() {
    let mut file = small(&[], &PIXELS);
    file.truncate(file.len() - 6);
    assert_eq!(kind_of(read(&file, 0, Dict::new())), ErrorKind::Corrupt);
    let (_, _, pixels, outcome) = read(&file, 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    assert_eq!((&pixels[..10], &pixels[10..]), (&PIXELS[..10], &[0; 6][..]));
}

#[test]
fn a_strip_that_decompresses_beyond_its_size_is_cut() {
    let mut zlib = inflate::Compressor::new(6).unwrap();
    let bomb = vec![7u8; 8 << 20];
    let mut packed = vec![0; 1 << 20];
    let len = zlib.compress(inflate::Wrapper::Zlib, &bomb, &mut packed).unwrap();
    let file = small(&[(259, SHORT, 1, 8)], &packed[..len]);
    assert_eq!(read(&file, 0, Dict::new()).unwrap().2, [7; 16]);
    let zstd = zstd::bulk::compress(&bomb, 1).unwrap();
    assert_eq!(read(&small(&[(259, SHORT, 1, 50000)], &zstd), 0, Dict::new()).unwrap().2, [7; 16]);
}

#[test]
fn unknown_compressions_say_which_they_are() {
    let error = read(&small(&[(259, SHORT, 1, 34661)], &PIXELS), 0, Dict::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("JBIG"), "{}", error.message());
    // Who has the module finds the data damaged.
    let kind = kind_of(read(&small(&[(259, SHORT, 1, 34887)], &PIXELS), 0, Dict::new()));
    assert!(matches!(kind, ErrorKind::PluginUnavailable | ErrorKind::Corrupt), "{kind:?}");
}

#[test]
fn what_a_sensor_gave_is_left_to_the_plugin_for_it() {
    let file = small(&[(262, SHORT, 1, 32803)], &PIXELS);
    assert_eq!(kind_of(open(&file, &Dict::new())), ErrorKind::PluginUnavailable);
    assert!(open(&file, &Dict::new().with("plugin", "tiff")).is_ok());
    let dng = small(&[(50706, 1, 4, 0x0000_0401)], &PIXELS);
    assert_eq!(kind_of(open(&dng, &Dict::new())), ErrorKind::PluginUnavailable);
}

#[test]
fn pixels_do_not_depend_on_threads_or_strides() {
    // 2048 rows of 1024 pixels in strips of 3 rows, each pixel known.
    let mut made = Made::new(8);
    let (width, length, rows) = (1024u32, 2048u32, 3u32);
    let strips = length.div_ceil(rows);
    let tables = 8 + 2 + 9 * 12 + 4;
    let data = tables + 8 * strips;
    let changed = [(273, LONG, strips, tables), (279, LONG, strips, tables + 4 * strips), (278, LONG, 1, rows)];
    made.directory(&with(gray(width, length, 0, 0), &changed), 0);
    // Strips in the reverse order, so that they do not lie one behind the other.
    for i in 0..strips {
        made.0.extend((data + (strips - 1 - i) * width * rows).to_le_bytes());
    }
    (0..strips).for_each(|_| made.0.extend((width * rows).to_le_bytes()));
    let pixel = |x: u32, y: u32| (x * 7 + y * 31 + y / 256) as u8;
    for i in (0..strips).rev() {
        for y in i * rows..(i + 1) * rows {
            made.0.extend((0..width).map(|x| pixel(x, y)));
        }
    }
    let wanted: Vec<u8> = (0..length).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect();
    for threads in [1, 2, 5] {
        let options = Dict::new().with("threads", threads);
        let mut file = open(&made.0, &options).unwrap();
        let call = file.call(crate::plugin::CallKind::Read, &Dict::new()).unwrap();
        let plan = file.plan(Index::At(0), &call).unwrap();
        let mut memory = vec![0; wanted.len()];
        let view = ViewMut::packed(&mut memory, 1, &[length as usize, width as usize]).unwrap();
        file.read_planned(&plan, &call, view, DType::U8).unwrap();
        assert!(memory == wanted, "{threads} threads");
        // Columns first: every row goes through memory of its own.
        let view = ViewMut::packed(&mut memory, 1, &[width as usize, length as usize]).unwrap().swap(0, 1).unwrap();
        file.read_planned(&plan, &call, view, DType::U8).unwrap();
        let (w, l) = (width as usize, length as usize);
        assert!((0..l).all(|y| (0..w).all(|x| memory[x * l + y] == wanted[y * w + x])));
    }
}

#[test]
fn a_region_reads_only_what_it_needs() {
    // Four strips of a row, of which only that of the second row is in the file.
    let mut made = Made::new(8);
    let tables = 8 + 2 + 9 * 12 + 4;
    let data = tables + 32;
    let changed = [(273, LONG, 4, tables), (279, LONG, 4, tables + 16), (278, LONG, 1, 1)];
    made.directory(&with(gray(4, 4, 0, 0), &changed), 0);
    [5000, data, 6000, 7000].iter().for_each(|at: &u32| made.0.extend(at.to_le_bytes()));
    (0..4).for_each(|_| made.0.extend(4u32.to_le_bytes()));
    made.0.extend([1, 2, 3, 4]);
    assert_eq!(kind_of(read(&made.0, 0, Dict::new())), ErrorKind::Corrupt);
    let (shape, _, pixels, _) = read(&made.0, 0, Dict::new().with("region", "1, 1, 2, 1")).unwrap();
    assert_eq!((shape, pixels), (vec![1, 2], vec![2, 3]));
}

/// A picture of 4 x 4 of luminance and chroma in blocks of 2 x 2: twice two blocks of six bytes.
fn shared(changed: &[(u16, u16, u32, u32)], pixels: &[u8]) -> Vec<u8> {
    let block = u32::from_le_bytes([2, 0, 2, 0]);
    let mut all = vec![(258, SHORT, 1, 8), (262, SHORT, 1, 6), (277, SHORT, 1, 3), (530, SHORT, 2, block)];
    all.retain(|(tag, ..)| changed.iter().all(|(other, ..)| other != tag));
    all.extend(changed);
    small(&all, pixels)
}

#[test]
fn chroma_is_spread_over_its_block() {
    let gray = [[10, 20, 30, 40, 128, 128], [50, 60, 70, 80, 128, 128]];
    let pixels: Vec<u8> = gray.concat().repeat(2);
    let (shape, dtype, found, _) = read(&shared(&[], &pixels), 0, Dict::new()).unwrap();
    assert_eq!((shape, dtype), (vec![4, 4, 3], DType::U8));
    let rows = [[10, 20, 50, 60], [30, 40, 70, 80], [10, 20, 50, 60], [30, 40, 70, 80]];
    assert_eq!(found, rows.concat().into_iter().flat_map(|level| [level; 3]).collect::<Vec<u8>>());
    // A part of it, and what is there of a strip that is cut off.
    let (_, _, part, _) = read(&shared(&[], &pixels), 0, Dict::new().with("region", "1,1,2,2")).unwrap();
    assert_eq!(part, [40, 70, 20, 50].into_iter().flat_map(|level| [level; 3]).collect::<Vec<u8>>());
    let cut = shared(&[], &pixels[..20]);
    assert_eq!(kind_of(read(&cut, 0, Dict::new())), ErrorKind::Corrupt);
    let (_, _, found, outcome) = read(&cut, 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!((&found[..3], &found[24..], outcome), (&[10; 3][..], &[0; 24][..], Outcome::Partial));
}

#[test]
fn chroma_that_cannot_be_spread_is_refused() {
    let blocks = |x: u32, y: u32| (530, SHORT, 2, x | y << 16);
    for (changed, kind) in [
        (blocks(3, 2), ErrorKind::Corrupt),
        (blocks(2, 0), ErrorKind::Corrupt),
        (blocks(0xFFFF, 0xFFFF), ErrorKind::Corrupt),
        ((317, SHORT, 1, 2), ErrorKind::Unsupported),
        ((258, SHORT, 1, 16), ErrorKind::Unsupported),
        ((277, SHORT, 1, 4), ErrorKind::Unsupported),
        ((284, SHORT, 1, 2), ErrorKind::Unsupported),
    ] {
        assert_eq!(kind_of(read(&shared(&[changed], &[0; 64]), 0, Dict::new())), kind, "{changed:?}");
    }
}

#[test]
fn pictures_inside_that_are_none_are_errors() {
    const CODES: [u32; 8] = [33003, 33004, 33005, 34712, 50002, 52546, 34676, 34933];
    let stream = b"\xFF\x4F\xFF\x51\0\x29\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01";
    for code in CODES {
        for pixels in [&b"\xFF\x0A"[..], b"\xFF\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", stream, &[0xAA; 99]] {
            let changed = [(259, SHORT, 1, code), (262, SHORT, 1, if code == 34676 { 32844 } else { 1 })];
            let bits = if code == 34676 { 16 } else { 8 };
            let file = small(&[&changed[..], &[(258, SHORT, 1, bits)]].concat(), pixels);
            let kind = read(&file, 0, Dict::new()).err().map(|e| e.kind());
            let refused = matches!(kind, Some(ErrorKind::Corrupt | ErrorKind::Unsupported | ErrorKind::Limit));
            assert!(refused || code == 34676, "{code} {pixels:?}: {kind:?}");
            let _ = read(&file, 0, Dict::new().with("allow_partial", true));
        }
    }
}
