//! Chunks that wait to be embedded together.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use chunk_strategies::Chunk;
use embed_burn::TokenizedText;
use rayon::prelude::*;

use crate::adaptive::{AdaptiveEmbedder, BatchDone};
use crate::error::Error;
use crate::input::Document;
use crate::record::Record;
use crate::sink::Sink;

/// Tokens that are embedded in one go: sixteen batches for a processor, so that sorting by length finds neighbours of
/// almost the same length, and no more than a second or two of work that an interrupt would lose.
const WINDOW_TOKENS: usize = 16 * 1024;

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
    text: TokenizedText,
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
    level: Option<usize>,
    boundary_score: Option<f32>,
    reason: Option<String>,
}

/// What a part of the window came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    pub(super) chunks: usize,
    pub(super) tokens: usize,
    pub(super) truncated_chunks: usize,
    pub(super) truncated_tokens: usize,
    pub(super) bytes: u64,
}

impl<'e> Window<'e> {
    pub(super) fn new(embedder: &'e AdaptiveEmbedder, unit: &'static str) -> Self {
        Window { embedder, unit, waiting: VecDeque::new(), tokens: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tokens >= WINDOW_TOKENS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn max_tokens(&self) -> usize {
        self.embedder.model().max_tokens()
    }

    /// What the model will read of each chunk, on all threads.
    pub(super) fn tokenize(&self, chunks: &[Chunk<'_>]) -> Result<Vec<TokenizedText>, Error> {
        chunks.par_iter().map(|chunk| self.embedder.tokenize(chunk.text())).collect()
    }

    pub(super) fn add(
        &mut self,
        document: &Arc<Document>,
        chunks: &[Chunk<'_>],
        ids: Vec<String>,
        texts: Vec<TokenizedText>,
    ) {
        for ((chunk, id), text) in chunks.iter().zip(ids).zip(texts) {
            self.tokens += text.ids.len();
            let owned = chunk.text().len() - chunk.overlap_bytes();
            let record = Parts::of(chunk);
            let document = Arc::clone(document);
            self.waiting.push_back(Waiting { document, record, id, text, done_bytes: owned as u64 });
        }
    }

    /// Embeds the first chunks, a window full of them, and writes the records of those that were finished. The inner
    /// result is that of embedding, the outer that of writing.
    pub(super) fn run(
        &mut self,
        sink: &mut dyn Sink,
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(Done, Result<(), Error>), Error> {
        let mut tokens = 0;
        let fits = |waiting: &&mut Waiting| {
            let before = tokens;
            tokens += waiting.text.ids.len();
            before < WINDOW_TOKENS
        };
        let texts: Vec<TokenizedText> = self
            .waiting
            .iter_mut()
            .take_while(fits)
            .map(|waiting| std::mem::take(&mut waiting.text))
            .collect();
        let mut vectors = vec![None; texts.len()];
        let result = self.embedder.embed_into(&texts, &mut vectors, on_batch);
        let mut done = Done::default();
        for ((waiting, text), vector) in self.waiting.drain(..texts.len()).zip(&texts).zip(&vectors) {
            self.tokens -= text.ids.len();
            // After an error, or a stop, what was finished is written all the same.
            let Some(vector) = vector else { continue };
            done.chunks += 1;
            done.tokens += text.ids.len();
            done.truncated_chunks += usize::from(text.dropped > 0);
            done.truncated_tokens += text.dropped;
            done.bytes += waiting.done_bytes;
            sink.write(&waiting.record(self.unit, text.dropped, vector))?;
        }
        sink.flush()?;
        Ok((done, result))
    }
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
            level: chunk.level(),
            boundary_score: chunk.boundary_score(),
            reason: chunk.reason().map(str::to_owned),
        }
    }
}

impl Waiting {
    fn record<'a>(&'a self, unit: &'static str, dropped: usize, vector: &'a [f32]) -> Record<'a> {
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
            context: &[],
            level: parts.level,
            parent: None,
            boundary_score: parts.boundary_score,
            reason: parts.reason.as_deref(),
            truncated: Some(dropped),
            embedding: Some(vector),
        }
    }
}
