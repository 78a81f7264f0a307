//! What the fuzz targets and `soak` share with the test `mutations` of the library.

#[path = "../../tests/rust/library/mutations/examine.rs"]
pub mod examine;
#[path = "../../tests/rust/library/mutations/mutate.rs"]
pub mod mutate;
#[path = "../../tests/rust/library/mutations/round_trip.rs"]
pub mod round_trip;
