//! [`Cut`]: a document's chunks and what their vectors are made of.

use std::collections::VecDeque;

use chunk_strategies::{Chunk, ChunkIds, ContextPart};
use rayon::prelude::*;

use super::super::text::Text;
use super::super::{EmbedJob, EmbedLevels, Truncation};
use super::waiting::Waiting;
use crate::blank::is_blank;
use crate::earlier::EarlierVectors;
use crate::error::Error;
use crate::input::Document;
use crate::settings::ContextUse;

/// A document that is cut and tokenised, to be added to a window. Nothing in it depends on other documents, so that many are
/// made at once.
pub(in super::super) struct Cut {
    pub(super) waiting: VecDeque<Waiting>,
    /// Chunks that say nothing.
    pub(in super::super) blank: usize,
    /// Whether another strategy stood in for one that could not do its work.
    pub(in super::super) fell_back: bool,
}

impl Cut {
    pub(in super::super) fn of(
        document: &Document,
        job: &EmbedJob<'_>,
        earlier: &EarlierVectors,
    ) -> Result<Self, Error> {
        let chunks = job.chunker.chunks(document).collect::<Result<Vec<_>, _>>();
        let chunks = chunks.map_err(|error| Error::chunk(&document.name, error))?;
        let texts = chunks.par_iter().map(|chunk| text(chunk, document, job, earlier));
        let texts = texts.collect::<Result<Vec<Text>, Error>>()?;
        if let Some(index) = texts.iter().position(|text| text.dropped() > 0)
            && job.options.truncation == Truncation::Refuse
        {
            let (dropped, limit) = (texts[index].dropped(), job.embedder.model().max_tokens());
            return Err(Error::too_long(&document.name, index, dropped, limit));
        }
        let mut ids = ChunkIds::new();
        let ids: Vec<String> = chunks.iter().map(|chunk| ids.assign(chunk)).collect();
        Ok(Cut {
            blank: chunks.iter().filter(|chunk| is_blank(chunk.text())).count(),
            fell_back: chunks.iter().any(Chunk::is_fallback),
            waiting: (chunks.iter().zip(&ids).zip(texts))
                .map(|((chunk, id), text)| Waiting::new(chunk, id, &ids, text))
                .collect(),
        })
    }

    pub(in super::super) fn chunks(&self) -> usize {
        self.waiting.len()
    }
}

/// What the vector of a chunk is made of. A chunk without one is on a level above the finest, or says nothing.
fn text(
    chunk: &Chunk<'_>,
    document: &Document,
    job: &EmbedJob<'_>,
    earlier: &EarlierVectors,
) -> Result<Text, Error> {
    let finest = job.chunker.levels().len() - 1;
    let is_embedded =
        job.options.levels == EmbedLevels::All || chunk.level().is_none_or(|level| level == finest);
    if !is_embedded || is_blank(chunk.text()) {
        return Ok(Text::None);
    }
    if let Some(reused) = earlier.get(chunk.text(), chunk.context().iter().map(ContextPart::text)) {
        return Ok(Text::Reused(reused.clone()));
    }
    let is_prefix = match job.options.context {
        ContextUse::Beside => false,
        ContextUse::Prefix => true,
        ContextUse::Auto => job.chunker.knows_syntax_of(&document.name),
    };
    let tokens = if is_prefix {
        job.embedder.tokenize(&chunk.text_with_context())
    } else {
        job.embedder.tokenize(chunk.text())
    };
    let line = *chunk.line_range().start();
    tokens.map(Text::Waiting).map_err(|error| error.in_document(&document.name, line))
}
