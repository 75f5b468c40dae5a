//! Which cgroups this process is in, as folders.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::proc_file::Files;
use super::super::under;
use crate::error::TelemetryError;

/// The folders of this process's cgroups, its own first and the topmost that can be seen last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::monitor) struct Hierarchy {
    /// Of version 2; empty where that version is not mounted.
    pub(in crate::monitor) unified: Vec<PathBuf>,
    /// Of the memory controller of version 1; empty where there is none.
    pub(super) memory: Vec<PathBuf>,
}

/// Looked for now and then, since it rarely changes and takes most of a sample's time.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Found(Mutex<Option<(Instant, Arc<Hierarchy>)>>);

/// A change is noticed after this time at most.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Found {
    pub(in crate::monitor) fn read(
        &self,
        root: &Path,
        files: &Files,
        now: Instant,
    ) -> Result<Arc<Hierarchy>, TelemetryError> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, hierarchy)) = &*found
            && now.saturating_duration_since(*at) < LOOK_AGAIN
        {
            return Ok(Arc::clone(hierarchy));
        }
        let hierarchy = Arc::new(look(root, files)?);
        *found = Some((now, Arc::clone(&hierarchy)));
        Ok(hierarchy)
    }
}

/// A copy looks for itself.
impl Clone for Found {
    fn clone(&self) -> Self {
        Found::default()
    }
}

pub(super) fn look(root: &Path, files: &Files) -> Result<Hierarchy, TelemetryError> {
    let Some(text) = files.read(&root.join("proc/self/cgroup"))? else { return Ok(Hierarchy::default()) };
    let mounts = files.read(&root.join("proc/self/mountinfo"))?.unwrap_or_default();
    let mounts: Vec<Mount<'_>> = mounts.lines().filter_map(Mount::read).collect();
    let mut hierarchy = Hierarchy::default();
    // Lines are `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers.
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        if controllers.is_empty() {
            // Where both versions are mounted, the second is in a folder of the first.
            let usual = root.join("sys/fs/cgroup");
            let beside = usual.join("unified");
            let usual = if beside.is_dir() { beside } else { usual };
            hierarchy.unified = folders(root, &mounts, |mount| mount.kind == "cgroup2", path, &usual);
        } else if controllers.split(',').any(is_memory) {
            let usual = root.join("sys/fs/cgroup/memory");
            let is_it = |mount: &Mount<'_>| mount.kind == "cgroup" && mount.options.split(',').any(is_memory);
            hierarchy.memory = folders(root, &mounts, is_it, path, &usual);
        }
    }
    Ok(hierarchy)
}

fn is_memory(controller: &str) -> bool {
    controller == "memory"
}

/// The folders from a cgroup up to where its hierarchy is mounted, by the list of mounts, else at the usual place.
fn folders(
    root: &Path,
    mounts: &[Mount<'_>],
    is_it: impl Fn(&Mount<'_>) -> bool,
    path: &str,
    usual: &Path,
) -> Vec<PathBuf> {
    // A mount may show a part of the hierarchy only; one that shows this process's is the better one.
    let shows = |mount: &&Mount<'_>| inside(&mount.shown, path).is_some();
    let candidates = || mounts.iter().filter(|mount| is_it(mount));
    match candidates().find(shows).or_else(|| candidates().next()) {
        Some(mount) => {
            levels(&under(root, &mount.place), inside(&mount.shown, path).as_deref().unwrap_or("/"))
        }
        None => levels(usual, path),
    }
}

/// A cgroup's path below what a mount shows, or `None` if it is elsewhere.
fn inside(shown: &str, path: &str) -> Option<String> {
    if shown == "/" {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix(shown)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| format!("/{}", rest.trim_start_matches('/')))
}

/// The folders from `path` up to `mount`. In a container, `path` may be the host's and not exist here: whoever reads takes a
/// folder that is not there as one that limits nothing.
fn levels(mount: &Path, path: &str) -> Vec<PathBuf> {
    // A path with `..` is relative to another cgroup namespace, above what can be seen here.
    let start = if path.split('/').any(|part| part == "..") { mount.to_owned() } else { under(mount, path) };
    start.ancestors().take_while(|folder| folder.starts_with(mount)).map(Path::to_owned).collect()
}

/// A line of `mountinfo`: `36 35 98:0 /shown /place rw,noatime master:1 - kind source options`.
struct Mount<'a> {
    shown: String,
    place: String,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (mount, kind) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (shown, place) = (unescaped(mount.next()?), unescaped(mount.next()?));
        let mut kind = kind.split(' ');
        Some(Mount { shown, place, kind: kind.next()?, options: kind.nth(1).unwrap_or_default() })
    }
}

/// Blanks and backslashes are written as three octal digits.
fn unescaped(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escaped, c) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        plain = plain.replace(escaped, c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cgroup: &str, mountinfo: &str) -> (Vec<String>, Vec<String>) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/self")).unwrap();
        std::fs::write(root.path().join("proc/self/cgroup"), cgroup).unwrap();
        std::fs::write(root.path().join("proc/self/mountinfo"), mountinfo).unwrap();
        let hierarchy = look(root.path(), &Files::default()).unwrap();
        let names = |folders: Vec<PathBuf>| -> Vec<String> {
            let name = |folder: PathBuf| folder.strip_prefix(root.path()).unwrap().display().to_string();
            folders.into_iter().map(name).collect()
        };
        (names(hierarchy.unified), names(hierarchy.memory))
    }

    const USUAL: &str = "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn a_hierarchy_is_where_it_is_mounted() {
        assert_eq!(
            found("0::/a/b\n", USUAL).0,
            ["sys/fs/cgroup/a/b", "sys/fs/cgroup/a", "sys/fs/cgroup"].map(str::to_owned)
        );
        let odd = "40 1 0:30 / /cgroups/v\\0402 rw - cgroup2 none rw\n41 1 0:31 / /dev/cg/mem rw - cgroup cgroup rw,memory,hugetlb\n";
        let (unified, memory) = found("5:memory,hugetlb:/m\n0::/x\n", odd);
        assert_eq!(unified, ["cgroups/v 2/x", "cgroups/v 2"].map(str::to_owned));
        assert_eq!(memory, ["dev/cg/mem/m", "dev/cg/mem"].map(str::to_owned));
    }

    #[test]
    fn a_mount_that_shows_a_part_is_taken_as_that_part() {
        let part = "40 1 0:30 /docker/abc /sys/fs/cgroup/memory ro master:3 - cgroup cgroup rw,memory\n";
        let memory = |path| found(&format!("3:memory:{path}\n"), part).1;
        let here = "sys/fs/cgroup/memory".to_owned();
        assert_eq!(memory("/docker/abc"), std::slice::from_ref(&here));
        assert_eq!(memory("/docker/abc/job"), ["sys/fs/cgroup/memory/job".to_owned(), here.clone()]);
        assert_eq!(memory("/docker/abcd"), std::slice::from_ref(&here), "another's");
        assert_eq!(memory("/../other"), [here]);
    }

    #[test]
    fn without_a_list_of_mounts_the_usual_places_count() {
        for nothing in ["", "nonsense\n", "1 2 3:4 / / rw - ext4 /dev/root rw\n"] {
            let (unified, memory) = found("4:memory:/a\n0::/\n", nothing);
            assert_eq!(unified, ["sys/fs/cgroup".to_owned()], "{nothing:?}");
            assert_eq!(memory, ["sys/fs/cgroup/memory/a", "sys/fs/cgroup/memory"].map(str::to_owned));
        }
    }
}
