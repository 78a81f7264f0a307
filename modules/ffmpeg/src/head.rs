//! Pictures that the decoder leaves out, since a cut took what they refer to: behind the first key frame of a stream that
//! begins inside an open group, and where a stream begins anew.

use crate::aim::picture;
use crate::av::number;
use crate::demux::Demuxer;
use crate::nal::{Units, bytes};
use crate::order::Order;
use ffmpeg_sys_next as ff;
use kit::Result;
use std::ffi::c_int;

/// What a packet is to those behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// Decoding can begin here, and nothing behind refers to what is before.
    Fresh,
    /// A key frame, of which those that are shown before it may refer to what is before; whether the stream breaks off there.
    Open {
        broken: bool,
    },
    /// A picture that is shown before the key frame behind which it comes; whether it may refer to what is before that.
    Leading {
        beyond: bool,
    },
    Other,
}

/// Looks at packets in the file's order.
pub struct Heads {
    units: Option<Units>,
    hevc: bool,
    /// Whether pictures may wait in the decoder when others come.
    waits: bool,
    /// No picture came since the start, or the end of a sequence: leading ones refer to nothing.
    new: bool,
    /// The end of a sequence was before this packet.
    ended: bool,
    /// The last key frame was the first behind a break.
    broken: bool,
    /// Whether the first picture is one that decoding can begin at.
    fresh: bool,
    /// Whether it is one that nothing behind refers beyond.
    closed: bool,
    /// Whether the last packet was such a picture.
    pub now: bool,
    /// Whether the last packet was one that is shown before its key frame, as HEVC says it.
    leads: bool,
    /// Pictures may have been thrown away that waited: only the decoder knows.
    pub doubtful: bool,
    begun: bool,
    /// The highest temporal layer of HEVC that a packet was in.
    pub highest: u8,
}

impl Heads {
    pub fn of(demuxer: &Demuxer) -> Heads {
        let id = number!(demuxer.parameters(demuxer.stream), codec_id);
        let hevc = id == ff::AVCodecID::AV_CODEC_ID_HEVC as c_int;
        let units = (hevc || id == ff::AVCodecID::AV_CODEC_ID_H264 as c_int).then(|| Units::of(demuxer));
        let waits = demuxer.reorders();
        let (new, ended, broken) = (true, false, false);
        let (fresh, closed, now, leads, doubtful, begun) = (true, false, false, false, false, false);
        Heads { units, hevc, waits, new, ended, broken, fresh, closed, now, leads, doubtful, begun, highest: 0 }
    }

    /// Whether the decoder leaves the picture of this packet out, as far as that can be told.
    pub fn drops(&mut self, packet: &ff::AVPacket) -> bool {
        self.note(bytes(packet))
    }

    /// Whether the first picture is one that decoding can begin at.
    pub fn is_whole(&self) -> bool {
        self.fresh
    }

    /// Whether it is told of every packet if the decoder leaves it out.
    pub fn tells(&self) -> bool {
        self.hevc
    }

    fn note(&mut self, bytes: &[u8]) -> bool {
        let Some(units) = self.units else { return false };
        let part = if self.hevc { self.of_hevc(units, bytes) } else { of_h264(units, bytes) };
        self.now = part == Part::Fresh;
        if !std::mem::replace(&mut self.begun, true) {
            self.closed = self.now;
            self.fresh = self.now || matches!(part, Part::Open { broken } if self.hevc || !broken);
        }
        if !self.hevc {
            return false;
        }
        self.highest = picture(units, bytes).map_or(0, |unit| unit.layer).max(self.highest);
        match part {
            Part::Fresh => (self.new, self.broken) = (false, false),
            Part::Open { broken } => {
                self.broken = self.new || broken;
                self.new = false;
            }
            Part::Leading { .. } | Part::Other => {}
        }
        self.leads = matches!(part, Part::Leading { .. });
        let drops = part == Part::Leading { beyond: true } && (self.new || self.broken);
        if ends_sequence(units, bytes) {
            (self.new, self.ended) = (true, true);
        } else {
            self.ended = false;
        }
        drops
    }

    fn of_hevc(&mut self, units: Units, bytes: &[u8]) -> Part {
        for unit in units.split(bytes) {
            // Units of another view, or of more detail, are not decoded.
            let &[head, second, ..] = unit else { continue };
            if head & 1 != 0 || second >> 3 != 0 {
                continue;
            }
            match head >> 1 & 63 {
                // The end of a sequence, or of the stream, before the picture.
                36 | 37 => (self.new, self.ended) = (true, true),
                kind @ 6..=9 => return Part::Leading { beyond: kind > 7 },
                kind @ 16..=21 => {
                    // Behind such an end, or where the picture's header says so, pictures that wait are thrown away.
                    let throws = unit.get(2).is_some_and(|byte| byte & 0x40 != 0) || kind == 21 && self.ended;
                    self.doubtful |= self.begun && self.waits && throws;
                    return match kind {
                        19 | 20 => Part::Fresh,
                        21 => Part::Open { broken: false },
                        _ => Part::Open { broken: true },
                    };
                }
                0..=31 => return Part::Other,
                _ => {}
            }
        }
        Part::Other
    }
}

fn of_h264(units: Units, bytes: &[u8]) -> Part {
    let mut recovers = None;
    for unit in units.split(bytes) {
        let Some(&head) = unit.first() else { continue };
        match head & 31 {
            5 => return Part::Fresh,
            6 => recovers = recovers.or(recovery(&unit[1..])),
            1..=4 => break,
            _ => {}
        }
    }
    recovers.map_or(Part::Other, |at_once| Part::Open { broken: !at_once })
}

/// Whether a message of H.264 says that pictures are whole from this one on, or from a later one on; `None`: nothing of it.
fn recovery(mut message: &[u8]) -> Option<bool> {
    for _ in 0..16 {
        let mut values = [0, 0];
        for value in &mut values {
            loop {
                let (&byte, rest) = message.split_first()?;
                (message, *value) = (rest, *value + usize::from(byte));
                if byte < 255 {
                    break;
                }
            }
        }
        let [kind, size] = values;
        if kind == 6 {
            // The count of frames until then, of which 0 is a bit that is set.
            return message.first().map(|byte| byte & 0x80 != 0);
        }
        message = message.get(size..)?;
    }
    None
}

/// Whether a packet of HEVC ends in the end of a sequence.
fn ends_sequence(units: Units, bytes: &[u8]) -> bool {
    let is_end = |unit: &[u8]| unit.len() == 2 && matches!(unit[0] >> 1, 36 | 37);
    match units {
        Units::Counted(_) => units.split(bytes).any(is_end),
        Units::Marked => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            bytes[..end].last_chunk::<5>().is_some_and(|tail| tail.starts_with(&[0, 0, 1]) && is_end(&tail[3..]))
        }
    }
}

/// What the first packets tell of a stream whose container lists its pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// So many of those that are listed are left out by the decoder.
    Lacks(usize),
    /// Only the decoder knows.
    Unknown,
}

/// Most packets that are looked at for such as are shown before the first.
const NEAR: usize = 32;

/// Looks at the first packets of a container that stands at its start, and shows the first; `None`: there is none.
pub fn look(demuxer: &mut Demuxer, first: impl FnOnce(&ff::AVPacket)) -> Result<Option<Start>> {
    let mut heads = Heads::of(demuxer);
    let moves = demuxer.moves();
    let mut order = Order::of_moved(demuxer)?;
    let Some(packet) = demuxer.next()? else { return Ok(None) };
    first(packet);
    heads.drops(packet);
    let (shown, fresh) = (packet.pts, heads.now);
    let before = order.as_mut().and_then(|order| order.note(packet, fresh));
    if packet.flags & ff::AV_PKT_FLAG_KEY as c_int == 0 || !heads.fresh {
        return Ok(Some(Start::Unknown));
    }
    if heads.closed || !moves {
        return Ok(Some(Start::Lacks(0)));
    }
    let mut lacks = 0;
    for _ in 0..NEAR {
        let Ok(Some(packet)) = demuxer.next() else { break };
        let drops = heads.drops(packet);
        if heads.hevc {
            if !heads.leads {
                break;
            }
            // What an edit list leaves out is not listed.
            let listed = packet.flags & ff::AV_PKT_FLAG_DISCARD as c_int == 0;
            lacks += usize::from(drops && listed);
            continue;
        }
        let leads = match (&mut order, &before) {
            (Some(order), Some(before)) => match order.note(packet, false) {
                Some(note) => order.leads(before, &note),
                None => continue,
            },
            _ => packet.pts < shown,
        };
        return Ok(Some(if leads { Start::Unknown } else { Start::Lacks(0) }));
    }
    Ok(Some(Start::Lacks(lacks)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_points_at_once_and_later() {
        assert_eq!(recovery(&[6, 1, 0xc4]), Some(true));
        assert_eq!(recovery(&[5, 2, 6, 6, 6, 1, 0x40]), Some(false));
        assert_eq!(recovery(&[5, 255, 1]), None);
        assert_eq!(recovery(&[6, 1]), None);
        assert_eq!(recovery(&[]), None);
    }

    fn hevc() -> Heads {
        let (units, new, fresh) = (Some(Units::Counted(1)), true, true);
        let (hevc, waits, ended, broken, doubtful, begun) = (true, true, false, false, false, false);
        Heads {
            units,
            hevc,
            waits,
            new,
            ended,
            broken,
            fresh,
            closed: false,
            now: false,
            leads: false,
            doubtful,
            begun,
            highest: 0,
        }
    }

    fn dropped(kinds: &[&[u8]]) -> (Vec<bool>, bool) {
        let mut heads = hevc();
        let mut drops = |kinds: &&[u8]| {
            let bytes: Vec<u8> = kinds.iter().flat_map(|kind| [2, kind << 1, 1]).collect();
            heads.note(&bytes)
        };
        (kinds.iter().map(&mut drops).collect(), heads.doubtful)
    }

    #[test]
    fn leading_pictures_of_hevc_whose_references_are_missing() {
        // Behind the first key frame they are left out, not behind the next.
        assert_eq!(dropped(&[&[21], &[9], &[6], &[1], &[21], &[8]]).0, [false, true, false, false, false, false]);
        assert_eq!(dropped(&[&[32, 33, 19], &[1], &[21], &[8]]), (vec![false; 4], false));
        // Where a film breaks off, or a sequence ended.
        assert_eq!(dropped(&[&[19], &[1], &[16], &[8], &[21], &[8]]).0, [false, false, false, true, false, false]);
        assert_eq!(dropped(&[&[19], &[1, 36], &[21], &[8]]), (vec![false, false, false, true], true));
        assert_eq!(dropped(&[&[19], &[1], &[36, 21], &[8]]), (vec![false, false, false, true], true));
        // Before any key frame.
        assert_eq!(dropped(&[&[1], &[9], &[21], &[9]]).0, [false, true, false, true]);
    }
}
