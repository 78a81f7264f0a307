//! LZW as TIFF has it.

mod encode;

pub use encode::encode;
