//! [`Look`]: the memory at one moment, and whether anything was at work on it.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::{Budget, Bytes, Decision, Event};
use gpu_telemetry::MemoryMonitor;

use super::AdaptiveEmbedder;
use crate::adapt::{self, Seen};
use crate::error::Error;
use crate::governor::{Tenant, budget};

/// The memory at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) at: Instant,
    pub(super) seen: Seen,
    /// Whether no batch was at work. Where one was, what it had taken by then is missing from what is free, and its pool's
    /// idle bytes are those from before: what is free then is no less than it seems, however much of its lease it used.
    is_at_rest: bool,
}

/// How long a sample counts as now: other processes take memory in steps of far more than this, and on a busy system
/// reading it costs as much as embedding a short text.
const SAMPLE_AGE: Duration = Duration::from_millis(50);

impl Look {
    /// Between batches: sample and pool are of one moment at which the device's thread runs nothing else. A monitor that
    /// fails once may answer the next time.
    pub(super) fn at_rest(monitor: Option<&Shared>, tenant: &Tenant) -> Self {
        let monitor = monitor.cloned();
        tenant.at_rest(move |held| {
            let sample = monitor.and_then(|monitor| monitor.sample().ok());
            Look { at: Instant::now(), seen: Seen { sample, pool: Some(held) }, is_at_rest: true }
        })
    }

    fn at_work(monitor: Option<&Shared>, tenant: &Tenant) -> Self {
        let held = tenant.held_last();
        let sample = monitor.and_then(|monitor| monitor.sample().ok());
        Look { at: Instant::now(), seen: Seen { sample, pool: Some(held) }, is_at_rest: false }
    }

    fn is_fresh(&self) -> bool {
        self.at.elapsed() < SAMPLE_AGE
    }
}

type Shared = Arc<dyn MemoryMonitor>;

impl AdaptiveEmbedder {
    /// Reads the memory and says what the next batch may cost, after giving back what the pool need not hold.
    pub(super) fn read(&self) -> Result<Budget, Error> {
        // What is seen while others work counts their use as a stranger's: this waits until the device is between batches.
        let last = *self.last_look();
        let look = match last {
            Some(last) if last.is_at_rest && last.is_fresh() => last,
            _ => self.look_at_rest(),
        };
        let (seen, mut is_new) = (look.seen, false);
        let (Decision { allowed, cleanup }, tokens) = self.with_state(|state| {
            // A sample that serves for several batches is one reading.
            is_new = state.read_at.replace(look.at) != Some(look.at);
            let decision = if is_new {
                let (usable, others) = (adapt::usable(&seen, &self.limits), adapt::others(&seen));
                let decision = state.controller.step(Event::Reading { usable, others });
                state.counting.pressed(state.controller.is_under_pressure(), look.at);
                decision
            } else {
                Decision { allowed: state.controller.allowed(), cleanup: false }
            };
            (decision, state.busy.tokens())
        });
        if cleanup {
            self.cleanup()?;
        }
        if let Some(share) = seen.sample.filter(|_| is_new).and_then(|sample| sample.usage()) {
            self.tenant.device().unload_where_full(share);
        }
        let largest_tensor = adapt::largest_tensor(self.model().device(), seen.sample.as_ref());
        Ok(Budget { allowed, tokens, largest_tensor })
    }

    /// What all leases on the device may take now; a batch of few texts is not made smaller by pressure.
    pub(super) fn budget(&self, are_few: bool) -> Bytes {
        let seen = self.look().seen;
        let is_pressed = self.with_state(|state| state.controller.is_under_pressure());
        let bytes = budget::of_batches(&seen, &self.limits, is_pressed && !are_few);
        self.tenant.device().budgeted(bytes, is_pressed);
        bytes
    }

    /// The memory now, as far as it can be told. Not under a lock: a driver may take its time, or hang.
    pub(super) fn look(&self) -> Look {
        let is_at_work = self.tenant.device().is_at_work();
        let last = *self.last_look();
        if let Some(last) = last.filter(|last| last.is_fresh() && (last.is_at_rest || is_at_work)) {
            return last;
        }
        if !is_at_work {
            return self.look_at_rest();
        }
        let look = Look::at_work(self.monitor().as_ref(), &self.tenant);
        *self.last_look() = Some(look);
        look
    }

    fn look_at_rest(&self) -> Look {
        let look = Look::at_rest(self.monitor().as_ref(), &self.tenant);
        *self.last_look() = Some(look);
        look
    }

    /// Gives back what the pool does not use; what was seen before says nothing of what is there now.
    pub(super) fn cleanup(&self) -> Result<(), Error> {
        let cleaned = self.tenant.cleanup();
        self.look_again();
        Ok(cleaned?)
    }

    /// Forgets what was seen.
    pub(super) fn look_again(&self) {
        *self.last_look() = None;
    }

    fn last_look(&self) -> MutexGuard<'_, Option<Look>> {
        self.last_look.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
