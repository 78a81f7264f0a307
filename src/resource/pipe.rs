//! Descriptors that only go one way: standard input and output, FIFOs and devices. Waiting for one is told to the
//! caller's progress callback, which may end it.

use super::source::Stream;
use crate::error::Error;
use crate::model::Progress;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{self, Read, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};

/// How long a wait goes on before the caller is told of it.
const BEAT: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// A descriptor that only goes one way.
pub struct Pipe {
    end: End,
    progress: Option<Progress>,
}

enum End {
    File(File),
    Standard,
}

impl Pipe {
    /// A FIFO or device that is open for reading.
    pub fn file(file: File, progress: Option<Progress>) -> Pipe {
        Pipe { end: End::File(file), progress }
    }

    /// Standard input, or output.
    pub fn standard(progress: Option<Progress>) -> Pipe {
        Pipe { end: End::Standard, progress }
    }

    /// Waits until there is something to read, or the end.
    fn wait(&self, fd: BorrowedFd) -> io::Result<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        loop {
            let mut fds = [PollFd::new(&fd, PollFlags::IN)];
            match poll(&mut fds, Some(&BEAT)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => match (progress.0)(0, 0) {
                    0 => {}
                    result => return Err(Error::cancelled().callback(result.into()).into()),
                },
                // What cannot be waited for is read as it is.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }
}

impl Stream for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.end {
            End::File(file) => loop {
                self.wait(file.as_fd())?;
                let mut file = file;
                match file.read(buffer) {
                    // Somebody else was faster.
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock && self.progress.is_some() => {}
                    other => return other,
                }
            },
            End::Standard => {
                let input = rustix::stdio::stdin();
                self.wait(input)?;
                Ok(rustix::io::read(input, buffer)?)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.end {
            End::File(_) => Err(io::ErrorKind::Unsupported.into()),
            // Not by std's handle, which takes a closed descriptor for one that swallows everything.
            End::Standard => loop {
                match rustix::io::write(rustix::stdio::stdout(), bytes) {
                    Err(rustix::io::Errno::INTR) => {}
                    other => return Ok(other?),
                }
            },
        }
    }

    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "the stream cannot seek"))
    }

    fn can_seek(&self) -> bool {
        false
    }

    fn size(&mut self) -> Option<u64> {
        None
    }

    fn any_thread(&self) -> bool {
        // The progress callback belongs to the caller's thread.
        self.progress.is_none()
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
