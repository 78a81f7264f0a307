//! The module `jxl` of libimageio: JPEG XL with loss, in colour profiles of any kind and animated, written through libjxl.
//! The library itself reads JPEG XL, and writes what keeps every pixel.
//!
//! | file | what it does |
//! | --- | --- |
//! | `shim.h`, `shim.c`, `shim` | libjxl without its structs, which grow from version to version |
//! | `writer` | the options of a write |

mod shim;
mod writer;

use kit::{DictRef, Error, Input, Output, Plugin, Reader, Result, Writer};

/// The plugin.
struct Jxl;

impl Plugin for Jxl {
    fn load() -> Result<Jxl> {
        Ok(Jxl)
    }

    fn declaration(&self) -> String {
        include_str!("declaration.json").to_owned()
    }

    fn probe(&self, _head: &[u8], _extension: Option<&str>) -> u8 {
        0
    }

    fn open(&self, _input: Input, _options: DictRef) -> Result<Box<dyn Reader>> {
        Err(Error::no_backend("it writes JPEG XL; the plugin image reads it"))
    }

    fn create(&self, output: Output, _extension: Option<&str>, options: DictRef) -> Result<Box<dyn Writer>> {
        Ok(Box::new(writer::Film::new(output, options)))
    }
}

kit::export!(Jxl);
