//! The memory of a card that is a NUMA node of the host, as that of GH200 and GB200.

use std::path::Path;

use crate::bytes::ByteCount;
use crate::identity::PciAddress;

/// The node that a card's memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node(u32);

impl Node {
    /// As the driver tells: lines `Node: 1` and `Status: online`. Most cards are none.
    pub(super) fn of(root: &Path, pci: PciAddress) -> Option<Self> {
        let path = root.join(format!("proc/driver/nvidia/gpus/{pci}/numa_status"));
        let text = std::fs::read_to_string(path).ok()?;
        let value = |wanted: &str| {
            text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim())
            })
        };
        let node = value("Node")?.parse().ok()?;
        value("Status")?.eq_ignore_ascii_case("online").then_some(Node(node))
    }

    /// What the kernel would give back of it: file cache that it put there, and slabs. NVML counts both as used.
    pub(super) fn reclaimable(self, root: &Path) -> ByteCount {
        let Node(node) = self;
        let path = root.join(format!("sys/devices/system/node/node{node}/meminfo"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // Lines are `Node 1 Inactive(file):   1024 kB`.
        let kib = |wanted: &str| {
            text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                if name.split_whitespace().nth(2)? != wanted {
                    return None;
                }
                value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
            })
        };
        let parts = ["Active(file)", "Inactive(file)", "SReclaimable"];
        let kib = parts.iter().filter_map(|part| kib(part)).fold(0, u64::saturating_add);
        ByteCount::KIB.saturating_mul(kib)
    }
}
