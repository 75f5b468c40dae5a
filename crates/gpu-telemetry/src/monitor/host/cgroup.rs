//! Memory limits of the cgroups that this process is in.

use std::path::{Path, PathBuf};

use super::proc_file::read;
use super::under;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// One cgroup's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) max: ByteCount,
    /// What is charged to it and cannot be dropped.
    pub(super) held: ByteCount,
}

/// The limits of the process's cgroup and of each above it, in versions 1 and 2. Empty where nothing limits.
pub(super) fn limits(root: &Path) -> Result<Vec<Limit>, TelemetryError> {
    let Some(text) = read(&root.join("proc/self/cgroup"))? else { return Ok(Vec::new()) };
    let mut limits = Vec::new();
    // Lines are `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers.
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        if controllers.is_empty() {
            let mount = root.join("sys/fs/cgroup");
            collect(&mount, path, &VERSION_2, &mut limits)?;
            // Where both versions are mounted, the second is here.
            collect(&mount.join("unified"), path, &VERSION_2, &mut limits)?;
        } else if controllers.split(',').any(|controller| controller == "memory") {
            collect(&root.join("sys/fs/cgroup/memory"), path, &VERSION_1, &mut limits)?;
        }
    }
    Ok(limits)
}

struct Files {
    max: &'static str,
    current: &'static str,
    /// The field of `memory.stat` for file cache that was not used lately.
    droppable: &'static str,
}

const VERSION_1: Files = Files {
    max: "memory.limit_in_bytes",
    current: "memory.usage_in_bytes",
    droppable: "total_inactive_file",
};
const VERSION_2: Files = Files { max: "memory.max", current: "memory.current", droppable: "inactive_file" };

/// Version 1 writes "no limit" as the largest multiple of a page: anything near 2⁶³ is none.
const NO_LIMIT: u64 = 1 << 62;

/// The limits from `path` up to `mount`.
fn collect(mount: &Path, path: &str, files: &Files, limits: &mut Vec<Limit>) -> Result<(), TelemetryError> {
    for folder in levels(mount, path) {
        if let Some(limit) = limit(&folder, files)? {
            limits.push(limit);
        }
    }
    Ok(())
}

/// The folders of version 2 that this process is in, its own first, and none where that version is not mounted.
pub(in crate::monitor) fn version_2_folders(root: &Path) -> Result<Vec<PathBuf>, TelemetryError> {
    let text = read(&root.join("proc/self/cgroup"))?.unwrap_or_default();
    let Some(path) = text.lines().find_map(|line| line.strip_prefix("0::")) else { return Ok(Vec::new()) };
    let mount = root.join("sys/fs/cgroup");
    // Where both versions are mounted, the second is in a folder of the first.
    let unified = mount.join("unified");
    Ok(levels(if unified.is_dir() { &unified } else { &mount }, path))
}

/// The folders from `path` up to `mount`. In a container, `path` may be the host's and not exist here: whoever reads takes a
/// folder that is not there as one that limits nothing.
fn levels(mount: &Path, path: &str) -> Vec<PathBuf> {
    // A path with `..` is relative to another cgroup namespace, above what can be seen here.
    let start = if path.split('/').any(|part| part == "..") { mount.to_owned() } else { under(mount, path) };
    start.ancestors().take_while(|folder| folder.starts_with(mount)).map(Path::to_owned).collect()
}

fn limit(folder: &Path, files: &Files) -> Result<Option<Limit>, TelemetryError> {
    let path = folder.join(files.max);
    let Some(text) = read(&path)? else { return Ok(None) };
    if text.trim() == "max" {
        return Ok(None);
    }
    let max = number(&text, &path)?;
    if max >= NO_LIMIT {
        return Ok(None);
    }
    let path = folder.join(files.current);
    let current = match read(&path)? {
        Some(text) => number(&text, &path)?,
        None => 0,
    };
    let stat = read(&folder.join("memory.stat"))?.unwrap_or_default();
    let droppable = stat.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        if name == files.droppable { value.trim().parse::<u64>().ok() } else { None }
    });
    let held = current.saturating_sub(droppable.unwrap_or(0));
    Ok(Some(Limit { max: ByteCount::new(max), held: ByteCount::new(held) }))
}

fn number(text: &str, path: &Path) -> Result<u64, TelemetryError> {
    let fail = |_| TelemetryError::malformed(path, format!("{:?} is no number", text.trim()));
    text.trim().parse().map_err(fail)
}
