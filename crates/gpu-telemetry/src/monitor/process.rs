//! [`DeviceProcess`]: who uses a device.

use std::path::Path;

use crate::bytes::ByteCount;

/// A process that uses a device, as far as drivers and system tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceProcess {
    /// Its id, as the driver tells it: in a container it may be the machine's and not this system's.
    pub pid: u32,
    /// What it is called, where it can be seen from here and the id is known to be of this system.
    pub name: Option<String>,
    /// What it holds of the device's memory. Drivers need not tell.
    pub used: Option<ByteCount>,
    /// What it does there, where that is told.
    pub kind: Option<ProcessKind>,
}

/// What a process does on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessKind {
    /// It computes.
    Compute,
    /// It draws. Of NVIDIA's driver, what computes by Vulkan is told as drawing.
    Graphics,
    /// Both.
    Both,
}

impl ProcessKind {
    /// A short name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProcessKind::Compute => "compute",
            ProcessKind::Graphics => "graphics",
            ProcessKind::Both => "compute, graphics",
        }
    }

    /// Either, or both.
    pub(super) fn and(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if one != other => Some(ProcessKind::Both),
            (one, other) => one.or(other),
        }
    }
}

impl std::fmt::Display for ProcessKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of a process that can be seen under `root`.
pub(super) fn name(root: &Path, pid: u32) -> Option<String> {
    // A process chooses its name, in any bytes.
    let name = std::fs::read(root.join(format!("proc/{pid}/comm"))).ok()?;
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    if name.is_empty() { None } else { Some(name) }
}

/// The lists of several sources as one: each process once, with the most that any of them says it holds, the greediest first.
pub(super) fn merged(listed: impl IntoIterator<Item = DeviceProcess>) -> Vec<DeviceProcess> {
    let mut merged: Vec<DeviceProcess> = Vec::new();
    for process in listed {
        match merged.iter_mut().find(|known| known.pid == process.pid) {
            // What is in two lists has the same memory in both: it is no sum.
            Some(known) => {
                known.used = known.used.max(process.used);
                known.kind = ProcessKind::and(known.kind, process.kind);
                known.name = known.name.take().or(process.name);
            }
            None => merged.push(process),
        }
    }
    merged.sort_by_key(|process| (std::cmp::Reverse(process.used), process.pid));
    merged
}
