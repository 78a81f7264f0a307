//! The options of a write: how an image is encoded, and what holds for the whole file. Names and defaults are
//! Pillow's.

use crate::error::{Error, Result};
use crate::model::{Dict, Value};
use crate::plugin::{Call, Calls, OptionSpec, OptionType};
use webp_codec::{AnimOptions, EncodeOptions};

/// Options of this format. Other formats have some of the same names with other defaults, of which a declaration shows
/// one: the defaults that count here are those of [`Settings`] and [`FileSettings`].
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Bool, Bytes, Float, Int, List, Str};
    fn new(name: &str, types: &[OptionType], default: impl Into<Value>, doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, default, Calls::WRITE, doc)
    }
    let most = f64::from(i32::MAX);
    vec![
        new("quality", &[Float], 80.0, "WebP: how much is kept; lossless, the effort").range(0.0, 100.0),
        new("lossless", &[Bool], false, "keep every pixel"),
        new("method", &[Int], Value::Null, "0 fast to 6 small; by default 4, in animations 0").range(0.0, 6.0),
        new("alpha_quality", &[Int], 100, "how much of alpha a lossy image keeps").range(0.0, 100.0),
        new("exact", &[Bool], false, "keep colours under fully transparent pixels"),
        new("duration", &[Float, List], Value::Null, "milliseconds that an image is shown, or a list of them"),
        new("fps", &[Float], Value::Null, "images a second, instead of duration"),
        new("loop", &[Int], 0, "how often an animation plays; 0: for ever").range(0.0, 65535.0),
        new("background", &[List], Value::Null, "background of an animation: red, green, blue, alpha"),
        new("minimize_size", &[Bool], false, "spend time on a smaller animation"),
        new("allow_mixed", &[Bool], false, "lossy or lossless for each frame of an animation"),
        new("kmin", &[Int], Value::Null, "least distance of key frames; by default 3, lossless 9").range(0.0, most),
        new("kmax", &[Int], Value::Null, "greatest distance of key frames; by default 5, lossless 17").range(0.0, most),
        new("icc_profile", &[Bytes], Value::Null, "colour profile to embed"),
        new("exif", &[Bytes], Value::Null, "Exif to embed"),
        new("xmp", &[Bytes, Str], Value::Null, "XMP packet to embed"),
    ]
}

/// The options that hold for the file and not for one image of it.
const OF_FILE: &[&str] =
    &["loop", "background", "minimize_size", "allow_mixed", "kmin", "kmax", "icc_profile", "exif", "xmp"];

/// An option that was given.
pub fn given<'a>(call: &'a Call, name: &str) -> Option<&'a Value> {
    call.given(name).then(|| call.get(name))
}

/// Whether an option is given as true.
fn flag(call: &Call, name: &str) -> bool {
    matches!(given(call, name), Some(Value::Bool(true)))
}

/// A number within a range that may be narrower than what the declaration shows.
fn number(call: &Call, name: &str, least: f64, most: f64) -> Result<Option<f64>> {
    let Some(value) = given(call, name) else { return Ok(None) };
    match value.as_float().filter(|x| (least..=most).contains(x)) {
        Some(x) => Ok(Some(x)),
        None => Err(Error::option(format!("WebP takes {least} to {most} for the option {name:?}"))),
    }
}

fn whole(call: &Call, name: &str, most: u32) -> Result<Option<u32>> {
    match number(call, name, 0.0, most.into())? {
        Some(x) if x.fract() != 0.0 => Err(Error::option(format!("the option {name:?} takes whole numbers, not {x}"))),
        Some(x) => Ok(Some(x as u32)),
        None => Ok(None),
    }
}

fn byte(call: &Call, name: &str, most: u8) -> Result<Option<u8>> {
    Ok(whole(call, name, most.into())?.and_then(|n| u8::try_from(n).ok()))
}

/// How one image is encoded.
#[derive(Clone, Copy)]
pub struct Settings {
    encode: EncodeOptions,
    method: Option<u8>,
}

impl Settings {
    pub fn of(call: &Call) -> Result<Settings> {
        let defaults = EncodeOptions::default();
        let quality = number(call, "quality", 0.0, 100.0)?.map_or(defaults.quality, |q| q as f32);
        let alpha_quality = byte(call, "alpha_quality", 100)?.unwrap_or(defaults.alpha_quality);
        let encode = EncodeOptions {
            quality,
            alpha_quality,
            lossless: flag(call, "lossless"),
            exact: flag(call, "exact"),
            threads: call.threads() > 1,
            ..defaults
        };
        Ok(Settings { encode, method: byte(call, "method", 6)? })
    }

    /// For a picture on its own.
    pub fn still(self) -> EncodeOptions {
        EncodeOptions { method: self.method.unwrap_or(self.encode.method), ..self.encode }
    }

    /// For a frame. Pillow's default method of animations is the fast one.
    pub fn frame(self, file: &FileSettings) -> EncodeOptions {
        let lossless = self.encode.lossless && !file.animation.allow_mixed;
        EncodeOptions { method: self.method.unwrap_or(0), lossless, ..self.encode }
    }
}

/// What holds for the whole file: decided by its first image.
pub struct FileSettings {
    given: Dict,
    pub animation: AnimOptions,
    pub icc: Vec<u8>,
    pub exif: Vec<u8>,
    pub xmp: Vec<u8>,
}

impl FileSettings {
    pub fn of(call: &Call, metadata: Option<&Dict>) -> Result<FileSettings> {
        let allow_mixed = flag(call, "allow_mixed");
        let (kmin, kmax) = if flag(call, "lossless") && !allow_mixed { (9, 17) } else { (3, 5) };
        let most = i32::MAX.cast_unsigned();
        let known = metadata.and_then(|m| m.get("loop")).and_then(Value::as_int);
        let known = known.and_then(|n| u32::try_from(n).ok()).filter(|&n| n <= u16::MAX.into());
        let animation = AnimOptions {
            loop_count: whole(call, "loop", u16::MAX.into())?.or(known).unwrap_or(0),
            background: background(call, metadata)?,
            minimize_size: flag(call, "minimize_size"),
            allow_mixed,
            key_frames: Some((whole(call, "kmin", most)?.unwrap_or(kmin), whole(call, "kmax", most)?.unwrap_or(kmax))),
        };
        let bytes = |name: &str| {
            let value = given(call, name).or_else(|| metadata.and_then(|m| m.get(name)));
            value.and_then(Value::as_bytes).unwrap_or_default().to_vec()
        };
        let mut exif = bytes("exif");
        // JPEG's form of the same: WebP begins with the TIFF header.
        if exif.starts_with(b"Exif\0\0") {
            exif.drain(..6);
        }
        Ok(FileSettings { given: of_file(call), animation, icc: bytes("icc_profile"), exif, xmp: bytes("xmp") })
    }

    /// Refuses what comes too late.
    pub fn must_agree(&self, call: &Call) -> Result<()> {
        for (name, value) in of_file(call).iter() {
            if self.given.get(name) != Some(value) {
                return Err(Error::option(format!(
                    "the option {:?} holds for the whole file: its first image decides it",
                    &**name
                )));
            }
        }
        Ok(())
    }
}

fn of_file(call: &Call) -> Dict {
    OF_FILE
        .iter()
        .filter_map(|&name| Some((name, given(call, name)?)))
        .fold(Dict::new(), |all, (name, value)| all.with(name, value.clone()))
}

fn background(call: &Call, metadata: Option<&Dict>) -> Result<[u8; 4]> {
    if let Some(value) = given(call, "background") {
        let refuse = || Error::option("the option \"background\" is four whole numbers of 0 to 255: red to alpha");
        return rgba(value).ok_or_else(refuse);
    }
    // Other formats have colours of other forms under this name.
    Ok(metadata.and_then(|m| m.get("background")).and_then(rgba).unwrap_or_default())
}

fn rgba(value: &Value) -> Option<[u8; 4]> {
    let parts = value.as_floats()?;
    let byte = |&x: &f64| (x.fract() == 0.0 && (0.0..=255.0).contains(&x)).then_some(x as u8);
    let bytes: Option<Vec<u8>> = parts.iter().map(byte).collect();
    bytes?.try_into().ok()
}
