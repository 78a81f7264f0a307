//! Which frames a stream has, and where decoding has to begin for each: made from its packets when it is first needed.

use crate::av::{Frame, number};
use crate::beat::Beat;
use crate::decode::{Manner, Player, is_key};
use crate::demux::Demuxer;
use crate::head::Heads;
use crate::input::Resource;
use crate::nal::bytes;
use crate::order::{Note, Order};
use crate::times::Times;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::ffi::c_int;

/// A frame, and the packet that it comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Time of presentation in the stream's unit.
    pub pts: i64,
    /// Time of decoding, as the packet says it.
    pub dts: i64,
    /// Whether decoding may begin here.
    pub key: bool,
    /// The packet's place among all of the stream.
    pub ordinal: u64,
    /// Its place in the file; negative: not known.
    pub pos: i64,
    pub size: c_int,
}

impl Entry {
    fn of(packet: &ff::AVPacket, ordinal: u64) -> Entry {
        Entry {
            pts: packet.pts,
            dts: packet.dts,
            key: packet.flags & ff::AV_PKT_FLAG_KEY as c_int != 0,
            ordinal,
            pos: packet.pos,
            size: packet.size,
        }
    }

    /// As its picture says it, once that is decoded: the decoder knows better than the container where it can begin.
    fn shown_as(self, frame: &Frame) -> Entry {
        Entry { key: versions::is_key(frame) || self.key && is_key(frame), ..self }
    }

    /// Whether it was made of this packet.
    pub fn is(&self, packet: &ff::AVPacket) -> bool {
        self.size == packet.size && self.dts == packet.dts && (self.pos < 0 || self.pos == packet.pos)
    }
}

/// By what a picture behind the decoder is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By its time: no two have the same.
    Time,
    /// By the number of its packet, which is given to the decoder as its time.
    Ordinal,
    /// By nothing: decoding begins at the start.
    Nothing,
}

/// The frames of a stream in the order in which they are shown.
#[derive(Debug)]
pub struct Index {
    pub entries: Vec<Entry>,
    pub naming: Naming,
    /// Whether it was made by decoding everything.
    pub exact: bool,
    /// Whether times of decoding begin anew in the middle, so that none tells a place.
    pub anew: bool,
    /// The highest temporal layer of HEVC that a packet is in, if it was looked at.
    pub highest: u8,
    /// For names that are ordinals: those, and which frame each is, in order.
    places: Vec<(u64, usize)>,
}

/// Most frames that an index may list.
const MOST: usize = 1 << 26;

/// How many packets the decoder may be given before it gives a picture.
const AHEAD: usize = 32;

/// A layer that no picture is in.
const UNKNOWN: u8 = u8::MAX;

/// Most bytes of a picture of MPEG-4 that is told not to be coded.
const BLANK: c_int = 10;

fn keep(entries: &mut Vec<Entry>, entry: Entry) -> Result<()> {
    if entries.len() == MOST {
        return Err(Error::limit(format!("the stream has more than {MOST} frames")));
    }
    entries.try_reserve(1).map_err(|_| Error::out_of_memory(entries.len() * size_of::<Entry>()))?;
    entries.push(entry);
    Ok(())
}

/// A packet, and what it is among others.
struct Given<'a> {
    packet: &'a ff::AVPacket,
    ordinal: u64,
    /// Whether a picture comes of it.
    shows: bool,
    /// Whether it is a key frame that nothing behind refers beyond.
    fresh: bool,
}

/// Every packet of the stream in the file's order; those behind damage are not there.
fn each_packet(demuxer: &mut Demuxer, mut work: impl FnMut(Given) -> Result<()>) -> Result<Heads> {
    let codec = number!(demuxer.parameters(demuxer.stream), codec_id);
    let mut heads = Heads::of(demuxer);
    let mut beat = Beat::new();
    let mut ordinal = 0;
    loop {
        let packet = match demuxer.next() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(heads),
            Err(e) if e.kind() == kit::Kind::Corrupt && ordinal > 0 => return Ok(heads),
            Err(e) => return Err(e),
        };
        let shows = !heads.drops(packet) & !gives_nothing(packet, codec);
        work(Given { packet, ordinal, shows, fresh: heads.now })?;
        ordinal += 1;
        beat.tick(ordinal, 0)?;
    }
}

impl Index {
    /// From packets alone where those tell the truth, else by decoding all.
    pub fn build(resource: &Resource, manner: &Manner) -> Result<Index> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut notes: Vec<Note> = Vec::new();
        let mut demuxer = Demuxer::open(resource, &manner.wish, true)?;
        let mut order = Order::of_moved(&demuxer)?;
        let mpeg4 = number!(demuxer.parameters(demuxer.stream), codec_id) == ff::AVCodecID::AV_CODEC_ID_MPEG4 as c_int;
        let heads = each_packet(&mut demuxer, |given| {
            if let Some(order) = &mut order {
                let Some(note) = order.note(given.packet, given.fresh) else { return Ok(()) };
                notes.push(note);
            }
            if given.shows { keep(&mut entries, Entry::of(given.packet, given.ordinal)) } else { Ok(()) }
        })?;
        let highest = heads.highest;
        if gives_no_start(&demuxer, &entries) {
            return Ok(Index { naming: Naming::Nothing, ..Index::decoded(resource, manner)? });
        }
        // Packets of MPEG-4 that are hardly a header stand for pictures that are left out, or that came packed with others.
        let blank = mpeg4 && entries.iter().any(|e| e.size <= BLANK);
        if blank || heads.doubtful || order.as_ref().is_some_and(|order| order.stumbles(&notes)) {
            return Index::decoded(resource, manner);
        }
        let straight = entries.windows(2).all(|two| two[0].pts < two[1].pts);
        // Times that are in the order of decoding where pictures are moved, or in another where none is, may be made up.
        let doubtful = straight == demuxer.reorders() && Order::of(&demuxer)?.is_some();
        if doubtful || entries.iter().any(|e| e.pts == ff::AV_NOPTS_VALUE) || begins_anew(&entries) {
            return Index::ordered(resource, manner);
        }
        let leads = matches!((&order, &notes[..]), (Some(order), [key, next, ..]) if order.leads(key, next));
        let first = entries.first().copied();
        entries.sort_by_key(|e| e.pts);
        if entries.windows(2).any(|two| two[0].pts == two[1].pts) {
            return Index::ordered(resource, manner);
        }
        if heads.is_whole() && !leads && first.is_none_or(|first| first.key && (heads.tells() || first == entries[0])) {
            return Ok(Index { highest, ..Index::timed(entries, false) });
        }
        match begun(resource, manner, entries)? {
            Some(entries) => Ok(Index { highest, ..Index::timed(entries, false) }),
            None => Index::decoded(resource, manner),
        }
    }

    /// Of entries in the order of their times.
    fn timed(entries: Vec<Entry>, exact: bool) -> Index {
        Index { entries, naming: Naming::Time, exact, anew: false, highest: UNKNOWN, places: Vec::new() }
    }

    /// From packets whose times do not tell their order.
    fn ordered(resource: &Resource, manner: &Manner) -> Result<Index> {
        let mut demuxer = Demuxer::open(resource, &manner.wish, true)?;
        let Some(mut order) = Order::of(&demuxer)? else { return Index::decoded(resource, manner) };
        let mut packets: Vec<Entry> = Vec::new();
        let mut notes: Vec<Note> = Vec::new();
        let mut sent: Vec<(i64, i64)> = Vec::new();
        let heads = each_packet(&mut demuxer, |given| {
            let Some(note) = order.note(given.packet, given.fresh) else { return Ok(()) };
            sent.push((given.packet.pts, given.packet.dts));
            if !given.shows {
                return Ok(());
            }
            notes.push(note);
            keep(&mut packets, Entry::of(given.packet, given.ordinal))
        })?;
        let shown = order.shown(&notes).unwrap_or_default();
        let mut entries: Vec<Entry> = shown.into_iter().map(|i| packets[i]).collect();
        if entries.is_empty() {
            return Index::decoded(resource, manner);
        }
        let leads = notes.len() > 1 && order.leads(&notes[0], &notes[1]);
        if !heads.is_whole() || leads || !packets[0].key || !heads.tells() && entries[0] != packets[0] {
            let Some(begun) = begun(resource, manner, entries)? else { return Index::decoded(resource, manner) };
            entries = begun;
        }
        let told = entries.iter().all(|e| e.pts != ff::AV_NOPTS_VALUE);
        if told && entries.windows(2).all(|two| two[0].pts < two[1].pts) {
            return Ok(Index::timed(entries, false));
        }
        Ok(Index { anew: begins_anew(&packets), ..Index::named(entries, &sent, false) })
    }

    /// By decoding everything.
    pub fn decoded(resource: &Resource, manner: &Manner) -> Result<Index> {
        let manner = Manner { partial: true, ..manner.clone() };
        let mut player = Player::open(resource, &manner)?;
        player.stamp(0);
        let mut entries: Vec<Entry> = Vec::new();
        let mut packets: Vec<Entry> = Vec::new();
        let mut named = true;
        let mut beat = Beat::new();
        while let Some(frame) =
            player.next_noting(&mut |packet, ordinal| keep(&mut packets, Entry::of(packet, ordinal)))?
        {
            let stamp = usize::try_from(frame.get().pts).ok();
            let entry = stamp.and_then(|stamp| packets.get(stamp)).copied();
            named &= entry.is_some();
            let nothing =
                Entry { pts: ff::AV_NOPTS_VALUE, dts: ff::AV_NOPTS_VALUE, key: false, ordinal: 0, pos: -1, size: 0 };
            let entry = entry.unwrap_or(nothing);
            keep(&mut entries, entry.shown_as(&frame))?;
            beat.tick(entries.len() as u64, 0)?;
        }
        let anew = begins_anew(&packets);
        if !named {
            return Ok(Index { naming: Naming::Nothing, anew, ..Index::timed(entries, true) });
        }
        let timed = entries.first().is_some_and(|e| e.pts != ff::AV_NOPTS_VALUE)
            && entries.windows(2).all(|two| two[0].pts < two[1].pts);
        if timed && !anew {
            return Ok(Index::timed(entries, true));
        }
        let sent: Vec<(i64, i64)> = packets.iter().map(|e| (e.pts, e.dts)).collect();
        Ok(Index { anew, ..Index::named(entries, &sent, true) })
    }

    /// Of entries in the order in which they are shown, that have no times to be known by, and the times of all packets.
    fn named(mut entries: Vec<Entry>, sent: &[(i64, i64)], exact: bool) -> Index {
        let places = places(&entries);
        let apart = places.windows(2).all(|two| two[0].0 != two[1].0);
        let (mut times, mut sent) = (Times::default(), sent.iter());
        for entry in &mut entries {
            while times.waiting() < AHEAD {
                let Some(&(pts, dts)) = sent.next() else { break };
                times.sent(pts, dts);
            }
            entry.pts = times.next(entry.pts);
        }
        let naming = if apart { Naming::Ordinal } else { Naming::Nothing };
        Index { entries, naming, exact, anew: false, highest: UNKNOWN, places }
    }

    /// The frame of a packet by its ordinal.
    pub fn place(&self, ordinal: i64) -> Option<usize> {
        let ordinal = u64::try_from(ordinal).ok()?;
        let at = self.places.binary_search_by_key(&ordinal, |&(o, _)| o).ok()?;
        Some(self.places[at].1)
    }

    /// The key frame at which decoding has to begin for frame `i`, or one that is so many key frames before it.
    pub fn key_of(&self, i: usize, before: usize) -> Option<usize> {
        (0..=i).rev().filter(|&k| self.entries[k].key).nth(before)
    }
}

/// The ordinals of frames, and which frame each is, in order.
fn places(entries: &[Entry]) -> Vec<(u64, usize)> {
    let mut places: Vec<(u64, usize)> = entries.iter().enumerate().map(|(i, e)| (e.ordinal, i)).collect();
    places.sort_unstable();
    places
}

/// The frames of a stream whose first ones may be left out: those before the next key frame are decoded to learn which come.
/// `None`: what came is not what the packets tell.
fn begun(resource: &Resource, manner: &Manner, entries: Vec<Entry>) -> Result<Option<Vec<Entry>>> {
    let places = places(&entries);
    let Some(&(first, _)) = places.first() else { return Ok(None) };
    let mut player = Player::open(resource, &Manner { partial: true, ..manner.clone() })?;
    player.stamp(0);
    let mut came: Vec<Entry> = Vec::new();
    let (mut beat, mut next) = (Beat::new(), 0);
    while let Some(frame) = player.next()? {
        let stamp = u64::try_from(frame.get().pts).ok();
        let found = stamp.and_then(|stamp| places.binary_search_by_key(&stamp, |&(ordinal, _)| ordinal).ok());
        let Some(place) = found.map(|at| places[at].1).filter(|&place| place >= next) else { return Ok(None) };
        let entry = entries[place];
        if entry.ordinal > first && entry.key && is_key(&frame) {
            came.extend_from_slice(&entries[place..]);
            return Ok(Some(came));
        }
        next = place + 1;
        keep(&mut came, entry.shown_as(&frame))?;
        beat.tick(came.len() as u64, 0)?;
    }
    Ok(Some(came))
}

/// Whether times of decoding, in the file's order, begin anew in the middle, as where files were put behind each other.
fn begins_anew(packets: &[Entry]) -> bool {
    let told = packets.iter().map(|e| e.dts).filter(|&dts| dts != ff::AV_NOPTS_VALUE);
    let mut last = i64::MIN;
    told.into_iter().any(|dts| std::mem::replace(&mut last, dts) > dts)
}

/// Whether decoding can begin at the start only: FFmpeg's decoder of Dirac gives other pictures where it begins in the middle;
/// and codecs whose decoders do not tell key frames cannot have only such.
fn gives_no_start(demuxer: &Demuxer, entries: &[Entry]) -> bool {
    use ff::AVCodecID as Id;
    let id = number!(demuxer.parameters(demuxer.stream), codec_id);
    id == Id::AV_CODEC_ID_DIRAC as c_int
        || [Id::AV_CODEC_ID_RPZA, Id::AV_CODEC_ID_SMC].iter().any(|&silent| silent as c_int == id)
            && entries.iter().all(|e| e.key)
}

/// Packets that no frame comes of: those that an edit list leaves out (dav1d knows none), and hidden frames of VP8 and VP9.
fn gives_nothing(packet: &ff::AVPacket, codec: c_int) -> bool {
    let bytes = bytes(packet);
    bytes.is_empty()
        || packet.flags & ff::AV_PKT_FLAG_DISCARD as c_int != 0
            && (versions::AV1_DISCARDS || codec != ff::AVCodecID::AV_CODEC_ID_AV1 as c_int)
        || codec == ff::AVCodecID::AV_CODEC_ID_VP8 as c_int && bytes[0] & 0x10 == 0
        || codec == ff::AVCodecID::AV_CODEC_ID_VP9 as c_int && is_hidden_vp9(bytes)
}

/// Whether this is a frame of VP9 alone that is only referred to. Those that are packed together end in a frame that is shown.
fn is_hidden_vp9(bytes: &[u8]) -> bool {
    let last = bytes[bytes.len() - 1];
    let index = 2 + (usize::from(last >> 3 & 3) + 1) * (usize::from(last & 7) + 1);
    let packed = last & 0xe0 == 0xc0 && bytes.len() >= index && bytes[bytes.len() - index] == last;
    // Two bits of a mark, two of the profile, of which the fourth has one more; then: shows an old one, not a key frame, is shown.
    let after = if bytes[0] >> 4 & 3 == 3 { bytes[0] << 5 } else { bytes[0] << 4 };
    !packed && bytes[0] >> 6 == 2 && after & 0x80 == 0 && after & 0x20 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_frames_of_vp9() {
        // A key frame that is shown, one that is not, one of profile 3 that is not, and one that is shown again.
        assert!(!is_hidden_vp9(&[0b1000_0010, 0x49, 0x83, 0x42, 0]));
        assert!(is_hidden_vp9(&[0b1000_0000, 0x49, 0x83, 0x42, 0]));
        assert!(is_hidden_vp9(&[0b1011_0000, 0x49, 0x83, 0x42, 0]));
        assert!(!is_hidden_vp9(&[0b1011_0001, 0x49, 0x83, 0x42, 0]));
        assert!(!is_hidden_vp9(&[0b1000_1000]));
        // Two frames and their sizes.
        assert!(!is_hidden_vp9(&[0b1000_0000, 0, 0b1000_0010, 0, 0xc1, 2, 2, 0xc1]));
    }

    #[test]
    fn times_that_begin_anew() {
        let entry = |dts| Entry { pts: dts, dts, key: true, ordinal: 0, pos: 0, size: 1 };
        let none = ff::AV_NOPTS_VALUE;
        assert!(!begins_anew(&[entry(1), entry(none), entry(2), entry(2)]));
        assert!(begins_anew(&[entry(5), entry(none), entry(2)]));
    }
}
