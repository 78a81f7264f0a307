//! Texts of a TIFF, and metadata as JSON.

use crate::error::Result;
use crate::model::{Dict, List};

/// Text in ASCII: what is beyond it becomes `\uXXXX`, as ImageJ writes and reads it.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// The description of tifffile's series: their shape, and metadata.
pub fn shaped(shape: &[usize], metadata: &Dict) -> Result<String> {
    let mut dict = Dict::new().with("shape", shape.iter().copied().collect::<List>());
    for (key, value) in metadata.iter().filter(|(key, _)| key.as_str() != "shape") {
        dict.set(key.clone(), value.clone());
    }
    Ok(ascii(&dict.to_json()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_json_in_ascii() {
        let text = shaped(&[2, 3], &Dict::new().with("axes", "YX").with("name", "Zürich").with("shape", 1)).unwrap();
        assert_eq!(text, r#"{"shape":[2,3],"axes":"YX","name":"Z\u00fcrich"}"#);
    }
}
