//! What this process uses of a card, where the driver's word can be trusted.

use std::path::Path;

use nvml_wrapper::Device;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::failure::known;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// What this process uses, or `None` where the driver does not list it, tells no figure, or tells ids that may not be ours.
pub(super) fn own_use(
    name: &str,
    device: &Device<'_>,
    root: &Path,
) -> Result<Option<ByteCount>, TelemetryError> {
    let what = "the processes that use it";
    let mut listed = known(name, what, device.running_compute_processes())?.unwrap_or_default();
    // What draws or computes by Vulkan is in a list of its own; what does both is in both, with the same figure.
    listed.extend(known(name, what, device.running_graphics_processes())?.unwrap_or_default());
    if !listed.iter().any(is_own) {
        // Clients of the multi-process service are not in the other lists: its server is.
        listed.extend(known(name, what, device.mps_running_compute_processes())?.unwrap_or_default());
    }
    let own = listed.iter().filter(|process| is_own(process)).filter_map(told).max();
    Ok(own.filter(|_| listed.iter().all(|process| is_visible(process, root))))
}

fn is_own(process: &ProcessInfo) -> bool {
    process.pid == std::process::id()
}

/// Whether the id is that of a process here, which has to hold for all of a list before ours is taken from it.
///
/// In a container, newer drivers translate ids and list what is in it; older ones, and drivers that see a sandbox from
/// outside, tell the machine's ids, where our number may be somebody else's. If this card is in use from here, then our true
/// id is in such a list as well, and most likely nobody here has it. Whether this is a container cannot be asked instead:
/// sandboxes give themselves out as the machine.
fn is_visible(process: &ProcessInfo, root: &Path) -> bool {
    cfg!(not(target_os = "linux")) || is_own(process) || root.join(format!("proc/{}", process.pid)).exists()
}

fn told(process: &ProcessInfo) -> Option<ByteCount> {
    match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => Some(ByteCount::new(bytes)),
        UsedGpuMemory::Unavailable => None,
    }
}
