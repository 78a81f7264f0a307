//! Philips DP: a slide of tiled pages, one for each resolution, which are larger than the picture by what their tiles
//! are; the description tells how large the pixels of each are.

use super::super::file::{File, Page};
use super::super::series::Series;
use super::facts::Facts;
use super::xml;
use crate::error::Result;
use std::sync::Arc;

/// The size of the pixels of each resolution, along Y and X.
fn spacings(description: &str) -> Option<Vec<(f64, f64)>> {
    let document = xml::parse(description)?;
    let is_level = |node: &roxmltree::Node| {
        node.has_tag_name("DataObject") && node.attribute("ObjectType") == Some("PixelDataRepresentation")
    };
    let mut found = Vec::new();
    for level in document.descendants().filter(is_level) {
        let spacing = level
            .children()
            .filter(|node| node.has_tag_name("Attribute") && node.attribute("Name") == Some("DICOM_PIXEL_SPACING"));
        for text in spacing.filter_map(|node| node.text()) {
            let text = text.replace('"', "");
            let numbers: Option<Vec<f64>> = text.split_whitespace().map(|n| n.parse().ok()).collect();
            match numbers?.as_slice() {
                [y, x] if *y > 0.0 && *x > 0.0 => found.push((*y, *x)),
                _ => return None,
            }
        }
    }
    Some(found)
}

/// A series of one page.
fn single(page: &Page, name: &str) -> Result<Series> {
    let mut series = Series::of_pages("philips", vec![page.at], &page.form)?;
    series.name = name.to_owned();
    Ok(series)
}

/// Length of an axis that a tile may have made longer, as tifffile decides it; perhaps more than is stored.
fn cropped(whole: usize, stored: usize, tile: usize, factor: f64) -> Option<usize> {
    let wanted = whole.checked_div(factor.round_ties_even() as usize)?;
    match stored.checked_sub(tile) {
        Some(rest) if rest >= wanted => Some(rest + 1),
        _ => Some(wanted),
    }
}

/// The picture with its levels, and what else there is: an overview and a label.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let Some(spacings) = spacings(&facts.description).filter(|found| found.len() >= 2) else { return Ok(None) };
    let pages = super::slides::all_pages(file)?;
    let (mut levels, mut other): (Vec<Arc<Page>>, Vec<Arc<Page>>) = Default::default();
    let (mut overview, mut label) = (None, None);
    for page in pages {
        let description = file.description(&page, 0)?;
        if description.starts_with("Macro") {
            overview = Some(page);
        } else if description.starts_with("Label") {
            label = Some(page);
        } else if page.form.tile.is_none() {
            other.push(page);
        } else {
            levels.push(page);
        }
    }
    let (Some(first), Some(&(h0, w0))) = (levels.first(), spacings.first()) else { return Ok(None) };
    if levels.len() != spacings.len() {
        return Ok(None);
    }
    let mut base = single(first, "Baseline")?;
    base.spacing = vec![('Y', h0), ('X', w0)];
    for (i, (page, (h, w))) in levels.iter().zip(&spacings).enumerate().skip(1) {
        let mut level = single(page, &format!("Level{i}"))?;
        let (_, tile_length, tile_width) = page.form.chunk();
        let length = cropped(first.form.length, page.form.length, tile_length, h / h0);
        let width = cropped(first.form.width, page.form.width, tile_width, w / w0);
        let (Some(length), Some(width)) = (length, width) else { return Ok(None) };
        level.crop((length, width), &page.form);
        level.spacing = vec![('Y', *h), ('X', *w)];
        base.levels.push(level);
    }
    let mut found = vec![base];
    // In the order in which tifffile names them.
    for (name, pages) in
        [("Other", other), ("Macro", overview.into_iter().collect()), ("Label", label.into_iter().collect())]
    {
        for page in pages {
            found.push(single(&page, name)?);
        }
    }
    Ok(Some(found))
}
