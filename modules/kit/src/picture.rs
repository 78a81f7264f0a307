//! What writers of pictures have in common: imageio's guess of what an array is, what goes beside the pixels, and times.

use crate::array::Source;
use crate::dict::DictRef;
use crate::error::{Error, Result};

/// One picture to be written: rows of pixels of 1 to 4 samples.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// The items.
    pub source: Source<'a>,
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
    pub samples: usize,
}

impl<'a> Picture<'a> {
    fn new(source: Source<'a>, options: DictRef, most: usize) -> Result<Picture<'a>> {
        let (height, width, samples) = match *source.shape() {
            [height, width] => (height, width, 1),
            [height, width, samples @ 1..=4] => (height, width, samples),
            ref other => return Err(Error::shape(format!("a picture of shape {other:?}; rows, columns, samples"))),
        };
        if width == 0 || height == 0 || width > most || height > most {
            let what = format!("sides of 1 to {most} pixels can be written, not {width} x {height}");
            return Err(Error::unsupported(what));
        }
        let meant = ["gray", "gray_alpha", "rgb", "rgba"][samples - 1];
        match options.str("color") {
            Some(color) if color != meant && color != "multi" && color != "unknown" => {
                Err(Error::unsupported(format!("{samples} samples are written as {meant}, not as {color}")))
            }
            _ => Ok(Picture { source, width, height, samples }),
        }
    }
}

/// The pictures of an array: two axes are one, three with a last axis of 1 to 4 too; else the first axis counts them.
/// `most`: the longest side that can be written.
pub fn pictures<'a>(image: Source<'a>, options: DictRef, most: usize) -> Result<Vec<Picture<'a>>> {
    let one = match image.shape() {
        [_, _] => true,
        [_, _, samples] => (1..=4).contains(samples),
        _ => false,
    };
    if one {
        return Ok(vec![Picture::new(image, options, most)?]);
    }
    let Some(&count) = image.shape().first() else { return Err(Error::shape("an array without axes")) };
    let part = |i| image.view.at(i).map(|view| Source { dtype: image.dtype, view });
    (0..count)
        .map(|i| Picture::new(part(i).ok_or_else(|| Error::internal("no such image"))?, options, most))
        .collect::<Result<_>>()
}

/// The settings of a file of which its first image decides: those of `options` if none are `known` yet. A later image may
/// say options `of_file` again, but none that are others.
pub fn agreed<S: PartialEq>(
    known: Option<&S>,
    of_file: &[&str],
    options: DictRef,
    settings: impl FnOnce() -> Result<S>,
) -> Result<Option<S>> {
    match known {
        None => settings().map(Some),
        Some(known) if of_file.iter().any(|name| options.has(name)) && settings()? != *known => {
            Err(Error::option("how a file is encoded holds for all of it: its first image decides it"))
        }
        Some(_) => Ok(None),
    }
}

/// Bytes that go beside the pixels: of the option, else of the metadata of the image.
pub fn embedded<'a>(options: DictRef<'a>, name: &str) -> &'a [u8] {
    let given = options.has(name).then(|| options.bytes(name)).flatten();
    let found = given.or_else(|| options.dict("metadata")?.bytes(name)).unwrap_or_default();
    match name {
        // JPEG's form of the same begins with a mark.
        "exif" => found.strip_prefix(b"Exif\0\0").unwrap_or(found),
        _ => found,
    }
}

/// For how many milliseconds the options, else the metadata, want image `i` of the file shown; `None`: they do not say.
pub fn milliseconds(options: DictRef, i: usize) -> Result<Option<f64>> {
    let of = |options: DictRef, name: &str, unit: f64| {
        let given = options.floats(name).filter(|_| options.has(name))?;
        given.get(i).or(given.last()).map(|x| x * unit)
    };
    let rate = options.float("fps").filter(|_| options.has("fps")).map(|fps| 1000.0 / fps);
    let mut said = [of(options, "duration", 1.0), of(options, "duration_s", 1000.0), rate].into_iter().flatten();
    let given = match (said.next(), said.next()) {
        (given, None) => given,
        _ => return Err(Error::option("duration, duration_s and fps say the same thing: give one of them")),
    };
    if let Some(bad) = given.filter(|ms| !(0.0..=86_400_000.0).contains(ms)) {
        return Err(Error::option(format!("an image cannot be shown for {bad} ms")));
    }
    let known = || {
        let metadata = options.dict("metadata")?;
        let x = metadata.float("duration_s").map(|s| s * 1000.0).or_else(|| metadata.float("duration"));
        x.filter(|ms| (0.0..=86_400_000.0).contains(ms))
    };
    Ok(given.or_else(known))
}
