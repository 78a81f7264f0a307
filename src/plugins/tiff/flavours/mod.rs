//! Flavours: what programs have put into TIFF files beyond the specification, and what series they make of it. The
//! order in which they are asked, their names and their metadata are tifffile's.

mod facts;
mod fluoview;
mod geo;
mod imagej;
mod labels;
mod lsm;
mod mmstack;
mod nih;
mod ome;
mod philips;
mod scanimage;
mod shaped;
mod sis;
mod slides;
mod stk;
mod structure;
#[cfg(test)]
mod tests;
mod xml;

use super::file::File;
use super::ifd::{Directory, Entry, Tiff};
use super::series::Series;
use super::tags::tag;
use crate::error::{ErrorKind, Result};
use crate::log;
use crate::model::{Dict, List, Value};
pub use facts::Facts;

type Finder = fn(&mut File, &Facts) -> Result<Option<Vec<Series>>>;

/// The flavours that know which pages belong together, in the order in which they are asked.
const FINDERS: &[(&str, Finder)] = &[
    ("shaped", shaped::series),
    ("lsm", lsm::series),
    ("mmstack", mmstack::series),
    ("ome", ome::series),
    ("imagej", imagej::series),
    ("fluoview", fluoview::series),
    ("stk", stk::series),
    ("sis", sis::series),
    ("svs", slides::svs),
    ("scn", slides::scn),
    ("qpi", slides::qpi),
    ("ndpi", slides::ndpi),
    ("bif", slides::bif),
    ("philips", philips::series),
    ("scanimage", scanimage::series),
];

/// The series that a flavour makes of the file. `None`: no flavour knows better than [`super::series::generic`].
///
/// A flavour whose description does not fit the file is as none: the pages are there all the same. One that is cut off
/// is an error, for the images would be others without it.
pub fn series(file: &mut File) -> Result<Option<Vec<Series>>> {
    let facts = Facts::of(file)?;
    mmstack::check_whole(&facts.tiff)?;
    for (flavour, find) in FINDERS {
        if !facts.is(flavour) {
            continue;
        }
        match find(file, &facts) {
            Ok(Some(series)) if !series.is_empty() => return Ok(Some(series)),
            Ok(_) => {}
            Err(e)
                if !e.is_cut()
                    && matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::Index | ErrorKind::Unsupported) =>
            {
                log::write(log::Level::Warning, &format!("the description of the pages is not followed: {e}"));
            }
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

/// The flags of the file and the metadata of its flavours, merged flat, as imageio gives them for a file.
pub fn meta(file: &mut File) -> Result<Dict> {
    let facts = Facts::of(file)?;
    let mut meta = Dict::new();
    for &flag in facts::FLAGS {
        let is = if flag == "uniform" { facts.is_uniform(file)? } else { facts.is(flag) };
        meta.set(format!("is_{flag}"), is);
        if is {
            meta.extend(flavour(flag, file, &facts)?);
        }
    }
    Ok(meta)
}

/// The metadata of one flavour that the file has.
fn flavour(flag: &str, file: &mut File, facts: &Facts) -> Result<Dict> {
    let of_tag = |tags: &[u16]| -> Result<Dict> {
        let mut all = Dict::new();
        for tag in tags {
            if let Some(entry) = facts.page.directory.get(*tag)
                && let Some(Value::Dict(dict)) = tag_value(&facts.tiff, &facts.page.directory, entry)?
            {
                all.extend(dict);
            }
        }
        Ok(all)
    };
    match flag {
        "shaped" => Ok(shaped::meta(facts)),
        "imagej" => imagej::meta(facts),
        "ome" => Ok(ome::meta(facts)),
        "stk" => stk::meta(facts),
        "fluoview" => fluoview::meta(facts),
        "sis" => sis::meta(facts),
        "lsm" => of_tag(&[tag::CZ_LSM_INFO]),
        "nih" => of_tag(&[nih::HEADER]),
        "fei" => of_tag(&[tag::FEI_SFEG, tag::FEI_HELIOS]),
        "sem" => of_tag(&[tag::CZ_SEM]),
        "geotiff" => geo::meta(&facts.tiff, &facts.page.directory),
        "gdal" => Ok(gdal(facts)?.unwrap_or_default()),
        "scanimage" => scanimage::meta(file, facts),
        "andor" => labels::andor(&facts.tiff, &facts.page.directory),
        "mdgel" => labels::mdgel(file),
        "micromanager" => mmstack::meta(&facts.tiff),
        "metaseries" => Ok(labels::metaseries(&facts.description)),
        _ => Ok(Dict::new()),
    }
}

/// The value of a tag that has a structure of its own. `None`: its numbers or bytes say it.
pub fn tag_value(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Option<Value>> {
    let bytes = || tiff.bytes(directory, entry);
    Ok(match entry.tag {
        tag::UIC1 | tag::UIC2 | tag::UIC3 | tag::UIC4 => stk::tag(tiff, directory, entry)?.map(Value::Dict),
        tag::CZ_LSM_INFO => lsm::info(tiff, entry)?.map(Value::Dict),
        tag::FEI_SFEG | tag::FEI_HELIOS => Some(labels::fei(&bytes()?).into()),
        tag::CZ_SEM => Some(labels::sem(&bytes()?).into()),
        tag::IJ_METADATA => imagej::tag(tiff, directory, entry)?.map(Value::Dict),
        tag::MICRO_MANAGER => Some(labels::json(&bytes()?)),
        fluoview::HEADER => fluoview::header(tiff.layout, &bytes()?).map(Value::Dict),
        fluoview::STAMP => fluoview::stamp(tiff.layout, &bytes()?),
        sis::INI => Some(sis::ini(tiff, directory, entry)?.into()),
        sis::SIS => sis::structure(tiff, directory, entry)?.map(Value::Dict),
        nih::HEADER => nih::header(tiff.layout, &bytes()?).map(Value::Dict),
        _ => None,
    })
}

/// GDAL's items, which the tag has as text.
fn gdal(facts: &Facts) -> Result<Option<Dict>> {
    let text = facts.tiff.text(&facts.page.directory, tag::GDAL_METADATA)?;
    Ok(text.and_then(|text| xml::to_dict(&text)))
}

/// Numbers as a list.
fn list(numbers: impl IntoIterator<Item = impl Into<Value>>) -> Value {
    Value::List(numbers.into_iter().collect::<List>())
}
