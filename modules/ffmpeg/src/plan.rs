//! What is to be written: the options brought together, and the container and encoder that they mean.

use crate::av::{cstring, text};
use crate::pixels::Pixels;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{DictRef, Error, Result};
use std::ffi::c_int;
use std::ptr::null;

/// What a YUV4MPEG can hold, in the machine's byte order.
const Y4M: [&str; 24] = [
    "yuv420p",
    "yuv422p",
    "yuv444p",
    "gray",
    "yuv411p",
    "gray9",
    "gray10",
    "gray12",
    "gray16",
    "yuv420p9",
    "yuv422p9",
    "yuv444p9",
    "yuv420p10",
    "yuv422p10",
    "yuv444p10",
    "yuv420p12",
    "yuv422p12",
    "yuv444p12",
    "yuv420p14",
    "yuv422p14",
    "yuv444p14",
    "yuv420p16",
    "yuv422p16",
    "yuv444p16",
];

/// What raw pictures in AVI can be: of others it has no mark, and readers take them for something else.
const AVI: [&str; 9] = ["bgr24", "bgra", "gray", "yuv420p", "yuv422p", "yuyv422", "uyvy422", "nv12", "rgb555le"];

/// What is to be encoded, and how.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The container by FFmpeg's name, or the extension that tells it.
    pub container: Option<String>,
    pub extension: Option<String>,
    pub container_options: Vec<(String, String)>,
    pub container_tags: Vec<(String, String)>,
    pub stream_tags: Vec<(String, String)>,
    pub codec: Option<String>,
    pub codec_options: Vec<(String, String)>,
    pub rate: Rate,
    pub quality: Option<f64>,
    pub bitrate: Option<i64>,
    pub gop: Option<i64>,
    pub closed_gop: bool,
    pub threads: usize,
    pub orientation: u32,
    /// Whether pictures become luma and chroma here, so that it is known how; and in the full range.
    pub converted: Option<bool>,
    pub out_format: Option<String>,
}

/// When frames are shown.
#[derive(Clone, Copy, Debug)]
pub enum Rate {
    /// So many a second.
    Constant(ff::AVRational),
    /// Each at its own time.
    Timed,
}

/// The unit of a rate.
pub fn inverse(rate: ff::AVRational) -> ff::AVRational {
    ff::AVRational { num: rate.den, den: rate.num }
}

/// Frames a second: 29.97, "30000/1001".
pub fn rate_of(text: &str) -> Result<ff::AVRational> {
    let wrong = || Error::option(format!("option \"fps\" is a number above 0 or a fraction, not {text:?}"));
    if let Some((num, den)) = text.split_once('/') {
        let (num, den) = (num.trim().parse().map_err(|_| wrong())?, den.trim().parse().map_err(|_| wrong())?);
        return if num > 0 && den > 0 { Ok(ff::AVRational { num, den }) } else { Err(wrong()) };
    }
    let rate: f64 = text.parse().map_err(|_| wrong())?;
    if !rate.is_finite() || !(1e-4..=1e6).contains(&rate) {
        return Err(wrong());
    }
    // SAFETY: it only computes.
    Ok(unsafe { ff::av_d2q(rate, 65535) })
}

/// Bits a second: 500000, "500k", "2M".
pub fn bits(options: DictRef) -> Result<Option<i64>> {
    let Some(text) = options.to_text("bitrate") else { return Ok(None) };
    let (number, unit) = match text.trim_end_matches(['k', 'K', 'm', 'M']) {
        short if short.len() == text.len() => (short, 1.0),
        short if text.ends_with(['k', 'K']) => (short, 1e3),
        short => (short, 1e6),
    };
    match number.parse::<f64>() {
        Ok(n) if n > 0.0 && n * unit < 1e12 => Ok(Some((n * unit) as i64)),
        _ => Err(Error::option(format!("option \"bitrate\" is bits a second, not {text:?}"))),
    }
}

impl Default for Rate {
    fn default() -> Rate {
        Rate::Constant(ff::AVRational { num: 24, den: 1 })
    }
}

/// The container and encoder of a plan, before anything is opened.
#[derive(Clone, Copy)]
pub struct Choice {
    pub container: *const ff::AVOutputFormat,
    pub codec: *const ff::AVCodec,
}

// SAFETY: both are FFmpeg's, live for ever and do not change.
unsafe impl Send for Choice {}

impl Choice {
    pub fn of(plan: &Plan) -> Result<Choice> {
        let container = container(plan)?;
        // SAFETY: the container is FFmpeg's.
        let name = text(unsafe { (*container).name }).unwrap_or("");
        let codec = match &plan.codec {
            Some(codec) => encoder(codec)?,
            None => own_encoder(container, plan.extension.as_deref().unwrap_or(""), name)?,
        };
        // SAFETY: both are FFmpeg's.
        let (fits, codec_name) =
            unsafe { (ff::avformat_query_codec(container, (*codec).id, 0), text((*codec).name).unwrap_or("")) };
        // Matroska holds those of AVI and QuickTime too, of which it does not tell; of some it forgets what they need.
        if fits == 0 && name != "matroska" || name == "matroska" && codec_name == "qtrle" {
            return Err(Error::option(format!("the container {name} does not take the codec {codec_name}")));
        }
        Ok(Choice { container, codec })
    }

    /// The pixel formats that are taken by the container, where that is pickier than its encoder, else by the encoder.
    pub fn formats(&self) -> Vec<c_int> {
        let named =
            |names: &[&str]| names.iter().filter_map(|&name| Pixels::named(name).ok()).map(|p| p.format).collect();
        if self.is_y4m() {
            return named(&Y4M);
        }
        if self.is("avi") && self.name() == "rawvideo" {
            return named(&AVI);
        }
        // SAFETY: the codec is FFmpeg's.
        versions::formats(unsafe { &*self.codec })
    }

    /// Whether it is YUV4MPEG, whose deeper formats all readers of today know and its first description did not.
    pub fn is_y4m(&self) -> bool {
        self.is("yuv4mpegpipe")
    }

    fn is(&self, container: &str) -> bool {
        // SAFETY: the container is FFmpeg's.
        text(unsafe { (*self.container).name }) == Some(container)
    }

    /// Whether the encoder loses nothing.
    pub fn is_lossless(&self) -> bool {
        // SAFETY: the codec is FFmpeg's; its id has a descriptor, or NULL.
        let descriptor = unsafe { ff::avcodec_descriptor_get((*self.codec).id).as_ref() };
        descriptor.is_some_and(|d| d.props & ff::AV_CODEC_PROP_LOSSY as c_int == 0)
    }

    /// The encoder's name.
    pub fn name(&self) -> &'static str {
        // SAFETY: the codec is FFmpeg's.
        text(unsafe { (*self.codec).name }).unwrap_or("")
    }
}

fn container(plan: &Plan) -> Result<*const ff::AVOutputFormat> {
    let (name, file) = match (&plan.container, &plan.extension) {
        (Some(name), _) => (Some(cstring(name)?), None),
        (None, Some(extension)) => (None, Some(cstring(&format!("a{extension}"))?)),
        (None, None) => return Err(Error::option("neither extension nor container says what to write")),
    };
    let pointer = |s: &Option<std::ffi::CString>| s.as_ref().map_or(null(), |s| s.as_ptr());
    // SAFETY: the strings live through the call.
    let found = unsafe { ff::av_guess_format(pointer(&name), pointer(&file), null()) };
    if found.is_null() {
        let what = plan.container.as_deref().or(plan.extension.as_deref()).unwrap_or("");
        return Err(Error::unsupported(format!("this FFmpeg writes no container {what}")));
    }
    // SAFETY: it is FFmpeg's.
    let (flags, name) = unsafe { ((*found).flags, text((*found).name).unwrap_or("")) };
    // Such write other files, or to devices.
    let own = flags & ff::AVFMT_NOFILE as c_int != 0;
    if own
        || ["hls", "dash", "segment", "stream_segment,ssegment", "tee", "image2", "fifo", "smoothstreaming", "hds"]
            .contains(&name)
    {
        return Err(Error::unsupported(format!("the container {name} writes other files than the one that is given")));
    }
    Ok(found)
}

/// The encoder that a container takes by itself.
fn own_encoder(container: *const ff::AVOutputFormat, extension: &str, name: &str) -> Result<*const ff::AVCodec> {
    use ff::AVCodecID::{AV_CODEC_ID_H264, AV_CODEC_ID_MPEG4};
    let file = cstring(&format!("a{extension}"))?;
    // SAFETY: the strings live through the call.
    let codec = unsafe {
        let kind = ff::AVMediaType::AVMEDIA_TYPE_VIDEO;
        let find = |id| ff::avcodec_find_encoder(id);
        match name {
            // FFmpeg's own for these is H.263, which has five sizes and no others.
            "3gp" | "3g2" => Some(find(AV_CODEC_ID_H264)).filter(|c| !c.is_null()).unwrap_or(find(AV_CODEC_ID_MPEG4)),
            _ => find(ff::av_guess_codec(container as *mut _, null(), file.as_ptr(), null(), kind)),
        }
    };
    if codec.is_null() {
        let what = format!("this FFmpeg has no encoder that the container {name} takes by itself; name a codec");
        return Err(Error::option(what));
    }
    Ok(codec)
}

fn encoder(name: &str) -> Result<*const ff::AVCodec> {
    let c = cstring(name)?;
    // SAFETY: the name lives through the calls.
    let codec = unsafe {
        let by_name = ff::avcodec_find_encoder_by_name(c.as_ptr());
        let descriptor = ff::avcodec_descriptor_get_by_name(c.as_ptr());
        match (by_name.is_null(), descriptor.as_ref()) {
            (true, Some(descriptor)) => ff::avcodec_find_encoder(descriptor.id),
            _ => by_name,
        }
    };
    if codec.is_null() {
        return Err(Error::option(format!(
            "this FFmpeg has no encoder {name:?}; `ffmpeg -encoders` lists those it has"
        )));
    }
    Ok(codec)
}
