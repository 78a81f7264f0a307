//! Frames composed to images, one after another, as Pillow composes them under the strategy that imageio chooses.
//! A player keeps the canvas; to go back is to start again.

use super::blocks::{Frame, Scanner, Screen};
use super::lzw::{Indices, Lzw};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Destination, Props};
use crate::plugin::{Call, Outcome};
use crate::resource::Source;

/// What all images of a file have in common.
#[derive(Clone, Copy)]
pub struct Format {
    pub width: usize,
    pub height: usize,
    /// Whether any image shows through, told by the first frame.
    pub has_alpha: bool,
}

impl Format {
    /// As the screen and the first frame say. The first frame may enlarge the screen, as in Pillow; later ones are
    /// cut, since the images of a file have one size.
    pub fn new(screen: &Screen, first: &Frame) -> Format {
        Format {
            width: screen.size.0.max(first.at.0 + first.size.0),
            height: screen.size.1.max(first.at.1 + first.size.1),
            has_alpha: first.transparent.is_some(),
        }
    }

    /// The properties of one image.
    pub fn props(&self) -> Props {
        let color = if self.has_alpha { Color::Rgba } else { Color::Rgb };
        Props::pixels(self.width, self.height, DType::U8, color)
    }

    fn samples(&self) -> usize {
        if self.has_alpha { 4 } else { 3 }
    }
}

/// A part of the canvas.
#[derive(Clone, Copy, Default)]
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// What is to be done to the canvas before the next frame.
enum Disposal {
    Keep,
    Fill(Area, [u8; 4]),
    /// The area becomes what `saved` holds.
    Restore(Area),
}

/// Colours by index.
pub type Table = [[u8; 4]; 256];

/// Decodes and composes, and shows the image that was composed last.
pub struct Player {
    source: Source,
    format: Format,
    scanner: Scanner,
    canvas: Vec<u8>,
    saved: Vec<u8>,
    disposal: Disposal,
    /// The first frame's transparent index, until a palette of a later frame ends what Pillow knows of it.
    first_transparent: Option<u8>,
    /// The blocks of the frame that was composed last.
    frame: Option<Frame>,
    /// Hundredths of a second before that frame.
    time: u64,
    /// Why the canvas is not what it should be: a pixel of some frame is missing.
    damage: Option<Error>,
    lzw: Lzw,
    indices: Indices,
}

impl Player {
    /// A player before the first image.
    pub fn new(source: Source, format: Format) -> Result<Player> {
        let scanner = Scanner::open(&source)?;
        Ok(Player {
            source,
            format,
            scanner,
            canvas: Vec::new(),
            saved: Vec::new(),
            disposal: Disposal::Keep,
            first_transparent: None,
            frame: None,
            time: 0,
            damage: None,
            lzw: Lzw::new(),
            indices: Indices::new(),
        })
    }

    /// How many images were composed; the last of them is shown.
    pub fn shown(&self) -> usize {
        self.scanner.passed()
    }

    /// Whether another frame follows.
    pub fn has_next(&mut self) -> Result<bool> {
        Ok(self.scanner.peek()?.is_some())
    }

    /// The blocks of the image that is shown, and the walk that found them.
    pub fn frame(&self) -> Option<(&Frame, &Scanner)> {
        Some((self.frame.as_ref()?, &self.scanner))
    }

    /// When the image that is shown begins, in hundredths of a second.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Composes up to this image and puts it into the destination.
    pub fn read(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        if index < self.shown().saturating_sub(1) {
            self.rewind()?;
        }
        while self.shown() <= index {
            self.advance(call)?;
        }
        if let Some(damage) = self.damage.as_ref().filter(|_| !call.bool("allow_partial")) {
            return Err(damage.clone());
        }
        self.put(to)?;
        Ok(if self.damage.is_some() { Outcome::Partial } else { Outcome::Complete })
    }

    fn put(&self, to: &mut Destination) -> Result<()> {
        if let Some(bytes) = to.direct(&[])
            && bytes.len() == self.canvas.len()
        {
            bytes.copy_from_slice(&self.canvas);
            return Ok(());
        }
        let row = (self.format.width * self.format.samples()).max(1);
        for (y, row) in self.canvas.chunks_exact(row).enumerate() {
            to.put(&[y], row)?;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<()> {
        let canvas = std::mem::take(&mut self.canvas);
        *self = Player { canvas, ..Player::new(self.source.clone(), self.format)? };
        Ok(())
    }

    /// Composes the next frame. What fails before the canvas is touched leaves the player as it was.
    fn advance(&mut self, call: &Call) -> Result<()> {
        let Some(frame) = self.scanner.peek()?.cloned() else {
            return Err(Error::index(format!("image {} of a file of {0}", self.shown())));
        };
        let damage = self.decode(&frame, call).inspect_err(|_| drop(self.scanner.back_to_data()))?;
        let table = table(frame.palette.as_deref().or(self.scanner.screen().palette.as_deref()));
        let index = self.shown();
        if index == 0 {
            self.begin(&frame, &table, call)?;
        }
        match self.format.has_alpha {
            true => self.compose::<4>(&frame, &table, index, call)?,
            false => self.compose::<3>(&frame, &table, index, call)?,
        }
        if self.damage.is_none() {
            self.damage = damage.map(|e| e.context(format_args!("frame {index}")));
        }
        let before = self.frame.as_ref().and_then(|frame| frame.delay).unwrap_or(0);
        self.time += u64::from(before);
        self.frame = self.scanner.pass();
        Ok(())
    }

    /// The indices of a frame by itself, as they are stored, and why some are missing.
    pub fn raw(&mut self, index: usize, call: &Call) -> Result<(Frame, &[u8], Option<Error>)> {
        if index < self.shown() {
            self.rewind()?;
        }
        loop {
            let Some(frame) = self.scanner.peek()?.cloned() else {
                return Err(Error::index(format!("image {index} of a file of {}", self.shown())));
            };
            if self.shown() == index {
                let damage = self.decode(&frame, call)?;
                return Ok((frame, self.indices.pixels(), damage));
            }
            self.scanner.pass();
        }
    }

    /// The palette for all frames that have none of their own.
    pub fn global_palette(&self) -> Option<&[u8]> {
        self.scanner.screen().palette.as_deref()
    }

    /// Decodes the indices of a frame; what it gives says why some are missing.
    fn decode(&mut self, frame: &Frame, call: &Call) -> Result<Option<Error>> {
        let total = frame.size.0 * frame.size.1;
        if call.limits().max_pixels.is_some_and(|most| total as u64 > most) {
            return Err(Error::limit(format!("a frame of {total} pixels is over the limit; raise max_pixels")));
        }
        call.limits().check_bytes(total)?;
        self.indices.reset(total);
        if let Err(e) = self.lzw.reset(frame.bits) {
            return Ok(Some(e));
        }
        self.scanner.back_to_data()?;
        let mut block = [0; 255];
        while let Some(data) = self.scanner.data(&mut block)? {
            call.tick(self.indices.pixels().len() as u64, total as u64)?;
            match self.lzw.feed(data, &mut self.indices) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) if e.kind() == ErrorKind::Corrupt => return Ok(Some(e)),
                Err(e) => return Err(e),
            }
        }
        if self.indices.is_complete() {
            return Ok(None);
        }
        let done = self.indices.pixels().len();
        Ok(Some(Error::corrupt(format!("the data end after {done} of {total} pixels"))))
    }

    /// What is behind the first frame: its transparent colour, or its first.
    fn begin(&mut self, frame: &Frame, table: &Table, call: &Call) -> Result<()> {
        let bytes = call.limits().check(&self.format.props())?;
        if self.canvas.len() != bytes {
            self.canvas = call.limits().allocate(bytes)?;
        }
        let mut behind = table[usize::from(frame.transparent.unwrap_or(0))];
        if frame.transparent.is_some() {
            behind[3] = 0;
        }
        let samples = self.format.samples();
        for pixel in self.canvas.chunks_exact_mut(samples) {
            pixel.copy_from_slice(&behind[..samples]);
        }
        Ok(())
    }

    fn compose<const N: usize>(&mut self, frame: &Frame, table: &Table, index: usize, call: &Call) -> Result<()> {
        let area = self.visible(frame);
        let saves = frame.disposal > 2 && index > 0;
        let bytes = area.width * area.height * N;
        if saves && self.saved.len() < bytes {
            // What the frame before saved may still be needed.
            let mut saved = call.limits().allocate(bytes)?;
            saved[..self.saved.len()].copy_from_slice(&self.saved);
            self.saved = saved;
        }
        let width = self.format.width;
        match self.disposal {
            Disposal::Keep => {}
            Disposal::Fill(area, colour) => {
                for row in rows::<N>(&mut self.canvas, width, area) {
                    row.as_chunks_mut::<N>().0.iter_mut().for_each(|p| p.copy_from_slice(&colour[..N]));
                }
            }
            Disposal::Restore(area) => {
                let saved = self.saved.chunks_exact((area.width * N).max(1));
                rows::<N>(&mut self.canvas, width, area).zip(saved).for_each(|(row, saved)| row.copy_from_slice(saved));
            }
        }
        self.disposal = self.dispose_next(frame, table, index, area);
        if saves {
            let saved = self.saved.chunks_exact_mut((area.width * N).max(1));
            rows::<N>(&mut self.canvas, width, area).zip(saved).for_each(|(row, saved)| saved.copy_from_slice(row));
        }
        draw::<N>(&mut self.canvas, width, area, frame, table, self.indices.pixels());
        Ok(())
    }

    /// The part of a frame that lies on the canvas.
    fn visible(&self, frame: &Frame) -> Area {
        let (x, y) = (frame.at.0.min(self.format.width), frame.at.1.min(self.format.height));
        let width = frame.size.0.min(self.format.width - x);
        Area { x, y, width, height: frame.size.1.min(self.format.height - y) }
    }

    /// What is to be done to this frame before the next one.
    fn dispose_next(&mut self, frame: &Frame, table: &Table, index: usize, area: Area) -> Disposal {
        let transparent = |i: u8| [table[usize::from(i)][0], table[usize::from(i)][1], table[usize::from(i)][2], 0];
        if index == 0 {
            self.first_transparent = frame.transparent;
        } else if frame.palette.as_deref().is_some_and(has_colours) {
            self.first_transparent = None;
        }
        match frame.disposal {
            0 | 1 => Disposal::Keep,
            2 => {
                let index = self.first_transparent.or(frame.transparent);
                let background = self.scanner.screen().background.unwrap_or(0);
                Disposal::Fill(area, index.map_or(table[usize::from(background)], transparent))
            }
            // Before the first frame there is nothing.
            _ if index == 0 => frame.transparent.map_or(Disposal::Keep, |i| Disposal::Fill(area, transparent(i))),
            _ => Disposal::Restore(area),
        }
    }
}

/// Whether a palette is more than a ramp of grays, which Pillow takes for no palette.
pub fn has_colours(palette: &[u8]) -> bool {
    palette.chunks_exact(3).enumerate().any(|(i, rgb)| rgb.iter().any(|&c| usize::from(c) != i))
}

/// The colours of a palette; without one, and behind its end, they are grays.
pub fn table(palette: Option<&[u8]>) -> Table {
    let mut table = [[255; 4]; 256];
    for (i, colour) in table.iter_mut().enumerate() {
        let gray = i as u8;
        *colour = [gray, gray, gray, 255];
    }
    for (colour, rgb) in table.iter_mut().zip(palette.unwrap_or(&[]).chunks_exact(3)) {
        colour[..3].copy_from_slice(rgb);
    }
    table
}

/// The rows of an area; none if they are empty.
fn rows<const N: usize>(canvas: &mut [u8], width: usize, area: Area) -> impl Iterator<Item = &mut [u8]> {
    let (from, to) = (area.x * N, (area.x + area.width) * N);
    let height = if area.width == 0 { 0 } else { area.height };
    let rows = canvas.chunks_exact_mut((width * N).max(1)).skip(area.y).take(height);
    rows.filter_map(move |row| row.get_mut(from..to))
}

/// Draws what was decoded; what is missing becomes zero.
fn draw<const N: usize>(canvas: &mut [u8], width: usize, area: Area, frame: &Frame, table: &Table, pixels: &[u8]) {
    let colours: [[u8; N]; 256] = std::array::from_fn(|i| std::array::from_fn(|c| table[i][c]));
    for stored in 0..frame.size.1 {
        let y = if frame.interlaced { interlaced_row(stored, frame.size.1) } else { stored };
        if y >= area.height {
            continue;
        }
        let one = Area { y: area.y + y, height: 1, ..area };
        let Some(row) = rows::<N>(canvas, width, one).next() else { continue };
        let from = pixels.get((stored * frame.size.0).min(pixels.len())..).unwrap_or(&[]);
        let (there, missing) = row.split_at_mut(from.len().min(area.width) * N);
        missing.fill(0);
        let (there, _) = there.as_chunks_mut::<N>();
        match frame.transparent {
            None => there.iter_mut().zip(from).for_each(|(pixel, &i)| *pixel = colours[usize::from(i)]),
            Some(t) => there.iter_mut().zip(from).filter(|(_, i)| **i != t).for_each(|(pixel, &i)| {
                *pixel = colours[usize::from(i)];
            }),
        }
    }
}

/// Where a row of an interlaced frame lies: every eighth comes first, then those halfway, and so on.
pub fn interlaced_row(stored: usize, height: usize) -> usize {
    let mut left = stored;
    for (first, step) in [(0, 8), (4, 8), (2, 4), (1, 2)] {
        let rows = height.saturating_sub(first).div_ceil(step);
        if left < rows {
            return first + left * step;
        }
        left -= rows;
    }
    height
}
