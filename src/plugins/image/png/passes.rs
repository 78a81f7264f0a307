//! The order in which a file has the rows of an image: one pass over all, or Adam7's seven over ever more pixels.

use super::chunks::Header;

/// The first column and row of each of Adam7's passes, and their distances.
const ADAM7: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

struct Pass {
    /// First column and row, and their distances.
    grid: [usize; 4],
    /// Pixels of a row, and rows: at least one of each.
    count: usize,
    height: usize,
    /// Bytes of a stored row.
    row: usize,
}

/// The passes that have pixels.
pub struct Passes {
    passes: Vec<Pass>,
    width: usize,
    /// Bytes of a pixel as filters see it.
    step: usize,
}

/// Where the pixels of a stored row go.
pub struct Place {
    /// The number of the first pixel in the image, and the distance to the next.
    pub first: usize,
    pub distance: usize,
    /// Pixels.
    pub count: usize,
}

impl Passes {
    /// The passes of this image.
    pub fn new(header: &Header) -> Passes {
        let (width, height) = (header.width as usize, header.height as usize);
        let bits = usize::from(header.samples() * header.depth);
        let grids = if header.interlaced { &ADAM7[..] } else { &[[0, 0, 1, 1]] };
        let along = |size: usize, first: usize, distance: usize| size.saturating_sub(first).div_ceil(distance);
        let passes = grids.iter().map(|&grid| {
            let [x, y, dx, dy] = grid;
            let count = along(width, x, dx);
            Pass { grid, count, height: along(height, y, dy), row: count.saturating_mul(bits).div_ceil(8) }
        });
        let passes = passes.filter(|pass| pass.count > 0 && pass.height > 0).collect();
        Passes { passes, width, step: bits.div_ceil(8) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.passes.len()
    }

    /// Bytes of a pixel as filters see it.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Bytes of a stored row of a pass, without its filter's number.
    pub fn row(&self, pass: usize) -> usize {
        self.passes.get(pass).map_or(0, |pass| pass.row)
    }

    /// Rows of a pass.
    pub fn height(&self, pass: usize) -> usize {
        self.passes.get(pass).map_or(0, |pass| pass.height)
    }

    /// The longest row.
    pub fn longest(&self) -> usize {
        self.passes.iter().map(|pass| pass.row).max().unwrap_or(0)
    }

    /// Rows of all passes.
    pub fn rows(&self) -> u64 {
        self.passes.iter().map(|pass| pass.height as u64).sum()
    }

    /// Bytes of all rows with their filters' numbers, if that is a number.
    pub fn bytes(&self) -> Option<u64> {
        self.passes.iter().try_fold(0u64, |sum, pass| {
            (pass.row as u64).checked_add(1)?.checked_mul(pass.height as u64)?.checked_add(sum)
        })
    }

    /// Where a row of a pass goes.
    pub fn place(&self, pass: usize, y: usize) -> Place {
        match self.passes.get(pass) {
            Some(Pass { grid: [x, top, dx, dy], count, .. }) => {
                Place { first: (top + y * dy) * self.width + x, distance: *dx, count: *count }
            }
            None => Place { first: 0, distance: 1, count: 0 },
        }
    }
}

/// Puts the pixels of a row where they go in the image.
pub fn scatter(row: &[u8], image: &mut [u8], pixel: usize, place: &Place) {
    match pixel {
        1 => each::<1>(row, image, place),
        2 => each::<2>(row, image, place),
        3 => each::<3>(row, image, place),
        4 => each::<4>(row, image, place),
        6 => each::<6>(row, image, place),
        _ => each::<8>(row, image, place),
    }
}

fn each<const N: usize>(row: &[u8], image: &mut [u8], place: &Place) {
    let image = image.as_chunks_mut::<N>().0;
    let to = image.get_mut(place.first..).unwrap_or_default().iter_mut().step_by(place.distance);
    to.zip(row.as_chunks::<N>().0).for_each(|(to, from)| *to = *from);
}
