//! Where bytes go: a file that appears when it is complete, memory, or a stream of the caller's.

use super::atomic::{self, AtomicFile, Target};
use super::source::Stream;
use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// Bytes gathered before they are passed on: encoders write in small pieces.
const GATHER: usize = 64 << 10;

/// An open target. Clones are the same target, so that an encoder may own one while the file keeps another.
#[derive(Clone)]
pub struct Output(Arc<Mutex<State>>);

struct State {
    kind: Kind,
    gathered: Vec<u8>,
    /// Bytes taken, to tell whether a refused write had begun.
    taken: u64,
    name: String,
    owner: u32,
}

enum Kind {
    Replaced(AtomicFile),
    Straight(File),
    Memory { bytes: Vec<u8>, at: usize },
    Stream(Box<dyn Stream>),
    Ended,
}

impl Output {
    fn new(kind: Kind, name: &str) -> Output {
        let owner = std::process::id();
        Output(Arc::new(Mutex::new(State { kind, gathered: Vec::new(), taken: 0, name: name.to_owned(), owner })))
    }

    /// A local path: replaced when complete, or written straight if it is a FIFO or device.
    pub fn path(path: &Path) -> Result<Output> {
        let kind = match atomic::open(path)? {
            Target::Replaced(file) => Kind::Replaced(file),
            Target::Straight(file) => Kind::Straight(file),
        };
        Ok(Output::new(kind, &path.to_string_lossy()))
    }

    /// Memory, to be had by [`Output::memory_bytes`].
    pub fn memory() -> Output {
        Output::new(Kind::Memory { bytes: Vec::new(), at: 0 }, "<bytes>")
    }

    /// A stream of the caller's, or standard output.
    pub fn stream(stream: Box<dyn Stream>, name: &str) -> Output {
        Output::new(Kind::Stream(stream), name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The target's name for messages.
    pub fn name(&self) -> String {
        self.state().name.clone()
    }

    /// Whether earlier bytes can be changed.
    pub fn can_seek(&self) -> bool {
        match &self.state().kind {
            Kind::Replaced(_) | Kind::Memory { .. } => true,
            Kind::Stream(stream) => stream.can_seek(),
            Kind::Straight(_) | Kind::Ended => false,
        }
    }

    /// Bytes taken so far, those overwritten included.
    pub fn taken(&self) -> u64 {
        self.state().taken
    }

    /// Makes room in memory for so many bytes more, where there is as much: a hint, so that what grows is not moved.
    pub fn expect(&self, more: usize) {
        if let Kind::Memory { bytes, .. } = &mut self.state().kind {
            // Without room now, there may be less to write than was thought.
            let _ = bytes.try_reserve_exact(more);
        }
    }

    /// Passes on what was gathered and, for a file, puts it in place.
    pub fn publish(&self) -> Result<()> {
        let mut state = self.state();
        state.pass_on()?;
        match std::mem::replace(&mut state.kind, Kind::Ended) {
            Kind::Replaced(file) => file.publish(),
            Kind::Stream(mut stream) => stream.finish().map_err(Error::from),
            memory @ Kind::Memory { .. } => {
                state.kind = memory;
                Ok(())
            }
            Kind::Straight(_) | Kind::Ended => Ok(()),
        }
    }

    /// Throws everything away: the target stays as it was.
    pub fn discard(&self) {
        let mut state = self.state();
        state.gathered = Vec::new();
        // Dropping a temporary file removes it, and dropping a stream closes it.
        let ended = std::mem::replace(&mut state.kind, Kind::Ended);
        drop(state);
        drop(ended);
    }

    /// Whether it is written to memory.
    pub fn is_memory(&self) -> bool {
        matches!(self.state().kind, Kind::Memory { .. })
    }

    /// What was written to memory.
    pub fn memory_bytes(&self) -> Result<Vec<u8>> {
        let mut state = self.state();
        state.pass_on()?;
        match &mut state.kind {
            Kind::Memory { bytes, .. } => Ok(std::mem::take(bytes)),
            _ => Err(Error::internal("the target is not in memory")),
        }
    }
}

impl State {
    fn pass_on(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() || self.owner != std::process::id() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        let done = self.put(&gathered);
        self.gathered = gathered;
        self.gathered.clear();
        done
    }

    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        match &mut self.kind {
            Kind::Replaced(file) => file.file().write_all(bytes),
            Kind::Straight(file) => file.write_all(bytes),
            Kind::Memory { bytes: memory, at } => {
                let end = at.checked_add(bytes.len()).ok_or_else(out_of_range)?;
                if end > memory.len() {
                    memory.try_reserve(end - memory.len()).map_err(|_| Error::out_of_memory(end))?;
                    // A seek may have left a gap, which reads as zeros.
                    memory.resize(memory.len().max(*at), 0);
                }
                let over = bytes.len().min(memory.len() - *at);
                memory[*at..*at + over].copy_from_slice(&bytes[..over]);
                memory.extend_from_slice(&bytes[over..]);
                *at = end;
                Ok(())
            }
            Kind::Stream(stream) => {
                while !bytes.is_empty() {
                    match stream.write(bytes)? {
                        0 => return Err(io::ErrorKind::WriteZero.into()),
                        n => bytes = bytes.get(n..).ok_or_else(out_of_range)?,
                    }
                }
                Ok(())
            }
            Kind::Ended => Err(Error::new(ErrorKind::Io, "the target has ended").into()),
        }
    }
}

fn out_of_range() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a position outside the target")
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.taken += bytes.len() as u64;
        if state.gathered.len() + bytes.len() > GATHER {
            state.pass_on()?;
        }
        if bytes.len() >= GATHER {
            state.put(bytes)?;
        } else {
            state.gathered.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().pass_on()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut state = self.state();
        state.pass_on()?;
        match &mut state.kind {
            Kind::Replaced(file) => file.file().seek(to),
            Kind::Stream(stream) => stream.seek(to),
            Kind::Memory { bytes, at } => {
                let target = match to {
                    SeekFrom::Start(n) => Some(n),
                    SeekFrom::Current(n) => (*at as u64).checked_add_signed(n),
                    SeekFrom::End(n) => (bytes.len() as u64).checked_add_signed(n),
                };
                let target = target.and_then(|t| usize::try_from(t).ok()).ok_or_else(out_of_range)?;
                *at = target;
                Ok(target as u64)
            }
            Kind::Straight(_) | Kind::Ended => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "the target cannot seek"))
            }
        }
    }
}
