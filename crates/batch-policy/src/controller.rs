//! [`Controller`]: how much of the memory a batch may take, from what is seen of others and what became of the last.

use crate::bytes::Bytes;
use crate::error::PolicyError;
use crate::limits::Limits;

/// The thresholds of a [`Controller`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControllerConfig {
    /// The share of the memory, from 0 to 1, above which what others use is pressure.
    pub high_usage: f64,
    /// The share at or below which pressure ends at once.
    pub low_usage: f64,
    /// Pressure also ends after this many readings in a row that are not above `high_usage`.
    pub readings_to_calm: u32,
    /// What out of memory took away comes back after more than this many successes in a row, half as much again each time.
    pub successes_to_grow: u32,
    /// Clean-up comes after this many batches.
    pub batches_to_cleanup: u32,
}

impl Default for ControllerConfig {
    /// Pressure above 0.8, ended at 0.6 or by 10 calm readings; growth after more than 10 successes; clean-up after every
    /// 100 batches.
    fn default() -> Self {
        ControllerConfig {
            high_usage: 0.8,
            low_usage: 0.6,
            readings_to_calm: 10,
            successes_to_grow: 10,
            batches_to_cleanup: 100,
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The memory was read, before a batch is cut.
    Reading {
        /// The bytes that batches may take: the share of the headroom that the limits allow.
        usable: Bytes,
        /// The share of the memory that others use, by the tightest limit; this process's own use, and what its pool
        /// holds idle, are not others'. `None` where that is not known.
        others: Option<f64>,
    },
    /// A batch ran.
    Success,
    /// The device had no room for a batch. Nothing of it is done.
    OutOfMemory {
        /// Texts in it.
        items: usize,
        /// The bytes that it was predicted to take.
        predicted: Bytes,
    },
}

/// What a batch may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes at its peak.
    pub bytes: Bytes,
    /// Batches of so few texts are not made smaller by pressure, and have [`few_bytes`](Allowance::few_bytes) instead.
    pub few: usize,
    /// Bytes at the peak of a batch of few texts: at least as many.
    pub few_bytes: Bytes,
}

impl Allowance {
    /// The same bytes for batches of any size.
    pub const fn of(bytes: Bytes) -> Self {
        Allowance { bytes, few: 0, few_bytes: bytes }
    }

    /// Whether a batch of so many texts may take so many bytes.
    pub fn allows(&self, items: usize, peak: Bytes) -> bool {
        peak <= self.bytes || items <= self.few && peak <= self.few_bytes
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What the next batch may take.
    pub allowed: Allowance,
    /// Whether unused memory of the pool is to be given back first.
    pub cleanup: bool,
}

/// Decides in bytes how large batches may be. Plain data: the same events give the same decisions.
///
/// - **Pressure** is what others use, above a threshold. It halves what batches may take, once and for as long as it
///   lasts. What others hold is missing from the headroom already; the half is room for what they take next. A batch of
///   two texts, or of the minimum if that is less, is not made smaller. When pressure begins, the pool gives back what it
///   does not use. It ends at once where others use little, and after some readings below the threshold otherwise, so
///   that a neighbour whose use swings around the threshold does not make batches swing.
/// - **Out of memory** caps what batches may take at half of what the failed batch was predicted to take, whatever
///   pressure there is. The cap grows by half after every eleven successes in a row and is gone once it is no less than
///   what was usable when memory ran out, however much a neighbour holds. A text that fails alone caps nothing.
///
/// ```
/// use batch_policy::{Allowance, Bytes, Controller, ControllerConfig, Event, Limits};
///
/// let mut controller = Controller::new(&Limits::default(), ControllerConfig::default())?;
/// let mib = |count: u64| Bytes::new(count << 20);
/// controller.step(Event::Reading { usable: mib(1000), others: Some(0.7) });
/// assert_eq!(controller.allowed(), Allowance { bytes: mib(1000), few: 2, few_bytes: mib(1000) });
/// controller.step(Event::Reading { usable: mib(600), others: Some(0.85) });
/// assert_eq!(controller.allowed(), Allowance { bytes: mib(300), few: 2, few_bytes: mib(600) });
/// # Ok::<(), batch_policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    config: ControllerConfig,
    /// Batches of so few texts are not made smaller by pressure.
    few: usize,
    usable: Bytes,
    pressure: Option<Pressure>,
    cap: Option<Cap>,
    successes: u32,
    batches: u32,
}

/// Others use too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pressure {
    /// Readings in a row that were not above the threshold.
    calm: u32,
}

/// Memory ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cap {
    bytes: Bytes,
    /// The cap is gone when it has grown to this.
    whole: Bytes,
}

impl Controller {
    /// Begins without pressure and with nothing usable, until a reading says what is.
    ///
    /// # Errors
    /// The thresholds are not `0 <= low_usage <= high_usage`, or pressure would end, or clean-up come, after 0.
    pub fn new(limits: &Limits, config: ControllerConfig) -> Result<Self, PolicyError> {
        // Written so that a value that is no number fails.
        if !(config.low_usage >= 0.0 && config.low_usage <= config.high_usage) {
            let bound = format_args!("from 0 to high_usage, which is {}", config.high_usage);
            return Err(PolicyError::config("low_usage", config.low_usage, bound));
        }
        for (field, value) in
            [("readings_to_calm", config.readings_to_calm), ("batches_to_cleanup", config.batches_to_cleanup)]
        {
            if value == 0 {
                return Err(PolicyError::config(field, 0, "at least 1"));
            }
        }
        Ok(Controller {
            config,
            few: limits.min_batch().min(2),
            usable: Bytes::new(0),
            pressure: None,
            cap: None,
            successes: 0,
            batches: 0,
        })
    }

    /// What the next batch may take.
    pub fn allowed(&self) -> Allowance {
        let most = self.cap.map_or(self.usable, |cap| cap.bytes.min(self.usable));
        let share = if self.is_under_pressure() { self.usable.permille(500) } else { self.usable };
        Allowance { bytes: share.min(most), few: self.few, few_bytes: most }
    }

    /// Whether others use so much that batches may take half only.
    pub fn is_under_pressure(&self) -> bool {
        self.pressure.is_some()
    }

    /// Takes in what happened, and says what to do next.
    pub fn step(&mut self, event: Event) -> Decision {
        let cleanup = match event {
            Event::Reading { usable, others } => {
                self.usable = usable;
                self.read(others.filter(|share| share.is_finite()))
            }
            Event::Success => self.succeed(),
            Event::OutOfMemory { items, predicted } => {
                self.successes = 0;
                // There is no half of one text, and its failure says nothing of batches of others.
                if items > 1 {
                    self.cap(predicted);
                }
                true
            }
        };
        Decision { allowed: self.allowed(), cleanup }
    }

    /// True when pressure begins.
    fn read(&mut self, others: Option<f64>) -> bool {
        let high = others.is_some_and(|share| share > self.config.high_usage);
        let low = others.is_some_and(|share| share <= self.config.low_usage);
        match &mut self.pressure {
            None if high => {
                self.pressure = Some(Pressure::default());
                return true;
            }
            None => {}
            Some(pressure) if high => pressure.calm = 0,
            // What is not known is no pressure, and ends it as calm does.
            Some(pressure) => {
                pressure.calm += 1;
                if low || pressure.calm >= self.config.readings_to_calm {
                    self.pressure = None;
                }
            }
        }
        false
    }

    /// True when it is time to clean up.
    fn succeed(&mut self) -> bool {
        self.successes = self.successes.saturating_add(1);
        if let Some(cap) = &mut self.cap
            && self.successes > self.config.successes_to_grow
        {
            self.successes = 0;
            // Half as much again, and at least one more.
            let more = cap.bytes.permille(500).max(Bytes::new(1));
            cap.bytes = cap.bytes.saturating_add(more);
            if cap.bytes >= cap.whole {
                self.cap = None;
            }
        }
        self.batches = (self.batches + 1) % self.config.batches_to_cleanup;
        self.batches == 0
    }

    fn cap(&mut self, predicted: Bytes) {
        let half = predicted.permille(500);
        let now = self.cap.map_or(half, |cap| cap.bytes.min(half));
        let whole = self.cap.map_or(Bytes::new(0), |cap| cap.whole).max(self.usable).max(predicted);
        self.cap = Some(Cap { bytes: now, whole });
    }
}
