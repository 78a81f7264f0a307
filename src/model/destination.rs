//! Where the pixels of an image go: the caller's memory, whatever its strides and dtype.

use super::{Cast, DType, Limits, Recolor, Shape, ViewMut, cast};
use crate::error::{Error, Result};

/// The destination of one image, or of a stack of them, as a plugin sees it: the shape and dtype that its
/// properties promised. Pixels that fit are decoded straight into the caller's memory; where strides or a
/// conversion stand between, they pass through one row (or whatever block the plugin fills at once).
pub struct Destination<'a> {
    view: ViewMut<'a>,
    /// The shape in which the plugin delivers, and what becomes of its pixels before their dtype.
    recolor: Option<(Recolor, Shape, DType)>,
    cast: Cast,
    limits: Limits,
    scratch: Vec<u8>,
}

impl<'a> Destination<'a> {
    /// A destination whose items have the type that `cast` makes.
    pub fn new(view: ViewMut<'a>, cast: Cast, limits: Limits) -> Destination<'a> {
        Destination { view, recolor: None, cast, limits, scratch: Vec::new() }
    }

    /// With pixels that the plugin delivers in another colour model: in this shape and dtype. `cast` then converts
    /// what `recolor` makes.
    pub fn recolored(mut self, recolor: Recolor, shape: Shape, dtype: DType) -> Destination<'a> {
        self.recolor = Some((recolor, shape, dtype));
        self
    }

    /// Length of each axis, as the plugin delivers.
    pub fn shape(&self) -> &[usize] {
        self.recolor.as_ref().map_or(self.view.shape(), |(_, shape, _)| shape)
    }

    /// The dtype in which the plugin delivers.
    pub fn dtype(&self) -> DType {
        self.recolor.as_ref().map_or(self.cast.from(), |(_, _, dtype)| *dtype)
    }

    fn is_identity(&self) -> bool {
        self.recolor.is_none() && self.cast.is_identity()
    }

    /// Bytes of the block behind leading indices, as the plugin delivers it.
    fn block(&self, at: &[usize]) -> Result<usize> {
        super::byte_len(self.shape().get(at.len()..).ok_or_else(outside)?, self.dtype())
    }

    /// One image of a stack.
    pub fn image(&mut self, i: usize) -> Result<Destination<'_>> {
        let (cast, limits) = (self.cast, self.limits);
        let inner = |shape: &Shape| Shape::of(shape.get(1..).unwrap_or(&[]));
        let recolor = self.recolor.as_ref().map(|(recolor, shape, dtype)| (*recolor, inner(shape), *dtype));
        let view = self.view.reborrow().at(i).ok_or_else(outside)?;
        Ok(Destination { view, recolor, cast, limits, scratch: Vec::new() })
    }

    /// The caller's memory behind the leading indices, if a plugin's bytes may stand there as they are.
    pub fn direct(&mut self, at: &[usize]) -> Option<&mut [u8]> {
        if self.is_identity() { self.view.row(at) } else { None }
    }

    /// The view itself, if no conversion stands between.
    pub fn as_view(&mut self) -> Option<ViewMut<'_>> {
        if self.is_identity() { Some(self.view.reborrow()) } else { None }
    }

    /// Has `decode` fill the block behind the leading indices: `&[]` is the whole image, `&[y]` one row.
    /// The bytes that it is handed are packed and hold garbage.
    pub fn fill(&mut self, at: &[usize], decode: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<()> {
        if self.is_identity()
            && let Some(bytes) = self.view.row(at)
        {
            return decode(bytes);
        }
        let bytes = self.block(at)?;
        let mut scratch = std::mem::take(&mut self.scratch);
        if scratch.len() != bytes {
            scratch = self.limits.allocate(bytes)?;
        }
        decode(&mut scratch)?;
        self.put(at, &scratch)?;
        self.scratch = scratch;
        Ok(())
    }

    /// Puts packed bytes into the block behind the leading indices.
    pub fn put(&mut self, at: &[usize], packed: &[u8]) -> Result<()> {
        if packed.len() != self.block(at)? {
            return Err(outside());
        }
        let done = match self.recolor {
            None => self.put_cast(at, packed)?,
            Some((recolor, _, _)) => {
                let (size_in, size_out) = recolor.sizes();
                let mut recolored = self.limits.allocate(packed.len() / size_in * size_out)?;
                recolor.convert(packed, &mut recolored);
                self.put_cast(at, &recolored)?
            }
        };
        if done { Ok(()) } else { Err(outside()) }
    }

    /// Puts packed bytes of the dtype that `cast` takes. `false`: they do not fit.
    fn put_cast(&mut self, at: &[usize], packed: &[u8]) -> Result<bool> {
        if self.cast.is_identity() {
            return Ok(self.view.unpack(at, packed));
        }
        let inner = self.view.layout().inner(at.len());
        if packed.len() != inner.len() * self.cast.from().size() {
            return Ok(false);
        }
        if let Some(bytes) = self.view.row(at) {
            cast(self.cast, packed, bytes);
            return Ok(true);
        }
        let mut converted = self.limits.allocate(inner.packed_len())?;
        cast(self.cast, packed, &mut converted);
        Ok(self.view.unpack(at, &converted))
    }

    /// Zeroes from this index of the first axis to the end: what a partial read leaves unread.
    pub fn zero_from(&mut self, first: usize) -> Result<()> {
        self.zero(first..self.shape().first().copied().unwrap_or(0))
    }

    /// Zeroes these places of the first axis.
    pub fn zero(&mut self, places: impl Iterator<Item = usize>) -> Result<()> {
        for i in places {
            self.fill(&[i], |bytes| {
                bytes.fill(0);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// A plugin that puts something where its own properties have no place is defective.
fn outside() -> Error {
    Error::internal("the plugin delivered a block that does not fit the properties that it gave")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_pass_through_a_conversion_and_strides() {
        let mut memory = [0f32; 6];
        let column_major = ViewMut::packed(bytemuck::cast_slice_mut(&mut memory), 4, &[3, 2]).unwrap().swap(0, 1);
        let cast = Cast::plain(DType::U8, DType::F32);
        let mut destination = Destination::new(column_major.unwrap(), cast, Limits::default());
        for y in 0..2u8 {
            destination
                .fill(&[y.into()], |row| {
                    row.copy_from_slice(&[10 * y, 10 * y + 1, 10 * y + 2]);
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!(memory, [0., 10., 1., 11., 2., 12.]);
    }

    #[test]
    fn a_block_of_the_wrong_size_is_refused() {
        let mut memory = [0u8; 6];
        let view = ViewMut::packed(&mut memory, 1, &[2, 3]).unwrap();
        let mut destination = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
        assert!(destination.put(&[0], &[1, 2]).is_err());
        assert!(destination.put(&[2], &[1, 2, 3]).is_err());
        assert!(
            destination
                .fill(&[1], |row| {
                    row.fill(7);
                    Ok(())
                })
                .is_ok()
        );
        assert_eq!(memory, [0, 0, 0, 7, 7, 7]);
    }
}
