//! GIF's LZW, decoding. A string of the table is a place in what was decoded already, since the string that a code
//! adds is the one before it and one byte more: it stands there. So a code is one copy, of 16 bytes mostly, and the
//! chain of prefixes that other decoders walk backwards is not kept at all.

use crate::error::{Error, Result};

/// The bytes 0 to 255 stand before the pixels, so that codes of one byte are places too.
const PRELUDE: usize = 256;

/// A copy is of this many bytes where the string is no longer; what is too much is overwritten by the next.
const COPY: usize = 16;

/// Codes have at most 12 bits.
const CODES: usize = 4096;

/// The indices of a frame, in the order of the file.
pub struct Indices {
    /// Prelude, pixels, and room for a copy that is too long.
    bytes: Vec<u8>,
    done: usize,
    total: usize,
    /// The end of what may be written without another look: of the memory, or of this frame.
    limit: usize,
}

impl Indices {
    /// No pixels.
    pub fn new() -> Indices {
        Indices { bytes: (0..=255).collect(), done: 0, total: 0, limit: 0 }
    }

    /// For a frame of so many pixels. Memory is taken as they come: a file cannot ask for more than it fills.
    pub fn reset(&mut self, total: usize) {
        self.done = 0;
        self.total = total;
        self.limit = self.bytes.len().min(PRELUDE + total + COPY);
    }

    /// The pixels that were decoded.
    pub fn pixels(&self) -> &[u8] {
        self.bytes.get(PRELUDE..PRELUDE + self.done).unwrap_or(&[])
    }

    /// Whether none is missing.
    pub fn is_complete(&self) -> bool {
        self.done == self.total
    }

    /// Makes room for a string of `len` bytes and a copy behind it; the bytes of it that the frame has place for.
    #[cold]
    fn grow(&mut self, len: usize) -> Result<usize> {
        let len = len.min(self.total - self.done);
        let most = PRELUDE + self.total + COPY;
        let least = PRELUDE + self.done + len + COPY;
        if least > self.bytes.len() {
            let wanted = self.bytes.len().saturating_mul(2).max(1 << 16).max(least).min(most);
            let more = wanted - self.bytes.len();
            self.bytes.try_reserve_exact(more).map_err(|_| Error::out_of_memory(wanted))?;
            self.bytes.resize(wanted, 0);
        }
        self.limit = self.bytes.len().min(most);
        Ok(len)
    }
}

/// The decoder, between two pieces of a frame's data.
pub struct Lzw {
    /// Of each code, where its string starts and how long it is.
    strings: Box<[(u32, u32); CODES]>,
    /// Bits read and not used, and how many.
    bits: u64,
    held: u32,
    clear: usize,
    /// Bits of a code now.
    width: u32,
    /// The code that is added next.
    next: usize,
    /// The string before, empty after a clear.
    last: (u32, u32),
    ended: bool,
}

impl Lzw {
    /// A decoder; [`reset`](Self::reset) readies it.
    pub fn new() -> Lzw {
        let mut strings = Box::new([(0, 0); CODES]);
        for (code, string) in strings.iter_mut().enumerate() {
            *string = (code as u32, 1);
        }
        Lzw { strings, bits: 0, held: 0, clear: 0, width: 0, next: 0, last: (0, 0), ended: true }
    }

    /// Readies it for a frame whose pixels have this many bits.
    pub fn reset(&mut self, bits: u8) -> Result<()> {
        if !(1..=8).contains(&bits) {
            return Err(Error::corrupt(format!("pixels of {bits} bits, where 1 to 8 are possible")));
        }
        self.clear = 1 << bits;
        for (code, string) in self.strings.iter_mut().take(self.clear).enumerate() {
            *string = (code as u32, 1);
        }
        self.bits = 0;
        self.held = 0;
        self.ended = false;
        self.restart();
        Ok(())
    }

    fn restart(&mut self) {
        self.width = self.clear.trailing_zeros() + 1;
        self.next = self.clear + 2;
        self.last = (0, 0);
    }

    /// Decodes a piece. `false`: the stream has ended, or every pixel is there.
    pub fn feed(&mut self, data: &[u8], out: &mut Indices) -> Result<bool> {
        let mut data = data.iter();
        while !self.ended && !out.is_complete() {
            if let Some(eight) = data.as_slice().first_chunk::<8>() {
                self.bits |= u64::from_le_bytes(*eight) << self.held;
                let taken = (63 - self.held) / 8;
                data = data.as_slice().get(taken as usize..).unwrap_or(&[]).iter();
                self.held += taken * 8;
            } else if let Some(&byte) = data.next() {
                self.bits |= u64::from(byte) << self.held;
                self.held += 8;
            } else {
                return Ok(true);
            }
            self.codes(out)?;
        }
        Ok(false)
    }

    /// Decodes the codes that are held.
    fn codes(&mut self, out: &mut Indices) -> Result<()> {
        while self.held >= self.width {
            let code = (self.bits & ((1 << self.width) - 1)) as usize;
            self.bits >>= self.width;
            self.held -= self.width;
            if code == self.clear {
                self.restart();
                continue;
            }
            if code == self.clear + 1 {
                self.ended = true;
                return Ok(());
            }
            let fresh = self.next;
            if self.last.1 != 0 && fresh < CODES {
                self.strings[fresh] = (self.last.0, self.last.1 + 1);
                self.next += 1;
                if self.next == 1 << self.width && self.width < 12 {
                    self.width += 1;
                }
            }
            // After a clear there is nothing but single bytes.
            let known = if self.last.1 == 0 { self.clear } else { self.next };
            if code >= known {
                return Err(Error::corrupt(format!("code {code} of the pixels is not yet known")));
            }
            if self.copy(code, code == fresh, out)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Puts the string of a code behind the pixels; `true` if they are complete. The string of the code that was
    /// just added ends with its own first byte, which is not there yet.
    #[inline(always)]
    fn copy(&mut self, code: usize, is_fresh: bool, out: &mut Indices) -> Result<bool> {
        let (start, whole) = self.strings[code % CODES];
        let at = PRELUDE + out.done;
        self.last = (at as u32, whole);
        let (start, whole) = (start as usize, whole as usize);
        let mut len = whole;
        if at + len + COPY > out.limit {
            len = out.grow(len)?;
        }
        if len <= COPY {
            let mut bytes = [0; COPY];
            bytes.copy_from_slice(&out.bytes[start..start + COPY]);
            out.bytes[at..at + COPY].copy_from_slice(&bytes);
        } else {
            out.bytes.copy_within(start..start + len, at);
        }
        if is_fresh && len == whole {
            out.bytes[at + len - 1] = out.bytes[start];
        }
        out.done += len;
        Ok(out.is_complete())
    }
}
