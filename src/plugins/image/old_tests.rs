//! Pictures of early programs and machines: WBMP, CUT, Koala, IFF. That each reads as independent programs read it, the
//! list of tests/data/old tests.

use super::single::tests::read_named;
use crate::error::{ErrorKind, Result};
use crate::model::{DType, Dict, Index};
use crate::plugin::{CallKind, Outcome, Plugin};
use crate::plugins::image::ImagePlugin;
use crate::plugins::image::png::tests::{call, image};
use crate::resource::read_memory;

const FILES: [&str; 8] =
    ["bits.wbmp", "halo.cut", "squares.koa", "planes.lbm", "plain.iff", "ham6.iff", "masked.iff", "chunky.lbm"];

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/old");

/// A file without a mark, as its line of unmarked.txt has it.
struct Unmarked {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    hash: u64,
    bytes: Vec<u8>,
}

fn unmarked() -> Vec<Unmarked> {
    let list = std::fs::read_to_string(format!("{FOLDER}/unmarked.txt")).unwrap();
    let parse = |line: &str| {
        let [name, shape, dtype, hash, hex] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let pairs = hex.as_bytes().chunks(2).map(|two| str::from_utf8(two).unwrap());
        Unmarked {
            name: name.to_owned(),
            shape: shape.split('x').map(|n| n.parse().unwrap()).collect(),
            dtype: dtype.to_owned(),
            hash: u64::from_str_radix(hash, 16).unwrap(),
            bytes: pairs.map(|two| u8::from_str_radix(two, 16).unwrap()).collect(),
        }
    };
    list.lines().filter(|line| !line.starts_with('#')).map(parse).collect()
}

fn file(name: &str) -> Vec<u8> {
    match unmarked().into_iter().find(|file| file.name == name) {
        Some(file) => file.bytes,
        None => std::fs::read(format!("{FOLDER}/{name}")).unwrap(),
    }
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn files_without_a_mark_read_as_independent_programs_read_them() {
    let files = unmarked();
    assert_eq!(files.len(), 3);
    for Unmarked { name, shape, dtype, hash: wanted, bytes } in files {
        let (got, kind, pixels) = read(&name, &bytes).unwrap();
        assert_eq!((got, kind.name(), hash(&pixels)), (shape, &*dtype, wanted), "{name}");
    }
}

fn extension(name: &str) -> &str {
    &name[name.find('.').unwrap()..]
}

fn read(name: &str, bytes: &[u8]) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    read_named(bytes, extension(name))
}

#[test]
fn cut_and_damaged_files_are_errors_or_pictures() {
    for name in FILES {
        let mut bytes = file(name);
        let whole = read(name, &bytes).unwrap().2;
        for end in 0..bytes.len() {
            match read(name, &bytes[..end]) {
                Ok((_, _, part)) => assert!(part == whole, "{name} cut at {end}"),
                Err(e) => assert_ne!(e.kind(), ErrorKind::Internal, "{name} cut at {end}: {e}"),
            }
            if bytes.len() > 2000 && end % 97 != 0 {
                continue;
            }
            for flip in [1, 0x80, 0xff] {
                bytes[end] ^= flip;
                let source = read_memory(bytes.clone(), Some(extension(name))).unwrap();
                let opened = ImagePlugin::new().open(source, &call(CallKind::Open, Dict::new()));
                let props = opened.and_then(|mut r| r.props(Index::At(0), &call(CallKind::Read, Dict::new())));
                if props.is_ok_and(|p| p.nbytes().is_ok_and(|n| n < 1 << 20)) {
                    let error = read(name, &bytes).err().map(|e| e.kind());
                    assert_ne!(error, Some(ErrorKind::Internal), "{name} changed at {end}");
                }
                bytes[end] ^= flip;
            }
        }
    }
}

#[test]
fn what_there_is_of_a_cut_file_can_be_had() {
    for (name, row) in [("bits.wbmp", 21), ("halo.cut", 40), ("plain.iff", 39), ("chunky.lbm", 39)] {
        let bytes = file(name);
        let (_, _, whole) = read(name, &bytes).unwrap();
        let cut = &bytes[..bytes.len() - (bytes.len() / 3).min(60)];
        assert_eq!(read(name, cut).unwrap_err().kind(), ErrorKind::Corrupt, "{name}");
        let source = read_memory(cut.to_vec(), Some(extension(name))).unwrap();
        let mut reader = ImagePlugin::new().open(source, &call(CallKind::Open, Dict::new())).unwrap();
        let (_, part, outcome) = image(&mut *reader, 0, Dict::new().with("allow_partial", true)).unwrap();
        assert_eq!(outcome, Outcome::Partial);
        let same = part.chunks(row).zip(whole.chunks(row)).take_while(|(a, b)| a == b).count();
        assert!(same > 0 && part[same * row..].iter().all(|&b| b == 0), "{name}: {same} rows");
    }
}

#[test]
fn files_without_a_mark_are_told_by_their_names() {
    for (name, other) in [("bits.wbmp", ".cut"), ("halo.cut", ".wbmp")] {
        assert_eq!(read_named(&file(name), other).unwrap_err().kind(), ErrorKind::NoBackend, "{name} as {other}");
        assert_eq!(read_named(&file(name), ".dat").unwrap_err().kind(), ErrorKind::NoBackend, "{name}");
    }
    // Koala has one length, and IFF a mark.
    for name in ["squares.koa", "planes.lbm"] {
        assert!(read_named(&file(name), ".dat").is_ok(), "{name}");
    }
    assert!(read_named(&file("squares.koa")[..10002], ".koa").is_err());
}

#[test]
fn sides_that_the_bytes_cannot_hold_are_refused() {
    for (extension, bytes) in [
        (".wbmp", &[0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0x7f, 0][..]),
        (".wbmp", &[0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0]),
        (".wbmp", &[0, 0, 0x80]),
        (".cut", &[0xff, 0xff, 0xff, 0xff, 0, 0, 3, 0, 0x81, 1, 0]),
        (".cut", &[4, 0, 0, 0, 0, 0, 3, 0, 0x84, 1, 0]),
    ] {
        assert!(read_named(bytes, extension).is_err(), "{extension} {bytes:?}");
    }
    let mut large = file("planes.lbm");
    large[20..24].fill(0xff);
    assert_eq!(read_named(&large, ".lbm").unwrap_err().kind(), ErrorKind::Corrupt);
    // Pixels before their size, and a number of planes that there is not.
    let early = [&b"FORM\0\0\0\x0cILBMBODY\0\0\0\0"[..]].concat();
    assert_eq!(read_named(&early, ".iff").unwrap_err().kind(), ErrorKind::Corrupt);
    let mut odd = file("planes.lbm");
    odd[28] = 13;
    assert_eq!(read_named(&odd, ".lbm").unwrap_err().kind(), ErrorKind::Unsupported);
}
