//! Chunks that wait to be embedded together.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use chunk_strategies::Chunk;
use embed_burn::TokenizedText;
use rayon::prelude::*;

use crate::adaptive::{AdaptiveEmbedder, BatchDone, Outcome};
use crate::error::Error;
use crate::input::Document;
use crate::record::Record;
use crate::settings::ContextUse;
use crate::sink::Sink;

/// Chunks in the order of their records, with what the model will read of each.
pub(super) struct Window<'e> {
    embedder: &'e AdaptiveEmbedder,
    unit: &'static str,
    waiting: VecDeque<Waiting>,
    tokens: usize,
}

/// A chunk without its text, which is the document's.
struct Waiting {
    document: Arc<Document>,
    record: Parts,
    id: String,
    parent: Option<String>,
    /// Nothing for a chunk that gets no vector.
    text: Option<TokenizedText>,
    embeds: bool,
    /// Bytes of the document that are done with this chunk.
    done_bytes: u64,
}

/// A record's numbers, free of borrows.
struct Parts {
    index: usize,
    strategy: &'static str,
    bytes: Range<usize>,
    chars: Range<usize>,
    lines: (usize, usize),
    size: usize,
    overlap_bytes: usize,
    context: Vec<String>,
    level: Option<usize>,
    boundary_score: Option<f32>,
    reason: Option<String>,
}

/// What a part of the window came to.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) chunks: usize,
    pub(super) tokens: usize,
    pub(super) truncated_chunks: usize,
    pub(super) truncated_tokens: usize,
    pub(super) bytes: u64,
    /// One for each document with a text that the model cannot take.
    pub(super) failed: Vec<Error>,
}

impl<'e> Window<'e> {
    pub(super) fn new(embedder: &'e AdaptiveEmbedder, unit: &'static str) -> Self {
        Window { embedder, unit, waiting: VecDeque::new(), tokens: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tokens >= self.embedder.window_tokens()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn max_tokens(&self) -> usize {
        self.embedder.model().max_tokens()
    }

    /// What the model will read of each chunk, on all threads.
    pub(super) fn tokenize(
        &self,
        chunks: &[Chunk<'_>],
        context: ContextUse,
        embeds: impl Fn(&Chunk<'_>) -> bool + Sync,
    ) -> Result<Vec<Option<TokenizedText>>, Error> {
        let tokenize = |chunk: &Chunk<'_>| match (embeds(chunk), context) {
            (false, _) => Ok(None),
            (true, ContextUse::Beside) => self.embedder.tokenize(chunk.text()).map(Some),
            (true, ContextUse::Prefix) => self.embedder.tokenize(&chunk.text_with_context()).map(Some),
        };
        chunks.par_iter().map(tokenize).collect()
    }

    pub(super) fn add(
        &mut self,
        document: &Arc<Document>,
        chunks: &[Chunk<'_>],
        ids: &[String],
        texts: Vec<Option<TokenizedText>>,
    ) {
        for ((chunk, id), text) in chunks.iter().zip(ids).zip(texts) {
            self.tokens += length(text.as_ref());
            let owned = chunk.text().len() - chunk.overlap_bytes();
            // Each level covers the document; one of them is enough.
            let done_bytes = if chunk.parent().is_none() { owned as u64 } else { 0 };
            let parent = chunk.parent().and_then(|parent| ids.get(parent)).cloned();
            let (record, document) = (Parts::of(chunk), Arc::clone(document));
            self.waiting.push_back(Waiting {
                document,
                record,
                id: id.clone(),
                parent,
                embeds: text.is_some(),
                text,
                done_bytes,
            });
        }
    }

    /// Embeds the first chunks, a window full of them, and writes the records of those that were finished. The inner
    /// result is that of embedding, the outer that of writing. A text that the model cannot take fails its document, of
    /// which nothing is written from here on.
    pub(super) fn run(
        &mut self,
        sink: &mut dyn Sink,
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(Done, Result<(), Error>), Error> {
        let (mut tokens, most) = (0, self.embedder.window_tokens());
        let fits = |waiting: &&Waiting| {
            let before = tokens;
            tokens += length(waiting.text.as_ref());
            before < most
        };
        let count = self.waiting.iter().take_while(fits).count();
        let mut window: Vec<Waiting> = self.waiting.drain(..count).collect();
        let texts: Vec<TokenizedText> = window.iter_mut().filter_map(|waiting| waiting.text.take()).collect();
        let mut outcomes: Vec<_> = texts.iter().map(|_| None).collect();
        let result = self.embedder.embed_into(&texts, &mut outcomes, on_batch);
        self.tokens -= texts.iter().map(|text| text.ids.len()).sum::<usize>();
        let failed = self.drop_failed(&window, &mut outcomes);

        let mut done = Done::default();
        let mut embedded = texts.iter().zip(&outcomes);
        for waiting in &window {
            let text = if waiting.embeds { embedded.next() } else { None };
            if failed.iter().any(|(document, _)| Arc::ptr_eq(document, &waiting.document)) {
                continue;
            }
            let (dropped, vector) = match text {
                Some((text, Some(Ok(vector)))) => {
                    done.tokens += text.ids.len();
                    done.truncated_chunks += usize::from(text.dropped > 0);
                    done.truncated_tokens += text.dropped;
                    (Some(text.dropped), Some(&vector[..]))
                }
                // After an error, or a stop, what was finished is written all the same.
                Some(_) => continue,
                None => (None, None),
            };
            done.chunks += 1;
            done.bytes += waiting.done_bytes;
            sink.write(&waiting.record(self.unit, dropped, vector))?;
        }
        sink.flush()?;
        done.failed = failed.into_iter().map(|(_, error)| error).collect();
        Ok((done, result))
    }

    /// The documents of texts that failed, each with the error of its first, and no more of them is waiting.
    fn drop_failed(&mut self, window: &[Waiting], outcomes: &mut [Outcome]) -> Vec<(Arc<Document>, Error)> {
        let mut failed: Vec<(Arc<Document>, Error)> = Vec::new();
        for (waiting, outcome) in window.iter().filter(|waiting| waiting.embeds).zip(outcomes) {
            let document = &waiting.document;
            if failed.last().is_some_and(|(last, _)| Arc::ptr_eq(last, document)) {
                continue;
            }
            match outcome.take() {
                Some(Err(error)) => {
                    let error = error.in_document(&document.name, waiting.record.lines.0);
                    failed.push((Arc::clone(document), error));
                }
                other => *outcome = other,
            }
        }
        for (document, _) in &failed {
            self.waiting.retain(|waiting| !Arc::ptr_eq(document, &waiting.document));
        }
        if !failed.is_empty() {
            self.tokens = self.waiting.iter().map(|waiting| length(waiting.text.as_ref())).sum();
        }
        failed
    }
}

/// The tokens of a text, none where there is none.
fn length(text: Option<&TokenizedText>) -> usize {
    text.map_or(0, |text| text.ids.len())
}

impl Parts {
    fn of(chunk: &Chunk<'_>) -> Self {
        let lines = chunk.line_range();
        Parts {
            index: chunk.index(),
            strategy: chunk.strategy().as_str(),
            bytes: chunk.byte_range(),
            chars: chunk.char_range(),
            lines: (*lines.start(), *lines.end()),
            size: chunk.size(),
            overlap_bytes: chunk.overlap_bytes(),
            context: chunk.context().iter().map(|part| part.text().to_owned()).collect(),
            level: chunk.level(),
            boundary_score: chunk.boundary_score(),
            reason: chunk.reason().map(str::to_owned),
        }
    }
}

impl Waiting {
    fn record<'a>(
        &'a self,
        unit: &'static str,
        truncated: Option<usize>,
        embedding: Option<&'a [f32]>,
    ) -> Record<'a> {
        let parts = &self.record;
        Record {
            document: &self.document.name,
            index: parts.index,
            id: &self.id,
            strategy: parts.strategy,
            text: self.document.text.get(parts.bytes.clone()).unwrap_or_default(),
            byte_start: parts.bytes.start,
            byte_end: parts.bytes.end,
            char_start: parts.chars.start,
            char_end: parts.chars.end,
            line_start: parts.lines.0,
            line_end: parts.lines.1,
            size: parts.size,
            unit,
            overlap_bytes: parts.overlap_bytes,
            context: parts.context.iter().map(String::as_str).collect(),
            level: parts.level,
            parent: self.parent.as_deref(),
            boundary_score: parts.boundary_score,
            reason: parts.reason.as_deref(),
            truncated,
            embedding,
        }
    }
}
