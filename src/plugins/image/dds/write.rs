//! Writing DDS: pixels as they are, or blocks, as Pillow's option `pixel_format` says.

use super::super::bcn::{self, Kind};
use super::super::single::{self, Encode, Sides};
use crate::error::{Error, Result};
use crate::model::{Color, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::resource::Output;
use strided::swap_ends;

/// The names of the blocks that are written, with the number of DXGI where a newer header says it.
const FORMATS: &[(&str, Kind, Option<u32>)] = &[
    ("DXT1", Kind::Bc1, None),
    ("DXT3", Kind::Bc2, None),
    ("DXT5", Kind::Bc3, None),
    ("BC2", Kind::Bc2, Some(73)),
    ("BC3", Kind::Bc3, Some(76)),
    ("BC4", Kind::Bc4, Some(79)),
    ("BC5", Kind::Bc5 { signed: false }, Some(82)),
];

/// Options of this format.
pub fn options() -> Vec<OptionSpec> {
    let names: Vec<&str> = FORMATS.iter().map(|f| f.0).collect();
    let what = "store blocks of 4 by 4 pixels, with loss";
    vec![OptionSpec::new("pixel_format", &[OptionType::Str], Value::Null, Calls::WRITE, what).choices(&names)]
}

/// Opens a target for a DDS file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "DDS", prepare))
}

struct DdsEncode {
    sides: Sides,
    blocks: Option<(&'static str, Kind, Option<u32>)>,
    /// The rows of pixels of the row of blocks at hand.
    rows: Vec<[u8; 4]>,
}

fn prepare(image: &Image, call: &Call) -> Result<Box<dyn Encode>> {
    let colors = &[Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
    let (sides, color) = Sides::of_bytes(image, "DDS", 1 << 20, false, colors)?;
    let blocks = call.str("pixel_format").and_then(|name| FORMATS.iter().find(|f| f.0 == name)).copied();
    match blocks {
        Some((name, Kind::Bc4, _)) if sides.samples != 1 => {
            Err(Error::unsupported(format!("{name} holds gray, not {}", color.name())))
        }
        Some((name, Kind::Bc5 { .. }, _)) if sides.samples != 3 => {
            Err(Error::unsupported(format!("{name} holds the red and green of RGB, not {}", color.name())))
        }
        _ => Ok(Box::new(DdsEncode { sides, blocks, rows: Vec::new() })),
    }
}

impl DdsEncode {
    /// Encodes the rows of pixels at hand; those that are missing are the last again.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let width = self.sides.width;
        let Some((_, kind, _)) = self.blocks.filter(|_| !self.rows.is_empty()) else { return };
        let last = self.rows.len() / width - 1;
        for x in (0..width).step_by(4) {
            let mut block = [[0; 4]; 16];
            for (i, pixel) in block.iter_mut().enumerate() {
                let (y, x) = ((i / 4).min(last), (x + i % 4).min(width - 1));
                *pixel = self.rows.get(y * width + x).copied().unwrap_or_default();
            }
            bcn::encode(kind, &block, out);
        }
        self.rows.clear();
    }
}

impl Encode for DdsEncode {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, samples } = self.sides;
        let bits = samples as u32 * 8;
        let alpha = samples % 2 == 0;
        let (flags, pitch, four_cc) = match self.blocks {
            Some((_, kind, Some(_))) => (0x8_1007, width.div_ceil(4) * height.div_ceil(4) * kind.block(), *b"DX10"),
            Some((name, kind, None)) => {
                let code = name.as_bytes().first_chunk::<4>().copied().unwrap_or_default();
                (0x8_1007, width.div_ceil(4) * height.div_ceil(4) * kind.block(), code)
            }
            None => (0x100f, width * samples, [0; 4]),
        };
        let pixel_flags = match (self.blocks, samples) {
            (Some(_), _) => 4,
            (None, 1) => 0x2_0000,
            (None, 2) => 0x2_0001,
            (None, n) => 0x40 | u32::from(n == 4),
        };
        let masks = match (self.blocks, samples) {
            (Some(_), _) => [0; 4],
            (None, 1) => [0xff, 0, 0, 0],
            (None, 2) => [0xff, 0, 0, 0xff00],
            _ => [0xff_0000, 0xff00, 0xff, if alpha { 0xff00_0000 } else { 0 }],
        };
        let mut bytes = b"DDS ".to_vec();
        let mut word = |n: u32| bytes.extend(n.to_le_bytes());
        [124, flags, height as u32, width as u32, pitch as u32].into_iter().for_each(&mut word);
        [0; 13].into_iter().for_each(&mut word);
        [32, pixel_flags, u32::from_le_bytes(four_cc), bits].into_iter().for_each(&mut word);
        masks.into_iter().for_each(&mut word);
        [0x1000, 0, 0, 0, 0].into_iter().for_each(&mut word);
        if let Some((_, _, Some(format))) = self.blocks {
            // A flat texture of one image whose alpha is as it is.
            [format, 3, 0, 1, 1].into_iter().for_each(&mut word);
        }
        bytes
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let samples = self.sides.samples;
        if self.blocks.is_none() {
            let at = out.len();
            out.resize(at + items.len(), 0);
            match samples {
                3 => swap_ends(items, &mut out[at..]),
                4 => {
                    let to = out[at..].as_chunks_mut::<4>().0.iter_mut();
                    to.zip(items.as_chunks::<4>().0).for_each(|(to, &[r, g, b, a])| *to = [b, g, r, a]);
                }
                _ => out[at..].copy_from_slice(items),
            }
            return;
        }
        self.rows.extend(items.chunks_exact(samples).map(|pixel| match *pixel {
            [r, g, b, a] => [r, g, b, a],
            [r, g, b] => [r, g, b, 255],
            [gray, a] => [gray, gray, gray, a],
            [gray, ..] => [gray, gray, gray, 255],
            [] => [0; 4],
        }));
        if self.rows.len() >= 4 * self.sides.width {
            self.flush(out);
        }
    }

    fn closing(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
    }
}
