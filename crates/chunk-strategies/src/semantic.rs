//! The semantic strategy: cuts where meaning turns.

mod breakpoints;
mod distance;
mod layout;
mod sentences;

use crate::assemble::Assemble;
use crate::chunk::Chunk;
use crate::config::ChunkConfig;
use crate::embedder::Embedder;
use crate::error::{ChunkError, ChunkErrorKind};
use crate::recursive::Recursive;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;

/// Cuts between sentences whose meanings differ most.
///
/// The document is taken apart into sentences; each is embedded once. The distance at a boundary is 1 − cosine of the
/// sums of the vectors on its two sides, `buffer` sentences around each neighbour. Boundaries with a distance above the
/// given percentile of the document's distances are cut. A part between cuts that is larger than the maximum is cut
/// again, at its own largest distances, so that the maximum holds always.
///
/// Distances within 10⁻⁵ of the threshold count as equal to it: backends differ in the last digits of a vector, and cuts
/// should not.
///
/// *When not to use it*: it costs an embedding of every sentence, and on documents with headings and paragraphs its cuts
/// are often no better than those that the author made, which [`Recursive`] finds for nothing.
///
/// It needs every distance before the first cut, so it returns all chunks at once.
#[derive(Clone, Debug)]
pub struct Semantic<S, E> {
    config: ChunkConfig<S>,
    embedder: E,
    percentile: f64,
    buffer: usize,
    fallback: Fallback,
}

/// What happens when the embedder fails on a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    /// The document is chunked by [`Recursive`], and each chunk says so: [`Chunk::strategy`], [`Chunk::reason`].
    #[default]
    Recursive,
    /// The error is returned.
    Refuse,
}

impl<S: ChunkSizer, E: Embedder> Semantic<S, E> {
    /// With this configuration; percentile 95, buffer 1, and falling back to [`Recursive`].
    pub fn new(config: ChunkConfig<S>, embedder: E) -> Self {
        Semantic { config, embedder, percentile: 95.0, buffer: 1, fallback: Fallback::default() }
    }

    /// The share of boundaries, in percent, that are no cuts. Linear interpolation between closest ranks.
    ///
    /// # Errors
    /// The percentile is not between 0 and 100.
    pub fn with_percentile(self, percentile: f64) -> Result<Self, ChunkError> {
        if !(0.0..=100.0).contains(&percentile) {
            return Err(ChunkError::config("percentile", percentile, "between 0 and 100"));
        }
        Ok(Semantic { percentile, ..self })
    }

    /// How many sentences on each side of a sentence are added to its vector before distances are taken.
    #[must_use]
    pub fn with_buffer(self, buffer: usize) -> Self {
        Semantic { buffer, ..self }
    }

    /// What to do when the embedder fails.
    #[must_use]
    pub fn with_fallback(self, fallback: Fallback) -> Self {
        Semantic { fallback, ..self }
    }

    /// The chunks of the document.
    ///
    /// # Errors
    /// A grapheme is larger than the maximum; or the embedder failed and [`Fallback::Refuse`] was chosen.
    pub fn chunk<'a>(&'a self, text: &'a str) -> Result<Vec<Chunk<'a>>, ChunkError> {
        match self.semantic(text) {
            Err(error)
                if error.kind() == ChunkErrorKind::Embedder && self.fallback == Fallback::Recursive =>
            {
                self.recursive(text, &error)
            }
            result => result,
        }
    }

    fn semantic<'a>(&'a self, text: &'a str) -> Result<Vec<Chunk<'a>>, ChunkError> {
        let sentences = sentences::split(text, &self.config, &self.embedder)?;
        let distances = distance::between(text, &sentences, &self.embedder, self.buffer)?;
        let breaks = breakpoints::percentile(&distances, self.percentile);
        let spans = layout::spans(text, &self.config, &sentences, &distances, &breaks);
        Assemble::new(text, spans, Strategy::Semantic).collect()
    }

    fn recursive<'a>(&'a self, text: &'a str, error: &ChunkError) -> Result<Vec<Chunk<'a>>, ChunkError> {
        Recursive::assemble(text, &self.config)
            .with_reason(format!("semantic chunking fell back to recursive: {error}"))
            .collect()
    }
}
