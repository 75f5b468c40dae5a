//! [`Run`]: texts on their way to vectors, and what becomes of those that have none.

use std::time::Instant;

use batch_policy::{Allowance, Batch, Budget, Bytes, CostModel, Oversized, Padding, Queue};
use embed_burn::{EmbedError, EmbedErrorKind, TokenizedText};
use gpu_telemetry::ByteCount;

use super::flight::{Flying, InBatch, Landed};
use super::lease::BatchLease;
use super::predicted::Predicted;
use super::{AdaptiveEmbedder, BatchDone, halving};
use crate::error::Error;
use crate::governor::Ran;

/// What becomes of a text: nothing yet, its vector, or its own error.
pub(crate) type Outcome = Option<Result<Vec<f32>, Error>>;

/// Some texts, until each has a vector or an error of its own.
pub(super) struct Run<'a> {
    embedder: &'a AdaptiveEmbedder,
    texts: &'a [TokenizedText],
    outcomes: &'a mut [Outcome],
    /// Whether a stop was asked for beside that of the embedder.
    stops: &'a dyn Fn() -> bool,
    on_batch: &'a mut dyn FnMut(BatchDone),
    /// Forwards that ran.
    ran: usize,
    /// Whether the pool was cleaned since.
    cleaned: bool,
    /// How often the device was lost since.
    losses: usize,
    /// When the last batch landed.
    landed_at: Option<Instant>,
}

/// How often in a row a device is opened anew: one that is lost again and again will not get better.
const LOSSES: usize = 3;

impl<'a> Run<'a> {
    pub(super) fn new(
        embedder: &'a AdaptiveEmbedder,
        texts: &'a [TokenizedText],
        outcomes: &'a mut [Outcome],
        stops: &'a dyn Fn() -> bool,
        on_batch: &'a mut dyn FnMut(BatchDone),
    ) -> Self {
        Run { embedder, texts, outcomes, stops, on_batch, ran: 0, cleaned: false, losses: 0, landed_at: None }
    }

    pub(super) fn all(mut self) -> Result<(), Error> {
        for (text, outcome) in self.texts.iter().zip(&mut *self.outcomes) {
            if outcome.is_none()
                && let Err(error) = self.embedder.model().check(&text.ids)
            {
                *outcome = Some(Err(error.into()));
            }
        }
        let mut todo = self.unfinished();
        if todo.is_empty() {
            return Ok(());
        }
        let _stay = self.embedder.stay(self.stops)?;
        self.embedder.replay_further();
        while !todo.is_empty() {
            self.queued(&todo)?;
            todo = self.unfinished();
        }
        Ok(())
    }

    fn unfinished(&self) -> Vec<usize> {
        (0..self.texts.len()).filter(|&text| self.outcomes[text].is_none()).collect()
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
            let error = Error::never_fits(embedder.model().device().name(), tokens, needed, cap);
            self.outcomes[todo[item]] = Some(Err(error));
        }
        budget = embedder.within_pages(budget);
        let mut flying = None;
        let ended = self.flown(&mut queue, todo, budget, &mut flying);
        if let Some(last) = flying {
            // Whatever ended it: what was finished is kept.
            let last = self.land(last);
            self.kept(last);
        }
        ended
    }

    /// Gives the device one batch after the other, each cut to the memory of its moment, and on a GPU the next before the last
    /// has landed, where there is room for both. Returns early where it is no longer known what is to do.
    fn flown(
        &mut self,
        queue: &mut Queue,
        todo: &[usize],
        mut budget: Budget,
        flying: &mut Option<Flying>,
    ) -> Result<(), Error> {
        let embedder = self.embedder;
        self.landed_at = None;
        loop {
            let behind = flying.is_some();
            let next = self.next(queue, &budget, behind)?;
            if next.is_none() && !behind {
                return Ok(());
            }
            let next = match next {
                Some((batch, lease)) => {
                    let texts = batch.items().iter().map(|&item| todo[item]).collect();
                    Some(self.take_off(InBatch { texts, padded: batch.tokens() }, lease)?)
                }
                None => None,
            };
            let first = if embedder.flies() || behind { std::mem::replace(flying, next) } else { next };
            if let Some(first) = first {
                let landed = self.land(first);
                if landed.each.is_err()
                    && let Some(second) = flying.take()
                {
                    // While anything flies, nothing is opened anew or tried again.
                    let second = self.land(second);
                    self.kept(second);
                }
                if !self.landed(landed, &budget)? {
                    return Ok(());
                }
            }
            budget = embedder.within_pages(embedder.read()?);
        }
    }

    /// What becomes of a batch. `false`: it failed, and what is to do is to be looked at again.
    fn landed(&mut self, landed: Landed, budget: &Budget) -> Result<bool, Error> {
        let embedder = self.embedder;
        let InBatch { texts, padded } = landed.batch.clone();
        let shape = (texts.len(), padded);
        match self.settle(landed)? {
            Ok(ran) => {
                if embedder.succeeded(shape, self.computed(&texts, shape), ran) {
                    self.cleanup()?;
                }
                Ok(true)
            }
            Err(error) if is_lost(&error) && !error.is_lost_for_memory() => Ok(false),
            Err(error) if error.kind() == EmbedErrorKind::OutOfMemory || is_lost(&error) => {
                embedder.ran_out(shape, budget);
                if let [text] = texts[..] {
                    self.too_large_alone(text, error)?;
                } else {
                    self.cleanup()?;
                }
                Ok(false)
            }
            Err(error) => {
                self.search(&texts, error)?;
                Ok(false)
            }
        }
    }

    /// A batch that flew behind one that failed: its vectors, if it has any. What it lacks is done again.
    fn kept(&mut self, landed: Landed) {
        if landed.each.is_ok() {
            // Nothing but a failure of the batch can fail.
            drop(self.settle(landed));
        }
    }

    /// The next batch, and the lease that it runs under: cut to that where there was less than it wants. `behind` another, there is
    /// one only where it has room beside that.
    fn next(
        &self,
        queue: &mut Queue,
        budget: &Budget,
        behind: bool,
    ) -> Result<Option<(Batch, BatchLease)>, Error> {
        if behind && !self.embedder.flies() {
            return Ok(None);
        }
        let limits = &self.embedder.limits;
        let Some((batch, want, single)) = self.predicted(|cost| {
            let batch = queue.next(budget, cost, limits)?;
            let want = cost.peak(batch.items().len(), batch.tokens());
            let single = cost.peak(1, batch.tokens());
            Some((batch, want, single))
        }) else {
            return Ok(None);
        };
        if behind {
            let lease = self.embedder.lease_behind(batch.items().len(), want, self.stops)?;
            if lease.is_none() {
                queue.put_back(&batch);
            }
            return Ok(lease.map(|lease| (batch, lease)));
        }
        let mut lease = self.embedder.lease(batch.items().len(), want, single, self.stops)?;
        if lease.bytes() >= want || batch.items().len() == 1 {
            return Ok(Some((batch, lease)));
        }
        let budget = Budget { allowed: Allowance::of(lease.bytes()), ..*budget };
        let cut = self.predicted(|cost| {
            queue.put_back(&batch);
            let batch = queue.next(&budget, cost, limits)?;
            let peak = cost.peak(batch.items().len(), batch.tokens());
            Some((batch, peak))
        });
        Ok(cut.map(|(batch, peak)| {
            lease.shrink(peak);
            (batch, lease)
        }))
    }

    /// Whether shorter texts are padded to the longest of their batch. Where a pool holds memory, to one of few lengths.
    fn padding(&self) -> Padding {
        let model = self.embedder.model();
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

    fn predicted<T: Send>(&self, with: impl FnOnce(&Predicted<'_>) -> T + Send) -> T {
        let embedder = self.embedder;
        let predict = || embedder.with_state(|state| with(&Predicted::of(embedder.model(), state)));
        // The processor's working memory depends on the number of its threads.
        embedder.tenant.device().as_computed(predict)
    }

    /// What a batch of some texts, padded to the longest of them, takes at most.
    fn peak(&self, batch: &[usize]) -> Bytes {
        let longest = batch.iter().map(|&text| self.tokens(text)).max().unwrap_or(0);
        self.predicted(|cost| cost.peak(batch.len(), longest))
    }

    /// Runs some texts again, under a lease of their own.
    fn again(&mut self, batch: &[usize]) -> Result<Result<(), EmbedError>, Error> {
        let peak = self.peak(batch);
        loop {
            let lease = self.embedder.lease(batch.len(), peak, peak, self.stops)?;
            match self.forward(batch, 0, lease)? {
                Err(error) if is_lost(&error) && !error.is_lost_for_memory() => {}
                other => return Ok(other.map(|_| ())),
            }
        }
    }

    /// Runs a batch, once, padded to at least so many tokens where it is padded. The errors are as those of
    /// [`settle`](Run::settle).
    fn forward(
        &mut self,
        batch: &[usize],
        padded: usize,
        lease: BatchLease,
    ) -> Result<Result<Ran, EmbedError>, Error> {
        let flying = self.take_off(InBatch { texts: batch.to_vec(), padded }, lease)?;
        let landed = self.embedder.land(flying, &mut None);
        self.settle(landed)
    }

    /// Gives a batch to the device.
    ///
    /// # Errors
    /// A stop was asked for.
    fn take_off(&self, batch: InBatch, lease: BatchLease) -> Result<Flying, Error> {
        if self.embedder.cancel.is_set() || (self.stops)() {
            return Err(Error::interrupted());
        }
        let rows = batch.texts.iter().map(|&text| self.texts[text].ids.clone()).collect();
        Ok(self.embedder.take_off(batch, rows, lease))
    }

    /// Waits for a batch.
    fn land(&mut self, flying: Flying) -> Landed {
        self.embedder.land(flying, &mut self.landed_at)
    }

    /// Keeps what a batch has come to. The inner error may be a text's, or says that the device was lost and is there again; the
    /// outer is the device's.
    fn settle(&mut self, landed: Landed) -> Result<Result<Ran, EmbedError>, Error> {
        let Landed { batch: InBatch { texts: batch, padded }, each, ran } = landed;
        let batch = &batch[..];
        if let Err(error) = &each
            && (error.kind() == EmbedErrorKind::OutOfMemory || error.is_lost_for_memory())
        {
            self.embedder.with_state(|state| state.counting.ran_out());
        }
        match each {
            Ok(each) => {
                for (&text, outcome) in batch.iter().zip(each) {
                    self.outcomes[text] = Some(outcome.map_err(Error::from));
                }
                (self.ran, self.cleaned, self.losses) = (self.ran + 1, false, 0);
                let tokens = batch.iter().map(|&text| self.tokens(text)).sum();
                let longest = batch.iter().map(|&text| self.tokens(text)).max().unwrap_or(0);
                let computed = self.computed(batch, (batch.len(), longest.max(padded)));
                self.embedder.with_state(|state| {
                    state.counting.ran(batch.len(), tokens, computed, state.busy.tokens());
                });
                (self.on_batch)(BatchDone { items: batch.len(), tokens });
                Ok(Ok(ran))
            }
            Err(error) if error.is_of_a_text() => Ok(Err(error)),
            Err(error) if is_lost(&error) && self.losses < LOSSES => {
                self.losses += 1;
                // Where it cannot be had again, that it was lost says more.
                match self.embedder.reload() {
                    Ok(()) => Ok(Err(error)),
                    Err(_) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A text for which there was no memory though it was alone: once more, if the pool still holds what it could give.
    fn too_large_alone(&mut self, text: usize, mut error: EmbedError) -> Result<(), Error> {
        if !self.cleaned {
            self.cleanup()?;
            match self.again(&[text])? {
                Ok(()) => return Ok(()),
                Err(again) => error = again,
            }
        }
        self.outcomes[text] = Some(Err(match error.kind() {
            EmbedErrorKind::OutOfMemory | EmbedErrorKind::DeviceLost => {
                let needed = ByteCount::new(self.peak(&[text]).get());
                Error::out_of_memory(error, needed, self.embedder.look().seen.headroom())
            }
            _ => error.into(),
        }));
        Ok(())
    }

    /// A batch failed in a way that nobody can tell the text of.
    fn search(&mut self, batch: &[usize], error: EmbedError) -> Result<(), Error> {
        let before = self.ran;
        let Some((text, error)) = halving::find(batch, error, |part| self.again(part))? else {
            return Ok(());
        };
        if error.kind() == EmbedErrorKind::OutOfMemory || is_lost(&error) {
            return self.too_large_alone(text, error);
        }
        // It is the text's fault only if the device does run something: else every text would be found guilty.
        if self.ran == before {
            let first = self.texts[text].ids[0];
            let peak = self.predicted(|cost| cost.peak(1, 1));
            let lease = self.embedder.lease(1, peak, peak, self.stops)?;
            let tenant = &self.embedder.tenant;
            let (ran, _) = tenant.run_batch(&lease, move |model| model.forward_each(&[&[first]], 0));
            if ran.is_err() {
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

fn is_lost(error: &EmbedError) -> bool {
    error.kind() == EmbedErrorKind::DeviceLost
}
