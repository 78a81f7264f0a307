//! The deflated pixels of an image: its IDAT chunks as one run of bytes, and what they inflate to, block by block.

use super::chunks::word;
use crate::model::zeroed;
use crate::resource::{Source, SourceReader};
use std::io::{BufRead, Read, Seek, SeekFrom};

/// Something about the data is not as it should be, or could not be read. Which error that is, and how many rows may
/// still be given, is for the `png` crate to say: it then decodes the image from its start.
#[derive(Debug)]
pub struct Odd;

impl From<std::io::Error> for Odd {
    fn from(_: std::io::Error) -> Odd {
        Odd
    }
}

/// A walk over the IDAT chunks of the image.
pub struct Data {
    reader: SourceReader,
    /// Bytes of the present chunk that are still to come.
    left: usize,
    crc: Option<crc32fast::Hasher>,
    ended: bool,
}

impl Data {
    /// The chunks from `at` on, where the first of them begins.
    pub fn new(source: &Source, at: u64) -> Result<Data, Odd> {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(at))?;
        Ok(Data { reader, left: 0, crc: None, ended: false })
    }

    /// Bytes that come next; none at the end, behind which the next chunk begins as it should.
    fn bytes(&mut self) -> Result<&[u8], Odd> {
        while self.left == 0 && !self.ended {
            self.next_chunk()?;
        }
        if self.ended {
            return Ok(&[]);
        }
        match self.reader.fill_buf()? {
            [] => Err(Odd),
            bytes => Ok(&bytes[..bytes.len().min(self.left)]),
        }
    }

    /// Passes `n` of these bytes.
    fn pass(&mut self, n: usize) -> Result<(), Odd> {
        if n > 0 {
            let bytes = self.reader.fill_buf()?.get(..n).ok_or(Odd)?;
            self.crc.as_mut().ok_or(Odd)?.update(bytes);
            self.reader.consume(n);
            self.left -= n;
        }
        Ok(())
    }

    fn next_chunk(&mut self) -> Result<(), Odd> {
        if let Some(crc) = self.crc.take() {
            let mut sum = [0; 4];
            self.reader.read_exact(&mut sum)?;
            if crc.finalize() != u32::from_be_bytes(sum) {
                return Err(Odd);
            }
        }
        let mut head = [0; 8];
        self.reader.read_exact(&mut head)?;
        let (len, kind) = (word(&head, 0), &head[4..]);
        if len > i32::MAX as u32 || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(Odd);
        }
        self.ended = kind != b"IDAT";
        if !self.ended {
            let mut crc = crc32fast::Hasher::new();
            crc.update(kind);
            (self.left, self.crc) = (len as usize, Some(crc));
        }
        Ok(())
    }

    /// What all of it inflates to, if that is `len` bytes.
    pub fn inflated(mut self, len: u64) -> Result<Vec<u8>, Odd> {
        let len = usize::try_from(len).map_err(|_| Odd)?;
        // No encoder makes it longer than by a hundredth.
        let most = len.saturating_add(len / 8 + 1024);
        let mut packed = Vec::new();
        loop {
            let bytes = self.bytes()?;
            let n = bytes.len();
            if n == 0 {
                break;
            }
            if n > most - packed.len() {
                return Err(Odd);
            }
            packed.extend_from_slice(bytes);
            self.pass(n)?;
        }
        let mut image = zeroed(len).map_err(|_| Odd)?;
        let mut inflater = inflate::Inflater::new().map_err(|_| Odd)?;
        let inflated = inflater.inflate(inflate::Wrapper::Zlib, &packed, &mut image).map_err(|_| Odd)?;
        if inflated.written == len { Ok(image) } else { Err(Odd) }
    }

    /// Passes what is left, which has to be whole too.
    pub fn drain(&mut self) -> Result<(), Odd> {
        loop {
            let n = self.bytes()?.len();
            if n == 0 {
                return Ok(());
            }
            self.pass(n)?;
        }
    }
}

/// How far back deflate refers.
const WINDOW: usize = 32 << 10;

/// Bytes of a block: small enough to stay in a processor's cache between inflating and unfiltering.
pub const BLOCK: usize = 128 << 10;

/// Inflates block by block.
pub struct Inflater {
    data: Data,
    state: Box<fdeflate::Decompressor>,
    /// Bytes that are still to come.
    left: u64,
    /// Bytes of a block with those to which it refers.
    block: usize,
}

/// Inflated bytes, behind those to which the next ones may refer.
pub struct Block {
    memory: Vec<u8>,
    from: usize,
    to: usize,
}

impl Block {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.memory.get(self.from..self.to).unwrap_or(&[])
    }
}

impl Inflater {
    /// For an image of `len` bytes with its filters' numbers.
    pub fn new(data: Data, len: u64) -> Inflater {
        let mut state = Box::new(fdeflate::Decompressor::new());
        // As the `png` crate does, and libpng in effect: the chunks have checksums of their own.
        state.ignore_adler32();
        // An image of one block looks back on nothing.
        let block = usize::try_from(len).ok().filter(|&len| len <= BLOCK).unwrap_or(WINDOW + BLOCK);
        Inflater { data, state, left: len, block }
    }

    /// A block before the first.
    pub fn block(&self) -> Block {
        Block { memory: vec![0; self.block], from: 0, to: 0 }
    }

    /// Makes `next` the block behind `last`. `false`: that was the end, and all was well.
    pub fn next(&mut self, last: &Block, next: &mut Block) -> Result<bool, Odd> {
        let window = last.to.min(WINDOW);
        let before = last.memory.get(last.to - window..last.to).ok_or(Odd)?;
        next.memory[..window].copy_from_slice(before);
        (next.from, next.to) = (window, window);
        self.inflate(next)
    }

    /// Makes the block the one behind it.
    pub fn follow(&mut self, block: &mut Block) -> Result<bool, Odd> {
        let window = block.to.min(WINDOW);
        block.memory.copy_within(block.to - window..block.to, 0);
        (block.from, block.to) = (window, window);
        self.inflate(block)
    }

    fn inflate(&mut self, block: &mut Block) -> Result<bool, Odd> {
        if self.left == 0 {
            return self.end(block).map(|()| false);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(BLOCK);
        let end = block.from + room;
        while block.to < end {
            let input = self.data.bytes()?;
            let to = &mut block.memory[..end];
            let (read, written) = self.state.read(input, to, block.to, false).map_err(|_| Odd)?;
            if read == 0 && written == 0 {
                return Err(Odd);
            }
            self.data.pass(read)?;
            block.to += written;
        }
        self.left -= room as u64;
        Ok(true)
    }

    /// Behind the last byte the stream ends, and then the chunks.
    fn end(&mut self, block: &mut Block) -> Result<(), Odd> {
        while !self.state.is_done() {
            let input = self.data.bytes()?;
            let full = &mut block.memory[..block.to];
            let (read, _) = self.state.read(input, full, block.to, false).map_err(|_| Odd)?;
            if read == 0 && !self.state.is_done() {
                return Err(Odd);
            }
            self.data.pass(read)?;
        }
        self.data.drain()
    }
}
