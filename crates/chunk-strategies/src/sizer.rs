//! What measures size: [`ChunkSizer`] and the sizers of this crate.

mod additive;
mod into_sizer;
mod searched;
mod size_index;
#[cfg(feature = "tiktoken")]
mod tiktoken;
#[cfg(any(feature = "tiktoken", feature = "tokenizers"))]
mod tokenised;
#[cfg(feature = "tokenizers")]
mod tokens;
mod walked;

use unicode_segmentation::UnicodeSegmentation;

use crate::count;

pub use self::into_sizer::{IntoSizer, Measure};
pub use self::size_index::SizeIndex;
#[cfg(feature = "tiktoken")]
pub use self::tiktoken::Tiktoken;
#[cfg(feature = "tokenizers")]
pub use self::tokens::Tokens;

/// Measures text.
///
/// One method is enough to write a sizer of one's own; the others have defaults that are right for every sizer and
/// faster versions where a unit allows them.
///
/// ```
/// use chunk_strategies::ChunkSizer;
///
/// /// Counts vowels.
/// struct Vowels;
/// impl ChunkSizer for Vowels {
///     fn size(&self, text: &str) -> usize {
///         text.chars().filter(|c| "aeiou".contains(*c)).count()
///     }
/// }
/// assert_eq!(Vowels.size("chunk"), 1);
/// ```
pub trait ChunkSizer: Send + Sync {
    /// The size of `text`, measured on its own.
    fn size(&self, text: &str) -> usize;

    /// An index that answers questions about spans of one document.
    ///
    /// The default asks [`size`](ChunkSizer::size) again for each question, with a search that doubles and bisects.
    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(searched::Searched::new(self, text))
    }

    /// An index of an excerpt that begins at byte `offset` of its document, which gives the answers, moved by `offset`,
    /// that [`index`](ChunkSizer::index) gives for the whole document, as long as the questions keep
    /// [`margin`](ChunkSizer::margin) from both ends of the excerpt, or the excerpt's end is the document's.
    ///
    /// The default is right for sizers whose index depends on nothing but the text that it is asked about.
    fn index_excerpt<'a>(&'a self, text: &'a str, offset: usize) -> Box<dyn SizeIndex + 'a> {
        let _ = offset;
        self.index(text)
    }

    /// How many bytes before and behind a span its index may look at.
    fn margin(&self) -> usize {
        0
    }

    /// The most bytes that a chunk of this size may have. Without a limit, the default, a unit that many bytes may
    /// share (a token for a run of blanks) would make a chunk of any length, and a document that is read piece by piece
    /// has to be in memory as a whole.
    fn byte_ceiling(&self, size: usize) -> usize {
        let _ = size;
        usize::MAX
    }

    /// Whether a size is the number of `char`s, which then need not be counted once more.
    fn counts_chars(&self) -> bool {
        false
    }
}

/// Counts bytes of UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl ChunkSizer for Bytes {
    fn size(&self, text: &str) -> usize {
        text.len()
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(additive::ByteIndex::new(text))
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        size
    }
}

/// Counts `char`s (Unicode scalar values).
#[derive(Clone, Copy, Debug, Default)]
pub struct Chars;

impl ChunkSizer for Chars {
    fn size(&self, text: &str) -> usize {
        count::chars(text)
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(additive::CharIndex::new(text))
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        size.saturating_mul(char::MAX_LEN_UTF8)
    }

    fn counts_chars(&self) -> bool {
        true
    }
}

/// Counts extended grapheme clusters: what a reader sees as one character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Graphemes;

impl ChunkSizer for Graphemes {
    fn size(&self, text: &str) -> usize {
        text.graphemes(true).count()
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(walked::Walked::<Self>::new(text))
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        size.saturating_mul(BYTES_PER_UNIT)
    }
}

/// Counts words: what lies between Unicode word boundaries and holds a letter or a digit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words;

impl ChunkSizer for Words {
    fn size(&self, text: &str) -> usize {
        text.unicode_words().count()
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(walked::Walked::<Self>::new(text))
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        size.saturating_mul(BYTES_PER_UNIT)
    }
}

impl walked::Countable for Graphemes {
    fn starts<'a>(text: &'a str) -> Box<dyn Iterator<Item = usize> + Send + 'a> {
        Box::new(text.grapheme_indices(true).map(|(at, _)| at))
    }

    /// Between printable characters of ASCII is always a boundary (GB999).
    fn is_seam(before: char, behind: char) -> bool {
        let is_plain = |c: char| c == ' ' || c.is_ascii_graphic();
        is_plain(before) && is_plain(behind)
    }

    fn byte_ceiling(size: usize) -> usize {
        ChunkSizer::byte_ceiling(&Graphemes, size)
    }
}

impl walked::Countable for Words {
    fn starts<'a>(text: &'a str) -> Box<dyn Iterator<Item = usize> + Send + 'a> {
        Box::new(text.unicode_word_indices().map(|(at, _)| at))
    }

    /// Between a space and a letter or digit of ASCII is always a boundary (WB999), and no rule for what lies behind
    /// looks past it.
    fn is_seam(before: char, behind: char) -> bool {
        matches!(before, ' ' | '\n') && behind.is_ascii_alphanumeric()
    }

    fn byte_ceiling(size: usize) -> usize {
        ChunkSizer::byte_ceiling(&Words, size)
    }
}

/// The byte ceiling of a unit that any number of bytes may share: eight times what a token of English has.
const BYTES_PER_UNIT: usize = 32;

macro_rules! forward_sizer {
    ($($pointer:ty),+) => {$(
        impl<S: ChunkSizer + ?Sized> ChunkSizer for $pointer {
            fn size(&self, text: &str) -> usize {
                (**self).size(text)
            }

            fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
                (**self).index(text)
            }

            fn index_excerpt<'a>(&'a self, text: &'a str, offset: usize) -> Box<dyn SizeIndex + 'a> {
                (**self).index_excerpt(text, offset)
            }

            fn margin(&self) -> usize {
                (**self).margin()
            }

            fn byte_ceiling(&self, size: usize) -> usize {
                (**self).byte_ceiling(size)
            }

            fn counts_chars(&self) -> bool {
                (**self).counts_chars()
            }
        }
    )+};
}
forward_sizer!(&S, Box<S>, std::sync::Arc<S>);
