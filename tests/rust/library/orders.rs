//! Arrays whose axes are in another order than C's.

use libimageio::model::{DType, Dict, Index, List, View, ViewMut};
use libimageio::plugin::CallKind;
use libimageio::v3;
use ndarray::{ArrayD, IxDyn};

/// A picture, or a stack of pictures, of more rows than are put into a column-major array at once.
fn tall(pages: usize) -> ArrayD<u8> {
    let shape: &[usize] = if pages > 1 { &[pages, 1300, 40, 3] } else { &[1300, 40, 3] };
    ArrayD::from_shape_fn(IxDyn(shape), |at| {
        let n = shape.len();
        let (page, y, x, s) = (if n > 3 { at[0] } else { 0 }, at[n - 3], at[n - 2], at[n - 1]);
        (y * 7 + x * 3 + s * 50 + page * 11 + x * y % 13) as u8
    })
}

/// The whole of a file, its first axis the fastest in memory.
fn read_reversed(file: &[u8], shape: &[usize], dtype: DType, threads: i64) -> Vec<u8> {
    let mut file = v3::imopen_bytes(file.to_vec(), &Dict::new().with("threads", threads)).unwrap();
    let call = file.call(CallKind::Read, &Dict::new()).unwrap();
    let index = if shape.len() > 3 { Index::Default } else { Index::At(0) };
    let plan = file.plan(index, &call).unwrap();
    assert_eq!((&*plan.props().shape, plan.props().dtype), (shape, DType::U8));
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let mut memory = vec![0; reversed.iter().product::<usize>() * dtype.size()];
    let mut view = ViewMut::packed(&mut memory, dtype.size(), &reversed).unwrap();
    for axis in 0..shape.len() / 2 {
        view = view.swap(axis, shape.len() - 1 - axis).unwrap();
    }
    file.read_planned(&plan, &call, view, dtype).unwrap();
    memory
}

#[test]
fn tall_pictures_go_into_arrays_whose_first_axis_is_the_fastest() {
    let plain = Dict::new();
    let tiles = Dict::new().with("tile", [64, 64].into_iter().collect::<List>()).with("compression", "zlib");
    let strips = Dict::new().with("compression", "lzw").with("rowsperstrip", 10);
    let cases = [
        (".png", 1, &plain),
        (".bmp", 1, &plain),
        (".ppm", 1, &plain),
        (".tga", 1, &plain),
        (".qoi", 1, &plain),
        (".tif", 1, &plain),
        (".tif", 1, &strips),
        (".tif", 1, &tiles),
        (".tif", 3, &plain),
        (".tif", 3, &strips),
        (".tif", 3, &tiles),
    ];
    for (extension, pages, options) in cases {
        let picture = tall(pages);
        let file = v3::imwrite_bytes(Some(extension), View::of_array(&picture).unwrap(), DType::U8, options).unwrap();
        let wanted: Vec<u8> = picture.view().reversed_axes().iter().copied().collect();
        let shape = picture.shape();
        for threads in [1, 2] {
            let found = read_reversed(&file, shape, DType::U8, threads);
            assert!(found == wanted, "{extension}, {pages} pages, {options:?}, {threads} threads");
            let found = read_reversed(&file, shape, DType::F64, threads);
            let numbers = found.as_chunks::<8>().0.iter().map(|b| f64::from_ne_bytes(*b));
            assert!(numbers.eq(wanted.iter().map(|&n| f64::from(n))), "{extension}, {pages} pages, as doubles");
        }
    }
}
