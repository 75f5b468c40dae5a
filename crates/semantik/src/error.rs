//! The crate's error.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use batch_policy::PolicyError;
use chunk_strategies::{ChunkError, ChunkErrorKind, Strategy};
use embed_burn::{EmbedError, EmbedErrorKind};
use gpu_telemetry::ByteCount;

use crate::input::Malformed;

/// What went wrong, in a run or before it.
///
/// Opaque: [`kind`](Error::kind) says which class of error it is, and the facts are methods.
/// Cheap to clone: what fails several documents is told of each.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Arc<Repr>);

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
    /// A document is not what its byte order mark says.
    Encoding,
    /// A file is to be read that the run writes into.
    OutputIsInput,
    /// The model is missing, damaged or of a kind that is not supported.
    Model,
    /// A hub's cache has the model, and not in a state that can be used.
    HubCache,
    /// A hub has no model, no revision or no file of this name.
    NotOnHub,
    /// A hub gives the model to some only.
    Denied,
    /// A hub's model has no form that is read.
    NotPullable,
    /// A hub is not reached, or does not answer as a hub does.
    Unreachable,
    /// What a hub sent is not what it said it is.
    Damaged,
    /// A hub would have to be asked, and the environment forbids it.
    Offline,
    /// The model has no prompt of this name, or a prompt leaves no room for a text.
    Prompt,
    /// The device is not there, or failed.
    Device,
    /// The device has no memory for a text, or for the model; [`Error::needed_and_free`] has the bytes of a text.
    OutOfMemory,
    /// Other work of this process holds the device's memory, and gave nothing back for as long as this was ready to wait.
    Busy,
    /// A text, or the model, needs a tensor larger than any that the device allows; [`Error::needed_and_cap`] has both.
    NeverFits,
    /// The model cannot read a text: it has no token, or more than the model reads.
    Unreadable,
    /// A text has a token that the model does not know: its tokenizer and its weights do not belong together.
    UnknownToken,
    /// A text's vector is not finite.
    NotFinite,
    /// The output cannot be written.
    Output,
    /// Another run writes the output.
    InUse,
    /// A file was to be updated that another model or another configuration made.
    NotUpdatable,
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
    #[error("model {name} is not there: {} is no folder, and {} has no {}", path.display(), shown(places), wanted.join(" or "))]
    NotInCaches { name: String, path: PathBuf, places: Vec<PathBuf>, wanted: Vec<String> },
    #[error("{}: {message}", path.display())]
    HubCache { path: PathBuf, message: String },
    #[cfg(feature = "hub")]
    #[error("{message}")]
    Hub { kind: ErrorKind, message: String },
    #[error("no cache folder is known for this user")]
    NoCache,
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Walk { path: PathBuf, message: String },
    #[error("{}: invalid UTF-8 at byte {offset}", path.display())]
    Utf8 { path: PathBuf, offset: usize },
    #[error("{}: {malformed}", path.display())]
    Encoding { path: PathBuf, malformed: Malformed },
    #[error("{} is to be read, and this run writes into it", path.display())]
    OutputIsInput { path: PathBuf },
    #[error("{document}: {source}")]
    Chunk { document: String, source: ChunkError },
    #[error("{source}")]
    Embed { source: EmbedError },
    #[error("{source}: it needs about {needed}, {}", free(*available))]
    OutOfMemory { source: EmbedError, needed: ByteCount, available: Option<ByteCount> },
    #[error("{model} needs {needed} on {device}, {}{}", free(*available), with(others))]
    NoRoom { device: String, model: String, needed: ByteCount, available: Option<ByteCount>, others: String },
    #[error("{model} waited for {} s for memory of {device}: it needs {needed} of the {budget} that may be used, and {held} are held{}", patience.as_secs(), with(others))]
    Busy {
        device: String,
        model: String,
        needed: ByteCount,
        budget: ByteCount,
        held: ByteCount,
        others: String,
        patience: Duration,
    },
    #[error("the system gives no thread to {device}: {source}")]
    NoThread { device: String, source: std::io::Error },
    #[error("a text of {tokens} tokens needs a tensor of {needed}, but {device} allows none over {cap}")]
    NeverFits { device: String, tokens: usize, needed: ByteCount, cap: ByteCount },
    #[error("{document}: line {line}: {source}")]
    Text { document: String, line: usize, source: Error },
    #[error("{source}")]
    Policy { source: PolicyError },
    #[error("{}: {source}", path.display())]
    Output { path: PathBuf, source: std::io::Error },
    #[error("{} is being written by {}", path.display(), writer(*pid))]
    InUse { path: PathBuf, pid: Option<u32> },
    #[error("{} cannot be updated: what differs in this run: {difference}", path.display())]
    NotUpdatable { path: PathBuf, difference: String },
    #[error("{}: {message}", path.display())]
    Vectors { path: PathBuf, message: String },
    #[error("{} was made by another model; what differs: {difference}", path.display())]
    OtherModel { path: PathBuf, difference: String },
    #[error("{document}: chunk {index} has {dropped} token{} more than the {limit} that the model reads", if *dropped == 1 { "" } else { "s" })]
    TooLong { document: String, index: usize, dropped: usize, limit: usize },
    #[error("interrupted")]
    Interrupted,
}

fn shown(places: &[PathBuf]) -> String {
    places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(" or ")
}

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Repr::Value { .. } | Repr::ModelNeeded { .. } | Repr::Policy { .. } => ErrorKind::Usage,
            Repr::NotBuilt { .. } => ErrorKind::NotBuilt,
            Repr::Io { .. } | Repr::Walk { .. } => ErrorKind::Document,
            Repr::Utf8 { .. } => ErrorKind::Utf8,
            Repr::Encoding { .. } => ErrorKind::Encoding,
            Repr::OutputIsInput { .. } => ErrorKind::OutputIsInput,
            Repr::Chunk { source, .. } => match source.kind() {
                ChunkErrorKind::Config => ErrorKind::Usage,
                ChunkErrorKind::GraphemeTooLarge => ErrorKind::Grapheme,
                _ => ErrorKind::Document,
            },
            Repr::NoModel { .. } | Repr::NotInCaches { .. } | Repr::NoCache => ErrorKind::Model,
            Repr::HubCache { .. } => ErrorKind::HubCache,
            #[cfg(feature = "hub")]
            Repr::Hub { kind, .. } => *kind,
            Repr::Embed { source } => match source.kind() {
                EmbedErrorKind::UnknownBackend => ErrorKind::Usage,
                EmbedErrorKind::Prompt => ErrorKind::Prompt,
                EmbedErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
                EmbedErrorKind::NeverFits => ErrorKind::NeverFits,
                EmbedErrorKind::Input => ErrorKind::Unreadable,
                EmbedErrorKind::UnknownToken => ErrorKind::UnknownToken,
                EmbedErrorKind::NotFinite => ErrorKind::NotFinite,
                EmbedErrorKind::BackendAbsent
                | EmbedErrorKind::NoPrecision
                | EmbedErrorKind::DeviceLost
                | EmbedErrorKind::Backend => ErrorKind::Device,
                _ => ErrorKind::Model,
            },
            Repr::OutOfMemory { .. } | Repr::NoRoom { .. } => ErrorKind::OutOfMemory,
            Repr::Busy { .. } => ErrorKind::Busy,
            Repr::NoThread { .. } => ErrorKind::Device,
            Repr::NeverFits { .. } => ErrorKind::NeverFits,
            Repr::Text { source, .. } => source.kind(),
            Repr::Output { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe => {
                ErrorKind::ClosedPipe
            }
            Repr::Output { .. } => ErrorKind::Output,
            Repr::InUse { .. } => ErrorKind::InUse,
            Repr::Vectors { .. } => ErrorKind::Vectors,
            Repr::OtherModel { .. } => ErrorKind::OtherModel,
            Repr::NotUpdatable { .. } => ErrorKind::NotUpdatable,
            Repr::TooLong { .. } => ErrorKind::TooLong,
            Repr::Interrupted => ErrorKind::Interrupted,
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::NoModel { path, .. }
            | Repr::NotInCaches { path, .. }
            | Repr::HubCache { path, .. }
            | Repr::Io { path, .. }
            | Repr::Walk { path, .. }
            | Repr::Utf8 { path, .. }
            | Repr::Encoding { path, .. }
            | Repr::OutputIsInput { path }
            | Repr::Output { path, .. }
            | Repr::InUse { path, .. }
            | Repr::NotUpdatable { path, .. }
            | Repr::Vectors { path, .. }
            | Repr::OtherModel { path, .. } => Some(path),
            Repr::Text { document, .. } => Some(Path::new(document)),
            Repr::Embed { source } => source.path(),
            _ => None,
        }
    }

    /// The line of its document in which the text begins that the error is about, counted from 1.
    pub fn line(&self) -> Option<usize> {
        match *self.0 {
            Repr::Text { line, .. } => Some(line),
            _ => None,
        }
    }

    /// For a text, or a model, that no memory was there for: the bytes that it was predicted to need, and those that were
    /// free, as far as that was measured. Where other work of this process held them: those that it did not hold.
    pub fn needed_and_free(&self) -> Option<(ByteCount, Option<ByteCount>)> {
        match &*self.0 {
            &Repr::OutOfMemory { needed, available, .. } | &Repr::NoRoom { needed, available, .. } => {
                Some((needed, available))
            }
            &Repr::Busy { needed, budget, held, .. } => Some((needed, Some(budget.saturating_sub(held)))),
            Repr::Text { source, .. } => source.needed_and_free(),
            _ => None,
        }
    }

    /// For a tensor that never fits: its bytes, and the most bytes that the device allows.
    pub fn needed_and_cap(&self) -> Option<(ByteCount, ByteCount)> {
        match &*self.0 {
            &Repr::NeverFits { needed, cap, .. } => Some((needed, cap)),
            Repr::Text { source, .. } => source.needed_and_cap(),
            Repr::Embed { source } => {
                source.needed_and_cap().map(|(needed, cap)| (ByteCount::new(needed), ByteCount::new(cap)))
            }
            _ => None,
        }
    }

    /// The embedder's error below, if that is what it is.
    pub fn embed_error(&self) -> Option<&EmbedError> {
        match &*self.0 {
            Repr::Embed { source } | Repr::OutOfMemory { source, .. } => Some(source),
            Repr::Text { source, .. } => source.embed_error(),
            _ => None,
        }
    }

    /// For a value that is wrong: the field, the value, and what it must be. Programs have names of their own for fields.
    pub fn field_value_bound(&self) -> Option<(&str, &str, &str)> {
        match &*self.0 {
            Repr::Value { field, value, bound } => Some((field, value, bound)),
            Repr::Policy { source } => Some((source.field()?, source.value(), source.bound())),
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
        Error(Arc::new(repr))
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

    /// Neither is its folder there, nor does any of the hub's caches `places` have one of the `wanted`.
    pub(crate) fn not_in_caches(name: &str, path: &Path, places: &[PathBuf], wanted: Vec<String>) -> Self {
        let (name, path, places) = (name.to_owned(), path.to_owned(), places.to_vec());
        Self::new(Repr::NotInCaches { name, path, places, wanted })
    }

    pub(crate) fn hub_cache(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::HubCache { path: path.to_owned(), message: message.into() })
    }

    /// What went wrong between this machine and a hub.
    #[cfg(feature = "hub")]
    pub(crate) fn hub(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(Repr::Hub { kind, message: message.into() })
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

    /// The error of a document's reader: what it cannot decode, or what the system says.
    pub(crate) fn reading(path: &Path, source: std::io::Error) -> Self {
        Malformed::of(&source)
            .map_or_else(|| Error::io(path, source), |malformed| Error::malformed(path, malformed))
    }

    fn malformed(path: &Path, malformed: Malformed) -> Self {
        match usize::try_from(malformed.offset) {
            Ok(offset) if malformed.encoding.is_utf8() => Error::utf8(path, offset),
            _ => Self::new(Repr::Encoding { path: path.to_owned(), malformed }),
        }
    }

    pub(crate) fn output_is_input(path: &Path) -> Self {
        Self::new(Repr::OutputIsInput { path: path.to_owned() })
    }

    pub(crate) fn chunk(document: &str, source: ChunkError) -> Self {
        if let Some(malformed) = source.io_error().and_then(Malformed::of) {
            return Error::malformed(Path::new(document), malformed);
        }
        match (source.kind(), source.offset()) {
            (ChunkErrorKind::Utf8, Some(offset)) => Error::utf8(Path::new(document), offset),
            _ => Self::new(Repr::Chunk { document: document.to_owned(), source }),
        }
    }

    pub(crate) fn output(path: &Path, source: std::io::Error) -> Self {
        Self::new(Repr::Output { path: path.to_owned(), source })
    }

    pub(crate) fn in_use(path: &Path, pid: Option<u32>) -> Self {
        Self::new(Repr::InUse { path: path.to_owned(), pid })
    }

    pub(crate) fn not_updatable(path: &Path, difference: impl Into<String>) -> Self {
        Self::new(Repr::NotUpdatable { path: path.to_owned(), difference: difference.into() })
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

    pub(crate) fn out_of_memory(source: EmbedError, needed: ByteCount, available: Option<ByteCount>) -> Self {
        Self::new(Repr::OutOfMemory { source, needed, available })
    }

    /// The weights of `model` do not fit; `others` says who is on the device.
    pub(crate) fn no_room(
        device: &str,
        model: &str,
        needed: ByteCount,
        available: Option<ByteCount>,
        others: String,
    ) -> Self {
        let (device, model) = (device.to_owned(), model.to_owned());
        Self::new(Repr::NoRoom { device, model, needed, available, others })
    }

    /// Nothing was given back for `patience`; `in_all` is the budget and what of it is held, by `others`.
    pub(crate) fn busy(
        device: &str,
        model: &str,
        needed: ByteCount,
        in_all: (ByteCount, ByteCount),
        others: String,
        patience: Duration,
    ) -> Self {
        let (device, model, (budget, held)) = (device.to_owned(), model.to_owned(), in_all);
        Self::new(Repr::Busy { device, model, needed, budget, held, others, patience })
    }

    pub(crate) fn no_thread(device: &str, source: std::io::Error) -> Self {
        Self::new(Repr::NoThread { device: device.to_owned(), source })
    }

    pub(crate) fn never_fits(device: &str, tokens: usize, needed: ByteCount, cap: ByteCount) -> Self {
        Self::new(Repr::NeverFits { device: device.to_owned(), tokens, needed, cap })
    }

    /// This error, of the text that begins in this line of a document.
    pub(crate) fn in_document(self, document: &str, line: usize) -> Self {
        Self::new(Repr::Text { document: document.to_owned(), line, source: self })
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Repr::Interrupted)
    }
}

fn writer(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn with(others: &str) -> String {
    if others.is_empty() { String::new() } else { format!(" ({others})") }
}

fn free(available: Option<ByteCount>) -> String {
    match available {
        Some(bytes) => format!("and {bytes} are free"),
        None => "and how much is free is not known".to_owned(),
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
