//! The headers of BMP and DIB files: which pixels there are, how they are stored and where.

use crate::error::{Error, Result};
use crate::plugins::image::bits::{le16 as half, le32 as word};
use crate::resource::Source;

/// Bytes of the file header, which a DIB lacks.
const FILE_HEADER: u64 = 14;

/// The longest bitmap header, with the masks that may follow the shorter ones.
const LONGEST: usize = 124 + 16;

/// The header of OS/2 2 cut short behind the depth, as it may be; what is missing is 0.
const OS2_SHORT: u32 = 16;

/// How pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of colours, of 1, 2, 4 or 8 bits.
    Palette,
    /// Blue, green, red.
    Bgr,
    /// Numbers of 2 or 4 bytes with fields for red, green, blue and, if the last is not 0, alpha.
    Fields([u32; 4]),
    /// Numbers of colours of 4 or 8 bits, run-length encoded.
    Runs,
}

/// What a file says of itself.
#[derive(Debug)]
pub struct Header {
    /// Pixels of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether the first row comes first.
    pub top_down: bool,
    /// Bits of a pixel.
    pub bits: u16,
    /// As in the file.
    pub compression: u32,
    /// How pixels are stored.
    pub storage: Storage,
    /// Pixels per metre, across and down; 0: not said.
    pub density: [u32; 2],
    /// Red, green, blue of each colour.
    pub palette: Vec<[u8; 3]>,
    /// How many colours the file says it has.
    pub colors: u32,
    /// Where the pixels begin.
    pub data_at: u64,
}

/// The length of a bitmap header that is known.
fn is_known(size: u32) -> bool {
    matches!(size, 12 | OS2_SHORT | 40 | 52 | 56 | 64 | 108 | 124)
}

/// Whether a file begins with a bitmap header, which has no mark: its length, one plane, a known depth.
pub fn is_dib(head: &[u8]) -> bool {
    let (planes, bits) = match word(head, 0) {
        12 => (half(head, 8), half(head, 10)),
        size if is_known(size) && size != OS2_SHORT => (half(head, 12), half(head, 14)),
        _ => return false,
    };
    planes == 1 && matches!(bits, 1 | 2 | 4 | 8 | 16 | 24 | 32)
}

impl Header {
    /// Reads the headers and the palette.
    pub fn read(source: &Source, has_file_header: bool) -> Result<Header> {
        let at = if has_file_header { FILE_HEADER } else { 0 };
        let (start, size) = (at as usize, word(source.head(), at as usize));
        if !is_known(size) {
            return Err(Error::unsupported(format!("a bitmap header of {size} bytes is not known")).at(at));
        }
        let head = source.head().get(start..).unwrap_or_default();
        let head = head.get(..LONGEST).unwrap_or(head);
        if head.len() < size as usize {
            return Err(Error::corrupt("the data end within the header").at(at));
        }
        let mut padded = [0; LONGEST];
        let head = if size == OS2_SHORT {
            padded[..size as usize].copy_from_slice(&head[..size as usize]);
            &padded[..]
        } else {
            head
        };
        let mut header = if size == 12 { Header::old(head)? } else { Header::new(head, size)? };
        let mut palette_at = at + u64::from(size);
        if size == 40 {
            palette_at += match header.compression {
                3 => 12,
                6 => 16,
                _ => 0,
            };
        }
        header.check()?;
        let entry = if size == 12 { 3 } else { 4 };
        header.place(source, at, size, palette_at, entry)?;
        header.check_size(source)?;
        Ok(header)
    }

    /// The header of OS/2 1.
    fn old(head: &[u8]) -> Result<Header> {
        let (width, height) = (half(head, 4).into(), half(head, 6).into());
        let bits = half(head, 10);
        Ok(Header {
            width,
            height,
            top_down: false,
            bits,
            compression: 0,
            storage: storage(bits, 0, None)?,
            density: [0; 2],
            palette: Vec::new(),
            colors: 1u32.checked_shl(bits.into()).unwrap_or(0),
            data_at: 0,
        })
    }

    /// The header of Windows 3 and its successors.
    fn new(head: &[u8], size: u32) -> Result<Header> {
        let [width, height] = [4, 8].map(|at| word(head, at) as i32);
        let (bits, compression) = (half(head, 14), word(head, 16));
        // Those of 40 bytes have the masks behind them, where longer ones have them too.
        let alpha = compression == 6 || size >= 56 && size != 64;
        let masks = [0, 1, 2, 3].map(|i| if i < 3 || alpha { word(head, 40 + i * 4) } else { 0 });
        let masks = matches!(compression, 3 | 6).then_some(masks);
        let colors = match word(head, 32) {
            0 => 1u32.checked_shl(bits.into()).unwrap_or(0),
            n => n,
        };
        Ok(Header {
            width: u32::try_from(width).unwrap_or(0),
            height: height.unsigned_abs(),
            top_down: height < 0,
            bits,
            compression,
            storage: storage(bits, compression, masks)?,
            density: [24, 28].map(|at| word(head, at)),
            palette: Vec::new(),
            colors,
            data_at: 0,
        })
    }

    fn check(&self) -> Result<()> {
        let (w, h) = (self.width, self.height);
        if w == 0 || h == 0 || w > i32::MAX as u32 || h > i32::MAX as u32 {
            return Err(Error::corrupt(format!("an image of {w} x {h} pixels")));
        }
        Ok(())
    }

    /// Reads the palette and finds the pixels.
    fn place(&mut self, source: &Source, at: u64, size: u32, palette_at: u64, entry: u64) -> Result<()> {
        let indexed = matches!(self.storage, Storage::Palette | Storage::Runs);
        let colors = if indexed { u64::from(self.colors) } else { 0 };
        if indexed && !(1..=65536).contains(&colors) {
            return Err(Error::corrupt(format!("a palette of {colors} colours")));
        }
        self.data_at = match at {
            0 => palette_at + colors * entry,
            _ => match u64::from(word(source.head(), 10)) {
                0 => palette_at + colors * entry,
                // Some writers forget the palette, as Pillow knows.
                said if said == at + u64::from(size) => said + colors * entry,
                said => said,
            },
        };
        if indexed {
            let mut bytes = vec![0; (colors.min(256) * entry) as usize];
            source.read_exact_at(&mut bytes, palette_at)?;
            self.palette = bytes.chunks_exact(entry as usize).map(|c| [c[2], c[1], c[0]]).collect();
        }
        Ok(())
    }

    /// Refuses an image of which the file holds next to nothing.
    fn check_size(&self, source: &Source) -> Result<()> {
        let Some(bytes) = source.len().map(|n| n.saturating_sub(self.data_at)) else { return Ok(()) };
        // A run's end may leave any number of pixels out; then only the absurd is refused.
        let most = if self.storage == Storage::Runs { 1 << 16 } else { 1 << 10 };
        if self.stride() as u128 * u128::from(self.height) > u128::from(bytes) * most {
            let (w, h) = (self.width, self.height);
            return Err(Error::corrupt(format!("{bytes} bytes cannot hold an image of {w} x {h} pixels")));
        }
        Ok(())
    }

    /// Bytes of a stored row: whole numbers of four bytes.
    pub fn stride(&self) -> usize {
        ((u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4) as usize
    }

    /// The value of each colour, if they are the grays that the numbers say (of two: black and white).
    pub fn is_gray(&self) -> bool {
        let gray = |i: usize| match self.colors {
            2 => [[0, 255][i & 1]; 3],
            _ => [i as u8; 3],
        };
        self.colors <= 256 && self.palette.iter().enumerate().all(|(i, color)| *color == gray(i))
    }
}

fn storage(bits: u16, compression: u32, masks: Option<[u32; 4]>) -> Result<Storage> {
    let storage = match (compression, bits) {
        (0, 1 | 2 | 4 | 8) => Storage::Palette,
        (0, 24) => Storage::Bgr,
        (0, 16) => Storage::Fields([0x7c00, 0x3e0, 0x1f, 0]),
        // The fourth byte is said to be nothing.
        (0, 32) => Storage::Fields([0xff_0000, 0xff00, 0xff, 0]),
        (1, 8) | (2, 4) => Storage::Runs,
        (3 | 6, 24) => Storage::Bgr,
        (3 | 6, 16 | 32) => match masks.unwrap_or_default() {
            [0, 0, 0, 0] if bits == 32 => Storage::Fields([0xff_0000, 0xff00, 0xff, 0xff00_0000]),
            masks => Storage::Fields(masks),
        },
        (4, _) => return Err(Error::unsupported("the pixels are JPEG or RLE24 inside a BMP")),
        (5, _) => return Err(Error::unsupported("the pixels are PNG inside a BMP")),
        _ => return Err(Error::unsupported(format!("{bits} bits with compression {compression} are not known"))),
    };
    Ok(storage)
}
