//! Plugin `FEI`: TIFF of FEI's electron microscopes, without the strip of text below the image, and with the text that
//! stands at the end of the file as metadata.

use super::file::File;
use super::ifd::{Layout, Tiff};
use super::reader::TiffReader;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Destination, Dict, Index, Props, Value};
use crate::plugin::{Call, Calls, Count, Declaration, OptionSpec, OptionType, Outcome, Plugin, Reader};
use crate::resource::Source;

/// Rows of the strip, if nobody says.
const STRIP: i64 = 70;

/// The text is looked for in so much of the end of the file.
const TAIL: u64 = 1 << 20;

/// The plugin `FEI`.
pub struct FeiPlugin {
    declaration: Declaration,
}

impl FeiPlugin {
    /// The plugin.
    #[allow(clippy::new_without_default)] // a plugin is registered, not defaulted
    pub fn new() -> FeiPlugin {
        let flag = OptionSpec::new("discard_watermark", &[OptionType::Bool], true, Calls::READ, "leave the strip out");
        let rows = "rows of the strip of text at the bottom";
        let rows = OptionSpec::new("watermark_height", &[OptionType::Int], STRIP, Calls::READ, rows);
        FeiPlugin {
            declaration: Declaration {
                name: "FEI".into(),
                description: "TIFF of FEI electron microscopes".into(),
                extensions: vec![".tif".into(), ".tiff".into()],
                can_read: true,
                // Only who names it gets it: `tiff` reads every file that it reads.
                priority: -1,
                options: vec![flag, rows.range(0.0, f64::from(u32::MAX))],
                ..Declaration::default()
            },
        }
    }
}

impl Plugin for FeiPlugin {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn probe(&self, _head: &[u8], _extension: Option<&str>) -> Option<u8> {
        Some(0)
    }

    fn open(&self, source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
        if Layout::of_header(source.head()).is_none() {
            return Err(Error::new(ErrorKind::NoBackend, "the content has no mark of TIFF"));
        }
        let text = tail(&source)?;
        let tiff = Tiff::open(source).ok_or_else(|| Error::internal("a header that was there"))?;
        Ok(Box::new(FeiReader { inner: TiffReader::new(File::new(tiff)), text }))
    }
}

/// The end of the file.
fn tail(source: &Source) -> Result<Vec<u8>> {
    let Some(len) = source.len() else {
        return Err(Error::unsupported("FEI's metadata are at the end, and this stream has none before it is read"));
    };
    let from = len.saturating_sub(TAIL);
    let mut bytes = crate::model::zeroed((len - from) as usize)?;
    source.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

struct FeiReader {
    inner: TiffReader,
    text: Vec<u8>,
}

/// Rows at the bottom that a call leaves out.
fn strip(call: &Call) -> usize {
    let rows = call.int("watermark_height").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if call.bool("discard_watermark") { rows } else { 0 }
}

impl Reader for FeiReader {
    fn count(&mut self, how: Count, call: &Call) -> Result<Option<usize>> {
        self.inner.count(how, call)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        self.inner.cropped_props(index, call, strip(call))
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        self.inner.cropped_read(index, call, strip(call), to)
    }

    fn meta(&mut self, _index: Index, _call: &Call) -> Result<Dict> {
        metadata(&self.text).ok_or_else(|| Error::corrupt("the file has no metadata of FEI's"))
    }
}

/// The sections of the text from the line `Date=` on; what stands before the first is `root`.
fn metadata(bytes: &[u8]) -> Option<Dict> {
    let is_start = |at: usize| at == 0 || matches!(bytes.get(at - 1), Some(b'\n' | b'\r'));
    let mut starts = bytes.windows(5).enumerate().filter(|(at, w)| *w == b"Date=" && is_start(*at));
    let (start, _) = starts.next()?;
    let text = String::from_utf8_lossy(bytes.get(start..)?);
    let mut sections: Vec<(String, Dict)> = vec![("root".to_owned(), Dict::new())];
    for line in text.lines().flat_map(|line| line.split('\r')) {
        let line = line.trim_end_matches(|c: char| c.is_whitespace() || c == '\0');
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_start_matches('[').trim_end_matches(']');
            sections.push((name.to_owned(), Dict::new()));
        } else if let (Some((key, value)), Some((_, section))) = (line.split_once('='), sections.last_mut()) {
            section.set(key, number_or_text(value));
        }
    }
    let mut dict = Dict::new();
    for (name, section) in sections {
        dict.set(name, section);
    }
    Some(dict)
}

/// A whole number, a number or text, in the order in which imageio tries them.
fn number_or_text(text: &str) -> Value {
    let trimmed = text.trim();
    if let Ok(n) = trimmed.parse::<i64>() {
        return n.into();
    }
    match trimmed.parse::<f64>() {
        Ok(x) if trimmed.bytes().any(|b| b.is_ascii_digit()) => x.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_the_text_at_the_end() {
        let text = b"\0\0[User]\r\nDate=10/27/2016\r\nUserText=a=b\r\n[Beam]\r\nHV=2000\r\nSpot=7.5\r\n\r\n[Scan]\r\n";
        let dict = metadata(text).unwrap();
        let section = |name: &str| dict.get(name).and_then(Value::as_dict).unwrap().clone();
        assert_eq!(section("root").get("Date"), Some(&Value::from("10/27/2016")));
        assert_eq!(section("root").get("UserText"), Some(&Value::from("a=b")));
        assert_eq!(section("Beam").get("HV"), Some(&Value::Int(2000)));
        assert_eq!(section("Beam").get("Spot"), Some(&Value::Float(7.5)));
        assert!(section("Scan").is_empty());
        assert!(metadata(b"nothing").is_none());
    }
}
