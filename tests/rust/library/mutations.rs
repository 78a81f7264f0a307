//! Damaged files: every fixture, changed by a seed, and what the library makes of it. The same files each time; to
//! search for long, see `fuzz/`.

#[allow(dead_code)] // the fuzz targets use more of it
mod examine;
#[allow(dead_code)]
mod mutate;
mod round_trip;

use examine::{Seen, View, examine};
use mutate::{Random, mutate};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Damaged files made of each fixture.
const ROUNDS: u64 = 250;

/// What one input may take; a loaded machine is slow.
const LONGEST: Duration = Duration::from_secs(2);

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if ![".md", ".txt"].iter().any(|text| name.ends_with(text)) {
            files.push((name, fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

fn look(name: &str, bytes: &Arc<[u8]>, view: View) -> Seen {
    let begun = Instant::now();
    let seen = match catch_unwind(AssertUnwindSafe(|| examine(bytes, view))) {
        Ok(Ok(seen)) => seen,
        Ok(Err(contradiction)) => panic!("{name}: {contradiction}\n{}", shown(bytes)),
        Err(_) => panic!("{name}: the library panics\n{}", shown(bytes)),
    };
    assert!(begun.elapsed() < LONGEST, "{name} takes {:?}\n{}", begun.elapsed(), shown(bytes));
    seen
}

/// The input, to be put into a test of its own.
fn shown(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().take(4096).map(|b| format!("{b:02x}")).collect();
    format!("{} bytes: {hex}", bytes.len())
}

#[test]
fn whole_files_say_the_same_from_every_side() {
    for (name, bytes) in fixtures() {
        let bytes: Arc<[u8]> = bytes.into();
        let view = View { max_bytes: 64 << 20, threads: 1, in_pieces: false };
        let seen = look(&name, &bytes, view);
        assert!(seen.complete > 0 && seen.partial == 0, "{name}: {seen:?}");
        for (threads, in_pieces) in [(1, true), (4, false)] {
            assert_eq!(look(&name, &bytes, View { threads, in_pieces, ..view }), seen, "{name}");
        }
    }
}

#[test]
fn damaged_files_are_refused_or_read_without_contradiction() {
    let files = fixtures();
    for (i, (name, bytes)) in files.iter().enumerate() {
        for round in 0..ROUNDS {
            let mut random = Random::new((i as u64) << 32 | round);
            let other = &files[random.below(files.len())].1;
            let damaged: Arc<[u8]> = mutate(bytes, other, &mut random).into();
            let view = View { max_bytes: 1 << 20, threads: 1, in_pieces: false };
            let name = format!("{name}, round {round}");
            let seen = look(&name, &damaged, view);
            if round % 8 == 0 {
                let again = look(&name, &damaged, View { threads: 4, in_pieces: true, ..view });
                assert_eq!(again, seen, "{name}\n{}", shown(&damaged));
            }
        }
    }
}

#[test]
fn what_is_written_is_read() {
    let mut random = Random::new(7);
    for _ in 0..4000 {
        let wishes: Vec<u8> = (0..40).map(|_| random.any() as u8).collect();
        let tried = catch_unwind(AssertUnwindSafe(|| round_trip::round_trip(&wishes)));
        let told = tried.unwrap_or_else(|_| Err("the library panics".to_owned()));
        assert!(told.is_ok(), "{told:?} by {wishes:?}");
    }
}
