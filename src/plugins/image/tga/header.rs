//! The header: which pixels there are, how they are stored, and the colours.

use super::super::single::Picture;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Dict, Props};
use crate::resource::Source;

/// Bytes of the header.
const HEADER: usize = 18;

/// What ends newer files, behind the places of two areas.
pub const FOOTER: &[u8] = b"TRUEVISION-XFILE.\0";

/// Where the extension area says what the alpha means.
const ATTRIBUTES: u64 = 494;

/// How a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A bit, 1 for white.
    Bit,
    Gray,
    GrayAlpha,
    /// Five bits each of blue, green, red; and one that is set where nothing is seen, if it is of any meaning.
    Five {
        has_alpha: bool,
    },
    Bgr,
    Bgra,
    /// The number of a colour, of so many bytes.
    Number(usize),
}

/// What a file says of itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// Pixels of a row.
    pub width: usize,
    height: usize,
    /// How a pixel is stored.
    pub storage: Storage,
    /// Whether pixels are in runs.
    pub runs: bool,
    top_down: bool,
    /// Whether the last pixel of a row comes first.
    pub right_to_left: bool,
    /// Red, green, blue, alpha of each colour.
    pub palette: Vec<[u8; 4]>,
    palette_has_alpha: bool,
    /// Whether the alpha that is stored means nothing.
    pub opaque: bool,
    id: Vec<u8>,
    data_at: u64,
}

fn half(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |&b| u16::from_le_bytes(b).into())
}

/// Whether a file may begin so: known numbers in their places.
pub fn is_plausible(head: &[u8]) -> bool {
    let Some(head) = head.first_chunk::<HEADER>() else { return false };
    let (map, kind, depth) = (head[1], head[2], head[16]);
    let mapped = matches!(kind, 1 | 9);
    storage(head).is_some()
        && (map == 1 || map == 0 && !mapped)
        && (map == 0 || matches!(head[7], 15 | 16 | 24 | 32))
        && half(head, 12) > 0
        && half(head, 14) > 0
        // Two bits of the last byte tell of interleaving, which nobody used.
        && head[17] & 0xc0 == 0
        && (depth > 1 || kind == 3)
}

fn storage(head: &[u8; HEADER]) -> Option<Storage> {
    Some(match (head[2], head[16]) {
        (1 | 9, 8) => Storage::Number(1),
        (1 | 9, 16) => Storage::Number(2),
        (2 | 10, 15) => Storage::Five { has_alpha: false },
        // Pillow takes the last bit for alpha, whatever the header says of it.
        (2 | 10, 16) => Storage::Five { has_alpha: true },
        (2 | 10, 24) => Storage::Bgr,
        (2 | 10, 32) => Storage::Bgra,
        (3, 1) => Storage::Bit,
        (3 | 11, 8) => Storage::Gray,
        (3 | 11, 16) => Storage::GrayAlpha,
        _ => return None,
    })
}

/// The colour of a number of 15 or 16 bits, as in Pillow.
pub fn five(bytes: [u8; 2], has_alpha: bool) -> [u8; 4] {
    let n = u16::from_le_bytes(bytes);
    let full = |shift: u16| (u32::from(n >> shift & 31) * 255 / 31) as u8;
    [full(10), full(5), full(0), if has_alpha && n >> 15 != 0 { 0 } else { 255 }]
}

/// The place of the extension area that the footer says, if the file has one.
pub fn footer(source: &Source) -> Result<Option<u32>> {
    let mut bytes = [0; 26];
    let Some(at) = source.len().and_then(|n| n.checked_sub(26)) else { return Ok(None) };
    source.read_exact_at(&mut bytes, at)?;
    let place = bytes.first_chunk().map_or(0, |&b| u32::from_le_bytes(b));
    Ok(bytes.ends_with(FOOTER).then_some(place))
}

impl Header {
    /// Reads the header and the colours.
    pub fn read(source: &Source) -> Result<Header> {
        let mut head = [0; HEADER];
        source.read_exact_at(&mut head, 0)?;
        let unknown = || Error::unsupported(format!("pixels of kind {} with {} bits are not known", head[2], head[16]));
        let storage = storage(&head).ok_or_else(unknown)?;
        let mut id = vec![0; head[0].into()];
        source.read_exact_at(&mut id, HEADER as u64)?;
        let mut header = Header {
            width: half(&head, 12),
            height: half(&head, 14),
            storage,
            runs: head[2] & 8 != 0,
            top_down: head[17] & 0x20 != 0,
            right_to_left: head[17] & 0x10 != 0,
            palette: Vec::new(),
            palette_has_alpha: false,
            opaque: storage == Storage::Bgra && alpha_means_nothing(source)?,
            data_at: (HEADER + id.len()) as u64,
            id,
        };
        if head[1] == 1 {
            header.read_palette(source, half(&head, 3), half(&head, 5), head[7])?;
        }
        Ok(header)
    }

    /// Reads `count` colours, of which the first has the number `first`; passes over them where none are used.
    fn read_palette(&mut self, source: &Source, first: usize, count: usize, bits: u8) -> Result<()> {
        let size = usize::from(bits.div_ceil(8));
        let at = self.data_at;
        self.data_at += (count * size) as u64;
        if !matches!(self.storage, Storage::Number(_)) {
            return Ok(());
        }
        let mut bytes = vec![0; count * size];
        source.read_exact_at(&mut bytes, at)?;
        self.palette_has_alpha = matches!(bits, 16 | 32);
        self.palette = vec![[0, 0, 0, 255]; first];
        self.palette.extend(bytes.chunks_exact(size.max(1)).map(|c| match *c {
            [low, high] => five([low, high], bits == 16),
            [b, g, r] => [r, g, b, 255],
            [b, g, r, a] => [r, g, b, a],
            _ => [0, 0, 0, 255],
        }));
        Ok(())
    }

    /// What a read gives, and the rest.
    pub fn picture(&self) -> Picture {
        let palette_color = if self.palette_has_alpha { Color::Rgba } else { Color::Rgb };
        let (dtype, color, mode, bytes) = match self.storage {
            Storage::Bit => (DType::Bool, Color::Gray, "1", 0),
            Storage::Gray => (DType::U8, Color::Gray, "L", 1),
            Storage::GrayAlpha => (DType::U8, Color::GrayAlpha, "LA", 2),
            Storage::Five { has_alpha: true } => (DType::U8, Color::Rgba, "RGBA", 2),
            Storage::Five { has_alpha: false } => (DType::U8, Color::Rgb, "RGB", 2),
            Storage::Bgr => (DType::U8, Color::Rgb, "RGB", 3),
            Storage::Bgra => (DType::U8, Color::Rgba, "RGBA", 4),
            Storage::Number(bytes) => (DType::U8, palette_color, "P", bytes as u64),
        };
        let least = match self.runs {
            true => (1 + bytes, 128),
            false if bytes == 0 => (1, 8),
            false => (bytes, 1),
        };
        let props = Props::pixels(self.width, self.height, dtype, color);
        let mut picture = Picture::new(props, mode, self.data_at, least);
        picture.bottom_up = !self.top_down;
        picture.meta = Dict::new().with("orientation", if self.top_down { 1 } else { -1 });
        if self.runs {
            picture.meta.set("compression", "tga_rle");
        }
        if !self.id.is_empty() {
            picture.meta.set("id_section", self.id.clone());
        }
        picture.palette = self.palette.iter().map(|&[r, g, b, _]| [r, g, b]).collect();
        picture
    }
}

/// Whether the extension area says that there is no alpha.
fn alpha_means_nothing(source: &Source) -> Result<bool> {
    let Some(place) = footer(source)?.filter(|&place| place > 0) else { return Ok(false) };
    let mut kind = [1];
    match source.read_exact_at(&mut kind, u64::from(place) + ATTRIBUTES) {
        Err(e) if e.kind() == ErrorKind::Corrupt => Ok(false),
        other => other.map(|()| kind == [0]),
    }
}
