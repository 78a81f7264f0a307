//! tifffile's own series: a description in JSON with the shape.

use super::super::file::{File, Page, PageAt};
use super::super::series::{Pages, Series};
use super::facts::Facts;
use super::structure::{contiguous_start, holds, reshape_axes};
use crate::error::Result;
use crate::model::{Dict, List, Value, item_count};

/// More levels than a pyramid has.
const MOST_LEVELS: usize = 64;

/// What the description of the first page says.
pub fn meta(facts: &Facts) -> Dict {
    facts.shaped().and_then(parse).unwrap_or_default()
}

/// JSON, or the form of old versions: `shape=(2, 3)`.
fn parse(text: &str) -> Option<Dict> {
    if let Some(old) = text.strip_prefix("shape=(") {
        let sizes = old.trim_end_matches(')').split(',').filter(|n| !n.trim().is_empty());
        let sizes: Option<List> =
            sizes.map(|n| n.trim().parse::<i64>().ok()).collect::<Option<Vec<_>>>().map(|v| v.into_iter().collect());
        return Some(Dict::new().with("shape", sizes?));
    }
    if !super::labels::is_bounded_json(text) {
        return None;
    }
    Dict::from_json(text).ok()
}

/// Series by the descriptions of their first pages.
pub fn series(file: &mut File, _facts: &Facts) -> Result<Option<Vec<Series>>> {
    let count = file.page_count()?;
    let all = file.locate_all(0..count)?;
    let mut found = Vec::new();
    let mut index = 0;
    while index < count {
        let page = file.nth(index)?;
        let rest = &all[index..];
        let Some((mut one, used)) = series_at(file, &page, rest)? else { return Ok(None) };
        let levels = file.sub_ifds(&page)?;
        let mut others = Vec::new();
        for level in 0..levels.len().min(MOST_LEVELS) {
            let mut pages = Vec::new();
            for at in &rest[..used.min(rest.len())] {
                let page = file.page(*at)?;
                let Some(sub) = file.sub_ifds(&page)?.get(level).copied() else { return Ok(None) };
                pages.push(sub);
            }
            let first = file.load(pages[0])?;
            let Some((mut below, _)) = series_at(file, &first, &pages)? else { return Ok(None) };
            below.name = format!("Level {}", level + 1);
            if first.form.subfile & 1 != 0 { one.levels.push(below) } else { others.push(below) }
        }
        found.push(one);
        found.append(&mut others);
        index += used;
    }
    Ok(Some(found))
}

/// The series that begins with a page, and how many of the pages it takes. `None`: the page does not describe one.
fn series_at(file: &File, page: &Page, rest: &[PageAt]) -> Result<Option<(Series, usize)>> {
    let texts = [file.description(page, 0)?, file.description(page, 1)?];
    let text = texts.iter().find(|t| t.starts_with("shape=(") || (t.starts_with('{') && t.contains("\"shape\":")));
    let Some(metadata) = text.and_then(|t| parse(t)) else { return Ok(None) };
    let shape: Option<Vec<usize>> = match metadata.get("shape") {
        Some(Value::List(list)) => list.iter().map(|n| usize::try_from(n.as_int()?).ok()).collect(),
        _ => None,
    };
    let Some(shape) = shape.filter(|s| !s.is_empty() && s.len() <= 64) else { return Ok(None) };
    let form = &page.form;
    let page_shape = form.shape();
    let (Some(size), Some(one)) = (item_count(&shape), item_count(&page_shape)) else { return Ok(None) };
    if size == 0 || one == 0 || size % one != 0 {
        return Ok(None);
    }
    // As stored, a page is the last axes of the series.
    let longer = |s: &[usize]| s.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
    if !longer(&shape).ends_with(&longer(&page_shape)) {
        return Ok(None);
    }
    let count = size / one;
    let axes = metadata.get("axes").and_then(Value::as_str).filter(|a| a.len() == shape.len() && a.is_ascii());
    let is_truncated = matches!(metadata.get("truncated"), Some(Value::Bool(true)));
    let mut series = Series::of_pages("shaped", vec![page.at], form)?;
    series.squeeze = false;
    series.name = metadata.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    let used = if count > 1 && count <= rest.len() && !is_truncated {
        series.pages = Pages::Each(rest[..count].to_vec());
        count
    } else if count > 1 {
        let tiff = file.tiff_of(page.at)?;
        let Some(offset) = contiguous_start(tiff, page)?.filter(|&at| holds(tiff, at, form, count)) else {
            return Ok(None);
        };
        series.pages = Pages::Block { page: page.at, offset };
        1
    } else {
        1
    };
    series.axes = match axes {
        Some(axes) => axes.to_owned(),
        None => {
            let mut from = page_shape;
            let mut letters = form.axes().to_owned();
            if count > 1 {
                from.insert(0, count);
                letters.insert(0, 'Q');
            }
            reshape_axes(&letters, &from, &shape)
        }
    };
    series.shape = shape;
    Ok(Some((series, used)))
}
