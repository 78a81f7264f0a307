//! The library from Rust: the verbs with `ndarray` arrays, damaged files, the order of the rooms, and what a defect does.

mod defects;
mod mutations;
mod reading;
mod rooms;
mod second_opinion;
mod verbs;
