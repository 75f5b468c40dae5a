//! Partitions of a card of AMD, each with memory of its own.

use super::DrmMonitor;
use super::card;
use super::folder::Folder;
use super::kfd::{self, Node};
use crate::error::TelemetryError;

impl DrmMonitor {
    /// The partitions of a divided card that this process may see, each with memory of its own; none where it is not divided.
    pub fn partitions(&self) -> Vec<Result<DrmMonitor, TelemetryError>> {
        let card = match card::at(&self.root, self.card) {
            Some(card) if self.is_partition => card,
            _ => return Vec::new(),
        };
        let open = |node| DrmMonitor::open(self.root.clone(), self.card, &card, Some(node), true);
        kfd::nodes(&self.root, self.card).into_iter().map(open).collect()
    }

    /// Which partition of its card it is, counted from 0; `None` where the card is not divided.
    pub fn partition(&self) -> Option<u64> {
        self.node.as_ref().filter(|_| self.is_partition).map(|node| node.partition)
    }

    /// What its kernel no longer tells.
    pub(super) fn lost_partition(&self, what: &'static str) -> TelemetryError {
        let message = if self.folder.is_there() {
            format!("the kernel no longer tells {what}")
        } else {
            "it is not on the bus any more".to_owned()
        };
        TelemetryError::lost(&*self.name, message)
    }
}

/// Whether a card of AMD is divided: by its nodes, or by what it says of itself where they cannot be seen.
pub(super) fn is_divided(folder: &Folder, nodes: &[Node]) -> bool {
    let mode = |name, whole| folder.text(name).is_some_and(|mode| mode != whole && mode != "UNKNOWN");
    nodes.len() > 1
        || nodes.iter().any(|node| node.partition > 0)
        || mode("current_compute_partition", "SPX")
        || mode("current_memory_partition", "NPS1")
}
