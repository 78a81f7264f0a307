//! Where a TIFF is written. Its header says where the first directory is, and that is known last: a target whose
//! earlier bytes cannot be changed gets the whole file at the end, kept meanwhile in a file without a name.

use crate::error::{Error, ErrorKind, Result};
use crate::resource::Output;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU32, Ordering};

/// As much of a file for a stream is kept in memory; the rest goes to a temporary file.
const MEMORY: usize = 32 << 20;

/// A target that counts what it was given, and whose bytes can be changed once.
pub struct Spool {
    output: Output,
    kept: Option<Kept>,
    end: u64,
}

#[derive(Default)]
struct Kept {
    memory: Vec<u8>,
    file: Option<File>,
}

impl Spool {
    pub fn new(output: Output) -> Spool {
        let kept = (!output.can_seek()).then(Kept::default);
        Spool { output, kept, end: 0 }
    }

    /// Bytes so far.
    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.kept {
            None => self.output.write_all(bytes)?,
            Some(kept) => kept.write(bytes)?,
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Fills up with zeros to a multiple of `to`.
    pub fn align(&mut self, to: u64) -> Result<()> {
        let missing = (to - self.end % to) % to;
        self.zeros(missing)
    }

    pub fn zeros(&mut self, mut count: u64) -> Result<()> {
        let zeros = [0; 4096];
        while count > 0 {
            let now = count.min(zeros.len() as u64);
            self.write(&zeros[..now as usize])?;
            count -= now;
        }
        Ok(())
    }

    /// Changes bytes that were written.
    pub fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        match &mut self.kept {
            None => {
                self.output.seek(SeekFrom::Start(at))?;
                self.output.write_all(bytes)?;
                self.output.seek(SeekFrom::End(0))?;
            }
            Some(kept) => kept.patch(at, bytes)?,
        }
        Ok(())
    }

    /// Passes on what was kept.
    pub fn finish(&mut self) -> Result<()> {
        if let Some(kept) = self.kept.take() {
            kept.pass_on(&mut self.output)?;
        }
        Ok(self.output.flush()?)
    }
}

impl Kept {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.file.is_none() && self.memory.len() + bytes.len() <= MEMORY {
            self.memory.try_reserve(bytes.len()).map_err(|_| Error::out_of_memory(bytes.len()))?;
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(unnamed()?);
        }
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let memory = self.memory.len() as u64;
        let inside = memory.saturating_sub(at).min(bytes.len() as u64) as usize;
        if inside > 0 {
            self.memory[at as usize..at as usize + inside].copy_from_slice(&bytes[..inside]);
        }
        if let (Some(file), true) = (&mut self.file, inside < bytes.len()) {
            file.seek(SeekFrom::Start((at + inside as u64) - memory))?;
            file.write_all(&bytes[inside..])?;
            file.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }

    fn pass_on(self, output: &mut Output) -> Result<()> {
        output.write_all(&self.memory)?;
        let Some(mut file) = self.file else { return Ok(()) };
        file.rewind()?;
        let mut block = vec![0; 256 << 10];
        loop {
            match file.read(&mut block)? {
                0 => return Ok(()),
                n => output.write_all(&block[..n])?,
            }
        }
    }
}

/// A new file that nobody else finds, and that is gone when it is closed.
fn unnamed() -> Result<File> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir();
    let failed = |e: std::io::Error| {
        let what = format!("a target that cannot seek needs a temporary file in {}: {e}", folder.display());
        Error::new(ErrorKind::Io, what).os(e.raw_os_error())
    };
    for _ in 0..100 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".imageio-{}-{number}.tmp", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => {
                std::fs::remove_file(&path).map_err(failed)?;
                return Ok(file);
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(failed(e)),
        }
    }
    Err(Error::new(ErrorKind::Io, "no free name for a temporary file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_can_be_changed_across_memory_and_file() {
        let mut kept = Kept::default();
        kept.write(&vec![1; MEMORY - 2]).unwrap();
        kept.write(&[2; 10]).unwrap();
        kept.write(&[3; 10]).unwrap();
        assert!(kept.file.is_some());
        kept.patch(MEMORY as u64 - 4, &[9; 4]).unwrap();
        kept.patch(0, &[8]).unwrap();
        let mut out = Output::memory();
        kept.pass_on(&mut out).unwrap();
        let bytes = out.memory_bytes().unwrap();
        assert_eq!(bytes.len(), MEMORY + 18);
        assert_eq!((bytes[0], bytes[1]), (8, 1));
        assert_eq!(bytes[MEMORY - 5..MEMORY + 2], [1, 9, 9, 9, 9, 2, 2]);
        assert_eq!(bytes[MEMORY + 7..], [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    }
}
