//! [`Controller`]: the report's rules, in texts.

use crate::error::PolicyError;
use crate::limits::Limits;

/// The thresholds of a [`Controller`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControllerConfig {
    /// Usage, from 0 to 1, below which batches may grow.
    pub low_usage: f64,
    /// Usage above which they are halved.
    pub high_usage: f64,
    /// Growing takes more than this many successes in a row.
    pub successes_to_grow: u32,
    /// Clean-up comes after this many batches.
    pub batches_to_cleanup: u32,
}

impl Default for ControllerConfig {
    /// Grow after more than 10 successes below 0.6, halve above 0.8, clean up after every 100 batches.
    fn default() -> Self {
        ControllerConfig { low_usage: 0.6, high_usage: 0.8, successes_to_grow: 10, batches_to_cleanup: 100 }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// It ran.
    Success {
        /// Texts in that batch.
        items: usize,
        /// The share of the memory that may be used that is used, by the tightest limit, where that is known. Above 1
        /// where a limit shrank below what is used.
        usage: Option<f64>,
    },
    /// Someone else needs memory, while batches of `items` texts run.
    Pressure {
        /// Texts in the last batch.
        items: usize,
    },
    /// The device had no room for a batch of `items` texts. Nothing of it is done.
    OutOfMemory {
        /// Texts in that batch.
        items: usize,
    },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on, with at most this many texts a batch, after giving unused memory of the pool back if `cleanup`.
    Continue {
        /// The most texts in the next batch.
        max_batch: usize,
        /// Whether the pool is to be cleaned first.
        cleanup: bool,
    },
    /// One text alone did not fit: there is nothing smaller to try.
    GiveUp,
}

/// Grows batches while memory is plentiful, halves them under pressure and restores them after it, and halves them for
/// good when memory ran out, all in numbers of texts.
///
/// Taken at their word these rules collapse beside a neighbour that stays: usage above 0.8 halves again at every success,
/// down to the least, and above 0.6 nothing grows back; and what two long texts taught is applied to short ones.
/// [`Controller`](crate::Controller) counts bytes, and looks at what others use.
///
/// ```
/// use batch_policy::Limits;
/// use batch_policy::reference::{Controller, ControllerConfig, Decision, Event};
///
/// let mut controller = Controller::new(64, &Limits::default(), ControllerConfig::default())?;
/// assert_eq!(
///     controller.step(Event::OutOfMemory { items: 64 }),
///     Decision::Continue { max_batch: 32, cleanup: true },
/// );
/// # Ok::<(), batch_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    config: ControllerConfig,
    /// The most texts a batch may have at the moment.
    now: usize,
    /// What `now` was before pressure began.
    before_pressure: Option<usize>,
    /// Pressure does not go below this.
    floor: usize,
    most: usize,
    successes: u32,
    batches: u32,
}

impl Controller {
    /// Begins with at most `start` texts a batch, or as near to it as `limits` allow; `usize::MAX` leaves it to the planner.
    ///
    /// # Errors
    /// The thresholds are not `0 <= low_usage <= high_usage`, or clean-up would come after 0 batches.
    pub fn new(start: usize, limits: &Limits, config: ControllerConfig) -> Result<Self, PolicyError> {
        // Written so that a value that is no number fails.
        if !(config.low_usage >= 0.0 && config.low_usage <= config.high_usage) {
            let bound = format_args!("from 0 to high_usage, which is {}", config.high_usage);
            return Err(PolicyError::config("low_usage", config.low_usage, bound));
        }
        if config.batches_to_cleanup == 0 {
            return Err(PolicyError::config("batches_to_cleanup", 0, "at least 1"));
        }
        let most = limits.max_batch().unwrap_or(usize::MAX).max(1);
        Ok(Controller {
            config,
            now: start.clamp(1, most),
            before_pressure: None,
            floor: limits.min_batch().min(2),
            most,
            successes: 0,
            batches: 0,
        })
    }

    /// The most texts that the next batch may have.
    pub fn max_batch(&self) -> usize {
        self.now
    }

    /// Takes in what happened, and says what to do next.
    pub fn step(&mut self, event: Event) -> Decision {
        match event {
            Event::Success { items, usage } => self.success(items, usage.filter(|usage| usage.is_finite())),
            Event::Pressure { items } => self.press(items),
            Event::OutOfMemory { items } => return self.out_of_memory(items),
        }
        let cleanup = matches!(event, Event::Success { .. }) && self.batches == 0;
        Decision::Continue { max_batch: self.now, cleanup }
    }

    fn success(&mut self, items: usize, usage: Option<f64>) {
        self.batches = (self.batches + 1) % self.config.batches_to_cleanup;
        let Some(usage) = usage else { return };
        if usage > self.config.high_usage {
            self.press(items);
            return;
        }
        if let Some(before) = self.before_pressure.take() {
            self.now = before;
        }
        self.successes = if usage < self.config.low_usage { self.successes.saturating_add(1) } else { 0 };
        if self.successes > self.config.successes_to_grow {
            self.successes = 0;
            // Half as much again, and at least one more.
            self.now = self.now.saturating_add((self.now / 2).max(1)).min(self.most);
        }
    }

    /// Halves what ran, not what was allowed: a limit that no batch reaches can be halved without effect.
    fn press(&mut self, items: usize) {
        self.successes = 0;
        self.before_pressure.get_or_insert(self.now);
        self.now = (self.now.min(items) / 2).max(self.floor).min(self.now);
    }

    fn out_of_memory(&mut self, items: usize) -> Decision {
        self.successes = 0;
        if items <= 1 {
            return Decision::GiveUp;
        }
        self.now = (self.now.min(items) / 2).max(1);
        // What did not fit is not restored when pressure ends.
        self.before_pressure = self.before_pressure.map(|before| before.min(self.now));
        Decision::Continue { max_batch: self.now, cleanup: true }
    }
}
