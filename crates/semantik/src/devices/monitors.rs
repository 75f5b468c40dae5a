//! [`Monitors`]: which source tells a device's memory best.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use embed_burn::{Backend, BackendInfo, BurnDevice, Card, VisibleCards};
#[cfg(feature = "wgpu")]
use gpu_telemetry::WgpuMonitor;
use gpu_telemetry::{
    CardIdentity, CardVendor, CudaMonitor, DrmMonitor, HostMonitor, Joined, MemoryMonitor, NvmlLibrary,
    Sampler, ScriptedMonitor, TelemetryError, VisibleCard, VisibleCards as Listed, drm_cards,
};

use super::files::driver_files;

type Shared = Arc<dyn MemoryMonitor>;

/// How often a driver is asked while nobody does, and how long a batch waits for an answer at most.
const BEAT: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(100);
/// The latest is all that is looked at.
const REMEMBERED: usize = 4;

/// Finds monitors. The drivers' libraries are loaded once, and none before a card is asked for.
#[derive(Debug)]
pub(super) struct Monitors {
    nvml: OnceCell<Result<NvmlLibrary, TelemetryError>>,
    /// Which cards graphics APIs may show.
    #[cfg_attr(not(feature = "wgpu"), allow(dead_code))]
    visible: VisibleCards,
    /// The cards in CUDA's order, once a device of CUDA asks for it.
    cuda: OnceCell<Vec<VisibleCard>>,
}

impl Monitors {
    pub(super) fn new(visible: VisibleCards) -> Self {
        Monitors { nvml: OnceCell::new(), visible, cuda: OnceCell::new() }
    }

    /// NVIDIA's library, or why it cannot be asked.
    fn nvml(&self) -> Result<&NvmlLibrary, &TelemetryError> {
        self.nvml.get_or_init(|| NvmlLibrary::of(&driver_files())).as_ref()
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
            return Some(self.of_rocm(info.card.as_ref().map(identity)));
        }
        #[cfg(feature = "wgpu")]
        let graphics = embed_burn::adapter(info, &self.visible)
            .and_then(|adapter| WgpuMonitor::new(&adapter).ok())
            .map(|monitor| Arc::new(monitor) as Shared);
        #[cfg(not(feature = "wgpu"))]
        let graphics = None;
        self.choose(info.card.as_ref().map(identity), graphics, info.host_memory)
    }

    /// Of an open device: also what this process holds of it, where the graphics API tells. A driver is asked on a thread of
    /// its own, so that one that hangs holds up no batch.
    pub(super) fn of_open(&self, device: &BurnDevice) -> Option<Shared> {
        let monitor = self.asked_directly(device)?;
        // Without a thread to give, the system is in worse trouble than a driver that hangs.
        let started = Sampler::builder(Arc::clone(&monitor))
            .interval(BEAT)
            .deadline(PATIENCE)
            .remember(REMEMBERED)
            .start();
        Some(match started {
            Ok(sampler) => Arc::new(sampler),
            Err(_) => monitor,
        })
    }

    fn asked_directly(&self, device: &BurnDevice) -> Option<Shared> {
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
        if device.backend() == Backend::Rocm {
            return Some(self.of_rocm(card));
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
            return Some(Arc::new(card));
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
            Ok(monitor) => Arc::new(monitor),
            Err(error) => failing(error),
        }
    }

    /// Of a device of ROCm, by its card's place on the bus. Its numbers are of an order of its own, so where the place is not
    /// known and there are several cards, the reason is all there is.
    fn of_rocm(&self, card: Option<CardIdentity>) -> Shared {
        let card = card.filter(|card| card.pci.is_some());
        match card.map_or_else(only_card_of_amd, Ok) {
            Ok(card) => self.of_card(&card).unwrap_or_else(|| {
                failing(TelemetryError::absent("the kernel tells no memory of this card in sysfs"))
            }),
            Err(error) => failing(error),
        }
    }

    fn in_cuda_order(&self) -> &[VisibleCard] {
        self.cuda.get_or_init(|| {
            Listed::of_cuda(&driver_files())
                .ok()
                .and_then(|shown| Some(shown.cards()?.to_vec()))
                .unwrap_or_default()
        })
    }
}

/// A listed device's name. CUDA's devices are not opened to be listed, and their cards' driver knows their names all the same;
/// what only says why there is no monitor knows none.
pub(super) fn name(info: &BackendInfo, monitor: Option<&Shared>) -> String {
    let card = monitor.filter(|monitor| info.backend == Backend::Cuda && monitor.identity().is_some());
    card.map_or_else(|| info.name.clone(), |card| card.name().to_owned())
}

/// A monitor that says why there is none.
pub(super) fn failing(error: TelemetryError) -> Shared {
    Arc::new(ScriptedMonitor::new([Err(error)]))
}

/// The card of AMD, where there is but one.
fn only_card_of_amd() -> Result<CardIdentity, TelemetryError> {
    only(drm_cards("/")?.into_iter().filter(|card| card.vendor == CardVendor::Amd).map(|card| card.identity))
}

fn only(cards: impl IntoIterator<Item = CardIdentity>) -> Result<CardIdentity, TelemetryError> {
    let cards: Vec<CardIdentity> = cards.into_iter().collect();
    match cards[..] {
        [card] => Ok(card),
        [] => Err(TelemetryError::absent("the bus has no card of AMD that this process can see")),
        _ => {
            let places: Vec<String> =
                cards.iter().filter_map(|card| card.pci).map(|pci| pci.to_string()).collect();
            Err(TelemetryError::absent(format!(
                "which of the {} cards of AMD this is ({}) is known only once it is opened: ROCm numbers them in an order of its own",
                cards.len(),
                places.join(", ")
            )))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_of_amd_is_it_and_of_two_the_reason_names_both() {
        let at = |pci: &str| CardIdentity::at(pci.parse().unwrap());
        assert_eq!(only([at("03:00.0")]).unwrap(), at("03:00.0"));
        let error = only([at("03:00.0"), at("c6:00.0")]).unwrap_err().to_string();
        for part in ["2 cards", "0000:03:00.0", "0000:c6:00.0", "once it is opened"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(only([]).unwrap_err().to_string().contains("no card of AMD"));
    }

    #[test]
    fn nothing_of_nvidias_is_loaded_before_a_card_is_asked_for() {
        let monitors = Monitors::new(VisibleCards::all());
        assert!(monitors.nvml.get().is_none() && monitors.cuda.get().is_none());
    }
}
