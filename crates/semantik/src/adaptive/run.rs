//! [`Run`]: texts on their way to vectors, and what becomes of those that have none.

use std::time::Instant;

use batch_policy::{CostModel, Oversized, Padding, Queue};
use embed_burn::{EmbedError, EmbedErrorKind, TokenizedText};
use gpu_telemetry::ByteCount;

use super::predicted::Predicted;
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
            self.queued(&todo)?;
        }
    }

    /// Runs what is to do, longest first, each batch cut to the memory of its moment; returns early where it is no longer
    /// known what is to do.
    fn queued(&mut self, todo: &[usize]) -> Result<(), Error> {
        let embedder = self.embedder;
        let lengths: Vec<usize> = todo.iter().map(|&text| self.tokens(text)).collect();
        let mut queue = Queue::new(&lengths, self.padding());
        let mut budget = embedder.read()?;
        for Oversized { item, tokens, needed, cap } in
            self.predicted(|cost| queue.take_oversized(&budget, cost))
        {
            let (needed, cap) = (ByteCount::new(needed.get()), ByteCount::new(cap.get()));
            let error = Error::never_fits(embedder.model.device().name(), tokens, needed, cap);
            self.outcomes[todo[item]] = Some(Err(error));
        }
        while let Some(batch) = self.predicted(|cost| queue.next(&budget, cost, &embedder.limits)) {
            let shape = (batch.items().len(), batch.tokens());
            let texts: Vec<usize> = batch.items().iter().map(|&item| todo[item]).collect();
            let started = Instant::now();
            match self.forward(&texts, shape.1)? {
                Ok(()) => {
                    let seconds = started.elapsed().as_secs_f64();
                    if embedder.succeeded(shape, self.computed(&texts, shape), seconds) {
                        self.cleanup()?;
                    }
                }
                Err(error) if error.kind() == EmbedErrorKind::OutOfMemory => {
                    embedder.ran_out(shape, &budget);
                    if let [text] = texts[..] {
                        self.too_large_alone(text, error)?;
                    } else {
                        self.cleanup()?;
                        queue.put_back(&batch);
                    }
                }
                Err(error) => return self.search(&texts, error),
            }
            budget = embedder.read()?;
        }
        Ok(())
    }

    /// Whether shorter texts are padded to the longest of their batch. Where a pool holds memory, to one of few lengths.
    fn padding(&self) -> Padding {
        let model = &self.embedder.model;
        match model.scratch_bytes(1, 1) {
            Some(_) => Padding::None,
            None => Padding::Bucketed { longest: model.max_tokens() },
        }
    }

    /// The tokens that the device computed.
    fn computed(&self, texts: &[usize], (items, tokens): (usize, usize)) -> usize {
        match self.padding() {
            Padding::None => texts.iter().map(|&text| self.tokens(text)).sum(),
            _ => items * tokens,
        }
    }

    fn predicted<T>(&self, with: impl FnOnce(&Predicted<'_>) -> T) -> T {
        let model = &self.embedder.model;
        self.embedder.with_state(|state| with(&Predicted { model, learned: &state.cost }))
    }

    /// Runs a batch, once, padded to at least so many tokens where it is padded. The inner error may be a text's, the outer
    /// is the device's.
    fn forward(&mut self, batch: &[usize], padded: usize) -> Result<Result<(), EmbedError>, Error> {
        if self.embedder.cancel.is_set() {
            return Err(Error::interrupted());
        }
        let rows: Vec<&[u32]> = batch.iter().map(|&text| &self.texts[text].ids[..]).collect();
        match self.embedder.model.forward_each(&rows, padded) {
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
            match self.forward(&[text], 0)? {
                Ok(()) => return Ok(()),
                Err(again) => error = again,
            }
        }
        self.outcomes[text] = Some(Err(match error.kind() {
            EmbedErrorKind::OutOfMemory => {
                let needed = self.predicted(|cost| cost.peak(1, self.tokens(text)));
                let needed = ByteCount::new(needed.get());
                Error::out_of_memory(error, needed, self.embedder.seen().headroom())
            }
            _ => error.into(),
        }));
        Ok(())
    }

    /// A batch failed in a way that nobody can tell the text of.
    fn search(&mut self, batch: &[usize], error: EmbedError) -> Result<(), Error> {
        let before = self.ran;
        let Some((text, error)) = halving::find(batch, error, |part| self.forward(part, 0))? else {
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
