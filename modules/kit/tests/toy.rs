//! A plugin on the kit, met by the library in this very process as a module would be.

use kit::View;
use kit::{Color, Count, Cursor, DType, Destination, Dict, DictMut, DictRef, Error, Index, Input, Level, Outcome};
use kit::{Output, Plugin, Props, Reader, Result, Source, Writer};
use libimageio::capi::{self, iio_register_plugin};
use libimageio::model::{self, Dict as Options};
use libimageio::plugin::foreign;
use libimageio::{ErrorKind, v3};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, Once};

/// "KIT!", then rows of ten bytes: an image each.
struct Toy;

struct File {
    input: Input,
    rows: usize,
}

struct Rows {
    bytes: Vec<u8>,
    next: usize,
}

fn row_props() -> Props {
    Props { spacing: vec![0.5, 0.25], ..Props::new(DType::U8, &[2, 5], "YX", Color::Gray) }
}

impl Plugin for Toy {
    const CURSORS: bool = true;
    const FUNCTIONS: bool = true;

    fn load() -> Result<Toy> {
        Ok(Toy)
    }

    fn declaration(&self) -> String {
        r#"{"name": "kittoy", "extensions": [".kittoy"], "can_read": true, "can_write": true,
            "options": {"times": {"type": "bool", "calls": ["write"]}, "duration": {"type": "list", "calls": ["write"]},
            "exif": {"type": "bytes", "calls": ["write"]}, "panic": {"type": "bool", "calls": ["read"]}, "add": {"type": "int|list", "calls": ["write"]}},
            "functions": {"echo": {}}}"#
            .to_owned()
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> u8 {
        if head.starts_with(b"KIT!") { 100 } else { 0 }
    }

    fn open(&self, mut input: Input, _options: DictRef) -> Result<Box<dyn Reader>> {
        let mut mark = [0; 4];
        input.read_exact(&mut mark)?;
        let size = input.seek(SeekFrom::End(0))?;
        assert_eq!(input.size(), Some(size));
        kit::log(Level::Warning, "a toy is opened");
        Ok(Box::new(File { input, rows: (size as usize - 4) / 10 }))
    }

    fn create(&self, mut output: Output, extension: Option<&str>, _options: DictRef) -> Result<Box<dyn Writer>> {
        assert_eq!(extension, Some(".kittoy"));
        output.write_all(b"KIT!")?;
        Ok(Box::new(Writing(output)))
    }
}

impl Reader for File {
    fn count(&mut self, _how: Count, _options: DictRef) -> Result<Option<usize>> {
        Ok(Some(self.rows))
    }

    fn props(&mut self, index: Index, _options: DictRef) -> Result<Props> {
        match index {
            Index::At(i) if i >= self.rows => Err(Error::index(format!("no image {i} of {}", self.rows))),
            Index::Default => Ok(row_props().stacked(self.rows)),
            _ => Ok(row_props()),
        }
    }

    fn read(&mut self, index: Index, options: DictRef, mut to: Destination) -> Result<Outcome> {
        assert!(options.bool("panic") != Some(true), "as asked");
        let places = match index {
            Index::At(i) => i..i + 1,
            _ => 0..self.rows,
        };
        for (k, i) in places.enumerate() {
            let mut row = [0; 10];
            self.input.seek(SeekFrom::Start(4 + 10 * i as u64))?;
            self.input.read_exact(&mut row)?;
            let place = if index == Index::Default { vec![k] } else { vec![] };
            assert!(to.view.unpack(&place, &row));
            kit::progress(i as u64, self.rows as u64)?;
        }
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, index: Index, _options: DictRef, into: &mut DictMut) -> Result<()> {
        into.set_bool("whole", index == Index::All)?;
        into.set_floats("numbers", &[1.0, 2.5])?;
        into.set_text("bytes", b"\xff\xfe")?;
        let mut inner = Dict::new()?;
        inner.set_str("word", "höher")?;
        into.set_dict("inner", &inner)
    }

    fn cursor(&mut self, _options: DictRef) -> Result<Box<dyn Cursor>> {
        Ok(Box::new(Rows { bytes: self.input.read_all(1 << 20)?[4..].to_vec(), next: 0 }))
    }

    fn call(&mut self, function: &str, arguments: DictRef, result: &mut DictMut) -> Result<()> {
        assert_eq!(function, "echo");
        let keys: Vec<&str> = arguments.keys().collect();
        result.set_str("keys", &keys.join(" "))?;
        let mut copy = Dict::new()?;
        copy.extend(arguments)?;
        copy.remove("no such key")?;
        copy.remove("list")?;
        result.set_dict("copy", &copy)?;
        let block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        result.set_dict("exif", &kit::exif(block)?)?;
        result.set_floats("list", &arguments.floats("list").unwrap_or_default())?;
        result.set_int("int", arguments.int("int").unwrap_or(-1))
    }
}

impl Cursor for Rows {
    fn next_props(&mut self) -> Result<Option<Props>> {
        Ok((self.next * 10 < self.bytes.len()).then(row_props))
    }

    fn next(&mut self, mut to: Destination) -> Result<Outcome> {
        to.check(&row_props())?;
        let row = self.bytes.chunks(10).nth(self.next).ok_or_else(|| Error::index("no more"))?;
        self.next += 1;
        to.view.unpack(&[], row);
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, into: &mut DictMut) -> Result<()> {
        into.set_int("row", self.next as i64 - 1)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.next = index;
        Ok(())
    }
}

struct Writing(Output);

impl Writer for Writing {
    fn write(&mut self, image: Source, options: DictRef) -> Result<()> {
        if image.dtype != DType::U8 || image.shape() != [2, 5] {
            return Err(Error::shape("ten bytes an image"));
        }
        if options.has("times") {
            let times: Vec<_> = (0..3).map(|i| kit::milliseconds(options, i)).collect::<Result<_>>()?;
            assert_eq!(times, [Some(100.0), Some(50.0), Some(50.0)]);
            assert_eq!(kit::embedded(options, "exif"), b"II*\0");
        }
        let pictures = kit::pictures(image, options, 100)?;
        assert_eq!((pictures.len(), pictures[0].width, pictures[0].samples), (1, 5, 1));
        assert!(kit::pictures(image, options, 4).is_err());
        let add = options.floats("add").unwrap_or_default().iter().sum::<f64>() as u8;
        let row: Vec<u8> = image.to_packed()?.iter().map(|b| b + add).collect();
        Ok(self.0.write_all(&row)?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.0.flush()?)
    }
}

kit::export!(Toy);

fn registered() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the library's own host, whose layout `layout.rs` compares.
        let plugin = unsafe { iio_plugin_entry(foreign::host().cast()) };
        // SAFETY: the entry gave a plugin.
        assert_eq!(unsafe { iio_register_plugin(plugin.cast()) }, capi::IIO_OK);
    });
}

const ROWS: [[u8; 10]; 3] = [[1; 10], [2, 2, 2, 2, 2, 9, 9, 9, 9, 9], [3; 10]];

fn toy(name: &str) -> std::path::PathBuf {
    registered();
    let path = std::env::temp_dir().join(format!("{}-{name}.kittoy", std::process::id()));
    std::fs::write(&path, [&b"KIT!"[..], &ROWS.concat()].concat()).unwrap();
    path
}

fn options(json: &str) -> Options {
    Options::from_json(json).unwrap()
}

fn bytes(array: &v3::NdArray) -> Vec<u8> {
    let view = array.view().unwrap();
    let mut bytes = vec![0; view.layout().packed_len()];
    assert!(view.pack(&mut bytes));
    bytes
}

#[test]
fn images_are_read_one_by_one_stacked_and_by_cursor() {
    let path = toy("read");
    let none = options("{}");
    let one = v3::imread(&path, model::Index::At(1), &none).unwrap();
    assert_eq!((one.shape(), bytes(&one)), (&[2, 5][..], ROWS[1].to_vec()));
    let all = v3::imread(&path, model::Index::Default, &none).unwrap();
    assert_eq!((all.shape(), bytes(&all)), (&[3, 2, 5][..], ROWS.concat()));
    let stacked = v3::imread(&path, model::Index::All, &none).unwrap();
    assert_eq!(bytes(&stacked), ROWS.concat());
    let props = v3::improps(&path, model::Index::Default, &none).unwrap();
    assert_eq!((props.is_batch, props.n_images, props.spacing[1]), (true, Some(3), 0.5));
    let iterated: Vec<_> =
        v3::imiter(&path, &options(r#"{"every": 2}"#)).unwrap().map(|a| bytes(&a.unwrap())).collect();
    assert_eq!(iterated, [ROWS[0], ROWS[2]]);
    let error = v3::imread(&path, model::Index::At(3), &none).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Index, "no image 3 of 3"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn metadata_functions_and_the_log_arrive() {
    let path = toy("meta");
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = lines.clone();
    libimageio::log::set(Some(Box::new(move |_, line| sink.lock().unwrap().push(line.to_owned()))));
    let meta = v3::immeta(&path, model::Index::All, &options("{}")).unwrap();
    libimageio::log::set(None);
    assert!(lines.lock().unwrap().iter().any(|l| l == "a toy is opened"));
    let shown = meta.to_json().unwrap();
    assert_eq!(shown, r#"{"whole":true,"numbers":[1.0,2.5],"bytes":{"base64":"//4="},"inner":{"word":"höher"}}"#);
    let mut file = v3::imopen(&path, v3::Mode::Read, &options("{}")).unwrap();
    let said = file.function("echo", &options(r#"{"list": [1, 2.5], "int": 7}"#)).unwrap();
    let wanted = r#"{"keys":"list int","copy":{"int":7},"exif":{"Orientation":6},"list":[1.0,2.5],"int":7}"#;
    assert_eq!(said.to_json().unwrap(), wanted);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn writing_goes_through_and_refusals_leave_the_file() {
    registered();
    let image = View::packed(&ROWS[1], 1, &[2, 5]).unwrap();
    let written = |json: &str| v3::imwrite_bytes(Some(".kittoy"), image, model::DType::U8, &options(json));
    assert_eq!(written("{}").unwrap(), [&b"KIT!"[..], &ROWS[1]].concat());
    assert_eq!(written(r#"{"add": [1, 1]}"#).unwrap()[4], 4);
    let timed = r#"{"times": true, "duration": [100, 50], "metadata": {"exif": {"base64": "RXhpZgAASUkqAA=="}}}"#;
    assert_eq!(written(timed).unwrap().len(), 14);
    let wrong = v3::imwrite_bytes(
        Some(".kittoy"),
        View::packed(&[0; 6], 1, &[2, 3]).unwrap(),
        model::DType::U8,
        &options("{}"),
    );
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn a_panic_is_an_internal_error_and_ends_the_file() {
    let path = toy("panic");
    let error = v3::imread(&path, model::Index::At(0), &options(r#"{"panic": true}"#)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message().contains("panicked"), "{error}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_the_resource_says_is_the_error() {
    registered();
    /// Gives the mark, and then nothing more.
    struct Failing(u64);
    impl libimageio::resource::Stream for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0 > 0 {
                return Err(std::io::Error::other("the line is dead"));
            }
            self.0 += 4;
            buffer[..4].copy_from_slice(b"KIT!");
            Ok(4)
        }
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::Unsupported.into())
        }
        fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
            Err(std::io::ErrorKind::Unsupported.into())
        }
        fn can_seek(&self) -> bool {
            false
        }
        fn size(&mut self) -> Option<u64> {
            None
        }
        fn any_thread(&self) -> bool {
            false
        }
        fn finish(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let opened = v3::imopen_stream(Box::new(Failing(0)), v3::Mode::Read, &options("{}"));
    let Err(error) = opened else { panic!("it opens") };
    assert!(error.message().contains("the line is dead"), "{error}");
}
