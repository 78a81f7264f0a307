//! What the directories of a series say.

use super::super::entries::{Chain, Directory, Field, Form, Held, Items};
use super::super::ome::{self, Ome};
use super::super::settings::{Codec, Mode, photometric};
use super::super::{imagej, text};
use super::{Placed, Series};
use crate::error::{Error, Result};
use crate::model::DTypeKind;
use crate::plugins::tiff::tags::tag;

impl Series {
    /// The fields that every page has.
    pub(super) fn fields(&self) -> Vec<Field> {
        let (stored, settings) = (&self.stored, &self.settings);
        let samples = stored.samples();
        let mut fields = Vec::new();
        let mut short = |tag: u16, items: &[u16]| fields.push(Field::new(tag, Items::shorts(items)));
        short(tag::BITS_PER_SAMPLE, &vec![self.layout.bits; samples]);
        short(tag::COMPRESSION, &[settings.codec.tag()]);
        short(tag::SAMPLES_PER_PIXEL, &[samples as u16]);
        if samples > 1 {
            short(tag::PLANAR_CONFIGURATION, &[stored.planar()]);
        }
        if settings.predictor > 1 {
            short(tag::PREDICTOR, &[settings.predictor]);
        }
        if stored.extra > 0 {
            short(tag::EXTRA_SAMPLES, &self.extra_samples());
        }
        match self.dtype.kind() {
            DTypeKind::Bool | DTypeKind::Unsigned => {}
            DTypeKind::Signed => short(tag::SAMPLE_FORMAT, &vec![2; samples]),
            DTypeKind::Float => short(tag::SAMPLE_FORMAT, &vec![3; samples]),
            DTypeKind::Complex => short(tag::SAMPLE_FORMAT, &vec![6; samples]),
        }
        if let Some(map) = &settings.colormap {
            short(tag::COLOR_MAP, map);
        }
        let is_mask = settings.subfile_type.is_some_and(|t| t & 4 != 0) && self.layout.bits == 1 && samples == 1;
        let mut photometric = if is_mask { photometric::MASK } else { stored.photometric };
        if let (Codec::Jpeg { subsampling: (across, down), .. }, photometric::RGB, 1) =
            (settings.codec, photometric, stored.planar())
            && stored.contig == 3
        {
            photometric = photometric::YCBCR;
            short(tag::YCBCR_SUB_SAMPLING, &[across, down]);
        } else if photometric == photometric::YCBCR {
            short(tag::YCBCR_SUB_SAMPLING, &[1, 1]);
        }
        short(tag::PHOTOMETRIC, &[photometric]);
        if photometric == photometric::YCBCR {
            let range = [(0, 1), (255, 1), (128, 1), (255, 1), (128, 1), (255, 1)];
            fields.push(Field::new(tag::REFERENCE_BLACK_WHITE, Items::rationals(&range)));
        }
        let mut long = |tag: u16, n: usize| fields.push(Field::new(tag, Items::longs(&[n as u32])));
        long(tag::IMAGE_WIDTH, stored.width);
        long(tag::IMAGE_LENGTH, stored.length);
        let [slices, rows, columns] = self.grid.size;
        if self.grid.tiled {
            long(tag::TILE_WIDTH, columns);
            long(tag::TILE_LENGTH, rows);
        } else {
            long(tag::ROWS_PER_STRIP, rows);
        }
        if stored.depth > 1 {
            long(tag::IMAGE_DEPTH, stored.depth);
            if self.grid.tiled {
                long(tag::TILE_DEPTH, slices);
            }
        }
        if let Some(subfile) = settings.subfile_type {
            long(tag::NEW_SUBFILE_TYPE, subfile as usize);
        }
        fields.extend(self.given.every_page.iter().cloned());
        fields
    }

    fn extra_samples(&self) -> Vec<u16> {
        match &self.settings.extra {
            Some(extra) if !extra.is_empty() => extra.clone(),
            // Alpha that is not multiplied in, as imageio's arrays have it.
            _ if self.stored.photometric == photometric::RGB && self.stored.extra == 1 => vec![2],
            _ if self.given.gray_alpha && self.stored.extra == 1 => vec![2],
            _ => vec![0; self.stored.extra],
        }
    }

    /// The whole shape of `writes` arrays, and its axes: those of a further array go before, with a free letter.
    pub(super) fn extended(&self, writes: usize) -> Result<(Vec<usize>, Option<String>)> {
        if writes == 1 {
            return Ok((self.shape.clone(), self.axes.clone()));
        }
        let mut shape = vec![writes];
        shape.extend_from_slice(&self.shape);
        let Some(axes) = &self.axes else { return Ok((shape, None)) };
        let free = match self.mode {
            // ImageJ's axes have one order.
            Mode::ImageJ => "CZT".chars().take_while(|c| !axes.contains(*c)).last(),
            _ => "TZCQ".chars().find(|c| !axes.contains(*c)),
        };
        let refuse = || Error::unsupported(format!("no further axis stands before the axes {axes}"));
        Ok((shape, Some(format!("{}{axes}", free.ok_or_else(refuse)?))))
    }

    pub(super) fn imagej_description(&self, writes: usize) -> Result<String> {
        let (shape, axes) = self.extended(writes)?;
        let mut full = imagej::shape(&shape, axes.as_deref(), self.stored.contig > 1)?;
        if writes > 1 && axes.is_none() && self.shape.len() == 2 + usize::from(self.stored.contig > 1) {
            // Pictures that come one by one are frames of a film, not channels.
            full.swap(0, 2);
        }
        if full[..3].iter().product::<usize>() != self.stored.frames * writes {
            return Err(Error::unsupported(format!("an ImageJ hyperstack does not hold the shape {shape:?} so")));
        }
        imagej::description(&full, &self.stored, &self.given.metadata)
    }

    pub(super) fn ome_image<'a>(&'a self, shape: &'a [usize], frames: usize) -> ome::Image<'a> {
        ome::Image {
            dtype: self.dtype,
            shape,
            axes: self.axes.as_deref(),
            stored: &self.stored,
            frames,
            metadata: &self.given.metadata,
        }
    }

    /// The text that describes the series, which its first page has.
    pub(super) fn description(&self) -> Result<Option<String>> {
        match self.mode {
            Mode::Plain if self.shaped => {
                let mut metadata = self.given.metadata.clone();
                let (shape, axes) = self.extended(self.writes.max(1))?;
                if let Some(axes) = axes {
                    metadata.set("axes", axes);
                }
                text::shaped(&shape, &metadata).map(Some)
            }
            Mode::ImageJ => self.imagej_description(self.writes.max(1)).map(Some),
            _ => Ok(None),
        }
    }

    /// A directory at least as long as the first will be.
    pub fn placeholder(&self) -> Result<Directory> {
        let mut directory = self.directory(0, Placed { offsets: [u64::MAX].into(), counts: [u64::MAX].into() })?;
        let mut text = self.description()?.unwrap_or_default();
        // Numbers of images, channels and frames grow.
        text.push_str(&" ".repeat(128));
        directory.own.retain(|f| f.tag != tag::IMAGE_DESCRIPTION);
        directory.own.push(Field::new(tag::IMAGE_DESCRIPTION, Items::ascii(text.as_bytes())));
        let words = vec![u64::MAX; self.grid.len()];
        for field in &mut directory.own {
            if let Held::Words(held) = &mut field.held {
                held.clone_from(&words);
            }
        }
        Ok(directory)
    }

    /// The directory of page `i`.
    pub(super) fn directory(&self, i: usize, placed: Placed) -> Result<Directory> {
        let (offsets, counts) = match self.grid.tiled {
            true => (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS),
            false => (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS),
        };
        let mut own = vec![
            Field { tag: offsets, held: Held::Words(placed.offsets.into()) },
            Field { tag: counts, held: Held::Words(placed.counts.into()) },
        ];
        if i == 0 {
            own.extend(self.given.first_page.iter().cloned());
            let description = self.description()?.map(String::into_bytes);
            if let Some(text) = description.filter(|_| own.iter().all(|f| f.tag != tag::IMAGE_DESCRIPTION)) {
                own.push(Field::new(tag::IMAGE_DESCRIPTION, Items::ascii(&text)));
            }
        }
        Ok(Directory { own, shared: self.shared.clone() })
    }
}

/// The directories of all series, levels below their images.
pub fn directories(series: &mut [Series], mode: Mode) -> Result<Vec<Directory>> {
    let mut ome = Ome::default();
    if mode == Mode::Ome {
        for s in series.iter().filter(|s| s.frame.is_none()) {
            let (shape, axes) = s.extended(s.writes)?;
            ome.add(&ome::Image { axes: axes.as_deref(), ..s.ome_image(&shape, s.pages()) })?;
        }
    }
    let mut bases: Vec<Vec<Directory>> = Vec::with_capacity(series.len());
    for s in series.iter_mut() {
        let placed = std::mem::take(&mut s.placed);
        let pages = placed.into_iter().enumerate().map(|(i, placed)| s.directory(i, placed));
        bases.push(pages.collect::<Result<_>>()?);
    }
    // The last level first, for each is put before those behind it.
    for i in (0..series.len()).rev() {
        let Some(base) = series[i].frame else { continue };
        for (page, level) in std::mem::take(&mut bases[i]).into_iter().enumerate() {
            let Some(above) = bases[base].get_mut(page) else { continue };
            match above.own.iter_mut().find(|f| f.tag == tag::SUB_IFDS) {
                Some(Field { held: Held::Directories(levels), .. }) => levels.insert(0, level),
                _ => above.own.push(Field { tag: tag::SUB_IFDS, held: Held::Directories(vec![level]) }),
            }
        }
    }
    let mut all: Vec<Directory> = bases.into_iter().flatten().collect();
    if let Some(first) = all.first_mut().filter(|_| mode == Mode::Ome) {
        first.own.retain(|f| f.tag != tag::IMAGE_DESCRIPTION);
        first.own.push(Field::new(tag::IMAGE_DESCRIPTION, Items::ascii(ome.text().as_bytes())));
    }
    Ok(all)
}

/// Bytes of all directories, if they were those of a BigTIFF.
pub fn size(directories: &[Directory]) -> Result<u64> {
    let mut chain = Chain::new(Form { big: true, big_endian: false });
    let mut size = 0;
    for directory in directories {
        size += chain.bytes(directory, size, true)?.len() as u64;
    }
    Ok(size)
}
