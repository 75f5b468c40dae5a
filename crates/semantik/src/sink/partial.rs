//! [`PartialFile`]: an output while it is written, as whole lines.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::beside::Beside;
use super::claim::{Claim, discard};
use super::syncing::Syncing;
use crate::error::Error;

/// `FILE.partial`: holds whole lines only, whatever ends the run, and becomes `FILE` at its end.
///
/// Dropped before that, it stays as it is; an empty one goes.
#[derive(Debug)]
pub(crate) struct PartialFile {
    claim: Claim,
    path: PathBuf,
    file: File,
    /// Lines, and perhaps the beginning of one, that are not in the file yet.
    pending: Vec<u8>,
    /// Bytes of the file: whole lines.
    len: u64,
    /// Has it on the disk now and then, where that is worth its time.
    syncing: Option<Syncing>,
    /// Where an earlier partial file went.
    moved_aside: Option<PathBuf>,
    is_finished: bool,
}

/// How many bytes are collected before they are written.
const PENDING: usize = 1 << 16;

/// What a power cut may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A second of work and a few MiB: for what took long to make.
    OnDisk,
    /// What the system has not written yet: for what is made again in the time that a disk takes.
    LeftToSystem,
}

impl PartialFile {
    pub(super) fn open(
        claim: Claim,
        moved_aside: Option<PathBuf>,
        durability: Durability,
    ) -> Result<Self, Error> {
        let path = Beside::new(claim.place()).partial();
        let fail = |error: std::io::Error| Error::output(&path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(fail)?;
        let len = whole_lines(&mut file).map_err(fail)?;
        file.set_len(len).and_then(|()| file.seek(SeekFrom::Start(len))).map_err(fail)?;
        let syncing = match durability {
            Durability::OnDisk => Some(Syncing::of(&file).map_err(fail)?),
            Durability::LeftToSystem => None,
        };
        let pending = Vec::with_capacity(2 * PENDING);
        Ok(PartialFile { claim, path, file, pending, len, syncing, moved_aside, is_finished: false })
    }

    /// The output that it becomes.
    pub(crate) fn place(&self) -> &Path {
        self.claim.place()
    }

    /// Itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where an earlier partial file went.
    pub(crate) fn moved_aside(&self) -> Option<&Path> {
        self.moved_aside.as_deref()
    }

    /// Bytes so far, those included that are not in the file yet.
    pub(crate) fn position(&self) -> u64 {
        self.len + self.pending.len() as u64
    }

    /// Takes back what was written since it had `position` bytes.
    pub(crate) fn rewind(&mut self, position: u64) -> std::io::Result<()> {
        if let Some(kept) = position.checked_sub(self.len) {
            self.pending.truncate(kept as usize);
            return Ok(());
        }
        self.pending.clear();
        self.file.set_len(position)?;
        self.file.seek(SeekFrom::Start(position))?;
        self.len = position;
        Ok(())
    }

    /// Has everything on the disk, at the output's place.
    ///
    /// # Errors
    /// The rest cannot be written, or the file not be renamed; then it stays where it is.
    pub(crate) fn finish(mut self) -> Result<PathBuf, Error> {
        self.write_lines().and_then(|()| self.write_rest()).map_err(|error| self.fail(error))?;
        if let Some(syncing) = &mut self.syncing {
            syncing.finish().and_then(|()| self.file.sync_all()).map_err(|error| self.fail(error))?;
        }
        let place = self.place().to_owned();
        std::fs::rename(&self.path, &place).map_err(|error| Error::output(&place, error))?;
        self.is_finished = true;
        if self.syncing.is_some() {
            sync_folder(&place);
        }
        Ok(place)
    }

    /// Has everything in the file, and keeps it as it is.
    ///
    /// # Errors
    /// The rest cannot be written.
    pub(crate) fn keep(mut self) -> Result<PathBuf, Error> {
        self.write_lines().map_err(|error| self.fail(error))?;
        Ok(self.path.clone())
    }

    fn fail(&self, error: std::io::Error) -> Error {
        Error::output(&self.path, error)
    }

    /// Writes the whole lines that are collected. If that fails, the file has as many of them as there was room for.
    fn write_lines(&mut self) -> std::io::Result<()> {
        let whole = end_of_lines(&self.pending);
        let mut written = 0;
        let result = loop {
            if written == whole {
                break Ok(());
            }
            match self.file.write(&self.pending[written..whole]) {
                Ok(0) => break Err(std::io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let kept = end_of_lines(&self.pending[..written]);
        self.len += kept as u64;
        self.pending.drain(..kept);
        if kept < written {
            self.file.set_len(self.len)?;
            self.file.seek(SeekFrom::Start(self.len))?;
        }
        result?;
        self.syncing.as_mut().map_or(Ok(()), |syncing| syncing.wrote(kept as u64))
    }

    /// Writes what has no end of line: of a form of output that does not end in one.
    fn write_rest(&mut self) -> std::io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.len += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}

impl Write for PartialFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= PENDING {
            self.write_lines()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.write_lines()
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // What is finished is kept as far as it can be; who could still be told of a failure was told of the first one.
        let _ = self.write_lines();
        if self.len == 0 {
            // In this order: what is written beside a file without the file would be taken for that of `FILE`.
            discard(&super::beside::meta_of(&self.path));
            discard(&self.path);
        }
    }
}

/// Where the last whole line of a file ends.
pub(crate) fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; 1 << 16];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        let whole = end_of_lines(part);
        if whole > 0 {
            return Ok(start + whole as u64);
        }
        end = start;
    }
    Ok(0)
}

/// Where the last whole line of some bytes ends.
fn end_of_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
}

/// A name is on the disk when its folder is. Not every system has that.
fn sync_folder(file: &Path) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
