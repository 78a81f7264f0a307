//! Writing: one image a file, encoded whole and written with its metadata put in.

use super::beside::encode_beside;
use super::read::QUICK;
use super::segments::XMP;
use super::{codec_error, wait};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::resource::Output;
use jpeg::{Colorspace, Density, EncodeOptions, PixelFormat, Restart, Subsampling};
use std::borrow::Cow;
use std::io::Write;

/// What libjpeg and Pillow take.
const QUALITY: u8 = 75;
/// Bytes that a segment holds behind its length.
const MOST_IN_SEGMENT: usize = 65533;
/// What an EXIF segment begins with.
const EXIF: &[u8] = b"Exif\0\0";
const APP1: u8 = 0xE1;
const COMMENT: u8 = 0xFE;

/// The options of a write, by Pillow's names.
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Bool, Bytes, Float, Int, List, Str};
    fn new(name: &str, types: &[OptionType], default: impl Into<Value>, doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, default, Calls::WRITE, doc)
    }
    let none = Value::Null;
    vec![
        new("quality", &[Int], QUALITY, "1 to 100, larger is better").range(1.0, 100.0),
        new("subsampling", &[Str, Int], none.clone(), "colour resolution: 4:4:4 or 0, 4:2:2 or 1, 4:2:0 or 2"),
        new("progressive", &[Bool], false, "store the image in passes of growing exactness"),
        new("optimize", &[Bool], false, "make the file smaller, which takes longer"),
        new("keep_rgb", &[Bool], false, "store RGB as it is, not as YCbCr"),
        new(
            "restart_marker_rows",
            &[Int],
            0,
            "rows of blocks between restart markers, by which several threads encode and decode; 0: none",
        )
        .range(0.0, 65535.0),
        new("restart_marker_blocks", &[Int], 0, "blocks between restart markers; 0: none").range(0.0, 65535.0),
        new("dpi", &[Float, List], none.clone(), "pixels an inch, one number or [x, y]"),
        new("icc_profile", &[Bytes], none.clone(), "ICC profile"),
        new("exif", &[Bytes], none.clone(), "EXIF block"),
        new("xmp", &[Bytes, Str], none.clone(), "XMP packet"),
        new("comment", &[Bytes, Str], none, "comment"),
    ]
}

/// Opens a file for one image.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(JpegWriter { output, written: false }))
}

struct JpegWriter {
    output: Output,
    written: bool,
}

impl Writer for JpegWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        if self.written {
            return Err(Error::unsupported(
                "a JPEG file holds one image; write another file, or GIF, PNG, TIFF or WebP",
            ));
        }
        let (width, height, format) = layout(image)?;
        let mut options = encode_options(call, format)?;
        let given = Given { call, metadata: image.metadata };
        options.icc = given.bytes("icc_profile")?;
        options.density = given.density()?;
        let segments = segments(&given)?;
        let samples = samples(image, format, call)?;
        let pitch = width as usize * format.channels();
        let source = jpeg::Source { samples: &samples, pitch, width, height, format };
        let long = u64::from(width) * u64::from(height) > QUICK;
        let encoded = match encode_beside(&source, &options, call)? {
            Some(encoded) => encoded,
            None => wait::work(call, height.into(), long, |_| jpeg::encode_u8(&source, &options).map_err(codec_error))?,
        };
        self.written = true;
        let (before, behind) = encoded.split_at(behind_jfif(&encoded));
        for part in [before, &segments, behind] {
            self.output.write_all(part)?;
        }
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        Ok(())
    }
}

/// Width, height and the meaning of the samples, or why JPEG does not hold such an array.
fn layout(image: &Image) -> Result<(u32, u32, PixelFormat)> {
    if !matches!(image.dtype, DType::U8 | DType::Bool) {
        return Err(Error::shape(format!(
            "JPEG holds uint8 samples, not {}; convert the array first, by hand or by reading it with the options \
             dtype=\"uint8\" and scale=true",
            image.dtype
        )));
    }
    let (height, width, samples) = match *image.shape() {
        [height, width] => (height, width, 1),
        [height, width, samples] => (height, width, samples),
        ref other => return Err(Error::shape(format!("JPEG holds an image of 2 or 3 axes, not of shape {other:?}"))),
    };
    if let Some(axes) = image.axes.filter(|axes| axes.letter(2).is_some_and(|last| last != 'S')) {
        let axes = axes.as_str();
        return Err(Error::shape(format!("JPEG holds rows, columns and samples (YXS), not the axes {axes}")));
    }
    let side = |n: usize| u32::try_from(n).ok().filter(|n| (1..=jpeg::MAX_SIDE).contains(n));
    let (Some(width), Some(height)) = (side(width), side(height)) else {
        let most = jpeg::MAX_SIDE;
        return Err(Error::unsupported(format!("JPEG has sides of 1 to {most} pixels, not {width} x {height}")));
    };
    Ok((width, height, pixel_format(samples, image.color)?))
}

fn pixel_format(samples: usize, color: Option<Color>) -> Result<PixelFormat> {
    match (samples, color.unwrap_or_default()) {
        (1, Color::Unknown | Color::Gray | Color::Bayer | Color::Multi) => Ok(PixelFormat::Gray),
        (3, Color::Unknown | Color::Rgb | Color::Multi) => Ok(PixelFormat::Rgb),
        (3, Color::Bgr) => Ok(PixelFormat::Bgr),
        (4, Color::Cmyk) => Ok(PixelFormat::Cmyk),
        (2, Color::Unknown | Color::GrayAlpha) | (4, Color::Unknown | Color::Rgba | Color::Bgra) => {
            let rest = samples - 1;
            let inks = if samples == 4 { "; if the samples are inks, say so by color=\"cmyk\"" } else { "" };
            let what = format!("JPEG has no alpha; write the first {rest} of the {samples} samples, or PNG{inks}");
            Err(Error::unsupported(what))
        }
        (1 | 3 | 4, color) => {
            let color = color.name();
            Err(Error::unsupported(format!("JPEG does not hold pixels of {samples} samples that are {color}")))
        }
        _ => Err(Error::shape(format!("JPEG holds 1, 3 or 4 samples a pixel, not {samples}"))),
    }
}

/// The samples as the codec wants them: packed, and inks turned round, which is how Adobe and so everybody stores them.
fn samples<'a>(image: &'a Image, format: PixelFormat, call: &Call) -> Result<Cow<'a, [u8]>> {
    let mut samples = image.packed(call)?;
    let change: fn(u8) -> u8 = match (image.dtype, format) {
        (DType::Bool, PixelFormat::Cmyk) => |b| if b == 0 { 0xFF } else { 0 },
        (DType::Bool, _) => |b| if b == 0 { 0 } else { 0xFF },
        (_, PixelFormat::Cmyk) => |b| !b,
        _ => return Ok(samples),
    };
    if let Cow::Borrowed(packed) = samples {
        let mut owned = call.limits().allocate(packed.len())?;
        owned.copy_from_slice(packed);
        samples = Cow::Owned(owned);
    }
    samples.to_mut().iter_mut().for_each(|b| *b = change(*b));
    Ok(samples)
}

/// The options that concern the pixels. Formats share the declarations of options, so that defaults are ours only
/// where nothing was given.
fn encode_options(call: &Call, format: PixelFormat) -> Result<EncodeOptions<'static>> {
    let flag = |name| call.given(name) && call.bool(name);
    let number = |name, most: f64| match call.float(name).filter(|_| call.given(name)) {
        Some(n) if (0.0..=most).contains(&n) => Ok(Some(n.round() as u16)),
        Some(n) => Err(Error::option(format!("option {name:?} is at most {most} for JPEG, not {n}"))),
        None => Ok(None),
    };
    let quality = number("quality", 100.0)?.and_then(|n| u8::try_from(n).ok()).unwrap_or(QUALITY);
    let sampling = subsampling(call)?;
    let keep_rgb = flag("keep_rgb") && !matches!(format, PixelFormat::Gray | PixelFormat::Cmyk);
    // Inks, like colours that are kept as they are, have no part of lower interest.
    let whole = keep_rgb || format == PixelFormat::Cmyk;
    let usual = if whole { Subsampling::S444 } else { Subsampling::S420 };
    let mut options = EncodeOptions::new(quality.max(1), sampling.unwrap_or(usual));
    if keep_rgb {
        if options.subsampling != Subsampling::S444 {
            return Err(Error::option("option \"keep_rgb\" goes with subsampling 4:4:4 only"));
        }
        options.colorspace = Some(Colorspace::Rgb);
    }
    options.progressive = flag("progressive");
    options.optimize = flag("optimize");
    let rows = number("restart_marker_rows", 65535.0)?.unwrap_or(0);
    let blocks = number("restart_marker_blocks", 65535.0)?.unwrap_or(0);
    options.restart = match (rows, blocks) {
        (0, 0) => Restart::None,
        (0, blocks) => Restart::Blocks(blocks),
        (rows, _) => Restart::Rows(rows),
    };
    Ok(options)
}

fn subsampling(call: &Call) -> Result<Option<Subsampling>> {
    const NAMES: [(&str, Subsampling); 4] = [
        ("4:4:4", Subsampling::S444),
        ("4:2:2", Subsampling::S422),
        ("4:2:0", Subsampling::S420),
        // What Pillow calls 4:2:0 in programs of before its version 4.3.
        ("4:1:1", Subsampling::S420),
    ];
    let found = match call.get("subsampling") {
        Value::Null | Value::Int(-1) => return Ok(None),
        Value::Str(name) => NAMES.iter().find(|(n, _)| **n == **name),
        Value::Int(3..) => None,
        Value::Int(number) => usize::try_from(*number).ok().and_then(|n| NAMES.get(n)),
        _ => None,
    };
    let found = found.ok_or_else(|| Error::option("option \"subsampling\" is 4:4:4 or 0, 4:2:2 or 1, 4:2:0 or 2"))?;
    Ok(Some(found.1))
}

/// What goes beside the pixels: from the options, else from the metadata of the image.
struct Given<'a> {
    call: &'a Call,
    metadata: Option<&'a Dict>,
}

impl<'a> Given<'a> {
    /// The bytes of this name, unless they are none.
    fn bytes(&self, name: &str) -> Result<Option<&'a [u8]>> {
        let bytes = if self.call.given(name) {
            let value = self.call.get(name).as_bytes();
            Some(value.ok_or_else(|| Error::option(format!("option {name:?} takes bytes")))?)
        } else {
            self.metadata.and_then(|m| m.get(name)).and_then(Value::as_bytes)
        };
        Ok(bytes.filter(|b| !b.is_empty()))
    }

    fn density(&self) -> Result<Density> {
        let found = if self.call.given("dpi") {
            let wrong = || Error::option("option \"dpi\" is one number or two, from 0 to 65535");
            Some(density(self.call.get("dpi")).ok_or_else(wrong)?)
        } else {
            self.metadata.and_then(|m| m.get("dpi")).and_then(density)
        };
        Ok(found.filter(|d| d.x > 0 && d.y > 0).unwrap_or_default())
    }
}

fn density(dpi: &Value) -> Option<Density> {
    let whole = |n: f64| (0.0..=65535.0).contains(&n).then(|| n.round_ties_even() as u16);
    let (x, y) = match *dpi.as_floats()? {
        [both] => (both, both),
        [x, y] => (x, y),
        _ => return None,
    };
    Some(Density { x: whole(x)?, y: whole(y)?, unit: 1 })
}

/// The segments that the codec does not write itself.
fn segments(given: &Given) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    if let Some(block) = given.bytes("exif")? {
        // Formats other than JPEG keep the block without the mark.
        let block = block.strip_prefix(EXIF).unwrap_or(block);
        segment(&mut out, APP1, &[EXIF, block], "an EXIF block")?;
    }
    if let Some(packet) = given.bytes("xmp")? {
        segment(&mut out, APP1, &[XMP, packet], "an XMP packet")?;
    }
    if let Some(comment) = given.bytes("comment")? {
        segment(&mut out, COMMENT, &[comment], "a comment")?;
    }
    Ok(out)
}

fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]], what: &str) -> Result<()> {
    let len = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
    let Some(told) = u16::try_from(len).ok().filter(|_| len <= MOST_IN_SEGMENT).and_then(|n| n.checked_add(2)) else {
        return Err(Error::option(format!("{what} of {len} bytes; a JPEG file has room for {MOST_IN_SEGMENT}")));
    };
    out.extend([0xFF, marker]);
    out.extend(told.to_be_bytes());
    parts.iter().for_each(|part| out.extend(*part));
    Ok(())
}

/// Where further segments may stand: behind the start of the image and the JFIF segment, which wants to be first.
fn behind_jfif(encoded: &[u8]) -> usize {
    let at = match *encoded {
        [_, _, 0xFF, 0xE0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    at.min(encoded.len())
}
