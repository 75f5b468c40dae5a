//! What every strategy is configured with: [`Capacity`], overlap and a sizer.

use crate::error::ChunkError;
use crate::sizer::ChunkSizer;

/// How large chunks should be and may be, in the sizer's unit: `1 <= desired <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    desired: usize,
    max: usize,
}

impl Capacity {
    /// Chunks are filled up to `desired`, and exceed it, up to `max`, only to keep a unit of text whole.
    ///
    /// # Errors
    /// `desired` is 0, or `max` is below it.
    pub fn new(desired: usize, max: usize) -> Result<Self, ChunkError> {
        if desired == 0 {
            return Err(ChunkError::config("size", desired, "at least 1"));
        }
        if max < desired {
            return Err(ChunkError::config("max", max, format_args!("at least the size, {desired}")));
        }
        Ok(Capacity { desired, max })
    }

    /// The size that chunks are filled up to.
    pub fn desired(&self) -> usize {
        self.desired
    }

    /// The size that no chunk exceeds.
    pub fn max(&self) -> usize {
        self.max
    }
}

/// A checked configuration: capacity, overlap and what measures them.
///
/// ```
/// use chunk_strategies::{Capacity, Chars, ChunkConfig};
///
/// let config = ChunkConfig::new(Capacity::new(800, 1000)?, Chars)?.with_overlap(100)?;
/// assert_eq!(config.overlap(), 100);
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkConfig<S> {
    capacity: Capacity,
    overlap: usize,
    sizer: S,
}

impl<S: ChunkSizer> ChunkConfig<S> {
    /// A configuration without overlap.
    ///
    /// # Errors
    /// The desired size is no larger than the size of an empty text (the special tokens that a tokenizer adds): no
    /// chunk could hold anything.
    pub fn new(capacity: Capacity, sizer: S) -> Result<Self, ChunkError> {
        let overhead = sizer.size("");
        if capacity.desired <= overhead {
            let bound =
                format_args!("more than {overhead}, the size of an empty text (special tokens)").to_string();
            return Err(ChunkError::config("size", capacity.desired, bound));
        }
        Ok(ChunkConfig { capacity, overlap: 0, sizer })
    }

    /// How much of the chunk before each chunk repeats at most, in the sizer's unit; special tokens do not count.
    ///
    /// # Errors
    /// The overlap is not below the desired size, less the size of an empty text.
    pub fn with_overlap(self, overlap: usize) -> Result<Self, ChunkError> {
        let room = self.capacity.desired - self.sizer.size("").min(self.capacity.desired);
        if overlap >= room {
            return Err(ChunkError::config(
                "overlap",
                overlap,
                format_args!("less than {room} at size {}", self.capacity.desired),
            ));
        }
        Ok(ChunkConfig { overlap, ..self })
    }

    /// The capacity.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// The overlap, in the sizer's unit.
    pub fn overlap(&self) -> usize {
        self.overlap
    }

    /// What measures sizes.
    pub fn sizer(&self) -> &S {
        &self.sizer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizer::Chars;

    #[test]
    fn bounds_are_named_with_their_field() {
        let field = |result: Result<(), ChunkError>| result.err().and_then(|error| error.field());
        assert_eq!(field(Capacity::new(0, 5).map(drop)), Some("size"));
        assert_eq!(field(Capacity::new(6, 5).map(drop)), Some("max"));
        let config = Capacity::new(5, 5).and_then(|capacity| ChunkConfig::new(capacity, Chars));
        assert_eq!(field(config.and_then(|config| config.with_overlap(5)).map(drop)), Some("overlap"));
    }
}
