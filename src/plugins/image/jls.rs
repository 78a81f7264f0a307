//! JPEG-LS: lossless and near-lossless, 2 to 16 bits.

use super::info;
use super::single::Sides;
use super::stills::{Still, Stills};
use super::whole;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Color, DType, Destination, Dict, Props, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Outcome, Reader, Writer};
use crate::resource::{Output, Source};
use jpegls::{Encode, Header, Interleave};

/// Whether a file begins as JPEG-LS streams do.
pub fn matches(head: &[u8]) -> bool {
    Header::matches(head)
}

/// The options of writing.
pub fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("near", &[OptionType::Int], 0, Calls::WRITE, "JPEG-LS: by how much a sample may change")
            .range(0.0, 255.0),
        OptionSpec::new(
            "interleave",
            &[OptionType::Str],
            Value::Null,
            Calls::WRITE,
            "JPEG-LS: how samples are interleaved; by default colours by sample",
        )
        .choices(&["none", "line", "sample"]),
    ]
}

/// The codec's failure as ours.
fn failed(error: jpegls::Error) -> Error {
    let kind = match error {
        jpegls::Error::Corrupt(_) => ErrorKind::Corrupt,
        jpegls::Error::Unsupported(_) => ErrorKind::Unsupported,
        jpegls::Error::Argument(_) => ErrorKind::InvalidArgument,
    };
    Error::new(kind, error.to_string())
}

/// A failure on the way: the codec's, or what stopped it.
struct Stopped(Error);

impl From<jpegls::Error> for Stopped {
    fn from(error: jpegls::Error) -> Stopped {
        Stopped(failed(error))
    }
}

/// Opens a JPEG-LS file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let header = match Header::read(source.head()) {
        Ok(header) => header,
        // The header may be longer than what was read of the file.
        Err(_) => Header::read(&source.all(call.limits())?).map_err(failed)?,
    };
    let bytes = source.len().unwrap_or(u64::MAX);
    // A line takes a bit at least.
    if (header.height as u64).div_ceil(8) > bytes {
        let (width, height) = (header.width, header.height);
        return Err(Error::corrupt(format!("{bytes} bytes cannot hold an image of {width} x {height} pixels")));
    }
    Ok(Stills::one(Jls { source, header }))
}

struct Jls {
    source: Source,
    header: Header,
}

impl Jls {
    fn of(&self) -> (Color, &'static str) {
        match (self.header.components, self.header.bits) {
            (1, ..=8) => (Color::Gray, "L"),
            (1, _) => (Color::Gray, "I;16"),
            (2, _) => (Color::GrayAlpha, "LA"),
            (3, _) => (Color::Rgb, "RGB"),
            (4, _) => (Color::Rgba, "RGBA"),
            _ => (Color::Multi, "F"),
        }
    }
}

impl Still for Jls {
    fn props(&mut self, _call: &Call) -> Result<Props> {
        let Header { width, height, components, bits, .. } = self.header;
        let dtype = if bits > 8 { DType::U16 } else { DType::U8 };
        let (color, _) = self.of();
        let mut props = match components {
            1 => Props::image(&[height, width], dtype, color),
            n => Props::image(&[height, width, n], dtype, color),
        };
        props.bits = bits;
        Ok(props)
    }

    fn read(&mut self, call: &Call, to: &mut Destination) -> Result<Outcome> {
        let all = self.source.all(call.limits())?;
        let height = self.header.height;
        let mut outcome = Outcome::Complete;
        to.fill(&[], |out| {
            let tick = |y: usize| call.tick(y as u64, height as u64).map_err(Stopped);
            let (rows, done) = jpegls::decode_into(&all, &self.header, out, tick);
            match done {
                Ok(()) => Ok(()),
                Err(Stopped(e)) if e.kind() == ErrorKind::Corrupt && call.bool("allow_partial") => {
                    let pitch = out.len() / height;
                    out.get_mut(rows * pitch..).unwrap_or_default().fill(0);
                    outcome = Outcome::Partial;
                    Ok(())
                }
                Err(Stopped(e)) => Err(e),
            }
        })?;
        Ok(outcome)
    }

    fn meta(&mut self, _call: &Call) -> Result<Dict> {
        let interleave = match self.header.interleave {
            Interleave::None => "none",
            Interleave::Line => "line",
            Interleave::Sample => "sample",
        };
        let meta = Dict::new().with("near", i64::from(self.header.near)).with("interleave", interleave);
        Ok(info::finish(meta, self.of().1, self.header.width, self.header.height))
    }
}

/// A writer of a JPEG-LS file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(whole::create(output, "JPEG-LS", encode))
}

fn encode(image: &Image, call: &Call) -> Result<Vec<u8>> {
    let sides = Sides::of(image, "JPEG-LS", 65535)?;
    let bits = match image.dtype {
        DType::U8 => 8,
        DType::U16 => 16,
        _ => 0,
    };
    if bits == 0 || !(1..=255).contains(&sides.samples) {
        let way_out = "convert the samples, or give dtype";
        return Err(sides.refuse(image, "JPEG-LS", "uint8 and uint16 in 1 to 255 samples of dtype", way_out));
    }
    let interleave = match call.str("interleave") {
        Some("none") => Interleave::None,
        Some("line") => Interleave::Line,
        Some(_) => Interleave::Sample,
        // What other decoders take.
        None if (3..=4).contains(&sides.samples) => Interleave::Sample,
        None => Interleave::None,
    };
    let near = call.int("near").and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
    let near = near.min(((1 << bits) - 1) / 2);
    let options =
        Encode { width: sides.width, height: sides.height, components: sides.samples, bits, near, interleave };
    let tick = |y: usize| call.tick(y as u64, sides.height as u64).map_err(Stopped);
    jpegls::encode(&options, &image.packed(call)?, tick).map_err(|Stopped(e)| e)
}
