//! Images as C source: XBM, bits in hexadecimal, and XPM, a character or more a pixel.

use super::form::{Form, How};
use super::stills::{Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Dict, List};
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use std::collections::HashMap;

/// The most colours of an XPM file, and characters of a pixel.
const MOST_COLORS: usize = 1 << 20;
const MOST_CHARACTERS: usize = 8;

fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

fn number(word: &[u8]) -> Option<usize> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_empty())
}

/// Whether a file begins as XBM files do: with the definition of a width, behind comments.
pub fn is_xbm(head: &[u8]) -> bool {
    Xbm::read(head).is_some()
}

/// What the definitions say.
#[derive(Clone, Copy, Default)]
struct Xbm {
    width: usize,
    height: usize,
    hotspot: Option<[usize; 2]>,
    /// Where the numbers begin.
    at: usize,
    /// Whether numbers are of 16 bits, as X10 had them.
    short: bool,
}

impl Xbm {
    fn read(head: &[u8]) -> Option<Xbm> {
        let start = head.trim_ascii_start();
        if !start.starts_with(b"#define") && !start.starts_with(b"/*") {
            return None;
        }
        let (mut found, mut x_hot, mut at, mut in_comment) = (Xbm::default(), None, 0, false);
        for line in head.split_inclusive(|&b| b == b'\n') {
            at += line.len();
            let line = trimmed(line);
            if in_comment || line.starts_with(b"/*") {
                in_comment = !line.ends_with(b"*/");
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let Some(definition) = line.strip_prefix(b"#define") else {
                // The line of the array, and what may stand behind its brace.
                let brace = head.get(at - line.len().min(at)..)?.iter().position(|&b| b == b'{')?;
                if !line.windows(5).any(|w| w == b"bits[") && !line.windows(4).any(|w| w == b"bits") {
                    return None;
                }
                found.short = line.windows(5).any(|w| w == b"short");
                found.at = at - line.len() + brace + 1;
                return (found.width > 0 && found.height > 0).then_some(found);
            };
            let mut parts = words(definition);
            let (name, value) = (parts.next()?, number(parts.next()?)?);
            if name.ends_with(b"width") {
                found.width = value;
            } else if name.ends_with(b"height") {
                found.height = value;
            } else if name.ends_with(b"_x_hot") {
                x_hot = Some(value);
            } else if name.ends_with(b"_y_hot") {
                found.hotspot = x_hot.map(|x| [x, value]);
            }
        }
        None
    }

    /// The numbers in braces, to bytes whose first pixel is in the high bit.
    fn decode(&self, all: &[u8], rows: &mut Rows) -> Result<()> {
        let (stride, size) = if self.short { (self.width.div_ceil(16) * 2, 2) } else { (self.width.div_ceil(8), 1) };
        let text = all.get(self.at..).unwrap_or_default();
        let mut tokens = text.split(|&b| b == b',' || b.is_ascii_whitespace()).filter(|t| !t.is_empty());
        let mut row = rows.call().limits().allocate(stride)?;
        // A number that the end of the file cuts may lack a digit.
        let ended = text.contains(&b'}');
        for _ in 0..self.height {
            for to in row.chunks_exact_mut(size) {
                let token = tokens.next().filter(|_| ended || tokens.clone().next().is_some());
                let Some(value) = token.and_then(value) else { return Ok(()) };
                to.iter_mut().zip(value.to_le_bytes()).for_each(|(to, byte)| *to = byte.reverse_bits());
            }
            rows.put(&row)?;
        }
        Ok(())
    }
}

/// The value of a C number; behind a closing brace there is none.
fn value(token: &[u8]) -> Option<u16> {
    let token = token.split(|&b| b == b'}').next()?;
    let text = std::str::from_utf8(token).ok()?;
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Opens an XBM file for reading.
pub fn open_xbm(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = Xbm::read(source.head()).ok_or_else(|| Error::corrupt("a definition is missing"))?;
    // Each byte takes two characters at least.
    check_size(&source, head.at as u64, head.width.div_ceil(8), head.height, 1 << 10)?;
    let mut info = Dict::new();
    if let Some(hotspot) = head.hotspot {
        info.set("hotspot", hotspot.map(|n| n as i64).into_iter().collect::<List>());
    }
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| head.decode(all, rows));
    // A bit that is set is ink, but Pillow gives it as white.
    let form = Form::bool((head.width, head.height), 1);
    Ok(Stills::one(Raster { source, form, bottom_up: false, info, decode }))
}

/// Whether a file begins as XPM files do.
pub fn is_xpm(head: &[u8]) -> bool {
    head.starts_with(b"/* XPM */")
}

/// The colours and keys of an XPM file.
struct Xpm {
    width: usize,
    height: usize,
    /// Characters of a pixel.
    len: usize,
    /// The number of each key.
    keys: HashMap<Vec<u8>, usize>,
    colors: Vec<[u8; 3]>,
    /// The number of the colour that is none.
    clear: Option<usize>,
    /// How many texts come before the pixels.
    skip: usize,
}

/// What stands between quotes, text after text; one that has no end is none.
fn texts(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = file;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|&b| b == b'"')? + 1;
        let text = rest.get(start..)?;
        let end = text.iter().position(|&b| b == b'"')?;
        rest = text.get(end + 1..)?;
        text.get(..end)
    })
}

impl Xpm {
    fn read(all: &[u8]) -> Result<Xpm> {
        let mut texts = texts(all);
        let first = texts.next().ok_or_else(|| Error::corrupt("the data end within the header"))?;
        let sizes: Option<Vec<usize>> = words(first).take(4).map(number).collect();
        let Some([width, height, count, len]) = sizes.as_deref().and_then(|s| s.first_chunk()).copied() else {
            return Err(Error::corrupt("the sizes are no numbers"));
        };
        if !(1..=MOST_COLORS).contains(&count) || !(1..=MOST_CHARACTERS).contains(&len) {
            return Err(Error::corrupt(format!("{count} colours of {len} characters")));
        }
        let mut xpm =
            Xpm { width, height, len, keys: HashMap::new(), colors: Vec::new(), clear: None, skip: count + 1 };
        for _ in 0..count {
            let text = texts.next().ok_or_else(|| Error::corrupt("the data end within the colours"))?;
            let (key, rest) = text.split_at_checked(len).ok_or_else(|| Error::corrupt("a colour without a key"))?;
            let color = color(rest)?;
            let number = xpm.colors.len();
            if color.is_none() {
                xpm.clear = Some(number);
            }
            xpm.keys.insert(key.to_vec(), number);
            xpm.colors.push(color.unwrap_or_default());
        }
        Ok(xpm)
    }

    /// As in Pillow, more colours than 256 are no palette; but one that is none makes alpha in either case.
    fn form(&self) -> Form {
        let size = (self.width, self.height);
        let few = self.colors.len() <= 256;
        let (color, mode) = match self.clear {
            Some(_) => (Color::Rgba, if few { "P" } else { "RGBA" }),
            None => (Color::Rgb, if few { "P" } else { "RGB" }),
        };
        let mut form = Form::new(size, DType::U8, color, mode, How::Bytes);
        if few {
            form.palette = self.colors.clone();
        }
        form
    }

    fn decode(&self, all: &[u8], rows: &mut Rows) -> Result<()> {
        let indexed = rows.call().indices() && self.colors.len() <= 256;
        let samples = match self.clear {
            _ if indexed => 1,
            Some(_) => 4,
            None => 3,
        };
        let bytes = self.width.checked_mul(samples).ok_or_else(|| Error::limit("rows too long to address"))?;
        let mut row = rows.call().limits().allocate(bytes)?;
        for text in texts(all).skip(self.skip).take(self.height) {
            if text.len() < self.width.saturating_mul(self.len) {
                return Err(Error::corrupt("a row has too few pixels"));
            }
            for (to, key) in row.chunks_exact_mut(samples).zip(text.chunks_exact(self.len)) {
                let number = *self.keys.get(key).ok_or_else(|| Error::corrupt("a pixel has no colour"))?;
                if let ([to], true) = (&mut *to, indexed) {
                    *to = number as u8;
                    continue;
                }
                let [r, g, b] = self.colors.get(number).copied().unwrap_or_default();
                let alpha = if self.clear == Some(number) { 0 } else { 255 };
                to.iter_mut().zip([r, g, b, alpha]).for_each(|(to, from)| *to = from);
            }
            rows.put(&row)?;
        }
        Ok(())
    }
}

/// The colour of a definition, behind its key; `None` is none.
fn color(definition: &[u8]) -> Result<Option<[u8; 3]>> {
    let mut words = words(definition);
    while let Some(kind) = words.next() {
        let value = words.next().unwrap_or_default();
        if kind != b"c" {
            continue;
        }
        if value.eq_ignore_ascii_case(b"none") {
            return Ok(None);
        }
        let digits = value.strip_prefix(b"#").and_then(|d| std::str::from_utf8(d).ok());
        let per = digits.map_or(0, str::len) / 3;
        let parts = digits.filter(|d| d.is_ascii() && matches!(per, 1..=4) && d.len() == per * 3);
        let mut color = [0; 3];
        let Some(digits) = parts else {
            return named(value).map(Some);
        };
        for (i, to) in color.iter_mut().enumerate() {
            let part = digits.get(i * per..(i + 1) * per).unwrap_or_default();
            let n = u32::from_str_radix(part, 16).map_err(|_| Error::corrupt("a colour is no number"))?;
            // One digit counts for both; of more than two the first two.
            *to = if per == 1 { n * 17 } else { n >> (4 * (per - 2)) } as u8;
        }
        return Ok(Some(color));
    }
    Err(Error::unsupported("a colour of an XPM file that has no value for colour screens"))
}

/// The few names that programs write.
fn named(name: &[u8]) -> Result<[u8; 3]> {
    Ok(match name.to_ascii_lowercase().as_slice() {
        b"black" => [0; 3],
        b"white" => [255; 3],
        b"red" => [255, 0, 0],
        b"green" => [0, 255, 0],
        b"blue" => [0, 0, 255],
        b"yellow" => [255, 255, 0],
        b"cyan" => [0, 255, 255],
        b"magenta" => [255, 0, 255],
        b"gray" | b"grey" => [190; 3],
        _ => return Err(Error::unsupported(format!("the colour {:?}", String::from_utf8_lossy(name)))),
    })
}

/// Opens an XPM file for reading.
pub fn open_xpm(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let xpm = Xpm::read(&source.all(call.limits())?)?;
    check_size(&source, 0, xpm.width.saturating_mul(xpm.len), xpm.height, 1 << 10)?;
    let mut info = Dict::new();
    if let Some(clear) = xpm.clear.filter(|_| xpm.colors.len() <= 256 && !call.bool("exclude_applied")) {
        info.set("transparency", clear as i64);
    }
    let form = xpm.form();
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| xpm.decode(all, rows));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info, decode }))
}
