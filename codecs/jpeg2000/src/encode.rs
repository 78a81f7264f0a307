//! Encoding an image.

use crate::stream::{Codec, Image, Stream, Words, Writing, complain, said};
use crate::{Error, Result};
use openjpeg_sys as opj;

/// The order in which the packets of a codestream come: by layer, resolution, component, position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the letters are the documentation
pub enum Progression {
    Lrcp,
    Rlcp,
    Rpcl,
    Pcrl,
    Cprl,
}

/// How much is kept, for each layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Quality {
    /// How many times smaller than the samples; 1 or less: everything.
    Rates(Vec<f32>),
    /// How near to the samples, in decibels; 0: everything.
    Decibels(Vec<f32>),
}

/// How to encode.
#[derive(Clone, Debug)]
pub struct Encode {
    /// How much is kept, for each layer.
    pub quality: Quality,
    /// Whether to use the transform that loses a little and is better at it.
    pub irreversible: bool,
    /// How many resolutions, at least 1; `None`: 6, or as many as the image has.
    pub resolutions: Option<u32>,
    /// Sides of a block of coefficients: powers of 2 from 4 to 1024, of at most 4096 samples.
    pub block: Option<(u32, u32)>,
    /// Sides of a precinct of the largest resolution: powers of 2.
    pub precinct: Option<(u32, u32)>,
    /// Sides of a tile; `None`: one tile.
    pub tile: Option<(u32, u32)>,
    /// Where the image and the first tile begin on the grid.
    pub offset: (u32, u32),
    /// Where the first tile begins on the grid.
    pub tile_offset: (u32, u32),
    /// The order of packets.
    pub progression: Progression,
    /// Whether colours are transformed to luminance and chroma.
    pub color_transform: bool,
    /// Whether to write the codestream alone.
    pub bare: bool,
    /// Whether to write the lengths of packets, for readers that look for some of them.
    pub packet_lengths: bool,
    /// A comment.
    pub comment: Option<Vec<u8>>,
    /// Threads that may work on it.
    pub threads: usize,
}

impl Default for Encode {
    fn default() -> Encode {
        Encode {
            quality: Quality::Rates(vec![0.0]),
            irreversible: false,
            resolutions: None,
            block: None,
            precinct: None,
            tile: None,
            offset: (0, 0),
            tile_offset: (0, 0),
            progression: Progression::Lrcp,
            color_transform: true,
            bare: false,
            packet_lengths: false,
            comment: None,
            threads: 1,
        }
    }
}

/// What is to be encoded.
pub struct Source<'a> {
    /// Samples of a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Components, of which the last is opacity where there are 2 or 4.
    pub components: u32,
    /// Bits of a sample, which have no sign.
    pub bits: u32,
    /// Gives the samples of a component.
    pub fill: &'a mut dyn FnMut(usize, &mut [i32]),
}

/// The most layers that OpenJPEG writes.
const LAYERS: usize = 100;

impl Encode {
    fn check(&self, source: &Source) -> Result<()> {
        let argument = |what: &str| Err(Error::Argument(what.into()));
        let power = |n: u32| n.is_power_of_two();
        if source.width == 0
            || source.height == 0
            || !(1..=4).contains(&source.components)
            || !(1..=31).contains(&source.bits)
        {
            return argument("1 to 4 components of at least one sample of 1 to 31 bits");
        }
        if let Some((w, h)) = self.block
            && (!power(w) || !power(h) || !(4..=1024).contains(&w) || !(4..=1024).contains(&h) || w * h > 4096)
        {
            return argument("the sides of a code block are powers of 2 from 4 to 1024, of at most 4096 samples");
        }
        if let Some((w, h)) = self.precinct
            && (!power(w) || !power(h) || !(2..=32768).contains(&w) || !(2..=32768).contains(&h))
        {
            return argument("the sides of a precinct are powers of 2 from 2 to 32768");
        }
        if self.tile.is_some_and(|(w, h)| w == 0 || h == 0 || w > i32::MAX as u32 || h > i32::MAX as u32) {
            return argument("a tile has sides");
        }
        if self.tile_offset.0 > self.offset.0 || self.tile_offset.1 > self.offset.1 {
            return argument("the first tile begins before the image");
        }
        let tile = self.tile.unwrap_or((i32::MAX as u32, i32::MAX as u32));
        if self.tile_offset.0.saturating_add(tile.0) <= self.offset.0
            || self.tile_offset.1.saturating_add(tile.1) <= self.offset.1
        {
            return argument("the first tile holds some of the image");
        }
        let end = |from: u32, side: u32| from.checked_add(side).filter(|&end| end <= i32::MAX as u32);
        if end(self.offset.0, source.width).is_none() || end(self.offset.1, source.height).is_none() {
            return argument("the image lies too far from the origin");
        }
        let (Quality::Rates(layers) | Quality::Decibels(layers)) = &self.quality;
        if layers.is_empty() || layers.len() > LAYERS || layers.iter().any(|q| !q.is_finite() || *q < 0.0) {
            return argument("1 to 100 layers of a quality of 0 or more");
        }
        if self.resolutions.is_some_and(|n| !(1..=33).contains(&n)) {
            return argument("1 to 33 resolutions");
        }
        Ok(())
    }

    /// As many resolutions as the smaller side has, at most 6, if the caller does not say.
    fn resolutions(&self, source: &Source) -> u32 {
        let tile = self.tile.unwrap_or((source.width, source.height));
        let side = tile.0.min(tile.1).min(source.width).min(source.height);
        // Pillow's and OpenJPEG's 6; fewer where a resolution would have no sample.
        self.resolutions.unwrap_or(6).min(side.ilog2() + 1)
    }
}

/// Encodes an image.
pub fn encode(source: Source, options: &Encode) -> Result<Vec<u8>> {
    options.check(&source)?;
    let words = Words::default();
    let failed = |otherwise: &str| Error::Unsupported(said(&words, otherwise));
    let mut writing = Writing::default();
    let mut comment = options.comment.clone().unwrap_or_default();
    comment.retain(|&b| b != 0);
    comment.push(0);
    let format = if options.bare { opj::CODEC_FORMAT::OPJ_CODEC_J2K } else { opj::CODEC_FORMAT::OPJ_CODEC_JP2 };
    let resolutions = options.resolutions(&source);
    // SAFETY: each call is given the codec, stream and image that OpenJPEG made, and the parameters that it filled with
    // its defaults; `words`, `comment` and `writing` outlive the codec and stay where they are.
    unsafe {
        let mut parameters = std::mem::MaybeUninit::<opj::opj_cparameters_t>::zeroed();
        opj::opj_set_default_encoder_parameters(parameters.as_mut_ptr());
        let mut p = parameters.assume_init();
        options.fill(&mut p, resolutions, source.components);
        p.cp_comment = comment.as_mut_ptr().cast();
        let image = image(source, options)?;
        let codec = opj::opj_create_compress(format);
        if codec.is_null() {
            return Err(Error::OutOfMemory);
        }
        let codec = Codec(codec);
        opj::opj_set_error_handler(codec.0, Some(complain), std::ptr::from_ref(&words).cast_mut().cast());
        if opj::opj_setup_encoder(codec.0, &mut p, image.0) == 0 {
            return Err(failed("the encoder does not take these options"));
        }
        if options.packet_lengths {
            let extra = [c"PLT=YES".as_ptr(), std::ptr::null()];
            opj::opj_encoder_set_extra_options(codec.0, extra.as_ptr());
        }
        if options.threads > 1 {
            opj::opj_codec_set_threads(codec.0, options.threads.min(64) as i32);
        }
        let stream = Stream::writing(&mut writing).ok_or(Error::OutOfMemory)?;
        let done = opj::opj_start_compress(codec.0, image.0, stream.0) != 0
            && opj::opj_encode(codec.0, stream.0) != 0
            && opj::opj_end_compress(codec.0, stream.0) != 0;
        drop(stream);
        if writing.is_full {
            return Err(Error::OutOfMemory);
        }
        if !done {
            return Err(failed("the image cannot be encoded"));
        }
    }
    Ok(writing.bytes)
}

impl Encode {
    fn fill(&self, p: &mut opj::opj_cparameters_t, resolutions: u32, components: u32) {
        match &self.quality {
            Quality::Rates(rates) => {
                p.cp_disto_alloc = 1;
                p.tcp_numlayers = rates.len() as i32;
                p.tcp_rates.iter_mut().zip(rates).for_each(|(to, &rate)| *to = rate);
            }
            Quality::Decibels(decibels) => {
                p.cp_fixed_quality = 1;
                p.tcp_numlayers = decibels.len() as i32;
                p.tcp_distoratio.iter_mut().zip(decibels).for_each(|(to, &db)| *to = db);
            }
        }
        p.irreversible = self.irreversible.into();
        p.numresolution = resolutions as i32;
        if let Some((width, height)) = self.block {
            (p.cblockw_init, p.cblockh_init) = (width as i32, height as i32);
        }
        if let Some((width, height)) = self.precinct {
            // Those of smaller resolutions are half as large each.
            p.res_spec = 1;
            (p.prcw_init[0], p.prch_init[0]) = (width as i32, height as i32);
            p.csty |= 1;
        }
        if let Some((width, height)) = self.tile {
            p.tile_size_on = 1;
            (p.cp_tdx, p.cp_tdy) = (width as i32, height as i32);
        }
        (p.cp_tx0, p.cp_ty0) = (self.tile_offset.0 as i32, self.tile_offset.1 as i32);
        (p.image_offset_x0, p.image_offset_y0) = (self.offset.0 as i32, self.offset.1 as i32);
        p.prog_order = match self.progression {
            Progression::Lrcp => opj::PROG_ORDER::OPJ_LRCP,
            Progression::Rlcp => opj::PROG_ORDER::OPJ_RLCP,
            Progression::Rpcl => opj::PROG_ORDER::OPJ_RPCL,
            Progression::Pcrl => opj::PROG_ORDER::OPJ_PCRL,
            Progression::Cprl => opj::PROG_ORDER::OPJ_CPRL,
        };
        p.tcp_mct = (self.color_transform && components >= 3).into();
    }
}

/// OpenJPEG's image of the samples.
fn image(source: Source, options: &Encode) -> Result<Image> {
    let component = opj::opj_image_cmptparm_t {
        dx: 1,
        dy: 1,
        w: source.width,
        h: source.height,
        x0: options.offset.0,
        y0: options.offset.1,
        prec: source.bits,
        bpp: source.bits,
        sgnd: 0,
    };
    let mut components = [component; 4];
    let space =
        if source.components < 3 { opj::COLOR_SPACE::OPJ_CLRSPC_GRAY } else { opj::COLOR_SPACE::OPJ_CLRSPC_SRGB };
    let len = source.width as usize * source.height as usize;
    // SAFETY: there are as many descriptions as `check` allows components; the image that comes back, if one does, has
    // as many components of `w` times `h` samples, which only this function knows of.
    unsafe {
        let image = opj::opj_image_create(source.components, components.as_mut_ptr(), space);
        if image.is_null() {
            return Err(Error::OutOfMemory);
        }
        let image = Image(image);
        let head = &mut *image.0;
        (head.x0, head.y0) = options.offset;
        (head.x1, head.y1) = (options.offset.0 + source.width, options.offset.1 + source.height);
        for i in 0..source.components as usize {
            let component = &mut *head.comps.add(i);
            if component.data.is_null() {
                return Err(Error::OutOfMemory);
            }
            component.alpha = u16::from(source.components.is_multiple_of(2) && i + 1 == source.components as usize);
            (source.fill)(i, std::slice::from_raw_parts_mut(component.data, len));
        }
        Ok(image)
    }
}
