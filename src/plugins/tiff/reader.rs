//! The reader: which image an index and the options name, and what it is.

use super::decode::{self, Pixels, Window};
use super::file::{File, Page, PageAt};
use super::form::Form;
use super::series::{Pages, Series};
use super::{flavours, meta, series};
use crate::error::{Error, Result};
use crate::model::{Axes, Destination, Dict, Index, Props, Shape, Value};
use crate::plugin::{Call, Count, Outcome, Reader};
use std::sync::Arc;

/// An open TIFF file.
pub struct TiffReader {
    file: File,
    series: Option<Arc<Vec<Series>>>,
}

/// What a call names: a series or level, or one page.
struct Target {
    /// The axes with those of length 1.
    shape: Vec<usize>,
    axes: String,
    pages: Pages,
    /// A page that describes all.
    page: Arc<Page>,
    spacing: Vec<(char, f64)>,
    squeeze: bool,
    /// Rows and columns of each page that are read.
    size: (usize, usize),
    /// How many rows each page says that it has, where the picture has more.
    short: Option<usize>,
}

impl TiffReader {
    /// A reader of the file.
    pub fn new(file: File) -> TiffReader {
        TiffReader { file, series: None }
    }

    /// The file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The series of the file, found once.
    fn series(&mut self) -> Result<Arc<Vec<Series>>> {
        if let Some(series) = &self.series {
            return Ok(series.clone());
        }
        let found = match flavours::series(&mut self.file)? {
            Some(found) => found,
            None => series::generic(&mut self.file)?,
        };
        let found = Arc::new(found);
        self.series = Some(found.clone());
        Ok(found)
    }

    fn target(&mut self, index: usize, call: &Call) -> Result<Target> {
        if call.bool("pages") {
            let page = self.file.nth(index)?;
            return Ok(Target::of_page(page));
        }
        let all = self.series()?;
        let none = || Error::index(format!("no series {index} of {}", all.len()));
        let mut series = all.get(index).ok_or_else(none)?;
        if let Some(level) = call.int("level").filter(|&level| level != 0) {
            let level = usize::try_from(level).ok().and_then(|level| series.levels.get(level.checked_sub(1)?));
            let count = series.levels.len() + 1;
            series = level.ok_or_else(|| Error::index(format!("series {index} has {count} levels")))?;
        }
        let key = series.pages.key().ok_or_else(|| Error::corrupt("a series without a page"))?;
        let page = self.file.page(key)?;
        let Some(number) = call.int("page") else { return Ok(Target::of_series(series, page)) };
        let count = Target::of_series(series, page.clone()).page_count()?;
        let number = usize::try_from(number).ok().filter(|&n| n < count);
        let number = number.ok_or_else(|| Error::index(format!("series {index} has {count} pages")))?;
        match &series.pages {
            Pages::Each(pages) => {
                let at = pages.get(number).copied().unwrap_or(PageAt::MISSING);
                let page = if at == PageAt::MISSING { page } else { self.file.page(at)? };
                let mut target = Target::of_page(page);
                target.pages = Pages::Each(vec![at]);
                if let Some(size) = series.size {
                    target.shape = target.form().cropped(size).shape();
                    target.resize(size);
                }
                Ok(target)
            }
            Pages::Block { page: at, offset } => {
                let bytes = crate::model::byte_len(&page.form.shape(), series.dtype)? as u64;
                let offset = (number as u64).checked_mul(bytes).and_then(|skip| offset.checked_add(skip));
                let offset = offset.ok_or_else(|| Error::corrupt("pixels beyond any file"))?;
                let mut target = Target::of_page(page);
                target.pages = Pages::Block { page: *at, offset };
                Ok(target)
            }
        }
    }

    /// Properties of an image without its last rows.
    pub fn cropped_props(&mut self, index: Index, call: &Call, rows: usize) -> Result<Props> {
        let mut props = self.props(index, call)?;
        let axis = (0..props.shape.len()).find(|&axis| props.axes.letter(axis) == Some('Y'));
        let mut shape = props.shape.to_vec();
        if let Some(length) = axis.and_then(|axis| shape.get_mut(axis)) {
            *length = length.saturating_sub(rows);
        }
        props.shape = Shape::new(&shape)?;
        Ok(props)
    }

    /// Reads an image without its last rows.
    pub fn cropped_read(&mut self, index: Index, call: &Call, rows: usize, to: &mut Destination) -> Result<Outcome> {
        let target = self.target(Self::index(index)?, call)?;
        let mut window = target.window();
        window.y.end = window.y.end.saturating_sub(rows);
        self.read_window(&target, window, call, to)
    }

    fn read_window(&self, target: &Target, window: Window, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let form = target.form();
        let count = target.page_count()?;
        let mut pixels =
            Pixels { form, dtype: form.dtype()?, pages: &target.pages, count, window, short: target.short };
        let Some((area, mut wanted)) = to.within_area() else { return decode::read(&self.file, &pixels, call, to) };
        let (x, y) = (pixels.window.x.start + area.x, pixels.window.y.start + area.y);
        let window = Window { y: y..y + area.height, x: x..x + area.width };
        if window.y.end > pixels.window.y.end || window.x.end > pixels.window.x.end {
            return Err(Error::internal("a region that is not in the image"));
        }
        pixels.window = window;
        decode::read(&self.file, &pixels, call, &mut wanted)
    }

    fn index(index: Index) -> Result<usize> {
        match index {
            Index::At(index) => Ok(index),
            Index::Default => Ok(0),
            Index::All => Err(Error::internal("the library stacks images itself")),
        }
    }
}

impl Target {
    fn of_page(page: Arc<Page>) -> Target {
        Target {
            shape: page.form.shape(),
            axes: page.form.axes().to_owned(),
            pages: Pages::Each(vec![page.at]),
            spacing: Vec::new(),
            squeeze: true,
            size: (page.form.length, page.form.width),
            short: None,
            page,
        }
    }

    fn of_series(series: &Series, page: Arc<Page>) -> Target {
        let mut target = Target {
            shape: series.shape.clone(),
            axes: series.axes.clone(),
            pages: series.pages.clone(),
            spacing: series.spacing.clone(),
            squeeze: series.squeeze,
            size: (page.form.length, page.form.width),
            short: None,
            page,
        };
        if let Some(size) = series.size {
            target.resize(size);
        }
        target
    }

    /// Takes these rows and columns of each page. Rows that a page should have and does not say that it has are in its
    /// last tiles, or not stored.
    fn resize(&mut self, size: (usize, usize)) {
        let form = &self.page.form;
        if size.0 > form.length {
            self.short = Some(form.length);
            let form = form.cropped((size.0, form.width));
            self.page = Arc::new(Page { form, ..Page::clone(&self.page) });
        }
        self.size = size;
    }

    /// The axes that a read gives. Where there are more than an array has here, those of length 1 are left out.
    fn squeezed(&self) -> (Vec<usize>, String) {
        if self.squeeze || Shape::new(&self.shape).is_err() {
            return series::squeeze(&self.shape, &self.axes);
        }
        (self.shape.clone(), self.axes.clone())
    }

    fn form(&self) -> &Form {
        &self.page.form
    }

    /// The part of each page that is read.
    fn window(&self) -> Window {
        Window { y: 0..self.size.0, x: 0..self.size.1 }
    }

    /// How many pages there are.
    fn page_count(&self) -> Result<usize> {
        series::page_count(&self.shape, &self.form().cropped(self.size).shape())
    }
}

impl Reader for TiffReader {
    fn count(&mut self, _how: Count, call: &Call) -> Result<Option<usize>> {
        let count = if call.bool("pages") { self.file.page_count()? } else { self.series()?.len() };
        Ok(Some(count))
    }

    fn default_meta_index(&mut self, _call: &Call) -> Result<Index> {
        Ok(Index::All)
    }

    fn props(&mut self, index: Index, call: &Call) -> Result<Props> {
        let target = self.target(Self::index(index)?, call)?;
        let form = target.form();
        let (shape, axes) = target.squeezed();
        let mut props = Props::image(&[1, 1], form.dtype()?, form.color());
        props.shape = Shape::new(&shape).map_err(|e| e.context(format_args!("the axes {axes}")))?;
        // The letters of this library; it has none for the rarer axes of microscopes.
        let dropped = shape.len() - props.shape.len();
        let letter = |c: char| match c {
            'I' => 'N',
            'T' | 'Z' | 'C' | 'Y' | 'X' | 'S' => c,
            _ => 'Q',
        };
        let letters: String = axes.chars().skip(dropped).map(letter).collect();
        props.axes = Axes::new(&letters);
        props.bits = form.significant_bits();
        props.premultiplied = form.premultiplied();
        let tiff = self.file.tiff_of(target.page.at)?;
        let (x, y) = meta::spacing(tiff, &target.page.directory, form);
        for (axis, letter) in axes.chars().skip(dropped).enumerate() {
            let known = target.spacing.iter().find(|(of, _)| *of == letter).map(|(_, distance)| *distance);
            props.spacing[axis] = match (known, letter) {
                (Some(known), _) => known,
                (None, 'X') => x,
                (None, 'Y') => y,
                _ => 0.0,
            };
        }
        let orientation = tiff.uint(&target.page.directory, super::tags::tag::ORIENTATION).ok().flatten();
        props.orientation =
            orientation.and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=8).contains(n)).unwrap_or(0);
        Ok(props)
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let target = self.target(Self::index(index)?, call)?;
        self.read_window(&target, target.window(), call, to)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        if index == Index::All {
            if let Some(page) = call.int("page") {
                let page = usize::try_from(page).map_err(|_| Error::index(format!("no page {page}")))?;
                let page = self.file.nth(page)?;
                return meta::page(&self.file, &page);
            }
            // A file that does not say what its images are is refused here too.
            self.series()?;
            let order = if self.file.tiff.layout.big_endian { ">" } else { "<" };
            let mut dict = Dict::new().with("byteorder", Value::from(order));
            dict.extend(flavours::meta(&mut self.file)?);
            return Ok(dict);
        }
        let target = self.target(Self::index(index)?, call)?;
        meta::page(&self.file, &target.page)
    }
}
