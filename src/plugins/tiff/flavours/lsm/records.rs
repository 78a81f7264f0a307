//! Records that the structure of an LSM file points at.

use super::super::super::ifd::{Layout, Tiff};
use super::super::list;
use super::super::structure::{Cursor, text};
use super::names::{ITEMS, LISTS, VALUES};
use crate::error::Result;
use crate::model::{Array, DType, Dict, List, Value};

/// More bytes than a record has whose length is not known before it is read.
const MOST_BYTES: usize = 16 << 20;

/// Lists and their items lie in each other no deeper than this.
const DEEPEST: usize = 16;

/// What reads a record; `None`: it is not one.
type Reader = fn(&Tiff, u64) -> Result<Option<Value>>;

/// The records that are read, in the order of tifffile.
pub const READERS: &[(&str, Reader)] = &[
    ("ScanInformation", |tiff, at| within(tiff, at, scan)),
    ("TimeStamps", time_stamps),
    ("EventList", |tiff, at| within(tiff, at, events)),
    ("ChannelColors", |tiff, at| within(tiff, at, colors)),
    ("Positions", |tiff, at| floats(tiff, at, 3)),
    ("TilePositions", |tiff, at| floats(tiff, at, 3)),
    ("InputLut", |tiff, at| within(tiff, at, tables)),
    ("OutputLut", |tiff, at| within(tiff, at, tables)),
    ("ChannelDataTypes", data_types),
    ("ChannelWavelength", |tiff, at| floats(tiff, at, 2)),
];

/// A record by its bytes, of which there may be more.
fn within(tiff: &Tiff, at: u64, read: fn(&[u8], Layout) -> Option<Value>) -> Result<Option<Value>> {
    // Most are short.
    let some = tiff.read_some(at, 64 << 10)?;
    if let Some(value) = read(&some, tiff.layout) {
        return Ok(Some(value));
    }
    Ok(read(&tiff.read_some(at, MOST_BYTES)?, tiff.layout))
}

/// So many numbers there, in native order; `None`: they are not all in the file.
fn array(tiff: &Tiff, at: u64, dtype: DType, shape: &[usize]) -> Result<Option<Value>> {
    let count = shape.iter().try_fold(dtype.size(), |all, &n| all.checked_mul(n));
    let Some(len) = count.filter(|&len| tiff.len().is_none_or(|all| at.saturating_add(len as u64) <= all)) else {
        return Ok(None);
    };
    let bytes = tiff.read_some(at, len)?;
    Ok(native(&bytes, dtype, shape))
}

/// Numbers of a file in little-endian order, as LSM files are.
fn native(bytes: &[u8], dtype: DType, shape: &[usize]) -> Option<Value> {
    let mut bytes = bytes.to_vec();
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
    }
    Array::new(dtype, shape, bytes).ok().map(Value::Array)
}

/// A count, and so many rows of floats.
fn floats(tiff: &Tiff, at: u64, columns: usize) -> Result<Option<Value>> {
    let Some(count) = count(tiff, at)? else { return Ok(None) };
    array(tiff, at + 4, DType::F64, &[count, columns])
}

fn count(tiff: &Tiff, at: u64) -> Result<Option<usize>> {
    let head = tiff.read_some(at, 4)?;
    Ok(Cursor::new(&head, tiff.layout).u32().map(|n| n as usize).filter(|&n| n < 1 << 24))
}

fn time_stamps(tiff: &Tiff, at: u64) -> Result<Option<Value>> {
    let head = tiff.read_some(at, 8)?;
    let mut head = Cursor::new(&head, tiff.layout);
    let (Some(size), Some(count)) = (head.u32(), head.u32()) else { return Ok(None) };
    if u64::from(size) != 8 + 8 * u64::from(count) {
        return Ok(native(&[], DType::F64, &[0]));
    }
    array(tiff, at + 8, DType::F64, &[count as usize])
}

fn data_types(tiff: &Tiff, at: u64) -> Result<Option<Value>> {
    let Some(count) = count(tiff, at)? else { return Ok(None) };
    array(tiff, at + 4, DType::U32, &[count])
}

/// Times, kinds and texts of events.
fn events(bytes: &[u8], layout: Layout) -> Option<Value> {
    let mut c = Cursor::new(bytes, layout);
    c.u32()?;
    let count = c.u32()?;
    let mut events = List::new();
    for _ in 0..count {
        let (size, time, kind) = (c.u32()?, c.f64()?, c.u32()?);
        let said = c.take((size as usize).saturating_sub(16))?;
        events.push(list([Value::from(time), kind.into(), text(said).into()]));
    }
    Some(events.into())
}

/// Colours of channels and their names.
fn colors(bytes: &[u8], layout: Layout) -> Option<Value> {
    let mut c = Cursor::new(bytes, layout);
    let (size, colors, names) = (c.u32()? as usize, c.u32()? as usize, c.u32()? as usize);
    let (colors_at, names_at, mono) = (c.u32()? as usize, c.u32()? as usize, c.u32()?);
    if colors != names {
        let none = Dict::new().with("Mono", false).with("Colors", List::new());
        return Some(none.with("ColorNames", List::new()).into());
    }
    let bytes_of = bytes.get(colors_at..colors_at.checked_add(colors.checked_mul(4)?)?)?;
    let colors = list(bytes_of.chunks_exact(4).map(|color| list(color.iter().map(|&byte| i32::from(byte)))));
    let mut rest = Cursor::new(bytes.get(names_at..size)?, layout);
    let mut names = List::new();
    while let Some(len) = rest.u32() {
        let Some(name) = rest.take(len as usize) else { break };
        names.push(text(name));
    }
    Some(Dict::new().with("Mono", mono != 0).with("Colors", colors).with("ColorNames", names).into())
}

/// Tables by which intensities become others.
fn tables(bytes: &[u8], layout: Layout) -> Option<Value> {
    let mut c = Cursor::new(bytes, layout);
    let (size, blocks, channels) = (c.i32()?, c.i32()?, c.i32()?);
    let (kind, advanced, current) = (c.i32()?, c.i32()?, c.i32()?);
    if size < 60 {
        return Some(Dict::new().into());
    }
    c.take(36)?;
    let channels_ = usize::try_from(channels).ok()?;
    let mut found = List::new();
    for _ in 0..blocks {
        let kind = c.i32()?;
        if kind <= 0 {
            break;
        }
        c.i32()?;
        let (dtype, shape) = match kind {
            1..=3 => (DType::F64, vec![channels_]),
            4 => (DType::I32, vec![channels_, 2, 2]),
            5 => (DType::I32, vec![channels_, usize::try_from(c.i32()?).ok()?, 2]),
            6 => (DType::I16, vec![channels_, 4096]),
            _ => break,
        };
        let len = shape.iter().try_fold(dtype.size(), |all, &n| all.checked_mul(n))?;
        let data = native(c.take(len)?, dtype, &shape)?;
        found.push(Dict::new().with("Type", kind).with("Data", data));
    }
    let dict = Dict::new().with("LutType", kind).with("Advanced", advanced).with("NumberChannels", channels);
    Some(dict.with("CurrentChannel", current).with("SubBlocks", found).into())
}

/// A list or dictionary that is being read, and its name in the one around it.
struct Open {
    name: &'static str,
    is_list: bool,
    list: List,
    dict: Dict,
}

/// What is told of a scan: values, and lists of tracks, lasers and channels in each other.
fn scan(bytes: &[u8], layout: Layout) -> Option<Value> {
    let open = |name, is_list| Open { name, is_list, list: List::new(), dict: Dict::new() };
    let mut c = Cursor::new(bytes, layout);
    if c.u32()? != 0x1000_0000 {
        return Some(Dict::new().into());
    }
    c.take(8)?;
    let mut stack = vec![open("", false)];
    loop {
        let (entry, kind, size) = (c.u32()?, c.u32()?, c.u32()?);
        let value: Value = match kind {
            2 => text(c.take(size as usize)?).into(),
            4 => c.i32()?.into(),
            5 => c.f64()?.into(),
            _ => {
                c.take(size as usize)?;
                0.into()
            }
        };
        let inner = stack.last_mut()?;
        if entry == u32::MAX {
            let done = stack.pop()?;
            let Some(outer) = stack.last_mut() else { return Some(done.dict.into()) };
            match done.is_list {
                true => outer.dict.set(done.name, done.list),
                false => outer.list.push(done.dict),
            }
        } else if let Some((_, name)) = LISTS.iter().find(|(number, _)| *number == entry) {
            if inner.is_list || stack.len() >= DEEPEST {
                return None;
            }
            stack.push(open(name, true));
        } else if ITEMS.contains(&entry) {
            if !inner.is_list || stack.len() >= DEEPEST {
                return None;
            }
            stack.push(open("", false));
        } else if inner.is_list {
            return None;
        } else {
            match VALUES.binary_search_by_key(&entry, |(number, _)| *number) {
                Ok(at) => inner.dict.set(VALUES[at].1, value),
                Err(_) => inner.dict.set(format!("Entry0x{entry:x}"), value),
            }
        }
    }
}
