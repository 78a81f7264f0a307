//! Writing: each image is encoded as it comes, and the file is put together at the end.

use crate::handle::{Context, Encoder, Encoding, Handle, Image, Nclx};
use crate::sys::*;
use kit::{DType, DictRef, Error, Limits, Output, Picture, Result, Source, Writer, embedded};
use std::io::Write;

/// The longest side that HEVC has.
const MOST: usize = 16_384;

/// sRGB's primaries and transfer, by their numbers in ITU-T H.273, and the matrices of BT.601 and of none.
const BT709: i32 = 1;
const SRGB: i32 = 13;
const BT601: i32 = 6;
const IDENTITY: i32 = 0;

/// A file being written.
pub struct Collection {
    context: Context,
    encoder: Encoder,
    output: Output,
    limits: Limits,
    count: usize,
}

/// How one image is encoded.
struct Settings {
    quality: i64,
    lossless: bool,
    chroma: &'static str,
    parameters: Vec<(String, String)>,
    depth: u32,
}

impl Settings {
    fn of(picture: &Picture, options: DictRef) -> Result<Settings> {
        let lossless = options.bool("lossless") == Some(true);
        let asked = if options.has("chroma") { options.to_text("chroma") } else { None };
        let chroma = match asked.as_deref() {
            None => {
                if lossless {
                    "444"
                } else {
                    "420"
                }
            }
            Some("420" | "4:2:0") if !lossless => "420",
            Some("422" | "4:2:2") if !lossless => "422",
            Some("444" | "4:4:4") => "444",
            Some(other) => {
                let but = if lossless { "; lossless needs 444" } else { "" };
                return Err(Error::option(format!("option \"chroma\" is 420, 422 or 444, not {other}{but}")));
            }
        };
        let mut parameters = Vec::new();
        if let Some(given) = options.dict("enc_params") {
            for key in given.keys() {
                let value = given.to_text(key);
                let value = value.ok_or_else(|| Error::option(format!("enc_params: {key} is no text or number")))?;
                parameters.push((key.to_owned(), value));
            }
        }
        let quality = options.int("quality").filter(|_| options.has("quality")).unwrap_or(50);
        Ok(Settings { quality, lossless, chroma, parameters, depth: depth(picture, options)? })
    }

    fn apply(&self, encoder: &Encoder, samples: usize) -> Result<()> {
        encoder.set_quality(self.quality)?;
        if self.lossless {
            encoder.set_lossless()?;
        }
        if samples > 2 {
            encoder.set("chroma", self.chroma)?;
        }
        self.parameters.iter().try_for_each(|(name, value)| encoder.set(name, value))
    }
}

/// Bits of the samples.
fn depth(picture: &Picture, options: DictRef) -> Result<u32> {
    let asked = options.int("bit_depth").filter(|_| options.has("bit_depth"));
    match (picture.source.dtype, asked) {
        (DType::U8, None | Some(8)) => Ok(8),
        (DType::U16, Some(depth @ (10 | 12))) => Ok(depth as u32),
        (DType::U16, None) => Err(Error::option(
            "HEIF holds 8, 10 or 12 bits: say by bit_depth how many the uint16 samples have, or convert them",
        )),
        (dtype @ (DType::U8 | DType::U16), Some(depth)) => {
            Err(Error::option(format!("{} samples are not written with {depth} bits", dtype.name())))
        }
        (dtype, _) => Err(Error::shape(format!("HEIF holds uint8, and uint16 of 10 or 12 bits, not {}", dtype.name()))),
    }
}

impl Collection {
    pub fn new(output: Output, options: DictRef) -> Result<Collection> {
        let context = Context::new()?;
        let encoder = context.encoder()?;
        Ok(Collection { context, encoder, output, limits: Limits::of(options), count: 0 })
    }

    fn add(&mut self, picture: &Picture, settings: &Settings, options: DictRef) -> Result<()> {
        let pixels = picture.source.to_packed()?;
        let mut image = image_of(picture, settings.depth, &pixels)?;
        let icc = embedded(options, "icc_profile");
        if !icc.is_empty() {
            image.set_icc(icc)?;
        }
        let mut nclx = Nclx::new()?;
        let matrix = if settings.lossless && picture.samples > 2 { IDENTITY } else { BT601 };
        nclx.set(BT709, SRGB, matrix, true);
        image.set_nclx(&nclx)?;
        settings.apply(&self.encoder, picture.samples)?;
        let mut encoding = Encoding::new()?;
        // SAFETY: the profile is not ended before the image is encoded.
        unsafe { encoding.set_nclx(&nclx) };
        let handle = self.context.encode(&image, &self.encoder, &encoding)?;
        self.describe(&handle, options)
    }

    fn describe(&mut self, handle: &Handle, options: DictRef) -> Result<()> {
        let (exif, xmp) = (embedded(options, "exif"), embedded(options, "xmp"));
        if !exif.is_empty() {
            self.context.add_exif(handle, exif)?;
        }
        if !xmp.is_empty() {
            self.context.add_xmp(handle, xmp)?;
        }
        if self.count == 0 || options.bool("primary") == Some(true) {
            self.context.set_primary(handle)?;
        }
        self.count += 1;
        Ok(())
    }
}

/// The pixels as libheif takes them.
fn image_of(picture: &Picture, depth: u32, pixels: &[u8]) -> Result<Image> {
    let (width, height, samples) = (picture.width, picture.height, picture.samples);
    let size = if depth > 8 { 2 } else { 1 };
    if depth > 8 {
        let most = (1u16 << depth) - 1;
        let found = pixels.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).max().unwrap_or(0);
        if found > most {
            return Err(Error::option(format!("a sample is {found}, over the {most} of bit_depth {depth}")));
        }
    }
    let pitch = width * samples * size;
    let row = |y: usize| &pixels[y * pitch..][..pitch];
    if samples > 2 {
        let chroma = match (samples, size) {
            (3, 1) => CHROMA_RGB,
            (3, _) => CHROMA_RGB_16,
            (_, 1) => CHROMA_RGBA,
            _ => CHROMA_RGBA_16,
        };
        let mut image = Image::new(width, height, COLORSPACE_RGB, chroma)?;
        image.add_plane(CHANNEL_INTERLEAVED, (width, height, depth), pitch, |y, to| to.copy_from_slice(row(y)))?;
        return Ok(image);
    }
    let mut image = Image::new(width, height, COLORSPACE_MONOCHROME, CHROMA_MONOCHROME)?;
    for (place, channel) in [CHANNEL_Y, CHANNEL_ALPHA].into_iter().enumerate().take(samples) {
        image.add_plane(channel, (width, height, depth), width * size, |y, to| {
            let from = row(y).chunks_exact(size).skip(place).step_by(samples);
            to.chunks_exact_mut(size).zip(from).for_each(|(to, from)| to.copy_from_slice(from));
        })?;
    }
    Ok(image)
}

impl Writer for Collection {
    fn write(&mut self, image: Source, options: DictRef) -> Result<()> {
        let pictures = kit::pictures(image, options, MOST)?;
        let mut all = Vec::new();
        for picture in &pictures {
            let pixels = picture.width as u64 * picture.height as u64;
            self.limits.check(pixels, pixels * 16)?;
            all.push(Settings::of(picture, options)?);
        }
        for (i, (picture, settings)) in pictures.iter().zip(&all).enumerate() {
            kit::progress(i as u64, pictures.len() as u64)?;
            self.add(picture, settings, options)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.output.write_all(&self.context.write()?)?)
    }
}
