//! The pixels of the fixtures as another library decodes them: the crate `image`, which shares no code of ours but
//! the crates `png` and `gif` below it.

use image::DynamicImage;
use libimageio::model::{Dict, Index};
use libimageio::v3::{self, NdArray};
use std::path::Path;

/// What `image` gives, in our shape: a last axis of samples only if there is more than one.
fn as_array(other: DynamicImage) -> Option<NdArray> {
    let (w, h) = (other.width() as usize, other.height() as usize);
    let samples = usize::from(other.color().channel_count());
    let shape: Vec<usize> = if samples == 1 { vec![h, w] } else { vec![h, w, samples] };
    let array8 = |bytes: Vec<u8>| ndarray::ArrayD::from_shape_vec(shape.clone(), bytes).ok().map(NdArray::U8);
    let array16 = |items: Vec<u16>| ndarray::ArrayD::from_shape_vec(shape.clone(), items).ok().map(NdArray::U16);
    match other {
        DynamicImage::ImageLuma8(i) => array8(i.into_raw()),
        DynamicImage::ImageLumaA8(i) => array8(i.into_raw()),
        DynamicImage::ImageRgb8(i) => array8(i.into_raw()),
        DynamicImage::ImageRgba8(i) => array8(i.into_raw()),
        DynamicImage::ImageLuma16(i) => array16(i.into_raw()),
        DynamicImage::ImageLumaA16(i) => array16(i.into_raw()),
        DynamicImage::ImageRgb16(i) => array16(i.into_raw()),
        DynamicImage::ImageRgba16(i) => array16(i.into_raw()),
        _ => None,
    }
}

/// Whether the format loses nothing, so that two decoders have to agree on every bit.
fn is_exact(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    // Values up to 100 are scaled to 255 with Pillow's rounding.
    !name.ends_with(".jpg") && !name.starts_with("lossy") && !name.starts_with("to100")
}

#[test]
fn another_library_decodes_the_same_pixels() {
    let mut compared = 0;
    for path in crate::fixtures() {
        let Some(theirs) = image::open(&path).ok().and_then(as_array) else { continue };
        let Ok(ours) = v3::imread(&path, Index::At(0), &Dict::new()) else { continue };
        // Where policies differ (a palette, a colour key, 1 bit as bool) the shapes or dtypes do.
        if ours.shape() != theirs.shape() || ours.dtype() != theirs.dtype() {
            continue;
        }
        compared += 1;
        if is_exact(&path) {
            assert!(ours == theirs, "{}: other pixels than the crate image has", path.display());
        } else if let (NdArray::U8(a), NdArray::U8(b)) = (&ours, &theirs) {
            let far = a.iter().zip(b).map(|(x, y)| x.abs_diff(*y)).max();
            assert!(far <= Some(8), "{}: {far:?} from what the crate image has", path.display());
        }
    }
    assert!(compared >= 30, "only {compared} files could be compared");
}
