//! Stacks of Micro-Manager: a map at the start of the file says which plane lies where, over one file or several.

use super::super::file::{File, PageAt};
use super::super::ifd::Tiff;
use super::super::series::Series;
use super::facts::Facts;
use super::labels;
use crate::error::{Error, Result};
use crate::log;
use crate::model::{Array, DType, Dict, Limits, MAX_METADATA, Value, item_count};
use crate::resource;

/// What the parts of the file begin with.
const INDEX: u32 = 54_773_648;
const INDEX_MAP: u32 = 3_453_623;
const DISPLAY: u32 = 483_765_892;
const DISPLAY_SETTINGS: u32 = 347_834_724;
const COMMENTS_AT: u32 = 99_384_722;
const COMMENTS: u32 = 84_720_485;
const SUMMARY: u32 = 2_355_492;
/// What NDTiff begins with, which is another format.
const NDTIFF: u32 = 483_729;

/// More planes than a set of files has.
const MOST_PLANES: usize = 1 << 22;
/// More files than a set has.
const MOST_FILES: usize = 4096;

/// The eight numbers behind the header of the file, if they are Micro-Manager's.
fn head(tiff: &Tiff) -> Result<Option<[u32; 8]>> {
    let bytes = tiff.read_some(8, 32)?;
    let mut numbers = [0; 8];
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *number = tiff.layout.u32(bytes);
    }
    let is = bytes.len() == 32 && numbers[0] == INDEX && numbers[4] != NDTIFF && !tiff.layout.big;
    Ok(is.then_some(numbers))
}

/// JSON somewhere in the file.
fn json(tiff: &Tiff, at: u64, len: u32) -> Result<Option<Value>> {
    if len as usize > MAX_METADATA {
        return Err(Error::limit(format!("metadata of {len} bytes are over the limit of {MAX_METADATA}")));
    }
    let bytes = tiff.read_some(at, len as usize)?;
    Ok((bytes.len() == len as usize).then(|| labels::json(&bytes)).filter(|value| value.as_str().is_none()))
}

/// What is behind a header of its own, whose offset is wrong by 4 GB in longer files.
fn part(tiff: &Tiff, at: u32, mark: u32) -> Result<Option<Value>> {
    for at in [u64::from(at), u64::from(at) + (1 << 32)] {
        let head = tiff.read_some(at, 8)?;
        if head.len() == 8 && tiff.layout.u32(&head) == mark {
            return json(tiff, at + 8, tiff.layout.u32(&head[4..]));
        }
    }
    Ok(None)
}

/// Channel, slice, frame, position and directory of each plane.
fn index_map(tiff: &Tiff, numbers: &[u32; 8]) -> Result<Option<Vec<[u32; 5]>>> {
    let at = u64::from(numbers[1]);
    let head = tiff.read_some(at, 8)?;
    if head.len() < 8 || tiff.layout.u32(&head) != INDEX_MAP {
        return Ok(None);
    }
    let count = tiff.layout.u32(&head[4..]) as usize;
    if count > MOST_PLANES {
        return Err(Error::limit(format!("a stack of more than {MOST_PLANES} planes")));
    }
    let bytes = tiff.read_some(at + 8, 20 * count)?;
    let mut map: Vec<[u32; 5]> = Vec::with_capacity(bytes.len() / 20);
    for plane in bytes.as_chunks::<20>().0 {
        map.push(std::array::from_fn(|i| tiff.layout.u32(&plane[4 * i..])));
    }
    map.sort_by_key(|plane| plane[4]);
    Ok(Some(map).filter(|map| !map.is_empty() && map.len() == count))
}

/// Fails where the map is said to be behind the end of the file. A stack whose recording was broken off has none.
pub fn check_whole(tiff: &Tiff) -> Result<()> {
    let Some(numbers) = head(tiff)? else { return Ok(()) };
    let at = u64::from(numbers[1]);
    let map = tiff.read_some(at, 8)?;
    let is_there = match map.as_chunks::<4>().0 {
        [mark, count] if tiff.layout.u32(mark) == INDEX_MAP => {
            let len = u64::from(tiff.layout.u32(count)) * 20;
            tiff.len().is_none_or(|all| at + 8 + len <= all)
        }
        [_, _] => true,
        _ => at == 0,
    };
    if is_there { Ok(()) } else { Err(Error::cut("the file ends before its map of planes does").at(at)) }
}

/// Whether the file says how its planes lie.
pub fn is(tiff: &Tiff) -> bool {
    let found = head(tiff).and_then(|head| match head {
        Some(head) => Ok(index_map(tiff, &head)?.is_some() && summary(tiff, &head)?.is_some()),
        None => Ok(false),
    });
    found.unwrap_or(false)
}

fn summary(tiff: &Tiff, numbers: &[u32; 8]) -> Result<Option<Dict>> {
    if numbers[6] != SUMMARY {
        return Ok(None);
    }
    Ok(match json(tiff, 40, numbers[7])? {
        Some(Value::Dict(summary)) => Some(summary),
        _ => None,
    })
}

/// What the file says beside its tags, as tifffile gives it.
pub fn meta(tiff: &Tiff) -> Result<Dict> {
    let mut dict = Dict::new();
    let Some(numbers) = head(tiff)? else { return Ok(dict) };
    if let Some(summary) = summary(tiff, &numbers)? {
        dict.set("Summary", summary);
    }
    if let Some(map) = index_map(tiff, &numbers)? {
        let bytes: Vec<u8> = map_as_stored(tiff, &numbers, map.len())?;
        dict.set("IndexMap", Array::new(DType::U32, &[map.len(), 5], bytes)?);
    }
    if numbers[2] == DISPLAY
        && let Some(settings) = part(tiff, numbers[3], DISPLAY_SETTINGS)?
    {
        dict.set("DisplaySettings", settings);
    }
    dict.set("MajorVersion", 0i64);
    if numbers[4] == COMMENTS_AT
        && let Some(comments) = part(tiff, numbers[5], COMMENTS)?
    {
        dict.set("Comments", comments);
    }
    Ok(dict)
}

/// The map in the order of the file.
fn map_as_stored(tiff: &Tiff, numbers: &[u32; 8], count: usize) -> Result<Vec<u8>> {
    let bytes = tiff.read_some(u64::from(numbers[1]) + 8, 20 * count)?;
    Ok(bytes.as_chunks::<4>().0.iter().flat_map(|b| tiff.layout.u32(b).to_ne_bytes()).collect())
}

/// The one series of the stack.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let tiff = file.tiff.clone();
    let Some(numbers) = head(&tiff)? else { return Ok(None) };
    let (Some(summary), Some(mut map)) = (summary(&tiff, &numbers)?, index_map(&tiff, &numbers)?) else {
        return Ok(None);
    };
    if !summary.contains("MicroManagerVersion") || !summary.contains("Frames") {
        return Ok(None);
    }
    let first = |key: &str| !matches!(summary.get(key), Some(Value::Bool(false)));
    let axes =
        format!("{}{}", if first("TimeFirst") { "TR" } else { "RT" }, if first("SlicesFirst") { "ZC" } else { "CZ" });
    // Of each axis, where the map has it, and what the summary calls it.
    let place = |axis: char| match axis {
        'C' => (0, "Channels"),
        'Z' => (1, "Slices"),
        'T' => (2, "Frames"),
        _ => (3, "Positions"),
    };
    let range = |at: usize, map: &[[u32; 5]]| {
        let numbers = map.iter().map(|plane| plane[at] as usize);
        (numbers.clone().min().unwrap_or(0), numbers.max().unwrap_or(0))
    };
    let mut shape: Vec<usize> = Vec::new();
    for axis in axes.chars() {
        let (at, key) = place(axis);
        let said = summary.get(key).and_then(Value::as_int).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        shape.push(said.max(range(at, &map).1.saturating_add(1)));
    }
    let size = |shape: &[usize]| item_count(shape).filter(|&n| n <= MOST_PLANES);
    let too_many = || Error::limit(format!("a stack of more than {MOST_PLANES} planes"));
    let mut all = size(&shape).ok_or_else(too_many)?;
    let members = if all > map.len() { members(file, &summary)? } else { Vec::new() };
    if all > map.len() && members.is_empty() {
        // Only this file of the set is there: what it has of each axis.
        log::write(log::Level::Warning, "other files of the stack are missing; this one's part of it is given");
        for (n, axis) in shape.iter_mut().zip(axes.chars()) {
            let at = place(axis).0;
            let (from, to) = range(at, &map);
            *n = to - from + 1;
            map.iter_mut().for_each(|plane| plane[at] -= from as u32);
        }
        all = size(&shape).ok_or_else(too_many)?;
    }
    let mut pages = vec![PageAt::MISSING; all];
    let mut add = |member: u32, map: &[[u32; 5]]| {
        for plane in map {
            let mut index = Some(0);
            for (axis, &n) in axes.chars().zip(&shape) {
                let at = plane[place(axis).0] as usize;
                index = index.filter(|_| at < n).map(|index| index * n + at);
            }
            if let Some(page) = index.and_then(|index| pages.get_mut(index))
                && plane[4] > 0
            {
                *page = PageAt { file: member, offset: plane[4].into() };
            }
        }
    };
    add(0, &map);
    for (member, map) in &members {
        add(*member, map);
    }
    let form = &facts.page.form;
    let mut series = Series::of_pages("mmstack", pages, form)?;
    series.axes = axes + form.axes();
    shape.extend(form.shape());
    series.shape = shape;
    Ok(Some(vec![series]))
}

/// The other files of the set, which are beside this one and named alike, and their maps.
fn members(file: &mut File, summary: &Dict) -> Result<Vec<(u32, Vec<[u32; 5]>)>> {
    let mut found = Vec::new();
    let Some(path) = file.tiff.source.path().map(std::path::Path::to_path_buf) else { return Ok(found) };
    let (Some(own), Some(folder)) = (path.file_name().and_then(|n| n.to_str()), path.parent()) else {
        return Ok(found);
    };
    let Some((before, _)) = own.split_once("_MMStack") else { return Ok(found) };
    let prefix = summary.get("Prefix").and_then(Value::as_str).unwrap_or(before);
    if !own.starts_with(prefix) {
        return Ok(found);
    }
    let begins = format!("{prefix}_MMStack");
    let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|n| n != own && n.starts_with(&begins) && n.ends_with(".tif")).take(MOST_FILES).collect();
    names.sort();
    for name in names {
        let path = folder.join(name);
        // A FIFO would be waited for.
        if !path.is_file() {
            continue;
        }
        let Ok(source) = resource::read_uri(path.as_os_str(), true, None, &Limits::default(), None) else { continue };
        let Some(tiff) = Tiff::open(source) else { continue };
        let Some(numbers) = head(&tiff)? else { continue };
        let Some(map) = index_map(&tiff, &numbers)? else { continue };
        file.others.push(tiff);
        found.push((file.others.len() as u32, map));
    }
    Ok(found)
}
