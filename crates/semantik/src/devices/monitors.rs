//! [`Monitors`]: which source tells a device's memory best.

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, BurnDevice, Card, VisibleCards};
use gpu_telemetry::{CardIdentity, CudaMonitor, DrmMonitor, HostMonitor, MemoryMonitor, NvmlLibrary};
#[cfg(feature = "wgpu")]
use gpu_telemetry::WgpuMonitor;

use super::joined::Joined;

/// Finds monitors. The drivers' libraries are loaded once.
#[derive(Debug)]
pub(crate) struct Monitors {
    nvml: Option<NvmlLibrary>,
    visible: VisibleCards,
}

impl Monitors {
    pub(crate) fn new(visible: VisibleCards) -> Self {
        Monitors { nvml: NvmlLibrary::load().ok(), visible }
    }

    /// Of a device that is listed and not opened.
    pub(crate) fn of_listed(&self, info: &BackendInfo) -> Option<Arc<dyn MemoryMonitor>> {
        if !info.present {
            return None;
        }
        if info.backend == Backend::Cpu || info.software {
            return host();
        }
        let card = self.card_of_listed(info);
        #[cfg(feature = "wgpu")]
        let graphics = embed_burn::adapter(info, &self.visible)
            .and_then(|adapter| WgpuMonitor::new(&adapter).ok())
            .map(|monitor| Arc::new(monitor) as Arc<dyn MemoryMonitor>);
        #[cfg(not(feature = "wgpu"))]
        let graphics = None;
        self.choose(card, graphics, info.host_memory)
    }

    /// Of an open device: also what this process holds of it, where the graphics API tells.
    pub(crate) fn of_open(&self, device: &BurnDevice) -> Option<Arc<dyn MemoryMonitor>> {
        if device.backend() == Backend::Cpu || device.is_software() {
            return host();
        }
        let card = device.card().map(identity);
        #[cfg(feature = "wgpu")]
        let graphics = device.graphics().and_then(|handles| {
            let monitor = WgpuMonitor::new(&handles.adapter).ok()?.with_device(&handles.device);
            Some(Arc::new(monitor) as Arc<dyn MemoryMonitor>)
        });
        #[cfg(not(feature = "wgpu"))]
        let graphics = None;
        self.choose(card, graphics, device.is_host_memory())
    }

    /// The card's driver sees everyone on it; the graphics API knows what it grants this process. Where both are there,
    /// both are believed.
    fn choose(
        &self,
        card: Option<CardIdentity>,
        graphics: Option<Arc<dyn MemoryMonitor>>,
        host_memory: bool,
    ) -> Option<Arc<dyn MemoryMonitor>> {
        let driver = card.and_then(|card| self.of_card(&card));
        let driver = driver.or_else(|| if host_memory { host() } else { None });
        match (driver, graphics) {
            (Some(driver), Some(graphics)) => Some(Arc::new(Joined::new(driver, graphics))),
            (one, other) => one.or(other),
        }
    }

    /// What the card's own driver tells.
    fn of_card(&self, card: &CardIdentity) -> Option<Arc<dyn MemoryMonitor>> {
        let pci = card.pci?;
        let nvidia = self.nvml.as_ref().and_then(|library| CudaMonitor::at(library, pci).ok());
        if let Some(monitor) = nvidia {
            return Some(Arc::new(monitor));
        }
        let kernel = DrmMonitor::at(pci).ok()?;
        // A kernel driver that tells nothing of memory is no monitor.
        kernel.sample().ok().filter(|sample| sample.total().is_some())?;
        Some(Arc::new(kernel))
    }
}

fn host() -> Option<Arc<dyn MemoryMonitor>> {
    let monitor = HostMonitor::new();
    // A system that cannot tell has no monitor, rather than one that always fails.
    monitor.sample().ok()?;
    Some(Arc::new(monitor))
}

/// The same card in telemetry's words. An address that cannot be read is no identity.
fn identity(card: &Card) -> CardIdentity {
    CardIdentity {
        pci: card.pci.as_deref().and_then(|pci| pci.parse().ok()),
        luid: card.luid,
        registry_id: card.registry_id,
    }
}
