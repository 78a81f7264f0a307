//! The vocabulary: numbers of tags, types, compressions and photometric interpretations, and the names of tags.
//!
//! Names are those that tifffile, and so imageio, gives; the tables are data files beside this one.

#![allow(dead_code)] // a vocabulary is whole

use once_cell::sync::Lazy;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => { $($(#[$doc])* pub const $name: u16 = $code;)* };
}

/// Tags that are looked for by number.
#[allow(missing_docs)] // the names of the specification
pub mod tag {
    numbers! {
        NEW_SUBFILE_TYPE = 254;
        SUBFILE_TYPE = 255;
        IMAGE_WIDTH = 256;
        IMAGE_LENGTH = 257;
        BITS_PER_SAMPLE = 258;
        COMPRESSION = 259;
        PHOTOMETRIC = 262;
        FILL_ORDER = 266;
        IMAGE_DESCRIPTION = 270;
        MAKE = 271;
        MODEL = 272;
        STRIP_OFFSETS = 273;
        ORIENTATION = 274;
        SAMPLES_PER_PIXEL = 277;
        ROWS_PER_STRIP = 278;
        STRIP_BYTE_COUNTS = 279;
        X_RESOLUTION = 282;
        Y_RESOLUTION = 283;
        PLANAR_CONFIGURATION = 284;
        T4_OPTIONS = 292;
        T6_OPTIONS = 293;
        RESOLUTION_UNIT = 296;
        PAGE_NUMBER = 297;
        COLOR_RESPONSE_CURVE = 301;
        SOFTWARE = 305;
        DATE_TIME = 306;
        ARTIST = 315;
        PREDICTOR = 317;
        COLOR_MAP = 320;
        TILE_WIDTH = 322;
        TILE_LENGTH = 323;
        TILE_OFFSETS = 324;
        TILE_BYTE_COUNTS = 325;
        SUB_IFDS = 330;
        EXTRA_SAMPLES = 338;
        SAMPLE_FORMAT = 339;
        JPEG_TABLES = 347;
        JPEG_PROC = 512;
        JPEG_INTERCHANGE_FORMAT = 513;
        JPEG_INTERCHANGE_FORMAT_LENGTH = 514;
        JPEG_RESTART_INTERVAL = 515;
        JPEG_Q_TABLES = 519;
        JPEG_DC_TABLES = 520;
        JPEG_AC_TABLES = 521;
        YCBCR_COEFFICIENTS = 529;
        YCBCR_SUB_SAMPLING = 530;
        YCBCR_POSITIONING = 531;
        REFERENCE_BLACK_WHITE = 532;
        XMP = 700;
        IMAGE_DEPTH = 32997;
        TILE_DEPTH = 32998;
        CFA_REPEAT_PATTERN_DIM = 33421;
        MODEL_PIXEL_SCALE = 33550;
        UIC1 = 33628;
        UIC2 = 33629;
        UIC3 = 33630;
        UIC4 = 33631;
        IPTC = 33723;
        MODEL_TIEPOINT = 33922;
        LERC_PARAMETERS = 50674;
        CZ_SEM = 34118;
        TIFF_EP_STANDARD = 37398;
        MODEL_TRANSFORMATION = 34264;
        CZ_LSM_INFO = 34412;
        EXIF_IFD = 34665;
        FEI_SFEG = 34680;
        FEI_HELIOS = 34682;
        ICC_PROFILE = 34675;
        GEO_KEY_DIRECTORY = 34735;
        GEO_DOUBLE_PARAMS = 34736;
        GEO_ASCII_PARAMS = 34737;
        GPS_IFD = 34853;
        MAKER_NOTE = 37500;
        STO_NITS = 37439;
        INTEROP_IFD = 40965;
        GDAL_METADATA = 42112;
        GDAL_NODATA = 42113;
        IJ_METADATA_BYTE_COUNTS = 50838;
        IJ_METADATA = 50839;
        DNG_VERSION = 50706;
        MICRO_MANAGER = 51123;
        NDPI_FORMAT = 65420;
        NDPI_MCU_STARTS = 65426;
        NDPI_MCU_STARTS_HIGH = 65432;
    }
}

/// Types of values.
#[allow(missing_docs)]
pub mod kind {
    numbers! {
        BYTE = 1;
        ASCII = 2;
        SHORT = 3;
        LONG = 4;
        RATIONAL = 5;
        SBYTE = 6;
        UNDEFINED = 7;
        SSHORT = 8;
        SLONG = 9;
        SRATIONAL = 10;
        FLOAT = 11;
        DOUBLE = 12;
        IFD = 13;
        LONG8 = 16;
        SLONG8 = 17;
        IFD8 = 18;
    }

    /// Bytes of one value; `None`: no such type.
    pub const fn size(kind: u16) -> Option<usize> {
        match kind {
            BYTE | ASCII | SBYTE | UNDEFINED => Some(1),
            SHORT | SSHORT => Some(2),
            LONG | SLONG | FLOAT | IFD => Some(4),
            RATIONAL | SRATIONAL | DOUBLE | LONG8 | SLONG8 | IFD8 => Some(8),
            _ => None,
        }
    }
}

/// Compressions.
#[allow(missing_docs)]
pub mod compression {
    numbers! {
        NONE = 1;
        CCITT_RLE = 2;
        CCITT_FAX3 = 3;
        CCITT_FAX4 = 4;
        LZW = 5;
        OLD_JPEG = 6;
        JPEG = 7;
        DEFLATE = 8;
        JPEGXR_NDPI = 22610;
        NEXT = 32766;
        CCITT_RLE_W = 32771;
        PACKBITS = 32773;
        THUNDERSCAN = 32809;
        PIXAR_LOG = 32909;
        OLD_DEFLATE = 32946;
        APERIO_JP2000_YCBC = 33003;
        JPEG_2000_LOSSY = 33004;
        APERIO_JP2000_RGB = 33005;
        ALT_JPEG = 33007;
        JBIG = 34661;
        SGILOG = 34676;
        SGILOG24 = 34677;
        JPEG2000 = 34712;
        LERC = 34887;
        JPEG_LOSSY = 34892;
        LZMA = 34925;
        ZSTD_DEPRECATED = 34926;
        WEBP_DEPRECATED = 34927;
        PNG = 34933;
        JPEGXR = 34934;
        JETRAW = 48124;
        ZSTD = 50000;
        WEBP = 50001;
        JPEGXL = 50002;
        JPEGXL_DNG = 52546;
    }

    /// The name of a compression for messages.
    pub fn name(code: u16) -> &'static str {
        match code {
            NONE => "none",
            CCITT_RLE | CCITT_RLE_W => "CCITT RLE",
            CCITT_FAX3 => "CCITT Group 3",
            CCITT_FAX4 => "CCITT Group 4",
            LZW => "LZW",
            OLD_JPEG => "old-style JPEG",
            JPEG | ALT_JPEG | JPEG_LOSSY => "JPEG",
            DEFLATE | OLD_DEFLATE => "Deflate",
            NEXT => "NeXT",
            PACKBITS => "PackBits",
            THUNDERSCAN => "ThunderScan",
            PIXAR_LOG => "PixarLog",
            JPEG2000 | APERIO_JP2000_YCBC | APERIO_JP2000_RGB | JPEG_2000_LOSSY => "JPEG 2000",
            JBIG => "JBIG",
            SGILOG => "SGILog",
            SGILOG24 => "SGILog24",
            LERC => "LERC",
            LZMA => "LZMA",
            ZSTD | ZSTD_DEPRECATED => "Zstd",
            PNG => "PNG",
            JPEGXR | JPEGXR_NDPI => "JPEG XR",
            JETRAW => "Jetraw",
            WEBP | WEBP_DEPRECATED => "WebP",
            JPEGXL | JPEGXL_DNG => "JPEG XL",
            _ => "unknown",
        }
    }
}

/// Photometric interpretations.
#[allow(missing_docs)]
pub mod photometric {
    numbers! {
        MIN_IS_WHITE = 0;
        MIN_IS_BLACK = 1;
        RGB = 2;
        PALETTE = 3;
        MASK = 4;
        SEPARATED = 5;
        YCBCR = 6;
        CIELAB = 8;
        ICCLAB = 9;
        ITULAB = 10;
        CFA = 32803;
        LOG_L = 32844;
        LOG_LUV = 32845;
        LINEAR_RAW = 34892;
    }
}

/// Sample formats.
#[allow(missing_docs)]
pub mod format {
    numbers! {
        UINT = 1;
        INT = 2;
        FLOAT = 3;
        VOID = 4;
        COMPLEX_INT = 5;
        COMPLEX_FLOAT = 6;
    }
}

/// A directory whose tags have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// An image.
    Image,
    /// EXIF.
    Exif,
    /// EXIF's GPS directory.
    Gps,
    /// EXIF's interoperability directory.
    Interop,
}

type Table = Vec<(u16, &'static str)>;

static IMAGE: Lazy<Table> = Lazy::new(|| table(include_str!("tags/tags.tsv"), None));
static EXIF: Lazy<Table> = Lazy::new(|| table(include_str!("tags/exif.tsv"), Some("exif")));
static GPS: Lazy<Table> = Lazy::new(|| table(include_str!("tags/exif.tsv"), Some("gps")));
static INTEROP: Lazy<Table> = Lazy::new(|| table(include_str!("tags/exif.tsv"), Some("interop")));

/// The lines of a table, of one group where it has groups; both files are sorted by number.
fn table(text: &'static str, group: Option<&str>) -> Table {
    let entry = |line: &'static str| {
        let mut fields = line.split('\t');
        if let Some(group) = group
            && fields.next()? != group
        {
            return None;
        }
        Some((fields.next()?.parse().ok()?, fields.next()?))
    };
    text.lines().filter_map(entry).collect()
}

/// The name of a tag; `None`: it has none, and goes by its number.
pub fn name(tag: u16, names: Names) -> Option<&'static str> {
    let find = |table: &Table| {
        let at = table.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        table.get(at).map(|(_, name)| *name)
    };
    match names {
        Names::Image => find(&IMAGE),
        Names::Exif => find(&EXIF).or_else(|| find(&IMAGE)),
        Names::Gps => find(&GPS),
        Names::Interop => find(&INTEROP),
    }
}

/// The number of an image's tag by its name.
pub fn by_name(name: &str) -> Option<u16> {
    IMAGE.iter().find(|(_, known)| *known == name).map(|(tag, _)| *tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_names_are_found() {
        for table in [&IMAGE, &EXIF, &GPS, &INTEROP] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
        assert_eq!(name(tag::IMAGE_WIDTH, Names::Image), Some("ImageWidth"));
        assert_eq!(name(2, Names::Gps), Some("GPSLatitude"));
        assert_eq!(name(33434, Names::Exif), Some("ExposureTime"));
        assert_eq!(by_name("StripOffsets"), Some(tag::STRIP_OFFSETS));
    }
}
