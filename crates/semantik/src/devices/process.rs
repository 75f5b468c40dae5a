//! [`ProcessReport`]: who uses a device, as it is told.

use gpu_telemetry::{ByteCount, DeviceProcess, MemoryMonitor, ProcessKind};
use serde::Serialize;

/// A process that uses a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessReport {
    /// Its id, as the driver tells it.
    pub pid: u32,
    /// What it is called, where that can be seen.
    pub name: Option<String>,
    /// What it holds of the device's memory, in bytes.
    pub used: Option<u64>,
    /// `compute`, `graphics` or `compute, graphics`.
    pub kind: Option<&'static str>,
}

impl From<&DeviceProcess> for ProcessReport {
    fn from(process: &DeviceProcess) -> Self {
        ProcessReport {
            pid: process.pid,
            name: process.name.clone(),
            used: process.used.map(ByteCount::get),
            kind: process.kind.map(ProcessKind::as_str),
        }
    }
}

/// Who uses a device, the greediest first; nothing where nobody tells.
pub(super) fn processes(monitor: &dyn MemoryMonitor) -> Option<Vec<ProcessReport>> {
    Some(monitor.processes().ok()?.iter().map(ProcessReport::from).collect())
}
