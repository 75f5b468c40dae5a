//! The crate's error.

use std::path::{Path, PathBuf};

use crate::backend::{Backend, Work};

/// What went wrong while loading a model or running it.
///
/// Opaque: [`kind`](EmbedError::kind) says which class of error it is, and the facts are methods.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EmbedError(Box<Repr>);

/// The classes of [`EmbedError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbedErrorKind {
    /// The folder lacks a file that every model has; [`EmbedError::path`] names it.
    NotAModel,
    /// The weights are there in a form that this crate does not read: another framework's.
    OtherForm,
    /// Some of the files are missing that an index of weights lists; [`EmbedError::missing`] names them.
    MissingShards,
    /// What lies there stands for a large file that Git did not fetch.
    LfsPointer,
    /// A link to a file that is not there, as a hub's cache has them after a download that was not finished.
    BrokenLink,
    /// The model is of a kind that this crate does not run.
    Unsupported,
    /// A file of the model could not be read.
    Io,
    /// A configuration file of the model does not say what it must.
    Config,
    /// The weights are cut short, lie about themselves, or do not fit the configuration.
    Weights,
    /// Some of the tensors are missing that the configuration asks for; [`EmbedError::missing`] names them.
    MissingTensors,
    /// The model has no prompt of this name, or a prompt leaves no room for a text.
    Prompt,
    /// The tokenizer could not be loaded, or failed on a text.
    Tokenizer,
    /// A text without a token, or longer than the model reads.
    Input,
    /// A text has a token id that the model's vocabulary does not reach; [`EmbedError::token_and_vocabulary`] has both.
    /// Its tokenizer and its weights do not belong together.
    UnknownToken,
    /// The device does not compute in the numbers that were asked for.
    NoPrecision,
    /// In the numbers that were asked for, the model's vectors are too far from those in f32.
    Imprecise,
    /// A text's vector is not finite: weights that are damaged, or numbers that grow too large on this text.
    NotFinite,
    /// No backend has this name.
    UnknownBackend,
    /// The backend is not compiled in, or its device or driver is not there.
    BackendAbsent,
    /// The device had no memory for the batch, which can be repeated with less, or for the model.
    /// [`EmbedError::needed_bytes`] and [`EmbedError::free_bytes`] have what is known of it.
    OutOfMemory,
    /// A tensor of the batch would be larger than the device allows any tensor to be.
    NeverFits,
    /// The device is gone, with all that was on it. [`BurnEmbedder::reload`](crate::BurnEmbedder::reload) opens a device of
    /// a graphics API anew; one of CUDA or ROCm stays lost for the life of the process.
    DeviceLost,
    /// The backend failed in another way.
    Backend,
}

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("{} is no model: {} is missing", folder.display(), missing.display())]
    NotAModel { folder: PathBuf, missing: PathBuf },
    #[error("{} has its weights in {name} only, {form}; model.safetensors and pytorch_model.bin are read", folder.display())]
    OtherForm { folder: PathBuf, path: PathBuf, name: String, form: &'static str },
    #[error("{} lists files that are missing: {}", index.display(), missing.join(", "))]
    MissingShards { index: PathBuf, missing: Vec<String> },
    #[error("{} is a pointer of Git LFS, and not the file{}", path.display(), bytes_elsewhere(*size))]
    LfsPointer { path: PathBuf, size: Option<u64> },
    #[error("{} is a link to {}, which is not there", path.display(), target.display())]
    BrokenLink { path: PathBuf, target: PathBuf },
    #[error("{}: {what} {value} is not supported, only {supported}", path.display())]
    Unsupported { path: PathBuf, what: String, value: String, supported: &'static str },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {message}", path.display())]
    Config { path: PathBuf, message: String },
    #[error("{}: {message}", path.display())]
    Weights { path: PathBuf, message: String },
    #[error("{}: {} missing: {}", path.display(), tensors_are(missing.len()), missing.join(", "))]
    MissingTensors { path: PathBuf, missing: Vec<String> },
    #[error("{message}")]
    Prompt { message: String },
    #[error("{}: {message}", path.display())]
    TokenizerFile { path: PathBuf, message: String },
    #[error("the tokenizer failed: {message}")]
    Tokenizer { message: String },
    #[error("{message}")]
    Input { message: String },
    #[error("the token id {id} is beyond the model's vocabulary of {vocabulary} tokens")]
    UnknownToken { id: u32, vocabulary: usize },
    #[error("{device} does not compute in {precision}")]
    NoPrecision { device: String, precision: &'static str },
    #[error(
        "in {precision} this model's vectors are too far from those in f32: a cosine of {cosine:.5}, where {bound} is asked, \
         on the text {text:?}"
    )]
    Imprecise { precision: &'static str, cosine: f64, bound: f64, text: &'static str },
    #[error("the vector that {device} computed is not finite")]
    NotFinite { device: String },
    #[error("text {index}: {source}")]
    Text { index: usize, source: EmbedError },
    #[error("no backend is called {name:?}; known are {known}")]
    UnknownBackend { name: String, known: String },
    #[error("backend {name} is not available: {reason}")]
    BackendAbsent { name: String, backend: Backend, reason: String },
    #[error("out of memory on {device} with {work}{}", bytes(*needed, *free))]
    OutOfMemory { device: String, work: Work, needed: Option<u64>, free: Option<u64> },
    #[error("a tensor of {needed} bytes is needed, but {device} allows none {}", over(*cap))]
    NeverFits { device: String, needed: u64, cap: Option<u64> },
    #[error("the device {device} was lost{}: {message}", if *for_memory { " for want of memory" } else { "" })]
    DeviceLost { device: String, message: String, for_memory: bool },
    #[error("{device} failed: {message}")]
    Backend { device: String, message: String },
}

fn bytes_elsewhere(size: Option<u64>) -> String {
    size.map_or_else(String::new, |size| format!(" of {size} bytes"))
}

/// What is known of a memory that is too small.
fn bytes(needed: Option<u64>, free: Option<u64>) -> String {
    match (needed, free) {
        (Some(needed), Some(free)) => format!(": {needed} bytes are needed, and {free} are free"),
        (Some(needed), None) => format!(": {needed} bytes are needed"),
        (None, Some(free)) => format!(": {free} bytes are free"),
        (None, None) => String::new(),
    }
}

fn over(cap: Option<u64>) -> String {
    cap.map_or_else(|| "as large".to_owned(), |cap| format!("over {cap} bytes"))
}

fn tensors_are(count: usize) -> String {
    if count == 1 { "a tensor is".to_owned() } else { format!("{count} tensors are") }
}

impl EmbedError {
    /// The class of the error.
    pub fn kind(&self) -> EmbedErrorKind {
        match &*self.0 {
            Repr::NotAModel { .. } => EmbedErrorKind::NotAModel,
            Repr::OtherForm { .. } => EmbedErrorKind::OtherForm,
            Repr::MissingShards { .. } => EmbedErrorKind::MissingShards,
            Repr::LfsPointer { .. } => EmbedErrorKind::LfsPointer,
            Repr::BrokenLink { .. } => EmbedErrorKind::BrokenLink,
            Repr::MissingTensors { .. } => EmbedErrorKind::MissingTensors,
            Repr::Prompt { .. } => EmbedErrorKind::Prompt,
            Repr::Unsupported { .. } => EmbedErrorKind::Unsupported,
            Repr::Io { .. } => EmbedErrorKind::Io,
            Repr::Config { .. } => EmbedErrorKind::Config,
            Repr::Weights { .. } => EmbedErrorKind::Weights,
            Repr::TokenizerFile { .. } | Repr::Tokenizer { .. } => EmbedErrorKind::Tokenizer,
            Repr::Input { .. } => EmbedErrorKind::Input,
            Repr::UnknownToken { .. } => EmbedErrorKind::UnknownToken,
            Repr::NoPrecision { .. } => EmbedErrorKind::NoPrecision,
            Repr::Imprecise { .. } => EmbedErrorKind::Imprecise,
            Repr::NotFinite { .. } => EmbedErrorKind::NotFinite,
            Repr::Text { source, .. } => source.kind(),
            Repr::UnknownBackend { .. } => EmbedErrorKind::UnknownBackend,
            Repr::BackendAbsent { .. } => EmbedErrorKind::BackendAbsent,
            Repr::OutOfMemory { .. } => EmbedErrorKind::OutOfMemory,
            Repr::NeverFits { .. } => EmbedErrorKind::NeverFits,
            Repr::DeviceLost { .. } => EmbedErrorKind::DeviceLost,
            Repr::Backend { .. } => EmbedErrorKind::Backend,
        }
    }

    /// The file that the error is about: the missing one, for a folder that is no model.
    pub fn path(&self) -> Option<&Path> {
        match &*self.0 {
            Repr::NotAModel { missing, .. } => Some(missing),
            Repr::MissingShards { index, .. } => Some(index),
            Repr::OtherForm { path, .. }
            | Repr::LfsPointer { path, .. }
            | Repr::BrokenLink { path, .. }
            | Repr::MissingTensors { path, .. }
            | Repr::Unsupported { path, .. }
            | Repr::Io { path, .. }
            | Repr::Config { path, .. }
            | Repr::Weights { path, .. }
            | Repr::TokenizerFile { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The tensors or the files that are missing, all of them.
    pub fn missing(&self) -> &[String] {
        match &*self.0 {
            Repr::MissingShards { missing, .. } | Repr::MissingTensors { missing, .. } => missing,
            _ => &[],
        }
    }

    /// The backend that is not available.
    pub fn backend(&self) -> Option<Backend> {
        match *self.0 {
            Repr::BackendAbsent { backend, .. } => Some(backend),
            _ => None,
        }
    }

    /// For a tensor that never fits: its bytes, and the most bytes that the device allows, where it says so.
    pub fn needed_and_cap(&self) -> Option<(u64, u64)> {
        match *self.0 {
            Repr::NeverFits { needed, cap, .. } => Some((needed, cap?)),
            _ => self.below()?.needed_and_cap(),
        }
    }

    /// For a memory that is too small, the bytes that were asked of it where that is known: those of a model's load, or of
    /// the one allocation that was refused. For a tensor that never fits, its bytes.
    pub fn needed_bytes(&self) -> Option<u64> {
        match *self.0 {
            Repr::OutOfMemory { needed, .. } => needed,
            Repr::NeverFits { needed, .. } => Some(needed),
            _ => self.below()?.needed_bytes(),
        }
    }

    /// For a memory that is too small, the bytes that were there, where that is known.
    pub fn free_bytes(&self) -> Option<u64> {
        match *self.0 {
            Repr::OutOfMemory { free, .. } => free,
            _ => self.below()?.free_bytes(),
        }
    }

    /// For a device that was lost: whether it was for want of memory, as graphics APIs lose one whose upload is refused.
    /// The same work would lose the next one too.
    pub fn is_lost_for_memory(&self) -> bool {
        matches!(*self.0, Repr::DeviceLost { for_memory: true, .. })
    }

    /// For a token id that the model does not know: the id, and how many the model knows.
    pub fn token_and_vocabulary(&self) -> Option<(u32, usize)> {
        match *self.0 {
            Repr::UnknownToken { id, vocabulary } => Some((id, vocabulary)),
            _ => self.below()?.token_and_vocabulary(),
        }
    }

    /// For a batch that did not fit into memory: its texts, and the tokens of the longest.
    pub fn batch(&self) -> Option<(usize, usize)> {
        match *self.0 {
            Repr::OutOfMemory { work: Work::Batch { items, tokens }, .. } => Some((items, tokens)),
            _ => None,
        }
    }

    /// The place in its batch of the text that the error is about.
    pub fn text(&self) -> Option<usize> {
        match *self.0 {
            Repr::Text { index, .. } => Some(index),
            _ => None,
        }
    }

    /// Whether it may be one text's fault, so that the others of its batch can be embedded without it.
    pub fn is_of_a_text(&self) -> bool {
        match self.kind() {
            EmbedErrorKind::Tokenizer
            | EmbedErrorKind::Input
            | EmbedErrorKind::UnknownToken
            | EmbedErrorKind::NotFinite
            | EmbedErrorKind::OutOfMemory
            | EmbedErrorKind::NeverFits
            | EmbedErrorKind::Backend => true,
            EmbedErrorKind::NotAModel
            | EmbedErrorKind::OtherForm
            | EmbedErrorKind::MissingShards
            | EmbedErrorKind::MissingTensors
            | EmbedErrorKind::LfsPointer
            | EmbedErrorKind::BrokenLink
            | EmbedErrorKind::Prompt
            | EmbedErrorKind::NoPrecision
            | EmbedErrorKind::Imprecise
            | EmbedErrorKind::Unsupported
            | EmbedErrorKind::Io
            | EmbedErrorKind::Config
            | EmbedErrorKind::Weights
            | EmbedErrorKind::UnknownBackend
            | EmbedErrorKind::BackendAbsent
            | EmbedErrorKind::DeviceLost => false,
        }
    }

    /// The error of a batch's text, without the batch.
    fn below(&self) -> Option<&EmbedError> {
        match &*self.0 {
            Repr::Text { source, .. } => Some(source),
            _ => None,
        }
    }

    fn new(repr: Repr) -> Self {
        EmbedError(Box::new(repr))
    }

    pub(crate) fn not_a_model(folder: &Path, missing: &Path) -> Self {
        Self::new(Repr::NotAModel { folder: folder.to_owned(), missing: missing.to_owned() })
    }

    pub(crate) fn other_form(folder: &Path, name: &str, form: &'static str) -> Self {
        let path = folder.join(name);
        Self::new(Repr::OtherForm { folder: folder.to_owned(), path, name: name.to_owned(), form })
    }

    pub(crate) fn missing_shards(index: &Path, missing: Vec<String>) -> Self {
        Self::new(Repr::MissingShards { index: index.to_owned(), missing })
    }

    pub(crate) fn lfs_pointer(path: &Path, size: Option<u64>) -> Self {
        Self::new(Repr::LfsPointer { path: path.to_owned(), size })
    }

    pub(crate) fn broken_link(path: &Path, target: &Path) -> Self {
        Self::new(Repr::BrokenLink { path: path.to_owned(), target: target.to_owned() })
    }

    pub(crate) fn missing_tensors(path: &Path, missing: Vec<String>) -> Self {
        Self::new(Repr::MissingTensors { path: path.to_owned(), missing })
    }

    pub(crate) fn prompt(message: impl Into<String>) -> Self {
        Self::new(Repr::Prompt { message: message.into() })
    }

    pub(crate) fn unsupported(
        path: &Path,
        what: impl Into<String>,
        value: impl Into<String>,
        supported: &'static str,
    ) -> Self {
        Self::new(Repr::Unsupported {
            path: path.to_owned(),
            what: what.into(),
            value: value.into(),
            supported,
        })
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::new(Repr::Io { path: path.to_owned(), source })
    }

    pub(crate) fn config(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::Config { path: path.to_owned(), message: message.into() })
    }

    pub(crate) fn weights(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::Weights { path: path.to_owned(), message: message.into() })
    }

    pub(crate) fn tokenizer_file(path: &Path, message: impl Into<String>) -> Self {
        Self::new(Repr::TokenizerFile { path: path.to_owned(), message: message.into() })
    }

    pub(crate) fn tokenizer(message: impl std::fmt::Display) -> Self {
        Self::new(Repr::Tokenizer { message: message.to_string() })
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Repr::Input { message: message.into() })
    }

    pub(crate) fn unknown_token(id: u32, vocabulary: usize) -> Self {
        Self::new(Repr::UnknownToken { id, vocabulary })
    }

    #[cfg(feature = "cpu")]
    pub(crate) fn imprecise(precision: &'static str, cosine: f64, bound: f64, text: &'static str) -> Self {
        Self::new(Repr::Imprecise { precision, cosine, bound, text })
    }

    pub(crate) fn not_finite(device: &str) -> Self {
        Self::new(Repr::NotFinite { device: device.to_owned() })
    }

    /// The same error, of a batch's text at this place.
    pub(crate) fn at(self, index: usize) -> Self {
        Self::new(Repr::Text { index, source: self })
    }

    pub(crate) fn unknown_backend(name: &str) -> Self {
        let mut known = vec!["auto"];
        known.extend(Backend::ALL.iter().map(|backend| backend.as_str()));
        Self::new(Repr::UnknownBackend { name: name.to_owned(), known: known.join(", ") })
    }

    pub(crate) fn backend_absent(
        name: impl Into<String>,
        backend: Backend,
        reason: impl Into<String>,
    ) -> Self {
        Self::new(Repr::BackendAbsent { name: name.into(), backend, reason: reason.into() })
    }

    /// What it takes and what is free, as far as either is known.
    pub(crate) fn out_of_memory(device: &str, work: Work, needed: Option<u64>, free: Option<u64>) -> Self {
        Self::new(Repr::OutOfMemory { device: device.to_owned(), work, needed, free })
    }

    /// The most that the device allows may not be known.
    pub(crate) fn never_fits(device: &str, needed: u64, cap: impl Into<Option<u64>>) -> Self {
        Self::new(Repr::NeverFits { device: device.to_owned(), needed, cap: cap.into() })
    }

    pub(crate) fn device_lost(device: &str, message: impl Into<String>, for_memory: bool) -> Self {
        Self::new(Repr::DeviceLost { device: device.to_owned(), message: message.into(), for_memory })
    }

    pub(crate) fn no_precision(device: &str, precision: &'static str) -> Self {
        Self::new(Repr::NoPrecision { device: device.to_owned(), precision })
    }

    pub(crate) fn failed(device: &str, message: impl Into<String>) -> Self {
        Self::new(Repr::Backend { device: device.to_owned(), message: message.into() })
    }
}
