//! Large pages for large memory: most of the time that a large array takes which nobody has touched yet goes to the system,
//! which gives it in pages of some kilobytes.

use crate::ViewMut;

/// Bytes of memory from which on large pages are asked for, as in numpy: less is what an allocator may use again for
/// small things.
const LARGE: usize = 4 << 20;

/// Where large pages begin and end, on most systems.
#[cfg(target_os = "linux")]
const PAGE: usize = 2 << 20;

/// Asks the system for large pages where this memory is large and has none yet. A hint: nothing but the speed depends on it.
pub fn prefer_large_pages(memory: &mut [u8]) {
    if memory.len() >= LARGE {
        advise(memory.as_mut_ptr(), memory.len());
    }
}

impl ViewMut<'_> {
    /// Asks the system for large pages where the items take much memory, and nearly all of it. A hint, for who is about to
    /// write all of them.
    pub fn prefer_large_pages(&mut self) {
        let (before, behind) = self.layout().span();
        let whole = before + behind;
        if whole >= LARGE && self.layout().packed_len() >= whole / 4 * 3 {
            advise(self.base().wrapping_sub(before), whole);
        }
    }
}

#[cfg(target_os = "linux")]
fn advise(base: *mut u8, len: usize) {
    let first = base.align_offset(PAGE);
    let Some(len) = len.checked_sub(first).map(|rest| rest / PAGE * PAGE).filter(|&len| len > 0) else { return };
    // SAFETY: the advice changes no byte, and no right to any; where there is no memory, or none of that kind, it is refused.
    unsafe { libc::madvise(base.wrapping_add(first).cast(), len, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_stay_what_they_are() {
        let mut memory: Vec<u8> = (0..LARGE + 12345).map(|i| (i * 7 % 251) as u8).collect();
        let before = memory.clone();
        prefer_large_pages(&mut memory);
        prefer_large_pages(&mut memory[3..5]);
        prefer_large_pages(&mut []);
        let len = memory.len();
        ViewMut::packed(&mut memory, 1, &[len]).unwrap().flip(0).unwrap().prefer_large_pages();
        ViewMut::packed(&mut memory, 1, &[1, len]).unwrap().cut(1, 5, 7).unwrap().prefer_large_pages();
        assert!(memory == before);
    }
}
