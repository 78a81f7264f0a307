//! How numbers lie in a file of the TIFF family.

/// How numbers lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Most significant byte first.
    pub big_endian: bool,
    /// BigTIFF: counts and offsets have 64 bits.
    pub big: bool,
    /// Hamamatsu's kind of classic TIFF: the upper halves of values and offsets stand behind the directory.
    pub ndpi: bool,
}

impl Layout {
    /// The layout that the first bytes of a file tell, and where they say that its first directory is. `None`: this is
    /// no TIFF.
    pub fn of_header(head: &[u8]) -> Option<(Layout, u64)> {
        let big_endian = match head.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let mut layout = Layout { big_endian, big: false, ndpi: false };
        match layout.u16(head.get(2..4)?) {
            // A header that is cut off is one of a file without a directory.
            42 => Some((layout, head.get(4..8).map_or(0, |b| u64::from(layout.u32(b))))),
            43 => {
                layout.big = true;
                let offset_size = layout.u16(head.get(4..6)?);
                (offset_size == 8).then_some((layout, head.get(8..16).map_or(0, |b| layout.u64(b))))
            }
            _ => None,
        }
    }

    /// A number of up to 8 bytes; missing ones are 0.
    pub fn number(self, bytes: &[u8]) -> u64 {
        match bytes.len() {
            4 => return self.u32(bytes).into(),
            8 => return self.u64(bytes),
            _ => {}
        }
        let fold = |n: u64, &byte: &u8| n << 8 | u64::from(byte);
        match self.big_endian {
            true => bytes.iter().fold(0, fold),
            false => bytes.iter().rev().fold(0, fold),
        }
    }

    /// The number in two bytes.
    pub fn u16(self, bytes: &[u8]) -> u16 {
        match bytes.first_chunk() {
            Some(&bytes) if self.big_endian => u16::from_be_bytes(bytes),
            Some(&bytes) => u16::from_le_bytes(bytes),
            None => 0,
        }
    }

    /// The number in four bytes.
    pub fn u32(self, bytes: &[u8]) -> u32 {
        match bytes.first_chunk() {
            Some(&bytes) if self.big_endian => u32::from_be_bytes(bytes),
            Some(&bytes) => u32::from_le_bytes(bytes),
            None => 0,
        }
    }

    /// The number in eight bytes.
    pub fn u64(self, bytes: &[u8]) -> u64 {
        match bytes.first_chunk() {
            Some(&bytes) if self.big_endian => u64::from_be_bytes(bytes),
            Some(&bytes) => u64::from_le_bytes(bytes),
            None => 0,
        }
    }

    /// Bytes of an entry before its value: tag, type and number of values.
    pub const fn head(self) -> usize {
        if self.big { 12 } else { 8 }
    }

    /// Bytes of the number of entries, of an entry, and of an offset.
    pub const fn sizes(self) -> (usize, usize, usize) {
        if self.big { (8, 20, 8) } else { (2, 12, if self.ndpi { 8 } else { 4 }) }
    }
}
