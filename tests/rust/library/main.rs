//! The library from Rust: the verbs with `ndarray` arrays, damaged files, the order of the rooms, and what a defect does.

mod copies;
mod defects;
mod expected;
mod mutations;
mod orders;
mod reading;
mod rooms;
mod second_opinion;
mod tiff_large;
mod tiff_write;
mod verbs;

use std::path::{Path, PathBuf};

/// Families that modules read: tests/modules and tests/c look at them, with the modules installed.
const OF_MODULES: &[&str] = &["avif", "heif"];

/// The images below tests/data: of the folder itself, and of those in it, one a family of formats.
fn fixtures() -> Vec<PathBuf> {
    fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if OF_MODULES.iter().any(|family| path.ends_with(family)) {
                continue;
            } else if path.is_dir() {
                gather(&path, found);
            } else if path.extension().is_none_or(|e| e != "md" && e != "txt") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), &mut found);
    found.sort();
    found
}
