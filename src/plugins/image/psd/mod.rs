//! PSD and PSB, the files of Photoshop: the merged image, and behind it the layers, each laid on the canvas.

mod header;
mod layers;
mod planes;

use super::info;
use super::stills::{RUNS, Still, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Destination, Dict, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;
use header::Header;
use layers::Layer;
use planes::{Area, Planes};
use std::sync::Arc;

/// Whether a file begins as Photoshop's do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(b"8BPS\0\x01") || head.starts_with(b"8BPS\0\x02")
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Arc::new(Header::read(&source)?);
    check_size(&source, header.image_at, header.stride(), header.height, RUNS)?;
    let layers = layers::read(&source, &header)?;
    Ok(Stills::many(layers.len() + 1, move |index, _call| {
        let picture = match index.checked_sub(1) {
            None => Picture::merged(&source, &header)?,
            Some(i) => {
                let layer = layers.get(i).ok_or_else(|| Error::internal("there is no such layer"))?;
                Picture::layer(&source, &header, layer)?
            }
        };
        Ok(Box::new(picture) as Box<dyn Still>)
    }))
}

/// The merged image or a layer.
struct Picture {
    source: Source,
    header: Arc<Header>,
    mode: &'static str,
    props: Props,
    /// Where it lies on the canvas.
    area: Area,
    /// Where the planes of its samples lie, in their order.
    planes: Planes,
    name: Option<String>,
}

impl Picture {
    fn merged(source: &Source, header: &Arc<Header>) -> Result<Picture> {
        let (color, mode) = header.color()?;
        let dtype = header.dtype(color);
        let count = if color == Color::Palette { 1 } else { color.samples().unwrap_or(1) };
        let color = if color == Color::Palette { Color::Rgb } else { color };
        Ok(Picture {
            props: Props::pixels(header.width, header.height, dtype, color),
            mode,
            area: Area { top: 0, left: 0, height: header.height, width: header.width },
            planes: Planes::together(header.image_at, count, usize::from(header.channels)),
            name: None,
            source: source.clone(),
            header: header.clone(),
        })
    }

    fn layer(source: &Source, header: &Arc<Header>, layer: &Layer) -> Result<Picture> {
        let (color, mode) = layer.color(header)?;
        Ok(Picture {
            props: Props::pixels(header.width, header.height, header.dtype(color), color),
            mode,
            area: layer.area,
            planes: Planes::apart(layer.planes(color)),
            name: Some(layer.name.clone()),
            source: source.clone(),
            header: header.clone(),
        })
    }

    /// Makes the row at `y` of the canvas of a row of each plane.
    fn expand(&self, planes: &[&[u8]], row: &mut [u8]) {
        let (size, n) = (self.header.depth.div_ceil(8) as usize, planes.len());
        let inverted = self.props.color == Color::Cmyk;
        if self.header.depth == 1 {
            // A bit that is set is ink.
            let bits = super::bits::numbers(planes.first().copied().unwrap_or_default(), 1);
            row.iter_mut().zip(bits).for_each(|(to, bit)| *to = u8::from(bit == 0));
            return;
        }
        if self.mode == "P" {
            let numbers = planes.first().copied().unwrap_or_default();
            if row.len() == numbers.len() {
                return row.copy_from_slice(numbers);
            }
            for (to, &n) in row.as_chunks_mut::<3>().0.iter_mut().zip(numbers) {
                *to = self.header.palette.get(usize::from(n)).copied().unwrap_or_default();
            }
            return;
        }
        // Outside of a layer nothing is.
        let from = self.area.from() * size * n;
        let Some(row) = row.get_mut(from..) else { return };
        for (i, plane) in planes.iter().enumerate() {
            let stored = plane.chunks_exact(size).skip(self.area.skipped());
            for (pixel, from) in row.chunks_exact_mut(size * n).zip(stored) {
                let to = &mut pixel[i * size..(i + 1) * size];
                to.copy_from_slice(from);
                if cfg!(target_endian = "little") {
                    to.reverse();
                }
                // Photoshop has the middle of both hues as half of all; elsewhere it is 0 of a signed number.
                if self.props.color == Color::Lab
                    && i > 0
                    && let Some(high) = if cfg!(target_endian = "little") { to.last_mut() } else { to.first_mut() }
                {
                    *high ^= 0x80;
                }
                // Photoshop's 0 is all ink.
                if inverted {
                    to.iter_mut().for_each(|byte| *byte = !*byte);
                }
            }
        }
    }
}

impl Still for Picture {
    fn props(&mut self, call: &Call) -> Result<Props> {
        Ok(if info::is_indexed(self.mode, call) { info::indexed(&self.props) } else { self.props.clone() })
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let all = self.source.all(call.limits())?;
        let (planes, whole) = self.planes.decode(&all, &self.header, self.area, call)?;
        let stride = self.header.stride_of(self.area.width);
        let height = self.header.height;
        for y in 0..height {
            call.tick(y as u64, height as u64)?;
            let inner = self.area.row(y).filter(|&k| k < whole);
            to.fill(&[y], |row| {
                row.fill(0);
                if let Some(k) = inner {
                    let rows: Vec<&[u8]> =
                        planes.iter().map(|p| p.get(k * stride..(k + 1) * stride).unwrap_or_default()).collect();
                    self.expand(&rows, row);
                }
                Ok(())
            })?;
        }
        if whole >= self.area.height {
            return Ok(Outcome::Complete);
        }
        if !call.bool("allow_partial") {
            return Err(Error::corrupt(format!("the data end after {whole} of {} rows", self.area.height)));
        }
        Ok(Outcome::Partial)
    }

    fn meta(&mut self, call: &Call) -> Result<Dict> {
        let mut meta = Dict::new();
        if let Some(profile) = &self.header.profile {
            meta.set("icc_profile", profile.as_slice());
        }
        if let Some(name) = &self.name {
            meta.set("layer", name.as_str());
            let Area { top, left, height, width } = self.area;
            let bounds = [left, top, left + width as i64, top + height as i64];
            meta.set("bounds", bounds.into_iter().collect::<crate::model::List>());
        }
        let mut meta = info::finish(meta, self.mode, self.header.width, self.header.height);
        if self.mode == "P" {
            info::add_palette(&mut meta, &self.header.palette, call)?;
        }
        Ok(meta)
    }
}

impl Header {
    /// What the merged image is, and Pillow's name for its pixels.
    fn color(&self) -> Result<(Color, &'static str)> {
        let wide = |mode| {
            if self.depth == 16 {
                "I;16"
            } else if self.depth == 32 {
                "F"
            } else {
                mode
            }
        };
        let (color, mode) = match (self.mode, self.depth) {
            (0, 1) => (Color::Gray, "1"),
            // Of several inks the first is given, as in Pillow.
            (1 | 7 | 8, 8 | 16 | 32) => (Color::Gray, wide("L")),
            (2, 8) => (Color::Palette, "P"),
            (3, 8 | 16 | 32) if self.channels == 4 => (Color::Rgba, "RGBA"),
            (3, 8 | 16 | 32) => (Color::Rgb, "RGB"),
            (4, 8 | 16) => (Color::Cmyk, "CMYK"),
            (9, 8 | 16) => (Color::Lab, "LAB"),
            (mode, depth) => return Err(Error::unsupported(format!("a file of mode {mode} and {depth} bits"))),
        };
        if usize::from(self.channels) < color.samples().unwrap_or(1) {
            return Err(Error::corrupt(format!("{} channels are too few for {}", self.channels, color.name())));
        }
        Ok((color, mode))
    }

    fn dtype(&self, color: Color) -> DType {
        match self.depth {
            1 if color == Color::Gray => DType::Bool,
            16 => DType::U16,
            32 => DType::F32,
            _ => DType::U8,
        }
    }
}
