//! Texts of microscopes: sections and lines of keys and values.

use super::super::file::File;
use super::super::ifd::{Directory, Tiff, decode_text};
use super::super::meta::plain_value;
use super::super::tags::{self, Names};
use super::xml;
use crate::error::Result;
use crate::model::{Dict, List, Value};

/// A whole number, a number, or the text.
pub fn scalar(text: &str) -> Value {
    if let Ok(n) = text.parse::<i64>() {
        return n.into();
    }
    let is_number = text.bytes().any(|b| b.is_ascii_digit())
        || ["nan", "inf", "-inf", "+inf"].iter().any(|n| text.eq_ignore_ascii_case(n));
    match text.parse::<f64>() {
        Ok(x) if is_number => x.into(),
        _ => text.into(),
    }
}

/// The text of a FEI microscope: sections of keys and values.
pub fn fei(bytes: &[u8]) -> Dict {
    let text = decode_text(bytes).unwrap_or_default();
    let mut dict = Dict::new();
    let mut section: Option<(String, Dict)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            if let Some((name, values)) = section.take() {
                dict.set(name, values);
            }
            section = Some((name.strip_suffix(']').unwrap_or(name).to_owned(), Dict::new()));
        } else if let (Some((key, value)), Some((_, values))) = (line.split_once('='), &mut section) {
            let value = match value.trim() {
                text if text.eq_ignore_ascii_case("true") => true.into(),
                text if text.eq_ignore_ascii_case("false") => false.into(),
                text => scalar(text),
            };
            values.set(key.trim(), value);
        }
    }
    if let Some((name, values)) = section {
        dict.set(name, values);
    }
    dict
}

/// The text of a Zeiss SEM: a key in capitals, and a line `name = value unit` behind it; numbers before that under "".
pub fn sem(bytes: &[u8]) -> Dict {
    let text = decode_text(bytes).unwrap_or_default();
    let mut numbers = List::new();
    let mut dict = Dict::new().with("", List::new());
    let mut key: Option<String> = None;
    for line in text.lines() {
        if line.chars().any(char::is_uppercase) && !line.chars().any(char::is_lowercase) {
            key = Some(line.to_lowercase());
        } else if let Some(name) = &key {
            let Some((label, value)) = line.split_once('=').or_else(|| line.split_once(':')) else { continue };
            let value = value.trim();
            let mut item = List::new();
            item.push(label.trim());
            let parts: Vec<&str> = value.split_whitespace().collect();
            match (&parts[..], value) {
                ([number, unit], _) if !matches!(scalar(number), Value::Str(_)) => {
                    item.push(scalar(number));
                    item.push(*unit);
                }
                (_, "No" | "Off") => item.push(false),
                (_, "Yes" | "On") => item.push(true),
                _ => item.push(scalar(value)),
            }
            dict.set(name.clone(), item);
            key = None;
        } else {
            numbers.push(scalar(line.trim()));
        }
    }
    dict.set("", numbers);
    dict
}

/// More values than the JSON of a microscope has. Each takes a hundred times the memory of its text.
const MOST_VALUES: usize = 1 << 20;

/// Whether JSON has no more values than it may.
pub fn is_bounded_json(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).nth(MOST_VALUES).is_none()
}

/// JSON, or the text that is none.
pub fn json(bytes: &[u8]) -> Value {
    let text = decode_text(bytes).unwrap_or_default();
    let value = Some(&text).filter(|text| is_bounded_json(text)).and_then(|text| Value::from_json(text).ok());
    value.unwrap_or_else(|| text.into())
}

/// MetaSeries' properties: `<prop id= type= value=>`.
pub fn metaseries(description: &str) -> Dict {
    xml::properties(description).unwrap_or_default()
}

/// Andor's tags, 4864 to 5030, by their names.
pub fn andor(tiff: &Tiff, directory: &Directory) -> Result<Dict> {
    let mut dict = Dict::new();
    for entry in directory.entries.iter().filter(|e| (4864..5031).contains(&e.tag)) {
        let name = tags::name(entry.tag, Names::Image).map_or_else(|| entry.tag.to_string(), str::to_owned);
        let name = name.strip_prefix("Andor").unwrap_or(&name).to_owned();
        dict.set(name, plain_value(tiff, directory, entry)?);
    }
    Ok(dict)
}

/// The tags of MD Gel, 33445 to 33452, without their prefix.
pub fn mdgel(file: &mut File) -> Result<Dict> {
    let mut dict = Dict::new();
    let mut page = file.first()?;
    if !page.directory.has(33445) && file.has_page(1)? {
        page = file.nth(1)?;
    }
    for entry in page.directory.entries.iter().filter(|e| (33445..33453).contains(&e.tag)) {
        let Some(name) = tags::name(entry.tag, Names::Image) else { continue };
        dict.set(name.get(2..).unwrap_or(name), plain_value(&file.tiff, &page.directory, entry)?);
    }
    Ok(dict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_fei_are_dictionaries() {
        let dict = fei(b"[User]\r\nDate=11/24/2015\r\nUserText=\r\n[Beam]\r\nHV=10000\r\nSpot=2.5\r\n\0");
        assert_eq!(
            dict.to_json().unwrap(),
            r#"{"User":{"Date":"11/24/2015","UserText":""},"Beam":{"HV":10000,"Spot":2.5}}"#
        );
    }

    #[test]
    fn lines_of_zeiss_have_names_values_and_units() {
        let dict = sem(b"1\r\n2.5\r\nAP_WD\r\nWD = 4.5 mm\r\nDP_ZOOM\r\nZoom = Off\r\nSV_FILE\r\nFile = a b c\r\n");
        let wanted = r#"{"":[1,2.5],"ap_wd":["WD",4.5,"mm"],"dp_zoom":["Zoom",false],"sv_file":["File","a b c"]}"#;
        assert_eq!(dict.to_json().unwrap(), wanted);
    }
}
