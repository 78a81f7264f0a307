//! Metadata in and out, with pixels untouched.

use crate::common::{LOSSLESS, animation, decode_all, real_files, still};
use webp_codec::{EncodeOptions, ErrorKind, Header, Metadata, set_metadata};

#[test]
fn metadata_comes_back_and_pixels_stay() {
    let mut files =
        vec![still(31, 20, &LOSSLESS), still(31, 20, &EncodeOptions::default()), animation(31, 20, &LOSSLESS)];
    files.extend(real_files().into_iter().map(|(_, file)| file));
    for file in files {
        let before = Header::parse(&file).expect("a header");
        let some = Metadata { icc: Some(b"odd"), exif: Some(b"II*\0\x08\0\0\0"), xmp: None };
        let with = set_metadata(&file, &some).expect("metadata");
        let header = Header::parse(&with).expect("a header");
        assert_eq!((header.icc, header.exif, header.xmp), (some.icc, some.exif, before.xmp));
        assert_eq!((header.width, header.height), (before.width, before.height));
        assert_eq!(header.has_alpha, before.has_alpha);
        assert_eq!((header.lossless, header.frame_count), (before.lossless, before.frame_count));
        assert_eq!(decode_all(with.clone()), decode_all(file.clone()));

        // What is not named stays; what is empty goes.
        let less = Metadata { icc: Some(b""), exif: None, xmp: Some(b"<x/>") };
        let with = set_metadata(&with, &less).expect("metadata");
        let header = Header::parse(&with).expect("a header");
        assert_eq!((header.icc, header.exif, header.xmp), (None, some.exif, less.xmp));
        assert_eq!(set_metadata(&with, &Metadata::default()).expect("the same"), with);
    }
}

#[test]
fn a_cut_file_gets_none() {
    let file = still(31, 20, &LOSSLESS);
    let refused = set_metadata(&file[..file.len() - 9], &Metadata::default()).expect_err("cut");
    assert_eq!(refused.kind, ErrorKind::Truncated);
}
