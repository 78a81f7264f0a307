//! The blocks of a file in their order. What a frame's blocks say is parsed; its pixels are passed over by the
//! lengths of their sub-blocks, or handed out compressed.

use crate::error::{Error, ErrorKind, Result};
use crate::model::MAX_METADATA;
use crate::resource::{Source, SourceReader};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// What stands before the first frame.
#[derive(Clone)]
pub struct Screen {
    /// "GIF87a" or "GIF89a".
    pub version: [u8; 6],
    /// Pixels of a row, and rows, as the file says; a first frame may reach further.
    pub size: (usize, usize),
    /// The background's place in the global palette, if there is one.
    pub background: Option<u8>,
    /// The global palette, packed RGB.
    pub palette: Option<Vec<u8>>,
}

/// What the blocks of one frame say.
#[derive(Clone)]
pub struct Frame {
    /// Column and row of its first pixel.
    pub at: (usize, usize),
    /// Pixels of a row, and rows.
    pub size: (usize, usize),
    /// Whether its rows come in four passes.
    pub interlaced: bool,
    /// Its own palette, packed RGB.
    pub palette: Option<Vec<u8>>,
    /// How long it is shown, in hundredths of a second.
    pub delay: Option<u16>,
    /// What becomes of it afterwards; a frame that does not say inherits it, as in Pillow.
    pub disposal: u8,
    /// The index that shows what is behind.
    pub transparent: Option<u8>,
    /// Bits of the first codes, less one.
    pub bits: u8,
    /// The comment before it, or the latest before that, as in Pillow.
    pub comment: Option<Arc<[u8]>>,
    /// Where its sub-blocks begin.
    data: u64,
}

/// A walk over the blocks, from frame to frame.
pub struct Scanner {
    reader: SourceReader,
    screen: Screen,
    /// The frame that stands next.
    frame: Option<Frame>,
    /// Frames passed.
    passed: usize,
    /// How long those are shown, in hundredths of a second.
    elapsed: u64,
    /// Whether the sub-blocks of a frame are still to be passed over.
    in_data: bool,
    ended: bool,
    disposal: u8,
    comment: Option<Arc<[u8]>>,
    repeats: Option<u16>,
    extension: Option<(Vec<u8>, u64)>,
}

impl Scanner {
    /// Reads what stands before the first frame.
    pub fn open(source: &Source) -> Result<Scanner> {
        let mut reader = source.reader();
        let mut head = [0; 13];
        reader.read_exact(&mut head)?;
        let [v0, v1, v2, v3, v4, v5, w0, w1, h0, h1, flags, background, _] = head;
        let version = [v0, v1, v2, v3, v4, v5];
        if !is_gif(&version) {
            return Err(Error::new(ErrorKind::NoBackend, "not a GIF"));
        }
        let size = (word(w0, w1), word(h0, h1));
        let has_palette = flags & 0x80 != 0;
        let palette = if has_palette { Some(read_palette(&mut reader, flags)?) } else { None };
        Ok(Scanner {
            reader,
            screen: Screen { version, size, background: has_palette.then_some(background), palette },
            frame: None,
            passed: 0,
            elapsed: 0,
            in_data: false,
            ended: false,
            disposal: 0,
            comment: None,
            repeats: None,
            extension: None,
        })
    }

    /// What stands before the first frame.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// How many frames were passed: the index of the one that [`peek`](Self::peek) gives.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// When the frame that [`peek`](Self::peek) gives begins, in hundredths of a second.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// How often the animation repeats, 0 being for ever.
    pub fn repeats(&self) -> Option<u16> {
        self.repeats
    }

    /// The last application extension before the first frame: its first sub-block, and where the next begins.
    pub fn extension(&self) -> Option<(&[u8], u64)> {
        self.extension.as_ref().map(|(name, at)| (name.as_slice(), *at))
    }

    /// The next frame; `None` after the last. An error ends the walk.
    pub fn peek(&mut self) -> Result<Option<&Frame>> {
        if self.frame.is_none() && !self.ended {
            let parsed = self.parse();
            self.ended = !matches!(parsed, Ok(Some(_)));
            self.frame = parsed.map_err(|e| e.at(self.reader.position()))?;
        }
        Ok(self.frame.as_ref())
    }

    /// Passes the frame that was peeked at.
    pub fn pass(&mut self) -> Option<Frame> {
        let frame = self.frame.take()?;
        self.passed += 1;
        self.elapsed += u64::from(frame.delay.unwrap_or(0));
        Some(frame)
    }

    /// The next sub-block of the frame that was peeked at; `None` after the last, and where the file ends.
    pub fn data<'b>(&mut self, block: &'b mut [u8; 255]) -> Result<Option<&'b [u8]>> {
        if !self.in_data {
            return Ok(None);
        }
        let length = next_byte(&mut self.reader)?;
        self.in_data = length.is_some_and(|n| n > 0);
        self.ended |= length.is_none();
        let wanted = usize::from(length.unwrap_or(0));
        let mut done = 0;
        while let Some(rest) = block.get_mut(done..wanted).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest)? {
                // What the file still has of the sub-block may complete the frame.
                0 => {
                    self.in_data = false;
                    self.ended = true;
                    break;
                }
                n => done += n,
            }
        }
        Ok(block.get(..done).filter(|data| !data.is_empty()))
    }

    /// Goes back to the first sub-block of the frame that was peeked at.
    pub fn back_to_data(&mut self) -> Result<()> {
        if let Some(frame) = &self.frame {
            self.reader.seek(SeekFrom::Start(frame.data))?;
            self.in_data = true;
            self.ended = false;
        }
        Ok(())
    }

    fn parse(&mut self) -> Result<Option<Frame>> {
        // Without its trailer nothing tells how many frames a file had; whoever wants those that are there asks for
        // them by allow_partial.
        let cut = || Error::corrupt("the file ends without its trailer; allow_partial reads the frames that are there");
        while self.in_data {
            match next_byte(&mut self.reader)? {
                None => return Err(cut()),
                Some(0) => self.in_data = false,
                Some(n) => drop(self.reader.seek(SeekFrom::Current(n.into()))?),
            }
        }
        let mut control = Control::default();
        let mut comment: Option<Vec<u8>> = None;
        loop {
            match next_byte(&mut self.reader)? {
                None => return Err(cut()),
                Some(b';') => return Ok(None),
                Some(b'!') => self.read_extension(&mut control, &mut comment)?,
                Some(b',') => break,
                // Padding between blocks occurs in the wild; Pillow passes over it too.
                Some(_) => {}
            }
        }
        if let Some(comment) = comment {
            self.comment = Some(comment.into());
        }
        self.read_descriptor(control).map(Some)
    }

    fn read_extension(&mut self, control: &mut Control, comment: &mut Option<Vec<u8>>) -> Result<()> {
        let mut block = [0; 255];
        let label = read_array::<1>(&mut self.reader)?;
        match label {
            [0xf9] => {
                let Some(block) = read_block(&mut self.reader, &mut block)? else { return Ok(()) };
                if let &[flags, d0, d1, transparent, ..] = block {
                    control.delay = Some(u16::from_le_bytes([d0, d1]));
                    // As in Pillow, a second control block for one frame does not take back the first.
                    if flags & 1 != 0 {
                        control.transparent = Some(transparent);
                    }
                    if (flags >> 2) & 7 != 0 {
                        self.disposal = (flags >> 2) & 7;
                    }
                }
            }
            [0xfe] => return self.read_comment(comment),
            [0xff] if self.passed == 0 => return self.read_application(),
            _ => {}
        }
        self.skip_blocks()
    }

    /// Several comments before one frame are lines of one, as in Pillow.
    fn read_comment(&mut self, comment: &mut Option<Vec<u8>>) -> Result<()> {
        let mut block = [0; 255];
        let mut text: Vec<u8> = Vec::new();
        while let Some(part) = read_block(&mut self.reader, &mut block)? {
            if text.len() + comment.as_ref().map_or(0, Vec::len) > MAX_METADATA {
                return Err(Error::limit("the comments are too long"));
            }
            text.extend_from_slice(part);
        }
        match comment {
            _ if text.is_empty() => {}
            Some(before) => {
                before.push(b'\n');
                before.append(&mut text);
            }
            None => *comment = Some(text),
        }
        Ok(())
    }

    fn read_application(&mut self) -> Result<()> {
        let mut block = [0; 255];
        let Some(name) = read_block(&mut self.reader, &mut block)?.map(<[u8]>::to_vec) else { return Ok(()) };
        let is_netscape = name.starts_with(b"NETSCAPE2.0");
        self.extension = Some((name, self.reader.position()));
        if is_netscape {
            match read_block(&mut self.reader, &mut block)? {
                Some([1, n0, n1, ..]) => self.repeats = Some(u16::from_le_bytes([*n0, *n1])),
                Some(_) => {}
                None => return Ok(()),
            }
        }
        self.skip_blocks()
    }

    fn skip_blocks(&mut self) -> Result<()> {
        let mut block = [0; 255];
        while read_block(&mut self.reader, &mut block)?.is_some() {}
        Ok(())
    }

    fn read_descriptor(&mut self, control: Control) -> Result<Frame> {
        let [x0, x1, y0, y1, w0, w1, h0, h1, flags] = read_array::<9>(&mut self.reader)?;
        let palette = if flags & 0x80 != 0 { Some(read_palette(&mut self.reader, flags)?) } else { None };
        let [bits] = read_array(&mut self.reader)?;
        self.in_data = true;
        Ok(Frame {
            at: (word(x0, x1), word(y0, y1)),
            size: (word(w0, w1), word(h0, h1)),
            interlaced: flags & 0x40 != 0,
            palette,
            delay: control.delay,
            disposal: self.disposal,
            transparent: control.transparent,
            bits,
            comment: self.comment.clone(),
            data: self.reader.position(),
        })
    }
}

/// What a graphic control extension says of the frame after it.
#[derive(Default)]
struct Control {
    delay: Option<u16>,
    transparent: Option<u8>,
}

/// Whether a file starts so.
pub fn is_gif(head: &[u8]) -> bool {
    head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")
}

fn word(low: u8, high: u8) -> usize {
    u16::from_le_bytes([low, high]).into()
}

fn read_array<const N: usize>(reader: &mut SourceReader) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_palette(reader: &mut SourceReader, flags: u8) -> Result<Vec<u8>> {
    let mut palette = vec![0; 6 << (flags & 7)];
    reader.read_exact(&mut palette)?;
    Ok(palette)
}

/// The next byte; `None` where the file ends.
fn next_byte(reader: &mut SourceReader) -> Result<Option<u8>> {
    let mut byte = [0];
    match reader.read_exact(&mut byte) {
        Ok(()) => Ok(Some(byte[0])),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// A sub-block; `None` for the empty one that ends a row of them.
fn read_block<'b>(reader: &mut SourceReader, block: &'b mut [u8; 255]) -> Result<Option<&'b [u8]>> {
    let [length] = read_array(reader)?;
    let Some(data) = block.get_mut(..length.into()) else { return Ok(None) };
    if data.is_empty() {
        return Ok(None);
    }
    reader.read_exact(data)?;
    Ok(Some(data))
}
