//! Playing an animation: each frame is laid on what those before it left, as Pillow does it.

use super::File;
use super::pixels::{self, Spliced, failure};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Destination;
use crate::plugin::{Call, Outcome};
use png::{BlendOp, DisposeOp, FrameControl};
use std::ops::Range;
use std::sync::Arc;

/// Decodes frames one after another, and from the start again to go back.
pub struct Player {
    file: Arc<File>,
    decoder: Option<png::Reader<Spliced>>,
    /// The image as it stands, of which `shown` was the last frame.
    canvas: Vec<u8>,
    shown: Option<usize>,
    /// What is to be done before the next frame.
    disposal: Disposal,
    /// Frames are drawn by themselves, not on what those before left.
    raw: bool,
    /// Where the frame lies that was shown last.
    area: Area,
    /// Where decoding failed for good: the frame, the row up to which the canvas is right, and why.
    failed: Option<(usize, usize, Error)>,
}

/// What becomes of a frame when the next one comes.
enum Disposal {
    Stays,
    Blank(Area),
    /// The bytes of the area as they were before.
    Restore(Area, Vec<u8>),
}

/// A part of the canvas.
#[derive(Clone, Copy)]
struct Area {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Area {
    /// The bytes of its `i`th row in a canvas with rows of `stride` bytes.
    fn row(&self, i: usize, stride: usize, pixel: usize) -> Range<usize> {
        let at = (self.y + i) * stride + self.x * pixel;
        at..at + self.width * pixel
    }
}

impl Player {
    /// A player before the first frame.
    pub fn new(file: Arc<File>) -> Player {
        let (area, disposal) = (Area { x: 0, y: 0, width: 0, height: 0 }, Disposal::Stays);
        Player { file, decoder: None, canvas: Vec::new(), shown: None, disposal, raw: false, area, failed: None }
    }

    /// A player that draws frames by themselves.
    pub fn raw(file: Arc<File>) -> Player {
        Player { raw: true, ..Player::new(file) }
    }

    /// Gives a frame by itself, of which nothing may be missing.
    pub fn read_raw(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        if self.shown.is_some_and(|shown| shown > index) {
            *self = Player::raw(self.file.clone());
        }
        while self.shown != Some(index) {
            let frame = self.shown.map_or(0, |shown| shown + 1);
            if let Err((_, e)) = self.advance(frame, call) {
                *self = Player::raw(self.file.clone());
                return Err(e);
            }
        }
        let pixel = self.file.rows.pixel();
        let stride = self.file.header.width as usize * pixel;
        for y in 0..self.area.height {
            to.put(&[y], &self.canvas[self.area.row(y, stride, pixel)])?;
        }
        Ok(Outcome::Complete)
    }

    /// Gives a frame.
    pub fn read(&mut self, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
        if to.shape() != &*self.file.rows.props.shape {
            return Err(Error::internal("the destination has not the shape that was promised"));
        }
        if self.shown.is_some_and(|shown| shown > index) || self.failed.as_ref().is_some_and(|f| f.0 > index) {
            *self = Player::new(self.file.clone());
        }
        while self.shown != Some(index) && self.failed.is_none() {
            let frame = self.shown.map_or(0, |shown| shown + 1);
            if let Err((row, e)) = self.advance(frame, call) {
                if e.kind() != ErrorKind::Corrupt {
                    // A call that was cancelled may be made again.
                    *self = Player::new(self.file.clone());
                    return Err(e);
                }
                (self.decoder, self.failed) = (None, Some((frame, row, e)));
            }
        }
        match &self.failed {
            Some((frame, row, _)) if self.shown != Some(index) && call.bool("allow_partial") => {
                // Of frames behind the damaged one nothing is known.
                let good = if *frame == index { *row } else { 0 };
                if good > 0 {
                    to.put(&[], &self.canvas)?;
                }
                to.zero_from(good)?;
                Ok(Outcome::Partial)
            }
            Some((_, _, e)) if self.shown != Some(index) => Err(e.clone()),
            _ => to.put(&[], &self.canvas).map(|()| Outcome::Complete),
        }
    }

    /// Decodes the next frame onto the canvas; if that fails, the row up to which it is right.
    fn advance(&mut self, frame: usize, call: &Call) -> Result<(), (usize, Error)> {
        let control = self.begin(frame, call).map_err(|e| (0, e))?;
        let (header, rows) = (&self.file.header, &self.file.rows);
        let pixel = rows.pixel();
        let stride = header.width as usize * pixel;
        let area = match &control {
            Some(c) => Area {
                x: c.x_offset as usize,
                y: c.y_offset as usize,
                width: c.width as usize,
                height: c.height as usize,
            },
            None => Area { x: 0, y: 0, width: header.width as usize, height: header.height as usize },
        };
        self.area = area;
        self.disposal = match control.map(|c| c.dispose_op) {
            _ if self.raw => Disposal::Stays,
            // There is nothing before the first frame to go back to.
            Some(DisposeOp::Previous) if frame > 0 => {
                let mut before = call.limits().allocate(area.width * area.height * pixel).map_err(|e| (0, e))?;
                for (i, row) in before.chunks_exact_mut(area.width * pixel).enumerate() {
                    row.copy_from_slice(&self.canvas[area.row(i, stride, pixel)]);
                }
                Disposal::Restore(area, before)
            }
            Some(DisposeOp::Background | DisposeOp::Previous) => Disposal::Blank(area),
            Some(DisposeOp::None) | None => Disposal::Stays,
        };
        let over = frame > 0 && !self.raw && control.is_some_and(|c| c.blend_op == BlendOp::Over);
        self.draw(area, over, call)?;
        self.shown = Some(frame);
        Ok(())
    }

    /// Disposes of the last frame and goes to the pixels of the next; what the file says of it.
    fn begin(&mut self, frame: usize, call: &Call) -> Result<Option<FrameControl>> {
        let (header, rows) = (&self.file.header, &self.file.rows);
        let pixel = rows.pixel();
        let stride = header.width as usize * pixel;
        match std::mem::replace(&mut self.disposal, Disposal::Stays) {
            Disposal::Stays => {}
            Disposal::Blank(area) => {
                let blank = rows.blank();
                for i in 0..area.height {
                    let row = &mut self.canvas[area.row(i, stride, pixel)];
                    row.chunks_exact_mut(pixel).for_each(|to| to.copy_from_slice(&blank));
                }
            }
            Disposal::Restore(area, before) => {
                for (i, row) in before.chunks_exact(area.width * pixel).enumerate() {
                    self.canvas[area.row(i, stride, pixel)].copy_from_slice(row);
                }
            }
        }
        if frame == 0 {
            self.canvas = call.limits().allocate(rows.props.nbytes()?)?;
            let decoder = pixels::decoder(&self.file.source, header, false, call)?;
            let control = decoder.info().frame_control;
            self.decoder = Some(decoder);
            return Ok(control);
        }
        let decoder = self.decoder.as_mut().ok_or_else(|| Error::internal("the player has no decoder"))?;
        decoder.next_frame_info().map(|control| Some(*control)).map_err(failure)
    }

    /// Decodes the frame's rows onto their part of the canvas.
    fn draw(&mut self, area: Area, over: bool, call: &Call) -> Result<(), (usize, Error)> {
        let rows = &self.file.rows;
        let pixel = rows.pixel();
        let stride = self.file.header.width as usize * pixel;
        let len = area.width * pixel;
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let nothing = |e: Error| (0, e);
        if self.file.header.interlaced {
            let mut image = call.limits().allocate(len * area.height).map_err(nothing)?;
            pixels::passes(decoder, area.width as u32, area.height as u32, rows, call, &mut image).map_err(nothing)?;
            for (i, row) in image.chunks_exact(len).enumerate() {
                let to = &mut self.canvas[area.row(i, stride, pixel)];
                if over { rows.lay_over(row, to) } else { to.copy_from_slice(row) }
            }
            return Ok(());
        }
        let mut row = call.limits().allocate(if over { len } else { 0 }).map_err(nothing)?;
        for i in 0..area.height {
            let at = |e: Error| (area.y + i, e);
            call.tick(i as u64, area.height as u64).map_err(at)?;
            let to = &mut self.canvas[area.row(i, stride, pixel)];
            if over {
                pixels::next_row(decoder, rows, &mut row).map_err(at)?;
                rows.lay_over(&row, to);
            } else {
                pixels::next_row(decoder, rows, to).map_err(at)?;
            }
        }
        Ok(())
    }
}
