//! Photo CD: the image of base resolution, which no other is needed for, turned as the file says.

use super::info;
use super::stills::{Still, Stills};
use crate::error::{ErrorKind, Result};
use crate::model::{Color, DType, Destination, Dict, Props};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::Source;

/// Where the mark is, and the byte that says how the picture lies.
const MARK: usize = 2048;
const TURN: usize = MARK + 1538;
/// Where the pixels begin.
const DATA: u64 = 96 * 2048;
/// The sides as they are stored.
const WIDTH: usize = 768;
const HEIGHT: usize = 512;
/// Bytes of two rows: luminance of both, then each of the two colours at half the resolution.
const PAIR: usize = WIDTH * 3;

/// Whether a file is a Photo CD's.
pub fn matches(head: &[u8]) -> bool {
    head.get(MARK..).is_some_and(|rest| rest.starts_with(b"PCD_"))
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let turn = source.head().get(TURN).copied().unwrap_or(0) & 3;
    Ok(Stills::one(Pcd { source, turn }))
}

struct Pcd {
    source: Source,
    /// 1: a quarter turn to the left; 3: to the right.
    turn: u8,
}

impl Pcd {
    /// Rows and pixels of a row, as they are given.
    fn size(&self) -> (usize, usize) {
        if matches!(self.turn, 1 | 3) { (WIDTH, HEIGHT) } else { (HEIGHT, WIDTH) }
    }
}

/// Rounded as Pillow's tables are.
fn scaled(factor: f64, n: i32) -> i32 {
    (factor * f64::from(n) + 0.5) as i32
}

/// The colour of a pixel.
fn rgb(y: u8, first: u8, second: u8) -> [u8; 3] {
    let y = scaled(1.3584, y.into());
    let (first, second) = (i32::from(first) - 156, i32::from(second) - 137);
    let green = scaled(-0.430_272_6, first) + scaled(-0.927_143_5, second);
    [y + scaled(1.8215, second), y + green, y + scaled(2.2179, first)].map(|n| n.clamp(0, 255) as u8)
}

impl Still for Pcd {
    fn props(&mut self, _call: &Call) -> Result<Props> {
        let (height, width) = self.size();
        Ok(Props::pixels(width, height, DType::U8, Color::Rgb))
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let mut pair = [0; PAIR];
        let mut image = call.limits().allocate(WIDTH * HEIGHT * 3)?;
        let mut done = 0;
        for (k, two) in image.chunks_exact_mut(2 * WIDTH * 3).enumerate() {
            call.tick(2 * k as u64, HEIGHT as u64)?;
            match self.source.read_exact_at(&mut pair, DATA + (k * PAIR) as u64) {
                Err(e) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => break,
                Err(e) => return Err(e.context(format_args!("after {done} of {HEIGHT} rows"))),
                Ok(()) => done += 2,
            }
            let (luminance, colors) = pair.split_at(2 * WIDTH);
            let (first, second) = colors.split_at(WIDTH / 2);
            for (i, to) in two.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let half = i % WIDTH / 2;
                *to = rgb(luminance[i], first[half], second[half]);
            }
        }
        let (height, _) = self.size();
        let pixels = image.as_chunks::<3>().0;
        for y in 0..height {
            to.fill(&[y], |row| {
                for (x, to) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    let (sy, sx) = match self.turn {
                        1 => (x, WIDTH - 1 - y),
                        3 => (HEIGHT - 1 - x, y),
                        _ => (y, x),
                    };
                    *to = pixels.get(sy * WIDTH + sx).copied().unwrap_or_default();
                }
                Ok(())
            })?;
        }
        Ok(if done == HEIGHT { Outcome::Complete } else { Outcome::Partial })
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        let (height, width) = self.size();
        Ok(info::finish(Dict::new(), "RGB", width, height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::image::png::tests;

    /// A file of three kinds of pixels in its first two rows.
    fn file(turn: u8) -> Vec<u8> {
        let mut bytes = vec![0; DATA as usize + PAIR * HEIGHT / 2];
        bytes[MARK..MARK + 7].copy_from_slice(b"PCD_IPI");
        bytes[TURN] = turn;
        for (y, first, second, at) in [(128, 195, 165, 0), (125, 93, 126, 2), (57, 175, 185, 4)] {
            let data = &mut bytes[DATA as usize..];
            (data[at], data[2 * WIDTH + at / 2], data[2 * WIDTH + WIDTH / 2 + at / 2]) = (y, first, second);
        }
        bytes
    }

    #[test]
    fn colours_are_those_of_pillow() {
        // By Pillow's raw mode YCC;P.
        let expected = [[225, 133, 255], [151, 207, 31], [164, 26, 119]];
        let (props, pixels) = tests::read(&file(0)).unwrap();
        assert_eq!(&*props.shape, &[HEIGHT, WIDTH, 3]);
        for (i, color) in expected.iter().enumerate() {
            assert_eq!(pixels[i * 6..i * 6 + 3], *color);
        }
    }

    #[test]
    fn pictures_are_turned() {
        for (turn, at) in [(1, (WIDTH - 1) * HEIGHT), (3, HEIGHT - 1)] {
            let (props, pixels) = tests::read(&file(turn)).unwrap();
            assert_eq!(&*props.shape, &[WIDTH, HEIGHT, 3]);
            assert_eq!(pixels[at * 3..at * 3 + 3], [225, 133, 255], "{turn}");
        }
    }

    #[test]
    fn rows_that_are_missing_are_black() {
        let cut = &file(0)[..DATA as usize + PAIR + 5];
        assert_eq!(tests::read(cut).unwrap_err().kind(), ErrorKind::Corrupt);
        let options = Dict::new().with("allow_partial", true);
        let (_, pixels, outcome) = tests::image(&mut *tests::open(cut).unwrap(), 0, options).unwrap();
        assert_eq!(outcome, Outcome::Partial);
        assert!(pixels[2 * WIDTH * 3..].iter().all(|&b| b == 0));
    }
}
