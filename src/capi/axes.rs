//! Arrays as other languages keep them: their axes in another order, their values of another dtype.

use super::boundary::{boundary, given, text};
use super::place::{array, array_mut};
use crate::error::{Error, Result};
use crate::model::{Cast, Destination, Limits, MAX_NDIM};
use crate::plugin::foreign::abi::copy_props;
use crate::plugin::foreign::{iio_array, iio_props, iio_status};
use std::ffi::c_char;

/// Where each axis of an image stands: fastest axis first, as Fortran, Julia, R and MATLAB count them.
#[derive(Debug, PartialEq)]
struct Places {
    /// For each axis in the caller's order, the number of the image's axis.
    place: Vec<usize>,
    /// The letters of the image's axes.
    letters: Vec<u8>,
}

/// The axes of an image that are named in `order` come first, in that order; the others follow, the slowest last.
fn places_read(letters: &[u8], order: &[u8]) -> Vec<usize> {
    let mut place: Vec<usize> = Vec::with_capacity(letters.len());
    for letter in order {
        let found = letters.iter().position(|l| l == letter);
        place.extend(found.filter(|axis| !place.contains(axis)));
    }
    let others: Vec<usize> = (0..letters.len()).rev().filter(|axis| !place.contains(axis)).collect();
    place.extend(others);
    place
}

/// What the axes of an array are where nobody says: as a write guesses, in the order of the caller's language.
fn guessed(shape: &[u64], order: &[u8]) -> Vec<u8> {
    if shape.len() < 2 {
        return vec![b'Q'; shape.len()];
    }
    let at = order.iter().position(|&l| l == b'S');
    let has_samples = at.and_then(|at| shape.get(at)).is_some_and(|n| (1..=4).contains(n)) && shape.len() > 2;
    let mut letters: Vec<u8> = order.iter().copied().filter(|&l| l != b'S' || has_samples).take(shape.len()).collect();
    letters.resize(shape.len(), b'Q');
    if letters.len() > order.len() || !has_samples && letters.len() > 2 {
        letters[shape.len() - 1] = b'N';
    }
    letters
}

/// The way of an array of these letters, fastest axis first, to the order in which images are written.
fn places_write(letters: &[u8]) -> Places {
    let is_pixel = |letter: u8| b"YXS".contains(&letter);
    let mut axes: Vec<usize> = (0..letters.len()).rev().filter(|&i| !is_pixel(letters[i])).collect();
    for letter in *b"YXS" {
        axes.extend((0..letters.len()).filter(|&i| letters[i] == letter));
    }
    let mut place = vec![0; letters.len()];
    for (axis, &i) in axes.iter().enumerate() {
        place[i] = axis;
    }
    Places { place, letters: axes.iter().map(|&i| letters[i]).collect() }
}

/// Bytes of rows that are converted at once.
const AT_ONCE: usize = 1 << 21;

fn order_of(order: &str) -> Result<&[u8]> {
    let letters = order.as_bytes();
    let known = letters.iter().enumerate().all(|(i, l)| b"YXS".contains(l) && !letters[..i].contains(l));
    if !known || !letters.contains(&b'Y') || !letters.contains(&b'X') {
        return Err(Error::invalid(format!("order is \"YXS\", \"SYX\", …, not {order:?}")));
    }
    Ok(letters)
}

/// # Safety
/// `place` is NULL or has room for as many numbers.
unsafe fn put(place: *mut u32, from: &[usize]) -> Result<()> {
    given(place, "place")?;
    for (i, &axis) in from.iter().enumerate() {
        // SAFETY: passed on from the caller.
        unsafe { place.add(i).write_unaligned(axis as u32) };
    }
    Ok(())
}

/// Tells how to keep an image in an array whose first axis is the fastest, as Fortran, Julia, R and MATLAB have them.
/// Axis `i` of the array is the image's axis `place[i]`: it has that length, and its step belongs into that stride of
/// the `iio_array` to read into.
///
/// @param props Of the image. Not NULL.
/// @param order The letters of the axes that come first, "YXS" or "SYX" …; those that the image lacks are passed over.
///              The other axes follow, the slowest one last. Not NULL.
/// @param place Receives `props->ndim` numbers. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_axes_read(props: *const iio_props, order: *const c_char, place: *mut u32) -> iio_status {
    boundary(|| {
        given(props, "props")?;
        // SAFETY: the caller's promises, passed on.
        let (props, order) = unsafe { (copy_props(props)?, text(order, "order")?) };
        let ndim = props.ndim as usize;
        if ndim > MAX_NDIM {
            return Err(Error::invalid(format!("iio_props.ndim is {ndim}, over {MAX_NDIM}")));
        }
        let letters: Vec<u8> = props.axes[..ndim].iter().map(|&letter| letter as u8).collect();
        // SAFETY: the caller's promises, passed on.
        unsafe { put(place, &places_read(&letters, order_of(order)?)) }?;
        Ok(super::IIO_OK)
    })
}

/// The same for an array that is to be written: its axis `i` is the axis `place[i]` of the `iio_array`.
///
/// @param ndim       Number of axes, 0 to 8.
/// @param shape      Length of each axis of the array, fastest first. Not NULL unless `ndim` is 0.
/// @param order      As for `iio_axes_read`. Not NULL.
/// @param axes       A letter for each axis of the array, fastest first; NULL: guessed. Then two axes are one image, the
///                   place of S is one of samples if it has a length of 1 to 4, and the last of more axes counts images.
/// @param place      Receives `ndim` numbers. Not NULL.
/// @param image_axes Receives the letters in the order of the `iio_array`, NUL-terminated, at most 9 bytes. With `axes`
///                   given they are what the option `axes` says. Not NULL.
/// @param is_batch   Receives 1 or 0 where the option `is_batch` has to say so, or -1 where it need not be given. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_axes_write(
    ndim: u32,
    shape: *const u64,
    order: *const c_char,
    axes: *const c_char,
    place: *mut u32,
    image_axes: *mut c_char,
    is_batch: *mut i32,
) -> iio_status {
    boundary(|| {
        let n = ndim as usize;
        if n > MAX_NDIM {
            return Err(Error::invalid(format!("ndim is {ndim}, over {MAX_NDIM}")));
        }
        given(image_axes, "image_axes")?;
        given(is_batch, "is_batch")?;
        if n > 0 {
            given(shape, "shape")?;
        }
        // SAFETY: the caller promises `ndim` lengths.
        let shape: Vec<u64> = (0..n).map(|i| unsafe { shape.add(i).read_unaligned() }).collect();
        // SAFETY: the caller's promises, passed on.
        let order = order_of(unsafe { text(order, "order") }?)?;
        let said = match axes.is_null() {
            true => None,
            // SAFETY: the caller's promises, passed on.
            false => Some(unsafe { text(axes, "axes") }?.as_bytes()),
        };
        if said.is_some_and(|letters| letters.len() != n || !letters.iter().all(|l| b"NTZCYXSQ".contains(l))) {
            return Err(Error::invalid(format!("axes has a letter of NTZCYXSQ for each of {ndim} axes")));
        }
        let found = places_write(&said.map_or_else(|| guessed(&shape, order), <[u8]>::to_vec));
        // SAFETY: the caller's promises, passed on.
        unsafe { put(place, &found.place) }?;
        // A narrow gray stack has the shape of one image with samples, which is what a write would take it for.
        let narrow = |i: usize| found.place[i] + 1 == n && (1..=4).contains(&shape[i]);
        let batch = match found.letters.as_slice() {
            [b'N', ..] if said.is_some() => 1,
            b"NYX" if (0..n).any(narrow) => 1,
            _ => -1,
        };
        for (i, &letter) in found.letters.iter().chain(&[0]).enumerate() {
            // SAFETY: the caller promises room for the letters and their end.
            unsafe { image_axes.add(i).write(letter as c_char) };
        }
        // SAFETY: not NULL, and the caller promises a writable number.
        unsafe { is_batch.write_unaligned(batch) };
        Ok(super::IIO_OK)
    })
}

/// Copies values from one array into another of the same shape, of any strides and dtypes: as numpy's `astype`, or with
/// `scale` from the full range of one dtype to that of the other (0 to 1 in floats; what lies outside is clipped).
///
/// @param from  Not NULL.
/// @param to    Not NULL. It shares no memory with `from`.
/// @param scale Not 0: map the full range.
/// @return `IIO_OK`; `IIO_ERROR_SHAPE`; `IIO_ERROR_INVALID_ARGUMENT`; `IIO_ERROR_OUT_OF_MEMORY`.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_array_convert(from: *const iio_array, to: *const iio_array, scale: i32) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let ((from, from_dtype), (to, to_dtype)) = unsafe { (array(from, "from")?, array_mut(to)?) };
        if from.shape() != to.shape() {
            return Err(Error::shape(format!("from has shape {:?}, to has {:?}", from.shape(), to.shape())));
        }
        let cast = match scale {
            0 => Cast::plain(from_dtype, to_dtype),
            _ => Cast::scaled(from_dtype, to_dtype, 0),
        };
        let packed = |ok: bool| if ok { Ok(()) } else { Err(Error::internal("a block of another length")) };
        let limits = Limits::default();
        let mut to = Destination::new(to, cast, limits);
        let Some(&rows) = from.shape().first() else {
            to.fill(&[], |block| packed(from.pack(block)))?;
            return Ok(super::IIO_OK);
        };
        // Many rows at once: arrays of other languages have them side by side.
        let row = from.layout().inner(1).packed_len();
        let at_once = (AT_ONCE / row.max(1)).clamp(1, 256);
        let mut block = limits.allocate(at_once.min(rows) * row)?;
        for first in (0..rows).step_by(at_once) {
            let count = at_once.min(rows - first);
            let some = from.cut(0, first, count).ok_or_else(|| Error::internal("an array lost a row"))?;
            let block = &mut block[..count * row];
            packed(some.pack(block))?;
            to.put_rows(first, count, block)?;
        }
        Ok(super::IIO_OK)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letters: &str, order: &str) -> Vec<usize> {
        places_read(letters.as_bytes(), order_of(order).unwrap())
    }

    fn write(letters: &str) -> (Vec<usize>, String) {
        let found = places_write(letters.as_bytes());
        (found.place, String::from_utf8(found.letters).unwrap())
    }

    fn guess(shape: &[u64], order: &str) -> String {
        String::from_utf8(guessed(shape, order.as_bytes())).unwrap()
    }

    #[test]
    fn named_axes_come_first_and_the_slowest_last() {
        assert_eq!(read("YX", "YXS"), [0, 1]);
        assert_eq!(read("YXS", "YXS"), [0, 1, 2]);
        assert_eq!(read("YXS", "SYX"), [2, 0, 1]);
        assert_eq!(read("NYXS", "YXS"), [1, 2, 3, 0]);
        assert_eq!(read("TZCYX", "SYX"), [3, 4, 2, 1, 0]);
        assert_eq!(read("SYX", "YXS"), [1, 2, 0]);
        assert_eq!(read("QQ", "YXS"), [1, 0]);
        assert!(read("", "YXS").is_empty());
    }

    #[test]
    fn what_was_read_is_written_back() {
        for letters in ["YX", "YXS", "NYX", "NYXS", "TZCYX", "ZYXS"] {
            for order in ["YXS", "SYX"] {
                let place = read(letters, order);
                let natural: String = place.iter().map(|&axis| letters.as_bytes()[axis] as char).collect();
                assert_eq!(write(&natural), (place, letters.to_owned()), "{letters} as {order}");
            }
        }
    }

    #[test]
    fn axes_are_guessed_as_a_write_guesses() {
        assert_eq!(guess(&[5, 7], "YXS"), "YX");
        assert_eq!(guess(&[5, 7, 3], "YXS"), "YXS");
        assert_eq!(guess(&[5, 7, 5], "YXS"), "YXN");
        assert_eq!(guess(&[3, 5, 7], "SYX"), "SYX");
        assert_eq!(guess(&[5, 3, 7], "SYX"), "YXN");
        assert_eq!(guess(&[5, 7, 3, 9], "YXS"), "YXSN");
        assert_eq!(guess(&[4, 5, 7, 9], "SYX"), "SYXN");
        assert_eq!(guess(&[5, 7, 6, 9], "YXS"), "YXQN");
        assert_eq!(guess(&[5], "YXS"), "Q");
    }

    #[test]
    fn an_order_is_of_pixels() {
        for order in ["", "YX?", "YY", "S", "YXSN"] {
            assert!(order_of(order).is_err(), "{order}");
        }
        assert!(order_of("XY").is_ok());
    }
}
