//! The module `ffmpeg` of libimageio: video through FFmpeg's libraries, loaded when a video is first opened.
//!
//! | file | what it does |
//! | --- | --- |
//! | `input`, `output` | the resource as FFmpeg reads and writes it, and nothing else |
//! | `demux`, `decode` (with `aim`, `harm`) | a container and its packets; packets to pictures, what may be left out on the way to one, and which were made up in part |
//! | `index`, `order`, `head` (with `nal`), `times`, `info` | which frames there are, in which order, and when; what a stream is, without decoding |
//! | `filter`, `film` | FFmpeg's filters; pictures one after the other, and the way to any of them |
//! | `device` | cameras and screens |
//! | `pixels`, `convert`, `rgb` (with `rgb_avx2`) | pixel formats as arrays; pictures in the format and place that are wanted |
//! | `reader`, `meta`, `writer` | the plugin's verbs |
//! | `versions` | what the versions of FFmpeg have in different places |
//! | `plan`, `fit`, `encode` | what is to be written and by what; images as the encoder takes them; pictures to packets |

mod aim;
mod av;
mod beat;
mod convert;
mod decode;
mod demux;
mod device;
mod encode;
mod film;
mod filter;
mod fit;
mod harm;
mod head;
mod index;
mod info;
mod input;
mod meta;
mod nal;
mod order;
mod output;
mod pixels;
mod plan;
mod reader;
mod rgb;
mod times;
mod versions;
mod writer;

use ffmpeg_sys_next as ff;
use kit::{DictRef, Error, Input, Output, Plugin, Reader, Result, Writer};

/// The plugin.
struct Ffmpeg;

impl Plugin for Ffmpeg {
    const CURSORS: bool = true;
    const FUNCTIONS: bool = true;

    fn load() -> Result<Ffmpeg> {
        // SAFETY: these only give numbers.
        let found = unsafe { [ff::avcodec_version(), ff::avformat_version(), ff::avutil_version()] };
        let found = found.map(|version| (version >> 16) as std::ffi::c_int);
        let built = [ff::LIBAVCODEC_VERSION_MAJOR, ff::LIBAVFORMAT_VERSION_MAJOR, ff::LIBAVUTIL_VERSION_MAJOR];
        if found != built {
            let what = format!(
                "it was built for libavcodec {}, libavformat {} and libavutil {}, and found {}, {} and {}; \
                 build it again for this FFmpeg",
                built[0], built[1], built[2], found[0], found[1], found[2]
            );
            return Err(Error::unavailable(what));
        }
        av::catch_log();
        Ok(Ffmpeg)
    }

    fn declaration(&self) -> String {
        include_str!("declaration.json").to_owned()
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> u8 {
        demux::probe(head)
    }

    fn open(&self, input: Input, options: DictRef) -> Result<Box<dyn Reader>> {
        match options.str("device") {
            Some(device) => device::open(input, device, options),
            None => Ok(Box::new(reader::Video::open(input, options)?)),
        }
    }

    fn create(&self, output: Output, extension: Option<&str>, options: DictRef) -> Result<Box<dyn Writer>> {
        Ok(Box::new(writer::Film::create(output, extension, options)?))
    }
}

kit::export!(Ffmpeg);
