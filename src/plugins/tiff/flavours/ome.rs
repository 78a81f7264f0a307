//! OME-TIFF: the order of planes from XML, over one file or a set of files beside each other, with pyramids below pages.

use super::super::file::{File, PageAt};
use super::super::ifd::Tiff;
use super::super::series::{Pages, Series};
use super::facts::Facts;
use super::xml;
use crate::error::{Error, Result};
use crate::log;
use crate::model::{Dict, Limits, item_count};
use crate::resource;
use roxmltree::Node;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// More planes than a set of files has.
const MOST_PLANES: usize = 1 << 22;
/// More levels than a pyramid has.
const MOST_LEVELS: usize = 64;
/// More files than a set has.
const MOST_FILES: usize = 4096;

/// The document as a dictionary, and as text.
pub fn meta(facts: &Facts) -> Dict {
    let mut dict = xml::to_dict(&facts.description).unwrap_or_default();
    dict.set("ome_xml", facts.description.as_str());
    dict
}

/// An image of the document.
struct Image {
    name: String,
    /// Letters, slowest first, without samples.
    axes: String,
    shape: Vec<usize>,
    samples: usize,
    planes: Vec<PageAt>,
    /// Splits of axes: the axis, the new one and its length.
    modulo: Vec<(char, char, usize)>,
    spacing: Vec<(char, f64)>,
}

/// The files of a set by their identifiers.
struct Set {
    root: String,
    known: HashMap<String, Option<u32>>,
    lengths: HashMap<u32, Vec<u64>>,
}

pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let Some(document) = xml::parse(&facts.description) else { return Ok(None) };
    let root = document.root_element();
    let root_id = root.attribute("UUID").unwrap_or("").to_owned();
    let mut set = Set { known: HashMap::from([(root_id.clone(), Some(0))]), root: root_id, lengths: HashMap::new() };
    let mut found = Vec::new();
    for image in root.children().filter(|n| n.has_tag_name_of("Image")) {
        for pixels in image.children().filter(|n| n.has_tag_name_of("Pixels")) {
            let Some(image) = read_image(file, &mut set, root, image, pixels)? else { continue };
            if let Some(series) = build(file, image)? {
                found.push(series);
            }
        }
    }
    Ok(Some(found))
}

/// Elements by their local names: documents of many years have many namespaces.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn number(node: Node, name: &str) -> Option<usize> {
    node.attribute(name)?.trim().parse().ok()
}

/// What the document says of an image, with its planes found.
fn read_image(file: &mut File, set: &mut Set, root: Node, image: Node, pixels: Node) -> Result<Option<Image>> {
    let is_order = |o: &&str| o.len() == 5 && o.starts_with("XY") && "CZT".chars().all(|c| o.contains(c));
    let Some(order) = pixels.attribute("DimensionOrder").filter(is_order) else {
        return Ok(None);
    };
    let axes: String = order.chars().rev().collect();
    let sizes: Option<Vec<usize>> =
        axes.chars().map(|c| number(pixels, &format!("Size{c}")).filter(|&n| n > 0)).collect();
    let Some(mut shape) = sizes else { return Ok(None) };
    let channels = pixels.children().filter(|n| n.has_tag_name_of("Channel"));
    let mut counts = channels.map(|c| number(c, "SamplesPerPixel").unwrap_or(1));
    let samples = counts.next().unwrap_or(1).max(1);
    if counts.any(|n| n != samples) {
        return Err(Error::unsupported("channels with different numbers of samples"));
    }
    if let Some(c) = axes.find('C').filter(|_| samples > 1) {
        shape[c] = (shape[c] / samples).max(1);
    }
    let planes: usize = item_count(&shape[..3]).unwrap_or(usize::MAX);
    if planes > MOST_PLANES {
        return Err(Error::limit(format!("an OME image of more than {MOST_PLANES} planes")));
    }
    let mut pages = Vec::new();
    for data in pixels.children().filter(|n| n.has_tag_name_of("TiffData")) {
        place(file, set, data, &axes, &shape, &mut pages)?;
    }
    if pages.iter().all(|p| *p == PageAt::MISSING) {
        return Ok(None);
    }
    let length = |name: &str| pixels.attribute(name)?.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x > 0.0);
    let known = [('X', "PhysicalSizeX"), ('Y', "PhysicalSizeY"), ('Z', "PhysicalSizeZ"), ('T', "TimeIncrement")];
    Ok(Some(Image {
        name: image.attribute("Name").unwrap_or("").to_owned(),
        axes,
        shape,
        samples,
        planes: pages,
        modulo: modulo(root, image),
        spacing: known.iter().filter_map(|(c, name)| Some((*c, length(name)?))).collect(),
    }))
}

/// Puts the directories of an element TiffData into the order of planes.
fn place(
    file: &mut File,
    set: &mut Set,
    data: Node,
    axes: &str,
    shape: &[usize],
    pages: &mut Vec<PageAt>,
) -> Result<()> {
    let first = number(data, "IFD").unwrap_or(0);
    let default = data.has_attribute("IFD").then_some(1);
    let count = number(data, "PlaneCount").or_else(|| number(data, "NumPlanes")).or(default);
    let mut index = 0;
    for (axis, &n) in axes.chars().take(3).zip(shape) {
        let at = number(data, &format!("First{axis}")).unwrap_or(0);
        if at >= n {
            // ImageJ leaves planes in that it has cropped away.
            return Ok(());
        }
        index = index * n + at;
    }
    let id = data.children().find(|n| n.has_tag_name_of("UUID"));
    let member = match id {
        Some(id) => set.find(file, id),
        None => Some(0),
    };
    let most = shape[..3].iter().product::<usize>();
    let none = Vec::new();
    let offsets = match member {
        Some(member) => set.offsets(file, member)?,
        // Of a file that is not there only the given number of planes is known.
        None => &none,
    };
    let count = count.filter(|&n| n > 0).unwrap_or(offsets.len()).min(most.saturating_sub(index));
    if pages.len() < index + count {
        pages.resize(index + count, PageAt::MISSING);
    }
    let here = offsets.get(first..).unwrap_or(&[]);
    for (page, &offset) in pages[index..index + count].iter_mut().zip(here) {
        *page = PageAt { file: member.unwrap_or(0), offset };
    }
    Ok(())
}

impl Set {
    /// The file of an element UUID. `None`: it is not there.
    fn find(&mut self, file: &mut File, id: Node) -> Option<u32> {
        let text = id.text().unwrap_or("").trim().to_owned();
        if let Some(known) = self.known.get(&text) {
            return *known;
        }
        let name = id.attribute("FileName").unwrap_or("");
        let own = file.tiff.source.path().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().to_lowercase());
        let is_own = own.is_some_and(|own| own == name.to_lowercase());
        let found = if self.root.is_empty() && is_own { Some(0) } else { self.open(file, name) };
        if found.is_none() {
            log::write(
                log::Level::Warning,
                &format!("{name:?} of a set of OME-TIFF is not there; its planes are zero"),
            );
        }
        self.known.insert(text, found);
        found
    }

    /// Opens a file beside the first, and nowhere else.
    fn open(&self, file: &mut File, name: &str) -> Option<u32> {
        let path = file.tiff.source.path()?;
        let is_plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "..";
        if !is_plain || file.others.len() >= MOST_FILES {
            return None;
        }
        let path = path.with_file_name(name);
        // A FIFO would be waited for.
        if !path.is_file() {
            return None;
        }
        let source = resource::read_uri(path.as_os_str(), true, None, &Limits::default(), None).ok()?;
        file.others.push(Tiff::open(source)?);
        u32::try_from(file.others.len()).ok()
    }

    /// Where the directories of a file are.
    fn offsets(&mut self, file: &mut File, member: u32) -> Result<&[u64]> {
        let place = match self.lengths.entry(member) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(place) => place,
        };
        let mut other = (member != 0).then(|| File::new(file.others[member as usize - 1].clone()));
        let file = other.as_mut().unwrap_or(file);
        let offsets: Result<Vec<u64>> = (0..file.page_count()?).map(|i| Ok(file.locate(i)?.offset)).collect();
        Ok(place.insert(offsets?))
    }
}

/// Axes that are parts of others, by the annotation that the image refers to.
fn modulo(root: Node, image: Node) -> Vec<(char, char, usize)> {
    let refers = image.children().filter(|n| n.has_tag_name_of("AnnotationRef")).filter_map(|n| n.attribute("ID"));
    let ids: Vec<&str> = refers.collect();
    let annotations = root.children().filter(|n| n.has_tag_name_of("StructuredAnnotations"));
    let mine = annotations.flat_map(|a| a.children()).filter(|n| {
        n.attribute("Namespace").is_some_and(|s| s.ends_with("modulo"))
            && n.attribute("ID").is_some_and(|id| ids.contains(&id))
    });
    let mut found = Vec::new();
    for along in mine.flat_map(|n| n.descendants()).filter(|n| n.tag_name().name().starts_with("ModuloAlong")) {
        let Some(axis) = along.tag_name().name().chars().last() else { continue };
        let new = match along.attribute("Type").unwrap_or("other") {
            "angle" => 'A',
            "phase" => 'P',
            "tile" => 'R',
            "lifetime" => 'H',
            "lambda" => 'E',
            _ => 'Q',
        };
        let float = |name: &str| along.attribute(name).and_then(|t| t.parse::<f64>().ok());
        let count = match (float("Start"), float("End")) {
            (Some(start), Some(end)) => {
                ((end - start) / float("Step").filter(|s| *s > 0.0).unwrap_or(1.0)).floor() + 1.0
            }
            _ => along.children().filter(|n| n.has_tag_name_of("Label")).count() as f64,
        };
        if (1.0..1e9).contains(&count) {
            found.push((axis, new, count as usize));
        }
    }
    found
}

/// The series of an image, if its pages are as the document says.
fn build(file: &mut File, image: Image) -> Result<Option<Series>> {
    let Some(&key) = image.planes.iter().find(|p| **p != PageAt::MISSING) else { return Ok(None) };
    let page = file.page(key)?;
    let form = &page.form;
    let (mut shape, mut axes) = (image.shape, image.axes);
    if image.samples > 1 {
        let at = if form.planar { shape.len() - 2 } else { shape.len() };
        shape.insert(at, image.samples);
        axes.insert(at, 'S');
    }
    let (squeezed, _) = super::super::series::squeeze(&shape, &axes);
    let own = form.shape();
    let (Some(all), Some(one)) = (item_count(&shape), item_count(&own)) else { return Ok(None) };
    if one == 0 || !squeezed.ends_with(&own) {
        return Err(Error::unsupported(format!("pages of shape {own:?} in an OME image of shape {shape:?}")));
    }
    let mut pages = image.planes;
    pages.resize((all / one).max(1), PageAt::MISSING);
    for &(axis, new, n) in &image.modulo {
        let Some(i) = axes.find(axis) else { continue };
        if shape[i] == n {
            axes.replace_range(i..=i, &new.to_string());
        } else if n > 0 && shape[i] % n == 0 {
            shape[i] /= n;
            shape.insert(i + 1, n);
            axes.insert(i + 1, new);
        }
    }
    let mut series = Series::of_pages("ome", pages, form)?;
    series.name = image.name;
    series.shape = shape;
    series.axes = axes;
    series.spacing = image.spacing;
    let levels = file.sub_ifds(&page)?.len().min(MOST_LEVELS);
    for level in 0..levels {
        let Some(below) = level_of(file, &series, level)? else { break };
        series.levels.push(below);
    }
    Ok(Some(series))
}

/// The pages below those of a series, as a series of the same axes.
fn level_of(file: &mut File, base: &Series, level: usize) -> Result<Option<Series>> {
    let Pages::Each(pages) = &base.pages else { return Ok(None) };
    let mut below = Vec::with_capacity(pages.len());
    for &at in pages {
        if at == PageAt::MISSING {
            below.push(at);
            continue;
        }
        let page = file.page(at)?;
        below.push(file.sub_ifds(&page)?.get(level).copied().unwrap_or(PageAt::MISSING));
    }
    let Some(&key) = below.iter().find(|p| **p != PageAt::MISSING) else { return Ok(None) };
    let form = file.load(key)?.form;
    let mut series = Series { pages: Pages::Each(below), levels: Vec::new(), ..base.clone() };
    series.dtype = form.dtype()?;
    series.name = format!("Level {}", level + 1);
    for (n, axis) in series.shape.iter_mut().zip(base.axes.chars()) {
        match axis {
            'X' => *n = form.width,
            'Y' => *n = form.length,
            _ => {}
        }
    }
    for (axis, distance) in &mut series.spacing {
        if let Some(i) = base.axes.find(*axis).filter(|&i| series.shape[i] > 0) {
            *distance *= base.shape[i] as f64 / series.shape[i] as f64;
        }
    }
    Ok(Some(series))
}
