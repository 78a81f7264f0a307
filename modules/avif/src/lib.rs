//! The module `avif` of libimageio: AVIF, still and animated, through libavif.
//!
//! | file | what it does |
//! | --- | --- |
//! | `shim.h`, `shim.c`, `shim` | libavif without its structs, which differ from version to version |
//! | `reader`, `meta` | what imageio's users see of a file, in Pillow's terms |
//! | `writer` | Pillow's options of a write |

mod meta;
mod reader;
mod shim;
mod writer;

use kit::{DictRef, Input, Output, Plugin, Reader, Result, Writer};

/// The plugin.
struct Avif;

/// Whether a file begins as AVIF does: by its main brand, or one of those it is compatible with.
fn is_avif(head: &[u8]) -> bool {
    if head.get(4..8) != Some(b"ftyp") {
        return false;
    }
    let size = head.first_chunk().map_or(0, |size| u32::from_be_bytes(*size)) as usize;
    let brands = head.get(8..size.min(head.len())).unwrap_or_default().as_chunks::<4>().0;
    let is = |brand: &[u8; 4]| [b"avif", b"avis"].contains(&brand);
    // The second is a version.
    let (main, others) = (brands.first(), brands.iter().skip(2));
    match main {
        Some(brand) if is(brand) => true,
        Some(b"mif1" | b"msf1" | b"miaf" | b"MA1A" | b"MA1B") => others.into_iter().any(is),
        _ => false,
    }
}

impl Plugin for Avif {
    const CURSORS: bool = true;

    fn load() -> Result<Avif> {
        Ok(Avif)
    }

    fn declaration(&self) -> String {
        include_str!("declaration.json").to_owned()
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> u8 {
        if is_avif(head) { 95 } else { 0 }
    }

    fn open(&self, input: Input, options: DictRef) -> Result<Box<dyn Reader>> {
        Ok(Box::new(reader::File::open(input, options)?))
    }

    fn create(&self, output: Output, _extension: Option<&str>, options: DictRef) -> Result<Box<dyn Writer>> {
        Ok(Box::new(writer::Film::new(output, options)))
    }
}

kit::export!(Avif);
