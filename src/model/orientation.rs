//! The one place where an orientation of EXIF's is applied: by turning the view that pixels are put into, so that
//! nothing is copied for it.

use super::{Axes, Props, Shape, ViewMut};

/// How an image is turned to be upright, EXIF's 2 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u32);

impl Orientation {
    /// EXIF's number for an image of these axes, if it changes anything.
    pub fn new(number: u32, axes: &Axes) -> Option<Orientation> {
        let found = (2..=8).contains(&number) && rows_and_columns(axes).is_some();
        found.then_some(Orientation(number))
    }

    /// EXIF's number.
    pub fn exif(self) -> u32 {
        self.0
    }

    fn swaps(self) -> bool {
        self.0 >= 5
    }

    /// The properties of the upright image.
    pub fn apply(self, props: &Props) -> Props {
        let mut upright = props.clone();
        upright.orientation = 1;
        upright.oriented = true;
        if let (true, Some((y, x))) = (self.swaps(), rows_and_columns(&props.axes)) {
            let mut shape = props.shape.to_vec();
            shape.swap(y, x);
            upright.shape = Shape::of(&shape);
            upright.spacing.swap(y, x);
        }
        upright
    }

    /// The view of an upright image as one of the stored image, whose axes are `axes`.
    pub fn stored<'a>(self, upright: ViewMut<'a>, axes: &Axes) -> Option<ViewMut<'a>> {
        let (y, x) = rows_and_columns(axes)?;
        match self.0 {
            2 => upright.flip(x),
            3 => upright.flip(x)?.flip(y),
            4 => upright.flip(y),
            5 => upright.swap(y, x),
            6 => upright.flip(x)?.swap(y, x),
            7 => upright.flip(x)?.flip(y)?.swap(y, x),
            _ => upright.flip(y)?.swap(y, x),
        }
    }
}

fn rows_and_columns(axes: &Axes) -> Option<(usize, usize)> {
    Some((axes.as_str().find('Y')?, axes.as_str().find('X')?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Color, DType};

    /// The upright image of the stored rows "01" and "23", read row by row.
    fn upright(orientation: u32) -> Vec<u8> {
        let mut stored = Props::pixels(3, 2, DType::U8, Color::Gray);
        stored.orientation = orientation;
        let turn = Orientation::new(stored.orientation, &stored.axes).unwrap();
        let shape = turn.apply(&stored).shape;
        let mut memory = vec![0; 6];
        let view = ViewMut::packed(&mut memory, 1, &shape).unwrap();
        let mut view = turn.stored(view, &stored.axes).unwrap();
        assert_eq!(view.shape(), [2, 3]);
        assert!(view.unpack(&[], &[0, 1, 2, 3, 4, 5]));
        memory
    }

    #[test]
    fn the_eight_orientations_are_those_of_exif() {
        assert_eq!(upright(2), [2, 1, 0, 5, 4, 3]);
        assert_eq!(upright(3), [5, 4, 3, 2, 1, 0]);
        assert_eq!(upright(4), [3, 4, 5, 0, 1, 2]);
        assert_eq!(upright(5), [0, 3, 1, 4, 2, 5]);
        assert_eq!(upright(6), [3, 0, 4, 1, 5, 2]);
        assert_eq!(upright(7), [5, 2, 4, 1, 3, 0]);
        assert_eq!(upright(8), [2, 5, 1, 4, 0, 3]);
    }
}
