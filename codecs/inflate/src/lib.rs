//! DEFLATE, zlib and gzip in memory: a safe face over libdeflate. Whole streams only: what must be read in pieces takes
//! a decoder that keeps its state. No file format is known here, and nothing is allocated but the coders themselves.

#![warn(missing_docs)]

mod compress;
mod decompress;
#[cfg(test)]
mod tests;

pub use compress::Compressor;
pub use decompress::{Inflated, Inflater};

/// What stands around the compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing: RFC 1951.
    Raw,
    /// A zlib header and an Adler-32: RFC 1950.
    Zlib,
    /// A gzip header and a CRC-32: RFC 1952. One member.
    Gzip,
}

/// Why data cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// They are damaged, or end too early.
    Corrupt,
    /// They hold more than there is room for. Zero bits are read behind data that end too early, which can look so too.
    TooLong,
    /// There is no memory for the coder.
    OutOfMemory,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Error::Corrupt => "the compressed data are damaged or end too early",
            Error::TooLong => "the compressed data hold more than they should",
            Error::OutOfMemory => "there is no memory for the decompressor",
        })
    }
}

impl std::error::Error for Error {}

/// The CRC-32 of zlib, gzip and PNG, going on from `crc` (0 at the start).
pub fn crc32(crc: u32, data: &[u8]) -> u32 {
    // SAFETY: libdeflate reads `len` bytes at `data`, which the slice has.
    unsafe { libdeflate_sys::libdeflate_crc32(crc, data.as_ptr().cast(), data.len()) }
}

/// The Adler-32 of zlib, going on from `adler` (1 at the start).
pub fn adler32(adler: u32, data: &[u8]) -> u32 {
    // SAFETY: libdeflate reads `len` bytes at `data`, which the slice has.
    unsafe { libdeflate_sys::libdeflate_adler32(adler, data.as_ptr().cast(), data.len()) }
}
