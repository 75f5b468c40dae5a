//! Memory limits of the cgroups that this process is in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::proc_file::Files;
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

/// Which cgroups limit this process: looked for now and then, since it rarely changes and takes most of a sample's time.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<Option<Found>>);

#[derive(Debug)]
struct Found {
    at: Instant,
    places: Arc<[Place]>,
}

/// A cgroup that limits.
#[derive(Debug)]
struct Place {
    max: ByteCount,
    folder: PathBuf,
    names: &'static Names,
}

/// A limit that is set or changed is noticed after this time at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Limits {
    /// The limits of the process's cgroup and of each above it, in versions 1 and 2, with what is held of them now. Empty
    /// where nothing limits.
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
        if let Some(found) = &*found
            && now.saturating_duration_since(found.at) < LOOK_AGAIN
        {
            return Ok(Arc::clone(&found.places));
        }
        let places: Arc<[Place]> = look(root, files)?.into();
        *found = Some(Found { at: now, places: Arc::clone(&places) });
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
    let Some(text) = files.read(&root.join("proc/self/cgroup"))? else { return Ok(Vec::new()) };
    let mut places = Vec::new();
    // Lines are `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers.
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        if controllers.is_empty() {
            let mount = root.join("sys/fs/cgroup");
            collect(files, &mount, path, &VERSION_2, &mut places)?;
            // Where both versions are mounted, the second is here.
            collect(files, &mount.join("unified"), path, &VERSION_2, &mut places)?;
        } else if controllers.split(',').any(|controller| controller == "memory") {
            collect(files, &root.join("sys/fs/cgroup/memory"), path, &VERSION_1, &mut places)?;
        }
    }
    Ok(places)
}

/// What the files of a cgroup are called.
#[derive(Debug)]
struct Names {
    max: &'static str,
    current: &'static str,
    /// The field of `memory.stat` for file cache that was not used lately.
    droppable: &'static str,
}

const VERSION_1: Names = Names {
    max: "memory.limit_in_bytes",
    current: "memory.usage_in_bytes",
    droppable: "total_inactive_file",
};
const VERSION_2: Names = Names { max: "memory.max", current: "memory.current", droppable: "inactive_file" };

/// Version 1 writes "no limit" as the largest multiple of a page: anything near 2⁶³ is none.
const NO_LIMIT: u64 = 1 << 62;

/// The cgroups that limit, from `path` up to `mount`. In a container, `path` may be the host's and not exist here: the walk
/// begins at the lowest folder that does.
fn collect(
    files: &Files,
    mount: &Path,
    path: &str,
    names: &'static Names,
    places: &mut Vec<Place>,
) -> Result<(), TelemetryError> {
    // A path with `..` is relative to another cgroup namespace, above what can be seen here.
    let start = if path.split('/').any(|part| part == "..") { mount.to_owned() } else { under(mount, path) };
    let mut folder: PathBuf = start;
    loop {
        if let Some(max) = max(files, &folder, names)? {
            places.push(Place { max, folder: folder.clone(), names });
        }
        if folder == mount || !folder.pop() || !folder.starts_with(mount) {
            return Ok(());
        }
    }
}

fn max(files: &Files, folder: &Path, names: &Names) -> Result<Option<ByteCount>, TelemetryError> {
    let path = folder.join(names.max);
    let Some(text) = files.read(&path)? else { return Ok(None) };
    if text.trim() == "max" {
        return Ok(None);
    }
    let max = number(&text, &path)?;
    Ok(if max >= NO_LIMIT { None } else { Some(ByteCount::new(max)) })
}

/// What is charged and cannot be dropped.
fn held(files: &Files, place: &Place) -> Result<ByteCount, TelemetryError> {
    let Place { folder, names, .. } = place;
    let path = folder.join(names.current);
    let current = match files.read(&path)? {
        Some(text) => number(&text, &path)?,
        None => 0,
    };
    let stat = files.read(&folder.join("memory.stat"))?.unwrap_or_default();
    let droppable = stat.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        if name == names.droppable { value.trim().parse::<u64>().ok() } else { None }
    });
    Ok(ByteCount::new(current.saturating_sub(droppable.unwrap_or(0))))
}

fn number(text: &str, path: &Path) -> Result<u64, TelemetryError> {
    let fail = |_| TelemetryError::malformed(path, format!("{:?} is no number", text.trim()));
    text.trim().parse().map_err(fail)
}

#[cfg(test)]
mod tests {
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
