//! Writes what a few bytes ask for, and reads it back.

use libimageio::model::{DType, Dict, Index, List, View, ViewMut};
use libimageio::plugin::CallKind;
use libimageio::v3;
use libimageio::{ErrorKind, Result};

/// Hands out bytes; zeroes behind the end.
struct Wishes<'a>(std::slice::Iter<'a, u8>);

impl Wishes<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

const EXTENSIONS: [&str; 8] = [".png", ".bmp", ".gif", ".jpg", ".webp", ".dib", ".apng", ".mpo"];

const DTYPES: [DType; 9] =
    [DType::U8, DType::U8, DType::U8, DType::U16, DType::Bool, DType::F32, DType::I16, DType::U32, DType::F64];

/// The array and the options that the bytes ask for, written and read. Refusals are right; contradictions are told.
pub fn round_trip(wishes: &[u8]) -> Result<(), String> {
    let mut w = Wishes(wishes.iter());
    let extension = w.one(&EXTENSIONS);
    let dtype = DTYPES[w.below(DTYPES.len())];
    let shape: Vec<usize> = match w.below(8) {
        0 => (0..w.below(5)).map(|_| w.below(6)).collect(),
        1 | 2 => vec![1 + w.below(20), 1 + w.below(20)],
        3..=6 => vec![1 + w.below(20), 1 + w.below(20), 1 + w.below(4)],
        _ => vec![1 + w.below(4), 1 + w.below(20), 1 + w.below(20), 1 + w.below(4)],
    };
    let options = options(&mut w);
    let items: usize = shape.iter().product();
    let mut bytes: Vec<u8> = (0..items * dtype.size()).map(|i| w.byte().wrapping_add((i * 7) as u8)).collect();
    if dtype == DType::Bool {
        bytes.iter_mut().for_each(|b| *b &= 1);
    }
    let view = View::packed(&bytes, dtype.size(), &shape).ok_or("an array without a view")?;
    let asked = || format!("{extension} {dtype} {shape:?} {}", options.to_json().unwrap_or_default());
    let file = match v3::imwrite_bytes(Some(extension), view, dtype, &options) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::Internal => return Err(format!("{}: {e}", asked())),
        Err(_) => return Ok(()),
    };
    if file.is_empty() && items == 0 {
        // A batch of no images is no file.
        return Ok(());
    }
    let read = read(file).map_err(|e| format!("{}: what was written is not read: {e}", asked()))?;
    let lossless = match extension {
        ".png" | ".apng" => matches!(dtype, DType::U8 | DType::U16 | DType::Bool),
        ".bmp" | ".dib" => dtype == DType::U8 && !options.contains("bits"),
        _ => false,
    };
    // An alpha that BMP cannot hold, or a sample axis of 1, comes back in another shape.
    if lossless && read.0 == shape && read.1 == dtype && read.2 != bytes {
        return Err(format!("{}: other pixels come back", asked()));
    }
    Ok(())
}

fn options(w: &mut Wishes) -> Dict {
    let mut options = Dict::new();
    for _ in 0..w.below(4) {
        let number = i64::from(w.byte());
        match w.below(14) {
            0 => options.set("quality", number),
            1 => options.set("compress_level", number % 11),
            2 => options.set("lossless", number % 2 == 0),
            3 => options.set("duration", number * 10),
            4 => options.set("loop", number),
            5 => options.set("is_batch", number % 2 == 0),
            6 => options.set("progressive", number % 2 == 0),
            7 => options.set("optimize", number % 2 == 0),
            8 => options.set("color", w.one(&["rgb", "bgr", "rgba", "bgra", "gray", "gray_alpha", "cmyk", "lab"])),
            9 => options.set("axes", w.one(&["YX", "YXS", "NYX", "NYXS", "SYX", "XY", "YXC"])),
            10 => options.set("exif", vec![number as u8; w.below(40)]),
            11 => options.set("icc_profile", vec![number as u8; w.below(200)]),
            12 => options.set("duration_s", (0..w.below(5)).map(|n| n as f64 / 7.0).collect::<List>()),
            _ => options.set("dpi", number as f64 / 3.0),
        }
    }
    options
}

fn read(file: Vec<u8>) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    let mut file = v3::imopen_bytes(file, &Dict::new())?;
    file.meta(Index::Default, &Dict::new())?;
    let call = file.call(CallKind::Read, &Dict::new())?;
    let plan = file.plan(Index::Default, &call)?;
    let props = plan.props().clone();
    let mut pixels = vec![0xA5; file.check_limits(&plan)?];
    let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape)
        .ok_or_else(|| libimageio::Error::internal("a shape without a view"))?;
    file.read_planned(&plan, &call, view, props.dtype)?;
    Ok((props.shape.to_vec(), props.dtype, pixels))
}
