//! [`WatchedDevice`]: what has memory, once, however many backends reach it.

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, backends_among};
use gpu_telemetry::{
    CardIdentity, CardVendor, CudaMonitor, MemoryMonitor, TelemetryError, TelemetryErrorKind, drm_cards,
};

use super::monitors::{Monitors, failing, host, identity, limited, name};
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
    let monitors = Monitors::new(visible().cards.clone());
    let mut list = List::default();
    // A system that does not tell its memory has no line for it.
    if let Some(monitor) = host() {
        list.add(None, WatchedDevice { name: HOST.to_owned(), specs: vec![], monitor });
    }
    for info in backends_among(&visible().cards).iter().filter(|info| info.present) {
        list.add_backend(info, &monitors);
    }
    list.add_cards_of_nvidia(&monitors);
    for card in drm_cards("/").unwrap_or_default() {
        if card.vendor != CardVendor::Nvidia
            && let Some(monitor) = monitors.of_card(&card.identity)
        {
            list.add(Some(card.identity), WatchedDevice { name: card.describe(), specs: vec![], monitor });
        }
    }
    list.0.into_iter().map(|(_, device)| device).collect()
}

/// What was found, each card once. The host is the first, and has no identity.
#[derive(Default)]
struct List(Vec<(Option<CardIdentity>, WatchedDevice)>);

impl List {
    /// Adds what is not there yet, or the backends by which it is reached too.
    fn add(&mut self, card: Option<CardIdentity>, device: WatchedDevice) {
        let known = card.and_then(|card| {
            self.0.iter_mut().find(|(known, _)| known.is_some_and(|known| known.is_same_card(&card)))
        });
        match known {
            Some((_, known)) => known.specs.extend(device.specs),
            None => self.0.push((card, device)),
        }
    }

    fn add_backend(&mut self, info: &BackendInfo, monitors: &Monitors) {
        let spec = info.spec().to_string();
        // A processor, and a GPU that it computes, use the host's memory.
        if info.backend == Backend::Cpu || info.software {
            if let Some((_, host)) = self.0.first_mut().filter(|(_, first)| first.name == HOST) {
                host.specs.push(spec);
            }
            return;
        }
        // A device that computes and whose memory nobody tells is there all the same.
        let unknown = || failing(TelemetryError::absent("nothing here tells its memory"));
        let monitor = monitors.of_listed(info).unwrap_or_else(unknown);
        let card = monitor.identity().or_else(|| info.card.as_ref().map(identity));
        let name = name(info, Some(&monitor));
        self.add(card, WatchedDevice { name, specs: vec![spec], monitor });
    }

    fn add_cards_of_nvidia(&mut self, monitors: &Monitors) {
        let library = match monitors.nvml() {
            Ok(library) => library,
            // No driver of NVIDIA is no news; one that does not work is.
            Err(error) if error.kind() == TelemetryErrorKind::Absent => return,
            Err(error) => return self.0.push((None, failed("cards of NVIDIA", error.clone()))),
        };
        for card in library.cards() {
            match card {
                Ok(card) => self.add_card_of_nvidia(card),
                Err(error) => self.0.push((None, failed("a card of NVIDIA", error))),
            }
        }
    }

    /// A card, or its instances: each has a memory of its own, and the whole tells nothing that a process could use.
    fn add_card_of_nvidia(&mut self, card: CudaMonitor) {
        let parts = card.instances();
        if parts.is_empty() {
            return self.add(card.identity(), of(card));
        }
        for part in parts {
            match part {
                // CUDA's own device may be this instance; they share the card's address, and no name.
                Ok(part) if self.0.iter().any(|(_, known)| known.name == part.name()) => {}
                Ok(part) => self.0.push((None, of(part))),
                Err(error) => self.0.push((None, failed(card.name(), error))),
            }
        }
    }
}

fn of(card: CudaMonitor) -> WatchedDevice {
    WatchedDevice { name: card.name().to_owned(), specs: vec![], monitor: limited(card) }
}

/// A card that cannot be asked is shown with the reason, since whoever looks for it wants to know.
fn failed(name: &str, error: TelemetryError) -> WatchedDevice {
    WatchedDevice { name: name.to_owned(), specs: vec![], monitor: failing(error) }
}
