//! [`AdaptiveEmbedder`]: a model whose batches are sized by what memory there is.

mod halving;
mod predicted;
mod run;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{
    Analytic, Budget, Busy, Controller, ControllerConfig, CostModel, Decision, Event, Learned, Limits, Pooled,
};
use chunk_strategies::{EmbedFailure, Embedder, Vectors};
use embed_burn::{BurnEmbedder, Compute, DeviceSpec, ModelFolder, Prompt, TokenizedText};
use gpu_telemetry::{ByteCount, MemoryMonitor};

use self::predicted::Predicted;
pub(crate) use self::run::Outcome;
use self::run::Run;
use crate::adapt::{self, Seen};
use crate::cancel::Cancel;
use crate::devices;
use crate::error::Error;
use crate::limits::DeviceLimits;

/// A model on a device. Before each batch it asks how much memory there is, and plans within it; out of memory halves
/// the batch and repeats only what is unfinished, down to a single text. A text that the model cannot take fails alone.
///
/// Only one thread at a time should use it: a device has one memory pool a thread.
#[derive(Debug)]
pub struct AdaptiveEmbedder {
    model: BurnEmbedder,
    monitor: Option<Arc<dyn MemoryMonitor>>,
    limits: Limits,
    state: Mutex<State>,
    cancel: Cancel,
    last_seen: Mutex<Option<(Instant, Seen)>>,
}

/// What was learned from the batches that ran.
#[derive(Debug)]
struct State {
    controller: Controller,
    cost: Pooled<Learned<Analytic>>,
    busy: Busy,
    /// What the pool held when it was last looked at: a batch that needed no more says nothing of its peak.
    reserved: ByteCount,
    /// When the memory was looked at for the last reading.
    read_at: Option<Instant>,
}

/// A batch that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchDone {
    /// Texts in it.
    pub items: usize,
    /// Tokens in it, padding not counted.
    pub tokens: usize,
}

/// How long a sample counts as now: other processes take memory in steps of far more than this, and on a busy system
/// reading it costs as much as embedding a short text.
const SAMPLE_AGE: Duration = Duration::from_millis(50);

impl AdaptiveEmbedder {
    /// Loads a model onto a device.
    ///
    /// # Errors
    /// The device is not there, the model cannot be loaded, or the limits are out of their bounds.
    pub fn load(folder: &ModelFolder, device: DeviceSpec, limits: &DeviceLimits) -> Result<Self, Error> {
        AdaptiveEmbedder::load_as(folder, device, limits, Compute::default())
    }

    /// As [`load`](AdaptiveEmbedder::load), to compute in a way that is not the default.
    ///
    /// # Errors
    /// As [`load`](AdaptiveEmbedder::load), or as [`BurnEmbedder::load_as`].
    pub fn load_as(
        folder: &ModelFolder,
        device: DeviceSpec,
        limits: &DeviceLimits,
        compute: Compute,
    ) -> Result<Self, Error> {
        let limits = limits.to_policy()?;
        let device = devices::open(device)?;
        let monitor = devices::monitor(&device);
        AdaptiveEmbedder::with_monitor(BurnEmbedder::load_as(folder, &device, compute)?, limits, monitor)
    }

    /// With a monitor of one's own, or none: then the memory limit is the budget, or 1 GiB.
    ///
    /// # Errors
    /// The model has a dimension of 0.
    pub fn with_monitor(
        model: BurnEmbedder,
        limits: Limits,
        monitor: Option<Arc<dyn MemoryMonitor>>,
    ) -> Result<Self, Error> {
        let seen = Seen {
            sample: monitor.as_ref().and_then(|monitor| monitor.sample().ok()),
            pool: Some(adapt::held(&model)),
        };
        let tokens = adapt::first_batch_tokens(model.device(), seen.sample.as_ref());
        let state = State {
            controller: Controller::new(&limits, ControllerConfig::default())?,
            cost: adapt::cost(model.shape())?,
            busy: Busy::new(tokens),
            reserved: seen.pool.map_or(ByteCount::ZERO, |pool| pool.reserved),
            read_at: None,
        };
        Ok(AdaptiveEmbedder {
            model,
            monitor,
            limits,
            state: Mutex::new(state),
            cancel: Cancel::new(),
            last_seen: Mutex::new(Some((Instant::now(), seen))),
        })
    }

    /// Stops between batches once `cancel` is set.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        AdaptiveEmbedder { cancel, ..self }
    }

    /// Puts a prompt before each text that is tokenised from now on; as it is without one.
    ///
    /// # Errors
    /// The prompt leaves no room for a text.
    pub fn with_prompt(self, prompt: Option<&Prompt>) -> Result<Self, Error> {
        match prompt {
            Some(prompt) => Ok(AdaptiveEmbedder { model: self.model.with_prompt(prompt)?, ..self }),
            None => Ok(self),
        }
    }

    /// The model.
    pub fn model(&self) -> &BurnEmbedder {
        &self.model
    }

    /// Whether it is known what the device has left for this process; where not, the budget is the memory limit, or 1 GiB.
    pub fn is_measured(&self) -> bool {
        self.seen().headroom().is_some()
    }

    /// The text as the model reads it; what is beyond its limit is left out and counted.
    ///
    /// # Errors
    /// The tokenizer fails on the text.
    pub fn tokenize(&self, text: &str) -> Result<TokenizedText, Error> {
        Ok(self.model.tokenize(text)?)
    }

    /// One vector a text, in the order of the texts. `on_batch` hears of each batch that ran.
    ///
    /// # Errors
    /// As [`embed_each`](AdaptiveEmbedder::embed_each); and the error of the first text that has one.
    pub fn embed_tokenized(
        &self,
        texts: &[TokenizedText],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<Vectors, Error> {
        let mut values = Vec::with_capacity(texts.len() * self.model.dim());
        for outcome in self.embed_each(texts, on_batch)? {
            values.extend(outcome?);
        }
        Vectors::new(self.model.dim(), values).map_err(Error::from)
    }

    /// One vector a text, in the order of the texts, or the error that this text has and the others have not: a token id
    /// beyond the model's vocabulary, a vector that is not finite, a tensor over the device's limit, no memory for this
    /// text alone. The others of its batch are embedded all the same.
    ///
    /// # Errors
    /// The device was lost or fails with any text, or a stop was asked for.
    pub fn embed_each(
        &self,
        texts: &[TokenizedText],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<Vec<Result<Vec<f32>, Error>>, Error> {
        let mut outcomes: Vec<_> = texts.iter().map(|_| None).collect();
        self.embed_into(texts, &mut outcomes, on_batch)?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// As [`embed_each`](AdaptiveEmbedder::embed_each), into one place a text, and for those that have none yet: what was
    /// finished before an error is there.
    pub(crate) fn embed_into(
        &self,
        texts: &[TokenizedText],
        outcomes: &mut [Outcome],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(), Error> {
        Run::new(self, texts, outcomes, on_batch).all()
    }

    /// The tokens of texts that are worth collecting before they are embedded.
    pub(crate) fn window_tokens(&self) -> usize {
        let (batch, rate) = self.with_state(|state| (state.busy.tokens(), state.busy.rate()));
        window::tokens(batch, rate, self.model.dim())
    }

    /// Reads the memory and says what the next batch may cost, after giving back what the pool need not hold.
    fn read(&self) -> Result<Budget, Error> {
        let (at, seen) = self.seen_at();
        let reading =
            Event::Reading { usable: adapt::usable(&seen, &self.limits), others: adapt::others(&seen) };
        let (Decision { allowed, cleanup }, tokens) = self.with_state(|state| {
            // A sample that serves for several batches is one reading.
            let known = state.read_at.replace(at) == Some(at);
            let decision = if known {
                Decision { allowed: state.controller.allowed(), cleanup: false }
            } else {
                state.controller.step(reading)
            };
            (decision, state.busy.tokens())
        });
        if cleanup {
            self.cleanup()?;
        }
        let largest_tensor = adapt::largest_tensor(self.model.device(), seen.sample.as_ref());
        Ok(Budget { allowed, tokens, largest_tensor })
    }

    fn seen(&self) -> Seen {
        self.seen_at().1
    }

    /// The memory now, as far as it can be told, and when it was looked at. A monitor that fails once may answer the next
    /// time.
    fn seen_at(&self) -> (Instant, Seen) {
        let last = *self.last_seen();
        if let Some((at, seen)) = last
            && at.elapsed() < SAMPLE_AGE
        {
            return (at, seen);
        }
        // Not under the lock: a driver may take its time, or hang.
        let sample = self.monitor.as_ref().and_then(|monitor| monitor.sample().ok());
        let seen = Seen { sample, pool: Some(adapt::held(&self.model)) };
        let at = Instant::now();
        *self.last_seen() = Some((at, seen));
        (at, seen)
    }

    /// Gives back what the pool does not use; what was seen before says nothing of what is there now.
    fn cleanup(&self) -> Result<(), Error> {
        self.model.release_scratch();
        let cleaned = self.model.device().cleanup();
        *self.last_seen() = None;
        self.with_state(|state| state.reserved = adapt::held(&self.model).reserved);
        Ok(cleaned?)
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<(Instant, Seen)>> {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch ran, in so many seconds. Says whether to clean up.
    fn succeeded(&self, shape: (usize, usize), computed: usize, seconds: f64) -> bool {
        let pool = adapt::pool(self.model.device());
        self.with_state(|state| {
            state.busy.observe(computed, seconds);
            match pool {
                // The pool only grows until it is cleaned, so that what it holds now is what this batch needed.
                Some(pool) if pool.reserved > state.reserved => {
                    state.reserved = pool.reserved;
                    state.cost.observe(shape.0, shape.1, adapt::bytes(pool.idle()));
                }
                _ => state.cost.succeeded(shape.0, shape.1),
            }
            state.controller.step(Event::Success).cleanup
        })
    }

    /// A batch ran out of memory.
    fn ran_out(&self, (items, tokens): (usize, usize), budget: &Budget) {
        let seen = self.seen();
        *self.last_seen() = None;
        let idle = seen.pool.map_or(ByteCount::ZERO, |pool| pool.idle());
        let there = seen.headroom().map(|headroom| adapt::bytes(headroom.saturating_add(idle)));
        self.with_state(|state| {
            let predicted = Predicted { model: &self.model, learned: &state.cost }.peak(items, tokens);
            state.controller.step(Event::OutOfMemory { items, predicted });
            // What was free was not enough, and so was what was predicted.
            let there = there.unwrap_or(budget.allowed.few_bytes);
            state.cost.surprise(items, tokens, there);
        });
    }

    fn with_state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Embedder for AdaptiveEmbedder {
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let texts: Vec<TokenizedText> =
            texts.iter().map(|text| self.tokenize(text)).collect::<Result<_, _>>()?;
        Ok(self.embed_tokenized(&texts, &mut |_| {})?)
    }

    fn fits(&self, text: &str) -> bool {
        self.model.fits(text)
    }
}
