//! [`Text`]: what a chunk's vector is made of.

use embed_burn::TokenizedText;

use crate::earlier::Reused;

/// What counts in a window that has nothing for the model to read, in tokens: a window is bounded by the memory that the vectors of
/// texts of about so many tokens take, so that any number of vectors that are there already is written in time.
pub(super) const LEAST_LOAD: usize = 4;

/// What a chunk's vector is made of.
#[derive(Debug)]
pub(super) enum Text {
    /// It gets none.
    None,
    /// Tokens that wait for the model.
    Waiting(TokenizedText),
    /// An earlier run made it.
    Reused(Reused),
}

impl Text {
    /// What it counts in a window: tokens that the model is to read, and never less than [`LEAST_LOAD`].
    pub(super) fn load(&self) -> usize {
        match self {
            Text::Waiting(text) => text.ids.len().max(LEAST_LOAD),
            Text::None | Text::Reused(_) => LEAST_LOAD,
        }
    }

    /// Tokens beyond the model's limit.
    pub(super) fn dropped(&self) -> usize {
        match self {
            Text::None => 0,
            Text::Waiting(text) => text.dropped,
            Text::Reused(reused) => reused.truncated,
        }
    }
}
