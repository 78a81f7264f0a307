//! OME-XML of the images of a file, by the schema of 2016-06: what Bio-Formats and tifffile read.

use super::ome_values::unit;
use super::stored::Stored;
use crate::error::{Error, Result};
use crate::model::{DType, Dict, Value};
use std::fmt::Write;

const SCHEMA: &str = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
/// The orders of planes that the schema knows, without X and Y.
const ORDERS: [&str; 6] = ["CZT", "ZCT", "ZTC", "CTZ", "TCZ", "TZC"];
/// Axes that OME holds as parts of another, and their names.
const MODULO: [(char, &str); 6] =
    [('A', "angle"), ('P', "phase"), ('R', "tile"), ('H', "lifetime"), ('E', "lambda"), ('Q', "other")];

/// The document, image by image.
#[derive(Default)]
pub struct Ome {
    images: Vec<String>,
    annotations: Vec<String>,
    /// Directories so far.
    planes: usize,
    root: Option<String>,
}

/// An image as it is stored, and its metadata by OME's names.
pub struct Image<'a> {
    pub dtype: DType,
    pub shape: &'a [usize],
    pub axes: Option<&'a str>,
    pub stored: &'a Stored,
    /// Pages of all of it.
    pub frames: usize,
    pub metadata: &'a Dict,
}

/// How the axes of an image are told in OME.
struct Plan {
    order: &'static str,
    /// Lengths of the axes of `order`, samples not counted.
    sizes: [usize; 3],
    /// Parts of an axis: the axis, the kind and the length.
    modulo: Vec<(char, char, usize)>,
}

/// Refuses what OME has no words for, before anything is written.
pub fn check(image: &Image) -> Result<()> {
    pixel_type(image.dtype)?;
    super::ome_values::check(image.metadata)?;
    plan(image).map(drop)
}

fn pixel_type(dtype: DType) -> Result<&'static str> {
    Ok(match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::U8 | DType::U16 | DType::U32 => dtype.name(),
        DType::F32 => "float",
        DType::F64 => "double",
        DType::C64 => "complex",
        DType::C128 => "double-complex",
        DType::Bool => "bit",
        DType::I64 | DType::U64 | DType::F16 => {
            return Err(Error::shape(format!("OME-TIFF has no pixels of {dtype}; write without ome, or convert")));
        }
    })
}

/// A letter an axis: as given, else from the shape.
fn letters(image: &Image) -> Result<String> {
    let (shape, stored) = (image.shape, image.stored);
    let refuse = |what: &str| Err(Error::unsupported(format!("OME-TIFF cannot hold the axes {what}")));
    let Some(axes) = image.axes else {
        // A last axis of one sample; pages that were added since count as leading axes too.
        let one = shape.last() == Some(&1) && shape.len() > stored.leading + 2 + usize::from(stored.separate > 1);
        let inner = if stored.contig > 1 || one {
            "YXS"
        } else if stored.separate > 1 {
            "SYX"
        } else {
            "YX"
        };
        let order = match image.metadata.get("DimensionOrder").and_then(Value::as_str) {
            Some(order) if order.len() == 5 && order.starts_with("XY") => &order[2..],
            _ => "CZT",
        };
        let leading = shape.len().saturating_sub(inner.len());
        if leading > 3 {
            return refuse(&format!("of the shape {shape:?}: up to T, Z and C before {inner}, unless axes are named"));
        }
        return Ok(order.chars().take(leading).collect::<Vec<_>>().into_iter().rev().chain(inner.chars()).collect());
    };
    let unknown = axes.chars().any(|c| !"TZCYXSAPRHEQ".contains(c));
    let twice = axes.char_indices().any(|(i, c)| axes[..i].contains(c));
    let ends = axes.ends_with("YX") || axes.ends_with("YXS") || (axes.ends_with("YXC") && !axes.contains('S'));
    if unknown || twice || !ends {
        return refuse(&format!("{axes}: they are some of TZCAPRHEQ, once each, then YX or YXS"));
    }
    let samples = if axes.ends_with("YXC") && stored.contig > 1 { axes.replace('C', "S") } else { axes.to_owned() };
    let fits = match samples.find('S') {
        Some(at) if at + 1 == samples.len() => stored.separate == 1,
        Some(at) => stored.contig == 1 && samples[at..] == *"SYX",
        None => stored.samples() == 1,
    };
    if fits { Ok(samples) } else { refuse(&format!("{axes} with the samples of pixels elsewhere")) }
}

fn plan(image: &Image) -> Result<Plan> {
    let axes = letters(image)?;
    let high: String = axes.chars().take_while(|c| !"YXS".contains(*c)).collect();
    let length = |axis: char| axes.find(axis).map_or(1, |i| image.shape[i]);
    let mut modulo: Vec<(char, char, usize)> = Vec::new();
    let mut plain = String::new();
    for (i, c) in high.char_indices() {
        if "TZC".contains(c) {
            plain.push(c);
            continue;
        }
        let before = high[..i].chars().last().filter(|b| "TZC".contains(*b) && modulo.iter().all(|m| m.0 != *b));
        let free = || "TZC".chars().find(|f| !high.contains(*f) && modulo.iter().all(|m| m.0 != *f));
        let Some(parent) = before.or_else(free) else {
            return Err(Error::unsupported(format!("OME-TIFF cannot hold the axes {axes}: no place for {c}")));
        };
        if before.is_none() {
            plain.push(parent);
        }
        modulo.push((parent, c, length(c)));
    }
    let inner_first: String = plain.chars().rev().collect();
    let given = image.metadata.get("DimensionOrder").and_then(Value::as_str).unwrap_or("");
    let given = ORDERS.iter().find(|o| given.strip_prefix("XY") == Some(**o));
    let order = given.into_iter().chain(&ORDERS).find(|o| is_within(&inner_first, o));
    let order =
        *order.ok_or_else(|| Error::unsupported(format!("OME-TIFF cannot hold the order of the axes {axes}")))?;
    let mut sizes = [1; 3];
    for (size, axis) in sizes.iter_mut().zip(order.chars()) {
        let parts = modulo.iter().find(|m| m.0 == axis).map_or(1, |m| m.2);
        *size = length(axis) * parts;
    }
    if sizes.iter().product::<usize>() != image.frames {
        return Err(Error::unsupported(format!("OME-TIFF cannot hold the axes {axes} in {} pages", image.frames)));
    }
    Ok(Plan { order, sizes, modulo })
}

/// Whether the letters stand in this order with axes of length 1 between.
fn is_within(letters: &str, order: &str) -> bool {
    let mut rest = order.chars();
    letters.chars().all(|c| rest.any(|o| o == c))
}

impl Ome {
    /// Adds an image, whose planes are the next directories of the file.
    pub fn add(&mut self, image: &Image) -> Result<()> {
        let Plan { order, sizes, modulo } = plan(image)?;
        let index = self.images.len();
        // As a reader gives it, or as tifffile takes it.
        let given = image.metadata;
        if let Some(Value::Str(uuid)) = given.get("UUID") {
            self.root.get_or_insert_with(|| format!(" UUID=\"{}\"", escape(uuid)));
        }
        let stored = image.stored;
        let samples = stored.samples();
        let mut xml = format!("<Image ID=\"Image:{index}\"");
        attribute(&mut xml, "Name", given.get("Name").unwrap_or(&format!("Image{index}").into()), None);
        xml.push('>');
        for name in ["AcquisitionDate", "Description"] {
            if let Some(text) = given.get(name).and_then(plain) {
                let _ = write!(xml, "<{name}>{}</{name}>", escape(&text));
            }
        }
        let _ = write!(
            xml,
            "<Pixels ID=\"Pixels:{index}\" DimensionOrder=\"XY{order}\" Type=\"{}\"",
            pixel_type(image.dtype)?
        );
        let _ = write!(xml, " SizeX=\"{}\" SizeY=\"{}\"", stored.width, stored.length);
        for (axis, &size) in order.chars().zip(&sizes) {
            let _ = write!(xml, " Size{axis}=\"{}\"", if axis == 'C' { size * samples } else { size });
        }
        if samples > 1 {
            let _ = write!(xml, " Interleaved=\"{}\"", stored.contig > 1);
        }
        for name in PIXELS {
            if let Some(value) = given.get(name) {
                attribute(&mut xml, name, value, None);
            }
        }
        xml.push('>');
        let channels = sizes[order.find('C').unwrap_or(0)];
        for c in 0..channels {
            let _ = write!(xml, "<Channel ID=\"Channel:{index}:{c}\" SamplesPerPixel=\"{samples}\"");
            part(&mut xml, given.get("Channel"), c, CHANNEL);
            xml.push_str("><LightPath/></Channel>");
        }
        let _ = write!(xml, "<TiffData IFD=\"{}\" PlaneCount=\"{}\"/>", self.planes, image.frames);
        if let Some(planes) = given.get("Plane") {
            for p in 0..image.frames {
                let at = |axis: char| {
                    let place = order.find(axis).unwrap_or(0);
                    p / sizes[..place].iter().product::<usize>() % sizes[place]
                };
                let _ = write!(xml, "<Plane TheZ=\"{}\" TheT=\"{}\" TheC=\"{}\"", at('Z'), at('T'), at('C'));
                part(&mut xml, Some(planes), p, PLANE);
                xml.push_str("/>");
            }
        }
        xml.push_str("</Pixels>");
        self.annotate(&mut xml, given, &modulo);
        xml.push_str("</Image>");
        self.images.push(xml);
        self.planes += image.frames;
        Ok(())
    }

    /// Adds annotations of the image, and what refers to them.
    fn annotate(&mut self, xml: &mut String, given: &Dict, modulo: &[(char, char, usize)]) {
        let mut add = |kind: &str, namespace: &str, value: &str| {
            let id = self.annotations.len();
            let mut element = format!("<{kind} ID=\"Annotation:{id}\"");
            if !namespace.is_empty() {
                let _ = write!(element, " Namespace=\"{}\"", escape(namespace));
            }
            let _ = write!(element, "><Value>{value}</Value></{kind}>");
            self.annotations.push(element);
            let _ = write!(xml, "<AnnotationRef ID=\"Annotation:{id}\"/>");
        };
        let given = given.get("StructuredAnnotations").and_then(Value::as_dict).unwrap_or(given);
        for (name, value) in given.iter() {
            let Some(kind) = ANNOTATIONS.iter().find(|k| **k == name.as_str()) else { continue };
            let values: Vec<&Value> = match value {
                Value::List(list) => list.iter().collect(),
                one => vec![one],
            };
            for value in values {
                let dict = value.as_dict();
                let namespace = dict.and_then(|d| d.get("Namespace")?.as_str()).unwrap_or("");
                let inner = dict.and_then(|d| d.get("Value")).unwrap_or(value);
                let text = match (*kind, inner) {
                    ("MapAnnotation", Value::Dict(map)) => map
                        .iter()
                        .filter(|(key, _)| key.as_str() != "Namespace")
                        .filter_map(|(k, v)| Some(format!("<M K=\"{}\">{}</M>", escape(k), escape(&plain(v)?))))
                        .collect(),
                    ("MapAnnotation", _) => continue,
                    (_, other) => match plain(other) {
                        Some(text) => escape(&text),
                        None => continue,
                    },
                };
                add(kind, namespace, &text);
            }
        }
        if !modulo.is_empty() {
            let mut value = "<Modulo namespace=\"http://www.openmicroscopy.org/Schemas/Additions/2011-09\">".to_owned();
            for (along, kind, n) in modulo {
                let name = MODULO.iter().find(|m| m.0 == *kind).map_or("other", |m| m.1);
                let _ = write!(value, "<ModuloAlong{along} Type=\"{name}\" Start=\"0\" End=\"{}\"/>", n - 1);
            }
            value.push_str("</Modulo>");
            add("XMLAnnotation", "openmicroscopy.org/omero/dimension/modulo", &value);
        }
    }

    /// The document.
    pub fn text(&self) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME xmlns=\"{SCHEMA}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"{SCHEMA} {SCHEMA}/ome.xsd\"{} \
             Creator=\"libimageio {}\">",
            self.root.as_deref().unwrap_or(""),
            env!("CARGO_PKG_VERSION")
        );
        self.images.iter().for_each(|image| xml.push_str(image));
        if !self.annotations.is_empty() {
            let _ = write!(xml, "<StructuredAnnotations>{}</StructuredAnnotations>", self.annotations.concat());
        }
        xml.push_str("</OME>");
        xml
    }
}

const PIXELS: &[&str] = &[
    "SignificantBits",
    "PhysicalSizeX",
    "PhysicalSizeXUnit",
    "PhysicalSizeY",
    "PhysicalSizeYUnit",
    "PhysicalSizeZ",
    "PhysicalSizeZUnit",
    "TimeIncrement",
    "TimeIncrementUnit",
];
const CHANNEL: &[&str] = &[
    "Name",
    "AcquisitionMode",
    "Color",
    "ContrastMethod",
    "EmissionWavelength",
    "EmissionWavelengthUnit",
    "ExcitationWavelength",
    "ExcitationWavelengthUnit",
    "Fluor",
    "IlluminationType",
    "NDFilter",
    "PinholeSize",
    "PinholeSizeUnit",
    "PockelCellSetting",
];
const PLANE: &[&str] = &[
    "DeltaT",
    "DeltaTUnit",
    "ExposureTime",
    "ExposureTimeUnit",
    "PositionX",
    "PositionXUnit",
    "PositionY",
    "PositionYUnit",
    "PositionZ",
    "PositionZUnit",
];
const ANNOTATIONS: &[&str] =
    &["BooleanAnnotation", "DoubleAnnotation", "LongAnnotation", "CommentAnnotation", "MapAnnotation"];

/// Attributes of part `i`: of a list of dictionaries the i-th, of a dictionary of lists the i-th of each.
fn part(xml: &mut String, given: Option<&Value>, i: usize, names: &[&str]) {
    let (dict, at) = match given {
        Some(Value::List(list)) => (list.get(i).and_then(Value::as_dict), None),
        Some(Value::Dict(dict)) => (Some(dict), Some(i)),
        _ => (None, None),
    };
    let Some(dict) = dict else { return };
    for name in names {
        if let Some(value) = dict.get(name) {
            attribute(xml, name, value, at);
        }
    }
}

fn attribute(xml: &mut String, name: &str, value: &Value, part: Option<usize>) {
    let value = match (value, part) {
        (Value::List(list), Some(i)) => list.get(i),
        // One value for several parts is that of the first.
        (_, Some(1..)) => None,
        (one, _) => Some(one),
    };
    if let Some(text) = value.and_then(plain) {
        let text = if name.ends_with("Unit") { unit(&text) } else { &text };
        let _ = write!(xml, " {name}=\"{}\"", escape(text));
    }
}

/// A number, truth value or text as text.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.as_str().to_owned()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_json().ok(),
        _ => None,
    }
}

/// Text inside an element or attribute; characters that XML cannot hold are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(shape: &[usize], axes: Option<&str>, leading: usize) -> Result<String> {
        let frames = shape[..leading].iter().product();
        let stored = Stored {
            leading,
            frames,
            separate: 1,
            depth: 1,
            length: 20,
            width: 30,
            contig: if shape.len() == leading + 3 { shape[leading + 2] } else { 1 },
            extra: 0,
            photometric: 1,
        };
        let none = Dict::new();
        let image = Image { dtype: DType::U16, shape, axes, stored: &stored, frames, metadata: &none };
        let Plan { order, sizes, modulo } = plan(&image)?;
        Ok(format!("{order} {sizes:?} {modulo:?}"))
    }

    #[test]
    fn orders_of_planes_follow_the_axes() {
        assert_eq!(sizes(&[2, 3, 4, 20, 30], None, 3).unwrap(), "CZT [4, 3, 2] []");
        assert_eq!(sizes(&[2, 3, 20, 30], Some("CTYX"), 2).unwrap(), "ZTC [1, 3, 2] []");
        assert_eq!(sizes(&[3, 20, 30, 3], Some("ZYXS"), 1).unwrap(), "CZT [1, 3, 1] []");
        assert_eq!(sizes(&[5, 3, 20, 30], Some("TQYX"), 2).unwrap(), "CZT [1, 1, 15] [('T', 'Q', 3)]");
    }

    #[test]
    fn axes_that_ome_lacks_are_named() {
        for axes in ["NYX", "TTYX", "XYT", "YXQ"] {
            let shape = [3, 20, 30, 30];
            let error = sizes(&shape[..axes.len()], Some(axes), axes.len() - 2).unwrap_err();
            assert!(error.message().contains(axes), "{error}");
        }
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(escape("a<b & \"c\"\u{0}\u{ffff}é"), "a&lt;b &amp; &quot;c&quot;é");
    }
}
