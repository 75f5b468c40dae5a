//! What a batch takes, measured: without waiting for each, and in memory.

use super::BurnEmbedder;
use crate::arch::Encoder;
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
        match &self.encoder {
            Encoder::Ops(ops) => {
                self.check(&row)?;
                self.check_size(items, tokens)?;
                self.device.run((items, tokens), |device| ops.queued((items, tokens), times, device))
            }
            // Nothing is queued on the processor.
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => (0..times).try_for_each(|_| self.forward(&rows).map(|_| ())),
        }
    }

    /// Runs a batch of `items` texts of `tokens` tokens dry, then for real, and says what the pool reserved for each;
    /// `None` where the device has no pool. Kernels that the shape needs are compiled and tuned before.
    ///
    /// While it runs, no kernel of any thread of this process runs on any device but its own: it is for a process that
    /// does nothing else.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward).
    #[cfg(feature = "replay")]
    pub fn replay(&self, items: usize, tokens: usize) -> Result<Option<Replay>, EmbedError> {
        let ops = match &self.encoder {
            Encoder::Ops(ops) => ops,
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => return Ok(None),
        };
        let row = vec![0; tokens];
        self.check(&row)?;
        self.check_size(items, tokens)?;
        let reserved = || self.device.pool_usage().map(|pool| pool.reserved);
        if reserved().is_none() {
            return Ok(None);
        }
        let shape = (items, tokens);
        let real = || self.device.run(shape, |device| ops.queued(shape, 1, device));
        real()?;
        self.device.cleanup()?;
        let before_dry = reserved();
        let dry = self.device.run(shape, |device| {
            let dry_run = cubecl::dry_run::DryRun::new();
            let vectors = ops.blank(shape, device);
            device.flush().map_err(|error| error.to_string())?;
            let dry = reserved();
            drop(vectors);
            drop(dry_run);
            Ok(dry)
        })?;
        self.device.cleanup()?;
        let before_real = reserved();
        real()?;
        let found = [before_dry, dry, before_real, reserved()].map(Option::unwrap_or_default);
        let [before_dry, dry, before_real, real] = found;
        Ok(Some(Replay { before_dry, dry, before_real, real }))
    }
}
