//! The module `heif` of libimageio: HEIF and HEIC through libheif, loaded when such a file is first opened.
//!
//! | file | what it does |
//! | --- | --- |
//! | `sys` | libheif's C API, by hand |
//! | `handle` | its objects with ends of their own |
//! | `boxes` | what version 1.15 does not tell before it decodes |
//! | `reader`, `meta` | what imageio's users see of a file, in pillow-heif's terms |
//! | `writer` | the options of a write |

mod boxes;
mod handle;
mod meta;
mod reader;
mod sys;
mod writer;

use kit::{DictRef, Error, Input, Output, Plugin, Reader, Result, Writer};

/// The plugin.
struct Heif;

/// The brands of files with images that libheif reads; those of AVIF are another plugin's.
const BRANDS: &[&[u8; 4]] = &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf"];

/// Whether a file begins as HEIF does.
fn sureness(head: &[u8]) -> u8 {
    if head.get(4..8) != Some(b"ftyp") {
        return 0;
    }
    let size = head.first_chunk().map_or(0, |size| u32::from_be_bytes(*size)) as usize;
    let brands = head.get(8..size.min(head.len())).unwrap_or_default().as_chunks::<4>().0;
    match brands.first() {
        // Who says avif beside the general brand is left to the plugin that reads nothing else.
        Some(main) if BRANDS.contains(&main) => {
            if brands.contains(b"avif") {
                60
            } else {
                95
            }
        }
        _ => 0,
    }
}

impl Plugin for Heif {
    fn load() -> Result<Heif> {
        let (reads, writes) = handle::codecs();
        if !reads && !writes {
            let version = handle::version();
            let what = format!("libheif {version} has no codec for HEVC; install libheif-plugin-libde265 or libde265");
            return Err(Error::unavailable(what));
        }
        Ok(Heif)
    }

    fn declaration(&self) -> String {
        include_str!("declaration.json").to_owned()
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> u8 {
        sureness(head)
    }

    fn open(&self, input: Input, options: DictRef) -> Result<Box<dyn Reader>> {
        Ok(Box::new(reader::File::open(input, options)?))
    }

    fn create(&self, output: Output, _extension: Option<&str>, options: DictRef) -> Result<Box<dyn Writer>> {
        Ok(Box::new(writer::Collection::new(output, options)?))
    }
}

kit::export!(Heif);
