//! [`WatchedDevice`]: what has memory, once, however many backends reach it.

use std::sync::Arc;

use embed_burn::{Backend, BackendInfo, backends_among};
use gpu_telemetry::{
    CardIdentity, CardVendor, HostMonitor, MemoryMonitor, ScriptedMonitor, TelemetryError, drm_cards,
};

use super::monitors::{Monitors, identity};
use super::visible::visible;

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
    list.add(
        None,
        WatchedDevice { name: "host".to_owned(), specs: vec![], monitor: Arc::new(HostMonitor::new()) },
    );
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
            if let Some((_, host)) = self.0.first_mut() {
                host.specs.push(spec);
            }
            return;
        }
        let Some(monitor) = monitors.of_listed(info) else { return };
        let card = monitor.identity().or_else(|| info.card.as_ref().map(identity));
        self.add(card, WatchedDevice { name: info.name.clone(), specs: vec![spec], monitor });
    }

    fn add_cards_of_nvidia(&mut self, monitors: &Monitors) {
        for card in monitors.nvml().map(gpu_telemetry::NvmlLibrary::cards).unwrap_or_default() {
            match card {
                Ok(card) => {
                    // An instance has a memory of its own, and shares its card's address.
                    for part in card.instances() {
                        match part {
                            Ok(part) => self.0.push((None, of(part))),
                            Err(error) => self.0.push((None, failing(card.name(), error))),
                        }
                    }
                    self.add(card.identity(), of(card));
                }
                Err(error) => self.0.push((None, failing("a card of NVIDIA", error))),
            }
        }
    }
}

fn of(monitor: impl MemoryMonitor + 'static) -> WatchedDevice {
    WatchedDevice { name: monitor.name().to_owned(), specs: vec![], monitor: Arc::new(monitor) }
}

/// A card that cannot be asked is shown with the reason, since whoever looks for it wants to know.
fn failing(name: &str, error: TelemetryError) -> WatchedDevice {
    WatchedDevice {
        name: name.to_owned(),
        specs: vec![],
        monitor: Arc::new(ScriptedMonitor::new([Err(error)])),
    }
}
