//! The order in which packets without times are shown, and which of them are half a picture, told by the codec's parser,
//! which decodes nothing.

use crate::av::{self, number};
use crate::demux::Demuxer;
use ffmpeg_sys_next as ff;
use kit::Result;
use std::ffi::c_int;
use std::ptr::{NonNull, null, null_mut};

/// How a codec moves pictures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As they come.
    Straight,
    /// By the numbers in their headers, which begin again at some key frames.
    Numbered,
    /// Pictures that others are made from wait until those between have been shown.
    Waiting,
}

/// What is noted of a packet.
#[derive(Clone, Copy)]
pub struct Note {
    number: i32,
    between: bool,
    key: bool,
    /// Whether nothing refers beyond it.
    fresh: bool,
}

/// The parser of a stream.
pub struct Order {
    parser: NonNull<ff::AVCodecParserContext>,
    context: NonNull<ff::AVCodecContext>,
    kind: Kind,
    /// Whether two packets may be the fields of one picture; of HEVC each is a picture.
    pairs: bool,
    /// The field that the packet before began a picture with, which waits for the other.
    begun: Option<c_int>,
    /// The size of pictures so far, and whether it changed.
    size: (c_int, c_int),
    resized: bool,
}

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Order {}

impl Order {
    /// `None`: only the decoder knows.
    pub fn of(demuxer: &Demuxer) -> Result<Option<Order>> {
        use ff::AVCodecID as Id;
        let parameters = demuxer.parameters(demuxer.stream);
        let id = number!(parameters, codec_id);
        let is = |ids: &[Id]| ids.iter().any(|&known| known as c_int == id);
        let kind = if is(&[Id::AV_CODEC_ID_H264, Id::AV_CODEC_ID_HEVC]) {
            Kind::Numbered
        } else if is(&[Id::AV_CODEC_ID_MPEG1VIDEO, Id::AV_CODEC_ID_MPEG2VIDEO, Id::AV_CODEC_ID_MPEG4]) {
            Kind::Waiting
        } else if !demuxer.moves() {
            Kind::Straight
        } else {
            return Ok(None);
        };
        // SAFETY: it gives a parser of ours, or NULL.
        let Some(parser) = NonNull::new(unsafe { ff::av_parser_init(id) }) else { return Ok(None) };
        // SAFETY: it gives a context of ours, or NULL.
        let mut context = unsafe { ff::avcodec_alloc_context3(null()) };
        // SAFETY: the context is ours, the parameters are alive, the parser was just made.
        let ready = unsafe {
            (*parser.as_ptr()).flags |= ff::PARSER_FLAG_COMPLETE_FRAMES as c_int;
            !context.is_null() && ff::avcodec_parameters_to_context(context, parameters) >= 0
        };
        if !ready {
            // SAFETY: both are ours, or NULL.
            unsafe {
                ff::av_parser_close(parser.as_ptr());
                ff::avcodec_free_context(&mut context);
            }
            return Ok(None);
        }
        let (context, pairs) = (av::there(context, "a parser")?, is(&[Id::AV_CODEC_ID_H264]));
        Ok(Some(Order { parser, context, kind, pairs, begun: None, size: (0, 0), resized: false }))
    }

    /// Where packets may be fields, of which two make a picture.
    pub fn of_fields(demuxer: &Demuxer) -> Result<Option<Order>> {
        if demuxer.may_have_fields() { Order::of(demuxer) } else { Ok(None) }
    }

    /// Of codecs that move pictures; HEVC's units say enough by themselves.
    pub fn of_moved(demuxer: &Demuxer) -> Result<Option<Order>> {
        let hevc = number!(demuxer.parameters(demuxer.stream), codec_id) == ff::AVCodecID::AV_CODEC_ID_HEVC as c_int;
        Ok(if hevc { None } else { Order::of(demuxer)?.filter(|order| order.kind != Kind::Straight) })
    }

    /// Whether a picture is shown before the key frame which it comes behind.
    pub fn leads(&self, key: &Note, next: &Note) -> bool {
        match self.kind {
            Kind::Straight => false,
            Kind::Numbered => next.number < key.number,
            Kind::Waiting => next.between && !key.between,
        }
    }

    /// Notes a packet, and whether it is a key frame that nothing behind refers beyond; `None`: the second field of the
    /// picture that the packet before began.
    pub fn note(&mut self, packet: &ff::AVPacket, fresh: bool) -> Option<Note> {
        let (mut out, mut size) = (null_mut(), 0);
        let parser = self.parser.as_ptr();
        // SAFETY: parser and context are ours, the packet is alive and padded.
        unsafe {
            (*parser).output_picture_number = 0;
            let (data, bytes) = (packet.data, packet.size);
            ff::av_parser_parse2(parser, self.context.as_ptr(), &mut out, &mut size, data, bytes, 0, 0, 0);
        }
        // SAFETY: the parser is ours.
        let (number, kind, size) =
            unsafe { ((*parser).output_picture_number, (*parser).pict_type, ((*parser).width, (*parser).height)) };
        self.resized |= self.size.0 > 0 && self.size != size;
        self.size = size;
        let key = packet.flags & ff::AV_PKT_FLAG_KEY as c_int != 0;
        let second = self.is_second(number!(parser, picture_structure));
        (!second).then_some(Note { number, between: kind == ff::AVPictureType::AV_PICTURE_TYPE_B as c_int, key, fresh })
    }

    /// Whether a packet of this structure ends a picture. One that holds both fields is told as its first.
    fn is_second(&mut self, structure: c_int) -> bool {
        use ff::AVPictureStructure::{AV_PICTURE_STRUCTURE_BOTTOM_FIELD, AV_PICTURE_STRUCTURE_TOP_FIELD};
        let fields = [AV_PICTURE_STRUCTURE_TOP_FIELD as c_int, AV_PICTURE_STRUCTURE_BOTTOM_FIELD as c_int];
        let field = Some(structure).filter(|structure| self.pairs && fields.contains(structure));
        match (self.begun.take(), field) {
            (Some(first), Some(field)) if first != field => true,
            _ => {
                self.begun = field;
                false
            }
        }
    }

    /// Places of the packets, in the order in which they are shown. `None`: the headers cannot be meant so.
    pub fn shown(&self, notes: &[Note]) -> Option<Vec<usize>> {
        match self.kind {
            Kind::Straight => Some((0..notes.len()).collect()),
            // Where the size changes, what waits may be lost.
            Kind::Waiting => (!self.resized).then(|| waiting(notes)),
            Kind::Numbered => numbered(notes),
        }
    }

    /// Whether numbers begin again where the decoder does not expect it.
    pub fn stumbles(&self, notes: &[Note]) -> bool {
        self.kind == Kind::Numbered && stumbles(notes)
    }
}

fn waiting(notes: &[Note]) -> Vec<usize> {
    let mut shown = Vec::with_capacity(notes.len());
    let mut held = None;
    for (i, note) in notes.iter().enumerate() {
        match note.between {
            true => shown.push(i),
            false => shown.extend(held.replace(i)),
        }
    }
    shown.extend(held);
    shown
}

fn stumbles(notes: &[Note]) -> bool {
    let mut most = i32::MIN;
    notes.iter().any(|note| {
        let lower = note.key && note.number <= most;
        most = if note.fresh { note.number } else { most.max(note.number) };
        lower && !note.fresh
    })
}

fn numbered(notes: &[Note]) -> Option<Vec<usize>> {
    let (mut epoch, mut most) = (0, i32::MIN);
    let mut all: Vec<(u32, i32, usize)> = Vec::with_capacity(notes.len());
    for (i, note) in notes.iter().enumerate() {
        if note.key && i > 0 && note.number <= most {
            (epoch, most) = (epoch + 1, note.number);
        }
        most = most.max(note.number);
        all.push((epoch, note.number, i));
    }
    all.sort_unstable();
    let apart = all.windows(2).all(|two| (two[0].0, two[0].1) != (two[1].0, two[1].1));
    apart.then(|| all.into_iter().map(|(_, _, i)| i).collect())
}

impl Drop for Order {
    fn drop(&mut self) {
        let mut context = self.context.as_ptr();
        // SAFETY: made by `of`; this is their one end.
        unsafe {
            ff::av_parser_close(self.parser.as_ptr());
            ff::avcodec_free_context(&mut context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(of: &[(i32, bool, bool)]) -> Vec<Note> {
        of.iter().map(|&(number, between, key)| Note { number, between, key, fresh: key && number == 0 }).collect()
    }

    #[test]
    fn pictures_between_are_shown_before_what_they_are_made_from() {
        let stream =
            notes(&[(0, false, true), (0, false, false), (0, true, false), (0, true, false), (0, false, false)]);
        assert_eq!(waiting(&stream), [0, 2, 3, 1, 4]);
    }

    #[test]
    fn numbers_begin_again_at_key_frames_that_are_not_above_them() {
        let stream =
            notes(&[(0, false, true), (8, false, false), (4, false, false), (0, false, true), (2, false, false)]);
        assert_eq!(numbered(&stream), Some(vec![0, 2, 1, 3, 4]));
        // A key frame in the middle of an open group: what comes behind it is shown before.
        let open = notes(&[(0, false, true), (4, false, false), (12, false, true), (8, false, false)]);
        assert_eq!(numbered(&open), Some(vec![0, 1, 3, 2]));
        assert_eq!(numbered(&notes(&[(0, false, true), (0, false, false)])), None);
        assert!(!stumbles(&stream) && !stumbles(&open));
        // An open group behind another film.
        assert!(stumbles(&notes(&[(0, false, true), (8, false, false), (6, false, true), (10, false, false)])));
    }
}
