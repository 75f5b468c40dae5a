//! [`HostMonitor`]: the host's memory, as this process may use it.

pub(super) mod cgroup;
pub(super) mod meminfo;
pub(super) mod proc_file;
mod resident;

use std::path::{Path, PathBuf};
use std::time::Instant;

use self::cgroup::Limits;
use self::meminfo::HostMemory;
use self::proc_file::{Files, kib_field};
use self::resident::Resident;
use super::MemoryMonitor;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::sample::{Field, MemorySample, MemorySource, Reason};

/// The host's memory on Linux.
///
/// - total: the host's memory, or the tightest limit of a cgroup that this process is in, if that is less.
/// - free: what the kernel says is available without swapping, or what the tightest cgroup still grants, if that is less.
///   What the kernel takes back when it needs it counts as free: file cache, whether it was used lately or not, slabs that can
///   be reclaimed, and what ZFS's cache (ARC) has above its minimum. Where the kernel does not state what is available (before
///   3.14, WSL1), it is [estimated](Reason::Estimated) from what is free and cached, and the source is
///   [`HostEstimated`](MemorySource::HostEstimated).
/// - used: total − free.
/// - budget: the tightest limit of a cgroup, if any: the least of `memory.max` and `memory.high`, in version 1 of
///   `memory.limit_in_bytes` and `hierarchical_memory_limit`, of this process's cgroup and of each above it that can be seen.
///   A limit that is set or changed is noticed after a second at most.
/// - `process_used`: this process's resident memory.
#[derive(Clone, Debug)]
pub struct HostMonitor {
    root: PathBuf,
    files: Files,
    limits: Limits,
    resident: Resident,
}

impl HostMonitor {
    /// Of this system.
    pub fn new() -> Self {
        HostMonitor::with_root("/")
    }

    /// Of the system whose `proc` and `sys` are under `root`: for containers that see their host's elsewhere, and for
    /// tests.
    pub fn with_root(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        HostMonitor {
            root,
            files: Files::default(),
            limits: Limits::default(),
            resident: Resident::default(),
        }
    }

    /// The most resident memory that this process had since it began.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn process_peak(&self) -> Result<ByteCount, TelemetryError> {
        let path = self.status();
        let text =
            self.files.read(&path)?.ok_or_else(|| TelemetryError::unsupported("peak memory", &path))?;
        kib_field(&text, "VmHWM", &path)?.ok_or_else(|| TelemetryError::malformed(&path, "no VmHWM"))
    }

    fn status(&self) -> PathBuf {
        self.root.join("proc/self/status")
    }

    /// What the kernel says of the whole host, whatever this process's cgroups grant.
    pub(super) fn memory(&self) -> Result<HostMemory, TelemetryError> {
        HostMemory::read(&self.root, &self.files)
    }
}

impl Default for HostMonitor {
    fn default() -> Self {
        HostMonitor::new()
    }
}

impl MemoryMonitor for HostMonitor {
    fn name(&self) -> &'static str {
        "host"
    }

    fn is_host(&self) -> bool {
        true
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let host = self.memory()?;
        let limits = self.limits.read(&self.root, &self.files, Instant::now())?;
        let budget = limits.iter().map(|limit| limit.max).min();
        let room = limits.iter().map(|limit| limit.max.saturating_sub(limit.held)).min();
        let total = budget.map_or(host.total, |budget| budget.min(host.total));
        // The two files are read one after the other, so a moment's available may exceed a limit that is older.
        let free =
            host.available.map(|available| room.map_or(available, |room| room.min(available)).min(total));
        let unstated = if free.is_some() { Reason::Estimated } else { Reason::NotTold };
        let unstated = host.is_estimated.then_some(unstated);
        MemorySample::builder()
            .total(total)
            .used(free.map(|free| total.saturating_sub(free)))
            .why(Field::Used, unstated)
            .free(free)
            .why(Field::Free, unstated)
            .budget(budget)
            .why(Field::Budget, Reason::Unlimited)
            .process_used(self.resident.read(&self.root, &self.files)?)
            .why(Field::ProcessUsed, Reason::NotTold)
            .why(Field::SystemReserved, Reason::NotTold)
            .why(Field::Utilization, Reason::NotTold)
            .source(if host.is_estimated { MemorySource::HostEstimated } else { MemorySource::Host })
            .build()
    }
}

/// A path of the system, which is absolute, below another root.
fn under(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
