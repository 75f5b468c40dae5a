//! The crate's error.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt::Display;

use crate::bytes::Bytes;

/// Why a configuration is refused, or a text cannot be planned.
///
/// Opaque: [`kind`](PolicyError::kind) says which class of error it is, and the facts are methods.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PolicyError(Box<Repr>);

/// The classes of [`PolicyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// A configuration value is out of its bounds; [`PolicyError::field`] names it.
    Config,
    /// One text alone needs a tensor larger than any that the device allows; [`PolicyError::index`] says which.
    NeverFits,
}

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("{field} is {value}, but must be {bound}")]
    Config { field: &'static str, value: String, bound: String },
    #[error("text {index} of {tokens} tokens needs a tensor of {needed}, and none over {cap} is allowed")]
    NeverFits { index: usize, tokens: usize, needed: Bytes, cap: Bytes },
}

impl PolicyError {
    /// The class of the error.
    pub fn kind(&self) -> PolicyErrorKind {
        match *self.0 {
            Repr::Config { .. } => PolicyErrorKind::Config,
            Repr::NeverFits { .. } => PolicyErrorKind::NeverFits,
        }
    }

    /// The name of the configuration value that is out of bounds.
    pub fn field(&self) -> Option<&'static str> {
        match *self.0 {
            Repr::Config { field, .. } => Some(field),
            Repr::NeverFits { .. } => None,
        }
    }

    /// The place, among the lengths given, of the text that never fits.
    pub fn index(&self) -> Option<usize> {
        match *self.0 {
            Repr::NeverFits { index, .. } => Some(index),
            Repr::Config { .. } => None,
        }
    }

    /// For a text that never fits: the bytes of its largest tensor, and the most that are allowed.
    pub fn needed_and_cap(&self) -> Option<(Bytes, Bytes)> {
        match *self.0 {
            Repr::NeverFits { needed, cap, .. } => Some((needed, cap)),
            Repr::Config { .. } => None,
        }
    }

    pub(crate) fn config(field: &'static str, value: impl Display, bound: impl Display) -> Self {
        PolicyError(Box::new(Repr::Config { field, value: value.to_string(), bound: bound.to_string() }))
    }

    pub(crate) fn never_fits(index: usize, tokens: usize, needed: Bytes, cap: Bytes) -> Self {
        PolicyError(Box::new(Repr::NeverFits { index, tokens, needed, cap }))
    }
}
