//! A series being written: the array, how it is stored, and the directories of its pages.

use super::chunks::{Grid, Layout, Page};
use super::encode::{self, Encoder, Picture};
use super::entries::Field;
use super::fields::Given;
use super::imagej;
use super::ome;
use super::settings::{Codec, Mode, Settings};
use super::spool::Spool;
use super::stored::{Known, Stored, stored};
use crate::error::{Error, Result};
use crate::model::{DType, View, byte_len};
use crate::plugin::{Call, Image, parallel};
use std::sync::Arc;

mod described;

pub use described::{directories, size};

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
}

/// What rows of a strip, and sides of a tile, have to be a multiple of.
fn row_step(settings: &Settings, stored: &Stored) -> usize {
    match settings.codec {
        Codec::Jpeg { subsampling: (across, down), .. } if stored.contig == 3 => usize::from(across.max(down)) * 8,
        Codec::Jpeg { .. } => 8,
        _ => 1,
    }
}
