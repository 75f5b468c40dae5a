//! [`Beside`]: the names of the files that stand beside an output while it is written.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The names that belong to one output, `FILE`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside<'a>(&'a Path);

impl<'a> Beside<'a> {
    pub(crate) fn new(output: &'a Path) -> Self {
        Beside(output)
    }

    /// `FILE.partial`: the records that are finished.
    pub(crate) fn partial(self) -> PathBuf {
        with(self.0, ".partial")
    }

    /// `FILE.partial.lock`: held by the run that writes, with its process id in it.
    pub(crate) fn lock(self) -> PathBuf {
        with(self.0, ".partial.lock")
    }

    /// `FILE.partial.kept`: records that are out of their place, for the run that goes on.
    pub(crate) fn kept(self) -> PathBuf {
        with(self.0, ".partial.kept")
    }

    /// `FILE.partial.1` and so on: the first that is not taken, for what is moved aside.
    pub(crate) fn aside(self) -> PathBuf {
        let name = |number: u32| with(self.0, format!(".partial.{number}"));
        let taken = |path: &PathBuf| path.symlink_metadata().is_ok();
        (1..u32::MAX).map(name).find(|path| !taken(path)).unwrap_or_else(|| name(0))
    }
}

/// `FILE.meta.json`, what belongs to a file of vectors.
pub(crate) fn meta_of(vectors: &Path) -> PathBuf {
    with(vectors, ".meta.json")
}

/// `path` with `end` behind its name.
pub(crate) fn with(path: &Path, end: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
