//! How an array lies in a file: which axes count pages, which are the page's own, and what its samples mean. The rules
//! are tifffile's, with imageio's guess for pictures before them; axes that the caller names are believed.

use super::settings::{Mode, Planar, Settings, photometric};
use crate::error::{Error, Result};
use crate::model::{Color, DType};

/// An array as pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Axes before those of a page.
    pub leading: usize,
    /// Pages: the product of the leading axes.
    pub frames: usize,
    /// Planes of a page that hold one sample each; 1 if the samples of a pixel stand together.
    pub separate: usize,
    /// Slices of a page.
    pub depth: usize,
    pub length: usize,
    pub width: usize,
    /// Samples that stand together.
    pub contig: usize,
    /// Samples beyond those that the photometric interpretation has.
    pub extra: usize,
    pub photometric: u16,
}

impl Stored {
    pub fn samples(&self) -> usize {
        self.separate * self.contig
    }

    /// The number of PlanarConfiguration.
    pub fn planar(&self) -> u16 {
        if self.separate > 1 { 2 } else { 1 }
    }
}

/// Where the samples of a pixel are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Samples {
    None,
    Last,
    BeforeRows,
}

/// What is known of an array beyond its shape.
pub struct Known<'a> {
    pub dtype: DType,
    /// A letter an axis, if the caller named them.
    pub axes: Option<&'a str>,
    pub color: Option<Color>,
    pub mode: Mode,
    /// Whether `metadata` with the shape is written, by which unit axes come back.
    pub shaped: bool,
}

/// How an array of at least two axes is stored.
pub fn stored(shape: &[usize], known: &Known, settings: &Settings) -> Result<Stored> {
    if shape.contains(&0) {
        return Err(Error::shape(format!("TIFF holds no array of shape {shape:?}, which has no items")));
    }
    let (photometric, samples) = interpretation(shape, known, settings)?;
    let axes = Axes::new(shape, samples, known, settings);
    let frames = shape[..axes.leading].iter().product();
    let side = |n: usize, what: &str| match u32::try_from(n) {
        Ok(_) => Ok(n),
        Err(_) => Err(Error::unsupported(format!("TIFF has no {what} of {n}"))),
    };
    let sample_axis = |on: bool, axis: usize| if on { shape[axis] } else { 1 };
    let stored = Stored {
        leading: axes.leading,
        frames,
        separate: sample_axis(samples == Samples::BeforeRows, axes.leading),
        depth: if axes.volumetric { shape[axes.rows - 1] } else { 1 },
        length: side(shape[axes.rows], "page with a height")?,
        width: side(shape[axes.rows + 1], "page with a width")?,
        contig: sample_axis(samples == Samples::Last, axes.rows + 2),
        extra: 0,
        photometric,
    };
    check(stored, known, settings)
}

/// The places of a page's axes.
struct Axes {
    leading: usize,
    rows: usize,
    volumetric: bool,
}

impl Axes {
    fn new(shape: &[usize], samples: Samples, known: &Known, settings: &Settings) -> Axes {
        let mut end = shape.len();
        if samples == Samples::Last {
            end -= 1;
        } else if samples == Samples::None && known.axes.is_none() {
            // A reader that knows the shape gives unit axes back; another one should see a picture.
            while end > 2 && shape[end - 1] == 1 && (known.shaped || known.mode == Mode::ImageJ) {
                end -= 1;
                if known.mode == Mode::ImageJ {
                    break;
                }
            }
        }
        let rows = end - 2;
        let before = rows - usize::from(samples == Samples::BeforeRows);
        let volumetric = settings.volumetric && before > 0;
        Axes { leading: before - usize::from(volumetric), rows, volumetric }
    }
}

/// What the samples mean and where they are.
fn interpretation(shape: &[usize], known: &Known, settings: &Settings) -> Result<(u16, Samples)> {
    let samples = samples(shape, known, settings)?;
    let count = match samples {
        Samples::None => 1,
        Samples::Last => shape[shape.len() - 1],
        Samples::BeforeRows => shape[before_rows(shape, settings)],
    };
    let by_color = || match known.color? {
        Color::Rgb | Color::Rgba => Some(photometric::RGB),
        Color::Cmyk => Some(photometric::SEPARATED),
        Color::YCbCr => Some(photometric::YCBCR),
        Color::Lab => Some(photometric::CIELAB),
        Color::Palette => Some(photometric::PALETTE),
        Color::Bayer => Some(photometric::CFA),
        Color::Gray | Color::GrayAlpha | Color::Multi => Some(photometric::MINISBLACK),
        _ => None,
    };
    let guess = || {
        let ij_gray = known.mode == Mode::ImageJ && known.dtype != DType::U8;
        if settings.colormap.is_some() && samples == Samples::None && matches!(known.dtype, DType::U8 | DType::U16) {
            photometric::PALETTE
        } else if matches!(count, 3 | 4) && samples != Samples::None && !ij_gray {
            photometric::RGB
        } else {
            photometric::MINISBLACK
        }
    };
    Ok((settings.photometric.or_else(by_color).unwrap_or_else(guess), samples))
}

fn before_rows(shape: &[usize], settings: &Settings) -> usize {
    let back = if settings.volumetric && shape.len() > 3 { 4 } else { 3 };
    shape.len().saturating_sub(back)
}

fn samples(shape: &[usize], known: &Known, settings: &Settings) -> Result<Samples> {
    if shape.len() < 3 {
        return match settings.photometric.map(photometric::samples).filter(|&n| n > 1) {
            Some(n) => {
                Err(Error::shape(format!("an array of shape {shape:?} has no axis of {n} samples, as asked for")))
            }
            None => Ok(Samples::None),
        };
    }
    let last = shape[shape.len() - 1];
    let before = shape[before_rows(shape, settings)];
    if let Some(planar) = settings.planar {
        return Ok(match planar {
            Planar::Contig if settings.extra.as_deref() == Some(&[]) => Samples::None,
            Planar::Contig => Samples::Last,
            Planar::Separate => Samples::BeforeRows,
        });
    }
    if let Some(axes) = known.axes {
        let letter = |axis: usize| axes.as_bytes().get(axis).copied();
        // bioformats and tifffile let C stand for the samples of an OME image.
        let is_samples = |l: Option<u8>, n: usize| {
            l == Some(b'S') || (known.mode == Mode::Ome && l == Some(b'C') && axes.ends_with("YXC") && n <= 4)
        };
        if is_samples(letter(shape.len() - 1), last) {
            return Ok(Samples::Last);
        }
        if letter(before_rows(shape, settings)) == Some(b'S') {
            return Ok(Samples::BeforeRows);
        }
        return Ok(Samples::None);
    }
    let asked = settings.photometric.map(photometric::samples);
    let by_color = known.color.and_then(|color| match color {
        Color::Multi => Some(last),
        other => other.samples(),
    });
    match (asked.or(by_color), settings.extra.as_deref()) {
        (Some(1), Some(extra)) if !extra.is_empty() => Ok(Samples::Last),
        (Some(1), _) => Ok(Samples::None),
        (Some(n), _) => {
            // RGB with alpha is as common as RGB.
            let fits = |m: usize| m == n || (n == 3 && m == 4);
            Ok(if fits(last) || (!fits(before) && last <= before) { Samples::Last } else { Samples::BeforeRows })
        }
        (None, Some(extra)) if !extra.is_empty() => Ok(Samples::Last),
        (None, _) if known.mode == Mode::ImageJ && known.dtype != DType::U8 => Ok(Samples::None),
        (None, _) if matches!(last, 3 | 4) => Ok(Samples::Last),
        (None, _) if matches!(before, 3 | 4) && known.mode == Mode::Plain => Ok(Samples::BeforeRows),
        (None, _) => Ok(Samples::None),
    }
}

/// Refuses what the parts of the request contradict each other in, and counts the extra samples.
fn check(mut stored: Stored, known: &Known, settings: &Settings) -> Result<Stored> {
    let samples = stored.samples();
    let needed = photometric::samples(stored.photometric);
    let name = photometric::name(stored.photometric);
    if samples < needed {
        return Err(Error::shape(format!("{name} pixels have {needed} samples, the array has {samples}")));
    }
    if samples > usize::from(u16::MAX) {
        return Err(Error::unsupported(format!("TIFF holds up to 65535 samples a pixel, not {samples}")));
    }
    stored.extra = samples - needed;
    if stored.photometric == photometric::PALETTE {
        if settings.colormap.is_none() {
            return Err(Error::option("palette pixels need the option \"colormap\""));
        }
        if stored.extra > 0 || !matches!(known.dtype, DType::U8 | DType::U16) {
            return Err(Error::shape("palette pixels are one sample of uint8 or uint16"));
        }
    }
    if let Some(extra) = settings.extra.as_deref().filter(|e| e.len() != stored.extra && !e.is_empty()) {
        return Err(Error::option(format!(
            "option \"extrasamples\" names {} samples, the array has {} beyond {name}",
            extra.len(),
            stored.extra
        )));
    }
    if known.mode == Mode::ImageJ && (stored.separate > 1 || stored.depth > 1) {
        return Err(Error::unsupported("the ImageJ format has neither separate planes nor pages with a depth"));
    }
    if known.mode == Mode::Ome && stored.depth > 1 {
        return Err(Error::unsupported("OME-TIFF has no pages with a depth"));
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shape: &[usize], change: impl Fn(&mut Settings, &mut Known)) -> Result<Stored> {
        let mut settings = Settings::default();
        let mut known = Known { dtype: DType::U8, axes: None, color: None, mode: Mode::Plain, shaped: true };
        change(&mut settings, &mut known);
        stored(shape, &known, &settings)
    }

    /// (frames, separate, depth, length, width, contig, extra, photometric)
    fn parts(shape: &[usize], change: impl Fn(&mut Settings, &mut Known)) -> [usize; 8] {
        let s = of(shape, change).unwrap();
        [s.frames, s.separate, s.depth, s.length, s.width, s.contig, s.extra, s.photometric.into()]
    }

    #[test]
    fn shapes_are_understood_as_imageio_does() {
        let plain = |shape: &[usize]| parts(shape, |_, _| {});
        assert_eq!(plain(&[20, 30]), [1, 1, 1, 20, 30, 1, 0, 1]);
        assert_eq!(plain(&[20, 30, 3]), [1, 1, 1, 20, 30, 3, 0, 2]);
        assert_eq!(plain(&[20, 30, 4]), [1, 1, 1, 20, 30, 4, 1, 2]);
        assert_eq!(plain(&[3, 20, 30]), [1, 3, 1, 20, 30, 1, 0, 2]);
        assert_eq!(plain(&[5, 2, 20, 30]), [10, 1, 1, 20, 30, 1, 0, 1]);
        assert_eq!(plain(&[5, 20, 30, 1]), [5, 1, 1, 20, 30, 1, 0, 1]);
        assert_eq!(plain(&[6, 5, 20, 30, 3]), [30, 1, 1, 20, 30, 3, 0, 2]);
    }

    #[test]
    fn axes_that_are_named_are_believed() {
        assert_eq!(parts(&[3, 20, 30], |_, k| k.axes = Some("ZYX")), [3, 1, 1, 20, 30, 1, 0, 1]);
        assert_eq!(parts(&[20, 30, 3], |_, k| k.axes = Some("TYX")), [20, 1, 1, 30, 3, 1, 0, 1]);
        assert_eq!(parts(&[20, 30, 7], |_, k| k.axes = Some("YXS")), [1, 1, 1, 20, 30, 7, 6, 1]);
        assert_eq!(parts(&[7, 20, 30], |_, k| k.axes = Some("SYX")), [1, 7, 1, 20, 30, 1, 6, 1]);
        assert_eq!(parts(&[20, 30, 1], |_, k| k.axes = Some("YXS")), [1, 1, 1, 20, 30, 1, 0, 1]);
    }

    #[test]
    fn what_is_asked_for_is_checked() {
        assert_eq!(parts(&[3, 20, 30], |_, k| k.color = Some(Color::Gray)), [3, 1, 1, 20, 30, 1, 0, 1]);
        assert_eq!(parts(&[20, 30, 2], |_, k| k.color = Some(Color::GrayAlpha)), [1, 1, 1, 20, 30, 2, 1, 1]);
        assert_eq!(parts(&[20, 30, 4], |s, _| s.photometric = Some(5)), [1, 1, 1, 20, 30, 4, 0, 5]);
        assert_eq!(parts(&[9, 8, 20, 30], |s, _| s.volumetric = true), [9, 1, 8, 20, 30, 1, 0, 1]);
        assert!(of(&[20, 30], |s, _| s.photometric = Some(2)).is_err());
        assert!(of(&[20, 30, 2], |s, _| s.photometric = Some(2)).is_err());
        assert!(of(&[20, 0], |_, _| {}).is_err());
        assert!(of(&[3, 20, 30], |s, k| (s.planar, k.mode) = (Some(Planar::Separate), Mode::ImageJ)).is_err());
    }

    #[test]
    fn imagej_has_colour_in_bytes_only() {
        let ij = |dtype: DType| move |_: &mut Settings, k: &mut Known| (k.mode, k.dtype) = (Mode::ImageJ, dtype);
        assert_eq!(parts(&[20, 30, 3], ij(DType::U8)), [1, 1, 1, 20, 30, 3, 0, 2]);
        assert_eq!(parts(&[20, 30, 3], ij(DType::U16)), [20, 1, 1, 30, 3, 1, 0, 1]);
        assert_eq!(parts(&[3, 20, 30], ij(DType::U8)), [3, 1, 1, 20, 30, 1, 0, 1]);
    }
}
