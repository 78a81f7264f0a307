//! A series being written: the array, how it is stored, and the directories of its pages.

use super::chunks::{Grid, Layout, Page};
use super::encode::{self, Encoder, Picture};
use super::entries::{Chain, Directory, Field, Form, Held, Items};
use super::fields::Given;
use super::ome::{self, Ome};
use super::settings::{Codec, Mode, Settings, photometric};
use super::spool::Spool;
use super::stored::{Known, Stored, stored};
use super::{imagej, text};
use crate::error::{Error, Result};
use crate::model::{DType, DTypeKind, View, byte_len};
use crate::plugin::{Call, Image, parallel};
use crate::plugins::tiff::tags::tag;
use std::sync::Arc;

/// Encoded bytes that wait to be written, at most: what bounds the memory of a compressed write.
const WAITING: usize = 64 << 20;

/// Where the chunks of a page are.
#[derive(Debug, Default)]
struct Placed {
    offsets: Box<[u64]>,
    counts: Box<[u64]>,
}

pub struct Series {
    /// The shape as the caller gave it.
    pub shape: Vec<usize>,
    dtype: DType,
    axes: Option<String>,
    pub stored: Stored,
    pub settings: Settings,
    mode: Mode,
    shaped: bool,
    given: Given,
    grid: Grid,
    layout: Layout,
    codec: Codec,
    /// Fields that every page has.
    shared: Arc<Vec<Field>>,
    placed: Vec<Placed>,
    /// How many arrays it has taken.
    writes: usize,
    /// The series whose level this is.
    pub frame: Option<usize>,
}

impl Series {
    /// How an array is going to be written; everything that can be refused is refused here.
    pub fn plan(
        image: &Image,
        view: &View,
        settings: Settings,
        mode: Mode,
        shaped: bool,
        big_endian: bool,
        mut given: Given,
    ) -> Result<Series> {
        if mode == Mode::ImageJ {
            given.first_page.extend(imagej::fields(&given.metadata, big_endian)?);
        }
        let axes = given.axes.clone();
        let known = Known { dtype: image.dtype, axes: axes.as_deref(), color: image.color, mode, shaped };
        let stored = stored(view.shape(), &known, &settings)?;
        let swaps = big_endian != cfg!(target_endian = "big");
        let layout = Layout {
            dtype: image.dtype,
            contig: stored.contig,
            bits: settings.stored_bits(image.dtype),
            packs: settings.packs(image.dtype),
            predictor: settings.predictor,
            swaps: swaps && !settings.codec.is_picture(),
            extends: settings.codec.is_picture(),
        };
        let step = row_step(&settings, &stored);
        let compressed = settings.codec != Codec::None;
        let grid = Grid::new(&stored, &settings, layout.row(stored.width), compressed, step);
        if settings.tile.is_some() && grid.size[1..].iter().any(|side| !side.is_multiple_of(step)) {
            return Err(Error::option(format!("JPEG with this subsampling needs tiles of multiples of {step}")));
        }
        byte_len(&[grid.size[0], grid.size[1], grid.size[2], stored.contig], image.dtype)?;
        let mut series = Series {
            shape: image.shape().to_vec(),
            dtype: image.dtype,
            axes,
            codec: settings.codec,
            stored,
            settings,
            mode,
            shaped,
            given,
            grid,
            layout,
            shared: Arc::default(),
            placed: Vec::new(),
            writes: 0,
            frame: None,
        };
        encode::check(series.codec, &series.picture(grid.size[1].max(1), grid.size[2]))?;
        series.check_mode()?;
        series.shared = Arc::new(series.fields());
        Ok(series)
    }

    fn check_mode(&self) -> Result<()> {
        match self.mode {
            Mode::Plain => Ok(()),
            Mode::ImageJ => {
                imagej::check(self.dtype, self.stored.contig > 1)?;
                self.imagej_description(1).map(drop)
            }
            Mode::Ome => ome::check(&self.ome_image(&self.shape, self.stored.frames)),
        }
    }

    fn picture(&self, rows: usize, columns: usize) -> Picture {
        Picture {
            rows,
            columns,
            samples: self.stored.contig,
            dtype: self.dtype,
            photometric: self.stored.photometric,
            row: self.layout.stored_row(columns),
        }
    }

    /// Pages so far.
    pub fn pages(&self) -> usize {
        self.placed.len()
    }

    /// Levels that were announced.
    pub fn levels_left(&self) -> usize {
        self.given.subifds
    }

    /// Whether the pixels are one run in the file.
    pub fn is_contiguous(&self) -> bool {
        self.codec == Codec::None && !self.layout.packs && self.grid.is_whole()
    }

    /// Bytes of one array before compression.
    pub fn raw_bytes(&self) -> Result<u64> {
        Ok(byte_len(&self.shape, self.dtype)? as u64)
    }

    /// Whether another array of this plan continues the series.
    pub fn takes(&self, new: &Series) -> bool {
        let same = self.shape == new.shape && self.dtype == new.dtype && self.stored == new.stored;
        same && self.settings == new.settings && self.frame.is_none() && self.given.subifds == 0
    }

    /// Refuses a further array that the flavour has no axis for.
    pub fn check_extension(&self) -> Result<()> {
        let writes = self.writes + 1;
        match self.mode {
            Mode::Plain => Ok(()),
            Mode::ImageJ => self.imagej_description(writes).map(drop),
            Mode::Ome => {
                let (shape, axes) = self.extended(writes)?;
                let image = ome::Image { axes: axes.as_deref(), ..self.ome_image(&shape, self.stored.frames * writes) };
                ome::check(&image)
            }
        }
    }

    /// Writes an array behind what the series has.
    pub fn write(&mut self, pixels: &View, spool: &mut Spool, call: &Call) -> Result<()> {
        if self.is_contiguous() {
            self.write_run(pixels, spool, call)?;
        } else {
            self.write_chunks(pixels, spool, call)?;
        }
        self.writes += 1;
        Ok(())
    }

    /// The pixels as they are, one behind the other.
    fn write_run(&mut self, pixels: &View, spool: &mut Spool, call: &Call) -> Result<()> {
        let frames = self.stored.frames;
        let start = spool.end();
        match pixels.as_bytes().filter(|_| self.layout.is_plain()) {
            Some(bytes) => {
                let total = bytes.len() as u64;
                for (i, block) in bytes.chunks(4 << 20).enumerate() {
                    call.tick((i as u64) << 22, total)?;
                    spool.write(block)?;
                }
            }
            None => {
                for frame in 0..frames {
                    call.tick(frame as u64, frames as u64)?;
                    self.write_rows(pixels, frame, spool)?;
                }
            }
        }
        let chunks: Vec<u64> = (0..self.grid.len()).map(|i| self.chunk_bytes(i)).collect();
        let mut at = start;
        for _ in 0..frames {
            let offsets = chunks.iter().map(|n| {
                at += n;
                at - n
            });
            let offsets = offsets.collect();
            self.placed.push(Placed { offsets, counts: chunks.clone().into() });
        }
        if at == spool.end() { Ok(()) } else { Err(Error::internal("pages of another length than their pixels")) }
    }

    /// Bytes of an uncompressed chunk.
    fn chunk_bytes(&self, i: usize) -> u64 {
        let [slices, rows, columns] = self.grid.kept(&self.grid.chunk(i));
        (slices * rows * self.layout.stored_row(columns)) as u64
    }

    /// A page that has to be gathered or turned into the file's byte order, a few rows at a time.
    fn write_rows(&self, pixels: &View, frame: usize, spool: &mut Spool) -> Result<()> {
        let page = Page::of(pixels, &self.stored, frame).ok_or_else(|| Error::internal("no such page"))?;
        let settings = Settings::default();
        let mut strips = Grid::new(&self.stored, &settings, self.layout.row(self.stored.width), true, 1);
        // Rows of one strip follow those of the one before: the strips of the file do not matter here.
        strips.tiled = false;
        for i in 0..strips.len() {
            spool.write(&self.layout.gather(&page, &strips, &strips.chunk(i))?)?;
        }
        Ok(())
    }

    /// Chunk by chunk through the codec: as many at a time as there are threads, written in order.
    fn write_chunks(&mut self, pixels: &View, spool: &mut Spool, call: &Call) -> Result<()> {
        let per_page = self.grid.len();
        let total = per_page * self.stored.frames;
        let [slices, rows, columns] = self.grid.size;
        let raw = (slices * rows * self.layout.row(columns)).max(1);
        let at_once = (WAITING / raw).clamp(call.threads(), 1024.max(call.threads()));
        let mut offsets = Vec::with_capacity(per_page);
        let mut counts = Vec::with_capacity(per_page);
        let mut begun = 0;
        while begun < total {
            call.tick(begun as u64, total as u64)?;
            let batch = at_once.min(total - begun);
            let encoded = self.encode(pixels, begun, batch, call)?;
            begun += batch;
            for bytes in encoded {
                spool.align(2)?;
                offsets.push(spool.end());
                counts.push(bytes.len() as u64);
                spool.write(&bytes)?;
                if offsets.len() == per_page {
                    let (offsets, counts) = (std::mem::take(&mut offsets).into(), std::mem::take(&mut counts).into());
                    self.placed.push(Placed { offsets, counts });
                }
            }
        }
        Ok(())
    }

    /// Chunks from `first` on, encoded.
    fn encode(&self, pixels: &View, first: usize, count: usize, call: &Call) -> Result<Vec<Vec<u8>>> {
        let per_page = self.grid.len();
        let mut encoded = vec![Vec::new(); count];
        let jobs = encoded.iter_mut().enumerate();
        parallel(
            call,
            call.threads(),
            count,
            jobs,
            || Encoder::new(self.codec),
            |encoder, (i, out)| {
                let (frame, chunk) = ((first + i) / per_page, self.grid.chunk((first + i) % per_page));
                let page = Page::of(pixels, &self.stored, frame).ok_or_else(|| Error::internal("no such page"))?;
                let bytes = self.layout.gather(&page, &self.grid, &chunk)?;
                let [slices, rows, columns] = self.grid.kept(&chunk);
                *out = encoder.encode(bytes, &self.picture(slices * rows, columns))?;
                Ok(())
            },
        )?;
        Ok(encoded)
    }

    /// The fields that every page has.
    fn fields(&self) -> Vec<Field> {
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
    fn extended(&self, writes: usize) -> Result<(Vec<usize>, Option<String>)> {
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

    fn imagej_description(&self, writes: usize) -> Result<String> {
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

    fn ome_image<'a>(&'a self, shape: &'a [usize], frames: usize) -> ome::Image<'a> {
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
    fn description(&self) -> Result<Option<String>> {
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
    fn directory(&self, i: usize, placed: Placed) -> Result<Directory> {
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

/// What rows of a strip, and sides of a tile, have to be a multiple of.
fn row_step(settings: &Settings, stored: &Stored) -> usize {
    match settings.codec {
        Codec::Jpeg { subsampling: (across, down), .. } if stored.contig == 3 => usize::from(across.max(down)) * 8,
        Codec::Jpeg { .. } => 8,
        _ => 1,
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
