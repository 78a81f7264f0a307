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

use gif::quantise;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dict, exif};
use crate::plugin::{self, Batch, Call, CallKind, Declaration, Image, OptionSpec, Plugin, Reader, Writer};
use crate::resource::{Output, Source};
use std::sync::Arc;

type Create = fn(Output, &Call) -> Result<Box<dyn Writer>>;

/// One format of the plugin.
struct Format {
    /// Its name, which the option `format` takes in any case.
    name: &'static str,
    /// The extensions under which it is written and, where a format has no mark, read.
    extensions: &'static [&'static str],
    /// Whether the first bytes of a file are this format's.
    matches: fn(head: &[u8]) -> bool,
    open: fn(Source, &Call) -> Result<Box<dyn Reader>>,
    create: Option<Create>,
    /// The options that only this format takes.
    options: fn() -> Vec<OptionSpec>,
}

/// The formats, in the order in which their marks are looked for.
static FORMATS: &[Format] = &[
    Format {
        name: "PNG",
        extensions: &[".png", ".apng"],
        matches: png::matches,
        open: png::open,
        create: Some(png::create),
        options: png::options,
    },
    // Its streams begin as those of JPEG.
    Format {
        name: "JPEG-LS",
        extensions: &[".jls"],
        matches: jls::matches,
        open: jls::open,
        create: Some(jls::create),
        options: jls::options,
    },
    Format {
        name: "JPEG",
        extensions: &[".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"],
        matches: jpeg::matches,
        open: jpeg::open,
        create: Some(jpeg::create),
        options: jpeg::options,
    },
    Format {
        name: "GIF",
        extensions: &[".gif"],
        matches: gif::is_gif,
        open: gif::open,
        create: Some(gif::create),
        options: gif::options,
    },
    Format {
        name: "WEBP",
        extensions: &[".webp"],
        matches: webp::matches,
        open: webp::open,
        create: Some(webp::create),
        options: webp::options,
    },
    Format {
        name: "BMP",
        extensions: &[".bmp"],
        matches: bmp::matches,
        open: bmp::open,
        create: Some(bmp::create),
        options: bmp::options,
    },
    Format {
        name: "ICO",
        extensions: &[".ico"],
        matches: ico::is_ico,
        open: ico::open_ico,
        create: Some(icon_write::create_ico),
        options: icon_write::ico_options,
    },
    Format {
        name: "CUR",
        extensions: &[".cur"],
        matches: ico::is_cur,
        open: ico::open_cur,
        create: None,
        options: none,
    },
    Format {
        name: "SGI",
        extensions: &[".sgi", ".rgb", ".rgba", ".bw"],
        matches: sgi::matches,
        open: sgi::open,
        create: Some(plain_write::create_sgi),
        options: none,
    },
    Format {
        name: "PCX",
        extensions: &[".pcx"],
        matches: pcx::matches,
        open: pcx::open,
        create: Some(old_write::create_pcx),
        options: none,
    },
    Format {
        name: "DCX",
        extensions: &[".dcx"],
        matches: pcx::is_dcx,
        open: pcx::open_dcx,
        create: None,
        options: none,
    },
    Format {
        name: "SUN",
        extensions: &[".ras", ".sun"],
        matches: sun::matches,
        open: sun::open,
        create: None,
        options: none,
    },
    Format {
        name: "XBM",
        extensions: &[".xbm"],
        matches: text::is_xbm,
        open: text::open_xbm,
        create: Some(plain_write::create_xbm),
        options: none,
    },
    Format {
        name: "XPM",
        extensions: &[".xpm"],
        matches: text::is_xpm,
        open: text::open_xpm,
        create: None,
        options: none,
    },
    Format {
        name: "ICNS",
        extensions: &[".icns"],
        matches: icns::matches,
        open: icns::open,
        create: Some(icon_write::create_icns),
        options: none,
    },
    Format {
        name: "IM",
        extensions: &[".im"],
        matches: im::matches,
        open: im::open,
        create: Some(old_write::create_im),
        options: none,
    },
    Format {
        name: "MSP",
        extensions: &[".msp"],
        matches: plain::is_msp,
        open: plain::open_msp,
        create: Some(old_write::create_msp),
        options: none,
    },
    Format {
        name: "PIXAR",
        extensions: &[".pxr"],
        matches: plain::is_pixar,
        open: plain::open_pixar,
        create: None,
        options: none,
    },
    Format {
        name: "XVTHUMB",
        extensions: &[".xv", ".p7"],
        matches: plain::is_thumbnail,
        open: plain::open_thumbnail,
        create: None,
        options: none,
    },
    Format {
        name: "PPM",
        extensions: &[".ppm", ".pnm"],
        matches: pnm::is_ppm,
        open: pnm::open,
        create: Some(pnm::create),
        options: pnm::options,
    },
    Format {
        name: "PGM",
        extensions: &[".pgm"],
        matches: pnm::is_pgm,
        open: pnm::open,
        create: Some(pnm::create),
        options: pnm::options,
    },
    Format {
        name: "PBM",
        extensions: &[".pbm"],
        matches: pnm::is_pbm,
        open: pnm::open,
        create: Some(pnm::create),
        options: pnm::options,
    },
    Format {
        name: "PAM",
        extensions: &[".pam"],
        matches: pnm::is_pam,
        open: pnm::open,
        create: Some(pnm::create_pam),
        options: Vec::new,
    },
    Format {
        name: "PFM",
        extensions: &[".pfm"],
        matches: pnm::is_pfm,
        open: pnm::open,
        create: Some(pnm::create_pfm),
        options: Vec::new,
    },
    Format {
        name: "FARBFELD",
        extensions: &[".ff"],
        matches: farbfeld::matches,
        open: farbfeld::open,
        create: Some(farbfeld::create),
        options: Vec::new,
    },
    Format {
        name: "QOI",
        extensions: &[".qoi"],
        matches: qoi::matches,
        open: qoi::open,
        create: Some(qoi::create),
        options: Vec::new,
    },
    Format {
        name: "HDR",
        extensions: &[".hdr", ".rgbe"],
        matches: hdr::matches,
        open: hdr::open,
        create: Some(hdr::create),
        options: Vec::new,
    },
    Format {
        name: "DDS",
        extensions: &[".dds"],
        matches: dds::matches,
        open: dds::open,
        create: Some(dds::create),
        options: dds::options,
    },
    Format {
        name: "PSD",
        extensions: &[".psd", ".psb"],
        matches: psd::matches,
        open: psd::open,
        create: None,
        options: none,
    },
    Format {
        name: "FLI",
        extensions: &[".fli", ".flc"],
        matches: fli::matches,
        open: fli::open,
        create: None,
        options: none,
    },
    Format { name: "MNG", extensions: &[".mng"], matches: mng::matches, open: mng::open, create: None, options: none },
    Format { name: "JNG", extensions: &[".jng"], matches: jng::matches, open: jng::open, create: None, options: none },
    Format { name: "BLP", extensions: &[".blp"], matches: blp::matches, open: blp::open, create: None, options: none },
    Format {
        name: "FTEX",
        extensions: &[".ftc", ".ftu"],
        matches: textures::is_ftex,
        open: textures::open_ftex,
        create: None,
        options: none,
    },
    Format { name: "PCD", extensions: &[".pcd"], matches: pcd::matches, open: pcd::open, create: None, options: none },
    Format {
        name: "GBR",
        extensions: &[".gbr"],
        matches: textures::is_gbr,
        open: textures::open_gbr,
        create: None,
        options: none,
    },
    Format {
        name: "WAL",
        extensions: &[".wal"],
        matches: textures::is_wal,
        open: textures::open_wal,
        create: None,
        options: none,
    },
    Format {
        name: "SPIDER",
        extensions: &[".spider", ".spi"],
        matches: spider::matches,
        open: spider::open,
        create: Some(spider::create),
        options: none,
    },
    Format {
        name: "JPEG2000",
        extensions: jp2::FILES,
        matches: jp2::matches,
        open: jp2::open,
        create: Some(jp2::create),
        options: jp2::options,
    },
    Format {
        name: "J2K",
        extensions: jp2::CODESTREAMS,
        matches: jp2::is_codestream,
        open: jp2::open,
        create: Some(jp2::create_codestream),
        options: jp2::options,
    },
    Format {
        name: "JXL",
        extensions: &[".jxl"],
        matches: jxl::matches,
        open: jxl::open,
        create: Some(jxl::create),
        options: embed::options,
    },
    Format {
        name: "EXR",
        extensions: &[".exr"],
        matches: exr::matches,
        open: exr::open,
        create: Some(exr::create),
        options: exr::options,
    },
    Format {
        name: "IFF",
        extensions: &[".iff", ".lbm"],
        matches: iff::matches,
        open: iff::open,
        create: None,
        options: none,
    },
    Format {
        name: "KOALA",
        extensions: &[".koa"],
        matches: koala::matches,
        open: koala::open,
        create: None,
        options: none,
    },
    // Without marks: see `by_name`.
    Format {
        name: "WBMP",
        extensions: wbmp::EXTENSIONS,
        matches: no_mark,
        open: wbmp::open,
        create: None,
        options: none,
    },
    Format { name: "CUT", extensions: cut::EXTENSIONS, matches: no_mark, open: cut::open, create: None, options: none },
    // Without a mark: see `tga::probe`.
    Format {
        name: "TGA",
        extensions: tga::EXTENSIONS,
        matches: no_mark,
        open: tga::open,
        create: Some(tga::create),
        options: tga::options,
    },
    // Last, since it has the weakest mark.
    Format {
        name: "DIB",
        extensions: &[".dib"],
        matches: bmp::is_dib,
        open: bmp::open_dib,
        create: Some(bmp::create_dib),
        options: bmp::options,
    },
];

/// No file is taken for a format without a mark by its first bytes alone.
fn no_mark(_head: &[u8]) -> bool {
    false
}

/// Formats without a mark that nothing but their extensions tells, and whether a file may begin so.
type Plausible = (&'static str, fn(&[u8]) -> bool);
const NAMED: [Plausible; 2] = [("WBMP", wbmp::is_plausible), ("CUT", cut::is_plausible)];

/// The format of a file without a mark, by its extension.
fn by_name(head: &[u8], extension: Option<&str>) -> Option<&'static Format> {
    let format = FORMATS.iter().find(|f| extension.is_some_and(|e| f.extensions.contains(&e)))?;
    NAMED.iter().any(|(name, is_plausible)| *name == format.name && is_plausible(head)).then_some(format)
}

/// What a format without options of its own takes.
fn none() -> Vec<OptionSpec> {
    Vec::new()
}

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
