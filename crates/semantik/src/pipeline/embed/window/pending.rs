//! [`Pending`]: a document that is not finished.

use std::collections::VecDeque;
use std::time::Instant;

use embed_burn::TokenizedText;

use super::super::text::Text;
use super::unique::Unique;
use super::waiting::Waiting;
use crate::earlier::Found;
use crate::error::Error;
use crate::input::Document;
use crate::pipeline::{DocumentDone, Event, Run};
use crate::sink::Sink;

/// A document whose records are not all written.
pub(super) struct Pending {
    document: Document,
    waiting: VecDeque<Waiting>,
    /// The records that an earlier run made of it.
    found: Option<Found>,
    start: Instant,
    /// Where its first record is in the output, where records can be taken back.
    position: Option<u64>,
    written: Written,
    /// Whether a record of it was left out, because the run ended before its vector was there.
    has_gap: bool,
}

/// What was written of a document.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    chunks: usize,
    tokens: usize,
    truncated_chunks: usize,
    truncated_tokens: usize,
    reused: usize,
}

impl Pending {
    pub(super) fn cut(document: Document, waiting: VecDeque<Waiting>, start: Instant) -> Self {
        Pending {
            document,
            waiting,
            found: None,
            start,
            position: None,
            written: Written::default(),
            has_gap: false,
        }
    }

    pub(super) fn kept(document: Document, found: Found, start: Instant) -> Self {
        Pending { found: Some(found), ..Pending::cut(document, VecDeque::new(), start) }
    }

    pub(super) fn name(&self) -> &str {
        &self.document.name
    }

    pub(super) fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// The chunks that are not written.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// The tokens of the first so many chunks, to be embedded.
    pub(super) fn take_texts(&mut self, count: usize) -> Vec<TokenizedText> {
        let take = |waiting: &mut Waiting| match std::mem::replace(&mut waiting.text, Text::None) {
            Text::Waiting(text) => {
                waiting.is_taken = true;
                Some(text)
            }
            other => {
                waiting.text = other;
                None
            }
        };
        self.waiting.iter_mut().take(count).filter_map(take).collect()
    }

    /// Writes the records of the first so many chunks, and gives why the document failed, if it did. The outer error is
    /// that of writing.
    pub(super) fn write(
        &mut self,
        count: usize,
        unique: &mut Unique,
        unit: &'static str,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Option<Error>, Error> {
        let (mut chunks, mut bytes) = (0, 0);
        let before = self.written;
        // Looked for first: where records cannot be taken back, none of these is written.
        let failure = self.failure(count, unique);
        for waiting in self.waiting.drain(..count) {
            // Each text has its turn, whatever became of the document.
            let outcome = if waiting.is_taken { unique.next() } else { None };
            if failure.is_some() {
                continue;
            }
            let (vector, truncated, tokens) = match (&outcome, &waiting.text) {
                (Some(outcome), _) => match outcome.vector {
                    Some(Ok(vector)) => (Some(vector), Some(outcome.dropped), outcome.tokens),
                    // It was looked for before.
                    Some(Err(_)) => continue,
                    // After an error, or a stop, what was finished is written all the same.
                    None => {
                        self.has_gap = true;
                        continue;
                    }
                },
                (None, Text::Reused(reused)) => (Some(&reused.vector[..]), Some(reused.truncated), 0),
                (None, _) => (None, None, 0),
            };
            if self.written.chunks == 0 {
                self.position = sink.position();
            }
            sink.write(&waiting.record(&self.document, unit, truncated, vector))?;
            let truncated = truncated.unwrap_or(0);
            self.written.chunks += 1;
            self.written.tokens += tokens;
            self.written.truncated_chunks += usize::from(truncated > 0);
            self.written.truncated_tokens += truncated;
            self.written.reused += usize::from(matches!(waiting.text, Text::Reused(_)));
            chunks += 1;
            bytes += waiting.done_bytes;
        }
        run.summary.chunks += chunks;
        run.summary.tokens += self.written.tokens - before.tokens;
        run.summary.truncated_chunks += self.written.truncated_chunks - before.truncated_chunks;
        run.summary.truncated_tokens += self.written.truncated_tokens - before.truncated_tokens;
        run.summary.reused_vectors += self.written.reused - before.reused;
        (run.on_event)(Event::Written { chunks, bytes });
        Ok(failure)
    }

    /// Why one of the first so many chunks cannot be embedded.
    fn failure(&self, count: usize, unique: &Unique) -> Option<Error> {
        let taken = self.waiting.iter().take(count).filter(|waiting| waiting.is_taken);
        let (waiting, error) = taken.zip(unique.coming()).find_map(|(waiting, outcome)| {
            Some((waiting, outcome.and_then(|outcome| outcome.as_ref().err())?))
        })?;
        Some(error.clone().in_document(&self.document.name, waiting.line))
    }

    /// Takes back what was written of it, where that can be.
    pub(super) fn take_back(&self, run: &mut Run<'_>, sink: &mut dyn Sink) -> Result<(), Error> {
        if let Some(position) = self.position {
            sink.rewind(position)?;
            run.summary.chunks -= self.written.chunks;
            run.summary.truncated_chunks -= self.written.truncated_chunks;
            run.summary.truncated_tokens -= self.written.truncated_tokens;
            run.summary.reused_vectors -= self.written.reused;
        }
        Ok(())
    }

    pub(super) fn tell_finished(&self, run: &mut Run<'_>) {
        let Written { chunks, tokens, truncated_chunks, truncated_tokens, .. } = self.written;
        if self.has_gap {
            return;
        }
        run.summary.finished += 1;
        let seconds = self.start.elapsed().as_secs_f64();
        let name = self.name();
        let document = DocumentDone {
            name,
            chunks,
            tokens,
            truncated_chunks,
            truncated_tokens,
            seconds,
            was_kept: false,
        };
        (run.on_event)(Event::Finished { document });
    }

    /// Tells of records that an earlier run made.
    pub(super) fn tell_kept(&self, run: &mut Run<'_>) {
        if let Some(found) = &self.found {
            run.kept(&self.document.name, self.document.text.len(), found, self.start);
        }
    }
}
