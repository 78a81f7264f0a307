//! Which frames a stream has, and where decoding has to begin for each: made from its packets when it is first needed.

use crate::av::number;
use crate::beat::Beat;
use crate::decode::{Manner, Player};
use crate::demux::Demuxer;
use crate::input::Resource;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::ffi::c_int;

/// A frame in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Time of presentation in the stream's unit.
    pub pts: i64,
    /// Time of decoding.
    pub dts: i64,
    /// How long it is shown; 0: not said.
    pub duration: i64,
    /// Whether decoding may begin here.
    pub key: bool,
}

/// The frames of a stream.
#[derive(Debug)]
pub struct Index {
    pub entries: Vec<Entry>,
    /// Whether times name frames, so that one may go to a key frame and know what comes out. Else decoding begins at
    /// the start.
    pub timed: bool,
}

/// Most frames that an index may list.
const MOST: usize = 1 << 26;

impl Index {
    /// From packets alone where those tell the truth, else by decoding all.
    pub fn build(resource: &Resource, manner: &Manner) -> Result<Index> {
        let mut demuxer = Demuxer::open(resource, &manner.wish, true)?;
        let codec = number!(demuxer.parameters(demuxer.stream), codec_id);
        let mut entries: Vec<Entry> = Vec::new();
        let mut timed = true;
        let mut beat = Beat::new();
        loop {
            let packet = match demuxer.next() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(e) if e.kind() == kit::Kind::Corrupt && !entries.is_empty() => break,
                Err(e) => return Err(e),
            };
            if gives_nothing(packet, codec) {
                continue;
            }
            timed &= packet.pts != ff::AV_NOPTS_VALUE;
            let dts = if packet.dts != ff::AV_NOPTS_VALUE { packet.dts } else { packet.pts };
            let key = packet.flags & ff::AV_PKT_FLAG_KEY as c_int != 0;
            if entries.len() == MOST {
                return Err(Error::limit(format!("the stream has more than {MOST} frames")));
            }
            entries.try_reserve(1).map_err(|_| Error::out_of_memory(entries.len() * size_of::<Entry>()))?;
            entries.push(Entry { pts: packet.pts, dts, duration: packet.duration, key });
            beat.tick(entries.len() as u64, 0)?;
        }
        if timed {
            entries.sort_by_key(|e| e.pts);
            timed = entries.windows(2).all(|two| two[0].pts != two[1].pts);
            // Pictures before the first key frame may come out of the decoder or not: only it knows.
            if entries.first().is_some_and(|e| !e.key) {
                return Index::decoded(resource, manner);
            }
        }
        Ok(Index { entries, timed })
    }

    /// By decoding everything.
    pub fn decoded(resource: &Resource, manner: &Manner) -> Result<Index> {
        let manner = Manner { partial: true, ..manner.clone() };
        let mut player = Player::open(resource, &manner)?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut beat = Beat::new();
        while let Some(frame) = player.next()? {
            let picture = frame.get();
            let (pts, dts) = (frame.time(), picture.pkt_dts);
            let entry = Entry {
                pts,
                dts: if dts == ff::AV_NOPTS_VALUE { pts } else { dts },
                duration: picture.pkt_duration,
                key: picture.key_frame != 0,
            };
            if entries.len() == MOST {
                return Err(Error::limit(format!("the stream has more than {MOST} frames")));
            }
            entries.push(entry);
            beat.tick(entries.len() as u64, 0)?;
        }
        let timed = entries.first().is_some_and(|e| e.pts != ff::AV_NOPTS_VALUE)
            && entries.windows(2).all(|two| two[0].pts < two[1].pts);
        // After decoding, a key frame's packet is only known by its time, and one before the first is none.
        Ok(Index { entries, timed })
    }

    /// The key frame at which decoding has to begin for frame `i`.
    pub fn key_of(&self, i: usize) -> Option<usize> {
        (0..=i).rev().find(|&k| self.entries[k].key)
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
