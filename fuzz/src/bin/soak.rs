//! Damages files by a seed and looks at what the library makes of them, for a time. Stops at no failure; each one's
//! input is kept. With 0 seconds it shows what is seen of the files as they are.
//!
//!     soak SECONDS SEED FOUND_FOLDER FILE…

use libimageio_fuzz::examine::{View, examine};
use libimageio_fuzz::mutate::{Random, mutate};
use libimageio_fuzz::round_trip::round_trip;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs};

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// The most memory that was resident since it was last asked, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0);
    let _ = fs::write("/proc/self/clear_refs", "5");
    kib >> 10
}

/// What is seen of files as they are.
fn show(files: &[Vec<u8>]) {
    for bytes in files {
        let bytes: Arc<[u8]> = bytes.clone().into();
        for (threads, in_pieces) in [(1, false), (1, true), (4, false)] {
            let begun = Instant::now();
            let seen = examine(&bytes, View { max_bytes: 64 << 20, threads, in_pieces });
            println!("threads {threads}, in pieces {in_pieces}: {seen:?} in {:?}", begun.elapsed());
        }
    }
}

fn main() {
    let mut args = env::args_os().skip(1);
    let mut number = || args.next().and_then(|a| a.into_string().ok()?.parse::<u64>().ok()).expect("a number");
    let (seconds, seed) = (number(), number());
    let folder = PathBuf::from(args.next().expect("a folder"));
    fs::create_dir_all(&folder).unwrap();
    let files: Vec<Vec<u8>> = args.map(|path| fs::read(path).unwrap()).collect();
    std::panic::set_hook(Box::new(|info| *LAST_PANIC.lock().unwrap() = info.to_string()));

    if seconds == 0 {
        return show(&files);
    }
    let mut random = Random::new(seed);
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let (mut inputs, mut complete, mut partial, mut slowest, mut largest) = (0u64, 0u64, 0u64, Duration::ZERO, 0);
    let began = Instant::now();
    while began.elapsed().as_secs() < seconds {
        let file = &files[random.below(files.len())];
        let other = &files[random.below(files.len())];
        let bytes: Arc<[u8]> = mutate(file, other, &mut random).into();
        let max_bytes = [1 << 20, 4 << 20, 4 << 20, 64 << 20][random.below(4)];
        let one = View { max_bytes, threads: 1, in_pieces: false };
        let other = View { max_bytes, threads: 4, in_pieces: random.below(2) == 0 };
        // A crash of the process leaves its input behind.
        fs::write(folder.join("current"), &bytes).unwrap();
        let before = peak();
        let start = Instant::now();
        let seen = catch_unwind(AssertUnwindSafe(|| examine(&bytes, one)));
        let took = start.elapsed();
        let grown = peak().saturating_sub(before);
        let mut failure = match &seen {
            Err(_) => Some(format!("panic {}", LAST_PANIC.lock().unwrap())),
            Ok(Err(contradiction)) => Some(contradiction.clone()),
            Ok(Ok(_)) if took > Duration::from_secs(2) => Some(format!("slow {took:?}")),
            // The result, its second, a turned one, and intermediates of as much again.
            Ok(Ok(_)) if grown > (max_bytes >> 20) * 7 + 64 => {
                Some(format!("memory {grown} MiB of {}", max_bytes >> 20))
            }
            Ok(Ok(_)) => None,
        };
        if let (Ok(Ok(seen)), 0, None) = (&seen, inputs % 4, &failure) {
            match catch_unwind(AssertUnwindSafe(|| examine(&bytes, other))) {
                Ok(Ok(again)) if again == *seen => {}
                Ok(Ok(_)) => failure = Some(format!("another digest, in pieces {}", other.in_pieces)),
                Ok(Err(e)) => failure = Some(format!("again: {e}")),
                Err(_) => failure = Some(format!("again: panic {}", LAST_PANIC.lock().unwrap())),
            }
        }
        if failure.is_none() && inputs % 4 == 1 {
            let wishes: Vec<u8> = (0..60).map(|_| random.any() as u8).collect();
            failure = match catch_unwind(AssertUnwindSafe(|| round_trip(&wishes))) {
                Ok(told) => told.err(),
                Err(_) => Some(format!("round trip: panic {} by {wishes:?}", LAST_PANIC.lock().unwrap())),
            };
        }
        if let Ok(Ok(seen)) = seen {
            (complete, partial) = (complete + u64::from(seen.complete), partial + u64::from(seen.partial));
        }
        (slowest, largest) = (slowest.max(took), largest.max(grown));
        inputs += 1;
        if let Some(failure) = failure {
            let kind: String = failure.chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
            let seen = kinds.entry(kind).or_default();
            *seen += 1;
            if *seen <= 3 {
                let name = format!("{seed}-{inputs}");
                println!("{name} ({} bytes, limit {}): {failure}", bytes.len(), max_bytes >> 20);
                fs::write(folder.join(name), &bytes).unwrap();
            }
        }
    }
    println!(
        "{inputs} inputs in {seconds} s: {complete} whole reads, {partial} partial; slowest {slowest:?}, most memory {largest} MiB"
    );
    for (kind, count) in kinds {
        println!("{count:6} {kind}");
    }
}
