//! TIFF as it is written: read back by our own reader, and where they are installed by tifffile and libtiff's tools,
//! which must not complain.

use libimageio::error::ErrorKind;
use libimageio::model::{DType, Dict, Index, View};
use libimageio::v3::{self, Mode};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Items that look a little like a picture; of floats none that is no number.
fn items(dtype: DType, count: usize) -> Vec<u8> {
    let smooth = |i: usize| (i / 3 % 97 + i % 5) as u8;
    let whole = |i: usize, size: usize| -> Vec<u8> {
        (0..size).map(|b| if b == 0 { smooth(i) } else { (i % 3 * b) as u8 }).collect()
    };
    let item = |i: usize| match dtype {
        DType::Bool => vec![u8::from(i.is_multiple_of(3))],
        DType::F16 => (u16::from(smooth(i)) << 5).to_ne_bytes().to_vec(),
        DType::F32 => (f32::from(smooth(i)) / 7.0).to_ne_bytes().to_vec(),
        DType::F64 => (f64::from(smooth(i)) / 7.0).to_ne_bytes().to_vec(),
        DType::C64 => [f32::from(smooth(i)), -1.5].iter().flat_map(|x| x.to_ne_bytes()).collect(),
        DType::C128 => [f64::from(smooth(i)), -1.5].iter().flat_map(|x| x.to_ne_bytes()).collect(),
        _ => whole(i, dtype.size()),
    };
    (0..count).flat_map(item).collect()
}

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("imageio-tiff-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Writes an array, with its items beside it for other readers, and has our own reader give it back.
    fn round_trip(&self, name: &str, dtype: DType, shape: &[usize], options: &str) {
        let data = items(dtype, shape.iter().product());
        let path = self.0.join(name);
        let options = Dict::from_json(options).unwrap().with("plugin", "tiff");
        let view = View::packed(&data, dtype.size(), shape).unwrap();
        v3::imwrite(&path, view, dtype, &options).unwrap_or_else(|e| panic!("{name} {shape:?} {dtype}: {e}"));
        self.describe(name, dtype, shape, &data);
        let (found, bytes) = read(&path, 0);
        assert_eq!((found.as_slice(), bytes == data), (shape, true), "{name} {dtype} {}", options.to_json().unwrap());
    }

    fn describe(&self, name: &str, dtype: DType, shape: &[usize], data: &[u8]) {
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        std::fs::write(self.0.join(format!("{name}.shape")), format!("{dtype} {}", sizes.join(","))).unwrap();
        std::fs::write(self.0.join(format!("{name}.items")), data).unwrap();
    }

    /// Has tifffile and tiffinfo read every file.
    fn read_by_others(&self) {
        let folder = self.0.to_str().unwrap();
        let recent = "import tifffile, imagecodecs; assert tifffile.__version__ >= '2025'";
        // scripts/test.sh names one, and says where there is none.
        let python = std::env::var("IIO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        if has(&python, &["-c", recent]) {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiff/check.py");
            let done = Command::new(&python).arg(script).arg(folder).output().unwrap();
            let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{said}");
            eprint!(
                "{}",
                said.lines().find(|line| line.starts_with("SKIPPED")).map_or(String::new(), |l| format!("{l}\n"))
            );
        } else {
            eprintln!(
                "SKIPPED: tifffile of 2025 or later and imagecodecs are not installed, so what is written was not read by them"
            );
        }
        if Command::new("tiffinfo").output().is_err() {
            eprintln!("SKIPPED: libtiff's tools are not installed, so what is written was not read by them");
            return;
        }
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // libtiff warns of ImageJ's tags and decodes no samples of 64 bits with a predictor, as it should.
            if path.extension().is_none_or(|e| e != "tif") || name.contains("nolibtiff") {
                continue;
            }
            let info = Command::new("tiffinfo").arg("-D").arg(&path).output().unwrap();
            let mut said = String::from_utf8_lossy(&info.stderr).into_owned();
            if name.contains("packbits") {
                // Its codec knows no predictor, and decodes without it.
                said = said.lines().filter(|l| !l.is_empty() && !l.contains("Unknown field with tag 317")).collect();
            }
            assert!(info.status.success() && said.is_empty(), "{name}: {said}");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success())
}

fn read(path: &Path, index: usize) -> (Vec<usize>, Vec<u8>) {
    let array = v3::imread(path, Index::At(index), &Dict::new().with("plugin", "tiff")).unwrap();
    let view = array.view().unwrap();
    let mut bytes = vec![0; view.layout().packed_len()];
    assert!(view.pack(&mut bytes));
    (array.shape().to_vec(), bytes)
}

#[test]
fn every_dtype_in_every_compression_comes_back() {
    let folder = Folder::new("matrix");
    for &dtype in DType::ALL {
        let tag = if dtype.size() > 4 || dtype == DType::F16 { "nolibtiff_" } else { "" };
        for (i, order) in ["<", ">"].iter().enumerate() {
            let name = |what: &str| format!("{tag}{dtype}_{i}_{what}.tif");
            let with = |rest: &str| format!(r#"{{"byteorder":"{order}"{rest}}}"#);
            folder.round_trip(&name("plain"), dtype, &[2, 20, 33], &with(""));
            for codec in ["deflate", "lzw", "zstd", "packbits"] {
                let strips = format!(r#","compression":"{codec}","rowsperstrip":7"#);
                folder.round_trip(&name(&format!("{codec}_strips")), dtype, &[20, 33, 3], &with(&strips));
                if !matches!(dtype, DType::Bool | DType::C64 | DType::C128) {
                    let tiles = format!(r#","compression":"{codec}","predictor":true,"tile":[16,32]"#);
                    folder.round_trip(&name(&format!("{codec}_tiles")), dtype, &[2, 20, 33], &with(&tiles));
                }
            }
        }
    }
    folder.read_by_others();
}

#[test]
fn every_layout_comes_back() {
    let folder = Folder::new("layouts");
    folder.round_trip("one.tif", DType::U16, &[5], "{}");
    folder.round_trip("eight.tif", DType::U8, &[2, 1, 2, 1, 2, 2, 20, 10], "{}");
    folder.round_trip("planes.tif", DType::U8, &[3, 20, 30], "{}");
    folder.round_trip("gray.tif", DType::U8, &[3, 20, 30], r#"{"axes":"ZYX"}"#);
    folder.round_trip("bands.tif", DType::U16, &[20, 30, 7], r#"{"axes":"YXS"}"#);
    folder.round_trip("inks.tif", DType::U8, &[20, 30, 4], r#"{"color":"cmyk"}"#);
    folder.round_trip("alpha.tif", DType::U8, &[20, 30, 2], r#"{"color":"gray_alpha"}"#);
    folder.round_trip("big.tif", DType::U16, &[3, 20, 30], r#"{"bigtiff":true,"compression":"deflate"}"#);
    folder.round_trip("bits_nolibtiff.tif", DType::U16, &[20, 33], r#"{"bitspersample":16}"#);
    folder.round_trip(
        "volume.tif",
        DType::U16,
        &[2, 8, 20, 32],
        r#"{"volumetric":true,"tile":[4,16,16],"compression":"lzw"}"#,
    );
    folder.round_trip("webp.tif", DType::U8, &[20, 30, 3], r#"{"compression":"webp"}"#);
    folder.round_trip(
        "hyper_nolibtiff.tif",
        DType::U16,
        &[3, 4, 2, 20, 30],
        r#"{"imagej":true,"axes":"TZCYX","metadata":{"unit":"um","Info":"a"}}"#,
    );
    folder.round_trip(
        "planes.ome.tif",
        DType::U16,
        &[2, 3, 20, 30],
        r#"{"axes":"TCYX","metadata":{"PhysicalSizeX":0.5}}"#,
    );
    folder.round_trip(
        "tiles.ome.tif",
        DType::U8,
        &[3, 40, 50, 3],
        r#"{"axes":"ZYXS","tile":[16,16],"compression":"zstd"}"#,
    );
    folder.read_by_others();
}

#[test]
fn pages_are_appended_one_by_one() {
    let folder = Folder::new("append");
    let data = items(DType::U16, 5 * 600);
    for (name, options) in [
        ("plain.tif", r#"{"contiguous":true}"#),
        ("deflate.tif", r#"{"contiguous":true,"compression":"deflate"}"#),
        ("stack.ome.tif", r#"{"contiguous":true}"#),
    ] {
        let path = folder.0.join(name);
        let mut file = v3::imopen(&path, Mode::Write, &Dict::new().with("plugin", "tiff")).unwrap();
        for page in data.chunks_exact(1200) {
            let view = View::packed(page, 2, &[20, 30]).unwrap();
            file.write(view, DType::U16, &Dict::from_json(options).unwrap()).unwrap();
        }
        file.close().unwrap();
        folder.describe(name, DType::U16, &[5, 20, 30], &data);
        assert_eq!(read(&path, 0), (vec![5, 20, 30], data.clone()), "{name}");
    }
    folder.read_by_others();
}

#[test]
fn levels_lie_below_their_image() {
    let folder = Folder::new("pyramid");
    let path = folder.0.join("pyramid.tif");
    let mut file = v3::imopen(&path, Mode::Write, &Dict::new().with("plugin", "tiff")).unwrap();
    for (side, options) in [(64, r#"{"subifds":2}"#), (32, r#"{"subfiletype":1}"#), (16, r#"{"subfiletype":1}"#)] {
        let data = items(DType::U8, side * side);
        let view = View::packed(&data, 1, &[side, side]).unwrap();
        file.write(view, DType::U8, &Dict::from_json(options).unwrap()).unwrap();
        if side == 64 {
            folder.describe("pyramid.tif", DType::U8, &[64, 64], &data);
        }
    }
    file.close().unwrap();
    for level in 0..3usize {
        let options = Dict::new().with("plugin", "tiff").with("level", level);
        let props = v3::improps(&path, Index::At(0), &options).unwrap();
        assert_eq!(props.shape[..], [64 >> level, 64 >> level]);
    }
    folder.read_by_others();
}

#[test]
fn what_does_not_fit_is_refused_before_a_byte_is_written() {
    let folder = Folder::new("refusals");
    let path = folder.0.join("a.tif");
    let data = items(DType::U8, 600 * 4);
    let refuse = |shape: &[usize], open: &str, options: &str, kind: ErrorKind, says: &str| {
        let open = Dict::from_json(open).unwrap().with("plugin", "tiff");
        let mut file = v3::imopen(&path, Mode::Write, &open).unwrap();
        let view = View::packed(&data[..shape.iter().product()], 1, shape).unwrap();
        let error = file.write(view, DType::U8, &Dict::from_json(options).unwrap()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(says), "{error}");
        // The file is as it was: a good image is taken still.
        let view = View::packed(&data[..600], 1, &[20, 30]).unwrap();
        file.write(view, DType::U8, &Dict::new()).unwrap();
        file.close().unwrap();
    };
    let plane = [20, 30];
    refuse(&[4, 20, 30], r#"{"imagej":true}"#, r#"{"axes":"QYX"}"#, ErrorKind::Unsupported, "QYX");
    refuse(&[4, 20, 30], r#"{"ome":true}"#, r#"{"axes":"NYX"}"#, ErrorKind::Unsupported, "NYX");
    refuse(&plane, "{}", r#"{"tile":[10,16]}"#, ErrorKind::InvalidOption, "16");
    refuse(&plane, "{}", r#"{"compression":"lerc"}"#, ErrorKind::Unsupported, "lerc");
    refuse(&plane, "{}", r#"{"compression":"nothing"}"#, ErrorKind::InvalidOption, "nothing");
    refuse(&plane, "{}", r#"{"predictor":true}"#, ErrorKind::InvalidOption, "predictor");
    refuse(&plane, "{}", r#"{"extratags":[[256,3,1,7,true]]}"#, ErrorKind::InvalidOption, "256");
    refuse(&[20, 0], "{}", "{}", ErrorKind::Shape, "no items");
}

#[test]
fn threads_do_not_change_the_file() {
    let data = items(DType::U16, 3 * 200 * 300);
    let view = View::packed(&data, 2, &[3, 200, 300]).unwrap();
    let with = |threads: i64| {
        let options = Dict::from_json(r#"{"compression":"zstd","predictor":true,"rowsperstrip":9}"#).unwrap();
        v3::imwrite_bytes(Some(".tif"), view, DType::U16, &options.with("threads", threads).with("plugin", "tiff"))
            .unwrap()
    };
    assert!(with(1) == with(2) && with(1) == with(7));
}

/// ImageJ itself: Debian's package, or where `IIO_IMAGEJ` says that its jar is.
fn imagej() -> Option<std::path::PathBuf> {
    let jar = std::env::var_os("IIO_IMAGEJ").map_or_else(|| "/usr/share/java/ij.jar".into(), std::path::PathBuf::from);
    let compiles = jar.is_file() && has("javac", &["-version"]);
    compiles.then_some(jar)
}

#[test]
fn imagej_opens_what_is_written_for_it_and_is_understood() {
    let Some(jar) = imagej() else {
        eprintln!("SKIPPED: ImageJ (package imagej, with a JDK) is not installed, so no hyperstack was opened in it");
        return;
    };
    let folder = Folder::new("imagej");
    let said = "13 x 11, C 1 Z 1 T 1, 8 bits, hyperstack false, 1.00000 1.00000 1.00000 pixel, interval 0.00000, composite false";
    /// Name, dtype, shape, options, and how what ImageJ says differs from what it says of the first.
    type Case = (&'static str, DType, &'static [usize], &'static str, &'static [(&'static str, &'static str)]);
    let cases: [Case; 9] = [
        ("gray", DType::U8, &[11, 13], r#"{}"#, &[]),
        ("signed", DType::I16, &[11, 13], r#"{}"#, &[("8 bits", "16 bits")]),
        ("color", DType::U8, &[11, 13, 3], r#"{}"#, &[("8 bits", "24 bits")]),
        ("colors", DType::U8, &[4, 11, 13, 3], r#"{"axes":"ZYXS"}"#, &[("Z 1", "Z 4"), ("8 bits", "24 bits")]),
        (
            "slices_nolibtiff",
            DType::U16,
            &[3, 11, 13],
            r#"{"axes":"ZYX","metadata":{"spacing":3.5,"unit":"um","Labels":["one","two","three"],"Info":"a"}}"#,
            &[("Z 1", "Z 3"), ("8 bits", "16 bits"), ("1.00000 pixel", "3.50000 µm")],
        ),
        (
            "times",
            DType::F32,
            &[5, 11, 13],
            r#"{"axes":"TYX","resolution":[4,8],"metadata":{"finterval":0.25,"unit":"um"}}"#,
            &[
                ("T 1", "T 5"),
                ("8 bits", "32 bits"),
                ("1.00000 1.00000 1.00000 pixel", "0.250000 0.125000 1.00000 µm"),
                ("interval 0.00000", "interval 0.250000"),
            ],
        ),
        (
            "channels",
            DType::U16,
            &[3, 11, 13],
            r#"{"axes":"CYX","metadata":{"mode":"composite"}}"#,
            &[("C 1", "C 3"), ("8 bits", "16 bits"), ("composite false", "composite true")],
        ),
        (
            "hyper",
            DType::U16,
            &[2, 3, 4, 11, 13],
            r#"{"axes":"TZCYX"}"#,
            &[
                ("C 1 Z 1 T 1", "C 4 Z 3 T 2"),
                ("8 bits", "16 bits"),
                ("hyperstack false", "hyperstack true"),
                ("composite false", "composite true"),
            ],
        ),
        (
            "deflate",
            DType::U8,
            &[2, 3, 11, 13],
            r#"{"axes":"TZYX","compression":"deflate"}"#,
            &[("Z 1 T 1", "Z 3 T 2"), ("hyperstack false", "hyperstack true")],
        ),
    ];
    for (name, dtype, shape, options, _) in cases {
        let options = Dict::from_json(options).unwrap().with("imagej", true);
        folder.round_trip(&format!("{name}.tif"), dtype, shape, &options.to_json().unwrap());
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiff/Hyperstacks.java");
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
        // Units are UTF-8 in the file.
        let done =
            Command::new(program).env("LC_ALL", "C.UTF-8").arg("-cp").arg(&jar).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        said
    };
    let lines = run("java", &["-Djava.awt.headless=true".as_ref(), program.as_os_str(), folder.0.as_os_str()]);
    for (name, dtype, shape, _, differs) in cases {
        let line = lines.lines().find(|line| line.starts_with(&format!("{name}.tif: ")));
        let line = line.unwrap_or_else(|| panic!("{name}: {lines}"));
        let wanted = differs.iter().fold(format!("{name}.tif: {said}"), |text, (from, to)| text.replace(from, to));
        assert!(line.starts_with(&wanted), "{line}\n instead of\n{wanted}");
        // What ImageJ saves comes back too; it keeps signed numbers from 0 on.
        let (found, bytes) = read(&folder.0.join("again").join(format!("{name}.tif")), 0);
        assert_eq!(found, shape, "{name}");
        assert!(dtype == DType::I16 || bytes == items(dtype, shape.iter().product()), "{name}");
    }
    folder.read_by_others();
}
