//! What a batch takes, measured: without waiting for each, and in memory.

use super::BurnEmbedder;
use crate::arch::Encoder;
use crate::backend::Work;
use crate::error::EmbedError;

/// What the device's pool reserved for a batch, in bytes: once in a dry run, which makes every buffer and runs no kernel,
/// and once for real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Before the dry run, after the pool was cleaned.
    pub before_dry: u64,
    /// At the end of the dry run.
    pub dry: u64,
    /// Before the real run, after the pool was cleaned.
    pub before_real: u64,
    /// At the end of the real run.
    pub real: u64,
}

impl BurnEmbedder {
    /// Runs a batch of `items` texts of `tokens` tokens `times` times and reads the last result only: what the device does
    /// when nobody waits for each batch. The texts have no words; time does not depend on them.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward).
    pub fn run_queued(&self, items: usize, tokens: usize, times: usize) -> Result<(), EmbedError> {
        let row = vec![0; tokens];
        let rows = vec![&row[..]; items];
        let work = Work::Batch { items, tokens };
        match &self.loaded()?.encoder {
            Encoder::Ops(ops) => {
                self.check(&row)?;
                self.check_size(items, tokens)?;
                self.device.run(work, |device| ops.queued((items, tokens), times, device))
            }
            // Nothing is queued on the processor.
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => (0..times).try_for_each(|_| self.forward(&rows).map(|_| ())),
        }
    }

    /// Runs a batch of `items` texts of `tokens` tokens dry, then for real, and says what the pool reserved for each;
    /// `None` where the device has no pool, and in a build without the feature `replay`. Kernels that the shape needs
    /// are compiled and tuned before.
    ///
    /// It waits until no other thread has work of this crate on any GPU, and keeps them from having any meanwhile. What
    /// others give to burn by themselves while it runs is dropped: it is for a process that has none such.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward).
    pub fn replay(&self, items: usize, tokens: usize) -> Result<Option<Replay>, EmbedError> {
        let loaded = self.loaded()?;
        let ops = match &loaded.encoder {
            Encoder::Ops(ops) => ops,
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => return Ok(None),
        };
        let row = vec![0; tokens];
        self.check(&row)?;
        self.check_size(items, tokens)?;
        let work = Work::Batch { items, tokens };
        let reserved = || self.device.pool_usage().map(|pool| pool.reserved);
        self.device.alone(|device| {
            let real = || self.device.run(work, |device| ops.queued((items, tokens), 1, device));
            real()?;
            let dry = device.rehearse(work, |device| ops.blank((items, tokens), device))?;
            let Some((before_dry, dry)) = dry else { return Ok(None) };
            let before_real = reserved().unwrap_or_default();
            real()?;
            Ok(Some(Replay { before_dry, dry, before_real, real: reserved().unwrap_or_default() }))
        })
    }
}
