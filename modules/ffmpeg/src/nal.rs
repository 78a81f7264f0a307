//! The units that a packet of H.264 or HEVC is made of.

use crate::av::number;
use crate::demux::Demuxer;
use ffmpeg_sys_next as ff;

/// How the units of a stream's packets lie behind each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Units {
    /// Behind marks of three bytes.
    Marked,
    /// Behind their lengths, of so many bytes each.
    Counted(usize),
}

impl Units {
    /// Of the chosen stream, which is H.264 or HEVC.
    pub fn of(demuxer: &Demuxer) -> Units {
        let parameters = demuxer.parameters(demuxer.stream);
        let hevc = number!(parameters, codec_id) == ff::AVCodecID::AV_CODEC_ID_HEVC as i32;
        // SAFETY: the parameters live as long as the container, and hold as many bytes as they say.
        let head = unsafe {
            let (data, size) = ((*parameters).extradata, usize::try_from((*parameters).extradata_size).unwrap_or(0));
            if data.is_null() { &[][..] } else { std::slice::from_raw_parts(data, size) }
        };
        // What describes the stream outside of it begins with its version, where units would begin with a mark.
        let marked = head.starts_with(&[0, 0, 1]) || head.starts_with(&[0, 0, 0, 1]);
        match head.get(if hevc { 21 } else { 4 }) {
            Some(&sizes) if !marked => Units::Counted(usize::from(sizes & 3) + 1),
            _ => Units::Marked,
        }
    }

    /// The units of a packet, one after the other.
    pub fn split(self, bytes: &[u8]) -> Split<'_> {
        Split { units: self, rest: bytes }
    }
}

/// The bytes of a packet.
pub fn bytes(packet: &ff::AVPacket) -> &[u8] {
    match usize::try_from(packet.size) {
        // SAFETY: the packet has `size` bytes.
        Ok(size @ 1..) if !packet.data.is_null() => unsafe { std::slice::from_raw_parts(packet.data, size) },
        _ => &[],
    }
}

/// Units of a packet that were not looked at yet.
pub struct Split<'a> {
    units: Units,
    rest: &'a [u8],
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    /// A unit from its header on. One behind a mark goes on to the packet's end: only its beginning is of interest.
    fn next(&mut self) -> Option<&'a [u8]> {
        match self.units {
            Units::Marked => {
                let at = self.rest.windows(3).position(|three| three == [0, 0, 1])?;
                self.rest = &self.rest[at + 3..];
                Some(self.rest)
            }
            Units::Counted(bytes) => {
                let size = self.rest.get(..bytes)?.iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
                let unit = self.rest.get(bytes..)?.get(..size)?;
                self.rest = &self.rest[bytes + size..];
                Some(unit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_behind_marks_and_lengths() {
        let heads =
            |units: Units, bytes: &[u8]| units.split(bytes).map(|unit| unit.first().copied()).collect::<Vec<_>>();
        assert_eq!(heads(Units::Marked, &[0, 0, 0, 1, 7, 9, 0, 0, 1, 5]), [Some(7), Some(5)]);
        assert_eq!(heads(Units::Marked, &[0, 0, 1]), [None]);
        assert_eq!(heads(Units::Counted(2), &[0, 2, 7, 9, 0, 1, 5]), [Some(7), Some(5)]);
        // A length beyond the packet, and half of one.
        assert_eq!(heads(Units::Counted(4), &[255, 255, 255, 255, 7]), []);
        assert_eq!(heads(Units::Counted(4), &[0, 0, 0]), []);
    }
}
