//! Squares of bytes, turned.

/// Rows of a square, and bytes of a row.
pub const SIDE: usize = 16;

pub type Square = [[u8; SIDE]; SIDE];

/// Byte `i` of row `k` becomes byte `k` of row `i`.
#[cfg(target_arch = "x86_64")]
pub fn turn(square: &mut Square) {
    use std::arch::x86_64::{__m128i, _mm_unpackhi_epi8, _mm_unpacklo_epi8};
    let mut rows: [__m128i; SIDE] = square.map(bytemuck::cast);
    // Each step brings the upper half of the rows between the lower: four of them exchange the four digits of the row
    // with those of the place in it.
    for _ in 0..4 {
        let from = rows;
        for i in 0..SIDE / 2 {
            // SAFETY: every processor of this architecture has SSE2.
            unsafe {
                rows[2 * i] = _mm_unpacklo_epi8(from[i], from[i + SIDE / 2]);
                rows[2 * i + 1] = _mm_unpackhi_epi8(from[i], from[i + SIDE / 2]);
            }
        }
    }
    *square = rows.map(bytemuck::cast);
}

/// Byte `i` of row `k` becomes byte `k` of row `i`.
#[cfg(not(target_arch = "x86_64"))]
pub fn turn(square: &mut Square) {
    let mut rows = square.map(u128::from_le_bytes);
    const EVEN: [(usize, u128); 4] = [
        (1, 0x00FF_00FF_00FF_00FF_00FF_00FF_00FF_00FF),
        (2, 0x0000_FFFF_0000_FFFF_0000_FFFF_0000_FFFF),
        (4, 0x0000_0000_FFFF_FFFF_0000_0000_FFFF_FFFF),
        (8, 0x0000_0000_0000_0000_FFFF_FFFF_FFFF_FFFF),
    ];
    for (distance, mask) in EVEN {
        for k in (0..SIDE).filter(|k| k & distance == 0) {
            let swap = (rows[k] >> (8 * distance) ^ rows[k + distance]) & mask;
            rows[k + distance] ^= swap;
            rows[k] ^= swap << (8 * distance);
        }
    }
    *square = rows.map(u128::to_le_bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let mut square: Square = std::array::from_fn(|y| std::array::from_fn(|x| (16 * y + x) as u8));
        turn(&mut square);
        for (y, row) in square.iter().enumerate() {
            assert!(row.iter().enumerate().all(|(x, &b)| usize::from(b) == 16 * x + y), "{square:?}");
        }
    }
}
