//! What the library adds to the metadata of every plugin, and takes out of them.

use super::adapt::rotates;
use crate::model::{Dict, Value, icc_description};
use crate::plugin::Call;

/// The key of an XMP packet as text, by the name that PNG and so Pillow has for it.
const XMP_TEXT: &str = "XML:com.adobe.xmp";

/// Takes out what a read with these options applies to the pixels, and adds what blocks of bytes say in words.
pub(super) fn finish(meta: &mut Dict, call: &Call) {
    if call.bool("exclude_applied") {
        if rotates(call) {
            meta.remove("Orientation");
        }
        if call.bool("apply_gamma") {
            meta.remove("gamma");
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
