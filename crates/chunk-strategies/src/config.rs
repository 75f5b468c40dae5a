//! What every strategy is configured with: [`ChunkConfig`].

use std::ops::RangeInclusive;

use crate::error::ChunkError;
use crate::sizer::{Chars, ChunkSizer, IntoSizer};

/// How large chunks should be and may be, in the sizer's unit.
///
/// Made from one size (`1000`), or from a range (`500..=1000`): chunks are filled up to the first, and exceed it, up to
/// the second, only to keep a unit of text whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    desired: usize,
    max: usize,
}

impl Capacity {
    /// The size that chunks are filled up to.
    pub fn desired(&self) -> usize {
        self.desired
    }

    /// The size that no chunk exceeds.
    pub fn max(&self) -> usize {
        self.max
    }
}

impl From<usize> for Capacity {
    fn from(size: usize) -> Self {
        Capacity { desired: size, max: size }
    }
}

impl From<RangeInclusive<usize>> for Capacity {
    fn from(sizes: RangeInclusive<usize>) -> Self {
        Capacity { desired: *sizes.start(), max: *sizes.end() }
    }
}

/// Sizes, overlap and what measures them. Characters are counted unless a [`sizer`](ChunkConfig::sizer) is given.
///
/// Values are checked where a strategy is made, and by [`check`](ChunkConfig::check): an error names the field, its value
/// and its bound.
///
/// ```
/// use chunk_strategies::{ChunkConfig, Recursive, Words};
///
/// let characters = ChunkConfig::new(1000);
/// let words = ChunkConfig::new(150..=200).sizer(Words).overlap(20);
/// let vowels = ChunkConfig::new(100).sizer(|text: &str| text.matches(['a', 'e', 'i', 'o', 'u']).count());
/// assert!(characters.check().is_ok() && words.check().is_ok() && vowels.check().is_ok());
///
/// let error = Recursive::new(ChunkConfig::new(100).overlap(100)).unwrap_err();
/// assert_eq!(error.to_string(), "overlap is 100, but must be less than 100 at size 100");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChunkConfig<S = Chars> {
    /// How large chunks should be and may be.
    pub capacity: Capacity,
    /// How much of the chunk before each chunk repeats at most; special tokens do not count.
    pub overlap: usize,
    /// Whether blanks are left out at both ends of each chunk.
    pub is_trimmed: bool,
    /// What measures sizes.
    pub sizer: S,
}

impl ChunkConfig {
    /// Chunks of this size in characters, or within this range (`500..=1000`), without overlap.
    #[must_use]
    pub fn new(capacity: impl Into<Capacity>) -> Self {
        ChunkConfig { capacity: capacity.into(), overlap: 0, is_trimmed: false, sizer: Chars }
    }
}

impl<S: ChunkSizer> ChunkConfig<S> {
    /// The same sizes in another unit: that of a [`ChunkSizer`], owned or by reference, or of a closure that measures a
    /// `&str`.
    #[must_use]
    pub fn sizer<T: IntoSizer<Kind>, Kind>(self, sizer: T) -> ChunkConfig<T::Sizer> {
        let ChunkConfig { capacity, overlap, is_trimmed, .. } = self;
        ChunkConfig { capacity, overlap, is_trimmed, sizer: sizer.into_sizer() }
    }

    /// How much of the chunk before each chunk repeats at most, in the sizer's unit; special tokens do not count.
    #[must_use]
    pub fn overlap(self, overlap: usize) -> Self {
        ChunkConfig { overlap, ..self }
    }

    /// Leaves out blanks at both ends of each chunk, and chunks of nothing else.
    ///
    /// Chunks then no longer tile the document: what lies between them is white space, which belongs to none. All else
    /// holds: text, ranges and sizes are those of what is left. Each chunk is measured once more.
    #[must_use]
    pub fn trimmed(self) -> Self {
        ChunkConfig { is_trimmed: true, ..self }
    }

    /// Checks all values.
    ///
    /// # Errors
    /// The desired size is 0, or no larger than the size of an empty text (the special tokens that a tokenizer adds); the
    /// maximum is below it; or the overlap is not below what the desired size leaves for text.
    pub fn check(&self) -> Result<(), ChunkError> {
        let Capacity { desired, max } = self.capacity;
        if desired == 0 {
            return Err(ChunkError::config("size", desired, "at least 1"));
        }
        if max < desired {
            return Err(ChunkError::config("max", max, format_args!("at least the size, {desired}")));
        }
        let overhead = self.sizer.size("");
        let Some(room) = desired.checked_sub(overhead).filter(|&room| room > 0) else {
            let bound =
                format_args!("more than {overhead}, the size of an empty text (special tokens)").to_string();
            return Err(ChunkError::config("size", desired, bound));
        };
        if self.overlap >= room {
            let bound = format_args!("less than {room} at size {desired}").to_string();
            return Err(ChunkError::config("overlap", self.overlap, bound));
        }
        Ok(())
    }

    /// Itself, if all values are within their bounds.
    pub(crate) fn checked(self) -> Result<Self, ChunkError> {
        self.check().map(|()| self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_named_with_their_field() {
        let field = |config: ChunkConfig| config.check().err().and_then(|error| error.field());
        assert_eq!(field(ChunkConfig::new(0..=5)), Some("size"));
        assert_eq!(field(ChunkConfig::new(0)), Some("size"));
        let (desired, max) = (6, 5);
        assert_eq!(field(ChunkConfig::new(desired..=max)), Some("max"));
        assert_eq!(field(ChunkConfig::new(5).overlap(5)), Some("overlap"));
        assert_eq!(field(ChunkConfig::new(5..=9).overlap(4)), None);
        let special = ChunkConfig::new(2).sizer(|text: &str| text.len() + 2);
        assert_eq!(special.check().err().and_then(|error| error.field()), Some("size"));
    }
}
