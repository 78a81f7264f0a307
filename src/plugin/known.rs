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
    /// Whether a file that starts so is one of its.
    mark: fn(&[u8]) -> bool,
}

fn never(_: &[u8]) -> bool {
    false
}

fn tiff(head: &[u8]) -> bool {
    matches!(head, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
}

/// ISO media, Matroska, AVI, FLV, MPEG program and transport streams, Ogg, ASF.
fn video(head: &[u8]) -> bool {
    let at = |offset: usize, mark: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(mark));
    let brand = head.get(8..12).unwrap_or(b"");
    let picture = [&b"avif"[..], b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1"].contains(&brand);
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

fn heif(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
        && head.get(8..12).is_some_and(|b| [&b"heic"[..], b"heix", b"mif1", b"msf1"].contains(&b))
}

fn avif(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|b| [&b"avif"[..], b"avis"].contains(&b))
}

fn backend(
    name: &'static str,
    aliases: &'static [&'static str],
    description: &'static str,
    mark: fn(&[u8]) -> bool,
) -> Backend {
    Backend { name, aliases, description, module: false, mark }
}

/// The backends, those with the surest marks first.
pub static BACKENDS: once_cell::sync::Lazy<Vec<Backend>> = once_cell::sync::Lazy::new(|| {
    vec![
        backend("tiff", &["tifffile", "TIFF", "TIFF-PIL", "TIFF-FI"], "TIFF, OME-TIFF, LSM and slide pyramids", tiff),
        backend("FEI", &[], "TIFF of FEI electron microscopes", never),
        backend("avif", &[], "AVIF", avif),
        backend("heif", &[], "HEIF and HEIC", heif),
        Backend {
            name: "ffmpeg",
            aliases: &["pyav", "FFMPEG"],
            description: "video through FFmpeg's libraries",
            module: true,
            mark: video,
        },
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
        backend("LYTRO-LFR", &[], "Lytro Illum", never),
        backend("LYTRO-LFP", &[], "Lytro F01", never),
        backend("LYTRO-ILLUM-RAW", &[], "Lytro Illum raw", never),
        backend("LYTRO-F01-RAW", &[], "Lytro F01 raw", never),
    ]
});

impl Backend {
    /// How to get it.
    pub fn how(&self) -> String {
        if self.module {
            format!(
                "plugin {} ({}) comes as the module libimageio_{}.so, which was not found in <libdir>/imageio/modules, \
                 beside the library or in IMAGEIO_PLUGIN_PATH; install it",
                self.name, self.description, self.name
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

/// The backend whose files start so.
pub fn by_mark(head: &[u8]) -> Option<&'static Backend> {
    BACKENDS.iter().find(|b| (b.mark)(head))
}
