//! Who uses a card, and what of it is this process's, where the driver's word can be trusted.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nvml_wrapper::{Device, Nvml};

use super::failure::{failure_of_known, known};
use super::raw::{self, List, Listed};
use crate::bytes::ByteCount;
use crate::error::{TelemetryError, TelemetryErrorKind};
use crate::monitor::process::{self, DeviceProcess, ProcessKind};
use crate::sample::Reason;

const WHAT: &str = "the processes that use it";

/// What this process uses, or why that is not known: the driver does not list it, tells no figure, or tells ids that may not
/// be ours.
pub(super) fn own_use(
    name: &str,
    nvml: &Nvml,
    device: &Device<'_>,
    root: &Path,
    seen: &Seen,
) -> Result<Result<ByteCount, Reason>, TelemetryError> {
    let mut listed = Vec::new();
    let mut failed = None;
    // What draws or computes by Vulkan is in a list of its own; what does both is in both, with the same figure. Clients of
    // the multi-process service are not in the other lists: its server is.
    for list in [List::Compute, List::Graphics, List::Mps] {
        if list == List::Mps && listed.iter().any(is_own) {
            break;
        }
        match known(name, WHAT, raw::processes(nvml, device, list))? {
            Ok(more) => listed.extend(more),
            // What the first list fails with says most.
            Err(reason) => failed = failed.or(Some(reason)),
        }
    }
    let Some(used) = listed.iter().filter(|process| is_own(process)).map(|process| process.used).max() else {
        return Ok(Err(failed.unwrap_or(Reason::NotInUse)));
    };
    if !seen.are_visible(&listed, root, Instant::now()) {
        return Ok(Err(Reason::OtherNamespace));
    }
    Ok(used.ok_or(Reason::NotTold))
}

/// Everyone that the driver lists.
pub(super) fn everyone(
    name: &str,
    nvml: &Nvml,
    device: &Device<'_>,
    root: &Path,
) -> Result<Vec<DeviceProcess>, TelemetryError> {
    let mut listed = Vec::new();
    let mut failed = None;
    let lists = [
        (List::Compute, ProcessKind::Compute),
        (List::Graphics, ProcessKind::Graphics),
        (List::Mps, ProcessKind::Compute),
    ];
    let mut answered = false;
    for (list, kind) in lists {
        match raw::processes(nvml, device, list) {
            Ok(more) => {
                answered = true;
                listed.extend(more.into_iter().map(|process| (process, kind)));
            }
            Err(error) => {
                let error = failure_of_known(name, WHAT, error);
                if error.kind() == TelemetryErrorKind::Lost {
                    return Err(error);
                }
                failed = failed.or(Some(error));
            }
        }
    }
    if let Some(error) = failed.filter(|_| !answered) {
        return Err(error);
    }
    let entries: Vec<Listed> = listed.iter().map(|(process, _)| *process).collect();
    // A number that is somebody else's here would get the wrong name.
    let named = are_visible(&entries, root);
    let one = |(process, kind): (Listed, ProcessKind)| DeviceProcess {
        pid: process.pid,
        name: if named { process::name(root, process.pid) } else { None },
        used: process.used,
        kind: Some(kind),
    };
    Ok(process::merged(listed.into_iter().map(one)))
}

/// Ids that were those of processes here a moment ago: on a card that many use, to look at each takes most of a sample's time.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Option<(Instant, Vec<u32>)>>);

/// Ids are given anew far more slowly.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Seen {
    fn are_visible(&self, listed: &[Listed], root: &Path, now: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, ids)) = &*seen
            && now.saturating_duration_since(*at) < LOOK_AGAIN
            && listed.iter().all(|process| ids.contains(&process.pid))
        {
            return true;
        }
        let are_visible = are_visible(listed, root);
        *seen = are_visible.then(|| (now, listed.iter().map(|process| process.pid).collect()));
        are_visible
    }
}

/// A copy looks for itself.
impl Clone for Seen {
    fn clone(&self) -> Self {
        Seen::default()
    }
}

fn is_own(process: &Listed) -> bool {
    process.pid == std::process::id()
}

/// Whether the ids are those of processes here, which has to hold for all of a list before ours is taken from it.
///
/// In a container, newer drivers translate ids and list what is in it; older ones, and drivers that see a sandbox from
/// outside, tell the machine's ids, where our number may be somebody else's. If this card is in use from here, then our true
/// id is in such a list as well, and most likely nobody here has it. Whether this is a container cannot be asked instead:
/// sandboxes give themselves out as the machine.
fn are_visible(listed: &[Listed], root: &Path) -> bool {
    let is_visible =
        |process: &Listed| is_own(process) || root.join(format!("proc/{}", process.pid)).exists();
    cfg!(not(target_os = "linux")) || listed.iter().all(is_visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_looked_at_again_after_a_second_and_new_ones_at_once() {
        let root = tempfile::tempdir().unwrap();
        let process = |pid: u32| root.path().join(format!("proc/{pid}"));
        std::fs::create_dir_all(process(7)).unwrap();
        let list = |ids: &[u32]| ids.iter().map(|&pid| Listed { pid, used: None }).collect::<Vec<_>>();
        let (seen, start) = (Seen::default(), Instant::now());
        let visible =
            |ids, millis| seen.are_visible(&list(ids), root.path(), start + Duration::from_millis(millis));
        assert!(visible(&[7], 0) && !visible(&[7, 8], 1), "8 is not here");
        assert!(visible(&[7], 2));
        std::fs::remove_dir(process(7)).unwrap();
        assert!(visible(&[7], 1001) && !visible(&[7], 1003));
    }
}
