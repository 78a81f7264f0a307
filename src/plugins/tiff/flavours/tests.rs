//! The files of `tests/data/tiff_flavours` against what tifffile says of them, which stands beside them.

use super::super::file::File;
use super::super::ifd::Tiff;
use super::super::series;
use crate::model::{Dict, List, Value};
use crate::resource;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiff_flavours")
}

fn open(name: &str) -> File {
    let path = folder().join(name);
    let source = resource::read_uri(path.as_os_str(), true, None, &Default::default(), None).unwrap();
    File::new(Tiff::open(source).unwrap())
}

/// Whether a value is tifffile's: an array stands for a list, a whole float for an integer, a time for its text.
fn same(ours: &Value, theirs: &Value) -> bool {
    if ours == theirs {
        return true;
    }
    match (ours, theirs) {
        (Value::Dict(a), Value::Dict(b)) => {
            a.len() == b.len() && b.iter().all(|(k, v)| a.get(k).is_some_and(|o| same(o, v)))
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Array(array), Value::List(_)) => {
            let mut numbers = Vec::new();
            let shape = flat(theirs, &mut numbers);
            (shape == array.shape() || numbers.is_empty()) && array.to_f64() == numbers
        }
        _ => matches!((ours.as_float(), theirs.as_float()), (Some(a), Some(b)) if a == b),
    }
}

/// The numbers of lists in lists, and how many each level has.
fn flat(value: &Value, numbers: &mut Vec<f64>) -> Vec<usize> {
    let Value::List(list) = value else {
        numbers.extend(value.as_float());
        return Vec::new();
    };
    let inner = list.iter().map(|item| flat(item, numbers)).last().unwrap_or_default();
    [vec![list.len()], inner].concat()
}

#[test]
fn series_axes_and_metadata_are_tifffiles() {
    let facts = Dict::from_json(&std::fs::read_to_string(folder().join("facts.txt")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (name, facts) in facts.iter() {
        let facts = facts.as_dict().unwrap();
        let mut file = open(name);
        let found = match super::series(&mut file).unwrap() {
            Some(found) => found,
            None => series::generic(&mut file).unwrap(),
        };
        let described: List = found
            .iter()
            .map(|s| {
                let (shape, axes) =
                    if s.squeeze { series::squeeze(&s.shape, &s.axes) } else { (s.shape.clone(), s.axes.clone()) };
                let mut one = List::new();
                one.push(axes);
                one.push(shape.into_iter().collect::<List>());
                one.push(s.levels.len() + 1);
                one
            })
            .collect();
        let described = Value::List(described);
        if Some(&described) != facts.get("series") {
            let wanted = facts.get("series").map(|v| v.to_json().unwrap());
            wrong.push(format!("{name}: {} instead of {wanted:?}", described.to_json().unwrap()));
        }
        let meta = super::meta(&mut file).unwrap();
        let flavour = facts.get("flavour").and_then(Value::as_str).unwrap();
        assert_eq!(meta.get(&format!("is_{flavour}")), Some(&Value::Bool(true)), "{name}");
        for (key, theirs) in facts.get("meta").and_then(Value::as_dict).unwrap().iter() {
            let ours = meta.get(key).cloned().unwrap_or_default();
            if !same(&ours, theirs) {
                wrong.push(format!("{name}: {key:?} is {ours:?} instead of {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn distances_come_from_the_flavour() {
    let spacing = |name: &str| super::series(&mut open(name)).unwrap().unwrap()[0].spacing.clone();
    assert_eq!(spacing("imagej.tif"), [('Z', 0.5), ('T', 2.0)]);
    assert_eq!(spacing("two.ome.tif"), [('X', 0.25)]);
    assert_eq!(spacing("scan.lsm"), [('X', 1e-7), ('Y', 2e-7), ('Z', 3e-7), ('T', 0.5)]);
    assert_eq!(spacing("stack.stk"), [('Z', 0.5), ('X', 0.25), ('Y', 0.25)]);
}
