//! Files that are cut off or damaged: an error or a picture, never a crash.

use crate::common::{LOSSLESS, animation, decode_all, real_files, still};
use webp_codec::{
    EncodeOptions, ErrorKind, Format, Header, Metadata, decode_into, decode_into_with, frames, set_metadata,
};

/// Where to cut: everywhere near both ends, and at about 150 places between.
fn cuts(len: usize) -> impl Iterator<Item = usize> {
    let step = (len / 150).max(1);
    (0..len).filter(move |&at| at < 64 || len - at < 16 || at % step == 0)
}

fn samples() -> Vec<Vec<u8>> {
    let extra = Metadata { icc: Some(b"profile"), exif: Some(b"II*\0"), xmp: Some(b"<x/>") };
    let mut files = vec![
        still(90, 70, &LOSSLESS),
        still(90, 70, &EncodeOptions::default()),
        animation(40, 30, &LOSSLESS),
        animation(40, 30, &EncodeOptions::default()),
    ];
    files.push(set_metadata(&files[1], &extra).expect("metadata"));
    files.push(set_metadata(&files[2], &extra).expect("metadata"));
    files.extend(real_files().into_iter().map(|(_, file)| file));
    files
}

/// Both ways of decoding a picture; they must agree on whether it can be decoded.
fn decode(file: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let header = Header::parse(file).map_err(|e| e.kind)?;
    if u64::from(header.width) * u64::from(header.height) > 1 << 22 {
        return Err(ErrorKind::OutOfMemory);
    }
    let pitch = header.width as usize * 4;
    let mut out = vec![0; pitch * header.height as usize];
    let whole = decode_into(file, &mut out, pitch, Format::Rgba, false);
    let mut pieces = vec![0; out.len()];
    let by_piece = decode_into_with(file, &mut pieces, pitch, Format::Rgba, true, &mut |_| true);
    assert_eq!(whole.is_ok(), by_piece.is_ok(), "{whole:?} {by_piece:?}");
    whole
        .map(|()| {
            assert_eq!(out, pieces);
            out
        })
        .map_err(|e| e.kind)
}

#[test]
fn a_cut_file_is_an_error_where_a_pixel_is_missing() {
    for file in samples() {
        let header = Header::parse(&file).expect("a header");
        let whole = decode(&file);
        for cut in cuts(file.len()) {
            let part = &file[..cut];
            let parsed = Header::parse(part);
            assert!(cut < 30 || parsed.as_ref().is_ok_and(|h| h.truncated), "{cut}: {parsed:?}");
            if let Err(error) = parsed {
                assert_eq!(error.kind, ErrorKind::Truncated, "{cut}");
            }
            assert!(decode_all(part.to_vec()).1, "animations must be whole, cut at {cut}");
            if header.animated {
                assert_eq!(frames(part).expect_err("cut").kind, ErrorKind::Truncated);
            } else if let Ok(pixels) = decode(part) {
                // Only chunks after the image, or its pad byte, are missing.
                assert_eq!(Ok(pixels), whole, "{cut}");
                assert!(header.exif.is_some() || header.xmp.is_some() || cut + 1 == file.len(), "{cut}");
            } else {
                assert_eq!(decode(part), Err(ErrorKind::Truncated), "{cut}");
            }
        }
    }
}

#[test]
fn flipped_bytes_never_crash() {
    let mut random = 12345u32;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random as usize
    };
    for file in samples() {
        for round in 0..120 {
            let mut damaged = file.clone();
            // Half of the rounds hit the headers, where sizes are.
            let range = if round % 2 == 0 { damaged.len().min(80) } else { damaged.len() };
            for _ in 0..1 + round % 3 {
                let at = next() % range;
                damaged[at] = next() as u8;
            }
            let _ = decode(&damaged);
            let _ = frames(&damaged);
            let _ = set_metadata(&damaged, &Metadata::default());
            let small = Header::parse(&damaged).is_ok_and(|h| u64::from(h.width) * u64::from(h.height) < 1 << 20);
            if small {
                let _ = decode_all(damaged);
            }
        }
    }
}

#[test]
fn an_image_that_claims_more_rows_than_it_holds_is_an_error() {
    let file = still(90, 70, &EncodeOptions { quality: 90.0, ..LOSSLESS });
    let at = file.windows(4).position(|w| w == b"VP8L").expect("lossless") + 9;
    let mut taller = file.clone();
    let bits = u32::from_le_bytes(taller[at..at + 4].try_into().expect("four")) & !(0x3fff << 14) | (139 << 14);
    taller[at..at + 4].copy_from_slice(&bits.to_le_bytes());
    if let Some(vp8x) = taller.windows(4).position(|w| w == b"VP8X") {
        taller[vp8x + 15] = 139;
    }
    assert_eq!(Header::parse(&taller).expect("a header").height, 140);
    assert!(decode(&taller).is_err());
}

#[test]
fn damaged_alpha_is_no_lack_of_memory() {
    let mut file = still(90, 70, &EncodeOptions::default());
    let alpha = file.windows(4).position(|w| w == b"ALPH").expect("alpha") + 8;
    for at in [alpha, alpha + 1] {
        let whole = file[at];
        file[at] = 0xff;
        assert_eq!(decode(&file), Err(ErrorKind::Corrupt), "{at}");
        file[at] = whole;
    }
}

#[test]
fn an_animation_that_lasts_too_long_for_libwebp_is_refused() {
    let file = animation(16, 16, &LOSSLESS);
    let frames_at = file.windows(4).position(|w| w == b"ANMF").expect("frames");
    let mut long = file[..frames_at].to_vec();
    let size = u32::from_le_bytes(file[frames_at + 4..frames_at + 8].try_into().expect("four")) as usize;
    let mut frame = file[frames_at..frames_at + 8 + size + size % 2].to_vec();
    frame[20..23].fill(0xff);
    for _ in 0..200 {
        long.extend_from_slice(&frame);
    }
    let size = (long.len() - 8) as u32;
    long[4..8].copy_from_slice(&size.to_le_bytes());
    assert_eq!(frames(&long).expect("good chunks").len(), 200);
    let refused = webp_codec::AnimDecoder::new(long, false).err().expect("too long");
    assert_eq!(refused.kind, ErrorKind::Unsupported);
}
