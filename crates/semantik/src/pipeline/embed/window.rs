//! Chunks that wait to be embedded together.

mod cut;
mod pending;
mod unique;
mod waiting;

use std::collections::VecDeque;
use std::time::Instant;

pub(super) use self::cut::Cut;
use self::pending::Pending;
use self::unique::Unique;
use self::waiting::Waiting;
use super::EmbedJob;
use crate::earlier::Found;
use crate::error::Error;
use crate::input::Document;
use crate::pipeline::{Event, Run};
use crate::sink::Sink;

/// Documents in their order, with the chunks that are not written yet.
pub(super) struct Window<'a> {
    job: &'a EmbedJob<'a>,
    documents: VecDeque<Pending>,
    /// Tokens of all of them that wait for the model.
    tokens: usize,
}

impl<'a> Window<'a> {
    pub(super) fn new(job: &'a EmbedJob<'a>) -> Self {
        Window { job, documents: VecDeque::new(), tokens: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.tokens >= self.job.embedder.window_tokens()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    pub(super) fn add(&mut self, document: Document, cut: Cut, start: Instant) {
        self.tokens += cut.tokens;
        self.documents.push_back(Pending::cut(document, cut.waiting, start));
    }

    /// Has the records that an earlier run made of a document in their place among the others.
    pub(super) fn keep(&mut self, document: Document, found: Found, start: Instant) {
        self.documents.push_back(Pending::kept(document, found, start));
    }

    /// Embeds the first chunks, a window full of them, and writes the records of those that were finished.
    ///
    /// # Errors
    /// The output cannot be written, the device failed, or a document failed and the run was to end with it.
    pub(super) fn run(&mut self, run: &mut Run<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        let counts = self.first_window();
        let taken = self.documents.iter_mut().zip(&counts);
        let texts = taken.flat_map(|(pending, &count)| pending.take_texts(count)).collect();
        let mut unique = Unique::of(texts);
        self.tokens -= unique.tokens();
        run.summary.repeated_texts += unique.repeated();
        let on_event = &mut *run.on_event;
        let mut result = unique.embed(self.job.embedder, &mut |batch| {
            on_event(Event::Embedded { chunks: batch.items, tokens: batch.tokens });
        });
        for count in counts {
            // A document that fails, and the run with it, does not cost what the others have.
            let written = self.write_first(count, &mut unique, run, sink)?;
            result = result.and(written);
        }
        run.summary.elapsed = run.start.elapsed();
        sink.checkpoint(&run.summary, false)?;
        result
    }

    /// Writes what stands before all chunks and is not to be embedded.
    pub(super) fn write_kept(&mut self, run: &mut Run<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        while let Some(found) = self.documents.front().and_then(Pending::found) {
            sink.keep(found)?;
            if let Some(pending) = self.documents.pop_front() {
                pending.tell_kept(run);
            }
        }
        Ok(())
    }

    /// How many chunks of the first documents make a window.
    fn first_window(&self) -> Vec<usize> {
        let (mut tokens, most) = (0, self.job.embedder.window_tokens());
        let mut counts = Vec::new();
        for pending in &self.documents {
            let before = tokens;
            let fits = |waiting: &&Waiting| {
                let fits = tokens < most;
                tokens += waiting.text.tokens();
                fits
            };
            let count = pending.waiting().take_while(fits).count();
            if before >= most {
                break;
            }
            counts.push(count);
            if count < pending.waiting().count() {
                break;
            }
        }
        counts
    }

    /// Writes the records of so many chunks of the first document. The inner result is the document's, if the run is to
    /// end with it; the outer one that of writing.
    fn write_first(
        &mut self,
        count: usize,
        unique: &mut Unique,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Result<(), Error>, Error> {
        self.write_kept(run, sink)?;
        let Some(pending) = self.documents.front_mut() else { return Ok(Ok(())) };
        let unit = self.job.chunker.unit().as_str();
        let failure = pending.write(count, unique, unit, run, sink)?;
        if failure.is_none() && pending.waiting().next().is_some() {
            return Ok(Ok(()));
        }
        let Some(pending) = self.documents.pop_front() else { return Ok(Ok(())) };
        let result = match failure {
            None => {
                pending.tell_finished(run);
                Ok(())
            }
            Some(error) => {
                self.tokens -= pending.waiting().map(|waiting| waiting.text.tokens()).sum::<usize>();
                pending.take_back(run, sink)?;
                run.failed(pending.name(), error)
            }
        };
        self.write_kept(run, sink)?;
        Ok(result)
    }
}
