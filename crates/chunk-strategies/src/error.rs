//! The crate's error.

use std::error::Error;
use std::fmt;

use crate::embedder::EmbedFailure;
use crate::strategy::Strategy;
use crate::window::NoRoom;

/// What went wrong while configuring a strategy or chunking a document.
///
/// Opaque: [`kind`](ChunkError::kind) says which class of error it is, and the facts are methods.
// Written out: `thiserror` and what its macro is built with are half of what this crate takes to build.
#[derive(Debug)]
pub struct ChunkError(Box<Repr>);

/// The classes of [`ChunkError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkErrorKind {
    /// A configuration value is out of its bounds; [`ChunkError::field`] and [`ChunkError::value`] name it.
    Config,
    /// One grapheme, which is never cut, is larger than the maximum size, or has more bytes than a chunk of that size may
    /// have; [`ChunkError::offset`] says where it starts.
    GraphemeTooLarge,
    /// The embedder failed, or gave vectors of another number or length than asked for.
    Embedder,
    /// A tokenizer could not be used.
    Tokenizer,
    /// A document could not be read on.
    Read,
    /// A document that is read is no UTF-8; [`ChunkError::offset`] says where.
    Utf8,
}

#[derive(Debug)]
enum Repr {
    Config {
        field: &'static str,
        value: String,
        bound: String,
    },
    NoRoom(NoRoom),
    Embedder {
        source: EmbedFailure,
    },
    #[cfg(feature = "tokenizers")]
    Tokenizer {
        source: EmbedFailure,
    },
    Read {
        offset: usize,
        source: std::io::Error,
    },
    Utf8 {
        offset: usize,
    },
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Config { field, value, bound } => write!(f, "{field} is {value}, but must be {bound}"),
            Repr::NoRoom(no_room) => no_room.fmt(f),
            Repr::Embedder { source } => write!(f, "the embedder failed: {source}"),
            #[cfg(feature = "tokenizers")]
            Repr::Tokenizer { source } => write!(f, "the tokenizer failed: {source}"),
            Repr::Read { offset, source } => write!(f, "reading failed after byte {offset}: {source}"),
            Repr::Utf8 { offset } => write!(f, "invalid UTF-8 at byte {offset}"),
        }
    }
}

impl Error for ChunkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Repr::Embedder { source } => Some(&**source),
            #[cfg(feature = "tokenizers")]
            Repr::Tokenizer { source } => Some(&**source),
            Repr::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl ChunkError {
    /// The class of the error.
    pub fn kind(&self) -> ChunkErrorKind {
        match *self.0 {
            Repr::Config { .. } => ChunkErrorKind::Config,
            Repr::NoRoom(_) => ChunkErrorKind::GraphemeTooLarge,
            Repr::Embedder { .. } => ChunkErrorKind::Embedder,
            #[cfg(feature = "tokenizers")]
            Repr::Tokenizer { .. } => ChunkErrorKind::Tokenizer,
            Repr::Read { .. } => ChunkErrorKind::Read,
            Repr::Utf8 { .. } => ChunkErrorKind::Utf8,
        }
    }

    /// The name of the configuration value that is out of bounds.
    pub fn field(&self) -> Option<&'static str> {
        match *self.0 {
            Repr::Config { field, .. } => Some(field),
            _ => None,
        }
    }

    /// The configuration value that is out of bounds, as it was given.
    pub fn value(&self) -> Option<&str> {
        match &*self.0 {
            Repr::Config { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The byte offset in the document that the error is about.
    pub fn offset(&self) -> Option<usize> {
        match *self.0 {
            Repr::NoRoom(no_room) => Some(no_room.at()),
            Repr::Read { offset, .. } | Repr::Utf8 { offset } => Some(offset),
            _ => None,
        }
    }

    /// What reading failed with.
    pub fn io_error(&self) -> Option<&std::io::Error> {
        match &*self.0 {
            Repr::Read { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The same, of a text that begins `bytes` into the document.
    pub(crate) fn moved(mut self, bytes: usize) -> Self {
        if let Repr::NoRoom(no_room) = &mut *self.0 {
            *no_room = no_room.moved(bytes);
        }
        self
    }

    pub(crate) fn read(offset: usize, source: std::io::Error) -> Self {
        ChunkError(Box::new(Repr::Read { offset, source }))
    }

    pub(crate) fn utf8(offset: usize) -> Self {
        ChunkError(Box::new(Repr::Utf8 { offset }))
    }

    pub(crate) fn config(field: &'static str, value: impl fmt::Display, bound: impl fmt::Display) -> Self {
        ChunkError(Box::new(Repr::Config { field, value: value.to_string(), bound: bound.to_string() }))
    }

    pub(crate) fn unknown_strategy(name: &str) -> Self {
        let known: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
        ChunkError::config("strategy", format_args!("{name:?}"), format_args!("one of {}", known.join(", ")))
    }

    pub(crate) fn embedder(source: impl Into<EmbedFailure>) -> Self {
        ChunkError(Box::new(Repr::Embedder { source: source.into() }))
    }

    #[cfg(feature = "tokenizers")]
    pub(crate) fn tokenizer(source: impl Into<EmbedFailure>) -> Self {
        ChunkError(Box::new(Repr::Tokenizer { source: source.into() }))
    }
}

impl From<NoRoom> for ChunkError {
    fn from(no_room: NoRoom) -> Self {
        ChunkError(Box::new(Repr::NoRoom(no_room)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_caused_an_error_is_its_source() {
        let read = ChunkError::read(7, std::io::Error::other("gone"));
        assert_eq!(read.to_string(), "reading failed after byte 7: gone");
        assert_eq!(read.source().map(ToString::to_string), Some("gone".to_owned()));
        let embedder = ChunkError::embedder("no memory");
        assert_eq!(embedder.to_string(), "the embedder failed: no memory");
        assert_eq!(embedder.source().map(ToString::to_string), Some("no memory".to_owned()));
        assert!(ChunkError::utf8(3).source().is_none());
    }
}
