//! [`AdaptiveEmbedder`]: a model whose batches are sized by what memory there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{Analytic, Budget, Controller, ControllerConfig, Decision, Event, Limits, plan};
use chunk_strategies::{EmbedFailure, Embedder, Vectors};
use embed_burn::{BurnEmbedder, DeviceSpec, EmbedError, EmbedErrorKind, ModelFolder, Prompt, TokenizedText};
use gpu_telemetry::MemoryMonitor;

use crate::adapt::{self, Seen};
use crate::cancel::Cancel;
use crate::devices;
use crate::error::Error;
use crate::limits::DeviceLimits;

/// A model on a device. Before each batch it asks how much memory there is, and plans within it; out of memory halves
/// the batch and repeats only what is unfinished, down to a single text.
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
    /// A single text does not fit into memory, the device failed, or a stop was asked for.
    pub fn embed_tokenized(
        &self,
        texts: &[TokenizedText],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<Vectors, Error> {
        let mut vectors: Vec<_> = texts.iter().map(|_| None).collect();
        self.embed_into(texts, &mut vectors, on_batch)?;
        let vectors: Vec<Vec<f32>> = vectors.into_iter().flatten().collect::<Result<_, _>>()?;
        let values = vectors.into_iter().flatten().collect();
        Vectors::new(self.model.dim(), values).map_err(Error::from)
    }

    /// As [`embed_tokenized`](AdaptiveEmbedder::embed_tokenized), into one place a text: what was finished before an
    /// error is there.
    pub(crate) fn embed_into(
        &self,
        texts: &[TokenizedText],
        vectors: &mut [Option<Result<Vec<f32>, Error>>],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(), Error> {
        loop {
            let todo: Vec<usize> = (0..texts.len()).filter(|&text| vectors[text].is_none()).collect();
            if todo.is_empty() {
                return Ok(());
            }
            self.run(texts, &todo, vectors, on_batch)?;
        }
    }

    /// Plans what is to do and runs the plan until it is done, or until what was learned asks for another plan.
    fn run(
        &self,
        texts: &[TokenizedText],
        todo: &[usize],
        finished: &mut [Option<Result<Vec<f32>, Error>>],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(), Error> {
        let lengths: Vec<usize> = todo.iter().map(|&text| texts[text].ids.len()).collect();
        let allowed = self.control(|controller| controller.max_batch());
        let planned = plan(&lengths, &self.budget(), &self.cost, &self.limits, Some(allowed))?;
        for batch in planned.batches() {
            if self.cancel.is_set() {
                return Err(Error::interrupted());
            }
            let rows: Vec<&[u32]> = batch.items().iter().map(|&item| &texts[todo[item]].ids[..]).collect();
            let (event, outcome) = match self.model.forward(&rows) {
                Ok(vectors) => {
                    for (&item, vector) in batch.items().iter().zip(vectors.rows()) {
                        finished[todo[item]] = Some(Ok(vector.to_vec()));
                    }
                    on_batch(BatchDone { items: rows.len(), tokens: rows.iter().map(|row| row.len()).sum() });
                    let usage = self.seen().sample.and_then(|sample| sample.usage());
                    (Event::Success { items: rows.len(), usage }, None)
                }
                Err(error) if is_out_of_memory(&error) => {
                    *self.last_seen() = None;
                    (Event::OutOfMemory { items: rows.len() }, Some(error))
                }
                Err(error) => return Err(error.into()),
            };
            let decision = self.control(|controller| controller.step(event));
            match (decision, outcome) {
                (Decision::GiveUp, Some(error)) => return Err(error.into()),
                (Decision::Continue { cleanup: true, .. }, _) => self.cleanup()?,
                _ => {}
            }
            // Another plan after out of memory, and where batches of this size are no longer allowed, or larger ones are.
            let now = self.control(|controller| controller.max_batch());
            if now != allowed {
                break;
            }
        }
        Ok(())
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

fn is_out_of_memory(error: &EmbedError) -> bool {
    error.kind() == EmbedErrorKind::OutOfMemory
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
