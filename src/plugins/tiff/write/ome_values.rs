//! Values that the schema of OME restricts. What a caller gives becomes a part of the document only if it may.

use crate::error::{Error, Result};
use crate::model::{Dict, Value};

const LENGTHS: &[&str] = &[
    "Ym",
    "Zm",
    "Em",
    "Pm",
    "Tm",
    "Gm",
    "Mm",
    "km",
    "hm",
    "dam",
    "m",
    "dm",
    "cm",
    "mm",
    "µm",
    "nm",
    "pm",
    "fm",
    "am",
    "zm",
    "ym",
    "Å",
    "thou",
    "li",
    "in",
    "ft",
    "yd",
    "mi",
    "ua",
    "ly",
    "pc",
    "pt",
    "pixel",
    "reference frame",
];
const TIMES: &[&str] = &[
    "Ys", "Zs", "Es", "Ps", "Ts", "Gs", "Ms", "ks", "hs", "das", "s", "ds", "cs", "ms", "µs", "ns", "ps", "fs", "as",
    "zs", "ys", "min", "h", "d",
];
const MODES: &[&str] = &[
    "WideField",
    "LaserScanningConfocalMicroscopy",
    "SpinningDiskConfocal",
    "SlitScanConfocal",
    "MultiPhotonMicroscopy",
    "StructuredIllumination",
    "SingleMoleculeImaging",
    "TotalInternalReflection",
    "FluorescenceLifetime",
    "SpectralImaging",
    "FluorescenceCorrelationSpectroscopy",
    "NearFieldScanningOpticalMicroscopy",
    "SecondHarmonicGenerationImaging",
    "PALM",
    "STORM",
    "STED",
    "TIRF",
    "FSM",
    "LCM",
    "Other",
    "BrightField",
    "SweptFieldConfocal",
    "SPIM",
];
const CONTRASTS: &[&str] = &[
    "Brightfield",
    "Phase",
    "DIC",
    "HoffmanModulation",
    "ObliqueIllumination",
    "PolarizedLight",
    "Darkfield",
    "Fluorescence",
    "Other",
];
const LIGHTS: &[&str] = &["Transmitted", "Epifluorescence", "Oblique", "NonLinear", "Other"];

/// Refuses metadata that would make the document invalid, and names what is wrong.
pub fn check(given: &Dict) -> Result<()> {
    for (name, value) in given.iter() {
        each(name, value)?;
    }
    for parts in ["Channel", "Plane"] {
        match given.get(parts) {
            Some(Value::Dict(part)) => part.iter().try_for_each(|(name, value)| each(name, value))?,
            Some(Value::List(list)) => {
                for part in list.iter().filter_map(Value::as_dict) {
                    part.iter().try_for_each(|(name, value)| each(name, value))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A value, or a list of those of several parts.
fn each(name: &str, value: &Value) -> Result<()> {
    if let Value::List(list) = value {
        return list.iter().try_for_each(|value| each(name, value));
    }
    match super::ome::plain(value) {
        Some(text) if !is_allowed(name, &text) => {
            Err(Error::option(format!("option \"metadata\": OME has no {name} {text:?}")))
        }
        _ => Ok(()),
    }
}

fn is_allowed(name: &str, text: &str) -> bool {
    let number = || text.parse::<f64>().ok().filter(|x| x.is_finite());
    match name {
        "UUID" => is_uuid(text),
        "AcquisitionDate" => is_time(text),
        "SignificantBits" => text.parse::<u32>().is_ok_and(|n| n > 0),
        "Color" | "PockelCellSetting" => text.parse::<i32>().is_ok(),
        "PhysicalSizeX" | "PhysicalSizeY" | "PhysicalSizeZ" | "EmissionWavelength" | "ExcitationWavelength" => {
            number().is_some_and(|x| x > 0.0)
        }
        "TimeIncrement" | "DeltaT" | "ExposureTime" | "PositionX" | "PositionY" | "PositionZ" | "NDFilter"
        | "PinholeSize" => number().is_some(),
        "TimeIncrementUnit" | "DeltaTUnit" | "ExposureTimeUnit" => TIMES.contains(&unit(text)),
        "PhysicalSizeXUnit"
        | "PhysicalSizeYUnit"
        | "PhysicalSizeZUnit"
        | "PositionXUnit"
        | "PositionYUnit"
        | "PositionZUnit"
        | "EmissionWavelengthUnit"
        | "ExcitationWavelengthUnit"
        | "PinholeSizeUnit" => LENGTHS.contains(&unit(text)),
        "AcquisitionMode" => MODES.contains(&text),
        "ContrastMethod" => CONTRASTS.contains(&text),
        "IlluminationType" => LIGHTS.contains(&text),
        _ => true,
    }
}

/// A unit in the letters of OME: many write `um`, or the Greek letter for the sign.
pub fn unit(text: &str) -> &str {
    match text {
        "um" | "μm" | "micron" | "microns" | "micrometer" => "µm",
        "us" | "μs" => "µs",
        "sec" | "second" | "seconds" => "s",
        other => other,
    }
}

/// `urn:uuid:` and 32 digits in five groups.
fn is_uuid(text: &str) -> bool {
    let groups = text.strip_prefix("urn:uuid:").map(|id| id.split('-').collect::<Vec<_>>());
    groups.is_some_and(|groups| {
        groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// `2024-02-29T12:30:00`, perhaps with a fraction of the second and a zone.
fn is_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:dd";
    let Some((time, rest)) = text.split_at_checked(shape.len()) else { return false };
    let fits = time.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'd' { c.is_ascii_digit() } else { c == s });
    let digits = |from: usize| time.get(from..from + 2).and_then(|t| t.parse::<u8>().ok()).unwrap_or(u8::MAX);
    let in_range = (1..=12).contains(&digits(5))
        && (1..=31).contains(&digits(8))
        && digits(11) < 24
        && digits(14) < 60
        && digits(17) < 60;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    let offset = |zone: &[u8]| matches!(zone, [b'+' | b'-', a, b, b':', c, d] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()));
    fits && in_range && (zone.is_empty() || zone == "Z" || offset(zone.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_schema_allows_is_taken() {
        for (name, right, wrong) in [
            ("UUID", "urn:uuid:01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
            ("AcquisitionDate", "2024-02-29T12:30:00.25+01:00", "2024-02-29 12:30:00"),
            ("AcquisitionDate", "2024-02-29T12:30:00", "2024-13-29T12:30:00"),
            ("SignificantBits", "12", "0"),
            ("PhysicalSizeX", "0.25", "-1"),
            ("PhysicalSizeXUnit", "um", "s"),
            ("TimeIncrementUnit", "s", "m"),
            ("PositionX", "-1.5", "here"),
            ("AcquisitionMode", "STED", "sted"),
            ("Name", "any", ""),
        ] {
            let checked = |text: &str| check(&Dict::new().with(name, text));
            assert!(checked(right).is_ok(), "{name} {right}");
            assert!(wrong.is_empty() || checked(wrong).is_err(), "{name} {wrong}");
        }
        let channels = Dict::from_json(r#"{"Channel": {"Color": [1, "red"]}}"#).unwrap();
        assert!(check(&channels).unwrap_err().message().contains("Color"));
    }
}
