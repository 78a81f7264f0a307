//! `ndarray` arrays as views and back, without a copy.

use crate::{Layout, MAX_NDIM, View};
use bytemuck::{AnyBitPattern, NoUninit};
use ndarray::{ArrayBase, ArrayViewD, Data, Dimension, IxDyn, ShapeBuilder};

impl<'a> View<'a> {
    /// An array with its own strides. `None` if it has too many axes.
    pub fn of_array<S: Data, D: Dimension>(array: &'a ArrayBase<S, D>) -> Option<View<'a>>
    where
        S::Elem: NoUninit,
    {
        let item = size_of::<S::Elem>();
        let mut strides = [0isize; MAX_NDIM];
        for (to, &step) in strides.get_mut(..array.ndim())?.iter_mut().zip(array.strides()) {
            *to = step.checked_mul(isize::try_from(item).ok()?)?;
        }
        let layout = Layout::strided(item, array.shape(), &strides[..array.ndim()])?;
        // SAFETY: the array owns or borrows all its elements for 'a; they have no uninitialised bytes.
        Some(unsafe { View::from_raw(array.as_ptr().cast(), layout) })
    }

    /// The view as an `ndarray` view. `None` if it is not aligned, or a stride is no multiple of the item.
    pub fn to_array<T: AnyBitPattern>(&self) -> Option<ArrayViewD<'a, T>> {
        let layout = self.layout();
        if layout.item() != size_of::<T>() || !(self.base() as usize).is_multiple_of(align_of::<T>()) {
            return None;
        }
        let item = size_of::<T>() as isize;
        // ndarray takes only positive strides here; negative ones are flipped behind it.
        let mut base = self.base();
        let mut steps = Vec::new();
        for (&n, &step) in layout.shape().iter().zip(layout.strides()) {
            if step % item != 0 {
                return None;
            }
            if step < 0 && n > 0 {
                base = base.wrapping_offset(step * (n as isize - 1));
            }
            steps.push((step / item).unsigned_abs());
        }
        if layout.is_empty() {
            return ArrayViewD::from_shape(IxDyn(layout.shape()), &[]).ok();
        }
        // SAFETY: the maker of the view promised its items, which these positive strides from its lowest address
        // reach exactly; they are aligned, and any bytes are a T.
        let mut array =
            unsafe { ArrayViewD::from_shape_ptr(IxDyn(layout.shape()).strides(IxDyn(&steps)), base.cast::<T>()) };
        for (axis, &step) in layout.strides().iter().enumerate() {
            if step < 0 {
                array.invert_axis(ndarray::Axis(axis));
            }
        }
        Some(array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn arrays_go_both_ways_without_a_copy() {
        let array = Array2::from_shape_fn((3, 4), |(y, x)| (10 * y + x) as u16);
        let part = array.slice(s![..;-1, 1..;2]);
        let view = View::of_array(&part).unwrap();
        assert_eq!(view.base(), part.as_ptr().cast::<u8>());
        let back = view.to_array::<u16>().unwrap();
        assert_eq!(back, part.into_dyn());
    }

    #[test]
    fn strides_that_are_no_multiple_stay_ours() {
        let bytes = [0u8; 16];
        let layout = Layout::strided(2, &[2, 2], &[5, 2]).unwrap();
        // SAFETY: the items are inside `bytes`.
        let view = unsafe { View::from_raw(bytes.as_ptr(), layout) };
        assert!(view.to_array::<u16>().is_none());
    }
}
