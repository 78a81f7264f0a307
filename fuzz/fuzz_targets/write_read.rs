//! Arrays of any shape and dtype, written with any options to memory and read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libimageio_fuzz::round_trip::round_trip;

fuzz_target!(|data: &[u8]| {
    if let Err(contradiction) = round_trip(data) {
        panic!("{contradiction}");
    }
});
