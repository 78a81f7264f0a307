//! GIF: images composed as Pillow composes them, and animations written frame by frame.

mod blocks;
mod encode;
mod lzw;
mod picture;
mod player;
pub mod quantise;
mod raw;
mod read;
#[cfg(test)]
mod tests;
mod timing;
mod write;

pub use blocks::is_gif;
pub use read::open;
pub use write::create;

use crate::model::Value;
use crate::plugin::{Calls, OptionSpec, OptionType};

/// The options that only this format takes.
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Array, Bool, Bytes, Float, Int, List, Str};
    fn new(name: &str, types: &[OptionType], default: impl Into<Value>, doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, default, Calls::WRITE, doc)
    }
    let none = Value::Null;
    vec![
        new("duration", &[Float, List, Array], none.clone(), "how long each image is shown, in milliseconds"),
        new("fps", &[Float], none.clone(), "images a second, instead of durations").range(0.01, 1e4),
        new("loop", &[Int], none.clone(), "how often it repeats; 0: for ever; absent: it plays once")
            .range(0.0, 65535.0),
        new(
            "disposal",
            &[Int, List, Array],
            none.clone(),
            "what becomes of a GIF's frame: 1 stays, 2 goes, 3 as before",
        ),
        new("comment", &[Bytes, Str], none.clone(), "text for people"),
        new("dither", &[Str], "floyd-steinberg", "how colours that the palette lacks are shown")
            .choices(&["floyd-steinberg", "none"]),
        new("palettesize", &[Int], 256, "most colours of an image of a GIF").range(2.0, 256.0),
        new("palette", &[Array, List, Bytes], none.clone(), "colours of an image of numbers (mode P), from 0 to 255"),
        new("transparency", &[Int], none.clone(), "the number of the palette that is transparent"),
        new("bits", &[Int], none, "most colours of a palette, as bits of an index").range(1.0, 8.0),
        new("subrectangles", &[Bool], true, "write only what changed since the image before"),
        new("optimize", &[Bool], true, "make the file smaller; a GIF's palettes are always as small as they can be"),
    ]
}
