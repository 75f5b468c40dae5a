//! [`Own`]: what this run writes, which it must not read.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};

use same_file::Handle;

use super::written;

/// What comes after an output's name in the names of what is written beside it, at their end or before a dot.
const BESIDE: [&str; 2] = [".partial", ".meta.json"];

/// The outputs of a run and what is written beside them, and where its standard streams go.
#[derive(Debug, Default)]
pub(super) struct Own {
    outputs: Vec<Output>,
    streams: Vec<Handle>,
}

/// An output, which need not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    folder: PathBuf,
    name: OsString,
}

impl Output {
    /// Nothing, if its folder is not there: it cannot be written, then.
    pub(super) fn new(path: &Path) -> Option<Self> {
        let (folder, name) = place(path)?;
        Some(Output { folder, name })
    }

    fn has(&self, path: &Path) -> bool {
        place(path).is_some_and(|(folder, name)| folder == self.folder && self.is_named(&name))
    }

    fn is_named(&self, name: &OsStr) -> bool {
        if written::is_temporary(name) {
            return true;
        }
        let rest = name.as_encoded_bytes().strip_prefix(self.name.as_encoded_bytes());
        let is_beside = |rest: &[u8], beside: &str| {
            rest.strip_prefix(beside.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b'.')))
        };
        rest.is_some_and(|rest| rest.is_empty() || BESIDE.iter().any(|beside| is_beside(rest, beside)))
    }
}

/// A file's folder, and its name in it, through links.
fn place(path: &Path) -> Option<(PathBuf, OsString)> {
    if let Ok(path) = path.canonicalize() {
        return Some((path.parent()?.to_owned(), path.file_name()?.to_owned()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some((folder, path.file_name()?.to_owned()))
}

impl Own {
    /// These outputs; and the files that standard output and standard error go to, if they go to files.
    pub(super) fn new(outputs: &[Output]) -> Self {
        let streams = [Handle::stdout(), Handle::stderr()].into_iter().flatten();
        let is_file = |handle: &Handle| handle.as_file().metadata().is_ok_and(|file| file.is_file());
        Own { outputs: outputs.to_vec(), streams: streams.filter(is_file).collect() }
    }

    /// Whether a path leads to what this run writes.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.outputs.iter().any(|output| output.has(path))
    }

    /// The same of what is in a folder and no link: the name is asked first, since the system takes longer to answer than
    /// everything else that is asked of most files.
    pub(super) fn has_entry(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        self.outputs.iter().any(|output| output.is_named(name) && output.has(path))
    }

    /// Whether an open file is where a standard stream goes.
    pub(super) fn is_stream(&self, file: &File) -> bool {
        !self.streams.is_empty()
            && file.try_clone().and_then(Handle::from_file).is_ok_and(|file| self.streams.contains(&file))
    }
}
