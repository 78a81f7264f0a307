//! The bitmaps of icons and cursors: a DIB of twice the height, whose second half is a mask.

use super::Bitmap;
use super::header::{Header, Storage};
use super::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Cast, Color, DType, Destination, Dict, Limits, Props, ViewMut};
use crate::plugin::{Call, Outcome};
use crate::plugins::image::bits::numbers;
use crate::plugins::image::stills::Still;
use crate::resource::Source;

/// An icon's image, given as RGBA.
pub struct Icon {
    bitmap: Bitmap,
    /// Whether the directory says that pixels have an alpha of their own.
    says_alpha: bool,
}

impl Icon {
    /// An image of as many bits as the directory says.
    pub fn open(source: Source, said_bits: u16) -> Result<Icon> {
        let mut header = Header::read(&source, false)?;
        header.height /= 2;
        if header.height == 0 {
            return Err(Error::corrupt("an icon without rows"));
        }
        if let Storage::Fields([.., alpha @ 0]) = &mut header.storage
            && header.bits == 32
        {
            *alpha = 0xff00_0000;
        }
        let rows = Rows::new(&header);
        Ok(Icon { bitmap: Bitmap { source, header, rows, indexed: None }, says_alpha: said_bits == 32 })
    }

    fn size(&self) -> (usize, usize) {
        (self.bitmap.header.width as usize, self.bitmap.header.height as usize)
    }

    /// The image without its mask.
    fn pixels(&mut self, call: &Call) -> Result<(Vec<u8>, Outcome)> {
        let props = self.bitmap.rows.props.clone();
        let mut pixels = call.limits().allocate(props.nbytes()?)?;
        let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape);
        let view = view.ok_or_else(|| Error::internal("an icon does not fit its own memory"))?;
        let mut to = Destination::new(view, Cast::plain(props.dtype, props.dtype), *call.limits());
        let outcome = self.bitmap.read(call, &mut to)?;
        Ok((pixels, outcome))
    }

    /// The mask as it lies, a bit a pixel, and the bytes of its rows; nothing where the data end before.
    fn mask(&self, limits: &Limits) -> Result<(Vec<u8>, usize)> {
        let (width, height) = self.size();
        let pixels = self.bitmap.header.stride() as u64 * height as u64;
        let at = self.bitmap.header.data_at.saturating_add(pixels);
        // Rows are whole numbers of four bytes; Pillow writes them without the bytes that fill them up.
        let (full, bare) = (width.div_ceil(32) * 4, width.div_ceil(8));
        let left = self.bitmap.source.len().map(|n| n.saturating_sub(at));
        let stride = if left == Some(bare as u64 * height as u64) { bare } else { full };
        let mut mask = limits.allocate(stride.saturating_mul(height))?;
        match self.bitmap.source.read_exact_at(&mut mask, at) {
            Err(e) if e.kind() == ErrorKind::Corrupt => Ok((Vec::new(), stride)),
            other => other.map(|()| (mask, stride)),
        }
    }

    /// The row of the mask at `y`, as alphas.
    fn alphas<'m>(&self, (mask, stride): (&'m [u8], usize), y: usize) -> impl Iterator<Item = u8> + use<'m> {
        let height = self.size().1;
        let k = if self.bitmap.header.top_down { y } else { height.saturating_sub(y + 1) };
        let row = mask.chunks_exact(stride.max(1)).nth(k).unwrap_or_default();
        numbers(row, 1).map(|n| if n == 0 { 255 } else { 0 })
    }
}

impl Still for Icon {
    fn props(&mut self, _call: &Call) -> Result<Props> {
        let (width, height) = self.size();
        Ok(Props::pixels(width, height, DType::U8, Color::Rgba))
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let (width, height) = self.size();
        let (pixels, mut outcome) = self.pixels(call)?;
        let props = &self.bitmap.rows.props;
        let samples = props.color.samples().unwrap_or(1);
        // Some directories forget to say that the fourth bytes are alpha; where all are 0 they are nothing.
        let own = samples == 4 && (self.says_alpha || pixels.chunks_exact(4).any(|p| p[3] != 0));
        let (mask, stride) = if own { (Vec::new(), 0) } else { self.mask(call.limits())? };
        if !own && mask.is_empty() {
            if !call.bool("allow_partial") {
                return Err(Error::corrupt("the data end before the mask"));
            }
            outcome = Outcome::Partial;
        }
        let white = if props.dtype == DType::Bool { 255 } else { 1 };
        for (y, stored) in pixels.chunks_exact((width * samples).max(1)).enumerate().take(height) {
            call.tick(y as u64, height as u64)?;
            let mut alphas = self.alphas((&mask, stride), y);
            to.fill(&[y], |row| {
                for (to, from) in row.as_chunks_mut::<4>().0.iter_mut().zip(stored.chunks_exact(samples)) {
                    let mask = alphas.next().unwrap_or(255);
                    *to = match *from {
                        [r, g, b] => [r, g, b, mask],
                        [r, g, b, a] => [r, g, b, if own { a } else { mask }],
                        [gray, ..] => [gray * white, gray * white, gray * white, mask],
                        [] => [0; 4],
                    };
                }
                Ok(())
            })?;
        }
        Ok(outcome)
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        let header = &self.bitmap.header;
        let dpi = header.density.map(|n| f64::from(n) / 39.3701);
        let mut meta = Dict::new();
        meta.set("dpi", dpi.into_iter().collect::<crate::model::List>());
        meta.set("compression", header.compression);
        Ok(meta)
    }
}
