//! Decoding all of an image, to a plane of integers for each component.

use crate::info::{Info, Space};
use crate::stream::{Codec, Image, Reading, Stream, Words, complain, said};
use crate::{Error, Result, corrupt};
use openjpeg_sys as opj;

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Decode {
    /// How often to halve the resolution, at most as often as the codestream has levels.
    pub reduce: u32,
    /// Layers of quality to decode; 0: all.
    pub layers: u32,
    /// Threads that may work on it.
    pub threads: usize,
    /// Whether data that end too early, or are damaged, are an error; else what is missing is whatever comes out.
    pub strict: bool,
}

impl Default for Decode {
    fn default() -> Decode {
        Decode { reduce: 0, layers: 0, threads: 1, strict: true }
    }
}

/// The decoded components.
pub struct Planes {
    image: Image,
    /// What they mean, as OpenJPEG has it.
    pub space: Space,
}

/// One decoded component.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// Samples of a row, and rows.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bits of a sample.
    pub bits: u32,
    /// Whether samples have a sign.
    pub is_signed: bool,
    /// Distances of samples on the grid of the image.
    pub every: (u32, u32),
    /// Whether it is opacity.
    pub is_alpha: bool,
    /// The samples, row after row.
    pub samples: &'a [i32],
}

impl Plane<'_> {
    /// The sample that serves a pixel of another component, of which this one may have fewer.
    pub fn under(&self, other: &Plane, x: usize, y: usize) -> i32 {
        let every = |of: u32, all: u32| (of / all.max(1)).max(1) as usize;
        let x = (x / every(self.every.0, other.every.0)).min(self.width.saturating_sub(1));
        let y = (y / every(self.every.1, other.every.1)).min(self.height.saturating_sub(1));
        self.samples.get(y * self.width + x).copied().unwrap_or(0)
    }
}

/// Luminance, and chroma around zero, to red, green and blue, by the coefficients of JFIF.
pub fn colors(level: f64, blue: f64, red: f64) -> [f64; 3] {
    [level + 1.402 * red, level - 0.344_136 * blue - 0.714_136 * red, level + 1.772 * blue]
}

/// Decodes an image whose `info` was read of the same bytes.
pub fn decode(all: &[u8], info: &Info, options: &Decode) -> Result<Planes> {
    let words = Words::default();
    let failed = |otherwise: &str| corrupt(said(&words, otherwise));
    // In a codestream alone, what comes before and after it is none of OpenJPEG's business.
    let bytes = if info.is_file { all } else { all.get(info.codestream.clone()).unwrap_or_default() };
    let mut reading = Reading { bytes, at: 0 };
    let format = if info.is_file { opj::CODEC_FORMAT::OPJ_CODEC_JP2 } else { opj::CODEC_FORMAT::OPJ_CODEC_J2K };
    let stream = Stream::reading(&mut reading).ok_or(Error::OutOfMemory)?;
    // SAFETY: each call is given the codec, stream and image that OpenJPEG made, the parameters that it filled with its
    // defaults, and `words`, which outlives the codec. The image is null until OpenJPEG makes it, and is destroyed once.
    unsafe {
        let codec = opj::opj_create_decompress(format);
        if codec.is_null() {
            return Err(Error::OutOfMemory);
        }
        let codec = Codec(codec);
        opj::opj_set_error_handler(codec.0, Some(complain), std::ptr::from_ref(&words).cast_mut().cast());
        let mut parameters = std::mem::MaybeUninit::<opj::opj_dparameters_t>::zeroed();
        opj::opj_set_default_decoder_parameters(parameters.as_mut_ptr());
        let mut parameters = parameters.assume_init();
        parameters.cp_reduce = options.reduce;
        parameters.cp_layer = options.layers;
        if opj::opj_setup_decoder(codec.0, &mut parameters) == 0 {
            return Err(failed("the decoder cannot be set up"));
        }
        opj::opj_decoder_set_strict_mode(codec.0, options.strict.into());
        if options.threads > 1 {
            // Where there are none to be had, the calling thread does the work.
            opj::opj_codec_set_threads(codec.0, options.threads.min(64) as i32);
        }
        let mut image = Image(std::ptr::null_mut());
        if opj::opj_read_header(stream.0, codec.0, &mut image.0) == 0 || image.0.is_null() {
            return Err(failed("the header is damaged"));
        }
        if opj::opj_decode(codec.0, stream.0, image.0) == 0 {
            return Err(failed("the data are damaged"));
        }
        if opj::opj_end_decompress(codec.0, stream.0) == 0 && options.strict {
            return Err(failed("the data end too early"));
        }
        Planes::new(image)
    }
}

impl Planes {
    /// # Safety
    /// `image` is one that OpenJPEG decoded.
    unsafe fn new(image: Image) -> Result<Planes> {
        // SAFETY: the image is not null and OpenJPEG's, as the caller promises.
        let head = unsafe { &*image.0 };
        if head.numcomps == 0 || head.comps.is_null() {
            return Err(corrupt("the decoded image has no components"));
        }
        // SAFETY: OpenJPEG has `numcomps` components there.
        let components = unsafe { std::slice::from_raw_parts(head.comps, head.numcomps as usize) };
        if components.iter().any(|c| c.data.is_null() || c.w == 0 || c.h == 0) {
            return Err(corrupt("a component was not decoded"));
        }
        let space = match head.color_space {
            opj::COLOR_SPACE::OPJ_CLRSPC_SRGB => Space::Rgb,
            opj::COLOR_SPACE::OPJ_CLRSPC_GRAY => Space::Gray,
            opj::COLOR_SPACE::OPJ_CLRSPC_SYCC => Space::YCbCr,
            opj::COLOR_SPACE::OPJ_CLRSPC_CMYK => Space::Cmyk,
            _ => Space::Unknown,
        };
        Ok(Planes { image, space })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        // SAFETY: the image lives as long as this value.
        unsafe { (*self.image.0).numcomps as usize }
    }

    /// Whether there is none: never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    pub fn get(&self, i: usize) -> Option<Plane<'_>> {
        if i >= self.len() {
            return None;
        }
        // SAFETY: `new` saw that there are as many components, with data, and nothing changes them while this value
        // lives; OpenJPEG's data of a component have `w` times `h` samples.
        unsafe {
            let c = &*(*self.image.0).comps.add(i);
            let (width, height) = (c.w as usize, c.h as usize);
            Some(Plane {
                width,
                height,
                bits: c.prec,
                is_signed: c.sgnd != 0,
                every: (c.dx, c.dy),
                is_alpha: c.alpha != 0,
                samples: std::slice::from_raw_parts(c.data, width * height),
            })
        }
    }
}
