//! Pixels, errors and partial images are the same by rows and whole, with one thread and with several.

use super::tests::{image, open, write};
use crate::error::{ErrorKind, Result};
use crate::model::{Cast, DType, Destination, Dict, Index, Limits, Progress, ViewMut};

use crate::plugin::{Call, CallKind, Outcome, Plugin, check};
use crate::plugins::image::ImagePlugin;
use crate::resource::Output;
use std::sync::Arc;

/// Of enough pixels for several threads.
const WIDTH: usize = 821;
const HEIGHT: usize = 641;

/// Grain on a slope.
fn grain(samples: usize) -> Vec<u8> {
    let mut random = 1u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 27) as usize
    };
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let mut out = Vec::new();
    for (x, y) in pixels {
        out.extend((0..samples).map(|c| ((x * (c + 1) / 9 + y / 5 + next()) % 256) as u8));
    }
    out
}

fn file(samples: usize, options: Dict) -> Vec<u8> {
    let pixels = grain(samples);
    let shape = [HEIGHT, WIDTH, samples];
    write(&image(&pixels, &shape[..if samples == 1 { 2 } else { 3 }], DType::U8, None), options).unwrap()
}

fn with_threads(threads: usize, options: Dict) -> Call {
    let declared = Arc::new(ImagePlugin::new().declaration().clone());
    Call::new(check(&options, &declared, CallKind::Read).unwrap(), declared, Limits::default(), threads)
}

/// Reads into memory in the order of the axes of C, of Julia or of R; the pixels are given in C's.
fn read(bytes: &[u8], order: [usize; 3], dtype: DType, call: &Call) -> Result<(Vec<u8>, Outcome)> {
    let mut reader = open(bytes)?;
    let props = reader.props(Index::Default, call)?;
    let mut dims = props.shape.to_vec();
    dims.resize(3, 1);
    let size = dtype.size();
    let mut memory = vec![7; dims.iter().product::<usize>() * size];
    let lying: Vec<usize> = order.iter().map(|&axis| dims[axis]).collect();
    let mut strides = [0; 3];
    let mut step = size;
    for (i, &axis) in order.iter().enumerate().rev() {
        strides[axis] = step;
        step *= lying[i];
    }
    let mut view = ViewMut::packed(&mut memory, size, &lying).unwrap();
    // Axes back into C's order.
    let mut now = order;
    for axis in 0..3 {
        let at = now.iter().position(|&a| a == axis).unwrap();
        view = view.swap(axis, at).unwrap();
        now.swap(axis, at);
    }
    if props.shape.len() == 2 {
        view = view.cut(2, 0, 1).unwrap();
        // The axis of one sample goes.
        let whole = view.swap(0, 2).unwrap().at(0).unwrap();
        view = whole.swap(0, 1).unwrap();
    }
    let outcome = {
        let mut to = Destination::new(view, Cast::plain(props.dtype, dtype), Limits::default());
        reader.read(Index::Default, call, &mut to)?
    };
    let mut out = Vec::new();
    for y in 0..dims[0] {
        for x in 0..dims[1] {
            for c in 0..dims[2] {
                let at = y * strides[0] + x * strides[1] + c * strides[2];
                out.extend_from_slice(&memory[at..at + size]);
            }
        }
    }
    Ok((out, outcome))
}

const ORDERS: [[usize; 3]; 3] = [[0, 1, 2], [1, 0, 2], [2, 1, 0]];

#[test]
fn threads_and_orders_do_not_change_the_pixels() {
    let rows = |n: i64| Dict::new().with("restart_marker_rows", n);
    for (samples, options) in [
        (3, rows(1)),
        (3, rows(2).with("subsampling", "4:4:4")),
        (3, rows(1).with("subsampling", "4:2:2")),
        (1, rows(1)),
        (3, Dict::new().with("restart_marker_blocks", 13)),
        (3, Dict::new()),
        (3, Dict::new().with("progressive", true)),
    ] {
        let bytes = file(samples, options);
        for dtype in [DType::U8, DType::I32, DType::F64] {
            let expected = read(&bytes, ORDERS[0], dtype, &with_threads(1, Dict::new())).unwrap();
            assert_eq!(expected.1, Outcome::Complete);
            let many = if dtype == DType::U8 { &ORDERS[..] } else { &ORDERS[2..] };
            for &order in many {
                for threads in [1, 3] {
                    let found = read(&bytes, order, dtype, &with_threads(threads, Dict::new())).unwrap();
                    assert!(found == expected, "{samples} samples, {dtype}, {order:?}, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn scales_are_the_same_by_several_threads() {
    let bytes = file(3, Dict::new().with("restart_marker_rows", 1));
    for scale in [0.5, 0.25, 0.125] {
        let options = || Dict::new().with("scale", scale);
        let expected = read(&bytes, ORDERS[0], DType::U8, &with_threads(1, options())).unwrap();
        assert!(expected.0.len() < WIDTH * HEIGHT);
        assert!(read(&bytes, ORDERS[0], DType::U8, &with_threads(2, options())).unwrap() == expected);
        assert!(read(&bytes, ORDERS[2], DType::U8, &with_threads(2, options())).unwrap() == expected);
    }
}

#[test]
fn damage_is_the_same_by_several_threads() {
    let whole = file(3, Dict::new().with("restart_marker_rows", 1));
    let len = whole.len();
    let mut changed = vec![whole[..len / 2].to_vec(), whole[..len - 2].to_vec(), whole[..len - 900].to_vec()];
    for (i, at) in (len / 9..len).step_by(len / 9).enumerate() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (i % 8);
        changed.push(bytes);
    }
    for (i, bytes) in changed.iter().enumerate() {
        for partial in [false, true] {
            let found = [1, 2].map(|threads| {
                let call = with_threads(threads, Dict::new().with("allow_partial", partial));
                let read = read(bytes, ORDERS[i % 3], DType::U8, &call);
                read.map_err(|e| (e.kind(), e.message().to_owned()))
            });
            assert!(found[0] == found[1], "file {i}, partial {partial}");
            if i == 0 {
                let kind = found[0].as_ref().map(|(_, outcome)| *outcome).map_err(|(kind, _)| *kind);
                assert_eq!(kind, if partial { Ok(Outcome::Partial) } else { Err(ErrorKind::Corrupt) });
            }
        }
    }
}

#[test]
fn progress_is_told_of_parts_and_cancels() {
    let bytes = file(3, Dict::new().with("restart_marker_rows", 1));
    for result in [0, 3] {
        let call = with_threads(2, Dict::new()).with_progress(Some(Progress(Arc::new(move |done, total| {
            assert!(done <= total);
            result
        }))));
        match read(&bytes, ORDERS[0], DType::U8, &call) {
            Ok(_) => assert_eq!(result, 0),
            Err(e) => assert_eq!((e.kind(), e.callback_result()), (ErrorKind::Cancelled, Some(3))),
        }
    }
}

#[test]
fn several_threads_write_the_same_bytes() {
    let pixels = grain(3);
    let image = image(&pixels, &[HEIGHT, WIDTH, 3], DType::U8, None);
    let rows = |n: i64| Dict::new().with("restart_marker_rows", n);
    for options in [
        rows(1).with("icc_profile", vec![1; 300]).with("exif", vec![2; 30]),
        rows(5).with("subsampling", "4:4:4"),
        rows(3).with("progressive", true),
        Dict::new().with("restart_marker_blocks", 13),
        Dict::new(),
    ] {
        let files = [1, 2, 3].map(|threads| {
            let output = Output::memory();
            let declared = Arc::new(ImagePlugin::new().declaration().clone());
            let options = check(&options, &declared, CallKind::Write).unwrap();
            let call = Call::new(options, declared, Limits::default(), threads);
            let mut writer = ImagePlugin::new().create(output.clone(), Some(".jpg"), &call).unwrap();
            writer.write(&image, &call).unwrap();
            writer.finish(&call).unwrap();
            output.memory_bytes().unwrap()
        });
        assert!(files[0] == files[1] && files[0] == files[2], "{options:?}");
    }
}
