//! Every line of tests/data/expected.txt and of those in its folders: what a default read of a committed file gives, as
//! independent decoders said it. The C programs compare the same lists through the C ABI.

use super::OF_MODULES;
use libimageio::ErrorKind;
use libimageio::model::{Array, DType, Dict, Index, Props, ViewMut};
use libimageio::plugin::Count;
use libimageio::v3::{self, Mode};
use std::path::{Path, PathBuf};

/// One line of a list.
struct Expectation {
    file: PathBuf,
    shape: Vec<usize>,
    dtype: DType,
    images: usize,
    is_batch: bool,
    all: bool,
    pixels: Pixels,
}

enum Pixels {
    /// The FNV-1a-64 of the bytes.
    Exact(u64),
    /// The mean of each channel, within a tolerance.
    Mean(f64, Vec<f64>),
}

impl Expectation {
    fn parse(folder: &Path, line: &str) -> Expectation {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [file, shape, dtype, images, index, is_batch, how, rest @ ..] = &words[..] else { panic!("{line:?}") };
        let numbers = |words: &[&str]| words.iter().map(|n| n.parse().unwrap()).collect::<Vec<f64>>();
        Expectation {
            file: folder.join(file),
            shape: shape.split('x').map(|n| n.parse().unwrap()).collect(),
            dtype: DType::from_name(dtype).unwrap(),
            images: images.trim_end_matches(['v', 'b']).parse().unwrap(),
            is_batch: *is_batch == "1",
            all: *index == "all",
            pixels: match *how {
                "exact" => Pixels::Exact(u64::from_str_radix(rest[0], 16).unwrap()),
                "mean" => Pixels::Mean(rest[0].parse().unwrap(), numbers(&rest[1..])),
                other => panic!("{other:?} in {line:?}"),
            },
        }
    }

    /// What differs from what is expected.
    fn differs(&self) -> Result<(), String> {
        let failed = |e: libimageio::Error| e.to_string();
        let mut file = v3::imopen(&self.file, Mode::Read, &Dict::new()).map_err(failed)?;
        let count = file.count(Count::Exact, &Dict::new()).map_err(failed)?;
        if count != Some(self.images) {
            return Err(format!("{count:?} images, not {}", self.images));
        }
        let mut found: Option<(Props, Vec<u8>)> = None;
        let all = if self.all { Index::All } else { Index::At(0) };
        for index in [Index::Default, all] {
            let mut pixels = Vec::new();
            let mut props = None;
            v3::imread_into(self.file.as_os_str(), index, &Dict::new(), |file, plan, read| {
                let of = plan.props().clone();
                pixels = vec![0xCD; of.nbytes()?];
                let view = ViewMut::packed(&mut pixels, of.dtype.size(), &of.shape).unwrap();
                props = Some(of.clone());
                read(file, view, of.dtype)
            })
            .map_err(failed)?;
            let read = (props.unwrap(), pixels);
            if found.as_ref().is_some_and(|before| (&*before.0.shape, &before.1) != (&*read.0.shape, &read.1)) {
                return Err("the default index is another".into());
            }
            found = Some(read);
        }
        let (props, pixels) = found.unwrap();
        let got = (props.shape.to_vec(), props.dtype, props.is_batch);
        if got != (self.shape.clone(), self.dtype, self.is_batch) {
            return Err(format!("{got:?}, not {:?} {} {}", self.shape, self.dtype, self.is_batch));
        }
        self.pixels.differ(&props, pixels)
    }
}

impl Pixels {
    fn differ(&self, props: &Props, pixels: Vec<u8>) -> Result<(), String> {
        match self {
            Pixels::Exact(expected) => {
                let hash = fnv1a(&pixels);
                (hash == *expected).then_some(()).ok_or_else(|| format!("pixels {hash:016x}, not {expected:016x}"))
            }
            Pixels::Mean(tolerance, means) => {
                let values = Array::new(props.dtype, &props.shape, pixels).unwrap().to_f64();
                let channels = if props.shape.len() > 2 { *props.shape.last().unwrap() } else { 1 };
                assert!(!means.is_empty() && means.len() == channels.min(4), "a mean for each channel");
                for (channel, expected) in means.iter().enumerate() {
                    let of_channel = values.iter().skip(channel).step_by(channels);
                    let mean = of_channel.sum::<f64>() / (values.len() / channels) as f64;
                    if (mean - expected).abs() > *tolerance {
                        return Err(format!("channel {channel} has the mean {mean:.3}, not {expected}"));
                    }
                }
                Ok(())
            }
        }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

fn lists() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let folders = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut lists: Vec<PathBuf> = folders.map(|folder| folder.join("expected.txt")).collect();
    lists.push(data.join("expected.txt"));
    lists.sort();
    lists
}

#[test]
fn every_file_gives_what_its_list_says() {
    let (mut compared, mut wrong) = (0, Vec::new());
    for list in lists() {
        let folder = list.parent().unwrap();
        let text = std::fs::read_to_string(&list).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let expectation = Expectation::parse(folder, line);
            // A family that a module reads, which need not be built: those lists are the C programs'.
            if OF_MODULES.iter().any(|family| folder.ends_with(family)) {
                let opened = v3::imopen(&expectation.file, Mode::Read, &Dict::new());
                if opened.is_err_and(|e| e.kind() == ErrorKind::PluginUnavailable) {
                    continue;
                }
            }
            compared += 1;
            if let Err(why) = expectation.differs() {
                wrong.push(format!("{}: {why}", expectation.file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} files differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 300, "only {compared} lines were found");
}
