//! Flavours: what programs have put into TIFF files beyond the specification, and what series they make of it.

use super::file::File;
use super::ifd::{Directory, Entry, Tiff};
use super::series::Series;
use crate::error::Result;
use crate::model::{Dict, Value};

/// The flavours for which the metadata of a file have a flag, by tifffile's names.
const FLAGS: &[&str] = &[
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

/// The series that a flavour makes of the file. `None`: no flavour knows better than [`super::series::generic`].
pub fn series(_file: &mut File) -> Result<Option<Vec<Series>>> {
    Ok(None)
}

/// The flags of the file and the metadata of its flavours, merged flat, as imageio gives them for a file.
pub fn meta(_file: &mut File, _series: &[Series]) -> Result<Dict> {
    let mut meta = Dict::new();
    for flag in FLAGS {
        meta.set(format!("is_{flag}"), false);
    }
    Ok(meta)
}

/// The value of a tag that has a structure of its own. `None`: its numbers or bytes say it.
pub fn tag_value(_tiff: &Tiff, _directory: &Directory, _entry: &Entry) -> Result<Option<Value>> {
    Ok(None)
}
