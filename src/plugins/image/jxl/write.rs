//! Writing, lossless.

use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::model::{Color, DType};
use crate::plugin::{Call, Image, Writer};
use crate::plugins::image::embed::{Embedded, put_box};
use crate::plugins::image::{single::Sides, whole};
use crate::resource::Output;
use zune_core::bit_depth::BitDepth;
use zune_core::colorspace::ColorSpace;
use zune_core::options::EncoderOptions;
use zune_jpegxl::JxlSimpleEncoder;

/// The most pixels of a side.
const MOST: usize = (1 << 18) - 1;

/// A writer of a JPEG XL file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(whole::create(output, "JPEG XL", encode))
}

fn encode(image: &Image, call: &Call) -> Result<Vec<u8>> {
    let sides = Sides::of(image, "JPEG XL", MOST)?;
    let depth = match image.dtype {
        DType::U8 => Some(BitDepth::Eight),
        DType::U16 => Some(BitDepth::Sixteen),
        _ => None,
    };
    let meant = match sides.samples {
        1 => Some((ColorSpace::Luma, Color::Gray)),
        2 => Some((ColorSpace::LumaA, Color::GrayAlpha)),
        3 => Some((ColorSpace::RGB, Color::Rgb)),
        4 => Some((ColorSpace::RGBA, Color::Rgba)),
        _ => None,
    };
    // The encoder makes alpha of 16 bits opaque.
    let is_lost = image.dtype == DType::U16 && sides.samples.is_multiple_of(2);
    let Some((depth, (space, color))) = depth.zip(meant).filter(|_| !is_lost) else {
        let way_out = "convert the samples, or give dtype";
        return Err(sides.refuse(image, "JPEG XL", "uint8 in 1 to 4 samples and uint16 in 1 or 3 of dtype", way_out));
    };
    sides.check_color(image, "JPEG XL", color)?;
    let metadata = Embedded::of(image, call)?;
    call.tick(0, 0)?;
    let options = EncoderOptions::new(sides.width, sides.height, space, depth);
    let mut file = Vec::new();
    JxlSimpleEncoder::new(&image.packed(call)?, options)
        .encode(&mut file)
        .map_err(|e| Error::unsupported(format!("the image cannot be encoded: {e:?}")))?;
    Ok(contained(file, &metadata))
}

/// The codestream in a container with its metadata; alone where there are none.
fn contained(codestream: Vec<u8>, metadata: &Embedded) -> Vec<u8> {
    if !metadata.icc.is_empty() {
        // The encoder names a colour space, and has no place for a profile.
        log::write(Level::Warning, "JPEG XL: the colour profile is not written; the plugin jxl writes it");
    }
    if metadata.exif.is_empty() && metadata.xmp.is_empty() {
        return codestream;
    }
    let mut file = Vec::with_capacity(codestream.len() + metadata.exif.len() + metadata.xmp.len() + 100);
    put_box(&mut file, b"JXL ", &[b"\r\n\x87\n"]);
    put_box(&mut file, b"ftyp", &[b"jxl \0\0\0\0jxl "]);
    if !metadata.exif.is_empty() {
        // Before the block stands where in it the TIFF header is.
        put_box(&mut file, b"Exif", &[&[0; 4], metadata.exif]);
    }
    if !metadata.xmp.is_empty() {
        put_box(&mut file, b"xml ", &[metadata.xmp]);
    }
    put_box(&mut file, b"jxlc", &[&codestream]);
    file
}
