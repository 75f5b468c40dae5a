//! What there is to compute on, and how much memory it has.

use embed_burn::{Backend, BackendInfo, BurnDevice, DeviceSpec, backends};
use gpu_telemetry::{ByteCount, HostMonitor, MemoryMonitor, MemorySample};
use serde::Serialize;

/// One device, or a backend without one and the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceReport {
    /// The backend's name.
    pub backend: &'static str,
    /// What to give to `--backend` for it.
    pub spec: String,
    /// The device's name.
    pub name: String,
    /// Whether it can be used.
    pub present: bool,
    /// Whether it is a GPU that is computed on the processor.
    pub software: bool,
    /// Whether `auto` takes it.
    pub auto: bool,
    /// Why it cannot be used, and what would change that.
    pub reason: Option<String>,
    /// Its memory, as far as it is known.
    pub memory: MemoryReport,
}

/// Memory in bytes; what is not known is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// What the device has in all.
    pub total: Option<u64>,
    /// What everyone uses.
    pub used: Option<u64>,
    /// What nobody uses.
    pub free: Option<u64>,
    /// What the system grants this process.
    pub budget: Option<u64>,
    /// What this process uses.
    pub process_used: Option<u64>,
    /// What driver or firmware hold.
    pub system_reserved: Option<u64>,
}

impl From<&MemorySample> for MemoryReport {
    fn from(sample: &MemorySample) -> Self {
        let bytes = |count: Option<ByteCount>| count.map(ByteCount::get);
        MemoryReport {
            total: bytes(sample.total()),
            used: bytes(sample.used()),
            free: bytes(sample.free()),
            budget: bytes(sample.budget()),
            process_used: bytes(sample.process_used()),
            system_reserved: bytes(sample.system_reserved()),
        }
    }
}

/// Every backend known, with its devices and their memory. No device is opened.
pub fn list() -> Vec<DeviceReport> {
    let infos = backends();
    let gpu = infos.iter().find(|info| info.present && !info.software && info.backend != Backend::Cpu);
    let auto = gpu.map_or(DeviceSpec::on(Backend::Cpu), BackendInfo::spec);
    let report = |info: &BackendInfo| {
        // Memory of its own is not measured here; a processor's, and a GPU's that a processor computes, is the host's.
        let host = info.present && (info.backend == Backend::Cpu || info.software);
        let sample = if host { HostMonitor::new().sample().ok() } else { None };
        DeviceReport {
            backend: info.backend.as_str(),
            spec: info.spec().to_string(),
            name: info.name.clone(),
            present: info.present,
            software: info.software,
            auto: info.spec() == auto,
            reason: info.reason.clone(),
            memory: sample.as_ref().map(MemoryReport::from).unwrap_or_default(),
        }
    };
    infos.iter().map(report).collect()
}

/// What watches a device's memory: the host's monitor where its memory is the host's.
pub fn monitor_for(device: &BurnDevice) -> Option<Box<dyn MemoryMonitor>> {
    let monitor = HostMonitor::new();
    // A system that cannot tell has no monitor, rather than one that always fails.
    let works = device.is_host_memory() && monitor.sample().is_ok();
    works.then(|| Box::new(monitor) as Box<dyn MemoryMonitor>)
}
