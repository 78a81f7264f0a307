//! GIF through the plugin's own doors.

mod compose;
mod damage;
mod write;

use crate::error::Result;
use crate::model::{Cast, DType, Destination, Dict, Index, Limits, Value, View, ViewMut};
use crate::plugin::{Call, CallKind, Image, Outcome, Plugin, Reader, check};
use crate::plugins::image::ImagePlugin;
use crate::resource::{Output, read_memory};
use std::sync::Arc;

/// Every image of a file, as read: shape and bytes.
#[derive(Debug, PartialEq)]
struct Stack {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stack {
    fn image(&self, i: usize) -> &[u8] {
        let size = self.bytes.len() / self.shape[0];
        &self.bytes[i * size..(i + 1) * size]
    }
}

fn limits() -> Limits {
    Limits { max_pixels: Some(1 << 20), max_bytes: Some(64 << 20) }
}

fn call(kind: CallKind, options: Dict) -> Result<Call> {
    let plugin = ImagePlugin::new();
    let options = check(&options, plugin.declaration(), kind)?;
    Ok(Call::new(options, Arc::new(plugin.declaration().clone()), limits(), 1))
}

fn plain() -> Call {
    call(CallKind::Read, Dict::new()).unwrap()
}

fn partial() -> Call {
    call(CallKind::Read, Dict::new().with("allow_partial", true)).unwrap()
}

fn open(file: &[u8]) -> Result<Box<dyn Reader>> {
    ImagePlugin::new().open(read_memory(file.to_vec(), None)?, &plain())
}

fn read_all(file: &[u8], call: &Call) -> Result<(Stack, Outcome)> {
    let mut reader = open(file)?;
    let props = reader.props(Index::All, call)?;
    let mut bytes = vec![0xaa; limits().check(&props)?];
    let view = ViewMut::packed(&mut bytes, 1, &props.shape).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), limits());
    let outcome = reader.read(Index::All, call, &mut to)?;
    Ok((Stack { shape: props.shape.to_vec(), bytes }, outcome))
}

fn read(file: &[u8]) -> Stack {
    read_all(file, &plain()).unwrap().0
}

fn read_one(reader: &mut dyn Reader, index: usize, call: &Call) -> Result<Vec<u8>> {
    let props = reader.props(Index::At(index), call)?;
    let mut bytes = vec![0xaa; limits().check(&props)?];
    let view = ViewMut::packed(&mut bytes, 1, &props.shape).unwrap();
    reader.read(Index::At(index), call, &mut Destination::new(view, Cast::plain(DType::U8, DType::U8), limits()))?;
    Ok(bytes)
}

fn meta(file: &[u8], index: usize) -> Dict {
    let call = call(CallKind::Meta, Dict::new()).unwrap();
    open(file).unwrap().meta(Index::At(index), &call).unwrap()
}

fn durations(file: &[u8]) -> Vec<Option<i64>> {
    let count = read(file).shape[0];
    (0..count).map(|i| meta(file, i).get("duration").and_then(Value::as_int)).collect()
}

/// Writes images of one shape, as one stack.
fn write_as(
    dtype: DType,
    shape: &[usize],
    images: &[&[u8]],
    options: Dict,
    metadata: Option<&Dict>,
) -> Result<Vec<u8>> {
    let call = call(CallKind::Write, options)?;
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".gif"), &plain())?;
    for (i, image) in images.iter().enumerate() {
        call.set_part(i, images.len());
        let view = View::packed(image, 1, shape).unwrap();
        writer.write(&Image { view, dtype, color: None, axes: None, metadata }, &call)?;
    }
    writer.finish(&call)?;
    output.publish()?;
    Ok(output.memory_bytes().unwrap())
}

fn write(shape: &[usize], images: &[&[u8]], options: Dict) -> Vec<u8> {
    write_as(DType::U8, shape, images, options, None).unwrap()
}

/// A frame made by hand.
struct Made {
    at: (u16, u16),
    size: (u16, u16),
    disposal: u8,
    transparent: Option<u8>,
    interlaced: bool,
    palette: Option<Vec<u8>>,
    pixels: Vec<u8>,
}

impl Made {
    fn new(at: (u16, u16), size: (u16, u16), pixels: &[u8]) -> Made {
        let pixels = pixels.to_vec();
        Made { at, size, disposal: 0, transparent: None, interlaced: false, palette: None, pixels }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = vec![b'!', 0xf9, 4];
        out.extend([self.disposal << 2 | u8::from(self.transparent.is_some()), 5, 0, self.transparent.unwrap_or(0), 0]);
        out.push(b',');
        for n in [self.at.0, self.at.1, self.size.0, self.size.1] {
            out.extend(n.to_le_bytes());
        }
        out.push(if self.palette.is_some() { 0x81 } else { 0 } | u8::from(self.interlaced) << 6);
        out.extend(self.palette.iter().flatten());
        let mut frame = gif::Frame { buffer: self.pixels.clone().into(), ..gif::Frame::default() };
        frame.make_lzw_pre_encoded();
        out.push(frame.buffer[0]);
        for block in frame.buffer[1..].chunks(255) {
            out.push(block.len() as u8);
            out.extend(block);
        }
        out.push(0);
        out
    }
}

/// Four colours: red, green, blue, white.
const PALETTE: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];

/// A file of frames made by hand, with the background at index 3.
fn made(size: (u16, u16), frames: &[Made]) -> Vec<u8> {
    let mut out = b"GIF89a".to_vec();
    out.extend(size.0.to_le_bytes());
    out.extend(size.1.to_le_bytes());
    out.extend([0x81, 3, 0]);
    out.extend(PALETTE.as_flattened());
    frames.iter().for_each(|frame| out.extend(frame.bytes()));
    out.push(b';');
    out
}
