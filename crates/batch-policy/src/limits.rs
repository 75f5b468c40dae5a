//! [`Limits`]: what a person allows.

use crate::bytes::Bytes;
use crate::error::PolicyError;

/// Bounds that planning keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    min_batch: usize,
    max_batch: Option<usize>,
    safety_permille: u32,
    memory_limit: Option<Bytes>,
}

impl Default for Limits {
    /// At least 4 texts a batch, no most, 0.7 of the memory, no memory limit.
    fn default() -> Self {
        Limits { min_batch: 4, max_batch: None, safety_permille: 700, memory_limit: None }
    }
}

impl Limits {
    /// Starts from the defaults.
    pub fn builder() -> LimitsBuilder {
        LimitsBuilder(Limits::default())
    }

    /// The fewest texts that planning puts into a batch where memory allows; pressure and out of memory go below.
    pub fn min_batch(&self) -> usize {
        self.min_batch
    }

    /// The most texts in a batch; absent: memory decides.
    pub fn max_batch(&self) -> Option<usize> {
        self.max_batch
    }

    /// The share of the headroom that batches may use, in thousandths.
    pub fn safety_permille(&self) -> u32 {
        self.safety_permille
    }

    /// The most bytes that may be used in all.
    pub fn memory_limit(&self) -> Option<Bytes> {
        self.memory_limit
    }

    /// What batches may use of a headroom: the safety factor's share of it, or of the memory limit if that is less.
    pub fn usable(&self, headroom: Bytes) -> Bytes {
        self.memory_limit.map_or(headroom, |limit| limit.min(headroom)).permille(self.safety_permille)
    }
}

/// Builds [`Limits`].
#[derive(Clone, Copy, Debug)]
pub struct LimitsBuilder(Limits);

impl LimitsBuilder {
    /// Sets [`Limits::min_batch`]: at least 1.
    #[must_use]
    pub fn min_batch(mut self, texts: usize) -> Self {
        self.0.min_batch = texts;
        self
    }

    /// Sets [`Limits::max_batch`]: at least [`Limits::min_batch`].
    #[must_use]
    pub fn max_batch(mut self, texts: impl Into<Option<usize>>) -> Self {
        self.0.max_batch = texts.into();
        self
    }

    /// Sets [`Limits::safety_permille`]: from 1 to 1000.
    #[must_use]
    pub fn safety_permille(mut self, permille: u32) -> Self {
        self.0.safety_permille = permille;
        self
    }

    /// Sets [`Limits::memory_limit`].
    #[must_use]
    pub fn memory_limit(mut self, bytes: impl Into<Option<Bytes>>) -> Self {
        self.0.memory_limit = bytes.into();
        self
    }

    /// The limits.
    ///
    /// # Errors
    /// A value is out of its bounds.
    pub fn build(self) -> Result<Limits, PolicyError> {
        let limits = self.0;
        if limits.min_batch == 0 {
            return Err(PolicyError::config("min_batch", 0, "at least 1"));
        }
        if let Some(max) = limits.max_batch
            && max < limits.min_batch
        {
            let bound = format_args!("at least min_batch, which is {}", limits.min_batch);
            return Err(PolicyError::config("max_batch", max, bound));
        }
        if !(1..=1000).contains(&limits.safety_permille) {
            return Err(PolicyError::config("safety_permille", limits.safety_permille, "from 1 to 1000"));
        }
        Ok(limits)
    }
}
