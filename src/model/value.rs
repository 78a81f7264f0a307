//! The one dictionary: options of a call, and the metadata that comes back.

use super::{DType, Text, byte_len};
use crate::error::{Error, ErrorKind, Result};
use indexmap::IndexMap;
use std::fmt;
use std::sync::Arc;

/// An ordered dictionary of typed values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict(IndexMap<Text, Value>);

/// A typed value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// UTF-8 text without NUL.
    Str(Text),
    /// Anything else.
    Bytes(Vec<u8>),
    /// Numbers of one type.
    Array(Array),
    /// Values in order.
    List(List),
    /// Values by name.
    Dict(Dict),
    /// A function to call with (done, total); only in options, never in JSON.
    Callback(Progress),
}

/// The kinds of a value, and what a missing one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)] // as in `Value`
pub enum Kind {
    Absent = 0,
    Null,
    Bool,
    Int,
    Float,
    String,
    Bytes,
    Array,
    List,
    Dict,
    Callback,
}

impl Kind {
    /// The kind in words.
    pub fn name(self) -> &'static str {
        ["absent", "null", "bool", "int", "float", "string", "bytes", "array", "list", "dict", "callback"]
            [self as usize]
    }
}

/// An n-dimensional array that the value owns, packed row-major; 0 axes hold one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    dtype: DType,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// Colours as the value of the metadata key `palette`: a row each, as 64-bit integers, which numpy makes of a list.
pub fn palette_value(colors: &[[u8; 3]]) -> Result<Value> {
    let items = colors.iter().flatten().flat_map(|&n| i64::from(n).to_ne_bytes()).collect();
    Ok(Value::Array(Array::new(DType::I64, &[colors.len(), 3], items)?))
}

impl Array {
    /// The array, if `data` has the length that the shape asks for.
    pub fn new(dtype: DType, shape: &[usize], data: Vec<u8>) -> Result<Array> {
        if shape.len() > strided::MAX_NDIM {
            return Err(Error::invalid(format!("an array of {} axes", shape.len())));
        }
        if byte_len(shape, dtype)? != data.len() {
            return Err(Error::invalid(format!("{} bytes are no {dtype} array of shape {shape:?}", data.len())));
        }
        Ok(Array { dtype, shape: shape.to_vec(), data })
    }

    /// Type of the items.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The packed items.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The items as floats, real parts only.
    pub fn to_f64(&self) -> Vec<f64> {
        let mut out = vec![0u8; self.data.len() / self.dtype.size() * 8];
        super::cast(super::Cast::plain(self.dtype, DType::F64), &self.data, &mut out);
        out.chunks_exact(8).map(|b| f64::from_ne_bytes(b.try_into().unwrap_or_default())).collect()
    }
}

/// Values in order. Kept as a dictionary whose keys are "0", "1", …, which is how C sees a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List(Dict);

impl List {
    /// An empty list.
    pub fn new() -> List {
        List::default()
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: impl Into<Value>) {
        let key = self.0.len().to_string();
        self.0.set(key, value);
    }

    /// The values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.0.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of them.
    pub fn get(&self, i: usize) -> Option<&Value> {
        self.0.0.get_index(i).map(|(_, v)| v)
    }

    /// The list as a dictionary with the keys "0", "1", ….
    pub fn as_dict(&self) -> &Dict {
        &self.0
    }
}

impl<T: Into<Value>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> List {
        let mut list = List::new();
        for item in items {
            list.push(item);
        }
        list
    }
}

/// A progress callback: (done, total), total 0 if unknown; a result other than 0 cancels.
#[derive(Clone)]
pub struct Progress(pub Arc<dyn Fn(u64, u64) -> i32 + Send + Sync>);

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

impl PartialEq for Progress {
    fn eq(&self, other: &Progress) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Value {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Float(_) => Kind::Float,
            Value::Str(_) => Kind::String,
            Value::Bytes(_) => Kind::Bytes,
            Value::Array(_) => Kind::Array,
            Value::List(_) => Kind::List,
            Value::Dict(_) => Kind::Dict,
            Value::Callback(_) => Kind::Callback,
        }
    }

    /// Text if the bytes are UTF-8 without NUL, else bytes: how text of a file becomes a value.
    pub fn text(bytes: &[u8]) -> Value {
        match std::str::from_utf8(bytes).ok().and_then(Text::new) {
            Some(text) => Value::Str(text),
            None => Value::Bytes(bytes.to_vec()),
        }
    }

    /// An unsigned number; above `i64::MAX` a 0-d array, which is how C sees it.
    pub fn unsigned(n: u64) -> Value {
        match i64::try_from(n) {
            Ok(n) => Value::Int(n),
            Err(_) => Value::Array(Array { dtype: DType::U64, shape: Vec::new(), data: n.to_ne_bytes().to_vec() }),
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(text) = self { Some(text) } else { None }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(n) = self { Some(*n) } else { None }
    }

    /// The number; a whole one converts.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// The bytes, of text too.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            Value::Str(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// The dictionary; of a list its "0", "1", ….
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(dict) => Some(dict),
            Value::List(list) => Some(list.as_dict()),
            _ => None,
        }
    }

    /// The numbers of a list or array, or one number.
    pub fn as_floats(&self) -> Option<Vec<f64>> {
        match self {
            Value::List(list) => list.iter().map(Value::as_float).collect(),
            Value::Array(array) => Some(array.to_f64()),
            other => Some(vec![other.as_float()?]),
        }
    }
}

macro_rules! into_value {
    ($($type:ty => |$v:ident| $make:expr;)*) => {
        $(impl From<$type> for Value { fn from($v: $type) -> Value { $make } })*
    };
}

into_value! {
    bool => |v| Value::Bool(v);
    i32 => |v| Value::Int(v.into());
    u8 => |v| Value::Int(v.into());
    u16 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    i64 => |v| Value::Int(v);
    u64 => |v| Value::unsigned(v);
    usize => |v| Value::unsigned(v as u64);
    f32 => |v| Value::Float(v.into());
    f64 => |v| Value::Float(v);
    &str => |v| Value::text(v.as_bytes());
    String => |v| Value::text(v.as_bytes());
    Text => |v| Value::Str(v);
    Vec<u8> => |v| Value::Bytes(v);
    &[u8] => |v| Value::Bytes(v.to_vec());
    Array => |v| Value::Array(v);
    List => |v| Value::List(v);
    Dict => |v| Value::Dict(v);
    Progress => |v| Value::Callback(v);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::Null, Into::into)
    }
}

impl Dict {
    /// An empty dictionary.
    pub fn new() -> Dict {
        Dict::default()
    }

    /// Sets a key; a new one goes to the end.
    pub fn set(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// Sets a key, for building in one expression.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Dict {
        self.set(key, value);
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.get_mut(key)
    }

    /// The value of a key, or the error that a missing one is.
    pub fn want(&self, key: &str) -> Result<&Value> {
        self.get(key).ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no key {key:?}")))
    }

    /// Takes a key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(key)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key at a place.
    pub fn key(&self, i: usize) -> Option<&Text> {
        self.0.get_index(i).map(|(k, _)| k)
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.0.iter()
    }

    /// How deep dictionaries and lists stand inside each other, itself counted.
    pub fn depth(&self) -> usize {
        1 + self.0.values().filter_map(Value::as_dict).map(Dict::depth).max().unwrap_or(0)
    }

    /// Takes over the keys of another dictionary.
    pub fn extend(&mut self, other: Dict) {
        self.0.extend(other.0);
    }
}

impl IntoIterator for Dict {
    type Item = (Text, Value);
    type IntoIter = indexmap::map::IntoIter<Text, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_a_nul_or_bad_utf8_is_bytes() {
        assert_eq!(Value::from("a\0b"), Value::Bytes(b"a\0b".to_vec()));
        assert_eq!(Value::text(b"\xff"), Value::Bytes(vec![0xff]));
        assert_eq!(Value::text(b"ok").as_str(), Some("ok"));
    }

    #[test]
    fn a_list_is_a_dictionary_of_numbers_as_keys() {
        let list: List = [5, 6].into_iter().collect();
        assert_eq!(list.as_dict().get("1"), Some(&Value::Int(6)));
    }

    #[test]
    fn removing_keeps_the_order() {
        let mut dict = Dict::new().with("a", 1).with("b", 2).with("c", 3);
        dict.remove("a");
        assert_eq!(dict.iter().map(|(k, _)| k.to_string()).collect::<Vec<_>>(), ["b", "c"]);
    }
}
