//! [`survey`]: a device's memory and who uses it, without opening it.

use embed_burn::{Backend, BackendInfo, DeviceSpec, VisibleCards, automatic, backends_among};
use gpu_telemetry::{ByteCount, MemoryMonitor, MemorySample};

use super::asked::asked;
use super::driver::driver_of_listed;
use super::monitors::{self, Monitors};
use super::process::{ProcessReport, processes};
use super::shared::key_of_listed;
use super::{is_cpu, visible};
use crate::ledger::DeviceKey;

/// A device that could be opened, as it is now.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// What the backend says of it.
    pub info: BackendInfo,
    /// Its name, for people.
    pub name: String,
    /// Its memory; `None` where nothing tells it.
    pub sample: Option<MemorySample>,
    /// Why its memory is not known, where something that should tell it failed.
    pub memory_error: Option<String>,
    /// The most bytes that one tensor may have, where that is known before it is opened.
    pub largest_tensor: Option<u64>,
    /// Who uses it, the greediest first; `None` where nobody tells.
    pub processes: Option<Vec<ProcessReport>>,
    /// The version of its driver, where that is told.
    pub driver: Option<String>,
    /// Which memory it is, for [`shares`](crate::ledger::shares).
    pub key: DeviceKey,
}

/// Looks at the device that `spec` means. No device is opened, and for the processor no driver is asked.
///
/// # Errors
/// The reason why the backend, or the device of that number, is not there.
pub fn survey(spec: DeviceSpec) -> Result<Surveyed, String> {
    let cards = if is_cpu(spec) { VisibleCards::all() } else { visible().cards.clone() };
    let infos = if is_cpu(spec) { cpu_alone(&cards) } else { backends_among(&cards) };
    let spec = if spec == DeviceSpec::Auto { automatic(&infos) } else { spec };
    let DeviceSpec::On { backend, index } = spec else {
        return Err("there is no device".to_owned());
    };
    let mut of_backend = infos.into_iter().filter(|info| info.backend == backend);
    let found = match index {
        Some(index) => of_backend.find(|info| !info.present || info.index.unwrap_or(0) == index),
        // As the backend does where no number is given.
        None => of_backend.next(),
    };
    let info = found.ok_or_else(|| format!("{backend} has no device of this number"))?;
    if let (false, reason) = (info.present, &info.reason) {
        return Err(reason.clone().unwrap_or_else(|| "it is not there".to_owned()));
    }
    let largest_tensor = largest_tensor(&info, &cards);
    let driver = driver_of_listed(&info, &cards);
    let monitors = Monitors::new(cards);
    let monitor = monitors.of_listed(&info);
    let (sample, memory_error) = match monitor.as_ref().map(asked) {
        Some(Ok(sample)) => (Some(sample), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, None),
    };
    let told = monitor.as_deref().map(|monitor| monitor as &dyn MemoryMonitor);
    let key = key_of_listed(&info, told, sample.as_ref());
    let name = monitors::name(&info, monitor.as_ref());
    let quarter = |total: ByteCount| total.get() / 4;
    let paged = matches!(info.backend, Backend::Cuda | Backend::Rocm);
    let quarter = sample.as_ref().filter(|_| paged).and_then(MemorySample::total).map(quarter);
    let largest_tensor = largest_tensor.or(quarter);
    let processes = told.and_then(processes);
    Ok(Surveyed { info, name, sample, memory_error, largest_tensor, processes, driver, key })
}

/// Without looking for devices of other backends, which loads their drivers.
fn cpu_alone(cards: &VisibleCards) -> Vec<BackendInfo> {
    embed_burn::backend_among(Backend::Cpu, cards)
}

/// What the graphics API says of a device of its own.
#[cfg(feature = "wgpu")]
fn largest_tensor(info: &BackendInfo, cards: &VisibleCards) -> Option<u64> {
    let limits = embed_burn::adapter(info, cards)?.limits();
    Some(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size))
}

#[cfg(not(feature = "wgpu"))]
const fn largest_tensor(_: &BackendInfo, _: &VisibleCards) -> Option<u64> {
    None
}
