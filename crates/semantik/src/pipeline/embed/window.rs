//! Chunks that wait to be embedded together.

mod batch;
mod cut;
mod pending;
mod unique;
mod waiting;

use std::collections::VecDeque;
use std::time::Instant;

pub(super) use self::batch::{Batch, Landed};
pub(super) use self::cut::Cut;
use self::pending::Pending;
use self::unique::Unique;
use self::waiting::Waiting;
use super::{EmbedJob, Ended};
use crate::earlier::Found;
use crate::error::Error;
use crate::input::Document;
use crate::pipeline::Run;
use crate::sink::Sink;

/// Documents in their order, until their last record is written.
///
/// Their chunks are [taken](Window::take) out to be embedded, a window full of them at a time, and [written](Window::write) in
/// the same order.
pub(super) struct Window<'a> {
    job: &'a EmbedJob<'a>,
    documents: VecDeque<Pending>,
    /// How many of the first documents were taken out whole.
    taken: usize,
    /// What was not, in tokens.
    load: usize,
}

impl<'a> Window<'a> {
    pub(super) fn new(job: &'a EmbedJob<'a>) -> Self {
        Window { job, documents: VecDeque::new(), taken: 0, load: 0 }
    }

    pub(super) fn job(&self) -> &'a EmbedJob<'a> {
        self.job
    }

    pub(super) fn is_full(&self) -> bool {
        self.lacks() == 0
    }

    /// The tokens that there is room for.
    pub(super) fn lacks(&self) -> usize {
        self.job.embedder.window_tokens().saturating_sub(self.load)
    }

    pub(super) fn add(&mut self, document: Document, cut: Cut, start: Instant) {
        self.push(Pending::cut(document, cut.waiting, start));
    }

    /// Has the records that an earlier run made of a document in their place among the others.
    pub(super) fn keep(&mut self, document: Document, found: Found, start: Instant) {
        self.push(Pending::kept(document, found, start));
    }

    fn push(&mut self, pending: Pending) {
        self.load += pending.load();
        self.documents.push_back(pending);
    }

    fn pop(&mut self) -> Option<Pending> {
        let pending = self.documents.pop_front()?;
        self.load -= pending.load();
        self.taken = self.taken.saturating_sub(1);
        Some(pending)
    }

    /// Takes the next chunks out, a window full of them; `None` where there is no document.
    pub(super) fn take(&mut self, run: &mut Run<'_>) -> Option<Batch> {
        if self.taken == self.documents.len() {
            return None;
        }
        let most = self.job.embedder.window_tokens();
        let (mut load, mut parts, mut texts) = (0, Vec::new(), Vec::new());
        for pending in self.documents.iter_mut().skip(self.taken) {
            if load >= most {
                break;
            }
            let before = pending.load();
            let part = pending.take(most - load, &mut texts);
            load += before - pending.load();
            if !part.is_empty() {
                parts.push(part);
            }
            if pending.load() > 0 {
                break;
            }
            self.taken += 1;
        }
        self.load -= load;
        let unique = Unique::of(texts);
        run.summary.repeated_texts += unique.repeated();
        Some(Batch::new(parts, unique))
    }

    /// Writes the records of chunks that were embedded, as far as they were: those that were taken out first.
    pub(super) fn write(
        &mut self,
        landed: Landed,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Ended> {
        let Landed { parts, mut unique, mut result } = landed;
        for part in parts {
            // A document that fails, and the run with it, does not cost what the others have.
            let written = self.write_part(part, &mut unique, run, sink).map_err(Ended::OutputFailed)?;
            result = result.and(written);
        }
        run.summary.elapsed = run.start.elapsed();
        let settled = self.write_settled(run, sink).and_then(|()| sink.checkpoint(&run.summary, false));
        settled.map_err(Ended::OutputFailed)?;
        result.map_err(Ended::Failed)
    }

    /// Writes some chunks of the first document that has any. The inner result is the document's, if the run is to end with
    /// it; the outer one that of writing.
    fn write_part(
        &mut self,
        part: VecDeque<Waiting>,
        unique: &mut Unique,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Result<(), Error>, Error> {
        self.write_settled(run, sink)?;
        let Some(pending) = self.documents.front_mut() else { return Ok(Ok(())) };
        let unit = self.job.chunker.unit().as_str();
        let Some(error) = pending.write(part, unique, unit, run, sink)? else { return Ok(Ok(())) };
        pending.take_back(run, sink)?;
        let name = pending.name().to_owned();
        self.load -= pending.fail();
        Ok(run.failed(&name, error))
    }

    /// Writes what stands before all chunks and is not to be embedded, and has done with the documents that are finished.
    pub(super) fn write_settled(&mut self, run: &mut Run<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        while let Some(pending) = self.documents.front().filter(|pending| pending.is_settled()) {
            if let Some(found) = pending.found() {
                sink.keep(found)?;
            }
            if let Some(pending) = self.pop() {
                pending.tell(run);
            }
        }
        Ok(())
    }
}
