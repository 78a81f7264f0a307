//! What the tests of these formats share, and a test of what the formats share.

use super::super::ImagePlugin;
use super::super::png::tests::{call, image, open};
use crate::error::{ErrorKind, Result};
use crate::model::{Color, DType, Dict, Index, View};
use crate::plugin::{CallKind, Image, Outcome, Plugin};
use crate::resource::{Output, read_memory};

/// A file of one image.
pub fn write(extension: &str, dtype: DType, shape: &[usize], bytes: &[u8], options: Dict) -> Result<Vec<u8>> {
    write_as(None, extension, dtype, shape, bytes, options)
}

/// A file of one image whose samples mean this.
pub fn write_as(
    color: Option<Color>,
    extension: &str,
    dtype: DType,
    shape: &[usize],
    bytes: &[u8],
    options: Dict,
) -> Result<Vec<u8>> {
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(extension), &call(CallKind::Open, Dict::new()))?;
    let view = View::packed(bytes, dtype.size(), shape).unwrap();
    let image = Image { view, dtype, color, axes: None, metadata: None };
    writer.write(&image, &call(CallKind::Write, options))?;
    let again = writer.write(&image, &call(CallKind::Write, Dict::new())).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Unsupported);
    writer.finish(&call(CallKind::Write, Dict::new()))?;
    Ok(output.memory_bytes().unwrap())
}

pub fn read(file: &[u8]) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    image(&mut *open(file)?, 0, Dict::new()).map(|(props, bytes, _)| (props.shape.to_vec(), props.dtype, bytes))
}

/// Reads a file by its extension.
pub fn read_named(file: &[u8], extension: &str) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    let source = read_memory(file.to_vec(), Some(extension))?;
    let mut reader = ImagePlugin::new().open(source, &call(CallKind::Open, Dict::new()))?;
    image(&mut *reader, 0, Dict::new()).map(|(props, bytes, _)| (props.shape.to_vec(), props.dtype, bytes))
}

pub fn meta(file: &[u8], options: Dict) -> Dict {
    open(file).unwrap().meta(Index::Default, &call(CallKind::Meta, options)).unwrap()
}

/// What can be read of a damaged file.
pub fn read_partly(file: &[u8]) -> Vec<u8> {
    assert_eq!(read(file).unwrap_err().kind(), ErrorKind::Corrupt);
    let (_, bytes, outcome) = image(&mut *open(file).unwrap(), 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    bytes
}

/// Writes and reads back; the file.
pub fn trip(extension: &str, dtype: DType, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let file = write(extension, dtype, shape, bytes, Dict::new()).unwrap();
    assert_eq!(read(&file).unwrap(), (shape.to_vec(), dtype, bytes.to_vec()), "{extension} {shape:?}");
    file
}

/// The format does not hold such an image, and says so before it writes.
pub fn refuses(extension: &str, dtype: DType, shape: &[usize]) {
    let bytes = vec![0; shape.iter().product::<usize>() * dtype.size()];
    let error = write(extension, dtype, shape, &bytes, Dict::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape, "{extension} {dtype} {shape:?}");
    assert!(error.to_string().contains("dtype"), "{error}");
}

pub fn ramp(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn samples_are_what_they_are_said_to_be() {
    for (extension, dtype, samples, said) in [
        (".ppm", DType::U8, 3, Color::Bgr),
        (".ff", DType::U16, 4, Color::Cmyk),
        (".qoi", DType::U8, 4, Color::Bgra),
        (".pam", DType::U8, 3, Color::Lab),
    ] {
        let bytes = vec![0; 4 * samples * dtype.size()];
        let error = write_as(Some(said), extension, dtype, &[2, 2, samples], &bytes, Dict::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{extension}");
    }
}

#[test]
fn farbfeld_keeps_sixteen_bits() {
    let bytes = ramp(5 * 7 * 8);
    let file = trip(".ff", DType::U16, &[5, 7, 4], &bytes);
    assert_eq!(file.len(), 16 + bytes.len());
    assert_eq!(file[16..18], u16::from_ne_bytes([bytes[0], bytes[1]]).to_be_bytes());
    for end in 0..file.len() {
        assert!(read(&file[..end]).is_err(), "cut at {end}");
    }
    let part = read_partly(&file[..16 + 56 * 3 + 9]);
    assert!(part[..56 * 3] == bytes[..56 * 3] && part[56 * 3..].iter().all(|&b| b == 0));
    refuses(".ff", DType::U8, &[2, 2, 4]);
    refuses(".ff", DType::U16, &[2, 2, 3]);
}
