//! Hamamatsu's slides: classic TIFF whose offsets have 64 bits, the upper ones behind the directory, and whose pictures are
//! single JPEG files too large for JPEG, which restart often and so can be read in pieces.

use super::ifd::{Directory, Tiff};
use super::tags::{compression, tag};
use crate::error::Result;

/// The longest side that decoders of JPEG take.
const LONGEST: u16 = 65500;

/// The header of a picture is no longer than this.
const HEADER: usize = 1 << 16;

/// The pieces of a picture.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// Rows and columns of a piece.
    pub size: (usize, usize),
    /// The header of a JPEG file of one piece.
    pub header: Vec<u8>,
}

impl Pieces {
    /// Those of a page, if it has any.
    pub fn of(tiff: &Tiff, directory: &Directory) -> Result<Option<Pieces>> {
        if !tiff.layout.ndpi || tiff.uint(directory, tag::COMPRESSION)? != Some(compression::JPEG.into()) {
            return Ok(None);
        }
        let start = tiff.uint(directory, tag::NDPI_MCU_STARTS)?.and_then(|n| usize::try_from(n).ok());
        let (Some(start), Some(at)) = (start, tiff.uint(directory, tag::STRIP_OFFSETS)?) else { return Ok(None) };
        if start > HEADER {
            return Ok(None);
        }
        let Some((size, pieces)) = pieces(tiff.read_some(at, start)?) else { return Ok(None) };
        // What JPEG has room for is read as one picture, whose chroma is smooth where its pieces meet.
        let page = [tag::IMAGE_LENGTH, tag::IMAGE_WIDTH].map(|side| tiff.uint(directory, side).ok().flatten());
        let is_whole = page == size.map(|side| Some(u64::from(side))) && size.iter().all(|&side| side <= LONGEST);
        Ok((!is_whole).then_some(pieces))
    }

    /// Where the pieces are, and how long.
    pub fn chunks(tiff: &Tiff, directory: &Directory) -> Result<Option<(Vec<u64>, Vec<u64>)>> {
        let (Some(mut starts), Some(at), Some(len)) = (
            tiff.uints(directory, tag::NDPI_MCU_STARTS)?,
            tiff.uint(directory, tag::STRIP_OFFSETS)?,
            tiff.uint(directory, tag::STRIP_BYTE_COUNTS)?,
        ) else {
            return Ok(None);
        };
        if let Some(high) = tiff.uints(directory, tag::NDPI_MCU_STARTS_HIGH)? {
            starts.iter_mut().zip(high).for_each(|(start, high)| *start |= high << 32);
        }
        let ends = starts.iter().skip(1).copied().chain([len]);
        let counts = starts.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start)).collect();
        Ok(Some((starts.iter().map(|start| at.saturating_add(*start)).collect(), counts)))
    }

    /// A JPEG file of one piece.
    pub fn file(&self, piece: &[u8]) -> Vec<u8> {
        let piece = match piece {
            // The marker that begins the next piece.
            [piece @ .., 0xFF, 0xD0..=0xD9] => piece,
            piece => piece,
        };
        [&self.header, piece, b"\xFF\xD9"].concat()
    }
}

/// The pieces that the header of a picture speaks of, and the size that it says. `None`: it does not restart, or is none.
fn pieces(mut header: Vec<u8>) -> Option<([u16; 2], Pieces)> {
    let mut at = 0;
    let (mut restart, mut frame, mut unit) = (0usize, None, (8, 8));
    loop {
        let marker = *header.get(at..at + 2)?.first_chunk::<2>()?;
        at += 2;
        if matches!(marker, [0xFF, 0xD8 | 0x01]) {
            continue;
        }
        let len = usize::from(u16::from_be_bytes(*header.get(at..)?.first_chunk()?));
        let segment = header.get(at + 2..at.checked_add(len.max(2))?)?;
        match marker {
            [0xFF, 0xDD] => restart = usize::from(u16::from_be_bytes(*segment.first_chunk()?)),
            [0xFF, 0xC0] => {
                let factors = segment.get(6..)?.as_chunks::<3>().0;
                let most = |of: fn(u8) -> u8| factors.iter().map(|&[_, f, _]| usize::from(of(f))).max();
                unit = (8 * most(|f| f & 15)?.max(1), 8 * most(|f| f >> 4)?.max(1));
                frame = Some(at + 3);
            }
            [0xFF, 0xDA] => {
                at += len;
                break;
            }
            [0xFF, _] => {}
            _ => return None,
        }
        at += len;
    }
    let (rows, columns) = (unit.0, restart.checked_mul(unit.1)?);
    let sides = [u16::try_from(rows).ok()?, u16::try_from(columns).ok().filter(|&n| n > 0)?];
    header.truncate(at);
    let (said, _) = header.get_mut(frame?..frame? + 4)?.as_chunks_mut::<2>();
    let size = [u16::from_be_bytes(said[0]), u16::from_be_bytes(said[1])];
    said.copy_from_slice(&sides.map(u16::to_be_bytes));
    Some((size, Pieces { size: (rows, columns), header }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xDD\0\x04\0\x03\xFF\xC0\0\x0B\x08\0\x30\0\x80\x01\x01\x22\0\xFF\xDA\0\x03\0";

    #[test]
    fn a_piece_is_a_file_of_its_own() {
        let (size, found) = pieces(JPEG.to_vec()).unwrap();
        assert_eq!((size, found.size), ([48, 128], (16, 48)));
        assert_eq!(&found.header[12..17], [8, 0, 16, 0, 48]);
        let file = found.file(b"abc\xFF\xD3");
        assert!(file.starts_with(&found.header) && file.ends_with(b"abc\xFF\xD9"));
    }

    #[test]
    fn headers_that_are_none_have_no_pieces() {
        for end in 0..JPEG.len() - 3 {
            assert!(pieces(JPEG[..end].to_vec()).is_none(), "{end}");
        }
        // No restart, and lengths that go back.
        for (at, byte) in [(7, 0), (3, 0xDE), (5, 0), (11, 0), (0, 0)] {
            let mut jpeg = JPEG.to_vec();
            jpeg[at] = byte;
            let _ = pieces(jpeg);
        }
        assert!(pieces(vec![0xFF; 1000]).is_none());
    }
}
