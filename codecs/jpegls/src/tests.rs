use super::*;

fn pixels(n: usize, bits: u32, noise: u32) -> Vec<u8> {
    let mut state = 12345u32;
    let samples = (0..n).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let flat = if i / 40 % 3 == 0 { 7 } else { (i as u32 / 3) * 5 };
        ((flat + (state >> 16) % noise) & ((1 << bits) - 1)) as u16
    });
    samples.flat_map(|s| if bits > 8 { s.to_ne_bytes().to_vec() } else { vec![s as u8] }).collect()
}

fn trip(options: &Encode, pixels: &[u8]) -> Vec<u8> {
    let file = encode::<Error>(options, pixels, |_| Ok(())).unwrap();
    let header = Header::read(&file).unwrap();
    assert_eq!((header.width, header.height, header.components), (options.width, options.height, options.components));
    let mut out = vec![0xa5; pixels.len()];
    let (rows, done) = decode_into::<Error>(&file, &header, &mut out, |_| Ok(()));
    assert_eq!((rows, done), (options.height, Ok(())));
    let value =
        |bytes: &[u8]| if let [a, b] = *bytes { i32::from(u16::from_ne_bytes([a, b])) } else { i32::from(bytes[0]) };
    let size = if options.bits > 8 { 2 } else { 1 };
    let far = out.chunks(size).zip(pixels.chunks(size)).map(|(a, b)| (value(a) - value(b)).abs()).max().unwrap();
    assert!(far <= options.near, "{options:?}: {far}");
    file
}

#[test]
fn what_is_encoded_comes_back() {
    for (bits, noise) in [(8, 1), (8, 9), (8, 256), (2, 2), (5, 9), (12, 300), (16, 1), (16, 65536)] {
        for components in [1, 3, 4] {
            for interleave in [Interleave::None, Interleave::Line, Interleave::Sample] {
                for near in [0, 1, 3] {
                    if near > ((1 << bits) - 1) / 2 {
                        continue;
                    }
                    let options = Encode { width: 61, height: 17, components, bits, near, interleave };
                    trip(&options, &pixels(61 * 17 * components, bits, noise));
                }
            }
        }
    }
}

#[test]
fn cut_and_changed_streams_are_errors_or_images() {
    for interleave in [Interleave::None, Interleave::Line, Interleave::Sample] {
        let options = Encode { width: 31, height: 9, components: 3, bits: 8, near: 0, interleave };
        let whole = trip(&options, &pixels(31 * 9 * 3, 8, 20));
        for end in 0..whole.len() - 2 {
            let Ok(header) = Header::read(&whole[..end]) else { continue };
            let mut out = vec![0; 31 * 9 * 3];
            let (rows, done) = decode_into::<Error>(&whole[..end], &header, &mut out, |_| Ok(()));
            assert!(done.is_err() && rows < 9, "cut at {end} of {}", whole.len());
        }
        for at in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                let Ok(header) = Header::read(&changed) else { continue };
                let bytes = header.width * header.height * header.components * if header.bits > 8 { 2 } else { 1 };
                if bytes < 1 << 20 {
                    let _ = decode_into::<Error>(&changed, &header, &mut vec![0; bytes], |_| Ok(()));
                }
            }
        }
    }
}
