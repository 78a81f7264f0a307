//! The codes of fax machines, ITU-T T.4 and T.6, as TIFF has them: bytes in, rows of bits into a given slice out, the
//! highest bit of a byte first, 1 where the machine would print.

mod codes;
mod decode;

pub use decode::{Error, Mode, decode};
