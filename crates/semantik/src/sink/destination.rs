//! [`Destination`]: where output goes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::claim::Claim;
use super::partial::PartialFile;
use crate::error::Error;

/// Where output goes.
///
/// A regular file is written as `FILE.partial`, in whole lines, and becomes `FILE` when it is done: so `FILE` is whole or
/// not there, and whatever ends the run leaves what was finished. While it is written it is locked, and a second run on
/// it is refused. What is no regular file (a pipe, a device) is written in place.
#[derive(Debug)]
pub struct Destination {
    out: Out,
}

#[derive(Debug)]
enum Out {
    Partial(PartialFile),
    InPlace(BufWriter<File>, PathBuf),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With everything written that could be.
    Done,
    /// Before its end.
    Interrupted,
}

impl Destination {
    /// Begins a file. What an earlier run left in `FILE.partial` is moved aside.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, the path is a folder, or another run writes it.
    pub fn create(path: &Path) -> Result<Self, Error> {
        match Claim::take(path)? {
            Some(claim) => Ok(Destination::of(claim.begin()?)),
            None => Destination::in_place(path),
        }
    }

    pub(crate) fn of(partial: PartialFile) -> Self {
        Destination { out: Out::Partial(partial) }
    }

    /// What is no regular file.
    pub(crate) fn in_place(path: &Path) -> Result<Self, Error> {
        let file = std::fs::OpenOptions::new().write(true).open(path);
        let file = file.map_err(|error| Error::output(path, error))?;
        Ok(Destination { out: Out::InPlace(BufWriter::new(file), path.to_owned()) })
    }

    /// Where an earlier `FILE.partial` went.
    pub fn moved_aside(&self) -> Option<&Path> {
        self.partial().and_then(PartialFile::moved_aside)
    }

    pub(crate) fn partial(&self) -> Option<&PartialFile> {
        match &self.out {
            Out::Partial(partial) => Some(partial),
            Out::InPlace(..) => None,
        }
    }

    /// Bytes that were written, where they can be taken back.
    pub fn position(&self) -> Option<u64> {
        self.partial().map(PartialFile::position)
    }

    /// Takes back what was written since `position`, where that can be.
    ///
    /// # Errors
    /// The file cannot be shortened.
    pub fn rewind(&mut self, position: u64) -> std::io::Result<()> {
        match &mut self.out {
            Out::Partial(partial) => partial.rewind(position),
            Out::InPlace(..) => Ok(()),
        }
    }

    /// Puts the file in its place, and returns where that is: `FILE.partial` if the run was interrupted.
    ///
    /// # Errors
    /// The rest cannot be written, or the file not be renamed; it is in `FILE.partial` then.
    pub fn finish(self, ended: Ended) -> Result<PathBuf, Error> {
        match self.out {
            Out::InPlace(mut out, path) => {
                out.flush().map_err(|error| Error::output(&path, error))?;
                Ok(path)
            }
            Out::Partial(partial) => match ended {
                Ended::Done => partial.finish(),
                Ended::Interrupted => partial.keep(),
            },
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.out {
            Out::Partial(out) => out.write(bytes),
            Out::InPlace(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.out {
            Out::Partial(out) => out.flush(),
            Out::InPlace(out, _) => out.flush(),
        }
    }
}
