//! Limits that cgroups put on a card's own memory: the controller `dmem`, since Linux 6.14.

use std::path::Path;
use std::time::Instant;

use super::host::cgroup::Found;
use super::host::proc_file::Files;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::PciAddress;
use crate::sample::MemorySampleBuilder;

/// The tightest limit on a card's memory that this process is under, and what is left of the tightest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CardLimit {
    pub(super) max: ByteCount,
    /// The least that a cgroup still grants. It need not be that of the least limit.
    pub(super) room: ByteCount,
}

impl CardLimit {
    /// A card of this size and use, as far as the limit lets this process have it.
    pub(super) fn applied(
        self,
        card: MemorySampleBuilder,
        size: ByteCount,
        used: ByteCount,
    ) -> MemorySampleBuilder {
        let total = self.max.min(size);
        let free = self.room.min(size.saturating_sub(used)).min(total);
        card.total(total).free(free).used(total.saturating_sub(free)).budget(self.max)
    }
}

/// Reads a card's limits, again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct CardLimits {
    cgroups: Found,
    files: Files,
}

impl CardLimits {
    /// The limit of the process's cgroup and of each above it, or `None` where nothing limits the card.
    ///
    /// Files have a line `drm/0000:03:00.0/vram0 8589934592` or `nvidia/0000:41:00.0/vidmem max` for each region of each card.
    /// A card with several regions is limited where one of them is; the others then count with their whole size, which only the
    /// topmost cgroup tells. Where it cannot be seen, as in most containers, such a limit is not known and left out.
    pub(super) fn read(&self, root: &Path, card: PciAddress) -> Result<Option<CardLimit>, TelemetryError> {
        let cgroups = self.cgroups.read(root, &self.files, Instant::now())?;
        let folders = &cgroups.unified;
        let regions = |path: &Path| regions(&self.files, path, card);
        let mut tightest: Option<CardLimit> = None;
        for folder in folders {
            let Some(maxima) = regions(&folder.join("dmem.max"))? else { continue };
            if maxima.iter().all(|(_, max)| max.is_none()) {
                continue;
            }
            let held = regions(&folder.join("dmem.current"))?.unwrap_or_default();
            let sizes = folders.last().map(|top| regions(&top.join("dmem.capacity"))).transpose()?.flatten();
            let Some(here) = sum(&maxima, &held, &sizes.unwrap_or_default()) else { continue };
            tightest = Some(tightest.map_or(here, |least| CardLimit {
                max: least.max.min(here.max),
                room: least.room.min(here.room),
            }));
        }
        Ok(tightest)
    }
}

/// A region's name and its value; `None` for `max`.
type Region = (String, Option<ByteCount>);

fn sum(maxima: &[Region], held: &[Region], sizes: &[Region]) -> Option<CardLimit> {
    let of = |list: &[Region], name: &str| {
        list.iter().find(|(other, _)| other == name).and_then(|(_, bytes)| *bytes)
    };
    let mut sum = CardLimit { max: ByteCount::ZERO, room: ByteCount::ZERO };
    for (name, max) in maxima {
        let max = max.or_else(|| of(sizes, name))?;
        sum.max = sum.max.saturating_add(max);
        sum.room = sum.room.saturating_add(max.saturating_sub(of(held, name).unwrap_or_default()));
    }
    Some(sum)
}

/// The card's own memory in one of the files: not what the driver takes of the host's.
fn regions(files: &Files, path: &Path, card: PciAddress) -> Result<Option<Vec<Region>>, TelemetryError> {
    let Some(text) = files.read(path)? else { return Ok(None) };
    let mut regions = Vec::new();
    for line in text.lines() {
        let Some((region, value)) = line.trim().rsplit_once(' ') else { continue };
        let mut parts = region.trim().split('/').skip(1);
        let (Some(address), Some(name)) = (parts.next(), parts.next()) else { continue };
        let own = name.starts_with("vram") || name.starts_with("vidmem");
        if !own || address.parse::<PciAddress>().ok() != Some(card) {
            continue;
        }
        let bytes = match value {
            "max" => None,
            number => Some(ByteCount::new(number.parse().map_err(|_| {
                TelemetryError::malformed(path, format!("{number:?} of {region} is no number"))
            })?)),
        };
        regions.push((region.trim().to_owned(), bytes));
    }
    Ok(Some(regions))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::error::TelemetryErrorKind;

    const CARD: PciAddress = PciAddress { domain: 0, bus: 0x41, device: 0, function: 0 };
    const MIB: u64 = 1 << 20;

    /// A process two cgroups deep.
    fn tree(files: &[(&str, String)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("proc/self/cgroup", "0::/pod/job\n");
        for (path, text) in files {
            put(&format!("sys/fs/cgroup/{path}"), text);
        }
        root
    }

    fn mib(root: &TempDir) -> Option<(u64, u64)> {
        let limit = CardLimits::default().read(root.path(), CARD).unwrap()?;
        Some((limit.max.get() / MIB, limit.room.get() / MIB))
    }

    #[test]
    fn without_the_controller_nothing_limits() {
        assert_eq!(mib(&tree(&[])), None);
        assert_eq!(mib(&tree(&[("pod/job/dmem.max", String::new())])), None);
        assert_eq!(mib(&tree(&[("pod/job/dmem.max", "nvidia/0000:41:00.0/vidmem max\n".to_owned())])), None);
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(CardLimits::default().read(nothing.path(), CARD).unwrap(), None, "no proc at all");
    }

    #[test]
    fn the_tightest_limit_and_the_least_room_count() {
        let line = |mib: u64| format!("nvidia/0000:41:00.0/vidmem {}\n", mib * MIB);
        let root = tree(&[
            ("pod/job/dmem.max", line(500)),
            ("pod/job/dmem.current", line(100)),
            ("pod/dmem.max", line(900)),
            ("pod/dmem.current", line(700)),
        ]);
        assert_eq!(mib(&root), Some((500, 200)), "the pod's neighbours leave less than the job's limit");
    }

    #[test]
    fn other_cards_and_the_hosts_memory_do_not_count() {
        let text = format!(
            "drm/0000:03:00.0/vram0 {}\nnvidia/0000:42:00.0/vidmem 7\ndrm/0000:41:00.0/gtt 5\ndrm/0000:41:00.0/vram {}\n",
            2 * MIB,
            64 * MIB
        );
        assert_eq!(mib(&tree(&[("pod/job/dmem.max", text)])), Some((64, 64)));
    }

    #[test]
    fn a_region_without_limit_counts_with_its_size() {
        let max = format!("drm/0000:41:00.0/vram0 {}\ndrm/0000:41:00.0/vram1 max\n", 10 * MIB);
        let current = format!("drm/0000:41:00.0/vram0 {}\ndrm/0000:41:00.0/vram1 {}\n", 4 * MIB, 5 * MIB);
        let sizes = format!("drm/0000:41:00.0/vram0 {}\ndrm/0000:41:00.0/vram1 {}\n", 90 * MIB, 30 * MIB);
        let mut files = vec![("pod/job/dmem.max", max), ("pod/job/dmem.current", current)];
        assert_eq!(mib(&tree(&files)), None, "the size of the second region is not known");
        files.push(("dmem.capacity", sizes));
        assert_eq!(mib(&tree(&files)), Some((40, 31)));
    }

    #[test]
    fn more_held_than_allowed_leaves_no_room() {
        let root = tree(&[
            ("pod/dmem.max", format!("nvidia/00000000:41:00.0/vidmem {}\n", 5 * MIB)),
            ("pod/dmem.current", format!("nvidia/00000000:41:00.0/vidmem {}\n", 9 * MIB)),
        ]);
        assert_eq!(mib(&root), Some((5, 0)));
    }

    #[test]
    fn what_is_no_number_is_told_with_its_file() {
        let root = tree(&[("pod/job/dmem.max", "nvidia/0000:41:00.0/vidmem plenty\n".to_owned())]);
        let error = CardLimits::default().read(root.path(), CARD).unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Malformed);
        assert!(error.to_string().contains("dmem.max") && error.to_string().contains("plenty"), "{error}");
    }
}
