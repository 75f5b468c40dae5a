//! What is said where not even one grapheme fits.

use super::Fit;
use crate::error::ChunkError;

impl Fit<'_> {
    /// Of the grapheme at `at`, which is too large for a chunk in its unit, or has too many bytes.
    pub(crate) fn grapheme_error(&self, at: usize) -> ChunkError {
        let size = self.grapheme_end(at, at).map(|end| self.index.size(at..end));
        match size.filter(|size| *size > self.max()) {
            Some(size) => ChunkError::grapheme_too_large(at, size, self.max()),
            None => ChunkError::grapheme_too_long(at, self.max_bytes()),
        }
    }
}
