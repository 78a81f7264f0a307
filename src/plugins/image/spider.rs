//! SPIDER: a header of floating-point numbers, then rows of them; or a stack of such images behind a header of its own.

use super::single::{self, Encode, Picture, Plain, Sides, Single};
use super::stills::{Still, Stills};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Props};
use crate::plugin::{Call, Image, Reader, Writer};
use crate::resource::{Output, Source};

/// Bytes of the numbers that are looked at.
const HEAD: usize = 27 * 4;
/// The most images of a stack.
const MOST: f32 = 16_777_216.0;

/// The numbers of a header, counted from 1 as the format's description does.
struct Header {
    numbers: [f32; 28],
    big: bool,
}

impl Header {
    /// The numbers, if they can be those of this format: in the order of bytes that makes them so.
    fn read(head: &[u8]) -> Option<Header> {
        let head: &[u8; HEAD] = head.first_chunk()?;
        [true, false].into_iter().find_map(|big| {
            let mut numbers = [0.0; 28];
            for (to, &from) in numbers[1..].iter_mut().zip(head.as_chunks::<4>().0) {
                *to = if big { f32::from_be_bytes(from) } else { f32::from_le_bytes(from) };
            }
            let header = Header { numbers, big };
            header.is_one().then_some(header)
        })
    }

    fn is_one(&self) -> bool {
        let whole = |i: usize| self.numbers[i].fract() == 0.0 && (0.0..MOST).contains(&self.numbers[i]);
        let form = [1.0, 3.0, -11.0, -12.0, -21.0, -22.0].contains(&self.numbers[5]);
        let labels = self.number(13).saturating_mul(self.number(23));
        [1, 2, 12, 13, 22, 23].into_iter().all(whole) && form && labels > 0 && self.number(22) == labels
    }

    fn number(&self, i: usize) -> u64 {
        self.numbers[i] as u64
    }
}

/// Whether a file begins as SPIDER files do, which have no mark: the numbers fit each other.
pub fn matches(head: &[u8]) -> bool {
    Header::read(head).is_some_and(|h| h.number(2) > 0 && h.number(12) > 0)
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let header = Header::read(source.head()).ok_or_else(|| Error::corrupt("the numbers of the header do not fit"))?;
    if header.numbers[5] != 1.0 || header.number(1) > 1 {
        return Err(Error::unsupported("a SPIDER file that is no image but a volume or a transform"));
    }
    let (width, height, head) = (header.number(12), header.number(2), header.number(22));
    let is_stack = header.numbers[24] > 0.0;
    let count = if is_stack { (header.numbers[26].clamp(0.0, MOST)) as usize } else { 1 };
    if count == 0 {
        return Err(Error::corrupt("a stack without images"));
    }
    let big = header.big;
    // Each image of a stack has a header too.
    let one = width.saturating_mul(height).saturating_mul(4).saturating_add(head);
    Ok(Stills::many(count, move |index, _call| {
        let begins = if is_stack { (index as u64).saturating_mul(one).saturating_add(2 * head) } else { head };
        let props = Props::pixels(width as usize, height as usize, DType::F32, Color::Gray);
        let picture = Picture::new(props, "F", begins, (4, 1));
        Ok(Box::new(Single::new(source.clone(), picture, Plain { size: 4, big })?) as Box<dyn Still>)
    }))
}

/// Opens a target for a SPIDER file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(single::create(output, "SPIDER", prepare))
}

struct SpiderEncode(Sides, DType);

fn prepare(image: &Image, _call: &Call) -> Result<Box<dyn Encode>> {
    // Numbers of the header are exact up to there.
    let sides = Sides::of(image, "SPIDER", 1 << 20)?;
    if sides.samples != 1 || !matches!(image.dtype, DType::Bool | DType::U8 | DType::I16 | DType::U16 | DType::F32) {
        let holds = "gray of float32, or what float32 holds exactly (uint8, int16, uint16, bool)";
        return Err(sides.refuse(image, "SPIDER", holds, "convert it"));
    }
    sides.check_color(image, "SPIDER", Color::Gray)?;
    Ok(Box::new(SpiderEncode(sides, image.dtype)))
}

impl Encode for SpiderEncode {
    fn opening(&self) -> Vec<u8> {
        let (width, height) = (self.0.width, self.0.height);
        // The header is as many whole records, each as long as a row, as 1024 bytes take.
        let record = width * 4;
        let records = 1024usize.div_ceil(record);
        let mut numbers = vec![0f32; records * record / 4];
        let known = [
            (1, 1),
            (2, height),
            (3, height),
            (5, 1),
            (12, width),
            (13, records),
            (22, records * record),
            (23, record),
        ];
        for (i, n) in known {
            if let Some(to) = numbers.get_mut(i - 1) {
                *to = n as f32;
            }
        }
        numbers.into_iter().flat_map(f32::to_ne_bytes).collect()
    }

    fn row(&mut self, items: &[u8], out: &mut Vec<u8>) {
        match self.1 {
            DType::F32 => out.extend_from_slice(items),
            DType::I16 => words(items, |b| i16::from_ne_bytes(b).into(), out),
            DType::U16 => words(items, |b| u16::from_ne_bytes(b).into(), out),
            // Pillow's True is 255.
            DType::Bool => out.extend(items.iter().flat_map(|&b| (f32::from(b) * 255.0).to_ne_bytes())),
            _ => out.extend(items.iter().flat_map(|&n| f32::from(n).to_ne_bytes())),
        }
    }
}

fn words(items: &[u8], float: impl Fn([u8; 2]) -> f32, out: &mut Vec<u8>) {
    out.extend(items.as_chunks::<2>().0.iter().flat_map(|&b| float(b).to_ne_bytes()));
}
