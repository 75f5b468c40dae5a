//! A batch's lease, and why there is none.

use std::ops::Deref;
use std::time::Duration;

use batch_policy::Bytes;
use gpu_telemetry::ByteCount;

use super::AdaptiveEmbedder;
use crate::error::Error;
use crate::governor::{Lease, NoLease, OverBudget, Refusal, Request, Shared};
use crate::ledger;

/// What a batch may take, promised in this process and among all processes on the device.
#[derive(Debug)]
pub(super) struct BatchLease {
    own: Lease,
    among: Option<ledger::Lease>,
}

impl BatchLease {
    /// Gives back what the batch turned out not to need.
    pub(super) fn shrink(&mut self, bytes: Bytes) {
        self.own.shrink(bytes);
        if let Some(among) = &mut self.among {
            among.shrink(bytes);
        }
    }
}

impl Deref for BatchLease {
    type Target = Lease;

    fn deref(&self) -> &Lease {
        &self.own
    }
}

impl AdaptiveEmbedder {
    /// Waits for a lease for a batch of so many texts, of `want` bytes, or of what there is if that is less; one text, of
    /// `least` bytes, has all there is where that is less still. Waiting ends once `stops` says so, as it does where the
    /// embedder's own stop was asked for.
    ///
    /// # Errors
    /// A stop was asked for, or others hold the memory and give nothing back.
    pub(super) fn lease(
        &self,
        items: usize,
        want: Bytes,
        least: Bytes,
        stops: &dyn Fn() -> bool,
    ) -> Result<BatchLease, Error> {
        let request = Request {
            owner: self.tenant.name().clone(),
            want,
            least,
            over_budget: OverBudget::Alone,
            priority: self.priority,
            patience: self.patience,
        };
        let are_few = self.with_state(|state| items <= state.controller.allowed().few);
        let leases = self.tenant.device().leases();
        let mut among = None;
        let mut budget = || {
            // What was promised when it was asked last is given back first.
            among = None;
            let (bytes, promised) = self.budget_among(are_few, want, least, stops);
            among = promised;
            bytes
        };
        let granted = Shared::acquire(leases, request, &mut budget, &|| self.cancel.is_set() || stops());
        let own = granted.map_err(|why| self.why_none(why, least, are_few))?;
        if let Some(among) = &mut among {
            among.shrink(own.bytes());
        }
        Ok(BatchLease { own, among })
    }

    /// A lease of `want` bytes if there are so many at once, and nobody waits for them.
    pub(super) fn lease_now(&self, items: usize, want: Bytes) -> Option<BatchLease> {
        let request = Request {
            owner: self.tenant.name().clone(),
            want,
            least: want,
            over_budget: OverBudget::Refuse,
            priority: self.priority,
            patience: Duration::ZERO,
        };
        let are_few = self.with_state(|state| items <= state.controller.allowed().few);
        let mut among = None;
        let mut budget = || {
            among = None;
            let (bytes, promised) = self.budget_now(are_few, want);
            among = promised;
            bytes
        };
        let own = Shared::acquire(self.tenant.device().leases(), request, &mut budget, &|| false).ok()?;
        Some(BatchLease { own, among })
    }

    fn why_none(&self, why: NoLease, least: Bytes, are_few: bool) -> Error {
        let count = |bytes: Bytes| ByteCount::new(bytes.get());
        let device = self.tenant.device();
        match why {
            NoLease::Stopped => Error::interrupted(),
            NoLease::Refused(Refusal::TimedOut { held }) => {
                let in_all = (count(self.budget(are_few)), count(held));
                let holders = self.device_use().holders();
                Error::busy(device.name(), self.tenant.name(), count(least), in_all, holders, self.patience)
            }
            NoLease::Refused(Refusal::TooLarge { budget }) => {
                let holders = self.device_use().holders();
                Error::no_room(device.name(), self.tenant.name(), count(least), Some(count(budget)), holders)
            }
        }
    }
}

#[cfg(feature = "cpu")]
#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use device_suite::{SeededModel, Sizes};
    use embed_burn::{Backend, ModelFolder, TokenizedText};

    use super::*;
    use crate::error::ErrorKind;
    use crate::governor::Priority;
    use crate::limits::DeviceLimits;

    /// Every byte of the processor's memory, for as long as `work` takes.
    fn while_all_is_held(model: &AdaptiveEmbedder, work: impl FnOnce()) {
        let all = Request {
            owner: "greedy".into(),
            want: Bytes::new(u64::MAX),
            least: Bytes::new(1),
            over_budget: OverBudget::Alone,
            priority: Priority::High,
            patience: Duration::from_mins(5),
        };
        let leases = model.tenant.device().leases();
        let held = Shared::acquire(leases, all, &mut || Bytes::new(u64::MAX), &|| false).unwrap();
        work();
        drop(held);
    }

    fn model() -> (SeededModel, AdaptiveEmbedder) {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let model = AdaptiveEmbedder::load(&folder, Backend::Cpu.into(), &DeviceLimits::default()).unwrap();
        (tiny, model)
    }

    fn text() -> [TokenizedText; 1] {
        [TokenizedText { ids: vec![4, 5, 6], dropped: 0 }]
    }

    #[test]
    fn one_that_waits_in_vain_says_for_what_and_who_holds_it() {
        let (_tiny, model) = model();
        let model = model.with_patience(Duration::from_millis(50));
        while_all_is_held(&model, || {
            let error = model.embed_tokenized(&text(), &mut |_| {}).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
            let (needed, free) = error.needed_and_free().unwrap();
            assert!(needed > ByteCount::ZERO && free == Some(ByteCount::ZERO), "{error}");
            let (told, device) = (error.to_string(), model.tenant.device().name().to_owned());
            let parts = [&*device, "greedy has a lease of", "waited for", "needs"];
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        });
        assert_eq!(model.embed_tokenized(&text(), &mut |_| {}).unwrap().len(), 1, "it goes on");
    }

    #[test]
    fn one_that_waits_hears_a_stop() {
        let (_tiny, model) = model();
        let cancel = crate::Cancel::new();
        let model = model.with_cancel(cancel.clone());
        while_all_is_held(&model, || {
            std::thread::scope(|scope| {
                let (begun, waits_now) = channel();
                let model = &model;
                let waits = scope.spawn(move || {
                    begun.send(()).unwrap();
                    model.embed_tokenized(&text(), &mut |_| {}).unwrap_err().kind()
                });
                waits_now.recv().unwrap();
                cancel.set();
                assert_eq!(waits.join().unwrap(), ErrorKind::Interrupted);
            });
        });
    }

    #[test]
    fn one_that_waits_runs_when_what_it_needs_is_given_back() {
        let (_tiny, model) = model();
        std::thread::scope(|scope| {
            let mut waits = None;
            while_all_is_held(&model, || {
                waits = Some(scope.spawn(|| model.embed_tokenized(&text(), &mut |_| {}).unwrap().len()));
                // Until it stands in the queue.
                while model.device_use().waiting == 0 {
                    std::thread::yield_now();
                }
            });
            assert_eq!(waits.unwrap().join().unwrap(), 1);
        });
    }
}
