//! Bytes of structures inside tags, and the pages behind one directory.

use super::super::file::{Chunks, Page};
use super::super::form::{Bits, Form};
use super::super::ifd::{Directory, Layout, Tiff, decode_text};
use super::super::tags::compression;
use crate::error::Result;
use crate::model::byte_len;
use std::borrow::Cow;

/// A place in bytes from which numbers are taken one by one.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8], layout: Layout) -> Cursor<'a> {
        Cursor { bytes, layout }
    }

    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| self.layout.u16(b))
    }

    pub fn i16(&mut self) -> Option<i16> {
        self.u16().map(u16::cast_signed)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|b| self.layout.u32(b))
    }

    pub fn i32(&mut self) -> Option<i32> {
        self.u32().map(u32::cast_signed)
    }

    pub fn f32(&mut self) -> Option<f32> {
        self.u32().map(f32::from_bits)
    }

    pub fn f64(&mut self) -> Option<f64> {
        self.take(8).map(|b| f64::from_bits(self.layout.u64(b)))
    }
}

/// Text up to its first NUL.
pub fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    decode_text(&bytes[..end]).unwrap_or_default()
}

/// The bytes of a tag, if it is there.
pub fn bytes_of<'a>(tiff: &Tiff, directory: &'a Directory, tag: u16) -> Result<Option<Cow<'a, [u8]>>> {
    directory.get(tag).map(|entry| tiff.bytes(directory, entry)).transpose()
}

/// Where the pixels of a page begin, if further pages may lie behind it as they are: uncompressed, whole samples, in
/// one run.
pub fn contiguous_start(tiff: &Tiff, page: &Page) -> Result<Option<u64>> {
    let form = &page.form;
    let whole = matches!(form.bits, Bits::Each(8 | 16 | 32 | 64 | 128));
    let one_tile = form.tile.is_none_or(|tile| tile == (form.depth, form.length, form.width));
    if form.compression != compression::NONE || !whole || form.reversed_bits || !one_tile {
        return Ok(None);
    }
    let chunks = Chunks::of(tiff, page)?;
    let Some(&first) = chunks.offsets.first() else { return Ok(None) };
    let runs = chunks.offsets.windows(2).zip(&chunks.counts).all(|(at, n)| at[0].checked_add(*n) == Some(at[1]));
    let bytes = byte_len(&form.shape(), form.dtype()?)? as u64;
    // Some writers give the length of all pages as that of the first strip.
    let stored = chunks.counts.iter().try_fold(0u64, |sum, n| sum.checked_add(*n)).unwrap_or(u64::MAX);
    Ok((first > 0 && runs && (chunks.counts.is_empty() || stored >= bytes)).then_some(first))
}

/// Whether so many pages of a form can lie in the file from there on.
pub fn holds(tiff: &Tiff, start: u64, form: &Form, count: usize) -> bool {
    let one = form.dtype().and_then(|dtype| byte_len(&form.shape(), dtype)).unwrap_or(usize::MAX) as u64;
    let end = one.checked_mul(count as u64).and_then(|all| all.checked_add(start));
    end.is_some_and(|end| tiff.len().is_none_or(|len| end <= len))
}

/// The letters of axes after a reshape: of those that stay, their own; of others `Q`. As tifffile has it.
pub fn reshape_axes(axes: &str, shape: &[usize], to: &[usize]) -> String {
    let letters: Vec<char> = axes.chars().collect();
    let padding = shape.len().saturating_sub(to.len());
    let to: Vec<usize> = to.iter().copied().chain(std::iter::repeat_n(1, padding)).collect();
    let Some(mut i) = shape.len().checked_sub(1) else { return "Q".repeat(to.len()) };
    let (mut product_to, mut product) = (1usize, 1usize);
    let mut result = Vec::with_capacity(to.len());
    let mut done = false;
    for &n in to.iter().rev() {
        product_to = product_to.saturating_mul(n);
        while !done && i > 0 && shape[i] == 1 && n != 1 {
            i -= 1;
        }
        if !done && n == shape[i] && product_to == product.saturating_mul(shape[i]) {
            product = product.saturating_mul(shape[i]);
            result.push(letters.get(i).copied().unwrap_or('Q'));
            match i.checked_sub(1) {
                Some(next) => i = next,
                None => done = true,
            }
        } else {
            result.push('Q');
        }
    }
    result[padding..].iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_keep_their_letters_through_a_reshape() {
        // tifffile's own examples.
        assert_eq!(reshape_axes("YXS", &[219, 301, 1], &[219, 301]), "YX");
        assert_eq!(reshape_axes("IYX", &[12, 219, 301], &[3, 4, 219, 1, 301, 1]), "QQYQXQ");
        assert_eq!(reshape_axes("QYX", &[6, 5, 4], &[2, 3, 5, 4]), "QQYX");
    }
}
