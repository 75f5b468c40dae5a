//! [`DeviceUse`]: what is seen of a device that this process uses.

use std::time::Duration;

use batch_policy::Bytes;
use gpu_telemetry::ByteCount;

use super::device::{Device, lock};
use super::idle::Occupant;
use super::sync::now;

/// A device that this process uses, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceUse {
    /// The device's name.
    pub name: String,
    /// What leases could take together when the last was asked for; nothing where none was.
    pub budget: Option<ByteCount>,
    /// Whether others used so much of the memory then that batches may take half only.
    pub under_pressure: bool,
    /// The last lease that work ran under; nothing where none did.
    pub last_lease: Option<ByteCount>,
    /// What is promised, the oldest first.
    pub leases: Vec<LeaseUse>,
    /// How many wait for a lease.
    pub waiting: usize,
    /// The models on it.
    pub models: Vec<ModelUse>,
}

/// Bytes that are promised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseUse {
    /// The model whose work they are for.
    pub model: String,
    /// How many.
    pub bytes: ByteCount,
    /// For how long by now.
    pub held_for: Duration,
}

/// A model on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelUse {
    /// Its name.
    pub name: String,
    /// The bytes of its weights, where they are known.
    pub weights: Option<ByteCount>,
    /// Whether its weights are there: those of idle models are given up where others need the room.
    pub is_loaded: bool,
    /// How long ago it was used; nothing while it is.
    pub idle_for: Option<Duration>,
}

impl DeviceUse {
    /// The bytes of all leases.
    pub fn leased(&self) -> ByteCount {
        self.leases.iter().fold(ByteCount::ZERO, |sum, lease| sum.saturating_add(lease.bytes))
    }

    /// Who holds what, for people: the leases, then the models.
    pub(crate) fn holders(&self) -> String {
        let lease = |lease: &LeaseUse| {
            format!("{} has a lease of {} for {} s", lease.model, lease.bytes, lease.held_for.as_secs())
        };
        let model = |model: &ModelUse| Some(format!("the weights of {} take {}", model.name, model.weights?));
        let loaded = self.models.iter().filter(|model| model.is_loaded).filter_map(model);
        let all = self.leases.iter().map(lease).chain(loaded);
        all.collect::<Vec<String>>().join("; ")
    }

    pub(crate) fn of(device: &Device) -> Self {
        let (held, waiting) = device.leases().snapshot();
        let now = now();
        let leases = held.into_iter().map(|held| LeaseUse {
            model: held.owner.to_string(),
            bytes: ByteCount::new(held.bytes.get()),
            held_for: now.saturating_sub(held.since),
        });
        let model = |occupant: &Occupant| ModelUse {
            name: occupant.name.to_string(),
            weights: occupant.weights,
            is_loaded: occupant.is_loaded,
            idle_for: (occupant.runs == 0).then(|| occupant.used_at.elapsed()),
        };
        let count = |bytes: Bytes| ByteCount::new(bytes.get());
        let last = device.last();
        DeviceUse {
            name: device.name().to_owned(),
            budget: last.bytes.map(count),
            under_pressure: last.is_pressed,
            last_lease: last.lease.map(count),
            leases: leases.collect(),
            waiting,
            models: lock(device.tenants()).all.values().map(model).collect(),
        }
    }
}

/// Every device that this process uses. It takes a few microseconds, and waits for no device.
pub fn status() -> Vec<DeviceUse> {
    Device::all().iter().map(|device| DeviceUse::of(device)).collect()
}
