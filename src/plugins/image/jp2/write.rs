//! Writing, with Pillow's options.

use super::failed;
use crate::error::{Error, Result};
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer};
use crate::plugins::image::embed::{self, Embedded};
use crate::plugins::image::{single::Sides, whole};
use crate::resource::Output;
use jpeg2000::{Encode, Progression, Quality, Source};

/// The most pixels of a side.
const MOST: usize = i32::MAX as usize;

/// The options of a write.
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Bool, Bytes, Int, List, Str};
    fn new(name: &str, types: &[OptionType], default: impl Into<Value>, doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, default, Calls::WRITE, doc)
    }
    let own = vec![
        new("quality_mode", &[Str], "rates", "JPEG 2000: what quality_layers say, rates or decibels")
            .choices(&["rates", "dB"]),
        new("quality_layers", &[List], Value::Null, "JPEG 2000: a rate or decibels for each layer of quality"),
        new("irreversible", &[Bool], false, "JPEG 2000: the transform that loses a little"),
        new("num_resolutions", &[Int], Value::Null, "JPEG 2000: how many resolutions; by default up to 6")
            .range(1.0, 33.0),
        new("codeblock_size", &[List], Value::Null, "JPEG 2000: sides of a code block"),
        new("precinct_size", &[List], Value::Null, "JPEG 2000: sides of a precinct"),
        new("tile_size", &[List], Value::Null, "JPEG 2000: sides of a tile"),
        new("offset", &[List], Value::Null, "JPEG 2000: where the image begins on its grid"),
        new("tile_offset", &[List], Value::Null, "JPEG 2000: where the first tile begins on the grid"),
        new("progression", &[Str], "LRCP", "JPEG 2000: the order of packets")
            .choices(&["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"]),
        new("mct", &[Int], 1, "JPEG 2000: transform colours to luminance and chroma").range(0.0, 1.0),
        new("no_jp2", &[Bool], Value::Null, "JPEG 2000: the codestream alone; by default for .j2k, .j2c and .jpc"),
        new("plt", &[Bool], false, "JPEG 2000: write the lengths of packets"),
        new("comment", &[Bytes, Str], Value::Null, "text to store with the image"),
        embed::icc_option(),
    ];
    own.into_iter().chain(embed::options()).collect()
}

/// A writer of a file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(whole::create(output, "JPEG 2000", |image, call| encode(image, call, call.bool("no_jp2"))))
}

/// A writer of a bare codestream, unless a file is asked for.
pub fn create_codestream(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(whole::create(output, "JPEG 2000", |image, call| {
        encode(image, call, !call.given("no_jp2") || call.bool("no_jp2"))
    }))
}

/// Two numbers of a list.
fn pair(call: &Call, name: &str) -> Result<Option<(u32, u32)>> {
    if !call.given(name) {
        return Ok(None);
    }
    let numbers = call.get(name).as_floats().unwrap_or_default();
    let whole = |x: f64| (x.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&x)).then_some(x as u32);
    match numbers[..] {
        [a, b] => whole(a).zip(whole(b)).map(Some),
        _ => None,
    }
    .ok_or_else(|| Error::option(format!("the option {name:?} is two whole numbers")))
}

fn settings(call: &Call) -> Result<Encode> {
    let layers = match call.given("quality_layers") {
        true => call.get("quality_layers").as_floats(),
        false => Some(vec![0.0]),
    };
    let layers = layers.ok_or_else(|| Error::option("the option \"quality_layers\" is numbers"))?;
    let layers = layers.into_iter().map(|n| n as f32).collect();
    let progression = match call.str("progression") {
        Some("RLCP") => Progression::Rlcp,
        Some("RPCL") => Progression::Rpcl,
        Some("PCRL") => Progression::Pcrl,
        Some("CPRL") => Progression::Cprl,
        _ => Progression::Lrcp,
    };
    Ok(Encode {
        quality: if call.str("quality_mode") == Some("dB") {
            Quality::Decibels(layers)
        } else {
            Quality::Rates(layers)
        },
        irreversible: call.bool("irreversible"),
        resolutions: call.int("num_resolutions").and_then(|n| u32::try_from(n).ok()),
        block: pair(call, "codeblock_size")?,
        precinct: pair(call, "precinct_size")?,
        tile: pair(call, "tile_size")?,
        offset: pair(call, "offset")?.unwrap_or_default(),
        tile_offset: pair(call, "tile_offset")?.unwrap_or_default(),
        progression,
        color_transform: call.int("mct") != Some(0),
        bare: false,
        packet_lengths: call.bool("plt"),
        comment: if call.given("comment") { call.get("comment").as_bytes().map(<[u8]>::to_vec) } else { None },
        threads: call.threads(),
    })
}

fn encode(image: &Image, call: &Call, bare: bool) -> Result<Vec<u8>> {
    let sides = Sides::of(image, "JPEG 2000", MOST)?;
    let bits = match image.dtype {
        DType::U8 => 8,
        DType::U16 => 16,
        _ => 0,
    };
    let meant = match (bits, sides.samples) {
        (0, _) => None,
        (_, 1) => Some(Color::Gray),
        (_, 2) => Some(Color::GrayAlpha),
        (_, 3) => Some(Color::Rgb),
        (_, 4) => Some(Color::Rgba),
        _ => None,
    };
    let Some(meant) = meant else {
        let way_out = "convert the samples, or give dtype";
        return Err(sides.refuse(image, "JPEG 2000", "uint8 and uint16 in 1 to 4 samples of dtype", way_out));
    };
    sides.check_color(image, "JPEG 2000", meant)?;
    let options = Encode { bare, ..settings(call)? };
    let metadata = Embedded::of(image, call)?;
    if let Some(name) = ["exif", "xmp", "icc_profile"].into_iter().find(|name| bare && call.given(name)) {
        return Err(Error::option(format!(
            "a codestream without its file holds no {name}; write .jp2, or no_jp2=false"
        )));
    }
    let planes = (sides.width as u64).saturating_mul(sides.height as u64).saturating_mul(4 * sides.samples as u64);
    call.limits().check_bytes(usize::try_from(planes).unwrap_or(usize::MAX))?;
    let pixels = image.packed(call)?;
    let samples = sides.samples;
    let mut fill = |component: usize, to: &mut [i32]| match bits {
        8 => {
            let from = pixels.iter().skip(component).step_by(samples);
            to.iter_mut().zip(from).for_each(|(to, &n)| *to = n.into());
        }
        _ => {
            let from = pixels.as_chunks::<2>().0.iter().skip(component).step_by(samples);
            to.iter_mut().zip(from).for_each(|(to, &n)| *to = u16::from_ne_bytes(n).into());
        }
    };
    call.tick(0, 0)?;
    let source = Source {
        width: sides.width as u32,
        height: sides.height as u32,
        components: samples as u32,
        bits,
        fill: &mut fill,
    };
    let file = jpeg2000::encode(source, &options).map_err(failed)?;
    if bare { Ok(file) } else { super::embed::embed(file, &metadata) }
}
