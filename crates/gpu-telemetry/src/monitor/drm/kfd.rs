//! A card of AMD as the kernel's driver for compute knows it: `/sys/class/kfd`, whose way to the card is `/dev/kfd`.

use std::path::{Path, PathBuf};

use super::folder::number;
use crate::bytes::ByteCount;
use crate::identity::PciAddress;
use crate::monitor::process::{self, DeviceProcess, ProcessKind};

/// A card, or a partition of one, among what computes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Which partition of its card; 0 also for a card that is not divided.
    pub(super) partition: u64,
    /// The number of its file `/dev/dri/renderD<number>`.
    pub(super) render: Option<u64>,
    id: u64,
    folder: PathBuf,
    /// Where each process that computes has a folder; absent where those are not ours to read. They are named by the host's
    /// process ids, and in a container ours is another process's there.
    processes: Option<PathBuf>,
}

/// The host's namespace of process ids: its number is fixed in the kernel.
const HOST: &str = "pid:[4026531836]";

/// The nodes of the card at an address that this process may see: one, or one for each partition, in their order.
pub(super) fn nodes(root: &Path, pci: PciAddress) -> Vec<Node> {
    let kfd = root.join("sys/class/kfd/kfd");
    let namespace = std::fs::read_link(root.join("proc/self/ns/pid")).ok();
    let processes = namespace.filter(|namespace| namespace == Path::new(HOST)).map(|_| kfd.join("proc"));
    let entries = std::fs::read_dir(kfd.join("topology/nodes")).into_iter().flatten().flatten();
    let mut nodes: Vec<Node> =
        entries.filter_map(|entry| Node::read(root, pci, entry.path(), processes.clone())).collect();
    nodes.sort_by_key(|node| node.partition);
    nodes
}

impl Node {
    /// The node in a folder, if it is of the card. Those of cards that are not given to this container cannot be read.
    fn read(root: &Path, pci: PciAddress, folder: PathBuf, processes: Option<PathBuf>) -> Option<Self> {
        let properties = std::fs::read_to_string(folder.join("properties")).ok()?;
        // Processors are nodes too, with the number 0.
        let id = number(&std::fs::read_to_string(folder.join("gpu_id")).ok()?).filter(|id| *id > 0)?;
        let location = property(&properties, "location_id")?;
        if property(&properties, "domain").unwrap_or(0) != u64::from(pci.domain) {
            return None;
        }
        // The number of the partition is in the topmost four bits, or in place of the function.
        let (partition, bus_device, function) = (location >> 28 & 0xf, location >> 3 & 0x1fff, location & 7);
        if bus_device != (u64::from(pci.bus) << 5 | u64::from(pci.device)) {
            return None;
        }
        let own = u64::from(pci.function);
        let partition = match function.checked_sub(own)? {
            0 => partition,
            above if is_no_function(root, pci, function) => above,
            // A card of its own.
            _ => return None,
        };
        let render = property(&properties, "drm_render_minor").filter(|minor| *minor > 0);
        Some(Node { partition, render, id, folder, processes })
    }

    /// The memory that it has, summed over its banks on the card; absent where none is told.
    pub(super) fn total(&self) -> Option<ByteCount> {
        let size = |bank: PathBuf| {
            let properties = std::fs::read_to_string(bank.join("properties")).ok()?;
            // 1 and 2 are the card's own memory, as the host sees it or not; 0 is the host's.
            matches!(property(&properties, "heap_type")?, 1 | 2)
                .then(|| property(&properties, "size_in_bytes"))
                .flatten()
        };
        let sum = self.banks().into_iter().filter_map(size).reduce(u64::saturating_add)?;
        if sum > 0 { Some(ByteCount::new(sum)) } else { None }
    }

    /// What everyone uses of it, where this kernel counts by partition.
    pub(super) fn used(&self) -> Option<ByteCount> {
        let used = |bank: PathBuf| number(&std::fs::read_to_string(bank.join("used_memory")).ok()?);
        self.banks().into_iter().filter_map(used).reduce(u64::saturating_add).map(ByteCount::new)
    }

    fn banks(&self) -> Vec<PathBuf> {
        let banks = std::fs::read_dir(self.folder.join("mem_banks")).into_iter().flatten().flatten();
        banks.map(|bank| bank.path()).collect()
    }

    /// What this process holds, or `None` while it does not compute this way.
    pub(super) fn process_used(&self) -> Option<ByteCount> {
        let folder = self.processes.as_ref()?.join(std::process::id().to_string());
        self.held(&folder)
    }

    /// Every process that computes this way.
    pub(super) fn everyone(&self, root: &Path) -> Vec<DeviceProcess> {
        let entries =
            self.processes.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let one = |entry: std::fs::DirEntry| {
            let pid = u32::try_from(number(entry.file_name().to_str()?)?).ok()?;
            // Each process that computes on any card has a file for each.
            let used = self.held(&entry.path()).filter(|used| *used > ByteCount::ZERO)?;
            let name = process::name(root, pid);
            Some(DeviceProcess { pid, name, used: Some(used), kind: Some(ProcessKind::Compute) })
        };
        entries.filter_map(one).collect()
    }

    fn held(&self, process: &Path) -> Option<ByteCount> {
        let path = process.join(format!("vram_{}", self.id));
        number(&std::fs::read_to_string(path).ok()?).map(ByteCount::new)
    }
}

/// Whether the bus has nothing at this function of the card's slot.
fn is_no_function(root: &Path, pci: PciAddress, function: u64) -> bool {
    let Ok(function) = u8::try_from(function) else { return false };
    let other = PciAddress { function, ..pci };
    !root.join("sys/bus/pci/devices").join(other.to_string()).exists()
}

/// The value of a line `name value`.
fn property(properties: &str, name: &str) -> Option<u64> {
    properties.lines().find_map(|line| number(line.strip_prefix(name)?.strip_prefix(' ')?))
}
