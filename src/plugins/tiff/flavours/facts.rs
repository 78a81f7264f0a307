//! What the first page says of the program that wrote the file.

use super::super::file::{File, Page};
use super::super::form::Form;
use super::super::ifd::Tiff;
use super::super::tags::tag;
use crate::error::Result;
use std::sync::Arc;

/// The flavours for which the metadata of a file have a flag, by tifffile's names.
pub const FLAGS: &[&str] = &[
    "fluoview",
    "philips",
    "fei",
    "svs",
    "eer",
    "indica",
    "mrc",
    "bif",
    "agilent",
    "frame",
    "multipage",
    "scn",
    "tiffep",
    "vista",
    "mediacy",
    "micromanager",
    "mdgel",
    "metaseries",
    "mmstack",
    "lsm",
    "gdal",
    "volumetric",
    "epics",
    "dng",
    "geotiff",
    "avs",
    "nih",
    "andor",
    "tvips",
    "ndpi",
    "pilatus",
    "subifd",
    "sem",
    "virtual",
    "qpi",
    "ndtiff",
    "scanimage",
    "imagej",
    "nuvu",
    "astrotiff",
    "shaped",
    "streak",
    "ome",
    "stk",
    "sis",
    "uniform",
];

/// The first page, or another, and its texts.
pub struct Facts {
    pub tiff: Tiff,
    pub page: Arc<Page>,
    pub description: String,
    /// That of a second entry of the tag.
    pub description1: String,
    pub software: String,
}

impl Facts {
    pub fn of(file: &mut File) -> Result<Facts> {
        let page = file.first()?;
        Facts::of_page(file, page)
    }

    /// Those of another page.
    pub fn of_page(file: &File, page: Arc<Page>) -> Result<Facts> {
        // Without it the images would have other shapes, so that one behind the end of the file is an error.
        let (description, description1) = (file.description(&page, 0)?, file.description(&page, 1)?);
        let software = file.tiff.text(&page.directory, tag::SOFTWARE).ok().flatten().unwrap_or_default();
        Ok(Facts { tiff: file.tiff.clone(), page, description, description1, software })
    }

    /// The description that begins so.
    fn describes(&self, begins: &[&str]) -> Option<&str> {
        let texts = [self.description.as_str(), self.description1.as_str()];
        texts.into_iter().find(|text| begins.iter().any(|b| text.starts_with(b)))
    }

    /// The description of an ImageJ file.
    pub fn imagej(&self) -> Option<&str> {
        self.describes(&["ImageJ=", "SCIFIO="])
    }

    /// The description of a file of tifffile's.
    pub fn shaped(&self) -> Option<&str> {
        let text = self.describes(&["{", "shape=("])?;
        (text.starts_with("shape=(") || text.contains("\"shape\":")).then_some(text)
    }

    /// Whether the file is of this flavour.
    pub fn is(&self, flavour: &str) -> bool {
        let has = |tag: u16| self.page.directory.has(tag);
        let kind = |tag: u16| self.page.directory.get(tag).map(|e| e.kind);
        let text = |tag: u16| self.tiff.text(&self.page.directory, tag).ok().flatten().unwrap_or_default();
        let begins = |tag: u16, with: &[u8]| {
            let entry = self.page.directory.get(tag);
            entry.and_then(|e| self.tiff.bytes(&self.page.directory, e).ok()).is_some_and(|b| b.starts_with(with))
        };
        let (d, s) = (self.description.as_str(), self.software.as_str());
        let near_end = |text: &str, chars: usize| {
            let from = d.char_indices().rev().nth(chars - 1).map_or(0, |(i, _)| i);
            d[from..].trim().ends_with(text)
        };
        match flavour {
            "agilent" => has(285) && has(37701),
            "andor" => has(4864),
            "astrotiff" => d.starts_with("SIMPLE ") && d.ends_with("END"),
            "avs" => text(65000).starts_with("<Argos"),
            "bif" => {
                let labels = ["Label Image", "Label_Image", "Probability_Image"];
                has(700) && (s.contains("Ventana") || s.starts_with("ScanOutputManager") || labels.contains(&d))
            }
            "dng" => has(tag::DNG_VERSION),
            "eer" => self.tiff.layout.big && kind(65001) == Some(7) && begins(65001, b"<metadata>"),
            "epics" => [d, s].contains(&"EPICS areaDetector"),
            "fei" => has(tag::FEI_SFEG) || has(tag::FEI_HELIOS),
            "fluoview" => has(super::fluoview::STAMP),
            "gdal" => has(tag::GDAL_METADATA),
            "geotiff" => has(tag::GEO_KEY_DIRECTORY),
            "imagej" => self.imagej().is_some(),
            "indica" => s.starts_with("IndicaLabsImageWriter"),
            "lsm" => has(tag::CZ_LSM_INFO),
            "mdgel" => !has(37701) && has(33445),
            "mediacy" => begins(50288, b"MC TIFF"),
            "metaseries" => s == "MetaSeries" && d.starts_with("<MetaData>") && d.ends_with("</MetaData>"),
            "micromanager" => has(tag::MICRO_MANAGER),
            "mmstack" => has(tag::MICRO_MANAGER) && super::mmstack::is(&self.tiff),
            "mrc" => self.page.form.subfile & 8 != 0,
            "multipage" => self.page.form.subfile & 2 != 0,
            "ndpi" => has(65420) && has(tag::MAKE),
            "nih" => has(super::nih::HEADER),
            "nuvu" => has(65001) && text(65000).starts_with("Field '65001' is "),
            "ome" => near_end("OME>", 10),
            "philips" => s.starts_with("Philips DP") && near_end("</DataObject>", 16),
            "pilatus" => s.starts_with("TVX TIFF") && d.starts_with("# "),
            "qpi" => s.starts_with("PerkinElmer-QPI"),
            "scanimage" => {
                let from = d.char_indices().rev().nth(255).map_or(0, |(i, _)| i);
                s.starts_with("SI.") || d.starts_with("state.") || d[from..].contains("scanimage.SI")
            }
            "scn" => near_end("</scn>", 10),
            "sem" => has(tag::CZ_SEM),
            "shaped" => self.shaped().is_some(),
            "sis" => {
                let is_virtual = self.tiff.source.extension() == Some(".vsi");
                (has(super::sis::SIS) || has(super::sis::INI)) && !is_virtual
            }
            "stk" => has(tag::UIC1),
            "streak" => d.starts_with('[') && d.chars().skip(1).take(31).collect::<String>().contains("],"),
            "svs" => d.starts_with("Aperio "),
            "tiffep" => has(37398),
            "tvips" => has(37706),
            "vista" => s == "ISS Vista",
            "volumetric" => self.page.form.depth > 1,
            _ => false,
        }
    }

    /// Whether a few pages of the file are alike: the first, the second, the eighth and the last, as tifffile samples
    /// them.
    pub fn is_uniform(&self, file: &mut File) -> Result<bool> {
        if self.page.directory.has(tag::SUB_IFDS) {
            return Ok(false);
        }
        if self.is("scanimage") || self.is("nih") || self.is("mmstack") || self.is("sis") {
            return Ok(true);
        }
        let same = |form: &Form| form.key() == self.page.form.key();
        if !file.has_page(1)? {
            return Ok(true);
        }
        if !same(&file.nth(1)?.form) || !file.has_page(7)? || !same(&file.nth(7)?.form) {
            return Ok(false);
        }
        let last = file.page_count()? - 1;
        Ok(same(&file.nth(last)?.form))
    }
}
