//! Samples of pixels in another order: formats that keep blue first.

/// Copies pixels of three bytes, of which the first and the last change places; as many as both sides hold.
pub fn swap_ends(from: &[u8], to: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("ssse3") {
        // SAFETY: the processor has SSSE3.
        return unsafe { x86::swap_ends(from, to) };
    }
    by_words(from, to);
}

/// Eight pixels are three words, whose bytes move by two places or stay: an order of magnitude faster than byte by byte.
fn by_words(from: &[u8], to: &mut [u8]) {
    let masks = const { [masks(0), masks(1), masks(2)] };
    let n = from.len().min(to.len()) / 24 * 24;
    for (from, to) in from[..n].as_chunks::<24>().0.iter().zip(to[..n].as_chunks_mut::<24>().0) {
        let word = |i: usize| from[i * 8..].first_chunk().map_or(0, |&b| u64::from_le_bytes(b));
        let [a, b, c] = [word(0), word(1), word(2)];
        let down = [a >> 16 | b << 48, b >> 16 | c << 48, c >> 16];
        let up = [a << 16, b << 16 | a >> 48, c << 16 | b >> 48];
        for (i, (to, same)) in to.as_chunks_mut::<8>().0.iter_mut().zip([a, b, c]).enumerate() {
            let [first, middle, last] = masks[i];
            *to = (down[i] & first | same & middle | up[i] & last).to_le_bytes();
        }
    }
    let (from, to) = (&from[n..], &mut to[n..]);
    to.as_chunks_mut::<3>().0.iter_mut().zip(from.as_chunks::<3>().0).for_each(|(to, &[b, g, r])| *to = [r, g, b]);
}

/// Which bytes of the `word`th of three words are the first, middle and last of their pixels.
const fn masks(word: usize) -> [u64; 3] {
    let mut masks = [0; 3];
    let mut byte = 0;
    while byte < 8 {
        masks[(word * 8 + byte) % 3] |= 0xff << (byte * 8);
        byte += 1;
    }
    masks
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_or_si128, _mm_shuffle_epi8, _mm_storeu_si128};

    /// Sixteen pixels: three vectors.
    const GROUP: usize = 48;

    /// Each vector of the result takes bytes of two loads, which begin at these bytes of the group.
    const LOADS: [[usize; 2]; 3] = [[0, 2], [14, 17], [30, 32]];

    /// For each byte of the result its place in either load; 0x80 where it is in the other one.
    const PLACES: [[[u8; 16]; 2]; 3] = places();

    const fn places() -> [[[u8; 16]; 2]; 3] {
        let mut places = [[[0x80; 16]; 2]; 3];
        let mut byte = 0;
        while byte < GROUP {
            let (vector, place) = (byte / 16, byte % 16);
            let source = byte / 3 * 3 + 2 - byte % 3;
            let [first, second] = LOADS[vector];
            if source >= first && source < first + 16 {
                places[vector][0][place] = (source - first) as u8;
            } else {
                places[vector][1][place] = (source - second) as u8;
            }
            byte += 1;
        }
        places
    }

    #[inline(always)]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: SSE2 is part of x86-64, and there are 16 bytes.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn part(group: &[u8; GROUP], at: usize) -> __m128i {
        group[at..].first_chunk().map_or_else(|| load(&[0; 16]), load)
    }

    #[target_feature(enable = "ssse3")]
    pub fn swap_ends(from: &[u8], to: &mut [u8]) {
        let places = PLACES.map(|two| two.map(|places| load(&places)));
        let n = from.len().min(to.len()) / GROUP * GROUP;
        let groups = from[..n].as_chunks::<GROUP>().0.iter().zip(to[..n].as_chunks_mut::<GROUP>().0);
        for (from, to) in groups {
            for ((to, loads), places) in to.as_chunks_mut::<16>().0.iter_mut().zip(LOADS).zip(places) {
                let first = _mm_shuffle_epi8(part(from, loads[0]), places[0]);
                let second = _mm_shuffle_epi8(part(from, loads[1]), places[1]);
                // SAFETY: there are 16 bytes.
                unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_or_si128(first, second)) }
            }
        }
        super::by_words(&from[n..], &mut to[n..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_change_places_at_every_length() {
        let from: Vec<u8> = (0..400u32).map(|i| (i * 7 + i / 251) as u8).collect();
        for n in 0..from.len() {
            for room in [n, n + 5, n.saturating_sub(5)] {
                let pixels = n.min(room) / 3;
                let wanted: Vec<u8> = from[..pixels * 3].chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
                for swap in [swap_ends, by_words] {
                    let mut to = vec![9; room];
                    swap(&from[..n], &mut to);
                    assert_eq!(to[..pixels * 3], wanted, "{n} bytes into {room}");
                    assert!(to[pixels * 3..].iter().all(|&b| b == 9));
                }
            }
        }
    }
}
