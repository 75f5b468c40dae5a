//! The [`Embedder`] trait: text to vectors, as semantic chunking needs it.

use crate::error::ChunkError;

/// Why an embedder failed: whatever error it has, boxed.
pub type EmbedFailure = Box<dyn std::error::Error + Send + Sync>;

/// Turns texts into vectors of one length.
///
/// The implementer chooses how to batch. The trait lives here, with its consumer, so that a model runtime depends on
/// the chunker and never the other way round.
pub trait Embedder {
    /// The length of every vector.
    fn dim(&self) -> usize;

    /// One vector a text, in the order of the texts.
    ///
    /// # Errors
    /// Any failure of the model or its device. Nothing is retried here: what can be retried is the implementer's to know.
    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure>;

    /// Whether the embedder reads the whole text, or would leave out its end.
    ///
    /// Semantic chunking splits a sentence that does not fit before it is embedded. The default says that everything
    /// fits.
    fn fits(&self, text: &str) -> bool {
        let _ = text;
        true
    }
}

impl<E: Embedder + ?Sized> Embedder for &E {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        (**self).embed(texts)
    }

    fn fits(&self, text: &str) -> bool {
        (**self).fits(text)
    }
}

impl<E: Embedder + ?Sized> Embedder for Box<E> {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        (**self).embed(texts)
    }

    fn fits(&self, text: &str) -> bool {
        (**self).fits(text)
    }
}

impl<E: Embedder + ?Sized> Embedder for std::sync::Arc<E> {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        (**self).embed(texts)
    }

    fn fits(&self, text: &str) -> bool {
        (**self).fits(text)
    }
}

/// Vectors of one length, in one allocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    dim: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// Rows of `dim` values each, laid end to end in `values`.
    ///
    /// # Errors
    /// `dim` is 0, or does not divide the number of values.
    pub fn new(dim: usize, values: Vec<f32>) -> Result<Self, ChunkError> {
        if dim == 0 {
            return Err(ChunkError::config("dim", dim, "at least 1"));
        }
        if !values.len().is_multiple_of(dim) {
            return Err(ChunkError::config(
                "values",
                values.len(),
                format_args!("a multiple of the vector length {dim}"),
            ));
        }
        Ok(Vectors { dim, values })
    }

    /// The length of each vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of vectors.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there is no vector.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The vector at `index`, or `None` past the end.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let start = index.checked_mul(self.dim)?;
        self.values.get(start..start.checked_add(self.dim)?)
    }

    /// The vectors in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    /// The values, row after row.
    pub fn into_inner(self) -> Vec<f32> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_slices_of_the_values() -> Result<(), ChunkError> {
        let vectors = Vectors::new(2, vec![1.0, 2.0, 3.0, 4.0])?;
        assert_eq!(vectors.len(), 2);
        assert_eq!(vectors.row(1), Some([3.0, 4.0].as_slice()));
        assert_eq!(vectors.row(2), None);
        assert_eq!(vectors.rows().count(), 2);
        Ok(())
    }

    #[test]
    fn a_length_that_does_not_divide_is_refused() {
        assert!(Vectors::new(2, vec![1.0; 3]).is_err());
        assert!(Vectors::new(0, vec![]).is_err());
    }
}
