//! libimageio reads, writes, iterates and inspects images, volumes and videos, into memory that the caller owns.
//!
//! The C ABI is in [`capi`]; [`v3`] has the same verbs for Rust, with `ndarray` arrays. Dependencies point one
//! way: capi → v3 → plugin → resource → model → error, and plugins → plugin.

#![deny(unsafe_code, missing_docs)]

pub mod capi;
pub mod error;
pub mod log;
pub mod model;
pub mod plugin;
pub mod plugins;
pub mod resource;
pub mod v3;

pub use error::{Error, ErrorKind, Result};
