//! What the library adds to the metadata of every plugin, and takes out of them.

use super::adapt::{rotates, wants_alpha};
use crate::model::{Dict, Value, exif, icc_description};
use crate::plugin::Call;

/// The key of an XMP packet as text, by the name that PNG and so Pillow has for it.
const XMP_TEXT: &str = "XML:com.adobe.xmp";

/// Takes out what a read with these options applies to the pixels, and adds what blocks of bytes say in words.
pub(super) fn finish(meta: &mut Dict, call: &Call) {
    if call.bool("exclude_applied") {
        let turned = rotates(call) && meta.contains("Orientation");
        if turned {
            meta.remove("Orientation");
        }
        if turned || is_left_out(meta) {
            upright(meta);
        }
        if call.bool("apply_gamma") {
            meta.remove("gamma");
        }
        if wants_alpha(call) && is_key(meta) {
            meta.remove("transparency");
        }
    }
    if let Some(name) = meta.get("icc_profile").and_then(Value::as_bytes).and_then(icc_description) {
        meta.set("icc_description", name);
    }
    let text = meta.get("xmp").and_then(Value::as_bytes).and_then(|packet| std::str::from_utf8(packet).ok());
    if let (Some(text), false) = (text.map(|text| text.trim_end_matches('\0').to_owned()), meta.contains(XMP_TEXT)) {
        meta.set(XMP_TEXT, text);
    }
}

/// Whether a plugin has left the orientation of the block out, whose other tags it shows: it turns the pixels itself.
fn is_left_out(meta: &Dict) -> bool {
    let Some(Value::Bytes(block)) = meta.get("exif") else { return false };
    exif::orientation(block) > 1
        && exif::main_ifd(block).iter().all(|(key, _)| (&**key == "Orientation") != meta.contains(key))
}

/// Has the blocks say that the image is upright, so that a copy with them is not turned again.
fn upright(meta: &mut Dict) {
    if let Some(Value::Bytes(block)) = meta.get("exif") {
        let mut block = block.clone();
        if exif::set_orientation(&mut block, 1) {
            meta.set("exif", Value::Bytes(block));
        }
    }
    if let Some(Value::Bytes(packet)) = meta.get("xmp") {
        let mut packet = packet.clone();
        if exif::upright_in_xmp(&mut packet) {
            meta.set("xmp", Value::Bytes(packet));
        }
    }
    if let Some(text) = meta.get(XMP_TEXT).and_then(Value::as_str) {
        let mut packet = text.as_bytes().to_vec();
        if exif::upright_in_xmp(&mut packet)
            && let Ok(text) = String::from_utf8(packet)
        {
            meta.set(XMP_TEXT, text);
        }
    }
}

/// Whether the transparency is a colour of the pixels, which alpha takes the place of, not a number of a palette.
fn is_key(meta: &Dict) -> bool {
    let mode = meta.get("mode").and_then(Value::as_str).unwrap_or("");
    match meta.get("transparency") {
        Some(Value::Int(_)) => matches!(mode, "1" | "L" | "I" | "I;16"),
        Some(Value::List(_)) => mode == "RGB",
        _ => false,
    }
}

/// The metadata as they are written: the EXIF block has the orientation that the dictionary names beside it, which is
/// how a box of the format that was read, or a program, said it.
pub(super) fn written(meta: &Dict) -> Option<Dict> {
    let wanted = meta.get("Orientation").and_then(Value::as_int).and_then(|n| u32::try_from(n).ok());
    let wanted = wanted.filter(|n| (1..=8).contains(n))?;
    let block = match meta.get("exif") {
        Some(Value::Bytes(block)) => block.as_slice(),
        None | Some(Value::Null) => &[],
        _ => return None,
    };
    if exif::orientation(block).max(1) == wanted {
        return None;
    }
    let mut all = meta.clone();
    all.set("exif", exif::with_orientation(block, wanted));
    Some(all)
}
