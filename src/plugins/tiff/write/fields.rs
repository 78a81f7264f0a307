//! What options and metadata say of an image beyond its layout: tags of their own, and what a flavour's description
//! holds. Options win over metadata.

use super::super::tags::tag;
use super::entries::{Directory, Field, Held, Items};
use super::settings::{Mode, pair};
use super::values::{items, kind_of, number, rational};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, Value};
use crate::plugin::{Call, Image};
use crate::plugins::tiff::tags::{self, Names, kind};

const X_RESOLUTION: u16 = 282;
const Y_RESOLUTION: u16 = 283;
const RESOLUTION_UNIT: u16 = 296;
const SOFTWARE: u16 = 305;
const DATE_TIME: u16 = 306;
const EXIF: u16 = 34665;
const GPS: u16 = 34853;
const INTEROP: u16 = 40965;

/// Tags that metadata set, and the type of their items: those that describe the picture, not how it is stored.
const TAKEN: &[(u16, u16)] = &[
    (269, kind::ASCII),
    (271, kind::ASCII),
    (272, kind::ASCII),
    (tag::ORIENTATION, kind::SHORT),
    (285, kind::ASCII),
    (286, kind::RATIONAL),
    (287, kind::RATIONAL),
    (SOFTWARE, kind::ASCII),
    (DATE_TIME, kind::ASCII),
    (315, kind::ASCII),
    (316, kind::ASCII),
    (318, kind::RATIONAL),
    (319, kind::RATIONAL),
    (700, kind::BYTE),
    (33432, kind::ASCII),
    (33550, kind::DOUBLE),
    (33723, kind::UNDEFINED),
    (33922, kind::DOUBLE),
    (34264, kind::DOUBLE),
    (34377, kind::BYTE),
    (tag::ICC_PROFILE, kind::UNDEFINED),
    (34735, kind::SHORT),
    (34736, kind::DOUBLE),
    (34737, kind::ASCII),
    (42112, kind::ASCII),
    (42113, kind::ASCII),
];

/// Tags of EXIF and GPS whose items are rationals; of those in the second list signed ones.
const RATIONALS: &[u16] =
    &[33434, 33437, 37122, 37378, 37381, 37382, 37386, 37387, 41483, 41486, 41487, 41493, 41988, 42034, 42240];
const SIGNED: &[u16] = &[37377, 37379, 37380];
const GPS_RATIONALS: &[u16] = &[2, 4, 6, 7, 11, 13, 15, 17, 20, 22, 24, 26, 31];

/// Keys of a reader's dictionaries that say how the pixels were stored, or repeat what tags say.
const LAYOUT: &[&str] = &[
    "byteorder",
    "shape",
    "planar_configuration",
    "compression",
    "predictor",
    "orientation",
    "description1",
    "resolution_unit",
    "resolution",
    "software",
    "datetime",
    "description",
];

/// What is given beside the pixels.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// A letter an axis, from the option or the metadata.
    pub axes: Option<String>,
    /// What the description of a flavour holds.
    pub metadata: Dict,
    pub first_page: Vec<Field>,
    pub every_page: Vec<Field>,
    /// Levels that follow.
    pub subifds: usize,
    /// The caller said that the second sample of gray is alpha.
    pub gray_alpha: bool,
}

impl Given {
    pub fn of(image: &Image, call: &Call, mode: Mode) -> Result<Given> {
        let none = Dict::new();
        let metadata = image.metadata.unwrap_or(&none);
        let mut given = Given {
            axes: axes(image, metadata)?,
            subifds: call.int("subifds").unwrap_or(0) as usize,
            gray_alpha: image.color == Some(Color::GrayAlpha),
            ..Given::default()
        };
        given.take_metadata(metadata)?;
        for (every_page, field) in super::blocks::fields(metadata) {
            if given.first_page.iter().chain(&given.every_page).all(|f| f.tag != field.tag) {
                given.put(every_page, field);
            }
        }
        given.texts(call, metadata, mode)?;
        given.resolution(call, metadata, mode)?;
        if let Value::Bytes(profile) = call.get("iccprofile") {
            given.put(true, Field::new(tag::ICC_PROFILE, Items::undefined(profile)));
        }
        if let Value::Bytes(block) = call.get("exif") {
            for field in super::exif::fields(block)? {
                given.put(false, field);
            }
        }
        given.extra_tags(call)?;
        given.first_page.retain(|f| given.every_page.iter().all(|e| e.tag != f.tag));
        if mode != Mode::Plain && call.given("axes") {
            given.metadata.remove("axes");
        }
        Ok(given)
    }

    /// Sets a tag in place of one of its number.
    fn put(&mut self, every_page: bool, field: Field) {
        for fields in [&mut self.first_page, &mut self.every_page] {
            fields.retain(|f| f.tag != field.tag);
        }
        if every_page { self.every_page.push(field) } else { self.first_page.push(field) }
    }

    /// Tags by their names, directories of EXIF, and what is left for a description.
    fn take_metadata(&mut self, metadata: &Dict) -> Result<()> {
        for (key, value) in metadata.iter() {
            let is_empty = matches!(value, Value::Bytes(bytes) if bytes.is_empty());
            if is_empty
                || value.kind() == crate::model::Kind::Null
                || LAYOUT.contains(&key.as_str())
                || key.starts_with("is_")
            {
                continue;
            }
            let Some(tag) = tags::by_name(key) else {
                if key.as_str() != "axes" && !super::blocks::is_of_pictures(key) {
                    self.metadata.set(key.clone(), value.clone());
                }
                continue;
            };
            match (tag, value) {
                (EXIF, Value::Dict(dict)) => self.put(false, directory(EXIF, dict, Names::Exif)),
                (GPS, Value::Dict(dict)) => self.put(false, directory(GPS, dict, Names::Gps)),
                _ => {
                    // What the library lays down itself is not taken from another file.
                    let Some((_, kind)) = TAKEN.iter().find(|(t, _)| *t == tag) else { continue };
                    if let Some(items) = items(*kind, value) {
                        self.put(matches!(tag, tag::ORIENTATION | tag::ICC_PROFILE), Field::new(tag, items));
                    }
                }
            }
        }
        Ok(())
    }

    fn texts(&mut self, call: &Call, metadata: &Dict, mode: Mode) -> Result<()> {
        let text = |name: &str| call.get(name).as_bytes().map(<[u8]>::to_vec);
        let from_metadata = ["ImageDescription", "description"].iter().find_map(|key| {
            let text = metadata.get(key)?.as_bytes()?;
            (!text.is_empty() && !is_flavoured(text)).then(|| text.to_vec())
        });
        let description = match (text("description"), mode) {
            (Some(_), Mode::ImageJ | Mode::Ome) => {
                return Err(Error::option("the description of ImageJ and OME files is theirs; give metadata instead"));
            }
            (given, _) => given.or(from_metadata.filter(|_| mode == Mode::Plain)),
        };
        if let Some(text) = description {
            self.put(false, Field::new(tag::IMAGE_DESCRIPTION, Items::ascii(&text)));
        }
        let software = metadata.get("software").and_then(Value::as_bytes).filter(|s| !s.is_empty());
        match call.get("software") {
            Value::Bool(false) => self.first_page.retain(|f| f.tag != SOFTWARE),
            Value::Str(name) if name.is_empty() => self.first_page.retain(|f| f.tag != SOFTWARE),
            Value::Str(name) => self.put(false, Field::new(SOFTWARE, Items::ascii(name.as_bytes()))),
            _ if self.first_page.iter().any(|f| f.tag == SOFTWARE) => {}
            _ => self.put(false, Field::new(SOFTWARE, Items::ascii(software.unwrap_or(b"libimageio")))),
        }
        let given = metadata.get("datetime").and_then(Value::as_str).and_then(tiff_time);
        if let Some(time) = call.str("datetime") {
            let time = tiff_time(time)
                .ok_or_else(|| Error::option(format!("option \"datetime\" is YYYY:MM:DD HH:MM:SS, not {time:?}")))?;
            self.put(false, Field::new(DATE_TIME, Items::ascii(time.as_bytes())));
        } else if let Some(time) = given.filter(|_| self.first_page.iter().all(|f| f.tag != DATE_TIME)) {
            self.put(false, Field::new(DATE_TIME, Items::ascii(time.as_bytes())));
        }
        Ok(())
    }

    fn resolution(&mut self, call: &Call, metadata: &Dict, mode: Mode) -> Result<()> {
        let asked = match call.get("resolution") {
            Value::Null => None,
            value => Some(pair(value).ok_or_else(|| Error::option("option \"resolution\" is one number, or two"))?),
        };
        let tag = |name: &str| metadata.get(name).and_then(number);
        let from_tags = || tag("XResolution").zip(tag("YResolution"));
        let from_metadata = || metadata.get("resolution").and_then(pair);
        let in_dots = asked.is_none().then(|| metadata.get("dpi").and_then(pair)).flatten();
        let in_dots = in_dots.filter(|(x, y)| *x > 0.0 && *y > 0.0 && !metadata.contains("resolution"));
        let found = asked.or(in_dots).or_else(from_tags).or_else(from_metadata);
        let units = ["none", "inch", "centimeter", "millimeter", "micrometer"];
        let unit = match call.get("resolutionunit") {
            Value::Int(n @ 1..=5) => Some(*n as u16),
            Value::Str(name) => match name.to_lowercase().as_str() {
                "cm" => Some(3),
                "mm" => Some(4),
                "um" | "µm" => Some(5),
                name => Some(1 + units.iter().position(|u| *u == name).ok_or_else(|| bad_unit(name))? as u16),
            },
            Value::Null if in_dots.is_some() => Some(2),
            Value::Null => {
                let given = ["ResolutionUnit", "resolution_unit"].iter().find_map(|k| metadata.get(k)?.as_int());
                given.filter(|n| asked.is_none() && (1..=5).contains(n)).map(|n| n as u16)
            }
            other => return Err(bad_unit(other.kind().name())),
        };
        let unit = unit.unwrap_or(if found.is_some() && mode != Mode::ImageJ { 2 } else { 1 });
        let (x, y) = found.unwrap_or((1.0, 1.0));
        for (tag, value) in [(X_RESOLUTION, x), (Y_RESOLUTION, y)] {
            let rational = rational(value).ok_or_else(|| {
                Error::option(format!("a resolution of {value} is no positive number that TIFF holds"))
            })?;
            self.put(true, Field::new(tag, Items::rationals(&[rational])));
        }
        self.put(true, Field::new(RESOLUTION_UNIT, Items::shorts(&[unit])));
        Ok(())
    }

    fn extra_tags(&mut self, call: &Call) -> Result<()> {
        let Value::List(list) = call.get("extratags") else { return Ok(()) };
        for entry in list.iter() {
            let wrong = || {
                let shown: String = entry.to_json().unwrap_or_default().chars().take(80).collect();
                Error::option(format!(
                    "option \"extratags\": {shown} is not [code, type, count, value, first page only]"
                ))
            };
            let Value::List(parts) = entry else { return Err(wrong()) };
            let tag = match parts.get(0).ok_or_else(wrong)? {
                Value::Int(n) => u16::try_from(*n).ok(),
                Value::Str(name) => tags::by_name(name),
                _ => None,
            };
            let tag = tag.ok_or_else(wrong)?;
            let kind = parts.get(1).and_then(kind_of).ok_or_else(wrong)?;
            let items = parts.get(3).and_then(|value| items(kind, value)).ok_or_else(wrong)?;
            let once = matches!(parts.get(4), Some(Value::Bool(true) | Value::Int(1)));
            if is_layout(tag) {
                return Err(Error::option(format!("option \"extratags\": tag {tag} says how the file is laid out")));
            }
            self.put(!once, Field::new(tag, items));
        }
        Ok(())
    }
}

fn bad_unit(name: &str) -> Error {
    Error::option(format!(
        "option \"resolutionunit\" is none, inch, centimeter, millimeter or micrometer, not {name:?}"
    ))
}

/// The axes that the caller names, by the option or as tifffile's metadata do.
fn axes(image: &Image, metadata: &Dict) -> Result<Option<String>> {
    if let Some(axes) = image.axes {
        return Ok(Some(axes.as_str().to_owned()));
    }
    let Some(axes) = metadata.get("axes").and_then(Value::as_str) else { return Ok(None) };
    let axes = axes.to_uppercase();
    if axes.len() != image.shape().len() || !axes.bytes().all(|b| b.is_ascii_uppercase()) {
        let shape = image.shape();
        return Err(Error::option(format!("metadata \"axes\": {axes:?} does not name the axes of shape {shape:?}")));
    }
    Ok(Some(axes))
}

/// Whether a description is one that a flavour's reader parses: it tells of another file.
pub fn is_flavoured(text: &[u8]) -> bool {
    let starts = |with: &[u8]| text.starts_with(with);
    starts(b"ImageJ=") || starts(b"SCIFIO=") || starts(b"{\"shape\"") || starts(b"<?xml") || starts(b"<OME")
}

/// Tags of the layout, which nobody sets beside the library.
fn is_layout(tag: u16) -> bool {
    const TAGS: &[u16] = &[
        256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 530,
        EXIF, GPS, INTEROP, 32997, 32998, 50838, 50839,
    ];
    TAGS.contains(&tag)
}

/// `YYYY:MM:DD HH:MM:SS` of that, or of an ISO time.
fn tiff_time(text: &str) -> Option<String> {
    let bytes = text.as_bytes().get(..19)?;
    let shape = bytes.iter().enumerate().all(|(i, b)| match i {
        4 | 7 => matches!(b, b':' | b'-'),
        10 => matches!(b, b' ' | b'T'),
        13 | 16 => *b == b':',
        _ => b.is_ascii_digit() || *b == b' ',
    });
    let text = std::str::from_utf8(bytes).ok().filter(|_| shape)?;
    Some(format!("{} {}", text[..10].replace('-', ":"), &text[11..]))
}

/// A directory of EXIF or GPS from a dictionary by names; what has no number or does not fit is left out.
fn directory(tag: u16, dict: &Dict, names: Names) -> Field {
    let gps = names == Names::Gps;
    let mut own = Vec::new();
    for (key, value) in dict.iter() {
        let code =
            if gps { (0..=31).find(|&n| tags::name(n, names) == Some(key.as_str())) } else { tags::by_name(key) };
        let Some(code) = code else { continue };
        if code == INTEROP {
            continue;
        }
        let known = match (gps, code) {
            (true, code) if GPS_RATIONALS.contains(&code) => kind::RATIONAL,
            (true, 0 | 5) => kind::BYTE,
            (true, 30) => kind::SHORT,
            (false, code) if RATIONALS.contains(&code) => kind::RATIONAL,
            (false, code) if SIGNED.contains(&code) => kind::SRATIONAL,
            _ => guess(value),
        };
        if let Some(items) = items(known, value) {
            own.push(Field::new(code, items));
        }
    }
    Field { tag, held: Held::Directories(vec![Directory { own, ..Directory::default() }]) }
}

/// The type for a value of no known one.
fn guess(value: &Value) -> u16 {
    match value {
        Value::Str(_) => kind::ASCII,
        Value::Bytes(_) => kind::UNDEFINED,
        Value::Int(0..=0xFFFF) => kind::SHORT,
        Value::Int(0..=0xFFFF_FFFF) => kind::LONG,
        Value::Int(_) => kind::SLONG,
        Value::List(list) => list.iter().map(guess).max().unwrap_or(kind::UNDEFINED),
        Value::Array(array) if array.dtype() == DType::U8 => kind::BYTE,
        _ => kind::DOUBLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_taken_in_both_forms() {
        assert_eq!(tiff_time("2024-02-03T04:05:06").as_deref(), Some("2024:02:03 04:05:06"));
        assert_eq!(tiff_time("2024:02:03 04:05:06").as_deref(), Some("2024:02:03 04:05:06"));
        assert_eq!((tiff_time("yesterday"), tiff_time("2024/02/03 04:05:06")), (None, None));
    }
}
