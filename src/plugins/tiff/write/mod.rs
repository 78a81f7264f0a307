//! Writing: arrays as pages, data first and directories behind.
//!
//! Pixels go to the file as they come; of a page only its directory is kept, so that a file of any length can be written
//! page by page. All directories are written at the end, when it is known how long the file is (classic TIFF or BigTIFF),
//! how many pages a series has come to and which levels belong to which page. A file for ImageJ keeps a place for its
//! first directory before the pixels, since ImageJ looks for nothing else in a file beyond 4 GB.

mod chunks;
mod encode;
mod entries;
mod exif;
mod fields;
mod imagej;
mod ome;
mod ome_values;
mod series;
mod settings;
mod spool;
mod stored;
mod text;
mod values;

pub use settings::options;

use crate::error::{Error, Result};
use crate::model::{Value, View};
use crate::plugin::{Batch, Call, Image, Writer};
use crate::resource::Output;
use entries::{Chain, Form};
use series::Series;
use settings::{Mode, Settings};
use spool::Spool;

/// A file beyond this is a BigTIFF if nobody says otherwise: directories behind the pixels need their place too.
const CLASSIC: u64 = u32::MAX as u64;
/// Bytes kept for the header: a BigTIFF's is longer.
const HEADER: u64 = 16;

/// Opens a file for writing.
pub fn create(output: Output, call: &Call) -> Result<Box<dyn Writer>> {
    let name = output.name().to_lowercase();
    let named_ome = [".ome.tif", ".ome.tiff", ".ome.tf8", ".ome.btf"].iter().any(|end| name.ends_with(end));
    let flag = |option: &str| match call.get(option) {
        Value::Bool(b) => Some(*b),
        _ => None,
    };
    let mode = match (flag("ome"), flag("imagej")) {
        (Some(true), Some(true)) => return Err(Error::option("options \"ome\" and \"imagej\" exclude each other")),
        (Some(true), _) => Mode::Ome,
        (_, Some(true)) => Mode::ImageJ,
        (None, _) if named_ome => Mode::Ome,
        _ => Mode::Plain,
    };
    let big_endian = match call.str("byteorder") {
        Some("<") => false,
        Some(">") => true,
        _ => cfg!(target_endian = "big"),
    };
    Ok(Box::new(TiffWriter {
        spool: Spool::new(output),
        mode,
        named_ome: named_ome && flag("ome").is_none(),
        shaped: flag("shaped").unwrap_or(mode == Mode::Plain) && mode == Mode::Plain,
        big: flag("bigtiff"),
        big_endian,
        series: Vec::new(),
        place: None,
    }))
}

struct TiffWriter {
    spool: Spool,
    mode: Mode,
    /// OME because of the file's name only: a description of the caller's is kept then, as tifffile does.
    named_ome: bool,
    /// Whether descriptions with the shape are written.
    shaped: bool,
    big: Option<bool>,
    big_endian: bool,
    series: Vec<Series>,
    /// Where the first directory of a file for ImageJ has its place, and how long that is.
    place: Option<(u64, u64)>,
}

impl Writer for TiffWriter {
    fn batch(&self) -> Batch {
        Batch::Whole
    }

    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let view = with_rows(image.view)?;
        let settings = Settings::of(call, image.dtype)?;
        let mode = self.mode_of(call);
        let given = fields::Given::of(image, call, mode)?;
        let mut new = Series::plan(image, &view, settings, mode, self.shaped, self.big_endian, given)?;
        new.frame = self.level_of(&new)?;
        let last = self.series.last_mut().filter(|_| call.bool("contiguous"));
        let continued = match last {
            Some(last) if last.takes(&new) => true,
            Some(last) if self.mode == Mode::ImageJ => return Err(one_series(last)),
            _ => false,
        };
        if !continued
            && self.mode == Mode::ImageJ
            && let Some(last) = self.series.last()
        {
            return Err(one_series(last));
        }
        if continued && let Some(last) = self.series.last() {
            last.check_extension()?;
        }
        self.check_size(&new)?;
        self.mode = mode;
        // From here on bytes are written.
        self.begin(&new)?;
        if !continued {
            if new.is_contiguous() {
                self.spool.align(new.settings.align)?;
            }
            self.series.push(new);
        }
        let last = self.series.last_mut().ok_or_else(|| Error::internal("a series was lost"))?;
        last.write(&view, &mut self.spool, call)
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        if let Some(series) = self.series.iter().find(|s| s.levels_left() > 0 && s.frame.is_none()) {
            let missing = series.levels_left() - self.levels_behind(series);
            if missing > 0 {
                return Err(Error::invalid(format!(
                    "{missing} levels are missing that the option \"subifds\" announced"
                )));
            }
        }
        let directories = series::directories(&mut self.series, self.mode)?;
        self.spool.align(2)?;
        let end = self.spool.end();
        let big = match self.big {
            Some(big) => big,
            // ImageJ reads no BigTIFF, but beyond 4 GB of a classic file what its first directory says.
            None if self.place.is_some() => false,
            None => end + series::size(&directories)? > CLASSIC,
        };
        let form = Form { big, big_endian: self.big_endian };
        let first = match self.place {
            Some(place) => self.finish_imagej(&directories, form, place)?,
            None => {
                self.chain(&directories, form)?;
                end
            }
        };
        self.spool.patch(0, &form.header(first))?;
        self.spool.finish()
    }
}

impl TiffWriter {
    /// A name with `.ome.` asks for OME, unless the first image brings a description.
    fn mode_of(&self, call: &Call) -> Mode {
        let plain = self.named_ome && self.series.is_empty() && call.given("description");
        if plain { Mode::Plain } else { self.mode }
    }

    /// The series whose level this is to be.
    fn level_of(&self, new: &Series) -> Result<Option<usize>> {
        let base = self.series.iter().rposition(|s| s.frame.is_none());
        let Some(base) = base.filter(|&b| self.levels_behind(&self.series[b]) < self.series[b].levels_left()) else {
            return Ok(None);
        };
        if new.levels_left() > 0 {
            return Err(Error::option("a level of an image has no \"subifds\" of its own"));
        }
        if new.stored.frames != self.series[base].pages() {
            let (pages, wanted) = (new.stored.frames, self.series[base].pages());
            return Err(Error::shape(format!("a level has as many pages as its image, {wanted}, not {pages}")));
        }
        Ok(Some(base))
    }

    /// How many levels of an image are there already.
    fn levels_behind(&self, base: &Series) -> usize {
        self.series.iter().filter(|s| s.frame.is_some_and(|b| std::ptr::eq(&self.series[b], base))).count()
    }

    fn check_size(&self, new: &Series) -> Result<()> {
        let raw = new.raw_bytes()?;
        if self.big == Some(false) && new.is_contiguous() && self.spool.end().saturating_add(raw) > CLASSIC {
            return Err(entries::too_long());
        }
        Ok(())
    }

    /// The place of the header, and that of ImageJ's directory.
    fn begin(&mut self, new: &Series) -> Result<()> {
        if self.spool.end() > 0 {
            return Ok(());
        }
        self.spool.zeros(HEADER)?;
        if self.mode == Mode::ImageJ {
            let form = Form { big: true, big_endian: self.big_endian };
            let size = Chain::new(form).bytes(&new.placeholder()?, HEADER, true)?.len() as u64;
            self.place = Some((HEADER, size));
            self.spool.zeros(size)?;
        }
        Ok(())
    }

    /// Writes directories one behind another.
    fn chain(&mut self, directories: &[entries::Directory], form: Form) -> Result<()> {
        let mut chain = Chain::new(form);
        for (i, directory) in directories.iter().enumerate() {
            let bytes = chain.bytes(directory, self.spool.end(), i + 1 == directories.len())?;
            self.spool.write(&bytes)?;
        }
        Ok(())
    }

    /// The first directory in its place, the others at the end if a classic TIFF can point there: ImageJ asks for
    /// the first only.
    fn finish_imagej(&mut self, directories: &[entries::Directory], form: Form, place: (u64, u64)) -> Result<u64> {
        let Some((first, others)) = directories.split_first() else { return Ok(place.0) };
        let end = self.spool.end();
        let reachable = form.big || end + others.len() as u64 * 512 < CLASSIC;
        let follow = !others.is_empty() && reachable;
        let mut bytes = Chain::new(form).bytes(first, place.0, true)?;
        if bytes.len() as u64 > place.1 {
            return Err(Error::internal("the first directory outgrew its place"));
        }
        if follow {
            entries::set_next(&mut bytes, form, end);
            self.chain(others, form)?;
        }
        self.spool.patch(place.0, &bytes)?;
        Ok(place.0)
    }
}

fn one_series(last: &Series) -> Error {
    Error::unsupported(format!(
        "an ImageJ file holds one hyperstack: later images have its shape {:?} and dtype and come with contiguous=true",
        last.shape
    ))
}

/// The array with at least two axes.
fn with_rows(mut view: View) -> Result<View> {
    while view.shape().len() < 2 {
        view = view.insert(0).ok_or_else(|| Error::internal("an axis could not be put in"))?;
    }
    Ok(view)
}
