//! [`Inputs`]: which documents, in which order.

mod decoder;
mod document;
mod encoding;
mod opened;
mod own;
mod skipped;
mod walk;
mod written;

use std::fs::File;
use std::path::{Path, PathBuf};

pub(crate) use self::decoder::Malformed;
pub use self::document::Document;
pub(crate) use self::document::kind_of;
pub use self::encoding::Encoding;
pub(crate) use self::opened::{Opened, Streamed};
use self::own::{Output, Own};
pub use self::skipped::{SkipReason, Skipped, SkippedCounts};
use crate::error::Error;

/// Files, folders and standard input, as they were given.
///
/// A file that is named, and standard input (`-`), is always text. Folders are walked in bytewise order of path
/// components, links are not followed, and what is no document is told with its reason ([`SkipReason`]): hidden, named by a
/// `.gitignore` (in and out of git repositories), with a NUL in its first 8 KiB, or written by `embed` or `chunk` before.
///
/// A document that begins with a byte order mark of UTF-8, UTF-16 or UTF-32 is decoded, and its offsets refer to the text
/// behind the mark.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    paths: Vec<PathBuf>,
    outputs: Vec<Output>,
    lossy: bool,
}

/// What inputs turned out to be.
#[derive(Debug, Default)]
pub struct Found {
    /// Documents, in order.
    pub sources: Vec<Source>,
    /// What could not be read while looking for them, among documents in the order of the walk.
    pub errors: Vec<Error>,
    /// What of the folders is no document, in order.
    pub skipped: Vec<Skipped>,
    /// Folders without a document and without an error.
    pub nothing_in: Vec<NothingIn>,
    /// Bytes of all documents whose size is known before they are read.
    pub bytes: u64,
}

/// A folder that was given and has no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingIn {
    /// The folder, as it was given.
    pub folder: PathBuf,
    /// What was skipped in it.
    pub skipped: SkippedCounts,
}

impl Found {
    fn skip(&mut self, path: &Path, reason: SkipReason, is_folder: bool) {
        self.skipped.push(Skipped { path: path.to_owned(), reason, is_folder });
    }
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

    /// Leaves this file out of folders, and what a run writes beside it: its meta file, and what begins with
    /// `FILE.partial`. The files that standard output and standard error go to are always left out.
    #[must_use]
    pub fn excluding(mut self, path: &Path) -> Self {
        self.outputs.extend(Output::new(path));
        self
    }

    /// Decodes what is no UTF-8, or not what its byte order mark says, with U+FFFD for each part that is not; offsets then
    /// refer to the decoded text.
    #[must_use]
    pub fn lossy(mut self) -> Self {
        self.lossy = true;
        self
    }

    /// Checks that no file is named that this run writes into, which would destroy it.
    ///
    /// # Errors
    /// One is.
    pub fn check(&self) -> Result<(), Error> {
        let own = Own::new(&self.outputs);
        let is_own = |path: &&PathBuf| {
            path.as_os_str() != "-"
                && path.is_file()
                && (own.has(path) || File::open(path).is_ok_and(|file| own.is_stream(&file)))
        };
        self.paths.iter().find(is_own).map_or(Ok(()), |path| Err(Error::output_is_input(path)))
    }

    /// Looks for the documents. Reads nothing but folders and how the files in them begin.
    pub fn find(&self) -> Found {
        let own = Own::new(&self.outputs);
        let mut found = Found::default();
        for path in &self.paths {
            if path.as_os_str() == "-" {
                found.sources.push(Source::Stdin);
                continue;
            }
            match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => walk::folder(path, &own, &mut found),
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
    /// It cannot be read, or not be decoded.
    pub fn read(&self, source: &Source) -> Result<Document, Error> {
        document::read(source, self.lossy)
    }

    /// Opens a document, to be read piece by piece if it has `limit` bytes or more. With replacements, offsets refer to
    /// the decoded text, and all of it is read.
    pub(crate) fn open(&self, source: &Source, limit: u64) -> Result<Opened, Error> {
        if self.lossy { self.read(source).map(Opened::Whole) } else { opened::open(source, limit) }
    }
}
