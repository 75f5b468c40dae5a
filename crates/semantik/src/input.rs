//! [`Inputs`]: which documents, in which order.

mod document;
mod opened;
mod walk;

use std::path::{Path, PathBuf};

pub use self::document::Document;
pub(crate) use self::document::kind_of;
pub(crate) use self::opened::Opened;
use crate::error::Error;

/// Files, folders and standard input, as they were given.
///
/// A file that is named, and standard input (`-`), is always text. Folders are walked in bytewise order of path
/// components: hidden files are skipped, links are not followed, `.gitignore` is honoured in and out of git repositories,
/// and files with a NUL in their first 8 KiB are skipped and counted.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    paths: Vec<PathBuf>,
    exclude: Vec<PathBuf>,
    lossy: bool,
}

/// What inputs turned out to be.
#[derive(Debug, Default)]
pub struct Found {
    /// Documents, in order.
    pub sources: Vec<Source>,
    /// What could not be read while looking for them, among documents in the order of the walk.
    pub errors: Vec<Error>,
    /// Files in folders that are not text.
    pub binaries: usize,
    /// Bytes of all documents whose size is known before they are read.
    pub bytes: u64,
}

/// Where a document's text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File {
        /// Its path, beginning as the input was given.
        path: PathBuf,
        /// Its size in bytes when it was found.
        bytes: u64,
    },
    /// Standard input.
    Stdin,
}

impl Source {
    /// The name of its document.
    pub fn name(&self) -> String {
        match self {
            Source::File { path, .. } => path.to_string_lossy().into_owned(),
            Source::Stdin => "-".to_owned(),
        }
    }
}

impl Inputs {
    /// These paths; `-` is standard input.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Inputs { paths: paths.into_iter().map(Into::into).collect(), ..Inputs::default() }
    }

    /// Leaves this file out of folders: what a run writes must not be read by the next.
    #[must_use]
    pub fn excluding(mut self, path: &Path) -> Self {
        self.exclude.extend(path.canonicalize());
        self
    }

    /// Decodes what is no UTF-8, with U+FFFD for each part that is not; offsets then refer to the decoded text.
    #[must_use]
    pub fn lossy(mut self) -> Self {
        self.lossy = true;
        self
    }

    /// Looks for the documents. Reads nothing but folders and the first bytes of the files in them.
    pub fn find(&self) -> Found {
        let mut found = Found::default();
        for path in &self.paths {
            if path.as_os_str() == "-" {
                found.sources.push(Source::Stdin);
                continue;
            }
            match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => walk::folder(path, &self.exclude, &mut found),
                Ok(metadata) => {
                    found.bytes += metadata.len();
                    found.sources.push(Source::File { path: path.clone(), bytes: metadata.len() });
                }
                Err(error) => found.errors.push(Error::io(path, error)),
            }
        }
        found
    }

    /// Reads a document.
    ///
    /// # Errors
    /// It cannot be read, or is no UTF-8.
    pub fn read(&self, source: &Source) -> Result<Document, Error> {
        document::read(source, self.lossy)
    }

    /// Opens a document, to be read piece by piece if it has `limit` bytes or more. With replacements, offsets refer to
    /// the decoded text, and all of it is read.
    pub(crate) fn open(&self, source: &Source, limit: u64) -> Result<Opened, Error> {
        if self.lossy { self.read(source).map(Opened::Whole) } else { opened::open(source, limit) }
    }
}
