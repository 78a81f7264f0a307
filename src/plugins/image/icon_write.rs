//! Writing ICO and ICNS: the images that are given, and smaller ones that are made of the last.

use super::bmp;
use super::png;
use super::resample::{Filter, Picture};
use super::single::Sides;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Value, View};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::resource::Output;
use std::io::Write;

/// The sides of the images that an ICO file has where nothing is said, and the largest that it can have.
const ICO_SIDES: [usize; 7] = [16, 24, 32, 48, 64, 128, 256];
const ICO_MOST: usize = 256;
/// The kinds of image of an ICNS file, and their sides.
const ICNS_KINDS: [(&[u8; 4], usize); 8] = [
    (b"ic07", 128),
    (b"ic08", 256),
    (b"ic09", 512),
    (b"ic10", 1024),
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic13", 256),
    (b"ic14", 512),
];
/// The largest side of what is given.
const MOST: usize = 1 << 13;

/// Options of ICO.
pub fn ico_options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new(
            "sizes",
            &[OptionType::List],
            Value::Null,
            Calls::WRITE,
            "sides of the images: 16 or [16, 16] …",
        ),
        OptionSpec::new("bitmap_format", &[OptionType::Str], Value::Null, Calls::WRITE, "store images as png or bmp")
            .choices(&["png", "bmp"]),
    ]
}

/// Opens a target for an ICO file.
pub fn create_ico(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(IconWriter { output, name: "ICO", file: ico, given: Vec::new(), sizes: None, as_bitmaps: false }))
}

/// Opens a target for an ICNS file.
pub fn create_icns(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(IconWriter { output, name: "ICNS", file: icns, given: Vec::new(), sizes: None, as_bitmaps: false }))
}

/// What keeps the images until all are there: the directory comes first.
struct IconWriter {
    output: Output,
    name: &'static str,
    file: fn(&IconWriter, &Call) -> Result<Vec<u8>>,
    given: Vec<Picture>,
    sizes: Option<Vec<(usize, usize)>>,
    as_bitmaps: bool,
}

impl Writer for IconWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let colors = &[Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
        let (sides, _) = Sides::of_bytes(image, self.name, MOST, true, colors)?;
        if call.given("sizes") {
            self.sizes = Some(sizes(call.get("sizes"))?);
        }
        self.as_bitmaps |= call.str("bitmap_format") == Some("bmp");
        let mut pixels = image.packed(call)?.into_owned();
        if image.dtype == DType::Bool {
            pixels.iter_mut().for_each(|n| *n *= 255);
        }
        let Sides { width, height, samples } = sides;
        self.given.push(Picture { width, height, samples, pixels });
        Ok(())
    }

    fn finish(&mut self, call: &Call) -> Result<()> {
        let bytes = (self.file)(self, call)?;
        self.output.write_all(&bytes)?;
        Ok(())
    }
}

/// The option `sizes`: numbers, or pairs of them.
fn sizes(value: &Value) -> Result<Vec<(usize, usize)>> {
    let bad = || Error::option(format!("sizes are from 1 to {ICO_MOST}, or pairs of such"));
    let side = |n: f64| if n.fract() == 0.0 && (1.0..=ICO_MOST as f64).contains(&n) { Some(n as usize) } else { None };
    let Value::List(list) = value else { return Err(bad()) };
    let mut sizes = Vec::new();
    for item in list.iter() {
        let numbers = item.as_floats().or_else(|| item.as_float().map(|n| vec![n]));
        let size = match numbers.as_deref() {
            Some([n]) => side(*n).map(|n| (n, n)),
            Some([x, y]) => side(*x).zip(side(*y)),
            _ => None,
        };
        sizes.push(size.ok_or_else(bad)?);
    }
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.is_empty() { Err(bad()) } else { Ok(sizes) }
}

impl IconWriter {
    fn last(&self) -> Result<&Picture> {
        self.given.last().ok_or_else(|| Error::internal("an icon without images"))
    }

    /// The image of a size, if it was given.
    fn find(&self, width: usize, height: usize) -> Option<&Picture> {
        self.given.iter().find(|p| (p.width, p.height) == (width, height))
    }

    /// The images of an ICO file: of the sizes that are asked for; of several that are given, those; of one, those of
    /// the usual sizes that are not larger, or it as it is.
    fn ico_images(&self) -> Result<Vec<Picture>> {
        let last = self.last()?;
        let fits = |side: usize| side <= last.width && side <= last.height;
        let sizes = match &self.sizes {
            Some(sizes) => sizes.iter().copied().filter(|s| s.0 <= last.width && s.1 <= last.height).collect(),
            None if self.given.len() > 1 => self.given.iter().map(|p| (p.width, p.height)).collect(),
            None => ICO_SIDES.iter().filter(|&&n| fits(n)).map(|&n| (n, n)).collect::<Vec<_>>(),
        };
        let make = |&(w, h): &(usize, usize)| match self.find(w, h) {
            Some(given) => given.clone(),
            None => last.within(w, h, Filter::Lanczos),
        };
        match sizes.is_empty() {
            true if self.sizes.is_some() => Err(Error::option("every one of the sizes is larger than the image")),
            true => Ok(vec![last.clone()]),
            false => Ok(sizes.iter().map(make).collect()),
        }
    }
}

/// A file of a format of its own, in memory.
fn encoded(picture: &Picture, create: fn(Output, &Call) -> Result<Box<dyn Writer>>, call: &Call) -> Result<Vec<u8>> {
    let output = Output::memory();
    let shape = [picture.height, picture.width, picture.samples];
    let shape = if picture.samples == 1 { &shape[..2] } else { &shape[..] };
    let view = View::packed(&picture.pixels, 1, shape).ok_or_else(|| Error::internal("an icon of another size"))?;
    let mut writer = create(output.clone(), call)?;
    writer.write(&Image { view, dtype: DType::U8, color: None, axes: None, metadata: None }, call)?;
    writer.finish(call)?;
    output.memory_bytes()
}

/// An image as the bitmap of an icon: twice the height, and a mask that hides nothing behind pixels without alpha.
fn bitmap(picture: &Picture, call: &Call) -> Result<Vec<u8>> {
    let mut picture = picture.clone();
    if picture.samples == 2 {
        let grays = picture.pixels.as_chunks::<2>().0;
        picture.pixels = grays.iter().flat_map(|&[gray, alpha]| [gray, gray, gray, alpha]).collect();
        picture.samples = 4;
    }
    let mut bytes = encoded(&picture, bmp::create_dib, call)?;
    if let Some(height) = bytes.get_mut(8..12) {
        height.copy_from_slice(&(2 * picture.height as u32).to_le_bytes());
    }
    // Readers look for it also behind pixels that have an alpha of their own.
    bytes.resize(bytes.len() + picture.width.div_ceil(32) * 4 * picture.height, 0);
    Ok(bytes)
}

fn ico(icon: &IconWriter, call: &Call) -> Result<Vec<u8>> {
    let images = icon.ico_images()?;
    if let Some(large) = images.iter().find(|p| p.width > ICO_MOST || p.height > ICO_MOST) {
        let (width, height) = (large.width, large.height);
        return Err(Error::shape(format!(
            "ICO holds no image of {width} x {height} pixels, but of {ICO_MOST} at most"
        )));
    }
    let mut bytes = vec![0, 0, 1, 0];
    bytes.extend((images.len() as u16).to_le_bytes());
    let mut at = bytes.len() + 16 * images.len();
    let mut files = Vec::new();
    for picture in &images {
        let file = if icon.as_bitmaps { bitmap(picture, call)? } else { encoded(picture, png::create, call)? };
        let bits = match (icon.as_bitmaps, picture.samples) {
            (true, 1) => 8,
            (true, 3) => 24,
            _ => 32,
        };
        // 256 is told as 0.
        bytes.extend([picture.width as u8, picture.height as u8, 0, 0, 0, 0, bits, 0]);
        bytes.extend((file.len() as u32).to_le_bytes());
        bytes.extend((at as u32).to_le_bytes());
        at += file.len();
        files.push(file);
    }
    files.iter().for_each(|file| bytes.extend_from_slice(file));
    Ok(bytes)
}

/// All kinds that are not larger than what is given, but one at least; what is no square becomes one, as in Pillow.
fn icns(icon: &IconWriter, call: &Call) -> Result<Vec<u8>> {
    let largest = icon.given.iter().map(|p| p.width.max(p.height)).max().unwrap_or(0).max(32);
    let mut made: Vec<(usize, Vec<u8>)> = Vec::new();
    let kinds: Vec<_> = ICNS_KINDS.iter().filter(|k| k.1 <= largest).collect();
    for (_, side) in &kinds {
        if made.iter().any(|m| m.0 == *side) {
            continue;
        }
        let given = icon.given.iter().find(|p| p.width == *side);
        let picture = given.unwrap_or(icon.last()?).resized(*side, *side, Filter::Bicubic);
        made.push((*side, encoded(&picture, png::create, call)?));
    }
    let find = |side: usize| made.iter().find(|m| m.0 == side).map_or(&[][..], |m| &m.1);
    let entries: Vec<(&[u8; 4], &[u8])> = kinds.iter().map(|(kind, side)| (*kind, find(*side))).collect();
    let mut blocks = b"TOC ".to_vec();
    let block = |blocks: &mut Vec<u8>, len: usize| blocks.extend((len as u32 + 8).to_be_bytes());
    block(&mut blocks, 8 * entries.len());
    for (kind, file) in &entries {
        blocks.extend_from_slice(*kind);
        block(&mut blocks, file.len());
    }
    for (kind, file) in &entries {
        blocks.extend_from_slice(*kind);
        block(&mut blocks, file.len());
        blocks.extend_from_slice(file);
    }
    let mut bytes = b"icns".to_vec();
    block(&mut bytes, blocks.len());
    bytes.append(&mut blocks);
    Ok(bytes)
}
