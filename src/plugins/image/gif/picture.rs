//! One frame as it will stand in the file: which part of the image, which colours, which indices.

use super::quantise::{Diffusion, Exact, Nearest, Rgb, palette};
use crate::error::Result;
use crate::plugin::Call;

/// A pixel: RGB, and alpha that is 0 or 255.
pub type Pixel = [u8; 4];

/// How colours are chosen.
#[derive(Clone, Copy)]
pub struct Choice {
    /// The most colours of a palette.
    pub most: usize,
    /// Whether what a palette cannot show is spread over the neighbours.
    pub dither: bool,
}

/// A rectangle of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// A frame, ready to be compressed.
pub struct Picture {
    pub area: Area,
    pub indices: Vec<u8>,
    pub colours: Vec<Rgb>,
    /// The index that shows what is behind: the one after the colours, or among those that are given.
    pub transparent: Option<u8>,
    /// The colour that readers keep for pixels that show what is behind; none where the palette is to stay as it is.
    behind: Option<Rgb>,
    /// Whether every pixel has just its colour.
    pub is_exact: bool,
}

/// A palette as it will stand in the file.
#[derive(Clone, Copy)]
pub struct Palette<'a> {
    pub colours: &'a [Rgb],
    /// The colour at the index behind them, for which there then is room.
    pub behind: Option<Rgb>,
}

impl Picture {
    /// The palette.
    pub fn palette(&self) -> Palette<'_> {
        Palette { colours: &self.colours, behind: self.behind }
    }

    /// Numbers of a palette as they are given.
    pub fn given(
        (width, height): (usize, usize),
        indices: Vec<u8>,
        colours: Vec<Rgb>,
        transparent: Option<u8>,
    ) -> Picture {
        let area = Area { x: 0, y: 0, width, height };
        Picture { area, indices, colours, transparent, behind: None, is_exact: true }
    }
}

/// The index behind the colours, if one is to show what is behind.
fn clear(shows_through: bool, colours: &[Rgb]) -> Option<u8> {
    if shows_through { u8::try_from(colours.len()).ok() } else { None }
}

/// How a frame is to be made.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub area: Area,
    /// An index shows what is behind, even if no pixel needs it.
    pub reserve: bool,
    /// Pixels that need not be drawn may be, where that leaves every colour as it is.
    pub may_draw_all: bool,
    /// The colours of the file; a frame that has no others needs no palette of its own.
    pub global: Option<&'a [Rgb]>,
    pub choice: Choice,
}

/// The image of which a frame is made.
pub struct Canvas<'a> {
    pub pixels: &'a [Pixel],
    pub width: usize,
    pub height: usize,
}

impl Canvas<'_> {
    /// The whole of it.
    pub fn area(&self) -> Area {
        Area { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The rows of a part, each with the place of its first pixel.
    fn rows(&self, area: Area) -> impl Iterator<Item = (usize, &[Pixel])> {
        (area.y..area.y + area.height).filter_map(move |y| {
            let from = y * self.width + area.x;
            Some((from, self.pixels.get(from..from + area.width)?))
        })
    }

    /// The smallest part that holds every pixel that is drawn; one pixel if none is.
    pub fn bounds(&self, is_drawn: impl Fn(usize, Pixel) -> bool) -> Area {
        let (mut left, mut right, mut top, mut bottom) = (self.width, 0, self.height, 0);
        for (y, (from, row)) in self.rows(self.area()).enumerate() {
            let drawn = |(x, &pixel): (usize, &Pixel)| is_drawn(from + x, pixel);
            if let Some(first) = row.iter().enumerate().position(drawn) {
                let last = row.iter().enumerate().rposition(drawn).unwrap_or(first);
                (left, right) = (left.min(first), right.max(last + 1));
                (top, bottom) = (top.min(y), y + 1);
            }
        }
        match right {
            0 => Area { x: 0, y: 0, width: 1, height: 1 },
            _ => Area { x: left, y: top, width: right - left, height: bottom - top },
        }
    }

    /// The colours of the pixels that are drawn.
    fn colours(&self, area: Area, is_drawn: impl Fn(usize, Pixel) -> bool) -> impl Iterator<Item = Rgb> {
        let rows = self.rows(area).flat_map(|(from, row)| row.iter().enumerate().map(move |(x, &p)| (from + x, p)));
        rows.filter(move |&(place, pixel)| is_drawn(place, pixel)).map(|(_, [r, g, b, _])| [r, g, b])
    }

    /// Whether the whole image has so few colours that they can all be shown.
    pub fn is_simple(&self, most: usize) -> bool {
        Exact::of(self.colours(self.area(), |_, pixel| pixel[3] != 0), most).is_some()
    }

    /// A frame, in which the pixels that are not drawn show what is behind.
    pub fn picture(&self, wish: Wish, is_drawn: impl Fn(usize, Pixel) -> bool + Copy, call: &Call) -> Result<Picture> {
        let Wish { area, choice, .. } = wish;
        let behind = self.colours(area, |place, pixel| !is_drawn(place, pixel)).next();
        let skips = behind.is_some();
        let behind = behind.unwrap_or_default();
        let shows_through = wish.reserve || skips;
        let most = choice.most.min(if shows_through { 255 } else { 256 });
        if let Some(exact) = Exact::of(self.colours(area, is_drawn), most) {
            let shared = wish.global.filter(|global| global.len() <= most).map(Exact::from_palette);
            let shared = shared.filter(|shared| exact.colours().iter().all(|&c| shared.place(c).is_some()));
            let picture = self.exact(area, is_drawn, shared.unwrap_or(exact), call)?;
            let transparent = clear(shows_through, &picture.colours);
            return Ok(Picture { transparent, behind: Some(behind), ..picture });
        }
        if wish.may_draw_all
            && skips
            && let Some(exact) = Exact::of(self.colours(area, |_, _| true), choice.most)
        {
            return self.exact(area, |_, _| true, exact, call);
        }
        let colours = palette(self.colours(area, is_drawn), most);
        let mut nearest = Nearest::new(&colours);
        let mut diffusion = Diffusion::new(if choice.dither { area.width } else { 0 });
        let mut row = 0;
        let indices = self.indices(area, is_drawn, colours.len(), call, |x, y, colour| {
            if !choice.dither {
                return nearest.place(colour);
            }
            for _ in row..y {
                diffusion.next_row();
            }
            row = y;
            diffusion.place(x, colour, &mut nearest)
        })?;
        let transparent = clear(shows_through, &colours);
        Ok(Picture { area, indices, colours, transparent, behind: Some(behind), is_exact: false })
    }

    fn exact(&self, area: Area, is_drawn: impl Fn(usize, Pixel) -> bool, exact: Exact, call: &Call) -> Result<Picture> {
        let mut last = None;
        let mut place = 0;
        let indices = self.indices(area, is_drawn, exact.colours().len(), call, |_, _, colour| {
            if last != Some(colour) {
                last = Some(colour);
                place = exact.place(colour).unwrap_or(0);
            }
            place
        })?;
        let colours = exact.colours().to_vec();
        Ok(Picture { area, indices, colours, transparent: None, behind: Some([0; 3]), is_exact: true })
    }

    fn indices(
        &self,
        area: Area,
        is_drawn: impl Fn(usize, Pixel) -> bool,
        transparent: usize,
        call: &Call,
        mut place: impl FnMut(usize, usize, Rgb) -> u8,
    ) -> Result<Vec<u8>> {
        let transparent = u8::try_from(transparent).unwrap_or(0);
        let mut indices = Vec::new();
        let bytes = area.width * area.height;
        call.limits().check_bytes(bytes)?;
        indices.try_reserve_exact(bytes).map_err(|_| crate::Error::out_of_memory(bytes))?;
        for (y, (from, row)) in self.rows(area).enumerate() {
            call.tick(y as u64, area.height as u64)?;
            for (x, &pixel) in row.iter().enumerate() {
                let [r, g, b, _] = pixel;
                indices.push(if is_drawn(from + x, pixel) { place(x, y, [r, g, b]) } else { transparent });
            }
        }
        Ok(indices)
    }
}
