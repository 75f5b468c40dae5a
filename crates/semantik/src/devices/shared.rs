//! Which memory a device's is, named alike in every process.

use embed_burn::{Backend, BackendInfo, BurnDevice};
use gpu_telemetry::{CardIdentity, MemoryMonitor, MemorySample, MemorySource};

use super::WatchedDevice;
use super::monitors::identity;
use crate::ledger::DeviceKey;

/// Of a device that is open.
pub(crate) fn key_of_open(device: &BurnDevice, sample: Option<&MemorySample>) -> DeviceKey {
    if device.is_host_memory() || device.is_software() || is_hosts(sample) {
        return DeviceKey::host();
    }
    let key = of_card(device.card().map(identity), device.name());
    part_for(key, device.backend())
}

/// Of a device that is listed and not opened.
pub(super) fn key_of_listed(
    info: &BackendInfo,
    monitor: Option<&dyn MemoryMonitor>,
    sample: Option<&MemorySample>,
) -> DeviceKey {
    if info.backend == Backend::Cpu || info.host_memory || info.software || is_hosts(sample) {
        return DeviceKey::host();
    }
    let card = info.card.as_ref().map(identity).or_else(|| monitor?.identity());
    part_for(of_card(card, &info.name), info.backend)
}

impl WatchedDevice {
    /// Which memory it is, for [`shares`](crate::ledger::shares).
    pub fn key(&self) -> DeviceKey {
        if self.monitor.is_host() {
            return DeviceKey::host();
        }
        of_card(self.monitor.identity(), &self.name)
    }
}

fn of_card(card: Option<CardIdentity>, name: &str) -> DeviceKey {
    card.and_then(|card| DeviceKey::of_card(&card)).unwrap_or_else(|| DeviceKey::of_name(name))
}

/// CUDA shows one instance of a card at most, the first that its variable names: its memory is a part of the card's, and the
/// identity is the card's.
fn part_for(key: DeviceKey, backend: Backend) -> DeviceKey {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    match visible.split(',').next().map(str::trim) {
        Some(first) if backend == Backend::Cuda && first.starts_with("MIG-") => key.part(first),
        _ => key,
    }
}

fn is_hosts(sample: Option<&MemorySample>) -> bool {
    sample.and_then(MemorySample::source).is_some_and(MemorySource::is_host_memory)
}
