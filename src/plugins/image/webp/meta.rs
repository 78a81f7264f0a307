//! Metadata under Pillow's names: `loop`, `background`, `icc_profile`, `exif`, `xmp`, of a frame `timestamp` and
//! `duration` in milliseconds, then what every format of the plugin has.

use super::super::info;
use super::Picture;
use crate::error::{Error, Result};
use crate::model::{Dict, List, MAX_METADATA};
use webp_codec::{FrameInfo, Header};

/// Bits of VP8X (RFC 9649, 2.7). libwebp, and so Pillow, shows a chunk only if its bit is set.
const ICC: u8 = 0x20;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

/// Whether metadata are announced, which may stand anywhere in the file.
pub fn has_chunks(head: &[u8]) -> bool {
    flags(head) & (ICC | EXIF | XMP) != 0
}

fn flags(head: &[u8]) -> u8 {
    if head.get(12..16) == Some(b"VP8X") { head.get(20).copied().unwrap_or(0) } else { 0 }
}

/// What holds for the file, without its mode and shape.
pub fn of_file(file: &[u8], header: &Header) -> Result<Dict> {
    let flags = flags(file);
    // A picture is to libwebp, and so to Pillow, an animation on white that plays once.
    let background = if header.animated { header.background } else { [255; 4] };
    let mut meta =
        Dict::new().with("loop", header.loop_count).with("background", background.into_iter().collect::<List>());
    let mut total = 0usize;
    for (key, bit, chunk) in [("icc_profile", ICC, header.icc), ("exif", EXIF, header.exif), ("xmp", XMP, header.xmp)] {
        let Some(chunk) = chunk.filter(|chunk| flags & bit != 0 && !chunk.is_empty()) else { continue };
        total = total.saturating_add(chunk.len());
        if total > MAX_METADATA {
            return Err(Error::limit(format!("metadata of {total} bytes are over the limit of {MAX_METADATA}")));
        }
        meta.set(key, chunk);
    }
    Ok(meta)
}

/// The metadata of an image, `frame` being its place in time, or of the file.
pub fn finish(mut meta: Dict, picture: Picture, frame: Option<&FrameInfo>) -> Dict {
    if let Some(frame) = frame {
        meta.set("timestamp", frame.timestamp_ms);
        meta.set("duration", frame.duration_ms);
    }
    let tags = info::tags(&meta);
    let mut meta = info::finish(meta, picture.mode(), picture.width as usize, picture.height as usize);
    meta.extend(tags);
    meta
}
