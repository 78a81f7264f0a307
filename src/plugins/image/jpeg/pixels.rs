//! Pixels: rows from the codec to where they go.

use super::codec_error;
use super::segments::Frame;
use super::wait::Steps;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Area, Destination, Limits};
use crate::plugin::{Outcome, put_beside, put_rows};
use jpeg::{Crop, Decoder, PixelFormat, Rows, Scale, Tolerance};

/// Rows that are decoded at once where they stay, between two looks at whether they are still wanted.
const STEP: usize = 256;
/// Rows that are decoded at once where they pass through memory of ours, at least.
const LEAST: usize = 16;

/// The decoding of an image, which any thread may do.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub data: &'a [u8],
    pub frame: Frame,
    pub limits: Limits,
    /// Threads that bring rows to their places.
    pub threads: usize,
    pub partial: bool,
    /// The bytes cannot hold the image, whatever the codec makes of them.
    pub too_short: bool,
    pub scale: Scale,
}

impl Job<'_> {
    /// Fills the destination. As Pillow does, it passes over damage that the codec can pass over, but not over missing
    /// data.
    pub fn run(&self, to: &mut Destination, steps: &Steps) -> Result<Outcome> {
        match self.decode(to, Tolerance::Corrupt, steps) {
            Ok(()) if self.too_short => Ok(Outcome::Partial),
            Ok(()) => Ok(Outcome::Complete),
            Err(e) if self.partial && e.kind() == ErrorKind::Corrupt => {
                self.decode(to, Tolerance::Partial, steps)?;
                Ok(Outcome::Partial)
            }
            Err(e) => Err(e),
        }
    }

    /// The part that the codec can decode by itself of the scaled image, if it holds this area.
    pub fn crop(&self, area: Area) -> Result<Option<Crop>> {
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let part = Crop { x: side(area.x), y: side(area.y), width: side(area.width), height: side(area.height) };
        Ok(Decoder::new(self.data).map_err(codec_error)?.crop(self.scale, part))
    }

    /// Fills a part of the destination.
    pub fn run_part(&self, crop: Crop, to: &mut Destination, steps: &Steps) -> Result<Outcome> {
        let mut decoder = self.decoder()?;
        decoder.crop_to(crop);
        let mut rows = decoder.rows(self.format(), self.scale, Tolerance::Corrupt).map_err(codec_error)?;
        let mut band = self.band(self.band_len(&rows, LEAST))?;
        let pixel = self.pixel();
        let (row, at) = (crop.width as usize * pixel, crop.x as usize * pixel);
        let columns = to.shape().get(1).copied().unwrap_or(0);
        let mut whole = self.limits.allocate(columns.saturating_mul(pixel))?;
        let mut y = crop.y as usize;
        while rows.left() > 0 {
            let count = LEAST.min(rows.left() as usize);
            steps.done(y - crop.y as usize)?;
            let bytes = &mut bytemuck::cast_slice_mut(&mut band)[..count * row];
            self.read(&mut rows, bytes, count)?;
            for row in bytes.chunks_exact(row.max(1)) {
                let place = whole.get_mut(at..at + row.len());
                place.ok_or_else(|| Error::internal("a part beside the image"))?.copy_from_slice(row);
                to.put(&[y], &whole)?;
                y += 1;
            }
        }
        rows.finish().map(|_| Outcome::Complete).map_err(codec_error)
    }

    fn decode(&self, to: &mut Destination, tolerance: Tolerance, steps: &Steps) -> Result<()> {
        let mut decoder = self.decoder()?;
        let mut rows = decoder.rows(self.format(), self.scale, tolerance).map_err(codec_error)?;
        let mut blank = (self.too_short || tolerance == Tolerance::Partial).then(Blank::default);
        // What the data do not give shall be zero; inks are turned round after decoding.
        let missing = (tolerance == Tolerance::Partial).then_some(if self.has_inks() { 0xFF } else { 0 });
        self.transfer(&mut rows, to, missing, &mut |y, bytes| {
            steps.done(y)?;
            if let Some(blank) = &mut blank {
                self.look_for_blank(blank, y, bytes);
            }
            Ok(())
        })?;
        rows.finish().map_err(codec_error)?;
        match blank.and_then(|blank| blank.from) {
            Some(from) => to.zero_from(from),
            None => Ok(()),
        }
    }

    /// Brings all rows to their places: straight there, or some at a time through memory of ours. `each` sees them.
    pub fn transfer(
        &self,
        rows: &mut Rows,
        to: &mut Destination,
        missing: Option<u8>,
        each: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let row = rows.size().0 as usize * self.pixel();
        let mut y = 0;
        if let Some(out) = to.direct(&[])
            && (self.frame.bits <= 8 || jpeg::as_samples(out).is_some())
        {
            for bytes in out.chunks_mut((STEP * row).max(1)) {
                missing.inspect(|&with| bytes.fill(with));
                let count = bytes.len() / row.max(1);
                self.read(rows, bytes, count)?;
                each(y, bytes)?;
                y += count;
            }
            return Ok(());
        }
        let together = to.rows_at_once().max(LEAST);
        let len = self.band_len(rows, together);
        let beside = self.threads > 1 && together > LEAST && rows.left() as usize > together;
        let mut make = |bytes: &mut [u8]| {
            let count = together.min(rows.left() as usize);
            let Some(bytes) = bytes.get_mut(..count * row).filter(|_| count > 0) else { return Ok(None) };
            missing.inspect(|&with| bytes.fill(with));
            self.read(rows, bytes, count)?;
            each(y, bytes)?;
            y += count;
            Ok(Some(y - count..y))
        };
        if beside && put_beside(self.threads - 1, to, row, [self.band(len)?, self.band(len)?], &mut make)? {
            return Ok(());
        }
        let mut band = self.band(len)?;
        let bytes = bytemuck::cast_slice_mut(&mut band);
        while let Some(made) = make(bytes)? {
            put_rows(self.threads, to, made.start, made.len(), &bytes[..made.len() * row])?;
        }
        Ok(())
    }

    /// The codec at the beginning of the image, which is the one that the walk of the segments found.
    pub fn decoder(&self) -> Result<Decoder<'_>> {
        let mut decoder = Decoder::new(self.data).map_err(codec_error)?;
        let (frame, found) = (&self.frame, decoder.header());
        let same = found.width == u32::from(frame.width)
            && found.height == u32::from(frame.height)
            && found.components == frame.components
            && found.precision == frame.bits;
        if !same {
            return Err(Error::corrupt("the file tells two sizes of its image"));
        }
        if let Some(most) = self.limits.max_bytes {
            decoder.set_memory_limit(most);
        }
        Ok(decoder)
    }

    /// Decodes the next rows.
    fn read(&self, rows: &mut Rows, bytes: &mut [u8], count: usize) -> Result<()> {
        let pitch = rows.size().0 as usize * self.format().channels();
        if self.frame.bits <= 8 {
            rows.read_u8(bytes, pitch, count as u32).map_err(codec_error)?;
            if self.has_inks() {
                let most = self.largest() as u8;
                bytes.iter_mut().for_each(|ink| *ink = most.saturating_sub(*ink));
            }
            return Ok(());
        }
        let samples = jpeg::as_samples(bytes).ok_or_else(|| Error::internal("samples at an odd address"))?;
        rows.read_u16(samples, pitch, count as u32).map_err(codec_error)?;
        if self.has_inks() {
            let most = self.largest();
            samples.iter_mut().for_each(|ink| *ink = most.saturating_sub(*ink));
        }
        Ok(())
    }

    /// Bytes of so many of the rows that are left.
    fn band_len(&self, rows: &Rows, count: usize) -> usize {
        (rows.size().0 as usize * self.pixel()).saturating_mul(count.min(rows.left() as usize))
    }

    /// Memory in which samples of any size may stand.
    fn band(&self, bytes: usize) -> Result<Vec<u16>> {
        self.limits.check_bytes(bytes)?;
        let mut memory = Vec::new();
        let samples = bytes.div_ceil(2);
        memory.try_reserve_exact(samples).map_err(|_| Error::out_of_memory(bytes))?;
        memory.resize(samples, 0);
        Ok(memory)
    }

    /// The order of samples.
    pub fn format(&self) -> PixelFormat {
        match self.frame.components {
            1 => PixelFormat::Gray,
            4 => PixelFormat::Cmyk,
            _ => PixelFormat::Rgb,
        }
    }

    fn has_inks(&self) -> bool {
        self.frame.components == 4
    }

    /// Bytes of a sample.
    fn sample(&self) -> usize {
        if self.frame.bits > 8 { 2 } else { 1 }
    }

    /// Bytes of a pixel.
    fn pixel(&self) -> usize {
        self.format().channels() * self.sample()
    }

    fn largest(&self) -> u16 {
        u16::MAX >> 16u32.saturating_sub(self.frame.bits.into())
    }

    /// Sees which rows at the end there were no data for: libjpeg leaves them at middle gray.
    fn look_for_blank(&self, blank: &mut Blank, y: usize, bytes: &[u8]) {
        let middle = self.largest() / 2;
        let is_middle = |bytes: &[u8]| match *bytes {
            [n] => (middle..=middle + 1).contains(&n.into()),
            [a, b] => (middle..=middle + 1).contains(&u16::from_ne_bytes([a, b])),
            _ => false,
        };
        let pixel = self.pixel();
        let of_scale = usize::from(self.frame.width).div_ceil(divisor(self.scale));
        for (i, row) in bytes.chunks_exact((of_scale * pixel).max(1)).enumerate() {
            let Some(first) = row.get(..pixel).filter(|_| !self.frame.is_lossless()) else { return };
            let is_blank =
                first.chunks_exact(self.sample()).all(is_middle) && row.chunks_exact(pixel).all(|other| other == first);
            if !is_blank {
                blank.from = None;
            } else if blank.from.is_none() || blank.pixel != first {
                *blank = Blank { from: Some(y + i), pixel: first.to_vec() };
            }
        }
    }
}

/// Rows at the end that are all of one pixel.
#[derive(Default)]
struct Blank {
    from: Option<usize>,
    pixel: Vec<u8>,
}

fn divisor(scale: Scale) -> usize {
    match scale {
        Scale::Full => 1,
        Scale::Half => 2,
        Scale::Quarter => 4,
        Scale::Eighth => 8,
    }
}
