//! XML as dictionaries, bounded: no entities of the document's own, and no deeper than anyone needs.

use super::labels::scalar;
use crate::model::{Dict, List, Value};
use roxmltree::{Document, Node, ParsingOptions};

/// More attributes than an element has. The parser compares each with all before it.
const MOST_ATTRIBUTES: usize = 512;

/// More names of namespaces than a document declares. The parser hands all of them down to each element that adds one.
const MOST_NAMESPACES: usize = 1024;

/// A document that is no larger than metadata may be; without a DTD, whose entities could multiply, and without so many
/// attributes or namespaces that the parser would take the square of their number.
pub fn parse(text: &str) -> Option<Document<'_>> {
    if !is_bounded(text) {
        return None;
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 1 << 21, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_matches(['\0', ' ', '\n', '\r', '\t', '\u{feff}']), options).ok()
}

/// Whether each element has few attributes, and the document few namespaces.
fn is_bounded(text: &str) -> bool {
    if text.matches("xmlns").nth(MOST_NAMESPACES).is_some() {
        return false;
    }
    let mut rest = text;
    while let Some(from) = rest.find('<') {
        rest = &rest[from..];
        let others = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        let len = match others.iter().find(|(start, _)| rest.starts_with(start)) {
            Some((_, end)) => rest.find(end),
            None => match tag_len(rest) {
                Some(len) => len,
                None => return false,
            },
        };
        // What has no end is for the parser to refuse.
        let Some(behind) = len.and_then(|len| rest.get(len..)) else { return true };
        rest = behind;
    }
    true
}

/// Bytes of the tag at the start, up to its `>`, or `None` where it has none; the outer `None`: too many attributes.
fn tag_len(text: &str) -> Option<Option<usize>> {
    let mut quote = None;
    let mut attributes = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return Some(Some(at)),
            (b'=', None) => attributes += 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
        if attributes > MOST_ATTRIBUTES {
            return None;
        }
    }
    Some(None)
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

    #[test]
    fn attributes_and_namespaces_that_take_the_square_of_their_number_are_refused() {
        let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
        let attributes = |count: usize| many(count, &|i| format!(" a{i}='x>=\"'"));
        assert_eq!(
            to_dict(&format!("<a{}/>", attributes(500))).unwrap().get("a").unwrap().as_dict().unwrap().len(),
            500
        );
        // Neither other signs before it nor a quote in a comment hide an element.
        for before in ["", "<!-- it's -->", "<?p it's ?>", "<b><![CDATA[it's]]></b>"] {
            let started = std::time::Instant::now();
            assert!(to_dict(&format!("<o>{before}<a{}/></o>", attributes(200_000))).is_none());
            assert!(started.elapsed() < std::time::Duration::from_secs(5));
        }
        // Signs in text are no attributes.
        assert!(to_dict(&format!("<a>{}</a>", "b=1\n".repeat(10_000))).is_some());
        let open = many(40_000, &|i| format!("<a xmlns:n{i}='n{i}'>"));
        assert!(to_dict(&(open + &"</a>".repeat(40_000))).is_none());
    }
}
