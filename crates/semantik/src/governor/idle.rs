//! Models that are not used: unloaded when others need their room, or after a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use embed_burn::BurnEmbedder;
use gpu_telemetry::ByteCount;

use super::device::{Device, lock};
use super::tenant::Model;

/// A model that was not used for so long is unloaded when the device's thread has nothing to do.
pub(super) const IDLE: Duration = Duration::from_mins(5);

/// Above which share of the memory in use a model is unloaded that was idle for how long: the fuller, the sooner.
const RULES: [(f64, Duration); 3] =
    [(0.9, Duration::from_secs(5)), (0.8, Duration::from_secs(30)), (0.6, Duration::from_mins(2))];

/// Which model on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TenantId(u64);

/// The models on a device.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    next: u64,
    pub(super) all: BTreeMap<TenantId, Occupant>,
}

/// A model on a device.
#[derive(Clone, Debug)]
pub(super) struct Occupant {
    pub(super) name: Arc<str>,
    pub(super) weights: Option<ByteCount>,
    pub(super) used_at: Instant,
    pub(super) is_loaded: bool,
    /// Runs that need it now.
    pub(super) runs: usize,
    /// Whether it is not to be unloaded, or cannot be loaded again.
    stays: bool,
    model: Weak<dyn Model>,
}

impl Device {
    /// A model is there.
    pub(super) fn enter(&self, name: Arc<str>, model: &Arc<dyn Model>) -> TenantId {
        let burn = model.burn();
        let weights = BurnEmbedder::load_bytes(burn.folder(), burn.compute()).ok();
        let occupant = Occupant {
            name,
            weights: weights.map(|bytes| ByteCount::new(bytes.weights)),
            used_at: Instant::now(),
            is_loaded: true,
            runs: 0,
            stays: false,
            model: Arc::downgrade(model),
        };
        let mut tenants = lock(self.tenants());
        let id = TenantId(tenants.next);
        tenants.next += 1;
        tenants.all.insert(id, occupant);
        id
    }

    /// The model of a tenant is another object now.
    pub(super) fn replace(&self, id: TenantId, model: &Arc<dyn Model>) {
        if let Some(tenant) = lock(self.tenants()).all.get_mut(&id) {
            tenant.model = Arc::downgrade(model);
        }
    }

    /// A model is gone.
    pub(super) fn leave(&self, id: TenantId) {
        lock(self.tenants()).all.remove(&id);
    }

    /// A run begins that needs a model: until its [end](Device::end) it is not unloaded. Whether it is there.
    pub(super) fn begin(&self, id: TenantId) -> bool {
        lock(self.tenants()).all.get_mut(&id).is_none_or(|tenant| {
            tenant.runs += 1;
            tenant.is_loaded
        })
    }

    /// A run ended.
    pub(super) fn end(&self, id: TenantId) {
        if let Some(tenant) = lock(self.tenants()).all.get_mut(&id) {
            tenant.runs = tenant.runs.saturating_sub(1);
            tenant.used_at = Instant::now();
        }
    }

    /// A model was loaded again.
    pub(super) fn is_back(&self, id: TenantId) {
        if let Some(tenant) = lock(self.tenants()).all.get_mut(&id) {
            tenant.is_loaded = true;
        }
    }

    /// A model is not to be unloaded.
    pub(super) fn stays(&self, id: TenantId) {
        if let Some(tenant) = lock(self.tenants()).all.get_mut(&id) {
            tenant.stays = true;
        }
    }

    /// Whether a run needs another model now: it will be idle later.
    pub(crate) fn has_runs_beside(&self, id: Option<TenantId>) -> bool {
        lock(self.tenants()).are_used_beside(id)
    }

    /// Unloads what is idle too long for how full the memory is: so large a share of it is in use.
    pub(crate) fn unload_where_full(&self, share: f64) {
        if let Some(&(_, idle)) = RULES.iter().find(|&&(above, _)| share >= above) {
            self.unload_idle(idle);
        }
    }

    /// Unloads the model that was not used for the longest time, if it was idle for so long and can be loaded again. Whether
    /// one was unloaded.
    pub(crate) fn unload_idle(&self, at_least: Duration) -> bool {
        let idlest = || {
            let tenants = lock(self.tenants());
            let (id, tenant) = tenants.idlest(at_least)?;
            Some((id, tenant.model.upgrade()?))
        };
        while let Some((id, model)) = idlest() {
            // Its files may be gone since.
            if BurnEmbedder::load_bytes(model.burn().folder(), model.burn().compute()).is_err() {
                self.stays(id);
                continue;
            }
            let (tenants, burn) = (Arc::clone(self.tenants()), model.burn().device().clone());
            let unloaded = self.run(move || {
                // Here alone, since loading again happens on this thread too.
                let is_idle = lock(&tenants).all.get_mut(&id).is_some_and(|tenant| {
                    let is_idle = tenant.runs == 0 && tenant.is_loaded;
                    tenant.is_loaded &= !is_idle;
                    is_idle
                });
                if is_idle {
                    model.burn().unload();
                }
                is_idle
            });
            if unloaded {
                let device = burn.clone();
                // A device that is lost has given everything back.
                let _ = self.cleanup(&burn, move || device.cleanup());
                return true;
            }
        }
        false
    }
}

impl Tenants {
    /// Whether a run needs another model that is there: its room may be had later. One that itself waits to come back has
    /// none to give.
    fn are_used_beside(&self, id: Option<TenantId>) -> bool {
        self.all.iter().any(|(&other, tenant)| Some(other) != id && tenant.runs > 0 && tenant.is_loaded)
    }

    /// The model that was not used for the longest time, if that is so long, and that can be unloaded.
    fn idlest(&self, at_least: Duration) -> Option<(TenantId, &Occupant)> {
        let idle = self.all.iter().filter(|(_, tenant)| {
            tenant.runs == 0 && tenant.is_loaded && !tenant.stays && tenant.used_at.elapsed() >= at_least
        });
        idle.min_by_key(|(_, tenant)| tenant.used_at).map(|(&id, tenant)| (id, tenant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Models that were used so many seconds ago.
    fn tenants(ages: &[u64]) -> Option<Tenants> {
        let mut all = BTreeMap::new();
        for (n, &seconds) in ages.iter().enumerate() {
            let occupant = Occupant {
                name: "test".into(),
                weights: None,
                // On a system that was just started there is no such moment.
                used_at: Instant::now().checked_sub(Duration::from_secs(seconds))?,
                is_loaded: true,
                runs: 0,
                stays: false,
                model: Weak::<BurnEmbedder>::new(),
            };
            all.insert(TenantId(n as u64), occupant);
        }
        Some(Tenants { next: ages.len() as u64, all })
    }

    #[test]
    fn the_one_that_was_not_used_for_longest_goes_first() {
        let Some(mut tenants) = tenants(&[10, 400, 40, 200]) else { return };
        let mut gone = Vec::new();
        while let Some((TenantId(id), _)) = tenants.idlest(Duration::from_secs(30)) {
            gone.push(id);
            tenants.all.get_mut(&TenantId(id)).unwrap().is_loaded = false;
        }
        assert_eq!(gone, [1, 3, 2], "the first was used ten seconds ago");
    }

    #[test]
    fn one_that_is_used_or_is_to_stay_is_not_idle() {
        let Some(mut tenants) = tenants(&[400, 300, 200]) else { return };
        tenants.all.get_mut(&TenantId(0)).unwrap().runs = 1;
        tenants.all.get_mut(&TenantId(1)).unwrap().stays = true;
        assert_eq!(tenants.idlest(Duration::ZERO).map(|(id, _)| id), Some(TenantId(2)));
    }

    #[test]
    fn two_that_wait_for_room_do_not_wait_for_each_other() {
        let Some(mut tenants) = tenants(&[0, 0, 0]) else { return };
        for id in [0, 1] {
            let waits = tenants.all.get_mut(&TenantId(id)).unwrap();
            (waits.runs, waits.is_loaded) = (1, false);
        }
        assert!(!tenants.are_used_beside(Some(TenantId(0))) && !tenants.are_used_beside(None));
        tenants.all.get_mut(&TenantId(2)).unwrap().runs = 1;
        assert!(tenants.are_used_beside(Some(TenantId(0))));
        assert!(!tenants.are_used_beside(Some(TenantId(2))));
    }
}

#[cfg(feature = "wgpu")]
#[cfg(test)]
mod on_a_gpu {
    use device_suite::present::device;
    use device_suite::{SeededModel, Sizes};
    use embed_burn::{Backend, ModelFolder, TokenizedText};

    use super::*;
    use crate::adaptive::AdaptiveEmbedder;
    use crate::limits::DeviceLimits;

    #[test]
    fn m4_an_unloaded_model_leaves_a_gpu_and_comes_back_as_it_was() {
        let name = "m4_an_unloaded_model_leaves_a_gpu_and_comes_back_as_it_was";
        if device(name, Backend::Wgpu).is_none() {
            return;
        }
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let limits = DeviceLimits::default();
        let embedder = AdaptiveEmbedder::load(&folder, Backend::Wgpu.into(), &limits).unwrap();
        let vectors = || {
            let texts = [[4, 5, 6], [7, 8, 9]].map(|ids| TokenizedText { ids: ids.to_vec(), dropped: 0 });
            embedder.embed_tokenized(&texts, &mut |_| {}).unwrap().into_inner()
        };
        let before = vectors();
        let shared = Device::of(embedder.model().device()).unwrap();
        let in_use = || {
            let device = embedder.model().device().clone();
            shared.run(move || device.pool_usage().unwrap().in_use)
        };
        let weights = BurnEmbedder::load_bytes(&folder, embedder.model().compute()).unwrap().weights;
        let loaded = in_use();
        assert!(shared.unload_idle(Duration::ZERO));
        let unloaded = in_use();
        assert!(unloaded + weights / 2 <= loaded, "{loaded} bytes were in use, and {unloaded} are");
        assert_eq!(vectors(), before);
        assert!(in_use() >= weights / 2 + unloaded);
    }
}
