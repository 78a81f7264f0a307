//! Plugin `TIFF`: imageio's older plugin for TIFF. It reads and writes as `tiff` does, and gives of the metadata a fixed
//! set, of the page whose number is the index.

use super::file::File;
use super::ifd::Tiff;
use super::reader::TiffReader;
use super::{flavours, meta, options, write};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Index, List, Props, Value};
use crate::plugin::{Call, Count, Declaration, Outcome, Plugin, Reader, Writer};
use crate::resource::{Output, Source};

/// The plugin `TIFF`.
pub struct LegacyPlugin {
    declaration: Declaration,
}

impl LegacyPlugin {
    /// The plugin.
    #[allow(clippy::new_without_default)] // a plugin is registered, not defaulted
    pub fn new() -> LegacyPlugin {
        LegacyPlugin {
            declaration: Declaration {
                name: "TIFF".into(),
                description: "TIFF with the metadata of imageio's older plugin".into(),
                extensions: [".tif", ".tiff", ".stk", ".lsm"].map(str::to_owned).to_vec(),
                can_read: true,
                can_write: true,
                // Only who names it gets it: `tiff` reads every file that it reads.
                priority: -1,
                options: options(),
                ..Declaration::default()
            },
        }
    }
}

impl Plugin for LegacyPlugin {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn probe(&self, _head: &[u8], _extension: Option<&str>) -> Option<u8> {
        Some(0)
    }

    fn open(&self, source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
        let no_mark = || Error::new(ErrorKind::NoBackend, "the content has no mark of TIFF");
        let mut file = File::new(Tiff::open(source).ok_or_else(no_mark)?);
        file.first()?;
        Ok(Box::new(LegacyReader { inner: TiffReader::new(file) }))
    }

    fn create(&self, output: Output, _extension: Option<&str>, call: &Call) -> Result<Box<dyn Writer>> {
        write::create(output, call)
    }
}

struct LegacyReader {
    inner: TiffReader,
}

impl Reader for LegacyReader {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        self.inner.count(how, call)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.inner.props(index, call)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.inner.read(index, call, to)
    }

    fn meta(&mut self, index: Index, _call: &Call) -> Result<Dict> {
        let index = if let Index::At(index) = index { index } else { 0 };
        metadata(self.inner.file(), index)
    }
}

/// The flags of a page that imageio gives, by their names.
const FLAGS: &[&str] = &[
    "fluoview",
    "nih",
    "micromanager",
    "ome",
    "lsm",
    "reduced",
    "shaped",
    "stk",
    "tiled",
    "mdgel",
    "mediacy",
    "imagej",
];

/// The metadata of a page of the file.
fn metadata(file: &mut File, index: usize) -> Result<Dict> {
    let page = file.nth(index)?;
    let facts = flavours::Facts::of_page(file, page.clone())?;
    let mut dict = Dict::new();
    for flag in FLAGS {
        let is = match *flag {
            "reduced" => page.form.subfile & 1 != 0,
            "tiled" => page.form.tile.is_some(),
            flag => facts.is(flag),
        };
        dict.set(format!("is_{flag}"), is);
    }
    let tags = meta::page(file, &page)?;
    for key in ["compression", "predictor", "description", "description1", "software", "datetime", "resolution_unit"] {
        if let Some(value) = tags.get(key).filter(|value| **value != Value::Null) {
            dict.set(key, value.clone());
        }
    }
    if let (Some(Value::List(resolution)), Some(unit)) = (tags.get("resolution"), tags.get("resolution_unit")) {
        let unit = match unit.as_int() {
            Some(1) => "NONE",
            Some(2) => "INCH",
            Some(3) => "CENTIMETER",
            Some(4) => "MILLIMETER",
            Some(5) => "MICROMETER",
            _ => return Ok(dict),
        };
        let all = resolution.iter().cloned().chain([unit.into()]);
        dict.set("resolution", all.collect::<List>());
    }
    Ok(dict)
}
