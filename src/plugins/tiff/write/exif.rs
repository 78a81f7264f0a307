//! A block of EXIF, which is a small TIFF, taken over into a directory, and made of one.

use super::super::tags::tag;
use super::entries::{Chain, Directory, Field, Form, Held, Items, item_size};
use crate::error::{Error, Result};
use crate::plugins::tiff::ifd::{self, Tiff};
use crate::resource;

const SOFTWARE: u16 = 305;
const EXIF: u16 = 34665;
const GPS: u16 = 34853;
const INTEROP: u16 = 40965;

/// Tags that a picture of another format has in its block of EXIF.
fn is_told(tag: u16) -> bool {
    matches!(tag, 269..=272 | 274 | 305 | 306 | 315 | 316 | 318 | 319 | 33432 | 40091..=40095)
}

/// Those for whose sake alone nobody makes a block: they are there in nearly every file, or told otherwise.
fn is_usual(tag: u16) -> bool {
    matches!(tag, tag::IMAGE_DESCRIPTION | tag::ORIENTATION | SOFTWARE)
}

/// The block of EXIF that says what a page's tags do, with the directories of EXIF and GPS; `None` if they say nothing
/// of the kind. `described`: with the description of the image.
pub fn block(tiff: &Tiff, directory: &ifd::Directory, described: bool) -> Result<Option<Vec<u8>>> {
    let own = told(tiff, directory)?;
    if own.iter().all(|f| is_usual(f.tag)) {
        return Ok(None);
    }
    let own = own.into_iter().filter(|f| described || f.tag != tag::IMAGE_DESCRIPTION).collect();
    let form = Form { big: false, big_endian: false };
    let mut block = form.header(8);
    let directory = Directory { own, ..Directory::default() };
    block.extend(Chain::new(form).bytes(&directory, 8, true)?);
    Ok(Some(block))
}

/// The fields of the block's main directory, those that say how its thumbnail is stored left out, with the
/// directories of EXIF and GPS.
pub fn fields(block: &[u8]) -> Result<Vec<Field>> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let bad = |e: Error| Error::option(format!("option \"exif\" is no EXIF block: {}", e.message()));
    let source = resource::read_memory(block.to_vec(), None)?;
    let tiff = Tiff::open(source).ok_or_else(|| bad(Error::corrupt("it has no header")))?;
    let main = tiff.directory(tiff.first).map_err(bad)?;
    told(&tiff, &main).map_err(bad)
}

/// The fields of a main directory that stand in a block, with the directories of EXIF and GPS.
fn told(tiff: &Tiff, main: &ifd::Directory) -> Result<Vec<Field>> {
    let mut fields = copy(tiff, main, is_told)?;
    for tag in [EXIF, GPS] {
        if let Some(offset) = tiff.uint(main, tag)? {
            let own = copy(tiff, &tiff.directory(offset)?, |tag| tag != INTEROP)?;
            fields.push(Field { tag, held: Held::Directories(vec![Directory { own, ..Directory::default() }]) });
        }
    }
    Ok(fields)
}

fn copy(tiff: &Tiff, directory: &ifd::Directory, wanted: impl Fn(u16) -> bool) -> Result<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    for entry in &directory.entries {
        let Some((_, word)) = item_size(entry.kind) else { continue };
        if !wanted(entry.tag) || fields.iter().any(|f| f.tag == entry.tag) {
            continue;
        }
        let mut bytes = tiff.bytes(directory, entry)?.into_owned();
        if tiff.layout.big_endian != cfg!(target_endian = "big") && word > 1 {
            bytes.chunks_exact_mut(word).for_each(<[u8]>::reverse);
        }
        fields.push(Field::new(entry.tag, Items { kind: entry.kind, bytes }));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_give_the_same_fields() {
        let little =
            b"II\x2a\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x02\0\0\0A\0\0\0\x69\x87\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0\
            \x01\0\x27\x88\x03\0\x01\0\0\0\x64\0\0\0\0\0\0\0";
        let big = b"MM\0\x2a\0\0\0\x08\0\x02\x01\x0f\0\x02\0\0\0\x02A\0\0\0\x87\x69\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0\
            \0\x01\x88\x27\0\x03\0\0\0\x01\0\x64\0\0\0\0\0\0";
        let (little, big) = (fields(little).unwrap(), fields(big).unwrap());
        assert_eq!(format!("{little:?}"), format!("{big:?}"));
        assert_eq!(little.iter().map(|f| f.tag).collect::<Vec<_>>(), [271, EXIF]);
        assert!(fields(b"nothing").is_err());
    }
}
