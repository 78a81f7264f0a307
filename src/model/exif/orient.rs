//! The orientation in a block, and another one put in its place: pixels and what travels beside them say the same.

use super::{ORIENTATION, Tiff};

const SHORT: u16 = 3;

/// How the picture is to be turned, 1 to 8; 0: the block does not say.
pub fn orientation(block: &[u8]) -> u32 {
    let find = || {
        let tiff = Tiff::new(block)?;
        let entry = tiff.entries(tiff.first()).filter(|e| e.tag == ORIENTATION).last()?;
        tiff.value(&entry)?.as_int().and_then(|n| u32::try_from(n).ok())
    };
    find().filter(|n| (1..=8).contains(n)).unwrap_or(0)
}

/// Has a block say an orientation where it says one; whether it does.
pub fn set_orientation(block: &mut [u8], orientation: u32) -> bool {
    let at = || {
        let tiff = Tiff::new(block)?;
        let start = block.len() - tiff.bytes.len();
        let first = usize::try_from(tiff.first()).ok()?;
        let count = usize::from(tiff.u16(tiff.bytes, first)?);
        let is_it = |at: &usize| tiff.u16(tiff.bytes, *at) == Some(ORIENTATION);
        let entries = (0..count).map(|i| first + 2 + 12 * i);
        let found: Vec<usize> = entries
            .filter(is_it)
            .filter(|at| tiff.u16(tiff.bytes, at + 2) == Some(SHORT))
            .map(|at| start + at)
            .collect();
        Some((tiff.big, found))
    };
    let Some((big, entries)) = at() else { return false };
    for &at in &entries {
        let Some(value) = block.get_mut(at + 4..at + 12) else { return false };
        let short = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let count = if big { 1u32.to_be_bytes() } else { 1u32.to_le_bytes() };
        value[..4].copy_from_slice(&count);
        value[4..6].copy_from_slice(&short(orientation as u16));
        value[6..].fill(0);
    }
    !entries.is_empty()
}

/// The block with an orientation: where it has none, with a main directory of one entry more, behind the rest. A block
/// of its own where there is none.
pub fn with_orientation(block: &[u8], orientation: u32) -> Vec<u8> {
    let mut block = block.to_vec();
    if set_orientation(&mut block, orientation) {
        return block;
    }
    longer(&block, orientation).unwrap_or_else(|| match block.is_empty() {
        true => {
            let mut made = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
            made.extend((orientation as u16).to_be_bytes());
            made.extend([0; 6]);
            made
        }
        // No EXIF: left as it is.
        false => block,
    })
}

fn longer(block: &[u8], orientation: u32) -> Option<Vec<u8>> {
    let tiff = Tiff::new(block)?;
    let (start, big) = (block.len() - tiff.bytes.len(), tiff.big);
    let first = usize::try_from(tiff.first()).ok()?;
    let count = tiff.u16(tiff.bytes, first)?;
    let entries = tiff.bytes.get(first + 2..)?.get(..12 * usize::from(count))?;
    let next = tiff.bytes.get(first + 2 + entries.len()..)?.get(..4).unwrap_or(&[0; 4]);
    let short = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let long = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut made = block.to_vec();
    if tiff.bytes.len() % 2 == 1 {
        made.push(0);
    }
    let at = u32::try_from(made.len() - start).ok()?;
    made.extend(short(count.checked_add(1)?));
    // In the order of the tags.
    let before = entries.chunks_exact(12).take_while(|e| tiff.u16(e, 0).is_some_and(|tag| tag < ORIENTATION)).count();
    let (before, after) = entries.split_at(12 * before);
    made.extend(before);
    made.extend(short(ORIENTATION));
    made.extend(short(SHORT));
    made.extend(long(1));
    made.extend(short(orientation as u16));
    made.extend([0; 2]);
    made.extend(after);
    made.extend(next);
    made.get_mut(start + 4..start + 8)?.copy_from_slice(&long(at));
    Some(made)
}

/// The orientation in an XMP packet, 0 if there is none: what Pillow takes where EXIF says nothing.
pub fn orientation_in_xmp(packet: &[u8]) -> u32 {
    digit_in_xmp(packet).map_or(0, |(_, n)| n)
}

/// Has a packet say that nothing is to be turned, where it says something; whether it does.
pub fn upright_in_xmp(packet: &mut [u8]) -> bool {
    match digit_in_xmp(packet).and_then(|(at, _)| packet.get_mut(at)) {
        Some(digit) => {
            *digit = b'1';
            true
        }
        None => false,
    }
}

/// Where the first orientation of a packet stands, and which it is.
fn digit_in_xmp(packet: &[u8]) -> Option<(usize, u32)> {
    const NAME: &[u8] = b"tiff:Orientation";
    let mut values = packet.windows(NAME.len() + 3).enumerate().filter_map(|(at, found)| {
        let at = at + NAME.len();
        match found.strip_prefix(NAME)? {
            [b'=', b'"', digit @ b'0'..=b'9'] => Some((at + 2, u32::from(digit - b'0'))),
            [b'>', digit @ b'0'..=b'9', _] => Some((at + 1, u32::from(digit - b'0'))),
            _ => None,
        }
    });
    values.next().filter(|(_, n)| (1..=8).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with Make and, perhaps, an orientation.
    fn block(big: bool, orientation: Option<u16>) -> Vec<u8> {
        let short = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let long = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut made = if big { b"Exif\0\0MM\0*".to_vec() } else { b"II*\0".to_vec() };
        made.extend(long(8));
        made.extend(short(if orientation.is_some() { 3 } else { 2 }));
        for (tag, kind, n, value) in [(0x10F, 2, 3, *b"ab\0\0"), (0x112, 3, 1, [0; 4]), (0x213, 3, 1, [0; 4])] {
            if tag == 0x112 && orientation.is_none() {
                continue;
            }
            made.extend(short(tag));
            made.extend(short(kind));
            made.extend(long(n));
            match (tag, orientation) {
                (0x112, Some(n)) => made.extend([short(n), [0; 2]].concat()),
                _ => made.extend(value),
            }
        }
        made.extend(long(0));
        made
    }

    #[test]
    fn one_that_is_there_is_changed_in_its_place() {
        for big in [false, true] {
            let mut found = block(big, Some(6));
            let len = found.len();
            assert_eq!(orientation(&found), 6);
            assert!(set_orientation(&mut found, 1));
            assert_eq!((orientation(&found), found.len()), (1, len));
            assert_eq!(found, block(big, Some(1)));
        }
    }

    #[test]
    fn one_that_is_not_there_is_added() {
        for big in [false, true] {
            let mut old = block(big, None);
            assert!(!set_orientation(&mut old, 1));
            let made = with_orientation(&old, 8);
            assert_eq!(orientation(&made), 8);
            assert_eq!(super::super::main_ifd(&made).get("Make").and_then(|v| v.as_str()), Some("ab"));
        }
        assert_eq!(orientation(&with_orientation(&[], 3)), 3);
        assert_eq!(with_orientation(b"nonsense", 3), b"nonsense");
        // A directory that is cut off is left alone.
        let cut = &block(true, None)[..20];
        assert_eq!(with_orientation(cut, 3), cut);
    }

    #[test]
    fn of_a_packet_it_becomes_upright() {
        for packet in ["<a tiff:Orientation=\"6\"/>", "<tiff:Orientation>6</tiff:Orientation>"] {
            let mut packet = packet.as_bytes().to_vec();
            assert_eq!(orientation_in_xmp(&packet), 6);
            assert!(upright_in_xmp(&mut packet));
            assert_eq!(orientation_in_xmp(&packet), 1);
        }
        assert!(!upright_in_xmp(&mut b"<tiff:Make>6</tiff:Make>".to_vec()));
    }
}
