//! Metadata under pillow-heif's names.

use crate::handle::Nclx;
use crate::reader::Picture;
use kit::{Dict, DictMut, DictRef, Result, ValueKind};

/// Bytes that the blocks of an image may have together.
const MOST: usize = 256 << 20;

/// EXIF from its TIFF header on: before it stands where it is.
fn exif_of(data: &[u8]) -> &[u8] {
    let from = data.first_chunk().map_or(0, |size| u32::from_be_bytes(*size)) as usize;
    let block = from.checked_add(4).and_then(|from| data.get(from..)).unwrap_or_default();
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}

/// Adds the metadata of an image.
pub fn add(picture: &Picture, options: DictRef, into: &mut DictMut) -> Result<()> {
    let handle = &picture.handle;
    into.set_bool("primary", handle.is_primary())?;
    into.set_int("bit_depth", picture.bits.into())?;
    let (mut others, mut exif, mut xmp) = (Dict::new()?, None, None);
    for block in handle.blocks(MOST)? {
        match (&block.kind[..], &block.content_type[..]) {
            ("Exif", _) if exif.is_none() => exif = Some(exif_of(&block.data).to_vec()).filter(|b| !b.is_empty()),
            ("mime", "application/rdf+xml") if xmp.is_none() => xmp = Some(block.data),
            _ => {
                let mut other = Dict::new()?;
                other.set_str("type", &block.kind)?;
                other.set_str("content_type", &block.content_type)?;
                other.set_bytes("data", &block.data)?;
                let key = others.as_ref().len().to_string();
                others.set_dict(&key, &other)?;
            }
        }
    }
    match &exif {
        Some(block) => into.set_bytes("exif", block)?,
        None => into.set_null("exif")?,
    }
    into.set_list("metadata", &others)?;
    let side = |(width, height): (usize, usize)| width.max(height) as i64;
    let sides: Vec<i64> = handle.thumbnails()?.iter().map(|small| side(small.size())).collect();
    into.set_ints("thumbnails", &sides)?;
    let mut depths = Dict::new()?;
    for (i, depth) in handle.depths()?.iter().enumerate() {
        let mut shown = Dict::new()?;
        let (width, height) = depth.size();
        shown.set_ints("size", &[width as i64, height as i64])?;
        shown.set_int("bit_depth", depth.bits().into())?;
        depths.set_dict(&i.to_string(), &shown)?;
    }
    into.set_list("depth_images", &depths)?;
    into.set_dict("aux", &auxiliaries(picture)?)?;
    if let Some(chroma) = picture.facts.chroma {
        into.set_int("chroma", chroma.into())?;
    }
    if let Some((kind, profile)) = handle.icc(MOST)? {
        into.set_bytes("icc_profile", &profile)?;
        into.set_str("icc_profile_type", kind)?;
    }
    if let Some(nclx) = handle.nclx() {
        into.set_dict("nclx_profile", &colors(&nclx)?)?;
    }
    if let Some(packet) = &xmp {
        into.set_bytes("xmp", packet)?;
    }
    let mut tags = kit::exif(exif.as_deref().unwrap_or_default())?;
    match tags.as_ref().int("Orientation") {
        Some(stored) => into.set_int("original_orientation", stored)?,
        None => into.set_null("original_orientation")?,
    }
    into.set_str("mode", picture.mode())?;
    into.set_ints("shape", &[picture.width as i64, picture.height as i64])?;
    // The boxes turn the image, whatever EXIF says; this is what it was before.
    if options.bool("exclude_applied") != Some(false) {
        tags.remove("Orientation")?;
    }
    into.extend(tags.as_ref())
}

/// Auxiliary images by what they are: the numbers of their items.
fn auxiliaries(picture: &Picture) -> Result<Dict> {
    let mut all = Dict::new()?;
    for (kind, id) in picture.handle.auxiliaries()? {
        let mut list = Dict::new()?;
        if all.as_ref().kind(&kind) == ValueKind::List
            && let Some(known) = all.as_ref().dict(&kind)
        {
            list.extend(known)?;
        }
        let key = list.as_ref().len().to_string();
        list.set_int(&key, id.into())?;
        all.set_list(&kind, &list)?;
    }
    Ok(all)
}

/// The colour space, with the primaries that its number stands for.
fn colors(nclx: &Nclx) -> Result<Dict> {
    let (nclx, mut dict) = (nclx.get(), Dict::new()?);
    dict.set_int("color_primaries", nclx.color_primaries.into())?;
    dict.set_int("transfer_characteristics", nclx.transfer_characteristics.into())?;
    dict.set_int("matrix_coefficients", nclx.matrix_coefficients.into())?;
    dict.set_int("full_range_flag", nclx.full_range_flag.into())?;
    let names = ["red_x", "red_y", "green_x", "green_y", "blue_x", "blue_y", "white_x", "white_y"];
    for (name, &x) in names.iter().zip(&nclx.xy) {
        dict.set_float(&format!("color_primary_{name}"), x.into())?;
    }
    Ok(dict)
}
