//! Which frames a stream has, and where decoding has to begin for each: made from its packets when it is first needed.

use crate::av::number;
use crate::beat::Beat;
use crate::decode::{Manner, Player};
use crate::demux::Demuxer;
use crate::input::Resource;
use crate::order::{Note, Order};
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
    /// For names that are ordinals: those, and which frame each is, in order.
    places: Vec<(u64, usize)>,
}

/// Most frames that an index may list.
const MOST: usize = 1 << 26;

fn keep(entries: &mut Vec<Entry>, entry: Entry) -> Result<()> {
    if entries.len() == MOST {
        return Err(Error::limit(format!("the stream has more than {MOST} frames")));
    }
    entries.try_reserve(1).map_err(|_| Error::out_of_memory(entries.len() * size_of::<Entry>()))?;
    entries.push(entry);
    Ok(())
}

/// Every packet of the stream that a picture comes of, in the file's order; those behind damage are not there.
fn each_packet(demuxer: &mut Demuxer, mut work: impl FnMut(&ff::AVPacket, u64) -> Result<()>) -> Result<()> {
    let codec = number!(demuxer.parameters(demuxer.stream), codec_id);
    let mut beat = Beat::new();
    let mut ordinal = 0;
    loop {
        let packet = match demuxer.next() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(()),
            Err(e) if e.kind() == kit::Kind::Corrupt && ordinal > 0 => return Ok(()),
            Err(e) => return Err(e),
        };
        if !gives_nothing(packet, codec) {
            work(packet, ordinal)?;
        }
        ordinal += 1;
        beat.tick(ordinal, 0)?;
    }
}

impl Index {
    /// From packets alone where those tell the truth, else by decoding all.
    pub fn build(resource: &Resource, manner: &Manner) -> Result<Index> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut demuxer = Demuxer::open(resource, &manner.wish, true)?;
        each_packet(&mut demuxer, |packet, ordinal| keep(&mut entries, Entry::of(packet, ordinal)))?;
        if entries.iter().any(|e| e.pts == ff::AV_NOPTS_VALUE) {
            return Index::ordered(resource, manner);
        }
        entries.sort_by_key(|e| e.pts);
        if entries.windows(2).any(|two| two[0].pts == two[1].pts) {
            return Index::ordered(resource, manner);
        }
        // Pictures before the first key frame may come out of the decoder or not: only it knows.
        if entries.first().is_some_and(|e| !e.key) {
            return Index::decoded(resource, manner);
        }
        Ok(Index { entries, naming: Naming::Time, exact: false, places: Vec::new() })
    }

    /// From packets whose times do not tell their order.
    fn ordered(resource: &Resource, manner: &Manner) -> Result<Index> {
        let mut demuxer = Demuxer::open(resource, &manner.wish, true)?;
        let Some(mut order) = Order::of(&demuxer)? else { return Index::decoded(resource, manner) };
        let mut packets: Vec<Entry> = Vec::new();
        let mut notes: Vec<Note> = Vec::new();
        let mut fields = false;
        each_packet(&mut demuxer, |packet, ordinal| {
            match order.note(packet) {
                Some(note) => notes.push(note),
                None => fields = true,
            }
            keep(&mut packets, Entry::of(packet, ordinal))
        })?;
        let shown = if fields || packets.first().is_some_and(|e| !e.key) { None } else { order.shown(&notes) };
        let Some(shown) = shown else { return Index::decoded(resource, manner) };
        Ok(Index::named(shown.into_iter().map(|i| packets[i]).collect(), false))
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
            keep(&mut entries, entry.unwrap_or(nothing))?;
            beat.tick(entries.len() as u64, 0)?;
        }
        if !named {
            return Ok(Index { entries, naming: Naming::Nothing, exact: true, places: Vec::new() });
        }
        let timed = entries.first().is_some_and(|e| e.pts != ff::AV_NOPTS_VALUE)
            && entries.windows(2).all(|two| two[0].pts < two[1].pts);
        if timed {
            return Ok(Index { entries, naming: Naming::Time, exact: true, places: Vec::new() });
        }
        Ok(Index::named(entries, true))
    }

    /// Of entries in the order in which they are shown, that have no times to be known by.
    fn named(mut entries: Vec<Entry>, exact: bool) -> Index {
        let mut places: Vec<(u64, usize)> = entries.iter().enumerate().map(|(i, e)| (e.ordinal, i)).collect();
        places.sort_unstable();
        let apart = places.windows(2).all(|two| two[0].0 != two[1].0);
        // What is decoded next is shown next, if it is not moved: the times of decoding in order are those of showing.
        let first = places.first().map(|&(_, i)| entries[i]);
        let none = ff::AV_NOPTS_VALUE;
        let shift = first.filter(|e| e.pts != none && e.dts != none).map_or(0, |e| e.pts.saturating_sub(e.dts));
        let mut times: Vec<i64> = entries.iter().map(|e| e.dts).collect();
        times.sort_unstable();
        let known = times.first().is_some_and(|&t| t != none);
        for (entry, time) in entries.iter_mut().zip(times) {
            entry.pts = if known { time.saturating_add(shift) } else { none };
        }
        let naming = if apart { Naming::Ordinal } else { Naming::Nothing };
        Index { entries, naming, exact, places }
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

/// Packets that no frame comes of: those that an edit list leaves out, and hidden frames of VP8.
fn gives_nothing(packet: &ff::AVPacket, codec: c_int) -> bool {
    if packet.flags & ff::AV_PKT_FLAG_DISCARD as c_int != 0 || packet.size <= 0 {
        return true;
    }
    // SAFETY: the packet has `size` bytes, at least one.
    let first = unsafe { *packet.data };
    codec == ff::AVCodecID::AV_CODEC_ID_VP8 as c_int && first & 0x10 == 0
}
