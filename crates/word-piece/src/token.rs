//! What comes out: a [`Token`] at a time, or an [`Encoding`] of a whole text.

use std::ops::Range;

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number in the vocabulary.
    pub id: u32,
    /// The byte of the text where it starts, between characters.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

impl Token {
    /// The bytes of the text that it stands for. A character that becomes several may have more than one token, all of them
    /// with its bytes.
    pub fn byte_range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A text as a model reads it, special tokens included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens' numbers in the vocabulary.
    pub ids: Vec<u32>,
    /// Of each token the bytes of the text that it stands for; `0..0` for special tokens around the text.
    pub offsets: Vec<Range<usize>>,
}

impl Encoding {
    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
