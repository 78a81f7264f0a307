//! Where bytes come from. A [`Source`] is read at positions, by any number of readers at once, so that an
//! iterator, a second iterator and a plain read do not disturb each other.

use crate::error::{Error, Result};
use crate::model::{Limits, zeroed};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// What plugins are shown of a file before they are asked to open it; a small file is read by this alone.
const HEAD: usize = 16 << 10;

/// The most that a reader fetches ahead.
const AHEAD: usize = 256 << 10;

/// Bytes that can be read at any position.
pub trait ReadAt: Send + Sync {
    /// Reads into `buffer` from `offset`: short reads are legal, 0 is the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// How many bytes there are, if that is known without reading them.
    fn known_len(&self) -> Option<u64>;
    /// All bytes, if they are in memory.
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }
    /// Whether threads other than the caller's may read.
    fn any_thread(&self) -> bool {
        true
    }
}

/// A byte stream of the caller's. Dropping it closes it.
pub trait Stream: Send {
    /// Reads; 0 is the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes some of the bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Moves, if the stream can.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64>;
    /// Whether it can move.
    fn can_seek(&self) -> bool;
    /// How many bytes there are, if the caller says.
    fn size(&mut self) -> Option<u64>;
    /// Whether threads other than the caller's may use it.
    fn any_thread(&self) -> bool;
    /// Everything was written and nothing failed.
    fn finish(&mut self) -> io::Result<()>;
}

/// An open resource to read from. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    bytes: Arc<dyn ReadAt>,
    head: Arc<[u8]>,
    whole: bool,
    name: Arc<str>,
    path: Option<Arc<Path>>,
    extension: Option<Arc<str>>,
    device: bool,
}

impl Source {
    /// A source over any bytes; reads the first of them.
    pub fn new(bytes: Arc<dyn ReadAt>, name: &str, path: Option<&Path>, extension: Option<&str>) -> Result<Source> {
        let mut head = Vec::new();
        let mut whole = false;
        if let Some(all) = bytes.as_slice() {
            head.extend_from_slice(&all[..all.len().min(HEAD)]);
        } else {
            let known = bytes.known_len().map_or(HEAD, |n| HEAD.min(usize::try_from(n).unwrap_or(HEAD)));
            // Devices and /proc say 0 and hold more.
            head = zeroed(if known == 0 { HEAD } else { known })?;
            let read = read_full_at(&*bytes, &mut head, 0)?;
            whole = read < head.len() || bytes.known_len() == Some(read as u64);
            head.truncate(read);
        }
        Ok(Source {
            bytes,
            head: head.into(),
            whole,
            name: name.into(),
            path: path.map(Arc::from),
            extension: extension.map(Arc::from),
            device: false,
        })
    }

    /// A camera or screen: it has no bytes, and a plugin that reads such opens it by its name.
    pub fn of_device(name: &str) -> Result<Source> {
        let source = Source::new(Arc::new(Memory([0; 0])), name, None, None)?;
        Ok(Source { device: true, ..source })
    }

    /// The name of the device, if it is one.
    pub fn device(&self) -> Option<&str> {
        self.device.then_some(&*self.name)
    }

    /// The resource's name for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local path, for plugins that need one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What the content is said to be: the option `extension`, or the name's suffix in lower case.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The first bytes: all of a small file.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many bytes there are, if that is known without reading them.
    pub fn len(&self) -> Option<u64> {
        if self.whole { Some(self.head.len() as u64) } else { self.bytes.known_len() }
    }

    /// Whether it is known to be empty.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Whether threads other than the caller's may read.
    pub fn any_thread(&self) -> bool {
        self.bytes.any_thread()
    }

    /// All bytes, if they are in memory.
    pub fn as_slice(&self) -> Option<&[u8]> {
        if self.whole { Some(&self.head) } else { self.bytes.as_slice() }
    }

    /// All bytes: those in memory, or read within the limits.
    pub fn all(&self, limits: &Limits) -> Result<Cow<'_, [u8]>> {
        if let Some(bytes) = self.as_slice() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut out = Vec::new();
        if let Some(n) = self.len() {
            let n = usize::try_from(n).map_err(|_| Error::limit(format!("a file of {n} bytes")))?;
            limits.check_bytes(n)?;
            out = zeroed(n)?;
            // A file that grows or shrinks meanwhile is what it was when it was opened, or ends early.
            let read = read_full_at(self, &mut out, 0)?;
            out.truncate(read);
            return Ok(Cow::Owned(out));
        }
        let most = limits.max_bytes.map_or(u64::MAX, |most| most.saturating_add(1));
        self.reader().take(most).read_to_end(&mut out)?;
        limits.check_bytes(out.len())?;
        Ok(Cow::Owned(out))
    }

    /// Reads as much as there is room for, or to the end; the bytes read.
    pub fn read_up_to(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Ok(read_full_at(self, buffer, offset)?)
    }

    /// Reads exactly this much from there, or fails with "the data ends too early".
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        match read_full_at(self, buffer, offset)? {
            n if n == buffer.len() => Ok(()),
            _ => Err(Error::from(io::Error::from(io::ErrorKind::UnexpectedEof)).at(offset)),
        }
    }

    /// A reader with a position and a buffer of its own, at the start.
    pub fn reader(&self) -> SourceReader {
        SourceReader { source: self.clone(), at: 0, ahead: Vec::new(), filled: 0, used: 0, fetch: HEAD }
    }
}

impl ReadAt for Source {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(all) = self.as_slice() {
            return Ok(copy_from(all, buffer, offset));
        }
        if offset < self.head.len() as u64 {
            return Ok(copy_from(&self.head, buffer, offset));
        }
        self.bytes.read_at(buffer, offset)
    }

    fn known_len(&self) -> Option<u64> {
        Source::len(self)
    }
}

fn copy_from(all: &[u8], buffer: &mut [u8], offset: u64) -> usize {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
    let n = buffer.len().min(all.len() - from);
    buffer[..n].copy_from_slice(&all[from..from + n]);
    n
}

/// Reads until the buffer is full or the end; the bytes read.
fn read_full_at<R: ReadAt + ?Sized>(bytes: &R, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        // No file has bytes beyond what an offset can say.
        let Some(from) = offset.checked_add(done as u64) else { break };
        match bytes.read_at(&mut buffer[done..], from) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// A reader over a [`Source`], with its own position.
pub struct SourceReader {
    source: Source,
    /// Position of the next byte that is handed out.
    at: u64,
    ahead: Vec<u8>,
    /// Bytes of `ahead` that were read, and those of them that were handed out.
    filled: usize,
    used: usize,
    fetch: usize,
}

impl SourceReader {
    /// Position of the next byte.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The source.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl BufRead for SourceReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Memory needs no copy; what is in memory is also what small files are.
        if self.source.as_slice().is_some() || self.at < self.source.head.len() as u64 {
            let all = self.source.as_slice().unwrap_or(&self.source.head);
            let from = usize::try_from(self.at).unwrap_or(usize::MAX).min(all.len());
            return Ok(&all[from..]);
        }
        if self.used == self.filled {
            // A read that filled its room gets more; short ones do not pay for zeroing it again.
            if self.filled == self.ahead.len() {
                self.ahead.resize(self.fetch, 0);
                self.fetch = (self.fetch * 2).min(AHEAD);
            }
            (self.used, self.filled) = (0, 0);
            self.filled = loop {
                match self.source.bytes.read_at(&mut self.ahead, self.at) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
        }
        Ok(&self.ahead[self.used..self.filled])
    }

    fn consume(&mut self, n: usize) {
        self.at += n as u64;
        self.used = (self.used + n).min(self.filled);
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl Seek for SourceReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::Current(n) => self.at.checked_add_signed(n),
            SeekFrom::End(n) => self
                .source
                .len()
                .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "the length of the stream is not known"))?
                .checked_add_signed(n),
        };
        let target = target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a seek before the start"))?;
        let kept = target.checked_sub(self.at).and_then(|skip| usize::try_from(skip).ok());
        match kept.filter(|&skip| skip <= self.filled - self.used) {
            Some(skip) => self.used += skip,
            None => self.used = self.filled,
        }
        self.at = target;
        Ok(target)
    }
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn known_len(&self) -> Option<u64> {
        self.metadata().ok().filter(|m| m.is_file()).map(|m| m.len())
    }
}

/// Bytes in memory: ours, or lent by the caller.
pub struct Memory<T>(pub T);

impl<T: AsRef<[u8]> + Send + Sync> ReadAt for Memory<T> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(copy_from(self.0.as_ref(), buffer, offset))
    }

    fn known_len(&self) -> Option<u64> {
        Some(self.0.as_ref().len() as u64)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self.0.as_ref())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A stream that can seek.
pub struct Seekable {
    stream: Mutex<(Box<dyn Stream>, Option<u64>)>,
    len: Option<u64>,
    any_thread: bool,
}

impl Seekable {
    /// Asks the stream for its size, by its end if it does not say.
    pub fn new(mut stream: Box<dyn Stream>) -> io::Result<Seekable> {
        let len = match stream.size() {
            Some(n) => Some(n),
            None => Some(stream.seek(SeekFrom::End(0))?),
        };
        let any_thread = stream.any_thread();
        Ok(Seekable { stream: Mutex::new((stream, None)), len, any_thread })
    }
}

impl ReadAt for Seekable {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut guard = locked(&self.stream);
        let (stream, position) = &mut *guard;
        // Nobody knows where a stream stands after a failure.
        if position.take() != Some(offset) {
            stream.seek(SeekFrom::Start(offset))?;
        }
        let n = stream.read(buffer)?;
        *position = Some(offset + n as u64);
        Ok(n)
    }

    fn known_len(&self) -> Option<u64> {
        self.len
    }

    fn any_thread(&self) -> bool {
        self.any_thread
    }
}

/// A stream that only goes forward: what was read is kept, since formats look back. Bounded by `most`.
pub struct Forward {
    state: Mutex<Kept>,
    most: u64,
    any_thread: bool,
}

struct Kept {
    stream: Box<dyn Stream>,
    /// What was read, and room behind it that is zeroed once, however short the reads are.
    bytes: Vec<u8>,
    len: usize,
    ended: bool,
}

impl Forward {
    /// Keeps at most `limits.max_bytes` of the stream.
    pub fn new(stream: Box<dyn Stream>, limits: &Limits) -> Forward {
        let any_thread = stream.any_thread();
        let most = limits.max_bytes.unwrap_or(u64::MAX);
        let kept = Kept { stream, bytes: Vec::new(), len: 0, ended: false };
        Forward { state: Mutex::new(kept), most, any_thread }
    }
}

impl ReadAt for Forward {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut guard = locked(&self.state);
        let kept = &mut *guard;
        while !kept.ended && (kept.len as u64) <= offset {
            if kept.len as u64 >= self.most {
                return Err(Error::limit(format!("a stream of over {} bytes; raise max_bytes", self.most)).into());
            }
            if kept.bytes.len() - kept.len < HEAD {
                let room = kept.len.max(2 * HEAD);
                kept.bytes.try_reserve(room).map_err(|_| Error::out_of_memory(kept.len + room))?;
                kept.bytes.resize(kept.len + room, 0);
            }
            let n = kept.stream.read(&mut kept.bytes[kept.len..kept.len + HEAD])?;
            kept.len += n;
            kept.ended = n == 0;
        }
        Ok(copy_from(&kept.bytes[..kept.len], buffer, offset))
    }

    fn known_len(&self) -> Option<u64> {
        let kept = locked(&self.state);
        kept.ended.then_some(kept.len as u64)
    }

    fn any_thread(&self) -> bool {
        self.any_thread
    }
}
