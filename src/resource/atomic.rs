//! A file that appears at once and whole: written beside its target, renamed when it is complete.

use super::uri::os_error;
use crate::error::{Error, ErrorKind, Result};
use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a path is written.
pub enum Target {
    /// A temporary file that takes the target's place.
    Replaced(AtomicFile),
    /// A FIFO or device, written as it comes.
    Straight(File),
}

/// A temporary file beside its target.
pub struct AtomicFile {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    /// After a fork the child must not touch the parent's files.
    owner: u32,
    published: bool,
}

/// Opens a path for writing.
pub fn open(path: &Path) -> Result<Target> {
    // Asked of the path as it stands: where a link of /dev/stdout leads has no name of its own.
    if let Ok(found) = fs::metadata(path)
        && is_straight(found.file_type())
    {
        let file = OpenOptions::new().write(true).open(path).map_err(|e| os_error(e, "cannot write"))?;
        return Ok(Target::Straight(file));
    }
    let target = follow(path)?;
    let existing = match fs::metadata(&target) {
        Ok(found) => Some(found),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(os_error(e, "cannot write")),
    };
    if let Some(found) = &existing {
        if found.is_dir() {
            return Err(is_folder());
        }
        // A file that may not be written is not replaced either, though a rename would need no leave of it.
        OpenOptions::new().write(true).open(&target).map_err(|e| os_error(e, "cannot write"))?;
    }
    if names_folder(&target) {
        return Err(is_folder());
    }
    // The file is put in place there, wherever the program has gone meanwhile.
    let target = std::path::absolute(&target).unwrap_or(target);
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        let what = format!("the folder {} does not exist", folder.display());
        return Err(Error::new(ErrorKind::NotFound, what).os(Some(libc::ENOENT)));
    }
    // What replaces a private file is private from its first moment.
    let mode = if existing.is_some() { 0o600 } else { 0o666 };
    let (file, temporary) = create_beside(folder, mode)?;
    if let Some(found) = existing {
        keep_rights(&file, &temporary, &found)?;
    }
    Ok(Target::Replaced(AtomicFile { file, temporary, target, owner: std::process::id(), published: false }))
}

fn is_straight(kind: fs::FileType) -> bool {
    kind.is_fifo() || kind.is_char_device() || kind.is_block_device() || kind.is_socket()
}

fn is_folder() -> Error {
    Error::new(ErrorKind::Io, "cannot write: it is a folder").os(Some(libc::EISDIR))
}

/// Whether a path can only be a folder's, though there is none: `new/`, `new/.`.
fn names_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_bytes().rsplit(|&b| b == b'/').next();
    matches!(last, Some(b"" | b"." | b".."))
}

/// The file behind symbolic links, which may not exist yet.
fn follow(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(Error::new(ErrorKind::Io, "too many symbolic links").os(Some(libc::ELOOP)))
}

/// A new file under a name that tells what it is: `.imageio-<process>-<number>.tmp`.
fn create_beside(folder: &Path, mode: u32) -> Result<(File, PathBuf)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    for _ in 0..100 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".imageio-{}-{now:x}-{number}.tmp", std::process::id());
        let temporary = folder.join(name);
        match OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&temporary) {
            Ok(file) => return Ok((file, temporary)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(os_error(e, "cannot create a file beside the target")),
        }
    }
    Err(Error::new(ErrorKind::Io, "no free name for a temporary file"))
}

/// Gives the new file the permissions of the old one, and its owner where that is allowed.
fn keep_rights(file: &File, temporary: &Path, old: &fs::Metadata) -> Result<()> {
    let rights = || -> std::io::Result<()> {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            // Only root may give files away; whoever else writes keeps the new file.
            let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
        }
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))
    };
    rights().map_err(|e| {
        let _ = fs::remove_file(temporary);
        os_error(e, "cannot keep the permissions of the target")
    })
}

impl AtomicFile {
    /// The file being written.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts the file in its target's place.
    pub fn publish(mut self) -> Result<()> {
        if self.owner != std::process::id() {
            return Err(Error::new(ErrorKind::Io, "the file belongs to the process before the fork"));
        }
        fs::rename(&self.temporary, &self.target).map_err(|e| os_error(e, "cannot put the file in place"))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.published && self.owner == std::process::id() {
            // There is nobody to tell, and the name says what the file is.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
