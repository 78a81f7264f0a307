//! What may be left out on the way to a picture: those before it that no other is made from, and all behind it.

use crate::av::number;
use crate::demux::Demuxer;
use crate::nal::Units;
use ffmpeg_sys_next as ff;
use std::ffi::c_int;

/// Where the decoder is on the way to the picture that is gone to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Nothing was left out since the last seek.
    Nowhere,
    /// Before the packet of the picture. That of the key frame at `start` is decoded in any case, since it may be none; if the
    /// picture is wanted alone, the decoder is told behind it that this was all.
    Toward { pts: i64, start: i64, alone: bool },
    /// Behind its packet.
    Past,
    /// Behind its packet, and nothing comes any more, though the container has more.
    Dry,
}

/// How pictures that no other is made from are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spare {
    /// They are not.
    Unknown,
    /// By their headers, at which the decoder looks itself.
    Told,
    /// By the type of their units, in the highest layer of the stream.
    Typed(Units),
}

/// Whether what is wanted of a stream can be less than all of it: every packet is a picture, and no field of one.
pub fn can_aim(demuxer: &Demuxer) -> bool {
    use ff::AVCodecID as Id;
    let parameters = demuxer.parameters(demuxer.stream);
    let (id, order) = (number!(parameters, codec_id), number!(parameters, field_order));
    let is = |ids: &[Id]| ids.iter().any(|&known| known as c_int == id);
    let progressive = order == ff::AVFieldOrder::AV_FIELD_PROGRESSIVE as c_int;
    !demuxer.moves()
        || is(&[Id::AV_CODEC_ID_HEVC, Id::AV_CODEC_ID_VP8, Id::AV_CODEC_ID_VP9, Id::AV_CODEC_ID_AV1])
        || is(&[Id::AV_CODEC_ID_MPEG1VIDEO, Id::AV_CODEC_ID_MPEG2VIDEO, Id::AV_CODEC_ID_MPEG4])
        || progressive && is(&[Id::AV_CODEC_ID_H264])
}

impl Spare {
    /// What is known of a stream. What decoders of other codecs leave out was not looked at.
    pub fn of(demuxer: &Demuxer) -> Spare {
        use ff::AVCodecID as Id;
        let id = number!(demuxer.parameters(demuxer.stream), codec_id);
        let told =
            [Id::AV_CODEC_ID_H264, Id::AV_CODEC_ID_MPEG1VIDEO, Id::AV_CODEC_ID_MPEG2VIDEO, Id::AV_CODEC_ID_MPEG4];
        match id {
            _ if id == Id::AV_CODEC_ID_HEVC as c_int => Spare::Typed(Units::of(demuxer)),
            _ if told.iter().any(|&known| known as c_int == id) => Spare::Told,
            _ => Spare::Unknown,
        }
    }
}

/// A picture of HEVC as the header of its first unit tells it (ITU-T H.265, 7.3.1.2 and table 7-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    pub kind: u8,
    /// Its temporal layer: a picture is made from those of its own and lower ones.
    pub layer: u8,
}

impl Unit {
    fn of(header: &[u8]) -> Option<Unit> {
        let &[first, second, ..] = header else { return None };
        let (kind, above) = (first >> 1 & 0x3f, (first & 1) << 5 | second >> 3);
        // Units of a picture, and not of another view or of more detail.
        (kind < 32 && above == 0).then(|| Unit { kind, layer: (second & 7).saturating_sub(1) })
    }

    /// Whether no picture is made from it, in a stream whose highest layer this is: none of its own layer is, by its type.
    pub fn is_spare(self, highest: u8) -> bool {
        self.kind < 16 && self.kind.is_multiple_of(2) && self.layer >= highest
    }
}

/// The picture of a packet of HEVC.
pub fn picture(units: Units, packet: &[u8]) -> Option<Unit> {
    units.split(packet).find_map(Unit::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_hevc() {
        // An access unit delimiter, a slice that others of layer 0 are made from; one of layer 1 that none is.
        let (mark, kept, spare) = ([35 << 1, 1, 0x50], [1 << 1, 1, 0xd0], [2, 0xe0]);
        let marks = [&[0, 0, 0, 1], &mark[..], &[0, 0, 1], &kept[..]].concat();
        assert_eq!(picture(Units::Marked, &marks), Some(Unit { kind: 1, layer: 0 }));
        let counted = [&[0, 3], &mark[..], &[0, 2, 0, 2], &spare[..]].concat();
        assert_eq!(picture(Units::Counted(2), &counted), Some(Unit { kind: 0, layer: 1 }));
        let is_spare = |kind, layer, highest| Unit { kind, layer }.is_spare(highest);
        assert!(is_spare(0, 1, 1) && is_spare(8, 0, 0));
        assert!(!is_spare(9, 0, 0) && !is_spare(16, 0, 0) && !is_spare(0, 0, 1));
        // Lengths beyond the packet, and units of another view.
        assert_eq!(picture(Units::Counted(2), &[0, 9, 2]), None);
        assert_eq!(picture(Units::Counted(2), &[0]), None);
        assert_eq!(picture(Units::Counted(2), &[0, 2, 2, 1 << 3 | 1]), None);
    }
}
