//! The one place where values change their type.
//!
//! Plain casts are numpy's `astype`: whole numbers wrap, floats lose their fraction, complex numbers their
//! imaginary part, and anything but zero is true. A float outside a whole number's range, which numpy leaves
//! to the machine, becomes its nearest value, and NaN becomes 0.

use super::{DType, DTypeKind};
use half::f16;

/// A conversion of items.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cast {
    from: DType,
    to: DType,
    /// With `scale`: what the largest value of `from` is taken to be, which becomes 1 in floats and the
    /// largest value of `to` in whole numbers.
    full: Option<f64>,
}

impl Cast {
    /// As numpy's `astype`.
    pub fn plain(from: DType, to: DType) -> Cast {
        Cast { from, to, full: None }
    }

    /// From the full range of `from`, of which `bits` bits count (0: all), to that of `to`.
    pub fn scaled(from: DType, to: DType, bits: u32) -> Cast {
        let full = match from.kind() {
            DTypeKind::Unsigned if bits > 0 && bits < from.size() as u32 * 8 => 2f64.powi(bits as i32) - 1.0,
            _ => full_scale(from),
        };
        Cast { from, to, full: Some(full) }
    }

    /// Whether nothing changes.
    pub fn is_identity(&self) -> bool {
        self.from == self.to && self.full.is_none_or(|full| full == full_scale(self.from))
    }

    /// The type of the items that come in.
    pub fn from(&self) -> DType {
        self.from
    }

    /// The type of the items that go out.
    pub fn to(&self) -> DType {
        self.to
    }
}

/// The value that stands for "full": the largest of a whole number, 1 of a float.
fn full_scale(dtype: DType) -> f64 {
    match dtype.kind() {
        DTypeKind::Bool | DTypeKind::Float | DTypeKind::Complex => 1.0,
        DTypeKind::Unsigned => 2f64.powi(dtype.size() as i32 * 8) - 1.0,
        DTypeKind::Signed => 2f64.powi(dtype.size() as i32 * 8 - 1) - 1.0,
    }
}

/// Items in flight: whole numbers keep all 64 bits, others go as two floats.
#[derive(Clone, Copy)]
enum Wide {
    Signed,
    Unsigned,
    Float,
}

const BLOCK: usize = 256;

/// Converts packed items. Both slices hold the same number of items; surplus items of either are left alone.
pub fn cast(cast: Cast, from: &[u8], to: &mut [u8]) {
    if cast.from == cast.to && cast.is_identity() && cast.from != DType::Bool {
        let n = from.len().min(to.len());
        to[..n].copy_from_slice(&from[..n]);
        return;
    }
    let mut whole = [0i64; BLOCK];
    let mut re = [0f64; BLOCK];
    let mut im = [0f64; BLOCK];
    let blocks = from.chunks(BLOCK * cast.from.size()).zip(to.chunks_mut(BLOCK * cast.to.size()));
    for (from, to) in blocks {
        let n = (from.len() / cast.from.size()).min(to.len() / cast.to.size());
        let wide = load(cast.from, from, &mut whole[..n], &mut re[..n], &mut im[..n]);
        match cast.full {
            None => store(cast.to, wide, to, &whole[..n], &re[..n], &im[..n]),
            Some(full) => {
                widen(wide, &whole[..n], &mut re[..n]);
                let to_full = full_scale(cast.to);
                let is_whole = matches!(cast.to.kind(), DTypeKind::Bool | DTypeKind::Unsigned | DTypeKind::Signed);
                for x in &mut re[..n] {
                    *x = *x / full * to_full;
                    if is_whole {
                        *x = x.round();
                    }
                }
                store(cast.to, Wide::Float, to, &whole[..n], &re[..n], &im[..n]);
            }
        }
    }
}

/// A conversion of items of one byte, looked up.
pub struct Table {
    /// What each of the 256 becomes.
    made: Vec<u8>,
    size: usize,
}

impl Table {
    /// `None` for larger items.
    pub fn new(by: Cast) -> Option<Table> {
        if by.from.size() != 1 {
            return None;
        }
        let all: [u8; 256] = std::array::from_fn(|i| i as u8);
        let mut made = vec![0; 256 * by.to.size()];
        cast(by, &all, &mut made);
        Some(Table { made, size: by.to.size() })
    }

    /// As [`cast`].
    pub fn convert(&self, from: &[u8], to: &mut [u8]) {
        match self.size {
            1 => self.look_up::<1>(from, to),
            2 => self.look_up::<2>(from, to),
            4 => self.look_up::<4>(from, to),
            8 => self.look_up::<8>(from, to),
            _ => self.look_up::<16>(from, to),
        }
    }

    fn look_up<const N: usize>(&self, from: &[u8], to: &mut [u8]) {
        let Some(made) = self.made.as_chunks::<N>().0.first_chunk::<256>() else { return };
        to.as_chunks_mut::<N>().0.iter_mut().zip(from).for_each(|(to, &from)| *to = made[usize::from(from)]);
    }
}

/// Whole numbers as floats.
fn widen(wide: Wide, whole: &[i64], re: &mut [f64]) {
    for (x, &n) in re.iter_mut().zip(whole) {
        match wide {
            Wide::Signed => *x = n as f64,
            Wide::Unsigned => *x = n as u64 as f64,
            Wide::Float => return,
        }
    }
}

fn load(dtype: DType, from: &[u8], whole: &mut [i64], re: &mut [f64], im: &mut [f64]) -> Wide {
    macro_rules! ints {
        ($type:ty, $wide:expr) => {{
            for (n, b) in whole.iter_mut().zip(from.chunks_exact(size_of::<$type>())) {
                *n = <$type>::from_ne_bytes(array(b)) as i64;
            }
            $wide
        }};
    }
    macro_rules! floats {
        ($type:ty, $step:literal, |$x:ident| $make:expr) => {{
            for ((r, i), b) in re.iter_mut().zip(im.iter_mut()).zip(from.chunks_exact(size_of::<$type>() * $step)) {
                let $x = <$type>::from_ne_bytes(array(&b[..size_of::<$type>()]));
                *r = $make;
                let $x = <$type>::from_ne_bytes(array(&b[size_of::<$type>() * ($step - 1)..]));
                *i = if $step == 2 { $make } else { 0.0 };
            }
            Wide::Float
        }};
    }
    match dtype {
        DType::Bool => {
            whole.iter_mut().zip(from).for_each(|(n, &b)| *n = i64::from(b != 0));
            Wide::Unsigned
        }
        DType::U8 => ints!(u8, Wide::Unsigned),
        DType::U16 => ints!(u16, Wide::Unsigned),
        DType::U32 => ints!(u32, Wide::Unsigned),
        DType::U64 => ints!(u64, Wide::Unsigned),
        DType::I8 => ints!(i8, Wide::Signed),
        DType::I16 => ints!(i16, Wide::Signed),
        DType::I32 => ints!(i32, Wide::Signed),
        DType::I64 => ints!(i64, Wide::Signed),
        DType::F16 => floats!(f16, 1, |x| x.to_f64()),
        DType::F32 => floats!(f32, 1, |x| f64::from(x)),
        DType::F64 => floats!(f64, 1, |x| x),
        DType::C64 => floats!(f32, 2, |x| f64::from(x)),
        DType::C128 => floats!(f64, 2, |x| x),
    }
}

fn store(dtype: DType, wide: Wide, to: &mut [u8], whole: &[i64], re: &[f64], im: &[f64]) {
    macro_rules! ints {
        ($type:ty) => {{
            let items = to.chunks_exact_mut(size_of::<$type>());
            match wide {
                Wide::Float => items.zip(re).for_each(|(b, &x)| b.copy_from_slice(&(x as $type).to_ne_bytes())),
                _ => items.zip(whole).for_each(|(b, &n)| b.copy_from_slice(&(n as $type).to_ne_bytes())),
            }
        }};
    }
    macro_rules! floats {
        ($type:ty, $step:literal, |$x:ident| $make:expr) => {
            floats!($type, $step, |$x| $make, |n| n as $type)
        };
        // Whole numbers are rounded once, not to f64 first.
        ($type:ty, $step:literal, |$x:ident| $make:expr, |$n:ident| $whole:expr) => {{
            let size = size_of::<$type>();
            for (i, b) in to.chunks_exact_mut(size * $step).enumerate().take(re.len()) {
                let real: $type = match wide {
                    Wide::Float => {
                        let $x = re[i];
                        $make
                    }
                    Wide::Signed => {
                        let $n = whole[i];
                        $whole
                    }
                    Wide::Unsigned => {
                        let $n = whole[i] as u64;
                        $whole
                    }
                };
                b[..size].copy_from_slice(&real.to_ne_bytes());
                if $step == 2 {
                    let $x = if matches!(wide, Wide::Float) { im[i] } else { 0.0 };
                    b[size..].copy_from_slice(&<$type>::to_ne_bytes($make));
                }
            }
        }};
    }
    match dtype {
        DType::Bool => match wide {
            Wide::Float => {
                to.iter_mut().zip(re.iter().zip(im)).for_each(|(b, (&x, &y))| *b = u8::from(x != 0.0 || y != 0.0))
            }
            _ => to.iter_mut().zip(whole).for_each(|(b, &n)| *b = u8::from(n != 0)),
        },
        DType::U8 => ints!(u8),
        DType::U16 => ints!(u16),
        DType::U32 => ints!(u32),
        DType::U64 => ints!(u64),
        DType::I8 => ints!(i8),
        DType::I16 => ints!(i16),
        DType::I32 => ints!(i32),
        DType::I64 => ints!(i64),
        DType::F16 => floats!(f16, 1, |x| f16::from_f64(x), |n| f16::from_f64(n as f64)),
        DType::F32 => floats!(f32, 1, |x| x as f32),
        DType::F64 => floats!(f64, 1, |x| x),
        DType::C64 => floats!(f32, 2, |x| x as f32),
        DType::C128 => floats!(f64, 2, |x| x),
    }
}

/// The bytes as an array; `chunks_exact` has seen to their number.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_the_conversion_says() {
        let all: Vec<u8> = (0..=255).rev().collect();
        for from in [DType::Bool, DType::U8, DType::I8] {
            for &to in DType::ALL {
                for by in [Cast::plain(from, to), Cast::scaled(from, to, 0), Cast::scaled(from, to, 4)] {
                    let (mut one, mut other) = (vec![1; 256 * to.size()], vec![2; 256 * to.size()]);
                    cast(by, &all, &mut one);
                    Table::new(by).unwrap().convert(&all, &mut other);
                    assert_eq!(one, other, "{by:?}");
                }
            }
        }
        assert!(Table::new(Cast::plain(DType::U16, DType::F32)).is_none());
    }

    fn convert<const N: usize>(how: Cast, from: &[u8]) -> [u8; N] {
        let mut out = [0; N];
        cast(how, from, &mut out);
        out
    }

    #[test]
    fn plain_casts_are_those_of_numpy() {
        assert_eq!(convert::<2>(Cast::plain(DType::U16, DType::U8), &[1, 1, 255, 0]), [1, 255]);
        assert_eq!(convert::<2>(Cast::plain(DType::I8, DType::U16), &[0xff]), u16::MAX.to_ne_bytes());
        assert_eq!(convert::<4>(Cast::plain(DType::U8, DType::F32), &[200]), 200f32.to_ne_bytes());
        assert_eq!(convert::<1>(Cast::plain(DType::F64, DType::I8), &(-3.9f64).to_ne_bytes()), [(-3i8) as u8]);
        assert_eq!(convert::<2>(Cast::plain(DType::U8, DType::Bool), &[0, 7]), [0, 1]);
        assert_eq!(convert::<2>(Cast::plain(DType::Bool, DType::Bool), &[0, 7]), [0, 1]);
        assert_eq!(
            convert::<8>(Cast::plain(DType::U64, DType::F64), &u64::MAX.to_ne_bytes()),
            2f64.powi(64).to_ne_bytes()
        );
        // Through a double this would be a tie, and round down.
        let n = (1i64 << 60) + (1 << 36) + 1;
        assert_eq!(convert::<4>(Cast::plain(DType::I64, DType::F32), &n.to_ne_bytes()), (n as f32).to_ne_bytes());
        assert_ne!(n as f32, n as f64 as f32);
        let one_i: Vec<u8> = [1f32, 5.0].iter().flat_map(|x| x.to_ne_bytes()).collect();
        assert_eq!(convert::<8>(Cast::plain(DType::C64, DType::F64), &one_i), 1f64.to_ne_bytes());
    }

    #[test]
    fn scaling_maps_full_range_to_full_range() {
        assert_eq!(convert::<4>(Cast::scaled(DType::U8, DType::F32, 8), &[255]), 1f32.to_ne_bytes());
        assert_eq!(convert::<2>(Cast::scaled(DType::U8, DType::U16, 0), &[255]), u16::MAX.to_ne_bytes());
        assert_eq!(convert::<1>(Cast::scaled(DType::U16, DType::U8, 10), &1023u16.to_ne_bytes()), [255]);
        assert_eq!(convert::<1>(Cast::scaled(DType::F32, DType::U8, 0), &0.5f32.to_ne_bytes()), [128]);
    }

    #[test]
    fn long_runs_cross_blocks() {
        let from: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
        let out = convert::<2000>(Cast::plain(DType::U8, DType::U16), &from);
        assert!(out.chunks(2).zip(&from).all(|(b, &n)| u16::from_ne_bytes([b[0], b[1]]) == u16::from(n)));
    }
}
