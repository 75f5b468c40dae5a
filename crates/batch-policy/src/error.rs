//! The crate's error.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt::Display;

/// Why a configuration or a profile is refused.
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
    /// A profile holds what no profile can; [`PolicyError::field`] names the value.
    Profile,
}

#[derive(Debug, thiserror::Error)]
enum Repr {
    #[error("{field} is {value}, but must be {bound}")]
    Config { field: &'static str, value: String, bound: String },
    #[error("{field} of the profile is {value}, but must be {bound}")]
    Profile { field: &'static str, value: String, bound: String },
}

impl PolicyError {
    /// The class of the error.
    pub fn kind(&self) -> PolicyErrorKind {
        match *self.0 {
            Repr::Config { .. } => PolicyErrorKind::Config,
            Repr::Profile { .. } => PolicyErrorKind::Profile,
        }
    }

    /// The name of the value that is out of bounds.
    pub fn field(&self) -> Option<&'static str> {
        match *self.0 {
            Repr::Config { field, .. } | Repr::Profile { field, .. } => Some(field),
        }
    }

    /// The value, as it was given.
    pub fn value(&self) -> &str {
        match &*self.0 {
            Repr::Config { value, .. } | Repr::Profile { value, .. } => value,
        }
    }

    /// What it must be.
    pub fn bound(&self) -> &str {
        match &*self.0 {
            Repr::Config { bound, .. } | Repr::Profile { bound, .. } => bound,
        }
    }

    pub(crate) fn config(field: &'static str, value: impl Display, bound: impl Display) -> Self {
        PolicyError(Box::new(Repr::Config { field, value: value.to_string(), bound: bound.to_string() }))
    }

    pub(crate) fn profile(field: &'static str, value: impl Display, bound: impl Display) -> Self {
        PolicyError(Box::new(Repr::Profile { field, value: value.to_string(), bound: bound.to_string() }))
    }
}
