//! The crate's error.

use std::path::{Path, PathBuf};

use batch_policy::PolicyError;
use chunk_strategies::{ChunkError, ChunkErrorKind, Strategy};
use embed_burn::{EmbedError, EmbedErrorKind};

/// What went wrong, in a run or before it.
///
/// Opaque: [`kind`](Error::kind) says which class of error it is, and the facts are methods.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Repr>);

/// The classes of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value, a name or an environment variable is wrong: nothing was done.
    Usage,
    /// A strategy or an option that is known but not built yet.
    NotBuilt,
    /// A document cannot be read or cut; others can.
    Document,
    /// A document is no UTF-8.
    Utf8,
    /// The model is missing, damaged or of a kind that is not supported.
    Model,
    /// The device is not there, or failed.
    Device,
    /// The device has no memory for even one text.
    OutOfMemory,
    /// The output cannot be written.
    Output,
    /// Whoever read the output is gone.
    ClosedPipe,
    /// A file of vectors cannot be searched.
    Vectors,
    /// Another model than the one that made the vectors.
    OtherModel,
    /// A text is longer than the model reads, and cutting was not allowed.
    TooLong,
    /// One grapheme of a document, which is never cut, is larger than a chunk may be.
    Grapheme,
    /// The caller asked to stop.
    Interrupted,
}

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("{field} is {value}, but must be {bound}")]
    Value { field: String, value: String, bound: String },
    #[error("{what} is not built yet")]
    NotBuilt { what: String },
    #[error("strategy {strategy} needs a model")]
    ModelNeeded { strategy: Strategy },
    #[error("model {name} is not there: {} is no folder", path.display())]
    NoModel { name: String, path: PathBuf },
    #[error("no cache folder is known for this user")]
    NoCache,
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Walk { path: PathBuf, message: String },
    #[error("{}: invalid UTF-8 at byte {offset}", path.display())]
    Utf8 { path: PathBuf, offset: usize },
    #[error("{document}: {source}")]
    Chunk { document: String, source: ChunkError },
    #[error("{source}")]
    Embed { source: EmbedError },
    #[error("{source}")]
    Policy { source: PolicyError },
    #[error("{}: {source}", path.display())]
    Output { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Vectors { path: PathBuf, message: String },
    #[error("{} was made by another model: {difference}", path.display())]
    OtherModel { path: PathBuf, difference: String },
    #[error("{document}: chunk {index} has {dropped} tokens more than the {limit} that the model reads")]
    TooLong { document: String, index: usize, dropped: usize, limit: usize },
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Repr::Value { .. } | Repr::ModelNeeded { .. } => ErrorKind::Usage,
            Repr::NotBuilt { .. } => ErrorKind::NotBuilt,
            Repr::Io { .. } | Repr::Walk { .. } => ErrorKind::Document,
            Repr::Utf8 { .. } => ErrorKind::Utf8,
            Repr::Chunk { source, .. } => match source.kind() {
                ChunkErrorKind::Config => ErrorKind::Usage,
                ChunkErrorKind::GraphemeTooLarge => ErrorKind::Grapheme,
                _ => ErrorKind::Document,
            },
            Repr::NoModel { .. } | Repr::NoCache => ErrorKind::Model,
            Repr::Embed { source } => match source.kind() {
                EmbedErrorKind::UnknownBackend => ErrorKind::Usage,
                EmbedErrorKind::OutOfMemory | EmbedErrorKind::NeverFits => ErrorKind::OutOfMemory,
                EmbedErrorKind::BackendAbsent | EmbedErrorKind::DeviceLost | EmbedErrorKind::Backend => {
                    ErrorKind::Device
                }
                _ => ErrorKind::Model,
            },
            Repr::Policy { source } => match source.kind() {
                batch_policy::PolicyErrorKind::NeverFits => ErrorKind::OutOfMemory,
                _ => ErrorKind::Usage,
            },
            Repr::Output { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe => {
                ErrorKind::ClosedPipe
            }
            Repr::Output { .. } => ErrorKind::Output,
            Repr::Vectors { .. } => ErrorKind::Vectors,
            Repr::OtherModel { .. } => ErrorKind::OtherModel,
            Repr::TooLong { .. } => ErrorKind::TooLong,
            Repr::Interrupted => ErrorKind::Interrupted,
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::NoModel { path, .. }
            | Repr::Io { path, .. }
            | Repr::Walk { path, .. }
            | Repr::Utf8 { path, .. }
            | Repr::Output { path, .. }
            | Repr::Vectors { path, .. }
            | Repr::OtherModel { path, .. } => Some(path),
            Repr::Embed { source } => source.path(),
            _ => None,
        }
    }

    /// The embedder's error below, if that is what it is.
    pub fn embed_error(&self) -> Option<&EmbedError> {
        match &*self.0 {
            Repr::Embed { source } => Some(source),
            _ => None,
        }
    }

    /// The strategy that lacks a model.
    pub fn strategy(&self) -> Option<Strategy> {
        match *self.0 {
            Repr::ModelNeeded { strategy } => Some(strategy),
            _ => None,
        }
    }

    fn new(repr: Repr) -> Self {
        Error(Box::new(repr))
    }

    pub(crate) fn value(
        field: impl Into<String>,
        value: impl std::fmt::Display,
        bound: impl Into<String>,
    ) -> Self {
        Self::new(Repr::Value { field: field.into(), value: value.to_string(), bound: bound.into() })
    }

    pub(crate) fn not_built(what: impl Into<String>) -> Self {
        Self::new(Repr::NotBuilt { what: what.into() })
    }

    pub(crate) fn model_needed(strategy: Strategy) -> Self {
        Self::new(Repr::ModelNeeded { strategy })
    }

    pub(crate) fn no_model(name: &str, path: &Path) -> Self {
        Self::new(Repr::NoModel { name: name.to_owned(), path: path.to_owned() })
    }

    pub(crate) fn no_cache() -> Self {
        Self::new(Repr::NoCache)
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::new(Repr::Io { path: path.to_owned(), source })
    }

    pub(crate) fn walk(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::Walk { path: path.to_owned(), message: message.into() })
    }

    pub(crate) fn utf8(path: &Path, offset: usize) -> Self {
        Self::new(Repr::Utf8 { path: path.to_owned(), offset })
    }

    pub(crate) fn chunk(document: &str, source: ChunkError) -> Self {
        match (source.kind(), source.offset()) {
            (ChunkErrorKind::Utf8, Some(offset)) => Error::utf8(Path::new(document), offset),
            _ => Self::new(Repr::Chunk { document: document.to_owned(), source }),
        }
    }

    pub(crate) fn output(path: &Path, source: std::io::Error) -> Self {
        Self::new(Repr::Output { path: path.to_owned(), source })
    }

    pub(crate) fn vectors(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::Vectors { path: path.to_owned(), message: message.into() })
    }

    pub(crate) fn other_model(path: &Path, difference: impl Into<String>) -> Self {
        Self::new(Repr::OtherModel { path: path.to_owned(), difference: difference.into() })
    }

    pub(crate) fn too_long(document: &str, index: usize, dropped: usize, limit: usize) -> Self {
        Self::new(Repr::TooLong { document: document.to_owned(), index, dropped, limit })
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Repr::Interrupted)
    }
}

impl From<EmbedError> for Error {
    fn from(source: EmbedError) -> Self {
        Self::new(Repr::Embed { source })
    }
}

impl From<PolicyError> for Error {
    fn from(source: PolicyError) -> Self {
        Self::new(Repr::Policy { source })
    }
}

/// A refused configuration, before there is a document.
impl From<ChunkError> for Error {
    fn from(source: ChunkError) -> Self {
        let (field, value) = (source.field(), source.value());
        match (field, value) {
            (Some(field), Some(value)) => {
                let text = source.to_string();
                let bound = text.split_once("must be ").map_or("", |(_, bound)| bound);
                Error::value(field, value, bound)
            }
            _ => Self::new(Repr::Chunk { document: "configuration".to_owned(), source }),
        }
    }
}
