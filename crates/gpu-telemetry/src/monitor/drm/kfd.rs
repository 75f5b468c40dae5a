//! What this process holds of a card of AMD through ROCm, whose way to the card is `/dev/kfd`.

use std::path::{Path, PathBuf};

use super::folder::number;
use crate::bytes::ByteCount;
use crate::identity::PciAddress;

/// The kernel's count for compute, of one card.
#[derive(Debug)]
pub(super) struct Kfd {
    /// Where each process that computes has a folder.
    processes: PathBuf,
    file: String,
}

impl Kfd {
    /// `None`: the card is none that computes this way, or the folders are not ours to read. They are named by the host's
    /// process ids, and in a container ours is another process's there.
    pub(super) fn of(root: &Path, pci: PciAddress) -> Option<Self> {
        let namespace = std::fs::read_link(root.join("proc/self/ns/pid")).ok()?;
        if namespace != Path::new(HOST) {
            return None;
        }
        let kfd = root.join("sys/class/kfd/kfd");
        let nodes = std::fs::read_dir(kfd.join("topology/nodes")).ok()?;
        let gpu = nodes.flatten().find_map(|node| gpu_id(&node.path(), pci))?;
        Some(Kfd { processes: kfd.join("proc"), file: format!("vram_{gpu}") })
    }

    /// What this process holds, or `None` while it does not compute this way.
    pub(super) fn process_used(&self) -> Option<ByteCount> {
        let path = self.processes.join(std::process::id().to_string()).join(&self.file);
        number(&std::fs::read_to_string(path).ok()?).map(ByteCount::new)
    }
}

/// The host's namespace of process ids: its number is fixed in the kernel.
const HOST: &str = "pid:[4026531836]";

/// The number of a card among those that compute, if this node is it. Processors are nodes too, with the number 0.
fn gpu_id(node: &Path, pci: PciAddress) -> Option<u64> {
    let properties = std::fs::read_to_string(node.join("properties")).ok()?;
    let property =
        |name: &str| properties.lines().find_map(|line| number(line.strip_prefix(name)?.strip_prefix(' ')?));
    let address = u64::from(pci.bus) << 8 | u64::from(pci.device) << 3 | u64::from(pci.function);
    let is_it =
        property("location_id")? == address && property("domain").unwrap_or(0) == u64::from(pci.domain);
    let id = number(&std::fs::read_to_string(node.join("gpu_id")).ok()?)?;
    if is_it && id > 0 { Some(id) } else { None }
}
