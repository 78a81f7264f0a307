//! farbfeld: a mark, the sides, and RGBA of 16 bits each, the high byte first.

use super::single::{self, Encode, Picture, Plain, Sides, Single};
use crate::error::Result;
use crate::model::{Color, DType, Props};
use crate::plugin::{Call, Image, Reader, Writer};
use crate::resource::{Output, Source};

const MARK: &[u8] = b"farbfeld";

/// Whether a file begins as farbfeld files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(MARK)
}

/// Opens a farbfeld file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let mut sides = [[0; 4]; 2];
    source.read_exact_at(sides.as_flattened_mut(), MARK.len() as u64)?;
    let [width, height] = sides.map(|n| u32::from_be_bytes(n) as usize);
    let props = Props::pixels(width, height, DType::U16, Color::Rgba);
    Single::open(source, Picture::new(props, "RGBA", 16, (8, 1)), Plain { size: 2, big: true })
}

/// Opens a target for a farbfeld file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "farbfeld", prepare))
}

fn prepare(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "farbfeld", u32::MAX as usize)?;
    if (image.dtype, sides.samples) != (DType::U16, 4) {
        let way_out = "write RGBA with dtype uint16 (scale=true maps the full range)";
        return Err(sides.refuse(image, "farbfeld", "uint16 (RGBA)", way_out));
    }
    sides.check_color(image, "farbfeld", Color::Rgba)?;
    Ok(Box::new(sides))
}

impl Encode for Sides {
    fn opening(&self) -> Vec<u8> {
        [MARK, &(self.width as u32).to_be_bytes(), &(self.height as u32).to_be_bytes()].concat()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        out.extend(items.as_chunks::<2>().0.iter().flat_map(|&n| u16::from_ne_bytes(n).to_be_bytes()));
    }
}
