//! Values of metadata and options as the items of a type of TIFF's.

use super::entries::{Items, item_size};
use crate::model::{Array, Cast, DType, List, Value, cast};
use crate::plugins::tiff::tags::kind;

/// A type of items by its number, by tifffile's name or by Python's letter.
pub fn kind_of(value: &Value) -> Option<u16> {
    const NAMES: &[(&str, &str, u16)] = &[
        ("byte", "B", kind::BYTE),
        ("ascii", "s", kind::ASCII),
        ("short", "H", kind::SHORT),
        ("long", "I", kind::LONG),
        ("rational", "2I", kind::RATIONAL),
        ("sbyte", "b", kind::SBYTE),
        ("undefined", "B", kind::UNDEFINED),
        ("sshort", "h", kind::SSHORT),
        ("slong", "i", kind::SLONG),
        ("srational", "2i", kind::SRATIONAL),
        ("float", "f", kind::FLOAT),
        ("double", "d", kind::DOUBLE),
        ("long8", "Q", kind::LONG8),
        ("slong8", "q", kind::SLONG8),
    ];
    match value {
        Value::Int(n) => u16::try_from(*n).ok().filter(|n| item_size(*n).is_some() && !matches!(n, 13 | 18)),
        Value::Str(name) => {
            let found =
                NAMES.iter().find(|(long, letter, _)| name.eq_ignore_ascii_case(long) || name.as_str() == *letter);
            found.map(|(.., kind)| *kind)
        }
        _ => None,
    }
}

/// A value as items of a type, if it can be.
pub fn items(of: u16, value: &Value) -> Option<Items> {
    let (_, word) = item_size(of)?;
    match (of, value) {
        (kind::ASCII, Value::Str(text)) => Some(Items::ascii(text.as_bytes())),
        (kind::ASCII, Value::Bytes(bytes)) => Some(Items::ascii(bytes)),
        (kind::RATIONAL | kind::SRATIONAL, _) => rationals(of, value),
        (_, Value::Bytes(bytes)) if bytes.len() % item_size(of)?.0 == 0 => {
            Some(Items { kind: of, bytes: bytes.clone() })
        }
        (kind::BYTE | kind::UNDEFINED, Value::Str(text)) => Some(Items { kind: of, bytes: text.as_bytes().to_vec() }),
        (kind::ASCII, _) => None,
        (_, Value::Array(array)) => numbers(of, word, array),
        _ => {
            let list: List = match value {
                Value::List(list) => list.clone(),
                one => [one.clone()].into_iter().collect(),
            };
            let mut bytes = Vec::with_capacity(list.len() * word);
            for value in list.iter() {
                put_number(&mut bytes, of, value)?;
            }
            Some(Items { kind: of, bytes })
        }
    }
}

fn put_number(bytes: &mut Vec<u8>, of: u16, value: &Value) -> Option<()> {
    macro_rules! whole {
        ($type:ty) => {
            bytes.extend_from_slice(&<$type>::try_from(value.as_int()?).ok()?.to_ne_bytes())
        };
    }
    match of {
        kind::BYTE | kind::UNDEFINED => whole!(u8),
        kind::SBYTE => whole!(i8),
        kind::SHORT => whole!(u16),
        kind::SSHORT => whole!(i16),
        kind::LONG => whole!(u32),
        kind::SLONG => whole!(i32),
        kind::LONG8 => whole!(u64),
        kind::SLONG8 => whole!(i64),
        kind::FLOAT => bytes.extend_from_slice(&(value.as_float()? as f32).to_ne_bytes()),
        kind::DOUBLE => bytes.extend_from_slice(&value.as_float()?.to_ne_bytes()),
        _ => return None,
    }
    Some(())
}

fn numbers(of: u16, word: usize, array: &Array) -> Option<Items> {
    let to = match of {
        kind::BYTE | kind::UNDEFINED => DType::U8,
        kind::SBYTE => DType::I8,
        kind::SHORT => DType::U16,
        kind::SSHORT => DType::I16,
        kind::LONG => DType::U32,
        kind::SLONG => DType::I32,
        kind::LONG8 => DType::U64,
        kind::SLONG8 => DType::I64,
        kind::FLOAT => DType::F32,
        kind::DOUBLE => DType::F64,
        _ => return None,
    };
    let mut bytes = vec![0; array.data().len() / array.dtype().size() * word];
    cast(Cast::plain(array.dtype(), to), array.data(), &mut bytes);
    let fits = array.dtype().fits_in(to) || {
        let back = Array::new(to, &[bytes.len() / word], bytes.clone()).ok()?;
        back.to_f64() == array.to_f64()
    };
    fits.then_some(Items { kind: of, bytes })
}

/// Rationals: numbers, or numerators and denominators in turn.
fn rationals(of: u16, value: &Value) -> Option<Items> {
    let signed = of == kind::SRATIONAL;
    let whole =
        |v: &Value| v.as_int().filter(|n| if signed { i32::try_from(*n).is_ok() } else { u32::try_from(*n).is_ok() });
    let flat: Vec<Value> = match value {
        Value::List(list) => list
            .iter()
            .flat_map(|v| match v {
                Value::List(inner) => inner.iter().cloned().collect(),
                one => vec![one.clone()],
            })
            .collect(),
        Value::Array(array) => array.to_f64().into_iter().map(Value::Float).collect(),
        one => vec![one.clone()],
    };
    let parts: Option<Vec<i64>> = flat.iter().map(whole).collect();
    let parts = match parts.filter(|p| p.len() % 2 == 0) {
        Some(parts) => parts,
        None => {
            let pairs: Option<Vec<[i64; 2]>> = flat.iter().map(|v| fraction(v.as_float()?, signed)).collect();
            pairs?.concat()
        }
    };
    let bytes = parts.iter().flat_map(|&n| (n as u32).to_ne_bytes()).collect();
    Some(Items { kind: of, bytes })
}

fn fraction(x: f64, signed: bool) -> Option<[i64; 2]> {
    let (n, d) = rational_below(x.abs(), if signed { i32::MAX as u64 } else { u32::MAX.into() })?;
    let negative = x < 0.0;
    if negative && !signed { None } else { Some([if negative { -(n as i64) } else { n as i64 }, d as i64]) }
}

/// A positive number as a quotient of two 32-bit numbers.
pub fn rational(x: f64) -> Option<(u32, u32)> {
    let (n, d) = rational_below(x, u32::MAX.into()).filter(|(n, _)| *n > 0)?;
    Some((n as u32, d as u32))
}

/// The nearest quotient of two numbers up to `most`, by continued fractions.
fn rational_below(x: f64, most: u64) -> Option<(u64, u64)> {
    if !(0.0..=most as f64).contains(&x) {
        return None;
    }
    let (mut before, mut now) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = x;
    for _ in 0..64 {
        let whole = rest.floor();
        let next = |b: u64, n: u64| n.checked_mul(whole as u64)?.checked_add(b).filter(|v| *v <= most);
        let (Some(n), Some(d)) = (next(before.0, now.0), next(before.1, now.1)) else { break };
        before = now;
        now = (n, d);
        if n as f64 / d as f64 == x || rest == whole {
            break;
        }
        rest = 1.0 / (rest - whole);
    }
    (now.1 > 0).then_some(now)
}

pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::List(list) => match (list.get(0)?.as_float()?, list.get(1)?.as_float()?) {
            (_, 0.0) => None,
            (n, d) => Some(n / d),
        },
        other => other.as_float(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_are_the_nearest_quotients() {
        assert_eq!(rational(300.0), Some((300, 1)));
        assert_eq!(rational(0.1), Some((1, 10)));
        assert_eq!(rational(2.54), Some((127, 50)));
        let (n, d) = rational(std::f64::consts::PI).unwrap();
        assert!((f64::from(n) / f64::from(d) - std::f64::consts::PI).abs() < 1e-15);
        assert_eq!((rational(0.0), rational(-1.0), rational(f64::NAN), rational(1e12)), (None, None, None, None));
        assert!(rational(1e-9).is_some());
    }

    #[test]
    fn values_become_the_items_of_a_type() {
        let list = |items: &[i64]| Value::List(items.iter().copied().collect());
        assert_eq!(items(kind::SHORT, &list(&[1, 2])).unwrap(), Items::shorts(&[1, 2]));
        assert_eq!(items(kind::SHORT, &Value::Int(70000)), None);
        assert_eq!(items(kind::RATIONAL, &list(&[1, 4])).unwrap(), Items::rationals(&[(1, 4)]));
        assert_eq!(items(kind::RATIONAL, &Value::Float(0.25)).unwrap(), Items::rationals(&[(1, 4)]));
        assert_eq!(items(kind::ASCII, &"a".into()).unwrap().bytes, b"a\0");
        let array = Array::new(DType::F64, &[2], [1.0f64, 3.0].iter().flat_map(|x| x.to_ne_bytes()).collect()).unwrap();
        assert_eq!(items(kind::LONG, &Value::Array(array)).unwrap(), Items::longs(&[1, 3]));
    }
}
