//! Directories as they are written: fields with their values, and their bytes in classic TIFF or BigTIFF of either
//! byte order.

use crate::error::{Error, Result};
use crate::plugins::tiff::tags::kind;
use std::collections::HashMap;
use std::sync::Arc;

/// Values longer than this that all pages of a series have are stored once.
const SHARED: usize = 64;

/// The shape of a file: what its directories look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// BigTIFF: offsets of eight bytes.
    pub big: bool,
    /// Byte order MM.
    pub big_endian: bool,
}

impl Form {
    fn offset(self) -> usize {
        if self.big { 8 } else { 4 }
    }

    fn put(self, out: &mut Vec<u8>, bytes: usize, n: u64) {
        if self.big_endian {
            out.extend_from_slice(&n.to_be_bytes()[8 - bytes..]);
        } else {
            out.extend_from_slice(&n.to_le_bytes()[..bytes]);
        }
    }

    /// The first bytes of a file whose first directory is at `first`.
    pub fn header(self, first: u64) -> Vec<u8> {
        let mut out = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        if self.big {
            self.put(&mut out, 2, 43);
            self.put(&mut out, 2, 8);
            self.put(&mut out, 2, 0);
        } else {
            self.put(&mut out, 2, 42);
        }
        self.put(&mut out, self.offset(), first);
        out
    }
}

/// Items of one type, in native byte order.
#[derive(Clone, Debug, PartialEq)]
pub struct Items {
    /// TIFF's number of the type.
    pub kind: u16,
    /// The packed items.
    pub bytes: Vec<u8>,
}

/// Bytes of an item, and of the words in it whose order the file decides.
pub fn item_size(of: u16) -> Option<(usize, usize)> {
    use kind::*;
    Some(match of {
        BYTE | ASCII | SBYTE | UNDEFINED => (1, 1),
        SHORT | SSHORT => (2, 2),
        LONG | SLONG | FLOAT | IFD => (4, 4),
        RATIONAL | SRATIONAL => (8, 4),
        DOUBLE | LONG8 | SLONG8 | IFD8 => (8, 8),
        _ => return None,
    })
}

impl Items {
    pub fn bytes(bytes: &[u8]) -> Items {
        Items { kind: kind::BYTE, bytes: bytes.to_vec() }
    }

    pub fn undefined(bytes: &[u8]) -> Items {
        Items { kind: kind::UNDEFINED, bytes: bytes.to_vec() }
    }

    /// Text with the NUL that ends it.
    pub fn ascii(text: &[u8]) -> Items {
        let mut bytes = text.to_vec();
        if bytes.last() != Some(&0) {
            bytes.push(0);
        }
        Items { kind: kind::ASCII, bytes }
    }

    pub fn shorts(items: &[u16]) -> Items {
        Items { kind: kind::SHORT, bytes: items.iter().flat_map(|n| n.to_ne_bytes()).collect() }
    }

    pub fn longs(items: &[u32]) -> Items {
        Items { kind: kind::LONG, bytes: items.iter().flat_map(|n| n.to_ne_bytes()).collect() }
    }

    pub fn rationals(items: &[(u32, u32)]) -> Items {
        let bytes = items.iter().flat_map(|(n, d)| [n.to_ne_bytes(), d.to_ne_bytes()].concat()).collect();
        Items { kind: kind::RATIONAL, bytes }
    }

    fn count(&self) -> usize {
        self.bytes.len() / item_size(self.kind).map_or(1, |(size, _)| size)
    }
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Held {
    /// Items of a type.
    Items(Items),
    /// Places in the file, or lengths: as long as the form of the file asks for.
    Words(Vec<u64>),
    /// Directories inside this one.
    Directories(Vec<Directory>),
}

/// A tag with its value.
#[derive(Clone, Debug)]
pub struct Field {
    pub tag: u16,
    pub held: Held,
}

impl Field {
    pub fn new(tag: u16, items: Items) -> Field {
        Field { tag, held: Held::Items(items) }
    }
}

/// A directory: the fields that it has alone, and those that other pages of its series have too.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub own: Vec<Field>,
    pub shared: Arc<Vec<Field>>,
}

impl Directory {
    /// The fields by their tags; of two with one tag the own one.
    fn fields(&self) -> Vec<(bool, &Field)> {
        let mut fields: Vec<(bool, &Field)> = self.own.iter().map(|f| (false, f)).collect();
        fields.extend(self.shared.iter().filter(|f| self.own.iter().all(|o| o.tag != f.tag)).map(|f| (true, f)));
        fields.sort_by_key(|(_, f)| f.tag);
        fields
    }
}

/// Writes directories one behind another, each pointing at the next.
pub struct Chain {
    form: Form,
    /// Where values that pages share already are, by the place of the field in memory.
    placed: HashMap<usize, u64>,
}

impl Chain {
    pub fn new(form: Form) -> Chain {
        Chain { form, placed: HashMap::new() }
    }

    /// The bytes of a directory at `at`, which is even, with everything that hangs on it. `last`: no directory follows;
    /// else the next one comes right behind these bytes.
    pub fn bytes(&mut self, directory: &Directory, at: u64, last: bool) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.directory(directory, at, &mut out, last)?;
        let end = at + out.len() as u64;
        if !self.form.big && end > u64::from(u32::MAX) {
            return Err(too_long());
        }
        Ok(out)
    }

    fn directory(&mut self, directory: &Directory, base: u64, out: &mut Vec<u8>, last: bool) -> Result<()> {
        let form = self.form;
        let fields = directory.fields();
        let (count, entry) = if form.big { (8, 20) } else { (2, 12) };
        let start = out.len();
        form.put(out, count, fields.len() as u64);
        let entries = out.len();
        out.resize(entries + fields.len() * entry + form.offset(), 0);
        for (i, (shared, field)) in fields.iter().enumerate() {
            let bytes = self.entry(field, *shared, base, out)?;
            out[entries + i * entry..][..entry].copy_from_slice(&bytes);
        }
        even(out);
        if !last {
            let mut next = Vec::new();
            form.put(&mut next, form.offset(), base + out.len() as u64);
            out[entries + fields.len() * entry..][..form.offset()].copy_from_slice(&next);
        }
        debug_assert!((base + start as u64).is_multiple_of(2));
        Ok(())
    }

    /// The entry of a field, its value behind the directory where it does not fit.
    fn entry(&mut self, field: &Field, shared: bool, base: u64, out: &mut Vec<u8>) -> Result<Vec<u8>> {
        let form = self.form;
        let (kind, count, value) = match &field.held {
            Held::Items(items) => (items.kind, items.count(), self.order(items)),
            Held::Words(words) => self.words(words),
            Held::Directories(inner) => {
                let kind = if form.big { kind::IFD8 } else { kind::IFD };
                let mut value = Vec::new();
                for directory in inner {
                    even(out);
                    form.put(&mut value, form.offset(), base + out.len() as u64);
                    // Sub-directories of one page stand for themselves: none points at the next.
                    self.directory(directory, base, out, true)?;
                }
                (kind, inner.len(), value)
            }
        };
        let mut entry = Vec::with_capacity(20);
        form.put(&mut entry, 2, field.tag.into());
        form.put(&mut entry, 2, kind.into());
        form.put(&mut entry, form.offset(), count as u64);
        if value.len() <= form.offset() {
            entry.extend_from_slice(&value);
            entry.resize(4 + 2 * form.offset(), 0);
            return Ok(entry);
        }
        let key = std::ptr::from_ref(field) as usize;
        let known = (shared && value.len() > SHARED).then(|| self.placed.get(&key).copied()).flatten();
        let at = known.unwrap_or_else(|| {
            even(out);
            let at = base + out.len() as u64;
            out.extend_from_slice(&value);
            at
        });
        if shared && value.len() > SHARED {
            self.placed.insert(key, at);
        }
        form.put(&mut entry, form.offset(), at);
        Ok(entry)
    }

    /// Items in the file's byte order.
    fn order(&self, items: &Items) -> Vec<u8> {
        let mut bytes = items.bytes.clone();
        let word = item_size(items.kind).map_or(1, |(_, word)| word);
        if self.form.big_endian != cfg!(target_endian = "big") && word > 1 {
            bytes.chunks_exact_mut(word).for_each(<[u8]>::reverse);
        }
        bytes
    }

    fn words(&self, words: &[u64]) -> (u16, usize, Vec<u8>) {
        let most = words.iter().copied().max().unwrap_or(0);
        let (kind, size) = if most <= u64::from(u32::MAX) { (kind::LONG, 4) } else { (kind::LONG8, 8) };
        let mut bytes = Vec::with_capacity(words.len() * size);
        words.iter().for_each(|&n| self.form.put(&mut bytes, size, n));
        (kind, words.len(), bytes)
    }
}

/// Has the directory at the start of `bytes` be followed by the one at `next`.
pub fn set_next(bytes: &mut [u8], form: Form, next: u64) {
    let (count, entry) = if form.big { (8, 20) } else { (2, 12) };
    let fields = bytes[..count]
        .iter()
        .enumerate()
        .fold(0, |n, (i, &b)| n | usize::from(b) << (8 * if form.big_endian { count - 1 - i } else { i }));
    let mut place = Vec::new();
    form.put(&mut place, form.offset(), next);
    bytes[count + fields * entry..][..form.offset()].copy_from_slice(&place);
}

/// What a classic TIFF cannot hold.
pub fn too_long() -> Error {
    Error::unsupported("the file grows beyond 4 GB, which only a BigTIFF can hold: leave the option \"bigtiff\" out")
}

/// A directory, a value and a strip begin at an even place.
fn even(out: &mut Vec<u8>) {
    if out.len() % 2 == 1 {
        out.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(form: Form, fields: Vec<Field>) -> Vec<u8> {
        Chain::new(form).bytes(&Directory { own: fields, shared: Arc::default() }, 8, true).unwrap()
    }

    #[test]
    fn entries_stand_in_the_order_of_their_tags_and_short_values_inside() {
        let fields = vec![Field::new(258, Items::shorts(&[8])), Field::new(256, Items::longs(&[7]))];
        let little = one(Form { big: false, big_endian: false }, fields.clone());
        assert_eq!(little[..14], [2, 0, 0, 1, 4, 0, 1, 0, 0, 0, 7, 0, 0, 0]);
        assert_eq!(little[14..26], [2, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0]);
        let big = one(Form { big: true, big_endian: true }, fields);
        assert_eq!(big[..8], [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(big[8..28], [1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0]);
    }

    #[test]
    fn rationals_turn_round_word_by_word() {
        let fields = vec![Field::new(282, Items::rationals(&[(3, 1)]))];
        let big = one(Form { big: false, big_endian: true }, fields);
        // 2 + 12 + 4 bytes of directory, then the value.
        assert_eq!(big[10..14], [0, 0, 0, 8 + 18]);
        assert_eq!(big[18..], [0, 0, 0, 3, 0, 0, 0, 1]);
    }

    #[test]
    fn long_values_of_a_series_are_stored_once() {
        let shared = Arc::new(vec![Field::new(34675, Items::undefined(&[7; 500]))]);
        let mut chain = Chain::new(Form { big: false, big_endian: false });
        let page = Directory { own: Vec::new(), shared };
        let first = chain.bytes(&page, 8, false).unwrap();
        let second = chain.bytes(&page.clone(), 8 + first.len() as u64, true).unwrap();
        assert_eq!((first.len(), second.len()), (518, 18));
        assert_eq!(first[10..14], second[10..14]);
    }
}
