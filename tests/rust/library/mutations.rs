//! Damaged files: every fixture, changed by a seed, and what the library makes of it. The same files each time; to
//! search for longer, other ones by IIO_MUTATION_SEED, more of each by IIO_MUTATION_ROUNDS, those whose names end in one
//! of IIO_MUTATION_ONLY (".exr,.psd"), or `fuzz/`.

#[allow(dead_code)] // the fuzz targets use more of it
mod examine;
#[allow(dead_code)]
mod mutate;
mod round_trip;

use examine::{Seen, View, examine};
use mutate::{Random, mutate};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Damaged files made of each fixture.
const ROUNDS: u64 = 160;

/// What one input may take; a loaded machine is slow.
const LONGEST: Duration = Duration::from_secs(10);

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Whether the files of this name are to be damaged.
fn is_wanted(name: &str) -> bool {
    std::env::var("IIO_MUTATION_ONLY").map_or(true, |ends| ends.split(',').any(|end| name.ends_with(end)))
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let read = |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap());
    crate::fixtures().into_iter().map(read).collect()
}

/// What is seen, or what is wrong with it.
fn look(name: &str, bytes: &Arc<[u8]>, view: View) -> Result<Seen, String> {
    let begun = Instant::now();
    let wrong = match catch_unwind(AssertUnwindSafe(|| examine(bytes, view))) {
        Ok(Ok(seen)) if begun.elapsed() < LONGEST => return Ok(seen),
        Ok(Ok(_)) => format!("it takes {:?}", begun.elapsed()),
        Ok(Err(contradiction)) => contradiction,
        Err(_) => "the library panics".to_owned(),
    };
    Err(format!("{name}: {wrong}; {}", shown(bytes)))
}

/// Fails if the other view sees something else.
fn look_again(name: &str, bytes: &Arc<[u8]>, view: View, seen: Seen) -> Result<(), String> {
    match look(name, bytes, view)? {
        again if again == seen => Ok(()),
        again => Err(format!("{name}: {again:?} is seen, before it was {seen:?}; {}", shown(bytes))),
    }
}

/// Tries every fixture, and then tells the first failure of each.
fn each_fixture(mut attempt: impl FnMut(usize, &str, &[u8]) -> Result<(), String>) {
    let failed = |(i, (name, bytes)): (usize, &(String, Vec<u8>))| attempt(i, name, bytes).err();
    let failures: Vec<String> = fixtures().iter().enumerate().filter_map(failed).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The input, to be put into a test of its own.
fn shown(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().take(1024).map(|b| format!("{b:02x}")).collect();
    format!("{} bytes: {hex}", bytes.len())
}

#[test]
fn whole_files_say_the_same_from_every_side() {
    each_fixture(|_, name, bytes| {
        let bytes: Arc<[u8]> = bytes.into();
        let view = View { max_bytes: 64 << 20, threads: 1, in_pieces: false };
        let seen = look(name, &bytes, view)?;
        if seen.complete == 0 || seen.partial > 0 {
            return Err(format!("{name}: {seen:?}"));
        }
        look_again(name, &bytes, View { in_pieces: true, ..view }, seen)?;
        look_again(name, &bytes, View { threads: 4, ..view }, seen)
    });
}

#[test]
fn damaged_files_are_refused_or_read_without_contradiction() {
    let files = fixtures();
    each_fixture(|i, name, bytes| {
        let rounds = if is_wanted(name) { number("IIO_MUTATION_ROUNDS", ROUNDS) } else { 0 };
        for round in 0..rounds {
            let mut random = Random::new((i as u64) << 32 | (round ^ number("IIO_MUTATION_SEED", 0) << 20));
            let other = &files[random.below(files.len())].1;
            let damaged: Arc<[u8]> = mutate(bytes, other, &mut random).into();
            let view = View { max_bytes: 1 << 20, threads: 1, in_pieces: false };
            let name = format!("{name}, round {round}");
            let seen = look(&name, &damaged, view)?;
            if round % 8 == 0 {
                look_again(&name, &damaged, View { threads: 4, in_pieces: true, ..view }, seen)?;
            }
        }
        Ok(())
    });
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
