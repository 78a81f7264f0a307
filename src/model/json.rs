//! Dictionaries as JSON. Bytes are `{"base64": "…"}`, arrays `{"dtype": "…", "shape": […], "data": […]}` with
//! the items flat (complex ones as re, im), NaN and infinities strings; these forms are read back.

use super::{Array, Cast, DType, DTypeKind, Dict, Kind, List, Text, Value, byte_len, cast};
use crate::error::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Number, Value as Json};

impl Value {
    /// The value as JSON text. A callback has none.
    pub fn to_json(&self) -> Result<String> {
        Ok(write(self)?.to_string())
    }

    /// The value of JSON text.
    pub fn from_json(text: &str) -> Result<Value> {
        read(parse(text)?)
    }
}

impl Dict {
    /// The dictionary as JSON text. Callbacks are left out.
    pub fn to_json(&self) -> Result<String> {
        Ok(write_dict(self)?.to_string())
    }

    /// The dictionary of a JSON object.
    pub fn from_json(text: &str) -> Result<Dict> {
        match parse(text)? {
            // As a whole it is a dictionary, even if its keys are those that stand for bytes or an array.
            Json::Object(map) => read_dict(map),
            other => Err(Error::invalid(format!("the JSON is a {}, not an object", read(other)?.kind().name()))),
        }
    }
}

fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|e| Error::invalid(format!("bad JSON: {e}")))
}

fn write_dict(dict: &Dict) -> Result<Json> {
    let mut map = Map::new();
    for (key, value) in dict.iter().filter(|(_, v)| v.kind() != Kind::Callback) {
        map.insert(key.to_string(), write(value)?);
    }
    Ok(Json::Object(map))
}

fn write(value: &Value) -> Result<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Float(x) => write_float(*x),
        Value::Str(text) => Json::String(text.to_string()),
        Value::Bytes(bytes) => {
            let mut map = Map::new();
            map.insert("base64".into(), BASE64.encode(bytes).into());
            Json::Object(map)
        }
        Value::Array(array) => write_array(array),
        Value::List(list) => Json::Array(list.iter().map(write).collect::<Result<_>>()?),
        Value::Dict(dict) => write_dict(dict)?,
        Value::Callback(_) => return Err(Error::invalid("a callback has no JSON form")),
    })
}

fn write_float(x: f64) -> Json {
    match Number::from_f64(x) {
        Some(number) => Json::Number(number),
        None if x.is_nan() => "NaN".into(),
        None => (if x > 0.0 { "Infinity" } else { "-Infinity" }).into(),
    }
}

fn write_array(array: &Array) -> Json {
    let items: Vec<Json> = match array.dtype().kind() {
        DTypeKind::Bool => array.data().iter().map(|&b| Json::Bool(b != 0)).collect(),
        DTypeKind::Unsigned => widen(array, DType::U64).map(|b| Json::from(u64::from_ne_bytes(b))).collect(),
        DTypeKind::Signed => widen(array, DType::I64).map(|b| Json::from(i64::from_ne_bytes(b))).collect(),
        DTypeKind::Float => widen(array, DType::F64).map(|b| write_float(f64::from_ne_bytes(b))).collect(),
        DTypeKind::Complex => widen(array, DType::C128).map(|b| write_float(f64::from_ne_bytes(b))).collect(),
    };
    let mut map = Map::new();
    map.insert("dtype".into(), array.dtype().name().into());
    map.insert("shape".into(), array.shape().into());
    map.insert("data".into(), Json::Array(items));
    Json::Object(map)
}

/// The items in eight bytes each (complex ones in twice eight).
fn widen(array: &Array, to: DType) -> impl Iterator<Item = [u8; 8]> + use<> {
    let mut wide = vec![0u8; array.data().len() / array.dtype().size() * to.size()];
    cast(Cast::plain(array.dtype(), to), array.data(), &mut wide);
    let mut at = 0;
    std::iter::from_fn(move || {
        let item = wide.get(at..at + 8)?.try_into().ok();
        at += 8;
        item
    })
}

fn read(json: Json) -> Result<Value> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Value::Int(i),
            (None, Some(u)) => Value::unsigned(u),
            _ => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::List(items.into_iter().map(read).collect::<Result<List>>()?),
        Json::Object(map) => read_object(map)?,
    })
}

fn read_object(map: Map<String, Json>) -> Result<Value> {
    if map.len() == 1
        && let Some(Json::String(text)) = map.get("base64")
    {
        let bytes = BASE64.decode(text).map_err(|e| Error::invalid(format!("bad base64 in JSON: {e}")))?;
        return Ok(Value::Bytes(bytes));
    }
    if map.len() == 3
        && let (Some(Json::String(dtype)), Some(Json::Array(shape)), Some(Json::Array(data))) =
            (map.get("dtype"), map.get("shape"), map.get("data"))
    {
        return Ok(Value::Array(read_array(dtype, shape, data)?));
    }
    Ok(Value::Dict(read_dict(map)?))
}

fn read_dict(map: Map<String, Json>) -> Result<Dict> {
    let mut dict = Dict::new();
    for (key, value) in map {
        dict.set(Text::lossy(&key), read(value)?);
    }
    Ok(dict)
}

fn read_array(dtype: &str, shape: &[Json], data: &[Json]) -> Result<Array> {
    let dtype = DType::from_name(dtype).ok_or_else(|| Error::invalid(format!("no dtype {dtype:?}")))?;
    let shape: Option<Vec<usize>> = shape.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect();
    let shape = shape.ok_or_else(|| Error::invalid("the shape of a JSON array is not a list of sizes"))?;
    let mut items = Vec::new();
    flatten(data, &mut items);
    let wide = match dtype.kind() {
        DTypeKind::Bool | DTypeKind::Unsigned => DType::U64,
        DTypeKind::Signed => DType::I64,
        DTypeKind::Float => DType::F64,
        DTypeKind::Complex => DType::C128,
    };
    let mut bytes = Vec::with_capacity(items.len() * 8);
    for item in items {
        let bits = read_item(item, wide).ok_or_else(|| Error::invalid(format!("{item} is no {dtype}")))?;
        bytes.extend_from_slice(&bits);
    }
    if byte_len(&shape, wide)? != bytes.len() {
        return Err(Error::invalid(format!("the data of a JSON array do not fill its shape {shape:?}")));
    }
    let mut packed = vec![0u8; byte_len(&shape, dtype)?];
    cast(Cast::plain(wide, dtype), &bytes, &mut packed);
    Array::new(dtype, &shape, packed)
}

fn flatten<'a>(data: &'a [Json], out: &mut Vec<&'a Json>) {
    for item in data {
        match item {
            Json::Array(inner) => flatten(inner, out),
            other => out.push(other),
        }
    }
}

fn read_item(item: &Json, wide: DType) -> Option<[u8; 8]> {
    match wide {
        DType::U64 => Some(item.as_bool().map(u64::from).or_else(|| item.as_u64())?.to_ne_bytes()),
        DType::I64 => Some(item.as_i64()?.to_ne_bytes()),
        _ => {
            let x = match item {
                Json::String(text) => match text.as_str() {
                    "NaN" => f64::NAN,
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    _ => return None,
                },
                other => other.as_f64()?,
            };
            Some(x.to_ne_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(dict: Dict) {
        let text = dict.to_json().unwrap();
        assert_eq!(Dict::from_json(&text).unwrap(), dict, "{text}");
    }

    #[test]
    fn every_kind_survives_json() {
        let array = |dtype: DType, shape: &[usize], data: &[u8]| Array::new(dtype, shape, data.to_vec()).unwrap();
        round_trip(
            Dict::new()
                .with("null", Value::Null)
                .with("bool", true)
                .with("int", i64::MIN)
                .with("float", 0.1)
                .with("text", "h\u{e9}")
                .with("bytes", vec![0u8, 255])
                .with("big", u64::MAX)
                .with("list", [1, 2].into_iter().collect::<List>())
                .with("dict", Dict::new().with("deep", 1.5))
                .with("u16", array(DType::U16, &[2, 1], &[1, 2, 3, 4]))
                .with("c64", array(DType::C64, &[1], &[0; 8]))
                .with("empty", array(DType::F32, &[0, 3], &[]))
                .with("flags", array(DType::Bool, &[2], &[0, 1])),
        );
    }

    #[test]
    fn numbers_that_json_lacks_are_strings() {
        assert_eq!(Dict::new().with("x", f64::NAN).to_json().unwrap(), r#"{"x":"NaN"}"#);
        let array = Array::new(DType::F32, &[2], [f32::INFINITY, 1.0].iter().flat_map(|x| x.to_ne_bytes()).collect());
        let value = Value::Array(array.unwrap());
        assert_eq!(value.to_json().unwrap(), r#"{"dtype":"float32","shape":[2],"data":["Infinity",1.0]}"#);
        assert_eq!(Value::from_json(&value.to_json().unwrap()).unwrap(), value);
    }

    #[test]
    fn an_object_with_one_more_key_is_a_dictionary() {
        let dict = Dict::from_json(r#"{"a": {"base64": "AA==", "more": 1}}"#).unwrap();
        assert_eq!(dict.get("a").unwrap().kind(), Kind::Dict);
    }

    #[test]
    fn a_whole_dictionary_with_the_keys_of_bytes_is_a_dictionary() {
        round_trip(Dict::new().with("base64", "AA=="));
        round_trip(Dict::new().with("base64", vec![1u8]));
    }

    #[test]
    fn hostile_json_is_refused() {
        assert!(Dict::from_json("[1]").is_err());
        assert!(Dict::from_json(&"[".repeat(100_000)).is_err());
        assert!(Dict::from_json(r#"{"a":{"dtype":"uint8","shape":[1e3],"data":[]}}"#).is_err());
        assert!(Dict::from_json(r#"{"a":{"dtype":"uint8","shape":[4294967296,4294967296],"data":[]}}"#).is_err());
    }
}
