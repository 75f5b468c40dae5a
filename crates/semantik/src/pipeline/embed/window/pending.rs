//! [`Pending`]: a document that is not finished.

use std::collections::VecDeque;
use std::time::Instant;

use embed_burn::TokenizedText;

use super::super::text::{LEAST_LOAD, Text};
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
    /// The chunks that were not taken out to be embedded.
    waiting: VecDeque<Waiting>,
    /// What they have for the model to read, in tokens; more than none until the last was taken.
    load: usize,
    /// How many times some were, and did not come back.
    out: usize,
    /// The records that an earlier run made of it.
    found: Option<Kept>,
    start: Instant,
    /// Where its first record is in the output, where records can be taken back.
    position: Option<u64>,
    written: Written,
    /// Whether a record of it was left out, because the run ended before its vector was there.
    has_gap: bool,
    has_failed: bool,
}

/// The records that an earlier run made of a document of so many bytes.
struct Kept {
    found: Found,
    bytes: usize,
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
        let load = waiting.iter().map(|waiting| waiting.text.load()).sum::<usize>();
        Pending {
            document,
            waiting,
            load: load.max(LEAST_LOAD),
            out: 0,
            found: None,
            start,
            position: None,
            written: Written::default(),
            has_gap: false,
            has_failed: false,
        }
    }

    /// Of its text only the length is kept: any number of such may stand behind one that is embedded.
    pub(super) fn kept(mut document: Document, found: Found, start: Instant) -> Self {
        let bytes = std::mem::take(&mut document.text).len();
        let kept = Kept { found, bytes };
        Pending { found: Some(kept), ..Pending::cut(document, VecDeque::new(), start) }
    }

    pub(super) fn name(&self) -> &str {
        &self.document.name
    }

    pub(super) fn found(&self) -> Option<&Found> {
        self.found.as_ref().map(|kept| &kept.found)
    }

    pub(super) fn load(&self) -> usize {
        self.load
    }

    /// Whether nothing of it is still to be embedded or written but what an earlier run made.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.out == 0
    }

    /// Takes out the next chunks, until they have `room` tokens or more, and their tokens apart.
    pub(super) fn take(&mut self, room: usize, texts: &mut Vec<TokenizedText>) -> VecDeque<Waiting> {
        let mut load = 0;
        let fits = |waiting: &&Waiting| {
            let fits = load < room;
            load += if fits { waiting.text.load() } else { 0 };
            fits
        };
        let count = self.waiting.iter().take_while(fits).count();
        let rest = self.waiting.split_off(count);
        let mut part = std::mem::replace(&mut self.waiting, rest);
        for waiting in &mut part {
            texts.extend(waiting.take_text());
        }
        self.load = if self.waiting.is_empty() { 0 } else { self.load - load };
        self.out += usize::from(!part.is_empty());
        part
    }

    /// Writes the records of chunks that were taken out, the first of those, and gives why the document failed, if it did.
    /// The outer error is that of writing.
    pub(super) fn write(
        &mut self,
        part: VecDeque<Waiting>,
        unique: &mut Unique,
        unit: &'static str,
        run: &mut Run<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Option<Error>, Error> {
        self.out -= 1;
        let (mut chunks, mut bytes) = (0, 0);
        let before = self.written;
        // Looked for first: where records cannot be taken back, none of these is written.
        let failure = if self.has_failed { None } else { self.failure(&part, unique) };
        for waiting in part {
            // Each text has its turn, whatever became of the document.
            let outcome = if waiting.is_taken { unique.next() } else { None };
            if failure.is_some() || self.has_failed {
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

    /// Why one of these chunks cannot be embedded.
    fn failure(&self, part: &VecDeque<Waiting>, unique: &Unique) -> Option<Error> {
        let taken = part.iter().filter(|waiting| waiting.is_taken);
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

    /// Drops what was not taken of a document that failed, and gives what that was, in tokens.
    pub(super) fn fail(&mut self) -> usize {
        self.has_failed = true;
        self.waiting.clear();
        std::mem::take(&mut self.load)
    }

    /// Tells of a document that is settled.
    pub(super) fn tell(&self, run: &mut Run<'_>) {
        if let Some(Kept { found, bytes }) = &self.found {
            run.kept(self.name(), *bytes, found, self.start);
        } else if !self.has_failed && !self.has_gap {
            self.tell_finished(run);
        }
    }

    fn tell_finished(&self, run: &mut Run<'_>) {
        let Written { chunks, tokens, truncated_chunks, truncated_tokens, .. } = self.written;
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
}
