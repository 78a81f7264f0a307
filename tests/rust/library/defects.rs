//! A panic becomes IIO_ERROR_INTERNAL, is not printed, and poisons only its handle.

use libimageio::capi::*;
use libimageio::model::{Color, DType, Destination, Dict, Index, Props};
use libimageio::plugin::{Call, Count, Declaration, Outcome, Plugin, Reader, registry};
use libimageio::resource::Source;
use libimageio::{Error, ErrorKind, Result};
use std::ffi::CStr;
use std::ptr::{null, null_mut};
use std::sync::Arc;

struct Panicking(Declaration);

struct PanickingReader;

impl Plugin for Panicking {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> Option<u8> {
        Some(if head.starts_with(b"PANIC") { 100 } else { 0 })
    }

    fn open(&self, source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
        match source.head() {
            b"PANIC at open" => panic!("while opening"),
            head if head.starts_with(b"PANIC") => Ok(Box::new(PanickingReader)),
            _ => Err(Error::new(ErrorKind::NoBackend, "not mine")),
        }
    }
}

impl Reader for PanickingReader {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(1))
    }

    fn props(&mut self, _index: Index, _call: &Call) -> Result<Props> {
        Ok(Props::pixels(2, 2, DType::U8, Color::Gray))
    }

    fn read(&mut self, _index: Index, _call: &Call, _to: &mut Destination) -> Result<Outcome> {
        let nothing: [u8; 0] = [];
        Ok(if nothing[std::hint::black_box(3)] == 0 { Outcome::Complete } else { Outcome::Partial })
    }

    fn meta(&mut self, _index: Index, _call: &Call) -> Result<Dict> {
        Ok(Dict::new())
    }
}

fn register() {
    let declared = Declaration { name: "panicking".into(), can_read: true, ..Declaration::default() };
    if registry::table().get("panicking").is_none() {
        registry::register(Arc::new(Panicking(declared))).unwrap();
    }
}

fn open(bytes: &'static [u8]) -> (i32, *mut iio_file) {
    let mut file = null_mut();
    // SAFETY: the bytes live for ever, and the output is writable.
    let status = unsafe { iio_imopen_bytes(bytes.as_ptr().cast(), bytes.len(), null(), &mut file) };
    (status, file)
}

fn read(file: *mut iio_file) -> i32 {
    let mut buffer = [0u8; 4];
    // SAFETY: the file is open and the buffer has four bytes.
    unsafe { iio_file_read(file, 0, null(), buffer.as_mut_ptr().cast(), 4, null_mut()) }
}

fn message() -> String {
    // SAFETY: the message is a string that lives until the next failure.
    unsafe { CStr::from_ptr(iio_error_message()) }.to_str().unwrap().to_owned()
}

#[test]
fn a_panic_is_an_internal_error_and_poisons_only_its_handle() {
    register();
    let (status, broken) = open(b"PANIC later");
    assert_eq!(status, IIO_OK);
    let (_, other) = open(b"PANIC later");
    assert_eq!(read(broken), IIO_ERROR_INTERNAL);
    assert!(message().contains("index out of bounds"), "{}", message());

    let mut count = 0;
    // SAFETY: both files are open, and the output is writable.
    unsafe {
        assert_eq!(iio_file_count(broken, null(), IIO_IMAGES_EXACT, &mut count), IIO_ERROR_INTERNAL);
        assert_eq!(iio_file_count(other, null(), IIO_IMAGES_EXACT, &mut count), IIO_OK);
        assert_eq!(iio_file_close(broken), IIO_ERROR_INTERNAL);
        assert_eq!(iio_file_close(other), IIO_OK);
    }
}

#[test]
fn a_panic_while_opening_is_an_internal_error_and_the_library_goes_on() {
    register();
    let (status, file) = open(b"PANIC at open");
    assert_eq!(status, IIO_ERROR_INTERNAL);
    assert!(file.is_null());
    assert!(message().contains("while opening"), "{}", message());
    let (status, file) = open(b"PANIC later");
    assert_eq!(status, IIO_OK);
    // SAFETY: the file is open.
    unsafe { iio_file_discard(file) };
}
