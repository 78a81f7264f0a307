//! What a stream is, told from its header where that is enough.

use crate::av::{entries, number};
use crate::decode::{Manner, decoder_named};
use crate::demux::Demuxer;
use crate::head::{Start, look};
use crate::input::Resource;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::ffi::c_int;

/// What properties need to know of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    pub width: usize,
    pub height: usize,
    /// FFmpeg's pixel format; negative: not known.
    pub format: c_int,
    /// Seconds from one frame to the next; 0: not known.
    pub step: f64,
    /// EXIF orientation.
    pub orientation: u32,
    /// Frames, where the container is right about them.
    pub count: Option<usize>,
    /// The decoder of the alpha that FFmpeg's own decoder of the codec does not see.
    pub alpha: Option<&'static str>,
}

impl Info {
    /// From the header and the first packet of ISO media; else by looking into the streams, in a container that stands at
    /// its start behind that and is not to be opened again.
    pub fn of(resource: &Resource, manner: &Manner) -> Result<(Info, Option<Demuxer>)> {
        let mut demuxer = Demuxer::open(resource, &manner.wish, false)?;
        decoder_named(&demuxer, manner)?;
        let (count, quick) = quick(&mut demuxer, resource);
        if let Some(info) = quick {
            return Ok((info.check(manner)?, None));
        }
        drop(demuxer);
        let demuxer = Demuxer::open(resource, &manner.wish, true)?;
        let mut info = Info::new(&demuxer, count.filter(|_| !demuxer.may_have_fields()));
        if info.alpha.is_some() && info.alpha == manner.decoder.as_deref() {
            info.format = ff::AVPixelFormat::AV_PIX_FMT_YUVA420P as c_int;
        }
        Ok((info.check(manner)?, Some(demuxer)))
    }

    fn new(demuxer: &Demuxer, count: Option<usize>) -> Info {
        // SAFETY: the parameters live as long as the container.
        let parameters = unsafe { &*demuxer.parameters(demuxer.stream) };
        Info {
            width: parameters.width.max(0) as usize,
            height: parameters.height.max(0) as usize,
            format: parameters.format,
            step: step(demuxer),
            orientation: orientation(demuxer),
            count,
            alpha: alpha(demuxer),
        }
    }

    fn check(self, manner: &Manner) -> Result<Info> {
        if self.width == 0 || self.height == 0 {
            return Err(Error::corrupt("the stream does not tell its size"));
        }
        let pixels = self.width as u64 * self.height as u64;
        kit::Limits { max_pixels: manner.max_pixels, max_bytes: u64::MAX }.check(pixels, 0)?;
        Ok(self)
    }
}

/// How many frames there are, if the container's table is right about it, and what the parser of the codec, which decodes
/// nothing, tells of the first packet, if that is enough.
fn quick(demuxer: &mut Demuxer, resource: &Resource) -> (Option<usize>, Option<Info>) {
    use ff::AVCodecID::{AV_CODEC_ID_AV1, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC};
    let Some(listed) = demuxer.told_count(resource.size()) else { return (None, None) };
    let parameters = demuxer.parameters(demuxer.stream);
    let id = number!(parameters, codec_id);
    let known = [AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1].iter().any(|&known| known as c_int == id);
    if !known && !demuxer.moves() {
        return (Some(listed), None);
    }
    let mut parsed = None;
    let start = look(demuxer, |packet| parsed = known.then(|| Parsed::of(parameters, packet)).flatten());
    let count = match start {
        Ok(Some(Start::Lacks(n))) => Some(listed.saturating_sub(n)),
        _ => None,
    };
    let Some(parsed) = parsed.filter(|_| step(demuxer) > 0.0) else { return (count, None) };
    if id == AV_CODEC_ID_H264 as c_int && !parsed.whole {
        return (None, None);
    }
    let Parsed { width, height, format, .. } = parsed;
    (
        count,
        (width > 0 && height > 0 && format >= 0).then(|| Info { width, height, format, ..Info::new(demuxer, count) }),
    )
}

/// What a codec's parser tells of a packet.
struct Parsed {
    width: usize,
    height: usize,
    format: c_int,
    /// Whether the packet is a picture, and not a field of one.
    whole: bool,
}

impl Parsed {
    fn of(parameters: *mut ff::AVCodecParameters, packet: &ff::AVPacket) -> Option<Parsed> {
        use ff::AVPictureStructure::{AV_PICTURE_STRUCTURE_FRAME, AV_PICTURE_STRUCTURE_UNKNOWN};
        let (mut parsed, id) = (None, number!(parameters, codec_id));
        // SAFETY: parser and context are ours and end here; the parameters and the packet live through the call.
        unsafe {
            let parser = ff::av_parser_init(id);
            let mut context = ff::avcodec_alloc_context3(std::ptr::null());
            if !parser.is_null() && !context.is_null() && ff::avcodec_parameters_to_context(context, parameters) >= 0 {
                (*parser).flags |= ff::PARSER_FLAG_COMPLETE_FRAMES as c_int;
                let (mut out, mut size) = (std::ptr::null_mut(), 0);
                let (pts, dts) = (packet.pts, packet.dts);
                ff::av_parser_parse2(parser, context, &mut out, &mut size, packet.data, packet.size, pts, dts, 0);
                let order = std::ptr::addr_of!((*parser).field_order).cast::<c_int>().read();
                let structure = std::ptr::addr_of!((*parser).picture_structure).cast::<c_int>().read();
                let frame = [AV_PICTURE_STRUCTURE_UNKNOWN, AV_PICTURE_STRUCTURE_FRAME];
                parsed = Some(Parsed {
                    width: (*parser).width.max(0) as usize,
                    height: (*parser).height.max(0) as usize,
                    format: (*parser).format,
                    whole: order <= ff::AVFieldOrder::AV_FIELD_PROGRESSIVE as c_int
                        && frame.iter().any(|&s| s as c_int == structure),
                });
            }
            ff::av_parser_close(parser);
            ff::avcodec_free_context(&mut context);
        }
        parsed
    }
}

/// Which decoder sees the alpha of VP8 and VP9 in Matroska, which lies beside the pictures; FFmpeg's own do not.
fn alpha(demuxer: &Demuxer) -> Option<&'static str> {
    use ff::AVCodecID::{AV_CODEC_ID_VP8, AV_CODEC_ID_VP9};
    let said =
        entries(demuxer.video().metadata).any(|(key, value)| key.eq_ignore_ascii_case("alpha_mode") && value == b"1");
    let id = number!(demuxer.parameters(demuxer.stream), codec_id);
    let known = [(AV_CODEC_ID_VP8, c"libvpx", "libvpx"), (AV_CODEC_ID_VP9, c"libvpx-vp9", "libvpx-vp9")];
    let &(_, c, name) = known.iter().find(|&&(codec, _, _)| said && codec as c_int == id)?;
    // SAFETY: the name is NUL-terminated.
    (!unsafe { ff::avcodec_find_decoder_by_name(c.as_ptr()) }.is_null()).then_some(name)
}

/// Seconds from one frame to the next.
fn step(demuxer: &Demuxer) -> f64 {
    let rate = crate::av::number_of(demuxer.video().avg_frame_rate);
    if rate > 0.0 { 1.0 / rate } else { 0.0 }
}

/// The matrix that says how pictures are to be turned, nine numbers.
pub fn display_matrix(demuxer: &Demuxer) -> Option<[i32; 9]> {
    let kind = ff::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
    let (numbers, _) = versions::side_data(demuxer.video(), kind)?.as_chunks();
    let numbers: Vec<i32> = numbers.iter().map(|&n| i32::from_ne_bytes(n)).collect();
    numbers.get(..9)?.try_into().ok()
}

/// The EXIF orientation of the display matrix; 0: none, or another angle.
fn orientation(demuxer: &Demuxer) -> u32 {
    let Some(matrix) = display_matrix(demuxer) else { return 0 };
    let sign = |x: i32| if x.unsigned_abs() < 1 << 12 { 0 } else { x.signum() };
    match [sign(matrix[0]), sign(matrix[1]), sign(matrix[3]), sign(matrix[4])] {
        [1, 0, 0, 1] => 1,
        [-1, 0, 0, 1] => 2,
        [-1, 0, 0, -1] => 3,
        [1, 0, 0, -1] => 4,
        [0, 1, 1, 0] => 5,
        [0, 1, -1, 0] => 6,
        [0, -1, -1, 0] => 7,
        [0, -1, 1, 0] => 8,
        _ => 0,
    }
}
