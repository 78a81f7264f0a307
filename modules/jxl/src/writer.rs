//! Writing. The first image waits for a second one, which makes the file an animation.

use crate::shim::{Encoder, Form, Samples, Settings};
use kit::{DType, DictRef, Error, Limits, Output, Result, Source, Writer, embedded, milliseconds};
use std::io::Write;

/// The longest side that a file of the main profile has.
const MOST: usize = 1 << 18;

/// Milliseconds that an image is shown where nobody says.
const UNSAID: f64 = 100.0;

/// The options that hold for the whole file.
const OF_FILE: &[&str] = &[
    "quality",
    "distance",
    "lossless",
    "effort",
    "decoding_speed",
    "progressive",
    "loop",
    "icc_profile",
    "exif",
    "xmp",
];

/// A file being written.
pub struct Film {
    output: Output,
    threads: usize,
    limits: Limits,
    settings: Option<Settings>,
    form: Option<Form>,
    encoder: Option<Encoder>,
    /// The first image, until it is known whether another follows.
    held: Option<(Vec<u8>, u32)>,
    count: usize,
}

impl Film {
    pub fn new(output: Output, options: DictRef) -> Film {
        let (threads, limits) = (kit::threads(options), Limits::of(options));
        Film { output, threads, limits, settings: None, form: None, encoder: None, held: None, count: 0 }
    }

    fn agree(&mut self, options: DictRef) -> Result<()> {
        let new = kit::agreed(self.settings.as_ref(), OF_FILE, options, || settings(options, self.threads))?;
        self.settings = new.or(self.settings.take());
        Ok(())
    }

    fn encoder(&mut self, animated: bool) -> Result<&mut Encoder> {
        let (Some(settings), Some(form)) = (&self.settings, self.form) else {
            return Err(Error::internal("nothing was written"));
        };
        if self.encoder.is_none() {
            self.encoder = Some(Encoder::new(settings, form, animated)?);
        }
        self.encoder.as_mut().ok_or_else(|| Error::internal("no encoder"))
    }

    fn add(&mut self, pixels: Vec<u8>, form: Form, milliseconds: u32) -> Result<()> {
        self.form = Some(form);
        self.count += 1;
        if self.count == 1 {
            self.held = Some((pixels, milliseconds));
            return Ok(());
        }
        let held = self.held.take();
        let encoder = self.encoder(true)?;
        if let Some((first, shown)) = held {
            encoder.add(&first, shown)?;
        }
        encoder.add(&pixels, milliseconds)
    }
}

impl Writer for Film {
    fn write(&mut self, image: Source, options: DictRef) -> Result<()> {
        let pictures = kit::pictures(image, options, MOST)?;
        let (mut known, mut all) = (self.form, Vec::new());
        for (i, picture) in pictures.iter().enumerate() {
            let form = form(picture)?;
            if known.is_some_and(|known| known != form) {
                return Err(Error::shape("the images of an animation have one size, dtype and number of samples"));
            }
            known = Some(form);
            let pixels = picture.width as u64 * picture.height as u64;
            // libjxl works with floats.
            self.limits.check(pixels, pixels.saturating_mul(4 * picture.samples as u64))?;
            all.push(milliseconds(options, self.count + i)?.unwrap_or(UNSAID).round() as u32);
        }
        self.agree(options)?;
        for (i, (picture, shown)) in pictures.iter().zip(all).enumerate() {
            kit::progress(i as u64, pictures.len() as u64)?;
            self.add(picture.source.to_packed()?.into_owned(), form(picture)?, shown)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some((only, shown)) = self.held.take() {
            self.encoder(false)?.add(&only, shown)?;
        }
        let mut encoder = self.encoder.take().ok_or_else(|| Error::internal("nothing was written"))?;
        encoder.finish(|piece| Ok(self.output.write_all(piece)?))
    }
}

fn form(picture: &kit::Picture) -> Result<Form> {
    let kind = match picture.source.dtype {
        DType::U8 => Samples::U8,
        DType::U16 => Samples::U16,
        DType::F16 => Samples::F16,
        DType::F32 => Samples::F32,
        other => {
            let what = format!("JPEG XL holds uint8, uint16, float16 and float32, not {}", other.name());
            return Err(Error::shape(what));
        }
    };
    let (width, height, samples) = (picture.width as u32, picture.height as u32, picture.samples as u32);
    Ok(Form { width, height, samples, kind })
}

/// The distance of a quality, as libjxl's tools have it.
fn distance_of(quality: f64) -> f64 {
    match quality {
        100.0.. => 0.0,
        30.0.. => 0.1 + (100.0 - quality) * 0.09,
        _ => 53.0 / 3000.0 * quality * quality - 23.0 / 20.0 * quality + 25.0,
    }
}

fn settings(options: DictRef, threads: usize) -> Result<Settings> {
    let given = |name: &str| options.float(name).filter(|_| options.has(name));
    let asked = options.bool("lossless").filter(|_| options.has("lossless"));
    let distance = match (given("quality"), given("distance")) {
        (Some(_), Some(_)) => {
            return Err(Error::option("quality and distance say the same thing: give one of them"));
        }
        (Some(quality), None) => Some(distance_of(quality)),
        (None, distance) => distance,
    };
    let (lossless, distance) = match (asked, distance) {
        (Some(true), Some(far)) if far > 0.0 => {
            return Err(Error::option("lossless images have no quality or distance"));
        }
        (Some(true), _) | (None, None) => (true, 0.0),
        (Some(false), None) => (false, 1.0),
        (_, Some(far)) => (far <= 0.0, far),
    };
    let number = |name: &str, default: i64| options.int(name).filter(|_| options.has(name)).unwrap_or(default) as i32;
    Ok(Settings {
        lossless,
        distance: distance as f32,
        effort: number("effort", 7),
        decoding_speed: number("decoding_speed", 0),
        progressive: options.bool("progressive") == Some(true),
        threads,
        loops: number("loop", 0).cast_unsigned(),
        icc: embedded(options, "icc_profile").to_vec(),
        exif: embedded(options, "exif").to_vec(),
        xmp: embedded(options, "xmp").to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::distance_of;

    #[test]
    fn quality_becomes_the_distance_of_cjxl() {
        let rounded = [100.0, 95.0, 90.0, 75.0, 30.0, 0.0].map(|q| (distance_of(q) * 1000.0).round());
        assert_eq!(rounded, [0.0, 550.0, 1000.0, 2350.0, 6400.0, 25000.0]);
    }
}
