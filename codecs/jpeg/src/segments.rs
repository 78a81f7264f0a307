//! The segments before a scan's data.

use std::ops::Range;

/// Shows each segment up to the first scan's header to `each`, with its marker and where it lies, marker and length with it;
/// where the scan's data begin. `None` where anything else stands between segments, or `each` says so.
pub(crate) fn walk(data: &[u8], mut each: impl FnMut(u8, Range<usize>) -> Option<()>) -> Option<usize> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = data.get(at..)?.first_chunk::<4>()? else { return None };
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        data.get(at..end)?;
        each(marker, at..end)?;
        at = end;
        if marker == 0xDA {
            return Some(at);
        }
    }
}

/// Where a frame's segment has the height, counted from its marker.
pub(crate) const HEIGHT: usize = 5;

/// Whether a frame is of one scan, if its components are: baseline, extended, or with arithmetic coding.
pub(crate) fn is_sequential_frame(marker: u8) -> bool {
    matches!(marker, 0xC0 | 0xC1 | 0xC9)
}
