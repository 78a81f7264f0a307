//! Pixels: from the strips and tiles of pages into the memory of the reader.
//!
//! An image is a run of rows. Work is cut into units of whole rows, none of which shares a byte of the destination with
//! another, so that they can be done in any order and by several threads.

mod chroma;
mod chunk;
mod codec;
mod jobs;
mod plan;
mod unpack;

pub use codec::is_image;
pub use plan::{Pixels, Window, read};
