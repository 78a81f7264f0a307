//! Text that C can borrow: UTF-8, stored with the NUL that ends it.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// UTF-8 text without a NUL inside, followed by one.
#[derive(Clone)]
pub struct Text(Box<str>);

impl Text {
    /// The text, or `None` if it holds a NUL.
    pub fn new(text: &str) -> Option<Text> {
        (!text.contains('\0')).then(|| Text::terminate(text))
    }

    /// The text with each NUL replaced by U+FFFD: for keys, which must be text.
    pub fn lossy(text: &str) -> Text {
        if text.contains('\0') { Text::terminate(&text.replace('\0', "\u{fffd}")) } else { Text::terminate(text) }
    }

    fn terminate(text: &str) -> Text {
        let mut owned = String::with_capacity(text.len() + 1);
        owned.push_str(text);
        owned.push('\0');
        Text(owned.into_boxed_str())
    }

    /// The text without its NUL.
    pub fn as_str(&self) -> &str {
        &self.0[..self.0.len() - 1]
    }

    /// The bytes with the NUL: what a C string points at.
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::lossy(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::lossy(&text)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.0 == other.0
    }
}

impl Eq for Text {}

// As `str` hashes, since maps are asked by `str`.
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
