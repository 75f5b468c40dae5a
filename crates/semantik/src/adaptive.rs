//! [`AdaptiveEmbedder`]: a model whose batches are sized by what memory there is.

mod among;
mod counts;
mod flight;
mod grid;
mod halving;
mod learn;
mod lease;
mod look;
mod predicted;
mod reload;
mod replay;
mod run;
mod window;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{Analytic, BestKnown, Busy, Controller, ControllerConfig, Limits, Profile};
use chunk_strategies::{EmbedFailure, Embedder, Vectors};
pub use embed_burn::BatchDone;
use embed_burn::{BurnEmbedder, Compute, DeviceSpec, ModelFolder, Prompt, TokenizedText};
use gpu_telemetry::{MemoryMonitor, PoolUsage};

use self::among::Among;
pub use self::counts::BatchCounts;
use self::counts::Counting;
use self::look::Look;
use self::replay::Pages;
pub use self::replay::ReplayDone;
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
use crate::ledger::Ledger;
use crate::limits::DeviceLimits;
use crate::profiles::{ProfileKey, Profiles, Remembered};

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
    /// How many batches a GPU is given before the first has come back.
    in_flight: usize,
    /// `None`: no other process is reckoned with.
    among: Option<Among>,
    /// `None`: what is learned is forgotten.
    remembered: Option<Remembered>,
}

/// What was learned from the batches that ran.
#[derive(Debug)]
struct State {
    controller: Controller,
    cost: BestKnown<Analytic>,
    busy: Busy,
    counting: Counting,
    /// When the memory was looked at for the last reading.
    read_at: Option<Instant>,
    /// Whether dry runs were asked for.
    replays: bool,
    pages: Option<Pages>,
    /// That a dry run failed.
    problem: Option<String>,
}

impl State {
    /// Before anything ran.
    fn begin_with(&mut self, profile: &Profile) {
        self.busy = profile.busy(self.busy.tokens());
        self.cost = profile.cost(*self.cost.learned().base());
    }
}

/// How long a batch waits for memory that others hold, while none of them gives anything back: far more than a batch takes
/// on the slowest device, the compiling of its kernels included.
const PATIENCE: Duration = Duration::from_mins(5);

impl AdaptiveEmbedder {
    /// Loads a model onto a device. It shares the device's memory with other processes of this user
    /// ([`ledger`](crate::ledger)), and begins with what earlier ones have learned ([`profiles`](crate::profiles)); what
    /// fails of that is told by [`take_problems`](AdaptiveEmbedder::take_problems).
    ///
    /// Other models on the device that are idle make room for it, and come back when they are used again.
    ///
    /// # Errors
    /// The device is not there, the model cannot be loaded or has no room (the error has the bytes needed and free), or
    /// the limits are out of their bounds.
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
        let shared = Device::of(&device)?;
        let name =
            folder.path().file_name().map_or_else(|| "the model".into(), |name| name.to_string_lossy());
        let load = Load {
            name: &Arc::from(&*name),
            folder,
            compute: BurnEmbedder::loads_as(&device, compute),
            tenant: None,
            priority: Priority::default(),
            patience: PATIENCE,
            stop: &|| false,
        };
        let sample = monitor.as_ref().and_then(|monitor| monitor.sample().ok());
        let key = devices::key_of_open(&device, sample.as_ref());
        let ledger = Arc::clone(shared.share(|| Ledger::of(&key, device.name())));
        let lease = room::lease(&shared, &device, monitor.as_ref(), &load)?;
        let promised = ledger.promise(lease.bytes());
        let read = folder.clone();
        // On the device's thread, so that the weights are in its pool.
        let model = shared.run(move || BurnEmbedder::load_as(&read, &device, compute))?;
        drop((lease, promised));
        let embedder = AdaptiveEmbedder::of_tenant(Tenant::new(model, &name, shared), limits, monitor)?;
        let among = Some(Among::new(ledger));
        Ok(AdaptiveEmbedder { monitors_device: true, among, ..embedder }.remembering(folder))
    }

    /// Beginning with what was learned, and keeping what will be.
    fn remembering(self, folder: &ModelFolder) -> Self {
        match Profiles::from_env() {
            Some(profiles) => self.remembering_in(profiles, folder),
            None => self,
        }
    }

    fn remembering_in(self, profiles: Profiles, folder: &ModelFolder) -> Self {
        let (remembered, profile) = Remembered::open(profiles, ProfileKey::of(self.model(), folder));
        self.with_state(|state| state.begin_with(&profile));
        AdaptiveEmbedder { remembered: Some(remembered), ..self }
    }

    /// With a monitor of one's own, or none: then the memory limit is the budget, or 1 GiB. No other process is reckoned with,
    /// and what is learned is forgotten.
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
            cost: BestKnown::new(adapt::analytic(tenant.model().shape())?),
            busy: Busy::new(tokens),
            counting: Counting::default(),
            read_at: None,
            replays: false,
            pages: None,
            problem: None,
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
            in_flight: flight::MOST,
            among: None,
            remembered: None,
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

    /// How many batches a GPU is given before the first of them has come back: 1 or 2, and 2 unless told. With two it
    /// does not stand still while vectors are read back and the next batch is planned. The second is given only where
    /// its lease has room beside the first's; on the processor there is one.
    #[must_use]
    pub fn with_batches_in_flight(self, batches: usize) -> Self {
        AdaptiveEmbedder { in_flight: batches.clamp(1, flight::MOST), ..self }
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

    /// What its batches have come to since it was loaded, whoever they ran for.
    pub fn batch_counts(&self) -> BatchCounts {
        self.with_state(|state| state.counting.counts(Instant::now()))
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
        self.embed_each_until(&Cancel::new(), texts, on_batch)
    }

    /// As [`embed_each`](AdaptiveEmbedder::embed_each), and stops between batches once `cancel` is set: for these texts alone,
    /// where that of [`with_cancel`](AdaptiveEmbedder::with_cancel) stops whoever uses the embedder.
    ///
    /// ```
    /// # use semantik::embed_burn::{DeviceSpec, ModelFolder};
    /// use semantik::{AdaptiveEmbedder, Cancel, DeviceLimits, ErrorKind};
    /// # let built = device_suite::SeededModel::new(device_suite::Sizes::TINY).unwrap();
    /// # let (path, device) = (built.path(), DeviceSpec::from(semantik::embed_burn::Backend::Cpu));
    ///
    /// let folder = ModelFolder::open(path)?;
    /// let limits = DeviceLimits { max_batch: Some(1), ..DeviceLimits::default() };
    /// let model = AdaptiveEmbedder::load(&folder, device, &limits)?;
    /// let texts = [model.tokenize("the quick fox")?, model.tokenize("a lazy dog")?];
    ///
    /// let mut tokens = 0;
    /// let vectors = model.embed_each(&texts, &mut |batch| tokens += batch.tokens)?;
    /// assert_eq!((vectors.len(), tokens), (2, texts[0].ids.len() + texts[1].ids.len()));
    ///
    /// // Any thread may set it: here it is who hears of the first batch.
    /// let cancel = Cancel::new();
    /// let stopped = model.embed_each_until(&cancel, &texts, &mut |_| cancel.set());
    /// assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Interrupted);
    /// # Ok::<(), semantik::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`embed_each`](AdaptiveEmbedder::embed_each).
    pub fn embed_each_until(
        &self,
        cancel: &Cancel,
        texts: &[TokenizedText],
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<Vec<Result<Vec<f32>, Error>>, Error> {
        let mut outcomes: Vec<_> = texts.iter().map(|_| None).collect();
        self.embed_into(texts, &mut outcomes, &|| cancel.is_set(), on_batch)?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// As [`embed_each`](AdaptiveEmbedder::embed_each), into one place a text, and for those that have none yet: what was
    /// finished before an error is there. Ends with an error, between batches, once `stops` says so.
    pub(crate) fn embed_into(
        &self,
        texts: &[TokenizedText],
        outcomes: &mut [Outcome],
        stops: &dyn Fn() -> bool,
        on_batch: &mut dyn FnMut(BatchDone),
    ) -> Result<(), Error> {
        let result = Run::new(self, texts, outcomes, stops, on_batch).all();
        self.remember();
        result
    }

    /// What went wrong beside the work, and that nobody was told yet: other processes that cannot be reckoned with,
    /// what was learned and cannot be kept, or a [dry run](AdaptiveEmbedder::replay) that failed. What was learned
    /// until now is kept first.
    pub fn take_problems(&self) -> Vec<String> {
        if let Some(remembered) = &self.remembered {
            remembered.keep_now();
        }
        let among = self.among.as_ref().and_then(|among| among.ledger().take_problem());
        let remembered = self.remembered.as_ref().and_then(Remembered::take_problem);
        let replay = self.with_state(|state| state.problem.take());
        among.into_iter().chain(remembered).chain(replay).collect()
    }

    /// Runs work on the threads that batches are computed on where those are the processor's, and on the caller's elsewhere, so
    /// that both together keep no more threads busy than there are. It must not wait for a batch.
    pub(crate) fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.tenant.device().on_threads(work)
    }

    fn remember(&self) {
        if let Some(remembered) = &self.remembered {
            remembered.learned(self.with_state(|state| Profile::of(&state.busy, &state.cost)));
        }
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
