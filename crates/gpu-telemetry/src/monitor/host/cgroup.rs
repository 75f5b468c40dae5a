//! Memory limits of the cgroups that this process is in.

mod hierarchy;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use self::hierarchy::LOOK_AGAIN;
pub(in crate::monitor) use self::hierarchy::{Found, Hierarchy};
use super::proc_file::Files;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// One cgroup's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) max: ByteCount,
    /// What is charged to it and cannot be reclaimed.
    pub(super) held: ByteCount,
}

/// Which cgroups limit this process: looked for now and then, since it rarely changes and takes most of a sample's time.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<Option<(Instant, Arc<[Place]>)>>);

/// A cgroup that limits.
#[derive(Debug)]
struct Place {
    max: ByteCount,
    folder: PathBuf,
    names: &'static Names,
}

impl Limits {
    /// The limits of the process's cgroup and of each above it, in versions 1 and 2, with what is held of them now. Empty
    /// where nothing limits. A limit that is set or changed is noticed after a second at most.
    pub(super) fn read(
        &self,
        root: &Path,
        files: &Files,
        now: Instant,
    ) -> Result<Vec<Limit>, TelemetryError> {
        let places = self.places(root, files, now)?;
        places.iter().map(|place| Ok(Limit { max: place.max, held: held(files, place)? })).collect()
    }

    fn places(&self, root: &Path, files: &Files, now: Instant) -> Result<Arc<[Place]>, TelemetryError> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, places)) = &*found
            && now.saturating_duration_since(*at) < LOOK_AGAIN
        {
            return Ok(Arc::clone(places));
        }
        let places: Arc<[Place]> = look(root, files)?.into();
        *found = Some((now, Arc::clone(&places)));
        Ok(places)
    }
}

/// A copy looks for itself.
impl Clone for Limits {
    fn clone(&self) -> Self {
        Limits::default()
    }
}

fn look(root: &Path, files: &Files) -> Result<Vec<Place>, TelemetryError> {
    let Hierarchy { unified, memory } = hierarchy::look(root, files)?;
    let mut places = Vec::new();
    for (folders, names) in [(unified, &VERSION_2), (memory, &VERSION_1)] {
        for folder in folders {
            if let Some(max) = max(files, &folder, names)? {
                places.push(Place { max, folder, names });
            }
        }
    }
    Ok(places)
}

/// What the files of a cgroup are called.
#[derive(Debug)]
struct Names {
    /// Files that hold a limit each, of which the least counts. Above `memory.high` a process is slowed down until its memory
    /// was reclaimed: nothing that is worth running into.
    maxima: &'static [&'static str],
    /// The field of `memory.stat` for the least limit of this cgroup and all above it, also of those that cannot be seen from
    /// here.
    inherited: Option<&'static str>,
    current: &'static str,
    /// The fields of `memory.stat` for what the kernel takes back when the limit is reached: file cache, whether it was used
    /// lately or not, and slabs such as those of names and inodes. Of each list, the first that is there.
    reclaimable: &'static [&'static [&'static str]],
}

const VERSION_1: Names = Names {
    maxima: &["memory.limit_in_bytes"],
    inherited: Some("hierarchical_memory_limit"),
    current: "memory.usage_in_bytes",
    // With what is charged to the cgroups below, as the current use is. Slabs are not told apart in this version.
    reclaimable: &[&["total_inactive_file", "inactive_file"], &["total_active_file", "active_file"]],
};
const VERSION_2: Names = Names {
    maxima: &["memory.max", "memory.high"],
    inherited: None,
    current: "memory.current",
    reclaimable: &[&["inactive_file"], &["active_file"], &["slab_reclaimable"]],
};

/// Version 1 writes "no limit" as the largest multiple of a page: anything near 2⁶³ is none.
const NO_LIMIT: u64 = 1 << 62;

fn max(files: &Files, folder: &Path, names: &Names) -> Result<Option<ByteCount>, TelemetryError> {
    let mut least: Option<u64> = None;
    for name in names.maxima {
        let path = folder.join(name);
        let Some(text) = files.read(&path)? else { continue };
        // Kernels in user space write -1 where there is no limit.
        if !matches!(text.trim(), "max" | "-1") {
            least = least.into_iter().chain([number(&text, &path)?]).min();
        }
    }
    if let Some(name) = names.inherited {
        let stat = files.read(&folder.join("memory.stat"))?.unwrap_or_default();
        least = least.into_iter().chain(field(&stat, name)).min();
    }
    Ok(least.filter(|max| *max < NO_LIMIT).map(ByteCount::new))
}

/// What is charged and cannot be reclaimed.
fn held(files: &Files, place: &Place) -> Result<ByteCount, TelemetryError> {
    let Place { folder, names, .. } = place;
    let path = folder.join(names.current);
    let current = match files.read(&path)? {
        Some(text) => number(&text, &path)?,
        None => 0,
    };
    let stat = files.read(&folder.join("memory.stat"))?.unwrap_or_default();
    let first = |list: &&[&str]| list.iter().find_map(|name| field(&stat, name));
    let reclaimable = names.reclaimable.iter().filter_map(first).fold(0, u64::saturating_add);
    Ok(ByteCount::new(current.saturating_sub(reclaimable)))
}

/// The value of a line `name value`.
fn field(stat: &str, name: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn number(text: &str, path: &Path) -> Result<u64, TelemetryError> {
    let fail = |_| TelemetryError::malformed(path, format!("{:?} is no number", text.trim()));
    text.trim().parse().map_err(fail)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_new_limit_is_noticed_within_a_second_and_what_is_held_at_once() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("proc/self/cgroup", "0::/job\n");
        put("sys/fs/cgroup/job/memory.max", "100");
        put("sys/fs/cgroup/job/memory.current", "10");
        let (limits, files, start) = (Limits::default(), Files::default(), Instant::now());
        let read = |after: u64| {
            let now = start + Duration::from_millis(after);
            let limits = limits.read(root.path(), &files, now).unwrap();
            limits.iter().map(|limit| (limit.max.get(), limit.held.get())).collect::<Vec<_>>()
        };
        assert_eq!(read(0), [(100, 10)]);
        put("sys/fs/cgroup/job/memory.current", "20");
        put("sys/fs/cgroup/job/memory.max", "50");
        assert_eq!(read(999), [(100, 20)]);
        assert_eq!(read(1000), [(50, 20)]);
        put("proc/self/cgroup", "0::/elsewhere\n");
        assert_eq!(read(1999), [(50, 20)]);
        assert_eq!(read(2000), []);
        assert_eq!(limits.clone().read(root.path(), &files, start).unwrap(), [], "a copy looks for itself");
    }
}
