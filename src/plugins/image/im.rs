//! IM, the images of IFUNC: a header of text, perhaps a palette, then rows from the bottom up.

use super::form::{Form, How, is_gray, planar_colors};
use super::stills::{PLAIN, Raster, Rows, Still, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, List, Value};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// Bytes of the longest line.
const LINE: usize = 100;
/// Bytes of the palette: reds, greens, blues.
const PALETTE: usize = 768;
/// The most images of a file.
const MOST: i64 = 1 << 20;

/// Whether a file begins as IM files do: with a line that has one of the names of its header.
pub fn matches(head: &[u8]) -> bool {
    const NAMES: [&[u8]; 8] = [
        b"Comment:",
        b"Date:",
        b"Digitalization equipment:",
        b"File size (no of images):",
        b"Image size (x*y):",
        b"Image type:",
        b"Name:",
        b"Scale (x,y):",
    ];
    let head = head.get(..LINE).unwrap_or(head);
    NAMES.iter().any(|name| head.starts_with(name)) && head.contains(&b'\n')
}

/// What the header says.
struct Header {
    info: Dict,
    kind: String,
    size: (usize, usize),
    count: usize,
    has_palette: bool,
    /// Where the palette or the rows begin.
    at: usize,
}

/// Numbers with asterisks or commas between them.
fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split(['*', ',']).map(|n| n.trim().parse().ok()).collect()
}

impl Header {
    fn read(head: &[u8]) -> Result<Header> {
        let bad = |what: &str| Error::corrupt(format!("the header: {what}"));
        let mut header =
            Header { info: Dict::new(), kind: "L".into(), size: (512, 512), count: 1, has_palette: false, at: 0 };
        let mut comments: Vec<Value> = Vec::new();
        let mut rest = head;
        loop {
            // Lines may end in either order of carriage return and line feed.
            rest = rest.strip_prefix(b"\r").unwrap_or(rest);
            if matches!(rest.first(), None | Some(0 | 0x1a)) {
                break;
            }
            let end = rest.iter().take(LINE).position(|&b| b == b'\n').ok_or_else(|| bad("a line has no end"))?;
            let (line, after) = rest.split_at(end);
            rest = after.strip_prefix(b"\n").unwrap_or(after);
            let line: String = line.trim_ascii_end().iter().map(|&b| char::from(b)).collect();
            let (key, value) = line.split_once(':').ok_or_else(|| bad("a line has no name"))?;
            header.take(key, value.trim(), &mut comments)?;
        }
        if !comments.is_empty() {
            header.info.set("Comment", comments.into_iter().collect::<List>());
        }
        let end = head.iter().position(|&b| b == 0x1a).ok_or_else(|| bad("it has no end"))?;
        header.at = end + 1;
        Ok(header)
    }

    /// Takes one line.
    fn take(&mut self, key: &str, value: &str, comments: &mut Vec<Value>) -> Result<()> {
        let number = |n: f64| if n.fract() == 0.0 && n.abs() < 1e15 { Value::from(n as i64) } else { Value::from(n) };
        match key {
            "Comment" => comments.push(value.into()),
            "File size (no of images)" | "Scale (x,y)" | "Image size (x*y)" => {
                let numbers = numbers(value).ok_or_else(|| Error::corrupt(format!("{key} is {value:?}")))?;
                if let ("Image size (x*y)", [width, height, ..]) = (key, &numbers[..]) {
                    self.size = (*width as usize, *height as usize);
                }
                if let ("File size (no of images)", [count]) = (key, &numbers[..]) {
                    self.count = (*count as i64).clamp(1, MOST) as usize;
                }
                let list: List = numbers.iter().map(|&n| number(n)).collect();
                match numbers[..] {
                    [one] => self.info.set(key, number(one)),
                    _ => self.info.set(key, list),
                };
            }
            "Image type" => {
                self.kind = value.to_owned();
                self.info.set(key, value);
            }
            _ => {
                self.has_palette |= key == "Lut";
                self.info.set(key, value);
            }
        }
        Ok(())
    }

    /// What rows mean, and their bytes.
    fn form(&self, palette: Option<Vec<[u8; 3]>>) -> Result<(Form, usize)> {
        let (size, width) = (self.size, self.size.0);
        let wide = |n: usize| width.checked_mul(n).ok_or_else(|| Error::limit("rows too long to address"));
        let planes = |color, mode| Form::new(size, DType::U8, color, mode, How::Planes { stride: width });
        let words =
            |dtype: DType, mode, big| Form::new(size, dtype, Color::Gray, mode, How::Words { size: dtype.size(), big });
        let kind = self.kind.replace("L*", "L ");
        Ok(match kind.strip_suffix(" image").unwrap_or(&kind) {
            "0 1" | "L 1" | "B1" => (Form::bool(size, 1), width.div_ceil(8)),
            "L" | "Greyscale" | "Grayscale" => match palette.filter(|p| !is_gray(p)) {
                Some(palette) => (Form::palette(size, palette, How::Palette { bits: 8 }), width),
                None => (Form::new(size, DType::U8, Color::Gray, "L", How::Bytes), width),
            },
            "RGB" => (planes(Color::Rgb, "RGB"), wide(3)?),
            "RGBX" => (planes(Color::Rgb, "RGB"), wide(4)?),
            "LA" if palette.as_deref().is_none_or(is_gray) => (planes(Color::GrayAlpha, "LA"), wide(2)?),
            "RGBA" => (planes(Color::Rgba, "RGBA"), wide(4)?),
            "CMYK" => (planes(Color::Cmyk, "CMYK"), wide(4)?),
            "YCC" => (planes(Color::YCbCr, "YCbCr"), wide(3)?),
            "X 24" => (Form::new(size, DType::U8, Color::Rgb, "RGB", How::Bytes), wide(3)?),
            "L 16" | "L 16L" => (words(DType::U16, "I;16", false), wide(2)?),
            "L 16B" => (words(DType::U16, "I;16B", true), wide(2)?),
            "L 32S" | "L 32 S" => (words(DType::I32, "I", false), wide(4)?),
            "L 32F" | "L 32 F" => (words(DType::F32, "F", false), wide(4)?),
            other => return Err(Error::unsupported(format!("an image of type {other:?}"))),
        })
    }
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let mut header = Header::read(source.head())?;
    let mut palette = None;
    let mut data_at = header.at;
    if header.has_palette {
        let mut bytes = [0; PALETTE];
        source.read_exact_at(&mut bytes, data_at as u64)?;
        palette = Some(planar_colors(&bytes));
        data_at += PALETTE;
    }
    let (form, stride) = header.form(palette.clone())?;
    // Where the header says nothing, Pillow's answers stand.
    let mode = form.mode;
    header.info.set("Image type", mode);
    if header.info.get("File size (no of images)").is_none() {
        header.info.set("File size (no of images)", header.count as i64);
    }
    check_size(&source, data_at as u64, stride, header.size.1, PLAIN)?;
    Ok(Stills::many(header.count, move |index, _call| {
        let (form, stride) = header.form(palette.clone())?;
        let image = stride.checked_mul(header.size.1);
        let at = image.and_then(|n| n.checked_mul(index)?.checked_add(data_at));
        let at = at.ok_or_else(|| Error::corrupt("an image beyond any file"))?;
        let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, at, stride));
        let (source, info) = (source.clone(), header.info.clone());
        Ok(Box::new(Raster { source, form, bottom_up: true, info, decode }) as Box<dyn Still>)
    }))
}
