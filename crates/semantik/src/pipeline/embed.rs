//! Documents to vectors.

mod text;
mod window;

use std::sync::Arc;
use std::time::Instant;

use chunk_strategies::{Chunk, ChunkIds};

use self::window::Window;
use super::{Control, DocumentDone, Event, Run, Summary};
use crate::adaptive::AdaptiveEmbedder;
use crate::blank::is_blank;
use crate::chunker::Chunker;
use crate::earlier::{EarlierVectors, Found};
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

/// How documents become vectors: what cuts, what embeds, and how.
#[derive(Clone, Copy, Debug)]
pub struct EmbedJob<'a> {
    /// What cuts.
    pub chunker: &'a Chunker,
    /// What embeds.
    pub embedder: &'a AdaptiveEmbedder,
    /// How it deals with what the model cannot read whole, and with levels and context.
    pub options: EmbedOptions,
}

/// Cuts and embeds every document and writes the records, in the order of the documents.
///
/// Chunks are collected into windows across documents; within a window they are sorted by length and packed into batches
/// that fit the memory of the moment. A text that stands in it several times is embedded once. A document whose records
/// `sink` has from an earlier run is not done again. A document that fails is told through `on_event` and counted; it
/// leaves no record where records can be taken back, and none from where it failed on elsewhere.
///
/// # Errors
/// The output cannot be written, the device failed, or a document failed and the run was to end with it. What was
/// finished before is written.
pub fn embed(
    inputs: &Inputs,
    job: &EmbedJob<'_>,
    sink: &mut dyn Sink,
    control: &Control,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let start = Instant::now();
    let before = job.embedder.batch_counts();
    let mut run = Run { control, on_event, summary: Summary::default(), start };
    let mut window = Window::new(job);
    let result = run.embed_all(inputs, job, &mut window, sink);
    run.summary.elapsed = start.elapsed();
    run.summary.device_pool_bytes = job.embedder.pool().map(|pool| pool.reserved.get());
    run.summary.batches = Some(job.embedder.batch_counts().since(&before));
    run.summary.interrupted = match &result {
        Ok(()) => run.is_cancelled(),
        Err(error) => error.kind() == ErrorKind::Interrupted,
    };
    let written = sink.checkpoint(&run.summary, true);
    match result {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => written.map(|()| run.summary),
    }
}

impl Run<'_> {
    fn embed_all(
        &mut self,
        inputs: &Inputs,
        job: &EmbedJob<'_>,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let sources = self.find(inputs)?;
        for source in &sources {
            sink.note(&source.name());
        }
        sink.checkpoint(&self.summary, true)?;
        for source in &sources {
            if self.is_cancelled() {
                return Ok(());
            }
            match inputs.read(source) {
                Ok(document) => self.take(document, job, window, sink)?,
                Err(error) => self.failed(&source.name(), error)?,
            }
            while window.is_full() {
                window.run(self, sink)?;
            }
        }
        while !window.is_empty() && !self.is_cancelled() {
            window.run(self, sink)?;
        }
        if !self.is_cancelled() {
            self.summary.gone_documents = sink.end()?;
        }
        Ok(())
    }

    /// Has a document's records from an earlier run, or cuts it.
    fn take(
        &mut self,
        document: Document,
        job: &EmbedJob<'_>,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let start = Instant::now();
        self.read(&document);
        match sink.find(&document) {
            // What is in its place is written already, and nothing is before it that is not.
            Some(found) if found.is_in_place() => {
                self.kept(&document.name, document.text.len(), &found, start);
                Ok(())
            }
            Some(found) => {
                window.keep(document, found, start);
                window.write_kept(self, sink)
            }
            None => self.cut(document, job, window, sink, start),
        }
    }

    /// Counts a document whose records an earlier run made.
    fn kept(&mut self, document: &str, bytes: usize, found: &Found, start: Instant) {
        let (truncated_chunks, truncated_tokens) = found.truncated;
        let summary = &mut self.summary;
        summary.finished += 1;
        summary.kept_documents += 1;
        summary.kept_chunks += found.chunks;
        summary.chunks += found.chunks;
        summary.truncated_chunks += truncated_chunks;
        summary.truncated_tokens += truncated_tokens;
        summary.bytes += bytes as u64;
        (self.on_event)(Event::Written { chunks: found.chunks, bytes: bytes as u64 });
        (self.on_event)(Event::Finished {
            document: DocumentDone {
                name: document,
                chunks: found.chunks,
                tokens: 0,
                truncated_chunks,
                truncated_tokens,
                seconds: start.elapsed().as_secs_f64(),
                was_kept: true,
            },
        });
    }

    /// Cuts a document and adds its chunks to the window, all of them or none.
    fn cut(
        &mut self,
        document: Document,
        job: &EmbedJob<'_>,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
        start: Instant,
    ) -> Result<(), Error> {
        let (chunker, options) = (job.chunker, job.options);
        let document = Arc::new(document);
        let chunks = chunker.chunks(&document).collect::<Result<Vec<_>, _>>();
        // A stop during the embedding of semantic chunking shows as a failure or a fallback: neither is the document's.
        if self.is_cancelled() {
            return Ok(());
        }
        let chunks = match chunks {
            Ok(chunks) => chunks,
            Err(error) => return self.failed(&document.name, Error::chunk(&document.name, error)),
        };
        // A chunk without vector is on a level above the finest, or says nothing.
        let finest = chunker.levels().len() - 1;
        let embeds = |chunk: &Chunk<'_>| {
            let level =
                options.levels == EmbedLevels::All || chunk.level().is_none_or(|level| level == finest);
            level && !is_blank(chunk.text())
        };
        let earlier =
            if chunks.is_empty() { EarlierVectors::default() } else { sink.vectors_of(&document.name)? };
        let texts = match window.texts(&document, &chunks, embeds, &earlier) {
            Ok(texts) => texts,
            Err(error) => return self.failed(&document.name, error),
        };
        if let Some(index) = texts.iter().position(|text| text.dropped() > 0)
            && options.truncation == Truncation::Refuse
        {
            let (dropped, limit) = (texts[index].dropped(), window.max_tokens());
            return self.failed(&document.name, Error::too_long(&document.name, index, dropped, limit));
        }
        self.summary.fallbacks += usize::from(chunks.iter().any(Chunk::is_fallback));
        self.summary.bytes += document.text.len() as u64;
        self.summary.blank_chunks += chunks.iter().filter(|chunk| is_blank(chunk.text())).count();
        (self.on_event)(Event::Chunked {
            document: &document.name,
            bytes: document.text.len(),
            chunks: chunks.len(),
        });
        let mut ids = ChunkIds::new();
        let ids: Vec<String> = chunks.iter().map(|chunk| ids.assign(chunk)).collect();
        window.add(&document, &chunks, &ids, texts, start);
        Ok(())
    }
}
