//! What all formats of the plugin share: options, and the keys that Pillow's `info` has for every file.

use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, List, Props, Value, exif, palette_value};
use crate::plugin::{Bands, Call, Calls, OptionSpec, OptionType};

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

/// For how many milliseconds the options want an image shown, and whether a rate says so: `duration`, `duration_s` and
/// `fps` say the same thing, so that only one may be given.
pub fn asked_ms(call: &Call, image: usize) -> Result<Option<(f64, bool)>> {
    let ms = call.number_of("duration", image)?.map(|ms| (ms, false));
    let seconds = call.number_of("duration_s", image)?.map(|s| (s * 1000.0, false));
    let rate = if call.given("fps") { call.float("fps") } else { None };
    if let Some(bad) = rate.filter(|&fps| fps.is_nan() || fps <= 0.0) {
        return Err(Error::option(format!("{bad} images a second cannot be shown")));
    }
    let mut said = [ms, seconds, rate.map(|fps| (1000.0 / fps, true))].into_iter().flatten();
    match (said.next(), said.next()) {
        (first, None) => Ok(first),
        _ => Err(Error::option("duration, duration_s and fps say the same thing: give one of them")),
    }
}

/// Adds when an image of a sequence begins and how long it is shown, in seconds: the keys that every format has.
pub fn timed(meta: &mut Dict, time_s: f64, duration_s: f64) {
    meta.set("time_s", time_s);
    meta.set("duration_s", duration_s);
}

/// Adds the keys that imageio adds: Pillow's mode of the stored pixels, and (width, height).
pub fn finish(mut meta: Dict, mode: &str, width: usize, height: usize) -> Dict {
    meta.set("mode", mode);
    meta.set("shape", [width, height].into_iter().collect::<List>());
    meta
}

/// What EXIF's main directory says; the orientation of the XMP packet where it says none, as in Pillow.
pub fn tags(meta: &Dict) -> Dict {
    let mut tags = meta.get("exif").and_then(Value::as_bytes).map(exif::main_ifd).unwrap_or_default();
    if !tags.contains("Orientation")
        && let Some(packet) = meta.get("xmp").and_then(Value::as_bytes)
        && let turned @ 1.. = exif::orientation_in_xmp(packet)
    {
        tags.set("Orientation", turned);
    }
    tags
}

/// Adds the key `palette`, unless a read applies the palette and that is not to be told: the colours, each once, in the
/// order in which they come; of a read that gives their places, all of them.
pub fn add_palette(meta: &mut Dict, colors: &[[u8; 3]], call: &Call) -> Result<()> {
    if call.indices() {
        meta.set("palette", palette_value(colors)?);
    } else if !call.bool("exclude_applied") {
        let mut seen: Vec<[u8; 3]> = Vec::new();
        for color in colors {
            if !seen.contains(color) {
                seen.push(*color);
            }
        }
        meta.set("palette", palette_value(&seen)?);
    }
    Ok(())
}

/// Whether a read of an image of this mode gives the places of its colours.
pub fn is_indexed(mode: &str, call: &Call) -> bool {
    mode == "P" && call.indices()
}

/// The properties of an image of numbers in a palette where they are not looked up.
pub fn indexed(props: &Props) -> Props {
    let sides = (props.shape.get(1).copied().unwrap_or(0), props.shape.first().copied().unwrap_or(0));
    Props { orientation: props.orientation, ..Props::pixels(sides.0, sides.1, DType::U8, Color::Palette) }
}

/// Has `each` fill rows of an image, in any order; where memory is packed, without asking for each row's place.
pub fn fill_rows(
    to: &mut Destination,
    call: &Call,
    rows: impl Iterator<Item = usize>,
    mut each: impl FnMut(usize, &mut [u8]) -> Result<()>,
) -> Result<()> {
    let height = to.shape().first().copied().unwrap_or(0);
    let Some(image) = to.direct(&[]) else {
        let mut to = Bands::new(to, call)?;
        let mut fill = |y| to.fill(y, |row| each(y, row));
        let filled = rows.into_iter().try_for_each(&mut fill);
        // Those before a failure are there.
        return to.flush().and(filled);
    };
    let len = image.len().checked_div(height).unwrap_or(0);
    for y in rows {
        let row = y.checked_mul(len).and_then(|at| image.get_mut(at..)?.get_mut(..len));
        each(y, row.ok_or_else(|| Error::internal(format!("the image has no row {y}")))?)?;
    }
    Ok(())
}
