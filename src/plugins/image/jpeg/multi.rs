//! The images of a multi-picture file (MPO): JPEG files behind one another, with an index in the first.

use super::segments::{Header, Kind, Segment};
use crate::error::Result;
use crate::plugins::image::exif::Tiff;
use crate::resource::Source;

const COUNT: u16 = 0xB001;
const ENTRIES: u16 = 0xB002;
/// Bytes of an entry: attributes, size, offset, and the numbers of two images that it depends on.
const ENTRY: usize = 16;
/// What the index begins with, before the offset 0 of its TIFF structure.
const MARK: &[u8] = b"MPF\0";

/// Where the images begin; the first at 0. An index that makes no sense counts for nothing, as in Pillow, and so does
/// that of an Ultra HDR file: its second image is a map for the brightness of the first.
pub fn starts(source: &Source, header: &Header) -> Result<Vec<u64>> {
    let alone = vec![0];
    let Some(segment) = header.first(Kind::MultiPicture) else { return Ok(alone) };
    if is_ultra_hdr(source, header)? {
        return Ok(alone);
    }
    let bytes = segment.bytes(source)?;
    Ok(parse(&bytes, offset_base(segment)).filter(|starts| starts.len() > 1).unwrap_or(alone))
}

/// The position in the file from which the index counts.
pub fn offset_base(segment: &Segment) -> u64 {
    segment.at.saturating_add(MARK.len() as u64)
}

fn is_ultra_hdr(source: &Source, header: &Header) -> Result<bool> {
    const SIGN: &[u8] = b" hdrgm:Version=\"";
    for segment in header.segments().filter(|s| matches!(s.kind, Kind::Xmp | Kind::Exif)) {
        if segment.bytes(source)?.windows(SIGN.len()).any(|w| w == SIGN) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn parse(segment: &[u8], base: u64) -> Option<Vec<u64>> {
    let index = segment.strip_prefix(MARK)?;
    let tiff = Tiff::new(index)?;
    let find = |tag: u16| tiff.entries(tiff.first()).find(|e| e.tag == tag);
    let count = usize::try_from(tiff.value(&find(COUNT)?)?.as_int()?).ok()?;
    let entries = find(ENTRIES)?.data;
    let mut starts = Vec::new();
    for i in 0..count {
        let entry = entries.get(i.checked_mul(ENTRY)?..)?.get(..ENTRY)?;
        // The attributes hold the format of the image, where 0 is JPEG.
        if (tiff.u32(entry, 0)? >> 24) & 7 != 0 {
            return None;
        }
        let start = base.checked_add(tiff.u32(entry, 8)?.into())?;
        starts.push(if i == 0 { 0 } else { start });
    }
    Some(starts)
}
