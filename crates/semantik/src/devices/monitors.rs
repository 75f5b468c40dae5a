//! [`Monitors`]: which source tells a device's memory best.

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, BurnDevice, Card, VisibleCards};
#[cfg(feature = "wgpu")]
use gpu_telemetry::WgpuMonitor;
use gpu_telemetry::{
    CardIdentity, CardVendor, CudaMonitor, DrmMonitor, HostMonitor, MemoryMonitor, NvmlLibrary,
    ScriptedMonitor, TelemetryError, VisibleCard, VisibleCards as Listed, drm_cards,
};

use super::joined::Joined;

type Shared = Arc<dyn MemoryMonitor>;

/// Finds monitors. The drivers' libraries are loaded once.
#[derive(Debug)]
pub(super) struct Monitors {
    nvml: Result<NvmlLibrary, TelemetryError>,
    visible: VisibleCards,
    /// The cards in CUDA's order, once a device of CUDA asks for it.
    cuda: std::cell::OnceCell<Vec<VisibleCard>>,
}

impl Monitors {
    pub(super) fn new(visible: VisibleCards) -> Self {
        Monitors { nvml: NvmlLibrary::load(), visible, cuda: std::cell::OnceCell::new() }
    }

    /// NVIDIA's library, or why it cannot be asked.
    pub(super) fn nvml(&self) -> Result<&NvmlLibrary, &TelemetryError> {
        self.nvml.as_ref()
    }

    /// Of a device that is listed and not opened.
    pub(super) fn of_listed(&self, info: &BackendInfo) -> Option<Shared> {
        if !info.present {
            return None;
        }
        if info.backend == Backend::Cpu || info.software {
            return host();
        }
        if let (Backend::Cuda, Some(index)) = (info.backend, info.index) {
            return Some(self.of_cuda(self.in_cuda_order().get(index as usize)?));
        }
        if info.backend == Backend::Rocm {
            return self.of_card(&only_card_of_amd()?);
        }
        #[cfg(feature = "wgpu")]
        let graphics = embed_burn::adapter(info, &self.visible)
            .and_then(|adapter| WgpuMonitor::new(&adapter).ok())
            .map(|monitor| Arc::new(monitor) as Shared);
        #[cfg(not(feature = "wgpu"))]
        let graphics = None;
        self.choose(info.card.as_ref().map(identity), graphics, info.host_memory)
    }

    /// Of an open device: also what this process holds of it, where the graphics API tells.
    pub(super) fn of_open(&self, device: &BurnDevice) -> Option<Shared> {
        if device.backend() == Backend::Cpu || device.is_software() {
            return host();
        }
        let card = device.card().map(identity);
        if device.backend() == Backend::Cuda
            && let Some(card) = card
        {
            // CUDA may show one instance of the card only.
            let shown = self.in_cuda_order().iter().find(|shown| shown.identity().is_same_card(&card));
            if let Some(shown) = shown {
                return Some(self.of_cuda(shown));
            }
        }
        #[cfg(feature = "wgpu")]
        let graphics = device.graphics().and_then(|handles| {
            let monitor = WgpuMonitor::new(&handles.adapter).ok()?.with_device(&handles.device);
            Some(Arc::new(monitor) as Shared)
        });
        #[cfg(not(feature = "wgpu"))]
        let graphics = None;
        self.choose(card, graphics, device.is_host_memory())
    }

    /// What the card's own driver tells. A driver that tells nothing of memory is no monitor.
    pub(super) fn of_card(&self, card: &CardIdentity) -> Option<Shared> {
        let pci = card.pci?;
        if let Some(Ok(card)) = self.nvml().ok().map(|library| CudaMonitor::at(library, pci)) {
            return Some(limited(card));
        }
        let kernel = DrmMonitor::at(pci).ok()?;
        kernel.sample().ok().filter(|sample| sample.total().is_some())?;
        Some(Arc::new(kernel))
    }

    /// The card's driver sees everyone on it; the graphics API knows what it grants this process. Where both are there,
    /// both are believed.
    fn choose(
        &self,
        card: Option<CardIdentity>,
        graphics: Option<Shared>,
        host_memory: bool,
    ) -> Option<Shared> {
        let driver = card.and_then(|card| self.of_card(&card));
        let driver = driver.or_else(|| if host_memory { host() } else { None });
        match (driver, graphics) {
            (Some(driver), Some(graphics)) => Some(Arc::new(Joined::new(driver, graphics))),
            (one, other) => one.or(other),
        }
    }

    /// Of what CUDA computes on, a card or one instance of it. Where that cannot be watched, nothing else stands for it: the
    /// whole card has more than the instance.
    fn of_cuda(&self, shown: &VisibleCard) -> Shared {
        let library = self.nvml().map_err(Clone::clone);
        match library.and_then(|library| CudaMonitor::visible(library, shown)) {
            Ok(monitor) => limited(monitor),
            Err(error) => failing(error),
        }
    }

    fn in_cuda_order(&self) -> &[VisibleCard] {
        self.cuda.get_or_init(|| {
            Listed::of_cuda().ok().and_then(|shown| Some(shown.cards()?.to_vec())).unwrap_or_default()
        })
    }
}

/// A listed device's name. CUDA's devices are not opened to be listed, and their cards' driver knows their names all the same;
/// what only says why there is no monitor knows none.
pub(super) fn name(info: &BackendInfo, monitor: Option<&Shared>) -> String {
    let card = monitor.filter(|monitor| info.backend == Backend::Cuda && monitor.identity().is_some());
    card.map_or_else(|| info.name.clone(), |card| card.name().to_owned())
}

/// With the limit of CUDA's multi-process service. Where that cannot be read, the driver's own numbers are not safe to use,
/// and the reason is told instead.
pub(super) fn limited(monitor: CudaMonitor) -> Shared {
    match monitor.limited_by_mps() {
        Ok(monitor) => Arc::new(monitor),
        Err(error) => failing(error),
    }
}

/// A monitor that says why there is none.
pub(super) fn failing(error: TelemetryError) -> Shared {
    Arc::new(ScriptedMonitor::new([Err(error)]))
}

/// The card of AMD, where there is but one: ROCm's numbers are of its own order.
fn only_card_of_amd() -> Option<CardIdentity> {
    let cards = drm_cards("/").ok()?;
    let mut cards = cards.iter().filter(|card| card.vendor == CardVendor::Amd);
    let only = cards.next()?.identity;
    cards.next().is_none().then_some(only)
}

/// A system that cannot tell has no monitor, rather than one that always fails.
pub(super) fn host() -> Option<Shared> {
    let monitor = HostMonitor::new();
    monitor.sample().ok()?;
    Some(Arc::new(monitor))
}

/// The same card in telemetry's words. An address that cannot be read is no identity.
pub(super) fn identity(card: &Card) -> CardIdentity {
    CardIdentity {
        pci: card.pci.as_deref().and_then(|pci| pci.parse().ok()),
        luid: card.luid,
        registry_id: card.registry_id,
    }
}
