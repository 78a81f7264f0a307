//! What all formats of the plugin share: options, and the keys that Pillow's `info` has for every file.

use crate::model::{Dict, List, Value};
use crate::plugin::{Calls, OptionSpec, OptionType};

/// Options that every format takes.
pub fn options() -> Vec<OptionSpec> {
    vec![OptionSpec::new(
        "format",
        &[OptionType::Str],
        Value::Null,
        Calls::OPEN,
        "write this format, whatever the name",
    )]
}

/// Adds the keys that imageio adds: Pillow's mode of the stored pixels, and (width, height).
pub fn finish(mut meta: Dict, mode: &str, width: usize, height: usize) -> Dict {
    meta.set("mode", mode);
    meta.set("shape", [width, height].into_iter().collect::<List>());
    meta
}
