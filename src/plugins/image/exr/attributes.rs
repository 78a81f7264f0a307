//! The values of attributes, as metadata.

use crate::error::{Error, Result};
use crate::model::{Array, DType, Dict, List, Value};

/// The names of compressions, by their numbers.
pub const COMPRESSIONS: &[&str] =
    &["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab", "htj2k256", "htj2k32"];

/// The fields of a value, one after another, all of them little-endian.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or_else(|| Error::corrupt("a value that is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N)?.try_into().unwrap_or([0; N]))
    }

    pub fn u8(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_le_bytes)
    }

    fn f32(&mut self) -> Result<f64> {
        self.array().map(|b| f32::from_le_bytes(b).into())
    }

    fn f64(&mut self) -> Result<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// Several integers.
    pub fn ints<const N: usize>(&mut self) -> Result<[i32; N]> {
        let mut ints = [0; N];
        for to in &mut ints {
            *to = self.i32()?;
        }
        Ok(ints)
    }

    /// A text that a NUL ends.
    pub fn text(&mut self) -> Result<String> {
        let end = self.0.iter().position(|&b| b == 0).ok_or_else(|| Error::corrupt("a text that does not end"))?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }

    fn counted_text(&mut self) -> Result<Value> {
        let len = self.u32()? as usize;
        Ok(text(self.take(len)?))
    }

    fn list(&mut self, n: usize, mut each: impl FnMut(&mut Self) -> Result<Value>) -> Result<Value> {
        let items: Result<List> = (0..n).map(|_| each(self)).collect();
        items.map(Value::List)
    }
}

fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.into(),
        _ => bytes.into(),
    }
}

/// The value of an attribute of this type; of a type that is not known, or one that is damaged, its bytes.
pub fn value(kind: &str, data: &[u8]) -> Value {
    let mut fields = Fields(data);
    match known(kind, &mut fields) {
        Ok(Some(value)) => value,
        _ => data.into(),
    }
}

fn known(kind: &str, fields: &mut Fields) -> Result<Option<Value>> {
    let int = |fields: &mut Fields| fields.i32().map(Value::from);
    let float = |fields: &mut Fields| fields.f32().map(Value::Float);
    let double = |fields: &mut Fields| fields.f64().map(Value::Float);
    let value = match kind {
        "string" => text(fields.0),
        "int" => int(fields)?,
        "float" => float(fields)?,
        "double" => double(fields)?,
        "v2i" | "rational" => fields.list(2, int)?,
        "v3i" => fields.list(3, int)?,
        "v2f" => fields.list(2, float)?,
        "v3f" => fields.list(3, float)?,
        "v2d" => fields.list(2, double)?,
        "v3d" => fields.list(3, double)?,
        "box2i" => fields.list(4, int)?,
        "box2f" => fields.list(4, float)?,
        "chromaticities" => fields.list(8, float)?,
        "m33f" => fields.list(9, float)?,
        "m44f" => fields.list(16, float)?,
        "m33d" => fields.list(9, double)?,
        "m44d" => fields.list(16, double)?,
        "keycode" => fields.list(7, int)?,
        "timecode" => fields.list(2, |f| f.u32().map(Value::from))?,
        "floatvector" => fields.list(fields.0.len() / 4, float)?,
        "stringvector" => {
            let mut items = List::new();
            while !fields.0.is_empty() {
                items.push(fields.counted_text()?);
            }
            items.into()
        }
        "chlist" => channels(fields)?,
        "compression" => named(fields.u8()?, COMPRESSIONS),
        "lineOrder" => named(fields.u8()?, &["increasing_y", "decreasing_y", "random_y"]),
        "envmap" => named(fields.u8()?, &["latlong", "cube"]),
        "deepImageState" => named(fields.u8()?, &["messy", "sorted", "non_overlapping", "tidy"]),
        "tiledesc" => {
            let (width, height, mode) = (fields.u32()?, fields.u32()?, fields.u8()?);
            Dict::new()
                .with("xSize", width)
                .with("ySize", height)
                .with("mode", named(mode & 15, &["one_level", "mipmap_levels", "ripmap_levels"]))
                .with("roundingMode", named(mode >> 4, &["round_down", "round_up"]))
                .into()
        }
        "preview" => {
            let (width, height) = (fields.u32()? as usize, fields.u32()? as usize);
            Array::new(DType::U8, &[height, width, 4], fields.0.to_vec())?.into()
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn named(number: u8, names: &[&str]) -> Value {
    names.get(usize::from(number)).map_or(Value::from(i64::from(number)), |&name| name.into())
}

fn channels(fields: &mut Fields) -> Result<Value> {
    let mut names = List::new();
    loop {
        let name = fields.text()?;
        if name.is_empty() {
            return Ok(names.into());
        }
        fields.take(16)?;
        names.push(name);
    }
}
