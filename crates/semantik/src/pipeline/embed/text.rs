//! [`Text`]: what a chunk's vector is made of.

use embed_burn::TokenizedText;

use crate::earlier::Reused;

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
    /// Tokens that the model is to read.
    pub(super) fn tokens(&self) -> usize {
        match self {
            Text::Waiting(text) => text.ids.len(),
            Text::None | Text::Reused(_) => 0,
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
