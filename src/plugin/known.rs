//! Backends that this version knows by name but may not have: what they serve, and how to get them.

/// A backend.
pub struct Backend {
    /// The name that its plugin has.
    pub name: &'static str,
    /// imageio's names for it.
    pub aliases: &'static [&'static str],
    /// One line.
    pub description: &'static str,
    /// Whether it comes as a module, loaded on first need.
    pub module: bool,
    /// Extensions that it serves beside those that imageio's table gives it.
    pub extensions: &'static [&'static str],
    /// Options of a write for which its way of writing an extension is wanted rather than the library's own.
    pub adds: &'static [&'static str],
    /// Why no version has it, if none will.
    pub never: Option<&'static str>,
    /// Whether a file that starts so is one of its.
    mark: fn(&[u8]) -> bool,
}

fn never(_: &[u8]) -> bool {
    false
}

/// ISO media, Matroska, AVI, FLV, MPEG program and transport streams, Ogg, ASF.
fn video(head: &[u8]) -> bool {
    let at = |offset: usize, mark: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(mark));
    let brand = head.get(8..12).unwrap_or(b"");
    let picture = [&b"avif"[..], b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]
        .contains(&brand);
    (at(4, b"ftyp") && !picture)
        || at(4, b"moov")
        || at(0, b"\x1a\x45\xdf\xa3")
        || (at(0, b"RIFF") && at(8, b"AVI "))
        || at(0, b"FLV\x01")
        || at(0, b"\0\0\x01\xba")
        || at(0, b"\0\0\x01\xb3")
        || at(0, b"OggS")
        || at(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")
        || (at(0, b"\x47") && at(188, b"\x47") && at(376, b"\x47"))
}

fn dicom(head: &[u8]) -> bool {
    head.get(128..132) == Some(b"DICM")
}

fn jxl(head: &[u8]) -> bool {
    head.starts_with(b"\xff\x0a") || head.starts_with(b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a")
}

fn lerc(head: &[u8]) -> bool {
    head.starts_with(b"Lerc2 ") || head.starts_with(b"CntZImage ")
}

fn heif(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
        && head
            .get(8..12)
            .is_some_and(|b| [&b"heic"[..], b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"].contains(&b))
}

/// By its main brand, or a general one with that of AVIF beside it.
fn avif(head: &[u8]) -> bool {
    if head.get(4..8) != Some(b"ftyp") {
        return false;
    }
    let size = head.first_chunk().map_or(0, |size| u32::from_be_bytes(*size)) as usize;
    let brands = head.get(8..size.min(head.len())).unwrap_or_default().as_chunks::<4>().0;
    let is = |brand: &[u8; 4]| [b"avif", b"avis"].contains(&brand);
    match brands.first() {
        Some(b"mif1" | b"msf1" | b"miaf") => brands.iter().skip(2).any(is),
        main => main.is_some_and(is),
    }
}

fn eps(head: &[u8]) -> bool {
    head.starts_with(b"%!PS") || head.starts_with(b"\xc5\xd0\xd3\xc6")
}

/// With the header for placing it and without, and the enhanced kind.
fn metafile(head: &[u8]) -> bool {
    let marks = [&b"\xd7\xcd\xc6\x9a\0\0"[..], b"\x01\0\x09\0\0\x03"];
    let enhanced = head.starts_with(b"\x01\0\0\0") && head.get(40..44) == Some(b" EMF");
    enhanced || marks.iter().any(|mark| head.starts_with(mark))
}

fn jpeg_xr(head: &[u8]) -> bool {
    head.starts_with(b"II\xbc\x01") || head.starts_with(b"II\xbc\0")
}

/// One that no version has.
fn refused(
    name: &'static str,
    aliases: &'static [&'static str],
    (description, why): (&'static str, &'static str),
    mark: fn(&[u8]) -> bool,
) -> Backend {
    Backend { never: Some(why), ..backend(name, aliases, description, mark) }
}

fn backend(
    name: &'static str,
    aliases: &'static [&'static str],
    description: &'static str,
    mark: fn(&[u8]) -> bool,
) -> Backend {
    Backend { name, aliases, description, module: false, extensions: &[], adds: &[], never: None, mark }
}

/// A backend that comes as a module, since it needs libraries that the library itself does without.
fn module(
    name: &'static str,
    aliases: &'static [&'static str],
    description: &'static str,
    mark: fn(&[u8]) -> bool,
) -> Backend {
    Backend { module: true, ..backend(name, aliases, description, mark) }
}

/// The backends, those with the surest marks first.
pub static BACKENDS: once_cell::sync::Lazy<Vec<Backend>> = once_cell::sync::Lazy::new(|| {
    vec![
        Backend { extensions: &[".avif", ".avifs"], ..module("avif", &[], "AVIF", avif) },
        Backend { extensions: &[".heic", ".heif", ".hif"], ..module("heif", &[], "HEIF and HEIC", heif) },
        Backend {
            extensions: &[".jxl"],
            adds: &["quality", "distance", "lossless", "effort", "icc_profile", "duration", "fps", "loop"],
            ..module("jxl", &[], "lossy JPEG XL, written", jxl)
        },
        module("lerc", &[], "LERC rasters", lerc),
        module("ffmpeg", &["pyav", "FFMPEG"], "video through FFmpeg's libraries", video),
        backend("DICOM", &["pydicom"], "medical images", dicom),
        backend("FITS", &["FITS-PIL"], "astronomical images", |head| head.starts_with(b"SIMPLE  =")),
        backend("NPZ", &[], "numpy's .npy and .npz", |head| head.starts_with(b"\x93NUMPY")),
        backend("BSDF", &[], "Binary Structured Data Format", |head| head.starts_with(b"BSDF")),
        backend("SWF", &[], "bitmaps of Flash films", |head| {
            head.get(1..3) == Some(b"WS") && head.first().is_some_and(|b| b"FCZ".contains(b))
        }),
        backend("SPE", &[], "Princeton Instruments cameras", never),
        backend("raw", &["rawpy", "RAW-FI"], "raw photographs", never),
        backend("itk", &["ITK"], "volumes: NIfTI, NRRD, MetaImage …", |head| head.starts_with(b"NRRD000")),
        backend("gdal", &["GDAL"], "geographic rasters", never),
        refused(
            "EPS",
            &["EPS-PIL"],
            ("PostScript", "PostScript is a program, which takes an interpreter; have Ghostscript make a PNG of it"),
            eps,
        ),
        refused(
            "WMF",
            &["WMF-PIL"],
            (
                "metafiles of Windows",
                "a metafile is a list of calls of Windows' own drawing; have Windows or LibreOffice make a PNG of it",
            ),
            metafile,
        ),
        refused(
            "JPEG-XR",
            &["JPEG-XR-FI"],
            (
                "JPEG XR",
                "its one free decoder, jxrlib, is no longer cared for; have JxrDecApp make a TIFF or BMP of it",
            ),
            jpeg_xr,
        ),
        backend("LYTRO-LFR", &[], "Lytro Illum", never),
        backend("LYTRO-LFP", &[], "Lytro F01", never),
        backend("LYTRO-ILLUM-RAW", &[], "Lytro Illum raw", never),
        backend("LYTRO-F01-RAW", &[], "Lytro F01 raw", never),
    ]
});

impl Backend {
    /// How to get it.
    pub fn how(&self) -> String {
        if let Some(why) = self.never {
            format!("{}: neither read nor written; {why}", self.description)
        } else if self.module {
            format!(
                "plugin {} ({}) comes as the module libimageio_{}.so, which was not found in <libdir>/imageio/modules, \
                 beside the library or in IMAGEIO_PLUGIN_PATH; install it (the package libimageio-module-{})",
                self.name, self.description, self.name, self.name
            )
        } else {
            format!("plugin {} ({}) is not built into this version of libimageio", self.name, self.description)
        }
    }
}

/// The backend of this name or alias.
pub fn by_name(name: &str) -> Option<&'static Backend> {
    BACKENDS.iter().find(|b| b.name == name || b.aliases.contains(&name))
}

/// The backends that come as modules and serve this extension beside imageio's table.
pub fn by_extension(extension: &str) -> impl Iterator<Item = &'static Backend> {
    BACKENDS.iter().filter(move |b| b.extensions.contains(&extension))
}

/// The backend whose files start so.
pub fn by_mark(head: &[u8]) -> Option<&'static Backend> {
    BACKENDS.iter().find(|b| (b.mark)(head))
}
