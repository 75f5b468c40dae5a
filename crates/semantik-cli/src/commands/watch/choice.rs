//! Which devices are watched.

use semantik::devices::{WatchedDevice, list};
use semantik::embed_burn::DeviceSpec;

use crate::report::Failure;

/// The devices that are wanted, or all; in their order, each once.
pub(super) fn choose(devices: Vec<WatchedDevice>, wanted: &[String]) -> Result<Vec<WatchedDevice>, Failure> {
    if wanted.is_empty() {
        return Ok(devices);
    }
    let mut chosen = vec![false; devices.len()];
    for name in wanted {
        let spec = if name == "auto" { automatic() } else { name.clone() };
        let mut found = false;
        for (device, chosen) in devices.iter().zip(&mut chosen) {
            if is_meant(device, &spec) {
                *chosen = true;
                found = true;
            }
        }
        if !found {
            return Err(not_there(&devices, name));
        }
    }
    let chosen = devices.into_iter().zip(chosen).filter_map(|(device, chosen)| chosen.then_some(device));
    Ok(chosen.collect())
}

/// By what `--backend` calls it, by its backend, or by a part of its name in any case.
fn is_meant(device: &WatchedDevice, wanted: &str) -> bool {
    if wanted.parse::<DeviceSpec>().is_ok() {
        let backend = |spec: &str| spec.split(':').next() == Some(wanted);
        return device.specs.iter().any(|spec| spec == wanted || backend(spec));
    }
    !wanted.is_empty() && device.name.to_lowercase().contains(&wanted.to_lowercase())
}

/// What `auto` takes.
fn automatic() -> String {
    list().into_iter().find(|device| device.auto).map_or_else(|| "cpu".to_owned(), |device| device.spec)
}

fn not_there(devices: &[WatchedDevice], name: &str) -> Failure {
    let known = |device: &WatchedDevice| match device.specs.as_slice() {
        [] => device.name.clone(),
        specs => format!("{} ({})", device.name, specs.join(", ")),
    };
    let known: Vec<String> = devices.iter().map(known).collect();
    let cause = format!("--device is {name:?}, but no device that can be watched is called that");
    let hint = format!("there are: {}", known.join("; "));
    // A backend that is known and not there failed; a name that nobody knows is a mistake.
    if name.parse::<DeviceSpec>().is_ok() {
        Failure::failed(cause, hint)
    } else {
        Failure::usage(cause, hint)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use semantik::gpu_telemetry::ScriptedMonitor;

    use super::*;

    fn devices() -> Vec<WatchedDevice> {
        let device = |name: &str, specs: &[&str]| WatchedDevice {
            name: name.to_owned(),
            specs: specs.iter().map(|&spec| spec.to_owned()).collect(),
            monitor: Arc::new(ScriptedMonitor::default()),
        };
        vec![
            device("NVIDIA H100 80GB HBM3", &["cuda:0", "wgpu:0"]),
            device("NVIDIA A2", &["cuda:1", "wgpu:1"]),
            device("Wormhole", &[]),
            device("host", &["cpu"]),
        ]
    }

    fn names(wanted: &[&str]) -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        choose(devices(), &wanted).unwrap().into_iter().map(|device| device.name).collect()
    }

    #[test]
    fn a_device_is_found_by_spec_by_backend_and_by_name() {
        for (wanted, expected) in [
            (&["cuda:1"][..], &["NVIDIA A2"][..]),
            (&["wgpu:0"], &["NVIDIA H100 80GB HBM3"]),
            (&["cuda"], &["NVIDIA H100 80GB HBM3", "NVIDIA A2"]),
            (&["cpu"], &["host"]),
            (&["h100"], &["NVIDIA H100 80GB HBM3"]),
            (&["worm"], &["Wormhole"]),
            (&["host", "nvidia a2", "cuda:1"], &["NVIDIA A2", "host"]),
        ] {
            assert_eq!(names(wanted), expected, "{wanted:?}");
        }
        assert_eq!(names(&[]).len(), 4, "without a wish all are watched");
    }

    #[test]
    fn what_is_not_there_is_refused() {
        for wanted in ["cuda:7", "rocm", "h200", "", "abacus"] {
            assert!(choose(devices(), &["host".to_owned(), wanted.to_owned()]).is_err(), "{wanted:?}");
        }
    }
}
