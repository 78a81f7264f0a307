//! Writing formats of one image whose codecs encode it as a whole.

use crate::error::{Error, Result};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;
use std::io::Write;

/// Encodes an image, or says why the format cannot hold it.
pub type Encode = fn(&Image, &Call) -> Result<Vec<u8>>;

/// A writer of a file of one image.
pub fn create(output: Output, name: &'static str, encode: Encode) -> Box<dyn Writer> {
    Box::new(WholeWriter { output, name, encode, done: false })
}

struct WholeWriter {
    output: Output,
    name: &'static str,
    encode: Encode,
    done: bool,
}

impl Writer for WholeWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        if self.done {
            return Err(Error::unsupported(format!("a {} file holds one image", self.name)));
        }
        let file = (self.encode)(image, call)?;
        self.output.write_all(&file)?;
        self.done = true;
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        Ok(())
    }
}
