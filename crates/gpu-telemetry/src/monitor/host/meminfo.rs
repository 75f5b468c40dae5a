//! What the kernel says of the host's memory.

use std::path::Path;

use super::proc_file::{Files, kib_field};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// The host's memory, whatever this process's cgroups grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) struct HostMemory {
    pub(in crate::monitor) total: ByteCount,
    /// What is there without swapping; absent where nothing that could tell is there.
    pub(in crate::monitor) available: Option<ByteCount>,
    /// Whether that is an estimate of ours.
    pub(in crate::monitor) is_estimated: bool,
}

impl HostMemory {
    pub(in crate::monitor) fn read(root: &Path, files: &Files) -> Result<Self, TelemetryError> {
        let path = root.join("proc/meminfo");
        let text =
            files.read(&path)?.ok_or_else(|| TelemetryError::unsupported("the host's memory", &path))?;
        let field = |name: &str| kib_field(&text, name, &path);
        let total = field("MemTotal")?.ok_or_else(|| TelemetryError::malformed(&path, "no MemTotal"))?;
        let (available, is_estimated) = match field("MemAvailable")? {
            Some(available) => (Some(available), false),
            // Kernels before 3.14 and those in user space do not state it.
            None => (estimated(&field, watermark(root, files))?, true),
        };
        let available = available.map(|bytes| bytes.saturating_add(idle_arc(root, files)).min(total));
        Ok(HostMemory { total, available, is_estimated })
    }
}

/// As the kernel itself reckons: what is free above the watermark below which it begins to swap, and of what can be reclaimed
/// all but a part that it keeps for itself.
fn estimated(
    field: &impl Fn(&str) -> Result<Option<ByteCount>, TelemetryError>,
    watermark: ByteCount,
) -> Result<Option<ByteCount>, TelemetryError> {
    let Some(free) = field("MemFree")? else { return Ok(None) };
    let value = |name: &str| Ok::<_, TelemetryError>(field(name)?.unwrap_or_default());
    let cache = match (field("Active(file)")?, field("Inactive(file)")?) {
        (Some(active), Some(inactive)) => active.saturating_add(inactive),
        // Memory that is shared is in `Cached` and cannot be dropped.
        _ => value("Cached")?.saturating_add(value("Buffers")?).saturating_sub(value("Shmem")?),
    };
    let most_of = |bytes: ByteCount| bytes.saturating_sub(ByteCount::new(bytes.get() / 2).min(watermark));
    Ok(Some(
        free.saturating_sub(watermark)
            .saturating_add(most_of(cache))
            .saturating_add(most_of(value("SReclaimable")?)),
    ))
}

/// Below which the kernel begins to swap: five quarters of what it keeps free at least.
fn watermark(root: &Path, files: &Files) -> ByteCount {
    let text = files.read(&root.join("proc/sys/vm/min_free_kbytes")).ok().flatten();
    let kib: u64 = text.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    ByteCount::KIB.saturating_mul(kib.saturating_mul(5) / 4)
}

/// What ZFS would give back of its cache: all above a minimum. The kernel counts it as used.
fn idle_arc(root: &Path, files: &Files) -> ByteCount {
    let text = files.read(&root.join("proc/spl/kstat/zfs/arcstats")).ok().flatten().unwrap_or_default();
    // Lines are a name, the number of a type, and a value.
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            if words.next()? == wanted { words.nth(1)?.parse::<u64>().ok() } else { None }
        })
    };
    let idle = value("size").zip(value("c_min")).map(|(size, least)| size.saturating_sub(least));
    ByteCount::new(idle.unwrap_or(0))
}
