//! [`Flying`]: a batch that the device was given, on its way to vectors.

use std::time::Instant;

use batch_policy::Bytes;
use embed_burn::{EmbedError, QueuedBatch};

use super::AdaptiveEmbedder;
use super::lease::BatchLease;
use crate::error::Error;
use crate::governor::Ran;

/// A batch on its way. Its lease lasts until it has landed.
#[derive(Debug)]
pub(super) struct Flying {
    pub(super) batch: InBatch,
    lease: BatchLease,
    queued: Result<QueuedBatch, EmbedError>,
    ran: Ran,
    began: Instant,
}

/// The texts of a batch, and how it is computed.
#[derive(Clone, Debug)]
pub(super) struct InBatch {
    pub(super) texts: Vec<usize>,
    /// The tokens that each is padded to, where it is padded.
    pub(super) padded: usize,
}

/// A batch that is there, or has failed.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) batch: InBatch,
    /// Of each text its vector, or why it has none; or why none has.
    pub(super) each: Result<Vec<Result<Vec<f32>, EmbedError>>, EmbedError>,
    pub(super) ran: Ran,
}

/// How many batches a device is given at most: one that it computes, and one behind it. More would hold memory and gain nothing.
pub(super) const MOST: usize = 2;

impl AdaptiveEmbedder {
    /// Gives a batch to the device, on the device's thread. On the processor it is computed on return.
    pub(super) fn take_off(&self, batch: InBatch, rows: Vec<Vec<u32>>, lease: BatchLease) -> Flying {
        let padded = batch.padded;
        let (queued, ran) = self.tenant.run_batch(&lease, move |model| {
            let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
            model.queue_each(&rows, padded)
        });
        let began = Instant::now().checked_sub(std::time::Duration::from_secs_f64(ran.seconds));
        Flying { batch, lease, queued, ran, began: began.unwrap_or_else(Instant::now) }
    }

    /// Waits for a batch. `landed`: when the one before it had. What a batch takes is the time since, and not the device's alone: a
    /// small one on a fast device waits longer for its lease than for its vectors. That others had the device meanwhile does not
    /// matter, since the fastest of a size counts.
    pub(super) fn land(&self, flying: Flying, landed: &mut Option<Instant>) -> Landed {
        let Flying { batch, lease, queued, mut ran, began } = flying;
        let each = queued.and_then(|queued| {
            let is_done = queued.is_done();
            let queued = queued.wait();
            let now = Instant::now();
            let since = landed.replace(now).unwrap_or(began);
            ran.seconds = now.saturating_duration_since(since).as_secs_f64();
            if is_done {
                return queued.finish();
            }
            // A failure is looked into where the work was given.
            self.tenant.device().run(move || queued.finish())
        });
        // Before anybody hears of it, who may have a batch of their own to run.
        drop(lease);
        Landed { batch, each, ran }
    }

    /// Whether another batch may be given to the device before the last has landed. On the processor none is: there the threads
    /// that compute are those that would give it.
    pub(super) fn flies(&self) -> bool {
        self.in_flight > 1 && self.tenant.computes_apart()
    }

    /// A lease for a batch behind one that is at work: only where there is room for both, and at once. Both are counted in full,
    /// though the second is computed in the memory of the first.
    ///
    /// # Errors
    /// A stop was asked for.
    pub(super) fn lease_behind(
        &self,
        items: usize,
        want: Bytes,
        stops: &dyn Fn() -> bool,
    ) -> Result<Option<BatchLease>, Error> {
        if self.cancel.is_set() || stops() {
            return Err(Error::interrupted());
        }
        Ok(self.lease_now(items, want))
    }
}
