//! The formats of the plugin, and by what a file is known to be one of theirs.

use super::{
    blp, bmp, cut, dds, embed, exr, farbfeld, fli, gif, hdr, icns, ico, icon_write, iff, im, jls, jng, jp2, jpeg, jxl,
    koala, mng, old_write, pcd, pcx, plain, plain_write, png, pnm, psd, qoi, sgi, spider, sun, text, textures, tga,
    wbmp, webp,
};
use crate::error::Result;
use crate::plugin::{Call, OptionSpec, Reader, Writer};
use crate::resource::{Output, Source};

type Create = fn(Output, &Call) -> Result<Box<dyn Writer>>;

/// One format of the plugin.
pub struct Format {
    /// Its name, which the option `format` takes in any case.
    pub name: &'static str,
    /// The extensions under which it is written and, where a format has no mark, read.
    pub extensions: &'static [&'static str],
    /// Whether the first bytes of a file are this format's.
    pub matches: fn(head: &[u8]) -> bool,
    pub open: fn(Source, &Call) -> Result<Box<dyn Reader>>,
    pub create: Option<Create>,
    /// The options that only this format takes.
    pub options: fn() -> Vec<OptionSpec>,
}

/// The formats, in the order in which their marks are looked for.
pub static FORMATS: &[Format] = &[
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
pub fn by_name(head: &[u8], extension: Option<&str>) -> Option<&'static Format> {
    let format = FORMATS.iter().find(|f| extension.is_some_and(|e| f.extensions.contains(&e)))?;
    NAMED.iter().any(|(name, is_plausible)| *name == format.name && is_plausible(head)).then_some(format)
}

/// What a format without options of its own takes.
fn none() -> Vec<OptionSpec> {
    Vec::new()
}
