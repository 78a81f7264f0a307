//! Series: the images of a file. A series is an array of any number of axes, made of pages of equal form.

use super::file::{File, PageAt, Seen};
use super::form::Form;
use super::tags::tag;
use crate::error::{Error, Result};
use crate::model::{DType, item_count};
use std::collections::{HashMap, HashSet};

/// The pages of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Pages {
    /// One directory for each page, in the row-major order of the axes before the page's own.
    Each(Vec<PageAt>),
    /// One directory only: this many pages of its form lie uncompressed one behind the other from `offset`.
    Block {
        /// The directory that describes them.
        page: PageAt,
        /// Where the first pixel is.
        offset: u64,
    },
}

impl Pages {
    /// A page that describes all: the first that is there.
    pub fn key(&self) -> Option<PageAt> {
        match self {
            Pages::Each(pages) => pages.iter().find(|p| p.offset != 0).copied(),
            Pages::Block { page, .. } => Some(*page),
        }
    }
}

/// A series.
#[derive(Clone, Debug)]
pub struct Series {
    /// tifffile's name of how it was found: `generic`, `shaped`, `imagej`, `ome` ….
    pub kind: &'static str,
    /// The name that the file gives it, or nothing.
    pub name: String,
    /// A letter for each axis, those of length 1 included.
    pub axes: String,
    /// Length of each axis, those of length 1 included. The product is that of the pages.
    pub shape: Vec<usize>,
    /// Type of the samples.
    pub dtype: DType,
    /// The pages.
    pub pages: Pages,
    /// Smaller versions, largest first; not the series itself.
    pub levels: Vec<Series>,
    /// Distances of samples along axes, by their letters, where a flavour knows them better than the tags.
    pub spacing: Vec<(char, f64)>,
    /// Whether axes of length 1 are left out of what a read gives.
    pub squeeze: bool,
    /// Rows and columns of the pages that belong to the picture, where those are not all. The shape is of these.
    pub size: Option<(usize, usize)>,
}

impl Series {
    /// Leaves rows and columns behind these out of the pages, which are of this form. There may be more rows than pages
    /// say.
    pub fn crop(&mut self, size: (usize, usize), form: &Form) {
        let size = (size.0, size.1.min(form.width));
        for (length, letter) in self.shape.iter_mut().zip(self.axes.chars()) {
            match letter {
                'Y' => *length = size.0,
                'X' => *length = size.1,
                _ => {}
            }
        }
        self.size = Some(size);
    }

    /// A series of pages of one form: their number goes first if there are several.
    pub fn of_pages(kind: &'static str, pages: Vec<PageAt>, form: &Form) -> Result<Series> {
        let mut shape = vec![pages.len()];
        shape.extend(form.shape());
        let axes = format!("I{}", form.axes());
        Ok(Series {
            kind,
            name: String::new(),
            axes,
            shape,
            dtype: form.dtype()?,
            pages: Pages::Each(pages),
            levels: Vec::new(),
            spacing: Vec::new(),
            squeeze: true,
            size: None,
        })
    }
}

/// The axes that a read gives, and their letters: those of length 1 are left out, X and Y stay.
pub fn squeeze(shape: &[usize], axes: &str) -> (Vec<usize>, String) {
    let mut kept: Vec<(usize, char)> = shape.iter().copied().zip(axes.chars()).collect();
    kept.retain(|(n, letter)| *n != 1 || matches!(letter, 'X' | 'Y'));
    if kept.is_empty() {
        // As tifffile: an array keeps its last axis.
        kept.extend(shape.last().copied().zip(axes.chars().last()));
    }
    kept.into_iter().unzip()
}

/// How many pages of one shape make an array.
pub fn page_count(shape: &[usize], page: &[usize]) -> Result<usize> {
    match (item_count(shape), item_count(page)) {
        (Some(0), _) => Ok(0),
        (Some(all), Some(one)) if one > 0 && all % one == 0 => Ok(all / one),
        _ => Err(Error::corrupt(format!("pages of shape {page:?} do not make a series of shape {shape:?}"))),
    }
}

/// More directories below pages than any file has.
const MOST_BELOW: usize = 1 << 16;

/// Pages by their form, in the order in which each form is first met.
#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    known: HashMap<Form, usize>,
    /// The group of the last page: most pages are like the one before.
    last: usize,
}

struct Group {
    key: Form,
    pages: Vec<PageAt>,
    /// Whether its first page lies below another.
    is_below: bool,
}

impl Groups {
    fn add(&mut self, at: PageAt, form: &Form, is_below: bool) {
        let key = form.key();
        let group = match self.groups.get(self.last).filter(|group| group.key == key) {
            Some(_) => self.last,
            None => *self.known.entry(key.clone()).or_insert_with(|| {
                self.groups.push(Group { key, pages: Vec::new(), is_below });
                self.groups.len() - 1
            }),
        };
        self.last = group;
        if let Some(group) = self.groups.get_mut(group) {
            group.pages.push(at);
        }
    }
}

impl Groups {
    /// A page of the form of the one before.
    fn again(&mut self, at: PageAt) {
        if let Some(group) = self.groups.get_mut(self.last) {
            group.pages.push(at);
        }
    }
}

/// Series of pages of equal form, in the order of the first of each; pages below pages are found too, and a series that
/// is another at half, a third or a quarter of its size becomes a level of that. What every file has that no flavour
/// knows better.
pub fn generic(file: &mut File) -> Result<Vec<Series>> {
    let mut groups = Groups::default();
    let mut below = HashSet::new();
    file.for_each(|tiff, seen| {
        let directory = match seen {
            Seen::New(directory) => directory,
            Seen::Alike(at) => {
                groups.again(PageAt::here(at));
                return Ok(());
            }
        };
        let form = Form::of(tiff, &directory)?;
        groups.add(PageAt::here(directory.offset), &form, false);
        let Some(subs) = tiff.uints(&directory, tag::SUB_IFDS)? else { return Ok(()) };
        for offset in subs.into_iter().filter(|&o| o >= 8) {
            if !below.insert(offset) {
                continue;
            }
            if below.len() > MOST_BELOW {
                return Err(Error::limit(format!("more than {MOST_BELOW} directories below pages")));
            }
            // One that cannot be read is left out, as tifffile does.
            if let Ok(form) = tiff.directory(offset).and_then(|sub| Form::of(tiff, &sub)) {
                groups.add(PageAt::here(offset), &form, true);
            }
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for group in groups.groups {
        found.push((Series::of_pages("generic", group.pages, &group.key)?, group.is_below));
    }
    Ok(pyramids(found))
}

/// Makes series that are another one at a smaller size levels of that. Each comes with whether it lies below a page,
/// and so has no levels itself.
pub fn pyramids(mut series: Vec<(Series, bool)>) -> Vec<Series> {
    let mut i = 0;
    while i < series.len() {
        let mut factor = None;
        let mut j = i + 1;
        while j < series.len() && !series[i].1 {
            let base = &series[i].0;
            let above = base.levels.last().unwrap_or(base);
            let small = &series[j].0;
            let factors: &[usize] = if factor.is_some() { factor.as_slice() } else { &[2, 3, 4] };
            match factors.iter().copied().find(|&f| is_reduced_by(above, small, f)) {
                Some(f) => {
                    factor = Some(f);
                    let level = series.remove(j).0;
                    series[i].0.levels.push(level);
                }
                None => j += 1,
            }
        }
        i += 1;
    }
    series.into_iter().map(|(series, _)| series).collect()
}

/// Whether one series is another at a size reduced by this factor, rounded either way; as tifffile decides it.
fn is_reduced_by(large: &Series, small: &Series, factor: usize) -> bool {
    if large.axes != small.axes || large.dtype != small.dtype {
        return false;
    }
    let mut reduced = false;
    for ((&a, &b), letter) in large.shape.iter().zip(&small.shape).zip(large.axes.chars()) {
        let is_spatial = matches!(letter, 'X' | 'Y' | 'Z') && (a, b) != (1, 1);
        if is_spatial && a >= factor && (b == a / factor || b == a.div_ceil(factor)) {
            reduced = true;
        } else if is_spatial || a != b {
            return false;
        }
    }
    reduced
}
