//! [`ListedDevice`] and [`UnreachedCard`]: what is there, and no backend of this build computes on it.

use serde::Serialize;

use super::asked::asked;
use super::process::{ProcessReport, processes};
use super::{DeviceReport, MemoryReport, WatchedDevice};

/// A backend's device, or a card that no backend reaches: what a list of devices has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ListedDevice {
    /// A device, or a backend without one.
    Device(DeviceReport),
    /// A card, or what should tell of cards.
    Card(UnreachedCard),
}

/// A card that can be watched and not be computed on, or what should tell of cards and fails. Its fields are those of
/// [`DeviceReport`], without a backend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnreachedCard {
    /// None.
    pub backend: Option<&'static str>,
    /// None.
    pub spec: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether it can be used: no.
    pub present: bool,
    /// Whether it is a GPU that is computed on the processor: no.
    pub software: bool,
    /// Whether `auto` takes it: no.
    pub auto: bool,
    /// Its place on the PCI bus, where it is told.
    pub pci: Option<String>,
    /// Why it cannot be used.
    pub reason: Option<String>,
    /// Why its memory is not known, where something that should tell it failed.
    pub memory_error: Option<String>,
    /// Its memory, as far as it is known.
    pub memory: MemoryReport,
    /// Who uses it, where that was asked for and is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<ProcessReport>>,
}

/// Of all that is watched, what no backend reaches.
pub fn unreached(watched: &[WatchedDevice]) -> Vec<UnreachedCard> {
    reports(watched, false)
}

/// As [`unreached`], with who uses each card.
pub fn unreached_with_processes(watched: &[WatchedDevice]) -> Vec<UnreachedCard> {
    reports(watched, true)
}

fn reports(watched: &[WatchedDevice], with_processes: bool) -> Vec<UnreachedCard> {
    let why = match std::env::var_os("CUDA_VISIBLE_DEVICES") {
        Some(_) => "hidden by CUDA_VISIBLE_DEVICES, or out of the reach of this build's backends",
        None => "no backend of this build reaches it",
    };
    // The host computes where a backend does.
    let cards = watched.iter().filter(|device| device.specs.is_empty() && !device.monitor.is_host());
    cards.map(|card| report(card, why, with_processes)).collect()
}

fn report(card: &WatchedDevice, why: &str, with_processes: bool) -> UnreachedCard {
    let sample = asked(&card.monitor);
    UnreachedCard {
        backend: None,
        spec: None,
        name: card.name.clone(),
        present: false,
        software: false,
        auto: false,
        pci: card.monitor.identity().and_then(|card| Some(card.pci?.to_string())),
        reason: Some(why.to_owned()),
        memory_error: sample.as_ref().err().map(ToString::to_string),
        memory: sample.as_ref().ok().map(MemoryReport::from).unwrap_or_default(),
        processes: if with_processes { processes(&*card.monitor) } else { None },
    }
}
