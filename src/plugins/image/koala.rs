//! Pictures of KoalaPainter on the Commodore 64: pairs of bits that choose among four colours for each square of the
//! screen, of which three are the square's own.

use super::form::{Form, How};
use super::stills::{Raster, Rows, Stills};
use crate::error::Result;
use crate::model::Dict;
use crate::plugin::{Call, Reader};
use crate::resource::Source;

const WIDTH: usize = 320;
const HEIGHT: usize = 200;

/// Pixels of a square's side, and squares side by side.
const SIDE: usize = 8;
const ACROSS: usize = WIDTH / SIDE;

/// The memory of the picture, which a file holds behind the address where it is to stand: bits, two colours and then the
/// third of each square, and the colour behind all.
const ADDRESS: [u8; 2] = [0x00, 0x60];
const BITS: usize = WIDTH * HEIGHT / 8;
const SQUARES: usize = ACROSS * HEIGHT / SIDE;
const BYTES: usize = BITS + 2 * SQUARES + 1;

/// The machine's colours, as FreeImage has them.
const COLORS: [[u8; 3]; 16] = [
    [0, 0, 0],
    [255, 255, 255],
    [170, 17, 17],
    [12, 204, 204],
    [221, 51, 221],
    [0, 187, 0],
    [0, 0, 204],
    [255, 255, 140],
    [204, 119, 34],
    [136, 68, 0],
    [255, 153, 136],
    [92, 92, 92],
    [170, 170, 170],
    [140, 255, 178],
    [39, 148, 255],
    [196, 196, 196],
];

/// Whether these are all bytes of such a file, which has one length.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(&ADDRESS) && head.len() == ADDRESS.len() + BYTES
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let form = Form::palette((WIDTH, HEIGHT), COLORS.to_vec(), How::Palette { bits: 8 });
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode: Box::new(decode) }))
}

fn decode(all: &[u8], rows: &mut Rows) -> Result<()> {
    let Some(memory) = all.get(ADDRESS.len()..).and_then(|rest| rest.first_chunk::<BYTES>()) else { return Ok(()) };
    let (bits, colors) = memory.split_at(BITS);
    let (two, rest) = colors.split_at(SQUARES);
    let (third, behind) = rest.split_at(SQUARES);
    for y in 0..HEIGHT {
        let mut row = [0u8; WIDTH];
        for (x, pixels) in row.chunks_exact_mut(SIDE).enumerate() {
            let square = y / SIDE * ACROSS + x;
            // A square's eight bytes are its rows.
            let pairs = bits[square * SIDE + y % SIDE];
            let choice = [behind[0], two[square] >> 4, two[square], third[square]];
            for (i, pixel) in pixels.iter_mut().enumerate() {
                // Each pair of bits is two pixels wide.
                *pixel = choice[usize::from(pairs >> (6 - i / 2 * 2) & 3)] & 15;
            }
        }
        rows.put(&row)?;
    }
    Ok(())
}
