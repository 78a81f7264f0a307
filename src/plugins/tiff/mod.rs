//! TIFF, and what microscopes, scanners, satellites and cameras have made of it: what imageio's tifffile plugin opens.
//!
//! `ifd`, `tags`, `form` and `file` know directories and pages, `series` what pages belong together, `flavours` what
//! programs say of that, `decode` pixels, and `reader` which of it a call means.

mod decode;
mod fei;
mod file;
mod flavours;
mod form;
mod ifd;
mod layout;
mod legacy;
mod meta;
mod ndpi;
mod reader;
mod series;
mod tags;
#[cfg(test)]
mod tests;
mod write;

use crate::error::{Error, ErrorKind, Result};
use crate::model::Value;
use crate::plugin::{Call, Calls, Declaration, OptionSpec, OptionType, Plugin, Reader, Writer};
use crate::resource::{Output, Source};
pub use fei::FeiPlugin;
use file::File;
use form::Form;
use ifd::{Directory, Layout, Tiff};
pub use legacy::LegacyPlugin;
use reader::TiffReader;
use tags::{photometric, tag};

/// The extensions of the family.
const EXTENSIONS: &[&str] = &[
    ".tif", ".tiff", ".bif", ".btf", ".gel", ".lsm", ".ndpi", ".pcoraw", ".ptif", ".ptiff", ".qpi", ".qptiff", ".rec",
    ".stk", ".svs", ".tf8", ".zif",
];

/// The plugin `tiff`.
pub struct TiffPlugin {
    declaration: Declaration,
}

impl TiffPlugin {
    /// The plugin.
    #[allow(clippy::new_without_default)] // a plugin is registered, not defaulted
    pub fn new() -> TiffPlugin {
        TiffPlugin {
            declaration: Declaration {
                name: "tiff".into(),
                aliases: ["tifffile", "TIFF-PIL", "TIFF-FI"].map(str::to_owned).to_vec(),
                description: "TIFF, OME-TIFF, ImageJ, LSM, STK and slide pyramids".into(),
                extensions: EXTENSIONS.iter().map(|&e| e.to_owned()).collect(),
                can_read: true,
                can_write: true,
                options: options(),
                ..Declaration::default()
            },
        }
    }
}

fn options() -> Vec<OptionSpec> {
    let reading = Calls::READ_META.and(Calls::FILE);
    let number = |name, doc| OptionSpec::new(name, &[OptionType::Int], Value::Null, reading, doc).range(0.0, f64::MAX);
    let mut options = vec![
        number("page", "this page of the series only"),
        number("level", "this level of a pyramid, 0 the largest"),
        OptionSpec::new("pages", &[OptionType::Bool], false, reading, "images are pages, not series"),
    ];
    options.extend(write::options());
    options
}

impl Plugin for TiffPlugin {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> Option<u8> {
        // DICOM leaves its first 128 bytes to others, and some put the header of a TIFF there.
        let is_dicom = head.get(128..132) == Some(b"DICM");
        Some(if Layout::of_header(head).is_some() && !is_dicom { 90 } else { 0 })
    }

    fn open(&self, source: Source, call: &Call) -> Result<Box<dyn Reader>> {
        let Some(tiff) = Tiff::open(source) else {
            return Err(Error::new(ErrorKind::NoBackend, "the content has no mark of TIFF"));
        };
        let mut file = File::new(tiff);
        file.first()?;
        if !call.given("plugin") && is_raw(&mut file)? {
            let what = "a raw photograph is for plugin raw, which this version does not have; plugin \"tiff\" reads it \
                        as it is stored";
            return Err(Error::new(ErrorKind::PluginUnavailable, what).plugin("raw"));
        }
        Ok(Box::new(TiffReader::new(file)))
    }

    fn create(&self, output: Output, _extension: Option<&str>, call: &Call) -> Result<Box<dyn Writer>> {
        write::create(output, call)
    }
}

/// Whether a page is the preview of a photograph of which its maker's directory tells: pictures that were made of one keep
/// that directory too, but are no previews.
fn has_maker(file: &File, directory: &Directory, form: &Form) -> bool {
    let is_preview = form.subfile & 1 != 0 || directory.has(tag::TIFF_EP_STANDARD);
    let exif = file.tiff.uint(directory, tag::EXIF_IFD).ok().flatten().filter(|_| is_preview);
    let exif = exif.and_then(|at| file.tiff.directory(at).ok());
    directory.has(tag::MAKE) && exif.is_some_and(|exif| exif.has(tag::MAKER_NOTE))
}

/// Whether the first page, or one below it, holds what the sensor of a camera gave.
fn is_raw(file: &mut File) -> Result<bool> {
    let page = file.first()?;
    let is_sensor = |form: &Form| matches!(form.photometric, photometric::CFA | photometric::LINEAR_RAW);
    if page.directory.has(tag::DNG_VERSION) || is_sensor(&page.form) || has_maker(file, &page.directory, &page.form) {
        return Ok(true);
    }
    let below = file.sub_ifds(&page).unwrap_or_default();
    Ok(below.into_iter().take(16).any(|at| file.load(at).is_ok_and(|page| is_sensor(&page.form))))
}
