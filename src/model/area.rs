//! A part of an image: what the option `region` asks for.

use super::{Orientation, Value};
use crate::error::{Error, Result};
use std::ops::Range;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its first column.
    pub x: usize,
    /// Its first row.
    pub y: usize,
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
}

impl Area {
    /// All of an image.
    pub fn all(width: usize, height: usize) -> Area {
        Area { x: 0, y: 0, width, height }
    }

    /// The value of the option: a list of x, y, width and height, or these as text.
    pub fn from_option(value: &Value) -> Result<Area> {
        let wrong =
            || Error::option("option \"region\" is x, y, width and height, four whole numbers; a region has pixels");
        let numbers = match value.as_str() {
            Some(text) => {
                let inner = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
                inner.split(',').map(|n| n.trim().parse::<usize>().ok()).collect::<Option<Vec<_>>>()
            }
            None => value.as_floats().and_then(|numbers| {
                let whole = |n: &f64| (n.fract() == 0.0 && (0.0..9e15).contains(n)).then_some(*n as usize);
                numbers.iter().map(whole).collect()
            }),
        };
        match numbers.as_deref() {
            Some(&[x, y, width, height]) if width > 0 && height > 0 => Ok(Area { x, y, width, height }),
            _ => Err(wrong()),
        }
    }

    /// Refuses one that is not inside an image of this size.
    pub fn check(&self, width: usize, height: usize) -> Result<()> {
        let inside = |at: usize, len: usize, of: usize| at.checked_add(len).is_some_and(|end| end <= of);
        if inside(self.x, self.width, width) && inside(self.y, self.height, height) {
            return Ok(());
        }
        let Area { x, y, width: w, height: h } = self;
        Err(Error::option(format!("option \"region\": {w} x {h} pixels at {x}, {y} are not inside {width} x {height}")))
    }

    /// Its rows.
    pub fn rows(&self) -> Range<usize> {
        self.y..self.y.saturating_add(self.height)
    }

    /// The same pixels of an image that this one was made of by taking `n` times `n` together, whose size is given.
    pub fn enlarged(&self, n: usize, width: usize, height: usize) -> Area {
        let (x, y) = (self.x.saturating_mul(n).min(width), self.y.saturating_mul(n).min(height));
        Area {
            x,
            y,
            width: self.width.saturating_mul(n).min(width - x),
            height: self.height.saturating_mul(n).min(height - y),
        }
    }

    /// The same pixels in the stored image, of an area of the upright one, whose size is given.
    pub fn stored(&self, turn: Orientation, width: usize, height: usize) -> Area {
        let Area { x, y, width: w, height: h } = *self;
        let (from_right, from_bottom) = (width.saturating_sub(x + w), height.saturating_sub(y + h));
        let (x, y, w, h) = match turn.exif() {
            2 => (from_right, y, w, h),
            3 => (from_right, from_bottom, w, h),
            4 => (x, from_bottom, w, h),
            5 => (y, x, h, w),
            6 => (y, from_right, h, w),
            7 => (from_bottom, from_right, h, w),
            8 => (from_bottom, x, h, w),
            _ => (x, y, w, h),
        };
        Area { x, y, width: w, height: h }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{List, Props};

    #[test]
    fn a_region_is_four_numbers() {
        let area = Area { x: 1, y: 2, width: 3, height: 4 };
        assert_eq!(Area::from_option(&"1,2, 3,4".into()).unwrap(), area);
        assert_eq!(Area::from_option(&[1, 2, 3, 4].into_iter().collect::<List>().into()).unwrap(), area);
        for bad in ["", "1,2,3", "1,2,3,0", "1,2,-3,4", "1,2,3,4,5", "a,b,c,d", "1.5,2,3,4"] {
            assert!(Area::from_option(&bad.into()).is_err(), "{bad}");
        }
        assert!(area.check(4, 6).is_ok() && area.check(3, 6).is_err() && area.check(4, 5).is_err());
        assert!(Area { x: usize::MAX, ..area }.check(4, 6).is_err());
    }

    #[test]
    fn areas_turn_with_their_image() {
        // The upright image of 3 x 2 stored pixels, by their numbers; the pixel at (1, 0) of it has to be found.
        for orientation in 2..=8 {
            let mut stored = Props::pixels(3, 2, crate::model::DType::U8, crate::model::Color::Gray);
            stored.orientation = orientation;
            let turn = Orientation::new(stored.orientation, &stored.axes).unwrap();
            let shape = turn.apply(&stored).shape;
            let mut memory = vec![0; 6];
            let view = crate::model::ViewMut::packed(&mut memory, 1, &shape).unwrap();
            assert!(turn.stored(view, &stored.axes).unwrap().unpack(&[], &[0, 1, 2, 3, 4, 5]));
            for (at, &number) in memory.iter().enumerate() {
                let pixel = Area { x: at % shape[1], y: at / shape[1], width: 1, height: 1 };
                let found = pixel.stored(turn, shape[1], shape[0]);
                assert_eq!((found.x, found.y), (usize::from(number) % 3, usize::from(number) / 3), "{orientation}");
            }
        }
    }
}
