//! How much memory of its own a card of Intel has.

use std::path::{Path, PathBuf};

use super::folder::{Folder, number};
use crate::bytes::ByteCount;
use crate::identity::PciAddress;

/// The first that the kernel states: what may be handed out to cgroups, the size of each tile (xe), or of the card (i915
/// in some versions). The latter two are what is soldered on, of which firmware keeps a part. Kernels before 6.14 may
/// state none, and a container sees no cgroup's capacity.
pub(super) fn total(root: &Path, folder: &Folder, pci: PciAddress) -> Option<ByteCount> {
    let stated = capacity(root, pci).or_else(|| tiles(folder)).or_else(|| card(folder))?;
    Some(ByteCount::new(stated)).filter(|&bytes| bytes > ByteCount::ZERO)
}

/// Lines are `drm/0000:03:00.0/vram0 12345`, one for each tile.
fn capacity(root: &Path, pci: PciAddress) -> Option<u64> {
    let text = std::fs::read_to_string(root.join("sys/fs/cgroup/dmem.capacity")).ok()?;
    let regions = text.lines().filter_map(|line| {
        let (address, rest) = line.strip_prefix("drm/")?.split_once('/')?;
        let (region, bytes) = rest.split_once(' ')?;
        let is_ours = address.parse().ok() == Some(pci) && region.starts_with("vram");
        if is_ours { number(bytes) } else { None }
    });
    regions.reduce(u64::saturating_add)
}

fn tiles(folder: &Folder) -> Option<u64> {
    let tile = |tile: PathBuf| {
        ["physical_vram_size_bytes", "memory/physical_vram_size_bytes"]
            .iter()
            .find_map(|name| read(&tile.join(name)))
    };
    folder.folders("", "tile").into_iter().filter_map(tile).reduce(u64::saturating_add)
}

fn card(folder: &Folder) -> Option<u64> {
    folder.folders("drm", "card").iter().find_map(|card| read(&card.join("lmem_total_bytes")))
}

fn read(path: &Path) -> Option<u64> {
    number(&std::fs::read_to_string(path).ok()?)
}
