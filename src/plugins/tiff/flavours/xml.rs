//! XML as dictionaries, bounded: no entities of the document's own, and no deeper than anyone needs.

use super::labels::scalar;
use crate::model::{Dict, List, Value};
use roxmltree::{Document, Node, ParsingOptions};

/// A document that is no larger than metadata may be; without a DTD, whose entities could multiply.
pub fn parse(text: &str) -> Option<Document<'_>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 1 << 21, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_matches(['\0', ' ', '\n', '\r', '\t', '\u{feff}']), options).ok()
}

/// Elements deeper than this are left out.
const DEEPEST: usize = 32;

/// The document as tifffile gives it: elements by name, several of a name as a list, attributes beside them.
pub fn to_dict(text: &str) -> Option<Dict> {
    let document = parse(text)?;
    let root = document.root_element();
    let mut dict = Dict::new();
    dict.set(root.tag_name().name(), of_node(root, 0));
    Some(dict)
}

fn of_node(node: Node, depth: usize) -> Value {
    let mut dict = Dict::new();
    if depth < DEEPEST {
        for child in node.children().filter(Node::is_element) {
            let (name, value) = (child.tag_name().name(), of_node(child, depth + 1));
            // A list of lists cannot come from an element, so a list here is of several of one name.
            match dict.get_mut(name) {
                Some(Value::List(list)) => list.push(value),
                Some(first) => {
                    let both: List = [std::mem::take(first), value].into_iter().collect();
                    *first = both.into();
                }
                None => dict.set(name, value),
            }
        }
    }
    for attribute in node.attributes() {
        dict.set(attribute.name(), typed(attribute.value()));
    }
    let text = node.text().unwrap_or("").trim();
    if dict.is_empty() {
        return if text.is_empty() { Value::Null } else { typed(text) };
    }
    if !text.is_empty() {
        dict.set("value", typed(text));
    }
    dict.into()
}

/// A truth, a number or the text.
pub fn typed(text: &str) -> Value {
    match text {
        t if t.eq_ignore_ascii_case("true") => Value::Bool(true),
        t if t.eq_ignore_ascii_case("false") => Value::Bool(false),
        t => scalar(t),
    }
}

/// MetaSeries' properties by their `id`, those of `PlaneInfo` in a dictionary of their own.
pub fn properties(text: &str) -> Option<Dict> {
    let document = parse(text)?;
    let mut dict = Dict::new();
    let of = |node: Node| {
        let mut dict = Dict::new();
        for prop in node.children().filter(|n| n.is_element() && n.attribute("id").is_some()) {
            let (id, value) = (prop.attribute("id").unwrap_or(""), prop.attribute("value").unwrap_or(""));
            let value = match prop.attribute("type") {
                Some("string") => value.replace("&#13;&#10;", "\n").into(),
                Some("bool") => Value::Bool(matches!(value, "on" | "true" | "1")),
                _ => scalar(value),
            };
            dict.set(id, value);
        }
        dict
    };
    let root = document.root_element();
    dict.extend(of(root));
    for child in root.children().filter(|n| n.is_element() && n.attribute("id").is_none()) {
        dict.set(child.tag_name().name(), of(child));
    }
    Some(dict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_attributes_are_keys() {
        let dict = to_dict("<a x='1'><b>2.5</b><b>c</b><d/></a>").unwrap();
        assert_eq!(dict.to_json().unwrap(), r#"{"a":{"b":[2.5,"c"],"d":null,"x":1}}"#);
        assert!(to_dict("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").is_none());
        assert!(to_dict("<a><b></a>").is_none());
    }
}
