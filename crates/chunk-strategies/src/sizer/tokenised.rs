//! Sizes in tokens, whatever finds them: a document is tokenised once, in windows, and spans are counted from that.

mod seams;
mod token_index;
mod windows;

pub(super) use self::seams::Seams;
#[cfg(feature = "tokenizers")]
pub(super) use self::seams::{WIDE_PUNCTUATION, is_ideograph};
pub(super) use self::token_index::TokenIndex;
use super::ChunkSizer;

/// Finds tokens, and knows where their counts add up.
pub(super) trait Tokenise: ChunkSizer {
    /// The tokens of a part of a text, special tokens aside; `None` if it cannot be encoded.
    fn bare(&self, text: &str) -> Option<usize>;

    /// Each token's start, ascending; `None` if the text cannot be encoded. The text is no longer than a window and a half.
    fn starts(&self, text: &str) -> Option<Vec<u32>>;

    /// Where counts add up.
    fn seams(&self) -> Seams;

    /// How many special tokens each text gets.
    fn special_tokens(&self) -> usize;

    /// How many bytes are tokenised at a time.
    fn window(&self) -> usize;
}

/// Long enough that a tokenizer's cost per call disappears, short enough that one that is quadratic within a word stays
/// harmless.
pub(super) const WINDOW_BYTES: usize = 16 * 1024;
