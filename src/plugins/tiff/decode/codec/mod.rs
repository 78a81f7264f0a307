//! Compressions: the stored bytes of a chunk to packed samples, or for the codecs of pictures to samples.

mod jp2;
mod jxl;
mod lerc;
mod picture;
mod runs;
mod sgilog;
mod sgilog_rows;

use super::super::form::Bits;
use super::super::tags::{compression, format, tag};
use super::chunk::{Extent, sized};
use super::jobs::Loaded;
use crate::error::{Error, Result};
use crate::model::{DType, Limits};
use inflate::{Inflater, Wrapper};
use std::io::Read;

/// A dictionary of LZMA may be so large, in KiB.
const LZMA_MEMORY: u32 = 1 << 20;

/// The decoders of one thread, made when they are first needed.
#[derive(Default)]
pub struct Codecs {
    limits: Limits,
    inflater: Option<Inflater>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    /// A whole chunk of which only a part is wanted.
    whole: Vec<u8>,
}

/// Whether the stored bytes are a picture of their own, with samples, byte order and size.
pub fn is_image(code: u16) -> bool {
    use compression::*;
    matches!(
        code,
        OLD_JPEG
            | JPEG
            | ALT_JPEG
            | JPEG_LOSSY
            | JPEG2000
            | APERIO_JP2000_YCBC
            | APERIO_JP2000_RGB
            | JPEG_2000_LOSSY
            | WEBP
            | WEBP_DEPRECATED
            | PNG
            | JPEGXL
            | LERC
            | JPEGXL_DNG
            | JPEGXR
            | JPEGXR_NDPI
    )
}

/// Whether the fill order says how the stored bytes are to be read: pictures of their own have none. LERC is taken for
/// bytes by libtiff and tifffile; WebP that libtiff wrote is reversed, and that of others is not.
pub fn takes_reversed(code: u16, bytes: &[u8]) -> bool {
    match code {
        compression::LERC => true,
        compression::WEBP | compression::WEBP_DEPRECATED => !bytes.starts_with(b"RIFF"),
        code => !is_image(code),
    }
}

/// Most bytes of a chunk beside its samples: pictures bring profiles and tables, faxes fill their lines.
pub fn most_overhead(code: u16) -> usize {
    use compression::{CCITT_FAX3, CCITT_FAX4, CCITT_RLE, CCITT_RLE_W};
    match code {
        CCITT_RLE | CCITT_RLE_W | CCITT_FAX3 | CCITT_FAX4 => 256 << 10,
        code if is_image(code) => 1 << 20,
        _ => 16 << 10,
    }
}

/// What a codec that keeps words for its failures said.
fn damaged(error: impl std::fmt::Display) -> Error {
    Error::corrupt(error.to_string())
}

impl Codecs {
    /// Of a thread whose memory has these bounds.
    pub fn new(limits: Limits) -> Codecs {
        Codecs { limits, ..Codecs::default() }
    }

    /// Decompresses into packed samples; the bytes that there are, at most those of `out`. More than fits is left.
    /// With `partial`, what stands before damage is kept where the codec can tell it.
    pub fn bytes(
        &mut self,
        page: &Loaded,
        bytes: &[u8],
        extent: Extent,
        out: &mut [u8],
        partial: bool,
    ) -> Result<usize> {
        match page.page.form.compression {
            compression::NONE => {
                let len = bytes.len().min(out.len());
                out[..len].copy_from_slice(&bytes[..len]);
                Ok(len)
            }
            compression::PACKBITS => Ok(runs::packbits(bytes, out)),
            compression::LZW => match lzw::decode(bytes, out) {
                Ok(got) => Ok(got),
                Err(e) if partial => Ok(e.decoded),
                Err(e) => Err(damaged(e)),
            },
            compression::DEFLATE | compression::OLD_DEFLATE => {
                let whole = whole_chunk(page, extent, out.len());
                self.inflate_part(bytes, out, whole, partial)
            }
            compression::ZSTD | compression::ZSTD_DEPRECATED => {
                let whole = whole_chunk(page, extent, out.len());
                self.zstd_part(bytes, out, whole)
            }
            compression::LZMA => read_into(lzma_rust2::XzReader::new_mem_limit(bytes, true, LZMA_MEMORY), out, partial),
            compression::CCITT_RLE | compression::CCITT_RLE_W | compression::CCITT_FAX3 | compression::CCITT_FAX4 => {
                fax(page, bytes, extent, out, partial)
            }
            compression::THUNDERSCAN => runs::thunderscan(bytes, extent.width, out),
            compression::NEXT => runs::next(bytes, extent.width, out),
            compression::SGILOG | compression::SGILOG24 => {
                let form = &page.page.form;
                if form.bits != Bits::Each(16) || !matches!(form.format, format::INT | format::UINT | format::VOID) {
                    return Err(Error::unsupported("SGILog of samples that are not whole numbers of 16 bits"));
                }
                if form.compression == compression::SGILOG24 {
                    let order = page.tiff.layout.big_endian;
                    return sgilog::sgilog24(form.photometric, bytes, extent.samples, order, out);
                }
                let size = (extent.width, extent.samples);
                sgilog::sgilog(form.photometric, bytes, size, page.tiff.layout.big_endian, out)
            }
            other => Err(missing(other)),
        }
    }

    /// The decoders of whole streams are the faster ones: they get room for the whole chunk where that is not much more
    /// than what is wanted of it.
    fn inflate_part(&mut self, bytes: &[u8], out: &mut [u8], whole: Option<usize>, partial: bool) -> Result<usize> {
        if let Some(len) = whole {
            self.inflater()?;
            if let (Some(inflater), Ok(room)) = (&mut self.inflater, sized(&mut self.whole, len, &self.limits))
                && inflater.inflate(Wrapper::Zlib, bytes, room).is_ok_and(|got| got.written >= out.len())
            {
                out.copy_from_slice(&room[..out.len()]);
                return Ok(out.len());
            }
        }
        self.inflate(bytes, out, partial)
    }

    fn zstd_part(&mut self, bytes: &[u8], out: &mut [u8], whole: Option<usize>) -> Result<usize> {
        if let Some(len) = whole {
            self.zstd_decompressor()?;
            if let (Some(decompressor), Ok(room)) = (&mut self.zstd, sized(&mut self.whole, len, &self.limits))
                && decompressor.decompress_to_buffer(bytes, room).is_ok_and(|got| got >= out.len())
            {
                out.copy_from_slice(&room[..out.len()]);
                return Ok(out.len());
            }
        }
        self.zstd(bytes, out)
    }

    fn inflater(&mut self) -> Result<&mut Inflater> {
        Ok(match &mut self.inflater {
            Some(inflater) => inflater,
            none => none.insert(Inflater::new().map_err(|_| Error::out_of_memory(1 << 14))?),
        })
    }

    fn zstd_decompressor(&mut self) -> Result<&mut zstd::bulk::Decompressor<'static>> {
        Ok(match &mut self.zstd {
            Some(decompressor) => decompressor,
            none => none.insert(zstd::bulk::Decompressor::new()?),
        })
    }

    fn inflate(&mut self, bytes: &[u8], out: &mut [u8], partial: bool) -> Result<usize> {
        match self.inflater()?.inflate(Wrapper::Zlib, bytes, out) {
            Ok(inflated) => Ok(inflated.written),
            Err(inflate::Error::Corrupt) if !partial && !is_old_deflate(bytes) => Err(damaged(inflate::Error::Corrupt)),
            Err(inflate::Error::OutOfMemory) => Err(Error::out_of_memory(1 << 14)),
            // A chunk that holds more than the picture, or ends before its checksum.
            Err(_) => stream_inflate(bytes, out, partial),
        }
    }

    fn zstd(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<usize> {
        if let Ok(got) = self.zstd_decompressor()?.decompress_to_buffer(bytes, out) {
            return Ok(got);
        }
        // Damaged, or it holds more than the picture.
        let mut reader = zstd::stream::read::Decoder::with_buffer(bytes)?;
        reader.window_log_max(27)?;
        read_into(reader, out, false)
    }

    /// Decodes a picture into samples, of which `size` rows and columns are in the page; the bytes from the start that
    /// were decoded.
    #[allow(clippy::too_many_arguments)]
    pub fn image(
        &mut self,
        page: &Loaded,
        bytes: &[u8],
        dtype: DType,
        extent: Extent,
        size: (usize, usize),
        limits: &Limits,
        partial: bool,
        out: &mut [u8],
    ) -> Result<usize> {
        let target = picture::Target { dtype, extent, size, limits, partial };
        match page.page.form.compression {
            compression::JPEG | compression::ALT_JPEG | compression::JPEG_LOSSY | compression::OLD_JPEG => {
                picture::jpeg(page, bytes, &target, out)
            }
            compression::WEBP | compression::WEBP_DEPRECATED => picture::webp(bytes, &target, out),
            compression::PNG => picture::png(bytes, &target, out),
            compression::JPEG2000
            | compression::APERIO_JP2000_YCBC
            | compression::APERIO_JP2000_RGB
            | compression::JPEG_2000_LOSSY => jp2::jpeg2000(bytes, &target, out),
            compression::JPEGXL | compression::JPEGXL_DNG => jxl::jxl(bytes, &target, out),
            compression::LERC => lerc::lerc(self, page, bytes, &target, out),
            other => Err(missing(other)),
        }
    }
}

/// Bytes of a whole tile, if most of its rows are wanted but not all: `out` is the length of those.
fn whole_chunk(page: &Loaded, extent: Extent, out: usize) -> Option<usize> {
    let (_, rows, _) = page.page.form.chunk();
    let is_most = extent.depth == 1 && extent.rows < rows && rows <= extent.rows.saturating_mul(2);
    (page.page.form.tile.is_some() && is_most).then(|| (out / extent.rows).saturating_mul(rows))
}

/// The refusal of a compression that has no decoder here.
fn missing(code: u16) -> Error {
    let name = compression::name(code);
    Error::unsupported(format!("pixels compressed with {name} (compression {code})"))
}

/// Old files have deflated data without the header of zlib.
fn is_old_deflate(bytes: &[u8]) -> bool {
    match bytes.first_chunk() {
        Some(&[first, second]) => first & 15 != 8 || u16::from_be_bytes([first, second]) % 31 != 0,
        None => false,
    }
}

/// Inflates as far as there is room.
fn stream_inflate(bytes: &[u8], out: &mut [u8], partial: bool) -> Result<usize> {
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags as flags};
    let mut state = Box::<DecompressorOxide>::default();
    let header = if is_old_deflate(bytes) { 0 } else { flags::TINFL_FLAG_PARSE_ZLIB_HEADER };
    let (status, _, got) =
        decompress(&mut state, bytes, out, 0, header | flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
    match status as i8 {
        // It is done, or there is more than room, or the data end.
        0..=2 => Ok(got),
        _ if partial || got == out.len() => Ok(got),
        _ => Err(damaged(inflate::Error::Corrupt)),
    }
}

/// Fills `out` from a reader as far as it gives bytes.
fn read_into(mut reader: impl Read, out: &mut [u8], partial: bool) -> Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match reader.read(&mut out[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) if partial => break,
            Err(e) if e.kind() == std::io::ErrorKind::OutOfMemory => return Err(Error::limit(e.to_string())),
            Err(e) => return Err(damaged(e)),
        }
    }
    Ok(done)
}

/// Rows of bits.
fn fax(page: &Loaded, bytes: &[u8], extent: Extent, out: &mut [u8], partial: bool) -> Result<usize> {
    const TWO_DIMENSIONAL: u64 = 1;
    let mode = match page.page.form.compression {
        compression::CCITT_RLE => fax::Mode::Rle { words: false },
        compression::CCITT_RLE_W => fax::Mode::Rle { words: true },
        compression::CCITT_FAX3 => {
            let options = page.tiff.uint(&page.page.directory, tag::T4_OPTIONS)?.unwrap_or(0);
            fax::Mode::Group3 { two_dimensional: options & TWO_DIMENSIONAL != 0 }
        }
        _ => fax::Mode::Group4,
    };
    if page.page.form.bits != Bits::Each(1) || extent.samples != 1 {
        return Err(Error::corrupt("fax data of a picture that is not black and white"));
    }
    let rows = match fax::decode(mode, bytes, extent.width, out) {
        Ok(rows) => rows,
        Err(e) if partial => e.rows,
        Err(e) => return Err(damaged(e)),
    };
    Ok(rows * extent.width.div_ceil(8))
}
