//! Directories and their entries, as they lie in the file. Nothing here knows what a tag means.

pub use super::layout::Layout;
use super::tags::{kind, tag};
use crate::error::{Error, Result};
use crate::model::MAX_METADATA;
use crate::resource::Source;
use std::borrow::Cow;

/// More entries than any directory has: tifffile's bound.
const MOST_ENTRIES: u64 = 4096;

/// What is read of a directory at once: most have fewer entries, and their short values behind them.
const BLOCK: usize = 512;

/// An entry of a directory. Its value is read when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub tag: u16,
    /// The type of its values, one of [`kind`].
    pub kind: u16,
    /// How many values it has.
    pub count: u64,
    /// Where they are in the file: in the entry itself, or anywhere.
    pub at: u64,
}

impl Entry {
    /// Bytes of the value, if the type is known and they can be counted.
    pub fn len(&self) -> Option<usize> {
        usize::try_from(self.count).ok()?.checked_mul(kind::size(self.kind)?)
    }
}

/// A directory.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Where it is.
    pub offset: u64,
    /// Where the next of its chain is; 0: it is the last. `None`: the file ends before that is said.
    pub next: Option<u64>,
    /// Its entries of known types, in the order of the file.
    pub entries: Vec<Entry>,
    /// Its length in the file.
    len: usize,
    /// What was read with it.
    block: Vec<u8>,
    /// Values that stand in the file in two halves.
    wide: Vec<u8>,
    /// Whether there are directories below it.
    has_sub_ifds: bool,
}

/// Entries whose value is in [`Directory::wide`] have it at this offset, where no file has anything.
const WIDE: u64 = 1 << 63;

/// Gives an entry of Hamamatsu's its upper half.
fn widen(entry: &mut Entry, raw: &[u8], upper: u32, layout: Layout, wide: &mut Vec<u8>) {
    if upper == 0 {
        return;
    }
    if entry.len().is_none_or(|len| len > 4) {
        entry.at |= u64::from(upper) << 32;
    } else if entry.count == 1 && matches!(entry.kind, kind::LONG | kind::IFD) {
        let lower = raw.get(8..).map_or(0, |b| layout.u32(b));
        entry.kind = kind::LONG8;
        entry.at = WIDE + wide.len() as u64;
        wide.extend((u64::from(upper) << 32 | u64::from(lower)).to_le_bytes());
    }
}

impl Directory {
    /// Bytes of it in the file, without values that lie elsewhere.
    #[allow(clippy::len_without_is_empty)] // it is never empty
    pub fn len(&self) -> usize {
        self.len
    }

    /// The first entry of a tag.
    pub fn get(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// Whether a tag is there.
    pub fn has(&self, tag: u16) -> bool {
        self.get(tag).is_some()
    }
}

/// A file of the TIFF family: its bytes and how to read numbers in them. Cheap to clone, and shared by threads.
#[derive(Clone)]
pub struct Tiff {
    /// The bytes.
    pub source: Source,
    /// How numbers lie in them.
    pub layout: Layout,
    /// Where the first directory is.
    pub first: u64,
    /// How many bytes there were when it was opened: each time that a file is asked is a call of the system.
    len: Option<u64>,
    /// Written by a program that says wrong depths of pictures, which have none.
    pub is_flat: bool,
}

impl Tiff {
    /// The file, if its first bytes are those of one.
    pub fn open(source: Source) -> Option<Tiff> {
        let (layout, first) = Layout::of_header(source.head())?;
        let len = source.len();
        let mut tiff = Tiff { source, layout, first, len, is_flat: false };
        if let Ok(directory) = tiff.directory(first) {
            tiff.layout.ndpi = directory.has(tag::NDPI_FORMAT) && tiff.is_ndpi();
            let software = tiff.text(&directory, tag::SOFTWARE).ok().flatten();
            tiff.is_flat = software.is_some_and(|text| text.starts_with("Philips DP") || text == "ISS Vista");
        }
        Some(tiff)
    }

    /// How many bytes there are, if that is known.
    pub fn len(&self) -> Option<u64> {
        self.len.or_else(|| self.source.len())
    }

    /// Whether what stands behind the first directory, which has Hamamatsu's mark, may be upper halves.
    fn is_ndpi(&self) -> bool {
        if self.layout.big || self.layout.big_endian {
            return false;
        }
        // Of a stream nobody knows how long it is, but no slide has so many bytes.
        let len = self.len().unwrap_or(1 << 44);
        let mut wide = self.clone();
        wide.layout.ndpi = true;
        let fits = |entry: &Entry| {
            let end = entry.len().and_then(|size| entry.at.checked_add(size as u64));
            entry.at >= WIDE || end.is_some_and(|end| end <= len)
        };
        wide.directory(self.first)
            .is_ok_and(|directory| directory.next.is_some_and(|next| next < len) && directory.entries.iter().all(fits))
    }

    /// Up to this many bytes from there; fewer at the end of the file.
    pub fn read_some(&self, at: u64, most: usize) -> Result<Vec<u8>> {
        let most = match self.len() {
            Some(len) => most.min(usize::try_from(len.saturating_sub(at)).unwrap_or(usize::MAX)),
            None => most,
        };
        let mut bytes = Vec::new();
        // Memory is asked for as the bytes come where nobody knows how many there are.
        while bytes.len() < most {
            let step = if self.len().is_some() { most } else { (most - bytes.len()).min(1 << 20) };
            let from = bytes.len();
            bytes.try_reserve_exact(step).map_err(|_| Error::out_of_memory(most))?;
            bytes.resize((from + step).min(most), 0);
            let read = self.source.read_up_to(&mut bytes[from..], at.saturating_add(from as u64))?;
            bytes.truncate(from + read);
            if read == 0 || from + read < (from + step).min(most) {
                break;
            }
        }
        Ok(bytes)
    }

    /// The directory at an offset.
    pub fn directory(&self, offset: u64) -> Result<Directory> {
        let corrupt = |what: String| Error::corrupt(what).at(offset);
        if offset < 8 || self.len().is_some_and(|len| offset >= len) {
            return Err(corrupt(format!("a directory is said to be at {offset}, where none can be")));
        }
        let (count_size, entry_size, offset_size) = self.layout.sizes();
        let mut block = self.read_some(offset, BLOCK)?;
        let count = block.get(..count_size).map(|b| self.layout.number(b));
        let count = count.ok_or_else(|| Error::cut("a directory is cut off").at(offset))?;
        if count > MOST_ENTRIES {
            return Err(corrupt(format!("a directory of {count} entries")));
        }
        let end = count_size + count as usize * entry_size;
        let behind = end + offset_size;
        let upper = if self.layout.ndpi { 4 * count as usize } else { 0 };
        if behind + upper > block.len() {
            block = self.read_some(offset, behind + upper)?;
        }
        let raw = block.get(count_size..end).ok_or_else(|| Error::cut("a directory is cut off").at(offset))?;
        let mut wide = Vec::new();
        let entries = raw.chunks_exact(entry_size).enumerate().filter_map(|(i, raw)| {
            let at = offset + (count_size + i * entry_size) as u64;
            let mut entry = self.entry(raw, at)?;
            if upper > 0 {
                let upper = block.get(behind + 4 * i..).map_or(0, |b| self.layout.u32(b));
                widen(&mut entry, raw, upper, self.layout, &mut wide);
            }
            Some(entry)
        });
        let entries: Vec<Entry> = entries.collect();
        let next = block.get(end..end + offset_size).map(|b| self.layout.number(b));
        let has_sub_ifds = entries.iter().any(|entry| entry.tag == tag::SUB_IFDS);
        Ok(Directory { offset, next, entries, len: end, block, wide, has_sub_ifds })
    }

    /// Where the next directory is, if the one at an offset has the same entries as another and says the same of the
    /// form of its pixels: most directories of a long file do, and need not be read closely.
    pub fn glance(&self, offset: u64, like: &Directory) -> Result<Option<u64>> {
        let block = self.alike(offset, like, &mut [0; BLOCK])?.map(|block| self.layout.number(&block[like.len..]));
        Ok(block)
    }

    /// Where the only strip or tile of a page is and how many bytes it has, if the directory at an offset is as
    /// [`Tiff::glance`] has it.
    pub fn only_chunk(&self, offset: u64, like: &Directory) -> Result<Option<(u64, u64)>> {
        let mut room = [0; BLOCK];
        let Some(block) = self.alike(offset, like, &mut room)? else { return Ok(None) };
        let (count_size, entry_size, _) = self.layout.sizes();
        let head = self.layout.head();
        let (mut at, mut count) = (None, None);
        for raw in block[count_size..like.len].chunks_exact(entry_size) {
            let found = match self.layout.u16(raw) {
                tag::STRIP_OFFSETS | tag::TILE_OFFSETS => &mut at,
                tag::STRIP_BYTE_COUNTS | tag::TILE_BYTE_COUNTS => &mut count,
                _ => continue,
            };
            let size = integer_size(self.layout.u16(&raw[2..])).filter(|size| head + size <= entry_size);
            let is_single = self.layout.number(&raw[4..head]) == 1;
            let (Some(size), None, true) = (size, &found, is_single) else { return Ok(None) };
            *found = Some(self.layout.number(&raw[head..head + size]));
        }
        Ok(at.zip(count))
    }

    /// The bytes of the directory at an offset, with where the next is, if it is like another.
    fn alike<'a>(&'a self, offset: u64, like: &Directory, room: &'a mut [u8; BLOCK]) -> Result<Option<&'a [u8]>> {
        let (count_size, _, offset_size) = self.layout.sizes();
        let len = like.len + offset_size;
        if self.layout.ndpi || len > BLOCK || like.has_sub_ifds || like.block.len() < len {
            return Ok(None);
        }
        let block = match self.source.as_slice() {
            Some(all) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                all.get(from..).and_then(|rest| rest.get(..len)).unwrap_or_default()
            }
            None => {
                let read = self.source.read_up_to(&mut room[..len], offset)?;
                &room[..read]
            }
        };
        if block.len() < len || block[..count_size] != like.block[..count_size] {
            return Ok(None);
        }
        let (entries, known) = (&block[count_size..like.len], &like.block[count_size..like.len]);
        let same = |raw: &[u8], known: &[u8]| self.says_the_same(raw, known, like);
        let all: Result<bool> = if self.layout.big {
            let pairs = entries.as_chunks::<20>().0.iter().zip(known.as_chunks::<20>().0);
            pairs.filter(|(raw, known)| raw != known).try_fold(true, |all, (raw, known)| Ok(all && same(raw, known)?))
        } else {
            let pairs = entries.as_chunks::<12>().0.iter().zip(known.as_chunks::<12>().0);
            pairs.filter(|(raw, known)| raw != known).try_fold(true, |all, (raw, known)| Ok(all && same(raw, known)?))
        };
        Ok(all?.then_some(block))
    }

    /// Whether an entry that differs from another says the same of the form of the pixels.
    fn says_the_same(&self, raw: &[u8], known: &[u8], like: &Directory) -> Result<bool> {
        let head = self.layout.head();
        Ok(raw[..head] == known[..head] && (!tells_form(self.layout.u16(raw)) || self.same_value(raw, known, like)?))
    }

    /// Whether an entry has the value of another of the same tag, type and number of values, which lies elsewhere.
    fn same_value(&self, raw: &[u8], known: &[u8], like: &Directory) -> Result<bool> {
        let (Some(entry), Some(known)) = (self.entry(raw, 0), self.entry(known, 0)) else { return Ok(false) };
        let inline = if self.layout.big { 8 } else { 4 };
        let Some(len) = entry.len().filter(|&len| len > inline && len <= 64) else { return Ok(false) };
        let mut room = [0; 64];
        let read = self.source.read_up_to(&mut room[..len], entry.at)?;
        Ok(read == len && *self.bytes(like, &known)? == room[..len])
    }

    /// An entry, if its type is known.
    fn entry(&self, raw: &[u8], at: u64) -> Option<Entry> {
        let offset_size = if self.layout.big { 8 } else { 4 };
        let (tag, kind) = (self.layout.u16(raw), self.layout.u16(raw.get(2..)?));
        let count = self.layout.number(raw.get(4..4 + offset_size)?);
        let value = raw.get(4 + offset_size..)?;
        let mut entry = Entry { tag, kind, count, at: at + 4 + offset_size as u64 };
        kind::size(kind)?;
        if entry.len().is_none_or(|len| len > offset_size) {
            entry.at = self.layout.number(value);
        }
        Some(entry)
    }

    /// The bytes of an entry's value: those read with the directory, or read now. Fails where they are not all in the
    /// file, before any memory is asked for.
    pub fn bytes<'a>(&self, directory: &'a Directory, entry: &Entry) -> Result<Cow<'a, [u8]>> {
        let corrupt = || Error::cut(format!("the value of tag {} is not in the file", entry.tag)).at(entry.at);
        let len = entry.len().ok_or_else(corrupt)?;
        if let Some(from) = entry.at.checked_sub(WIDE) {
            let wide = usize::try_from(from).ok().and_then(|from| directory.wide.get(from..from.checked_add(len)?));
            return wide.map(Cow::Borrowed).ok_or_else(corrupt);
        }
        let inside = entry.at.checked_sub(directory.offset).and_then(|from| usize::try_from(from).ok());
        let inside = inside.and_then(|from| directory.block.get(from..from.checked_add(len)?));
        if let Some(bytes) = inside {
            return Ok(Cow::Borrowed(bytes));
        }
        if !self.is_inside(entry) {
            return Err(corrupt());
        }
        if len > MAX_METADATA {
            return Err(Error::limit(format!("tag {} has {len} bytes", entry.tag)));
        }
        let bytes = self.read_some(entry.at, len)?;
        if bytes.len() == len { Ok(Cow::Owned(bytes)) } else { Err(corrupt()) }
    }

    /// Whether the value of an entry ends before the file does, as far as that is known.
    pub fn is_inside(&self, entry: &Entry) -> bool {
        let end = entry.len().and_then(|len| entry.at.checked_add(len as u64));
        entry.at >= WIDE || end.is_some_and(|end| self.len().is_none_or(|all| end <= all))
    }

    /// The whole numbers of a tag; `None`: it is not there, or holds something else.
    pub fn uints(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<u64>>> {
        directory.get(tag).map_or(Ok(None), |entry| self.uints_of(directory, entry))
    }

    /// The whole numbers of an entry; `None`: it holds something else.
    pub fn uints_of(&self, directory: &Directory, entry: &Entry) -> Result<Option<Vec<u64>>> {
        let Some(size) = integer_size(entry.kind) else { return Ok(None) };
        let bytes = self.bytes(directory, entry)?;
        Ok(Some(bytes.chunks_exact(size).map(|b| self.layout.number(b)).collect()))
    }

    /// The first whole number of a tag.
    pub fn uint(&self, directory: &Directory, tag: u16) -> Result<Option<u64>> {
        directory.get(tag).map_or(Ok(None), |entry| self.first_uint(directory, entry))
    }

    /// The first whole number of an entry, however many it claims to have.
    pub fn first_uint(&self, directory: &Directory, entry: &Entry) -> Result<Option<u64>> {
        let Some(size) = integer_size(entry.kind).filter(|_| entry.count > 0) else { return Ok(None) };
        let first = Entry { count: 1, ..*entry };
        let bytes = self.bytes(directory, &first)?;
        Ok(Some(self.layout.number(&bytes[..size])))
    }

    /// The numbers of a tag as floats; a rational is its quotient, NaN where it has none.
    pub fn floats(&self, directory: &Directory, tag: u16) -> Result<Option<Vec<f64>>> {
        let Some(entry) = directory.get(tag) else { return Ok(None) };
        let bytes = self.bytes(directory, entry)?;
        Ok(self.to_floats(entry.kind, &bytes))
    }

    fn to_floats(&self, of: u16, bytes: &[u8]) -> Option<Vec<f64>> {
        let layout = self.layout;
        let quotient = |above: f64, below: f64| if below == 0.0 { f64::NAN } else { above / below };
        let one = |b: &[u8]| match of {
            kind::RATIONAL => quotient(f64::from(layout.u32(b)), f64::from(layout.u32(&b[4..]))),
            kind::SRATIONAL => {
                quotient(f64::from(layout.u32(b).cast_signed()), f64::from(layout.u32(&b[4..]).cast_signed()))
            }
            kind::FLOAT => f64::from(f32::from_bits(layout.u32(b))),
            kind::DOUBLE => f64::from_bits(layout.u64(b)),
            kind::SBYTE => f64::from(b[0].cast_signed()),
            kind::SSHORT => f64::from(layout.u16(b).cast_signed()),
            kind::SLONG => f64::from(layout.u32(b).cast_signed()),
            kind::SLONG8 => layout.u64(b).cast_signed() as f64,
            _ => layout.number(b) as f64,
        };
        if of == kind::ASCII {
            return None;
        }
        Some(bytes.chunks_exact(kind::size(of)?).map(one).collect())
    }

    /// The text of a tag without the NULs and blanks around it; `None`: it is not there, or no text.
    pub fn text(&self, directory: &Directory, tag: u16) -> Result<Option<String>> {
        self.nth_text(directory, tag, 0)
    }

    /// As [`Tiff::text`], of the n-th entry of that tag: some files have two descriptions.
    pub fn nth_text(&self, directory: &Directory, tag: u16, n: usize) -> Result<Option<String>> {
        let Some(entry) = directory.entries.iter().filter(|e| e.tag == tag).nth(n) else { return Ok(None) };
        if entry.kind != kind::ASCII {
            return Ok(None);
        }
        Ok(decode_text(&self.bytes(directory, entry)?))
    }
}

/// Whether a tag says something of the form of the pixels or of what lies below.
fn tells_form(of: u16) -> bool {
    use tag::*;
    matches!(
        of,
        NEW_SUBFILE_TYPE
            | SUBFILE_TYPE
            | IMAGE_WIDTH
            | IMAGE_LENGTH
            | BITS_PER_SAMPLE
            | COMPRESSION
            | PHOTOMETRIC
            | FILL_ORDER
            | SAMPLES_PER_PIXEL
            | ROWS_PER_STRIP
            | PLANAR_CONFIGURATION
            | PREDICTOR
            | TILE_WIDTH
            | TILE_LENGTH
            | SUB_IFDS
            | EXTRA_SAMPLES
            | SAMPLE_FORMAT
            | YCBCR_SUB_SAMPLING
            | IMAGE_DEPTH
            | TILE_DEPTH
    )
}

/// Bytes of a whole number of this type.
fn integer_size(of: u16) -> Option<usize> {
    match of {
        kind::RATIONAL | kind::SRATIONAL | kind::FLOAT | kind::DOUBLE | kind::ASCII => None,
        _ => kind::size(of),
    }
}

/// Text of a file: UTF-8, else Windows' Latin-1, as tifffile takes it. `None`: it is neither.
pub fn decode_text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    let bytes = bytes.get(..end)?;
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.trim().to_owned());
    }
    const HIGH: [u16; 32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D,
        0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,
        0x017E, 0x0178,
    ];
    let char_of = |&b: &u8| match b {
        0x80..=0x9F => {
            HIGH.get(usize::from(b - 0x80)).copied().filter(|&c| c != 0).and_then(|c| char::from_u32(c.into()))
        }
        _ => Some(char::from(b)),
    };
    let text: String = bytes.iter().map(char_of).collect::<Option<_>>()?;
    Some(text.trim().to_owned())
}
