//! What a page is: its size, its samples, how they are cut into strips or tiles and packed. Pages of equal form are
//! one series, and are decoded alike.

use super::ifd::{Directory, Tiff};
use super::ndpi::Pieces;
use super::tags::{compression, format, photometric, tag};
use crate::error::{Error, Result};
use crate::model::{Color, DType};

/// Bits of the samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bits {
    /// Each has as many.
    Each(u16),
    /// Red and blue have five, green six.
    Rgb565,
    /// They differ otherwise, which nobody decodes.
    Mixed,
}

/// The form of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub length: usize,
    /// Planes of a volume, 1 for a picture.
    pub depth: usize,
    /// Samples of a pixel, at least 1.
    pub samples: usize,
    /// Whether each sample has a plane of its own.
    pub planar: bool,
    /// Bits of a sample.
    pub bits: Bits,
    /// One of [`format`].
    pub format: u16,
    /// One of [`photometric`].
    pub photometric: u16,
    /// One of [`compression`].
    pub compression: u16,
    /// 1 none, 2 horizontal, 3 floating point, and others.
    pub predictor: u16,
    /// Whether the bits of each byte come lowest first.
    pub reversed_bits: bool,
    /// What the samples beyond the colour are.
    pub extra: Vec<u16>,
    /// Rows of a strip, 0 if the page has tiles.
    pub rows_per_strip: usize,
    /// Size of a tile (depth, length, width); `None`: the page has strips.
    pub tile: Option<(usize, usize, usize)>,
    /// Pixels across and down for one of chrominance, where the file says.
    pub subsampling: Option<(u16, u16)>,
    /// Tag NewSubfileType: bit 0 a reduced image, bit 1 a page of several, bit 2 a mask.
    pub subfile: u32,
}

/// The values of a few tags, found in one pass over the entries.
struct Found<'a> {
    tiff: &'a Tiff,
    directory: &'a Directory,
}

impl Found<'_> {
    /// The first number of a tag as a size; one that no memory can hold is an error.
    fn size(&self, tag: u16) -> Result<Option<usize>> {
        let size = self.tiff.uint(self.directory, tag)?;
        let too_large = |n| Error::corrupt(format!("tag {tag} says {n}")).at(self.directory.offset);
        size.map(|n| u32::try_from(n).map(|n| n as usize).map_err(|_| too_large(n))).transpose()
    }

    fn short(&self, tag: u16) -> Result<Option<u16>> {
        Ok(self.tiff.uint(self.directory, tag)?.map(|n| u16::try_from(n).unwrap_or(u16::MAX)))
    }

    /// The first few numbers of a tag: files claim thousands for a picture of three.
    fn few(&self, tag: u16, most: usize) -> Result<Option<Vec<u64>>> {
        let Some(entry) = self.directory.get(tag) else { return Ok(None) };
        let first = super::ifd::Entry { count: entry.count.min(most as u64), ..*entry };
        self.tiff.uints_of(self.directory, &first)
    }
}

impl Form {
    /// The form of the page that a directory describes. What is missing has the default of the specification, or what
    /// tifffile makes of it.
    pub fn of(tiff: &Tiff, directory: &Directory) -> Result<Form> {
        let found = Found { tiff, directory };
        let compression = found.short(tag::COMPRESSION)?.unwrap_or(compression::NONE);
        let mut samples = found.size(tag::SAMPLES_PER_PIXEL)?.unwrap_or(1);
        let mut photometric = found.short(tag::PHOTOMETRIC)?.unwrap_or(photometric::MIN_IS_WHITE);
        let mut default_bits = 1;
        if compression == compression::OLD_JPEG {
            // As libtiff: old JPEG files leave out what JPEG says itself.
            if !directory.has(tag::PHOTOMETRIC) || photometric == photometric::RGB {
                photometric = photometric::YCBCR;
            }
            if !directory.has(tag::SAMPLES_PER_PIXEL) && [0, 1, 2, 6].contains(&photometric) {
                samples = 3;
            }
            default_bits = 8;
        }
        if samples == 0 || samples > usize::from(u16::MAX) {
            return Err(Error::corrupt(format!("a pixel of {samples} samples")).at(directory.offset));
        }
        let bits = found.few(tag::BITS_PER_SAMPLE, samples)?;
        let formats = found.few(tag::SAMPLE_FORMAT, samples)?;
        let format = match formats.as_deref() {
            None | Some([]) => format::UINT,
            Some([first, rest @ ..]) if rest.iter().all(|f| f == first) => u16::try_from(*first).unwrap_or(0),
            Some(_) => 0,
        };
        let length = found.size(tag::IMAGE_LENGTH)?.unwrap_or(0);
        let tile = match found.size(tag::TILE_WIDTH)? {
            Some(width) if width > 0 => {
                let depth = if tiff.is_flat { 1 } else { found.size(tag::TILE_DEPTH)?.unwrap_or(1).max(1) };
                Some((depth, found.size(tag::TILE_LENGTH)?.unwrap_or(0), width))
            }
            _ => None,
        };
        let tile = match tile {
            // Pieces of a JPEG file are as tiles.
            None => Pieces::of(tiff, directory)?.map(|pieces| (1, pieces.size.0, pieces.size.1)),
            tile => tile,
        };
        let rows = found.size(tag::ROWS_PER_STRIP);
        // Old writers list one for each strip, or say that there is no end of rows.
        let single = directory.get(tag::ROWS_PER_STRIP).is_some_and(|e| e.count == 1);
        let rows = match rows {
            Ok(Some(rows)) if single && rows > 0 => rows.min(length),
            _ => length,
        };
        let mut subfile = tiff.uint(directory, tag::NEW_SUBFILE_TYPE)?.unwrap_or(0);
        if subfile == 0 {
            subfile = match tiff.uint(directory, tag::SUBFILE_TYPE)? {
                Some(2) => 1,
                Some(3) => 2,
                _ => 0,
            };
        }
        let extra = found.few(tag::EXTRA_SAMPLES, samples)?.unwrap_or_default();
        let subsampling = found.few(tag::YCBCR_SUB_SAMPLING, 2)?;
        let short = |n: u64| u16::try_from(n).unwrap_or(u16::MAX);
        Ok(Form {
            width: found.size(tag::IMAGE_WIDTH)?.unwrap_or(0),
            length,
            depth: if tiff.is_flat { 1 } else { found.size(tag::IMAGE_DEPTH)?.unwrap_or(1).max(1) },
            samples,
            planar: found.short(tag::PLANAR_CONFIGURATION)? == Some(2),
            bits: bits_of(bits.as_deref(), default_bits),
            format,
            photometric,
            compression,
            predictor: found.short(tag::PREDICTOR)?.unwrap_or(1),
            reversed_bits: found.short(tag::FILL_ORDER)? == Some(2),
            extra: extra.into_iter().map(short).collect(),
            rows_per_strip: if tile.is_some() { 0 } else { rows },
            tile,
            subsampling: match subsampling.as_deref() {
                Some([x, y]) => Some((short(*x), short(*y))),
                _ => None,
            },
            subfile: u32::try_from(subfile).unwrap_or(0),
        })
    }

    /// What decides to which series a page belongs: all that tifffile looks at.
    pub fn key(&self) -> Form {
        Form { subfile: 0, subsampling: None, ..self.clone() }
    }

    /// Whether an axis of samples is there.
    fn has_samples(&self) -> bool {
        self.photometric == photometric::RGB || self.samples > 1
    }

    /// Length of each axis of the page, as tifffile orders them.
    pub fn shape(&self) -> Vec<usize> {
        let mut shape = Vec::with_capacity(4);
        if self.has_samples() && self.planar {
            shape.push(self.samples);
        }
        if self.depth > 1 {
            shape.push(self.depth);
        }
        shape.extend([self.length, self.width]);
        if self.has_samples() && !self.planar {
            shape.push(self.samples);
        }
        shape
    }

    /// The form of the first rows and columns.
    pub fn cropped(&self, (length, width): (usize, usize)) -> Form {
        Form { length, width, ..self.clone() }
    }

    /// The letters of those axes.
    pub fn axes(&self) -> &'static str {
        match (self.has_samples(), self.planar, self.depth > 1) {
            (false, _, false) => "YX",
            (false, _, true) => "ZYX",
            (true, false, false) => "YXS",
            (true, false, true) => "ZYXS",
            (true, true, false) => "SYX",
            (true, true, true) => "SZYX",
        }
    }

    /// The dtype of the decoded samples, or why there is none.
    pub fn dtype(&self) -> Result<DType> {
        let bits = match self.bits {
            Bits::Each(bits) => bits,
            Bits::Rgb565 if self.format == format::UINT => return Ok(DType::U8),
            Bits::Rgb565 | Bits::Mixed => return Err(Error::unsupported("samples of different numbers of bits")),
        };
        Ok(match (self.format, bits) {
            (format::UINT | format::VOID, 1) => DType::Bool,
            (format::UINT | format::VOID, 2..=8) => DType::U8,
            (format::UINT | format::VOID, 9..=16) => DType::U16,
            (format::UINT | format::VOID, 17..=32) => DType::U32,
            (format::UINT | format::VOID, 64) => DType::U64,
            (format::INT, 8) => DType::I8,
            (format::INT, 16) => DType::I16,
            (format::INT, 32) => DType::I32,
            (format::INT, 64) => DType::I64,
            (format::FLOAT, 16) => DType::F16,
            (format::FLOAT, 24 | 32) => DType::F32,
            (format::FLOAT, 64) => DType::F64,
            (format::COMPLEX_FLOAT, 64) => DType::C64,
            (format::COMPLEX_FLOAT, 128) => DType::C128,
            // Two whole numbers of half the bits.
            (format::COMPLEX_INT, 16 | 32) => DType::C64,
            (format::COMPLEX_INT, 64) => DType::C128,
            (0, _) => return Err(Error::unsupported("samples of different formats")),
            (kind, bits) => return Err(Error::unsupported(format!("samples of {bits} bits in sample format {kind}"))),
        })
    }

    /// Significant bits of a sample.
    pub fn significant_bits(&self) -> u32 {
        match self.bits {
            Bits::Each(bits) => bits.into(),
            Bits::Rgb565 => 6,
            Bits::Mixed => 0,
        }
    }

    /// What the samples mean.
    pub fn color(&self) -> Color {
        let colors = self.samples.saturating_sub(self.extra.len());
        let alpha = matches!(self.extra.as_slice(), [1 | 2]);
        match (self.photometric, self.samples) {
            (photometric::MIN_IS_WHITE | photometric::MIN_IS_BLACK, 1) => Color::Gray,
            (photometric::MIN_IS_WHITE | photometric::MIN_IS_BLACK, 2) if alpha => Color::GrayAlpha,
            (photometric::RGB, 3) => Color::Rgb,
            (photometric::RGB, 4) if alpha || self.extra.is_empty() => Color::Rgba,
            (photometric::PALETTE, 1) => Color::Palette,
            (photometric::MASK, 1) => Color::Gray,
            (photometric::SEPARATED, 4) if colors == 4 => Color::Cmyk,
            // JPEG delivers it as RGB, and so is what has no chroma for each pixel.
            (photometric::YCBCR, 3) if is_jpeg(self.compression) && !self.planar => Color::Rgb,
            (photometric::YCBCR, 3) if self.shared_chroma().is_some() => Color::Rgb,
            (photometric::YCBCR, 3) => Color::YCbCr,
            (photometric::CIELAB | photometric::ICCLAB | photometric::ITULAB, 3) => Color::Lab,
            (photometric::CFA, 1) => Color::Bayer,
            (_, 1) => Color::Unknown,
            _ => Color::Multi,
        }
    }

    /// Pixels across and down that share their chroma, where those are more than one and it is not for the codec to
    /// spread it.
    pub fn shared_chroma(&self) -> Option<(u16, u16)> {
        let block = self.subsampling.filter(|&block| block != (1, 1))?;
        (self.photometric == photometric::YCBCR && !super::decode::is_image(self.compression)).then_some(block)
    }

    /// Whether colours are multiplied by alpha.
    pub fn premultiplied(&self) -> bool {
        self.extra.first() == Some(&1)
    }

    /// Size of a chunk, whole: (planes of depth, rows, pixels of a row). A strip is as wide as the page.
    pub fn chunk(&self) -> (usize, usize, usize) {
        self.tile.unwrap_or((1, self.rows_per_strip, self.width))
    }

    /// Samples of a pixel in a chunk.
    pub fn chunk_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// How many chunks there are along (separate planes, depth, rows, pixels of a row).
    pub fn chunks(&self) -> (usize, usize, usize, usize) {
        let (depth, rows, width) = self.chunk();
        let planes = if self.planar { self.samples } else { 1 };
        let parts = |all: usize, one: usize| if one == 0 { 0 } else { all.div_ceil(one) };
        (planes, parts(self.depth, depth), parts(self.length, rows), parts(self.width, width))
    }
}

/// Whether a compression is one of JPEG's.
pub fn is_jpeg(of: u16) -> bool {
    use compression::{ALT_JPEG, JPEG, JPEG_LOSSY, OLD_JPEG};
    matches!(of, OLD_JPEG | JPEG | ALT_JPEG | JPEG_LOSSY)
}

fn bits_of(bits: Option<&[u64]>, default: u16) -> Bits {
    match bits {
        None | Some([]) => Bits::Each(default),
        Some([5, 6, 5]) => Bits::Rgb565,
        Some([first, rest @ ..]) if rest.iter().all(|b| b == first) => Bits::Each(u16::try_from(*first).unwrap_or(0)),
        Some(_) => Bits::Mixed,
    }
}
