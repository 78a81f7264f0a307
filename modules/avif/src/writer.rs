//! Writing, with Pillow's options. The first image waits for a second one, which makes the file an animation.

use crate::shim::{Encoder, Picture, Settings};
use kit::{DType, DictRef, Error, Limits, Output, Result, Source, Writer, embedded, milliseconds};
use std::ffi::CString;
use std::io::Write;

/// The longest side that libavif encodes.
const MOST: usize = 32_768;

/// Milliseconds that an image is shown where nobody says.
const UNSAID: f64 = 100.0;

/// The options that hold for the whole file.
const OF_FILE: &[&str] = &[
    "quality",
    "alpha_quality",
    "lossless",
    "speed",
    "subsampling",
    "range",
    "codec",
    "alpha_premultiplied",
    "autotiling",
    "advanced",
    "icc_profile",
    "exif",
    "xmp",
];

/// A file being written.
pub struct Film {
    output: Output,
    threads: usize,
    limits: Limits,
    encoder: Option<Encoder>,
    /// What every image is.
    form: Option<Form>,
    held: Option<Held>,
    count: usize,
}

#[derive(Clone, Copy, PartialEq)]
struct Form {
    width: u32,
    height: u32,
    samples: u32,
    depth: u32,
}

/// An image that is not encoded yet.
struct Held {
    pixels: Vec<u8>,
    form: Form,
    milliseconds: u64,
}

impl Held {
    fn encode(&self, encoder: &mut Encoder, single: bool) -> Result<()> {
        let Form { width, height, samples, depth } = self.form;
        let picture = Picture { pixels: &self.pixels, width, height, samples, depth };
        encoder.add(&picture, self.milliseconds, single)
    }
}

impl Film {
    pub fn new(output: Output, options: DictRef) -> Film {
        let (threads, limits) = (kit::threads(options), Limits::of(options));
        Film { output, threads, limits, encoder: None, form: None, held: None, count: 0 }
    }

    fn agree(&mut self, options: DictRef) -> Result<()> {
        let known = self.encoder.as_ref().map(Encoder::settings);
        if let Some(new) = kit::agreed(known, OF_FILE, options, || settings(options, self.threads))? {
            self.encoder = Some(Encoder::new(new)?);
        }
        Ok(())
    }

    fn add(&mut self, picture: &kit::Picture, form: Form, milliseconds: u64) -> Result<()> {
        let pixels = picture.source.to_packed()?.into_owned();
        let encoder = self.encoder.as_mut().ok_or_else(|| Error::internal("no encoder"))?;
        if let Some(held) = self.held.take() {
            held.encode(encoder, false)?;
        }
        self.held = Some(Held { pixels, form, milliseconds });
        self.form = Some(form);
        self.count += 1;
        Ok(())
    }
}

impl Writer for Film {
    fn write(&mut self, image: Source, options: DictRef) -> Result<()> {
        let pictures = kit::pictures(image, options, MOST)?;
        let mut known = self.form;
        let mut forms = Vec::new();
        for (i, picture) in pictures.iter().enumerate() {
            let form = form(picture, options)?;
            let pixels = picture.width as u64 * picture.height as u64;
            self.limits.check(pixels, pixels * 16)?;
            if known.is_some_and(|known| known != form) {
                return Err(Error::shape("the images of an animation have one size, depth and number of samples"));
            }
            known = Some(form);
            let asked = milliseconds(options, self.count + i)?.unwrap_or(UNSAID);
            // A frame without a duration is none to a player.
            forms.push((form, (asked.round() as u64).max(1)));
        }
        self.agree(options)?;
        for (i, (picture, (form, ms))) in pictures.iter().zip(forms).enumerate() {
            kit::progress(i as u64, pictures.len() as u64)?;
            self.add(picture, form, ms)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let encoder = self.encoder.as_mut().ok_or_else(|| Error::internal("nothing was written"))?;
        if let Some(held) = self.held.take() {
            held.encode(encoder, self.count == 1)?;
        }
        Ok(self.output.write_all(encoder.finish()?)?)
    }
}

fn form(picture: &kit::Picture, options: DictRef) -> Result<Form> {
    let asked = options.int("bit_depth").filter(|_| options.has("bit_depth"));
    let depth = match (picture.source.dtype, asked) {
        (DType::U8, None | Some(8)) => 8,
        (DType::U16, Some(depth @ (10 | 12))) => depth as u32,
        (DType::U16, None) => {
            return Err(Error::option(
                "AVIF holds 8, 10 or 12 bits: say by bit_depth how many the uint16 samples have, or convert them",
            ));
        }
        (dtype @ (DType::U8 | DType::U16), Some(depth)) => {
            return Err(Error::option(format!("{} samples are not written with {depth} bits", dtype.name())));
        }
        (dtype, _) => {
            let what = format!("AVIF holds uint8, and uint16 of 10 or 12 bits, not {}", dtype.name());
            return Err(Error::shape(what));
        }
    };
    if depth > 8 {
        check_range(picture, depth)?;
    }
    let (width, height, samples) = (picture.width as u32, picture.height as u32, picture.samples as u32);
    Ok(Form { width, height, samples, depth })
}

/// Refuses samples that are no numbers of so many bits.
fn check_range(picture: &kit::Picture, depth: u32) -> Result<()> {
    let pixels = picture.source.to_packed()?;
    let most = (1u16 << depth) - 1;
    match pixels.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).max() {
        Some(found) if found > most => {
            Err(Error::option(format!("a sample is {found}, over the {most} of bit_depth {depth}")))
        }
        _ => Ok(()),
    }
}

fn settings(options: DictRef, threads: usize) -> Result<Settings> {
    let number = |name: &str, default: i64| options.int(name).filter(|_| options.has(name)).unwrap_or(default) as i32;
    let lossless = options.bool("lossless") == Some(true);
    let quality = if lossless { 100 } else { number("quality", 75) };
    let text = |text: &str| CString::new(text).map_err(|_| Error::option("a text of the options holds a NUL"));
    let mut advanced = Vec::new();
    if let Some(given) = options.dict("advanced") {
        for key in given.keys() {
            let value =
                given.to_text(key).ok_or_else(|| Error::option(format!("advanced: {key} is no text or number")))?;
            advanced.push((text(key)?, text(&value)?));
        }
    }
    Ok(Settings {
        threads,
        quality,
        alpha_quality: if lossless { 100 } else { number("alpha_quality", quality.into()) },
        lossless,
        speed: number("speed", 6),
        chroma: match options.str("subsampling") {
            Some("4:4:4") => 444,
            Some("4:2:2") => 422,
            Some("4:0:0") => 400,
            _ => 420,
        },
        full_range: options.str("range") != Some("limited"),
        premultiplied: options.bool("alpha_premultiplied") == Some(true),
        auto_tiling: options.bool("autotiling") != Some(false),
        codec: options.str("codec").filter(|codec| *codec != "auto").map(text).transpose()?,
        icc: embedded(options, "icc_profile").to_vec(),
        exif: embedded(options, "exif").to_vec(),
        xmp: embedded(options, "xmp").to_vec(),
        advanced,
    })
}
