//! [`WatchedDevice`]: what has memory, once, however many backends reach it.

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, backends_among};
use gpu_telemetry::{Card, CardIdentity, CardKind, Discovery, MemoryMonitor, PciAddress, TelemetryError};

use super::files::driver_files;
use super::monitors::{Monitors, failing, host, identity, name};
use super::visible::visible;

/// The name of what computes on the processor, or uses its memory.
const HOST: &str = "host";

/// The host, or a card, and what watches its memory.
#[derive(Clone, Debug)]
pub struct WatchedDevice {
    /// Its name, for people.
    pub name: String,
    /// What to give to `--backend` to compute on it; empty where no backend of this build reaches it.
    pub specs: Vec<String>,
    /// Gives its memory.
    pub monitor: Arc<dyn MemoryMonitor>,
}

/// The host and each card that can be watched, also those that no backend of this build can compute on and those that are
/// hidden from this process: watching takes nothing from anyone.
pub fn watched() -> Vec<WatchedDevice> {
    let visible = &visible().cards;
    let infos: Vec<BackendInfo> = backends_among(visible).into_iter().filter(|info| info.present).collect();
    let discovery = Discovery::new().files(driver_files());
    // Those whose card can be told from others; the rest are devices of their own.
    #[cfg(feature = "wgpu")]
    let discovery = discovery.adapters(
        infos
            .iter()
            .filter(|info| !info.software && info.card.is_some())
            .filter_map(|info| embed_burn::adapter(info, visible)),
    );
    let mut list = List::default();
    match discovery.cards() {
        Ok(cards) => list.extend(&cards),
        Err(error) => {
            list.0.extend(watched_host().map(|host| (Some(CardKind::Host), host)));
            list.push("the cards of the bus".to_owned(), failing(error), vec![]);
        }
    }
    let monitors = Monitors::new(visible.clone());
    for info in &infos {
        list.add_backend(info, &monitors);
    }
    list.0.into_iter().map(|(_, device)| device).collect()
}

/// The host alone: no driver of a card is asked for it, and none is loaded. `None` where the system does not tell its memory.
pub fn watched_host() -> Option<WatchedDevice> {
    let monitor = host()?;
    Some(WatchedDevice { name: HOST.to_owned(), specs: vec![Backend::Cpu.to_string()], monitor })
}

/// What was found, each once, with what it is where discovery found it.
#[derive(Default)]
struct List(Vec<(Option<CardKind>, WatchedDevice)>);

impl List {
    fn extend(&mut self, cards: &[Card]) {
        self.0.extend(cards.iter().map(|card| {
            let monitor = Arc::clone(card.monitor());
            (Some(card.kind()), WatchedDevice { name: card.name().to_owned(), specs: vec![], monitor })
        }));
    }

    fn push(&mut self, name: String, monitor: Arc<dyn MemoryMonitor>, specs: Vec<String>) {
        self.0.push((None, WatchedDevice { name, specs, monitor }));
    }

    /// Says of what was found that a backend reaches it, or adds what only a backend knows.
    fn add_backend(&mut self, info: &BackendInfo, monitors: &Monitors) {
        let spec = info.spec().to_string();
        // A processor, and a GPU that it computes, use the host's memory.
        if info.backend == Backend::Cpu || info.software {
            let host = self.0.iter_mut().find(|(kind, _)| *kind == Some(CardKind::Host));
            if let Some((_, host)) = host {
                host.specs.push(spec);
            }
            return;
        }
        let card = info.card.as_ref().map(identity);
        // CUDA and ROCm do not say which card it is before it is opened; its monitor does.
        let monitor = match card {
            Some(_) if !matches!(info.backend, Backend::Cuda | Backend::Rocm) => None,
            _ => monitors.of_listed(info),
        };
        let card = card.or_else(|| monitor.as_ref()?.identity());
        let named = monitor.as_ref().map(MemoryMonitor::name);
        let is_it = |(kind, known): &&mut (Option<CardKind>, WatchedDevice)| {
            let is_named = named == Some(&*known.name);
            match (*kind, known.monitor.identity(), card) {
                // Parts of a card share its slot, and no name.
                (Some(CardKind::Part), Some(one), Some(other)) => is_named && slot(one) == slot(other),
                (_, Some(one), Some(other)) => one.is_same_card(&other),
                // The card of a system on a chip is nowhere, and the only one of its name.
                (Some(CardKind::Card), None, None) => is_named,
                _ => false,
            }
        };
        if let Some((_, known)) = self.0.iter_mut().find(is_it) {
            return known.specs.push(spec);
        }
        // A device that computes and whose memory nobody tells is there all the same.
        let unknown = || failing(TelemetryError::absent("nothing here tells its memory"));
        let monitor = monitor.or_else(|| monitors.of_listed(info)).unwrap_or_else(unknown);
        self.push(name(info, Some(&monitor)), monitor, vec![spec]);
    }
}

/// Where a card is, whichever of its functions is meant: HIP tells a partition by it.
fn slot(card: CardIdentity) -> Option<PciAddress> {
    card.pci.map(|pci| PciAddress { function: 0, ..pci })
}
