//! [`Device`]: what is said of a device beside its readings.

use semantik::devices::WatchedDevice;
use semantik::gpu_telemetry::CardIdentity;
use semantik::ledger::DeviceKey;

use crate::text::one_line;

/// A device as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// No other device that is watched has it.
    pub(super) name: String,
    /// What computes on it, as `--backend` calls it.
    pub(super) specs: Vec<String>,
    /// Which card it is.
    pub(super) identity: Option<CardIdentity>,
    /// Whether it is the host, and no card.
    pub(super) is_host: bool,
    /// Which memory it is, among processes.
    pub(super) key: DeviceKey,
}

/// Each device with a name of its own: equal cards are told apart by what computes on them, by where they are, or by number.
///
/// Names come from drivers, and none may move the cursor of a terminal.
pub(super) fn described(watched: &[WatchedDevice]) -> Vec<Device> {
    let names: Vec<String> = watched.iter().map(|device| one_line(&device.name)).collect();
    let tag = |at: usize| {
        let device = &watched[at];
        let place = || Some(device.monitor.identity()?.pci?.to_string());
        device.specs.first().cloned().or_else(place).unwrap_or_else(|| format!("#{at}"))
    };
    let describe = |(at, name): (usize, &String)| {
        let is_alone = names.iter().filter(|other| *other == name).count() == 1;
        // In front, where it is seen also where there is no room for all of the name.
        let name = if is_alone { name.clone() } else { format!("{} {name}", tag(at)) };
        let WatchedDevice { specs, monitor, .. } = &watched[at];
        let (identity, is_host) = (monitor.identity(), monitor.is_host());
        Device { name, specs: specs.clone(), identity, is_host, key: watched[at].key() }
    };
    names.iter().enumerate().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use semantik::gpu_telemetry::{MemoryMonitor, MemorySample, ScriptedMonitor, TelemetryError};

    use super::*;

    #[derive(Debug)]
    struct At(&'static str);

    impl MemoryMonitor for At {
        fn name(&self) -> &'static str {
            "card"
        }

        fn sample(&self) -> Result<MemorySample, TelemetryError> {
            Ok(MemorySample::default())
        }

        fn identity(&self) -> Option<CardIdentity> {
            self.0.parse().ok().map(CardIdentity::at)
        }
    }

    #[test]
    fn equal_cards_are_told_apart() {
        let device = |name: &str, specs: &[&str], monitor: Arc<dyn MemoryMonitor>| WatchedDevice {
            name: name.to_owned(),
            specs: specs.iter().map(|&spec| spec.to_owned()).collect(),
            monitor,
        };
        let unknown = || Arc::new(ScriptedMonitor::default());
        let devices = [
            device("A100", &["cuda:0", "wgpu:0"], unknown()),
            device("A100", &["cuda:1"], unknown()),
            device("A100", &[], Arc::new(At("41:00.0"))),
            device("A100", &[], unknown()),
            device("Arc\u{1b}[2J A770", &["wgpu:2"], unknown()),
        ];
        let names: Vec<String> = described(&devices).into_iter().map(|device| device.name).collect();
        assert_eq!(names, ["cuda:0 A100", "cuda:1 A100", "0000:41:00.0 A100", "#3 A100", "Arc\\x1b[2J A770"]);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), devices.len());
    }
}
