//! What is written beside the pixels: options, and metadata under the names that a read gives them.

use super::chunks::{self, Kind};
use crate::error::{Error, Result};
use crate::model::{Dict, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType};
use crate::plugins::image::info;
use miniz_oxide::deflate::compress_to_vec_zlib;

/// Options of this format.
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Array, Bool, Bytes, Dict, Float, Int, List, Str};
    let none = Value::Null;
    let new =
        |name, types: &[OptionType], default: Value, doc| OptionSpec::new(name, types, default, Calls::WRITE, doc);
    vec![
        new("compress_level", &[Int], 6.into(), "PNG: effort from 0 (store) over 1 (fastest) to 9").range(0.0, 9.0),
        new("optimize", &[Bool], false.into(), "PNG: as small as it gets, whatever compress_level says"),
        new("dpi", &[List, Float], none.clone(), "dots per inch: one number, or across and down"),
        new("icc_profile", &[Bytes], none.clone(), "colour profile to write"),
        new("exif", &[Bytes], none.clone(), "EXIF to write"),
        new("xmp", &[Bytes, Str], none.clone(), "XMP packet"),
        new("text", &[Dict], none.clone(), "PNG: texts by their keywords"),
        new("bits", &[Int], none.clone(), "write a palette of so many bits a number at most").range(1.0, 8.0),
        new("palette", &[Array, List, Bytes], none.clone(), "colours of an image of numbers (mode P), from 0 to 255"),
        new(
            "transparency",
            &[Int, List, Bytes],
            none.clone(),
            "what is transparent: a gray value, a colour, a number of the palette, or its alphas",
        ),
        new("duration", &[Float, List], none.clone(), "milliseconds that a frame is shown: one number, or one a frame"),
        new("fps", &[Float], none.clone(), "frames a second, instead of duration"),
        new("loop", &[Int], none, "how often an animation plays; 0: forever").range(0.0, i32::MAX.into()),
    ]
}

/// The effort to spend on deflating.
pub fn level(call: &Call) -> u32 {
    match call.bool("optimize") {
        true => 9,
        false => call.int("compress_level").map_or(6, |n| n.clamp(0, 9) as u32),
    }
}

/// The option, or else the metadata, of this name; and whether it was the option.
fn wish<'a>(name: &str, image: &Image<'a>, call: &'a Call) -> (&'a Value, bool) {
    static NULL: Value = Value::Null;
    match call.get(name) {
        Value::Null => (image.metadata.and_then(|meta| meta.get(name)).unwrap_or(&NULL), false),
        given => (given, true),
    }
}

/// How often the animation is to play, if that is said.
pub fn plays(image: &Image, call: &Call) -> Result<Option<u32>> {
    let (value, _) = wish("loop", image, call);
    Ok(value.as_int().and_then(|n| u32::try_from(n).ok()).filter(|&n| n <= i32::MAX as u32))
}

/// How long a frame is to be shown, as a fraction of seconds.
pub fn delay(image: &Image, call: &Call, frame: usize) -> Result<(u16, u16)> {
    let said = || image.metadata?.get("duration")?.as_float();
    let seconds = info::asked_ms(call, frame)?.map(|(ms, _)| ms).or_else(said).map(|ms| ms / 1000.0);
    let seconds = seconds.unwrap_or(0.0);
    fraction(seconds).ok_or_else(|| Error::option(format!("a PNG's frame cannot be shown for {seconds} seconds")))
}

/// The nearest fraction whose parts have 16 bits, by continued fractions.
fn fraction(x: f64) -> Option<(u16, u16)> {
    if !(0.0..=65535.0).contains(&x) {
        return None;
    }
    let (mut before, mut now) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = x;
    for _ in 0..20 {
        let whole = rest.floor();
        let next = ((whole as u64).saturating_mul(now.0) + before.0, (whole as u64).saturating_mul(now.1) + before.1);
        if next.0 > 65535 || next.1 > 65535 {
            break;
        }
        (before, now) = (now, next);
        if rest - whole < 1e-9 || (now.0 as f64 / now.1 as f64 - x).abs() < 1e-12 {
            break;
        }
        rest = 1.0 / (rest - whole);
    }
    Some((u16::try_from(now.0).ok()?, u16::try_from(now.1).ok().filter(|&n| n > 0)?))
}

/// Adds the chunks that stand between IHDR and the pixels, in Pillow's order.
pub fn append(file: &mut Vec<u8>, image: &Image, call: &Call) -> Result<()> {
    let profile = wish("icc_profile", image, call).0.as_bytes().filter(|b| !b.is_empty());
    if let Some(profile) = profile {
        let body = [b"ICC Profile\0\0", &compress_to_vec_zlib(profile, 6)[..]].concat();
        add(file, b"iCCP", &body)?;
    }
    if let Some(meta) = image.metadata {
        colour(file, meta, profile.is_none())?;
        texts(file, meta, call.given("xmp"))?;
    }
    if let Value::Dict(given) = call.get("text") {
        if let Some((key, _)) = given
            .iter()
            .find(|(key, value)| latin(key).is_none_or(|k| k.is_empty() || k.len() > 79) || value.as_str().is_none())
        {
            return Err(Error::option(format!(
                "option \"text\" has texts by keywords of 1 to 79 letters, not {key:?}"
            )));
        }
        texts(file, given, true)?;
    }
    if let Some(xmp) = call.get("xmp").as_bytes().filter(|b| !b.is_empty()) {
        add(file, b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", xmp].concat())?;
    }
    density(file, image, call)?;
    if let Some(exif) = wish("exif", image, call).0.as_bytes() {
        let body = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        if !body.is_empty() {
            add(file, b"eXIf", body)?;
        }
    }
    Ok(())
}

fn add(file: &mut Vec<u8>, kind: &Kind, body: &[u8]) -> Result<()> {
    Ok(chunks::write(file, kind, &[body])?)
}

/// A number of the file, which counts hundred thousandths.
fn scaled(x: f64) -> Option<u32> {
    let n = (x * 1e5).round();
    (0.0..=f64::from(i32::MAX)).contains(&n).then_some(n as u32)
}

fn colour(file: &mut Vec<u8>, meta: &Dict, srgb_may_stand: bool) -> Result<()> {
    let numbers = meta.get("chromaticity").and_then(Value::as_floats).unwrap_or_default();
    let numbers: Option<Vec<u32>> = numbers.into_iter().map(scaled).collect();
    if let Some(eight) = numbers.filter(|n| n.len() == 8) {
        let body: Vec<u8> = eight.iter().flat_map(|n| n.to_be_bytes()).collect();
        add(file, b"cHRM", &body)?;
    }
    if let Some(gamma) = meta.get("gamma").and_then(Value::as_float).and_then(scaled).filter(|&n| n > 0) {
        add(file, b"gAMA", &gamma.to_be_bytes())?;
    }
    // A profile says more than the intent that an sRGB chunk names, and the two exclude each other.
    if let Some(intent @ 0..=3) = meta.get("srgb").and_then(Value::as_int).filter(|_| srgb_may_stand) {
        add(file, b"sRGB", &[intent as u8])?;
    }
    Ok(())
}

/// Texts that say how the file was read, not what it says.
const NOT_TEXT: &[&str] = &["mode", "exif", "xmp", "compression", "XML:com.adobe.xmp", "icc_description"];

fn texts(file: &mut Vec<u8>, meta: &Dict, without_xmp: bool) -> Result<()> {
    for (key, value) in meta.iter() {
        // The comment of a JPEG, a GIF or a JPEG 2000 is bytes.
        let comment = (key.as_str() == "comment").then(|| value.as_bytes().map(text_of)).flatten();
        let (Some(text), Some(keyword)) = (comment.as_deref().or(value.as_str()), latin(key)) else { continue };
        if keyword.is_empty() || keyword.len() > 79 || NOT_TEXT.contains(&key.as_str()) {
            continue;
        }
        if text.is_empty() && comment.is_some() {
            continue;
        }
        match latin(text) {
            Some(text) => add(file, b"tEXt", &[&keyword[..], b"\0", &text].concat())?,
            None => add(file, b"iTXt", &[&keyword[..], b"\0\0\0\0\0", text.as_bytes()].concat())?,
        }
    }
    if without_xmp {
        return Ok(());
    }
    if let Some(xmp) = ["xmp", "XML:com.adobe.xmp"].iter().find_map(|key| meta.get(key)?.as_bytes()) {
        add(file, b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", xmp].concat())?;
    }
    Ok(())
}

/// Bytes as text: UTF-8, else Latin-1; up to a NUL, which a PNG's text cannot hold.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&b| b == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// The text in Latin-1, if that has its letters.
fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

fn density(file: &mut Vec<u8>, image: &Image, call: &Call) -> Result<()> {
    let (value, asked) = wish("dpi", image, call);
    let per_metre = |dpi: f64| {
        let n = (dpi / 0.0254 + 0.5).floor();
        (1.0..=f64::from(i32::MAX)).contains(&n).then_some(n as u32)
    };
    let numbers: Option<Vec<u32>> = value.as_floats().unwrap_or_default().into_iter().map(per_metre).collect();
    let pair = match numbers.as_deref() {
        Some(&[both]) => Some((both, both, 1)),
        Some(&[x, y]) => Some((x, y, 1)),
        _ if asked => return Err(Error::option("dpi is one number above 0, or two")),
        _ => aspect(image),
    };
    if let Some((x, y, unit)) = pair {
        add(file, b"pHYs", &[&x.to_be_bytes()[..], &y.to_be_bytes(), &[unit]].concat())?;
    }
    Ok(())
}

fn aspect(image: &Image) -> Option<(u32, u32, u8)> {
    let floats = image.metadata?.get("aspect")?.as_floats()?;
    let &[x, y] = floats.as_slice() else { return None };
    let valid = |n: f64| (1.0..=f64::from(i32::MAX)).contains(&n);
    (valid(x) && valid(y)).then_some((x as u32, y as u32, 0))
}
