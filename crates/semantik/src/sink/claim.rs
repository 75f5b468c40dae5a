//! [`Claim`]: the right to write an output, which one run has at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::beside::Beside;
use super::partial::{Durability, PartialFile};
use crate::error::Error;

/// An output that is a regular file, or will be, and that no other run writes. Held until it is dropped, or the process
/// ends in whichever way.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The output, links resolved.
    place: PathBuf,
    lock: File,
}

/// How often a lock that somebody has just given up is tried again.
const TRIES: usize = 8;

impl Claim {
    /// Claims the output at `path`; `None` where that is no regular file, which is written in place.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, the path is a folder, or another run writes it.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, Error> {
        let fail = |error| Error::output(path, error);
        match std::fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(fail(std::io::ErrorKind::IsADirectory.into())),
            Ok(there) if !there.is_file() => return Ok(None),
            _ => {}
        }
        // Through a link to the file it means, so that the link stays one.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let at = Beside::new(&place).lock();
        for _ in 0..TRIES {
            let mut lock = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&at)
                .map_err(fail)?;
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(Error::in_use(path, holder(&mut lock))),
                // A file system without locks protects nobody; that is no reason not to write there.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            // Who held it before may have taken the file away between our opening and our locking.
            if is_still_at(&lock, &at) {
                let written = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
                // On a full disk the lock holds all the same, without saying whose it is.
                drop(written);
                return Ok(Some(Claim { place, lock }));
            }
        }
        Err(Error::in_use(path, None))
    }

    /// The output.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// Begins anew; what is in an earlier `FILE.partial` is moved aside.
    ///
    /// # Errors
    /// The file cannot be made, or the earlier one not be moved.
    pub(crate) fn begin(self, durability: Durability) -> Result<PartialFile, Error> {
        let moved = self.move_aside()?;
        PartialFile::open(self, moved, durability)
    }

    /// Goes on behind the whole lines of an earlier `FILE.partial`; a last half line is cut off.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn go_on(self) -> Result<PartialFile, Error> {
        PartialFile::open(self, None, Durability::OnDisk)
    }

    /// Moves `FILE.partial` and what belongs to it to the first free `FILE.partial.N`.
    fn move_aside(&self) -> Result<Option<PathBuf>, Error> {
        let names = Beside::new(&self.place);
        let partial = names.partial();
        let there = partial.metadata();
        if there.as_ref().map_or(true, |there| there.len() == 0) {
            // A run ended between putting its file in its place and writing what belongs to it.
            let left = super::beside::meta_of(&partial);
            if there.is_err() && left.exists() && self.place.exists() {
                let to = super::beside::meta_of(&self.place);
                std::fs::rename(&left, &to).map_err(|error| Error::output(&to, error))?;
            }
            discard(&left);
            if there.is_ok() {
                discard(&partial);
            }
            return Ok(None);
        }
        let aside = names.aside();
        // The records last: until they are gone, they have what belongs to them in one of the two places.
        for end in [".meta.json", ".kept"] {
            let from = super::beside::with(&partial, end);
            let to = super::beside::with(&aside, end);
            if from.exists() {
                std::fs::rename(&from, &to).map_err(|error| Error::output(&from, error))?;
            }
        }
        std::fs::rename(&partial, &aside).map_err(|error| Error::output(&partial, error))?;
        Ok(Some(aside))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Before the lock goes: who opens it later finds it gone, and makes another.
        discard(&Beside::new(&self.place).lock());
        let _ = self.lock.unlock();
    }
}

/// Removes a file that is of no more use. What cannot be removed does no harm.
pub(crate) fn discard(path: &Path) {
    let _ = std::fs::remove_file(path);
}

/// A run that writes an output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// Its process id, where it tells.
    pub(crate) pid: Option<u32>,
}

/// Who writes the output at `path` just now.
pub(crate) fn writer_of(path: &Path) -> Option<Writer> {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut lock = File::open(Beside::new(&place).lock()).ok()?;
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| Writer { pid: holder(&mut lock) })
}

/// The process id in a lock's file.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.rewind().and_then(|()| lock.read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

/// Whether the file that is open is the one at `path`.
#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |of: std::io::Result<std::fs::Metadata>| of.map(|of| (of.dev(), of.ino())).ok();
    id(file.metadata()) == id(path.metadata())
}

/// A file that is open here cannot be taken away there.
#[cfg(not(unix))]
fn is_still_at(_: &File, path: &Path) -> bool {
    path.exists()
}
