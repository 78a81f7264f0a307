//! The colour that means transparency in an image without alpha, as PNG has it.

use super::{Axes, Color, DType, Dict, List, Props, Shape, Value};
use crate::error::Result;

/// Gives pixels an alpha: none where they have the key's colour, else all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    dtype: DType,
    /// Samples of a pixel that comes in: 1 or 3.
    samples: usize,
    /// The colour, in native bytes of the dtype; of black and white in one byte, as 8 bits.
    color: [u8; 6],
}

impl Key {
    /// Whether an image is of a kind that may have a key.
    pub fn is_possible(image: &Props) -> bool {
        matches!(image.color, Color::Gray | Color::Rgb) && matches!(image.dtype, DType::Bool | DType::U8 | DType::U16)
    }

    /// The key by the metadata `transparency`: a gray value, or red, green and blue.
    pub fn new(image: &Props, meta: &Dict) -> Option<Key> {
        let value = meta.get("transparency")?;
        let numbers = match (image.color, value) {
            (Color::Gray, Value::Int(gray)) => vec![*gray],
            (Color::Rgb, Value::List(list)) => whole_numbers(list)?,
            _ => return None,
        };
        let samples = if image.color == Color::Gray { 1 } else { 3 };
        if numbers.len() != samples || numbers.iter().any(|n| !(0..=65535).contains(n)) {
            return None;
        }
        // PNG's gray of fewer bits is widened by a read, the key in the metadata is as stored.
        let widen = match (image.dtype, image.bits) {
            (DType::U8, bits @ 1..=7) => 255 / ((1 << bits) - 1),
            _ => 1,
        };
        let size = if image.dtype == DType::U16 { 2 } else { 1 };
        let mut color = [0; 6];
        for (place, n) in color.chunks_exact_mut(size).zip(numbers) {
            let n = u16::try_from(n * widen).ok()?;
            match size {
                1 => place.copy_from_slice(&[u8::try_from(n).ok()?]),
                _ => place.copy_from_slice(&n.to_ne_bytes()),
            }
        }
        Some(Key { dtype: image.dtype, samples, color })
    }

    /// The properties afterwards.
    pub fn props(&self, image: &Props) -> Result<Props> {
        let mut props = image.clone();
        let mut shape = image.shape.to_vec();
        let mut axes = image.axes.as_str().to_owned();
        if self.samples == 1 {
            shape.push(2);
            axes.push('S');
        } else if let Some(samples) = shape.last_mut() {
            *samples = 4;
        }
        (props.shape, props.axes) = (Shape::new(&shape)?, Axes::new(&axes));
        props.color = if self.samples == 1 { Color::GrayAlpha } else { Color::Rgba };
        if self.dtype == DType::Bool {
            (props.dtype, props.bits) = (DType::U8, 8);
        }
        Ok(props)
    }

    /// Bytes of a sample; of black and white one.
    fn sample(&self) -> usize {
        self.dtype.size()
    }

    /// Bytes of a pixel that comes in, and of one that goes out.
    pub fn sizes(&self) -> (usize, usize) {
        (self.samples * self.sample(), (self.samples + 1) * self.sample())
    }

    /// Converts packed pixels: as many as both slices hold.
    pub fn convert(&self, from: &[u8], to: &mut [u8]) {
        let (size, more) = self.sizes();
        let key = self.color.get(..size).unwrap_or(&self.color);
        for (from, to) in from.chunks_exact(size).zip(to.chunks_exact_mut(more)) {
            let (colors, alpha) = to.split_at_mut(size);
            if self.dtype == DType::Bool {
                colors.fill(if from == [0] { 0 } else { 255 });
            } else {
                colors.copy_from_slice(from);
            }
            alpha.fill(if *colors == *key { 0 } else { 255 });
        }
    }
}

fn whole_numbers(list: &List) -> Option<Vec<i64>> {
    list.iter().map(Value::as_int).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(image: &Props, value: Value, from: &[u8]) -> Option<Vec<u8>> {
        let key = Key::new(image, &Dict::new().with("transparency", value))?;
        let (size, more) = key.sizes();
        let mut to = vec![0; from.len() / size * more];
        key.convert(from, &mut to);
        Some(to)
    }

    #[test]
    fn pixels_of_the_colour_are_transparent() {
        let rgb = Props::pixels(2, 1, DType::U8, Color::Rgb);
        let key: List = [1, 2, 3].into_iter().collect();
        let made = applied(&rgb, key.clone().into(), &[1, 2, 3, 1, 2, 4]);
        assert_eq!(made.unwrap(), [1, 2, 3, 0, 1, 2, 4, 255]);
        let props = Key::new(&rgb, &Dict::new().with("transparency", key)).unwrap().props(&rgb).unwrap();
        assert_eq!((&*props.shape, props.color), (&[1, 2, 4][..], Color::Rgba));
        let deep = Props::pixels(2, 1, DType::U16, Color::Gray);
        let from = [300u16, 301].map(u16::to_ne_bytes).concat();
        let made = applied(&deep, 300.into(), &from).unwrap();
        assert_eq!(made, [300u16, 0, 301, 65535].map(u16::to_ne_bytes).concat());
    }

    #[test]
    fn gray_of_few_bits_is_compared_as_it_is_given() {
        let mut gray = Props::pixels(2, 1, DType::U8, Color::Gray);
        gray.bits = 2;
        assert_eq!(applied(&gray, 3.into(), &[85, 255]).unwrap(), [85, 255, 255, 0]);
        let bilevel = Props::pixels(2, 1, DType::Bool, Color::Gray);
        assert_eq!(applied(&bilevel, 255.into(), &[0, 1]).unwrap(), [0, 255, 255, 0]);
        assert_eq!(applied(&bilevel, 0.into(), &[0, 1]).unwrap(), [0, 0, 255, 255]);
    }

    #[test]
    fn what_is_no_key_of_the_image_is_none() {
        let rgb = Props::pixels(2, 1, DType::U8, Color::Rgb);
        // The number of a palette, as GIF has it; a colour that the image cannot have.
        assert!(applied(&rgb, 7.into(), &[]).is_none());
        let long: List = [1, 2, 300].into_iter().collect();
        assert!(applied(&rgb, long.into(), &[]).is_none());
        assert!(!Key::is_possible(&Props::pixels(2, 1, DType::U8, Color::Rgba)));
    }
}
