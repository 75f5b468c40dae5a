//! This embedder among other processes on its device.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use batch_policy::Bytes;
use embed_burn::BurnDevice;

use super::AdaptiveEmbedder;
use super::look::Look;
use crate::adapt;
use crate::governor::Device;
use crate::ledger::{Ask, Lease, Ledger};

/// What this embedder and other processes have to do with each other.
#[derive(Debug)]
pub(super) struct Among {
    ledger: Arc<Ledger>,
    keeper: OnceLock<()>,
}

/// How long a batch waits for others to give back what is fairly its own, where not even one text has room: what they were
/// promised counts no longer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it looks meanwhile.
const TICK: Duration = Duration::from_millis(20);
/// How often a process without work looks whether others wait for what it holds.
const BEAT: Duration = Duration::from_secs(1);

impl Among {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Among { ledger, keeper: OnceLock::new() }
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// From now on gives back what the pool holds while nothing runs and another process has less than its share.
    fn keep(&self, shared: &Arc<Device>, device: &BurnDevice) {
        self.keeper.get_or_init(|| {
            let (shared, ledger) = (Arc::downgrade(shared), Arc::downgrade(&self.ledger));
            let device = device.clone();
            let look = move || {
                loop {
                    std::thread::sleep(BEAT);
                    let (Some(shared), Some(ledger)) = (shared.upgrade(), ledger.upgrade()) else { return };
                    let idle = shared.pool().map(|pool| pool.idle());
                    let holds = idle.is_some_and(|idle| idle > gpu_telemetry::ByteCount::ZERO);
                    if holds && !shared.is_at_work() && ledger.is_waited_for() {
                        let burn = device.clone();
                        // A device that is lost has given everything back.
                        drop(shared.cleanup(&device, move || burn.cleanup()));
                        let held = shared.pool().unwrap_or_default();
                        ledger.note(adapt::bytes(held.idle()), adapt::bytes(held.reserved));
                    }
                }
            };
            // Without a thread to give, what is idle is given back with the next batch.
            drop(std::thread::Builder::new().name("gives back".to_owned()).spawn(look));
        });
    }
}

impl AdaptiveEmbedder {
    /// What all leases on the device may take now, as far as other processes leave it, and the promise that they will: of
    /// `want`, or of what there is if that is less. What this process holds above its share is given back where another waits.
    /// Waiting ends once `stops` says so.
    pub(super) fn budget_among(
        &self,
        are_few: bool,
        want: Bytes,
        least: Bytes,
        stops: &dyn Fn() -> bool,
    ) -> (Bytes, Option<Lease>) {
        let Some(among) = &self.among else { return (self.budget(are_few), None) };
        among.keep(self.tenant.device(), self.model().device());
        let asked = Instant::now();
        let mut has_given_back = false;
        loop {
            let bytes = self.budget(are_few);
            let grant = among.ledger.take(&self.ask(&self.look(), bytes, want));
            if grant.gives_back && !has_given_back {
                has_given_back = true;
                drop(grant);
                // A device that is lost is told of by the batch.
                drop(self.cleanup());
                continue;
            }
            let is_enough = grant.usable >= least.min(grant.share);
            let is_over = || asked.elapsed() >= PATIENCE || self.cancel.is_set() || stops();
            if is_enough || grant.others == 0 || is_over() {
                return (bytes.min(grant.usable), Some(grant.lease));
            }
            drop(grant);
            std::thread::sleep(TICK);
            self.look_again();
        }
    }

    /// As [`budget_among`](AdaptiveEmbedder::budget_among), as it is now: nobody is waited for.
    pub(super) fn budget_now(&self, are_few: bool, want: Bytes) -> (Bytes, Option<Lease>) {
        let bytes = self.budget(are_few);
        match &self.among {
            None => (bytes, None),
            Some(among) => {
                let grant = among.ledger.take(&self.ask(&self.look(), bytes, want));
                // What all batches of this process may take, and `usable` is without what others of them were promised.
                let (held, _) = self.tenant.device().leases().snapshot();
                let all = held.iter().fold(grant.usable, |all, held| all.saturating_add(held.bytes));
                (bytes.min(all), Some(grant.lease))
            }
        }
    }

    /// `bytes` is what this process would have alone.
    fn ask(&self, look: &Look, bytes: Bytes, want: Bytes) -> Ask {
        let held = look.seen.pool.unwrap_or_default();
        let safety_permille = self.limits.safety_permille();
        // A memory limit is this process's own: beyond it there is memory for others.
        let budget = adapt::free(&look.seen).map_or(bytes, |free| free.permille(safety_permille));
        Ask {
            budget,
            safety_permille,
            is_measured: look.seen.headroom().is_some(),
            idle: adapt::bytes(held.idle()),
            held: adapt::bytes(held.reserved),
            want: want.min(bytes),
        }
    }
}
