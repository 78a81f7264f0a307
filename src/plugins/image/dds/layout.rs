//! What the header says of the pixels.

use super::super::bcn::Kind;
use super::super::bits::le32;
use super::{HEAD, HEAD_10, number};
use crate::error::{Error, Result};
use crate::model::{Color, DType};

/// How pixels are stored.
pub enum Layout {
    /// In blocks.
    Blocks(Kind),
    /// As numbers, of which each sample has some bits.
    Masks(Masks),
    /// As items, sample after sample.
    Items { dtype: DType, color: Color, samples: usize, mode: &'static str },
    /// As numbers of these colours.
    Palette(Vec<[u8; 4]>),
}

/// The bits of the samples of a pixel.
#[derive(Clone)]
pub struct Masks {
    /// Bytes of a pixel.
    pub bytes: usize,
    /// What the samples mean.
    pub color: Color,
    masks: Vec<Mask>,
}

#[derive(Clone, Copy)]
struct Mask {
    mask: u32,
    shift: u32,
    /// The greatest number that it holds.
    most: u32,
}

impl Masks {
    fn new(bits: u32, color: Color, masks: &[u32]) -> Result<Masks> {
        if !matches!(bits, 8 | 16 | 24 | 32) {
            return Err(Error::unsupported(format!("pixels of {bits} bits")));
        }
        let masks = masks.iter().map(|&mask| {
            let shift = if mask == 0 { 0 } else { mask.trailing_zeros() };
            Mask { mask, shift, most: mask >> shift }
        });
        Ok(Masks { bytes: bits as usize / 8, color, masks: masks.collect() })
    }

    /// 8 bits, unless a sample has more.
    pub fn dtype(&self) -> DType {
        if self.masks.iter().any(|m| m.most > 255) { DType::U16 } else { DType::U8 }
    }

    /// Pillow's name for the pixels.
    pub fn mode(&self) -> &'static str {
        match self.color {
            Color::Gray => "L",
            Color::GrayAlpha => "LA",
            Color::Rgb => "RGB",
            _ => "RGBA",
        }
    }

    /// Bytes of a pixel that is given.
    pub fn pixel(&self) -> usize {
        (self.masks.len() * self.dtype().size()).max(1)
    }

    /// Makes the row that is given from the stored one: each sample over its full range, rounded down as in Pillow
    /// where that is a byte.
    pub fn expand(&self, stored: &[u8], row: &mut [u8]) {
        let wide = self.dtype() == DType::U16;
        for (to, from) in row.chunks_exact_mut(self.pixel()).zip(stored.chunks_exact(self.bytes)) {
            let pixel = number(from);
            if wide {
                for (to, m) in to.as_chunks_mut::<2>().0.iter_mut().zip(&self.masks) {
                    let n = u64::from((pixel & m.mask) >> m.shift) * 0xffff + u64::from(m.most / 2);
                    *to = (n.checked_div(m.most.into()).unwrap_or(0) as u16).to_ne_bytes();
                }
            } else {
                for (to, m) in to.iter_mut().zip(&self.masks) {
                    let n = (pixel & m.mask) >> m.shift;
                    *to = if m.most == 255 { n as u8 } else { (n * 255).checked_div(m.most).unwrap_or(0) as u8 };
                }
            }
        }
    }
}

/// The flags of the pixel format.
const HAS_ALPHA: u32 = 1;
const ALPHA: u32 = 2;
const FOUR_CC: u32 = 4;
const PALETTE: u32 = 0x20;
const RGB: u32 = 0x40;
const LUMINANCE: u32 = 0x2_0000;

/// The gamma of formats that are sRGB.
const SRGB: Option<f64> = Some(1.0 / 2.2);

fn items(dtype: DType, samples: usize) -> Layout {
    let (color, mode) = match samples {
        1 => (
            Color::Gray,
            if dtype == DType::U8 {
                "L"
            } else if dtype == DType::U16 {
                "I;16"
            } else {
                "F"
            },
        ),
        2 => (Color::Unknown, "RG"),
        3 => (Color::Rgb, "RGB"),
        _ => (Color::Rgba, "RGBA"),
    };
    Layout::Items { dtype, color, samples, mode }
}

/// The layout, where the pixels begin, and their gamma.
pub fn read(head: &[u8]) -> Result<(Layout, u64, Option<f64>)> {
    let [flags, bits, r, g, b, a] = [80, 88, 92, 96, 100, 104].map(|at| le32(head, at));
    let alpha = flags & HAS_ALPHA != 0;
    let plain = |layout| Ok((layout, HEAD as u64, None));
    if flags & RGB != 0 {
        let (color, masks) = if alpha { (Color::Rgba, &[r, g, b, a][..]) } else { (Color::Rgb, &[r, g, b][..]) };
        return plain(Layout::Masks(Masks::new(bits, color, masks)?));
    }
    if flags & LUMINANCE != 0 {
        // Not all programs write masks for whole bytes.
        return plain(match (bits, alpha) {
            (8, false) => items(DType::U8, 1),
            (16, true) => Layout::Items { dtype: DType::U8, color: Color::GrayAlpha, samples: 2, mode: "LA" },
            (16, false) => items(DType::U16, 1),
            (8, true) => Layout::Masks(Masks::new(bits, Color::GrayAlpha, &[r, a])?),
            _ => return Err(Error::unsupported(format!("luminance of {bits} bits"))),
        });
    }
    if flags & PALETTE != 0 {
        let end = HEAD + 1024;
        let colors = head.get(HEAD..end).ok_or_else(|| Error::corrupt("the data end within the palette"))?;
        return Ok((Layout::Palette(colors.as_chunks::<4>().0.to_vec()), end as u64, None));
    }
    if flags & FOUR_CC != 0 {
        let code = head.get(84..88).and_then(|c| c.first_chunk::<4>()).copied().unwrap_or_default();
        if &code == b"DX10" {
            let format = le32(head, HEAD);
            if head.len() < HEAD + HEAD_10 {
                return Err(Error::corrupt("the data end within the header"));
            }
            let (layout, gamma) = of_dxgi(format)?;
            return Ok((layout, (HEAD + HEAD_10) as u64, gamma));
        }
        return plain(of_code(code)?);
    }
    if flags & ALPHA != 0 && bits == 8 {
        return plain(items(DType::U8, 1));
    }
    Err(Error::unsupported(format!("pixels with the flags {flags:#x}")))
}

/// The formats that four letters, or a number of Direct3D 9, name.
fn of_code(code: [u8; 4]) -> Result<Layout> {
    Ok(match &code {
        b"DXT1" => Layout::Blocks(Kind::Bc1),
        b"DXT2" | b"DXT3" => Layout::Blocks(Kind::Bc2),
        b"DXT4" | b"DXT5" => Layout::Blocks(Kind::Bc3),
        b"BC4U" | b"ATI1" => Layout::Blocks(Kind::Bc4),
        b"BC5U" | b"ATI2" => Layout::Blocks(Kind::Bc5 { signed: false }),
        b"BC5S" => Layout::Blocks(Kind::Bc5 { signed: true }),
        _ => match u32::from_le_bytes(code) {
            36 => items(DType::U16, 4),
            111 => items(DType::F16, 1),
            112 => items(DType::F16, 2),
            113 => items(DType::F16, 4),
            114 => items(DType::F32, 1),
            115 => items(DType::F32, 2),
            116 => items(DType::F32, 4),
            _ => return Err(Error::unsupported(format!("pixels in the format {:?}", code.escape_ascii().to_string()))),
        },
    })
}

/// The formats that a number of DXGI names, and their gamma.
fn of_dxgi(format: u32) -> Result<(Layout, Option<f64>)> {
    let masks = |bits, color, masks: &[u32]| Masks::new(bits, color, masks).map(Layout::Masks);
    let blocks = Layout::Blocks;
    let gamma = if matches!(format, 29 | 72 | 75 | 78 | 91 | 93 | 99) { SRGB } else { None };
    let (red, green, blue, alpha) = (0xff_0000, 0xff00, 0xff, 0xff00_0000);
    let layout = match format {
        2 => items(DType::F32, 4),
        6 => items(DType::F32, 3),
        10 => items(DType::F16, 4),
        11 | 12 => items(DType::U16, 4),
        16 => items(DType::F32, 2),
        24 | 25 => masks(32, Color::Rgba, &[0x3ff, 0xf_fc00, 0x3ff0_0000, 0xc000_0000])?,
        27..=30 => items(DType::U8, 4),
        34 => items(DType::F16, 2),
        35 | 36 => items(DType::U16, 2),
        41 => items(DType::F32, 1),
        49 | 50 => items(DType::U8, 2),
        54 => items(DType::F16, 1),
        56 | 57 => items(DType::U16, 1),
        61 | 62 | 65 => items(DType::U8, 1),
        70..=72 => blocks(Kind::Bc1),
        73..=75 => blocks(Kind::Bc2),
        76..=78 => blocks(Kind::Bc3),
        79 | 80 => blocks(Kind::Bc4),
        82 | 83 => blocks(Kind::Bc5 { signed: false }),
        84 => blocks(Kind::Bc5 { signed: true }),
        85 => masks(16, Color::Rgb, &[0xf800, 0x7e0, 0x1f])?,
        86 => masks(16, Color::Rgba, &[0x7c00, 0x3e0, 0x1f, 0x8000])?,
        87 | 90 | 91 => masks(32, Color::Rgba, &[red, green, blue, alpha])?,
        88 | 92 | 93 => masks(32, Color::Rgb, &[red, green, blue])?,
        94 | 95 => blocks(Kind::Bc6h { signed: false }),
        96 => blocks(Kind::Bc6h { signed: true }),
        97..=99 => blocks(Kind::Bc7),
        115 => masks(16, Color::Rgba, &[0xf00, 0xf0, 0xf, 0xf000])?,
        _ => return Err(Error::unsupported(format!("pixels in DXGI's format {format}"))),
    };
    Ok((layout, gamma))
}
