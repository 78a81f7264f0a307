//! Any bytes: opened, inspected, read and iterated within 64 MiB.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use libimageio_fuzz::examine::{View, examine};
use libimageio_fuzz::mutate;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| -> Corpus {
    let view = View { max_bytes: 64 << 20, threads: 1, in_pieces: false };
    match examine(&Arc::from(data), view) {
        Ok(_) => Corpus::Keep,
        Err(contradiction) => panic!("{contradiction}"),
    }
});

// PNG's checksums would hide everything behind them.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if data.starts_with(b"\x89PNG") && seed % 8 > 0 {
        mutate::sum_png(&mut data[..size]);
    }
    size
});
