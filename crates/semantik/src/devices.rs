//! What there is to compute on, and how much memory it has.

mod asked;
mod driver;
mod files;
mod monitors;
mod prepare;
mod process;
mod shared;
mod surveyed;
mod unreached;
mod visible;
mod watched;

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, BurnDevice, DeviceSpec, VisibleCards, automatic, backends_among};
use gpu_telemetry::{ByteCount, MemoryMonitor, MemorySample, MemorySource, PoolUsage};
use serde::Serialize;

use self::monitors::Monitors;
use self::visible::visible;

pub(crate) use self::driver::driver_of;
pub use self::prepare::prepare;
pub use self::process::ProcessReport;
pub(crate) use self::shared::key_of_open;
pub use self::surveyed::{Surveyed, survey};
pub use self::unreached::{ListedDevice, UnreachedCard, unreached, unreached_with_processes};
pub use self::watched::{WatchedDevice, watched, watched_host};
use crate::adapt;
use crate::error::Error;

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
    /// The card's place on the PCI bus, where it is one and its driver tells.
    pub pci: Option<String>,
    /// Why it cannot be used, and what would change that.
    pub reason: Option<String>,
    /// Why its memory is not known, where something that should tell it failed.
    pub memory_error: Option<String>,
    /// Its memory, as far as it is known.
    pub memory: MemoryReport,
    /// Who uses it, where that was asked for and is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<ProcessReport>>,
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
    /// How busy it is.
    pub utilization_percent: Option<u8>,
    /// Where the numbers come from.
    pub source: Option<&'static str>,
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
            utilization_percent: sample.utilization_percent(),
            source: sample.source().map(MemorySource::as_str),
        }
    }
}

/// Every backend known, with its devices and their memory. No device is opened.
pub fn list() -> Vec<DeviceReport> {
    reports(false)
}

/// As [`list`], with who uses each device.
pub fn list_with_processes() -> Vec<DeviceReport> {
    reports(true)
}

fn reports(with_processes: bool) -> Vec<DeviceReport> {
    let visible = visible();
    let monitors = Monitors::new(visible.cards.clone());
    let infos = backends_among(&visible.cards);
    let auto = automatic(&infos);
    let report = |info: &BackendInfo| {
        let monitor = monitors.of_listed(info);
        let sample = monitor.as_ref().map(asked::asked);
        let failed = sample.as_ref().and_then(|sample| Some(sample.as_ref().err()?.to_string()));
        let pci = info.card.as_ref().and_then(|card| card.pci.clone());
        let told = || Some(monitor.as_ref()?.identity()?.pci?.to_string());
        DeviceReport {
            backend: info.backend.as_str(),
            spec: info.spec().to_string(),
            name: monitors::name(info, monitor.as_ref()),
            present: info.present,
            software: info.software,
            auto: info.present && info.spec() == auto,
            pci: pci.or_else(told),
            reason: info.reason.clone(),
            memory_error: failed,
            memory: sample.and_then(Result::ok).as_ref().map(MemoryReport::from).unwrap_or_default(),
            processes: monitor.as_deref().filter(|_| with_processes).and_then(process::processes),
        }
    };
    infos.iter().map(report).collect()
}

/// The devices of every backend, without the cards that this process is not to use.
pub fn backends() -> Vec<BackendInfo> {
    backends_among(&visible().cards)
}

/// Why cards of NVIDIA are hidden although nobody could tell which of them `CUDA_VISIBLE_DEVICES` means.
pub fn hidden_cards() -> Option<&'static str> {
    visible().problem.as_deref()
}

/// Opens a device among the cards that this process is to use.
///
/// # Errors
/// The backend is not compiled in, its driver or device is not there, or the driver refuses.
pub fn open(spec: DeviceSpec) -> Result<BurnDevice, Error> {
    // No driver of a card is asked for work on the processor.
    let cards = if is_cpu(spec) { VisibleCards::all() } else { visible().cards.clone() };
    Ok(BurnDevice::open_among(spec, &cards)?)
}

fn is_cpu(spec: DeviceSpec) -> bool {
    matches!(spec, DeviceSpec::On { backend: Backend::Cpu, .. })
}

/// What the framework's pool holds of an open device; nothing for backends without a pool.
pub fn pool(device: &BurnDevice) -> Option<PoolUsage> {
    adapt::pool(device)
}

/// What watches the memory of an open device; nothing where no source tells it. A card's driver is asked by a thread of its
/// own, and who asks for a sample waits a tenth of a second for it at most: then the latest counts, as long as it is not
/// [stale](gpu_telemetry::stale_after).
pub fn monitor(device: &BurnDevice) -> Option<Arc<dyn MemoryMonitor>> {
    if device.backend() == Backend::Cpu || device.is_software() {
        return monitors::host();
    }
    Monitors::new(visible().cards.clone()).of_open(device)
}
