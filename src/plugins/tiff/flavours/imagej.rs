//! ImageJ hyperstacks.

use super::super::file::File;
use super::super::ifd::{Directory, Entry, Tiff, decode_text};
use super::super::series::{Pages, Series};
use super::super::tags::tag;
use super::facts::Facts;
use super::labels::scalar;
use super::structure::contiguous_start;
use crate::error::Result;
use crate::model::{Array, DType, Dict, List, Value, byte_len};

/// The lines of the description, with the labels and tables of ImageJ's own tag.
pub fn meta(facts: &Facts) -> Result<Dict> {
    let mut meta = facts.imagej().map(parse).unwrap_or_default();
    if let Some(entry) = facts.page.directory.get(tag::IJ_METADATA)
        && let Some(more) = tag(&facts.tiff, &facts.page.directory, entry)?
    {
        meta.extend(more);
    }
    Ok(meta)
}

fn parse(description: &str) -> Dict {
    let mut dict = Dict::new();
    for line in description.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = match value.trim() {
            text if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            text if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            text => scalar(text),
        };
        dict.set(key.trim(), value);
    }
    dict
}

/// One series: the hyperstack, whose pages may all lie behind the first directory.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let Some(meta) = facts.imagej().map(parse) else { return Ok(None) };
    let page = facts.page.clone();
    let form = &page.form;
    let number = |key: &str| meta.get(key).map_or(Some(1), |v| usize::try_from(v.as_int()?).ok()).filter(|&n| n > 0);
    let all = (number("frames"), number("slices"), number("channels"), number("images"));
    let (Some(frames), Some(slices), Some(mut channels), Some(said)) = all else { return Ok(None) };
    let Some(stack) = frames.checked_mul(slices) else { return Ok(None) };
    let planes = if form.planar { form.samples } else { 1 };
    let mut images = if channels == 1 || (planes > 1 && planes == channels) {
        stack
    } else if said == stack && !form.planar && form.samples == channels {
        channels = 1;
        stack
    } else {
        match stack.checked_mul(channels) {
            Some(images) => images,
            None => return Ok(None),
        }
    };
    let multipage = file.has_page(1)?;
    if images == 1 && multipage {
        images = file.page_count()?;
    }
    let bytes = byte_len(&form.shape(), form.dtype()?)? as u64;
    let Some(total) = bytes.checked_mul(images as u64) else { return Ok(None) };
    let start = contiguous_start(&facts.tiff, &page)?;
    let block = match start {
        None => None,
        Some(start) => {
            let end = start.saturating_add(total);
            if facts.tiff.len().is_some_and(|len| end > len) {
                return Ok(None);
            }
            let next_is_inside = multipage && end > file.locate(1)?.offset && start < file.locate(1)?.offset;
            (images <= 1 || !next_is_inside).then_some(start)
        }
    };
    let mut series = Series::of_pages("imagej", vec![page.at], form)?;
    series.pages = match block {
        Some(offset) => Pages::Block { page: page.at, offset },
        None => {
            if images > file.page_count()? {
                return Ok(None);
            }
            let pages = file.locate_all(0..images)?;
            Pages::Each(pages)
        }
    };
    let order = meta.get("order").and_then(Value::as_str).unwrap_or("czt").to_lowercase();
    let (letters, leading) = match order.as_str() {
        "ctz" => ("ZTC", [slices, frames, channels]),
        "zct" => ("TCZ", [frames, channels, slices]),
        "ztc" => ("CTZ", [channels, frames, slices]),
        "tcz" => ("ZCT", [slices, channels, frames]),
        "tzc" => ("CZT", [channels, slices, frames]),
        _ => ("TZC", [frames, slices, channels]),
    };
    let known: usize = leading.iter().product();
    let mut axes = letters.to_owned();
    let mut shape = leading.to_vec();
    let remain = images / known.max(1);
    if remain > 1 {
        shape.insert(0, remain);
        axes.insert(0, 'I');
    }
    if planes > 1 {
        // Bio-Formats tells separate samples as channels.
        if !axes.ends_with('C') {
            return Ok(None);
        }
        shape.pop();
        shape.extend(form.shape());
        axes.push_str(&form.axes()[1..]);
    } else {
        shape.extend(form.shape());
        axes.push_str(form.axes());
    }
    series.shape = shape;
    series.axes = axes;
    let float = |key: &str| meta.get(key).and_then(Value::as_float).filter(|x| x.is_finite() && *x > 0.0);
    if let Some(z) = float("spacing") {
        series.spacing.push(('Z', z));
    }
    if let Some(t) = float("finterval").or_else(|| float("fps").map(|f| 1.0 / f)) {
        series.spacing.push(('T', t));
    }
    Ok(Some(vec![series]))
}

/// The value of the tag with labels, ranges, colour tables and the rest.
pub fn tag(tiff: &Tiff, directory: &Directory, entry: &Entry) -> Result<Option<Dict>> {
    let Some(counts) = tiff.uints(directory, tag::IJ_METADATA_BYTE_COUNTS)? else { return Ok(None) };
    Ok(decode(tiff, &tiff.bytes(directory, entry)?, &counts))
}

fn decode(tiff: &Tiff, data: &[u8], counts: &[u64]) -> Option<Dict> {
    let (&header, counts) = counts.split_first()?;
    let header = usize::try_from(header).ok().filter(|n| (12..=804).contains(n))?;
    if !matches!(data.get(..4)?, b"IJIJ" | b"JIJI") {
        return None;
    }
    let kinds = data.get(4..4 + (header - 4) / 8 * 8)?.chunks_exact(8);
    let mut rest = data.get(4 + kinds.len() * 8..)?;
    let mut counts = counts.iter();
    let mut dict = Dict::new();
    for kind in kinds {
        let mut mark: [u8; 4] = kind[..4].try_into().ok()?;
        if !tiff.layout.big_endian {
            mark.reverse();
        }
        let mut values = List::new();
        for _ in 0..tiff.layout.u32(&kind[4..]) {
            let len = usize::try_from(*counts.next()?).ok()?;
            let (item, behind) = rest.split_at_checked(len)?;
            rest = behind;
            values.push(value(tiff, &mark, item));
        }
        let value = match (values.len(), values.get(0)) {
            (1, Some(one)) if &mark != b"prop" => one.clone(),
            _ if &mark == b"prop" => properties(&values),
            _ => Value::List(values),
        };
        dict.set(name(&mark), value);
    }
    Some(dict)
}

fn name(mark: &[u8; 4]) -> String {
    match mark {
        b"info" => "Info".into(),
        b"labl" => "Labels".into(),
        b"rang" => "Ranges".into(),
        b"luts" => "LUTs".into(),
        b"plot" => "Plot".into(),
        b"roi " => "ROI".into(),
        b"over" => "Overlays".into(),
        b"prop" => "Properties".into(),
        other => String::from_utf8_lossy(other).trim().to_owned(),
    }
}

fn value(tiff: &Tiff, mark: &[u8; 4], item: &[u8]) -> Value {
    match mark {
        b"info" | b"labl" | b"prop" => {
            let units: Vec<u16> = item.chunks_exact(2).map(|b| tiff.layout.u16(b)).collect();
            String::from_utf16_lossy(&units).into()
        }
        b"rang" => super::list(item.chunks_exact(8).map(|b| f64::from_bits(tiff.layout.u64(b)))),
        b"luts" if item.len().is_multiple_of(256) && !item.is_empty() => {
            Array::new(DType::U8, &[item.len() / 256, 256], item.to_vec()).map_or(Value::Null, Value::Array)
        }
        b"plot" | b"roi " | b"over" | b"luts" => item.into(),
        _ => decode_text(item).map_or_else(|| item.into(), Value::from),
    }
}

/// Keys and values in turn.
fn properties(values: &List) -> Value {
    if values.len() % 2 == 1 {
        return Value::List(values.clone());
    }
    let items: Vec<&Value> = values.iter().collect();
    let pairs = items.chunks_exact(2).filter_map(|p| Some((p[0].as_str()?.to_owned(), p[1].clone())));
    let mut dict = Dict::new();
    pairs.for_each(|(key, value)| dict.set(key, value));
    dict.into()
}
