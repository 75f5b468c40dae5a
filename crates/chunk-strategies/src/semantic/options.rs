//! What semantic chunking does with a text, whoever asks: the strategy itself, or hybrid for a section.

use std::sync::Arc;

use super::sentences::{self, Sentences};
use super::{Breakpoints, Fallback, distance, layout, minima, optimal, target, threshold};
use crate::chunk::CutBy;
use crate::config::ChunkConfig;
use crate::embedder::{Embedder, Vectors};
use crate::error::{ChunkError, ChunkErrorKind};
use crate::recursive::ChooseRecursive;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::window::{FrontToBack, Span, Spans};

/// All but the configuration and the embedder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SemanticOptions {
    pub(crate) breakpoints: Breakpoints,
    pub(crate) buffer: usize,
    pub(crate) fallback: Fallback,
}

impl Default for SemanticOptions {
    fn default() -> Self {
        SemanticOptions { breakpoints: Breakpoints::default(), buffer: 1, fallback: Fallback::default() }
    }
}

impl SemanticOptions {
    /// The spans of a text; where the embedder fails and that is allowed, those of the recursive strategy, which say so.
    pub(crate) fn spans<S: ChunkSizer, E: Embedder>(
        &self,
        text: &str,
        config: &ChunkConfig<S>,
        embedder: &E,
    ) -> impl Iterator<Item = Result<Span, ChunkError>> + use<S, E> {
        let (spans, error) = match self.found(text, config, embedder) {
            Ok(spans) => (spans, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        spans.into_iter().map(Ok).chain(error)
    }

    fn found<S: ChunkSizer, E: Embedder>(
        &self,
        text: &str,
        config: &ChunkConfig<S>,
        embedder: &E,
    ) -> Result<Vec<Span>, ChunkError> {
        match self.semantic(text, config, embedder) {
            Err(error)
                if error.kind() == ChunkErrorKind::Embedder && self.fallback == Fallback::Recursive =>
            {
                recursive(text, config, &error)
            }
            result => result,
        }
    }

    fn semantic<S: ChunkSizer, E: Embedder>(
        &self,
        text: &str,
        config: &ChunkConfig<S>,
        embedder: &E,
    ) -> Result<Vec<Span>, ChunkError> {
        let sentences = sentences::split(text, config, embedder)?;
        let (distances, cuts) = if sentences.spans.len() < 2 {
            (Vec::new(), Vec::new())
        } else {
            let vectors = distance::embed(text, &sentences.spans, embedder)?;
            let distances = distance::between(&vectors, self.buffer);
            let cuts = self.cuts(config, &sentences, &vectors, &distances);
            (distances, cuts)
        };
        let spans = layout::spans(text, config, &sentences.spans, &distances, &cuts);
        Ok(spans.collect::<Result<_, _>>()?)
    }

    /// Whether each boundary is a cut.
    fn cuts<S: ChunkSizer>(
        &self,
        config: &ChunkConfig<S>,
        sentences: &Sentences,
        vectors: &Vectors,
        distances: &[f64],
    ) -> Vec<bool> {
        let (capacity, overhead) = (config.capacity, config.sizer.size(""));
        let sizes = || sentences.sizes.iter().map(|size| size.saturating_sub(overhead));
        match self.breakpoints {
            Breakpoints::Percentile { percentile } => threshold::percentile(distances, percentile),
            Breakpoints::Deviation { factor } => threshold::deviation(distances, factor),
            Breakpoints::Interquartile { factor } => threshold::interquartile(distances, factor),
            Breakpoints::Gradient { percentile } => threshold::gradient(distances, percentile),
            Breakpoints::Minima { window, order, percentile } => {
                minima::cuts(distances, window, order, percentile)
            }
            Breakpoints::Target => target::cuts(distances, sizes().sum(), capacity.desired() - overhead),
            Breakpoints::Optimal => {
                optimal::cuts(vectors, &sizes().collect::<Vec<_>>(), capacity.max() - overhead)
            }
        }
    }
}

fn recursive<S: ChunkSizer>(
    text: &str,
    config: &ChunkConfig<S>,
    error: &ChunkError,
) -> Result<Vec<Span>, ChunkError> {
    let reason: Arc<str> = format!("semantic chunking fell back to recursive: {error}").into();
    let cut_by = CutBy { strategy: Strategy::Recursive, reason: Some(reason), is_fallback: true };
    let windows = FrontToBack::new(config.overlap, ChooseRecursive);
    let spans = Spans::new(text, config, windows);
    spans.map(|span| Ok(Span { cut_by: Some(cut_by.clone()), ..span? })).collect()
}
