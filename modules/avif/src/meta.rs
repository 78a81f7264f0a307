//! Metadata under Pillow's names, and what the file says of its samples.

use crate::shim::{Decoder, Info};
use kit::{DictMut, Result, ValueKind};

/// A block of EXIF with nothing but an orientation: what Pillow makes of the boxes that turn an image.
fn block_of(orientation: u32) -> Vec<u8> {
    let mut block = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend((orientation as u16).to_be_bytes());
    block.extend([0; 6]);
    block
}

/// Adds metadata of an image, or of the file where no place among its images is given.
pub fn add(decoder: &Decoder, info: &Info, place: Option<usize>, into: &mut DictMut) -> Result<()> {
    let [icc, exif, xmp] = decoder.blocks();
    if !icc.is_empty() {
        into.set_bytes("icc_profile", icc)?;
    }
    let made;
    let block = match exif {
        [] if info.orientation != 1 => {
            made = block_of(info.orientation);
            &made[..]
        }
        stored => stored,
    };
    if !block.is_empty() {
        into.set_bytes("exif", block)?;
    }
    if !xmp.is_empty() {
        into.set_bytes("xmp", xmp)?;
    }
    into.set_str("mode", if info.has_alpha { "RGBA" } else { "RGB" })?;
    into.set_ints("shape", &[info.width as i64, info.height as i64])?;
    into.set_int("bit_depth", info.depth.into())?;
    into.set_int("chroma", info.chroma.into())?;
    let mut nclx = kit::Dict::new()?;
    let (primaries, transfer, matrix, full) = info.nclx;
    nclx.set_int("color_primaries", primaries.into())?;
    nclx.set_int("transfer_characteristics", transfer.into())?;
    nclx.set_int("matrix_coefficients", matrix.into())?;
    nclx.set_int("full_range_flag", full.into())?;
    into.set_dict("nclx_profile", &nclx)?;
    let tags = kit::exif(block)?;
    into.extend(tags.as_ref())?;
    // The boxes count, whatever EXIF says beside them.
    if info.orientation != 1 || into.as_ref().kind("Orientation") != ValueKind::Absent {
        into.set_int("Orientation", info.orientation.into())?;
    }
    if let Some(place) = place.filter(|_| info.count > 1)
        && let Some((start, duration)) = decoder.time(place)
    {
        into.set_int("timestamp", (start * 1000.0).round() as i64)?;
        into.set_int("duration", (duration * 1000.0).round() as i64)?;
        into.set_float("time_s", start)?;
        into.set_float("duration_s", duration)?;
    }
    Ok(())
}
