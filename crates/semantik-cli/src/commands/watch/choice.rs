//! Which devices are watched.

use std::cell::LazyCell;
use std::sync::Arc;

use semantik::devices::{DeviceReport, WatchedDevice, list, watched, watched_host};
use semantik::embed_burn::{Backend, DeviceSpec};
use semantik::gpu_telemetry::{MemoryMonitor, PciAddress};

use super::device::{Device, described};
use crate::report::Failure;
use crate::text::one_line;

/// A device as it is told of, and what watches it.
pub(super) type Chosen = (Device, Arc<dyn MemoryMonitor>);

/// What `semantik devices` says, asked only for what nothing else answers: drivers take their time.
type Reports = LazyCell<Vec<DeviceReport>>;

/// What may be wanted. For the host alone, no card is looked for: that would load drivers, and may wake cards.
pub(super) fn found(wanted: &[String]) -> Vec<WatchedDevice> {
    let is_host = |name: &String| {
        is_host_name(name) || matches!(name.parse(), Ok(DeviceSpec::On { backend: Backend::Cpu, .. }))
    };
    if !wanted.is_empty() && wanted.iter().all(is_host) {
        return watched_host().into_iter().collect();
    }
    watched()
}

/// Whether the host is wanted by its own name, and nothing else.
pub(super) fn is_host_alone(wanted: &[String]) -> bool {
    !wanted.is_empty() && wanted.iter().all(|name| is_host_name(name))
}

fn is_host_name(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("host")
}

/// The devices that are wanted, or all; in their order, each once. What one is called does not depend on which others are
/// wanted.
pub(super) fn choose(watched: Vec<WatchedDevice>, wanted: &[String]) -> Result<Vec<Chosen>, Failure> {
    choose_by(watched, wanted, &Reports::new(list))
}

fn choose_by(
    watched: Vec<WatchedDevice>,
    wanted: &[String],
    reports: &Reports,
) -> Result<Vec<Chosen>, Failure> {
    let devices = described(&watched);
    let mut chosen = vec![wanted.is_empty(); devices.len()];
    for name in wanted {
        let meant = meant(&devices, name, reports);
        if meant.is_empty() {
            return Err(not_there(&devices, name));
        }
        for at in meant {
            chosen[at] = true;
        }
    }
    let monitors = watched.into_iter().map(|device| device.monitor);
    let all = devices.into_iter().zip(monitors).zip(chosen);
    Ok(all.filter_map(|(device, is_chosen)| is_chosen.then_some(device)).collect())
}

/// Which devices a wish means: by what `--backend` takes, by the place on the bus, or by name.
fn meant(devices: &[Device], wanted: &str, reports: &Reports) -> Vec<usize> {
    let which = |is_meant: &dyn Fn(&Device) -> bool| -> Vec<usize> {
        (0..devices.len()).filter(|&at| is_meant(&devices[at])).collect()
    };
    if let Ok(spec) = wanted.parse::<DeviceSpec>() {
        let spec = if spec == DeviceSpec::Auto { automatic(reports) } else { spec };
        return which(&|device| device.specs.iter().any(|of| is_of(of, spec)));
    }
    if let Ok(address) = wanted.parse::<PciAddress>() {
        return which(&|device| device.identity.and_then(|card| card.pci) == Some(address));
    }
    by_name(devices, wanted, reports)
}

/// Whether what `--backend` calls a device is one of those that a wish means, with the number left out on either side: the
/// only device of a backend has none, and `cpu:0` is `cpu`.
fn is_of(spec: &str, wanted: DeviceSpec) -> bool {
    match (spec.parse(), wanted) {
        (Ok(DeviceSpec::On { backend, index }), DeviceSpec::On { backend: wanted, index: wanted_index }) => {
            backend == wanted && wanted_index.is_none_or(|wanted| wanted == index.unwrap_or(0))
        }
        _ => false,
    }
}

/// What `auto` takes.
fn automatic(reports: &Reports) -> DeviceSpec {
    let auto = reports.iter().find(|device| device.auto).and_then(|device| device.spec.parse().ok());
    auto.unwrap_or(DeviceSpec::on(Backend::Cpu))
}

/// Those that are called that, or else those with it in their name, in any case: by the name that is shown, or by the name
/// of what computes on it, which for the host is a processor's or that of a GPU it computes.
fn by_name(devices: &[Device], wanted: &str, reports: &Reports) -> Vec<usize> {
    let wanted = one_line(wanted).to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    // Whole names that are shown need no driver to be asked for others.
    let shown: Vec<usize> =
        (0..devices.len()).filter(|&at| devices[at].name.to_lowercase() == wanted).collect();
    if !shown.is_empty() {
        return shown;
    }
    let names = |device: &Device| -> Vec<String> {
        let backends = reports.iter().filter(|report| device.specs.contains(&report.spec));
        let names = std::iter::once(&device.name).chain(backends.map(|report| &report.name));
        names.map(|name| one_line(name).to_lowercase()).collect()
    };
    let names: Vec<Vec<String>> = devices.iter().map(names).collect();
    let which = |is_meant: &dyn Fn(&String) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|&at| names[at].iter().any(is_meant)).collect()
    };
    let exact = which(&|name| *name == wanted);
    if exact.is_empty() { which(&|name| name.contains(&wanted)) } else { exact }
}

fn not_there(devices: &[Device], name: &str) -> Failure {
    let known = |device: &Device| {
        let place = device.identity.and_then(|card| Some(card.pci?.to_string()));
        let ways: Vec<String> = device.specs.iter().cloned().chain(place).collect();
        if ways.is_empty() { device.name.clone() } else { format!("{} ({})", device.name, ways.join(", ")) }
    };
    let known: Vec<String> = devices.iter().map(known).collect();
    let cause = format!("--device is {name:?}, but no device that can be watched is called that");
    let hint = format!("there are: {}", known.join("; "));
    // A backend or a place that could be and is not failed; a name that nobody knows is a mistake.
    if name.parse::<DeviceSpec>().is_ok() || name.parse::<PciAddress>().is_ok() {
        Failure::failed(cause, hint)
    } else {
        Failure::usage(cause, hint)
    }
}

#[cfg(test)]
mod tests;
