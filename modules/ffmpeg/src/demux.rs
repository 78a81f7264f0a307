//! A container: which one it is, its streams, and its packets in order.

use crate::av::{self, Options, Packet, check, failure, number, text};
use crate::input::{Reading, Resource, head, open_nothing};
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::ffi::{CStr, c_int};
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;

/// Demuxers that read other files, or devices and networks, that make pictures of any text, or of data (FITS) bytes.
const REFUSED: [&str; 24] = [
    "hls",
    "applehttp",
    "dash",
    "concat",
    "concatf",
    "image2",
    "imf",
    "rtsp",
    "rtp",
    "sdp",
    "sap",
    "lavfi",
    "tty",
    "webm_dash_manifest",
    "vapoursynth",
    "avisynth",
    "mpjpeg",
    "vobsub",
    "alias_pix",
    "smjpeg_pipe",
    "ffmetadata",
    "jpegxl_pipe",
    "jpegxl_anim",
    "fits",
];

/// Decoders that do not come back from some damaged pictures: with that of libjxl, FFmpeg 5.1 asks for ever for more of
/// a picture that has ended.
const ENDLESS: [&str; 2] = ["libjxl", "libjxl_anim"];

/// Whether a decoder may be used.
pub fn is_trusted(decoder: &str) -> bool {
    !ENDLESS.contains(&decoder)
}

/// The decoders that may be used, as FFmpeg wants them listed.
fn trusted() -> &'static str {
    static NAMES: OnceLock<String> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names = String::new();
        let mut at = null_mut();
        // SAFETY: `at` is FFmpeg's own place in its list; codecs live for ever.
        while let Some(codec) = unsafe { ff::av_codec_iterate(&mut at).as_ref() } {
            // SAFETY: as above.
            let is_decoder = unsafe { ff::av_codec_is_decoder(codec) } != 0;
            match text(codec.name) {
                Some(name) if is_decoder && is_trusted(name) => {
                    names.push_str(if names.is_empty() { "" } else { "," });
                    names.push_str(name);
                }
                _ => {}
            }
        }
        names
    })
}

/// Most bytes looked at to tell a container.
const LOOK: usize = 256 << 10;

fn names(format: *const ff::AVInputFormat) -> &'static str {
    // SAFETY: a demuxer has a name that lives for ever.
    text(unsafe { (*format).name }).unwrap_or("")
}

fn refused(format: *const ff::AVInputFormat) -> bool {
    names(format).split(',').any(|name| REFUSED.contains(&name))
}

/// Containers that say at once what they are: asking every demuxer there is takes longer than opening such a file.
fn by_mark(head: &[u8]) -> Option<&'static CStr> {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(c"mov"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(c"matroska"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some(c"avi"),
        _ => None,
    }
}

/// The demuxer for what starts with `head` (padded behind `size`), and how sure that is, of 100.
fn guess(head: &mut [u8], size: usize) -> (*const ff::AVInputFormat, i32) {
    if let Some(name) = by_mark(&head[..size]) {
        // SAFETY: the name is NUL-terminated.
        let format = unsafe { ff::av_find_input_format(name.as_ptr()) };
        if !format.is_null() {
            return (format, 100);
        }
    }
    let data = ff::AVProbeData {
        filename: c"".as_ptr(),
        buf: head.as_mut_ptr(),
        buf_size: size as c_int,
        mime_type: std::ptr::null(),
    };
    let mut score = 0;
    // SAFETY: the buffer has the padding that probes read.
    let format = unsafe { ff::av_probe_input_format3(&data, 1, &mut score) };
    (format, score)
}

/// How sure it is, from 0 to 100, that FFmpeg reads what starts so.
pub fn probe(head: &[u8]) -> u8 {
    let size = head.len();
    let mut padded = head.to_vec();
    padded.resize(size + ff::AVPROBE_PADDING_SIZE as usize, 0);
    let (format, score) = guess(&mut padded, size);
    if format.is_null() || refused(format) {
        return 0;
    }
    let still = names(format).ends_with("_pipe");
    match score {
        // A picture that another plugin knows better, or hardly a guess.
        _ if still => 20,
        i32::MIN..=12 => 0,
        13..=25 => 10,
        26..=50 => 40,
        _ => 90,
    }
}

/// A container open for reading.
pub struct Demuxer {
    raw: NonNull<ff::AVFormatContext>,
    /// Ends after the container; a device has none.
    _io: Option<Reading>,
    resource: Resource,
    /// A device that does not wait for its pictures.
    eager: bool,
    /// The chosen video stream.
    pub stream: usize,
    packet: Packet,
}

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Demuxer {}

/// How a container is to be opened.
#[derive(Clone, Default)]
pub struct Wish {
    /// Which of the video streams.
    pub stream: Option<usize>,
    /// Options for the demuxer by name.
    pub options: Vec<(String, String)>,
}

impl Demuxer {
    /// Opens; `full` looks into the streams too, where the header may not tell enough.
    pub fn open(resource: &Resource, wish: &Wish, full: bool) -> Result<Demuxer> {
        let (mut first, size) = head(resource, 16 << 10)?;
        let (mut format, mut score) = guess(&mut first, size);
        if (format.is_null() || score <= 25) && size == 16 << 10 {
            let (mut more, size) = head(resource, LOOK)?;
            (format, score) = guess(&mut more, size);
        }
        if format.is_null() || score <= 5 {
            return Err(Error::no_backend("FFmpeg knows no such content"));
        }
        if refused(format) {
            let name = names(format);
            return Err(Error::unsupported(format!(
                "FFmpeg's {name} is not used: it opens other files or addresses, or is no video"
            )));
        }
        let io = Reading::new(resource)?;
        // SAFETY: it gives a context of ours, or NULL.
        let mut raw = av::there(unsafe { ff::avformat_alloc_context() }, "a container")?.as_ptr();
        // SAFETY: the context is ours; `io` outlives it.
        unsafe {
            (*raw).pb = io.raw();
            (*raw).flags |= ff::AVFMT_FLAG_CUSTOM_IO as c_int;
            (*raw).io_open = Some(open_nothing);
        }
        let mut options = Options::new();
        options.set("protocol_whitelist", "none")?;
        options.set("codec_whitelist", trusted())?;
        for (key, value) in &wish.options {
            options.set(key, value)?;
        }
        // SAFETY: all pointers live through the call, which frees the context if it fails.
        let code = unsafe { ff::avformat_open_input(&mut raw, c"".as_ptr(), format as *mut _, &mut options.0) };
        if code < 0 {
            let score = score.clamp(0, 100);
            let error = resource.explain(failure(code, names(format)));
            return Err(match error.kind() {
                kit::Kind::Corrupt if score <= 25 => Error::no_backend(error.message()),
                _ => error,
            });
        }
        let raw = av::there(raw, "a container")?;
        let (resource, packet) = (resource.clone(), Packet::new()?);
        let mut demuxer = Demuxer { raw, _io: Some(io), resource, eager: false, stream: 0, packet };
        if let Some(unknown) = options.first().filter(|key| wish.options.iter().any(|(k, _)| k == key)) {
            return Err(Error::option(format!("the demuxer {} has no option {unknown:?}", names(format))));
        }
        if full || demuxer.videos().is_empty() {
            demuxer.look()?;
        }
        demuxer.choose(wish.stream)?;
        Ok(demuxer)
    }

    /// Opens a device by FFmpeg's names.
    pub fn device(resource: &Resource, wish: &Wish, format: *const ff::AVInputFormat, name: &str) -> Result<Demuxer> {
        // SAFETY: it gives a context of ours, or NULL.
        let mut raw = av::there(unsafe { ff::avformat_alloc_context() }, "a device")?.as_ptr();
        let eager = crate::device::may_not_wait(format);
        if eager {
            // SAFETY: the context is ours.
            unsafe { (*raw).flags |= ff::AVFMT_FLAG_NONBLOCK as c_int };
        }
        let mut options = Options::new();
        for (key, value) in &wish.options {
            options.set(key, value)?;
        }
        let url = av::cstring(name)?;
        // SAFETY: all pointers live through the call, which frees the context if it fails.
        let code = unsafe { ff::avformat_open_input(&mut raw, url.as_ptr(), format as *mut _, &mut options.0) };
        if code < 0 {
            let what = format!("{} {name:?}: {}", names(format), av::words(code));
            return Err(match code {
                _ if code == ff::AVERROR(libc::EINVAL) => Error::option(what),
                _ if code == ff::AVERROR(libc::ENOENT) || code == ff::AVERROR(libc::ENODEV) => {
                    Error::new(kit::Kind::NotFound, what)
                }
                _ => Error::io(what),
            });
        }
        let raw = av::there(raw, "a device")?;
        let (resource, packet) = (resource.clone(), Packet::new()?);
        let mut demuxer = Demuxer { raw, _io: None, resource, eager, stream: 0, packet };
        if let Some(unknown) = options.first() {
            return Err(Error::option(format!("the device {} has no option {unknown:?}", names(format))));
        }
        demuxer.choose(wish.stream)?;
        Ok(demuxer)
    }

    /// Reads into the streams as far as it takes to know them.
    fn look(&mut self) -> Result<()> {
        // SAFETY: the context is open.
        check(unsafe { ff::avformat_find_stream_info(self.raw(), null_mut()) }, "looking into the streams").map(drop)
    }

    fn choose(&mut self, wish: Option<usize>) -> Result<()> {
        let videos = self.videos();
        let of = videos.len();
        if of == 0 {
            return Err(Error::unsupported("the file has no video stream"));
        }
        self.stream = match wish {
            Some(n) => *videos.get(n).ok_or_else(|| Error::index(format!("no video stream {n} of {of}")))?,
            // imageio's: the first; but a cover is not the film.
            None => *videos.iter().find(|&&i| !self.is_cover(i)).unwrap_or(&videos[0]),
        };
        for i in 0..self.streams() {
            let discard =
                if i == self.stream { ff::AVDiscard::AVDISCARD_DEFAULT } else { ff::AVDiscard::AVDISCARD_ALL };
            // SAFETY: the stream is the context's.
            unsafe { (*self.stream_raw(i)).discard = discard };
        }
        Ok(())
    }

    /// The context.
    pub fn raw(&self) -> *mut ff::AVFormatContext {
        self.raw.as_ptr()
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        // SAFETY: the context is open.
        unsafe { (*self.raw()).nb_streams as usize }
    }

    /// One of them.
    pub fn stream_raw(&self, i: usize) -> *mut ff::AVStream {
        assert!(i < self.streams());
        // SAFETY: the index was looked at.
        unsafe { *(*self.raw()).streams.add(i) }
    }

    /// The chosen stream.
    pub fn video(&self) -> &ff::AVStream {
        // SAFETY: it lives as long as the context.
        unsafe { &*self.stream_raw(self.stream) }
    }

    /// Codec parameters of a stream.
    pub fn parameters(&self, i: usize) -> *mut ff::AVCodecParameters {
        // SAFETY: every stream has them.
        unsafe { (*self.stream_raw(i)).codecpar }
    }

    /// Streams of a kind.
    pub fn of_kind(&self, kind: ff::AVMediaType) -> Vec<usize> {
        (0..self.streams()).filter(|&i| number!(self.parameters(i), codec_type) == kind as c_int).collect()
    }

    fn videos(&self) -> Vec<usize> {
        self.of_kind(ff::AVMediaType::AVMEDIA_TYPE_VIDEO)
    }

    fn is_cover(&self, i: usize) -> bool {
        // SAFETY: the stream is the context's.
        unsafe { (*self.stream_raw(i)).disposition & ff::AV_DISPOSITION_ATTACHED_PIC as c_int != 0 }
    }

    /// The container's names.
    pub fn format(&self) -> &'static str {
        // SAFETY: the context is open and has a demuxer.
        names(unsafe { (*self.raw()).iformat })
    }

    /// The next packet of the chosen stream; `None` at the end.
    pub fn next(&mut self) -> Result<Option<&ff::AVPacket>> {
        if self.eager {
            return self.newest().map(Some);
        }
        loop {
            match self.read() {
                ff::AVERROR_EOF => return Ok(None),
                // RoQ tells its end so.
                code if code == ff::AVERROR(libc::EIO) && self.format() == "roq" && self.is_at_end() => {
                    return Ok(None);
                }
                code => check(code, "reading a packet").map_err(|e| self.resource.explain(e))?,
            };
            // SAFETY: it was filled.
            let packet = unsafe { &*self.packet.raw() };
            if packet.stream_index == self.stream as c_int {
                // SAFETY: as above; the borrow of self keeps it.
                return Ok(Some(unsafe { &*self.packet.raw() }));
            }
        }
    }

    /// Whether all bytes were read, and none failed to be.
    fn is_at_end(&self) -> bool {
        // SAFETY: the context is open; a file has a reader.
        unsafe { (*self.raw()).pb.as_ref() }.is_some_and(|io| io.eof_reached != 0 && io.error == 0)
    }

    fn read(&mut self) -> c_int {
        // SAFETY: the packet is ours and empty behind the call.
        unsafe {
            ff::av_packet_unref(self.packet.raw());
            ff::av_read_frame(self.raw(), self.packet.raw())
        }
    }

    /// The newest packet of a device: those that waited longer are left out where each stands alone.
    fn newest(&mut self) -> Result<&ff::AVPacket> {
        let alone = crate::device::stands_alone(self);
        let mut newest = Packet::new()?;
        let mut have = false;
        for _ in 0..100_000 {
            match self.read() {
                code if code == ff::AVERROR(libc::EAGAIN) => {
                    if have {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(1));
                    kit::progress(0, 0)?;
                }
                code => {
                    check(code, "reading the device").map_err(|e| Error::io(e.message()))?;
                    have = true;
                    std::mem::swap(&mut self.packet, &mut newest);
                    if !alone {
                        break;
                    }
                }
            }
        }
        if !have {
            return Err(Error::io("the device gives no picture"));
        }
        self.packet = newest;
        // SAFETY: the packet is ours and was filled.
        Ok(unsafe { &*self.packet.raw() })
    }

    /// Goes to a key frame at or before a time of decoding.
    pub fn seek(&mut self, to: i64) -> Result<()> {
        let flags = ff::AVSEEK_FLAG_BACKWARD as c_int;
        // SAFETY: the context is open.
        check(unsafe { ff::av_seek_frame(self.raw(), self.stream as c_int, to, flags) }, "seeking").map(drop)
    }

    /// Goes to a place in the file.
    pub fn seek_byte(&mut self, to: i64) -> Result<()> {
        let flags = ff::AVSEEK_FLAG_BYTE as c_int;
        // SAFETY: the context is open.
        check(unsafe { ff::av_seek_frame(self.raw(), self.stream as c_int, to, flags) }, "seeking").map(drop)
    }

    /// Gives the packet that was read last a number in place of its times.
    pub fn rename(&mut self, number: i64) -> &ff::AVPacket {
        let packet = self.packet.raw();
        // SAFETY: the packet is ours; the borrow of self keeps it.
        unsafe {
            ((*packet).pts, (*packet).dts) = (number, number);
            &*packet
        }
    }

    /// Whether packets of the chosen stream may be fields, of which two make a picture.
    pub fn may_have_fields(&self) -> bool {
        let parameters = self.parameters(self.stream);
        number!(parameters, codec_id) == ff::AVCodecID::AV_CODEC_ID_H264 as c_int
            && number!(parameters, field_order) != ff::AVFieldOrder::AV_FIELD_PROGRESSIVE as c_int
    }

    /// Whether pictures of the chosen stream are shown in another order than they are decoded in.
    pub fn reorders(&self) -> bool {
        // SAFETY: the parameters live as long as the container.
        unsafe { (*self.parameters(self.stream)).video_delay > 0 }
    }

    /// Whether its codec may show pictures in another order than they are decoded in.
    pub fn moves(&self) -> bool {
        // SAFETY: the parameters hold an id of this FFmpeg's; it has a descriptor, or NULL.
        let known = unsafe { ff::avcodec_descriptor_get((*self.parameters(self.stream)).codec_id).as_ref() };
        known.is_none_or(|known| known.props & ff::AV_CODEC_PROP_REORDER as c_int != 0)
    }

    /// Frames of the chosen stream by the container's own table, where it is right: ISO media that is whole.
    pub fn told_count(&self, size: Option<u64>) -> Option<usize> {
        // Some pictures of VP8 are hidden.
        let hides = number!(self.parameters(self.stream), codec_id) == ff::AVCodecID::AV_CODEC_ID_VP8 as c_int;
        self.listed(size).filter(|_| !hides)
    }

    /// Packets of the chosen stream that the container's own table lists, of ISO media that is whole.
    pub fn listed(&self, size: Option<u64>) -> Option<usize> {
        if !self.format().split(',').any(|name| name == "mov") || self.is_cover(self.stream) {
            return None;
        }
        let stream = self.stream_raw(self.stream);
        // SAFETY: the stream is alive.
        let (promised, listed) = unsafe { ((*stream).nb_frames, ff::avformat_index_get_entries_count(stream)) };
        if promised <= 0 || i64::from(listed) < promised {
            return None;
        }
        let size = i64::try_from(size?).ok()?;
        let all = !crate::versions::AV1_DISCARDS
            && number!(self.parameters(self.stream), codec_id) == ff::AVCodecID::AV_CODEC_ID_AV1 as c_int;
        let mut count = 0;
        for i in 0..listed {
            // SAFETY: the index is inside the table, whose entries live until it changes.
            let entry = unsafe { &*ff::avformat_index_get_entry(stream, i) };
            if entry.pos.checked_add(i64::from(entry.size()))? > size {
                return None;
            }
            count += usize::from(all || entry.flags() & ff::AVINDEX_DISCARD_FRAME as c_int == 0);
        }
        Some(count)
    }
}

impl Drop for Demuxer {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: opened by `open`; this is its one end. The resource is left to `_io`.
        unsafe { ff::avformat_close_input(&mut raw) };
    }
}
