//! Slides of scanners: the picture in several resolutions and focal planes, with a thumbnail, a label and an overview.

use super::super::file::{File, Page, PageAt};
use super::super::series::{self, Series};
use super::facts::Facts;
use crate::error::Result;
use std::sync::Arc;

/// More pages than a slide has.
const MOST: usize = 1 << 14;

/// Aperio: the picture, a thumbnail, smaller tiled pages, a label and an overview.
pub fn svs(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    if facts.page.form.tile.is_none() {
        return Ok(None);
    }
    let count = file.page_count()?.min(MOST);
    let pages: Vec<Arc<Page>> = (0..count).map(|i| file.nth(i)).collect::<Result<_>>()?;
    let single = |page: &Page, name: &str| named(vec![page.at], page, name);
    if count == 1 {
        return Ok(Some(vec![single(&pages[0], "Baseline")?]));
    }
    let mut levels: Vec<(Vec<usize>, Vec<usize>)> = vec![(pages[0].form.shape(), vec![0])];
    let mut index = 2;
    while index < count {
        let form = &pages[index].form;
        if form.tile.is_none() || form.subfile & 1 != 0 {
            break;
        }
        let shape = form.shape();
        match levels.iter_mut().find(|(known, _)| *known == shape) {
            Some((_, pages)) => pages.push(index),
            None => levels.push((shape, vec![index])),
        }
        index += 1;
    }
    let planes = levels[0].1.len();
    let planes = if levels.iter().all(|(_, p)| p.len() == planes) { planes } else { 1 };
    let level = |indices: &[usize], name: &str| {
        let at = indices[..planes].iter().map(|&i| pages[i].at).collect();
        let mut series = named(at, &pages[indices[0]], name)?;
        series.axes.replace_range(..1, "Z");
        Ok::<Series, crate::error::Error>(series)
    };
    let mut base = level(&levels[0].1, "Baseline")?;
    base.levels = levels[1..].iter().map(|(_, indices)| level(indices, "Resolution")).collect::<Result<_>>()?;
    let mut found = vec![base, single(&pages[1], "Thumbnail")?];
    for page in pages.iter().skip(index).take(2) {
        found.push(single(page, if page.form.subfile == 9 { "Macro" } else { "Label" })?);
    }
    Ok(Some(found))
}

fn named(pages: Vec<PageAt>, page: &Page, name: &str) -> Result<Series> {
    let mut series = Series::of_pages("svs", pages, &page.form)?;
    series.name = name.to_owned();
    Ok(series)
}

/// Hamamatsu: pages by their shape, those of one shape focal planes.
pub fn ndpi(file: &mut File, _facts: &Facts) -> Result<Option<Vec<Series>>> {
    const MAGNIFICATION: u16 = 65421;
    const REFERENCE: u16 = 65427;
    let mut found = series::generic(file)?;
    for series in &mut found {
        series.kind = "ndpi";
        if series.axes.starts_with('I') {
            series.axes.replace_range(..1, "Z");
        }
        let Some(key) = series.pages.key() else { continue };
        let page = file.page(key)?;
        let name = if series.levels.is_empty() {
            match file.tiff.floats(&page.directory, MAGNIFICATION)?.and_then(|m| m.first().copied()) {
                Some(-1.0) => "Macro".into(),
                Some(-2.0) => "Map".into(),
                _ => String::new(),
            }
        } else {
            let name = file.tiff.text(&page.directory, REFERENCE)?;
            name.filter(|n| !n.is_empty()).unwrap_or_else(|| "Baseline".into())
        };
        series.name = name;
    }
    Ok(Some(found))
}
