//! [`lease`]: room for a model's weights, made before they are loaded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use batch_policy::Bytes;
use embed_burn::{BurnDevice, BurnEmbedder, Compute, ModelFolder};
use gpu_telemetry::{ByteCount, MemoryMonitor};

use super::budget;
use super::device::Device;
use super::idle::TenantId;
use super::leases::{OverBudget, Priority, Refusal, Request};
use super::shared::{Lease, NoLease, Shared};
use super::status::DeviceUse;
use crate::adapt::{self, Seen};
use crate::error::Error;

/// A model that is to be loaded.
pub(crate) struct Load<'a> {
    pub(crate) name: &'a Arc<str>,
    pub(crate) folder: &'a ModelFolder,
    pub(crate) compute: Compute,
    /// Where it was loaded before.
    pub(crate) tenant: Option<TenantId>,
    pub(crate) priority: Priority,
    pub(crate) patience: Duration,
    pub(crate) stop: &'a dyn Fn() -> bool,
}

/// How often it is looked whether a model that is used is idle by now.
const TICK: Duration = Duration::from_millis(100);

/// A lease for what loading takes at most. Where there is too little, idle models are unloaded, the one that was idle for
/// the longest time first; while others are used, this waits for them.
///
/// # Errors
/// There is too little with every other model gone, with the bytes needed and free; or a stop was asked for.
pub(crate) fn lease(
    device: &Device,
    burn: &BurnDevice,
    monitor: Option<&Arc<dyn MemoryMonitor>>,
    load: &Load<'_>,
) -> Result<Lease, Error> {
    let taken = BurnEmbedder::load_bytes(load.folder, load.compute)?;
    let beside = if burn.is_host_memory() { taken.host } else { 0 };
    let needed = Bytes::new(taken.peak.saturating_add(beside));
    let began = Instant::now();
    let mut budget = || budget::of_weights(&seen(device, burn, monitor), device.promised_elsewhere());
    loop {
        let request = Request {
            owner: Arc::clone(load.name),
            want: needed,
            least: needed,
            over_budget: OverBudget::Refuse,
            priority: load.priority,
            patience: load.patience,
        };
        let why = match Shared::acquire(device.leases(), request, &mut budget, load.stop) {
            Ok(lease) => return Ok(lease),
            Err(why) => why,
        };
        let count = |bytes: Bytes| ByteCount::new(bytes.get());
        let holders = || DeviceUse::of(device).holders();
        match why {
            NoLease::Stopped => return Err(Error::interrupted()),
            NoLease::Refused(Refusal::TimedOut { held }) => {
                let in_all = (count(budget()), count(held));
                let (name, patience) = (load.name, load.patience);
                return Err(Error::busy(device.name(), name, count(needed), in_all, holders(), patience));
            }
            NoLease::Refused(Refusal::TooLarge { budget }) => {
                if device.unload_idle(Duration::ZERO) {
                    continue;
                }
                if !device.has_runs_beside(load.tenant) || began.elapsed() >= load.patience {
                    let free = Some(count(budget));
                    return Err(Error::no_room(device.name(), load.name, count(needed), free, holders()));
                }
                std::thread::sleep(TICK);
            }
        }
    }
}

fn seen(device: &Device, burn: &BurnDevice, monitor: Option<&Arc<dyn MemoryMonitor>>) -> Seen {
    let (monitor, of) = (monitor.cloned(), burn.clone());
    device.look(burn, move || {
        let sample = monitor.and_then(|monitor| monitor.sample().ok());
        Seen { sample, pool: adapt::pool(&of) }
    })
}

#[cfg(feature = "cpu")]
#[cfg(test)]
mod tests {
    use device_suite::{SeededModel, Sizes};
    use embed_burn::{Backend, TokenizedText};
    use gpu_telemetry::{MemorySample, ScriptedMonitor};

    use super::*;
    use crate::adaptive::AdaptiveEmbedder;
    use crate::error::ErrorKind;
    use crate::limits::DeviceLimits;

    fn free(bytes: &[u64]) -> Arc<dyn MemoryMonitor> {
        let sample = |&free: &u64| {
            let (total, free) = (ByteCount::GIB, ByteCount::new(free));
            MemorySample::builder().total(total).free(free).used(total.saturating_sub(free)).build()
        };
        Arc::new(ScriptedMonitor::new(bytes.iter().map(sample)))
    }

    fn model() -> (SeededModel, AdaptiveEmbedder) {
        let tiny = SeededModel::new(Sizes::TINY).unwrap();
        let folder = ModelFolder::open(tiny.path()).unwrap();
        let model = AdaptiveEmbedder::load(&folder, Backend::Cpu.into(), &DeviceLimits::default()).unwrap();
        (tiny, model)
    }

    fn asks(model: &AdaptiveEmbedder, monitor: &Arc<dyn MemoryMonitor>) -> Result<Lease, Error> {
        let burn = model.model().device();
        let device = Device::of(burn).unwrap();
        let load = Load {
            name: &Arc::from("newcomer"),
            folder: model.model().folder(),
            compute: Compute::default(),
            tenant: None,
            priority: Priority::High,
            patience: Duration::from_mins(5),
            stop: &|| false,
        };
        lease(&device, burn, Some(monitor), &load)
    }

    fn vectors(model: &AdaptiveEmbedder) -> Vec<f32> {
        let texts = [[4, 5, 6], [7, 8, 9]].map(|ids| TokenizedText { ids: ids.to_vec(), dropped: 0 });
        model.embed_tokenized(&texts, &mut |_| {}).unwrap().into_inner()
    }

    fn is_loaded(model: &AdaptiveEmbedder, tiny: &SeededModel) -> bool {
        let name = tiny.path().file_name().unwrap().to_string_lossy().into_owned();
        model.device_use().models.iter().find(|model| model.name == name).unwrap().is_loaded
    }

    #[test]
    fn what_cannot_fit_names_what_it_needs_and_idle_models_that_made_room_come_back() {
        let (tiny, model) = model();
        let before = vectors(&model);
        let error = asks(&model, &free(&[1000])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
        let (needed, there) = error.needed_and_free().unwrap();
        assert!(needed > ByteCount::new(1000) && there == Some(ByteCount::new(1000)), "{error}");
        assert!(error.to_string().contains("newcomer needs"), "{error}");
        assert!(!is_loaded(&model, &tiny), "it was idle, and all room was wanted");
        assert_eq!(vectors(&model), before, "it is back, and as it was");
        assert!(is_loaded(&model, &tiny));
    }

    #[test]
    fn a_model_in_use_and_one_that_stays_are_not_unloaded() {
        let (tiny, used) = model();
        let (other, staying) = model();
        let staying = staying.staying_loaded();
        let device = Device::of(used.model().device()).unwrap();
        let id = used.tenant_id();
        assert!(device.begin(id), "it is there");
        while device.unload_idle(Duration::ZERO) {}
        assert!(is_loaded(&used, &tiny) && is_loaded(&staying, &other));
        device.end(id);
        assert!(!device.unload_idle(Duration::from_hours(1)), "none was idle for an hour");
        device.unload_where_full(0.95);
        assert!(is_loaded(&used, &tiny), "it was used within five seconds");
        while device.unload_idle(Duration::ZERO) {}
        assert!(!is_loaded(&used, &tiny) && is_loaded(&staying, &other));
        assert_eq!(vectors(&used), vectors(&used));
    }

    #[test]
    fn what_fits_keeps_its_lease_and_a_model_whose_files_are_gone_stays() {
        let (tiny, model) = model();
        let lease = asks(&model, &free(&[512 << 20])).unwrap();
        assert!(lease.bytes() > Bytes::new(0));
        drop(lease);
        let before = vectors(&model);
        drop(tiny);
        let device = Device::of(model.model().device()).unwrap();
        while device.unload_idle(Duration::ZERO) {}
        assert_eq!(vectors(&model), before);
    }
}
