//! Models that are not used: unloaded when others need their room, or after a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use embed_burn::BurnEmbedder;
use gpu_telemetry::ByteCount;

use super::device::{Device, lock};
use super::tenant::Model;

/// A model that was not used for so long is unloaded when the device's thread has nothing to do.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// Above which share of the memory in use a model is unloaded that was idle for how long: the fuller, the sooner.
const RULES: [(f64, Duration); 3] =
    [(0.9, Duration::from_secs(5)), (0.8, Duration::from_secs(30)), (0.6, Duration::from_secs(120))];

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
    /// Whether it cannot be loaded again.
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

    /// Whether a run needs another model now: it will be idle later.
    pub(crate) fn has_runs_beside(&self, id: Option<TenantId>) -> bool {
        lock(self.tenants()).all.iter().any(|(&other, tenant)| Some(other) != id && tenant.runs > 0)
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
        while let Some((id, model)) = self.idlest(at_least) {
            // Its files may be gone since.
            if BurnEmbedder::load_bytes(model.burn().folder(), model.burn().compute()).is_err() {
                if let Some(tenant) = lock(self.tenants()).all.get_mut(&id) {
                    tenant.stays = true;
                }
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

    fn idlest(&self, at_least: Duration) -> Option<(TenantId, Arc<dyn Model>)> {
        let tenants = lock(self.tenants());
        let idle = tenants.all.iter().filter(|(_, tenant)| {
            tenant.runs == 0 && tenant.is_loaded && !tenant.stays && tenant.used_at.elapsed() >= at_least
        });
        let (&id, tenant) = idle.min_by_key(|(_, tenant)| tenant.used_at)?;
        Some((id, tenant.model.upgrade()?))
    }
}
