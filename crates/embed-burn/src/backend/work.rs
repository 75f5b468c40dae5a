//! [`Work`]: what a device was doing when it failed.

use std::fmt;

/// What is asked of a device, as an error tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// So many texts, padded to so many tokens.
    Batch {
        /// Texts.
        items: usize,
        /// Tokens of the longest.
        tokens: usize,
    },
    /// A model's weights are put on it.
    Load,
    /// It is opened.
    Open,
    /// Anything else: an allocation, or waiting for what is queued.
    Other,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Batch { items: 1, tokens } => write!(f, "one text of {tokens} tokens"),
            Work::Batch { items, tokens } => write!(f, "a batch of {items} texts of {tokens} tokens"),
            Work::Load => f.write_str("the model's weights"),
            Work::Open => f.write_str("the device itself, which did not open"),
            Work::Other => f.write_str("what was asked of it"),
        }
    }
}
