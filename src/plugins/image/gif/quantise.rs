//! Colours for a palette: those that there are, where they are few; else Wu's cut of the colour space into boxes of
//! least variance ("Efficient statistical computations for optimal color quantization", Graphics Gems II), moved to
//! the means of what is nearest to them.

/// A colour.
pub type Rgb = [u8; 3];

/// Cells of the histogram along an axis, and one more for sums that begin at nothing.
const SIDE: usize = 33;

/// How often the colours move to the means of what is nearest to them. More gain less than a tenth of a decibel.
const ROUNDS: usize = 3;

/// Colours with their places, to be found at once.
pub struct Exact {
    colours: Vec<Rgb>,
    /// Open addressing: a key with its place, or nothing. At most half full.
    slots: Vec<Option<(u32, u8)>>,
}

impl Exact {
    /// No colours.
    pub fn new() -> Exact {
        Exact { colours: Vec::new(), slots: vec![None; 512] }
    }

    /// The colours of these pixels, if they are at most `most` (256 or fewer).
    pub fn of(pixels: impl Iterator<Item = Rgb>, most: usize) -> Option<Exact> {
        let mut exact = Exact::new();
        let mut last = None;
        for colour in pixels {
            if last != Some(colour) {
                last = Some(colour);
                exact.add(colour, most)?;
            }
        }
        Some(exact)
    }

    /// The colours of a palette.
    pub fn from_palette(colours: &[Rgb]) -> Exact {
        let mut exact = Exact::new();
        for &colour in colours {
            exact.add(colour, 256);
        }
        exact
    }

    fn add(&mut self, colour: Rgb, most: usize) -> Option<()> {
        let slot = self.slot(colour);
        if self.slots.get(slot)?.is_none() {
            let place = u8::try_from(self.colours.len()).ok().filter(|_| self.colours.len() < most)?;
            self.colours.push(colour);
            *self.slots.get_mut(slot)? = Some((key(colour), place));
        }
        Some(())
    }

    /// The slot where a colour is, or would be.
    fn slot(&self, colour: Rgb) -> usize {
        let mut slot = (key(colour).wrapping_mul(0x9e37_79b1) >> 23) as usize;
        while self.slots.get(slot).is_some_and(|s| s.is_some_and(|(k, _)| k != key(colour))) {
            slot = (slot + 1) % self.slots.len();
        }
        slot
    }

    /// The place of a colour.
    pub fn place(&self, colour: Rgb) -> Option<u8> {
        self.slots.get(self.slot(colour)).copied().flatten().map(|(_, place)| place)
    }

    /// The colours in the order in which they came.
    pub fn colours(&self) -> &[Rgb] {
        &self.colours
    }
}

fn key([r, g, b]: Rgb) -> u32 {
    u32::from_le_bytes([r, g, b, 0])
}

/// What is summed over pixels.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: i64,
    rgb: [i64; 3],
    squares: i64,
}

impl Sums {
    fn plus(mut self, other: &Sums, sign: i64) -> Sums {
        self.count += sign * other.count;
        self.squares += sign * other.squares;
        for (sum, more) in self.rgb.iter_mut().zip(other.rgb) {
            *sum += sign * more;
        }
        self
    }

    /// The part of the variance that a cut can change: the square of the sum over the count.
    fn weight(&self) -> f64 {
        let squares: f64 = self.rgb.iter().map(|&c| c as f64 * c as f64).sum();
        if self.count > 0 { squares / self.count as f64 } else { 0.0 }
    }

    fn variance(&self) -> f64 {
        self.squares as f64 - self.weight()
    }

    fn mean(&self) -> Rgb {
        let count = self.count.max(1);
        self.rgb.map(|sum| ((sum + count / 2) / count).clamp(0, 255) as u8)
    }
}

/// A box of cells: behind `low`, up to `high`, along each axis.
#[derive(Clone, Copy)]
struct Cells {
    low: [usize; 3],
    high: [usize; 3],
}

/// The histogram of the pixels.
struct Histogram {
    cells: Vec<Sums>,
}

fn at([r, g, b]: [usize; 3]) -> usize {
    (r * SIDE + g) * SIDE + b
}

impl Histogram {
    fn of(pixels: impl Iterator<Item = Rgb>) -> Histogram {
        let mut cells = vec![Sums::default(); SIDE * SIDE * SIDE];
        for colour in pixels {
            let place = at(colour.map(|c| usize::from(c >> 3) + 1));
            if let Some(cell) = cells.get_mut(place) {
                let rgb = colour.map(i64::from);
                cell.count += 1;
                cell.squares += rgb.iter().map(|c| c * c).sum::<i64>();
                cell.rgb.iter_mut().zip(rgb).for_each(|(sum, c)| *sum += c);
            }
        }
        Histogram { cells }
    }

    /// The cells that hold pixels.
    fn filled(&self) -> Vec<Sums> {
        self.cells.iter().filter(|cell| cell.count > 0).copied().collect()
    }

    /// Makes each cell the sum of all cells up to it, so that the sum of a box is eight of them.
    fn accumulate(&mut self) {
        for step in [SIDE * SIDE, SIDE, 1] {
            for place in step..self.cells.len() {
                // The first layer along each axis is empty, so the last cell of one row adds nothing to the next.
                if place / step % SIDE != 0
                    && let Some(before) = self.cells.get(place - step).copied()
                    && let Some(cell) = self.cells.get_mut(place)
                {
                    *cell = cell.plus(&before, 1);
                }
            }
        }
    }

    fn sums(&self, cells: &Cells) -> Sums {
        let mut sums = Sums::default();
        for corner in 0..8usize {
            let lows = corner.count_ones();
            let place: [usize; 3] =
                std::array::from_fn(|axis| if corner >> axis & 1 == 1 { cells.low[axis] } else { cells.high[axis] });
            if let Some(cell) = self.cells.get(at(place)) {
                sums = sums.plus(cell, if lows % 2 == 0 { 1 } else { -1 });
            }
        }
        sums
    }

    /// The two halves of a box that leave the least variance, if both can hold pixels.
    fn cut(&self, cells: &Cells) -> Option<(Cells, Cells)> {
        let whole = self.sums(cells);
        let mut best = None;
        let mut most = 0.0;
        for axis in 0..3 {
            for place in cells.low[axis] + 1..cells.high[axis] {
                let (mut lower, mut upper) = (*cells, *cells);
                lower.high[axis] = place;
                upper.low[axis] = place;
                let sums = self.sums(&lower);
                let rest = whole.plus(&sums, -1);
                let weight = sums.weight() + rest.weight();
                if sums.count > 0 && rest.count > 0 && weight > most {
                    most = weight;
                    best = Some((lower, upper));
                }
            }
        }
        best
    }
}

/// At most `most` colours that serve these pixels well.
pub fn palette(pixels: impl Iterator<Item = Rgb>, most: usize) -> Vec<Rgb> {
    let mut histogram = Histogram::of(pixels);
    let filled = histogram.filled();
    histogram.accumulate();
    let all = Cells { low: [0; 3], high: [SIDE - 1; 3] };
    let mut boxes = vec![(histogram.sums(&all).variance(), all)];
    while boxes.len() < most {
        let widest = boxes.iter().enumerate().max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
        let Some((place, &(_, cells))) = widest.filter(|(_, widest)| widest.0 > 0.0) else { break };
        match histogram.cut(&cells) {
            Some((lower, upper)) => {
                boxes[place] = (histogram.sums(&lower).variance(), lower);
                boxes.push((histogram.sums(&upper).variance(), upper));
            }
            // One cell: it stays what it is.
            None => boxes[place].0 = 0.0,
        }
    }
    let mut colours: Vec<Rgb> = boxes.iter().map(|(_, cells)| histogram.sums(cells).mean()).collect();
    for _ in 0..ROUNDS {
        refine(&mut colours, &filled);
    }
    colours
}

/// Moves each colour to the mean of the cells that are nearest to it.
fn refine(colours: &mut [Rgb], filled: &[Sums]) {
    let nearest = Nearest::new(colours);
    let mut means = vec![Sums::default(); colours.len()];
    for cell in filled {
        if let Some(mean) = means.get_mut(usize::from(nearest.search(cell.mean().map(i32::from)))) {
            *mean = mean.plus(cell, 1);
        }
    }
    for (colour, mean) in colours.iter_mut().zip(&means).filter(|(_, mean)| mean.count > 0) {
        *colour = mean.mean();
    }
}

/// Finds the nearest colour of a palette.
pub struct Nearest {
    colours: Vec<Rgb>,
    /// The palette by axis, so that the search is one loop without branches.
    axes: [[i32; 256]; 3],
    /// By 6 bits of each axis: the place, once it was searched.
    known: Vec<u16>,
}

impl Nearest {
    /// For this palette of at most 256 colours.
    pub fn new(colours: &[Rgb]) -> Nearest {
        // Places behind the end are too far for any colour.
        let mut axes = [[1 << 13; 256]; 3];
        for (axis, values) in axes.iter_mut().enumerate() {
            values.iter_mut().zip(colours).for_each(|(value, colour)| *value = colour[axis].into());
        }
        Nearest { colours: colours.to_vec(), axes, known: Vec::new() }
    }

    /// The place of the nearest colour.
    fn search(&self, [r, g, b]: [i32; 3]) -> u8 {
        let [reds, greens, blues] = &self.axes;
        let mut best = u32::MAX;
        for (i, ((x, y), z)) in reds.iter().zip(greens).zip(blues).enumerate() {
            let (x, y, z) = (x - r, y - g, z - b);
            // Distance and place in one number: the least of them is both.
            let distance = (x * x + y * y + z * z).min((1 << 23) - 1) as u32;
            best = best.min(distance << 8 | i as u32);
        }
        best as u8
    }

    /// The place of the nearest colour, to within the 6 bits of each axis that are told apart.
    pub fn place(&mut self, colour: Rgb) -> u8 {
        if self.known.is_empty() {
            self.known = vec![u16::MAX; 1 << 18];
        }
        let [r, g, b] = colour.map(|c| usize::from(c >> 2));
        let cell = (r << 12) | (g << 6) | b;
        match self.known.get(cell) {
            Some(&place) if place != u16::MAX => place as u8,
            _ => {
                let place = self.search(colour.map(|c| i32::from(c & 0xfc) + 2));
                if let Some(known) = self.known.get_mut(cell) {
                    *known = place.into();
                }
                place
            }
        }
    }

    /// The colour at a place.
    pub fn colour(&self, place: u8) -> Rgb {
        self.colours.get(usize::from(place)).copied().unwrap_or_default()
    }
}

/// Floyd and Steinberg's diffusion of what a palette cannot show, row by row.
pub struct Diffusion {
    /// What the row above and this row left for a pixel and its neighbours, in sixteenths; one more at each end.
    here: Vec<[i32; 3]>,
    below: Vec<[i32; 3]>,
}

impl Diffusion {
    /// For rows of this width.
    pub fn new(width: usize) -> Diffusion {
        Diffusion { here: vec![[0; 3]; width + 2], below: vec![[0; 3]; width + 2] }
    }

    /// Begins the next row.
    pub fn next_row(&mut self) {
        std::mem::swap(&mut self.here, &mut self.below);
        self.below.fill([0; 3]);
    }

    /// The place for the pixel of column `x`.
    pub fn place(&mut self, x: usize, colour: Rgb, nearest: &mut Nearest) -> u8 {
        let left = self.here.get(x + 1).copied().unwrap_or_default();
        let wanted: [i32; 3] = std::array::from_fn(|c| (i32::from(colour[c]) + ((left[c] + 8) >> 4)).clamp(0, 255));
        let place = nearest.place(wanted.map(|c| c as u8));
        let got = nearest.colour(place);
        let error: [i32; 3] = std::array::from_fn(|c| wanted[c] - i32::from(got[c]));
        for (row, x, part) in [(0, x + 2, 7), (1, x, 3), (1, x + 1, 5), (1, x + 2, 1)] {
            let row = if row == 0 { &mut self.here } else { &mut self.below };
            if let Some(cell) = row.get_mut(x) {
                cell.iter_mut().zip(error).for_each(|(sum, e)| *sum += e * part);
            }
        }
        place
    }
}
