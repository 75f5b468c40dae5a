//! [`Run`]: texts on their way to vectors, and what becomes of those that have none.

use batch_policy::{CostModel, Decision, Event, Oversized, plan};
use embed_burn::{EmbedError, EmbedErrorKind, TokenizedText};
use gpu_telemetry::ByteCount;

use super::{AdaptiveEmbedder, BatchDone, halving};
use crate::error::Error;

/// What becomes of a text: nothing yet, its vector, or its own error.
pub(crate) type Outcome = Option<Result<Vec<f32>, Error>>;

/// Some texts, until each has a vector or an error of its own.
pub(super) struct Run<'a> {
    embedder: &'a AdaptiveEmbedder,
    texts: &'a [TokenizedText],
    outcomes: &'a mut [Outcome],
    on_batch: &'a mut dyn FnMut(BatchDone),
    /// Forwards that ran.
    ran: usize,
    /// Whether the pool was cleaned since.
    cleaned: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        embedder: &'a AdaptiveEmbedder,
        texts: &'a [TokenizedText],
        outcomes: &'a mut [Outcome],
        on_batch: &'a mut dyn FnMut(BatchDone),
    ) -> Self {
        Run { embedder, texts, outcomes, on_batch, ran: 0, cleaned: false }
    }

    pub(super) fn all(mut self) -> Result<(), Error> {
        for (text, outcome) in self.texts.iter().zip(&mut *self.outcomes) {
            if outcome.is_none()
                && let Err(error) = self.embedder.model.check(&text.ids)
            {
                *outcome = Some(Err(error.into()));
            }
        }
        loop {
            let todo: Vec<usize> =
                (0..self.texts.len()).filter(|&text| self.outcomes[text].is_none()).collect();
            if todo.is_empty() {
                return Ok(());
            }
            self.planned(&todo)?;
        }
    }

    /// Plans what is to do and runs the plan until it is done, or until what was learned asks for another plan.
    fn planned(&mut self, todo: &[usize]) -> Result<(), Error> {
        let embedder = self.embedder;
        let lengths: Vec<usize> = todo.iter().map(|&text| self.tokens(text)).collect();
        let allowed = embedder.control(|controller| controller.max_batch());
        let planned = plan(&lengths, &embedder.budget(), &embedder.cost, &embedder.limits, Some(allowed));
        for &Oversized { item, tokens, needed, cap } in planned.oversized() {
            let (needed, cap) = (ByteCount::new(needed.get()), ByteCount::new(cap.get()));
            let error = Error::never_fits(embedder.model.device().name(), tokens, needed, cap);
            self.outcomes[todo[item]] = Some(Err(error));
        }
        for batch in planned.batches() {
            let batch: Vec<usize> = batch.items().iter().map(|&item| todo[item]).collect();
            self.batch(&batch)?;
            // Another plan after out of memory, and where batches of this size are no longer allowed, or larger ones are.
            if embedder.control(|controller| controller.max_batch()) != allowed {
                break;
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &[usize]) -> Result<(), Error> {
        let items = batch.len();
        match self.forward(batch)? {
            Ok(()) => {
                let usage = self.embedder.seen().sample.and_then(|sample| sample.usage());
                let event = Event::Success { items, usage };
                let decision = self.embedder.control(|controller| controller.step(event));
                if matches!(decision, Decision::Continue { cleanup: true, .. }) {
                    self.cleanup()?;
                }
                Ok(())
            }
            Err(error) if error.kind() == EmbedErrorKind::OutOfMemory => {
                self.embedder.control(|controller| controller.step(Event::OutOfMemory { items }));
                match batch {
                    &[text] => self.too_large_alone(text, error),
                    _ => self.cleanup(),
                }
            }
            Err(error) => self.search(batch, error),
        }
    }

    /// Runs a batch, once. The inner error may be a text's, the outer is the device's.
    fn forward(&mut self, batch: &[usize]) -> Result<Result<(), EmbedError>, Error> {
        if self.embedder.cancel.is_set() {
            return Err(Error::interrupted());
        }
        let rows: Vec<&[u32]> = batch.iter().map(|&text| &self.texts[text].ids[..]).collect();
        match self.embedder.model.forward_each(&rows, 0) {
            Ok(each) => {
                for (&text, outcome) in batch.iter().zip(each) {
                    self.outcomes[text] = Some(outcome.map_err(Error::from));
                }
                (self.ran, self.cleaned) = (self.ran + 1, false);
                let tokens = rows.iter().map(|row| row.len()).sum();
                (self.on_batch)(BatchDone { items: batch.len(), tokens });
                Ok(Ok(()))
            }
            Err(error) if error.is_of_a_text() => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// A text for which there was no memory though it was alone: once more, if the pool still holds what it could give.
    fn too_large_alone(&mut self, text: usize, mut error: EmbedError) -> Result<(), Error> {
        if !self.cleaned {
            self.cleanup()?;
            match self.forward(&[text])? {
                Ok(()) => return Ok(()),
                Err(again) => error = again,
            }
        }
        self.outcomes[text] = Some(Err(match error.kind() {
            EmbedErrorKind::OutOfMemory => {
                let needed = ByteCount::new(self.embedder.cost.peak(1, self.tokens(text)).get());
                Error::out_of_memory(error, needed, self.embedder.seen().headroom())
            }
            _ => error.into(),
        }));
        Ok(())
    }

    /// A batch failed in a way that nobody can tell the text of.
    fn search(&mut self, batch: &[usize], error: EmbedError) -> Result<(), Error> {
        let before = self.ran;
        let Some((text, error)) = halving::find(batch, error, |part| self.forward(part))? else {
            return Ok(());
        };
        if error.kind() == EmbedErrorKind::OutOfMemory {
            return self.too_large_alone(text, error);
        }
        // It is the text's fault only if the device does run something: else every text would be found guilty.
        if self.ran == before {
            let least = &self.texts[text].ids[..1];
            if self.embedder.model.forward_each(&[least], 0).is_err() {
                return Err(error.into());
            }
        }
        self.outcomes[text] = Some(Err(error.into()));
        Ok(())
    }

    fn cleanup(&mut self) -> Result<(), Error> {
        self.cleaned = true;
        self.embedder.cleanup()
    }

    fn tokens(&self, text: usize) -> usize {
        self.texts[text].ids.len()
    }
}
