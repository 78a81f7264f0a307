//! Metadata, under the names that imageio and FFmpeg have for them.

use crate::av::{Frame, entries, number, number_of, raw, text};
use crate::decode::Player;
use crate::demux::Demuxer;
use crate::filter::picture_type;
use crate::info::display_matrix;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Dict, DictMut, Result, ValueKind};
use std::ffi::{c_char, c_int};

/// PyAV's names of side data, by FFmpeg's numbers.
const SIDE_DATA: [&str; 28] = [
    "PANSCAN",
    "A53_CC",
    "STEREO3D",
    "MATRIXENCODING",
    "DOWNMIX_INFO",
    "REPLAYGAIN",
    "DISPLAYMATRIX",
    "AFD",
    "MOTION_VECTORS",
    "SKIP_SAMPLES",
    "AUDIO_SERVICE_TYPE",
    "MASTERING_DISPLAY_METADATA",
    "GOP_TIMECODE",
    "SPHERICAL",
    "CONTENT_LIGHT_LEVEL",
    "ICC_PROFILE",
    "S12M_TIMECODE",
    "DYNAMIC_HDR_PLUS",
    "REGIONS_OF_INTEREST",
    "VIDEO_ENC_PARAMS",
    "SEI_UNREGISTERED",
    "FILM_GRAIN_PARAMS",
    "DETECTION_BBOXES",
    "DOVI_RPU_BUFFER",
    "DOVI_METADATA",
    "DYNAMIC_HDR_VIVID",
    "AMBIENT_VIEWING_ENVIRONMENT",
    "VIDEO_HINT",
];

fn tags(dict: *const ff::AVDictionary, into: &mut DictMut) -> Result<()> {
    for (key, value) in entries(dict) {
        // imageio's own keys stand.
        if into.as_ref().kind(&key) == ValueKind::Absent {
            into.set_text(&key, &value)?;
        }
    }
    Ok(())
}

/// Tags of the container.
pub fn container_tags(demuxer: &Demuxer, into: &mut DictMut) -> Result<()> {
    // SAFETY: the container is open.
    tags(unsafe { (*demuxer.raw()).metadata }, into)
}

/// Tags of the video stream.
pub fn stream_tags(demuxer: &Demuxer, into: &mut DictMut) -> Result<()> {
    tags(demuxer.video().metadata, into)
}

fn name(of: unsafe extern "C" fn(c_int) -> *const c_char, value: c_int) -> Option<&'static str> {
    // SAFETY: FFmpeg's names are looked up by any number.
    text(unsafe { of(value) }).filter(|&name| name != "unknown" && name != "unspecified")
}

/// Seconds of a time in a stream's unit.
fn seconds(time: i64, unit: f64) -> Option<f64> {
    (time != ff::AV_NOPTS_VALUE && unit > 0.0).then_some(time as f64 * unit)
}

/// Metadata of the file.
///
/// `shown` is a picture of it, if one was decoded: HDR data may be with the pictures alone.
pub fn file(player: &Player, shown: Option<&Frame>, orientation: u32, turned: bool, into: &mut DictMut) -> Result<()> {
    let demuxer = player.demuxer();
    let (stream, parameters) = (demuxer.video(), demuxer.parameters(demuxer.stream));
    let id = number!(parameters, codec_id);
    // SAFETY: the parameters live as long as the container.
    let known = unsafe { &*parameters };
    into.set_str("video_format", name(raw::av_get_pix_fmt_name, known.format).unwrap_or(""))?;
    // SAFETY: an open decoder has a codec, which lives for ever; its name is what PyAV gives.
    let decoder = unsafe { player.context().codec.as_ref() }.and_then(|codec| text(codec.name));
    into.set_str("codec", decoder.or(name(raw::avcodec_get_name, id)).unwrap_or(""))?;
    // SAFETY: an open decoder has a codec, which lives for ever.
    let long = unsafe { player.context().codec.as_ref() }.and_then(|codec| text(codec.long_name));
    into.set_str("long_codec", long.unwrap_or(""))?;
    // SAFETY: a profile is looked up by numbers.
    match text(unsafe { raw::avcodec_profile_name(id, known.profile) }) {
        Some(profile) => into.set_str("profile", profile)?,
        None => into.set_null("profile")?,
    }
    // SAFETY: the stream is the container's.
    let rate =
        unsafe { ff::av_guess_frame_rate(demuxer.raw(), demuxer.stream_raw(demuxer.stream), std::ptr::null_mut()) };
    into.set_float("fps", number_of(rate))?;
    // SAFETY: the container is open.
    let (whole, bits) = unsafe { ((*demuxer.raw()).duration, (*demuxer.raw()).bit_rate) };
    // Matroska and others tell that of the whole only.
    let whole = seconds(whole, 1.0 / f64::from(ff::AV_TIME_BASE)).filter(|&duration| duration > 0.0);
    if let Some(duration) = seconds(stream.duration, number_of(stream.time_base)).or(whole) {
        into.set_float("duration", duration)?;
    }
    if bits > 0 {
        into.set_int("container_bit_rate", bits)?;
    }
    container_tags(demuxer, into)?;
    tags_over(stream.metadata, into)?;
    ours(demuxer, known, orientation, turned, into)?;
    if let Some(frame) = shown {
        for (key, data) in side_data_of(frame).filter(|(key, _)| HDR.contains(key)) {
            if !into.as_ref().has(key) {
                into.set_bytes(key, data)?;
                in_numbers(key, data, into)?;
            }
        }
    }
    Ok(())
}

/// imageio lays the stream's tags over the container's.
fn tags_over(dict: *const ff::AVDictionary, into: &mut DictMut) -> Result<()> {
    const OWN: [&str; 6] = ["video_format", "codec", "long_codec", "profile", "fps", "duration"];
    for (key, value) in entries(dict).filter(|(key, _)| !OWN.contains(&key.as_str())) {
        into.set_text(&key, &value)?;
    }
    Ok(())
}

/// What imageio does not tell.
fn ours(
    demuxer: &Demuxer,
    known: &ff::AVCodecParameters,
    orientation: u32,
    turned: bool,
    into: &mut DictMut,
) -> Result<()> {
    let add = |into: &mut DictMut, key: &str, value: Option<&str>| match value {
        Some(value) if into.as_ref().kind(key) == ValueKind::Absent => into.set_str(key, value),
        _ => Ok(()),
    };
    add(into, "container", Some(demuxer.format()))?;
    if known.bit_rate > 0 && !into.as_ref().has("bit_rate") {
        into.set_int("bit_rate", known.bit_rate)?;
    }
    add(into, "color_range", name(raw::av_color_range_name, number!(known, color_range)))?;
    add(into, "color_space", name(raw::av_color_space_name, number!(known, color_space)))?;
    add(into, "color_primaries", name(raw::av_color_primaries_name, number!(known, color_primaries)))?;
    add(into, "color_transfer", name(raw::av_color_transfer_name, number!(known, color_trc)))?;
    if !turned && orientation > 1 {
        into.set_int("Orientation", orientation.into())?;
        if let Some(matrix) = display_matrix(demuxer) {
            // SAFETY: the matrix has nine numbers.
            into.set_float("rotation", -unsafe { ff::av_display_rotation_get(matrix.as_ptr()) })?;
        }
    }
    side_data(demuxer, into)?;
    chapters(demuxer, into)?;
    audio(demuxer, into)
}

/// HDR data of the stream: mastering display and light level.
fn side_data(demuxer: &Demuxer, into: &mut DictMut) -> Result<()> {
    use ff::AVPacketSideDataType::{AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_MASTERING_DISPLAY_METADATA};
    let kinds = [
        (AV_PKT_DATA_MASTERING_DISPLAY_METADATA, "MASTERING_DISPLAY_METADATA"),
        (AV_PKT_DATA_CONTENT_LIGHT_LEVEL, "CONTENT_LIGHT_LEVEL"),
    ];
    for (kind, key) in kinds {
        if let Some(data) = versions::side_data(demuxer.video(), kind) {
            into.set_bytes(key, data)?;
            in_numbers(key, data, into)?;
        }
    }
    Ok(())
}

/// Side data of pictures that are of the whole stream.
const HDR: [&str; 2] = ["MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"];

/// HDR data, which are C structures of FFmpeg's, in numbers: chromaticities, and candelas a square metre.
fn in_numbers(key: &str, data: &[u8], into: &mut DictMut) -> Result<()> {
    let int = |i: usize| data.get(4 * i..4 * i + 4).map(|b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]])).unwrap_or(0);
    let ratio = |i: usize| number_of(ff::AVRational { num: int(2 * i), den: int(2 * i + 1) });
    match key {
        // Ten fractions, and two numbers that say whether the first eight and the last two are there.
        "MASTERING_DISPLAY_METADATA" => {
            let mut all = Dict::new()?;
            if int(20) != 0 {
                for (k, of) in ["red", "green", "blue", "white_point"].into_iter().enumerate() {
                    all.set_floats(of, &[ratio(2 * k), ratio(2 * k + 1)])?;
                }
            }
            if int(21) != 0 {
                all.set_float("min_luminance", ratio(8))?;
                all.set_float("max_luminance", ratio(9))?;
            }
            into.set_dict("mastering_display", &all)
        }
        "CONTENT_LIGHT_LEVEL" => {
            let mut all = Dict::new()?;
            all.set_int("max_content", int(0).into())?;
            all.set_int("max_average", int(1).into())?;
            into.set_dict("content_light", &all)
        }
        _ => Ok(()),
    }
}

/// Side data of a picture, under PyAV's names.
fn side_data_of(frame: &Frame) -> impl Iterator<Item = (&'static str, &[u8])> {
    let picture = frame.get();
    (0..picture.nb_side_data.max(0) as usize).filter_map(|i| {
        // SAFETY: the frame has that many side data.
        let data = unsafe { &**picture.side_data.add(i) };
        let key = *SIDE_DATA.get(number!(data, type_) as usize)?;
        // SAFETY: side data have `size` bytes.
        (!data.data.is_null()).then(|| (key, unsafe { std::slice::from_raw_parts(data.data, data.size) }))
    })
}

/// Whether the stream may have HDR data that only its pictures tell.
pub fn is_hdr(demuxer: &Demuxer) -> bool {
    use ff::AVColorTransferCharacteristic::{AVCOL_TRC_ARIB_STD_B67, AVCOL_TRC_SMPTE2084};
    let transfer = number!(demuxer.parameters(demuxer.stream), color_trc);
    transfer == AVCOL_TRC_SMPTE2084 as c_int || transfer == AVCOL_TRC_ARIB_STD_B67 as c_int
}

fn chapters(demuxer: &Demuxer, into: &mut DictMut) -> Result<()> {
    // SAFETY: the container is open.
    let (count, all) = unsafe { ((*demuxer.raw()).nb_chapters as usize, (*demuxer.raw()).chapters) };
    if count == 0 {
        return Ok(());
    }
    let mut list = Dict::new()?;
    for i in 0..count.min(10_000) {
        // SAFETY: there are `count` chapters.
        let chapter = unsafe { &**all.add(i) };
        let unit = number_of(chapter.time_base);
        let mut one = Dict::new()?;
        one.set_float("start_s", chapter.start as f64 * unit)?;
        one.set_float("end_s", chapter.end as f64 * unit)?;
        tags(chapter.metadata, &mut one)?;
        list.set_dict(&i.to_string(), &one)?;
    }
    into.set_list("chapters", &list)
}

fn audio(demuxer: &Demuxer, into: &mut DictMut) -> Result<()> {
    let streams = demuxer.of_kind(ff::AVMediaType::AVMEDIA_TYPE_AUDIO);
    if streams.is_empty() {
        return Ok(());
    }
    let mut list = Dict::new()?;
    for (k, &i) in streams.iter().enumerate() {
        let parameters = demuxer.parameters(i);
        // SAFETY: the parameters live as long as the container.
        let known = unsafe { &*parameters };
        let mut one = Dict::new()?;
        one.set_str("codec", name(raw::avcodec_get_name, number!(parameters, codec_id)).unwrap_or(""))?;
        one.set_int("sample_rate", known.sample_rate.into())?;
        one.set_int("channels", known.ch_layout.nb_channels.into())?;
        if known.bit_rate > 0 {
            one.set_int("bit_rate", known.bit_rate)?;
        }
        // SAFETY: the stream is the container's.
        tags(unsafe { (*demuxer.stream_raw(i)).metadata }, &mut one)?;
        list.set_dict(&k.to_string(), &one)?;
    }
    into.set_list("audio_streams", &list)
}

/// Metadata of a picture, whose times are in units of `unit` seconds.
pub fn frame(frame: &Frame, unit: f64, demuxer: &Demuxer, turned: bool, into: &mut DictMut) -> Result<()> {
    into.set_bool("key_frame", versions::is_key(frame))?;
    let time = seconds(frame.time(), unit);
    match time {
        Some(time) => into.set_float("time", time)?,
        None => into.set_null("time")?,
    }
    into.set_bool("interlaced_frame", versions::is_interlaced(frame))?;
    into.set_str("frame_type", picture_type(frame))?;
    if frame.time() != ff::AV_NOPTS_VALUE {
        into.set_int("pts", frame.time())?;
    }
    if let Some(time) = time {
        // Files may begin at any time; the first image of a sequence is shown at its start.
        let start = demuxer.video().start_time;
        let start = seconds(start, number_of(demuxer.video().time_base)).unwrap_or(0.0);
        into.set_float("time_s", (time - start).max(0.0))?;
    }
    let duration = versions::duration(frame);
    if duration > 0 && unit > 0.0 {
        into.set_float("duration_s", duration as f64 * unit)?;
    }
    let mut matrix = None;
    for (key, data) in side_data_of(frame).filter(|(key, _)| !turned || *key != "DISPLAYMATRIX") {
        matrix = matrix.or((key == "DISPLAYMATRIX").then_some(()));
        into.set_bytes(key, data)?;
        in_numbers(key, data, into)?;
    }
    if let (None, false, Some(own)) = (matrix, turned, display_matrix(demuxer)) {
        let bytes: Vec<u8> = own.iter().flat_map(|n| n.to_ne_bytes()).collect();
        into.set_bytes("DISPLAYMATRIX", &bytes)?;
    }
    Ok(())
}
