//! Pictures and animations: what imageio's pillow plugin opens. One file a format; this one tells them apart.

mod bcn;
mod bits;
mod blp;
mod bmp;
mod cut;
mod dds;
mod embed;
mod exr;
mod farbfeld;
mod fli;
mod form;
mod formats;
mod gif;
mod hdr;
mod icns;
mod ico;
mod icon_write;
mod iff;
mod im;
mod info;
mod jls;
mod jng;
mod jp2;
mod jpeg;
mod jxl;
mod koala;
#[cfg(test)]
mod legacy_tests;
mod mng;
#[cfg(test)]
mod modern_tests;
#[cfg(test)]
mod old_tests;
mod old_write;
mod palette;
mod part;
mod pcd;
mod pcx;
mod plain;
mod plain_write;
mod png;
mod pnm;
mod psd;
mod qoi;
mod resample;
mod sequence;
mod sgi;
mod single;
#[cfg(test)]
mod smalls_tests;
mod spider;
mod stills;
mod sun;
mod text;
mod textures;
mod tga;
mod wal_palette;
mod wbmp;
mod webp;
mod whole;

use formats::{FORMATS, Format, by_name};
use gif::quantise;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dict, exif};
use crate::plugin::{self, Batch, Call, CallKind, Declaration, Image, OptionSpec, Plugin, Reader, Writer};
use crate::resource::{Output, Source};
use std::sync::Arc;

/// The plugin `image`.
pub struct ImagePlugin {
    declaration: Declaration,
}

impl ImagePlugin {
    /// The plugin with all its formats.
    #[allow(clippy::new_without_default)] // a plugin is registered, not defaulted
    pub fn new() -> ImagePlugin {
        ImagePlugin { declaration: declaration() }
    }
}

/// imageio's names for plugins that read what this one reads.
const ALIASES: &[&str] = &["pillow", "opencv", "JP2-FI"];

fn declaration() -> Declaration {
    let mut aliases: Vec<String> = ALIASES.iter().map(|&a| a.to_owned()).collect();
    for format in FORMATS {
        aliases.extend(["PIL", "FI"].map(|kind| format!("{}-{kind}", format.name)));
    }
    let mut options: Vec<OptionSpec> = Vec::new();
    for option in info::options().into_iter().chain(FORMATS.iter().flat_map(|f| (f.options)())) {
        // Formats that share an option mean the same by it; each accepts its own values.
        match options.iter_mut().find(|o| o.name == option.name) {
            Some(known) => join(known, option),
            None => options.push(option),
        }
    }
    let names = |of: &dyn Fn(&&Format) -> bool| -> Vec<String> {
        FORMATS.iter().filter(of).flat_map(|f| f.extensions).map(|&e| e.to_owned()).collect()
    };
    Declaration {
        name: "image".into(),
        aliases,
        description: "pictures and animations".into(),
        extensions: names(&|_| true),
        written: Some(names(&|f| f.create.is_some())),
        can_read: true,
        can_write: true,
        options,
        ..Declaration::default()
    }
}

/// Widens the declaration of an option to what another format takes under its name. The default stays the first
/// format's, so that a format relies on the default of no option that others have too.
fn join(known: &mut OptionSpec, other: OptionSpec) {
    known.calls = known.calls.and(other.calls);
    known.types.extend(other.types.iter().filter(|t| !known.types.contains(t)).copied().collect::<Vec<_>>());
    known.range = match (known.range, other.range) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        _ => None,
    };
    if known.choices.is_empty() || other.choices.is_empty() {
        // One of them takes any text.
        known.choices.clear();
    } else {
        known.choices.extend(other.choices.into_iter().filter(|c| !known.choices.contains(c)).collect::<Vec<_>>());
    }
}

impl Plugin for ImagePlugin {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn probe(&self, head: &[u8], extension: Option<&str>) -> Option<u8> {
        match FORMATS.iter().any(|f| (f.matches)(head)) {
            true => Some(90),
            false if by_name(head, extension).is_some() => Some(60),
            false => tga::probe(head, extension),
        }
    }

    fn takes(&self, extension: &str, options: &Dict) -> bool {
        let format = FORMATS.iter().find(|f| f.extensions.contains(&extension));
        format.is_none_or(|format| {
            let declared = format.declared();
            let mut names = options.iter().map(|(name, _)| name);
            names.all(|name| CALLS_OF_WRITES.iter().any(|&call| plugin::takes(&declared, name, call)))
        })
    }

    fn open(&self, source: Source, call: &Call) -> Result<Box<dyn Reader>> {
        let marked = FORMATS.iter().find(|f| (f.matches)(source.head()));
        let format = match marked.or_else(|| by_name(source.head(), source.extension())) {
            None if tga::is_tga(&source)? => FORMATS.iter().find(|f| f.name == "TGA"),
            found => found,
        };
        let format = format.ok_or_else(|| {
            Error::new(ErrorKind::NoBackend, "the content has the mark of none of the formats that it reads")
        })?;
        (format.open)(source, call).map_err(|e| e.context(format.name.to_lowercase()))
    }

    fn create(&self, output: Output, extension: Option<&str>, call: &Call) -> Result<Box<dyn Writer>> {
        let format = match call.str("format") {
            Some(name) => FORMATS.iter().find(|f| f.name.eq_ignore_ascii_case(name)),
            None => FORMATS.iter().find(|f| extension.is_some_and(|e| f.extensions.contains(&e))),
        };
        match format.map(|f| (f, f.create)) {
            Some((format, Some(create))) => Ok(Box::new(FormatWriter::new(format, create(output, call)?))),
            Some((format, None)) => Err(Error::unsupported(format!("{} is read, not written", format.name))),
            None => {
                let asked = call.str("format").or(extension).unwrap_or("no extension");
                let written: Vec<&str> = FORMATS.iter().filter(|f| f.create.is_some()).map(|f| f.name).collect();
                Err(Error::new(ErrorKind::NoBackend, format!("{asked} is none of {}", written.join(", "))))
            }
        }
    }
}

impl Format {
    /// The plugin's declaration as far as this format goes.
    fn declared(&self) -> Declaration {
        let name = format!("image ({})", self.name);
        let options = info::options().into_iter().chain((self.options)()).collect();
        Declaration { name, options, ..Declaration::default() }
    }
}

/// The calls whose options a one-call write may have.
const CALLS_OF_WRITES: [CallKind; 2] = [CallKind::Open, CallKind::Write];

/// A writer that takes the options of its own format only: one that another format has is as unknown to it as any.
struct FormatWriter {
    writer: Box<dyn Writer>,
    declared: Arc<Declaration>,
    /// What else writes the format, with options of its own.
    beside: Option<&'static str>,
}

impl FormatWriter {
    fn new(format: &Format, writer: Box<dyn Writer>) -> FormatWriter {
        let beside =
            (format.name == "JXL").then_some("the plugin jxl, asked for by name, writes JPEG XL with more options");
        FormatWriter { writer, declared: Arc::new(format.declared()), beside }
    }

    fn own(&self, call: &Call) -> Result<Call> {
        let checked = plugin::check(call.options(), &self.declared, CallKind::Write);
        let options = checked.map_err(|e| match self.beside.filter(|_| e.kind() == ErrorKind::UnknownOption) {
            Some(beside) => Error::new(ErrorKind::UnknownOption, format!("{}; {beside}", e.message())),
            None => e,
        })?;
        Ok(call.with_options(options, self.declared.clone()))
    }
}

impl Writer for FormatWriter {
    fn batch(&self) -> Batch {
        self.writer.batch()
    }

    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let call = self.own(call).map_err(|e| e.with_plugin("image"))?;
        self.writer.write(image, &call)
    }

    fn finish(&mut self, call: &Call) -> Result<()> {
        self.writer.finish(call)
    }

    fn call(&mut self, function: &str, call: &Call) -> Result<Dict> {
        self.writer.call(function, call)
    }
}
