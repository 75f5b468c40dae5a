//! An embedder for the suite, and for fuzzing.

use chunk_strategies::{EmbedFailure, Embedder, Vectors};

/// A real embedder with a simple model: how often each letter class occurs. Texts about different things differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LetterCounts;

const CLASSES: usize = 16;

impl Embedder for LetterCounts {
    fn dim(&self) -> usize {
        CLASSES
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let mut values = vec![0.0; texts.len() * CLASSES];
        for (text, row) in texts.iter().zip(values.chunks_exact_mut(CLASSES)) {
            for c in text.chars() {
                row[c as usize % CLASSES] += 1.0;
            }
        }
        Ok(Vectors::new(CLASSES, values)?)
    }

    /// As short as a real model's limit is beside long sentences.
    fn fits(&self, text: &str) -> bool {
        text.len() <= 400
    }
}
