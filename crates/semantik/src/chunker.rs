//! [`Chunker`]: a strategy with its settings, ready for documents.

use std::sync::Arc;

use chunk_strategies::{Character, Chunk, ChunkError, Fallback, Hierarchical, Recursive, Semantic, Strategy};
use embed_burn::ModelFolder;

use crate::adaptive::AdaptiveEmbedder;
use crate::error::Error;
use crate::settings::{ChunkSettings, Resolved, Sizer, Unit};

/// Cuts documents as the settings say.
#[derive(Debug)]
pub struct Chunker {
    cut: Cut,
    settings: Resolved,
}

enum Cut {
    Character(Character<Sizer>),
    Recursive(Recursive<Sizer>),
    Semantic(Semantic<Sizer, Arc<AdaptiveEmbedder>>),
    Hierarchical(Hierarchical<Sizer>),
}

impl std::fmt::Debug for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cut::Character(_) => "Character",
            Cut::Recursive(_) => "Recursive",
            Cut::Semantic(_) => "Semantic",
            Cut::Hierarchical(_) => "Hierarchical",
        })
    }
}

impl Chunker {
    /// For chunks that are not embedded. `model` counts tokens, `embedder` is for strategies that look at meaning.
    ///
    /// # Errors
    /// A setting is out of its bounds, the strategy is not built, or it needs a model that is not given.
    pub fn new(
        settings: &ChunkSettings,
        model: Option<&ModelFolder>,
        embedder: Option<Arc<AdaptiveEmbedder>>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        Chunker::build(settings.resolve(model.is_some(), None)?, model, embedder, fallback)
    }

    /// For chunks that `embedder` will embed: sizes that were not asked for are lowered to what it reads.
    ///
    /// # Errors
    /// As for [`Chunker::new`].
    pub fn for_embedding(
        settings: &ChunkSettings,
        model: &ModelFolder,
        embedder: &Arc<AdaptiveEmbedder>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        let settings = settings.resolve(true, Some(model.max_tokens()))?;
        Chunker::build(settings, Some(model), Some(Arc::clone(embedder)), fallback)
    }

    /// Checks settings as far as that is possible without loading anything.
    ///
    /// # Errors
    /// A setting is out of its bounds, or the strategy is not built.
    pub fn check(settings: &ChunkSettings) -> Result<(), Error> {
        let mut resolved = settings.resolve(false, None)?;
        if resolved.unit == Unit::Tokens {
            // Bounds are the same in every unit, but for the special tokens that only a tokenizer knows.
            resolved.unit = Unit::Chars;
        }
        let config = resolved.config(None)?;
        if resolved.strategy == Strategy::Hierarchical {
            resolved.hierarchical(&config)?;
        }
        Ok(())
    }

    fn build(
        settings: Resolved,
        model: Option<&ModelFolder>,
        embedder: Option<Arc<AdaptiveEmbedder>>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        let config = settings.config(model)?;
        let cut = match (settings.strategy, embedder) {
            (Strategy::Character, _) => Cut::Character(Character::new(config)),
            (Strategy::Recursive, _) => Cut::Recursive(Recursive::new(config)),
            (Strategy::Semantic, Some(embedder)) => {
                Cut::Semantic(Semantic::new(config, embedder).with_fallback(fallback))
            }
            (Strategy::Semantic, None) => return Err(Error::model_needed(Strategy::Semantic)),
            (Strategy::Hierarchical, _) => Cut::Hierarchical(settings.hierarchical(&config)?),
            (other, _) => return Err(Error::not_built(format!("strategy {other}"))),
        };
        Ok(Chunker { cut, settings })
    }

    /// The chunks of a document. Lazy where the strategy is; an error is the last item.
    pub fn chunks<'a>(
        &'a self,
        text: &'a str,
    ) -> Box<dyn Iterator<Item = Result<Chunk<'a>, ChunkError>> + 'a> {
        match &self.cut {
            Cut::Character(strategy) => Box::new(strategy.chunks(text)),
            Cut::Recursive(strategy) => Box::new(strategy.chunks(text)),
            Cut::Hierarchical(strategy) => Box::new(strategy.chunks(text)),
            Cut::Semantic(strategy) => match strategy.chunk(text) {
                Ok(chunks) => Box::new(chunks.into_iter().map(Ok)),
                Err(error) => Box::new(std::iter::once(Err(error))),
            },
        }
    }

    /// What sizes count.
    pub fn unit(&self) -> Unit {
        self.settings.unit
    }

    /// The strategy that was asked for.
    pub fn strategy(&self) -> Strategy {
        self.settings.strategy
    }

    /// The size that chunks should have, the most they may have, and how much they repeat at most.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.settings.size, self.settings.max, self.settings.overlap)
    }

    /// The sizes of the levels, the coarsest first; one for a strategy without levels.
    pub fn levels(&self) -> &[usize] {
        &self.settings.levels
    }

    /// The default size, where the model's limit made it smaller.
    pub fn lowered_from(&self) -> Option<usize> {
        self.settings.lowered_from
    }

    /// Whether documents may be cut on several threads at once: not where a device does part of it.
    pub(crate) fn is_parallel(&self) -> bool {
        !matches!(self.cut, Cut::Semantic(_))
    }
}
