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
    /// The tokens of a text on its own, special tokens included; `None` if it cannot be encoded.
    fn whole(&self, text: &str) -> Option<usize>;

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

/// How what finds tokens is a sizer.
macro_rules! sized_in_tokens {
    ($name:ty) => {
        impl ChunkSizer for $name {
            /// The number of tokens. Should encoding fail all the same, the number of bytes stands in: no token is shorter.
            fn size(&self, text: &str) -> usize {
                self.whole(text).unwrap_or(text.len() + Tokenise::special_tokens(self))
            }

            fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
                self.index_excerpt(text, 0)
            }

            fn index_excerpt<'a>(&'a self, text: &'a str, offset: usize) -> Box<dyn SizeIndex + 'a> {
                Box::new(TokenIndex::new(self, text, offset))
            }

            fn margin(&self) -> usize {
                // A window is at most one and a half of these long, and so is the text that says where it begins and ends.
                self.window * 2
            }

            fn byte_ceiling(&self, size: usize) -> usize {
                size.saturating_mul(BYTES_PER_UNIT)
            }
        }
    };
}
pub(super) use sized_in_tokens;

/// Long enough that a tokenizer's cost per call disappears, short enough that one that is quadratic within a word stays
/// harmless.
pub(super) const WINDOW_BYTES: usize = 16 * 1024;
