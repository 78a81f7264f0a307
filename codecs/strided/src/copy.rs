//! Runs of bytes from one place to another.

/// Runs a macro with a length in bytes, of which the short ones are spelled out: a call of memcpy costs more than they do.
macro_rules! for_length {
    ($bytes:expr, $copy:ident) => {
        match $bytes {
            1 => $copy!(1),
            2 => $copy!(2),
            3 => $copy!(3),
            4 => $copy!(4),
            6 => $copy!(6),
            8 => $copy!(8),
            bytes => $copy!(bytes),
        }
    };
}
pub(crate) use for_length;

/// Copies `count` runs of `bytes` bytes, each side with its step.
///
/// # Safety
/// Each run is readable, or writable and used by nobody else, on its side.
pub unsafe fn copy_strip(from: (*const u8, isize), to: (*mut u8, isize), count: usize, bytes: usize) {
    macro_rules! copy {
        ($bytes:expr) => {
            for i in 0..count as isize {
                // SAFETY: run `i` of each side, which the caller promises. Behind the last one no offset is made.
                unsafe { std::ptr::copy_nonoverlapping(from.0.offset(i * from.1), to.0.offset(i * to.1), $bytes) }
            }
        };
    }
    for_length!(bytes, copy)
}
