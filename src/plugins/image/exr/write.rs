//! Writing one image of halves, floats or whole numbers, by rows.

use super::chunk::{Block, compress, rows};
use super::header::{Channel, Part, Sample, Window};
use crate::error::Result;
use crate::model::{DType, Dict, Value};
use crate::plugin::{Call, Calls, Image, OptionSpec, OptionType, Writer, parallel};
use crate::plugins::image::{single::Sides, whole};
use crate::resource::Output;

/// The compressions that are written, by their numbers.
const WRITTEN: &[&str] = &["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a"];

/// The attributes that say how a file is stored, which are this writer's to decide.
const STRUCTURE: &[&str] = &[
    "channels",
    "compression",
    "dataWindow",
    "displayWindow",
    "lineOrder",
    "tiles",
    "type",
    "chunkCount",
    "version",
    "name",
    "layer",
    "preview",
    "mode",
    "shape",
    "pixelAspectRatio",
    "screenWindowCenter",
    "screenWindowWidth",
];

/// The most that a side may be.
const MOST: usize = i32::MAX as usize;

/// The options of a write.
pub fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new(
            "compression",
            &[OptionType::Str],
            "zip",
            Calls::WRITE,
            "OpenEXR: how pixels are compressed; b44 and b44a lose some of halves, pxr24 of floats",
        )
        .choices(WRITTEN),
        OptionSpec::new("half", &[OptionType::Bool], false, Calls::WRITE, "OpenEXR: store floats as halves"),
    ]
}

/// A writer of an EXR file.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(whole::create(output, "OpenEXR", encode))
}

fn encode(image: &Image, call: &Call) -> Result<Vec<u8>> {
    let sides = Sides::of(image, "OpenEXR", MOST)?;
    let half = call.bool("half");
    let sample = match image.dtype {
        DType::F16 => Some(Sample::Half),
        DType::F32 if half => Some(Sample::Half),
        DType::F32 => Some(Sample::Float),
        DType::U32 => Some(Sample::Uint),
        _ => None,
    };
    let names = names(image, sides.samples);
    let Some((sample, names)) = sample.zip(names) else {
        let holds = "float16, float32 and uint32 in 1 to 4 samples, or as many as the metadata name channels, of dtype";
        return Err(sides.refuse(image, "OpenEXR", holds, "convert the samples, or give dtype"));
    };
    let compression = WRITTEN.iter().position(|&name| Some(name) == call.str("compression")).unwrap_or(3);
    // Channels are stored in the order of their names.
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| names.get(a).cmp(&names.get(b)));
    let channels: Vec<Channel> = order
        .iter()
        .filter_map(|&i| names.get(i))
        .map(|name| Channel { name: name.clone(), sample, every: (1, 1), linear: false })
        .collect();
    let part = Part {
        channels,
        compression: compression as u8,
        window: Window { left: 0, top: 0, width: sides.width, height: sides.height },
        tile: None,
        is_deep: false,
        attributes: Dict::new(),
        table_at: 0,
    };
    let pixels = image.packed(call)?;
    let chunks = chunks(&part, &pixels, image.dtype, &order, call)?;
    let mut file = header(&part, image.metadata);
    let mut at = (file.len() + chunks.len() * 8) as u64;
    for chunk in &chunks {
        file.extend(at.to_le_bytes());
        at += chunk.len() as u64 + 8;
    }
    let lines = rows(part.compression).unwrap_or(1);
    for (i, chunk) in chunks.iter().enumerate() {
        file.extend(((i * lines) as i32).to_le_bytes());
        file.extend((chunk.len() as i32).to_le_bytes());
        file.extend(chunk);
    }
    Ok(file)
}

/// The names of the channels, in the order of the samples.
fn names(image: &Image, samples: usize) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let given = match image.metadata.and_then(|m| m.get("channels")) {
        Some(Value::List(list)) => list.iter().map(text).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let is_name = |name: &String| (1..=255).contains(&name.len()) && !name.contains('\0');
    let is_new = |names: &Vec<String>| names.iter().enumerate().all(|(i, n)| !names.iter().take(i).any(|m| m == n));
    if let Some(names) = given.filter(|names| names.len() == samples && names.iter().all(is_name) && is_new(names)) {
        return Some(names);
    }
    let names: &[&str] = match samples {
        1 => &["Y"],
        2 => &["Y", "A"],
        3 => &["R", "G", "B"],
        4 => &["R", "G", "B", "A"],
        _ => return None,
    };
    Some(names.iter().map(|&name| name.to_owned()).collect())
}

/// The compressed chunks.
fn chunks(part: &Part, pixels: &[u8], dtype: DType, order: &[usize], call: &Call) -> Result<Vec<Vec<u8>>> {
    let (width, height) = (part.window.width, part.window.height);
    let lines = rows(part.compression).unwrap_or(1);
    let pitch = width * order.len() * dtype.size();
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    chunks.resize_with(height.div_ceil(lines), Vec::new);
    let total = chunks.len();
    let jobs = chunks.iter_mut().zip(pixels.chunks(pitch * lines)).enumerate();
    parallel(
        call,
        call.threads(),
        total,
        jobs,
        || Ok(Vec::new()),
        |raw, (i, (to, rows))| {
            let block = Block { left: 0, top: (i * lines) as i64, width, height: rows.len() / pitch };
            raw.clear();
            for row in rows.chunks_exact(pitch) {
                for (&place, channel) in order.iter().zip(&part.channels) {
                    line(row, dtype, place, order.len(), channel.sample, raw);
                }
            }
            *to = compress(part, block, raw)?;
            Ok(())
        },
    )?;
    Ok(chunks)
}

/// Appends the samples of a channel of a row, as files have them.
fn line(row: &[u8], dtype: DType, place: usize, step: usize, sample: Sample, raw: &mut Vec<u8>) {
    match (dtype, sample) {
        (DType::F16, _) => {
            let samples = row.as_chunks::<2>().0.iter().skip(place).step_by(step);
            samples.for_each(|&b| raw.extend(u16::from_ne_bytes(b).to_le_bytes()));
        }
        (_, Sample::Half) => {
            let samples = row.as_chunks::<4>().0.iter().skip(place).step_by(step);
            samples.for_each(|&b| raw.extend(half::f16::from_f32(f32::from_ne_bytes(b)).to_le_bytes()));
        }
        _ => {
            let samples = row.as_chunks::<4>().0.iter().skip(place).step_by(step);
            samples.for_each(|&b| raw.extend(u32::from_ne_bytes(b).to_le_bytes()));
        }
    }
}

/// Everything before the table of chunks.
fn header(part: &Part, metadata: Option<&Dict>) -> Vec<u8> {
    let long = |name: &str| name.len() > 31;
    let custom = metadata.map(attributes).unwrap_or_default();
    let is_long = part.channels.iter().any(|c| long(&c.name)) || custom.iter().any(|(name, ..)| long(name));
    let mut file = vec![0x76, 0x2f, 0x31, 0x01, 2, if is_long { 4 } else { 0 }, 0, 0];
    let mut put = |name: &str, kind: &str, data: &[u8]| {
        file.extend(name.as_bytes());
        file.push(0);
        file.extend(kind.as_bytes());
        file.push(0);
        file.extend((data.len() as i32).to_le_bytes());
        file.extend(data);
    };
    let mut list = Vec::new();
    for channel in &part.channels {
        list.extend(channel.name.as_bytes());
        let kind = match channel.sample {
            Sample::Uint => 0u32,
            Sample::Half => 1,
            Sample::Float => 2,
        };
        list.push(0);
        [kind, 0, 1, 1].iter().for_each(|n| list.extend(n.to_le_bytes()));
    }
    list.push(0);
    let ints = |numbers: [i32; 4]| numbers.map(i32::to_le_bytes).concat();
    let window = ints([0, 0, part.window.width as i32 - 1, part.window.height as i32 - 1]);
    put("channels", "chlist", &list);
    put("compression", "compression", &[part.compression]);
    put("dataWindow", "box2i", &window);
    put("displayWindow", "box2i", &window);
    put("lineOrder", "lineOrder", &[0]);
    put("pixelAspectRatio", "float", &1f32.to_le_bytes());
    put("screenWindowCenter", "v2f", &[0; 8]);
    put("screenWindowWidth", "float", &1f32.to_le_bytes());
    for (name, kind, data) in &custom {
        put(name, kind, data);
    }
    file.push(0);
    file
}

/// The metadata that become attributes.
fn attributes(metadata: &Dict) -> Vec<(String, &'static str, Vec<u8>)> {
    let mut found = Vec::new();
    for (name, value) in metadata.iter() {
        let name: &str = name;
        if STRUCTURE.contains(&name) || name.is_empty() || name.len() > 255 || name.contains('\0') {
            continue;
        }
        let floats = |n: usize| {
            value
                .as_floats()
                .filter(|f| f.len() == n)
                .map(|f| f.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect())
        };
        let attribute = match (name, value) {
            ("chromaticities", _) => floats(8).map(|data| ("chromaticities", data)),
            ("worldToCamera" | "worldToNDC", _) => floats(16).map(|data| ("m44f", data)),
            ("adoptedNeutral", _) => floats(2).map(|data| ("v2f", data)),
            ("framesPerSecond", _) => value
                .as_floats()
                .filter(|f| f.len() == 2)
                .map(|f| ("rational", f.iter().flat_map(|&x| (x as i32).to_le_bytes()).collect())),
            (_, Value::Str(text)) => {
                let text: &str = text;
                Some(("string", text.as_bytes().to_vec()))
            }
            (_, Value::Int(n)) => i32::try_from(*n).ok().map(|n| ("int", n.to_le_bytes().to_vec())),
            (_, Value::Float(x)) => Some(("float", (*x as f32).to_le_bytes().to_vec())),
            _ => None,
        };
        if let Some((kind, data)) = attribute.filter(|(_, data): &(_, Vec<u8>)| data.len() < MOST) {
            found.push((name.to_owned(), kind, data));
        }
    }
    found
}
