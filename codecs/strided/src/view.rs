//! Views: a base address, a layout and a lifetime.

use crate::Layout;
use crate::copy::copy_strip;
use crate::gather::Gather;
use std::marker::PhantomData;

/// A shared view of an array.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    base: *const u8,
    layout: Layout,
    lives: PhantomData<&'a [u8]>,
}

/// An exclusive view of an array whose items do not overlap. The memory may be uninitialised: it is
/// handed out as bytes to be written, never read before that.
#[derive(Debug)]
pub struct ViewMut<'a> {
    base: *mut u8,
    layout: Layout,
    lives: PhantomData<&'a mut [u8]>,
}

// SAFETY: a View is a shared borrow of bytes, and a ViewMut an exclusive one, like `&[u8]` and `&mut [u8]`.
unsafe impl Send for View<'_> {}
// SAFETY: as above; nothing in a View can be changed through it.
unsafe impl Sync for View<'_> {}
// SAFETY: as above.
unsafe impl Send for ViewMut<'_> {}
// SAFETY: a shared ViewMut gives nothing but its layout.
unsafe impl Sync for ViewMut<'_> {}

impl<'a> View<'a> {
    /// # Safety
    /// `base` is the address of the item at index 0, and every item of `layout` around it is readable
    /// and unchanged for `'a`.
    pub unsafe fn from_raw(base: *const u8, layout: Layout) -> View<'a> {
        View { base, layout, lives: PhantomData }
    }

    /// Packed items. `None` if `bytes` is not exactly as long as the shape asks for.
    pub fn packed(bytes: &'a [u8], item: usize, shape: &[usize]) -> Option<View<'a>> {
        let layout = Layout::contiguous(item, shape)?;
        (layout.packed_len() == bytes.len()).then_some(View { base: bytes.as_ptr(), layout, lives: PhantomData })
    }

    /// Where the items lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// The address of the item at index 0.
    pub fn base(&self) -> *const u8 {
        self.base
    }

    /// The bytes, if they are packed.
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        self.row(&[])
    }

    /// The bytes behind the leading indices, if those are packed and inside the shape.
    pub fn row(&self, index: &[usize]) -> Option<&'a [u8]> {
        let inner = self.layout.inner(index.len());
        if inner.is_empty() {
            return Some(&[]);
        }
        let at = self.layout.offset(index)?;
        if !inner.is_contiguous() {
            return None;
        }
        // SAFETY: the maker of the view promised every item; `at` and the packed bytes behind it are items.
        Some(unsafe { std::slice::from_raw_parts(self.base.offset(at), inner.packed_len()) })
    }

    /// The view behind one index of the first axis.
    pub fn at(&self, i: usize) -> Option<View<'a>> {
        let at = self.layout.offset(&[i])?;
        let layout = self.layout.inner(1);
        let at = if layout.is_empty() { 0 } else { at };
        Some(View { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// `axis` cut to `len` places from `start`.
    pub fn cut(&self, axis: usize, start: usize, len: usize) -> Option<View<'a>> {
        let (layout, at) = self.layout.cut(axis, start, len)?;
        Some(View { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// `axis` in the opposite order.
    pub fn flip(&self, axis: usize) -> Option<View<'a>> {
        let (layout, at) = self.layout.flip(axis)?;
        Some(View { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// The same memory with an axis of length 1 put before `axis`.
    pub fn insert(&self, axis: usize) -> Option<View<'a>> {
        Some(View { layout: self.layout.insert(axis)?, ..*self })
    }

    /// Packs the items into `out`. `false`, and nothing done, if `out` has another length.
    pub fn pack(&self, out: &mut [u8]) -> bool {
        if out.len() != self.layout.packed_len() {
            return false;
        }
        self.layout.strips(|strip| {
            // SAFETY: the maker of the view promised every item, and `strips` visits items only, which in `out` are
            // packed: it has the bytes of all of them. They are exclusively ours, so that the two do not overlap.
            unsafe {
                let from = (self.base.offset(strip.at), strip.step);
                let to = (out.as_mut_ptr().add(strip.packed), strip.packed_step as isize);
                copy_strip(from, to, strip.count, strip.bytes);
            }
        });
        true
    }
}

impl<'a> ViewMut<'a> {
    /// `None` if two items share a byte.
    ///
    /// # Safety
    /// `base` is the address of the item at index 0; every item of `layout` around it is writable, and
    /// nobody else reads or writes it, for `'a`.
    pub unsafe fn from_raw(base: *mut u8, layout: Layout) -> Option<ViewMut<'a>> {
        layout.is_disjoint().then_some(ViewMut { base, layout, lives: PhantomData })
    }

    /// Packed items. `None` if `bytes` is not exactly as long as the shape asks for.
    pub fn packed(bytes: &'a mut [u8], item: usize, shape: &[usize]) -> Option<ViewMut<'a>> {
        let layout = Layout::contiguous(item, shape)?;
        (layout.packed_len() == bytes.len()).then_some(ViewMut { base: bytes.as_mut_ptr(), layout, lives: PhantomData })
    }

    /// Where the items lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// The address of the item at index 0.
    pub fn base(&mut self) -> *mut u8 {
        self.base
    }

    /// The same view for a shorter time.
    pub fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut { base: self.base, layout: self.layout, lives: PhantomData }
    }

    /// The same items, shared. Only for memory that has been written.
    pub fn as_view(&self) -> View<'_> {
        View { base: self.base, layout: self.layout, lives: PhantomData }
    }

    /// The bytes, if they are packed.
    pub fn as_bytes(&mut self) -> Option<&mut [u8]> {
        self.row(&[])
    }

    /// The bytes behind the leading indices, if those are packed and inside the shape.
    pub fn row(&mut self, index: &[usize]) -> Option<&mut [u8]> {
        let inner = self.layout.inner(index.len());
        if inner.is_empty() {
            return Some(&mut []);
        }
        let at = self.layout.offset(index)?;
        if !inner.is_contiguous() {
            return None;
        }
        // SAFETY: the maker promised every item to us alone; `at` and the packed bytes behind it are items,
        // and the result borrows this view.
        Some(unsafe { std::slice::from_raw_parts_mut(self.base.offset(at), inner.packed_len()) })
    }

    /// The view behind one index of the first axis.
    pub fn at(self, i: usize) -> Option<ViewMut<'a>> {
        let at = self.layout.offset(&[i])?;
        let layout = self.layout.inner(1);
        let at = if layout.is_empty() { 0 } else { at };
        Some(ViewMut { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// `axis` cut to `len` places from `start`.
    pub fn cut(self, axis: usize, start: usize, len: usize) -> Option<ViewMut<'a>> {
        let (layout, at) = self.layout.cut(axis, start, len)?;
        Some(ViewMut { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// The parts of `axis` before and from `start`: two views that share no byte.
    pub fn split(self, axis: usize, start: usize) -> Option<(ViewMut<'a>, ViewMut<'a>)> {
        let n = *self.shape().get(axis)?;
        let (head, _) = self.layout.cut(axis, 0, start)?;
        let (tail, at) = self.layout.cut(axis, start, n - start)?;
        let behind = ViewMut { base: self.base.wrapping_offset(at), layout: tail, lives: PhantomData };
        Some((ViewMut { base: self.base, layout: head, lives: PhantomData }, behind))
    }

    /// `axis` in the opposite order.
    pub fn flip(self, axis: usize) -> Option<ViewMut<'a>> {
        let (layout, at) = self.layout.flip(axis)?;
        Some(ViewMut { base: self.base.wrapping_offset(at), layout, lives: PhantomData })
    }

    /// Two axes exchanged.
    pub fn swap(self, a: usize, b: usize) -> Option<ViewMut<'a>> {
        let layout = self.layout.swap(a, b)?;
        Some(ViewMut { base: self.base, layout, lives: PhantomData })
    }

    /// The same memory with an axis of length 1 put before `axis`.
    pub fn insert(self, axis: usize) -> Option<ViewMut<'a>> {
        Some(ViewMut { layout: self.layout.insert(axis)?, base: self.base, lives: PhantomData })
    }

    /// Puts packed items into their places behind the leading indices. `false`, and nothing done, if
    /// `packed` has another length or the index is outside the shape.
    pub fn unpack(&mut self, index: &[usize], packed: &[u8]) -> bool {
        let Some(base) = self.layout.offset(index) else { return false };
        self.unpack_at(base, &self.layout.inner(index.len()), packed)
    }

    /// Puts packed items into `count` places, from `first` on, of the axis that follows the leading indices. Of a single
    /// item, `first` is 0 and `count` 1. `false`, and nothing done, where they do not fit.
    pub fn unpack_rows(&mut self, index: &[usize], first: usize, count: usize, packed: &[u8]) -> bool {
        let Some(base) = self.layout.offset(index) else { return false };
        let inner = self.layout.inner(index.len());
        match inner.cut(0, first, count) {
            Some((rows, at)) => self.unpack_at(base + at, &rows, packed),
            None => inner.ndim() == 0 && (first, count) == (0, 1) && self.unpack_at(base, &inner, packed),
        }
    }

    /// As [`unpack_rows`](Self::unpack_rows), of packed items of `item` bytes, from which `convert` makes the view's items:
    /// it is handed the bytes of some, and as many places.
    pub fn convert_rows(
        &mut self,
        index: &[usize],
        rows: std::ops::Range<usize>,
        item: usize,
        packed: &[u8],
        mut convert: impl FnMut(&[u8], &mut [u8]),
    ) -> bool {
        let Some(base) = self.layout.offset(index) else { return false };
        let inner = self.layout.inner(index.len());
        let (inner, at) = match inner.cut(0, rows.start, rows.len()) {
            Some(cut) => cut,
            None if inner.ndim() == 0 && rows == (0..1) => (inner, 0),
            None => return false,
        };
        if item == 0 || packed.len() / item != inner.len() || !packed.len().is_multiple_of(item) {
            return false;
        }
        if inner.is_contiguous() && !inner.is_empty() {
            // SAFETY: the maker promised every item to us alone, and these stand one behind the other.
            let to = unsafe { std::slice::from_raw_parts_mut(self.base.offset(base + at), inner.packed_len()) };
            convert(packed, to);
            return true;
        }
        let mut gather = Gather::new(packed, item, self.base.wrapping_offset(base + at), self.layout.item(), convert);
        inner.strips(|strip| gather.take(strip));
        gather.flush();
        true
    }

    fn unpack_at(&mut self, base: isize, inner: &Layout, packed: &[u8]) -> bool {
        if packed.len() != inner.packed_len() {
            return false;
        }
        if inner.has_short_columns() {
            let mut gather = Gather::same(packed, self.base.wrapping_offset(base), inner.item());
            inner.strips(|strip| gather.take(strip));
            gather.flush();
            return true;
        }
        inner.strips(|strip| {
            // SAFETY: the maker promised every item to us alone, and `strips` visits items only, which in `packed` stand
            // one behind the other: it has the bytes of all of them.
            unsafe {
                let from = (packed.as_ptr().add(strip.packed), strip.packed_step as isize);
                let to = (self.base.offset(base + strip.at), strip.step);
                copy_strip(from, to, strip.count, strip.bytes);
            }
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_a_transposed_view_gives_the_transposed_items() {
        let data: Vec<u8> = (0..6).collect();
        let layout = Layout::strided(1, &[3, 2], &[1, 3]).unwrap();
        // SAFETY: the six bytes of `data` outlive the view.
        let view = unsafe { View::from_raw(data.as_ptr(), layout) };
        let mut out = [0; 6];
        assert!(view.pack(&mut out));
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn unpacking_into_a_flipped_padded_view_leaves_the_padding_alone() {
        let mut data = [9u8; 8];
        let layout = Layout::strided(1, &[2, 3], &[4, 1]).unwrap();
        // SAFETY: the eight bytes of `data` outlive the view and are not used meanwhile.
        let view = unsafe { ViewMut::from_raw(data.as_mut_ptr(), layout) }.unwrap();
        let mut view = view.flip(0).unwrap();
        assert!(view.unpack(&[], &[1, 2, 3, 4, 5, 6]));
        assert_eq!(data, [4, 5, 6, 9, 1, 2, 3, 9]);
    }

    #[test]
    fn items_keep_their_places_in_every_order_of_the_axes() {
        // Longer than a block along the finest axis, with items of each spelled length.
        let shape = [300usize, 5, 3];
        for item in [1usize, 2, 3, 4, 6, 8, 16] {
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                let mut strides = [0isize; 3];
                let mut step = item as isize;
                for axis in order {
                    strides[axis] = step;
                    step *= shape[axis] as isize;
                }
                let count: usize = shape.iter().product();
                let packed: Vec<u8> = (0..count * item).map(|i| (i * 7 + i / 251) as u8).collect();
                let mut memory = vec![0u8; count * item];
                let layout = Layout::strided(item, &shape, &strides).unwrap();
                // SAFETY: `memory` has all items, and is not used while the view lives.
                let mut view = unsafe { ViewMut::from_raw(memory.as_mut_ptr(), layout) }.unwrap();
                assert!(view.unpack(&[], &packed));
                let mut back = vec![0; packed.len()];
                assert!(view.as_view().pack(&mut back));
                assert_eq!(back, packed, "items of {item}, axes {order:?}");
                for (i, run) in packed.chunks(item).enumerate() {
                    let index = [i / 15, i / 3 % 5, i % 3];
                    let at = layout.offset(&index).unwrap() as usize;
                    assert_eq!(&memory[at..at + item], run, "items of {item}, axes {order:?}, {index:?}");
                }
            }
        }
    }

    #[test]
    fn items_of_another_size_are_converted_into_their_places() {
        // Longer than a block and shorter, in every order of the axes and downwards, from items of 1 to 4 bytes to those of 1 to 16.
        for shape in [[300usize, 5, 3], [3, 300, 5], [9, 8, 8], [64, 33, 1], [1, 1, 700]] {
            for (item, size) in [(1usize, 1usize), (1, 4), (1, 8), (1, 16), (2, 8), (4, 1), (3, 2)] {
                for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                    for turned in [false, true] {
                        let mut strides = [0isize; 3];
                        let mut step = size as isize;
                        for axis in order {
                            strides[axis] = step;
                            step *= shape[axis] as isize;
                        }
                        let count: usize = shape.iter().product();
                        let packed: Vec<u8> = (0..count * item).map(|i| (i * 7 + i / 251) as u8).collect();
                        let mut memory = vec![0u8; count * size];
                        let layout = Layout::strided(size, &shape, &strides).unwrap();
                        // SAFETY: `memory` has all items, and is not used while the view lives.
                        let mut view = unsafe { ViewMut::from_raw(memory.as_mut_ptr(), layout) }.unwrap();
                        if turned {
                            view = view.flip(0).unwrap();
                        }
                        let make = |from: &[u8], to: &mut [u8]| {
                            assert_eq!(from.len() / item, to.len() / size);
                            for (to, from) in to.chunks_exact_mut(size).zip(from.chunks_exact(item)) {
                                to.fill(from.iter().fold(0, |n, b| n ^ b));
                            }
                        };
                        let middle = shape[0] / 2;
                        let row = packed.len() / shape[0];
                        assert!(view.convert_rows(&[], 0..middle, item, &packed[..middle * row], make));
                        assert!(view.convert_rows(&[], middle..shape[0], item, &packed[middle * row..], make));
                        let made: Vec<u8> =
                            packed.chunks(item).flat_map(|b| vec![b.iter().fold(0, |n, b| n ^ b); size]).collect();
                        let mut back = vec![0; made.len()];
                        assert!(view.as_view().pack(&mut back));
                        assert!(back == made, "{shape:?}, items of {item} and {size}, axes {order:?}, turned {turned}");
                    }
                }
            }
        }
    }

    #[test]
    fn packed_items_that_do_not_fit_are_not_converted() {
        let mut memory = [0u8; 12];
        let mut view = ViewMut::packed(&mut memory, 2, &[2, 3]).unwrap();
        let never = |_: &[u8], _: &mut [u8]| panic!("nothing fits");
        assert!(!view.convert_rows(&[], 0..2, 1, &[0; 5], never));
        assert!(!view.convert_rows(&[], 0..2, 1, &[0; 7], never));
        assert!(!view.convert_rows(&[], 0..2, 4, &[0; 25], never));
        assert!(!view.convert_rows(&[], 1..3, 1, &[0; 6], never));
        assert!(!view.convert_rows(&[2], 0..3, 1, &[0; 3], never));
        assert!(!view.convert_rows(&[1, 2], 0..2, 1, &[0; 1], never));
        assert!(!view.convert_rows(&[], 0..2, 0, &[], never));
        assert!(view.convert_rows(&[], 1..1, 1, &[], never));
        assert!(view.convert_rows(&[1, 2], 0..1, 1, &[7], |from, to| to.fill(from[0])));
        assert_eq!(memory, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7]);
    }

    #[test]
    fn overlapping_items_are_refused_for_writing() {
        let disjoint = |shape: &[usize], strides: &[isize]| Layout::strided(2, shape, strides).unwrap().is_disjoint();
        assert!(disjoint(&[4, 5], &[-10, 2]));
        assert!(disjoint(&[1, 5], &[0, 2]));
        assert!(!disjoint(&[2, 5], &[0, 2]));
        assert!(!disjoint(&[5], &[1]));
        assert!(!disjoint(&[4, 5], &[8, 2]));
    }

    #[test]
    fn strides_that_are_never_gone_along_may_be_anything() {
        let far = isize::MAX;
        let none = Layout::strided(1, &[3, 0], &[far, far]).unwrap();
        // SAFETY: there are no items.
        let view = unsafe { View::from_raw(std::ptr::null(), none) };
        assert!(view.at(2).is_some() && view.at(3).is_none() && view.cut(0, 2, 1).is_some());
        assert!(none.flip(0).is_some() && view.pack(&mut []));
        let data = [1u8, 9, 2, 9];
        let one = Layout::strided(1, &[2, 1, 1], &[2, far, -far]).unwrap();
        // SAFETY: the items are the first and third of `data`.
        let view = unsafe { View::from_raw(data.as_ptr(), one) };
        let mut out = [0; 2];
        assert!(view.pack(&mut out));
        assert_eq!(out, [1, 2]);
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        assert!(Layout::contiguous(8, &[usize::MAX / 4, 2]).is_none());
        assert!(Layout::contiguous(8, &[0, usize::MAX / 4, usize::MAX / 4]).is_none());
        assert!(Layout::strided(1, &[3], &[isize::MAX]).is_none());
    }

    #[test]
    fn splitting_shares_no_byte() {
        let mut data = [0u8; 12];
        let view = ViewMut::packed(&mut data, 1, &[3, 4]).unwrap();
        let (mut left, mut right) = view.split(1, 1).unwrap();
        assert!(left.unpack(&[], &[1, 1, 1]));
        assert!(right.unpack(&[], &[2; 9]));
        assert_eq!(data, [1, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2]);
    }
}
