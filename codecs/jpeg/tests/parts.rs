//! Rows some at a time, and parts between restart markers, give the samples of the whole.

mod common;

use common::{encode, natural_format, options, picture};
use jpeg::{
    Completeness, Decoder, EncodeOptions, Lossless, PartDecoder, PixelFormat, Restart, Scale, Source, Subsampling,
    Tolerance, encode_u16,
};

const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];

/// Samples of 8 bits or more, and what the decoder says of them.
fn whole(data: &[u8], scale: Scale, tolerance: Tolerance) -> jpeg::Result<(Vec<u16>, Completeness)> {
    by_rows(data, scale, tolerance, u32::MAX)
}

fn by_rows(data: &[u8], scale: Scale, tolerance: Tolerance, step: u32) -> jpeg::Result<(Vec<u16>, Completeness)> {
    let mut decoder = Decoder::new(data)?;
    let (format, deep) = (natural_format(&decoder), decoder.header().precision > 8);
    let mut rows = decoder.rows(format, scale, tolerance)?;
    let mut all = Vec::new();
    while rows.left() > 0 {
        read(&mut rows, format, deep, step, &mut all)?;
    }
    Ok((all, rows.finish()?))
}

fn read(rows: &mut jpeg::Rows, format: PixelFormat, deep: bool, step: u32, all: &mut Vec<u16>) -> jpeg::Result<()> {
    let (count, pitch) = (step.min(rows.left()), rows.size().0 as usize * format.channels());
    if deep {
        let mut some = vec![7; count as usize * pitch];
        rows.read_u16(&mut some, pitch, count)?;
        all.extend(some);
    } else {
        let mut some = vec![7; count as usize * pitch];
        rows.read_u8(&mut some, pitch, count)?;
        all.extend(some.into_iter().map(u16::from));
    }
    Ok(())
}

/// The samples by pieces of so many parts, or `None` where something is wrong with one.
fn by_parts(data: &[u8], scale: Scale, together: u32) -> Option<Vec<u16>> {
    let decoder = Decoder::new(data).ok()?;
    let (format, deep) = (natural_format(&decoder), decoder.header().precision > 8);
    let parts = decoder.parts()?;
    let mut worker = PartDecoder::new(None).unwrap();
    let mut all = Vec::new();
    let mut from = 0;
    while from < parts.count() {
        let to = parts.count().min(from + together);
        let mut rows = parts.read(&mut worker, from..to, format, scale).ok()?;
        if to < parts.count() {
            assert_eq!(rows.size().1, (to - from) * parts.rows(scale));
        }
        read(&mut rows, format, deep, u32::MAX, &mut all).ok()?;
        rows.finish().ok()?;
        from = to;
    }
    Some(all)
}

/// Files of every kind that has restart markers, and in how many parts each falls.
fn with_markers() -> Vec<(Vec<u8>, u32)> {
    use Subsampling::*;
    let base = options(83);
    let mut files = Vec::new();
    // 93 by 117 pixels: 12 by 15 blocks of 8.
    for (subsampling, restart, parts) in [
        (S444, Restart::Rows(1), 15),
        (S444, Restart::Rows(4), 4),
        (S444, Restart::Blocks(5), 3),
        (S444, Restart::Blocks(18), 5),
        (S422, Restart::Rows(1), 15),
        (S422, Restart::Blocks(4), 8),
        (S420, Restart::Rows(1), 8),
        (S420, Restart::Rows(3), 3),
        (S420, Restart::Blocks(1), 8),
        (S420, Restart::Blocks(4), 4),
        (S440, Restart::Rows(1), 8),
        (S440, Restart::Blocks(8), 4),
        (S411, Restart::Rows(2), 8),
        (S441, Restart::Rows(1), 4),
    ] {
        files.push((encode(93, 117, PixelFormat::Rgb, &EncodeOptions { subsampling, restart, ..base }), parts));
    }
    let restart = Restart::Rows(2);
    files.push((encode(93, 117, PixelFormat::Gray, &EncodeOptions { restart, ..base }), 8));
    files.push((encode(93, 117, PixelFormat::Cmyk, &EncodeOptions { restart, ..base }), 4));
    files.push((encode(93, 117, PixelFormat::Rgb, &EncodeOptions { restart, optimize: true, ..base }), 4));
    files.push((encode(93, 117, PixelFormat::Rgb, &EncodeOptions { restart, arithmetic: true, ..base }), 4));
    let icc = [1; 70_000];
    files.push((encode(93, 117, PixelFormat::Rgb, &EncodeOptions { restart, icc: Some(&icc), ..base }), 4));
    let deep: Vec<u16> = picture(93, 117, 3).iter().map(|&n| u16::from(n) << 4).collect();
    let source = Source { samples: &deep, pitch: 279, width: 93, height: 117, format: PixelFormat::Rgb };
    files.push((encode_u16(&source, 12, &EncodeOptions { restart, ..base }).unwrap(), 4));
    files
}

#[test]
fn parts_have_the_samples_of_the_whole() {
    for (i, (data, count)) in with_markers().iter().enumerate() {
        assert_eq!(Decoder::new(data).unwrap().parts().map(|parts| parts.count()), Some(*count), "file {i}");
        for scale in SCALES {
            let (samples, completeness) = whole(data, scale, Tolerance::Strict).unwrap();
            assert_eq!(completeness, Completeness::Complete);
            for together in 1..=*count {
                assert!(by_parts(data, scale, together).as_ref() == Some(&samples), "file {i} {scale:?} {together}");
            }
        }
    }
}

#[test]
fn rows_some_at_a_time_are_those_of_the_whole() {
    let mut files: Vec<Vec<u8>> = with_markers().into_iter().map(|(data, _)| data).collect();
    files.push(encode(93, 117, PixelFormat::Rgb, &EncodeOptions { progressive: true, ..options(80) }));
    let lossless = Some(Lossless { predictor: 4, point_transform: 0 });
    files.push(encode(93, 117, PixelFormat::Rgb, &EncodeOptions { lossless, ..options(80) }));
    for (i, data) in files.iter().enumerate() {
        for scale in SCALES {
            let expected = whole(data, scale, Tolerance::Strict).unwrap();
            for step in [1, 2, 7, 64, 100] {
                assert!(
                    by_rows(data, scale, Tolerance::Strict, step).unwrap() == expected,
                    "file {i} {scale:?} {step}"
                );
            }
        }
    }
}

#[test]
fn a_crop_has_the_samples_of_the_whole() {
    let mut files: Vec<Vec<u8>> = with_markers().into_iter().map(|(data, _)| data).collect();
    for factors in [[0x22, 0x21, 0x21], [0x22, 0x12, 0x12], [0x31, 0x11, 0x11]] {
        // Factors that have no name of their own: those of the frame are changed, so that the samples are others.
        let mut data =
            encode(93, 117, PixelFormat::Rgb, &EncodeOptions { subsampling: Subsampling::S420, ..options(80) });
        let frame = data.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        for (i, factor) in factors.into_iter().enumerate() {
            data[frame + 11 + 3 * i] = factor;
        }
        files.push(data);
    }
    for (i, data) in files.iter().enumerate() {
        for scale in SCALES {
            let mut decoder = Decoder::new(data).unwrap();
            let format = natural_format(&decoder);
            let Ok((all, _)) = whole(data, scale, Tolerance::Partial) else { panic!("file {i}") };
            let (width, height) = decoder.output_size(scale);
            for (x, y, w, h) in
                [(0, 0, 1, 1), (width / 3, height / 3, width / 4, height / 3), (width - 1, height - 1, 1, 1)]
            {
                let crop = decoder.crop(scale, jpeg::Crop { x, y, width: w, height: h }).unwrap();
                let mut rows = decoder.rows(format, scale, Tolerance::Partial).unwrap();
                assert_eq!(rows.size(), (crop.width, crop.height));
                let mut part = Vec::new();
                let deep = Decoder::new(data).unwrap().header().precision > 8;
                read(&mut rows, format, deep, u32::MAX, &mut part).unwrap();
                for line in y..y + h {
                    let of = |row: &[u16], from: u32| {
                        row[from as usize * format.channels()..][..w as usize * format.channels()].to_vec()
                    };
                    let whole_row = &all[line as usize * width as usize * format.channels()..];
                    let part_row = &part[(line - crop.y) as usize * crop.width as usize * format.channels()..];
                    assert_eq!(of(part_row, x - crop.x), of(whole_row, x), "file {i} {scale:?} {line}");
                }
            }
        }
    }
}

#[test]
fn only_markers_in_their_order_make_parts() {
    let parts = |data: &[u8]| Decoder::new(data).unwrap().parts().map(|parts| parts.count());
    let restart = Restart::Rows(1);
    assert_eq!(parts(&encode(93, 117, PixelFormat::Rgb, &options(80))), None);
    let progressive = EncodeOptions { restart, progressive: true, ..options(80) };
    assert_eq!(parts(&encode(93, 117, PixelFormat::Rgb, &progressive)), None);
    // No marker stands where a row of blocks ends, but the last.
    let odd = EncodeOptions { restart: Restart::Blocks(47), ..options(80) };
    assert_eq!(parts(&encode(93, 117, PixelFormat::Rgb, &odd)), Some(1));
    let data = encode(93, 117, PixelFormat::Rgb, &EncodeOptions { restart, ..options(80) });
    let at = data.windows(2).position(|pair| pair == [0xFF, 0xD2]).unwrap();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = data.clone();
        change(&mut data);
        parts(&data)
    };
    assert_eq!(changed(&|_| {}), Some(8));
    assert_eq!(changed(&|data| data[at + 1] = 0xD3), None);
    assert_eq!(changed(&|data| data.truncate(data.len() - 2)), None);
    assert_eq!(changed(&|data| drop(data.drain(at..at + 2))), None);
    assert_eq!(changed(&|data| drop(data.splice(at..at, [0xFF, 0xD2]))), None);
    assert_eq!(changed(&|data| drop(data.splice(at..at, [0xFF]))), None);
    let end = data.len() - 2;
    assert_eq!(changed(&|data| drop(data.splice(end..end, [0xFF, 0xD7]))), None);
    // A fill byte between segments, and bytes behind the image.
    assert_eq!(changed(&|data| drop(data.splice(2..2, [0xFF]))), None);
    assert_eq!(changed(&|data| data.extend([1, 2, 3])), Some(8));
}

#[test]
fn damage_is_seen_or_does_not_matter() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let (mut seen, mut same) = (0, 0);
    for (i, (data, count)) in with_markers().iter().enumerate() {
        for round in 0..60 {
            let mut changed = data.clone();
            if round % 8 == 7 {
                changed.truncate(2 + next(data.len() - 2));
            } else {
                for _ in 0..1 + round % 3 {
                    let at = 2 + next(data.len() - 2);
                    changed[at] ^= 1 << next(8);
                }
            }
            let small = Decoder::new(&changed).is_ok_and(|decoder| {
                let header = decoder.header();
                u64::from(header.width) * u64::from(header.height) < 1 << 18
            });
            if !small {
                continue;
            }
            let parts = by_parts(&changed, Scale::Full, 1 + next(*count as usize) as u32);
            let lenient = whole(&changed, Scale::Full, Tolerance::Corrupt);
            match parts {
                None => seen += 1,
                Some(samples) => {
                    same += 1;
                    assert!(lenient.is_ok_and(|(whole, _)| whole == samples), "file {i} round {round}");
                }
            }
            // However many rows are asked for at once, damage gives the same.
            for tolerance in [Tolerance::Strict, Tolerance::Corrupt, Tolerance::Partial] {
                let expected = whole(&changed, Scale::Full, tolerance);
                assert!(by_rows(&changed, Scale::Full, tolerance, 5) == expected, "file {i} round {round}");
            }
        }
    }
    assert!(seen > 100 && same > 50, "{seen} {same}");
}

#[test]
fn parts_that_are_not_there_are_refused() {
    let data = encode(93, 117, PixelFormat::Gray, &EncodeOptions { restart: Restart::Rows(1), ..options(80) });
    let decoder = Decoder::new(&data).unwrap();
    let parts = decoder.parts().unwrap();
    let mut worker = PartDecoder::new(Some(1)).unwrap();
    for range in [0..16, 15..16, 3..3] {
        assert!(parts.read(&mut worker, range, PixelFormat::Gray, Scale::Full).is_err());
    }
    let mut rows = parts.read(&mut worker, 14..15, PixelFormat::Gray, Scale::Full).unwrap();
    assert_eq!((rows.size(), rows.left()), ((93, 5), 5));
    assert!(rows.read_u8(&mut [0; 93 * 6], 93, 6).is_err());
    assert!(rows.read_u8(&mut [0; 93 * 5 - 1], 93, 5).is_err());
    assert!(rows.read_u16(&mut [0; 93 * 5], 93, 5).is_err());
    assert!(rows.read_u8(&mut [0; 93 * 5], 93, 5).is_ok());
    assert_eq!(rows.finish(), Ok(Completeness::Complete));
}

#[test]
fn bands_are_the_bytes_of_the_whole() {
    use Subsampling::*;
    let base = options(77);
    let icc = [9; 70_000];
    for (format, subsampling, restart, count) in [
        (PixelFormat::Rgb, S420, Restart::Rows(1), 8),
        (PixelFormat::Rgb, S420, Restart::Rows(3), 3),
        (PixelFormat::Bgr, S444, Restart::Rows(1), 15),
        (PixelFormat::Rgb, S422, Restart::Blocks(4), 8),
        (PixelFormat::Rgb, S420, Restart::Blocks(1), 8),
        (PixelFormat::Rgb, S420, Restart::Blocks(5), 2),
        (PixelFormat::Rgb, S440, Restart::Rows(2), 4),
        (PixelFormat::Rgb, S411, Restart::Rows(1), 15),
        (PixelFormat::Rgb, Gray, Restart::Rows(1), 15),
        (PixelFormat::Gray, S420, Restart::Rows(1), 15),
        (PixelFormat::Cmyk, S444, Restart::Blocks(18), 5),
    ] {
        let samples = picture(93, 117, format.channels());
        let source = Source { samples: &samples[..], pitch: 93 * format.channels(), width: 93, height: 117, format };
        for icc in [None, Some(&icc[..])] {
            let asked = EncodeOptions { subsampling, restart, icc, ..base };
            let expected = jpeg::encode_u8(&source, &asked).unwrap();
            let bands = jpeg::Bands::new(&source, &asked).unwrap();
            assert_eq!(bands.count(), count, "{format:?} {subsampling:?} {restart:?}");
            for together in 1..=count {
                let starts = (0..count).step_by(together as usize);
                let some = starts.map(|from| bands.encode(from..count.min(from + together)).unwrap()).collect();
                assert!(bands.join(some).unwrap() == expected, "{format:?} {subsampling:?} {restart:?} {together}");
            }
            assert!(bands.encode(count..count + 1).is_err() && bands.join(Vec::new()).is_err());
        }
    }
}

#[test]
fn bands_need_markers_and_tables_that_are_known() {
    let samples = picture(93, 117, 3);
    let source = Source { samples: &samples[..], pitch: 279, width: 93, height: 117, format: PixelFormat::Rgb };
    let restart = EncodeOptions { restart: Restart::Rows(1), ..options(80) };
    assert!(jpeg::Bands::new(&source, &restart).is_some());
    for asked in [
        options(80),
        EncodeOptions { progressive: true, ..restart },
        EncodeOptions { optimize: true, ..restart },
        EncodeOptions { arithmetic: true, ..restart },
        EncodeOptions { lossless: Some(Lossless { predictor: 1, point_transform: 0 }), ..restart },
        EncodeOptions { restart: Restart::Blocks(0), ..restart },
    ] {
        assert!(jpeg::Bands::new(&source, &asked).is_none());
    }
    // Bands that do not fit the samples are refused as the whole is.
    let short = Source { samples: &samples[..279 * 100], ..source };
    let bands = jpeg::Bands::new(&short, &restart).unwrap();
    assert!(bands.encode(0..6).is_ok() && bands.encode(6..7).is_err() && bands.encode(7..8).is_err());
}
