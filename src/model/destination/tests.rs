use super::super::{Color, Reduce};
use super::*;

#[test]
fn rows_pass_through_a_conversion_and_strides() {
    let mut memory = [0f32; 6];
    let column_major = ViewMut::packed(bytemuck::cast_slice_mut(&mut memory), 4, &[3, 2]).unwrap().swap(0, 1);
    let cast = Cast::plain(DType::U8, DType::F32);
    let mut destination = Destination::new(column_major.unwrap(), cast, Limits::default());
    for y in 0..2u8 {
        destination
            .fill(&[y.into()], |row| {
                row.copy_from_slice(&[10 * y, 10 * y + 1, 10 * y + 2]);
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(memory, [0., 10., 1., 11., 2., 12.]);
}

#[test]
fn rows_that_are_put_together_stand_where_each_would() {
    let (rows, columns) = (200usize, 7usize);
    let image: Vec<u8> = (0..rows * columns * 3).map(|i| (i * 31 % 251) as u8).collect();
    for cast in
        [Cast::plain(DType::U8, DType::U8), Cast::plain(DType::U8, DType::F32), Cast::scaled(DType::U8, DType::F64, 0)]
    {
        let item = cast.to().size();
        let (mut one, mut many) = (vec![0; image.len() * item], vec![0; image.len() * item]);
        for (memory, at_once) in [(&mut one, 1), (&mut many, 128)] {
            // Columns of samples, as Julia keeps them.
            let view = ViewMut::packed(memory, item, &[columns, rows, 3]).unwrap().swap(0, 1).unwrap();
            let mut to = Destination::new(view, cast, Limits::default());
            assert_eq!(to.rows_at_once(), rows);
            for (i, some) in image.chunks(at_once * columns * 3).enumerate() {
                let count = some.len() / (columns * 3);
                to.put_rows(i * at_once, count, some).unwrap();
            }
            assert!(to.put_rows(rows - 1, 2, &image[..2 * columns * 3]).is_err());
            assert!(to.put_rows(0, 1, &image[..columns * 3 - 1]).is_err());
        }
        assert!(one == many && one.iter().any(|&b| b != 0), "{cast:?}");
    }
    let mut memory = [0u8; 6];
    let to = Destination::new(
        ViewMut::packed(&mut memory, 1, &[2, 3]).unwrap(),
        Cast::plain(DType::U8, DType::U8),
        Limits::default(),
    );
    assert_eq!(to.rows_at_once(), 1);
}

#[test]
fn parts_are_filled_side_by_side() {
    let mut memory = [0u16; 12];
    let view = ViewMut::packed(bytemuck::cast_slice_mut(&mut memory), 2, &[3, 4]).unwrap();
    let to = Destination::new(view, Cast::plain(DType::U8, DType::U16), Limits::default());
    let (top, bottom) = to.split(0, 1).unwrap();
    let (left, right) = bottom.split(1, 3).unwrap();
    let fill = |mut part: Destination, value: u8| {
        let row = vec![value; part.shape()[1]];
        (0..part.shape()[0]).for_each(|y| part.put(&[y], &row).unwrap());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| fill(top, 1));
        scope.spawn(|| fill(left, 2));
        fill(right, 3);
    });
    assert_eq!(memory, [1, 1, 1, 1, 2, 2, 2, 3, 2, 2, 2, 3]);
}

#[test]
fn a_part_beyond_the_image_is_refused() {
    let mut memory = [0u8; 6];
    let view = ViewMut::packed(&mut memory, 1, &[2, 3]).unwrap();
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
    assert!(to.reborrow().split(0, 3).is_err());
    assert!(to.reborrow().split(2, 0).is_err());
    let (none, all) = to.split(0, 0).unwrap();
    assert_eq!((none.shape(), all.shape()), (&[0, 3][..], &[2, 3][..]));
}

#[test]
fn a_block_of_the_wrong_size_is_refused() {
    let mut memory = [0u8; 6];
    let view = ViewMut::packed(&mut memory, 1, &[2, 3]).unwrap();
    let mut destination = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
    assert!(destination.put(&[0], &[1, 2]).is_err());
    assert!(destination.put(&[2], &[1, 2, 3]).is_err());
    assert!(
        destination
            .fill(&[1], |row| {
                row.fill(7);
                Ok(())
            })
            .is_ok()
    );
    assert_eq!(memory, [0, 0, 0, 7, 7, 7]);
}

/// An image of 4 x 4 numbers, cut and reduced, that comes in the given order of rows, or whole.
fn cut_and_reduced(order: Option<[usize; 4]>) -> Vec<u8> {
    let native = Props::pixels(4, 4, DType::U8, Color::Gray);
    let image: Vec<u8> = (0..16).collect();
    let mut memory = vec![0; 4];
    let view = ViewMut::packed(&mut memory, 1, &[2, 2]).unwrap();
    let crop = Some(Area { x: 1, y: 0, width: 3, height: 4 });
    let steps = Steps { crop, reduce: Some(Reduce::new(&native, 2).unwrap()), ..Steps::default() };
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
    to = to.with_steps(&native, steps);
    match order {
        Some(rows) => rows.iter().for_each(|&y| to.put(&[y], &image[4 * y..4 * y + 4]).unwrap()),
        None => to.put(&[], &image).unwrap(),
    }
    memory
}

#[test]
fn parts_and_means_do_not_depend_on_the_order_of_rows() {
    // The squares begin at the column 1: the mean of 1, 2, 5, 6 is 3.5, and 3 and 7 stand alone.
    let expected = [4, 5, 12, 13];
    for order in [None, Some([0, 1, 2, 3]), Some([3, 2, 1, 0]), Some([0, 2, 1, 3])] {
        assert_eq!(cut_and_reduced(order), expected, "{order:?}");
    }
}

#[test]
fn parts_of_a_part_are_filled_side_by_side() {
    let native = Props::pixels(5, 4, DType::U8, Color::Gray);
    let image: Vec<u8> = (0..20).collect();
    let rows = |mut part: Destination, from: usize, columns: Range<usize>| {
        for y in 0..part.shape()[0] {
            part.put(&[y], &image[5 * (from + y)..][columns.clone()]).unwrap();
        }
    };
    for at in 0..=4 {
        for column in 0..=5 {
            let mut memory = vec![99; 6];
            let view = ViewMut::packed(&mut memory, 1, &[2, 3]).unwrap();
            let steps = Steps { crop: Some(Area { x: 1, y: 1, width: 3, height: 2 }), ..Steps::default() };
            let to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
            let (top, bottom) = to.with_steps(&native, steps).split(0, at).unwrap();
            let (left, right) = bottom.split(1, column).unwrap();
            rows(top, 0, 0..5);
            rows(left, at, 0..column);
            rows(right, at, column..5);
            assert_eq!(memory, [6, 7, 8, 11, 12, 13], "{at} {column}");
        }
    }
}

#[test]
fn planes_are_cut_alike() {
    let mut native = Props::image(&[2, 2, 2], DType::U8, Color::Gray);
    native.axes = super::super::Axes::new("ZYX");
    let mut memory = vec![0; 2];
    let view = ViewMut::packed(&mut memory, 1, &[2, 1, 1]).unwrap();
    let steps = Steps { crop: Some(Area { x: 1, y: 1, width: 1, height: 1 }), ..Steps::default() };
    let mut to = Destination::new(view, Cast::plain(DType::U8, DType::U8), Limits::default());
    to = to.with_steps(&native, steps);
    to.put(&[], &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    assert_eq!(memory, [3, 7]);
}
