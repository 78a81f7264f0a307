//! WebP bytes to pixel rows and back: a safe face over libwebp, which is linked in statically.
//!
//! Decoders write into memory that the caller owns; a row is `pitch` bytes after the one above it. Nothing here knows
//! about files, options by name, or other formats. Alpha is straight, never premultiplied.
//!
//! The container is parsed here, in safe Rust ([`Header`], [`frames`], [`set_metadata`]); only bitstreams go to
//! libwebp. Every `unsafe` block is in `decode`, `anim_decode`, `encode` or `anim_encode`.
#![deny(unsafe_code, missing_docs)]
#![deny(clippy::multiple_unsafe_ops_per_block, clippy::indexing_slicing, clippy::unwrap_used)]

mod anim_decode;
mod anim_encode;
mod decode;
mod encode;
mod error;
mod header;
mod layout;
mod metadata;
mod riff;

pub use anim_decode::{AnimDecoder, Frame};
pub use anim_encode::{AnimEncoder, AnimOptions};
pub use decode::{decode_into, decode_into_with};
pub use encode::{EncodeOptions, encode, encode_with};
pub use error::{Error, ErrorKind, Result};
pub use header::{FrameInfo, Header, frame_file, frames};
pub use layout::{Format, MAX_DIMENSION};
pub use metadata::{Metadata, set_metadata};
