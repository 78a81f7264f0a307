//! The resource: bytes to be read, and bytes to be written.

use crate::abi::{CALLBACKS_ANY_THREAD, iio_callbacks};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The callbacks of the library, which live as long as the file that was opened with them.
#[derive(Clone, Copy)]
struct Lent(*const iio_callbacks);

// SAFETY: the file, and the stream with it, may move between threads; one call at a time.
unsafe impl Send for Lent {}

impl Lent {
    fn get(&self) -> &iio_callbacks {
        // SAFETY: the maker of the stream promised that they live until the file's close.
        unsafe { &*self.0 }
    }

    fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        let io = self.get();
        let Some(seek) = io.seek else { return Err(io::Error::new(io::ErrorKind::Unsupported, "it cannot seek")) };
        let (offset, whence) = match to {
            SeekFrom::Start(n) => (i64::try_from(n).map_err(|_| io::ErrorKind::InvalidInput)?, 0),
            SeekFrom::Current(n) => (n, 1),
            SeekFrom::End(n) => (n, 2),
        };
        // SAFETY: the callback is given its own user.
        let position = unsafe { seek(io.user, offset, whence) };
        u64::try_from(position).map_err(|_| io::Error::other("seeking failed"))
    }
}

/// Bytes to be read.
pub struct Input {
    lent: Lent,
    path: Option<PathBuf>,
}

impl Input {
    /// # Safety
    /// `io` lives until the file that is opened with it is closed; `path` is NULL or NUL-terminated.
    pub(crate) unsafe fn new(io: *const iio_callbacks, path: *const std::ffi::c_char) -> Input {
        let path = (!path.is_null()).then(|| {
            // SAFETY: passed on from the caller.
            let bytes = unsafe { std::ffi::CStr::from_ptr(path) }.to_bytes();
            PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
        });
        Input { lent: Lent(io), path }
    }

    /// The local file that it is, if it is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether it can seek.
    pub fn can_seek(&self) -> bool {
        self.lent.get().seek.is_some()
    }

    /// Whether threads other than the one inside the call may read, one at a time.
    pub fn any_thread(&self) -> bool {
        self.lent.get().flags & CALLBACKS_ANY_THREAD != 0
    }

    /// Bytes of the whole, if that is known.
    pub fn size(&self) -> Option<u64> {
        let io = self.lent.get();
        // SAFETY: the callback is given its own user.
        u64::try_from(unsafe { io.size?(io.user) }).ok()
    }

    /// All bytes from the start, up to a limit.
    pub fn read_all(&mut self, most: u64) -> crate::Result<Vec<u8>> {
        if self.can_seek() {
            self.seek(SeekFrom::Start(0))?;
        }
        let over = || crate::Error::limit(format!("the file has more than {most} bytes; raise max_bytes to read it"));
        let known = self.size().unwrap_or(0);
        if known > most {
            return Err(over());
        }
        let mut bytes = Vec::new();
        let room = usize::try_from(known).unwrap_or(usize::MAX);
        bytes.try_reserve_exact(room).map_err(|_| crate::Error::out_of_memory(room))?;
        self.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(over());
        }
        Ok(bytes)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let io = self.lent.get();
        let Some(read) = io.read else { return Err(io::ErrorKind::Unsupported.into()) };
        // SAFETY: the callback may fill as many bytes as it is told.
        let result = unsafe { read(io.user, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(result) {
            Ok(n) if n <= buffer.len() => Ok(n),
            _ => Err(io::Error::other("reading failed")),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.lent.seek(to)
    }
}

/// Bytes to be written.
pub struct Output {
    lent: Lent,
}

impl Output {
    /// # Safety
    /// `io` lives until the file that is opened with it is closed.
    pub(crate) unsafe fn new(io: *const iio_callbacks) -> Output {
        Output { lent: Lent(io) }
    }

    /// Whether it can seek.
    pub fn can_seek(&self) -> bool {
        self.lent.get().seek.is_some()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let io = self.lent.get();
        let Some(write) = io.write else { return Err(io::ErrorKind::Unsupported.into()) };
        // SAFETY: the callback may read as many bytes as it is told.
        let result = unsafe { write(io.user, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(result) {
            Ok(n) if n <= bytes.len() => Ok(n),
            _ => Err(io::Error::other("writing failed")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.lent.seek(to)
    }
}
