//! LZW as TIFF has it: codes of 9 to 12 bits, the highest bit first, wider one code early; and the older variant of it
//! for decoding. Bytes in, bytes into a given slice out, and back.

mod decode;
mod encode;

pub use decode::{Error, decode};
pub use encode::encode;
