//! Shapes, and the one function that computes sizes.

use super::DType;
use crate::error::{Error, Result};
use std::fmt;
use std::ops::Deref;
use strided::MAX_NDIM;

/// The lengths of an array's axes: at most [`MAX_NDIM`] of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    ndim: usize,
    dims: [usize; MAX_NDIM],
}

impl Shape {
    /// The shape with these axes. Leading axes of length 1 are dropped to fit; more than [`MAX_NDIM`]
    /// after that is unsupported.
    pub fn new(dims: &[usize]) -> Result<Shape> {
        let surplus = dims.len().saturating_sub(MAX_NDIM);
        if dims[..surplus].iter().any(|&n| n != 1) {
            return Err(Error::unsupported(format!("an array of shape {dims:?} has more than {MAX_NDIM} axes")));
        }
        Ok(Shape::of(&dims[surplus..]))
    }

    /// The shape with these axes.
    ///
    /// # Panics
    /// If there are more than [`MAX_NDIM`]: only for lists whose length the code states.
    pub fn of(dims: &[usize]) -> Shape {
        let mut shape = Shape { ndim: dims.len(), dims: [0; MAX_NDIM] };
        shape.dims[..dims.len()].copy_from_slice(dims);
        shape
    }

    /// The shape of `count` images of this shape on a new first axis.
    pub fn stacked(&self, count: usize) -> Result<Shape> {
        let mut dims = vec![count];
        dims.extend_from_slice(self);
        if dims.len() > MAX_NDIM {
            // A unit axis may go instead of the stack's own.
            let unit = dims[1..].iter().position(|&n| n == 1);
            match unit {
                Some(axis) => drop(dims.remove(axis + 1)),
                None => return Shape::new(&dims),
            }
        }
        Shape::new(&dims)
    }

    /// Number of items, if it can be counted.
    pub fn items(&self) -> Option<usize> {
        item_count(self)
    }
}

/// Number of items of a shape of any number of axes, if it can be counted.
pub fn item_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.dims[..self.ndim]
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (axis, n) in self.iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{n}")?;
        }
        f.write_str(if self.ndim == 1 { ",)" } else { ")" })
    }
}

/// Bytes of a packed array: the one place where a size is computed from numbers that a file gave.
/// A size that memory cannot address is over the limit, whatever the limits are.
pub fn byte_len(shape: &[usize], dtype: DType) -> Result<usize> {
    let mut bytes = Some(dtype.size());
    // An axis of length 0 must not hide that the others are absurd.
    for &n in shape {
        bytes = bytes.and_then(|b| b.checked_mul(n.max(1)));
    }
    match bytes {
        Some(bytes) if isize::try_from(bytes).is_ok() => Ok(if shape.contains(&0) { 0 } else { bytes }),
        _ => Err(Error::limit(format!("an array of shape {shape:?} and dtype {dtype} is too large to address"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_overflow_are_limits() {
        assert_eq!(byte_len(&[2, 3], DType::F32).unwrap(), 24);
        assert_eq!(byte_len(&[0, 3], DType::F32).unwrap(), 0);
        assert!(byte_len(&[usize::MAX, 2], DType::U8).is_err());
        assert!(byte_len(&[0, usize::MAX, 2], DType::U8).is_err());
    }

    #[test]
    fn unit_axes_are_dropped_to_fit() {
        assert_eq!(&*Shape::new(&[1, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap(), &[2, 3, 4, 5, 6, 7, 8, 9]);
        assert!(Shape::new(&[2, 1, 2, 3, 4, 5, 6, 7, 8]).is_err());
        assert_eq!(&*Shape::of(&[2, 1, 3, 1, 4, 5, 6, 7]).stacked(9).unwrap(), &[9, 2, 3, 1, 4, 5, 6, 7]);
    }
}
