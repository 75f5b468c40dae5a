//! Documents to vectors.

mod window;

use std::sync::Arc;
use std::time::Instant;

use chunk_strategies::{Chunk, ChunkIds};
use embed_burn::TokenizedText;

use self::window::Window;
use super::{Control, Event, Run, Summary};
use crate::adaptive::AdaptiveEmbedder;
use crate::chunker::Chunker;
use crate::error::{Error, ErrorKind};
use crate::input::{Document, Inputs};
use crate::settings::ContextUse;
use crate::sink::Sink;

/// How embedding deals with what the model cannot read whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbedOptions {
    /// What happens to a text that is longer than the model reads.
    pub truncation: Truncation,
    /// Which levels of a hierarchy get vectors.
    pub levels: EmbedLevels,
    /// Whether a chunk's context is embedded with it.
    pub context: ContextUse,
}

/// Which levels of a hierarchy get vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmbedLevels {
    /// The finest: the others are for reading, and larger than most models read.
    #[default]
    Leaves,
    /// All.
    All,
}

/// What happens to a text that is longer than the model reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Truncation {
    /// Its end is left out of its vector, and counted in its record.
    #[default]
    Cut,
    /// Its document fails.
    Refuse,
}

/// Cuts and embeds every document and writes the records, in the order of the documents.
///
/// Chunks are collected into windows across documents; within a window they are sorted by length and packed into batches
/// that fit the memory of the moment. A document that fails is told through `on_event` and counted, and leaves no record.
///
/// # Errors
/// The output cannot be written, the device failed, or a document failed and the run was to end with it. What was
/// finished before is written.
pub fn embed(
    inputs: &Inputs,
    chunker: &Chunker,
    embedder: &AdaptiveEmbedder,
    options: EmbedOptions,
    sink: &mut dyn Sink,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let start = Instant::now();
    let mut run = Run { control, on_event, summary: Summary::default() };
    let mut window = Window::new(embedder, chunker.unit().as_str());
    let result = run.embed_all(inputs, chunker, options, &mut window, sink);
    sink.flush()?;
    run.summary.elapsed = start.elapsed();
    match result {
        Ok(()) => run.summary.interrupted = run.is_cancelled(),
        Err(error) if error.kind() == ErrorKind::Interrupted => run.summary.interrupted = true,
        Err(error) => return Err(error),
    }
    Ok(run.summary)
}

impl Run<'_> {
    fn embed_all(
        &mut self,
        inputs: &Inputs,
        chunker: &Chunker,
        options: EmbedOptions,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        for source in self.find(inputs)? {
            if self.is_cancelled() {
                return Ok(());
            }
            match inputs.read(&source) {
                Ok(document) => self.cut(document, chunker, options, window)?,
                Err(error) => self.failed(error)?,
            }
            while window.is_full() {
                self.run_window(window, sink)?;
            }
        }
        while !window.is_empty() && !self.is_cancelled() {
            self.run_window(window, sink)?;
        }
        Ok(())
    }

    /// Cuts a document and adds its chunks to the window, all of them or none.
    fn cut(
        &mut self,
        document: Document,
        chunker: &Chunker,
        options: EmbedOptions,
        window: &mut Window<'_>,
    ) -> Result<(), Error> {
        self.read(&document);
        let document = Arc::new(document);
        let chunks = chunker.chunks(&document).collect::<Result<Vec<_>, _>>();
        // A stop during the embedding of semantic chunking shows as a failure or a fallback: neither is the document's.
        if self.is_cancelled() {
            return Ok(());
        }
        let chunks = match chunks {
            Ok(chunks) => chunks,
            Err(error) => return self.failed(Error::chunk(&document.name, error)),
        };
        // A chunk without vector is on a level above the finest.
        let finest = chunker.levels().len() - 1;
        let embeds = |chunk: &Chunk<'_>| {
            options.levels == EmbedLevels::All || chunk.level().is_none_or(|level| level == finest)
        };
        let texts = match window.tokenize(&chunks, options.context, embeds) {
            Ok(texts) => texts,
            Err(error) => return self.failed(error),
        };
        let dropped = |text: &Option<TokenizedText>| text.as_ref().map_or(0, |text| text.dropped);
        if let Some(index) = texts.iter().position(|text| dropped(text) > 0)
            && options.truncation == Truncation::Refuse
        {
            let (dropped, limit) = (dropped(&texts[index]), window.max_tokens());
            return self.failed(Error::too_long(&document.name, index, dropped, limit));
        }
        self.summary.fallbacks += usize::from(chunks.iter().any(Chunk::is_fallback));
        self.summary.bytes += document.text.len() as u64;
        (self.on_event)(Event::Chunked {
            document: &document.name,
            bytes: document.text.len(),
            chunks: chunks.len(),
        });
        let mut ids = ChunkIds::new();
        let ids: Vec<String> = chunks.iter().map(|chunk| ids.assign(chunk)).collect();
        window.add(&document, &chunks, &ids, texts);
        Ok(())
    }

    fn run_window(&mut self, window: &mut Window<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let on_event = &mut *self.on_event;
        let (done, result) = window.run(sink, &mut |batch| {
            on_event(Event::Embedded { chunks: batch.items, tokens: batch.tokens });
        })?;
        self.summary.chunks += done.chunks;
        self.summary.tokens += done.tokens;
        self.summary.truncated_chunks += done.truncated_chunks;
        self.summary.truncated_tokens += done.truncated_tokens;
        (self.on_event)(Event::Written { chunks: done.chunks, bytes: done.bytes });
        for error in done.failed {
            self.failed(error)?;
        }
        result
    }
}
