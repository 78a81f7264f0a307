//! The options of a write, by tifffile's names, made into settings.

use crate::error::{Error, Result};
use crate::model::{DType, DTypeKind, Dict, List, Value};
use crate::plugin::{Call, Calls, OptionSpec, OptionType};

/// What the file as a whole is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Plain,
    ImageJ,
    Ome,
}

/// PlanarConfiguration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planar {
    Contig,
    Separate,
}

/// How chunks are made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Codec {
    #[default]
    None,
    PackBits,
    Lzw,
    Deflate(u8),
    Zstd(i32),
    Jpeg {
        quality: u8,
        subsampling: (u16, u16),
    },
    WebP {
        quality: f32,
        lossless: bool,
    },
}

impl Codec {
    /// The number of the Compression tag.
    pub fn tag(self) -> u16 {
        match self {
            Codec::None => 1,
            Codec::Lzw => 5,
            Codec::Jpeg { .. } => 7,
            Codec::Deflate(_) => 8,
            Codec::PackBits => 32773,
            Codec::Zstd(_) => 50000,
            Codec::WebP { .. } => 50001,
        }
    }

    /// Whether it stores pictures, not bytes.
    pub fn is_picture(self) -> bool {
        matches!(self, Codec::Jpeg { .. } | Codec::WebP { .. })
    }
}

/// PhotometricInterpretation.
pub mod photometric {
    pub const MINISBLACK: u16 = 1;
    pub const RGB: u16 = 2;
    pub const PALETTE: u16 = 3;
    pub const MASK: u16 = 4;
    pub const SEPARATED: u16 = 5;
    pub const YCBCR: u16 = 6;
    pub const CIELAB: u16 = 8;
    pub const CFA: u16 = 32803;

    /// tifffile's names, which the option takes in any case, and the samples of a pixel.
    pub const NAMES: &[(&str, u16, usize)] = &[
        ("miniswhite", 0, 1),
        ("minisblack", MINISBLACK, 1),
        ("rgb", RGB, 3),
        ("palette", PALETTE, 1),
        ("mask", MASK, 1),
        ("separated", SEPARATED, 4),
        ("cmyk", SEPARATED, 4),
        ("ycbcr", YCBCR, 3),
        ("cielab", CIELAB, 3),
        ("icclab", 9, 3),
        ("itulab", 10, 3),
        ("cfa", CFA, 1),
        ("linear_raw", 34892, 3),
    ];

    pub fn samples(number: u16) -> usize {
        NAMES.iter().find(|(_, n, _)| *n == number).map_or(1, |(_, _, samples)| *samples)
    }

    pub fn name(number: u16) -> &'static str {
        NAMES.iter().find(|(_, n, _)| *n == number).map_or("unknown", |(name, ..)| name)
    }
}

/// The settings of one write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub photometric: Option<u16>,
    pub planar: Option<Planar>,
    /// What the samples beyond the photometric ones are.
    pub extra: Option<Vec<u16>>,
    pub volumetric: bool,
    /// Sides of a tile: [depth,] rows, columns.
    pub tile: Option<Vec<usize>>,
    pub rows_per_strip: Option<usize>,
    /// Significant bits of a sample, where those are fewer than the dtype has.
    pub bits: Option<u16>,
    pub codec: Codec,
    /// 1 none, 2 differences, 3 those of floats.
    pub predictor: u16,
    pub colormap: Option<Vec<u16>>,
    pub subfile_type: Option<u32>,
    pub align: u64,
}

/// The options of opening and of writing.
pub fn options() -> Vec<OptionSpec> {
    use OptionType::{Array, Bool, Bytes, Dict, Float, Int, List, Str};
    fn new(name: &str, types: &[OptionType], doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, Value::Null, Calls::WRITE, doc)
    }
    fn open(name: &str, types: &[OptionType], doc: &str) -> OptionSpec {
        OptionSpec::new(name, types, Value::Null, Calls::OPEN, doc)
    }
    vec![
        open("bigtiff", &[Bool], "write a BigTIFF; if not given, when the file grows beyond 4 GB"),
        open("byteorder", &[Str], "byte order to write: <, > or = (this machine's)").choices(&["<", ">", "="]),
        open("imagej", &[Bool], "write an ImageJ hyperstack, of axes TZCYXS"),
        open("ome", &[Bool], "write OME-TIFF; if not given, when the name ends in .ome.tif"),
        open("shaped", &[Bool], "write shape and metadata as JSON into the description (default true)"),
        new("photometric", &[Str, Int], "minisblack, miniswhite, rgb, palette, separated, ycbcr, cielab, mask, cfa …"),
        new("planarconfig", &[Str, Int], "where the samples of a pixel are: contig or separate"),
        new("extrasamples", &[List, Str, Int], "what further samples are: unspecified, assocalpha or unassalpha"),
        new("volumetric", &[Bool], "store the last three axes of a volume as one page with a depth"),
        new("tile", &[List], "store tiles of these sides, multiples of 16: [rows, columns] or [slices, rows, columns]"),
        new("rowsperstrip", &[Int], "rows of a strip; by default 256 KB, and without compression all").range(1.0, 4e9),
        new("bitspersample", &[Int], "store so many bits of an unsigned sample").range(1.0, 64.0),
        new(
            "compression",
            &[Str, Int, Bool],
            "none, deflate (zlib), lzw, zstd, packbits, jpeg or webp; true is deflate",
        ),
        new("compressionargs", &[Dict], "level of deflate, zstd, jpeg and webp, and lossless of webp"),
        new("predictor", &[Bool, Int, Str], "store differences of samples: true, horizontal (2) or floatingpoint (3)"),
        new("subsampling", &[List], "resolution of colour in JPEG: [1, 1], [2, 1], [2, 2] (default) or [4, 1]"),
        new("iccprofile", &[Bytes], "ICC profile"),
        new("exif", &[Bytes], "EXIF block, whose tags and directories are taken over"),
        new("colormap", &[Array, List], "colours of palette pixels, uint16 of shape (3, 256) or (3, 65536)"),
        new("description", &[Str, Bytes], "ImageDescription"),
        new("datetime", &[Str], "DateTime, as YYYY:MM:DD HH:MM:SS"),
        new("resolution", &[List, Float], "pixels per resolutionunit, across and down"),
        new("resolutionunit", &[Str, Int], "unit of resolution: none, inch, centimeter, millimeter or micrometer"),
        new("subfiletype", &[Int], "NewSubfileType: 1 reduced image, 2 page, 4 mask").range(0.0, 4294967295.0),
        new("software", &[Str, Bool], "Software; false writes none"),
        new("subifds", &[Int], "so many next writes are smaller levels of this image").range(0.0, 64.0),
        new("extratags", &[List], "further tags, each [code, type, count, value, first page only]"),
        new("contiguous", &[Bool], "append to the series of the last write"),
        new("align", &[Int], "bytes to which uncompressed data are aligned (default 16)").range(1.0, 65536.0),
    ]
}

impl Settings {
    /// The settings of a write of items of `dtype`.
    pub fn of(call: &Call, dtype: DType) -> Result<Settings> {
        let codec = codec(call)?;
        let mut settings = Settings {
            photometric: named(call, "photometric", |name| {
                photometric::NAMES.iter().find(|(n, ..)| *n == name).map(|(_, number, _)| *number)
            })?,
            planar: match named(call, "planarconfig", |n| find(&["contig", "separate"], n, 1))? {
                Some(1) => Some(Planar::Contig),
                Some(2) => Some(Planar::Separate),
                None => None,
                Some(n) => {
                    return Err(Error::option(format!("option \"planarconfig\" is contig or separate, not {n}")));
                }
            },
            extra: extra(call.get("extrasamples"))?,
            volumetric: call.bool("volumetric"),
            tile: tile(call)?,
            rows_per_strip: call.int("rowsperstrip").map(|n| n as usize),
            bits: call.int("bitspersample").map(|n| n as u16),
            codec,
            predictor: 1,
            colormap: colormap(call)?,
            subfile_type: call.int("subfiletype").map(|n| n as u32),
            align: call.int("align").unwrap_or(16) as u64,
        };
        settings.predictor = predictor(call, dtype, codec)?;
        settings.check_bits(dtype)?;
        if settings.tile.as_ref().is_some_and(|t| t.len() == 3 && t[0] > 1) && !settings.volumetric {
            return Err(Error::option("tiles with a depth need volumetric=true"));
        }
        if settings.tile.is_some() && settings.rows_per_strip.is_some() {
            return Err(Error::option("options \"tile\" and \"rowsperstrip\" exclude each other"));
        }
        Ok(settings)
    }

    /// Bits of a stored sample.
    pub fn stored_bits(&self, dtype: DType) -> u16 {
        match (dtype, self.codec) {
            (DType::Bool, _) => 1,
            (DType::U16, Codec::Jpeg { .. }) => 12,
            _ => self.bits.unwrap_or(dtype.size() as u16 * 8),
        }
    }

    /// Whether samples are packed to fewer bits than they have in memory.
    pub fn packs(&self, dtype: DType) -> bool {
        !self.codec.is_picture() && usize::from(self.stored_bits(dtype)) != dtype.size() * 8
    }

    fn check_bits(&self, dtype: DType) -> Result<()> {
        let Some(bits) = self.bits else { return Ok(()) };
        let whole = dtype.size() as u16 * 8;
        let fits = match (dtype, self.codec) {
            (DType::Bool, _) => bits == 1,
            (DType::U16, Codec::Jpeg { .. }) => bits == 12,
            _ if bits == whole => true,
            (_, Codec::Jpeg { .. } | Codec::WebP { .. }) => false,
            // Of 24 bits readers disagree whether they are a number or three bytes.
            (DType::U8 | DType::U16 | DType::U32, _) => {
                bits < whole && bits > whole / 2 && bits != 24 || (whole == 8 && bits < 8)
            }
            _ => false,
        };
        if !fits {
            return Err(Error::option(format!("option \"bitspersample\": {dtype} is not stored in {bits} bits")));
        }
        if self.predictor != 1 && bits != whole {
            return Err(Error::option("a predictor needs whole samples, not bitspersample"));
        }
        Ok(())
    }
}

fn find(names: &[&str], name: &str, first: u16) -> Option<u16> {
    names.iter().position(|n| *n == name).map(|i| i as u16 + first)
}

/// A number, or the name of one.
fn named(call: &Call, option: &str, find: impl Fn(&str) -> Option<u16>) -> Result<Option<u16>> {
    value_named(call.get(option), option, find)
}

fn value_named(value: &Value, option: &str, find: impl Fn(&str) -> Option<u16>) -> Result<Option<u16>> {
    let bad = |shown: &dyn std::fmt::Display| Error::option(format!("option {option:?} has no value {shown}"));
    match value {
        Value::Int(n) => u16::try_from(*n).map(Some).map_err(|_| bad(n)),
        Value::Str(name) => find(&name.to_lowercase()).map(Some).ok_or_else(|| bad(&name.as_str())),
        Value::Null => Ok(None),
        other => Err(bad(&other.kind().name())),
    }
}

fn extra(value: &Value) -> Result<Option<Vec<u16>>> {
    let one = |v: &Value| {
        let found = value_named(v, "extrasamples", |n| find(&["unspecified", "assocalpha", "unassalpha"], n, 0))?;
        found.ok_or_else(|| Error::option("option \"extrasamples\" holds a null"))
    };
    match value {
        Value::Null => Ok(None),
        Value::List(list) => list.iter().map(one).collect::<Result<_>>().map(Some),
        single => Ok(Some(vec![one(single)?])),
    }
}

fn tile(call: &Call) -> Result<Option<Vec<usize>>> {
    let Value::List(list) = call.get("tile") else { return Ok(None) };
    let sides: Option<Vec<usize>> = list.iter().map(|v| usize::try_from(v.as_int()?).ok()).collect();
    let wrong = || Error::option("option \"tile\" is two or three sides, those of rows and columns multiples of 16");
    let sides = sides.ok_or_else(wrong)?;
    let fits = matches!(sides.len(), 2 | 3) && sides.iter().all(|&n| (1..=1 << 20).contains(&n));
    // The depth of a tile is free in tifffile too.
    if !fits || sides[sides.len() - 2..].iter().any(|n| n % 16 != 0) {
        return Err(wrong());
    }
    Ok(Some(sides))
}

fn colormap(call: &Call) -> Result<Option<Vec<u16>>> {
    let value = call.get("colormap");
    let numbers = match value {
        Value::Null => return Ok(None),
        Value::List(list) if list.iter().all(|v| matches!(v, Value::List(_) | Value::Array(_))) => {
            list.iter().map(Value::as_floats).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
        }
        other => other.as_floats(),
    };
    let wrong = || Error::option("option \"colormap\" is numbers of shape (3, 256) or (3, 65536) from 0 to 65535");
    let numbers = numbers.filter(|n| matches!(n.len(), 768 | 196_608)).ok_or_else(wrong)?;
    if numbers.iter().any(|n| !(0.0..=65535.0).contains(n)) {
        return Err(wrong());
    }
    Ok(Some(numbers.iter().map(|&n| n as u16).collect()))
}

/// What other compressions tifffile knows are called, for a refusal that says so.
const OTHERS: &[&str] =
    &["ccittrle", "ccitt_t4", "ccitt_t6", "lzma", "lerc", "jpegxl", "jpeg_2000", "jpeg2000", "jpegxr", "png", "jetraw"];

fn codec(call: &Call) -> Result<Codec> {
    let name = match call.get("compression") {
        Value::Null | Value::Bool(false) => return no_arguments(call),
        Value::Bool(true) => "deflate".to_owned(),
        Value::Int(n) => match n {
            1 => return no_arguments(call),
            5 => "lzw".into(),
            7 => "jpeg".into(),
            8 | 32946 | 50013 => "deflate".into(),
            32773 => "packbits".into(),
            34926 | 50000 => "zstd".into(),
            34927 | 50001 => "webp".into(),
            other => other.to_string(),
        },
        Value::Str(name) => name.to_lowercase(),
        _ => return Err(Error::option("option \"compression\" is a name, a number or a bool")),
    };
    let none = Dict::new();
    let arguments = Arguments(match call.get("compressionargs") {
        Value::Dict(dict) => dict,
        _ => &none,
    });
    Ok(match name.as_str() {
        "none" => return no_arguments(call),
        "lzw" => arguments.only(&[])?.then(Codec::Lzw),
        "packbits" => arguments.only(&[])?.then(Codec::PackBits),
        "deflate" | "zlib" | "adobe_deflate" => {
            let level = arguments.only(&["level"])?.number("level", 0.0, 12.0)?;
            Codec::Deflate(level.unwrap_or(6.0) as u8)
        }
        "zstd" => Codec::Zstd(arguments.only(&["level"])?.number("level", -50.0, 22.0)?.unwrap_or(3.0) as i32),
        "jpeg" => Codec::Jpeg {
            quality: arguments.only(&["level"])?.number("level", 1.0, 100.0)?.unwrap_or(95.0) as u8,
            subsampling: subsampling(call)?,
        },
        "webp" => {
            let arguments = arguments.only(&["level", "lossless"])?;
            let lossless = !matches!(arguments.0.get("lossless"), Some(Value::Bool(false) | Value::Int(0)));
            Codec::WebP { quality: arguments.number("level", 0.0, 100.0)?.unwrap_or(75.0) as f32, lossless }
        }
        known if OTHERS.contains(&known) || known.parse::<u32>().is_ok() => {
            return Err(Error::unsupported(format!(
                "TIFF with the compression {known} is not written; none, deflate, lzw, zstd, packbits, jpeg and webp are"
            )));
        }
        unknown => return Err(Error::option(format!("option \"compression\" has no value {unknown:?}"))),
    })
}

fn no_arguments(call: &Call) -> Result<Codec> {
    if call.given("compressionargs") {
        return Err(Error::option("option \"compressionargs\" needs a compression"));
    }
    Ok(Codec::None)
}

/// The arguments of a codec.
#[derive(Clone, Copy)]
struct Arguments<'a>(&'a Dict);

impl<'a> Arguments<'a> {
    fn only(self, known: &[&str]) -> Result<Arguments<'a>> {
        match self.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some((key, _)) => {
                Err(Error::option(format!("option \"compressionargs\": this compression has no {key:?}")))
            }
            None => Ok(self),
        }
    }

    fn then(self, codec: Codec) -> Codec {
        codec
    }

    fn number(self, key: &str, least: f64, most: f64) -> Result<Option<f64>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_float().filter(|x| (least..=most).contains(x)) {
                Some(x) => Ok(Some(x)),
                None => Err(Error::option(format!("option \"compressionargs\": {key} is {least} to {most}"))),
            },
        }
    }
}

fn subsampling(call: &Call) -> Result<(u16, u16)> {
    let Value::List(list) = call.get("subsampling") else { return Ok((2, 2)) };
    let numbers: Vec<i64> = list.iter().filter_map(Value::as_int).collect();
    match numbers[..] {
        [1, 1] => Ok((1, 1)),
        [2, 1] => Ok((2, 1)),
        [2, 2] => Ok((2, 2)),
        [4, 1] => Ok((4, 1)),
        _ => Err(Error::option("option \"subsampling\" is [1, 1], [2, 1], [2, 2] or [4, 1]")),
    }
}

fn predictor(call: &Call, dtype: DType, codec: Codec) -> Result<u16> {
    let best = match dtype.kind() {
        DTypeKind::Float => Some(3),
        DTypeKind::Unsigned | DTypeKind::Signed => Some(2),
        DTypeKind::Bool | DTypeKind::Complex => None,
    };
    let asked = match call.get("predictor") {
        Value::Null | Value::Bool(false) => return Ok(1),
        Value::Bool(true) => best,
        other => value_named(other, "predictor", |n| find(&["none", "horizontal", "floatingpoint"], n, 1))?,
    };
    if asked == Some(1) {
        return Ok(1);
    }
    if codec == Codec::None || codec.is_picture() {
        return Err(Error::option("option \"predictor\" needs lzw, deflate, zstd or packbits"));
    }
    match asked.filter(|p| Some(*p) == best) {
        Some(predictor) => Ok(predictor),
        None => Err(Error::option(format!("option \"predictor\": there is none of that kind for {dtype}"))),
    }
}

/// A list of numbers, or one for both directions.
pub fn pair(value: &Value) -> Option<(f64, f64)> {
    let numbers = match value {
        // imageio's dictionaries have the unit behind.
        Value::List(list) if list.len() > 1 => list.iter().take(2).map(as_number).collect::<Option<Vec<f64>>>()?,
        other => vec![other.as_float()?; 2],
    };
    match numbers[..] {
        [x, y] => Some((x, y)),
        _ => None,
    }
}

/// A number, or [numerator, denominator].
fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::List(list) => rational(list),
        other => other.as_float(),
    }
}

fn rational(list: &List) -> Option<f64> {
    match (list.get(0)?.as_float()?, list.get(1)?.as_float()?) {
        (_, 0.0) => None,
        (n, d) => Some(n / d),
    }
}
