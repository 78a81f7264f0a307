use super::*;

fn file(options: &Encode, width: u32, height: u32, components: u32, bits: u32) -> Vec<u8> {
    let sample = |c: usize, i: usize| ((i * (7 + c * 4) + (i / width as usize) * 13) % (1 << bits)) as i32;
    let mut fill = |c: usize, to: &mut [i32]| to.iter_mut().enumerate().for_each(|(i, to)| *to = sample(c, i));
    encode(Source { width, height, components, bits, fill: &mut fill }, options).unwrap()
}

fn check(all: &[u8], width: usize, components: usize, bits: u32) {
    let info = Info::read(all).unwrap();
    assert!(info.is_whole);
    let planes = decode(all, &info, &Decode { threads: 2, ..Decode::default() }).unwrap();
    assert_eq!(planes.len(), components);
    for c in 0..components {
        let plane = planes.get(c).unwrap();
        assert_eq!((plane.width, plane.bits, plane.samples.len()), (width, bits, plane.width * plane.height));
        let same = |(i, &n): (usize, &i32)| n == ((i * (7 + c * 4) + (i / width) * 13) % (1 << bits)) as i32;
        assert!(plane.samples.iter().enumerate().all(same));
    }
}

#[test]
fn what_is_encoded_comes_back() {
    for (components, bits) in [(1, 8), (2, 8), (3, 8), (4, 16), (1, 12), (3, 16), (1, 1)] {
        for bare in [false, true] {
            check(
                &file(&Encode { bare, ..Encode::default() }, 37, 23, components, bits),
                37,
                components as usize,
                bits,
            );
        }
    }
    let tiled = Encode { tile: Some((16, 16)), precinct: Some((128, 128)), packet_lengths: true, ..Encode::default() };
    check(&file(&tiled, 37, 23, 3, 8), 37, 3, 8);
    check(&file(&Encode { resolutions: Some(1), threads: 2, ..Encode::default() }, 1, 1, 3, 8), 1, 3, 8);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for bad in [
        Encode { block: Some((3, 4)), ..Encode::default() },
        Encode { tile_offset: (1, 0), ..Encode::default() },
        Encode { quality: Quality::Rates(Vec::new()), ..Encode::default() },
        Encode { resolutions: Some(0), ..Encode::default() },
    ] {
        let mut fill = |_: usize, _: &mut [i32]| {};
        let source = Source { width: 8, height: 8, components: 1, bits: 8, fill: &mut fill };
        assert!(matches!(encode(source, &bad), Err(Error::Argument(_))));
    }
}

#[test]
fn cut_and_changed_files_are_errors_or_images() {
    for bare in [false, true] {
        let whole = file(&Encode { bare, tile: Some((16, 16)), ..Encode::default() }, 20, 17, 3, 8);
        for end in (0..whole.len()).step_by(5) {
            let Ok(info) = Info::read(&whole[..end]) else { continue };
            assert!(!info.is_whole || end + 2 >= whole.len(), "{end} of {}", whole.len());
            let _ = decode(&whole[..end], &info, &Decode { strict: false, threads: 1 + end % 2, ..Decode::default() });
        }
        for at in (0..whole.len()).step_by(3) {
            for flip in [1, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                let Ok(info) = Info::read(&changed) else { continue };
                if info.overhead() > 1 << 22
                    || info.components.iter().any(|c| info.size(c, 0).0 * info.size(c, 0).1 > 1 << 16)
                {
                    continue;
                }
                let _ = decode(&changed, &info, &Decode::default());
            }
        }
    }
}

#[test]
fn resolutions_halve_the_sides() {
    let all = file(&Encode::default(), 37, 23, 3, 8);
    let info = Info::read(&all).unwrap();
    for reduce in 0..=info.levels {
        let planes = decode(&all, &info, &Decode { reduce, ..Decode::default() }).unwrap();
        let plane = planes.get(0).unwrap();
        assert_eq!((plane.width, plane.height), info.size(&info.components[0], reduce));
    }
}
