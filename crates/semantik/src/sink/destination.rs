//! [`Destination`]: a file that appears whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// Where output goes.
///
/// A regular file is written beside its place and renamed when done; when interrupted, what there is becomes
/// `FILE.partial`; when dropped before either, nothing is left. What is no regular file (a pipe, a device) is written in
/// place.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    out: Out,
}

#[derive(Debug)]
enum Out {
    Beside(BufWriter<NamedTempFile>),
    InPlace(BufWriter<File>),
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
    /// Opens the file, or a temporary one beside it.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, or the path is a folder.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let fail = |error| Error::output(path, error);
        let existing = std::fs::metadata(path).ok();
        if let Some(existing) = existing {
            if existing.is_dir() {
                return Err(fail(std::io::ErrorKind::IsADirectory.into()));
            }
            if !existing.is_file() {
                let file = std::fs::OpenOptions::new().write(true).open(path).map_err(fail)?;
                return Ok(Destination { path: path.to_owned(), out: Out::InPlace(BufWriter::new(file)) });
            }
        }
        // Through a link to the file it means, so that the link stays one.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".semantik-").suffix(".tmp");
        // As any new file, within what the user's mask allows; temporary files would be private otherwise.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        // The error of the temporary file would name a file that nobody asked for.
        let beside = builder.tempfile_in(folder).map_err(|error| fail(error.kind().into()))?;
        Ok(Destination { path: place, out: Out::Beside(BufWriter::new(beside)) })
    }

    /// Puts the file in its place, and returns where that is: `FILE.partial` if the run was interrupted.
    ///
    /// # Errors
    /// The rest cannot be written, or the file not be renamed.
    pub fn finish(self, ended: Ended) -> Result<PathBuf, Error> {
        let path = self.path;
        match self.out {
            Out::InPlace(mut out) => {
                out.flush().map_err(|error| Error::output(&path, error))?;
                Ok(path)
            }
            Out::Beside(out) => {
                let beside = out.into_inner().map_err(|error| Error::output(&path, error.into_error()))?;
                let place = match ended {
                    Ended::Done => path,
                    Ended::Interrupted => partial(&path),
                };
                beside.persist(&place).map_err(|error| Error::output(&place, error.error))?;
                Ok(place)
            }
        }
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.out {
            Out::Beside(out) => out.write(bytes),
            Out::InPlace(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.out {
            Out::Beside(out) => out.flush(),
            Out::InPlace(out) => out.flush(),
        }
    }
}
