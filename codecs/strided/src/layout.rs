//! How an n-dimensional array lies in memory: items of one size, a shape, and a step in bytes per axis.

/// The most axes an array may have.
pub const MAX_NDIM: usize = 8;

/// Shape and byte strides of an array. A layout is only ever made by a checked constructor, so every
/// offset that it yields for an index inside its shape fits in `isize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    item: usize,
    ndim: usize,
    shape: [usize; MAX_NDIM],
    strides: [isize; MAX_NDIM],
}

impl Layout {
    /// Row-major without gaps. `None` if there are too many axes or the size overflows.
    pub fn contiguous(item: usize, shape: &[usize]) -> Option<Layout> {
        if shape.len() > MAX_NDIM || item == 0 {
            return None;
        }
        let mut layout = Layout { item, ndim: shape.len(), shape: [0; MAX_NDIM], strides: [0; MAX_NDIM] };
        layout.shape[..shape.len()].copy_from_slice(shape);
        // An axis of length 0 must not hide an overflow of the others: strides are computed as if it were 1.
        let mut step = isize::try_from(item).ok()?;
        for axis in (0..shape.len()).rev() {
            layout.strides[axis] = step;
            step = step.checked_mul(isize::try_from(shape[axis].max(1)).ok()?)?;
        }
        Some(layout)
    }

    /// With the given byte strides, which may be negative or zero. `None` if an offset would overflow.
    pub fn strided(item: usize, shape: &[usize], strides: &[isize]) -> Option<Layout> {
        if shape.len() != strides.len() || shape.len() > MAX_NDIM || item == 0 {
            return None;
        }
        let mut layout = Layout { item, ndim: shape.len(), shape: [0; MAX_NDIM], strides: [0; MAX_NDIM] };
        layout.shape[..shape.len()].copy_from_slice(shape);
        layout.strides[..shape.len()].copy_from_slice(strides);
        let (low, high) = layout.extent()?;
        high.checked_sub(low)?;
        // The number of bytes of a packed copy must be countable as well.
        Layout::contiguous(item, shape)?;
        Some(layout)
    }

    /// Bytes of one item.
    pub fn item(&self) -> usize {
        self.item
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape[..self.ndim]
    }

    /// Step of each axis in bytes.
    pub fn strides(&self) -> &[isize] {
        &self.strides[..self.ndim]
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    /// Bytes that the items take when packed.
    pub fn packed_len(&self) -> usize {
        self.len() * self.item
    }

    /// The first byte, and the byte behind the last one, relative to the item at index 0.
    fn extent(&self) -> Option<(isize, isize)> {
        if self.is_empty() {
            return Some((0, 0));
        }
        let (mut low, mut high) = (0isize, isize::try_from(self.item).ok()?);
        for (&n, &step) in self.shape().iter().zip(self.strides()) {
            let far = step.checked_mul(isize::try_from(n - 1).ok()?)?;
            if far < 0 {
                low = low.checked_add(far)?;
            } else {
                high = high.checked_add(far)?;
            }
        }
        Some((low, high))
    }

    /// Bytes before the item at index 0, and bytes from it to the end.
    pub fn span(&self) -> (usize, usize) {
        let (low, high) = self.extent().unwrap_or((0, 0));
        (low.unsigned_abs(), high.unsigned_abs())
    }

    /// How many bytes at the end of the axis list lie row-major without gaps: (first such axis, their bytes).
    pub fn packed_tail(&self) -> (usize, usize) {
        let mut bytes = self.item;
        let mut axis = self.ndim;
        while axis > 0 {
            let n = self.shape[axis - 1];
            if n != 1 && self.strides[axis - 1] != bytes as isize {
                break;
            }
            bytes *= n;
            axis -= 1;
        }
        (axis, bytes)
    }

    /// Whether the items lie row-major without gaps.
    pub fn is_contiguous(&self) -> bool {
        self.is_empty() || self.packed_tail().0 == 0
    }

    /// Whether no two items share a byte. Sufficient, not necessary: each axis must step over all that
    /// the finer axes span, which holds for every slice, transpose and flip of an ordinary array.
    pub fn is_disjoint(&self) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut axes: [(usize, usize); MAX_NDIM] = [(0, 0); MAX_NDIM];
        let mut used = 0;
        for (&n, &step) in self.shape().iter().zip(self.strides()) {
            if n > 1 {
                axes[used] = (step.unsigned_abs(), n);
                used += 1;
            }
        }
        axes[..used].sort_unstable();
        let mut span = self.item;
        for &(step, n) in &axes[..used] {
            if step < span {
                return false;
            }
            span += step * (n - 1);
        }
        true
    }

    /// Offset of the item at `index`, which may name the leading axes only. `None` outside the shape.
    pub fn offset(&self, index: &[usize]) -> Option<isize> {
        if index.len() > self.ndim {
            return None;
        }
        let mut at = 0isize;
        for ((&i, &n), &step) in index.iter().zip(self.shape()).zip(self.strides()) {
            if i >= n {
                return None;
            }
            at = at.wrapping_add((i as isize).wrapping_mul(step));
        }
        // Where there are no items nobody has looked at the strides.
        Some(if self.is_empty() { 0 } else { at })
    }

    /// The layout that is left when the leading `count` axes are fixed.
    pub fn inner(&self, count: usize) -> Layout {
        let count = count.min(self.ndim);
        let mut inner = Layout { ndim: self.ndim - count, shape: [0; MAX_NDIM], strides: [0; MAX_NDIM], ..*self };
        inner.shape[..inner.ndim].copy_from_slice(&self.shape[count..self.ndim]);
        inner.strides[..inner.ndim].copy_from_slice(&self.strides[count..self.ndim]);
        inner
    }

    /// `axis` cut to `len` places from `start`: the layout, and the offset of its first item.
    pub fn cut(&self, axis: usize, start: usize, len: usize) -> Option<(Layout, isize)> {
        if axis >= self.ndim || start.checked_add(len)? > self.shape[axis] {
            return None;
        }
        let mut cut = *self;
        cut.shape[axis] = len;
        // The first item of an empty cut is never touched, so it needs no offset.
        let at = if len == 0 || self.is_empty() { 0 } else { start as isize * self.strides[axis] };
        Some((cut, at))
    }

    /// `axis` in the opposite order: the layout, and the offset of its first item.
    pub fn flip(&self, axis: usize) -> Option<(Layout, isize)> {
        if axis >= self.ndim {
            return None;
        }
        let mut flipped = *self;
        flipped.strides[axis] = self.strides[axis].checked_neg()?;
        let far = if self.is_empty() { 0 } else { (self.shape[axis] as isize - 1) * self.strides[axis] };
        Some((flipped, far))
    }

    /// Two axes exchanged.
    pub fn swap(&self, a: usize, b: usize) -> Option<Layout> {
        if a >= self.ndim || b >= self.ndim {
            return None;
        }
        let mut swapped = *self;
        swapped.shape.swap(a, b);
        swapped.strides.swap(a, b);
        Some(swapped)
    }

    /// An axis of length 1 put before `axis`.
    pub fn insert(&self, axis: usize) -> Option<Layout> {
        if self.ndim == MAX_NDIM || axis > self.ndim {
            return None;
        }
        let mut more = *self;
        more.ndim += 1;
        for k in (axis..self.ndim).rev() {
            more.shape[k + 1] = self.shape[k];
            more.strides[k + 1] = self.strides[k];
        }
        more.shape[axis] = 1;
        more.strides[axis] = 0;
        Some(more)
    }

    /// Calls `visit` with strips of runs, which cover all items once. A run is a number of packed items; all are of one
    /// length. Strips go along the axis that is the finest in memory, a block of it at a time: where memory has the axes
    /// in another order (column-major arrays), what is written is written by whole cache lines, and what is read stays
    /// in the cache for the next strip.
    pub(crate) fn strips(&self, mut visit: impl FnMut(Strip)) {
        if self.is_empty() {
            return;
        }
        let (outer, bytes) = self.packed_tail();
        if outer == 0 {
            return visit(Strip { at: 0, step: 0, packed: 0, packed_step: 0, count: 1, bytes });
        }
        let mut packed_steps = [bytes; MAX_NDIM];
        for k in (1..outer).rev() {
            packed_steps[k - 1] = packed_steps[k] * self.shape[k];
        }
        let last = outer - 1;
        let finest = (0..outer).rev().filter(|&k| self.shape[k] > 1).min_by_key(|&k| self.strides[k].unsigned_abs());
        let along = finest.unwrap_or(last);
        let block = if along == last { self.shape[last] } else { BLOCK };
        let step = self.strides[along];
        let mut first = 0;
        while first < self.shape[along] {
            let count = block.min(self.shape[along] - first);
            let mut index = [0usize; MAX_NDIM];
            // Steps of axes of length 1 may be anything, so that what is added and taken back may wrap round.
            let mut at = (first as isize).wrapping_mul(step);
            let mut packed = first * packed_steps[along];
            'others: loop {
                visit(Strip { at, step, packed, packed_step: packed_steps[along], count, bytes });
                for k in (0..outer).rev().filter(|&k| k != along) {
                    index[k] += 1;
                    at = at.wrapping_add(self.strides[k]);
                    packed += packed_steps[k];
                    if index[k] < self.shape[k] {
                        continue 'others;
                    }
                    at = at.wrapping_sub(self.strides[k].wrapping_mul(self.shape[k] as isize));
                    packed -= packed_steps[k] * self.shape[k];
                    index[k] = 0;
                }
                break;
            }
            first += count;
        }
    }
}

/// Items of a strip along an axis that is not the finest in packed memory. With more, what is written lies in fewer pages;
/// what is read, a cache line of each row, still fits into the second cache.
pub(crate) const BLOCK: usize = 1024;

/// Runs of `bytes` bytes: where the first stands and how far the next is, in strided memory and in packed memory.
#[derive(Clone, Copy, Default)]
pub(crate) struct Strip {
    pub at: isize,
    pub step: isize,
    pub packed: usize,
    pub packed_step: usize,
    pub count: usize,
    pub bytes: usize,
}
