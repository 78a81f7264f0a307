//! What may be left out on the way to a picture: those before it that no other is made from, and all behind it.

use crate::av::number;
use crate::demux::Demuxer;
use crate::nal;
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
    // SAFETY: the parameters hold an id of this FFmpeg's; it has a descriptor, or NULL.
    let descriptor = unsafe { ff::avcodec_descriptor_get((*parameters).codec_id).as_ref() };
    let straight = descriptor.is_some_and(|d| d.props & ff::AV_CODEC_PROP_REORDER as c_int == 0);
    straight
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
        match Units::of(demuxer) {
            Some(units) => Spare::Typed(units),
            None if told.iter().any(|&known| known as c_int == id) => Spare::Told,
            None => Spare::Unknown,
        }
    }
}

/// How the units of HEVC lie in packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Units(nal::Units);

/// A picture of HEVC as the headers of its units tell it (ITU-T H.265, 7.3.1.2 and table 7-1).
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

    /// Whether no picture of its layer is made from it.
    fn is_spare(self) -> bool {
        self.kind < 16 && self.kind.is_multiple_of(2)
    }
}

impl Units {
    /// `None`: the stream is not HEVC.
    pub fn of(demuxer: &Demuxer) -> Option<Units> {
        let hevc = number!(demuxer.parameters(demuxer.stream), codec_id) == ff::AVCodecID::AV_CODEC_ID_HEVC as c_int;
        hevc.then(|| Units(nal::Units::of(demuxer)))
    }

    /// The first unit of the packet's picture.
    pub fn picture(self, packet: &ff::AVPacket) -> Option<Unit> {
        self.first(nal::bytes(packet))
    }

    fn first(self, bytes: &[u8]) -> Option<Unit> {
        self.0.split(bytes).find_map(Unit::of)
    }

    /// Whether no picture at all is made from that of the packet, in a stream whose highest layer this is.
    pub fn is_spare(self, packet: &ff::AVPacket, highest: u8) -> bool {
        self.picture(packet).is_some_and(|unit| unit.is_spare() && unit.layer >= highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_hevc() {
        // An access unit delimiter, a slice that others of layer 0 are made from; one of layer 1 that none is.
        let (mark, kept, spare) = ([35 << 1, 1, 0x50], [1 << 1, 1, 0xd0], [2, 0xe0]);
        let codes = [&[0, 0, 0, 1], &mark[..], &[0, 0, 1], &kept[..]].concat();
        let units = Units(nal::Units::Marked);
        assert_eq!(units.first(&codes), Some(Unit { kind: 1, layer: 0 }));
        let lengths = [&[0, 3], &mark[..], &[0, 2, 0, 2], &spare[..]].concat();
        let units = Units(nal::Units::Counted(2));
        assert_eq!(units.first(&lengths), Some(Unit { kind: 0, layer: 1 }));
        assert!(Unit { kind: 0, layer: 1 }.is_spare() && Unit { kind: 8, layer: 0 }.is_spare());
        assert!(!Unit { kind: 9, layer: 0 }.is_spare() && !Unit { kind: 16, layer: 0 }.is_spare());
        // Lengths beyond the packet, and units of another view.
        assert_eq!(units.first(&[0, 9, 2, 1]), None);
        assert_eq!(units.first(&[0]), None);
        assert_eq!(units.first(&[0, 2, 2, 1 << 3 | 1]), None);
    }
}
