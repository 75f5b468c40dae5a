//! [`Ahead`]: documents that are read, cut and tokenised while those before them are embedded.

use std::time::Instant;

use rayon::prelude::*;

use super::EmbedJob;
use super::flight::Embedding;
use super::window::{Cut, Window};
use crate::earlier::{EarlierVectors, Found};
use crate::error::Error;
use crate::input::{Document, Inputs, Source};
use crate::pipeline::chunk::group_len;
use crate::pipeline::{DocumentDone, Event, Run};
use crate::sink::Sink;

/// The documents that are still to come.
pub(super) struct Ahead<'a> {
    rest: &'a [Source],
    inputs: &'a Inputs,
}

/// A token has four or five bytes in most texts: documents of so many bytes for each token that a window lacks fill it, or
/// almost.
const USUAL_BYTES: u64 = 5;
/// Documents of no more bytes in sum are read, cut and tokenised at once: a hundred small ones, enough for many threads.
const GROUP_BYTES: u64 = 1 << 20;

impl<'a> Ahead<'a> {
    pub(super) fn new(rest: &'a [Source], inputs: &'a Inputs) -> Self {
        Ahead { rest, inputs }
    }

    /// Adds documents to a window until it is full, the last one is there, or a stop was asked for. What is embedded meanwhile
    /// is told between them.
    pub(super) fn fill(
        &mut self,
        window: &mut Window<'_>,
        embedding: &mut Embedding<'_>,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        while !window.is_full() && !self.rest.is_empty() && !run.is_cancelled() {
            embedding.tell(run);
            let bytes = (window.lacks() as u64).saturating_mul(USUAL_BYTES).min(GROUP_BYTES);
            let together = if window.job().chunker.is_parallel() { group_len(self.rest, bytes) } else { 1 };
            let (group, later) = self.rest.split_at(together);
            self.take(group, window, run, sink)?;
            self.rest = later;
        }
        Ok(())
    }

    /// Reads, cuts and tokenises some documents, on several threads, and adds them to the window in their order. What an
    /// earlier run made of one is taken instead.
    fn take(
        &self,
        group: &[Source],
        window: &mut Window<'_>,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let read: Vec<Result<Document, Error>> = match group {
            // Standard input and named pipes may keep a thread waiting, which is better this one than one of the pool's.
            [source] => vec![self.inputs.read(source)],
            _ => group.par_iter().map(|source| self.inputs.read(source)).collect(),
        };
        let mut looked_up = Vec::with_capacity(read.len());
        // One after the other: what is in its place depends on what was asked for before it.
        for document in read {
            looked_up.push(LookedUp::of(document, sink)?);
        }
        let job = window.job();
        let taken: Vec<Taken> = if job.chunker.is_parallel() {
            let cut = || looked_up.into_par_iter().map(|document| document.cut(job)).collect();
            job.embedder.on_threads(cut)
        } else {
            looked_up.into_iter().map(|document| document.cut(job)).collect()
        };
        // A stop during the embedding of semantic chunking shows as a failure or a fallback: neither is the document's.
        if run.is_cancelled() {
            return Ok(());
        }
        for (source, taken) in group.iter().zip(taken) {
            run.add(source, taken, window, sink, start)?;
        }
        Ok(())
    }
}

impl Run<'_> {
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
                window.write_settled(self, sink)
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
    pub(super) fn kept(&mut self, document: &str, bytes: usize, found: &Found, start: Instant) {
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
    /// The error is that of reading what an earlier run made.
    fn of(document: Result<Document, Error>, sink: &mut dyn Sink) -> Result<Self, Error> {
        let document = match document {
            Ok(document) => document,
            Err(error) => return Ok(LookedUp::Failed(error)),
        };
        if let Some(found) = sink.find(&document) {
            return Ok(LookedUp::Found(document, found));
        }
        // Of what has no text no record is going to be written.
        let is_empty = document.text.is_empty();
        let earlier = if is_empty { EarlierVectors::default() } else { sink.vectors_of(&document.name)? };
        Ok(LookedUp::New(document, earlier))
    }

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
