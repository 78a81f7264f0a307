//! BMP's run-length encoding, of numbers of 8 or 4 bits.

/// Fills pixels, a byte each, and answers how many the data hold: all of them where the data say that the rest
/// is left out. Pixels that are passed over keep their 0.
pub fn decode(data: &[u8], width: usize, four_bits: bool, pixels: &mut [u8]) -> usize {
    let size = pixels.len();
    let mut data = data.iter().copied();
    // The place in the image; `x` may be at the end of its row, `at` is not beyond the image.
    let (mut x, mut at) = (0usize, 0usize);
    while at < size {
        let (Some(count), Some(byte)) = (data.next(), data.next()) else { return at };
        match (count, byte) {
            // The end of a row: a full row is at its end already.
            (0, 0) => {
                if x > 0 || at % width != 0 {
                    at = at.next_multiple_of(width).min(size);
                }
                x = 0;
            }
            (0, 1) => return size,
            (0, 2) => {
                let (Some(right), Some(up)) = (data.next(), data.next()) else { return at };
                at = at
                    .saturating_add(usize::from(right))
                    .saturating_add(usize::from(up).saturating_mul(width))
                    .min(size);
                x = at % width;
            }
            (0, count) => {
                let bytes = if four_bits { count.div_ceil(2) } else { count };
                let count = usize::from(count).min(size - at);
                for i in 0..bytes {
                    let Some(byte) = data.next() else { return at + usize::from(i).min(count) };
                    let i = usize::from(i);
                    if four_bits {
                        put(pixels, at, i * 2, count, byte >> 4);
                        put(pixels, at, i * 2 + 1, count, byte & 15);
                    } else {
                        put(pixels, at, i, count, byte);
                    }
                }
                // Runs of numbers are padded to whole words.
                if bytes % 2 == 1 {
                    data.next();
                }
                (x, at) = (x + count, at + count);
            }
            (count, byte) => {
                // What is too much for the row is dropped.
                let count = usize::from(count).min(width.saturating_sub(x)).min(size - at);
                let [first, second] = if four_bits { [byte >> 4, byte & 15] } else { [byte; 2] };
                for (i, pixel) in pixels[at..at + count].iter_mut().enumerate() {
                    *pixel = if i % 2 == 0 { first } else { second };
                }
                (x, at) = (x + count, at + count);
            }
        }
    }
    at
}

fn put(pixels: &mut [u8], at: usize, i: usize, count: usize, value: u8) {
    if i < count {
        pixels[at + i] = value;
    }
}
