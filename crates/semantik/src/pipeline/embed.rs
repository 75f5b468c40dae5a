//! Documents to vectors.

mod text;
mod window;

use std::time::Instant;

use rayon::prelude::*;

use self::window::{Cut, Window};
use super::chunk::group_len;
use super::{Control, DocumentDone, Event, Run, Summary};
use crate::adaptive::AdaptiveEmbedder;
use crate::chunker::Chunker;
use crate::earlier::{EarlierVectors, Found};
use crate::error::{Error, ErrorKind};
use crate::input::{Document, Inputs, Source};
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
        let mut rest = &sources[..];
        while !rest.is_empty() {
            if self.is_cancelled() {
                return Ok(());
            }
            let together = if job.chunker.is_parallel() { group_len(rest, GROUP_BYTES) } else { 1 };
            let (group, later) = rest.split_at(together);
            self.take(group, inputs, job, window, sink)?;
            while window.is_full() {
                window.run(self, sink)?;
            }
            rest = later;
        }
        while !window.is_empty() && !self.is_cancelled() {
            window.run(self, sink)?;
        }
        if !self.is_cancelled() {
            self.summary.gone_documents = sink.end()?;
        }
        Ok(())
    }

    /// Reads, cuts and tokenises some documents, on all threads, and adds them to the window in their order. What an earlier
    /// run made of one is taken instead.
    fn take(
        &mut self,
        group: &[Source],
        inputs: &Inputs,
        job: &EmbedJob<'_>,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let read: Vec<Result<Document, Error>> = group.par_iter().map(|source| inputs.read(source)).collect();
        let mut looked_up = Vec::with_capacity(read.len());
        // One after the other: what is in its place depends on what was asked for before it.
        for document in read {
            looked_up.push(match document {
                Err(error) => LookedUp::Failed(error),
                Ok(document) => match sink.find(&document) {
                    Some(found) => LookedUp::Found(document, found),
                    None if document.text.is_empty() => LookedUp::New(document, EarlierVectors::default()),
                    None => {
                        let earlier = sink.vectors_of(&document.name)?;
                        LookedUp::New(document, earlier)
                    }
                },
            });
        }
        let taken: Vec<Taken> = looked_up.into_par_iter().map(|document| document.cut(job)).collect();
        // A stop during the embedding of semantic chunking shows as a failure or a fallback: neither is the document's.
        if self.is_cancelled() {
            return Ok(());
        }
        for (source, taken) in group.iter().zip(taken) {
            self.add(source, taken, window, sink, start)?;
        }
        Ok(())
    }

    /// Adds a document to the window, all of its chunks or none.
    fn add(
        &mut self,
        source: &Source,
        taken: Taken,
        window: &mut Window<'_>,
        sink: &mut dyn Sink,
        start: Instant,
    ) -> Result<(), Error> {
        match taken {
            Taken::Failed(None, error) => self.failed(&source.name(), error),
            Taken::Failed(Some(document), error) => {
                self.read(&document);
                self.failed(&document.name, error)
            }
            // What is in its place is written already, and nothing is before it that is not.
            Taken::Found(document, found) if found.is_in_place() => {
                self.read(&document);
                self.kept(&document.name, document.text.len(), &found, start);
                Ok(())
            }
            Taken::Found(document, found) => {
                self.read(&document);
                window.keep(document, found, start);
                window.write_kept(self, sink)
            }
            Taken::Cut(document, cut) => {
                self.read(&document);
                self.summary.fallbacks += usize::from(cut.fell_back);
                self.summary.bytes += document.text.len() as u64;
                self.summary.blank_chunks += cut.blank;
                (self.on_event)(Event::Chunked {
                    document: &document.name,
                    bytes: document.text.len(),
                    chunks: cut.chunks(),
                });
                window.add(document, cut, start);
                Ok(())
            }
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
}

/// Documents of about so many bytes in sum are read, cut and tokenised at once: a hundred small ones, enough for many threads,
/// and a quarter of a million tokens, a few windows at most.
const GROUP_BYTES: u64 = 1 << 20;

/// A document of which it is known whether an earlier run made its records.
enum LookedUp {
    /// It cannot be read.
    Failed(Error),
    Found(Document, Found),
    /// With the vectors that an earlier run made of some of its texts.
    New(Document, EarlierVectors),
}

/// A document that is ready for the window.
enum Taken {
    /// It cannot be read, or what was read cannot be cut.
    Failed(Option<Document>, Error),
    Found(Document, Found),
    Cut(Document, Cut),
}

impl LookedUp {
    fn cut(self, job: &EmbedJob<'_>) -> Taken {
        match self {
            LookedUp::Failed(error) => Taken::Failed(None, error),
            LookedUp::Found(document, found) => Taken::Found(document, found),
            LookedUp::New(document, earlier) => match Cut::of(&document, job, &earlier) {
                Ok(cut) => Taken::Cut(document, cut),
                Err(error) => Taken::Failed(Some(document), error),
            },
        }
    }
}
