//! Slides of scanners: the picture in several resolutions and focal planes, with a thumbnail, a label and an overview.

use super::super::file::{File, Page, PageAt};
use super::super::series::{self, Series};
use super::facts::Facts;
use super::xml;
use crate::error::{Error, Result};
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
    named_of("svs", pages, page, name)
}

fn named_of(kind: &'static str, pages: Vec<PageAt>, page: &Page, name: &str) -> Result<Series> {
    let mut series = Series::of_pages(kind, pages, &page.form)?;
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

/// Every page of a slide.
pub fn all_pages(file: &mut File) -> Result<Vec<Arc<Page>>> {
    let count = file.page_count()?.min(MOST);
    (0..count).map(|i| file.nth(i)).collect()
}

/// PerkinElmer: the channels, a thumbnail, the channels at half the size again and again, an overview and a label.
pub fn qpi(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let pages = all_pages(file)?;
    let channels = |from: usize, shape: &[usize]| {
        let alike = pages.iter().skip(from).take_while(|page| page.form.shape() == shape);
        alike.map(|page| page.at).collect::<Vec<PageAt>>()
    };
    let level = |from: usize, at: Vec<PageAt>, name: &str| {
        let mut series = named_of("qpi", at, &pages[from], name)?;
        series.axes.replace_range(..1, "C");
        Ok::<Series, Error>(series)
    };
    let mut shape = facts.page.form.shape();
    let base = channels(0, &shape);
    let count = base.len();
    let mut index = count;
    let mut found = vec![level(0, base, "Baseline")?];
    let single = |page: &Page, name: &str| named_of("qpi", vec![page.at], page, name);
    if let Some(page) = pages.get(index) {
        found.push(single(page, "Thumbnail")?);
        index += 1;
    }
    if facts.page.form.tile.is_some() {
        let rows = if facts.page.form.planar { 1 } else { 0 };
        while index < pages.len() {
            for side in shape.iter_mut().skip(rows).take(2) {
                *side /= 2;
            }
            let smaller = channels(index, &shape);
            let enough = smaller.len() == count;
            if enough {
                found[0].levels.push(level(index, smaller.clone(), "Resolution")?);
            }
            index += smaller.len();
            if !enough {
                break;
            }
        }
    }
    if !found[0].levels.is_empty() {
        for (page, name) in pages.iter().skip(index).zip(["Macro", "Label"]) {
            found.push(single(page, name)?);
        }
    }
    Ok(Some(found))
}

/// Ventana: what a page is its description says; the tiles are left as the scanner laid them.
pub fn bif(file: &mut File, _facts: &Facts) -> Result<Option<Vec<Series>>> {
    let mut base: Option<Series> = None;
    let mut found = Vec::new();
    for page in all_pages(file)? {
        let description = file.description(&page, 0)?;
        let single = |name: &str| named_of("bif", vec![page.at], &page, name);
        if description.starts_with("Label") {
            found.push(single("Label")?);
        } else if description == "Thumbnail" || description.starts_with("Probability") {
            found.push(single("Thumbnail")?);
        } else if !description.contains("level") {
            found.push(single("Unknown")?);
        } else if let Some(base) = &mut base {
            base.levels.push(single("Resolution")?);
        } else {
            base = Some(single("Baseline")?);
        }
    }
    if let Some(base) = base {
        found.insert(0, base);
    }
    Ok(Some(found))
}

/// Leica: XML lists of each image the pages of its channels and planes at each resolution.
pub fn scn(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let Some(document) = xml::parse(&facts.description) else { return Ok(None) };
    let pages = all_pages(file)?;
    let is = |node: &roxmltree::Node, name: &str| node.is_element() && node.tag_name().name() == name;
    let mut found = Vec::new();
    let collections = document.root_element().children().filter(|n| is(n, "collection"));
    for image in collections.flat_map(|n| n.children()).filter(|n| is(n, "image")) {
        for pixels in image.children().filter(|n| is(n, "pixels")) {
            // (resolution, channel, plane) of each page.
            let mut places: Vec<([usize; 3], usize)> = Vec::new();
            for dimension in pixels.children().filter(|n| is(n, "dimension")) {
                let number = |name: &str| dimension.attribute(name).and_then(|n| n.parse::<usize>().ok());
                let Some(page) = number("ifd").filter(|&n| n < pages.len()) else { continue };
                places.push((["r", "c", "z"].map(|name| number(name).unwrap_or(0)), page));
            }
            places.sort_unstable();
            let mut levels = Vec::new();
            for level in places.chunk_by(|a, b| a.0[0] == b.0[0]) {
                levels.push(scn_level(level, &pages, image.attribute("name").unwrap_or("Unknown"))?);
            }
            let mut levels = levels.into_iter();
            if let Some(mut base) = levels.next() {
                base.levels = levels.collect();
                found.push(base);
            }
        }
    }
    Ok(Some(found))
}

/// The pages of one resolution, by channel and plane.
fn scn_level(level: &[([usize; 3], usize)], pages: &[Arc<Page>], name: &str) -> Result<Series> {
    let most = |at: usize| level.iter().map(|(place, _)| place[at]).max().unwrap_or(0).saturating_add(1);
    let (channels, planes) = (most(1), most(2));
    let count = channels.checked_mul(planes).filter(|&n| n <= MOST);
    let count = count.ok_or_else(|| Error::limit("a slide of more planes than any has"))?;
    let mut at = vec![PageAt::MISSING; count];
    for (place, page) in level {
        at[place[1] * planes + place[2]] = pages[*page].at;
    }
    let Some((_, first)) = level.first() else { return Err(Error::internal("a resolution without a page")) };
    let page = &pages[*first];
    let mut series = named_of("scn", at, page, name)?;
    series.axes = format!("CZ{}", page.form.axes());
    series.shape = [channels, planes].into_iter().chain(page.form.shape()).collect();
    Ok(series)
}
