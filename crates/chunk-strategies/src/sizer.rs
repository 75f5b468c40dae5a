//! What measures size: [`ChunkSizer`] and the sizers of this crate.

mod additive;
mod searched;
mod size_index;
#[cfg(feature = "tokenizers")]
mod tokens;

use unicode_segmentation::UnicodeSegmentation;

pub use self::size_index::SizeIndex;
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
pub trait ChunkSizer {
    /// The size of `text`, measured on its own.
    fn size(&self, text: &str) -> usize;

    /// An index that answers questions about spans of one document.
    ///
    /// The default asks [`size`](ChunkSizer::size) again for each question, with a search that doubles and bisects.
    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(searched::Searched::new(self, text))
    }

    /// The most bytes that a chunk of this size may have. Without a limit, the default, a unit that many bytes may
    /// share (a token for a run of blanks) would make a chunk of any length.
    fn byte_ceiling(&self, size: usize) -> usize {
        let _ = size;
        usize::MAX
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
}

/// Counts `char`s (Unicode scalar values).
#[derive(Clone, Copy, Debug, Default)]
pub struct Chars;

impl ChunkSizer for Chars {
    fn size(&self, text: &str) -> usize {
        text.chars().count()
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        Box::new(additive::CharIndex::new(text))
    }
}

/// Counts extended grapheme clusters: what a reader sees as one character.
#[derive(Clone, Copy, Debug, Default)]
pub struct Graphemes;

impl ChunkSizer for Graphemes {
    fn size(&self, text: &str) -> usize {
        text.graphemes(true).count()
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

    fn byte_ceiling(&self, size: usize) -> usize {
        size.saturating_mul(BYTES_PER_UNIT)
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

            fn byte_ceiling(&self, size: usize) -> usize {
                (**self).byte_ceiling(size)
            }
        }
    )+};
}
forward_sizer!(&S, Box<S>, std::rc::Rc<S>, std::sync::Arc<S>);
