use super::super::ImagePlugin;
use crate::error::{ErrorKind, Result};
use crate::model::{Cast, Color, DType, Destination, Dict, Index, Limits, List, Progress, Props, Value, View, ViewMut};
use crate::plugin::{Call, CallKind, Count, Image, Outcome, Plugin, Reader, check};
use crate::resource::{Output, ReadAt, Source, read_memory};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

fn call(kind: CallKind, options: &Dict) -> Result<Call> {
    let declared = Arc::new(ImagePlugin::new().declaration().clone());
    Ok(Call::new(check(options, &declared, kind)?, declared, Limits::default(), 1))
}

fn reading(options: &Dict) -> Call {
    call(CallKind::Read, options).unwrap()
}

fn plain() -> Call {
    reading(&Dict::new())
}

fn partial() -> Call {
    reading(&Dict::new().with("allow_partial", true))
}

fn open(file: &[u8]) -> Result<Box<dyn Reader>> {
    let call = call(CallKind::Open, &Dict::new())?;
    ImagePlugin::new().open(read_memory(file.to_vec(), None)?, &call)
}

fn read(reader: &mut dyn Reader, index: usize, call: &Call) -> Result<(Vec<u8>, Outcome)> {
    let props = reader.props(Index::At(index), call)?;
    let mut bytes = vec![0xa5; props.nbytes()?];
    let outcome = reader.read(Index::At(index), call, &mut destination(&mut bytes, &props))?;
    Ok((bytes, outcome))
}

fn destination<'a>(bytes: &'a mut [u8], props: &Props) -> Destination<'a> {
    let view = ViewMut::packed(bytes, props.dtype.size(), &props.shape).unwrap();
    Destination::new(view, Cast::plain(props.dtype, props.dtype), Limits::default())
}

/// Images of one shape, and the options with which each is written.
fn write_all(shape: &[usize], images: &[(&[u8], Dict)]) -> Result<Vec<u8>> {
    write_as(DType::U8, None, shape, images)
}

fn write_as(dtype: DType, color: Option<Color>, shape: &[usize], images: &[(&[u8], Dict)]) -> Result<Vec<u8>> {
    let output = Output::memory();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".webp"), &call(CallKind::Open, &Dict::new())?)?;
    for (bytes, options) in images {
        let call = call(CallKind::Write, options)?;
        let metadata = options.get("metadata").and_then(Value::as_dict);
        let view = View::packed(bytes, dtype.size(), shape).unwrap();
        writer.write(&Image { view, dtype, color, axes: None, metadata }, &call)?;
    }
    writer.finish(&plain())?;
    output.publish()?;
    Ok(output.memory_bytes().unwrap())
}

fn noise(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    })
    .take(n)
    .collect()
}

fn lossless() -> Dict {
    Dict::new().with("lossless", true).with("exact", true)
}

#[test]
fn lossless_images_come_back_as_they_were() {
    let bytes = noise(20 * 30 * 4, 1);
    let twice = |n: usize| -> Vec<u8> { bytes[..600].iter().flat_map(|&v| vec![v; n]).collect() };
    let gray_alpha: Vec<u8> = bytes[..1200].chunks(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect();
    let swapped: Vec<u8> = bytes[..1800].chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
    let gray = twice(3);
    let cases = [
        (&[20, 30][..], None, &gray[..], 3),
        (&[20, 30, 1], None, &gray, 3),
        (&[20, 30, 2], None, &gray_alpha, 4),
        (&[20, 30, 3], None, &bytes[..1800], 3),
        (&[20, 30, 3], Some(Color::Bgr), &swapped, 3),
        (&[20, 30, 4], Some(Color::Rgba), &bytes, 4),
    ];
    for (shape, color, expected, samples) in cases {
        let n = shape.iter().product();
        let file = write_as(DType::U8, color, shape, &[(&bytes[..n], lossless())]).unwrap();
        let mut reader = open(&file).unwrap();
        let props = reader.props(Index::Default, &plain()).unwrap();
        assert_eq!((&*props.shape, props.dtype), (&[20, 30, samples][..], DType::U8));
        assert_eq!(reader.count(Count::Cheap, &plain()).unwrap(), Some(1));
        assert!(read(&mut *reader, 0, &plain()).unwrap() == (expected.to_vec(), Outcome::Complete), "{shape:?}");
    }
}

#[test]
fn booleans_are_black_and_white() {
    let file = write_as(DType::Bool, None, &[1, 3], &[(&[0, 1, 7], lossless())]).unwrap();
    let (bytes, _) = read(&mut *open(&file).unwrap(), 0, &plain()).unwrap();
    assert_eq!(bytes, [0, 0, 0, 255, 255, 255, 255, 255, 255]);
}

#[test]
fn strided_sources_and_destinations_hold_the_same_pixels() {
    let mut bytes = noise(6 * 5 * 3, 2);
    let file = {
        let output = Output::memory();
        let open = call(CallKind::Open, &Dict::new()).unwrap();
        let mut writer = ImagePlugin::new().create(output.clone(), Some(".webp"), &open).unwrap();
        let view = ViewMut::packed(&mut bytes, 1, &[5, 6, 3]).unwrap().flip(0).unwrap();
        let image = Image { view: view.as_view(), dtype: DType::U8, color: None, axes: None, metadata: None };
        writer.write(&image, &call(CallKind::Write, &lossless()).unwrap()).unwrap();
        writer.finish(&plain()).unwrap();
        output.memory_bytes().unwrap()
    };
    let mut out = vec![0; bytes.len()];
    let view = ViewMut::packed(&mut out, 1, &[5, 6, 3]).unwrap().flip(0).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
    open(&file).unwrap().read(Index::At(0), &plain(), &mut to).unwrap();
    assert!(out == bytes);
    let mut floats = vec![0u8; bytes.len() * 4];
    let view = ViewMut::packed(&mut floats, 4, &[5, 6, 3]).unwrap().flip(0).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::F32), Limits::default());
    open(&file).unwrap().read(Index::At(0), &plain(), &mut to).unwrap();
    assert!(floats.chunks(4).zip(&bytes).all(|(f, &b)| f == f32::from(b).to_ne_bytes()));
}

/// Four frames of noise, shown for 40, 50, 60 and 70 ms.
fn movie() -> (Vec<Vec<u8>>, Vec<u8>) {
    let frames: Vec<Vec<u8>> = (1..5).map(|seed| noise(16 * 12 * 3, seed)).collect();
    let options = |i: i64| lossless().with("duration", 40 + 10 * i);
    let images: Vec<(&[u8], Dict)> = frames.iter().zip(0..).map(|(f, i)| (&f[..], options(i))).collect();
    let file = write_all(&[12, 16, 3], &images).unwrap();
    (frames, file)
}

/// Timestamps and durations.
fn times(file: &[u8]) -> Vec<(i64, i64)> {
    let mut reader = open(file).unwrap();
    let n = reader.count(Count::Exact, &plain()).unwrap().unwrap();
    (0..n)
        .map(|i| {
            let meta = reader.meta(Index::At(i), &plain()).unwrap();
            let get = |key| meta.get(key).and_then(Value::as_int).unwrap();
            (get("timestamp"), get("duration"))
        })
        .collect()
}

#[test]
fn an_animation_comes_back_with_its_times() {
    let (frames, file) = movie();
    assert_eq!(times(&file), [(0, 40), (40, 50), (90, 60), (150, 70)]);
    let mut reader = open(&file).unwrap();
    assert_eq!(reader.default_index(&plain()).unwrap(), Index::At(0));
    for i in [0, 3, 1, 1, 2] {
        assert!(read(&mut *reader, i, &plain()).unwrap() == (frames[i].clone(), Outcome::Complete), "frame {i}");
    }
    assert_eq!(reader.props(Index::At(4), &plain()).unwrap_err().kind(), ErrorKind::Index);
    let meta = reader.meta(Index::All, &plain()).unwrap();
    assert_eq!(meta.to_json().unwrap(), r#"{"loop":0,"background":[0,0,0,0],"mode":"RGB","shape":[16,12]}"#);
}

#[test]
fn cursors_go_their_own_ways() {
    let (frames, file) = movie();
    let mut reader = open(&file).unwrap();
    let mut cursors = [0, 1].map(|_| reader.cursor(&plain()).unwrap().unwrap());
    let mut next = |cursor: usize, seek: Option<usize>| {
        let cursor = &mut cursors[cursor];
        if let Some(index) = seek {
            cursor.seek(index, &plain()).unwrap();
        }
        let props = cursor.next_props(&plain()).unwrap()?;
        let mut bytes = vec![0; props.nbytes().unwrap()];
        cursor.next(&plain(), &mut destination(&mut bytes, &props)).unwrap();
        let meta = cursor.meta(&plain()).unwrap();
        Some((bytes, meta.get("time_s").and_then(Value::as_float), meta.get("duration_s").and_then(Value::as_float)))
    };
    assert!(next(0, None) == Some((frames[0].clone(), Some(0.0), Some(0.04))));
    assert!(next(1, Some(3)) == Some((frames[3].clone(), Some(0.15), Some(0.07))));
    assert!(next(0, None).unwrap().0 == frames[1]);
    assert!(next(1, None).is_none());
    assert!(next(1, Some(0)).unwrap().0 == frames[0]);
    assert!(read(&mut *reader, 2, &plain()).unwrap().0 == frames[2]);
    assert!(next(0, None).unwrap().0 == frames[2]);
    assert_eq!(cursors[0].seek(4, &plain()).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn times_may_be_said_in_several_ways() {
    let frames: Vec<Vec<u8>> = (1..5).map(|seed| noise(4 * 4 * 3, seed)).collect();
    let written = |options: &dyn Fn(usize) -> Dict| {
        let images: Vec<(&[u8], Dict)> = frames.iter().enumerate().map(|(i, f)| (&f[..], options(i))).collect();
        write_all(&[4, 4, 3], &images)
    };
    let list: List = [10, 20, 30, 40].into_iter().collect();
    assert_eq!(times(&written(&|_| lossless().with("duration", list.clone())).unwrap())[3], (60, 40));
    assert_eq!(times(&written(&|_| lossless().with("fps", 30)).unwrap())[3], (100, 33));
    assert_eq!(times(&written(&|_| lossless().with("duration_s", 0.5)).unwrap())[3], (1500, 500));
    let begin = |i: usize| lossless().with("time_s", 1.0 + [0.0, 0.1, 0.4, 0.5][i]);
    assert_eq!(times(&written(&begin).unwrap()), [(0, 100), (100, 300), (400, 100), (500, 100)]);
    let known = Dict::new().with("duration", 25).with("loop", 3).with("background", 7);
    assert_eq!(times(&written(&|_| lossless().with("metadata", known.clone())).unwrap())[2], (50, 25));

    let refused = |options: &dyn Fn(usize) -> Dict| written(options).unwrap_err().kind();
    let short: List = [10, 20].into_iter().collect();
    assert_eq!(refused(&|_| Dict::new().with("duration", short.clone())), ErrorKind::InvalidOption);
    assert_eq!(refused(&|_| Dict::new().with("duration", -1)), ErrorKind::InvalidOption);
    assert_eq!(refused(&|_| Dict::new().with("fps", 0)), ErrorKind::InvalidOption);
    assert_eq!(refused(&|_| Dict::new().with("fps", 10).with("duration", 5)), ErrorKind::InvalidOption);
    assert_eq!(refused(&|i| Dict::new().with("time_s", 1.0 - 0.1 * i as f64)), ErrorKind::InvalidOption);
    assert_eq!(refused(&|i| Dict::new().with("loop", i)), ErrorKind::InvalidOption);
}

#[test]
fn metadata_go_round() {
    let (icc, exif, xmp) = (noise(40_000, 5), b"II*\0\x08\0\0\0\0\0\0\0".to_vec(), b"<x:xmpmeta/>".to_vec());
    let jpegs = [b"Exif\0\0".to_vec(), exif.clone()].concat();
    let known = Dict::new().with("icc_profile", icc.clone()).with("exif", jpegs).with("xmp", b"old".to_vec());
    let options = || lossless().with("xmp", xmp.clone()).with("metadata", known.clone()).with("loop", 2);
    let frames = [noise(48, 1), noise(48, 2)];
    for n in [1, 2] {
        let images: Vec<(&[u8], Dict)> = frames[..n].iter().map(|f| (&f[..], options())).collect();
        let file = write_all(&[4, 4, 3], &images).unwrap();
        let mut reader = open(&file).unwrap();
        let meta = reader.meta(Index::Default, &plain()).unwrap();
        let keys: Vec<String> = meta.iter().map(|(k, _)| k.to_string()).collect();
        assert_eq!(keys, ["loop", "background", "icc_profile", "exif", "xmp", "mode", "shape"]);
        assert_eq!(meta.get("loop"), Some(&Value::Int(n as i64)));
        assert!(meta.get("icc_profile").and_then(Value::as_bytes) == Some(&icc));
        assert_eq!(meta.get("exif").and_then(Value::as_bytes), Some(&exif[..]));
        assert_eq!(meta.get("xmp").and_then(Value::as_bytes), Some(&xmp[..]));
        assert!(read(&mut *reader, n - 1, &plain()).unwrap().0 == frames[n - 1]);
    }
}

/// A file that is not in memory, and how far it was read.
struct Disk(Vec<u8>, Arc<AtomicU64>);

impl ReadAt for Disk {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.1.fetch_max(offset + n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn known_len(&self) -> Option<u64> {
        Some(self.0.len() as u64)
    }
}

#[test]
fn properties_and_plain_metadata_need_the_first_bytes_only() {
    let bytes = noise(100 * 100 * 4, 1);
    let plain_file = write_all(&[100, 100, 4], &[(&bytes, lossless())]).unwrap();
    let profile = lossless().with("icc_profile", noise(20_000, 2));
    let profiled = write_all(&[100, 100, 4], &[(&bytes, profile)]).unwrap();
    let frames = [noise(30_000, 1), noise(30_000, 2)];
    let movie = write_all(&[100, 100, 3], &[(&frames[0], lossless()), (&frames[1], lossless())]).unwrap();
    for (file, samples, head_tells) in [(plain_file, 4, true), (profiled, 4, false), (movie, 3, true)] {
        let read_to = Arc::new(AtomicU64::new(0));
        let source = Source::new(Arc::new(Disk(file.clone(), read_to.clone())), "disk", None, None).unwrap();
        let mut reader = ImagePlugin::new().open(source, &plain()).unwrap();
        assert_eq!(&*reader.props(Index::Default, &plain()).unwrap().shape, [100, 100, samples]);
        let meta = reader.meta(Index::Default, &plain()).unwrap();
        assert_eq!(read_to.load(Ordering::Relaxed) < file.len() as u64, head_tells);
        assert_eq!(meta, open(&file).unwrap().meta(Index::Default, &plain()).unwrap());
        let expected = if samples == 4 { &bytes } else { &frames[0] };
        assert!(&read(&mut *reader, 0, &plain()).unwrap().0 == expected);
    }
}

#[test]
fn what_the_format_cannot_hold_is_refused() {
    let kind = |dtype: DType, color, shape: &[usize]| {
        let bytes = vec![0; shape.iter().product::<usize>() * dtype.size()];
        write_as(dtype, color, shape, &[(&bytes, Dict::new())]).unwrap_err().kind()
    };
    assert_eq!(kind(DType::U16, None, &[4, 4]), ErrorKind::Shape);
    assert_eq!(kind(DType::F32, None, &[4, 4, 3]), ErrorKind::Shape);
    assert_eq!(kind(DType::U8, None, &[4, 4, 5]), ErrorKind::Shape);
    assert_eq!(kind(DType::U8, None, &[2, 4, 4, 3]), ErrorKind::Shape);
    assert_eq!(kind(DType::U8, None, &[0, 4]), ErrorKind::Shape);
    assert_eq!(kind(DType::U8, Some(Color::Gray), &[4, 4, 3]), ErrorKind::Shape);
    assert_eq!(kind(DType::U8, Some(Color::Cmyk), &[4, 4, 4]), ErrorKind::Unsupported);
    assert_eq!(kind(DType::U8, None, &[1, 16384]), ErrorKind::Unsupported);
    let refused = |options| write_all(&[1, 1], &[(&[0], options)]).unwrap_err().kind();
    assert_eq!(refused(Dict::new().with("quality", 101)), ErrorKind::InvalidOption);
    assert_eq!(refused(Dict::new().with("method", 7)), ErrorKind::InvalidOption);
    assert_eq!(refused(Dict::new().with("background", 5)), ErrorKind::InvalidOption);
}

#[test]
fn images_of_another_size_are_refused_and_leave_the_file_as_it_was() {
    let output = Output::memory();
    let open_call = call(CallKind::Open, &Dict::new()).unwrap();
    let mut writer = ImagePlugin::new().create(output.clone(), Some(".webp"), &open_call).unwrap();
    let bytes = noise(48, 1);
    let call = call(CallKind::Write, &lossless()).unwrap();
    let mut write = |shape: &[usize]| {
        let view = View::packed(&bytes, 1, shape).unwrap();
        writer.write(&Image { view, dtype: DType::U8, color: None, axes: None, metadata: None }, &call)
    };
    write(&[4, 4, 3]).unwrap();
    assert_eq!(write(&[2, 8, 3]).unwrap_err().kind(), ErrorKind::Shape);
    writer.finish(&plain()).unwrap();
    let file = output.memory_bytes().unwrap();
    assert!(read(&mut *open(&file).unwrap(), 0, &plain()).unwrap().0 == bytes);
}

/// Every cut gives the image or an error, and what is left of it when that is asked for.
fn cut_everywhere(file: &[u8], expected: &[u8], pitch: usize) {
    let mut best = 0;
    for end in 0..file.len() {
        let Ok(mut reader) = open(&file[..end]) else { continue };
        match read(&mut *reader, 0, &plain()) {
            Ok((bytes, outcome)) => assert!(bytes == expected && outcome == Outcome::Complete, "cut at {end}"),
            Err(e) => assert_eq!(e.kind(), ErrorKind::Corrupt, "cut at {end}"),
        }
        let (bytes, outcome) = read(&mut *reader, 0, &partial()).unwrap();
        let same = bytes.chunks(pitch).zip(expected.chunks(pitch)).take_while(|(a, b)| a == b).count();
        assert!(outcome == Outcome::Partial || bytes == expected, "cut at {end}");
        assert!(bytes[same * pitch..].iter().all(|&b| b == 0), "cut at {end}");
        best = best.max(same);
    }
    assert!(best * pitch * 2 > expected.len(), "{best} rows");
}

#[test]
fn a_truncated_picture_is_an_error_or_exact() {
    let bytes = noise(40 * 30 * 4, 3);
    for (samples, options) in [
        (3, lossless()),
        (4, lossless()),
        (3, Dict::new().with("quality", 60)),
        (4, Dict::new().with("quality", 60)),
        (3, lossless().with("exif", noise(200, 1))),
        (4, Dict::new().with("exif", noise(200, 1)).with("icc_profile", noise(300, 2))),
    ] {
        let file = write_all(&[30, 40, samples], &[(&bytes[..1200 * samples], options)]).unwrap();
        let (expected, _) = read(&mut *open(&file).unwrap(), 0, &plain()).unwrap();
        cut_everywhere(&file, &expected, 40 * samples);
    }
}

#[test]
fn a_truncated_animation_has_the_frames_that_are_there() {
    let (frames, file) = movie();
    let mut most = 0;
    for end in 0..file.len() {
        let Ok(mut reader) = open(&file[..end]) else { continue };
        let count = reader.count(Count::Exact, &plain()).unwrap().unwrap();
        assert!(count <= frames.len(), "cut at {end}");
        for (i, frame) in frames.iter().enumerate().take(count - 1) {
            assert!(read(&mut *reader, i, &plain()).unwrap() == (frame.clone(), Outcome::Complete), "cut at {end}");
        }
        assert_eq!(read(&mut *reader, count - 1, &plain()).unwrap_err().kind(), ErrorKind::Corrupt, "cut at {end}");
        let (bytes, outcome) = read(&mut *reader, count - 1, &partial()).unwrap();
        assert!(outcome == Outcome::Partial && bytes.iter().all(|&b| b == 0), "cut at {end}");
        most = most.max(count);
    }
    assert_eq!(most, frames.len());
}

#[test]
fn changed_bytes_never_panic() {
    let (_, movie) = movie();
    let still = write_all(&[16, 16, 3], &[(&noise(768, 1), Dict::new().with("exif", noise(60, 1)))]).unwrap();
    for file in [movie, still] {
        for at in 0..file.len().min(400) {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= change;
                let Ok(mut reader) = open(&changed) else { continue };
                let props = reader.props(Index::Default, &plain()).unwrap();
                if props.nbytes().is_ok_and(|n| n < 1 << 20) {
                    let _ = read(&mut *reader, 0, &plain());
                    let _ = read(&mut *reader, 1, &partial());
                }
                let _ = reader.meta(Index::All, &plain());
            }
        }
    }
}

/// An animation of one pixel with this many frames.
fn hostile(frames: usize) -> Vec<u8> {
    let pixel = write_all(&[1, 1, 3], &[(&[1, 2, 3], lossless())]).unwrap();
    let image = &pixel[12..];
    let mut file = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0ANIM\x06\0\0\0\0\0\0\0\0\0".to_vec();
    for _ in 0..frames {
        file.extend_from_slice(b"ANMF");
        file.extend_from_slice(&(16 + image.len() as u32).to_le_bytes());
        file.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        file.extend_from_slice(image);
    }
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

#[test]
fn floods_of_frames_and_huge_canvases_are_refused() {
    let mut reader = open(&hostile(3)).unwrap();
    assert_eq!(read(&mut *reader, 2, &plain()).unwrap().0, [1, 2, 3]);
    let mut reader = open(&hostile((1 << 16) + 1)).unwrap();
    assert_eq!(reader.count(Count::Exact, &plain()).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(read(&mut *reader, 0, &plain()).unwrap_err().kind(), ErrorKind::Limit);
    let mut file = hostile(1);
    file[24..30].copy_from_slice(&[0xff, 0x7f, 0, 0xff, 0x7f, 0]);
    let mut reader = open(&file).unwrap();
    let limits = Limits { max_bytes: Some(1 << 20), ..Limits::default() };
    let tight = Call::new(Dict::new(), Arc::new(ImagePlugin::new().declaration().clone()), limits, 1);
    let mut byte = [0];
    let props = Props::pixels(1, 1, DType::U8, Color::Gray);
    let refused = reader.read(Index::At(0), &tight, &mut destination(&mut byte, &props)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Limit);
}

#[test]
fn what_libwebp_takes_beside_the_result_is_limited() {
    let file = write_all(&[8, 8, 3], &[(&noise(192, 1), lossless())]).unwrap();
    let mut reader = open(&file).unwrap();
    for (most, fits) in [(192, false), (255, false), (256, true)] {
        let limits = Limits { max_bytes: Some(most), ..Limits::default() };
        let call = Call::new(Dict::new(), Arc::new(ImagePlugin::new().declaration().clone()), limits, 1);
        let read = read(&mut *reader, 0, &call).map_err(|e| e.kind());
        assert_eq!(read.is_ok(), fits, "{most}");
        assert!(fits || read == Err(ErrorKind::Limit));
    }
}

#[test]
fn progress_is_told_and_may_cancel() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let telling = Progress(Arc::new(move |done, total| {
        log.lock().unwrap().push((done, total));
        0
    }));
    let cancelling = Progress(Arc::new(|_, _| 7));
    let still = write_all(&[300, 300, 3], &[(&noise(270_000, 1), lossless())]).unwrap();
    let (frames, movie) = movie();
    for file in [&still, &movie] {
        let mut reader = open(file).unwrap();
        let (expected, _) = read(&mut *reader, 0, &plain()).unwrap();
        told.lock().unwrap().clear();
        assert!(read(&mut *reader, 0, &plain().with_progress(Some(telling.clone()))).unwrap().0 == expected);
        assert!(!told.lock().unwrap().is_empty());
        let cancelled = read(&mut *reader, 0, &plain().with_progress(Some(cancelling.clone()))).unwrap_err();
        assert_eq!((cancelled.kind(), cancelled.callback_result()), (ErrorKind::Cancelled, Some(7)));
        assert!(read(&mut *reader, 0, &plain()).unwrap().0 == expected);
    }
    let mut cursor = open(&movie).unwrap().cursor(&plain()).unwrap().unwrap();
    let props = cursor.next_props(&plain()).unwrap().unwrap();
    let mut bytes = vec![0; props.nbytes().unwrap()];
    let stop = plain().with_progress(Some(cancelling));
    assert!(cursor.next(&stop, &mut destination(&mut bytes, &props)).is_err());
    cursor.next(&plain(), &mut destination(&mut bytes, &props)).unwrap();
    assert!(bytes == frames[0], "a cancelled read consumes nothing");
}
