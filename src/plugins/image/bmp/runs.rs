//! BMP's run-length encoding, of numbers of 8 or 4 bits.

/// A place in the image; a row that is full is not yet left.
struct Place {
    x: usize,
    y: usize,
    width: usize,
}

impl Place {
    fn offset(&self) -> usize {
        self.y.saturating_mul(self.width).saturating_add(self.x)
    }

    fn forward(&mut self, right: usize, down: usize) {
        self.x = self.x.saturating_add(right);
        self.y = self.y.saturating_add(down);
        while self.x > self.width {
            (self.x, self.y) = (self.x - self.width, self.y + 1);
        }
    }
}

/// Fills pixels, a byte each, and answers how many the data hold: all of them where the data say that the rest
/// is left out. Pixels that are passed over keep their 0.
pub fn decode(data: &[u8], width: usize, four_bits: bool, pixels: &mut [u8]) -> usize {
    let mut data = data.iter().copied();
    let size = pixels.len();
    let mut place = Place { x: 0, y: 0, width };
    while place.offset() < size {
        let at = place.offset();
        let (Some(count), Some(byte)) = (data.next(), data.next()) else { return at };
        match (count, byte) {
            (0, 0) => (place.x, place.y) = (0, place.y + 1),
            (0, 1) => break,
            (0, 2) => {
                let (Some(right), Some(down)) = (data.next(), data.next()) else { return at };
                place.forward(right.into(), down.into());
            }
            (0, count) => {
                let bytes = if four_bits { count.div_ceil(2) } else { count };
                let mut to = pixels[at..].iter_mut().take(count.into());
                for i in 0..usize::from(bytes) {
                    let Some(byte) = data.next() else { return (at + i).min(size) };
                    let halves = if four_bits { [Some(byte >> 4), Some(byte & 15)] } else { [Some(byte), None] };
                    halves.into_iter().flatten().zip(&mut to).for_each(|(n, to)| *to = n);
                }
                // Numbers as they are come in whole words.
                if bytes % 2 == 1 {
                    data.next();
                }
                place.forward(count.into(), 0);
            }
            (count, byte) => {
                // What is too much for the row is dropped.
                let count = usize::from(count).min(width - place.x.min(width));
                let [first, second] = if four_bits { [byte >> 4, byte & 15] } else { [byte; 2] };
                for (i, pixel) in pixels[at..].iter_mut().take(count).enumerate() {
                    *pixel = if i % 2 == 0 { first } else { second };
                }
                place.x += count;
            }
        }
    }
    size
}
