use super::super::ImagePlugin;
use super::super::png::tests::{call, image, open};
use crate::error::{ErrorKind, Result};
use crate::model::{DType, Dict, Index, List, Value, View};
use crate::plugin::{CallKind, Image, Outcome, Plugin};
use crate::resource::Output;

fn write(extension: &str, dtype: DType, shape: &[usize], bytes: &[u8], options: Dict) -> Result<Vec<u8>> {
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(extension), &call(CallKind::Open, Dict::new()))?;
    let view = View::packed(bytes, dtype.size(), shape).unwrap();
    let image = Image { view, dtype, color: None, axes: None, metadata: None };
    writer.write(&image, &call(CallKind::Write, options))?;
    let again = writer.write(&image, &call(CallKind::Write, Dict::new())).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Unsupported);
    writer.finish(&call(CallKind::Write, Dict::new()))?;
    Ok(output.memory_bytes().unwrap())
}

fn read(file: &[u8]) -> Result<(Vec<usize>, DType, Vec<u8>)> {
    image(&mut *open(file)?, 0, Dict::new()).map(|(props, bytes, _)| (props.shape.to_vec(), props.dtype, bytes))
}

fn ramp(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 7 % 251) as u8).collect()
}

/// A file with a header of 40 bytes.
fn bitmap(size: (i32, i32), bits: u16, compression: u32, extra: &[u8], colors: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    file.extend((54 + extra.len() as u32).to_le_bytes());
    file.extend(40u32.to_le_bytes());
    [size.0, size.1].iter().for_each(|n| file.extend(n.to_le_bytes()));
    [1, bits].iter().for_each(|n: &u16| file.extend(n.to_le_bytes()));
    [compression, 0, 0, 0, colors, 0].iter().for_each(|n| file.extend(n.to_le_bytes()));
    file.extend_from_slice(extra);
    file.extend_from_slice(data);
    file
}

#[test]
fn what_is_written_reads_back() {
    for extension in [".bmp", ".dib"] {
        for width in [1, 7, 8, 9, 33] {
            let bits: Vec<u8> = ramp(width * 3).iter().map(|b| b & 1).collect();
            let file = write(extension, DType::Bool, &[3, width], &bits, Dict::new()).unwrap();
            assert_eq!(read(&file).unwrap(), (vec![3, width], DType::Bool, bits));
            for samples in [1, 3] {
                let shape: &[usize] = if samples == 1 { &[3, width] } else { &[3, width, samples] };
                let bytes = ramp(width * 3 * samples);
                let file = write(extension, DType::U8, shape, &bytes, Dict::new()).unwrap();
                assert_eq!(read(&file).unwrap(), (shape.to_vec(), DType::U8, bytes));
            }
        }
    }
    assert_eq!(write(".bmp", DType::U16, &[1, 1], &[0; 2], Dict::new()).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(write(".bmp", DType::U8, &[1, 1, 2], &[0; 2], Dict::new()).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn the_density_is_kept() {
    let pair: List = [300, 200].into_iter().collect();
    let file = write(".bmp", DType::U8, &[1, 1], &[9], Dict::new().with("dpi", pair)).unwrap();
    let meta = open(&file).unwrap().meta(Index::Default, &call(CallKind::Meta, Dict::new())).unwrap();
    let dpi = meta.get("dpi").and_then(Value::as_floats).unwrap();
    assert!((dpi[0] - 300.0).abs() < 0.1 && (dpi[1] - 200.0).abs() < 0.1);
    assert_eq!(meta.get("mode"), Some(&"L".into()));
}

#[test]
fn fields_and_directions_are_followed() {
    let masks: Vec<u8> = [0xf800u32, 0x7e0, 0x1f].iter().flat_map(|m| m.to_le_bytes()).collect();
    let file = bitmap((1, -2), 16, 3, &masks, 0, &[0, 0xf8, 0, 0, 0xe0, 7, 0, 0]);
    assert_eq!(read(&file).unwrap().2, [255, 0, 0, 0, 255, 0]);
    let file = bitmap((1, 2), 16, 0, &[], 0, &[0, 0x7c, 0, 0, 0x1f, 0, 0, 0]);
    assert_eq!(read(&file).unwrap().2, [0, 0, 255, 255, 0, 0]);
    let file = bitmap((1, 1), 32, 0, &[], 0, &[1, 2, 3, 4]);
    assert_eq!(read(&file).unwrap(), (vec![1, 1, 3], DType::U8, vec![3, 2, 1]));
    let masks: Vec<u8> = [0xffu32, 0xff00, 0xff_0000, 0xff00_0000].iter().flat_map(|m| m.to_le_bytes()).collect();
    let file = bitmap((1, 1), 32, 6, &masks, 0, &[1, 2, 3, 4]);
    assert_eq!(read(&file).unwrap(), (vec![1, 1, 4], DType::U8, vec![1, 2, 3, 4]));
}

#[test]
fn runs_are_undone() {
    let palette: Vec<u8> = (0..4u8).flat_map(|i| [i, 0, 10 * i, 0]).collect();
    // Two of 1 and the end of the row; then one passed over and three as they are; then the end.
    let data = [2, 1, 0, 0, 0, 2, 1, 0, 0, 3, 1, 2, 3, 0, 0, 1];
    let file = bitmap((4, 3), 8, 1, &palette, 4, &data);
    let reds: Vec<u8> = read(&file).unwrap().2.chunks(3).map(|c| c[0] / 10).collect();
    assert_eq!(reds, [0, 0, 0, 0, 0, 1, 2, 3, 1, 1, 0, 0]);
    // A full row is left by its end; the end of a row without pixels leaves that row.
    let data = [4, 1, 0, 0, 0, 0, 4, 2, 0, 0, 0, 1];
    let reds: Vec<u8> =
        read(&bitmap((4, 3), 8, 1, &palette, 4, &data)).unwrap().2.chunks(3).map(|c| c[0] / 10).collect();
    assert_eq!(reds, [2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1, 1]);
    for end in 70..file.len() {
        assert!(read(&file[..end]).is_err() || end >= 82, "cut at {end}");
    }
}

#[test]
fn truncation_is_an_error_or_a_partial_read() {
    let bytes = ramp(40 * 30 * 3);
    let file = write(".bmp", DType::U8, &[30, 40, 3], &bytes, Dict::new()).unwrap();
    for end in 0..file.len() {
        let error = read(&file[..end]).err().unwrap_or_else(|| panic!("cut at {end}"));
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NoBackend | ErrorKind::Unsupported), "{error}");
    }
    let mut reader = open(&file[..54 + 120 * 10 + 5]).unwrap();
    let (_, part, outcome) = image(&mut *reader, 0, Dict::new().with("allow_partial", true)).unwrap();
    assert_eq!(outcome, Outcome::Partial);
    assert!(part[..20 * 120].iter().all(|&b| b == 0) && part[20 * 120..] == bytes[20 * 120..]);
}

#[test]
fn hostile_headers_are_errors() {
    for size in [(i32::MAX, i32::MAX), (i32::MIN, 1), (1, i32::MIN), (0, 1), (-1, 1), (100_000, -100_000)] {
        for (bits, compression) in [(1, 0), (8, 1), (4, 2), (16, 3), (24, 0), (32, 3), (8, 5), (7, 0)] {
            let file = bitmap(size, bits, compression, &[0; 12], u32::MAX, &[0; 40]);
            assert!(open(&file).is_err(), "{size:?} {bits} {compression}");
        }
    }
}
