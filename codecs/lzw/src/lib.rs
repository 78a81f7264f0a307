//! LZW as TIFF has it: codes of 9 to 12 bits, the highest bit first, wider one code early; and the older variant of it.
//! Bytes in, bytes into a given slice out.

mod decode;

pub use decode::{Error, decode};
