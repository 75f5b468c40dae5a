//! [`AdaptiveEmbedder`]: a model whose batches are sized by what memory there is.

mod halving;
mod run;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{Analytic, Budget, Controller, ControllerConfig, Limits};
use chunk_strategies::{EmbedFailure, Embedder, Vectors};
use embed_burn::{BurnEmbedder, DeviceSpec, ModelFolder, TokenizedText};
use gpu_telemetry::MemoryMonitor;

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
    cost: Analytic,
    controller: Mutex<Controller>,
    cancel: Cancel,
    last_seen: Mutex<Option<(Instant, Seen)>>,
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
        let limits = limits.to_policy()?;
        let device = devices::open(device)?;
        let monitor = devices::monitor(&device);
        AdaptiveEmbedder::with_monitor(BurnEmbedder::load(folder, &device)?, limits, monitor)
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
        Ok(AdaptiveEmbedder {
            cost: adapt::cost(model.shape())?,
            controller: Mutex::new(Controller::new(usize::MAX, &limits, ControllerConfig::default())?),
            model,
            monitor,
            limits,
            cancel: Cancel::new(),
            last_seen: Mutex::new(None),
        })
    }

    /// Stops between batches once `cancel` is set.
    #[must_use]
    pub fn with_cancel(self, cancel: Cancel) -> Self {
        AdaptiveEmbedder { cancel, ..self }
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

    fn budget(&self) -> Budget {
        let device = self.model.device();
        let seen = self.seen();
        Budget {
            bytes: adapt::usable(&seen, &self.limits),
            tokens: adapt::batch_tokens(device, seen.sample.as_ref()),
            largest_tensor: adapt::largest_tensor(device, seen.sample.as_ref()),
        }
    }

    /// The memory now, as far as it can be told. A monitor that fails once may answer the next time.
    fn seen(&self) -> Seen {
        let last = *self.last_seen();
        if let Some((at, seen)) = last
            && at.elapsed() < SAMPLE_AGE
        {
            return seen;
        }
        // Not under the lock: a driver may take its time, or hang.
        let sample = self.monitor.as_ref().and_then(|monitor| monitor.sample().ok());
        let seen = Seen { sample, pool: adapt::pool(self.model.device()) };
        *self.last_seen() = Some((Instant::now(), seen));
        seen
    }

    /// Gives back what the pool does not use; what was seen before says nothing of what is there now.
    fn cleanup(&self) -> Result<(), Error> {
        let cleaned = self.model.device().cleanup();
        *self.last_seen() = None;
        Ok(cleaned?)
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<(Instant, Seen)>> {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control<T>(&self, with: impl FnOnce(&mut Controller) -> T) -> T {
        with(&mut self.controller.lock().unwrap_or_else(PoisonError::into_inner))
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
