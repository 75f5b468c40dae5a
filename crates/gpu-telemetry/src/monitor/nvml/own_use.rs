//! What this process uses of a card, where the driver's word can be trusted.

use std::path::Path;

use nvml_wrapper::Device;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::failure::known;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// Whether the ids of processes that the driver tells are those of this process's world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PidSpace {
    /// Of the whole machine, as the driver's.
    Machine,
    /// Of a container. Newer drivers translate ids to it and hide other processes; older ones tell the machine's ids, where
    /// our number may be somebody else.
    Nested,
}

/// The first namespace of a kernel has a fixed number: `PROC_PID_INIT_INO` in Linux's `proc_ns.h`.
const FIRST_NAMESPACE: &str = "pid:[4026531836]";

impl PidSpace {
    /// Of this process, seen from below `root`.
    pub(super) fn of(root: &Path) -> Self {
        let first = std::fs::read_link(root.join("proc/self/ns/pid"))
            .is_ok_and(|name| name == Path::new(FIRST_NAMESPACE));
        if first || cfg!(not(target_os = "linux")) { PidSpace::Machine } else { PidSpace::Nested }
    }
}

/// What this process uses, or `None` where the driver does not list it, tells no figure, or tells ids that may not be ours.
pub(super) fn own_use(
    name: &str,
    device: &Device<'_>,
    pids: PidSpace,
    root: &Path,
) -> Result<Option<ByteCount>, TelemetryError> {
    let what = "the processes that use it";
    let mut listed = known(name, what, device.running_compute_processes())?.unwrap_or_default();
    // What draws or computes by Vulkan is in a list of its own; what does both is in both, with the same figure.
    listed.extend(known(name, what, device.running_graphics_processes())?.unwrap_or_default());
    let pid = std::process::id();
    if !listed.iter().any(|process| process.pid == pid) {
        // Clients of the multi-process service are not in the other lists: its server is.
        listed.extend(known(name, what, device.mps_running_compute_processes())?.unwrap_or_default());
    }
    let credible = match pids {
        PidSpace::Machine => true,
        // Were these the machine's ids and this card ours, our true id would be among them, and most likely be nobody here.
        PidSpace::Nested => listed.iter().all(|process| is_visible(process.pid, root)),
    };
    if !credible {
        return Ok(None);
    }
    Ok(most_told(listed.iter().filter(|process| process.pid == pid)))
}

fn is_visible(pid: u32, root: &Path) -> bool {
    pid == std::process::id() || root.join(format!("proc/{pid}")).exists()
}

fn most_told<'a>(own: impl Iterator<Item = &'a ProcessInfo>) -> Option<ByteCount> {
    let told = own.filter_map(|process| match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => Some(ByteCount::new(bytes)),
        UsedGpuMemory::Unavailable => None,
    });
    told.max()
}
