//! What one FFmpeg has in another place than the next: versions 5.1 to 7.1, of which the newest way is taken that there is.

use crate::av::{self, Frame};
use ffmpeg_sys_next as ff;
use kit::Result;
use std::ffi::c_int;

/// What a callback is to write: the bytes were not constant before version 7.
#[cfg(ffmpeg_7_0)]
pub type Written = *const u8;
#[cfg(not(ffmpeg_7_0))]
pub type Written = *mut u8;

/// Whether pictures of AV1 that an edit list leaves out are left out: dav1d's before were not told of them.
pub const AV1_DISCARDS: bool = cfg!(ffmpeg_7_0);

/// Whether the decoder calls the picture a key frame.
pub fn is_key(frame: &Frame) -> bool {
    #[cfg(ffmpeg_6_1)]
    return frame.get().flags & ff::AV_FRAME_FLAG_KEY as c_int != 0;
    #[cfg(not(ffmpeg_6_1))]
    return frame.get().key_frame != 0;
}

/// Whether the picture is made of two fields.
pub fn is_interlaced(frame: &Frame) -> bool {
    #[cfg(ffmpeg_6_1)]
    return frame.get().flags & ff::AV_FRAME_FLAG_INTERLACED as c_int != 0;
    #[cfg(not(ffmpeg_6_1))]
    return frame.get().interlaced_frame != 0;
}

/// For how long the picture is shown, in the stream's unit; 0: not told.
pub fn duration(frame: &Frame) -> i64 {
    #[cfg(ffmpeg_6_0)]
    return frame.get().duration;
    #[cfg(not(ffmpeg_6_0))]
    return frame.get().pkt_duration;
}

/// Says for how long it is to be shown.
pub fn set_duration(frame: &mut ff::AVFrame, duration: i64) {
    #[cfg(ffmpeg_6_0)]
    (frame.duration = duration);
    #[cfg(not(ffmpeg_6_0))]
    (frame.pkt_duration = duration);
}

/// What is told of a stream beside its packets, of a kind.
pub fn side_data(stream: &ff::AVStream, kind: ff::AVPacketSideDataType) -> Option<&[u8]> {
    #[cfg(ffmpeg_6_1)]
    // SAFETY: the stream has parameters, and those so many side data, which live as long as it.
    let (data, size) = unsafe {
        let parameters = &*stream.codecpar;
        let (all, count) = (parameters.coded_side_data, parameters.nb_coded_side_data);
        let found = ff::av_packet_side_data_get(all, count, kind).as_ref()?;
        (found.data.cast_const(), found.size)
    };
    #[cfg(not(ffmpeg_6_1))]
    let (data, size) = {
        let mut size = 0;
        // SAFETY: the stream is alive, and so are its side data for as long.
        let data = unsafe { ff::av_stream_get_side_data(stream, kind, &mut size) };
        (data.cast_const(), size)
    };
    // SAFETY: as above; there are `size` bytes.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data, size) })
}

/// Tells it of a stream that is to be written.
pub fn set_side_data(stream: &mut ff::AVStream, kind: ff::AVPacketSideDataType, bytes: &[u8]) -> Result<()> {
    #[cfg(ffmpeg_6_1)]
    // SAFETY: the stream has parameters, whose list grows by room for the bytes, or the answer is NULL.
    let room = unsafe {
        let parameters = &mut *stream.codecpar;
        let (all, count) = (&raw mut parameters.coded_side_data, &raw mut parameters.nb_coded_side_data);
        let new = av::there(ff::av_packet_side_data_new(all, count, kind, bytes.len(), 0), "side data")?;
        new.as_ref().data
    };
    #[cfg(not(ffmpeg_6_1))]
    // SAFETY: the stream is alive; it gives room for the bytes, or NULL.
    let room = unsafe { ff::av_stream_new_side_data(stream, kind, bytes.len()) };
    // SAFETY: the room is new, and as large as was asked for.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), av::there(room, "side data")?.as_ptr(), bytes.len()) };
    Ok(())
}

/// The pixel formats that an encoder takes; none where it does not say.
pub fn formats(codec: &ff::AVCodec) -> Vec<c_int> {
    #[cfg(ffmpeg_7_1)]
    let mut at = {
        let (mut list, config) = (std::ptr::null(), ff::AVCodecConfig::AV_CODEC_CONFIG_PIX_FORMAT);
        // SAFETY: neither a context nor the count must be given; a failure leaves NULL.
        unsafe {
            ff::avcodec_get_supported_config(std::ptr::null(), codec, config, 0, &mut list, std::ptr::null_mut());
        }
        list.cast::<c_int>()
    };
    #[cfg(not(ffmpeg_7_1))]
    let mut at = codec.pix_fmts.cast::<c_int>();
    let mut formats = Vec::new();
    // SAFETY: the list ends with -1, if there is one.
    unsafe {
        while !at.is_null() && *at >= 0 {
            formats.push(*at);
            at = at.add(1);
        }
    }
    formats
}

/// Says that memory for pictures may be asked for by the decoder's own threads, as it always is since version 6.
pub fn call_from_threads(context: &mut ff::AVCodecContext) {
    #[cfg(ffmpeg_6_0)]
    let _ = context;
    #[cfg(not(ffmpeg_6_0))]
    (context.thread_safe_callbacks = 1);
}
