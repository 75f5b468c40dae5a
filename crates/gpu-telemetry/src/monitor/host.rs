//! [`HostMonitor`]: the host's memory, as this process may use it.

mod cgroup;
mod proc_file;
mod resident;

use std::path::{Path, PathBuf};
use std::time::Instant;

use self::cgroup::Limits;
use self::proc_file::{Files, kib_field};
use self::resident::Resident;
use super::MemoryMonitor;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::sample::{MemorySample, MemorySource};

/// The host's memory on Linux.
///
/// - total: the host's memory, or the tightest limit of a cgroup that this process is in, if that is less.
/// - free: what the kernel says is available without swapping, or what the tightest cgroup still grants, if that is less.
///   File cache that the kernel would drop counts as free.
/// - used: total − free.
/// - budget: the tightest limit of a cgroup, if any. A limit that is set or changed is noticed after a second at most.
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

    fn meminfo(&self) -> Result<(ByteCount, ByteCount), TelemetryError> {
        let path = self.root.join("proc/meminfo");
        let text =
            self.files.read(&path)?.ok_or_else(|| TelemetryError::unsupported("the host's memory", &path))?;
        let field = |name: &str| {
            kib_field(&text, name, &path)?
                .ok_or_else(|| TelemetryError::malformed(&path, format!("no {name}")))
        };
        Ok((field("MemTotal")?, field("MemAvailable")?))
    }

    /// What the kernel says is available without swapping, whatever this process's cgroups grant.
    pub(super) fn available(&self) -> Result<ByteCount, TelemetryError> {
        self.meminfo().map(|(_, available)| available)
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

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        let (host_total, available) = self.meminfo()?;
        let limits = self.limits.read(&self.root, &self.files, Instant::now())?;
        let budget = limits.iter().map(|limit| limit.max).min();
        let room = limits.iter().map(|limit| limit.max.saturating_sub(limit.held)).min();
        let total = budget.map_or(host_total, |budget| budget.min(host_total));
        // The two files are read one after the other, so a moment's available may exceed a limit that is older.
        let free = room.map_or(available, |room| room.min(available)).min(total);
        // Resident pages that are shared with others are charged to one cgroup only: more than a limit is possible.
        let process_used = self.resident.read(&self.root, &self.files)?.map(|resident| resident.min(total));
        MemorySample::builder()
            .total(total)
            .used(total.saturating_sub(free))
            .free(free)
            .budget(budget)
            .process_used(process_used)
            .source(MemorySource::Host)
            .build()
    }
}

/// A path of the system, which is absolute, below another root.
fn under(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}
