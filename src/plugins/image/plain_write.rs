//! Writing SGI and XBM, as Pillow does.

use super::bits::pack;
use crate::error::{Error, Result};
use crate::model::{Color, DType};
use crate::plugin::{Call, Image, Writer};
use crate::resource::Output;
use std::io::Write;

/// Opens a target for an SGI file.
pub fn create_sgi(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(PlainWriter { output, write: write_sgi, name: "SGI", done: false }))
}

/// Opens a target for an XBM file.
pub fn create_xbm(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(PlainWriter { output, write: write_xbm, name: "XBM", done: false }))
}

/// A writer of one image.
struct PlainWriter {
    output: Output,
    write: fn(&mut Output, &Image, &Call) -> Result<()>,
    name: &'static str,
    done: bool,
}

impl Writer for PlainWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        if self.done {
            return Err(Error::unsupported(format!("a file of {} holds one image", self.name)));
        }
        (self.write)(&mut self.output, image, call)?;
        self.done = true;
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        Ok(())
    }
}

/// Width, height and samples of an image whose sides these formats can say and whose samples mean what they hold.
fn sides(image: &Image, most: usize) -> Result<(usize, usize, usize)> {
    let (height, width, samples) = match *image.shape() {
        [height, width] => (height, width, 1),
        [height, width, samples] => (height, width, samples),
        _ => return Err(Error::shape(format!("one image has (height, width[, samples]), not {:?}", image.shape()))),
    };
    if !(1..=most).contains(&width) || !(1..=most).contains(&height) {
        return Err(Error::shape(format!("the format holds no image of {width} x {height} pixels")));
    }
    let meant = [Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
    let meant = samples.checked_sub(1).and_then(|i| meant.get(i)).copied();
    if let (Some(said), Some(meant)) = (image.color.filter(|&c| c != Color::Unknown), meant)
        && said != meant
    {
        let (meant, said) = (meant.name(), said.name());
        return Err(Error::unsupported(format!("the format holds {meant} in {samples} samples, not {said}")));
    }
    Ok((width, height, samples))
}

/// Planes from the bottom up, of 8 or 16 bits.
fn write_sgi(output: &mut Output, image: &Image, call: &Call) -> Result<()> {
    let (width, height, samples) = sides(image, u16::MAX.into())?;
    let size = match (image.dtype, samples) {
        (DType::U8, 1..=4) => 1,
        (DType::U16, 1..=4) => 2,
        (dtype, samples) => {
            return Err(Error::shape(format!(
                "SGI holds uint8 and uint16 in 1 to 4 samples, not {dtype} in {samples}"
            )));
        }
    };
    let items = image.packed(call)?;
    let mut head = [0u8; 512];
    let dimensions: u16 = if samples == 1 { 2 } else { 3 };
    let words = [474, size as u16, dimensions, width as u16, height as u16, samples as u16];
    head.chunks_exact_mut(2).zip(words).for_each(|(to, word)| to.copy_from_slice(&word.to_be_bytes()));
    let most = if size == 1 { 255u32 } else { 65535 };
    head[16..20].copy_from_slice(&most.to_be_bytes());
    output.write_all(&head)?;
    let mut row = vec![0; width * size];
    let rows = items.chunks_exact(width * samples * size);
    for sample in 0..samples {
        for (k, stored) in rows.clone().rev().enumerate() {
            call.tick((sample * height + k) as u64, (samples * height) as u64)?;
            let from = stored.chunks_exact(size).skip(sample).step_by(samples);
            for (to, from) in row.chunks_exact_mut(size).zip(from) {
                to.copy_from_slice(from);
                if cfg!(target_endian = "little") {
                    to.reverse();
                }
            }
            output.write_all(&row)?;
        }
    }
    Ok(())
}

/// C source; a bit that is set is True.
fn write_xbm(output: &mut Output, image: &Image, call: &Call) -> Result<()> {
    let (width, height, samples) = sides(image, i32::MAX as usize)?;
    if (image.dtype, samples) != (DType::Bool, 1) {
        return Err(Error::shape(format!("XBM holds bool in one sample, not {} in {samples}", image.dtype)));
    }
    let items = image.packed(call)?;
    let head = format!("#define im_width {width}\n#define im_height {height}\nstatic char im_bits[] = {{\n");
    output.write_all(head.as_bytes())?;
    let mut row = vec![0; width.div_ceil(8)];
    for (y, items) in items.chunks_exact(width).enumerate() {
        call.tick(y as u64, height as u64)?;
        pack(items, &mut row);
        let texts: Vec<String> = row.iter().map(|b| format!("0x{:02x}", b.reverse_bits())).collect();
        let end = if y + 1 == height { "\n" } else { ",\n" };
        output.write_all((texts.join(",") + end).as_bytes())?;
    }
    output.write_all(b"};\n")?;
    Ok(())
}
