//! Writing PCX, MSP and IM, as Pillow does.

use super::bits::pack;
use super::single::{self, Encode, Sides};
use crate::error::Result;
use crate::model::{Color, DType};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;

/// Opens a target for a PCX file.
pub fn create_pcx(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "PCX", pcx))
}

/// Opens a target for an MSP file.
pub fn create_msp(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "MSP", msp))
}

/// Opens a target for an IM file.
pub fn create_im(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "IM", im))
}

/// Runs of bytes, plane after plane in each row.
struct Pcx {
    sides: Sides,
    is_bool: bool,
    /// Bytes of a row of a plane.
    plane: Vec<u8>,
}

fn pcx(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let (sides, _) = Sides::of_bytes(image, "PCX", u16::MAX.into(), true, &[Color::Gray, Color::Rgb])?;
    let is_bool = image.dtype == DType::Bool;
    let stride = if is_bool { sides.width.div_ceil(8) } else { sides.width };
    // A row has an even number of bytes.
    Ok(Box::new(Pcx { sides, is_bool, plane: vec![0; stride + stride % 2] }))
}

impl Encode for Pcx {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, samples } = self.sides;
        let mut head = vec![10, 5, 1, if self.is_bool { 1 } else { 8 }];
        let words = [0, 0, width - 1, height - 1, 100, 100];
        words.iter().for_each(|&n| head.extend((n as u16).to_le_bytes()));
        // The palette of few colours, which is not used.
        head.extend([0; 24]);
        head.extend([0xff; 24]);
        head.extend([0, samples as u8]);
        [self.plane.len(), 1, width, height].iter().for_each(|&n| head.extend((n as u16).to_le_bytes()));
        head.resize(128, 0);
        head
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let samples = self.sides.samples;
        for sample in 0..samples {
            if self.is_bool {
                pack(items, &mut self.plane);
            } else {
                let from = items.iter().skip(sample).step_by(samples);
                self.plane.iter_mut().zip(from).for_each(|(to, &n)| *to = n);
            }
            for same in self.plane.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(63)) {
                let byte = same[0];
                if same.len() > 1 || byte >= 0xc0 {
                    out.push(0xc0 | same.len() as u8);
                }
                out.push(byte);
            }
        }
    }

    fn closing(&mut self, out: &mut Vec<u8>) {
        if !self.is_bool && self.sides.samples == 1 {
            out.push(12);
            out.extend((0..=255).flat_map(|n| [n; 3]));
        }
    }
}

/// Bits as they are.
struct Msp(Sides, Vec<u8>);

fn msp(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "MSP", u16::MAX.into())?;
    if (image.dtype, sides.samples) != (DType::Bool, 1) {
        return Err(sides.refuse(image, "MSP", "bool (gray)", "compare it with a threshold"));
    }
    sides.check_color(image, "MSP", Color::Gray)?;
    Ok(Box::new(Msp(sides, vec![0; sides.width.div_ceil(8)])))
}

impl Encode for Msp {
    fn opening(&self) -> Vec<u8> {
        let (width, height) = (self.0.width as u16, self.0.height as u16);
        let mut words = [0u16; 16];
        words[..10].copy_from_slice(&[0x6144, 0x4d6e, width, height, 1, 1, 1, 1, width, height]);
        // All words cancel each other out.
        words[12] = words.iter().fold(0, |sum, n| sum ^ n);
        words.into_iter().flat_map(u16::to_le_bytes).collect()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        pack(items, &mut self.1);
        out.extend_from_slice(&self.1);
    }
}

/// Planes of bytes in each row, or items, the last row first.
struct Im {
    sides: Sides,
    dtype: DType,
    kind: &'static str,
}

fn im(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    let sides = Sides::of(image, "IM", u32::MAX as usize)?;
    let cmyk = image.color == Some(Color::Cmyk);
    let (kind, color) = match (image.dtype, sides.samples) {
        (DType::Bool, 1) => ("0 1", Color::Gray),
        (DType::U8, 1) => ("Greyscale", Color::Gray),
        (DType::U16, 1) => ("L 16", Color::Gray),
        (DType::I32, 1) => ("L 32S", Color::Gray),
        (DType::F32, 1) => ("L 32F", Color::Gray),
        (DType::U8, 2) => ("LA", Color::GrayAlpha),
        (DType::U8, 3) => ("RGB", Color::Rgb),
        (DType::U8, 4) if cmyk => ("CMYK", Color::Cmyk),
        (DType::U8, 4) => ("RGBA", Color::Rgba),
        _ => {
            let holds = "bool, uint8, uint16, int32 and float32 (gray) and uint8 (gray with alpha, RGB, RGBA, CMYK)";
            return Err(sides.refuse(image, "IM", holds, "write with another dtype"));
        }
    };
    sides.check_color(image, "IM", color)?;
    Ok(Box::new(Im { sides, dtype: image.dtype, kind }))
}

impl Encode for Im {
    fn opening(&self) -> Vec<u8> {
        let Sides { width, height, .. } = self.sides;
        let head = format!(
            "Image type: {} image\r\nImage size (x*y): {width}*{height}\r\nFile size (no of images): 1\r\n",
            self.kind
        );
        let mut head = head.into_bytes();
        head.resize(511, 0);
        head.push(0x1a);
        head
    }

    fn bottom_up(&self) -> bool {
        true
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        let samples = self.sides.samples;
        match self.dtype {
            DType::Bool => {
                let at = out.len();
                out.resize(at + items.len().div_ceil(8), 0);
                pack(items, &mut out[at..]);
            }
            DType::U8 => (0..samples).for_each(|i| out.extend(items.iter().skip(i).step_by(samples))),
            _ if cfg!(target_endian = "little") => out.extend_from_slice(items),
            dtype => items.chunks_exact(dtype.size()).for_each(|item| out.extend(item.iter().rev())),
        }
    }
}
