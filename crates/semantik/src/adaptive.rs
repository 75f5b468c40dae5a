//! [`AdaptiveEmbedder`]: a model whose batches are sized by what memory there is.

mod halving;
mod learn;
mod lease;
mod look;
mod predicted;
mod reload;
mod run;
mod window;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{Analytic, Busy, Controller, ControllerConfig, Learned, Limits, Pooled};
use chunk_strategies::{EmbedFailure, Embedder, Vectors};
use embed_burn::{BurnEmbedder, Compute, DeviceSpec, ModelFolder, Prompt, TokenizedText};
use gpu_telemetry::{MemoryMonitor, PoolUsage};

use self::look::Look;
pub(crate) use self::run::Outcome;
use self::run::Run;
use crate::adapt;
use crate::cancel::Cancel;
use crate::devices;
use crate::error::Error;
#[cfg(test)]
use crate::governor::TenantId;
use crate::governor::room::{self, Load};
use crate::governor::{Device, DeviceUse, Priority, Tenant};
use crate::limits::DeviceLimits;

/// A model on a device. Before each batch it asks how much memory there is, and plans within it; out of memory halves
/// the batch and repeats only what is unfinished, down to a single text. A text that the model cannot take fails alone.
///
/// Any number of threads may use it at once, and any number of embedders one device: their batches run one after the other
/// on the device's own thread, each under a lease for what it is predicted to take, and whoever came first has the first
/// turn ([`Priority`]).
///
/// ```no_run
/// use std::thread;
///
/// use semantik::{AdaptiveEmbedder, DeviceLimits, ModelCache};
/// use semantik::embed_burn::DeviceSpec;
///
/// let folder = ModelCache::from_env()?.resolve("all-MiniLM-L6-v2")?;
/// let model = AdaptiveEmbedder::load(&folder, DeviceSpec::Auto, &DeviceLimits::from_env()?)?;
/// thread::scope(|scope| {
///     for text in ["Foxes are quick.", "Dogs are lazy."] {
///         let model = &model;
///         scope.spawn(move || model.embed_tokenized(&[model.tokenize(text)?], &mut |_| {}));
///     }
/// });
/// # Ok::<(), semantik::Error>(())
/// ```
#[derive(Debug)]
pub struct AdaptiveEmbedder {
    tenant: Tenant,
    monitor: Mutex<Option<Arc<dyn MemoryMonitor>>>,
    /// Whether the monitor is the device's own, and another where the device is opened anew.
    monitors_device: bool,
    limits: Limits,
    state: Mutex<State>,
    cancel: Cancel,
    last_look: Mutex<Option<Look>>,
    priority: Priority,
    patience: Duration,
}

/// What was learned from the batches that ran.
#[derive(Debug)]
struct State {
    controller: Controller,
    cost: Pooled<Learned<Analytic>>,
    busy: Busy,
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

/// How long a batch waits for memory that others hold, while none of them gives anything back: far more than a batch takes
/// on the slowest device, the compiling of its kernels included.
const PATIENCE: Duration = Duration::from_secs(300);

impl AdaptiveEmbedder {
    /// Loads a model onto a device.
    ///
    /// Other models on the device that are idle make room for it, and come back when they are used again.
    ///
    /// # Errors
    /// The device is not there, the model cannot be loaded or has no room (the error has the bytes needed and free), or
    /// the limits are out of their bounds.
    pub fn load(folder: &ModelFolder, device: DeviceSpec, limits: &DeviceLimits) -> Result<Self, Error> {
        let limits = limits.to_policy()?;
        let device = devices::open(device)?;
        let monitor = devices::monitor(&device);
        let shared = Device::of(&device)?;
        let name =
            folder.path().file_name().map_or_else(|| "the model".into(), |name| name.to_string_lossy());
        let load = Load {
            name: &Arc::from(&*name),
            folder,
            compute: Compute::default(),
            tenant: None,
            priority: Priority::default(),
            patience: PATIENCE,
            stop: &|| false,
        };
        let lease = room::lease(&shared, &device, monitor.as_ref(), &load)?;
        let read = folder.clone();
        // On the device's thread, so that the weights are in its pool.
        let model = shared.run(move || BurnEmbedder::load(&read, &device))?;
        drop(lease);
        let embedder = AdaptiveEmbedder::of_tenant(Tenant::new(model, &name, shared), limits, monitor)?;
        Ok(AdaptiveEmbedder { monitors_device: true, ..embedder })
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
        let shared = Device::of(model.device())?;
        AdaptiveEmbedder::of_tenant(Tenant::new(model, "a model", shared), limits, monitor)
    }

    fn of_tenant(
        tenant: Tenant,
        limits: Limits,
        monitor: Option<Arc<dyn MemoryMonitor>>,
    ) -> Result<Self, Error> {
        let look = Look::at_rest(monitor.as_ref(), &tenant);
        let tokens = adapt::first_batch_tokens(tenant.model().device(), look.seen.sample.as_ref());
        let state = State {
            controller: Controller::new(&limits, ControllerConfig::default())?,
            cost: adapt::cost(tenant.model().shape())?,
            busy: Busy::new(tokens),
            read_at: None,
        };
        Ok(AdaptiveEmbedder {
            tenant,
            monitor: Mutex::new(monitor),
            monitors_device: false,
            limits,
            state: Mutex::new(state),
            cancel: Cancel::new(),
            last_look: Mutex::new(Some(look)),
            priority: Priority::default(),
            patience: PATIENCE,
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
            Some(prompt) => {
                let tenant = self.tenant.map(|model| model.with_prompt(prompt))?;
                Ok(AdaptiveEmbedder { tenant, ..self })
            }
            None => Ok(self),
        }
    }

    /// How soon its batches have their turn among those of other embedders on the device.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        AdaptiveEmbedder { priority, ..self }
    }

    /// How long a batch waits for memory that others hold, while none of them gives anything back; five minutes unless
    /// told. Then the error is [`Busy`](crate::ErrorKind::Busy).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        AdaptiveEmbedder { patience, ..self }
    }

    /// Keeps the weights on the device however long they are idle and whoever wants their room.
    #[must_use]
    pub fn staying_loaded(self) -> Self {
        self.tenant.stays();
        self
    }

    /// The model. Its batches are to run through this embedder: what is run on it directly has no lease, and fails while the
    /// model is unloaded.
    pub fn model(&self) -> &BurnEmbedder {
        self.tenant.model()
    }

    /// What this process does on the device at this moment.
    pub fn device_use(&self) -> DeviceUse {
        DeviceUse::of(self.tenant.device())
    }

    /// What the framework's pool held of the device when work ended last; nothing for backends without a pool.
    pub fn pool(&self) -> Option<PoolUsage> {
        self.tenant.device().pool()
    }

    /// Whether it is known what the device has left for this process; where not, the budget is the memory limit, or 1 GiB.
    pub fn is_measured(&self) -> bool {
        self.look().seen.headroom().is_some()
    }

    /// The text as the model reads it; what is beyond its limit is left out and counted.
    ///
    /// # Errors
    /// The tokenizer fails on the text.
    pub fn tokenize(&self, text: &str) -> Result<TokenizedText, Error> {
        Ok(self.model().tokenize(text)?)
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
        let mut values = Vec::with_capacity(texts.len() * self.model().dim());
        for outcome in self.embed_each(texts, on_batch)? {
            values.extend(outcome?);
        }
        Vectors::new(self.model().dim(), values).map_err(Error::from)
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
        window::tokens(batch, rate, self.model().dim())
    }

    #[cfg(test)]
    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.id()
    }

    fn with_state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Embedder for AdaptiveEmbedder {
    fn dim(&self) -> usize {
        self.model().dim()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vectors, EmbedFailure> {
        let texts: Vec<TokenizedText> =
            texts.iter().map(|text| self.tokenize(text)).collect::<Result<_, _>>()?;
        Ok(self.embed_tokenized(&texts, &mut |_| {})?)
    }

    fn fits(&self, text: &str) -> bool {
        self.model().fits(text)
    }
}

/// Threads share an embedder.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<AdaptiveEmbedder>();
};
