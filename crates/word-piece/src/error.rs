//! The crate's error.

/// Why a tokenizer cannot be made.
///
/// Opaque: [`kind`](WordPieceError::kind) says which class of error it is, and the facts are methods. Once it is made, a
/// tokenizer takes every text.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WordPieceError(Box<Repr>);

/// The classes of [`WordPieceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WordPieceErrorKind {
    /// The text is no JSON, or not that of a tokenizer.
    Json,
    /// A tokenizer of another kind, which is better left to the `tokenizers` crate; [`WordPieceError::part`] says which of
    /// its parts is not known here.
    OtherKind,
    /// The vocabulary lacks a token that is needed, or is larger than any that a model has.
    Vocabulary,
}

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("not a tokenizer's JSON: {source}")]
    Json { source: serde_json::Error },
    #[error("{part} is {found}, and only {known} is known here")]
    OtherKind { part: &'static str, found: String, known: &'static str },
    #[error("the vocabulary has no token {token:?}, which {why}")]
    Missing { token: String, why: &'static str },
    #[error("the vocabulary has {bytes} bytes of tokens, more than the {most} that there is room for")]
    TooLarge { bytes: usize, most: usize },
}

impl WordPieceError {
    /// The class of the error.
    pub fn kind(&self) -> WordPieceErrorKind {
        match *self.0 {
            Repr::Json { .. } => WordPieceErrorKind::Json,
            Repr::OtherKind { .. } => WordPieceErrorKind::OtherKind,
            Repr::Missing { .. } | Repr::TooLarge { .. } => WordPieceErrorKind::Vocabulary,
        }
    }

    /// The part of the tokenizer that is of another kind, as its JSON names it.
    pub fn part(&self) -> Option<&'static str> {
        match *self.0 {
            Repr::OtherKind { part, .. } => Some(part),
            _ => None,
        }
    }

    pub(crate) fn json(source: serde_json::Error) -> Self {
        WordPieceError(Box::new(Repr::Json { source }))
    }

    pub(crate) fn other_kind(part: &'static str, found: impl Into<String>, known: &'static str) -> Self {
        WordPieceError(Box::new(Repr::OtherKind { part, found: found.into(), known }))
    }

    pub(crate) fn missing(token: &str, why: &'static str) -> Self {
        WordPieceError(Box::new(Repr::Missing { token: token.to_owned(), why }))
    }

    pub(crate) fn too_large(bytes: usize, most: usize) -> Self {
        WordPieceError(Box::new(Repr::TooLarge { bytes, most }))
    }
}
