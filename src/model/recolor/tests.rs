use super::*;
use crate::model::mode::Mode;

/// Lines of mode, mode asked for, pixels in, pixels out, by `scripts/golden/recolor.py`.
const GOLDEN: &str = include_str!("golden.txt");
const WIDTH: usize = 9;
const HEIGHT: usize = 3;

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn image(mode: &str) -> Props {
    let mode = Mode::from_name(mode).unwrap();
    let mut props = Props::pixels(WIDTH, HEIGHT, mode.dtype(), mode.color());
    props.premultiplied = mode.is_premultiplied();
    props
}

fn convert(image: &Props, to: Mode, from: &[u8]) -> Vec<u8> {
    let Some(conversion) = Conversion::new(image, to).unwrap() else { return from.to_vec() };
    let mut pixels = from.to_vec();
    if let Some(points) = conversion.points {
        pixels = vec![0; from.len() / points.sizes().0 * points.sizes().1];
        points.convert(from, &mut pixels);
    }
    if let Some(dither) = conversion.dither {
        let mut made = Vec::new();
        dither
            .run(image.shape[1], &pixels, |_, row| {
                made.extend_from_slice(row);
                Ok::<(), ()>(())
            })
            .unwrap();
        pixels = made;
    }
    assert_eq!(pixels.len(), conversion.props.nbytes().unwrap());
    pixels
}

#[test]
fn conversions_are_those_of_pillow() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for line in GOLDEN.lines() {
        let [mode, to, from, expected] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let made = convert(&image(mode), Mode::from_name(to).unwrap(), &bytes(from));
        let expected = bytes(expected);
        // Little CMS rounds on its own way.
        let slack = match (mode, to) {
            ("LAB", _) => 6,
            (_, "LAB") => 2,
            _ => 0,
        };
        let off = made.iter().zip(&expected).filter(|(a, b)| {
            let near = if to == "LAB" { (**a as i8).wrapping_sub(**b as i8).unsigned_abs() } else { a.abs_diff(**b) };
            near > slack
        });
        if made.len() != expected.len() || off.count() > 0 {
            wrong.push(format!("{mode} to {to}: {made:?}, not {expected:?}"));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 110, "{seen} conversions");
}

#[test]
fn values_of_16_bits_give_their_upper_byte() {
    let deep = |color, bits| Props { bits, ..Props::pixels(1, 1, DType::U16, color) };
    let value = 0x1234u16.to_ne_bytes();
    assert_eq!(convert(&deep(Color::Gray, 16), Mode::L, &value), [0x12]);
    assert_eq!(convert(&deep(Color::Gray, 16), Mode::I, &value), 0x1234i32.to_ne_bytes());
    assert_eq!(convert(&deep(Color::Gray, 16), Mode::F, &value), 4660f32.to_ne_bytes());
    // Of 12 bits those are the upper ones.
    assert_eq!(convert(&deep(Color::Gray, 12), Mode::L, &0x0FF0u16.to_ne_bytes()), [0xFF]);
    let colors: Vec<u8> = [0x0100u16, 0x0200, 0x0300].iter().flat_map(|v| v.to_ne_bytes()).collect();
    assert_eq!(convert(&deep(Color::Rgb, 16), Mode::Rgba, &colors), [1, 2, 3, 255]);
}

#[test]
fn the_orders_of_samples_are_known() {
    assert_eq!(convert(&Props::pixels(1, 1, DType::U8, Color::Bgr), Mode::Rgb, &[1, 2, 3]), [3, 2, 1]);
    assert_eq!(convert(&Props::pixels(1, 1, DType::U8, Color::Bgra), Mode::Rgba, &[1, 2, 3, 4]), [3, 2, 1, 4]);
}

#[test]
fn an_image_in_the_mode_is_left_alone() {
    let image = Props::pixels(2, 3, DType::U8, Color::Rgb);
    assert!(Conversion::new(&image, Mode::Rgb).unwrap().is_none());
    let gray = Conversion::new(&image, Mode::L).unwrap().unwrap().props;
    assert_eq!((&*gray.shape, gray.axes.as_str()), (&[3, 2][..], "YX"));
    assert!(Conversion::new(&gray, Mode::I16).unwrap().unwrap().props.bits == 8);
}

#[test]
fn what_has_no_meaning_is_refused() {
    for props in [
        Props::pixels(2, 2, DType::F32, Color::Rgb),
        Props::image(&[2, 2, 5], DType::U8, Color::Multi),
        Props::pixels(2, 2, DType::C64, Color::Gray),
        Props::pixels(2, 2, DType::U8, Color::Palette),
    ] {
        let refused = Conversion::new(&props, Mode::Rgba).unwrap_err();
        assert_eq!(refused.kind(), crate::ErrorKind::Unsupported, "{props:?}");
    }
}

#[test]
fn the_web_palette_is_pillows() {
    let palette = web_palette();
    assert_eq!(palette.len(), WEB_PALETTE);
    assert_eq!(
        [palette[9], palette[10], palette[11], palette[16], palette[225]],
        [[0; 3], [0; 3], [51, 0, 0], [0, 51, 0], [255; 3]]
    );
}
