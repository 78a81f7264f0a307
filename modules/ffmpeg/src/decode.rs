//! Packets to pictures, in the order in which they are shown.

use crate::aim::{Aim, Spare, can_aim, picture};
use crate::av::{self, Frame, Options, check, failure, number, text};
use crate::demux::{Demuxer, Wish, is_trusted};
use crate::harm::Harm;
use crate::index::Entry;
use crate::input::Resource;
use crate::nal::bytes;
use crate::order::Order;
use crate::times::Times;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::ffi::c_int;
use std::ptr::{NonNull, null};

/// How pictures are decoded.
#[derive(Clone)]
pub struct Manner {
    pub wish: Wish,
    /// Threads; 0: FFmpeg's choice.
    pub threads: usize,
    /// "FRAME", "SLICE" or both.
    pub thread_type: Option<&'static str>,
    pub max_pixels: u64,
    /// Whether pictures of damaged packets are given.
    pub partial: bool,
    /// The decoder by name, or its codec's; FFmpeg's first choice if there is none.
    pub decoder: Option<String>,
}

/// A decoder, and what its threads say of pictures.
struct Decoder(NonNull<ff::AVCodecContext>, Box<Harm>);

// SAFETY: it is used by one thread at a time; its own threads are its own business.
unsafe impl Send for Decoder {}

impl Decoder {
    fn open(demuxer: &Demuxer, manner: &Manner) -> Result<Decoder> {
        let parameters = demuxer.parameters(demuxer.stream);
        let id = number!(parameters, codec_id);
        // SAFETY: it gives a name for any id.
        let name = text(unsafe { av::raw::avcodec_get_name(id) }).unwrap_or("?");
        let codec = match decoder_named(demuxer, manner)? {
            Some(codec) => codec,
            // SAFETY: the parameters are alive; the id is one that this FFmpeg gave.
            None => unsafe { ff::avcodec_find_decoder((*parameters).codec_id) },
        };
        if codec.is_null() {
            return Err(Error::unsupported(format!("this FFmpeg has no decoder for {name}")));
        }
        // SAFETY: the codec is there, and lives for ever.
        if !text(unsafe { (*codec).name }).is_some_and(is_trusted) {
            return Err(Error::unsupported(format!("video of {name}, whose decoder may not end")));
        }
        // SAFETY: it gives a context of ours, or NULL.
        let context = av::there(unsafe { ff::avcodec_alloc_context3(codec) }, "a decoder")?;
        let decoder = Decoder(context, Box::default());
        let mut options = Options::new();
        // SAFETY: the context is ours and not open yet.
        unsafe {
            let raw = context.as_ptr();
            check(ff::avcodec_parameters_to_context(raw, parameters), "a decoder")?;
            (*raw).pkt_timebase = demuxer.video().time_base;
            (*raw).thread_count = c_int::try_from(manner.threads).unwrap_or(0);
            decoder.1.watch(&mut *raw);
            (*raw).max_pixels = i64::try_from(manner.max_pixels).unwrap_or(i64::MAX);
            (*raw).thread_type = match manner.thread_type {
                Some("FRAME") => ff::FF_THREAD_FRAME as c_int,
                Some("SLICE") => ff::FF_THREAD_SLICE as c_int,
                _ => (ff::FF_THREAD_FRAME | ff::FF_THREAD_SLICE) as c_int,
            };
            let code = ff::avcodec_open2(raw, codec, &mut options.0);
            check(code, &format!("opening the decoder {name}"))?;
        }
        Ok(decoder)
    }

    fn raw(&self) -> *mut ff::AVCodecContext {
        self.0.as_ptr()
    }
}

/// The decoder that is asked for by name; `None`: FFmpeg's first choice.
pub fn decoder_named(demuxer: &Demuxer, manner: &Manner) -> Result<Option<*const ff::AVCodec>> {
    let id = number!(demuxer.parameters(demuxer.stream), codec_id);
    // SAFETY: it gives a name for any id.
    let name = text(unsafe { av::raw::avcodec_get_name(id) }).unwrap_or("?");
    let Some(asked) = manner.decoder.as_deref().filter(|&asked| asked != name) else { return Ok(None) };
    let c = av::cstring(asked)?;
    // SAFETY: the name lives through the call; codecs live for ever.
    let codec = unsafe { ff::avcodec_find_decoder_by_name(c.as_ptr()) };
    match codec.is_null() {
        true => Err(Error::option(format!("this FFmpeg has no decoder {asked:?}; the stream is {name}"))),
        false if number!(codec, id) != id => Err(Error::option(format!("the decoder {asked} is not for {name}"))),
        false => Ok(Some(codec)),
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: made by `open`; this is its one end.
        unsafe { ff::avcodec_free_context(&mut raw) };
    }
}

/// What a decoder is not given yet, after a seek.
enum Wanted {
    /// Packets before the one that is shown at this time.
    Time(i64),
    /// Packets before this one; so many may still be passed.
    Packet(Entry, u32),
}

impl Wanted {
    /// Whether this is the packet.
    fn is(&self, packet: &ff::AVPacket) -> bool {
        match self {
            Wanted::Time(pts) => packet.pts == *pts,
            Wanted::Packet(entry, _) => entry.is(packet),
        }
    }

    /// Whether too many were passed for it to come.
    fn is_lost(&mut self) -> bool {
        match self {
            Wanted::Time(_) => false,
            Wanted::Packet(_, left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
        }
    }
}

/// Whether the decoder is to be opened again where others forget what they knew: FFmpeg's threads for VP3 and Theora keep it,
/// and those of dav1d 1.0 wait for ever behind a damaged picture that was not waited for.
fn opens_anew(demuxer: &Demuxer) -> bool {
    use ff::AVCodecID as Id;
    let id = number!(demuxer.parameters(demuxer.stream), codec_id);
    let known = [Id::AV_CODEC_ID_THEORA, Id::AV_CODEC_ID_VP3, Id::AV_CODEC_ID_VP4, Id::AV_CODEC_ID_AV1];
    known.iter().any(|&known| known as c_int == id)
}

/// Whether the encoder may name itself in the first packet only, and the decoder heed it: H.264 (x264 had faults in 4:4:4 before
/// build 151) and MPEG-4.
fn first_says_more(demuxer: &Demuxer) -> bool {
    use ff::AVCodecID as Id;
    let id = number!(demuxer.parameters(demuxer.stream), codec_id);
    [Id::AV_CODEC_ID_H264, Id::AV_CODEC_ID_MPEG4].iter().any(|&known| known as c_int == id)
}

/// A container and a decoder that give one picture after the other.
pub struct Player {
    // The decoder ends before the container.
    decoder: Decoder,
    demuxer: Demuxer,
    /// Nothing more is to be sent.
    ended: bool,
    /// Nothing was sent yet.
    unseen: bool,
    /// What was wrong with packets since the last picture.
    damage: Option<String>,
    partial: bool,
    wanted: Option<Wanted>,
    aim: Aim,
    /// Whether this stream can be aimed at.
    aims: bool,
    /// How pictures that no other is made from are known, and the highest layer in which they are.
    spare: Spare,
    highest: u8,
    /// The number of the next packet, where pictures are to be known by those and not by times.
    stamp: Option<u64>,
    times: Times,
    /// Whether pictures are known by the times that they have themselves.
    own: bool,
    /// Tells packets that begin a picture from those that end one.
    fields: Option<Order>,
    /// How the decoder was opened, where it has to be opened again after a seek.
    anew: Option<Manner>,
}

/// What is said of a picture that the decoder made up in part.
pub const MENDED: &str = "a part of the picture is missing or damaged";

/// Whether the decoder made up a part of the picture, for want of data. (That pictures before it are missing is no damage
/// of its own.)
pub fn is_mended(frame: &Frame) -> bool {
    let made_up = ff::FF_DECODE_ERROR_INVALID_BITSTREAM | ff::FF_DECODE_ERROR_CONCEALMENT_ACTIVE;
    frame.get().decode_error_flags & made_up as c_int != 0
}

/// Whether the picture is made of no other.
pub fn is_key(frame: &Frame) -> bool {
    versions::is_key(frame) || number!(frame.raw(), pict_type) == ff::AVPictureType::AV_PICTURE_TYPE_I as c_int
}

/// What is told of every packet that is read.
pub type Noting<'a> = &'a mut dyn FnMut(&ff::AVPacket, u64) -> Result<()>;

impl Player {
    pub fn open(resource: &Resource, manner: &Manner) -> Result<Player> {
        Player::of(Demuxer::open(resource, &manner.wish, true)?, manner)
    }

    /// Of a container that is open.
    pub fn of(demuxer: Demuxer, manner: &Manner) -> Result<Player> {
        let decoder = Decoder::open(&demuxer, manner)?;
        let fields = Order::of_fields(&demuxer)?;
        Ok(Player {
            aims: can_aim(&demuxer),
            spare: Spare::of(&demuxer),
            highest: 0,
            decoder,
            ended: false,
            unseen: true,
            damage: None,
            partial: manner.partial,
            wanted: None,
            aim: Aim::Nowhere,
            stamp: None,
            times: Times::default(),
            own: false,
            fields,
            anew: opens_anew(&demuxer).then(|| manner.clone()),
            demuxer,
        })
    }

    /// The container.
    pub fn demuxer(&self) -> &Demuxer {
        &self.demuxer
    }

    /// The decoder's context.
    pub fn context(&self) -> &ff::AVCodecContext {
        // SAFETY: it lives as long as we do.
        unsafe { &*self.decoder.raw() }
    }

    /// Gives packets numbers in place of times, from here on; pictures come out with that of theirs.
    pub fn stamp(&mut self, next: u64) {
        self.stamp = Some(next);
    }

    /// Whether pictures have numbers in place of times.
    pub fn stamps(&self) -> bool {
        self.stamp.is_some()
    }

    /// The next picture; `None` after the last. A damaged one is passed with an error.
    pub fn next(&mut self) -> Result<Option<Frame>> {
        self.next_noting(&mut |_, _| Ok(()))
    }

    /// As [`Player::next`], and tells of the packets that are read for it.
    pub fn next_noting(&mut self, note: Noting) -> Result<Option<Frame>> {
        let frame = self.receive(note)?;
        match self.damage.take() {
            Some(what) if !self.partial => Err(Error::corrupt(what)),
            _ => Ok(frame),
        }
    }

    /// As [`Player::next`], whatever was wrong before it.
    pub fn next_any(&mut self) -> Result<Option<Frame>> {
        self.receive(&mut |_, _| Ok(()))
    }

    fn receive(&mut self, note: Noting) -> Result<Option<Frame>> {
        let frame = Frame::new()?;
        let mut left = 64;
        loop {
            // SAFETY: the frame is ours; a former picture in it is let go.
            match unsafe { ff::avcodec_receive_frame(self.decoder.raw(), frame.raw()) } {
                0.. => {
                    if self.stamp.is_none() && !self.own {
                        let time = self.times.next(frame.get().pts);
                        // SAFETY: the frame is ours.
                        unsafe { (*frame.raw()).pts = time };
                    }
                    if self.decoder.1.took(frame.get()) {
                        // SAFETY: the frame is ours.
                        unsafe { (*frame.raw()).decode_error_flags |= ff::FF_DECODE_ERROR_CONCEALMENT_ACTIVE as c_int };
                    }
                    if is_mended(&frame) {
                        self.damage.get_or_insert(MENDED.to_owned());
                    }
                    return Ok(Some(frame));
                }
                ff::AVERROR_EOF => return Ok(None),
                // Some decoders say so once more when they were told of the end.
                code if code == ff::AVERROR(libc::EAGAIN) && self.ended => {
                    left -= 1;
                    if left == 0 {
                        return Ok(None);
                    }
                }
                code if code == ff::AVERROR(libc::EAGAIN) => self.feed(note)?,
                code => self.hurt(code)?,
            }
        }
    }

    /// Keeps what is wrong with a packet until its picture comes.
    fn hurt(&mut self, code: c_int) -> Result<()> {
        let error = failure(code, "decoding");
        match error.kind() {
            kit::Kind::OutOfMemory | kit::Kind::Cancelled => Err(error),
            // A picture over the limit is said to be malformed, too.
            _ => {
                self.damage.get_or_insert(error.message().to_owned());
                Ok(())
            }
        }
    }

    /// Sends a packet, or the end.
    fn feed(&mut self, note: Noting) -> Result<()> {
        if self.is_dry() {
            return self.send(None);
        }
        let packet = loop {
            match self.demuxer.next() {
                Ok(Some(packet)) => {
                    if let Some(wanted) = self.wanted.as_mut().filter(|wanted| !wanted.is(packet)) {
                        if wanted.is_lost() {
                            break None;
                        }
                        continue;
                    }
                    if self.fields.as_mut().is_none_or(|order| order.note(packet, false).is_some()) {
                        self.times.sent(packet.pts, packet.dts);
                    }
                    let Some(number) = self.stamp else { break Some(packet) };
                    note(packet, number)?;
                    self.stamp = Some(number + 1);
                    break Some(self.demuxer.rename(number as i64));
                }
                Ok(None) => break None,
                Err(e) if e.kind() == kit::Kind::Corrupt => {
                    // As at the end, but not silently.
                    self.damage.get_or_insert(e.message().to_owned());
                    break None;
                }
                Err(e) => return Err(e),
            }
        };
        self.wanted = None;
        let packet = packet.map(NonNull::from);
        if let Some(packet) = packet {
            // SAFETY: the packet is the demuxer's, which reads no other before it is sent.
            self.approach(unsafe { packet.as_ref() });
        }
        self.send(packet)
    }

    /// A packet on the way to what is aimed at: pictures before that which no other is made from are left out.
    fn approach(&mut self, packet: &ff::AVPacket) {
        let Aim::Toward { pts: aim, start, alone } = self.aim else { return };
        let pts = packet.pts;
        let passed = pts < aim && pts != start && pts != ff::AV_NOPTS_VALUE;
        let spare = match self.spare {
            Spare::Unknown => false,
            Spare::Told => true,
            Spare::Typed(units) => {
                passed && picture(units, bytes(packet)).is_some_and(|unit| unit.is_spare(self.highest))
            }
        };
        self.skip(passed && spare);
        if pts == aim {
            self.aim = if alone { Aim::Dry } else { Aim::Past };
        }
    }

    /// Whether the decoder leaves out pictures that no other is made from.
    fn skip(&mut self, spare: bool) {
        let what = if spare { ff::AVDiscard::AVDISCARD_NONREF } else { ff::AVDiscard::AVDISCARD_DEFAULT };
        // SAFETY: the decoder is open, and looks at this when it is given a packet.
        unsafe { (*self.decoder.raw()).skip_frame = what };
    }

    /// Gives the decoder a packet, or tells it of the end.
    fn send(&mut self, packet: Option<NonNull<ff::AVPacket>>) -> Result<()> {
        self.ended = packet.is_none();
        self.unseen = false;
        let packet = packet.map_or(null(), |packet| packet.as_ptr().cast_const());
        // SAFETY: the packet is alive; NULL is the end.
        match unsafe { ff::avcodec_send_packet(self.decoder.raw(), packet) } {
            0.. | ff::AVERROR_EOF => Ok(()),
            code => self.hurt(code),
        }
    }

    /// Makes it ready to go on elsewhere. What an encoder says of itself, by which decoders work around its faults, may stand
    /// in the first packet alone, so they have seen that at least.
    fn flush(&mut self) -> Result<()> {
        if self.unseen && first_says_more(&self.demuxer) {
            match self.demuxer.next() {
                Ok(Some(first)) => {
                    let first = NonNull::from(first);
                    self.send(Some(first))?;
                }
                Ok(None) => {}
                Err(e) if e.kind() == kit::Kind::Corrupt => {}
                Err(e) => return Err(e),
            }
        }
        match &self.anew {
            Some(manner) => self.decoder = Decoder::open(&self.demuxer, manner)?,
            // SAFETY: the decoder is open.
            None => unsafe { ff::avcodec_flush_buffers(self.decoder.raw()) },
        }
        (self.ended, self.damage, self.wanted, self.stamp) = (false, None, None, None);
        self.aim = Aim::Nowhere;
        self.skip(false);
        self.times.clear();
        self.own = false;
        Ok(())
    }

    /// Goes on at a key frame that is known by its times. `false`: it was not found.
    pub fn seek(&mut self, key: &Entry) -> Result<bool> {
        self.flush()?;
        let (pts, dts) = (key.pts, if key.dts == ff::AV_NOPTS_VALUE { key.pts } else { key.dts });
        let mut to = dts;
        for back in [0, 1, 10] {
            let step = 1.0 / av::number_of(self.demuxer.video().time_base).max(1e-9);
            to = to.saturating_sub((step * f64::from(back)) as i64);
            if self.demuxer.seek(to).is_err() {
                return Ok(false);
            }
            // Where it came out is seen by the first packet; then it is gone to again.
            let first = self.demuxer.next()?.map(|p| (p.pts, p.dts));
            let Some((_, at)) = first else { continue };
            if at <= dts || first.is_some_and(|(p, _)| p == pts) {
                if self.demuxer.seek(to).is_err() {
                    return Ok(false);
                }
                self.wanted = Some(Wanted::Time(pts));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells which picture, by its time, is wanted, and the time of the key frame that decoding begins at; if alone, the
    /// player is dry behind it. Not where pictures are numbered. `highest`: of the stream's layers.
    pub fn aim(&mut self, pts: i64, start: i64, alone: bool, highest: u8) {
        self.highest = highest;
        self.own = self.stamp.is_none();
        if self.aims && self.stamp.is_none() {
            self.aim = Aim::Toward { pts, start, alone };
        }
    }

    /// Whether anything may have been left out since the last seek.
    pub fn has_aimed(&self) -> bool {
        self.aim != Aim::Nowhere
    }

    /// Whether nothing comes behind the picture that was aimed at, though there may be more.
    pub fn is_dry(&self) -> bool {
        self.aim == Aim::Dry
    }

    /// Whether it can be told which picture is wanted.
    pub fn aims(&self) -> bool {
        self.aims
    }

    /// Aims no more. `false`: it did not before.
    pub fn stop_aiming(&mut self) -> bool {
        std::mem::take(&mut self.aims)
    }

    /// Goes on at the packet of a key frame, and numbers what comes from there. `false`: the container cannot. Where times
    /// begin anew in the middle, they do not tell the place.
    pub fn seek_packet(&mut self, key: &Entry, anew: bool) -> Result<bool> {
        self.flush()?;
        self.wanted = Some(Wanted::Packet(*key, 4096));
        self.stamp = Some(key.ordinal);
        let timed = key.dts != ff::AV_NOPTS_VALUE && !anew;
        Ok(timed && self.demuxer.seek(key.dts).is_ok() || key.pos >= 0 && self.demuxer.seek_byte(key.pos).is_ok())
    }

    /// Forgets what was wrong: pictures before the wanted one are not looked at.
    pub fn forgive(&mut self) {
        self.damage = None;
    }
}
