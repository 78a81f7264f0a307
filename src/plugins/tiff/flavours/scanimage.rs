//! ScanImage: settings of the microscope behind the header, and frames of slices and channels.

use super::super::file::File;
use super::super::series::Series;
use super::facts::Facts;
use super::labels::{json, scalar};
use crate::error::Result;
use crate::model::{Dict, List, MAX_METADATA, Value};

/// The settings that do not vary: those behind the header of a BigTIFF.
pub fn meta(_file: &mut File, facts: &Facts) -> Result<Dict> {
    let (tiff, mut dict) = (&facts.tiff, Dict::new());
    let head = tiff.read_some(16, 16)?;
    let word = |i: usize| head.get(i * 4..i * 4 + 4).map_or(0, |b| tiff.layout.u32(b));
    let (mark, version, first, second) = (word(0), word(1), word(2) as usize, word(3) as usize);
    let is_marked = tiff.layout.big && mark == 117_637_889 && (3..=4).contains(&version);
    if !is_marked || first.saturating_add(second) > MAX_METADATA {
        return Ok(dict);
    }
    dict.set("version", version);
    let frame = tiff.read_some(32, first)?;
    let frame = frame.strip_suffix(b"\0").unwrap_or(&frame);
    dict.set(
        "FrameData",
        match json(frame) {
            Value::Dict(dict) => dict,
            _ => lines(&String::from_utf8_lossy(frame)),
        },
    );
    let groups = tiff.read_some(32 + first as u64, second)?;
    let groups = groups.strip_suffix(b"\0").unwrap_or(&groups);
    if let Value::Dict(groups) = json(groups) {
        dict.extend(groups);
    }
    Ok(dict)
}

/// Lines `name = value` in MATLAB's writing.
fn lines(text: &str) -> Dict {
    let mut dict = Dict::new();
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        dict.set(key.trim(), matlab(value.trim()));
    }
    dict
}

/// A value in MATLAB's writing: a text in quotes, a truth value, a number, a row of these; anything else as text.
fn matlab(text: &str) -> Value {
    match text {
        "true" => return true.into(),
        "false" => return false.into(),
        "Inf" => return f64::INFINITY.into(),
        "-Inf" => return f64::NEG_INFINITY.into(),
        "NaN" => return f64::NAN.into(),
        "[]" | "{}" => return List::new().into(),
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|t| !t.contains('\'')) {
        return inner.into();
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let row = |text: &str| -> Option<List> {
            let items = text.split([' ', ',']).filter(|t| !t.is_empty()).map(matlab);
            let items: Vec<Value> = items.collect();
            items.iter().all(|v| !matches!(v, Value::Str(_))).then(|| items.into_iter().collect())
        };
        let rows: Option<Vec<List>> = inner.split(';').map(row).collect();
        return match rows {
            Some(mut rows) if rows.len() == 1 => rows.remove(0).into(),
            Some(rows) => rows.into_iter().collect::<List>().into(),
            None => text.into(),
        };
    }
    scalar(text)
}

/// One series: slices, frames of a slice and channels.
pub fn series(file: &mut File, facts: &Facts) -> Result<Option<Vec<Series>>> {
    let count = file.page_count()?;
    let pages = file.locate_all(0..count)?;
    let mut series = Series::of_pages("scanimage", pages, &facts.page.form)?;
    let meta = meta(file, facts)?;
    if let Some(Value::Dict(frame)) = meta.get("FrameData")
        && let Some(channels) = frame.get("SI.hChannels.channelSave")
    {
        let channels = match channels {
            Value::List(list) => list.len(),
            _ => 1,
        };
        let per_slice = frame.get("SI.hStackManager.framesPerSlice").and_then(Value::as_float);
        let per_slice = per_slice.filter(|n| (1.0..1e9).contains(n)).map(|n| n as usize);
        let (slices, frames) = match per_slice {
            Some(frames) => ((count / (frames * channels).max(1)).max(1), frames),
            None => (1, count / channels.max(1)),
        };
        if channels > 0 && slices * frames * channels == count {
            series.shape.splice(..1, [slices, frames, channels]);
            series.axes.replace_range(..1, "ZTC");
        }
    }
    Ok(Some(vec![series]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_matlab_are_values() {
        let dict = lines("a = 1\nb = [1 2]\nc = 'x'\nd = [1 2;3 4]\ne = true\nf = {1}\n");
        assert_eq!(dict.to_json().unwrap(), r#"{"a":1,"b":[1,2],"c":"x","d":[[1,2],[3,4]],"e":true,"f":"{1}"}"#);
    }
}
