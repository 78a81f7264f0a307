//! Pictures to packets in a container.

use crate::av::{self, Frame, Options, Packet, cstring, number, raw, text};
use crate::input::open_nothing;
use crate::output::Writing;
use crate::plan::{Choice, Plan, Rate};
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Error, Kind, Result};
use std::ffi::c_int;
use std::ptr::{NonNull, null, null_mut};

/// What a failure behind the first byte is: the file is spoiled.
fn broken(code: c_int, doing: &str) -> Error {
    Error::new(if code == ff::AVERROR(libc::ENOMEM) { Kind::OutOfMemory } else { Kind::Io }, {
        format!("{doing}: {}", av::words(code))
    })
}

fn done(code: c_int, doing: &str) -> Result<c_int> {
    if code < 0 { Err(broken(code, doing)) } else { Ok(code) }
}

/// An encoder's context and a container, until something owns them.
struct Parts(Option<NonNull<ff::AVCodecContext>>, Option<NonNull<ff::AVFormatContext>>, Option<Packet>);

impl Parts {
    fn new(choice: Choice) -> Result<Parts> {
        let mut parts = Parts(None, None, Some(Packet::new()?));
        let mut made = null_mut();
        // SAFETY: the container is FFmpeg's; the others may be NULL.
        let code = unsafe { ff::avformat_alloc_output_context2(&mut made, choice.container as *mut _, null(), null()) };
        parts.1 = NonNull::new(made);
        av::check(code, "opening the container")?;
        // SAFETY: it gives a context of ours, or NULL.
        parts.0 = Some(av::there(unsafe { ff::avcodec_alloc_context3(choice.codec) }, "an encoder")?);
        Ok(parts)
    }

    fn take(mut self) -> (NonNull<ff::AVCodecContext>, NonNull<ff::AVFormatContext>, Packet) {
        match (self.0.take(), self.1.take(), self.2.take()) {
            (Some(codec), Some(container), Some(packet)) => (codec, container, packet),
            _ => unreachable!("`new` made them all"),
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let mut codec = self.0.map_or(null_mut(), NonNull::as_ptr);
        // SAFETY: made by `new` and given to nobody; both take NULL.
        unsafe {
            ff::avcodec_free_context(&mut codec);
            ff::avformat_free_context(self.1.map_or(null_mut(), NonNull::as_ptr));
        }
    }
}

/// The unit of times that are given for each picture: MPEG-4 has 16 bits for it.
pub fn timed(encoder: &str) -> ff::AVRational {
    let den = if ["mpeg4", "libxvid"].contains(&encoder) { 60_000 } else { 90_000 };
    ff::AVRational { num: 1, den }
}

/// An encoder and a muxer that are open.
pub struct Encoding {
    // The encoder and the container end before the output.
    codec: NonNull<ff::AVCodecContext>,
    format: NonNull<ff::AVFormatContext>,
    /// There until the encoder is refused.
    output: Option<Writing>,
    packet: Packet,
    time_base: ff::AVRational,
    stream: *mut ff::AVStream,
    container_options: Vec<(String, String)>,
    started: bool,
    /// Whether the encoder gave anything yet.
    given: bool,
    finished: bool,
    /// The last time, and how long frames are shown, in the encoder's unit.
    last: Option<i64>,
    step: i64,
}

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Encoding {}

impl Encoding {
    /// Opens an encoder for pictures of this format and size. No byte is written yet; a refusal gives the output back.
    pub fn open(
        plan: &Plan,
        choice: Choice,
        output: Writing,
        format: c_int,
        size: (usize, usize),
    ) -> std::result::Result<Encoding, (Writing, Error)> {
        let parts = Parts::new(choice);
        let (codec, container, packet) = match parts {
            Ok(parts) => parts.take(),
            Err(e) => return Err((output, e)),
        };
        let time_base = match plan.rate {
            Rate::Constant(rate) => ff::AVRational { num: rate.den, den: rate.num },
            Rate::Timed => timed(choice.name()),
        };
        let mut encoding = Encoding {
            codec,
            format: container,
            output: Some(output),
            packet,
            time_base,
            stream: null_mut(),
            container_options: plan.container_options.clone(),
            started: false,
            given: false,
            finished: false,
            last: None,
            step: 1,
        };
        match encoding.set_up(plan, choice, format, size.0, size.1) {
            Ok(()) => Ok(encoding),
            Err(e) => match encoding.output.take() {
                Some(output) => {
                    // SAFETY: the container is ours; it forgets the output, which goes back.
                    unsafe { (*encoding.format.as_ptr()).pb = null_mut() };
                    Err((output, e))
                }
                None => unreachable!("the output was put there above"),
            },
        }
    }

    fn place(&self) -> Result<&Writing> {
        self.output.as_ref().ok_or_else(|| Error::internal("the output is gone"))
    }

    fn set_up(&mut self, plan: &Plan, choice: Choice, format: c_int, width: usize, height: usize) -> Result<()> {
        let (context, container) = (self.codec.as_ptr(), self.format.as_ptr());
        // SAFETY: both are ours and not open yet; the pixel format is one that FFmpeg named.
        unsafe {
            (*context).width = width as c_int;
            (*context).height = height as c_int;
            std::ptr::addr_of_mut!((*context).pix_fmt).cast::<c_int>().write(format);
            (*context).time_base = self.time_base;
            if let Rate::Constant(rate) = plan.rate {
                (*context).framerate = rate;
            }
            if let Some(full) = plan.converted {
                (*context).colorspace = ff::AVColorSpace::AVCOL_SPC_SMPTE170M;
                (*context).color_range =
                    if full { ff::AVColorRange::AVCOL_RANGE_JPEG } else { ff::AVColorRange::AVCOL_RANGE_MPEG };
            }
            (*context).thread_count = c_int::try_from(plan.threads).unwrap_or(0);
            if let Some(rate) = plan.bitrate {
                (*context).bit_rate = rate;
            }
            if let Some(gop) = plan.gop {
                (*context).gop_size = c_int::try_from(gop).unwrap_or(c_int::MAX);
            }
            if plan.closed_gop {
                (*context).flags |= ff::AV_CODEC_FLAG_CLOSED_GOP as c_int;
            }
            if (*(*container).oformat).flags & ff::AVFMT_GLOBALHEADER as c_int != 0 {
                (*context).flags |= ff::AV_CODEC_FLAG_GLOBAL_HEADER as c_int;
            }
        }
        let mut options = Options::new();
        self.quality(plan, choice, &mut options)?;
        for (key, value) in &plan.codec_options {
            options.set(key, value)?;
        }
        let alpha = crate::pixels::Pixels::of(format)?.has_alpha();
        if choice.name() == "libvpx" && alpha && !plan.codec_options.iter().any(|(key, _)| key == "auto-alt-ref") {
            // Hidden pictures have no alpha of their own.
            options.set("auto-alt-ref", "0")?;
        }
        if choice.name() == "libx265" {
            // It prints by itself.
            let own = plan.codec_options.iter().rev().find(|(key, _)| key == "x265-params").map(|(_, value)| value);
            let quiet = own.map_or("log-level=none".to_owned(), |own| format!("log-level=none:{own}"));
            options.set("x265-params", &quiet)?;
        }
        av::forget_errors();
        // SAFETY: the context is set up.
        let code = unsafe { ff::avcodec_open2(context, choice.codec, &mut options.0) };
        if code < 0 {
            return Err(self.refusal(code, choice.name()));
        }
        if let Some(unknown) = options.first() {
            return Err(Error::option(format!("the encoder {} has no option {unknown:?}", choice.name())));
        }
        self.add_stream(plan, choice)
    }

    /// Quality from 0 to 10 in the encoder's own measure.
    fn quality(&self, plan: &Plan, choice: Choice, options: &mut Options) -> Result<()> {
        let Some(quality) = plan.quality else { return Ok(()) };
        let bad = 1.0 - quality / 10.0;
        match choice.name() {
            "libx264" | "libx265" | "libx264rgb" => options.set("crf", &(bad * 51.0).round().to_string()),
            "libvpx" | "libvpx-vp9" | "libaom-av1" | "libsvtav1" | "librav1e" => {
                options.set("crf", &(bad * 63.0).round().to_string())?;
                options.set("b", "0")
            }
            _ => {
                // SAFETY: the context is ours.
                unsafe {
                    (*self.codec.as_ptr()).flags |= ff::AV_CODEC_FLAG_QSCALE as c_int;
                    (*self.codec.as_ptr()).global_quality = ((1.0 + bad * 30.0) * f64::from(ff::FF_QP2LAMBDA)) as c_int;
                }
                Ok(())
            }
        }
    }

    /// What the encoder's refusal may come of.
    fn refusal(&self, code: c_int, encoder: &str) -> Error {
        let context = self.codec.as_ptr();
        let format = number!(context, pix_fmt);
        // SAFETY: the name is looked up by any number.
        let name = text(unsafe { raw::av_get_pix_fmt_name(format) }).unwrap_or("?");
        // SAFETY: the context is ours.
        let (width, height) = unsafe { ((*context).width, (*context).height) };
        let words = av::words(code);
        let mut what = format!("the encoder {encoder} refuses {width}x{height} in {name} or an option: {words}");
        if let Some(said) = av::first_error() {
            what.push_str(&format!(" ({said})"));
        }
        if code == ff::AVERROR_EXPERIMENTAL {
            what.push_str("; codec_options={\"strict\": \"experimental\"} allows it");
        } else if width % 2 != 0 || height % 2 != 0 {
            what.push_str("; the size is odd: give pad=true, crop=true, macro_block_size=2, or an out_pixel_format such as yuv444p");
        } else {
            what.push_str("; if it is the size: macro_block_size=16 pads it, and cuts it with crop=true, and filter=\"scale=…\" makes another");
        }
        Error::option(what)
    }

    fn add_stream(&mut self, plan: &Plan, choice: Choice) -> Result<()> {
        let (context, container) = (self.codec.as_ptr(), self.format.as_ptr());
        // SAFETY: the container is ours; it owns the stream.
        unsafe {
            (*container).pb = self.place()?.raw();
            (*container).flags |= ff::AVFMT_FLAG_CUSTOM_IO as c_int;
            (*container).io_open = Some(open_nothing);
            if choice.is_y4m() {
                (*container).strict_std_compliance = ff::FF_COMPLIANCE_UNOFFICIAL;
            }
            self.stream = av::there(ff::avformat_new_stream(container, null()), "a stream")?.as_ptr();
            av::check(ff::avcodec_parameters_from_context((*self.stream).codecpar, context), "a stream")?;
            (*self.stream).time_base = self.time_base;
            if let Rate::Constant(rate) = plan.rate {
                (*self.stream).avg_frame_rate = rate;
            }
            for (key, value) in &plan.container_tags {
                set_tag(&raw mut (*container).metadata, key, value)?;
            }
            for (key, value) in &plan.stream_tags {
                set_tag(&raw mut (*self.stream).metadata, key, value)?;
            }
        }
        self.turn(plan.orientation)
    }

    /// The matrix and range that the encoder was told and writes into the stream.
    pub fn colours(&self) -> (c_int, bool) {
        let matrix = number!(self.codec.as_ptr(), colorspace);
        let range = number!(self.codec.as_ptr(), color_range);
        (matrix, range == ff::AVColorRange::AVCOL_RANGE_JPEG as c_int)
    }

    /// Writes the EXIF orientation as a display matrix.
    fn turn(&mut self, orientation: u32) -> Result<()> {
        let [a, b, c, d] = match orientation {
            2 => [-1, 0, 0, 1],
            3 => [-1, 0, 0, -1],
            4 => [1, 0, 0, -1],
            5 => [0, 1, 1, 0],
            6 => [0, 1, -1, 0],
            7 => [0, -1, -1, 0],
            8 => [0, -1, 1, 0],
            _ => return Ok(()),
        };
        // SAFETY: the container is ours.
        let name = text(unsafe { (*(*self.format.as_ptr()).oformat).name }).unwrap_or("?");
        if !["mp4", "mov", "ipod", "psp", "3gp", "3g2", "f4v", "ismv", "avif", "nut"].contains(&name) {
            let what = format!("the container {name} may not keep a rotation, here orientation {orientation}");
            kit::log(kit::Level::Warning, &what);
        }
        let one = 1 << 16;
        let matrix: [i32; 9] = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30];
        let bytes: Vec<u8> = matrix.iter().flat_map(|n| n.to_ne_bytes()).collect();
        // SAFETY: the stream is ours, and nobody else looks at it now.
        let stream = unsafe { &mut *self.stream };
        versions::set_side_data(stream, ff::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX, &bytes)
    }

    fn name(&self) -> &'static str {
        // SAFETY: an open encoder has a codec, which lives for ever.
        unsafe { (*self.codec.as_ptr()).codec.as_ref() }.and_then(|codec| text(codec.name)).unwrap_or("?")
    }

    /// The unit of times.
    pub fn time_base(&self) -> ff::AVRational {
        self.time_base
    }

    /// Refuses a time that is not after the last one.
    pub fn check_time(&self, pts: i64) -> Result<()> {
        match self.last {
            Some(last) if pts <= last => {
                let unit = av::number_of(self.time_base);
                let (now, before) = (pts as f64 * unit, last as f64 * unit);
                Err(Error::option(format!("a frame at {now:.6} s does not come after the one at {before:.6} s")))
            }
            _ => Ok(()),
        }
    }

    /// Encodes a picture to be shown at a time, for so long.
    pub fn send(&mut self, frame: &Frame, pts: i64, step: i64) -> Result<()> {
        self.check_time(pts)?;
        if !self.started {
            self.start()?;
        }
        // Of one that does not tell how long it is shown it is thought as long as of the one before.
        let step = match (step, self.last) {
            (0, Some(last)) => pts - last,
            (0, None) => ((1.0 / 24.0) / av::number_of(self.time_base)).round().max(1.0) as i64,
            _ => step,
        };
        (self.last, self.step) = (Some(pts), step);
        frame.set_times(pts, step);
        // SAFETY: the frame is ours.
        unsafe {
            std::ptr::addr_of_mut!((*frame.raw()).pict_type).cast::<c_int>().write(0);
        }
        av::forget_errors();
        // SAFETY: the encoder is open and takes a reference of its own.
        self.encoded(unsafe { ff::avcodec_send_frame(self.codec.as_ptr(), frame.raw()) })?;
        self.drain()
    }

    fn start(&mut self) -> Result<()> {
        let mut own = Options::new();
        for (key, value) in &self.container_options {
            own.set(key, value)?;
        }
        // SAFETY: the container has its stream and output.
        let code = unsafe { ff::avformat_write_header(self.format.as_ptr(), &mut own.0) };
        if code < 0 {
            self.place()?.check()?;
            return Err(broken(code, &self.header_refusal()));
        }
        if let Some(unknown) = own.first() {
            return Err(Error::new(Kind::Io, format!("the container has no option {unknown:?}")));
        }
        // The library sees by its bytes that there is an image.
        // SAFETY: the output is ours.
        unsafe { ff::avio_flush(self.place()?.raw()) };
        self.started = true;
        self.place()?.check()
    }

    /// What a container that does not begin may want.
    fn header_refusal(&self) -> String {
        // SAFETY: the container, its stream and the encoder are ours.
        let (container, codec, format, seekable) = unsafe {
            let container = text((*(*self.format.as_ptr()).oformat).name).unwrap_or("?");
            let codec = (*self.codec.as_ptr()).codec.as_ref().and_then(|codec| text(codec.name)).unwrap_or("?");
            let format = std::ptr::addr_of!((*self.codec.as_ptr()).pix_fmt).cast::<c_int>().read();
            let format = text(raw::av_get_pix_fmt_name(format)).unwrap_or("?");
            (container, codec, format, (*(*self.format.as_ptr()).pb).seekable != 0)
        };
        let mut what = format!("the container {container} does not begin with {codec} in {format}");
        if !seekable {
            what.push_str(", perhaps because what it is written to cannot go back (MP4: options={\"movflags\": \"frag_keyframe+empty_moov\"})");
        }
        what
    }

    /// An encoder's answer. Some see only by the first picture that they cannot have such.
    fn encoded(&self, code: c_int) -> Result<()> {
        match code {
            0.. => Ok(()),
            _ if self.given || code == ff::AVERROR(libc::ENOMEM) => Err(broken(code, "encoding")),
            _ => Err(self.refusal(code, self.name())),
        }
    }

    /// Writes what the encoder has.
    fn drain(&mut self) -> Result<()> {
        loop {
            // SAFETY: encoder and packet are ours.
            match unsafe { ff::avcodec_receive_packet(self.codec.as_ptr(), self.packet.raw()) } {
                code if code == ff::AVERROR(libc::EAGAIN) || code == ff::AVERROR_EOF => return Ok(()),
                code => self.encoded(code)?,
            }
            self.given = true;
            // SAFETY: the packet was filled; the muxer takes it over.
            unsafe {
                let packet = self.packet.raw();
                (*packet).stream_index = (*self.stream).index;
                if (*packet).duration == 0 {
                    (*packet).duration = self.step;
                }
                ff::av_packet_rescale_ts(packet, self.time_base, (*self.stream).time_base);
                done(ff::av_interleaved_write_frame(self.format.as_ptr(), packet), "writing a frame")?;
            }
            self.place()?.check()?;
        }
    }

    /// Tells how long the last picture is shown where the muxer takes the one before it for a measure.
    fn tell_last(&self) {
        let own = self.container_options.iter().any(|(key, _)| key == "final_delay");
        let (unit, step) = (self.time_base, self.step);
        // SAFETY: the container is ours and open; its private options are what its format says.
        unsafe {
            let container = self.format.as_ptr();
            match text((*(*container).oformat).name) {
                Some("gif") if !own => {
                    let hundredths = ff::AVRational { num: 1, den: 100 };
                    let delay = ff::av_rescale_q(step, unit, hundredths).clamp(1, 65_535);
                    ff::av_opt_set_int((*container).priv_data, c"final_delay".as_ptr(), delay, 0);
                }
                Some("apng") if !own => {
                    let milliseconds = ff::av_rescale_q(step, unit, ff::AVRational { num: 1, den: 1000 });
                    let delay = ff::AVRational { num: milliseconds.clamp(0, 65_535) as c_int, den: 1000 };
                    ff::av_opt_set_q((*container).priv_data, c"final_delay".as_ptr(), delay, 0);
                }
                _ => {}
            }
        }
    }

    /// Writes the rest.
    pub fn finish(&mut self) -> Result<()> {
        if !self.started || self.finished {
            return Ok(());
        }
        self.finished = true;
        // SAFETY: the encoder is open; NULL is the end.
        self.encoded(unsafe { ff::avcodec_send_frame(self.codec.as_ptr(), null()) })?;
        self.drain()?;
        self.tell_last();
        // SAFETY: the header was written.
        unsafe {
            done(ff::av_write_trailer(self.format.as_ptr()), "writing the end")?;
            ff::avio_flush(self.place()?.raw());
        }
        self.place()?.check()
    }
}

/// # Safety
/// `to` is a dictionary of ours.
unsafe fn set_tag(to: *mut *mut ff::AVDictionary, key: &str, value: &str) -> Result<()> {
    let (key, value) = (cstring(key)?, cstring(value)?);
    // SAFETY: passed on from the caller; the strings are copied.
    av::check(unsafe { ff::av_dict_set(to, key.as_ptr(), value.as_ptr(), 0) }, "a tag").map(drop)
}

impl Drop for Encoding {
    fn drop(&mut self) {
        let mut codec = self.codec.as_ptr();
        // SAFETY: made by `open`; this is their one end. The output is left to its owner.
        unsafe {
            ff::avcodec_free_context(&mut codec);
            ff::avformat_free_context(self.format.as_ptr());
        }
    }
}
