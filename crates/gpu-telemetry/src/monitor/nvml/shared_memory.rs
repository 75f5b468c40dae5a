//! Whether a card whose memory its driver does not tell has none of its own.

use std::path::Path;

use super::CudaMonitor;
use crate::visible::is_integrated;

impl CudaMonitor {
    /// Whether something agrees that the card uses the host's memory. That its driver does not support the question alone says
    /// nothing: virtual cards and cards in trouble answer so too. Looked for once.
    pub(super) fn uses_host_memory(&self) -> bool {
        *self.shares.get_or_init(|| {
            is_tegra(self.root())
                || is_integrated(&self.library.files().cuda_file(), self.pci, self.own_uuid())
        })
    }
}

/// Whether the machine is built around one of NVIDIA's systems on a chip, by its device tree: a list of names, each with an
/// end.
fn is_tegra(root: &Path) -> bool {
    ["proc/device-tree/compatible", "sys/firmware/devicetree/base/compatible"].iter().any(|file| {
        let names = std::fs::read(root.join(file)).unwrap_or_default();
        names.split(|byte| *byte == 0).any(|name| name.starts_with(b"nvidia,tegra"))
    })
}
